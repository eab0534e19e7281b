//! Dimensions, axes and shapes.
//!
//! A [`Dim`] is a size in symbols; an [`Axis`] adds whether its elements are positions of a sequence or an image. This
//! module knows no op and no name of a node.

use smallvec::SmallVec;

use crate::phase;
use crate::sym::{Comparison, Context, Poly, Sym, Symbols, compare, equal_if};

/// Most axes of a tensor.
pub const MAX_RANK: usize = 64;

/// The size of an axis: a non-negative integer in every valid assignment. Not a count of work.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dim(pub(crate) Poly);

impl Dim {
    /// The size as a formula.
    pub fn poly(&self) -> &Poly {
        &self.0
    }

    /// Whether two sizes are equal under the model's definitions and relations.
    pub fn same(&self, other: &Dim, symbols: &Symbols) -> bool {
        self.0 == other.0 || symbols.normal(&self.0) == symbols.normal(&other.0)
    }
}

impl From<Poly> for Dim {
    fn from(poly: Poly) -> Self {
        Dim(poly)
    }
}

/// A coordinate of a position. The two axes of an image are two coordinates of one position; axes of one coordinate are
/// different positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Coordinate(u64);

impl Coordinate {
    /// The coordinate of the `at`-th axis of positions of an input.
    pub fn new(at: u8) -> Self {
        Coordinate(u64::from(at))
    }

    /// A coordinate made of others, or a share of one: the same wherever it is made in the same way.
    fn derived(parts: impl IntoIterator<Item = u64>) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        Coordinate(
            parts
                .into_iter()
                .fold(OFFSET, |hash, part| (hash ^ part).wrapping_mul(PRIME)),
        )
    }

    /// The coordinate of the `at`-th of the axes that this one is split into.
    fn share(self, at: usize) -> Self {
        Coordinate::derived([1, self.0, at as u64])
    }

    /// Whether two axes along these are of two positions: the same coordinate, or a share of it.
    fn meets(self, other: Coordinate) -> bool {
        let holds = |whole: Coordinate, part: Coordinate| {
            let made = part.0 > u64::from(u8::MAX);
            made && (0..MAX_SHARES).any(|at| whole.share(at) == part)
        };
        self == other || holds(self, other) || holds(other, self)
    }
}

/// Most axes that one is split into, as far as a share is known to be one.
const MAX_SHARES: usize = 8;

/// A digit of an index: an axis that was merged from others counts in several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digit {
    /// How many values it has.
    pub dim: Dim,
    /// The coordinate that it is a value of, if it is one.
    pub coordinate: Option<Coordinate>,
}

/// One axis of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// How many elements.
    pub dim: Dim,
    /// What an index along it stands for, for an axis of positions; empty for others.
    digits: SmallVec<[Digit; 1]>,
}

impl Axis {
    /// An axis of features: no position.
    pub fn feature(dim: impl Into<Dim>) -> Self {
        Axis {
            dim: dim.into(),
            digits: SmallVec::new(),
        }
    }

    /// An axis along one coordinate of positions, or of features where there is none.
    pub fn along(dim: impl Into<Dim>, coordinate: Option<Coordinate>) -> Self {
        let dim = dim.into();
        let digits = coordinate
            .into_iter()
            .map(|c| Digit {
                dim: dim.clone(),
                coordinate: Some(c),
            })
            .collect();
        Axis { dim, digits }
    }

    /// Whether an index along it stands for a position.
    pub fn is_position(&self) -> bool {
        !self.digits.is_empty()
    }

    /// Whether a sum along it meets several positions, not only one.
    pub fn has_positions(&self) -> bool {
        self.is_position() && !self.dim.0.is_one()
    }

    /// Whether it stands for nothing but positions.
    pub fn is_position_only(&self) -> bool {
        self.is_position() && self.digits.iter().all(|digit| digit.coordinate.is_some())
    }

    /// The one coordinate that its digits make together.
    pub fn coordinate(&self) -> Option<Coordinate> {
        let mut all = self.digits.iter().filter_map(|digit| digit.coordinate);
        match (all.next(), all.next()) {
            (one, None) => one,
            _ => {
                let all = self.digits.iter().filter_map(|digit| digit.coordinate);
                Some(Coordinate::derived(
                    std::iter::once(2).chain(all.map(|coordinate| coordinate.0)),
                ))
            }
        }
    }

    /// The same axis at another size.
    #[must_use]
    pub fn resized(&self, dim: impl Into<Dim>) -> Self {
        Axis::along(dim, self.coordinate())
    }

    /// An axis of the same size that stands for what `other` stands for.
    #[must_use]
    pub fn standing_for(self, other: &Axis) -> Self {
        Axis {
            digits: other.digits.clone(),
            ..self
        }
    }

    /// Makes an axis that is none of positions stand for what `other` stands for; whether that changed it.
    pub fn learn(&mut self, other: &Axis) -> bool {
        let news = !self.is_position() && other.is_position();
        if news {
            self.digits = other.digits.clone();
        }
        news
    }

