//! Ring operations. Must never know of assumptions; a result beyond a limit is the marker of [`Poly::beyond`].

use std::borrow::Borrow;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};

use super::limits::{LimitError, MAX_COEFF_BITS, MAX_TERMS};
use super::meter::spend;
use super::poly::merge;
use super::{Atom, Coeff, Mono, Poly, Term};

/// Most products of two terms that one multiplication may form.
const MAX_PRODUCTS: usize = 2 * MAX_TERMS;

impl Poly {
    /// The sum of many polynomials: all terms are collected, then sorted and merged once.
    pub fn sum<P: Borrow<Poly>>(parts: impl IntoIterator<Item = P>) -> Poly {
        let mut parts = parts.into_iter().filter(|part| !part.borrow().is_zero());
        let Some(first) = parts.next() else {
            return Poly::zero();
        };
        let Some(second) = parts.next() else {
            return first.borrow().clone();
        };
        let mut terms: Vec<Term> = Vec::new();
        for part in [first, second].into_iter().chain(parts) {
            let part = part.borrow();
            if part.limit().is_some() {
                return part.clone();
            }
            match (part.terms(), terms.last_mut()) {
                // Equal monomials in a row are added at once: models repeat themselves.
                ([own], Some(last)) if own.mono == last.mono => {
                    last.coeff = &last.coeff + &own.coeff;
                }
                (own, _) => terms.extend_from_slice(own),
            }
            if terms.len() > 4 * MAX_TERMS {
                merge(&mut terms);
                if terms.len() > MAX_TERMS {
                    return Poly::beyond(LimitError::Terms);
                }
            }
        }
        Poly::from_terms(terms)
    }

