//! Sums over an index in closed form. Must never unroll what has a closed form, and a sum that has none stays a sum.

use std::collections::BTreeMap;

use super::atom::OpaqueKind;
use super::limits::{LimitError, MAX_SUM_DEGREE};
use super::sign::replace;
use super::{AlgebraError, Atom, Coeff, Condition, Context, Mono, Poly, Subst, Sym, Term};

/// How often one sum is split at the crossing of two arguments of a min.
const MAX_SPLITS: usize = 4;
/// Longest sum between numbers that is written out when it has no closed form.
const MAX_UNROLLED: i64 = 64;

impl Context<'_> {
    /// The sum of `body` for `index` from `lo` to `hi`, both included; zero when `hi = lo - 1`. Polynomials close
    /// by Faulhaber's formula, a min of arguments linear in the index by splitting the sum where they cross.
    /// `hi >= lo - 1` is recorded unless it is evident.
    ///
    /// # Errors
    /// A limit.
    pub fn sum(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        body: &Poly,
    ) -> Result<Poly, AlgebraError> {
        if let Some(limit) = [lo, hi, body].iter().find_map(|p| p.limit()) {
            return Err(limit.into());
        }
        for bound in [lo, hi] {
            if bound.mentions_reserved() && !self.proves_integer(bound) {
                return Err(AlgebraError::Bound {
                    bound: bound.clone(),
                });
            }
            self.require_integer(bound);
        }
        self.require_at_least(hi, &(lo - &Poly::one()));
        let mut parts = Vec::new();
        for (core, factors) in cores(body, index) {
            let sum = self.sum_of_core(index, lo, hi, &core)?;
            parts.push((sum * Poly::from_terms(factors)).checked()?);
        }
        Ok(Poly::sum(parts).checked()?)
    }

    /// The sum of a product of atoms that the index moves. The amounts of a ledger have few of them, times much that stays.
    fn sum_of_core(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        core: &Mono,
    ) -> Result<Poly, AlgebraError> {
        let key = (index, lo.clone(), hi.clone(), core.clone());
        if let Some((known, conditions)) = self.recall_sum(&key) {
            self.used.extend(conditions.iter().cloned());
            return Ok(known);
        }
        let body = Poly::from_term(Term {
            mono: core.clone(),
            coeff: Coeff::ONE,
        });
        let (sum, own) = self.recording(|cx| {
            cx.enter_range(index, lo, hi);
            let sum = cx.closed(index, lo, hi, &body, MAX_SPLITS);
            cx.leave_range();
            sum
        });
        let sum = sum?;
        self.keep_sum(key, &sum, own);
        Ok(sum)
    }

    /// Records that `a >= b` unless it is evident. Where the index of an enclosing sum occurs, the ends of its range
    /// decide, provided that the difference is linear in it.
    pub fn require_at_least(&mut self, a: &Poly, b: &Poly) {
        self.require_at_ends(a, b, &[]);
    }

    /// The same where the ends of some indices stand in their place already: an index that still occurs is bound by a sum
    /// inside.
    fn require_at_ends(&mut self, a: &Poly, b: &Poly, done: &[Sym]) {
        let difference = a - b;
        if self.proves_nonnegative(&difference) {
            return;
        }
        let mut inside = std::collections::BTreeSet::new();
        difference.collect_symbols(&mut inside);
        let mut open = inside
            .into_iter()
            .filter(|sym| sym.is_reserved() && !done.contains(sym));
        let index = open.find_map(|sym| self.range(sym).map(|range| (sym, range)));
        let Some((sym, (lo, hi))) = index else {
            let condition = Condition::AtLeast(a.clone(), b.clone());
            if difference.as_const().is_some() {
                self.impossible = Some(condition.clone());
            }
            self.used.insert(condition);
            return;
        };
        let done = [done, &[sym]].concat();
        for end in [lo, hi] {
            let own = Atom::Sym(sym);
            if let (Some(a), Some(b)) = (replace(a, &own, &end), replace(b, &own, &end)) {
                self.require_at_ends(&a, &b, &done);
            }
        }
    }

    fn closed(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        body: &Poly,
        splits: usize,
    ) -> Result<Poly, AlgebraError> {
        if body.is_zero() {
            return Ok(Poly::zero());
        }
        let (mut polynomial, mut crossing, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for term in body.terms() {
            match self.shape(term, index) {
                Shape::Polynomial => polynomial.push(term.clone()),
                Shape::Crossing(split) if splits > 0 => crossing.push((split, term.clone())),
                _ => open.push(term.clone()),
            }
        }
        let mut parts = vec![faulhaber(index, lo, hi, &Poly::from_terms(polynomial))?];
        while let Some((split, _)) = crossing.first() {
            let split = split.clone();
            let (same, other): (Vec<_>, Vec<_>) =
                crossing.into_iter().partition(|(s, _)| *s == split);
            crossing = other;
            let body = Poly::from_terms(same.into_iter().map(|(_, term)| term).collect());
            parts.push(self.split_sum(index, lo, hi, &body, &split, splits - 1)?);
        }
        for term in open {
            parts.push(self.open_sum(index, lo, hi, &term)?);
        }
        Ok(Poly::sum(parts).checked()?)
    }

    /// Where the arguments of a min cross: one that moves with the index against all that do not, or against one more.
    fn find_crossing(&mut self, atom: &Atom, index: Sym) -> Option<Split> {
        let OpaqueKind::Min(arguments) = atom.opaque()?.kind() else {
            return None;
        };
        let (moving, fixed): (Vec<Poly>, Vec<Poly>) =
            arguments.iter().cloned().partition(|p| p.mentions(index));
        let (f, others) = match &*moving {
            [f] => (f, fixed),
            [f, g, ..] => (f, vec![g.clone()]),
            [] => return None,
        };
        let g = self.least(&others).ok()?;
        let (crossing, slope) = crossing(f, &g, index)?;
        let kept = |dropped: &[Poly]| {
            arguments
                .iter()
                .filter(|p| !dropped.contains(p))
                .cloned()
                .collect::<Vec<Poly>>()
        };
        let (first, second) = (kept(&others), kept(std::slice::from_ref(f)));
        let (rising, others) = if slope > 0 {
            (first, second)
        } else {
            (second, first)
        };
        Some(Split {
            atom: atom.clone(),
            rising,
            others,
            crossing,
        })
    }

    fn shape(&mut self, term: &Term, index: Sym) -> Shape {
        let mut crossing = None;
        for (atom, e) in term.factors().iter().filter(|(a, _)| a.mentions(index)) {
            match atom {
                Atom::Sym(_) if *e < 0 || e.unsigned_abs() > MAX_SUM_DEGREE => return Shape::Open,
                Atom::Sym(_) => {}
                Atom::Opaque(_) => match self.find_crossing(atom, index).filter(|_| *e > 0) {
                    Some(split) => crossing = crossing.or(Some(split)),
                    None => return Shape::Open,
                },
            }
        }
        crossing.map_or(Shape::Polynomial, Shape::Crossing)
    }

    /// Splits the range where one argument of a min stops being the lower one: `rising` counts below the crossing.
    fn split_sum(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        body: &Poly,
        split: &Split,
        splits: usize,
    ) -> Result<Poly, AlgebraError> {
        let Split {
            atom,
            rising,
            others,
            crossing,
        } = split;
        let length = hi - lo + Poly::one();
        let last = self.floor(crossing)?;
        let steps = last - lo + Poly::one();
        let count = self.clamp(&steps, &Poly::zero(), &length).checked()?;
        let middle = lo + &count;
        let (before, after) = (self.least(rising)?, self.least(others)?);
        let beyond = || Poly::beyond(LimitError::Exponent);
        let (before, after) = (replace(body, atom, &before), replace(body, atom, &after));
        let (before, after) = (
            before.unwrap_or_else(beyond).checked()?,
            after.unwrap_or_else(beyond).checked()?,
        );
        let first = self.closed(index, lo, &(&middle - &Poly::one()), &before, splits)?;
        let second = self.closed(index, &middle, hi, &after, splits)?;
        Ok((first + second).checked()?)
    }

    fn open_sum(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        term: &Term,
    ) -> Result<Poly, AlgebraError> {
        let ends = (
            lo.as_const().and_then(|c| c.as_small()),
            hi.as_const().and_then(|c| c.as_small()),
        );
        if let (Some((first, 1)), Some((last, 1))) = ends
            && last.saturating_sub(first) < MAX_UNROLLED
        {
            let body = Poly::from_term(term.clone());
            let mut parts = Vec::new();
            for value in first..=last {
                let at = Subst::from_iter([(index, Poly::int(value))]);
                parts.push(self.substitute(&body, &at)?);
            }
            return Ok(Poly::sum(parts).checked()?);
        }
        let (inside, outside) = term.mono().partition(|atom, _| atom.mentions(index));
        let body = Poly::from_term(Term {
            mono: inside,
            coeff: Coeff::ONE,
        });
        let nested = body
            .opaques()
            .map(|opaque| opaque.sums())
            .max()
            .unwrap_or(0);
        let bound = Sym::bound(nested);
        let body = self.rename(&body, index, bound)?;
        let sum = Poly::opaque(OpaqueKind::Sum {
            index: bound,
            lo: lo.clone(),
            hi: hi.clone(),
            body,
        })?;
        Ok(sum
            .times(&Term {
                mono: outside,
                coeff: term.coeff().clone(),
            })
            .checked()?)
    }

    fn rename(&mut self, body: &Poly, from: Sym, to: Sym) -> Result<Poly, AlgebraError> {
        if from == to {
            return Ok(body.clone());
        }
        let range = self.range(from);
        if let Some((lo, hi)) = &range {
            self.enter_range(to, lo, hi);
        }
        let renamed = self.substitute(body, &Subst::from_iter([(from, Poly::symbol(to))]));
        if range.is_some() {
            self.leave_range();
        }
        renamed
    }
}

