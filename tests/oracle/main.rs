//! The brute-force oracle: a model is walked at small sizes, index by index, and every row of its ledger is compared.
//!
//! The walk and the comparison are the library's own, `dotledger verify`: the walk knows no rule of any op. Here are the cases:
//! shipped models, a small model for each op, random einsums, known traps, and the proof that the comparison notices a wrong
//! count.

#![forbid(unsafe_code)]

mod blocks;
mod cases;
mod chains;
mod composite;
mod decompositions;
mod einsums;
mod experts;
mod generated;
mod harness;
mod models;
mod mutations;
mod positions;
mod prices;
mod random;
mod recurrence;
mod rounds;
mod sample;
mod sessions;
mod traps;
mod vigilance;
