//! What is counted while an op is walked: dots by length, arithmetic by kind, trainable scalars, and whether an output
//! scalar sees two positions. Knows no op.

use std::collections::BTreeMap;

use super::setting::Misfit;
use super::tensor::{Coordinate, Tensor};

/// Most points of index spaces that one run of an op may have.
pub const MAX_POINTS: u64 = 1 << 24;

/// Counts of one op, or of several runs of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many dots there are of each length.
    pub lengths: BTreeMap<u64, u64>,
    /// Elementwise operations by kind.
    pub elementwise: BTreeMap<&'static str, u64>,
    /// Trainable scalars of each tensor that the op owns.
    pub weights: BTreeMap<&'static str, u64>,
    /// Scalars that it keeps for later passes, and what it reads and writes there.
    pub store: Store,
    /// What its output scalars see.
    pub sight: Sight,
    /// How many points of index spaces were visited.
    pub points: u64,
}

impl Count {
    /// Prepares to visit each point of a box whose axes are as long as these.
    ///
    /// # Errors
    /// When there are more of them than a walk can visit.
    pub(crate) fn visit<'d>(
        &mut self,
        dims: impl IntoIterator<Item = &'d usize>,
    ) -> Result<(), Misfit> {
        let points = dims.into_iter().fold(1_u64, |points, size| {
            points.saturating_mul(u64::try_from(*size).unwrap_or(u64::MAX))
        });
        self.points = self.points.saturating_add(points);
        if self.points > MAX_POINTS {
            let why = format!("an index space of {points} points; {MAX_POINTS} are walked at most");
            return Err(Misfit::beyond(why));
        }
        Ok(())
    }

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

    /// The work of a run on `whole` places, done on `part` of as many; `None` where that is no whole number of operations.
    pub(crate) fn scaled(&self, part: usize, whole: usize) -> Option<Count> {
        fn each<K: Ord + Copy>(
            counts: &BTreeMap<K, u64>,
            (part, whole): (u64, u64),
        ) -> Option<BTreeMap<K, u64>> {
            let one = |(key, count): (&K, &u64)| {
                let scaled = count.checked_mul(part)?;
                (scaled % whole == 0).then_some((*key, scaled / whole))
            };
            counts.iter().map(one).collect()
        }
        let by = (u64::try_from(part).ok()?, u64::try_from(whole).ok()?);
        Some(Count {
            lengths: each(&self.lengths, by)?,
            elementwise: each(&self.elementwise, by)?,
            ..self.clone()
        })
    }

    /// How many dots.
    pub fn dots(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// How many products they sum.
    pub fn macs(&self) -> u64 {
        self.lengths
            .iter()
            .map(|(length, dots)| length * dots)
            .sum()
    }

    /// How many elementwise operations.
    pub fn operations(&self) -> u64 {
        self.elementwise.values().sum()
    }

    /// Adds another run.
    pub fn add(&mut self, other: &Count) {
        fn merge<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(*key).or_default() += count;
            }
        }
        merge(&mut self.lengths, &other.lengths);
        merge(&mut self.elementwise, &other.elementwise);
        merge(&mut self.weights, &other.weights);
        self.points = self.points.saturating_add(other.points);
        self.store.add(&other.store);
        self.sight.horizontal |= other.sight.horizontal;
    }
}

/// Scalars that outlast a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Store {
    /// In caches when the pass is over.
    pub cached: u64,
    /// In states of recurrences when the pass is over.
    pub state: u64,
    /// Left by earlier passes and read in this one.
    pub read: u64,
    /// Written, and there when the pass is over.
    pub written: u64,
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
    pub fn add(&mut self, other: &Store) {
        self.cached += other.cached;
        self.state += other.state;
        self.read += other.read;
        self.written += other.written;
    }
}

/// Which positions an output scalar is of, and which it reads: two values of one coordinate make the op horizontal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Whether some output scalar is of two positions, or reads two.
    pub horizontal: bool,
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
