//! `TopK(weights, "E", "k")`: the largest elements along an axis, such as the experts that a position passes.
//!
//! - shape: the axis of size `E` becomes `k`, which must not be more
//! - work: elementwise; the largest is looked for `k` times among what is left: `k*(E - 1) - k*(k - 1)/2` compare for each
//!   vector
//!
//! ```ron
//! chosen: TopK(weights, "E", "k"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, axis_of, only, rows_beside};
use crate::shape::Shape;
use crate::sym::{Coeff, Context, Poly};
use crate::work::{Kind, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "TopK",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis, the last of that size",
        ),
        Field::required("size", FieldKind::Dim, "how many elements stay"),
    ],
    source: include_str!("topk.rs"),
    build,
};

#[derive(Debug)]
struct TopK {
    axis: Poly,
    size: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(TopK {
        axis: args.dim("axis")?,
        size: args.dim("size")?,
    }))
}

impl Op for TopK {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = axis_of(&output, &self.axis, cx.symbols)?;
        let axis = &mut output.0[at];
        cx.require_at_least(axis.dim.poly(), &self.size);
        let sums_positions = axis.has_positions();
        *axis = axis.resized(self.size.clone());
        Ok(Inferred {
            output,
            sums_positions,
        })
    }

    fn work(&self, _: &[&Shape], output: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        let rows = rows_beside(output, &self.size, symbols);
        let one = Poly::one();
        let half = Coeff::from_ratio(1, 2).expect("two is not zero");
        let again = (&self.size * &(&self.size - &one)).scale(&half);
        let compared = &self.size * &(&self.axis - &one) - again;
        Work::elementwise([(Kind::Compare, rows * compared)])
    }
}
