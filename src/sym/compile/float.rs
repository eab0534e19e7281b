//! Blocks of `f64`, in loops that a compiler turns into vector instructions. Each operation rounds once; must never decide
//! whether a condition holds.

use dashu_int::IBig;

use super::machine::{Number, each};
use crate::sym::{Coeff, Domain};

/// Added and taken away again, it rounds a smaller number to an integer.
const ROUNDER: f64 = 1.5 * (1_u64 << 52) as f64;
/// The integers up to this one are told from other numbers by [`ROUNDER`].
const EXACT: f64 = (1_u64 << 51) as f64;
/// How near to an integer a quotient of rounded numbers may come before its floor is in doubt.
const NEAR: f64 = 1.0 / (1_u64 << 30) as f64;
/// Exponents from here on are left to exact arithmetic.
const LONG: f64 = (1_u64 << 31) as f64;

/// The least and the greatest number of a domain.
pub(super) fn range(domain: Domain) -> (f64, f64) {
    let (min, max) = (domain.min as f64, domain.max.map(|max| (max, max as f64)));
    let max = max.map_or(f64::MAX, |(max, near)| match near as i128 > max.into() {
        true => near.next_down(),
        false => near,
    });
    match (min as i128) < domain.min.into() {
        true => (min.next_up(), max),
        false => (min, max),
    }
}

/// Whether a number is not an integer in a domain.
pub(super) fn outside(value: f64, min: f64, max: f64) -> bool {
    !(value >= min && value <= max && value.fract() == 0.0)
}

/// How many numbers of a column are looked at side by side.
const LANES: usize = 8;

/// Whether any number of a column may be no integer in a domain; it is quick, and may be in doubt without need.
pub(super) fn suspicious(column: &[f64], min: f64, max: f64) -> bool {
    let (chunks, rest) = column.as_chunks::<LANES>();
    let mut odd = [0_u64; LANES];
    let all = |below: bool| u64::from(below).wrapping_neg();
    for chunk in chunks {
        for (odd, value) in odd.iter_mut().zip(chunk) {
            let whole = (value + ROUNDER) - ROUNDER;
            *odd |= (whole.to_bits() ^ value.to_bits()) | all(*value < min);
        }
    }
    let bounded = max < f64::MAX && column.iter().any(|value| *value > max);
    bounded || odd != [0; LANES] || rest.iter().any(|value| outside(*value, min, max))
}

/// Whether any number is infinite or none.
pub(super) fn any_endless(values: &[f64]) -> bool {
    let (chunks, rest) = values.as_chunks::<LANES>();
    // Nothing times what is finite is nothing.
    let mut nothing = [0.0; LANES];
    for chunk in chunks {
        for (nothing, value) in nothing.iter_mut().zip(chunk) {
            *nothing += value * 0.0;
        }
    }
    nothing != [0.0; LANES] || rest.iter().any(|value| !value.is_finite())
}

/// The integer, if it is one of 127 bits at most.
pub(super) fn to_wide(value: f64) -> Option<i128> {
    (value.fract() == 0.0 && value.abs() < (1_u128 << 127) as f64).then_some(value as i128)
}

/// The integer, if it is one.
pub(super) fn to_integer(value: f64) -> Option<IBig> {
    if !value.is_finite() {
        return None;
    }
    let (mut small, mut bits) = (value, 0);
    while small.abs() >= (1_u128 << 126) as f64 {
        // Of so large a number the last 64 bits are zero.
        small /= (1_u128 << 64) as f64;
        bits += 64;
    }
    Some(IBig::from(to_wide(small)?) << bits)
}

fn is_exact(value: f64) -> bool {
    value.abs() <= EXACT && (value + ROUNDER) - ROUNDER == value
}

/// By squares: all that is an integer of at most 53 bits is exact on every machine.
fn integer_power(base: f64, exponent: u32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            power *= square;
        }
        left /= 2;
        if left > 0 {
            square *= square;
        }
    }
    power
}

/// Computes a number for each point from those of other blocks.
macro_rules! points {
    ($out:ident: $($part:ident),* => $value:expr) => {{
        let count = $out.len();
        $(let $part = &$part[..count];)*
        for at in 0..count {
            $(let $part = $part[at];)*
            $out[at] = $value;
        }
    }};
}

impl Number for f64 {
    fn from_coeff(coeff: &Coeff) -> Option<f64> {
        Some(coeff.to_f64())
    }

    fn sum(out: &mut [f64], k: f64, parts: &[(f64, &[f64])], _: &mut [bool]) {
        match *parts {
            [(a, x)] => points!(out: x => k + a * x),
            [(a, x), (b, y)] => points!(out: x, y => k + a * x + b * y),
            [(a, x), (b, y), (c, z)] => points!(out: x, y, z => k + a * x + b * y + c * z),
            [(a, x), (b, y), (c, z), (d, w)] => {
                points!(out: x, y, z, w => k + a * x + b * y + c * z + d * w);
            }
            _ => out.fill(f64::NAN),
        }
    }

