//! A second opinion on every formula: a model is walked at small numbers, index by index, and what is counted is compared
//! with what the ledger says there.
//!
//! [`walk`] counts one pass and knows no rule of any op; [`passes`] runs it step by step through a phase; [`compare`] puts the
//! counts beside the formulas; [`draw`] finds numbers that the model allows; [`verify`] does all of it, and gives a
//! [`verdict`].

pub mod compare;
pub mod draw;
mod matching;
pub mod passes;
pub mod random;
pub mod verdict;
mod verifier;
pub mod walk;

pub use verdict::Verdict;
pub use verifier::{Plan, verify};