/// The terms of a sum by what the index moves in them: what is left of each is a factor of the whole.
fn cores(body: &Poly, index: Sym) -> BTreeMap<Mono, Vec<Term>> {
    let mut cores: BTreeMap<Mono, Vec<Term>> = BTreeMap::new();
    for term in body.terms() {
        let (core, mono) = term.mono().partition(|atom, _| atom.mentions(index));
        let coeff = term.coeff().clone();
        cores.entry(core).or_default().push(Term { mono, coeff });
    }
    cores
}

enum Shape {
    Polynomial,
    Crossing(Split),
    Open,
}

/// Arguments of a min on two sides of a crossing: up to `floor(crossing)` the least is among the first, after it among
/// the others.
#[derive(Clone, PartialEq)]
struct Split {
    atom: Atom,
    rising: Vec<Poly>,
    others: Vec<Poly>,
    crossing: Poly,
}

/// The index where `f` and `g` cross and the sign of the slope of `f - g`, when that is linear.
fn crossing(f: &Poly, g: &Poly, index: Sym) -> Option<(Poly, i32)> {
    let (rest, slope) = (f - g).linear_in(&Atom::Sym(index))?;
    let slope = slope.as_const().filter(|_| !rest.mentions(index))?;
    // f - g = slope*i + rest, which is zero at i = -rest/slope.
    Some(((-rest).scale(&slope.recip()?), slope.sign()))
}

