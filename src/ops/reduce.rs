//! `Reduce(x, mean, "n")`: one axis becomes one number.
//!
//! - shape: the axis is gone
//! - work: elementwise; along an axis of `m`: `m - 1` additions for `sum` and `mean`, and 1 div for `mean`; `m - 1` compare
//!   for `max`
//!
//! ```ron
//! pooled: Reduce(x, mean, "n"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only, require_some};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Kind, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Reduce",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "how",
            FieldKind::Word(&["sum", "mean", "max"]),
            "what becomes of the numbers",
        ),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that goes, the last of that size",
        ),
    ],
    source: include_str!("reduce.rs"),
    build,
};

#[derive(Debug)]
enum How {
    Sum,
    Mean,
    Max,
}

#[derive(Debug)]
struct Reduce {
    how: How,
    axis: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let how = match args.word("how")? {
        "mean" => How::Mean,
        "max" => How::Max,
        _ => How::Sum,
    };
    Ok(Arc::new(Reduce {
        how,
        axis: args.dim("axis")?,
    }))
}

impl Op for Reduce {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = axis_of(&output, &self.axis, cx.symbols)?;
        let gone = output.0.remove(at);
        require_some(&gone, cx);
        Ok(Inferred {
            output,
            sums_positions: gone.has_positions(),
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let rows = output.elements();
        let but_one = &rows * &(&self.axis - &Poly::one());
        match self.how {
            How::Sum => Work::elementwise([(Kind::Add, but_one)]),
            How::Mean => Work::elementwise([(Kind::Add, but_one), (Kind::Div, rows)]),
            How::Max => Work::elementwise([(Kind::Compare, but_one)]),
        }
    }
}
