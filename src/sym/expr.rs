//! A formula as its author wrote it, with byte spans. Must never be computed with: it is lowered to a polynomial.

use std::ops::Range;
use std::sync::Arc;

use super::Coeff;

/// A formula's text and its tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub(super) text: Arc<str>,
    pub(super) root: Ast,
}

/// A part of a formula at its place.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ast {
    pub(super) node: Node,
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Number(Coeff),
    /// The text says which.
    Name,
    Neg(Box<Ast>),
    /// Terms, and whether each is subtracted.
    Add(Vec<(bool, Ast)>),
    /// The first factor, then operations from left to right.
    Chain(Box<Ast>, Vec<(ChainOp, Ast)>),
    Pow(Box<Ast>, Box<Ast>),
    Call(Function, Vec<Ast>),
    Sum {
        /// The place of the index's name.
        index: (u32, u32),
        range: Box<(Ast, Ast)>,
        /// Whether the upper end is not part of the range.
        half_open: bool,
        body: Box<Ast>,
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

impl Ast {
    pub(super) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Expr {
    /// The bytes of the text it was parsed from.
    pub fn span(&self) -> Range<usize> {
        self.root.span()
    }

    /// Every name that must be resolved, with its place, in the order of the text; indices of sums are not among
    /// them.
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let mut names = Names {
            text: &self.text,
            found: Vec::new(),
            bound: Vec::new(),
        };
        names.collect(&self.root);
        names.found.sort_by_key(|(_, span)| span.start);
        names.found
    }
}

struct Names<'t> {
    text: &'t str,
    found: Vec<(&'t str, Range<usize>)>,
    bound: Vec<&'t str>,
}

impl Names<'_> {
    fn collect(&mut self, part: &Ast) {
        match &part.node {
            Node::Number(_) => {}
            Node::Name => {
                let name = self.text.get(part.span()).unwrap_or_default();
                if !self.bound.contains(&name) {
                    self.found.push((name, part.span()));
                }
            }
            Node::Neg(inner) => self.collect(inner),
            Node::Add(parts) => parts.iter().for_each(|(_, part)| self.collect(part)),
            Node::Chain(first, rest) => {
                self.collect(first);
                rest.iter().for_each(|(_, part)| self.collect(part));
            }
            Node::Pow(base, exponent) => {
                self.collect(base);
                self.collect(exponent);
            }
            Node::Call(_, arguments) => arguments.iter().for_each(|part| self.collect(part)),
            Node::Sum {
                index, range, body, ..
            } => {
                self.collect(&range.0);
                self.collect(&range.1);
                let index = index.0 as usize..index.1 as usize;
                self.bound.push(self.text.get(index).unwrap_or_default());
                self.collect(body);
                self.bound.pop();
            }
        }
    }
}