    /// The product of many polynomials.
    pub fn product<'a>(parts: impl IntoIterator<Item = &'a Poly>) -> Poly {
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else {
            return Poly::one();
        };
        let Some(second) = parts.next() else {
            return first.clone();
        };
        let mut single = Some(Term {
            mono: Mono::one(),
            coeff: Coeff::ONE,
        });
        let mut several: Vec<&Poly> = Vec::new();
        for part in [first, second].into_iter().chain(parts) {
            if part.limit().is_some() {
                return part.clone();
            }
            match (&mut single, part.as_single()) {
                (Some(product), Some(term)) => {
                    if let Err(limit) = multiply_by(product, term) {
                        return Poly::beyond(limit);
                    }
                }
                (single, None) if part.is_zero() => *single = None,
                (_, None) => several.push(part),
                (None, Some(_)) => {}
            }
        }
        let Some(single) = single else {
            return Poly::zero();
        };
        several.sort_by_key(|part| part.terms().len());
        let start = Poly::from_term(single);
        several
            .into_iter()
            .fold(start, |product, part| &product * part)
    }

    /// Every coefficient times a number.
    pub fn scale(&self, factor: &Coeff) -> Poly {
        if factor.is_one() || self.limit().is_some() {
            return self.clone();
        }
        if factor.is_zero() {
            return Poly::zero();
        }
        let scaled = |t: &Term| Term {
            mono: t.mono.clone(),
            coeff: &t.coeff * factor,
        };
        match self.as_single() {
            Some(term) => Poly::from_term(scaled(term)),
            None => Poly::from_sorted(self.terms().iter().map(scaled).collect()),
        }
    }

    /// Every term times a term.
    pub(super) fn times(&self, term: &Term) -> Poly {
        if self.limit().is_some() {
            return self.clone();
        }
        if let Some(own) = self.as_single() {
            return multiply(own, term).map_or_else(Poly::beyond, Poly::from_term);
        }
        let products: Result<Vec<Term>, LimitError> =
            self.terms().iter().map(|own| multiply(own, term)).collect();
        match products {
            Ok(terms) => Poly::from_sorted(terms),
            Err(limit) => Poly::beyond(limit),
        }
    }

    /// Every term times a monomial.
    pub(super) fn times_mono(&self, mono: &Mono) -> Poly {
        if mono.is_one() {
            self.clone()
        } else {
            self.times(&Term {
                mono: mono.clone(),
                coeff: Coeff::ONE,
            })
        }
    }

    /// The power.
    ///
    /// # Errors
    /// When it has too many terms, too large an exponent or too long a coefficient.
    pub fn pow(&self, exponent: u32) -> Result<Poly, LimitError> {
        if let Some(limit) = self.limit() {
            return Err(limit);
        }
        match self.terms() {
            _ if exponent == 0 => return Ok(Poly::one()),
            [] => return Ok(Poly::zero()),
            [term] => {
                let power = term_power(term, i64::from(exponent))?;
                return Ok(power.map_or_else(Poly::zero, Poly::from_term));
            }
            _ => {}
        }
        if exponent > super::limits::MAX_EXPONENT {
            return Err(LimitError::Exponent);
        }
        let (mut result, mut square, mut left) = (Poly::one(), self.clone(), exponent);
        loop {
            if left & 1 == 1 {
                result = (&result * &square).checked()?;
            }
            left >>= 1;
            if left == 0 {
                return Ok(result);
            }
            square = (&square * &square).checked()?;
        }
    }

    /// The quotient by a polynomial of one non-zero term, as a Laurent polynomial; nothing for other divisors.
    pub fn div_single(&self, divisor: &Poly) -> Option<Poly> {
        Some(self.times(&divisor.as_single()?.recip()?))
    }

    /// Rest and factor when the polynomial is `rest + factor * atom`, the factor not zero and both without the atom.
    pub(super) fn linear_in(&self, atom: &Atom) -> Option<(Poly, Poly)> {
        match &*self.by_powers_of(atom) {
            [(1, factor)] => Some((Poly::zero(), factor.clone())),
            [(0, rest), (1, factor)] => Some((rest.clone(), factor.clone())),
            _ => None,
        }
    }

    /// The terms as a polynomial in one atom: exponent and cofactor, exponents ascending.
    pub(super) fn by_powers_of(&self, atom: &Atom) -> Vec<(i32, Poly)> {
        let mut groups: std::collections::BTreeMap<i32, Vec<Term>> = Default::default();
        for term in self.terms() {
            let (own, rest) = term.mono.partition(|a, _| a == atom);
            let e = own.factors().first().map_or(0, |(_, e)| *e);
            groups.entry(e).or_default().push(Term {
                mono: rest,
                coeff: term.coeff.clone(),
            });
        }
        groups
            .into_iter()
            .map(|(e, terms)| (e, Poly::from_terms(terms)))
            .collect()
    }
}

/// Multiplies a term in place, which costs less than [`multiply`] where the factor has few atoms.
pub(super) fn multiply_by(product: &mut Term, factor: &Term) -> Result<(), LimitError> {
    if !factor.coeff.is_one() {
        product.coeff = &product.coeff * &factor.coeff;
    }
    if product.coeff.as_small().is_none() && product.coeff.bits() > MAX_COEFF_BITS {
        return Err(LimitError::Bits);
    }
    for (atom, exponent) in factor.factors() {
        product.mono.push(atom.clone(), *exponent)?;
    }
    Ok(())
}

/// The product of two terms.
pub(super) fn multiply(a: &Term, b: &Term) -> Result<Term, LimitError> {
    let coeff = &a.coeff * &b.coeff;
    if coeff.as_small().is_none() && coeff.bits() > MAX_COEFF_BITS {
        return Err(LimitError::Bits);
    }
    Ok(Term {
        mono: a.mono.mul(&b.mono)?,
        coeff,
    })
}

/// The power of a term; nothing when zero is raised to a negative power.
pub(super) fn term_power(term: &Term, exponent: i64) -> Result<Option<Term>, LimitError> {
    let Ok(e) = i32::try_from(exponent) else {
        // Of a unit only the parity of the exponent counts.
        return if term.mono.is_one() && term.coeff.abs().is_one() {
            term_power(term, exponent % 2)
        } else {
            Err(LimitError::Exponent)
        };
    };
    // A number of b bits is at least 2^(b-1), so this never refuses a power that fits.
    let least = (term.coeff.bits() - usize::from(!term.coeff.is_zero()))
        .saturating_mul(e.unsigned_abs() as usize);
    if least > MAX_COEFF_BITS {
        return Err(LimitError::Bits);
    }
    let mono = term.mono.pow(e)?;
    Ok(term.coeff.pow(e).map(|coeff| Term { mono, coeff }))
}

