//! Exact rational numbers with a machine-word fast path. Must never know of symbols, and never round.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use dashu_int::ops::{BitTest, Gcd};
use dashu_int::{IBig, Sign, UBig};
use dashu_ratio::RBig;

/// An exact rational number.
///
/// Small values need no allocation; every result that fits is stored small again, so that equality and hashing
/// of the representation are equality of the value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Coeff(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small { num: i64, den: u32 },
    Big(Box<RBig>),
}

pub(super) fn gcd(mut a: u128, mut b: u128) -> u128 {
    if let (Ok(mut x), Ok(mut y)) = (u64::try_from(a), u64::try_from(b)) {
        while y != 0 {
            (x, y) = (y, x % y);
        }
        return u128::from(x);
    }
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Coeff {
    /// 0.
    pub const ZERO: Coeff = Coeff::small(0);
    /// 1.
    pub const ONE: Coeff = Coeff::small(1);

    const fn small(num: i64) -> Coeff {
        Coeff(Repr::Small { num, den: 1 })
    }

    /// `num / den`, or nothing when `den` is zero.
    pub fn from_ratio(num: i64, den: i64) -> Option<Coeff> {
        let sign = if den < 0 { -1 } else { 1 };
        (den != 0).then(|| Coeff::reduce(i128::from(num) * sign, u128::from(den.unsigned_abs())))
    }

    /// The quotient in lowest terms; the divisor is not zero.
    pub(super) fn reduce(num: i128, den: u128) -> Coeff {
        let common = if den == 1 {
            1
        } else {
            gcd(num.unsigned_abs(), den)
        };
        // Both quotients are exact, and a divisor above `i128` divides no numerator but 0 and the least.
        let (n, d) = match common {
            1 => (num, den),
            g => (i128::try_from(g).map_or(num.signum(), |g| num / g), den / g),
        };
        match (i64::try_from(n), u32::try_from(d)) {
            (Ok(num), Ok(den)) => Coeff(Repr::Small { num, den }),
            _ => Coeff(Repr::Big(Box::new(RBig::from_parts(
                IBig::from(n),
                UBig::from(d),
            )))),
        }
    }

    fn from_rbig(value: RBig) -> Coeff {
        match (
            i64::try_from(value.numerator()),
            u32::try_from(value.denominator()),
        ) {
            (Ok(num), Ok(den)) => Coeff(Repr::Small { num, den }),
            _ => Coeff(Repr::Big(Box::new(value))),
        }
    }

    fn to_rbig(&self) -> RBig {
        match &self.0 {
            Repr::Small { num, den } => RBig::from_parts(IBig::from(*num), UBig::from(*den)),
            Repr::Big(big) => (**big).clone(),
        }
    }

    /// `num / den`, or nothing when `den` is zero.
    pub fn from_big_ratio(num: IBig, den: IBig) -> Option<Coeff> {
        (!den.is_zero()).then(|| Coeff::from_rbig(RBig::from_parts_signed(num, den)))
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { num: 0, .. })
    }

    /// Whether this is 1.
    pub fn is_one(&self) -> bool {
        matches!(self.0, Repr::Small { num: 1, den: 1 })
    }

    /// Whether this is an integer.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small { den, .. } => *den == 1,
            Repr::Big(big) => big.is_int(),
        }
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match &self.0 {
            Repr::Small { num, .. } => num.signum() as i32,
            Repr::Big(big) if big.sign() == Sign::Negative => -1,
            Repr::Big(_) => 1,
        }
    }

    /// Whether this is below 0.
    pub fn is_negative(&self) -> bool {
        self.sign() < 0
    }

    /// The integer this is, if it is one.
    pub fn to_integer(&self) -> Option<IBig> {
        self.is_integer().then(|| self.numerator())
    }

    /// The numerator in lowest terms; it carries the sign.
    pub fn numerator(&self) -> IBig {
        match &self.0 {
            Repr::Small { num, .. } => IBig::from(*num),
            Repr::Big(big) => big.numerator().clone(),
        }
    }

    /// The denominator in lowest terms, at least 1.
    pub fn denominator(&self) -> IBig {
        match &self.0 {
            Repr::Small { den, .. } => IBig::from(*den),
            Repr::Big(big) => IBig::from(big.denominator().clone()),
        }
    }

    /// Numerator and denominator when both are machine words.
    pub(super) fn as_small(&self) -> Option<(i64, u32)> {
        match &self.0 {
            Repr::Small { num, den } => Some((*num, *den)),
            Repr::Big(_) => None,
        }
    }

    /// The magnitude.
    pub fn abs(&self) -> Coeff {
        if self.is_negative() {
            -self
        } else {
            self.clone()
        }
    }

    /// The quotient, or nothing when the divisor is zero.
    pub fn checked_div(&self, divisor: &Coeff) -> Option<Coeff> {
        Some(self * &divisor.recip()?)
    }

    /// One over this, or nothing for zero.
    pub fn recip(&self) -> Option<Coeff> {
        match &self.0 {
            Repr::Small { num: 0, .. } => None,
            Repr::Small { num, den } => {
                let num_out = i128::from(*den) * i128::from(num.signum());
                Some(Coeff::reduce(num_out, u128::from(num.unsigned_abs())))
            }
            Repr::Big(big) => {
                Coeff::from_big_ratio(big.denominator().clone().into(), big.numerator().clone())
            }
        }
    }

    /// The power, or nothing for a negative power of zero. The caller bounds the size of the result.
    pub fn pow(&self, exponent: i32) -> Option<Coeff> {
        match exponent {
            0 => return Some(Coeff::ONE),
            1 => return Some(self.clone()),
            _ if self.is_one() => return Some(Coeff::ONE),
            _ => {}
        }
        let base = if exponent < 0 {
            self.recip()?
        } else {
            self.clone()
        };
        let n = exponent.unsigned_abs();
        if let Repr::Small { num, den } = base.0
            && let (Some(num), Some(den)) = (num.checked_pow(n), den.checked_pow(n))
        {
            return Some(Coeff(Repr::Small { num, den }));
        }
        // Powers of a fraction in lowest terms are in lowest terms.
        let n = n as usize;
        Coeff::from_big_ratio(base.numerator().pow(n), base.denominator().pow(n))
    }

    /// The greatest integer that is not above this.
    pub fn floor(&self) -> Coeff {
        match &self.0 {
            Repr::Small { den: 1, .. } => self.clone(),
            Repr::Small { num, den } => Coeff::small(num.div_euclid(i64::from(*den))),
            Repr::Big(big) => Coeff::from(big.floor()),
        }
    }

    /// Bits of the longer of numerator and denominator.
    pub fn bits(&self) -> usize {
        match &self.0 {
            Repr::Small { num, den } => {
                (64 - num.unsigned_abs().leading_zeros()).max(32 - den.leading_zeros()) as usize
            }
            Repr::Big(big) => big.numerator().bit_len().max(big.denominator().bit_len()),
        }
    }

    /// The nearest `f64`, of two the even one; infinite beyond all of them.
    pub fn to_f64(&self) -> f64 {
        self.to_rbig().to_f64().value()
    }

    /// The greatest common divisor of two rationals: the largest that divides both a whole number of times.
    pub fn gcd(&self, other: &Coeff) -> Coeff {
        if self.is_zero() {
            return other.abs();
        }
        if other.is_zero() {
            return self.abs();
        }
        if let (Repr::Small { num: a, den: 1 }, Repr::Small { num: b, den: 1 }) =
            (&self.0, &other.0)
        {
            let g = gcd(u128::from(a.unsigned_abs()), u128::from(b.unsigned_abs()));
            return Coeff::reduce(g as i128, 1);
        }
        let num = self.numerator().gcd(other.numerator());
        let (a, b) = (self.denominator(), other.denominator());
        let den = &a / IBig::from((&a).gcd(&b)) * b;
        Coeff::from_big_ratio(num.into(), den).unwrap_or(Coeff::ONE)
    }

    /// The least common multiple of two positive integers.
    pub(super) fn lcm_of_integers(&self, other: &Coeff) -> Coeff {
        let g = self.gcd(other);
        (self * other).checked_div(&g).unwrap_or(Coeff::ZERO)
    }
}

