//! Which formulas are integers at all values of their symbols. Must never round: what cannot be shown is not an
//! integer here.

use std::collections::BTreeMap;

use dashu_int::IBig;
use dashu_int::ops::RemEuclid;

use super::atom::OpaqueKind;
use super::ops::multiply;
use super::{Atom, Coeff, Condition, Conditions, Context, Mono, Poly, Term};

/// Most assignments of residues that are tried.
const MAX_RESIDUES: u64 = 1024;
/// Most declared quotients that are combined for one term.
const MAX_QUOTIENTS: usize = 4;
/// Most combinations of declared quotients that are tried for one term.
const MAX_STEPS: usize = 1000;

impl Context<'_> {
    /// Whether a formula is an integer at all values its symbols may take.
    pub fn proves_integer(&mut self, poly: &Poly) -> bool {
        self.attempt(|cx| cx.split_integral(poly).1.is_zero())
    }

    /// Writes a polynomial as one that is an integer plus a rest: terms that are integers leave the rest, and
    /// coefficients of integer monomials in the rest lie in `[0, 1)`.
    pub(super) fn split_integral(&mut self, poly: &Poly) -> (Poly, Poly) {
        if poly.terms().iter().all(Term::is_whole) && !poly.has_atoms() {
            return (poly.clone(), Poly::zero());
        }
        let (mut whole, mut fractions, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for term in poly.terms() {
            if self.integer_term(term, MAX_QUOTIENTS) {
                whole.push(term.clone());
            } else if self.integer_term(&with_coeff(term, Coeff::ONE), MAX_QUOTIENTS) {
                let floor = term.coeff().floor();
                fractions.push(with_coeff(term, term.coeff() - &floor));
                whole.push(with_coeff(term, floor));
            } else {
                others.push(term.clone());
            }
        }
        let fractions = Poly::from_terms(fractions);
        let mut rest = Poly::from_terms(others);
        if has_integer_values(&fractions) {
            whole.extend_from_slice(fractions.terms());
        } else {
            rest = rest + fractions;
        }
        if !rest.is_zero() && self.declared_integer(&rest) {
            whole.extend_from_slice(rest.terms());
            rest = Poly::zero();
        }
        self.commit();
        (Poly::from_terms(whole), rest)
    }

    /// Whether a term is an integer, by itself or as a multiple of so many declared quotients.
    fn integer_term(&mut self, term: &Term, quotients: usize) -> bool {
        self.integer_within(term, quotients, &mut { MAX_STEPS })
    }

    fn integer_within(&mut self, term: &Term, quotients: usize, steps: &mut usize) -> bool {
        if term.is_whole() {
            return term
                .factors()
                .iter()
                .all(|(atom, _)| self.integer_atom(atom));
        }
        let Some(facts) = self.facts().filter(|_| quotients > 0) else {
            return false;
        };
        facts.quotients.iter().any(|quotient| {
            let helps = |(atom, e): &(Atom, i32)| *e < 0 && quotient.term.mono().exponent(atom) < 0;
            let coeff_helps = !term.coeff().is_integer() && !quotient.term.coeff().is_integer();
            if *steps == 0 || !(coeff_helps || term.factors().iter().any(helps)) {
                return false;
            }
            *steps -= 1;
            let inverse = quotient.term.recip();
            let Some(Ok(left)) = inverse.map(|inverse| multiply(term, &inverse)) else {
                return false;
            };
            self.attempt(|cx| {
                cx.pending.push(quotient.source.clone());
                cx.integer_within(&left, quotients - 1, steps)
            })
        })
    }

    fn integer_atom(&mut self, atom: &Atom) -> bool {
        let Atom::Opaque(opaque) = atom else {
            return true;
        };
        match opaque.kind() {
            OpaqueKind::Floor { .. } => true,
            OpaqueKind::Min(arguments) => arguments.iter().all(|p| self.proves_integer(p)),
            OpaqueKind::Pow { base, exponent } => {
                self.proves_integer(base)
                    && self.proves_integer(exponent)
                    && self.proves_nonnegative(exponent)
            }
            OpaqueKind::Sum { body, .. } => self.proves_integer(body),
            OpaqueKind::Beyond(_) => false,
        }
    }

    /// The first part of a formula that need not be an integer, where the formula itself may be one: what a min chooses from,
    /// what a sum adds, a power. Quotients inside a floor are rounded once, and are none. `known` are conditions that hold;
    /// a min that is an integer has its value even where the quotient that it does not choose is rounded.
    pub(crate) fn fraction_inside(&mut self, poly: &Poly, known: &Conditions) -> Option<Poly> {
        poly.opaques().find_map(|opaque| {
            let kind = opaque.kind();
            let own = Poly::atom(Atom::Opaque(opaque.clone()));
            let parts = match kind {
                OpaqueKind::Min(_) if known.contains(&Condition::Integer(own.clone())) => vec![],
                OpaqueKind::Min(arguments) => arguments.clone(),
                OpaqueKind::Sum { body, .. } => vec![body.clone()],
                OpaqueKind::Pow { .. } => vec![own],
                OpaqueKind::Floor { .. } | OpaqueKind::Beyond(_) => vec![],
            };
            let broken = parts.into_iter().find(|part| {
                let (_, rest) = self.split_integral(part);
                !rest.is_zero() && !known.contains(&Condition::Integer(rest))
            });
            broken.or_else(|| {
                let mut inside = kind.arguments().into_iter();
                inside.find_map(|part| self.fraction_inside(part, known))
            })
        })
    }

    /// Whether a sum of several terms differs from a declared integer by an integer.
    fn declared_integer(&mut self, rest: &Poly) -> bool {
        let Some(facts) = self.facts() else {
            return false;
        };
        if self.attempts > 8 {
            return false;
        }
        facts.integers.iter().any(|(value, source)| {
            [rest - value, rest + value].iter().any(|left| {
                let shorter = left
                    .terms()
                    .iter()
                    .all(|t| t.mono().is_entire() || rest.terms().iter().any(|r| r == t));
                shorter
                    && left.terms().len() <= rest.terms().len() + value.terms().len()
                    && self.attempt(|cx| {
                        cx.pending.push(source.clone());
                        left.terms()
                            .iter()
                            .all(|t| cx.integer_term(t, MAX_QUOTIENTS))
                            || has_integer_values(left)
                                && left
                                    .terms()
                                    .iter()
                                    .all(|t| cx.integer_term(&with_coeff(t, Coeff::ONE), 0))
                    })
            })
        })
    }
}

