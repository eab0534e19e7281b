//! A model run at small numbers by walking it: blocks are entered, repeats loop, contractions visit every product.
//!
//! This is the second opinion on every formula of the library, so it must never use an op's own rules: no `Op::infer`, no
//! `Op::work`, no `Work`, no `Mask::pairs`, no comparison of symbolic shapes. It reads names, wiring, attributes, declared
//! axes, and the value of a polynomial at numbers; shapes, counts, repeats, parts and positions it finds by itself.

mod arithmetic;
mod blocks;
mod calls;
mod count;
mod dots;
mod labels;
mod layout;
mod ops;
mod reads;
mod rows;
mod setting;
mod tensor;

pub use blocks::{Entry, Run, Shapes, walk};
pub use count::{Count, MAX_POINTS, Sight, Store};
pub use reads::Reads;
pub use setting::{MAX_WALKED, Misfit, Positions, Setting};

/// Whether an op of that name can be walked.
pub fn knows(op: &str) -> bool {
    ops::WALKS.iter().any(|(known, _)| *known == op)
}
