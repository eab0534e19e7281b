//! `Concat([a, b], "n")`: tensors one after another along an axis.
//!
//! The axis is named by its size in the first input; the other axes are equal.
//!
//! - shape: the sizes along the axis add up
//! - work: none
//!
//! ```ron
//! tokens: Concat([class_token, patches], "1"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, mismatch};
use crate::shape::{Axis, Shape};
use crate::sym::{Context, Poly};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Concat",
    fields: &[
        Field::required("inputs", FieldKind::Inputs, "what is joined, in order"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis in the first input, the last of that size",
        ),
    ],
    source: include_str!("concat.rs"),
    build,
};

#[derive(Debug)]
struct Concat(Poly);

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Concat(args.dim("axis")?)))
}

impl Op for Concat {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let [first, others @ ..] = inputs else {
            return Err(OpError::field("inputs", "there is nothing to join"));
        };
        let at = axis_of(first, &self.0, cx.symbols)?;
        let mut output = (*first).clone();
        for other in others {
            if other.rank() != output.rank() {
                let shapes: Vec<String> =
                    inputs.iter().map(|shape| shape.show(cx.symbols)).collect();
                return Err(OpError::field(
                    "inputs",
                    format!("unequal numbers of axes: {}", shapes.join(", ")),
                ));
            }
            for (index, (axis, new)) in output.0.iter_mut().zip(other.axes()).enumerate() {
                if index == at {
                    let coordinate = axis.coordinate().or_else(|| new.coordinate());
                    *axis = Axis::along(axis.dim.poly() + new.dim.poly(), coordinate);
                } else if !axis.dim.same(&new.dim, cx.symbols) {
                    let (left, right) = (axis.dim.poly().clone(), new.dim.poly());
                    return Err(mismatch(
                        "the axes that are not joined differ",
                        &left,
                        right,
                        inputs,
                        cx,
                    ));
                } else {
                    axis.learn(new);
                }
            }
        }
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}
