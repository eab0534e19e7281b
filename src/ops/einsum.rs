//! `Einsum("n h e, s h e -> h n s", [q, keys], Causal(n, s))`: a contraction of two tensors over labelled axes.
//!
//! out(h, n, s) = Σ_e q(n, h, e) · keys(s, h, e)
//!
//! A label is one size wherever it stands; a label that the output lacks is summed over. Nothing is broadcast. A mask on
//! a pair of position labels keeps some of their pairs only.
//!
//! - shape: the labels of the output
//! - work: dots = product of the output sizes, length = product of the summed sizes; under a mask the product of the two
//!   masked sizes is replaced by the number of pairs kept. Without a summed label: one multiplication for each output
//!   scalar, and no dots
//!
//! ```ron
//! scores: Einsum("n h e, s h e -> h n s", [q, keys], Causal(n, s)),
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::args::{Args, Field, FieldKind, MaskSpec};
use super::equation::Equation;
use super::labels::Labels;
use super::{Inferred, Op, OpDef, OpError, require_positive};
use crate::mask::Mask;
use crate::shape::Shape;
use crate::sym::{Context, Poly};
use crate::work::{Contraction, Kind, MaskedAxes, MaskedPair, Summed, Work};

pub(super) const DEF: OpDef = OpDef {
    name: "Einsum",
    fields: &[
        Field::required(
            "equation",
            FieldKind::Equation,
            "labels of the axes of both inputs and of the output",
        ),
        Field::required("inputs", FieldKind::Inputs, "the two inputs"),
        Field::optional(
            "mask",
            FieldKind::Mask,
            "which pairs of two position labels are kept; left out: all",
        ),
    ],
    source: include_str!("einsum.rs"),
    build,
};

#[derive(Debug)]
struct Einsum {
    equation: Equation,
    mask: Option<MaskSpec>,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let equation = args.equation("equation")?;
    let Some((inputs, output)) = equation.ungrouped() else {
        return Err(OpError::field(
            "equation",
            "an einsum has no groups; use Rearrange to merge or split axes",
        ));
    };
    if inputs.len() != 2 {
        let message = format!(
            "an einsum contracts two tensors, this equation has {}",
            inputs.len()
        );
        return Err(OpError::field("equation", message).help(String::from(
            "Reduce sums over an axis, Rearrange moves axes; nest einsums for three tensors",
        )));
    }
    if let Some(label) = inputs
        .iter()
        .chain([&output])
        .find_map(|labels| repeated(labels))
    {
        return Err(OpError::field(
            "equation",
            format!("`{label}` stands twice in one tensor"),
        ));
    }
    if let Some(label) = output
        .iter()
        .find(|label| !inputs.iter().any(|labels| labels.contains(label)))
    {
        return Err(OpError::field(
            "equation",
            format!("`{label}` is in the output and in no input"),
        ));
    }
    let mask = args.mask("mask");
    if let Some(mask) = &mask {
        check_mask(mask, &inputs, &output)?;
    }
    Ok(Arc::new(Einsum { mask, equation }))
}

/// The first label that stands twice.
fn repeated<'a>(labels: &[&'a str]) -> Option<&'a str> {
    labels
        .iter()
        .enumerate()
        .find(|(at, label)| labels[..*at].contains(label))
        .map(|(_, label)| *label)
}

/// A mask pairs two labels of the equation, and something must be summed.
fn check_mask(mask: &MaskSpec, inputs: &[Vec<&str>], output: &[&str]) -> Result<(), OpError> {
    let known = |label: &str| inputs.iter().any(|labels| labels.contains(&label));
    for label in [&mask.queries, &mask.keys] {
        if !known(label) {
            return Err(OpError::field(
                "mask",
                format!("the mask pairs `{label}`, which is no label of the equation"),
            ));
        }
    }
    if mask.queries == mask.keys {
        return Err(OpError::field(
            "mask",
            "a mask pairs two labels, this one pairs a label with itself",
        ));
    }
    if !output.contains(&mask.queries.as_str()) && output.contains(&mask.keys.as_str()) {
        let message = format!(
            "the sum over `{}` alone, under a mask, cannot be counted",
            mask.queries
        );
        return Err(OpError::field("mask", message).help(String::from(
            "a mask is counted where its pairs are outputs, or where its keys are summed",
        )));
    }
    if inputs.iter().flatten().all(|label| output.contains(label)) {
        return Err(OpError::field(
            "mask",
            "nothing is summed here, so there are no dots to mask",
        ));
    }
    Ok(())
}

impl Op for Einsum {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let labels = Labels::bind(&self.equation, inputs, cx)?;
        let summed = labels
            .iter()
            .any(|(name, axis)| axis.has_positions() && !self.gives(name));
        if let Some(mask) = &self.mask {
            for label in [&mask.queries, &mask.keys] {
                if labels.axis(label).is_some_and(|axis| !axis.is_position()) {
                    let message =
                        format!("the mask pairs `{label}`, which is no axis of positions");
                    return Err(OpError::field("mask", message).help(String::from(
                        "positions are marked in the inputs of the model: `\"B @n\"`",
                    )));
                }
            }
            if let (Some(queries), Some(keys)) =
                (labels.axis(&mask.queries), labels.axis(&mask.keys))
            {
                cx.require_at_least(keys.dim.poly(), queries.dim.poly());
                if queries.dim.poly().as_single().is_none() && !matches!(mask.mask, Mask::Causal(_))
                {
                    let size = queries.dim.poly().show(cx.symbols);
                    let message = format!(
                        "the queries are `{size}`, a sum; this mask has no mean length then"
                    );
                    return Err(OpError::field("mask", message).help(String::from(
                        "name the sum: `m: Derived(\"..\", \"queries\")`",
                    )));
                }
                if let Some(size) = mask.mask.positive() {
                    require_positive("mask", size, cx)?;
                }
            }
        }
        Ok(Inferred {
            output: labels.output(&self.equation),
            sums_positions: summed,
        })
    }

    fn work(&self, inputs: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let mut sizes: BTreeMap<&str, &Poly> = BTreeMap::new();
        for (axes, shape) in self.equation.inputs.iter().zip(inputs) {
            for (label, axis) in axes.iter().flatten().zip(shape.axes()) {
                sizes.insert(label, axis.dim.poly());
            }
        }
        if sizes.keys().all(|label| self.gives(label)) {
            return Work::elementwise([(Kind::Mul, output.elements())]);
        }
        let pair = self.mask.as_ref().and_then(|mask| {
            let queries = (*sizes.get(mask.queries.as_str())?).clone();
            let keys = (*sizes.get(mask.keys.as_str())?).clone();
            let summed = match (self.gives(&mask.queries), self.gives(&mask.keys)) {
                (true, true) => Summed::Neither,
                (true, false) => Summed::Keys,
                _ => Summed::Both,
            };
            sizes.remove(mask.queries.as_str());
            sizes.remove(mask.keys.as_str());
            let axes = MaskedAxes {
                mask: mask.mask.clone(),
                queries,
                keys,
            };
            Some(MaskedPair { axes, summed })
        });
        let product = |given: bool| {
            Poly::product(
                sizes
                    .iter()
                    .filter(|(label, _)| self.gives(label) == given)
                    .map(|(_, size)| *size),
            )
        };
        Work::contraction(Contraction {
            outputs: product(true),
            summed: product(false),
            pair,
        })
    }
}

impl Einsum {
    /// Whether the output has the label.
    fn gives(&self, label: &str) -> bool {
        self.equation
            .output
            .iter()
            .flatten()
            .any(|given| given == label)
    }
}
