//! What a verification found: what was tried, and the first disagreement in its smallest form. Knows nothing of how either
//! side came to its numbers.

use serde::{Serialize, Serializer};

use super::compare::Difference;

/// What was tried of a model and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The name of the schema.
    pub schema: &'static str,
    /// The model.
    pub model: String,
    /// The seed that numbers were drawn from.
    pub seed: u64,
    /// What was tried, by phase and switches.
    pub trials: Vec<Trial>,
    /// Rows that the ledger calls horizontal, of which no walk saw an output of two positions.
    pub unconfirmed: Vec<Unconfirmed>,
    /// Where the ledger and the walk disagree, if they do; nothing was tried after it.
    pub disagreement: Option<Disagreement>,
}

/// The schema of [`Verdict`].
pub const SCHEMA: &str = "dotledger.verify/1";

/// One phase under one setting of the switches.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trial {
    /// The phase.
    pub phase: String,
    /// The switches, as they were set.
    #[serde(serialize_with = "as_map")]
    pub switches: Vec<(String, bool)>,
    /// Sets of sizes that were walked and compared.
    pub rounds: usize,
    /// Sets of sizes that the walk and the ledger both refuse.
    pub refused: usize,
    /// Passes over the graph.
    pub passes: usize,
    /// Numbers and shapes that were compared.
    pub compared: usize,
    /// Dots that were walked.
    pub dots: u64,
    /// Products that they sum, counted one by one.
    pub macs: u64,
    /// Points of index spaces that were visited.
    pub points: u64,
    /// Why nothing, or no more, could be walked.
    pub stopped: Option<String>,
}

/// A row whose mixing of positions was not seen.
#[derive(Clone, Debug, Serialize)]
pub struct Unconfirmed {
    /// Its path.
    pub row: String,
    /// The switches, as they were set.
    #[serde(serialize_with = "as_map")]
    pub switches: Vec<(String, bool)>,
}

/// Where the ledger and the walk disagree.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The phase.
    pub phase: String,
    /// The switches, as they were set.
    #[serde(serialize_with = "as_map")]
    pub switches: Vec<(String, bool)>,
    /// The profile, whose masks the walk takes over.
    pub profile: &'static str,
    /// The smallest sizes at which they were found to disagree.
    #[serde(serialize_with = "as_map")]
    pub sizes: Vec<(String, i64)>,
    /// In what.
    pub what: What,
}

/// In what the ledger and the walk disagree.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// In numbers or shapes.
    Differs(Vec<Difference>),
    /// The model is refused at sizes at which it can be walked.
    Refused(String),
    /// The model is accepted at sizes at which it cannot be walked.
    Accepted(String),
}

/// Pairs as one object, in their order.
fn as_map<T: Serialize, S: Serializer>(
    pairs: &[(String, T)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

impl Verdict {
    /// Whether everything that was tried agrees, and something was tried of each phase.
    pub fn holds(&self) -> bool {
        let walked = |trial: &Trial| trial.stopped.is_none();
        self.disagreement.is_none() && self.trials.iter().all(walked)
    }
}
