//! `Map(gelu, [x])`, `Map(add, [x, y])`: a function applied to each element.
//!
//! Inputs are of one shape; where they are not, an equation of labels says how they meet, so that nothing is broadcast
//! unsaid: `Map(add, [x, places], "b n d, n d -> b n d")`.
//!
//! - shape: that of the inputs, or the output of the equation
//! - work: elementwise, by kind, for each output scalar: `add sub` 1 add; `mul scale square` 1 mul; `div` 1 div;
//!   `relu max` 1 compare; `exp` 1 exp; `log` 1 log; `sqrt` 1 sqrt; `tanh` 1 tanh; `sigmoid` exp, add, div; `silu` a
//!   sigmoid and 1 mul; `softplus` exp, add, log; `gelu` 3 mul, 1 add, 1 erf; `gelu_tanh` 6 mul, 2 add, 1 tanh; `rotary` 2 mul,
//!   1 add; `mask` and `copy` nothing
//!
//! ```ron
//! sum: Map(add, [x, attended]),
//! ```

use std::sync::Arc;

use super::args::{Args, Field, FieldKind};
use super::equation::Equation;
use super::labels::Labels;
use super::{Inferred, Op, OpDef, OpError, mismatch};
use crate::shape::Shape;
use crate::sym::{Coeff, Context};
use crate::work::{Kind, Work};

/// A function, how many inputs it takes, and what it does for each output scalar.
type Function = (&'static str, usize, &'static [(Kind, i64)]);

const FUNCTIONS: &[Function] = &[
    ("add", 2, &[(Kind::Add, 1)]),
    ("sub", 2, &[(Kind::Add, 1)]),
    ("mul", 2, &[(Kind::Mul, 1)]),
    ("div", 2, &[(Kind::Div, 1)]),
    ("max", 2, &[(Kind::Compare, 1)]),
    ("scale", 1, &[(Kind::Mul, 1)]),
    ("square", 1, &[(Kind::Mul, 1)]),
    ("relu", 1, &[(Kind::Compare, 1)]),
    ("exp", 1, &[(Kind::Exp, 1)]),
    ("log", 1, &[(Kind::Log, 1)]),
    ("sqrt", 1, &[(Kind::Sqrt, 1)]),
    ("tanh", 1, &[(Kind::Tanh, 1)]),
    (
        "sigmoid",
        1,
        &[(Kind::Exp, 1), (Kind::Add, 1), (Kind::Div, 1)],
    ),
    (
        "silu",
        1,
        &[
            (Kind::Exp, 1),
            (Kind::Add, 1),
            (Kind::Div, 1),
            (Kind::Mul, 1),
        ],
    ),
    (
        "softplus",
        1,
        &[(Kind::Exp, 1), (Kind::Add, 1), (Kind::Log, 1)],
    ),
    ("gelu", 1, &[(Kind::Mul, 3), (Kind::Add, 1), (Kind::Erf, 1)]),
    (
        "gelu_tanh",
        1,
        &[(Kind::Mul, 6), (Kind::Add, 2), (Kind::Tanh, 1)],
    ),
    ("rotary", 1, &[(Kind::Mul, 2), (Kind::Add, 1)]),
    ("mask", 1, &[]),
    ("copy", 1, &[]),
];

/// Their words.
const WORDS: [&str; FUNCTIONS.len()] = {
    let mut words = [""; FUNCTIONS.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = FUNCTIONS[at].0;
        at += 1;
    }
    words
};

pub(super) const DEF: OpDef = OpDef {
    name: "Map",
    fields: &[
        Field::required("function", FieldKind::Word(&WORDS), "what is applied"),
        Field::required("inputs", FieldKind::Inputs, "its inputs"),
        Field::optional(
            "equation",
            FieldKind::Equation,
            "how the axes of the inputs meet; left out: they are equal",
        ),
    ],
    source: include_str!("map.rs"),
    build,
};

#[derive(Debug)]
struct Map {
    function: Function,
    equation: Option<Equation>,
}

fn build(args: &Args) -> Result<Arc<dyn Op>, OpError> {
    let word = args.word("function")?;
    let Some(function) = FUNCTIONS.iter().find(|(name, ..)| *name == word) else {
        return Err(OpError::field(
            "function",
            format!("there is no function `{word}`"),
        ));
    };
    let equation = args.optional("equation", Args::equation)?;
    if let Some(equation) = &equation {
        let Some((inputs, output)) = equation.ungrouped() else {
            return Err(OpError::field(
                "equation",
                "no groups here; use Rearrange to merge or split axes",
            ));
        };
        let everywhere = inputs.iter().flatten().chain(&output);
        if let Some(label) = everywhere.into_iter().find(|label| {
            !output.contains(label) || !inputs.iter().any(|labels| labels.contains(label))
        }) {
            return Err(OpError::field(
                "equation",
                format!("`{label}` must be in the output and in an input"),
            )
            .help(String::from("Reduce removes an axis, Expand adds one")));
        }
    }
    Ok(Arc::new(Map {
        function: *function,
        equation,
    }))
}

impl Op for Map {
    fn infer(&self, inputs: &[&Shape], cx: &mut Context<'_>) -> Result<Inferred, OpError> {
        let (name, arity, _) = self.function;
        if inputs.len() != arity {
            return Err(OpError::field(
                "inputs",
                format!("`{name}` takes {arity} inputs, got {}", inputs.len()),
            ));
        }
        if let Some(equation) = &self.equation {
            let labels = Labels::bind(equation, inputs, cx)?;
            return Ok(Inferred::by_position(labels.output(equation)));
        }
        let mut output = inputs
            .first()
            .map(|shape| (*shape).clone())
            .unwrap_or_default();
        for shape in &inputs[1..] {
            if shape.rank() != output.rank() {
                let message = format!(
                    "`{name}` of {} and {}: they differ",
                    output.show(cx.symbols),
                    shape.show(cx.symbols)
                );
                return Err(OpError::new(message).help(String::from(
                    "an equation says how they meet: `Map(add, [x, y], \"b n d, n d -> b n d\")`",
                )));
            }
            for (axis, other) in output.0.iter_mut().zip(shape.axes()) {
                if !axis.dim.same(&other.dim, cx.symbols) {
                    let why = format!("`{name}` of unequal sizes");
                    return Err(mismatch(
                        &why,
                        axis.dim.poly(),
                        other.dim.poly(),
                        inputs,
                        cx,
                    ));
                }
                axis.learn(other);
            }
        }
        Ok(Inferred::by_position(output))
    }

    fn work(&self, _: &[&Shape], output: &Shape, _: &mut Context<'_>) -> Work {
        let elements = output.elements();
        let (_, _, kinds) = self.function;
        Work::elementwise(
            kinds
                .iter()
                .map(|(kind, times)| (*kind, elements.scale(&Coeff::from(*times)))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_word() {
        let names: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names, WORDS);
    }
}
