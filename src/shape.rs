//! Dimensions, axes and shapes.
//!
//! A [`Dim`] is a size in symbols; an [`Axis`] adds whether its elements are positions of a sequence or an image. This
//! module knows no op and no name of a node.

use smallvec::SmallVec;

use crate::sym::{Context, Poly, Symbols, compare, equal_if};

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

/// One axis of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// How many elements.
    pub dim: Dim,
    /// For an axis of positions: which coordinate of a position it is. The axes of an image are coordinates 0 and 1 of
    /// one position; two axes with the same coordinate are two positions that are paired.
    pub position: Option<u8>,
}

impl Axis {
    /// An axis that is no position.
    pub fn feature(dim: Poly) -> Self {
        Axis { dim: Dim(dim), position: None }
    }
}

/// The axes of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub(crate) SmallVec<[Axis; 4]>);

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

    /// Whether the shape pairs two positions: two axes with the same coordinate.
    pub fn pairs_positions(&self) -> bool {
        let coordinates = || self.0.iter().filter_map(|axis| axis.position);
        coordinates().enumerate().any(|(at, c)| coordinates().skip(at + 1).any(|other| other == c))
    }

    /// The index of the last axis of the given size, which is how a model names an axis.
    pub fn find(&self, size: &Poly, symbols: &Symbols) -> Option<usize> {
        let exact = self.0.iter().rposition(|axis| axis.dim.0 == *size);
        exact.or_else(|| self.0.iter().rposition(|axis| axis.dim.same(&Dim(size.clone()), symbols)))
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
    if let Some((sym, value)) = equal_if(left, right, symbols) {
        let equation = format!("{} = {}", symbols.name(sym), value.show(symbols));
        return Some(format!("equal if {equation}; declare it under `relations` if it always holds"));
    }
    match compare(left, right, symbols) {
        crate::sym::Comparison::Different { witness, left: a, right: b } => {
            let at: Vec<String> =
                witness.iter().map(|(sym, value)| format!("{} = {value}", symbols.name(sym))).collect();
            let at = if at.is_empty() { String::from("always") } else { format!("at {}", at.join(", ")) };
            Some(format!("different {at}: {} is {a}, {} is {b}", left.show(symbols), right.show(symbols)))
        }
        _ => None,
    }
}
