//! dotledger: an exact, symbolic ledger of the dot products in a neural architecture.

#![forbid(unsafe_code)]

mod ast;
pub mod cli;
pub mod diag;
pub mod formula;
pub mod graph;
pub mod infer;
pub mod ledger;
mod lower;
pub mod mask;
mod model;
pub mod ops;
pub mod part;
pub mod phase;
pub mod profile;
pub mod report;
pub mod shape;
pub mod summary;
pub mod sym;
mod tally;
pub mod values;
pub mod work;

pub use diag::Diagnostics;
pub use formula::Formula;
pub use ledger::Ledger;
pub use model::{Model, Options, trace};
pub use profile::Profile;
