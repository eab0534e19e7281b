//! Blocks of machine integers. What does not fit, and a quotient that leaves a rest, is a fault; must never wrap silently.

use super::build::{Check, Kind};
use super::machine::{Number, each};
use crate::sym::Coeff;

/// Machine integers of one width.
pub(super) trait Word: Number + Into<i128> {
    /// The same integer, if it fits.
    fn from_wide(wide: i128) -> Option<Self>;

    /// Multiplies a block by others.
    fn times(out: &mut [Self], parts: &[&[Self]], faults: &mut [bool]);

    /// A quotient, a count if it must be one; nothing if it is none.
    fn ratio(num: Self, den: Option<Self>, counts: bool) -> Option<Coeff> {
        let (num, den) = (num.into(), den.map_or(1, Into::into));
        if !counts {
            let sign = den.signum();
            return (den != 0 && num != i128::MIN)
                .then(|| Coeff::reduce(num * sign, den.unsigned_abs()));
        }
        let whole = match den {
            1 => num,
            _ => exact_quotient(num, den)?,
        };
        (whole >= 0).then(|| Coeff::reduce(whole, 1))
    }

    /// Whether a condition holds; where it cannot be told, it does not.
    fn holds(check: &Check, num: Self, den: Option<Self>) -> bool {
        let (num, den) = (num.into(), den.map_or(1, Into::into));
        den != 0
            && match check.kind {
                Kind::Integer => exact_quotient(num, den).is_some(),
                Kind::Zero => num == 0,
                Kind::NotZero => num != 0,
                Kind::NotNegative => num == 0 || (num > 0) == (den > 0),
                Kind::Within(domain) => exact_quotient(num, den).is_some_and(|value| {
                    value >= i128::from(domain.min)
                        && domain.max.is_none_or(|max| value <= i128::from(max))
                }),
            }
    }
}

fn exact_quotient(num: i128, den: i128) -> Option<i128> {
    if let (Ok(num), Ok(den)) = (i64::try_from(num), i64::try_from(den)) {
        return (num.checked_rem(den)? == 0).then(|| i128::from(num) / i128::from(den));
    }
    (num.checked_rem(den)? == 0).then(|| num / den)
}

macro_rules! words {
    ($($word:ident)*) => {$(
        impl Word for $word {
            fn from_wide(wide: i128) -> Option<$word> {
                $word::try_from(wide).ok()
            }

            fn times(out: &mut [$word], parts: &[&[$word]], faults: &mut [bool]) {
                let faults = &mut faults[..out.len()];
                for part in parts {
                    for ((out, part), fault) in out.iter_mut().zip(*part).zip(&mut *faults) {
                        let (product, long) = out.overflowing_mul(*part);
                        *out = product;
                        *fault |= long;
                    }
                }
            }
        }

        impl Number for $word {
            fn from_coeff(coeff: &Coeff) -> Option<$word> {
                $word::try_from(coeff.to_integer()?).ok()
            }

            fn sum(out: &mut [$word], constant: $word, parts: &[($word, &[$word])], faults: &mut [bool]) {
                let faults = &mut faults[..out.len()];
                out.fill(constant);
                for (k, part) in parts {
                    for ((out, part), fault) in out.iter_mut().zip(*part).zip(&mut *faults) {
                        let (product, long) = k.overflowing_mul(*part);
                        let (sum, over) = out.overflowing_add(product);
                        *out = sum;
                        *fault |= long | over;
                    }
                }
            }

            fn product(out: &mut [$word], factor: $word, parts: &[&[$word]], faults: &mut [bool]) {
                out.fill(factor);
                $word::times(out, parts, faults);
            }

            fn tower(
                out: &mut [$word],
                (factor, parts): ($word, &[&[$word]]),
                (constant, inner): ($word, &[($word, &[$word])]),
                faults: &mut [bool],
            ) {
                $word::sum(out, constant, inner, faults);
                for (out, fault) in out.iter_mut().zip(&mut *faults) {
                    let (product, long) = out.overflowing_mul(factor);
                    *out = product;
                    *fault |= long;
                }
                $word::times(out, parts, faults);
            }

            fn quotient(out: &mut [$word], num: &[$word], den: &[$word], faults: &mut [bool]) {
                let faults = &mut faults[..out.len()];
                each(out, [num, den], |at, [num, den]| {
                    faults[at] |= num.checked_rem(den) != Some(0);
                    num.checked_div(den).unwrap_or(0)
                });
            }

            fn floor(out: &mut [$word], num: &[$word], den: &[$word], faults: &mut [bool]) {
                let faults = &mut faults[..out.len()];
                each(out, [num, den], |at, [num, den]| match num.checked_div(den) {
                    Some(quotient) => {
                        // Division truncates; the floor is one less where signs differ and a rest is left.
                        let rest = num - quotient * den;
                        quotient - $word::from(rest != 0 && (rest < 0) != (den < 0))
                    }
                    None => {
                        faults[at] = true;
                        0
                    }
                });
            }

            fn min(out: &mut [$word], a: &[$word], b: &[$word]) {
                each(out, [a, b], |_, [a, b]| a.min(b));
            }

            fn power(out: &mut [$word], base: &[$word], exponent: &[$word], faults: &mut [bool]) {
                let faults = &mut faults[..out.len()];
                each(out, [base, exponent], |at, [base, exponent]| {
                    let power = match (base, u32::try_from(exponent)) {
                        (1, _) => Some(1),
                        (-1, _) => Some(1 - 2 * (exponent % 2).abs()),
                        (_, Ok(exponent)) => base.checked_pow(exponent),
                        _ => None,
                    };
                    faults[at] |= power.is_none();
                    power.unwrap_or(0)
                });
            }

            fn count(lo: $word, hi: $word) -> Option<usize> {
                match hi.checked_sub(lo)?.checked_add(1)? {
                    count if count <= 0 => Some(0),
                    count => usize::try_from(count).ok(),
                }
            }

            fn after(lo: $word, steps: usize) -> $word {
                // It is not above the upper bound, which fits.
                lo.wrapping_add(steps as $word)
            }

            fn plus(self, other: $word) -> ($word, bool) {
                let (sum, over) = self.overflowing_add(other);
                (sum, !over)
            }
        }
    )*};
}
words!(i64 i128);
