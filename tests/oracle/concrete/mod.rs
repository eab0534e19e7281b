//! A model run at small numbers by walking it: blocks are entered, repeats loop, contractions visit every product.
//!
//! This is the second opinion on every formula of the library, so it must never use an op's own rules: no `Op::infer`, no
//! `Op::work`, no `Work`, no `Mask::pairs`, no comparison of symbolic shapes. It reads names, wiring, attributes, declared
//! axes, and the value of a polynomial at numbers; shapes, counts, repeats, parts and positions it finds by itself.

mod arithmetic;
mod calls;
mod count;
mod dots;
mod labels;
mod layout;
mod ops;
mod rows;
mod setting;
mod tensor;
mod walk;

pub(crate) use count::{Count, Store};
pub(crate) use ops::WALKS;
pub(crate) use setting::{Misfit, Positions, Setting};
pub(crate) use walk::{Entry, Run, walk};
