//! Values and conditions in integers: words first, wide ones where these overflow. Must never give a value in doubt: it gives
//! none instead.

use super::Source;
use super::build::{Check, Ratio};
use super::integer::Word;
use super::machine::{BLOCK, Machine, Number};
use super::program::{Program, Reg};
use crate::sym::{Coeff, Condition, Domain, LimitError};

/// A program of a value, of conditions, or of both.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// In 64 bits, if all constants fit.
    words: Option<Program<i64>>,
    /// In 128 bits, if all constants fit.
    wide: Option<Program<i128>>,
    columns: usize,
    value: Option<Ratio>,
    count: bool,
    checks: Vec<Check>,
    /// Whether there are conditions that only the exact evaluator decides.
    hopeless: bool,
}

impl Whole {
    /// The value, if wanted, and what decides the demands and more conditions.
    pub(super) fn new(
        source: &Source,
        value: bool,
        more: &[Condition],
    ) -> Result<Whole, LimitError> {
        let mut builder = source.builder();
        let value = match value {
            true => Some(builder.ratio(&source.poly)?),
            false => None,
        };
        let (mut checks, mut hopeless) = (Vec::new(), false);
        for condition in source.demands.conditions.iter().chain(more) {
            let mut own = source.builder();
            own.check(condition)?;
            if !own.missing.is_empty() {
                // It is not decided, here and by the exact evaluator.
                continue;
            }
            match builder.check(condition)? {
                Some(check) => checks.push(check),
                None => hopeless = true,
            }
        }
        let (code, values) = builder.finish();
        let ratios = value.iter().chain(checks.iter().map(|check| &check.of));
        let results: Vec<Reg> = ratios
            .flat_map(|ratio| [Some(ratio.num), ratio.den])
            .flatten()
            .collect();
        let program = Program::new(code, values, &results);
        Ok(Whole {
            words: program.in_numbers(Number::from_coeff),
            wide: program.in_numbers(Number::from_coeff),
            columns: source.columns.len(),
            value,
            count: source.demands.count,
            checks,
            hopeless,
        })
    }

    /// Whether there is nothing to compute.
    pub(super) fn is_idle(&self) -> bool {
        self.value.is_none() && self.checks.is_empty() && !self.hopeless
    }

    pub(super) fn machines(&self) -> Machines<'_> {
        Machines {
            whole: self,
            words: self
                .words
                .as_ref()
                .map(|program| Engine::new(self, program)),
            wide: self.wide.as_ref().map(|program| Engine::new(self, program)),
        }
    }
}

/// Both arithmetics with room for a block.
pub(super) struct Machines<'p> {
    whole: &'p Whole,
    words: Option<Engine<'p, i64>>,
    wide: Option<Engine<'p, i128>>,
}

impl Machines<'_> {
    /// The values of a block, none where they are to be found exactly.
    pub(super) fn values<T: Copy + Into<i128>>(
        &mut self,
        points: &[&[T]],
        domains: &[Domain],
        count: usize,
        results: &mut Vec<Option<Coeff>>,
    ) {
        let load = |value: &T, domain: &Domain| {
            let value = (*value).into();
            let within = value >= i128::from(domain.min)
                && domain.max.is_none_or(|max| value <= i128::from(max));
            within.then_some(value)
        };
        if let Some(engine) = &mut self.words {
            engine.load(points, domains, count, load);
            engine.run();
            if !engine.faults[..count].contains(&true) {
                engine.results(results);
                if !results.contains(&None) {
                    return;
                }
            }
        }
        results.clear();
        match &mut self.wide {
            Some(engine) => {
                engine.load(points, domains, count, load);
                engine.run();
                engine.results(results);
            }
            None => results.extend((0..count).map(|_| None)),
        }
    }

    /// Sets the faults of points at which the conditions do not hold, or are in doubt.
    pub(super) fn check(&mut self, points: &[&[f64]], faults: &mut [bool]) {
        let (count, whole) = (faults.len(), self.whole);
        let nothing = vec![(); whole.columns];
        let load = |value: &f64, _: &()| super::float::to_wide(*value);
        if let Some(engine) = &mut self.words {
            engine.load(points, &nothing, count, load);
            engine.run();
            if !engine.faults[..count].contains(&true) {
                return;
            }
        }
        match &mut self.wide {
            Some(engine) => {
                engine.load(points, &nothing, count, load);
                engine.run();
                for (fault, own) in faults.iter_mut().zip(&engine.faults) {
                    *fault |= own;
                }
            }
            None => faults.fill(true),
        }
    }
}

/// One arithmetic with room for a block.
struct Engine<'p, N> {
    whole: &'p Whole,
    machine: Machine<'p, N>,
    columns: Vec<Vec<N>>,
    faults: Vec<bool>,
}

impl<'p, N: Word> Engine<'p, N> {
    fn new(whole: &'p Whole, program: &'p Program<N>) -> Engine<'p, N> {
        Engine {
            whole,
            machine: Machine::new(program),
            columns: vec![Vec::with_capacity(BLOCK); whole.columns],
            faults: Vec::with_capacity(BLOCK),
        }
    }

    /// Takes the points of a block; those that are none of these integers are at fault.
    fn load<T, D>(
        &mut self,
        points: &[&[T]],
        domains: &[D],
        count: usize,
        load: impl Fn(&T, &D) -> Option<i128>,
    ) {
        self.faults.clear();
        self.faults.resize(count, self.whole.hopeless);
        for ((own, column), domain) in self.columns.iter_mut().zip(points).zip(domains) {
            own.clear();
            own.extend(column.iter().zip(&mut self.faults).map(|(value, fault)| {
                let number = load(value, domain).and_then(N::from_wide);
                *fault |= number.is_none();
                number.unwrap_or_default()
            }));
        }
    }

    fn run(&mut self) {
        let columns: Vec<&[N]> = self.columns.iter().map(|column| &**column).collect();
        self.machine.run(&columns, &mut self.faults);
        for check in &self.whole.checks {
            let num = self.machine.value(check.of.num, &columns);
            let den = check.of.den.map(|den| self.machine.value(den, &columns));
            for (at, fault) in self.faults.iter_mut().enumerate() {
                *fault |= !N::holds(check, num[at], den.map(|den| den[at]));
            }
        }
    }

    fn results(&self, results: &mut Vec<Option<Coeff>>) {
        let Some(value) = self.whole.value else {
            return;
        };
        let columns: Vec<&[N]> = self.columns.iter().map(|column| &**column).collect();
        let num = self.machine.value(value.num, &columns);
        let den = value.den.map(|den| self.machine.value(den, &columns));
        results.extend(self.faults.iter().enumerate().map(|(at, fault)| {
            let ratio = || N::ratio(num[at], den.map(|den| den[at]), self.whole.count);
            (!fault).then(ratio).flatten()
        }));
    }
}
