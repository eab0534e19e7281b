//! `Expand(keys, "K -> H")`, `Expand(token, "-> B")`: an axis repeated, or a new one before the others.
//!
//! With grouped heads each of `K` key heads serves `H/K` query heads: the axis of size `K` becomes one of size `H`.
//!
//! - shape: the last axis of the size left of the arrow gets the size on its right, a multiple; with nothing on the left
//!   a new first axis
//! - work: none, nothing is computed again
//!
//! ```ron
//! shared: Expand(keys, "K -> H"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only};
use crate::shape::{Axis, Shape};
use crate::sym::{Context, Poly};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Expand",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "map",
            FieldKind::Map,
            "the size of an axis, and its size after",
        ),
    ],
    source: include_str!("expand.rs"),
    build,
};

#[derive(Debug)]
struct Expand {
    from: Option<Poly>,
    to: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let (from, to) = args.map("map")?;
    match (&*from, &*to) {
        ([], [to]) => Ok(Arc::new(Expand {
            from: None,
            to: to.clone(),
        })),
        ([from], [to]) => Ok(Arc::new(Expand {
            from: Some(from.clone()),
            to: to.clone(),
        })),
        _ => Err(OpError::field(
            "map",
            "one size on each side of the arrow, or one on its right alone",
        )),
    }
}

impl Op for Expand {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let Some(from) = &self.from else {
            output.0.insert(0, Axis::feature(self.to.clone()));
            return Ok(Inferred::by_position(output));
        };
        let at = axis_of(&output, from, cx.symbols).map_err(|error| OpError {
            field: Some("map"),
            ..error
        })?;
        cx.divide(&self.to, from)
            .map_err(|error| OpError::field("map", error.message(cx.symbols)))?;
        output.0[at] = output.0[at].resized(self.to.clone());
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}
