//! Runs a program on a block of points, in any arithmetic. Must never know what a program was made from.

use smallvec::SmallVec;

use super::program::{Instr, Loop, Program, Reg, Step, WIDTH};
use crate::sym::Coeff;
use crate::sym::limits::MAX_SUM_STEPS;

/// How many points a program runs on at once: few enough that what it keeps of them stays near.
pub(super) const BLOCK: usize = 512;

/// An arithmetic on blocks. Where a point has no value in it, the fault of the point is set and any number stands for it.
pub(super) trait Number: Copy + Default {
    /// The constant, if it is one of these numbers.
    fn from_coeff(coeff: &Coeff) -> Option<Self>;
    /// [`Step::Sum`].
    fn sum(out: &mut [Self], constant: Self, parts: &[(Self, &[Self])], faults: &mut [bool]);
    /// [`Step::Product`].
    fn product(out: &mut [Self], factor: Self, parts: &[&[Self]], faults: &mut [bool]);
    /// [`Step::Tower`], the factor with its parts and the sum with its own.
    fn tower(
        out: &mut [Self],
        product: (Self, &[&[Self]]),
        sum: (Self, &[(Self, &[Self])]),
        faults: &mut [bool],
    );
    /// [`Step::Quotient`].
    fn quotient(out: &mut [Self], num: &[Self], den: &[Self], faults: &mut [bool]);
    /// [`Step::Floor`].
    fn floor(out: &mut [Self], num: &[Self], den: &[Self], faults: &mut [bool]);
    /// [`Step::Min`].
    fn min(out: &mut [Self], a: &[Self], b: &[Self]);
    /// [`Step::Power`].
    fn power(out: &mut [Self], base: &[Self], exponent: &[Self], faults: &mut [bool]);
    /// How many integers there are from one to another; nothing if they are no integers or too many.
    fn count(lo: Self, hi: Self) -> Option<usize>;
    /// The integer so many after one.
    fn after(lo: Self, steps: usize) -> Self;
    /// The sum of two, and whether it is one of these numbers.
    fn plus(self, other: Self) -> (Self, bool);
}

/// Computes each number of a block from those of the same point in other blocks, all as long as `out` at least.
#[inline(always)]
pub(super) fn each<const N: usize, T: Copy>(
    out: &mut [T],
    parts: [&[T]; N],
    mut compute: impl FnMut(usize, [T; N]) -> T,
) {
    let parts = parts.map(|part| &part[..out.len()]);
    for (at, out) in out.iter_mut().enumerate() {
        *out = compute(at, parts.map(|part| part[at]));
    }
}

/// A program with room for the values of a block.
pub(super) struct Machine<'p, N> {
    program: &'p Program<N>,
    slots: Vec<Vec<N>>,
    /// Steps of loops that are left to this block.
    steps: usize,
}