fn with_coeff(term: &Term, coeff: Coeff) -> Term {
    Term {
        mono: term.mono().clone(),
        coeff,
    }
}

/// Whether a polynomial with fractional coefficients has integer values only, its atoms being integers: its values
/// depend on the residues of the atoms modulo the common denominator, and few enough are tried.
fn has_integer_values(poly: &Poly) -> bool {
    if poly.is_zero() {
        return true;
    }
    let (scaled, den) = poly.fraction();
    let Some((modulus, 1)) = den.as_const().and_then(|c| c.as_small()) else {
        return false;
    };
    let modulus = modulus.unsigned_abs();
    let mut slots: BTreeMap<&Atom, usize> = BTreeMap::new();
    for term in scaled.terms() {
        for (atom, _) in term.factors() {
            let next = slots.len();
            slots.entry(atom).or_insert(next);
        }
    }
    let Some(count) = u32::try_from(slots.len())
        .ok()
        .and_then(|k| modulus.checked_pow(k))
    else {
        return false;
    };
    if count > MAX_RESIDUES {
        return false;
    }
    let big = IBig::from(modulus);
    let reduced =
        |t: &Term| u64::try_from(IBig::from(t.coeff().numerator().rem_euclid(&big))).unwrap_or(0);
    let coefficients: Vec<(u64, &Mono)> = scaled
        .terms()
        .iter()
        .map(|t| (reduced(t), t.mono()))
        .collect();
    (0..count).all(|code| {
        let residue = |slot: usize| code / modulus.pow(slot as u32) % modulus;
        let total = coefficients.iter().fold(0, |total, (coeff, mono)| {
            let value = mono.factors().iter().fold(*coeff, |product, (atom, e)| {
                let base = slots.get(atom).map_or(0, |slot| residue(*slot));
                product * power_mod(base, e.unsigned_abs(), modulus) % modulus
            });
            (total + value) % modulus
        });
        total == 0
    })
}

fn power_mod(base: u64, mut exponent: u32, modulus: u64) -> u64 {
    let (mut result, mut square) = (1 % modulus, base % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * square % modulus;
        }
        square = square * square % modulus;
        exponent >>= 1;
    }
    result
}
