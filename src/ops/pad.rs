//! `Pad(x, "n", "k")`: `k` elements more along an axis.
//!
//! - shape: the axis of size `n` becomes `n + k`
//! - work: none
//!
//! ```ron
//! padded: Pad(x, "n", "k - 1"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Pad",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis, the last of that size",
        ),
        Field::required("by", FieldKind::Dim, "how many elements are added in all"),
    ],
    source: include_str!("pad.rs"),
    build,
};

#[derive(Debug)]
struct Pad {
    axis: Poly,
    by: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Pad {
        axis: args.dim("axis")?,
        by: args.dim("by")?,
    }))
}

impl Op for Pad {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = axis_of(&output, &self.axis, cx.symbols)?;
        cx.require_at_least(&self.by, &Poly::zero());
        let axis = &mut output.0[at];
        *axis = axis.resized(axis.dim.poly() + &self.by);
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}
