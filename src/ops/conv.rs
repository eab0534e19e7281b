//! `Conv(x: image, map: "C -> d", kernel: "P P", stride: "P P")`: a convolution that owns its kernel.
//!
//! y(o, i) = Σ_{c, t} x(c, stride·i + dilation·t - padding) · w(o, c, t) + b(o)
//!
//! The channels stand before the spatial axes, of which there are as many as sizes in `kernel`. Taps that fall on the
//! padding are counted, as the frameworks execute them.
//!
//! - shape: `[.., in, I..] -> [.., out, floor((I + 2*padding - dilation*(kernel-1) - 1)/stride) + 1 ..]`
//! - work: one dot of length `in/groups * product(kernel)` for each output scalar; parameters
//!   `out * in/groups * product(kernel)`, with a bias `out` more and one addition for each output scalar
//!
//! ```ron
//! patches: Conv(x: image, map: "C -> d", kernel: "P P", stride: "P P", bias: true),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, mismatch, only, require_positive};
use crate::shape::{Axis, Dim, Shape};
use crate::sym::{Context, Poly};
use crate::work::{Contraction, Kind, WeightRole, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Conv",
    fields: &[
        Field::required(
            "x",
            FieldKind::Input,
            "the input, channels before the spatial axes",
        ),
        Field::required("map", FieldKind::Map, "channels in and out"),
        Field::required(
            "kernel",
            FieldKind::Dims,
            "size of the kernel along each spatial axis",
        ),
        Field::required("stride", FieldKind::Dims, "step along each spatial axis"),
        Field::optional(
            "padding",
            FieldKind::Dims,
            "added on both sides of each spatial axis; left out: 0",
        ),
        Field::optional(
            "dilation",
            FieldKind::Dims,
            "distance of two taps; left out: 1",
        ),
        Field::optional(
            "groups",
            FieldKind::Dim,
            "groups of channels that do not mix; left out: 1",
        ),
        Field::optional(
            "bias",
            FieldKind::Flag,
            "whether a bias is added; left out: none",
        ),
    ],
    source: include_str!("conv.rs"),
    build,
};

#[derive(Debug)]
struct Conv {
    input: Poly,
    output: Poly,
    kernel: Vec<Poly>,
    stride: Vec<Poly>,
    padding: Vec<Poly>,
    dilation: Vec<Poly>,
    groups: Poly,
    bias: bool,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let (from, to) = args.map("map")?;
    let ([input], [output]) = (&*from, &*to) else {
        return Err(OpError::field(
            "map",
            "one size on each side of the arrow: channels in, channels out",
        ));
    };
    let kernel = args.dims("kernel")?;
    let axes = kernel.len();
    let along = |field: &'static str, absent: i64| {
        let sizes = args
            .optional(field, Args::dims)?
            .unwrap_or_else(|| vec![Poly::int(absent); axes]);
        if sizes.len() == axes {
            Ok(sizes)
        } else {
            Err(OpError::field(
                field,
                format!("`{field}` has {} sizes, the kernel has {axes}", sizes.len()),
            ))
        }
    };
    Ok(Arc::new(Conv {
        stride: along("stride", 1)?,
        padding: along("padding", 0)?,
        dilation: along("dilation", 1)?,
        groups: args
            .optional("groups", Args::dim)?
            .unwrap_or_else(Poly::one),
        bias: args.flag("bias"),
        input: input.clone(),
        output: output.clone(),
        kernel,
    }))
}

impl Op for Conv {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let x = only(inputs)?;
        let Some(channel) = x.rank().checked_sub(self.kernel.len() + 1) else {
            let message = format!(
                "a kernel of {} axes slides over {}",
                self.kernel.len(),
                x.show(cx.symbols)
            );
            return Err(OpError::field("kernel", message).help(String::from(
                "the input has its channels before as many spatial axes",
            )));
        };
        if !x.axes()[channel]
            .dim
            .same(&Dim(self.input.clone()), cx.symbols)
        {
            let given = x.axes()[channel].dim.poly();
            return Err(mismatch(
                "the channels differ from the map",
                given,
                &self.input,
                inputs,
                cx,
            ));
        }
        for (field, sizes) in [
            ("kernel", self.kernel.as_slice()),
            ("stride", &self.stride),
            ("dilation", &self.dilation),
            ("groups", std::slice::from_ref(&self.groups)),
        ] {
            for size in sizes {
                require_positive(field, size, cx)?;
            }
        }
        for channels in [&self.input, &self.output] {
            cx.divide(channels, &self.groups)
                .map_err(|error| OpError::field("groups", error.message(cx.symbols)))?;
        }
        let mut axes: Vec<Axis> = x.axes()[..channel].to_vec();
        axes.push(Axis::feature(self.output.clone()));
        let mut sums_positions = x.axes()[channel].has_positions() && self.input != self.groups;
        for (at, axis) in x.axes()[channel + 1..].iter().enumerate() {
            let dim = self.extent(at, axis.dim.poly(), cx)?;
            sums_positions |= axis.has_positions() && !self.kernel[at].is_one();
            axes.push(axis.resized(dim));
        }
        Ok(Inferred {
            output: Shape::new(axes),
            sums_positions,
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        let outputs = output.elements();
        let channels = Context::new(symbols).divide(&self.input, &self.groups);
        let channels = channels.expect("inference divided them before");
        let length = Poly::product(self.kernel.iter().chain([&channels]));
        let weight = [self.output.clone(), channels]
            .into_iter()
            .chain(self.kernel.iter().cloned())
            .collect();
        let work = Work::contraction(Contraction::plain(outputs.clone(), length))
            .with_weight(WeightRole::Operand, weight);
        if self.bias {
            work.with_weight(WeightRole::Bias, Arc::new([self.output.clone()]))
                .and([(Kind::Add, outputs)])
        } else {
            work
        }
    }
}

impl Conv {
    /// How many times the kernel fits along a spatial axis of the given size.
    fn extent(&self, at: usize, size: &Poly, cx: &mut Context<'_>) -> Result<Poly, OpError> {
        let reach = &self.dilation[at] * &(&self.kernel[at] - &Poly::one());
        let padded = size + &self.padding[at].scale(&2.into());
        let covered = reach + Poly::one();
        cx.require_at_least(&padded, &covered);
        let room = padded - covered;
        let steps = cx.floor_div(&room, &self.stride[at]);
        Ok(
            steps.map_err(|error| OpError::field("stride", error.message(cx.symbols)))?
                + Poly::one(),
        )
    }
}