impl From<i64> for Coeff {
    fn from(value: i64) -> Coeff {
        Coeff::small(value)
    }
}

impl From<IBig> for Coeff {
    fn from(value: IBig) -> Coeff {
        match i64::try_from(&value) {
            Ok(small) => Coeff::small(small),
            Err(_) => Coeff(Repr::Big(Box::new(RBig::from(value)))),
        }
    }
}

impl From<&IBig> for Coeff {
    fn from(value: &IBig) -> Coeff {
        match i64::try_from(value) {
            Ok(small) => Coeff::small(small),
            Err(_) => Coeff(Repr::Big(Box::new(RBig::from(value.clone())))),
        }
    }
}

impl Add for &Coeff {
    type Output = Coeff;
    fn add(self, other: &Coeff) -> Coeff {
        match (&self.0, &other.0) {
            (Repr::Small { num: a, den: 1 }, Repr::Small { num: b, den: 1 }) => {
                Coeff::reduce(i128::from(*a) + i128::from(*b), 1)
            }
            (Repr::Small { num: a, den: p }, Repr::Small { num: b, den: q }) => {
                // |a*q| < 2^95, so the sum stays far inside i128.
                let num = i128::from(*a) * i128::from(*q) + i128::from(*b) * i128::from(*p);
                Coeff::reduce(num, u128::from(*p) * u128::from(*q))
            }
            _ => Coeff::from_rbig(self.to_rbig() + other.to_rbig()),
        }
    }
}

impl Mul for &Coeff {
    type Output = Coeff;
    fn mul(self, other: &Coeff) -> Coeff {
        match (&self.0, &other.0) {
            (Repr::Small { num: a, den: p }, Repr::Small { num: b, den: q }) => Coeff::reduce(
                i128::from(*a) * i128::from(*b),
                u128::from(*p) * u128::from(*q),
            ),
            _ => Coeff::from_rbig(self.to_rbig() * other.to_rbig()),
        }
    }
}

