//! What an op takes: the fields that a model file may write, and their values once names are resolved.

use std::sync::Arc;

use crate::mask::Mask;
use crate::ops::OpError;
use crate::ops::equation::Equation;
use crate::shape::{Axis, Shape};
use crate::sym::{AlgebraError, Context, Poly, Subst};

/// A field of an op.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the named form.
    pub name: &'static str,
    /// What is written there.
    pub kind: FieldKind,
    /// Whether it must be written.
    pub required: bool,
    /// One line for the reference.
    pub doc: &'static str,
}

impl Field {
    /// A field that must be written.
    pub const fn required(name: &'static str, kind: FieldKind, doc: &'static str) -> Self {
        Field {
            name,
            kind,
            required: true,
            doc,
        }
    }

    /// A field that may be left out; its doc says what that means.
    pub const fn optional(name: &'static str, kind: FieldKind, doc: &'static str) -> Self {
        Field {
            name,
            kind,
            required: false,
            doc,
        }
    }
}

/// What is written in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// The name of a node.
    Input,
    /// `[a, b]`, names of nodes; a single one may stand without brackets.
    Inputs,
    /// `"V d"`, the axes of a tensor; `@n` marks an axis of positions.
    Axes,
    /// `"V d"`, sizes.
    Dims,
    /// `"d -> H dh"`, sizes on both sides.
    Map,
    /// `"4*d"`, one size.
    Dim,
    /// `"h = H, e = dh"`, sizes of labels.
    Sizes,
    /// `"n h e, s h e -> h n s"`, labels of axes.
    Equation,
    /// One of the words listed.
    Word(&'static [&'static str]),
    /// `true`, `false` or the name of a switch.
    Flag,
    /// `Causal(n, s)`, another mask, or `none`.
    Mask,
    /// Not written: the number of past positions, the symbol `p` of the model.
    Past,
    /// Not written: the number of new positions, the symbol `n` of the model.
    New,
}

impl FieldKind {
    /// Whether a model file writes it.
    pub fn is_written(self) -> bool {
        !matches!(self, FieldKind::Past | FieldKind::New)
    }
}

/// A mask and the two labels that it pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskSpec {
    /// Label of the query axis.
    pub queries: String,
    /// Label of the key axis.
    pub keys: String,
    /// Which pairs of the two it keeps.
    pub mask: Mask,
}

/// The value of a field; what is large and rare stands behind a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// So many inputs; which nodes they are the graph knows.
    Inputs(usize),
    /// Axes of a tensor.
    Axes(Box<Shape>),
    /// Sizes.
    Dims(Vec<Poly>),
    /// Sizes on both sides of an arrow; nodes that are written alike have the same.
    Map(Arc<[Poly]>, Arc<[Poly]>),
    /// One size.
    Dim(Poly),
    /// Sizes of labels.
    Sizes(Vec<(String, Poly)>),
    /// Labels of axes.
    Equation(Equation),
    /// One of the words that the field takes.
    Word(&'static str),
    /// A switch.
    Flag(bool),
    /// A mask.
    Mask(Box<MaskSpec>),
    /// `none`: no mask, said aloud.
    NoMask,
}

/// Sizes on both sides of an arrow.
type Sides = (Arc<[Poly]>, Arc<[Poly]>);

/// The values of an op's fields, in the order of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args(pub Vec<(&'static str, Option<Arg>)>);

/// Declares a getter that gives a value of one kind.
macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $value:ty) => {
        $(#[$doc])*
        pub fn $name(&self, field: &'static str) -> Result<$value, OpError> {
            match self.get(field) {
                Some(Arg::$variant(value)) => Ok(value.clone()),
                _ => Err(OpError::field(field, format!("`{field}` is missing"))),
            }
        }
    };
}

impl Args {
    fn get(&self, field: &'static str) -> Option<&Arg> {
        let entry = self.0.iter().find(|(name, _)| *name == field);
        entry.and_then(|(_, value)| value.as_ref())
    }