impl<'p, N: Number> Machine<'p, N> {
    pub(super) fn new(program: &'p Program<N>) -> Machine<'p, N> {
        Machine {
            program,
            slots: vec![vec![N::default(); BLOCK]; program.slots],
            steps: 0,
        }
    }

    /// Runs on points whose numbers are in `columns`; their faults are as many as the points.
    pub(super) fn run(&mut self, columns: &[&[N]], faults: &mut [bool]) {
        self.steps = MAX_SUM_STEPS;
        let program = self.program;
        self.block(&program.code, columns, faults);
    }

    /// Runs, and writes one of its values out, as many as there are faults.
    pub(super) fn run_into(
        &mut self,
        result: Reg,
        out: &mut [N],
        columns: &[&[N]],
        faults: &mut [bool],
    ) {
        self.steps = MAX_SUM_STEPS;
        let program = self.program;
        match program.code.split_last() {
            Some((last, code))
                if result == Reg::Value(last.out) && !matches!(last.step, Step::Loop(_)) =>
            {
                self.block(code, columns, faults);
                self.step(&last.step, out, columns, faults);
            }
            _ => {
                self.block(&program.code, columns, faults);
                out.copy_from_slice(&self.value(result, columns)[..out.len()]);
            }
        }
    }

    /// What was computed for the points of the last run.
    pub(super) fn value<'a>(&'a self, reg: Reg, columns: &[&'a [N]]) -> &'a [N] {
        match reg {
            Reg::Column(at) => columns[at],
            Reg::Value(at) => &self.slots[self.program.slot_of[at]],
        }
    }

    fn block(&mut self, code: &[Instr<N>], columns: &[&[N]], faults: &mut [bool]) {
        for instr in code {
            let slot = self.program.slot_of[instr.out];
            let mut out = std::mem::take(&mut self.slots[slot]);
            let numbers = &mut out[..faults.len()];
            match &instr.step {
                Step::Loop(inner) => self.sum(inner, numbers, columns, faults),
                step => self.step(step, numbers, columns, faults),
            }
            self.slots[slot] = out;
        }
    }

    fn step(&self, step: &Step<N>, out: &mut [N], columns: &[&[N]], faults: &mut [bool]) {
        let value = |reg: &Reg| self.value(*reg, columns);
        let plain = |parts: &[Reg]| parts.iter().map(value).collect::<SmallVec<[&[N]; WIDTH]>>();
        let weighed = |parts: &[(N, Reg)]| {
            let parts = parts.iter().map(|(k, reg)| (*k, value(reg)));
            parts.collect::<SmallVec<[(N, &[N]); WIDTH]>>()
        };
        match step {
            Step::Sum { constant, parts } if parts.is_empty() => out.fill(*constant),
            Step::Sum { constant, parts } => N::sum(out, *constant, &weighed(parts), faults),
            Step::Product { factor, parts } => N::product(out, *factor, &plain(parts), faults),
            Step::Tower {
                factor,
                parts,
                constant,
                inner,
            } => {
                let (parts, inner) = (plain(parts), weighed(inner));
                N::tower(out, (*factor, &parts), (*constant, &inner), faults);
            }
            Step::Quotient { num, den } => N::quotient(out, value(num), value(den), faults),
            Step::Floor { num, den } => N::floor(out, value(num), value(den), faults),
            Step::Min(a, b) => N::min(out, value(a), value(b)),
            Step::Power { base, exponent } => N::power(out, value(base), value(exponent), faults),
            Step::Loop(_) | Step::Fault => faults.fill(true),
        }
    }

    /// All points take the steps of the point that takes the most; those that are through repeat their last one.
    fn sum(&mut self, inner: &Loop<N>, out: &mut [N], columns: &[&[N]], faults: &mut [bool]) {
        let (lo, hi) = (self.value(inner.lo, columns), self.value(inner.hi, columns));
        let first = lo[..out.len()].to_vec();
        let counts: Vec<usize> = first
            .iter()
            .zip(hi)
            .zip(&mut *faults)
            .map(|((lo, hi), fault)| {
                let count = N::count(*lo, *hi).filter(|count| *count <= MAX_SUM_STEPS);
                *fault |= count.is_none();
                count.unwrap_or(0)
            })
            .collect();
        out.fill(N::default());
        let index = self.program.slot_of[inner.index];
        for at in 0..counts.iter().copied().max().unwrap_or(0) {
            let Some(left) = self.steps.checked_sub(1) else {
                faults.fill(true);
                return;
            };
            self.steps = left;
            let points = self.slots[index].iter_mut().zip(&first).zip(&counts);
            for ((index, lo), count) in points {
                *index = N::after(*lo, at.min(count.saturating_sub(1)));
            }
            self.block(&inner.body, columns, faults);
            let body = self.value(inner.value, columns);
            for (((out, value), count), fault) in
                out.iter_mut().zip(body).zip(&counts).zip(&mut *faults)
            {
                if at < *count {
                    let (sum, is_one) = out.plus(*value);
                    *out = sum;
                    *fault |= !is_one;
                }
            }
        }
    }
}
