//! The brute-force oracle: a model is walked at small sizes, index by index, and every row of its ledger is compared.
//!
//! [`concrete`] walks and counts; it knows no rule of any op. [`compare`] puts its counts beside the library's formulas.
//! The rest are the cases: shipped models, a small model for each op, random einsums, known traps, and the proof that the
//! comparison notices a wrong count.

#![forbid(unsafe_code)]

mod blocks;
mod cases;
mod chains;
mod compare;
mod composite;
mod concrete;
mod einsums;
mod experts;
mod harness;
mod models;
mod positions;
mod prices;
mod recurrence;
mod rounds;
mod sample;
mod sessions;
mod traps;
mod vigilance;
