//! Which formulas cannot be negative. Must never guess: what cannot be shown within a small budget is not shown.

use super::atom::OpaqueKind;
use super::ops::multiply;
use super::{Atom, Coeff, Context, Mono, Poly, Sym, Term};

/// How many polynomials one proof may look at.
const BUDGET: usize = 32;
/// Highest exponent that a proof expands.
const MAX_PROOF_EXPONENT: u32 = 12;
/// Largest polynomial whose atoms are bounded one by one.
const MAX_BOUNDED_TERMS: usize = 40;
/// Largest polynomial a proof looks at, before and after its symbols are shifted to their least values.
const MAX_PROOF_TERMS: usize = 400;

impl Context<'_> {
    /// Whether a formula is at least zero at all values its symbols may take.
    pub fn proves_nonnegative(&mut self, poly: &Poly) -> bool {
        let outermost = self.budget.is_none();
        self.budget.get_or_insert(BUDGET);
        let proved = self.attempt(|cx| cx.nonnegative(poly, 6));
        if outermost {
            self.budget = None;
        }
        proved
    }

    /// Whether a formula is above zero at all values its symbols may take.
    pub fn proves_positive(&mut self, poly: &Poly) -> bool {
        if let Some(term) = poly.as_single()
            && term.coeff().sign() > 0
            && term
                .factors()
                .iter()
                .all(|(atom, e)| e % 2 == 0 && *e < 0 || self.positive_atom(atom))
        {
            return true;
        }
        let (num, den) = poly.fraction();
        self.attempt(|cx| {
            (den.as_const().is_some() || cx.proves_positive(&den))
                && cx.proves_integer(&num)
                && cx.proves_nonnegative(&(num - Poly::one()))
        })
    }

    fn positive_atom(&mut self, atom: &Atom) -> bool {
        match atom {
            Atom::Sym(sym) => self.least_value(*sym).is_some_and(|min| min >= 1),
            Atom::Opaque(opaque) => match opaque.kind() {
                OpaqueKind::Pow { base, .. } => self.proves_positive(base),
                _ => {
                    let own = Poly::atom(atom.clone());
                    self.proves_nonnegative(&(own - Poly::one()))
                }
            },
        }
    }

    /// The least value of a symbol, when it has one.
    fn least_value(&self, sym: Sym) -> Option<i64> {
        if !sym.is_reserved() {
            return Some(self.symbols.domain(sym).min);
        }
        let (lo, _) = self.range(sym)?;
        lo.as_integer().and_then(|lo| i64::try_from(lo).ok())
    }

    fn nonnegative(&mut self, poly: &Poly, depth: usize) -> bool {
        if let Some(value) = poly.as_const() {
            return !value.is_negative();
        }
        if depth == 0 || poly.limit().is_some() || poly.terms().len() > MAX_PROOF_TERMS {
            return false;
        }
        match &mut self.budget {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        let mut poly = poly.clone();
        let below = poly.common_mono().common(&Mono::one());
        if !below.is_one() {
            // What divides is not zero, so multiplying by an even power, or by what is not negative, keeps the sign.
            if !below
                .factors()
                .iter()
                .all(|(atom, _)| self.nonnegative_atom(atom, depth))
            {
                return false;
            }
            poly = poly.times_mono(&below.recip());
        }
        self.evident(&poly, depth)
            || self.evident_when_shifted(&poly, depth)
            || poly.terms().len() <= MAX_BOUNDED_TERMS
                && (self.by_bounds(&poly, depth) || self.by_facts(&poly, depth))
    }

    fn evident(&mut self, poly: &Poly, depth: usize) -> bool {
        poly.terms().iter().all(|term| {
            term.coeff().sign() > 0
                && term
                    .factors()
                    .iter()
                    .all(|(atom, e)| e % 2 == 0 || self.nonnegative_atom(atom, depth))
        })
    }

    fn nonnegative_atom(&mut self, atom: &Atom, depth: usize) -> bool {
        let opaque = match atom {
            Atom::Sym(sym) => return self.least_value(*sym).is_some_and(|min| min >= 0),
            Atom::Opaque(opaque) => opaque,
        };
        if depth == 0 {
            return false;
        }
        match opaque.kind() {
            OpaqueKind::Floor { num, den } => {
                self.nonnegative(num, depth - 1) && self.nonnegative(den, depth - 1)
            }
            OpaqueKind::Min(arguments) => arguments.iter().all(|p| self.nonnegative(p, depth - 1)),
            OpaqueKind::Pow { base, .. } => self.nonnegative(base, depth - 1),
            OpaqueKind::Sum { body, .. } => self.nonnegative(body, depth - 1),
            OpaqueKind::Beyond(_) => false,
        }
    }

    /// Writes each symbol as its least value plus something that is not negative.
    fn evident_when_shifted(&mut self, poly: &Poly, depth: usize) -> bool {
        let Some(shifted) = self.shifted(poly) else {
            return false;
        };
        shifted.terms().iter().all(|term| {
            term.coeff().sign() > 0
                && term.factors().iter().all(|(atom, e)| match atom {
                    Atom::Sym(sym) => e % 2 == 0 || self.least_value(*sym).is_some(),
                    Atom::Opaque(_) => e % 2 == 0 || self.nonnegative_atom(atom, depth),
                })
        })
    }

    fn shifted(&self, poly: &Poly) -> Option<Poly> {
        let mut size = 0_usize;
        for term in poly.terms() {
            if !expandable(term) {
                return None;
            }
            let expanded = term
                .factors()
                .iter()
                .map(|(_, e)| e.unsigned_abs() as usize + 1);
            size = size.saturating_add(expanded.fold(1, usize::saturating_mul));
        }
        if size > 2 * MAX_PROOF_TERMS {
            return None;
        }
        let parts: Option<Vec<Poly>> = poly
            .terms()
            .iter()
            .map(|term| self.shifted_term(term))
            .collect();
        Some(Poly::sum(parts?))
    }

    fn shifted_term(&self, term: &Term) -> Option<Poly> {
        let mut product = Poly::from_coeff(term.coeff().clone());
        for (atom, e) in term.factors() {
            let factor = Poly::atom(atom.clone());
            let factor = match atom {
                Atom::Sym(sym) => factor + Poly::int(self.least_value(*sym).unwrap_or(0)),
                Atom::Opaque(_) => factor,
            };
            product = product * factor.pow(u32::try_from(*e).ok()?).ok()?;
        }
        Some(product)
    }

    /// Replaces an atom by a bound of it where the cofactor has the right sign. A min is one of its arguments.
    fn by_bounds(&mut self, poly: &Poly, depth: usize) -> bool {
        if !poly.terms().iter().all(expandable) {
            return false;
        }
        let mut atoms: Vec<Atom> = Vec::new();
        for term in poly.terms() {
            atoms.extend(term.factors().iter().map(|(atom, _)| atom.clone()));
        }
        atoms.sort();
        atoms.dedup();
        atoms.into_iter().rev().any(|atom| {
            if let Atom::Opaque(opaque) = &atom
                && let OpaqueKind::Min(arguments) = opaque.kind()
            {
                let all = self.attempt(|cx| {
                    arguments.iter().all(|bound| {
                        replace(poly, &atom, bound).is_some_and(|p| cx.nonnegative(&p, depth - 1))
                    })
                });
                if all {
                    return true;
                }
            }
            let (above, below) = self.bounds(&atom);
            if above.is_empty() && below.is_empty() {
                return false;
            }
            let Some((_, cofactor)) = poly.linear_in(&atom) else {
                return false;
            };
            let usable = if self.attempt(|cx| cx.nonnegative(&-&cofactor, depth - 1)) {
                above
            } else if self.attempt(|cx| cx.nonnegative(&cofactor, depth - 1)) {
                below
            } else {
                return false;
            };
            usable.iter().any(|bound| {
                replace(poly, &atom, bound)
                    .is_some_and(|p| self.attempt(|cx| cx.nonnegative(&p, depth - 1)))
            })
        })
    }

    /// Upper and lower bounds of an atom.
    fn bounds(&mut self, atom: &Atom) -> (Vec<Poly>, Vec<Poly>) {
        let opaque = match atom {
            Atom::Sym(sym) if sym.is_reserved() => {
                return match self.range(*sym) {
                    Some((lo, hi)) => (vec![hi], vec![lo]),
                    None => Default::default(),
                };
            }
            Atom::Sym(sym) => {
                return (
                    self.symbols
                        .domain(*sym)
                        .max
                        .map(Poly::int)
                        .into_iter()
                        .collect(),
                    Vec::new(),
                );
            }
            Atom::Opaque(opaque) => opaque,
        };
        match opaque.kind() {
            OpaqueKind::Min(arguments) => (arguments.clone(), Vec::new()),
            OpaqueKind::Floor { num, den } => {
                let Some(above) = num.div_single(den) else {
                    return Default::default();
                };
                let whole = self.attempt(|cx| {
                    cx.proves_integer(num) && cx.proves_integer(den) && cx.proves_positive(den)
                });
                let below = (num - den + Poly::one()).div_single(den).filter(|_| whole);
                (vec![above], below.into_iter().collect())
            }
            _ => Default::default(),
        }
    }

    /// Subtracts a multiple of what is declared not negative, so that a negative term goes.
    fn by_facts(&mut self, poly: &Poly, depth: usize) -> bool {
        let Some(facts) = self.facts() else {
            return false;
        };
        let negative = poly.terms().iter().filter(|t| t.coeff().sign() < 0);
        for term in negative {
            let known = facts.nonnegative.iter();
            // What is left of a formula without a long fact would be too long itself.
            for (fact, source) in known.filter(|(fact, _)| fact.terms().len() <= MAX_PROOF_TERMS) {
                for own in fact.terms().iter().filter(|t| t.coeff().sign() < 0) {
                    let Some(factor) = quotient(term, own) else {
                        continue;
                    };
                    let evident = Poly::from_term(factor.clone());
                    let proved = self.evident(&evident, depth)
                        && self.attempt(|cx| {
                            cx.pending.push(source.clone());
                            cx.nonnegative(&(poly - &fact.times(&factor)), depth - 1)
                        });
                    if proved {
                        return true;
                    }
                }
            }
        }
        false
    }
}

fn expandable(term: &Term) -> bool {
    term.factors()
        .iter()
        .all(|(_, e)| e.unsigned_abs() <= MAX_PROOF_EXPONENT)
}

fn quotient(a: &Term, b: &Term) -> Option<Term> {
    multiply(a, &b.recip()?)
        .ok()
        .filter(|t| t.mono().is_entire())
}

/// The polynomial with one atom replaced; nothing when it occurs with a negative exponent.
pub(super) fn replace(poly: &Poly, atom: &Atom, by: &Poly) -> Option<Poly> {
    let mut parts = Vec::new();
    for (e, cofactor) in poly.by_powers_of(atom) {
        parts.push(cofactor * by.pow(u32::try_from(e).ok()?).ok()?);
    }
    Poly::sum(parts).checked().ok()
}

/// The sign of all coefficients, when they agree.
pub(super) fn common_sign(poly: &Poly) -> Option<i32> {
    let first = poly.terms().first().map(Term::coeff).map(Coeff::sign)?;
    poly.terms()
        .iter()
        .all(|t| t.coeff().sign() == first)
        .then_some(first)
}
