//! The constructors that need assumptions, and the record of those that were used. Must never know of texts.

use foldhash::HashMap;

use super::normal::Facts;
use super::{AlgebraError, Condition, Conditions, DivideError, Mono, Poly, Subst, Sym, Symbols};

/// How many results of substitution one context remembers.
const MEMO_SIZE: usize = 4096;

/// Builds formulas under the assumptions of a model. Every assumption beyond the plain domains that was used, and
/// every obligation, lands in [`Context::used`].
#[derive(Debug)]
pub struct Context<'a> {
    /// The symbols and what is assumed of them.
    pub symbols: &'a Symbols,
    /// The conditions under which what was built holds.
    pub used: Conditions,
    /// The latest of these that no values can fulfil, if there is one.
    pub impossible: Option<Condition>,
    pub(super) memo: Memo,
    pub(super) pending: Vec<Condition>,
    pub(super) attempts: usize,
    pub(super) budget: Option<usize>,
    assumptions: bool,
    fresh: u32,
    ranges: Vec<(Sym, Poly, Poly)>,
}

impl<'a> Context<'a> {
    /// A context in which nothing was used yet.
    pub fn new(symbols: &'a Symbols) -> Context<'a> {
        Context {
            symbols,
            used: Conditions::new(),
            impossible: None,
            memo: Memo::default(),
            pending: Vec::new(),
            attempts: 0,
            budget: None,
            assumptions: true,
            fresh: 0,
            ranges: Vec::new(),
        }
    }

    /// A context that knows the domains only.
    pub(crate) fn without_assumptions(symbols: &'a Symbols) -> Context<'a> {
        Context {
            assumptions: false,
            ..Context::new(symbols)
        }
    }

    pub(super) fn facts(&self) -> Option<&'a Facts> {
        self.assumptions.then(|| self.symbols.facts())
    }

    /// The exact quotient. A divisor of one term gives a Laurent polynomial; what is not evidently an integer then
    /// leaves the obligation that it is one. A quotient of two numbers leaves none; one that is no integer is impossible.
    ///
    /// # Errors
    /// A divisor that is zero or has several terms.
    pub fn divide(&mut self, a: &Poly, b: &Poly) -> Result<Poly, DivideError> {
        let quotient = self.divide_freely(a, b)?;
        if quotient
            .as_const()
            .is_some_and(|number| !number.is_integer())
        {
            self.impossible = Some(Condition::Divides(b.clone(), a.clone()));
        }
        self.require_integer(&quotient);
        Ok(quotient)
    }

    /// The exact quotient, as [`Context::divide`], without the obligation that it is an integer.
    ///
    /// # Errors
    /// A divisor that is zero or has several terms.
    pub fn divide_freely(&mut self, a: &Poly, b: &Poly) -> Result<Poly, DivideError> {
        if let Some(limit) = a.limit().or_else(|| b.limit()) {
            return Err(limit.into());
        }
        if b.is_zero() {
            return Err(AlgebraError::DivisionByZero);
        }
        match a.div_single(b) {
            Some(quotient) => {
                self.require_nonzero(b);
                Ok(quotient.checked()?)
            }
            None => match super::floor::divide_exactly(a, b) {
                Some(quotient) => Ok(quotient),
                None => Err(AlgebraError::SeveralTerms { divisor: b.clone() }),
            },
        }
    }

    /// Records the obligation that a formula is an integer, unless it evidently is one or is a plain number.
    pub fn require_integer(&mut self, value: &Poly) {
        if value.as_const().is_some() {
            return;
        }
        let (_, rest) = self.split_integral(value);
        if !rest.is_zero() {
            self.used.insert(Condition::Integer(rest));
        }
    }

    /// Runs a proof; what it used counts only when it succeeds.
    pub(super) fn attempt(&mut self, proof: impl FnOnce(&mut Self) -> bool) -> bool {
        let mark = self.pending.len();
        self.attempts += 1;
        let proved = proof(self);
        self.attempts -= 1;
        if !proved {
            self.pending.truncate(mark);
        }
        self.commit();
        proved
    }

    /// Runs a construction and tells which conditions it recorded; they stay in the record too.
    pub(super) fn recording<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (T, Conditions) {
        let before = std::mem::take(&mut self.used);
        let result = build(self);
        let own = std::mem::replace(&mut self.used, before);
        self.used.extend(own.iter().cloned());
        (result, own)
    }

    /// Moves what the finished proofs used into the record.
    pub(super) fn commit(&mut self) {
        if self.attempts == 0 {
            self.used.extend(self.pending.drain(..));
        }
    }

    pub(super) fn fresh(&mut self) -> Sym {
        self.fresh += 1;
        Sym::fresh(self.fresh)
    }

    pub(super) fn release_fresh(&mut self) {
        self.fresh -= 1;
    }

    /// Makes the range of a summation index known while its body is built.
    pub(super) fn enter_range(&mut self, index: Sym, lo: &Poly, hi: &Poly) {
        self.ranges.push((index, lo.clone(), hi.clone()));
    }

    pub(super) fn leave_range(&mut self) {
        self.ranges.pop();
    }

    /// A min that was built before; what is known of an index of a sum holds only inside that sum.
    pub(super) fn recall_least(&self, arguments: &[Poly]) -> Option<(Poly, Conditions)> {
        if self.ranges.is_empty() {
            self.memo.least.get(arguments).cloned()
        } else {
            None
        }
    }

    pub(super) fn keep_least(&mut self, arguments: &[Poly], result: &Poly, used: Conditions) {
        if !self.ranges.is_empty() {
            return;
        }
        if self.memo.least.len() >= MEMO_SIZE {
            self.memo.least.clear();
        }
        self.memo
            .least
            .insert(arguments.to_vec(), (result.clone(), used));
    }

    /// A sum that was closed before, outside of any other.
    pub(super) fn recall_sum(&self, key: &SumKey) -> Option<(Poly, Conditions)> {
        if self.ranges.is_empty() {
            self.memo.sums.get(key).cloned()
        } else {
            None
        }
    }

    pub(super) fn keep_sum(&mut self, key: SumKey, result: &Poly, used: Conditions) {
        if !self.ranges.is_empty() {
            return;
        }
        if self.memo.sums.len() >= MEMO_SIZE {
            self.memo.sums.clear();
        }
        self.memo.sums.insert(key, (result.clone(), used));
    }

    pub(super) fn range(&self, index: Sym) -> Option<(Poly, Poly)> {
        let found = self.ranges.iter().rev().find(|(sym, ..)| *sym == index)?;
        Some((found.1.clone(), found.2.clone()))
    }
}

/// What was built before, each with the conditions it recorded.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: HashMap<Poly, (Poly, Conditions)>,
    subst: Subst,
    least: HashMap<Vec<Poly>, (Poly, Conditions)>,
    sums: HashMap<SumKey, (Poly, Conditions)>,
}

/// The index of a sum, its bounds, and the product of atoms that is summed.
pub(super) type SumKey = (Sym, Poly, Poly, Mono);

impl Memo {
    pub(super) fn recall(&self, poly: &Poly, subst: &Subst) -> Option<(Poly, Conditions)> {
        let known = self.known.get(poly)?;
        (self.subst == *subst).then(|| known.clone())
    }

    pub(super) fn keep(&mut self, poly: &Poly, subst: &Subst, result: &Poly, used: Conditions) {
        if self.subst != *subst {
            self.known.clear();
            self.subst = subst.clone();
        }
        if self.known.len() >= MEMO_SIZE {
            self.known.clear();
        }
        self.known.insert(poly.clone(), (result.clone(), used));
    }
}
