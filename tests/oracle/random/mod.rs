//! A generator of models that are right, as texts, from choices: from a seed, or from bytes that a fuzzer changes.
//!
//! It knows shapes by itself and uses nothing but the standard library, so that other crates can include this folder. What it
//! writes is refused now and then only: where sizes are equal that it takes for different ones.

mod again;
mod apart;
mod blocks;
mod build;
mod calls;
mod choices;
mod contract;
mod draft;
mod labels;
mod layout;
mod rows;
mod shape;
mod size;
mod whole;
mod wide;

pub(crate) use choices::Choices;
pub(crate) use draft::Draft;
pub(crate) use whole::model;
