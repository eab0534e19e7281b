//! How often a call runs its block, and in how many copies what the block owns, keeps and reads is there.

use super::InstanceId;
use crate::sym::{Poly, Sym};

/// How often a block stands where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// How often it runs for each position.
    pub runs: Poly,
    /// In how many copies its parameters exist.
    pub owned: Poly,
    /// How many of these copies a position passes.
    pub active: Poly,
    /// In how many copies there is what it keeps for later passes.
    pub kept: Poly,
}

/// Of how many copies of a block a pass reads the parameters, as a call has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Of so many.
    Each(Poly),
    /// Of one, so many times over.
    Again(Poly),
    /// Of those that positions choose.
    Chosen {
        /// How many copies there are.
        experts: Poly,
        /// How many of them a position chooses.
        active: Poly,
        /// How many positions choose.
        positions: Poly,
    },
}

impl Reading {
    /// Whether a symbol occurs in it.
    pub fn mentions(&self, sym: Sym) -> bool {
        match self {
            Reading::Each(count) | Reading::Again(count) => count.mentions(sym),
            Reading::Chosen {
                experts,
                active,
                positions,
            } => [experts, active, positions]
                .iter()
                .any(|size| size.mentions(sym)),
        }
    }
}

/// A call of an instance.
#[derive(Clone, Debug)]
pub struct Callee {
    /// Which instance.
    pub instance: InstanceId,
    /// How often it stands there.
    pub times: Times,
    /// Of how many copies the parameters are read.
    pub reading: Reading,
    /// Rounds of which each has sizes of its own: `times` and `reading` are those of one.
    pub rounds: Option<Rounds>,
}

impl Callee {
    /// A block whose every run has parameters of its own.
    pub(super) fn each(instance: InstanceId, count: Poly) -> Self {
        Callee {
            instance,
            reading: Reading::Each(count.clone()),
            times: Times::each(count),
            rounds: None,
        }
    }

    /// A block whose runs all have the same parameters.
    pub(super) fn again(instance: InstanceId, count: Poly) -> Self {
        Callee {
            instance,
            reading: Reading::Again(count.clone()),
            times: Times {
                owned: Poly::one(),
                active: Poly::one(),
                ..Times::each(count)
            },
            rounds: None,
        }
    }
}

impl Rounds {
    /// The rounds that matter to something, by their number or by the count of others that do; the outer ones first.
    pub fn needed<'a>(
        all: impl DoubleEndedIterator<Item = &'a Rounds>,
        depends: impl Fn(Sym) -> bool,
    ) -> Vec<Rounds> {
        let mut needed: Vec<Rounds> = Vec::new();
        for one in all.rev() {
            let mut counts = needed.iter().map(|other| &other.count);
            if depends(one.number) || counts.any(|count| count.mentions(one.number)) {
                needed.insert(0, one.clone());
            }
        }
        needed
    }
}

/// Rounds by their number, from one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rounds {
    /// The number of a round.
    pub number: Sym,
    /// How many there are.
    pub count: Poly,
}

impl Times {
    /// A block whose every run has parameters of its own.
    pub fn each(count: Poly) -> Self {
        Times {
            runs: count.clone(),
            owned: count.clone(),
            active: count.clone(),
            kept: count,
        }
    }

    /// The same for what runs so often inside.
    #[must_use]
    pub fn within(&self, inner: &Times) -> Times {
        Times {
            runs: &self.runs * &inner.runs,
            owned: &self.owned * &inner.owned,
            active: &self.active * &inner.active,
            kept: &self.kept * &inner.kept,
        }
    }

    /// Each number made another.
    ///
    /// # Errors
    /// The first that fails.
    pub fn try_map<E>(&self, mut make: impl FnMut(&Poly) -> Result<Poly, E>) -> Result<Times, E> {
        Ok(Times {
            runs: make(&self.runs)?,
            owned: make(&self.owned)?,
            active: make(&self.active)?,
            kept: make(&self.kept)?,
        })
    }

    /// All together.
    pub fn total(parts: &[Times]) -> Times {
        let sum =
            |pick: fn(&Times) -> &Poly| Poly::sum(parts.iter().map(|times| pick(times).clone()));
        Times {
            runs: sum(|times| &times.runs),
            owned: sum(|times| &times.owned),
            active: sum(|times| &times.active),
            kept: sum(|times| &times.kept),
        }
    }
}
