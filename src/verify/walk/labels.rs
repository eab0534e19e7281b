//! Labels of an equation bound to axes of concrete tensors.

use crate::ops::equation::Equation;

use super::setting::Misfit;
use super::tensor::{Axis, Tensor};

/// Each label with its axis, in the order in which labels appear.
pub(crate) struct Labels<'e>(Vec<(&'e str, Axis)>);

impl<'e> Labels<'e> {
    /// Binds the labels of each input. A label is one size wherever it stands, and a position if it is one anywhere: the
    /// coordinate that it has in the input of the most coordinates, which says the most about them.
    pub(crate) fn bind(equation: &'e Equation, inputs: &[&Tensor]) -> Result<Labels<'e>, Misfit> {
        let mut labels: Vec<(&str, Axis, usize)> = Vec::new();
        if equation.inputs.len() != inputs.len() {
            return Err(Misfit::new("the equation is of another number of inputs"));
        }
        for (groups, tensor) in equation.inputs.iter().zip(inputs) {
            if groups.len() != tensor.rank() {
                return Err(Misfit::new("the equation is of another number of axes"));
            }
            let coordinates = tensor.0.iter().filter(|axis| axis.is_position()).count();
            for (label, axis) in groups.iter().flatten().zip(&tensor.0) {
                let says = if axis.is_position() { coordinates } else { 0 };
                match labels.iter_mut().find(|(known, ..)| known == label) {
                    None => labels.push((label, axis.clone(), says)),
                    Some((_, known, _)) if known.size.here != axis.size.here => {
                        let (one, other) = (known.size.here, axis.size.here);
                        return Err(Misfit::new(format!("`{label}` is {one} and {other}")));
                    }
                    Some((_, known, said)) if *said < says => {
                        (*known, *said) = (axis.clone(), says)
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(Labels(
            labels
                .into_iter()
                .map(|(label, axis, _)| (label, axis))
                .collect(),
        ))
    }

    /// Where a label stands in the order.
    pub(crate) fn at(&self, label: &str) -> Result<usize, Misfit> {
        let found = self.0.iter().position(|(known, _)| *known == label);
        found.ok_or_else(|| Misfit::new(format!("`{label}` is of no input")))
    }

    /// How many labels there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How long the axis of a label is.
    pub(crate) fn length(&self, at: usize) -> usize {
        self.0[at].1.size.here
    }

    /// Where the labels of an operand stand in the order.
    pub(crate) fn places(&self, groups: &[Vec<String>]) -> Result<Vec<usize>, Misfit> {
        groups
            .iter()
            .flatten()
            .map(|label| self.at(label))
            .collect()
    }

    /// Each input as its labels have it, with their places: a label is one coordinate wherever it stands.
    pub(crate) fn sides(&self, equation: &Equation) -> Result<Vec<(Tensor, Vec<usize>)>, Misfit> {
        let side = |groups: &Vec<Vec<String>>| {
            let places = self.places(groups)?;
            Ok((self.tensor(&places), places))
        };
        equation.inputs.iter().map(side).collect()
    }

    /// A tensor of the labels that stand at the given places.
    pub(crate) fn tensor(&self, places: &[usize]) -> Tensor {
        Tensor(places.iter().map(|at| self.0[*at].1.clone()).collect())
    }
}

/// The values that a point, one value for each label, has at some places.
pub(crate) fn picked(point: &[usize], places: &[usize]) -> Vec<usize> {
    places.iter().map(|at| point[*at]).collect()
}
