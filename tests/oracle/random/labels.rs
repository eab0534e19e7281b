//! Labels of equations: the axes of inputs, some of which they share.

use super::build::{Builder, Value};
use super::shape::{Axis, Shape};

/// Labels of axes; some are symbols or words that mean something elsewhere.
pub(super) const LABELS: [&str; 12] = [
    "a", "b", "n", "s", "h", "e", "d", "i", "p", "x1", "row", "o",
];

/// Axes of inputs by their labels.
pub(super) struct Labels {
    pub(super) sides: Vec<Vec<usize>>,
    pub(super) axes: Vec<Axis>,
    says: Vec<usize>,
    words: Vec<&'static str>,
}

impl Labels {
    pub(super) fn word(&self, at: usize) -> &'static str {
        self.words[at]
    }

    pub(super) fn words(&self, labels: &[usize]) -> String {
        let words: Vec<&str> = labels.iter().map(|at| self.words[*at]).collect();
        words.join(" ")
    }

    pub(super) fn shape(&self, labels: &[usize]) -> Shape {
        labels.iter().map(|at| self.axes[*at].clone()).collect()
    }

    fn put(&mut self, label: usize, axis: &Axis, coordinates: usize) {
        let says = if axis.is_position() { coordinates } else { 0 };
        if self.says[label] < says {
            self.says[label] = says;
            self.axes[label].digits.clone_from(&axis.digits);
        }
    }
}

impl Builder<'_, '_> {
    /// Gives labels to the axes of inputs: each input may share some of those before it.
    pub(super) fn labels(&mut self, inputs: &[&Value]) -> Labels {
        let skip = self.choices.below(LABELS.len());
        let mut labels = Labels {
            sides: Vec::new(),
            axes: Vec::new(),
            says: Vec::new(),
            words: Vec::new(),
        };
        for input in inputs {
            let coordinates = input.shape.iter().filter(|axis| axis.is_position()).count();
            let before = labels.axes.len();
            let mut side: Vec<usize> = Vec::new();
            for axis in &input.shape {
                let free = (0..before).filter(|at| !side.contains(at));
                let known = free.filter(|at| self.same(&labels.axes[*at].size, &axis.size));
                let known: Vec<usize> = known.collect();
                let shared = !known.is_empty() && !self.choices.chance(1, 4);
                let label = if shared {
                    self.choices.pick(&known)
                } else {
                    labels
                        .words
                        .push(LABELS[(skip + labels.axes.len()) % LABELS.len()]);
                    labels.axes.push(Axis::feature(axis.size.clone()));
                    labels.says.push(0);
                    labels.axes.len() - 1
                };
                side.push(label);
                labels.put(label, axis, coordinates);
            }
            labels.sides.push(side);
        }
        labels
    }
}
