//! Normal forms under definitions and relations, and the facts a model declares in the shape the smart constructors
//! need them. Must never know where a declaration came from.

use std::collections::{BTreeMap, BTreeSet};

use super::limits::{LimitError, MAX_DEFINITION_TERMS};
use super::{Condition, Context, Poly, Subst, Sym, Symbols, Term};

/// All definitions and relations, fully expanded.
#[derive(Debug)]
pub(super) struct Normalizer {
    full: Subst,
}

impl Normalizer {
    pub(super) fn new(symbols: &Symbols) -> Normalizer {
        let mut full = Subst::new();
        let mut budget = MAX_DEFINITION_TERMS;
        let mut open: BTreeSet<Sym> = BTreeSet::new();
        let sources: BTreeMap<Sym, &Poly> = symbols
            .solved()
            .iter()
            .map(|(sym, poly)| (*sym, poly))
            .chain(symbols.definitions())
            .collect();
        for start in sources.keys() {
            let mut stack = vec![*start];
            while let Some(sym) = stack.last().copied() {
                let Some(source) = sources.get(&sym).filter(|_| full.get(sym).is_none()) else {
                    stack.pop();
                    continue;
                };
                let inner = source.symbols();
                let missing = |s: &Sym| {
                    sources.contains_key(s) && full.get(*s).is_none() && !open.contains(s)
                };
                let needed: Vec<Sym> = inner.into_iter().filter(missing).collect();
                if open.insert(sym) && !needed.is_empty() {
                    stack.extend(needed);
                    continue;
                }
                let value = expand(symbols, source, &full);
                let size = value.terms().len();
                let value = if size > budget {
                    Poly::beyond(LimitError::Definitions)
                } else {
                    value
                };
                budget = budget.saturating_sub(size);
                full.insert(sym, value);
                open.remove(&sym);
                stack.pop();
            }
        }
        Normalizer { full }
    }

    pub(super) fn apply(&self, symbols: &Symbols, poly: &Poly) -> Poly {
        expand(symbols, poly, &self.full)
    }
}

fn expand(symbols: &Symbols, poly: &Poly, subst: &Subst) -> Poly {
    match Context::new(symbols).substitute(poly, subst) {
        Ok(value) => value,
        Err(super::AlgebraError::Limit(limit)) => Poly::beyond(limit),
        Err(_) => poly.clone(),
    }
}

/// A product of symbols that is an integer, and the declaration that says so.
#[derive(Debug)]
pub(super) struct Quotient {
    pub(super) term: Term,
    pub(super) source: Condition,
}

/// What the model declares about divisibility and order.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Single terms with a divisor that are integers.
    pub(super) quotients: Vec<Quotient>,
    /// Several terms that are an integer together.
    pub(super) integers: Vec<(Poly, Condition)>,
    /// Polynomials that are not negative.
    pub(super) nonnegative: Vec<(Poly, Condition)>,
}

impl Facts {
    pub(super) fn new(symbols: &Symbols) -> Facts {
        let mut facts = Facts::default();
        for condition in symbols.assumptions() {
            match condition {
                Condition::Integer(value) => facts.integer(value, condition),
                Condition::Divides(a, b) => {
                    if let Some(quotient) = b.div_single(a) {
                        facts.integer(&quotient, condition);
                    }
                }
                Condition::AtLeast(a, b) => facts.nonnegative.push((a - b, condition.clone())),
                Condition::Equal(..)
                | Condition::NonZero(_)
                | Condition::InDomain(..)
                | Condition::Throughout { .. } => {}
            }
        }
        // A derived symbol is an integer, so the quotient that defines it is one.
        for (_, value) in symbols.definitions() {
            facts.integer(value, &Condition::Integer(value.clone()));
        }
        for value in symbols.solved().values() {
            facts.integer(value, &Condition::Integer(value.clone()));
        }
        facts
    }

    fn integer(&mut self, value: &Poly, source: &Condition) {
        if value.terms().iter().all(Term::is_whole) {
            return;
        }
        match value.as_single() {
            Some(term) => self.quotients.push(Quotient {
                term: term.clone(),
                source: source.clone(),
            }),
            None => self.integers.push((value.clone(), source.clone())),
        }
    }
}
