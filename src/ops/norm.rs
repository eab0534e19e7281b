//! `Norm(x, rms, "d")`, `Norm(x, layer, "d", bias)`: brings each vector of an axis to unit size. `Norm(x, batch, "C", true)`:
//! batch norm in evaluation.
//!
//! rms: y = g · x / sqrt(mean(x²) + ε); layer: y = g · (x - mean x) / sqrt(var x + ε) + b; batch: as layer, with a mean and a
//! variance that are stored for each channel
//!
//! - shape: unchanged
//! - work: elementwise; along an axis of `m`, rms: `m` squares and `m` gains (mul), `m - 1 + 1` add, `m + 1` div, 1 sqrt;
//!   layer: the same and `m - 1` add and 1 div for the mean, `m` subtractions, and with a bias `m` add; batch: for each
//!   element a subtraction, a div, a gain and with a bias an add, and for each of the `m` channels 1 add and 1 sqrt.
//!   Parameters: `m` gains, with a bias `m` more; `gain: false` leaves both out. What batch norm stores is not trained
//!
//! ```ron
//! normed: Norm(x, rms, "d"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only, require_some, rows_beside};
use crate::shape::Shape;
use crate::sym::{Coeff, Context, Poly};
use crate::work::{self, WeightRole, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Norm",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "kind",
            FieldKind::Word(&["rms", "layer", "batch"]),
            "root mean square, mean and variance, or those that are stored for each channel",
        ),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that is normalised, or of the channels, the last of that size",
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

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Rms,
    Layer,
    Batch,
}

#[derive(Debug)]
struct Norm {
    kind: Kind,
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
        kind: match args.word("kind")? {
            "layer" => Kind::Layer,
            "batch" => Kind::Batch,
            _ => Kind::Rms,
        },
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
            // What is stored was summed before: no position sees another.
            sums_positions: x.axes()[at].has_positions() && self.kind != Kind::Batch,
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        use work::Kind::{Add, Div, Mul, Sqrt};
        let all = output.elements();
        let rows = rows_beside(output, &self.axis, symbols);
        let twice = all.scale(&Coeff::from(2));
        let mut work = match self.kind {
            Kind::Batch => Work::elementwise([
                (Add, &all + &self.axis),
                (Div, all.clone()),
                (Sqrt, self.axis.clone()),
            ]),
            Kind::Rms => Work::elementwise([
                (Mul, all.clone()),
                (Add, all.clone()),
                (Div, &all + &rows),
                (Sqrt, rows),
            ]),
            Kind::Layer => Work::elementwise([
                (Mul, all.clone()),
                (Add, &all + &twice - &rows),
                (Div, &all + &rows.scale(&Coeff::from(2))),
                (Sqrt, rows),
            ]),
        };
        if self.gain {
            work = work
                .with_weight(WeightRole::Gain, Arc::new([self.axis.clone()]))
                .and([(Mul, all.clone())]);
        }
        if self.bias {
            work = work
                .with_weight(WeightRole::Bias, Arc::new([self.axis.clone()]))
                .and([(Add, all)]);
        }
        work
    }
}
