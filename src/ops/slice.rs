//! `Slice(x, "n", "o")`: some of the elements along an axis, such as the last positions.
//!
//! - shape: the axis of size `n` becomes `o`, which must not be more
//! - work: none
//!
//! ```ron
//! last: Slice(x, "n", "o"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Slice",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis, the last of that size",
        ),
        Field::required("size", FieldKind::Dim, "how many elements stay"),
    ],
    source: include_str!("slice.rs"),
    build,
};

#[derive(Debug)]
struct Slice {
    axis: Poly,
    size: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Slice {
        axis: args.dim("axis")?,
        size: args.dim("size")?,
    }))
}

impl Op for Slice {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = axis_of(&output, &self.axis, cx.symbols)?;
        let axis = &mut output.0[at];
        cx.require_at_least(axis.dim.poly(), &self.size);
        *axis = axis.resized(self.size.clone());
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}
