//! Rounded division: floor in canonical form, and ceil and mod from it. Must never rewrite under a floor what is not
//! exact.

use super::atom::OpaqueKind;
use super::{AlgebraError, Coeff, Context, Mono, Poly, Term};

/// Most terms an exact quotient of polynomials may have.
const MAX_QUOTIENT_TERMS: usize = 64;

impl Context<'_> {
    /// The greatest integer not above `a / b`.
    ///
    /// # Errors
    /// A zero divisor, or a limit.
    pub fn floor_div(&mut self, a: &Poly, b: &Poly) -> Result<Poly, AlgebraError> {
        if let Some(limit) = a.limit().or_else(|| b.limit()) {
            return Err(limit.into());
        }
        if b.is_zero() {
            return Err(AlgebraError::DivisionByZero);
        }
        self.require_nonzero(b);
        if let Some(quotient) = a.div_single(b) {
            return self.floor(&quotient.checked()?);
        }
        let (num, den) = lowest_terms(a, b);
        if let Some(quotient) = exact_quotient(&num, &den) {
            return self.floor(&quotient.checked()?);
        }
        if let Some(value) = self.floor_by_range(&num, &den) {
            return Ok(value);
        }
        Ok(Poly::opaque(OpaqueKind::Floor { num, den })?)
    }

    /// The greatest integer not above a value.
    ///
    /// # Errors
    /// A limit.
    pub fn floor(&mut self, value: &Poly) -> Result<Poly, AlgebraError> {
        if let Some(limit) = value.limit() {
            return Err(limit.into());
        }
        let (whole, rest) = self.split_integral(value);
        if let Some(constant) = rest.as_const() {
            return Ok(whole + Poly::from_coeff(constant.floor()));
        }
        let (num, den) = rest.fraction();
        let part = match self.floor_by_range(&num, &den) {
            Some(value) => value,
            None => self.floor_atom(num, den)?,
        };
        Ok((whole + part).checked()?)
    }

    /// The least integer not below `a / b`.
    ///
    /// # Errors
    /// A zero divisor, or a limit.
    pub fn ceil_div(&mut self, a: &Poly, b: &Poly) -> Result<Poly, AlgebraError> {
        Ok(-self.floor_div(&-a, b)?)
    }

    /// The least integer not below a value.
    ///
    /// # Errors
    /// A limit.
    pub fn ceil(&mut self, value: &Poly) -> Result<Poly, AlgebraError> {
        Ok(-self.floor(&-value)?)
    }

    /// What rounded division leaves: `a - b * floor(a / b)`.
    ///
    /// # Errors
    /// A zero divisor, or a limit.
    pub fn modulo(&mut self, a: &Poly, b: &Poly) -> Result<Poly, AlgebraError> {
        let quotient = self.floor_div(a, b)?;
        Ok((a - &(b * &quotient)).checked()?)
    }

    /// A floor of a fraction whose divisor is one term: a floor inside is absorbed by a whole divisor.
    fn floor_atom(&mut self, num: Poly, den: Poly) -> Result<Poly, AlgebraError> {
        if let Some(inner) = num.as_opaque()
            && let OpaqueKind::Floor { num: n, den: d } = inner.kind()
            && self.proves_integer(&den)
            && self.proves_positive(&den)
        {
            let (n, d) = (n.clone(), d * &den);
            return self.floor_div(&n, &d);
        }
        Ok(Poly::opaque(OpaqueKind::Floor { num, den })?)
    }

    /// The floor when the value lies in `[0, 1)` or in `[-1, 0)`.
    fn floor_by_range(&mut self, num: &Poly, den: &Poly) -> Option<Poly> {
        if !self.attempt(|cx| cx.proves_positive(den)) {
            return None;
        }
        if self.attempt(|cx| cx.proves_nonnegative(num) && cx.proves_positive(&(den - num))) {
            return Some(Poly::zero());
        }
        let below =
            self.attempt(|cx| cx.proves_positive(&-num) && cx.proves_nonnegative(&(num + den)));
        below.then(|| Poly::int(-1))
    }
}

/// Integer coefficients without common content, no negative or common exponents, a divisor with a positive first
/// coefficient.
fn lowest_terms(a: &Poly, b: &Poly) -> (Poly, Poly) {
    if a.is_zero() {
        return (Poly::zero(), Poly::one());
    }
    let common = a.common_mono().common(&b.common_mono());
    // `common` keeps the lower exponent of each atom, counting absence as zero, so negative ones are in it.
    let inverse = common.recip();
    let (num, den) = (a.times_mono(&inverse), b.times_mono(&inverse));
    let content = num.content().gcd(&den.content());
    let negative = den.terms().first().is_some_and(|t| t.coeff().is_negative());
    let scale = content.recip().unwrap_or(Coeff::ONE);
    let scale = if negative { -scale } else { scale };
    (num.scale(&scale), den.scale(&scale))
}

/// The quotient of two polynomials when nothing remains.
pub(super) fn divide_exactly(a: &Poly, b: &Poly) -> Option<Poly> {
    let (num, den) = lowest_terms(a, b);
    exact_quotient(&num, &den)
}

/// As [`divide_exactly`], of numerator and denominator in lowest terms.
fn exact_quotient(num: &Poly, den: &Poly) -> Option<Poly> {
    let inverse = den.terms().first()?.recip()?;
    let lowest = den.terms().last()?;
    let mut rest = num.clone();
    let mut quotient: Vec<Term> = Vec::new();
    while let Some(lead) = rest.terms().first() {
        let next = super::ops::multiply(lead, &inverse)
            .ok()
            .filter(|t| Mono::is_entire(t.mono()))?;
        // Last terms multiply to the last term of the product, so a quotient term below that cannot occur.
        let last = num.terms().last()?;
        if quotient.len() >= MAX_QUOTIENT_TERMS
            || next.mono().mul(lowest.mono()).ok()? > *last.mono()
        {
            return None;
        }
        rest = rest - den.times(&next);
        quotient.push(next);
    }
    Some(Poly::from_terms(quotient))
}
