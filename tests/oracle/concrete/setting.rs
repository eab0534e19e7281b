//! The numbers that a run is made with. Knows no op and no graph; of the algebra it uses evaluation alone.

use std::fmt;

use dotledger::sym::{Bindings, Poly, Sym, Symbols};

use super::tensor::Size;

/// Why there is nothing to count at the given numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) String);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many positions are new, past and wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Positions {
    pub(crate) new: i64,
    pub(crate) past: i64,
    pub(crate) wanted: i64,
    /// Whether a request begins with them, and does not go on.
    pub(crate) begins: bool,
}

impl Positions {
    /// What a phase means at a context of `context` tokens, written down anew; the context counts the current token.
    pub(crate) fn of(phase: &str, context: i64) -> Option<Positions> {
        match phase {
            "forward" => Some(Positions {
                new: context,
                past: 0,
                wanted: context,
                begins: true,
            }),
            "prefill" => Some(Positions {
                new: context,
                past: 0,
                wanted: 1,
                begins: true,
            }),
            "decode" => Some(Positions {
                new: 1,
                past: context - 1,
                wanted: 1,
                begins: false,
            }),
            _ => None,
        }
    }
}

/// A number for every symbol, twice: the small one that is walked, and the wide one by which axes are told apart.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'m> {
    symbols: &'m Symbols,
    here: Bindings,
    wide: Bindings,
    begins: bool,
    once: bool,
}

impl<'m> Setting<'m> {
    /// Numbers for the symbols that a model declares.
    pub(crate) fn new(symbols: &'m Symbols, here: Bindings, wide: Bindings) -> Setting<'m> {
        Setting {
            symbols,
            here,
            wide,
            begins: true,
            once: false,
        }
    }

    /// Sets the positions `n p o s` of a model that has phases: those of the phase, and wide ones that no other size has.
    pub(crate) fn at(mut self, positions: Positions) -> Setting<'m> {
        let Positions {
            new,
            past,
            wanted,
            begins,
        } = positions;
        self.begins = begins;
        let values = [
            ("n", new, 1009),
            ("p", past, 10_007),
            ("o", wanted, 503),
            ("s", past + new, 11_016),
        ];
        for (name, here, wide) in values {
            if let Some(sym) = self.symbols.lookup(name) {
                self.here.insert(sym, here);
                self.wide.insert(sym, wide);
            }
        }
        self
    }

    /// Whether a request begins now.
    pub(crate) fn begins(&self) -> bool {
        self.begins
    }

    /// Whether later passes go on from what runs here.
    pub(crate) fn goes_on(&self) -> bool {
        !self.once && self.symbols.lookup("p").is_some()
    }

    /// Whether a size is of the positions of a pass: more of them make it another.
    pub(crate) fn is_of_a_pass(&self, size: &Poly) -> Result<bool, Misfit> {
        let Some(new) = self.symbols.lookup("n") else {
            return Ok(false);
        };
        let mut longer = self.clone();
        longer.wide.insert(new, 1_000_000_000_039_i64);
        Ok(longer.size(size)?.wide != self.size(size)?.wide)
    }

    /// The setting at the start of a request, when nothing is past.
    pub(crate) fn at_the_start(&self) -> Setting<'m> {
        let mut start = self.clone();
        start.once = true;
        if let Some(past) = self.symbols.lookup("p") {
            start.here.insert(past, 0);
            start.wide.insert(past, 0);
        }
        start
    }

    /// The setting inside a block whose own dimensions a call sets.
    pub(crate) fn within(&self, dims: &[Sym], values: &[Size]) -> Setting<'m> {
        let mut inner = self.clone();
        for (sym, size) in dims.iter().zip(values) {
            inner.here.insert(*sym, size.here);
            inner.wide.insert(*sym, size.wide);
        }
        inner
    }

    /// A size: a natural number here, any number as a name.
    pub(crate) fn size(&self, poly: &Poly) -> Result<Size, Misfit> {
        let words = |error: dotledger::sym::EvalError| Misfit(error.message(self.symbols));
        let here = poly.eval_count(&self.here, self.symbols).map_err(words)?;
        let wide = poly.eval(&self.wide, self.symbols).map_err(words)?;
        let wide = wide
            .floor()
            .to_integer()
            .and_then(|value| i128::try_from(value).ok())
            .unwrap_or(0);
        let here = usize::try_from(here)
            .map_err(|_| Misfit(String::from("a size that cannot be walked")))?;
        Ok(Size { here, wide })
    }

    /// Several sizes.
    pub(crate) fn sizes(&self, polys: &[Poly]) -> Result<Vec<Size>, Misfit> {
        polys.iter().map(|poly| self.size(poly)).collect()
    }
}