/// The sum of a polynomial in the index whose cofactors do not depend on it.
fn faulhaber(index: Sym, lo: &Poly, hi: &Poly, body: &Poly) -> Result<Poly, AlgebraError> {
    let mut parts = Vec::new();
    let before = lo - &Poly::one();
    for (degree, cofactor) in body.by_powers_of(&Atom::Sym(index)) {
        let degree = degree.unsigned_abs();
        let power_sum = power_sum_coefficients(degree);
        let difference = at(&power_sum, hi)? - at(&power_sum, &before)?;
        parts.push((cofactor * difference).checked()?);
    }
    Ok(Poly::sum(parts).checked()?)
}

fn at(coefficients: &[Coeff], point: &Poly) -> Result<Poly, AlgebraError> {
    if point.is_zero() {
        return Ok(Poly::zero());
    }
    let mut value = Poly::zero();
    for coeff in coefficients.iter().rev() {
        value = (&(&value + &Poly::from_coeff(coeff.clone())) * point).checked()?;
    }
    Ok(value)
}

/// `1^k + .. + n^k` as the coefficients of `n, n^2, ..`: they follow from those of the degree below by integration.
fn power_sum_coefficients(degree: u32) -> Vec<Coeff> {
    let mut coefficients = vec![Coeff::ONE];
    for k in 1..=i64::from(degree) {
        let integral =
            |(j, coeff): (i64, &Coeff)| coeff * &Coeff::from_ratio(k, j + 1).unwrap_or(Coeff::ZERO);
        let mut next: Vec<Coeff> = (1..).zip(&coefficients).map(integral).collect();
        // The value at n = 1 is 1.
        let total = next.iter().fold(Coeff::ZERO, |sum, c| &sum + c);
        next.insert(0, &Coeff::ONE - &total);
        coefficients = next;
    }
    coefficients
}
