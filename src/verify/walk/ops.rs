//! The ops by name: what each is given, and where it is walked.
//!
//! The list is written by hand. An op that is missing from it cannot be walked, and a test compares it with the library's.

use crate::ops::args::{Arg, Args, MaskSpec};
use crate::ops::equation::Equation;

use super::count::Count;
use super::setting::{Misfit, Setting};
use super::tensor::{Axis, Size, Tensor};
use super::{dots, layout, rows};

/// An op with its attributes and inputs, at certain numbers.
pub(crate) struct Given<'r, 'm> {
    pub(crate) args: &'r Args,
    pub(crate) inputs: &'r [&'r Tensor],
    pub(crate) setting: &'r Setting<'m>,
    /// Whether masked pairs are left out, or executed all the same.
    pub(crate) masks: bool,
}

/// Walks an op: counts what it does, and gives its output.
pub(crate) type Walk = fn(&Given<'_, '_>, &mut Count) -> Result<Tensor, Misfit>;

/// Every op that can be walked.
pub(crate) const WALKS: &[(&str, Walk)] = &[
    ("Param", layout::param),
    ("Constant", layout::constant),
    ("Cache", layout::cache),
    ("Previous", layout::previous),
    ("Linear", dots::linear),
    ("Einsum", dots::einsum),
    ("MatMul", dots::matmul),
    ("Conv", dots::conv),
    ("Map", rows::map),
    ("Softmax", rows::softmax),
    ("Norm", rows::norm),
    ("Reduce", rows::reduce),
    ("Gather", layout::gather),
    ("TopK", rows::topk),
    ("Rearrange", layout::rearrange),
    ("Concat", layout::concat),
    ("Slice", layout::slice),
    ("Pad", layout::pad),
    ("Expand", layout::expand),
];

/// A mismatch in words.
pub(crate) fn misfit<T>(message: impl Into<String>) -> Result<T, Misfit> {
    Err(Misfit::new(message))
}

impl<'r> Given<'r, '_> {
    /// What stands in a field.
    pub(crate) fn field(&self, name: &str) -> Option<&'r Arg> {
        self.args
            .0
            .iter()
            .find(|(field, _)| *field == name)
            .and_then(|(_, value)| value.as_ref())
    }

    /// The only input.
    pub(crate) fn input(&self) -> Result<&'r Tensor, Misfit> {
        match self.inputs {
            [one] => Ok(one),
            _ => misfit("an op of one input has another number of them"),
        }
    }

    /// A size.
    pub(crate) fn size(&self, name: &str) -> Result<Size, Misfit> {
        match self.field(name) {
            Some(Arg::Dim(poly)) => self.setting.size(poly),
            _ => misfit(format!("no size `{name}`")),
        }
    }

    /// Sizes, or so many times the same where the field is left out.
    pub(crate) fn sizes_or(
        &self,
        name: &str,
        absent: usize,
        axes: usize,
    ) -> Result<Vec<usize>, Misfit> {
        match self.field(name) {
            Some(Arg::Dims(polys)) if polys.len() == axes => Ok(self
                .setting
                .sizes(polys)?
                .into_iter()
                .map(|size| size.here)
                .collect()),
            Some(_) => misfit(format!("`{name}` has not {axes} sizes")),
            None => Ok(vec![absent; axes]),
        }
    }

    /// Sizes on both sides of an arrow.
    pub(crate) fn map(&self) -> Result<(Vec<Size>, Vec<Size>), Misfit> {
        match self.field("map") {
            Some(Arg::Map(from, to)) => Ok((self.setting.sizes(from)?, self.setting.sizes(to)?)),
            _ => misfit("no map"),
        }
    }

    /// The axes of a tensor as written.
    pub(crate) fn axes(&self, name: &str) -> Result<Tensor, Misfit> {
        match self.field(name) {
            Some(Arg::Axes(shape)) => declared(shape, self.setting),
            _ => misfit("no axes"),
        }
    }

    /// A word.
    pub(crate) fn word(&self, name: &str) -> Result<&'r str, Misfit> {
        match self.field(name) {
            Some(Arg::Word(word)) => Ok(*word),
            _ => misfit(format!("no word `{name}`")),
        }
    }

    /// A flag, or its value where it is left out.
    pub(crate) fn flag(&self, name: &str, absent: bool) -> bool {
        match self.field(name) {
            Some(Arg::Flag(on)) => *on,
            _ => absent,
        }
    }

    /// An equation, if there is one.
    pub(crate) fn equation(&self) -> Option<&'r Equation> {
        match self.field("equation") {
            Some(Arg::Equation(equation)) => Some(equation),
            _ => None,
        }
    }

    /// A mask, if there is one and it is kept.
    pub(crate) fn mask(&self) -> Option<&'r MaskSpec> {
        match self.field("mask") {
            Some(Arg::Mask(mask)) if self.masks => Some(mask),
            _ => None,
        }
    }

    /// The axis that a field names by its size.
    pub(crate) fn axis(&self, tensor: &Tensor, field: &str) -> Result<usize, Misfit> {
        let size = self.size(field)?;
        tensor.find(size).ok_or_else(|| {
            Misfit::new(format!(
                "no axis of size {} in {:?}",
                size.here,
                tensor.dims()
            ))
        })
    }
}

/// A declared tensor at its numbers; each marked axis is a further coordinate.
pub(crate) fn declared(
    shape: &crate::shape::Shape,
    setting: &Setting<'_>,
) -> Result<Tensor, Misfit> {
    let mut marks = 0..;
    let axes = shape.axes().iter().map(|axis| {
        let mark = if axis.is_position() {
            marks.next()
        } else {
            None
        };
        let coordinate = mark.map(|at: usize| at.to_string().into());
        Ok(Axis::new(setting.size(axis.dim.poly())?, coordinate))
    });
    Ok(Tensor(axes.collect::<Result<_, Misfit>>()?))
}
