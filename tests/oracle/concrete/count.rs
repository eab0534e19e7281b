//! What is counted while an op is walked: dots by length, arithmetic by kind, trainable scalars, and whether an output
//! scalar sees two positions. Knows no op.

use std::collections::BTreeMap;

use super::tensor::{Coordinate, Tensor};

/// Counts of one op, or of several runs of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// How many dots there are of each length.
    pub(crate) lengths: BTreeMap<u64, u64>,
    /// Elementwise operations by kind.
    pub(crate) elementwise: BTreeMap<&'static str, u64>,
    /// Trainable scalars of each tensor that the op owns.
    pub(crate) weights: BTreeMap<&'static str, u64>,
    /// Scalars that it keeps for later passes, and what it reads and writes there.
    pub(crate) store: Store,
    /// What its output scalars see.
    pub(crate) sight: Sight,
}

impl Count {
    /// One dot that sums so many products.
    pub(crate) fn dot(&mut self, length: u64) {
        *self.lengths.entry(length).or_default() += 1;
    }

    /// One elementwise operation.
    pub(crate) fn tick(&mut self, kind: &'static str) {
        *self.elementwise.entry(kind).or_default() += 1;
    }

    /// One trainable scalar of a tensor.
    pub(crate) fn weigh(&mut self, tensor: &'static str) {
        *self.weights.entry(tensor).or_default() += 1;
    }

    /// What is left of a run that was over before this pass: its weights, and what it keeps, all of which is read.
    pub(crate) fn left(self) -> Count {
        Count {
            weights: self.weights,
            store: Store {
                read: self.store.cached + self.store.state,
                written: 0,
                ..self.store
            },
            ..Count::default()
        }
    }

    /// How many dots.
    pub(crate) fn dots(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// How many products they sum.
    pub(crate) fn macs(&self) -> u64 {
        self.lengths
            .iter()
            .map(|(length, dots)| length * dots)
            .sum()
    }

    /// How many elementwise operations.
    pub(crate) fn operations(&self) -> u64 {
        self.elementwise.values().sum()
    }

    /// Adds another run.
    pub(crate) fn add(&mut self, other: &Count) {
        fn merge<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(*key).or_default() += count;
            }
        }
        merge(&mut self.lengths, &other.lengths);
        merge(&mut self.elementwise, &other.elementwise);
        merge(&mut self.weights, &other.weights);
        self.store.add(&other.store);
        self.sight.horizontal |= other.sight.horizontal;
    }
}

/// Scalars that outlast a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Store {
    /// In caches when the pass is over.
    pub(crate) cached: u64,
    /// In states of recurrences when the pass is over.
    pub(crate) state: u64,
    /// Left by earlier passes and read in this one.
    pub(crate) read: u64,
    /// Written, and there when the pass is over.
    pub(crate) written: u64,
}

impl Store {
    /// A state of so many scalars, read where a pass goes on from another.
    pub(crate) fn state(scalars: usize, begins: bool) -> Store {
        let state = scalars as u64;
        Store {
            state,
            written: state,
            read: if begins { 0 } else { state },
            cached: 0,
        }
    }

    /// Adds what another run keeps.
    pub(crate) fn add(&mut self, other: &Store) {
        self.cached += other.cached;
        self.state += other.state;
        self.read += other.read;
        self.written += other.written;
    }
}

/// Which positions an output scalar is of, and which it reads: two values of one coordinate make the op horizontal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Whether some output scalar is of two positions, or reads two.
    pub(crate) horizontal: bool,
    seen: Vec<(Coordinate, usize)>,
}

impl Sight {
    /// Turns to an output scalar.
    pub(crate) fn output(&mut self, tensor: &Tensor, index: &[usize]) {
        self.seen.clear();
        self.note(tensor, index);
        self.seen.clear();
    }

    /// The output scalar reads a scalar of an input.
    pub(crate) fn read(&mut self, tensor: &Tensor, index: &[usize]) {
        self.note(tensor, index);
    }

    fn note(&mut self, tensor: &Tensor, index: &[usize]) {
        if self.horizontal {
            return;
        }
        for (axis, at) in tensor
            .0
            .iter()
            .zip(index)
            .filter(|(axis, _)| axis.is_position())
        {
            let mut rest = *at;
            for digit in axis.digits.iter().rev() {
                let value = rest % digit.size;
                rest /= digit.size;
                let Some(coordinate) = &digit.coordinate else {
                    continue;
                };
                match self.seen.iter().find(|(known, _)| known == coordinate) {
                    Some((_, known)) => self.horizontal |= *known != value,
                    None => self.seen.push((coordinate.clone(), value)),
                }
            }
        }
    }
}