impl Neg for &Coeff {
    type Output = Coeff;
    fn neg(self) -> Coeff {
        match &self.0 {
            Repr::Small { num, den } => Coeff::reduce(-i128::from(*num), u128::from(*den)),
            Repr::Big(big) => Coeff::from_rbig(-(**big).clone()),
        }
    }
}

impl Sub for &Coeff {
    type Output = Coeff;
    fn sub(self, other: &Coeff) -> Coeff {
        self + &-other
    }
}

macro_rules! by_value {
    ($($op:ident $method:ident),*) => {$(
        impl $op for Coeff {
            type Output = Coeff;
            fn $method(self, other: Coeff) -> Coeff {
                (&self).$method(&other)
            }
        }
    )*};
}
by_value!(Add add, Sub sub, Mul mul);

impl Neg for Coeff {
    type Output = Coeff;
    fn neg(self) -> Coeff {
        -&self
    }
}

impl Ord for Coeff {
    fn cmp(&self, other: &Coeff) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small { num: a, den: p }, Repr::Small { num: b, den: q }) => {
                (i128::from(*a) * i128::from(*q)).cmp(&(i128::from(*b) * i128::from(*p)))
            }
            _ => self.to_rbig().cmp(&other.to_rbig()),
        }
    }
}

impl PartialOrd for Coeff {
    fn partial_cmp(&self, other: &Coeff) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Coeff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small { num, den: 1 } => write!(f, "{num}"),
            Repr::Small { num, den } => write!(f, "{num}/{den}"),
            Repr::Big(big) => write!(f, "{big}"),
        }
    }
}

impl fmt::Debug for Coeff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sym::tests::config;

    #[test]
    fn stays_sixteen_bytes() {
        assert_eq!(size_of::<Coeff>(), 16);
    }

    #[test]
    fn promotes_and_demotes_at_the_word_boundary() {
        let max = Coeff::from(i64::MAX);
        let above = &max + &Coeff::ONE;
        assert_eq!(above.to_string(), "9223372036854775808");
        assert_eq!(&above - &Coeff::ONE, max);
        assert_eq!(-&Coeff::from(i64::MIN), above);
        assert_eq!(-above, Coeff::from(i64::MIN));
    }

    #[test]
    fn powers_and_quotients_are_exact() {
        let half = Coeff::from_ratio(2, -4).expect("not zero");
        assert_eq!(half.to_string(), "-1/2");
        assert_eq!(half.pow(-3), Some(Coeff::from(-8)));
        assert_eq!(Coeff::ZERO.pow(-1), None);
        assert_eq!(Coeff::ZERO.pow(0), Some(Coeff::ONE));
        assert_eq!(half.floor(), Coeff::from(-1));
        assert_eq!(
            Coeff::from_ratio(1, 6).map(|x| x.gcd(&half)),
            Coeff::from_ratio(1, 6)
        );
    }

    fn coeff(value: &RBig) -> Coeff {
        Coeff::from_rbig(value.clone())
    }

    #[test]
    fn the_nearest_float_is_found() {
        let third = Coeff::from_ratio(1, 3).expect("not zero");
        assert_eq!(third.to_f64(), 1.0 / 3.0);
        assert_eq!(Coeff::from((1 << 53) + 1).to_f64(), 9007199254740992.0);
        assert_eq!(Coeff::from((1 << 53) + 3).to_f64(), 9007199254740996.0);
        let huge = Coeff::from(IBig::from(10).pow(400));
        assert_eq!(huge.to_f64(), f64::INFINITY);
        assert_eq!((-huge).to_f64(), f64::NEG_INFINITY);
    }

    proptest! {
        #![proptest_config(config())]

    #[test]
    fn coefficients_are_the_rationals(a in any::<i64>(), b in 1..i64::MAX, c in any::<i64>(), d in 1..i64::MAX) {
        let big = |n: i64, d: i64| RBig::from_parts_signed(n.into(), d.into());
        let (x, y) = (Coeff::from_ratio(a, b).expect("not zero"), Coeff::from_ratio(c, d).expect("not zero"));
        let (p, q) = (big(a, b), big(c, d));
        prop_assert_eq!(&x + &y, coeff(&(&p + &q)));
        prop_assert_eq!(&x - &y, coeff(&(&p - &q)));
        prop_assert_eq!(&x * &y, coeff(&(&p * &q)));
        prop_assert_eq!(x.cmp(&y), p.cmp(&q));
        prop_assert_eq!(x.floor(), Coeff::from(p.floor()));
        prop_assert_eq!((&x + &y).to_string(), (&p + &q).to_string());
        prop_assert_eq!(&(&x + &y) - &y, x.clone());
        if c != 0 {
            prop_assert_eq!(x.checked_div(&y), Some(coeff(&(p / q))));
        }
    }
    }
}
