//! `Constant("n dh")`: a tensor that is neither input nor trained, such as a table of angles.
//!
//! - shape: the axes as written; `@n` marks an axis of positions
//! - work: none, it is made once
//!
//! ```ron
//! angles: Constant("@n dh"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError};
use crate::shape::Shape;
use crate::sym::Context;
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Constant",
    fields: &[Field::required("shape", FieldKind::Axes, "its axes")],
    source: include_str!("constant.rs"),
    build,
};

#[derive(Debug)]
struct Constant(Shape);

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Constant(args.axes("shape")?)))
}

impl Op for Constant {
    fn infer(&self, _: &[&Shape], _: &mut Context<'_>) -> Result<Inferred, OpError> {
        Ok(Inferred::by_position(self.0.clone()))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}
