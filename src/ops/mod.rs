//! The ops: one file each, one word each in [`OPS`].
//!
//! An op gets shapes and gives a shape and work. It never sees a node, a name or a graph. Adding one means a file with
//! a `DEF`, the two methods of [`Op`] and its word in the list below; the reader of models, the reference, the report
//! and the tests find it there.

#![cfg_attr(not(test), warn(clippy::string_slice))]

use std::fmt;
use std::sync::Arc;

use crate::shape::{Axis, Dim, Shape, mend, show_dims};
use crate::sym::{Context, Poly, Symbols};
use crate::work::{Store, Work};

pub mod args;
pub mod equation;
mod labels;
pub mod reference;
pub mod structure;

use args::{Args, Field};

/// Declares the modules and the list of ops from one word each.
macro_rules! ops {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every op, in the order of the reference.
        pub static OPS: &[OpDef] = &[$($module::DEF),*];
    };
}

ops! {
    param, constant, cache, previous,
    linear, einsum, matmul, conv,
    map, softmax, norm, reduce,
    gather, topk, rearrange, concat, slice, pad, expand,
}

/// An op of a graph: its attributes are known, its inputs are not.
pub trait Op: fmt::Debug + Send + Sync {
    /// The shape of the output, and whether the op sums over positions. Obligations go to `cx`.
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError>;

    /// What the op does, given the shapes that [`Op::infer`] accepted and gave. Obligations go to `cx`.
    fn work(&self, inputs: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work;

    /// Whether it reads some rows of its first input only, so that a table is not read whole.
    fn looks_up(&self) -> bool {
        false
    }

    /// As what it keeps something for later passes, if it does.
    fn stays(&self) -> Option<Store> {
        None
    }

    /// Whether it gives a trainable tensor as it is.
    fn is_trained(&self) -> bool {
        false
    }
}

/// What shape inference says of one op.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The shape of the output.
    pub output: Shape,
    /// Whether the op contracts, sums or normalises over an axis of positions.
    pub sums_positions: bool,
}

impl Inferred {
    /// An op that treats each position by itself, as far as its sums go.
    pub fn by_position(output: Shape) -> Self {
        Inferred {
            output,
            sums_positions: false,
        }
    }
}

/// Why an op refuses its inputs or attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpError {
    /// What is wrong, with the shapes in the author's words.
    pub message: String,
    /// What would mend it.
    pub help: Option<String>,
    /// The field of the op that is to blame, if one is.
    pub field: Option<&'static str>,
}

impl OpError {
    /// An error of the op as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        OpError {
            message: message.into(),
            help: None,
            field: None,
        }
    }

    /// An error of one field.
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        OpError {
            message: message.into(),
            help: None,
            field: Some(field),
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }
}

/// The entry of an op in [`OPS`].
#[derive(Debug)]
pub struct OpDef {
    /// The word in model files: `Linear`.
    pub name: &'static str,
    /// What it takes, in the order of the positional form.
    pub fields: &'static [Field],
    /// The source of the op's file; its header is its reference page.
    pub source: &'static str,
    /// Makes the op from its attributes.
    pub build: fn(&Args) -> Result<Arc<dyn Op>, OpError>,
}

impl OpDef {
    /// The words that a model may choose among: the functions of `Map`, the kinds of `Norm`.
    pub fn choices(&self) -> &'static [&'static str] {
        let words = self.fields.iter().find_map(|field| match field.kind {
            args::FieldKind::Word(words) => Some(words),
            _ => None,
        });
        words.unwrap_or_default()
    }
}

/// The op of that name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    OPS.iter().find(|def| def.name == name)
}

/// Requires that an axis has an element, where its size may be none.
fn require_some(axis: &Axis, cx: &mut Context<'_>) {
    cx.require_at_least(axis.dim.poly(), &Poly::one());
}

/// Requires that a size which a field gives is at least one.
fn require_positive(field: &'static str, size: &Poly, cx: &mut Context<'_>) -> Result<(), OpError> {
    if size.is_zero() {
        let message = format!("a size in `{field}` is at least 1, not 0");
        return Err(OpError::field(field, message));
    }
    cx.require_at_least(size, &Poly::one());
    Ok(())
}

