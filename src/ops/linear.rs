//! `Linear(x, "d -> H dh", bias)`: a linear layer that owns its weight.
//!
//! y = x W + b
//!
//! The sizes left of the arrow are the last axes of `x` and are summed over; those right of it take their place. What
//! stands before them in `x` stays. A layer over axes of positions alone gives positions.
//!
//! - shape: `[.., in] -> [.., out]`
//! - work: one dot of length `in` for each output scalar; parameters `in * out`, with a bias `out` more and one addition
//!   for each output scalar
//!
//! ```ron
//! q: Linear(x, "d -> H dh"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, expect_tail, only};
use crate::shape::{Axis, Dim, Shape};
use crate::sym::{Context, Poly};
use crate::work::{Contraction, Kind, WeightRole, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Linear",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "map",
            FieldKind::Map,
            "sizes summed over, and sizes that take their place",
        ),
        Field::optional(
            "bias",
            FieldKind::Flag,
            "whether a bias is added; left out: none",
        ),
    ],
    source: include_str!("linear.rs"),
    build,
};

#[derive(Debug)]
struct Linear {
    from: Arc<[Poly]>,
    to: Arc<[Poly]>,
    bias: bool,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let (from, to) = args.map("map")?;
    if from.is_empty() {
        return Err(OpError::field(
            "map",
            "there is nothing left of the arrow to sum over",
        ));
    }
    Ok(Arc::new(Linear {
        from,
        to,
        bias: args.flag("bias"),
    }))
}

impl Op for Linear {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let x = only(inputs)?;
        let kept = expect_tail(x, &self.from, cx)?;
        let summed = &x.axes()[kept..];
        let together = Axis::merged(&summed.iter().collect::<Vec<_>>());
        let made = if together.is_position_only() {
            let whole = Axis::along(Poly::product(&*self.to), together.coordinate());
            let dims: Vec<Dim> = self.to.iter().cloned().map(Dim::from).collect();
            whole.divided(&dims, cx.symbols)
        } else {
            self.to.iter().cloned().map(Axis::feature).collect()
        };
        let output = Shape::new(x.axes()[..kept].iter().cloned().chain(made));
        Ok(Inferred {
            output,
            sums_positions: together.has_positions(),
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let outputs = output.elements();
        let weight = self.from.iter().chain(&*self.to).cloned().collect();
        let work = Work::contraction(Contraction::plain(
            outputs.clone(),
            Poly::product(&*self.from),
        ))
        .with_weight(WeightRole::Operand, weight);
        if self.bias {
            work.with_weight(WeightRole::Bias, self.to.clone())
                .and([(Kind::Add, outputs)])
        } else {
            work
        }
    }
}
