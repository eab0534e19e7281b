//! `Param("V d")`: a trainable tensor that stands by itself.
//!
//! A table or a matrix that several ops use counts its parameters here, once, however many ops read it: a tied head
//! reads the table of the embedding.
//!
//! - shape: the axes as written; `@n` marks an axis of positions
//! - work: none
//!
//! ```ron
//! table: Param("V d"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError};
use crate::shape::Shape;
use crate::sym::Context;
use crate::work::{WeightRole, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Param",
    fields: &[Field::required("shape", FieldKind::Axes, "its axes")],
    source: include_str!("param.rs"),
    build,
};

#[derive(Debug)]
struct Param(Shape);

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Param(args.axes("shape")?)))
}

impl Op for Param {
    fn infer(&self, _: &[&Shape], _: &mut Context<'_>) -> Result<Inferred, OpError> {
        Ok(Inferred::by_position(self.0.clone()))
    }

    fn work(&self, _: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let dims = output
            .axes()
            .iter()
            .map(|axis| axis.dim.poly().clone())
            .collect();
        Work::none().with_weight(WeightRole::Operand, dims)
    }

    fn is_trained(&self) -> bool {
        true
    }
}