/// The only input of an op that takes one; inputs are counted before any op is asked.
fn only<'a>(inputs: &[&'a Shape]) -> Result<&'a Shape, OpError> {
    match inputs {
        [one] => Ok(one),
        _ => Err(OpError::new(format!(
            "takes one input, got {}",
            inputs.len()
        ))),
    }
}

/// Where the axis of the given size is: the last of that size.
fn axis_of(shape: &Shape, size: &Poly, symbols: &Symbols) -> Result<usize, OpError> {
    shape.find(size, symbols).ok_or_else(|| {
        OpError::field(
            "axis",
            format!(
                "no axis of size `{}` in {}",
                size.show(symbols),
                shape.show(symbols)
            ),
        )
    })
}

/// Where the axis of positions of the given size is, along which a pass adds `new` positions to those that are past; where none
/// ever are, any axis of positions will do.
fn growing_axis(
    shape: &Shape,
    size: &Poly,
    (past, new): (&Poly, &Poly),
    symbols: &Symbols,
) -> Result<usize, OpError> {
    let at = axis_of(shape, size, symbols)?;
    let axis = &shape.axes()[at];
    let shown = axis.dim.poly().show(symbols);
    if !axis.is_position() {
        let message = format!("the axis `{shown}` is no axis of positions, nothing grows along it");
        return Err(OpError::field("axis", message).help(String::from(
            "mark it in the inputs of the model: `\"B @n\"`",
        )));
    }
    if !past.is_zero() && !axis.dim.same(&new.clone().into(), symbols) {
        let message = format!(
            "passes add {} positions to those before, and the axis is of `{shown}`",
            new.show(symbols)
        );
        return Err(OpError::field("axis", message).help(String::from(
            "what is made once a request stands in a group `Once(..)`; other axes are made of the kept one",
        )));
    }
    Ok(at)
}

/// How many vectors lie along the axis of the given size: the product of the other axes.
fn rows_beside(shape: &Shape, size: &Poly, symbols: &Symbols) -> Poly {
    let along = shape.find(size, symbols);
    let others = shape
        .axes()
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != along);
    Poly::product(others.map(|(_, axis)| axis.dim.poly()))
}

/// Checks that a shape ends in the given sizes, and gives how many axes stand before them.
fn expect_tail(shape: &Shape, tail: &[Poly], cx: &Context<'_>) -> Result<usize, OpError> {
    let wanted = || show_dims(tail.iter(), cx.symbols);
    let Some(kept) = shape.rank().checked_sub(tail.len()) else {
        let message = format!(
            "the input {} has fewer axes than {}",
            shape.show(cx.symbols),
            wanted()
        );
        return Err(OpError::field("map", message));
    };
    for (axis, size) in shape.axes()[kept..].iter().zip(tail) {
        if !axis.dim.same(&size.clone().into(), cx.symbols) {
            let message = format!(
                "the input {} does not end in {}",
                shape.show(cx.symbols),
                wanted()
            );
            let help = regroup(shape, tail, cx).or_else(|| mend(axis.dim.poly(), size, cx));
            return Err(OpError::field("map", message).help(help));
        }
    }
    Ok(kept)
}

/// The last axes of a shape that make the wanted size together, if some do: they can be summed over as they are.
fn regroup(shape: &Shape, tail: &[Poly], cx: &Context<'_>) -> Option<String> {
    let size = Dim::from(Poly::product(tail));
    let together =
        |axes: &[Axis]| Dim::from(Poly::product(axes.iter().map(|axis| axis.dim.poly())));
    let from = (0..shape.rank())
        .rev()
        .find(|from| together(&shape.axes()[*from..]).same(&size, cx.symbols))?;
    let axes: Vec<String> = shape.axes()[from..]
        .iter()
        .map(|axis| axis.dim.poly().show(cx.symbols))
        .collect();
    Some(format!(
        "the last axes make it together: write `{} -> ..`",
        axes.join(" ")
    ))
}

/// Two sizes that should be equal and are not.
fn mismatch(why: &str, left: &Poly, right: &Poly, inputs: &[&Shape], cx: &Context<'_>) -> OpError {
    let (one, other) = (left.show(cx.symbols), right.show(cx.symbols));
    let shapes: Vec<String> = inputs.iter().map(|shape| shape.show(cx.symbols)).collect();
    OpError::new(format!(
        "{why}: `{one}` and `{other}`, in {}",
        shapes.join(" and ")
    ))
    .help(mend(left, right, cx))
}
