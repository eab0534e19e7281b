//! Powers with symbolic exponents. Must never take a root.

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use super::atom::OpaqueKind;
use super::limits::{LimitError, MAX_EXPONENT};
use super::ops::term_power;
use super::{AlgebraError, Atom, Coeff, Context, Mono, Opaque, Poly, Term};

impl Context<'_> {
    /// A power whose exponent may be symbolic. The exponent is split at its terms and the base at its factors, so
    /// that `b^(2*n + 1)` is `(b^n)^2 * b`.
    ///
    /// # Errors
    /// An exponent that is no integer, a negative one over several terms or over zero, or a limit.
    pub fn power(&mut self, base: &Poly, exponent: &Poly) -> Result<Poly, AlgebraError> {
        if let Some(limit) = base.limit().or_else(|| exponent.limit()) {
            return Err(limit.into());
        }
        if let Some(number) = exponent.as_const() {
            return self.number_exponent(base, &number);
        }
        if base.is_one() {
            return Ok(Poly::one());
        }
        self.require_integer(exponent);
        if base.is_zero() {
            if self.proves_positive(exponent) {
                return Ok(Poly::zero());
            }
            return Ok(Poly::opaque(OpaqueKind::Pow {
                base: base.clone(),
                exponent: exponent.clone(),
            })?);
        }
        let Some(term) = base.as_single() else {
            return self.unit_power(base, exponent);
        };
        let mut product = self.number_power(term.coeff(), exponent)?;
        for (atom, e) in term.factors() {
            let (unit, scaled) = match atom.opaque().map(|opaque| opaque.kind()) {
                Some(OpaqueKind::Pow {
                    base,
                    exponent: inner,
                }) => (base.clone(), inner * exponent),
                _ => (Poly::atom(atom.clone()), exponent.clone()),
            };
            let power = self.unit_power(&unit, &scaled.scale(&Coeff::from(i64::from(*e))))?;
            product = (product * power).checked()?;
        }
        Ok(product)
    }

    fn number_exponent(&mut self, base: &Poly, exponent: &Coeff) -> Result<Poly, AlgebraError> {
        let refused = || AlgebraError::Exponent {
            exponent: Poly::from_coeff(exponent.clone()),
        };
        let number = exponent.to_integer().ok_or_else(refused)?;
        if base.is_one() || number.is_zero() {
            return Ok(Poly::one());
        }
        if base.is_zero() {
            return if exponent.is_negative() {
                Err(AlgebraError::DivisionByZero)
            } else {
                Ok(base.clone())
            };
        }
        let number = i64::try_from(number).map_err(|_| LimitError::Exponent)?;
        if let Some(term) = base.as_single() {
            if number < 0 {
                self.require_nonzero(base);
            }
            let power = term_power(term, number)?.ok_or(AlgebraError::DivisionByZero)?;
            return Ok(Poly::from_term(power));
        }
        if number < 0 {
            return Err(refused());
        }
        Ok(base.pow(u32::try_from(number).unwrap_or(u32::MAX))?)
    }

    /// A power of a number: sign, numerator and denominator apart, each written over its smallest root.
    fn number_power(&mut self, number: &Coeff, exponent: &Poly) -> Result<Poly, AlgebraError> {
        let mut product = Poly::one();
        if number.is_negative() {
            product = self.unit_power(&Poly::int(-1), exponent)?;
        }
        for (part, sign) in [(number.abs().numerator(), 1), (number.denominator(), -1)] {
            if !part.is_one() {
                let (root, k) = smallest_root(&part);
                let scaled = exponent.scale(&Coeff::from(sign * k));
                let power = self.unit_power(&Poly::from_coeff(root.into()), &scaled)?;
                product = (product * power).checked()?;
            }
        }
        Ok(product)
    }

    /// A power of a base that is no product. One of several terms has no inverse, so what is subtracted in its exponent is
    /// not split off: `(a + 1)^(n - 1)` stays in one piece.
    fn unit_power(&mut self, base: &Poly, exponent: &Poly) -> Result<Poly, AlgebraError> {
        let single = base.as_single().is_some();
        if !single && exponent.terms().iter().any(|t| t.coeff().is_negative()) {
            if let Some(number) = exponent.as_const() {
                return self.number_exponent(base, &number);
            }
            let count = exponent.content().numerator();
            let whole = exponent
                .scale(&Coeff::from_big_ratio(IBig::ONE, count.clone()).unwrap_or(Coeff::ONE));
            return self.atom_power(base, whole, &count);
        }
        let constant = exponent.constant_term();
        if !constant.is_integer() {
            // The exponent is an integer as a whole only, so it stays in one piece.
            let whole = Poly::from_coeff(constant.floor());
            let rest = Poly::opaque(OpaqueKind::Pow {
                base: base.clone(),
                exponent: exponent - &whole,
            })?;
            return Ok((rest * self.power(base, &whole)?).checked()?);
        }
        let mut product = Poly::one();
        for term in exponent.terms() {
            let mut count = term.coeff().numerator();
            let root = Coeff::from(term.coeff().denominator())
                .recip()
                .unwrap_or(Coeff::ONE);
            if term.mono().is_one() && root.is_one() {
                product = (product * self.number_exponent(base, &count.into())?).checked()?;
                continue;
            }
            let unit = Poly::from_term(Term {
                mono: term.mono().clone(),
                coeff: root,
            });
            if term.coeff().is_negative() {
                self.require_nonzero(base);
            }
            if base.as_integer() == Some(IBig::from(-1)) {
                count = IBig::from(count % IBig::from(2) != IBig::ZERO);
            }
            product = (product * self.atom_power(base, unit, &count)?).checked()?;
        }
        Ok(product)
    }

    /// A number of powers of one exponent.
    fn atom_power(
        &mut self,
        base: &Poly,
        exponent: Poly,
        count: &IBig,
    ) -> Result<Poly, AlgebraError> {
        let count = i32::try_from(count).ok();
        let count = count.filter(|c| c.unsigned_abs() <= MAX_EXPONENT);
        let atom = Opaque::new(OpaqueKind::Pow {
            base: base.clone(),
            exponent,
        })?;
        let mono = Mono::power_of(
            Atom::Opaque(atom.into()),
            count.ok_or(LimitError::Exponent)?,
        );
        Ok(Poly::one().times_mono(&mono).checked()?)
    }
}

