//! `Gather(table, tokens)`: the rows of a table that the indices name; an embedding lookup.
//!
//! y(i.., :) = table(indices(i..), :)
//!
//! - shape: `[V, ..] , [i..] -> [i.., ..]`
//! - work: none; a lookup is no matrix product. A profile may price it as the one that it stands for, of one-hot rows and
//!   the table: for each output scalar a dot of length `V`
//!
//! ```ron
//! x: Gather(table, tokens),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, require_some};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Contraction, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Gather",
    fields: &[
        Field::required("table", FieldKind::Input, "its first axis is looked up"),
        Field::required("indices", FieldKind::Input, "which rows"),
    ],
    source: include_str!("gather.rs"),
    build,
};

#[derive(Debug)]
struct Gather;

fn build(_: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(Gather))
}

impl Op for Gather {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        match inputs {
            [table, indices] if table.rank() > 0 => {
                require_some(&table.axes()[0], cx);
                let axes = indices.axes().iter().chain(&table.axes()[1..]).cloned();
                Ok(Inferred::by_position(Shape::new(axes)))
            }
            [table, _] => Err(OpError::field(
                "table",
                format!("a table has rows, this is {}", table.show(cx.symbols)),
            )),
            _ => Err(OpError::new(format!(
                "takes a table and indices, got {} inputs",
                inputs.len()
            ))),
        }
    }

    fn work(&self, inputs: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let rows = inputs.first().and_then(|table| table.axes().first());
        let rows = rows.map_or_else(Poly::zero, |rows| rows.dim.poly().clone());
        Work::lookup(Contraction::plain(output.elements(), rows))
    }

    fn looks_up(&self) -> bool {
        true
    }
}
