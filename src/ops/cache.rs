//! `Cache(k, "n")`: what earlier passes left, followed by what this pass adds.
//!
//! The `p` past positions stand before the `n` new ones, so that keys and values span `s = p + n`.
//!
//! - shape: the axis of size `n` becomes `p + n`, the others stay
//! - work: none, it is storage
//!
//! ```ron
//! keys: Cache(k, "n"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only};
use crate::shape::Shape;
use crate::sym::{Context, Poly, Symbols};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Cache",
    fields: &[
        Field::required("x", FieldKind::Input, "what this pass adds"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that grows, the last of that size",
        ),
        Field::required("past", FieldKind::Past, "positions that are there already"),
    ],
    source: include_str!("cache.rs"),
    build,
};

#[derive(Debug)]
struct Cache {
    axis: Poly,
    past: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Cache {
        axis: args.dim("axis")?,
        past: args.dim("past")?,
    }))
}

impl Op for Cache {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = axis_of(&output, &self.axis, cx.symbols)?;
        let axis = &mut output.0[at];
        if !axis.is_position() {
            let size = axis.dim.poly().show(cx.symbols);
            return Err(OpError::field(
                "axis",
                format!("the axis `{size}` is no axis of positions, nothing grows along it"),
            )
            .help(String::from(
                "mark it in the inputs of the model: `\"B @n\"`",
            )));
        }
        *axis = axis.resized(axis.dim.poly() + &self.past);
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &Symbols) -> Work {
        Work::none()
    }
}
