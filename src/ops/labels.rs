//! Labels of an equation bound to the axes of the inputs: one size each, or an error that shows both.

use super::OpError;
use super::equation::Equation;
use crate::shape::{Axis, Shape, mend};
use crate::sym::Context;

/// What each label of an equation stands for.
pub(super) struct Labels<'e>(Vec<Bound<'e>>);

/// A label, its axis, and how much the input says about positions that it stands for what it does.
struct Bound<'e> {
    label: &'e str,
    axis: Axis,
    says: usize,
}

impl<'e> Labels<'e> {
    /// Binds the labels of an equation without groups. A label that stands in several inputs must be of one size, and
    /// is a position if it is one in any: the coordinate that it has in the input with the most axes of positions.
    pub(super) fn bind(
        equation: &'e Equation,
        inputs: &[&Shape],
        cx: &Context<'_>,
    ) -> Result<Labels<'e>, OpError> {
        if equation.inputs.len() != inputs.len() {
            let message = format!(
                "the equation names {} inputs, {} are given",
                equation.inputs.len(),
                inputs.len()
            );
            return Err(OpError::field("inputs", message));
        }
        let mut labels = Labels(Vec::new());
        for (at, (axes, shape)) in equation.inputs.iter().zip(inputs).enumerate() {
            if axes.len() != shape.rank() {
                let message = format!(
                    "input {} has {} axes, {}, and the equation names {}",
                    at + 1,
                    shape.rank(),
                    shape.show(cx.symbols),
                    axes.len()
                );
                return Err(OpError::field("equation", message));
            }
            for (label, axis) in axes.iter().flatten().zip(shape.axes()) {
                let says = if axis.is_position() {
                    shape.position_axes()
                } else {
                    0
                };
                labels.put(
                    Bound {
                        label,
                        axis: axis.clone(),
                        says,
                    },
                    inputs,
                    cx,
                )?;
            }
        }
        Ok(labels)
    }

    fn put(&mut self, new: Bound<'e>, inputs: &[&Shape], cx: &Context<'_>) -> Result<(), OpError> {
        let Some(known) = self.0.iter_mut().find(|known| known.label == new.label) else {
            self.0.push(new);
            return Ok(());
        };
        if !known.axis.dim.same(&new.axis.dim, cx.symbols) {
            let shapes: Vec<String> = inputs.iter().map(|shape| shape.show(cx.symbols)).collect();
            let (one, other) = (known.axis.dim.poly(), new.axis.dim.poly());
            return Err(OpError::new(format!(
                "`{}` is `{}` and `{}`, in {}",
                new.label,
                one.show(cx.symbols),
                other.show(cx.symbols),
                shapes.join(" and ")
            ))
            .help(mend(one, other, cx)));
        }
        if new.says > known.says {
            known.axis = known.axis.clone().standing_for(&new.axis);
            known.says = new.says;
        }
        Ok(())
    }

    /// The axis that a label stands for.
    pub(super) fn axis(&self, label: &str) -> Option<&Axis> {
        self.0
            .iter()
            .find(|bound| bound.label == label)
            .map(|bound| &bound.axis)
    }

    /// Labels and axes in the order of the equation.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'e str, &Axis)> {
        self.0.iter().map(|bound| (bound.label, &bound.axis))
    }

    /// The output that the equation asks for.
    pub(super) fn output(&self, equation: &Equation) -> Shape {
        Shape::new(
            equation
                .output
                .iter()
                .flatten()
                .filter_map(|label| self.axis(label).cloned()),
        )
    }
}