/// A positive integer as a power of the smallest integer it is a power of.
fn smallest_root(number: &IBig) -> (IBig, i64) {
    let bits = number.bit_len().min(64);
    for k in (2..=bits).rev() {
        let root = number.nth_root(k);
        if root > IBig::ONE && root.pow(k) == *number {
            return (root, k as i64);
        }
    }
    (number.clone(), 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sym::tests::config;
    use crate::sym::{Bindings, Domain, Subst, Symbols, parse_poly};

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn powers_obey_their_laws(base in 1..6_i64, twice in 0..4_i64, plus in 0..4_i64, at in 1..9_i64) {
            let mut symbols = Symbols::new();
            let [n, x] = ["n", "x"].map(|name| symbols.declare(name, Domain::default()).expect("distinct"));
            let mut cx = Context::new(&symbols);
            let mut power = |a: &Poly, b: &Poly| cx.power(a, b).expect("small");
            let (number, variable) = (Poly::int(base), Poly::symbol(x));
            let exponent = Poly::symbol(n).scale(&Coeff::from(twice)) + Poly::int(plus);
            let own = power(&number, &exponent);
            prop_assert_eq!(power(&number, &(&exponent + &variable)), &own * &power(&number, &variable));
            prop_assert_eq!(power(&(&variable * &number), &exponent), power(&variable, &exponent) * &own);
            let values = Bindings::from_iter([(n, at)]);
            let expected = IBig::from(base).pow((twice * at + plus) as usize);
            prop_assert_eq!(own.eval_integer(&values, &symbols), Ok(expected));
        }

        #[test]
        fn what_an_exponent_subtracts_needs_no_inverse(plus in 0..4_i64, at in 1..5_i64, more in 0..4_i64, twice in 1..3_i64) {
            let mut symbols = Symbols::new();
            let [n, m, x] = ["n", "m", "x"].map(|name| symbols.declare(name, Domain::default()).expect("distinct"));
            let mut cx = Context::new(&symbols);
            let base = Poly::symbol(x) + Poly::int(plus) + Poly::one();
            let exponent = (Poly::symbol(n) - Poly::symbol(m)).scale(&Coeff::from(twice));
            let power = cx.power(&base, &exponent).expect("small");
            let expected = IBig::from(at + plus + 1).pow((twice * more) as usize);
            let values = Bindings::from_iter([(n, at + more), (m, at), (x, at)]);
            prop_assert_eq!(power.eval_integer(&values, &symbols), Ok(expected.clone()));
            let put = Subst::from_iter(values.iter().map(|(sym, v)| (sym, Poly::from_coeff(v.into()))));
            let number = cx.substitute(&power, &put).expect("a number");
            prop_assert_eq!(number.as_integer(), Some(expected));
            let text = power.show(&symbols);
            prop_assert_eq!(parse_poly(&text, &mut cx), Ok(power), "{}", text);
        }
    }

    #[test]
    fn a_power_that_is_split_at_what_is_subtracted_says_that_its_base_is_not_zero() {
        let mut symbols = Symbols::new();
        for (name, min) in [("n", 1), ("m", 1), ("z", 0)] {
            symbols.declare(name, Domain { min, max: None });
        }
        for (text, says) in [
            ("z^(n - m)", vec!["z is not 0"]),
            ("z^(n + m)", Vec::new()),
            ("n^(n - m)", Vec::new()),
        ] {
            let mut cx = Context::new(&symbols);
            parse_poly(text, &mut cx).expect("a formula");
            let lines = cx.used.lines(&symbols).into_iter();
            let said: Vec<String> = lines.filter(|line| line.contains("not 0")).collect();
            assert_eq!(said, says, "{text}");
        }
    }
}