    /// Axes merged into one, the first the most significant.
    pub fn merged(axes: &[&Axis]) -> Self {
        if let [one] = axes {
            return (*one).clone();
        }
        let dim = Dim(Poly::product(axes.iter().map(|axis| axis.dim.poly())));
        if !axes.iter().any(|axis| axis.is_position()) {
            return Axis::feature(dim);
        }
        let digits = |axis: &&Axis| -> SmallVec<[Digit; 1]> {
            if axis.is_position() {
                axis.digits.clone()
            } else {
                SmallVec::from_iter([Digit {
                    dim: axis.dim.clone(),
                    coordinate: None,
                }])
            }
        };
        Axis {
            dim,
            digits: axes.iter().flat_map(digits).collect(),
        }
    }

    /// The axis split into axes of the given sizes, whose product is its own: along its digits where these fit, else into
    /// shares of its coordinate.
    pub fn divided(&self, dims: &[Dim], symbols: &Symbols) -> Vec<Axis> {
        if let [dim] = dims {
            return vec![Axis::feature(dim.clone()).standing_for(self)];
        }
        self.along_digits(dims, symbols).unwrap_or_else(|| {
            let share = |at| self.coordinate().map(|coordinate| coordinate.share(at));
            dims.iter()
                .enumerate()
                .map(|(at, dim)| Axis::along(dim.clone(), share(at)))
                .collect()
        })
    }

    fn along_digits(&self, dims: &[Dim], symbols: &Symbols) -> Option<Vec<Axis>> {
        let mut rest = self.digits.as_slice();
        let mut axes = Vec::with_capacity(dims.len());
        for dim in dims {
            let product = |count: usize| {
                Dim(Poly::product(
                    rest[..count].iter().map(|digit| digit.dim.poly()),
                ))
            };
            let count = (1..=rest.len()).find(|count| product(*count).same(dim, symbols))?;
            let (taken, left) = rest.split_at(count);
            rest = left;
            let stands = taken.iter().any(|digit| digit.coordinate.is_some());
            let digits = if stands {
                SmallVec::from(taken)
            } else {
                SmallVec::new()
            };
            axes.push(Axis {
                dim: dim.clone(),
                digits,
            });
        }
        rest.is_empty().then_some(axes)
    }
}

/// The axes of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub(crate) SmallVec<[Axis; 2]>);

impl Shape {
    /// A shape of the given axes.
    pub fn new(axes: impl IntoIterator<Item = Axis>) -> Self {
        Shape(axes.into_iter().collect())
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        &self.0
    }

    /// How many axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// How many scalars.
    pub fn elements(&self) -> Poly {
        Poly::product(self.0.iter().map(|axis| &axis.dim.0))
    }

    /// Whether the shape pairs two positions: a coordinate occurs twice, or beside a share of it.
    pub fn pairs_positions(&self) -> bool {
        let coordinates = || {
            self.0
                .iter()
                .flat_map(|axis| &axis.digits)
                .filter_map(|digit| digit.coordinate)
        };
        coordinates()
            .enumerate()
            .any(|(at, c)| coordinates().skip(at + 1).any(|other| other.meets(c)))
    }

    /// How many of its axes are axes of positions.
    pub fn position_axes(&self) -> usize {
        self.0.iter().filter(|axis| axis.is_position()).count()
    }

    /// The index of the last axis of the given size, which is how a model names an axis.
    pub fn find(&self, size: &Poly, symbols: &Symbols) -> Option<usize> {
        let exact = self.0.iter().rposition(|axis| axis.dim.0 == *size);
        exact.or_else(|| {
            self.0
                .iter()
                .rposition(|axis| axis.dim.same(&Dim(size.clone()), symbols))
        })
    }

    /// The shape in the author's words: `[T, H, dh]`.
    pub fn show(&self, symbols: &Symbols) -> String {
        show_dims(self.0.iter().map(|axis| &axis.dim.0), symbols)
    }
}

/// Sizes in the author's words: `[T, H, dh]`.
pub(crate) fn show_dims<'a>(dims: impl Iterator<Item = &'a Poly>, symbols: &Symbols) -> String {
    let dims: Vec<String> = dims.map(|dim| dim.show(symbols)).collect();
    format!("[{}]", dims.join(", "))
}

/// What would make two sizes equal, or values at which they differ.
pub(crate) fn mend(left: &Poly, right: &Poly, cx: &Context<'_>) -> Option<String> {
    let symbols = cx.symbols;
    let by_phase = |sym: &Sym| {
        [phase::NEW, phase::PAST, phase::WANTED, phase::SPAN].contains(&symbols.name(*sym))
    };
    if let Some((sym, value)) = equal_if(left, right, symbols)
        && !left.symbols().union(&right.symbols()).any(by_phase)
    {
        let equation = format!("{} = {}", symbols.name(sym), value.show(symbols));
        return Some(format!(
            "equal if {equation}; declare it under `relations` if it always holds"
        ));
    }
    match compare(left, right, symbols) {
        Comparison::Different {
            witness,
            left: a,
            right: b,
        } => {
            let at: Vec<String> = witness
                .iter()
                .map(|(sym, value)| format!("{} = {value}", symbols.name(sym)))
                .collect();
            let at = if at.is_empty() {
                String::from("always")
            } else {
                format!("at {}", at.join(", "))
            };
            Some(format!(
                "different {at}: {} is {a}, {} is {b}",
                left.show(symbols),
                right.show(symbols)
            ))
        }
        _ => None,
    }
}
