//! `Previous(x, "n", "k - 1")`: the `k - 1` positions before this pass, zeros where there were none, followed by the new ones.
//!
//! What a causal convolution of `k` taps reads, or a token shift (`"1"`). Unlike a `Cache` it is of one size at every position:
//! part of the state of a recurrence.
//!
//! - shape: the axis of size `n` becomes `n + k - 1`
//! - work: none, it is storage; it keeps `k - 1` positions
//!
//! ```ron
//! padded: Previous(x, "n", "k - 1"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, growing_axis, only, rows_beside};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Kept, Store, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Previous",
    fields: &[
        Field::required("x", FieldKind::Input, "what this pass adds"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that they stand before, the last of that size",
        ),
        Field::required("count", FieldKind::Dim, "how many positions are kept"),
        Field::required("past", FieldKind::Past, "positions that are there already"),
        Field::required("new", FieldKind::New, "positions that a pass adds"),
    ],
    source: include_str!("previous.rs"),
    build,
};

#[derive(Debug)]
struct Previous {
    axis: Poly,
    count: Poly,
    past: Poly,
    new: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Previous {
        axis: args.dim("axis")?,
        count: args.dim("count")?,
        past: args.dim("past")?,
        new: args.dim("new")?,
    }))
}

impl Op for Previous {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = growing_axis(&output, &self.axis, (&self.past, &self.new), cx.symbols)?;
        cx.require_at_least(&self.count, &Poly::zero());
        let axis = &mut output.0[at];
        *axis = axis.resized(axis.dim.poly() + &self.count);
        Ok(Inferred::by_position(output))
    }

    fn stays(&self) -> Option<Store> {
        Some(Store::State)
    }

    fn work(&self, inputs: &[&Shape], _: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        if self.past.is_zero() {
            return Work::none(); // no pass goes on from what runs once
        }
        let beside = inputs
            .first()
            .map(|x| rows_beside(x, &self.axis, symbols))
            .unwrap_or_default();
        Work::keeping(Kept::state(beside * self.count.clone()))
    }
}