    getter!(
        /// Sizes.
        dims, Dims, Vec<Poly>
    );
    getter!(
        /// One size.
        dim, Dim, Poly
    );
    getter!(
        /// Sizes of labels.
        sizes, Sizes, Vec<(String, Poly)>
    );
    getter!(
        /// Labels of axes.
        equation, Equation, Equation
    );
    getter!(
        /// A word.
        word, Word, &'static str
    );

    /// The word that is chosen, of an op that has one to choose: `layer` of `Norm(x, layer, "d")`.
    pub fn chosen(&self) -> Option<&str> {
        self.0.iter().find_map(|(_, value)| match value {
            Some(Arg::Word(word)) => Some(*word),
            _ => None,
        })
    }

    /// Axes of a tensor.
    pub fn axes(&self, field: &'static str) -> Result<Shape, OpError> {
        match self.get(field) {
            Some(Arg::Axes(shape)) => Ok((**shape).clone()),
            _ => Err(OpError::field(field, format!("`{field}` is missing"))),
        }
    }

    /// Sizes on both sides of an arrow.
    pub fn map(&self, field: &'static str) -> Result<Sides, OpError> {
        match self.get(field) {
            Some(Arg::Map(from, to)) => Ok((from.clone(), to.clone())),
            _ => Err(OpError::field(field, format!("`{field}` is missing"))),
        }
    }

    /// What `get` gives, where the field was written.
    pub fn optional<T>(
        &self,
        field: &'static str,
        get: fn(&Args, &'static str) -> Result<T, OpError>,
    ) -> Result<Option<T>, OpError> {
        self.has(field).then(|| get(self, field)).transpose()
    }

    /// Whether a field was written.
    pub fn has(&self, field: &'static str) -> bool {
        self.get(field).is_some()
    }

    /// A flag; left out means no.
    pub fn flag(&self, field: &'static str) -> bool {
        matches!(self.get(field), Some(Arg::Flag(true)))
    }

    /// A mask; left out means none.
    pub fn mask(&self, field: &'static str) -> Option<MaskSpec> {
        match self.get(field) {
            Some(Arg::Mask(mask)) => Some((**mask).clone()),
            _ => None,
        }
    }

    /// The same arguments with the symbols of a block's own dimensions replaced by what a call gives them.
    pub fn substitute(&self, subst: &Subst, cx: &mut Context<'_>) -> Result<Args, AlgebraError> {
        let mut put = |size: &Poly| cx.substitute(size, subst);
        let mut args = Vec::with_capacity(self.0.len());
        for (name, value) in &self.0 {
            let value = value.as_ref().map(|arg| arg.resized(&mut put));
            args.push((*name, value.transpose()?));
        }
        Ok(Args(args))
    }
}

impl Arg {
    /// The same value with every size in it put through `put`.
    fn resized<E>(&self, put: &mut impl FnMut(&Poly) -> Result<Poly, E>) -> Result<Arg, E> {
        let mut all = |sizes: &[Poly]| {
            sizes
                .iter()
                .map(&mut *put)
                .collect::<Result<Vec<Poly>, E>>()
        };
        Ok(match self {
            Arg::Dims(dims) => Arg::Dims(all(dims)?),
            Arg::Map(from, to) => Arg::Map(all(from)?.into(), all(to)?.into()),
            Arg::Dim(dim) => Arg::Dim(put(dim)?),
            Arg::Axes(shape) => {
                let axis = |axis: &Axis| Ok(Axis::along(put(axis.dim.poly())?, axis.coordinate()));
                let axes = shape
                    .axes()
                    .iter()
                    .map(axis)
                    .collect::<Result<Vec<Axis>, E>>()?;
                Arg::Axes(Box::new(Shape::new(axes)))
            }
            Arg::Sizes(sizes) => {
                let size = |(label, size): &(String, Poly)| Ok((label.clone(), put(size)?));
                Arg::Sizes(sizes.iter().map(size).collect::<Result<_, E>>()?)
            }
            Arg::Mask(spec) => Arg::Mask(Box::new(MaskSpec {
                mask: spec.mask.resized(put)?,
                ..(**spec).clone()
            })),
            Arg::Inputs(_) | Arg::Equation(_) | Arg::Word(_) | Arg::Flag(_) | Arg::NoMask => {
                self.clone()
            }
        })
    }
}
