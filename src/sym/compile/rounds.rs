//! How often the numbers of a program are rounded. Must never know their values.

use super::program::{Instr, Reg, Step};
use crate::sym::Coeff;

/// Most roundings on a way to a value; nothing where their number depends on values.
pub(super) fn roundings(code: &[Instr<Coeff>], values: usize, result: Reg) -> Option<u32> {
    let mut known: Vec<Option<u32>> = vec![None; values];
    for instr in code {
        known[instr.out] = of_step(&instr.step, &known);
    }
    of(result, &known)
}

fn of(reg: Reg, known: &[Option<u32>]) -> Option<u32> {
    match reg {
        Reg::Column(_) => Some(0),
        Reg::Value(value) => known[value],
    }
}

fn of_step(step: &Step<Coeff>, known: &[Option<u32>]) -> Option<u32> {
    let of = |reg: &Reg| of(*reg, known);
    let inexact = |k: &Coeff| !k.is_integer() || k.bits() > f64::MANTISSA_DIGITS as usize;
    // A constant may be rounded itself, and so may a product with it.
    let factor = |k: &Coeff| u32::from(inexact(k)) + u32::from(!k.abs().is_one());
    let added = |a: u32, b: u32| a.checked_add(b);
    match step {
        Step::Sum { constant, parts } => {
            let mut most = u32::from(inexact(constant));
            for (k, reg) in parts {
                most = most.max(added(of(reg)?, factor(k))?);
            }
            let sums = parts.len() + usize::from(!constant.is_zero());
            added(most, u32::try_from(sums.saturating_sub(1)).ok()?)
        }
        Step::Product { factor: k, parts } => {
            let own = parts
                .iter()
                .try_fold(factor(k), |sum, reg| added(sum, of(reg)?));
            added(own?, u32::try_from(parts.len() - 1).ok()?)
        }
        Step::Quotient { num, den } => added(added(of(num)?, of(den)?)?, 1),
        Step::Floor { num, den } => {
            of(num)?;
            of(den)?;
            Some(0)
        }
        Step::Min(a, b) => Some(of(a)?.max(of(b)?)),
        // Steps are counted before they are put together.
        Step::Tower { .. } | Step::Power { .. } | Step::Loop(_) | Step::Fault => None,
    }
}
