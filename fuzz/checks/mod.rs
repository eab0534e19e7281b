//! What must hold of every text that a user can give, right or wrong. The fuzz targets ask it of texts that they make
//! up, `tests/corpus.rs` of those that are kept in `fuzz/corpus`. A check panics where something does not hold.

pub mod command;
pub mod config;
pub mod expression;
mod laws;
pub mod model;
mod naive;
pub mod nodes;
mod prints;
pub mod profile;

/// What is asked of a text.
pub type Check = fn(&str);

/// What is checked, by the folder of `fuzz/corpus` that holds its texts.
pub const CHECKS: &[(&str, Check)] = &[
    ("command", command::check),
    ("config", config::check),
    ("expression", expression::check),
    ("model", model::check),
    ("nodes", nodes::check),
    ("profile", profile::check),
];
