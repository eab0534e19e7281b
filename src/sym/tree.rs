//! The tree that is printed: a polynomial with its readable names restored, expanded or factored. Must never know the
//! syntax it is printed in, beyond whether a sum has one common denominator.

use std::collections::HashMap;

use super::atom::OpaqueKind;
use super::factor::factored;
use super::readable::{Readable, restore};
use super::{Atom, Coeff, Context, LimitError, Poly, Sym, Symbols, Term};

/// How a formula is laid out.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// A sum of products.
    #[default]
    Expanded,
    /// Common factors taken out, greedily and as far as it shortens.
    Factored,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tree {
    /// An integer, not negative.
    Int(Coeff),
    Sym(Sym),
    /// Terms, and whether each is subtracted.
    Add(Vec<(bool, Tree)>),
    /// At least two factors.
    Mul(Vec<Tree>),
    /// An exact quotient.
    Div(Box<Tree>, Box<Tree>),
    Pow(Box<Tree>, Box<Tree>),
    Rounded(Box<Rounded>),
    Min(Vec<Tree>),
    Max(Vec<Tree>),
    /// A value, its least and its greatest.
    Clamp(Box<[Tree; 3]>),
    Sum(Box<Summation>),
    Beyond(LimitError),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Rounding {
    Floor,
    Ceil,
    Mod,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Rounded {
    pub(super) how: Rounding,
    pub(super) num: Tree,
    /// The numerator with its sign turned, where a syntax has no ceil.
    pub(super) negated: Option<Tree>,
    pub(super) den: Tree,
    /// Whether numerator and denominator are known not to be negative.
    pub(super) nonnegative: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Summation {
    pub(super) index: Sym,
    pub(super) lo: Tree,
    pub(super) hi: Tree,
    pub(super) body: Tree,
}

impl Tree {
    pub(super) fn one() -> Tree {
        Tree::Int(Coeff::ONE)
    }

    /// A product, without a wrapper when it has one factor.
    pub(super) fn mul(mut factors: Vec<Tree>) -> Tree {
        match factors.len() {
            0 => Tree::one(),
            1 => factors.swap_remove(0),
            _ => Tree::Mul(factors),
        }
    }

    pub(super) fn div(num: Tree, den: Tree) -> Tree {
        if den == Tree::one() {
            num
        } else {
            Tree::Div(Box::new(num), Box::new(den))
        }
    }

    /// A sum, without a wrapper for one positive term; the first positive term leads.
    pub(super) fn add(mut terms: Vec<(bool, Tree)>) -> Tree {
        if let Some(lead) = terms.iter().position(|(negative, _)| !negative) {
            let first = terms.remove(lead);
            terms.insert(0, first);
        }
        match &*terms {
            [] => Tree::Int(Coeff::ZERO),
            [(false, _)] => terms.swap_remove(0).1,
            _ => Tree::Add(terms),
        }
    }
}

/// What a tree is built from.
pub(super) struct Builder<'s> {
    pub(super) cx: Context<'s>,
    pub(super) form: Form,
    /// One denominator under every sum, instead of one under every term.
    pub(super) common_denominator: bool,
    /// What the placeholders of restored names stand for.
    pub(super) names: HashMap<Sym, Readable>,
    atoms: HashMap<Atom, Tree>,
    trees: HashMap<Poly, Tree>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(symbols: &'s Symbols, form: Form, common_denominator: bool) -> Builder<'s> {
        let cx = Context::new(symbols);
        Builder {
            cx,
            form,
            common_denominator,
            names: HashMap::new(),
            atoms: HashMap::new(),
            trees: HashMap::new(),
        }
    }

    pub(super) fn tree(&mut self, poly: &Poly) -> Tree {
        if !poly.has_atoms() {
            return self.build(poly);
        }
        if let Some(known) = self.trees.get(poly) {
            return known.clone();
        }
        let tree = self.build(poly);
        self.trees.insert(poly.clone(), tree.clone());
        tree
    }

    fn build(&mut self, poly: &Poly) -> Tree {
        let restored = if poly.has_atoms() {
            restore(poly, self)
        } else {
            poly.clone()
        };
        if !self.common_denominator {
            return self.layout(&restored);
        }
        let (num, den) = restored.fraction();
        Tree::div(self.layout(&num), self.layout(&den))
    }

    fn layout(&mut self, poly: &Poly) -> Tree {
        match self.form {
            Form::Expanded => self.expanded(poly),
            Form::Factored => factored(poly, self),
        }
    }

    pub(super) fn expanded(&mut self, poly: &Poly) -> Tree {
        Tree::add(
            poly.terms()
                .iter()
                .map(|t| (t.coeff().is_negative(), self.product(t)))
                .collect(),
        )
    }

    /// The magnitude of a term.
    pub(super) fn product(&mut self, term: &Term) -> Tree {
        let (num, den) = self.sides(term);
        Tree::div(Tree::mul(num), Tree::mul(den))
    }

    /// The factors of a term's magnitude, above and below.
    pub(super) fn sides(&mut self, term: &Term) -> (Vec<Tree>, Vec<Tree>) {
        let (mut num, mut den) = (Vec::with_capacity(term.factors().len() + 1), Vec::new());
        let coeff = term.coeff().abs();
        for (side, number) in [
            (&mut num, coeff.numerator()),
            (&mut den, coeff.denominator()),
        ] {
            if !number.is_one() {
                side.push(Tree::Int(Coeff::from(number)));
            }
        }
        for (atom, e) in term.factors() {
            let base = self.atom(atom);
            let side = if *e < 0 { &mut den } else { &mut num };
            side.push(match e.unsigned_abs() {
                1 => base,
                n => power(base, n),
            });
        }
        (num, den)
    }

    fn atom(&mut self, atom: &Atom) -> Tree {
        let opaque = match atom {
            Atom::Sym(sym) => {
                return match self.names.get(sym) {
                    Some(readable) => self.readable(&readable.clone()),
                    None => Tree::Sym(*sym),
                };
            }
            Atom::Opaque(opaque) => opaque,
        };
        if let Some(known) = self.atoms.get(atom) {
            return known.clone();
        }
        let tree = match opaque.kind() {
            OpaqueKind::Floor { num, den } => self.rounded(Rounding::Floor, num, den),
            OpaqueKind::Min(arguments) => Tree::Min(self.arguments(arguments)),
            OpaqueKind::Pow { base, exponent } => {
                Tree::Pow(Box::new(self.tree(base)), Box::new(self.tree(exponent)))
            }
            OpaqueKind::Sum {
                index,
                lo,
                hi,
                body,
            } => {
                let (lo, hi, body) = (self.tree(lo), self.tree(hi), self.tree(body));
                Tree::Sum(Box::new(Summation {
                    index: *index,
                    lo,
                    hi,
                    body,
                }))
            }
            OpaqueKind::Beyond(limit) => Tree::Beyond(*limit),
        };
        self.atoms.insert(atom.clone(), tree.clone());
        tree
    }

    fn readable(&mut self, readable: &Readable) -> Tree {
        match readable {
            Readable::Rounded(how, num, den) => self.rounded(*how, num, den),
            Readable::Max(arguments) => Tree::Max(self.arguments(arguments)),
            Readable::Clamp { x, lo, hi } => {
                Tree::Clamp(Box::new([x, lo, hi].map(|p| self.tree(p))))
            }
        }
    }

    /// In the order of the symbols.
    fn arguments(&mut self, arguments: &[Poly]) -> Vec<Tree> {
        let mut sorted: Vec<&Poly> = arguments.iter().collect();
        sorted.sort();
        sorted.into_iter().rev().map(|p| self.tree(p)).collect()
    }

    fn rounded(&mut self, how: Rounding, num: &Poly, den: &Poly) -> Tree {
        let nonnegative = self.cx.proves_nonnegative(num) && self.cx.proves_nonnegative(den);
        let negated = (how == Rounding::Ceil).then(|| self.tree(&-num));
        let (num, den) = (self.tree(num), self.tree(den));
        Tree::Rounded(Box::new(Rounded {
            how,
            num,
            negated,
            den,
            nonnegative,
        }))
    }
}

fn power(base: Tree, exponent: u32) -> Tree {
    Tree::Pow(
        Box::new(base),
        Box::new(Tree::Int(Coeff::from(i64::from(exponent)))),
    )
}
