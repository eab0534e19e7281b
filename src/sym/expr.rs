//! A formula as its author wrote it, with byte spans. Must never be computed with: it is lowered to a polynomial.

use std::ops::Range;

use super::Coeff;

/// A readable tree of a formula.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub(super) node: Node,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Number(Coeff),
    Name(String),
    Neg(Box<Expr>),
    /// Terms, and whether each is subtracted.
    Add(Vec<(bool, Expr)>),
    /// The first factor, then operations from left to right.
    Chain(Box<Expr>, Vec<(ChainOp, Expr)>),
    Pow(Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    Sum {
        index: String,
        range: Box<(Expr, Expr)>,
        /// Whether the upper end is not part of the range.
        half_open: bool,
        body: Box<Expr>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChainOp {
    Mul,
    Div,
    FloorDiv,
    Mod,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Function {
    Floor,
    Ceil,
    Min,
    Max,
    Mod,
    Clamp,
}

impl Function {
    pub(super) fn from_name(name: &str) -> Option<Function> {
        Some(match name {
            "floor" => Function::Floor,
            "ceil" => Function::Ceil,
            "min" | "Min" => Function::Min,
            "max" | "Max" => Function::Max,
            "mod" => Function::Mod,
            "clamp" => Function::Clamp,
            _ => return None,
        })
    }

    /// Least and greatest number of arguments.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Function::Floor | Function::Ceil => (1, 1),
            Function::Min | Function::Max => (1, super::limits::MAX_ARGS),
            Function::Mod => (2, 2),
            Function::Clamp => (3, 3),
        }
    }
}

impl Expr {
    /// The bytes of the text it was parsed from.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Every name that must be resolved, with its place, in the order of the text; indices of sums are not among
    /// them.
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let (mut found, mut bound) = (Vec::new(), Vec::new());
        self.collect_names(&mut found, &mut bound);
        found
    }

    fn collect_names<'a>(&'a self, found: &mut Vec<(&'a str, Range<usize>)>, bound: &mut Vec<&'a str>) {
        match &self.node {
            Node::Number(_) => {}
            Node::Name(name) if bound.contains(&&**name) => {}
            Node::Name(name) => found.push((name, self.span())),
            Node::Neg(inner) => inner.collect_names(found, bound),
            Node::Add(parts) => parts.iter().for_each(|(_, part)| part.collect_names(found, bound)),
            Node::Chain(first, rest) => {
                first.collect_names(found, bound);
                rest.iter().for_each(|(_, part)| part.collect_names(found, bound));
            }
            Node::Pow(base, exponent) => {
                base.collect_names(found, bound);
                exponent.collect_names(found, bound);
            }
            Node::Call(_, arguments) => arguments.iter().for_each(|part| part.collect_names(found, bound)),
            Node::Sum { index, range, body, .. } => {
                range.0.collect_names(found, bound);
                range.1.collect_names(found, bound);
                bound.push(index);
                body.collect_names(found, bound);
                bound.pop();
            }
        }
    }
}
