//! `Norm(x, rms, "d")`, `Norm(x, layer, "d", bias)`: brings each vector of an axis to unit size.
//!
//! rms: y = g · x / sqrt(mean(x²) + ε); layer: y = g · (x - mean x) / sqrt(var x + ε) + b
//!
//! - shape: unchanged
//! - work: elementwise; along an axis of `m`, rms: `m` squares and `m` gains (mul), `m - 1 + 1` add, `m + 1` div, 1 sqrt;
//!   layer: the same and `m - 1` add and 1 div for the mean, `m` subtractions, and with a bias `m` add. Parameters: `m`
//!   gains, with a bias `m` more; `gain: false` leaves both out
//!
//! ```ron
//! normed: Norm(x, rms, "d"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only, require_some, rows_beside};
use crate::shape::Shape;
use crate::sym::{Coeff, Context, Poly, Symbols};
use crate::work::{Kind, WeightRole, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Norm",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "kind",
            FieldKind::Word(&["rms", "layer"]),
            "root mean square, or mean and variance",
        ),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that is normalised, the last of that size",
        ),
        Field::optional(
            "bias",
            FieldKind::Flag,
            "whether a bias is added; left out: none",
        ),
        Field::optional(
            "gain",
            FieldKind::Flag,
            "whether there are gains; left out: yes",
        ),
    ],
    source: include_str!("norm.rs"),
    build,
};

#[derive(Debug)]
struct Norm {
    centred: bool,
    axis: Poly,
    bias: bool,
    gain: bool,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let gain = !args.has("gain") || args.flag("gain");
    let bias = args.flag("bias");
    if bias && !gain {
        return Err(OpError::field("bias", "a norm without gains has no bias"));
    }
    Ok(Arc::new(Norm {
        centred: args.word("kind")? == "layer",
        axis: args.dim("axis")?,
        bias,
        gain,
    }))
}

impl Op for Norm {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let x = only(inputs)?;
        let at = axis_of(x, &self.axis, cx.symbols)?;
        require_some(&x.axes()[at], cx);
        Ok(Inferred {
            output: x.clone(),
            sums_positions: x.axes()[at].has_positions(),
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, symbols: &Symbols) -> Work {
        let all = output.elements();
        let rows = rows_beside(output, &self.axis, symbols);
        let when = |given: bool, count: &Poly| if given { count.clone() } else { Poly::zero() };
        let mut work = Work::elementwise([
            (Kind::Mul, &all + &when(self.gain, &all)),
            (Kind::Add, all.clone()),
            (Kind::Div, &all + &rows),
            (Kind::Sqrt, rows.clone()),
        ]);
        if self.centred {
            work = work.and([
                (Kind::Add, all.scale(&Coeff::from(2)) - &rows),
                (Kind::Div, rows),
            ]);
        }
        if self.gain {
            work = work.with_weight(WeightRole::Gain, vec![self.axis.clone()]);
        }
        if self.bias {
            work = work
                .with_weight(WeightRole::Bias, vec![self.axis.clone()])
                .and([(Kind::Add, all)]);
        }
        work
    }
}
