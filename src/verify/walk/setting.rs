//! The numbers that a run is made with. Knows no op and no graph; of the algebra it uses evaluation alone.

use std::fmt;

use super::tensor::Size;
use crate::phase;
use crate::sym::{Bindings, Coeff, EvalError, Poly, Sym, Symbols};

/// Why there is nothing to count at the given numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What does not fit, or what is too much.
    pub why: String,
    /// Whether the numbers are at fault; otherwise the walk is, which cannot say anything of the model there.
    pub of_numbers: bool,
    /// Whether `why` says where.
    pub(super) located: bool,
}

impl Misfit {
    /// Numbers that do not fit: a size that is no natural number, shapes that differ, a remainder.
    pub fn new(why: impl Into<String>) -> Misfit {
        Misfit {
            why: why.into(),
            of_numbers: true,
            located: false,
        }
    }

    /// What a walk cannot do, whatever the model is.
    pub fn beyond(why: impl Into<String>) -> Misfit {
        Misfit {
            why: why.into(),
            of_numbers: false,
            located: false,
        }
    }

    /// The same, with where it was, if it does not say so yet.
    #[must_use]
    pub(super) fn at(self, place: &str) -> Misfit {
        if self.located {
            return self;
        }
        Misfit {
            why: format!("`{place}`: {}", self.why),
            located: true,
            ..self
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// How many positions are new, past and wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// Those that a pass adds.
    pub new: i64,
    /// Those that earlier passes left.
    pub past: i64,
    /// Those whose logits are wanted.
    pub wanted: i64,
    /// Whether a request begins with them, and does not go on.
    pub begins: bool,
}

/// A number for every symbol, twice: the small one that is walked, and the wide one by which axes are told apart.
#[derive(Clone, Debug)]
pub struct Setting<'m> {
    symbols: &'m Symbols,
    here: Bindings,
    wide: Bindings,
    /// Numbers of rounds and steps, the outer ones first.
    numbered: Vec<(Sym, i64)>,
    begins: bool,
    once: bool,
    /// Whether there are positions at all: without them `n` and `p` are symbols like any other.
    phased: bool,
    /// Most points of index spaces that a pass may have.
    most: u64,
}

/// Symbols of positions.
const POSITIONS: [&str; 4] = [phase::NEW, phase::PAST, phase::WANTED, phase::SPAN];
/// Other wide positions.
const WIDER_POSITIONS: [i64; 4] = [
    1_000_000_000_039,
    2_000_000_000_003,
    3_000_000_000_013,
    3_000_000_000_042,
];
/// Wide positions that no other size has: `n p o s`.
const WIDE_POSITIONS: [i64; 4] = [1009, 10_007, 503, 11_016];
/// The wide number of the outermost round that sizes depend on; those inside follow it.
const WIDE_ROUND: i64 = 70_001;
/// Most points of index spaces that one pass may have.
pub const MAX_WALKED: u64 = 1 << 27;
/// The longest axis that is walked.
const MAX_AXIS: usize = 1 << 24;

impl<'m> Setting<'m> {
    /// Numbers for the symbols that a model declares.
    pub fn new(symbols: &'m Symbols, here: Bindings, wide: Bindings) -> Setting<'m> {
        Setting {
            symbols,
            here,
            wide,
            numbered: Vec::new(),
            begins: true,
            once: false,
            phased: false,
            most: MAX_WALKED,
        }
    }

    /// Lets a pass have no more than so many points of index spaces.
    #[must_use]
    pub fn at_most(self, points: u64) -> Setting<'m> {
        let most = points.min(MAX_WALKED);
        Setting { most, ..self }
    }

    /// Whether a pass of so many points is more than may be walked; then what is said of it.
    pub(super) fn check_points(&self, points: u64) -> Result<(), Misfit> {
        if points <= self.most {
            return Ok(());
        }
        let most = self.most;
        let why = format!("a pass of more than {most} points of index spaces, the limit");
        Err(Misfit::beyond(why))
    }

    /// Sets the positions `n p o s` of a model that has phases: those of the phase, and wide ones that no other size has.
    #[must_use]
    pub fn at(mut self, positions: Positions) -> Setting<'m> {
        let Positions {
            new,
            past,
            wanted,
            begins,
        } = positions;
        self.begins = begins;
        self.phased = true;
        let here = [new, past, wanted, past + new];
        for ((name, here), wide) in POSITIONS.into_iter().zip(here).zip(WIDE_POSITIONS) {
            if let Some(sym) = self.symbols.lookup(name) {
                self.here.insert(sym, here);
                self.wide.insert(sym, wide);
            }
        }
        self
    }

