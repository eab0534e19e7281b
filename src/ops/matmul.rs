//! `MatMul([a, b])`: the matrix product of the last two axes, for each index of the axes before them.
//!
//! out(.., i, j) = Σ_k a(.., i, k) · b(.., k, j)
//!
//! - shape: `[.., n, k] x [.., k, m] -> [.., n, m]`; the axes before are equal, nothing is broadcast
//! - work: one dot of length `k` for each output scalar
//!
//! ```ron
//! mixed: MatMul([weights, values]),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::{Inferred, Op, OpDef, OpError, mismatch};
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Contraction, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "MatMul",
    fields: &[Field::required(
        "inputs",
        FieldKind::Inputs,
        "the two matrices, or stacks of them",
    )],
    source: include_str!("matmul.rs"),
    build,
};

#[derive(Debug)]
struct MatMul;

fn build(_: &Args) -> Result<Arc<dyn Op>, OpError> {
    Ok(Arc::new(MatMul))
}

impl Op for MatMul {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let [a, b] = inputs else {
            return Err(OpError::field(
                "inputs",
                format!("a matrix product takes two inputs, got {}", inputs.len()),
            ));
        };
        let fail = |why: &str| {
            let message = format!("{why}: {} x {}", a.show(cx.symbols), b.show(cx.symbols));
            OpError::new(message)
        };
        let (Some((n, k)), Some((k2, m))) = (matrix(a), matrix(b)) else {
            return Err(fail("a matrix has two axes"));
        };
        if a.rank() != b.rank() {
            return Err(fail("both sides have as many axes"));
        }
        let stack = a.rank() - 2;
        let mut axes = Vec::with_capacity(a.rank());
        for (left, right) in a.axes()[..stack].iter().zip(b.axes()) {
            if !left.dim.same(&right.dim, cx.symbols) {
                return Err(mismatch(
                    "the axes before the matrices differ",
                    left.dim.poly(),
                    right.dim.poly(),
                    inputs,
                    cx,
                ));
            }
            axes.push(if left.is_position() {
                left.clone()
            } else {
                right.clone()
            });
        }
        if !a.axes()[k].dim.same(&b.axes()[k2].dim, cx.symbols) {
            let (left, right) = (a.axes()[k].dim.poly(), b.axes()[k2].dim.poly());
            return Err(mismatch("the inner sizes differ", left, right, inputs, cx));
        }
        let sums_positions = a.axes()[k].has_positions() || b.axes()[k2].has_positions();
        axes.extend([a.axes()[n].clone(), b.axes()[m].clone()]);
        Ok(Inferred {
            output: Shape::new(axes),
            sums_positions,
        })
    }

    fn work(&self, inputs: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let inner = inputs
            .first()
            .and_then(|a| a.axes().last())
            .map_or_else(Poly::one, |axis| axis.dim.poly().clone());
        Work::contraction(Contraction::plain(output.elements(), inner))
    }
}

/// The indices of the last two axes.
fn matrix(shape: &Shape) -> Option<(usize, usize)> {
    (shape.rank() >= 2).then(|| (shape.rank() - 2, shape.rank() - 1))
}
