//! Phases: ways of running one graph, each a substitution for new, past and wanted positions.
//!
//! The context `T` counts the current token. This module knows the table of phases and nothing of graphs.

/// A way of running a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// New positions, in symbols of the model.
    pub new: &'static str,
    /// Past positions.
    pub past: &'static str,
    /// Positions whose logits are wanted.
    pub wanted: &'static str,
    /// One line for help.
    pub about: &'static str,
}

/// The phases that a model of sequences may name.
pub const PHASES: &[Phase] = &[
    Phase {
        name: "forward",
        new: "T",
        past: "0",
        wanted: "T",
        about: "one teacher-forced pass over T tokens",
    },
    Phase {
        name: "prefill",
        new: "T",
        past: "0",
        wanted: "1",
        about: "T prompt tokens, logits of the last",
    },
    Phase {
        name: "decode",
        new: "1",
        past: "T - 1",
        wanted: "1",
        about: "one token with a cache, at a context of T that counts it",
    },
];

/// The phase of a model without a sequence, whose graph has no positions to set.
pub const WHOLE: &str = "forward";

/// The symbols that a phase sets, in the order of the table: new, past, wanted; and the span of keys, `s = p + n`.
pub const NEW: &str = "n";
/// Past positions.
pub const PAST: &str = "p";
/// Positions whose logits are wanted.
pub const WANTED: &str = "o";
/// Positions that keys and values span.
pub const SPAN: &str = "s";

/// The phase of that name.
pub fn find(name: &str) -> Option<&'static Phase> {
    PHASES.iter().find(|phase| phase.name == name)
}