    fn product(out: &mut [f64], k: f64, parts: &[&[f64]], _: &mut [bool]) {
        match *parts {
            [x] => points!(out: x => k * x),
            [x, y] => points!(out: x, y => k * x * y),
            [x, y, z] => points!(out: x, y, z => k * x * y * z),
            [x, y, z, w] => points!(out: x, y, z, w => k * x * y * z * w),
            _ => out.fill(f64::NAN),
        }
    }

    fn tower(
        out: &mut [f64],
        (k, parts): (f64, &[&[f64]]),
        (l, inner): (f64, &[(f64, &[f64])]),
        _: &mut [bool],
    ) {
        match (parts, inner) {
            (&[x], &[(a, u)]) => points!(out: x, u => k * x * (l + a * u)),
            (&[x, y], &[(a, u)]) => points!(out: x, y, u => k * x * y * (l + a * u)),
            (&[x, y, z], &[(a, u)]) => points!(out: x, y, z, u => k * x * y * z * (l + a * u)),
            (&[x], &[(a, u), (b, v)]) => {
                points!(out: x, u, v => k * x * (l + a * u + b * v));
            }
            (&[x, y], &[(a, u), (b, v)]) => {
                points!(out: x, y, u, v => k * x * y * (l + a * u + b * v));
            }
            (&[x, y, z], &[(a, u), (b, v)]) => {
                points!(out: x, y, z, u, v => k * x * y * z * (l + a * u + b * v));
            }
            _ => out.fill(f64::NAN),
        }
    }

    fn quotient(out: &mut [f64], num: &[f64], den: &[f64], faults: &mut [bool]) {
        points!(out: num, den => num / den);
        for (fault, den) in faults.iter_mut().zip(den) {
            *fault |= *den == 0.0;
        }
    }

    fn floor(out: &mut [f64], num: &[f64], den: &[f64], faults: &mut [bool]) {
        let faults = &mut faults[..out.len()];
        each(out, [num, den], |at, [num, den]| {
            let quotient = num / den;
            let near = (quotient + ROUNDER) - ROUNDER;
            let in_range = quotient.abs() < ROUNDER / 4.0;
            // The quotient of two integers of 53 bits never rounds up to an integer.
            let certain = is_exact(num) & is_exact(den);
            let doubt = (quotient - near).abs() <= NEAR * quotient.abs().max(1.0);
            faults[at] |= !in_range | (doubt & !certain);
            near - if near > quotient { 1.0 } else { 0.0 }
        });
    }

    fn min(out: &mut [f64], a: &[f64], b: &[f64]) {
        // What is no number stays none.
        each(
            out,
            [a, b],
            |_, [a, b]| if a < b || a.is_nan() { a } else { b },
        );
    }

    fn power(out: &mut [f64], base: &[f64], exponent: &[f64], faults: &mut [bool]) {
        let faults = &mut faults[..out.len()];
        each(out, [base, exponent], |at, [base, exponent]| {
            faults[at] |= outside(exponent, -LONG, LONG) || (base == 0.0 && exponent < 0.0);
            let power = integer_power(base, exponent.abs() as u32);
            if exponent < 0.0 { 1.0 / power } else { power }
        });
    }

    fn count(lo: f64, hi: f64) -> Option<usize> {
        (is_exact(lo) && is_exact(hi)).then(|| (hi - lo + 1.0).max(0.0) as usize)
    }

    fn after(lo: f64, steps: usize) -> f64 {
        lo + steps as f64
    }

    fn plus(self, other: f64) -> (f64, bool) {
        (self + other, true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sym::tests::config;

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn floors_of_integers_are_exact(num in -(1_i64 << 53)..(1_i64 << 53), bits in 1..53_u32, low in any::<u64>(), near in any::<bool>()) {
            let den = (low % (1 << bits)) as i64 + 1;
            // Beside a multiple, where rounding would show.
            let num = if near { num / den * den - i64::from(num > 0) } else { num };
            let mut out = [0.0];
            let mut faults = [false];
            <f64 as Number>::floor(&mut out, &[num as f64], &[den as f64], &mut faults);
            prop_assert!(faults[0] || out[0] == num.div_euclid(den) as f64, "{num}/{den} = {}", out[0]);
            prop_assert!(!faults[0] || num.abs() >= 1 << 50);
        }

        #[test]
        fn a_quick_look_never_misses(value in prop_oneof![any::<f64>(), Just(f64::INFINITY), Just(f64::NAN), (-9..9_i32).prop_map(|n| f64::from(n) / 2.0)], min in -3..3_i32, room in 0..4_i32) {
            let (min, max) = (f64::from(min), f64::from(min + room));
            for max in [max, f64::MAX] {
                for column in [vec![min, value, min], vec![value; 9], vec![min; 8]] {
                    prop_assert!(suspicious(&column, min, max) || !column.iter().any(|value| outside(*value, min, max)));
                }
            }
            for count in [1, 8] {
                prop_assert_eq!(any_endless(&vec![value; count]), !value.is_finite());
            }
        }
    }
}
