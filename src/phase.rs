//! Phases: ways of running one graph, each a substitution for new, past and wanted positions.
//!
//! The context `T` counts the current token. This module knows the table of phases and nothing of graphs; a model may
//! add phases of its own.

/// A part of a phase: the graph run once, or once for each of some steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// New positions, in symbols of the model.
    pub new: &'static str,
    /// Past positions.
    pub past: &'static str,
    /// Positions whose logits are wanted.
    pub wanted: &'static str,
    /// How many steps there are, where there are several; the number of the step, from 1, is the symbol [`STEP`].
    pub steps: Option<&'static str>,
}

/// A way of running a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// What runs, one after another.
    pub stages: &'static [Stage],
    /// One line for help.
    pub about: &'static str,
}

const fn once(
    name: &'static str,
    new: &'static str,
    past: &'static str,
    wanted: &'static str,
) -> Stage {
    Stage {
        name,
        new,
        past,
        wanted,
        steps: None,
    }
}

/// The phases that a model of sequences may name.
pub const PHASES: &[Phase] = &[
    Phase {
        name: "forward",
        stages: &[once("forward", "T", "0", "T")],
        about: "one teacher-forced pass over T tokens",
    },
    Phase {
        name: "prefill",
        stages: &[once("prefill", "T", "0", "1")],
        about: "T prompt tokens, logits of the last",
    },
    Phase {
        name: "decode",
        stages: &[once("decode", "1", "T - 1", "1")],
        about: "one token with a cache, at a context of T that counts it",
    },
    Phase {
        name: "chunk",
        stages: &[once("chunk", "C", "P", "1")],
        about: "C new tokens after P cached ones, logits of the last",
    },
    Phase {
        name: "generate",
        stages: &[
            once("prefill", "T", "0", "1"),
            Stage {
                name: "decode",
                new: "1",
                past: "T + i - 1",
                wanted: "1",
                steps: Some("N"),
            },
        ],
        about: "a prefill of T, then N decode steps at contexts T+1 .. T+N",
    },
];

/// The phase of a model without a sequence, whose graph has no positions to set.
pub const WHOLE: &str = "forward";

/// New positions: a symbol that a phase sets.
pub const NEW: &str = "n";
/// Past positions.
pub const PAST: &str = "p";
/// Positions whose logits are wanted.
pub const WANTED: &str = "o";
/// Positions that keys and values span, `s = p + n`.
pub const SPAN: &str = "s";
/// The number of a step, from 1, in phases of several steps.
pub const STEP: &str = "i";

/// The phase of that name.
pub fn find(name: &str) -> Option<&'static Phase> {
    PHASES.iter().find(|phase| phase.name == name)
}
