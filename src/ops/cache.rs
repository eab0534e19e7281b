//! `Cache(k, "n")`, `Cache(k, "n", "W")`: what earlier passes left, followed by what this pass adds.
//!
//! The `p` past positions stand before the `n` new ones, so that keys and values span `s = p + n`. With a window of `W`
//! only the last `W` positions are kept, and a pass sees `W - 1` past ones at the most beside its own.
//!
//! - shape: the axis of size `n` becomes `p + n`, with a window `min(p, W - 1) + n`; the others stay
//! - work: none, it is storage; it keeps `p + n` positions, with a window `min(p + n, W)`; a pass reads the past ones that it
//!   sees and writes the new ones that stay
//!
//! ```ron
//! keys: Cache(k, "n"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, growing_axis, only, require_positive, rows_beside};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Kept, Store, Stored, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Cache",
    fields: &[
        Field::required("x", FieldKind::Input, "what this pass adds"),
        Field::required(
            "axis",
            FieldKind::Dim,
            "size of the axis that grows, the last of that size",
        ),
        Field::optional(
            "window",
            FieldKind::Dim,
            "how many positions are kept; left out: all",
        ),
        Field::required("past", FieldKind::Past, "positions that are there already"),
        Field::required("new", FieldKind::New, "positions that a pass adds"),
    ],
    source: include_str!("cache.rs"),
    build,
};

#[derive(Debug)]
struct Cache {
    axis: Poly,
    window: Option<Poly>,
    past: Poly,
    new: Poly,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Cache {
        axis: args.dim("axis")?,
        window: args.optional("window", Args::dim)?,
        past: args.dim("past")?,
        new: args.dim("new")?,
    }))
}

impl Op for Cache {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let mut output = only(inputs)?.clone();
        let at = growing_axis(&output, &self.axis, (&self.past, &self.new), cx.symbols)?;
        if let Some(window) = &self.window {
            if self.past.is_zero() {
                let error = OpError::field("window", "what runs once a request is kept whole");
                return Err(error.help(String::from("`Slice` it to what is kept")));
            }
            require_positive("window", window, cx)?;
        }
        let seen = self.seen(cx);
        let axis = &mut output.0[at];
        *axis = axis.resized(axis.dim.poly() + &seen);
        Ok(Inferred::by_position(output))
    }

    fn stays(&self) -> Option<Store> {
        Some(Store::Cache)
    }

    fn work(&self, inputs: &[&Shape], _: &Shape, cx: &mut Context<'_>) -> Work {
        let symbols = cx.symbols;
        let beside = inputs
            .first()
            .map(|x| rows_beside(x, &self.axis, symbols))
            .unwrap_or_default();
        let all = &self.past + &self.axis;
        let mut kept = |positions: Poly| match &self.window {
            None => positions,
            Some(window) => cx.min(&[positions, window.clone()]),
        };
        let (held, written) = (kept(all), kept(self.axis.clone()));
        let read = self.seen(cx);
        Work::keeping(Kept {
            store: Store::Cache,
            held: Stored(&beside * &held),
            read: Stored(&beside * &read),
            written: Stored(&beside * &written),
        })
    }
}

impl Cache {
    /// How many past positions a pass reads.
    fn seen(&self, cx: &mut Context<'_>) -> Poly {
        match &self.window {
            None => self.past.clone(),
            Some(window) => cx.min(&[self.past.clone(), window - &Poly::one()]),
        }
    }
}