impl Add for &Poly {
    type Output = Poly;
    fn add(self, other: &Poly) -> Poly {
        match (self.limit(), other.limit()) {
            (Some(_), _) => return self.clone(),
            (_, Some(_)) => return other.clone(),
            _ if self.is_zero() => return other.clone(),
            _ if other.is_zero() => return self.clone(),
            _ => {}
        }
        let mut out = Vec::with_capacity(self.terms().len() + other.terms().len());
        let (mut a, mut b) = (self.terms(), other.terms());
        while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
            match x.mono.cmp(&y.mono) {
                std::cmp::Ordering::Less => {
                    out.push(x.clone());
                    a = rest_a;
                }
                std::cmp::Ordering::Greater => {
                    out.push(y.clone());
                    b = rest_b;
                }
                std::cmp::Ordering::Equal => {
                    let coeff = &x.coeff + &y.coeff;
                    if !coeff.is_zero() {
                        out.push(Term {
                            mono: x.mono.clone(),
                            coeff,
                        });
                    }
                    (a, b) = (rest_a, rest_b);
                }
            }
        }
        out.extend_from_slice(a);
        out.extend_from_slice(b);
        Poly::from_sorted(out)
    }
}

impl Neg for &Poly {
    type Output = Poly;
    fn neg(self) -> Poly {
        self.scale(&Coeff::from(-1))
    }
}

impl Sub for &Poly {
    type Output = Poly;
    fn sub(self, other: &Poly) -> Poly {
        self + &-other
    }
}

impl Mul for &Poly {
    type Output = Poly;
    fn mul(self, other: &Poly) -> Poly {
        match (self.limit(), other.limit()) {
            (Some(_), _) => return self.clone(),
            (_, Some(_)) => return other.clone(),
            _ => {}
        }
        match (self.terms(), other.terms()) {
            ([], _) | (_, []) => Poly::zero(),
            _ if self.is_one() => other.clone(),
            _ if other.is_one() => self.clone(),
            (_, [term]) => self.times(term),
            ([term], _) => other.times(term),
            (a, b) if a.len().saturating_mul(b.len()) > MAX_PRODUCTS => {
                Poly::beyond(LimitError::Terms)
            }
            (a, b) => {
                if let Err(limit) = spend(2 * a.len() * b.len()) {
                    return Poly::beyond(limit);
                }
                let mut terms = Vec::with_capacity(a.len() * b.len());
                for x in a {
                    for y in b {
                        match multiply(x, y) {
                            Ok(term) => terms.push(term),
                            Err(limit) => return Poly::beyond(limit),
                        }
                    }
                }
                Poly::from_terms(terms)
            }
        }
    }
}

macro_rules! by_value {
    ($($op:ident $method:ident),*) => {$(
        impl $op for Poly {
            type Output = Poly;
            fn $method(self, other: Poly) -> Poly {
                (&self).$method(&other)
            }
        }
        impl $op<&Poly> for Poly {
            type Output = Poly;
            fn $method(self, other: &Poly) -> Poly {
                (&self).$method(other)
            }
        }
        impl $op<Poly> for &Poly {
            type Output = Poly;
            fn $method(self, other: Poly) -> Poly {
                self.$method(&other)
            }
        }
    )*};
}
by_value!(Add add, Sub sub, Mul mul);

impl Neg for Poly {
    type Output = Poly;
    fn neg(self) -> Poly {
        -&self
    }
}

impl Sum for Poly {
    fn sum<I: Iterator<Item = Poly>>(parts: I) -> Poly {
        Poly::sum(parts)
    }
}
