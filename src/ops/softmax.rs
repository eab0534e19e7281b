//! `Softmax(scores, "s")`: exponentials over one axis that sum to one.
//!
//! y_i = exp(x_i - max x) / Σ_j exp(x_j - max x)
//!
//! - shape: unchanged
//! - work: elementwise; along an axis of `m`: `m - 1` compare, `m` subtractions and `m - 1` additions, `m` exp, `m` div. A
//!   mask does not lessen it
//!
//! ```ron
//! weights: Softmax(scores, "s"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only, require_some, rows_beside};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Kind, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Softmax",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that sums to one, the last of that size",
        ),
    ],
    source: include_str!("softmax.rs"),
    build,
};

#[derive(Debug)]
struct Softmax(Poly);

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Softmax(args.dim("axis")?)))
}

impl Op for Softmax {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let x = only(inputs)?;
        let at = axis_of(x, &self.0, cx.symbols)?;
        require_some(&x.axes()[at], cx);
        Ok(Inferred {
            output: x.clone(),
            sums_positions: x.axes()[at].has_positions(),
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        let all = output.elements();
        let rows = rows_beside(output, &self.0, symbols);
        let but_one = &all - &rows;
        Work::elementwise([
            (Kind::Compare, but_one.clone()),
            (Kind::Add, &all + &but_one),
            (Kind::Exp, all.clone()),
            (Kind::Div, all),
        ])
    }
}
