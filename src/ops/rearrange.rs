//! `Rearrange(x, "b d h w -> b (h w) d")`: the same elements along other axes.
//!
//! Labels move axes; a group in brackets merges axes on the right of the arrow and splits one on the left, where the
//! sizes of all its labels but one are given. A merged axis is one of positions if any of its axes is.
//!
//! - shape: the right of the arrow
//! - work: none
//!
//! ```ron
//! heads: Rearrange(x, "n (h e) -> n h e", "h = H"),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::equation::Equation;
use super::{Inferred, Op, OpDef, OpError, only};
use crate::shape::{Axis, Dim, Shape};
use crate::sym::{Context, Poly};
use crate::work::Work;

pub(super) const DEF: OpDef = OpDef {
    name: "Rearrange",
    fields: &[
        Field::required("x", FieldKind::Input, "the input"),
        Field::required("equation", FieldKind::Equation, "axes before and after"),
        Field::optional(
            "sizes",
            FieldKind::Sizes,
            "sizes of labels that a split needs: `\"h = H, e = dh\"`",
        ),
    ],
    source: include_str!("rearrange.rs"),
    build,
};

#[derive(Debug)]
struct Rearrange {
    equation: Equation,
    sizes: Vec<(String, Poly)>,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let equation = args.equation("equation")?;
    let sizes = args.optional("sizes", Args::sizes)?.unwrap_or_default();
    let [input] = equation.inputs.as_slice() else {
        return Err(OpError::field(
            "equation",
            "one tensor is rearranged at a time",
        ));
    };
    let mut left: Vec<&String> = input.iter().flatten().collect();
    let mut right: Vec<&String> = equation.output.iter().flatten().collect();
    left.sort();
    right.sort();
    if left != right || left.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "each label stands once on each side of the arrow";
        return Err(OpError::field("equation", message).help(String::from(
            "Reduce removes an axis, Expand adds or repeats one",
        )));
    }
    if let Some((label, _)) = sizes.iter().find(|(label, _)| !left.contains(&label)) {
        return Err(OpError::field(
            "sizes",
            format!("`{label}` is no label of the equation"),
        ));
    }
    Ok(Arc::new(Rearrange { equation, sizes }))
}

impl Op for Rearrange {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let x = only(inputs)?;
        let axes = self.equation.inputs.first().map_or(&[][..], Vec::as_slice);
        if axes.len() != x.rank() {
            let message = format!(
                "the equation names {} axes, the input is {}",
                axes.len(),
                x.show(cx.symbols)
            );
            return Err(OpError::field("equation", message));
        }
        let mut labels: Vec<(&str, Axis)> = Vec::new();
        for (group, axis) in axes.iter().zip(x.axes()) {
            self.split(group, axis, &mut labels, cx)?;
        }
        let merge = |group: &Vec<String>| {
            let parts = group
                .iter()
                .filter_map(|name| labels.iter().find(|(label, _)| label == name));
            Axis::merged(&parts.map(|(_, axis)| axis).collect::<Vec<_>>())
        };
        Ok(Inferred::by_position(Shape::new(
            self.equation.output.iter().map(merge),
        )))
    }

    fn work(&self, _: &[&Shape], _: &Shape, _: &mut Context<'_>) -> Work {
        Work::none()
    }
}

impl Rearrange {
    /// Gives each label of a group its share of an axis; one label may lack a size and gets what is left.
    fn split<'e>(
        &'e self,
        group: &'e [String],
        axis: &Axis,
        labels: &mut Vec<(&'e str, Axis)>,
        cx: &mut Context<'_>,
    ) -> Result<(), OpError> {
        let given = |label: &str| {
            self.sizes
                .iter()
                .find(|(name, _)| name == label)
                .map(|(_, size)| size.clone())
        };
        let known = Poly::product(
            group
                .iter()
                .filter_map(|label| given(label))
                .collect::<Vec<_>>()
                .iter(),
        );
        let open: Vec<&String> = group
            .iter()
            .filter(|label| given(label).is_none())
            .collect();
        let rest = match open.as_slice() {
            [] if axis.dim.same(&Dim(known.clone()), cx.symbols) => Poly::one(),
            [] => {
                let (have, want) = (axis.dim.poly().show(cx.symbols), known.show(cx.symbols));
                return Err(OpError::field(
                    "sizes",
                    format!("the axis is `{have}`, its labels make `{want}`"),
                ));
            }
            [_] => cx
                .divide(axis.dim.poly(), &known)
                .map_err(|error| OpError::field("sizes", error.message(cx.symbols)))?,
            many => {
                let names: Vec<&str> = many.iter().map(|label| label.as_str()).collect();
                let message = format!(
                    "the sizes of {} are open, one at most may be",
                    names.join(", ")
                );
                return Err(OpError::field("equation", message).help(Some(format!(
                    "give them: `Rearrange(x, \"..\", \"{} = ..\")`",
                    names[0]
                ))));
            }
        };
        let dims: Vec<Dim> = group
            .iter()
            .map(|label| Dim(given(label).unwrap_or_else(|| rest.clone())))
            .collect();
        labels.extend(
            group
                .iter()
                .map(String::as_str)
                .zip(axis.divided(&dims, cx.symbols)),
        );
        Ok(())
    }
}