    /// The setting in a round, or at a step, of which each has sizes of its own.
    #[must_use]
    pub fn numbered(&self, number: Sym, round: i64) -> Setting<'m> {
        let mut inner = self.clone();
        let depth = i64::try_from(self.numbered.len()).unwrap_or(i64::MAX / 2);
        inner.here.insert(number, round);
        inner.wide.insert(number, WIDE_ROUND + 2 * depth);
        inner.numbered.push((number, round));
        inner
    }

    /// The rounds and steps that it is in, the outer ones first.
    pub(super) fn rounds(&self) -> &[(Sym, i64)] {
        &self.numbered
    }

    /// Whether a request begins now.
    pub(super) fn begins(&self) -> bool {
        self.begins
    }

    /// Whether later passes go on from what runs here.
    pub(super) fn goes_on(&self) -> bool {
        !self.once && self.phased
    }

    /// Whether a size is of the positions of a pass: more of them make it another.
    pub(super) fn is_of_a_pass(&self, size: &Poly) -> Result<bool, Misfit> {
        if !self.phased {
            return Ok(false);
        }
        let mut longer = self.clone();
        for (name, wide) in POSITIONS.into_iter().zip(WIDER_POSITIONS) {
            if let Some(sym) = self.symbols.lookup(name) {
                longer.wide.insert(sym, wide);
            }
        }
        Ok(longer.size(size)?.wide != self.size(size)?.wide)
    }

    /// The setting at the start of a request, when nothing is past.
    pub(super) fn at_the_start(&self) -> Setting<'m> {
        let mut start = self.clone();
        start.once = true;
        if let Some(past) = self.symbols.lookup(phase::PAST).filter(|_| self.phased) {
            start.here.insert(past, 0);
            start.wide.insert(past, 0);
        }
        start
    }

    /// The setting inside a block whose own dimensions a call sets.
    pub(super) fn within(&self, dims: &[Sym], values: &[Size]) -> Setting<'m> {
        let mut inner = self.clone();
        for (sym, size) in dims.iter().zip(values) {
            inner.here.insert(*sym, size.here);
            inner.wide.insert(*sym, size.wide);
        }
        inner
    }

    fn words(&self, error: &EvalError) -> Misfit {
        let why = error.message(self.symbols);
        match error {
            EvalError::Limit(_) => Misfit::beyond(why),
            _ => Misfit::new(why),
        }
    }

    /// A size: a natural number here, any number as a name.
    pub(super) fn size(&self, poly: &Poly) -> Result<Size, Misfit> {
        let here = poly
            .eval_count(&self.here, self.symbols)
            .map_err(|error| self.words(&error))?;
        // What the wide numbers come to says nothing of the others.
        let wide = poly
            .eval(&self.wide, self.symbols)
            .map_err(|error| Misfit::beyond(error.message(self.symbols)))?;
        let wide = wide
            .floor()
            .to_integer()
            .and_then(|value| i128::try_from(value).ok())
            .unwrap_or(0);
        match usize::try_from(&here) {
            Ok(here) if here <= MAX_AXIS => Ok(Size { here, wide }),
            _ => Err(Misfit::beyond(format!(
                "an axis of {here} elements; {MAX_AXIS} are walked at most"
            ))),
        }
    }

    /// The least number of places in which a share of a size fits: `ceil(share * size)`.
    pub(super) fn room(&self, share: &Poly, of: usize, among: usize) -> Result<usize, Misfit> {
        let share = share
            .eval(&self.here, self.symbols)
            .map_err(|error| self.words(&error))?;
        let of = Coeff::from(i64::try_from(of).unwrap_or(i64::MAX));
        let wanted = &share * &of;
        if wanted.is_negative() {
            return Err(Misfit::new("room for less than nothing"));
        }
        let mut room = 0_usize;
        let mut filled = Coeff::from(0);
        let each = Coeff::from(i64::try_from(among).unwrap_or(i64::MAX));
        while filled < wanted {
            room += 1;
            filled = &filled + &each;
            if room > MAX_AXIS {
                return Err(Misfit::beyond("more room than can be walked"));
            }
        }
        Ok(room)
    }

    /// Several sizes.
    pub(super) fn sizes(&self, polys: &[Poly]) -> Result<Vec<Size>, Misfit> {
        polys.iter().map(|poly| self.size(poly)).collect()
    }
}
