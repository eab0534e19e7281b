//! Formulas compiled for evaluation at many points, column by column. Must never answer otherwise than the exact evaluator:
//! where machine numbers do not suffice, or something does not hold, that one decides.

#![allow(
    clippy::indexing_slicing,
    reason = "registers and blocks of a program that the builder laid out, none of them from a text"
)]

mod build;
mod float;
mod integer;
mod machine;
mod program;
mod rounds;
mod whole;

use std::collections::BTreeSet;
use std::fmt;

use dashu_int::IBig;

use build::Builder;
use machine::{BLOCK, Machine};
use program::{Program, Reg};
use whole::Whole;

use super::{
    Bindings, Coeff, Condition, Conditions, Context, Domain, LimitError, Poly, Sym, Symbols,
};

/// What must hold at each point beside the domains of the columns.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Conditions; those that are not decided where all columns have a value are left out.
    pub conditions: Conditions,
    /// Whether the value must be an integer that is not negative.
    pub count: bool,
}

/// A formula ready for many points.
///
/// Points come as columns, the values of one symbol at all points after each other. A program of few steps, with common
/// factors taken out, runs on blocks of 512 of them, so that what it computes on the way stays in the nearest cache.
///
/// At each point, all columns must be integers in the domains of their symbols, and what was demanded must hold. It is
/// decided exactly, in both modes; the first point where it is not so ends the evaluation with the words that the exact
/// evaluator has for it.
#[derive(Clone, Debug)]
pub struct Compiled {
    source: Source,
    /// The value in `f64`.
    float: Program<f64>,
    result: Reg,
    roundings: Option<u32>,
    /// The value and what must hold, in integers.
    exact: Whole,
    /// What must hold where the value is computed in `f64`; nothing where the domains of the columns are enough.
    audit: Option<Whole>,
}

/// What the exact evaluator takes.
#[derive(Clone, Debug)]
struct Source {
    poly: Poly,
    columns: Vec<Sym>,
    domains: Vec<Domain>,
    in_domain: Conditions,
    numbers: Bindings,
    symbols: Symbols,
    demands: Demands,
}

/// Why a formula was not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CompileError {
    /// Symbols that are no columns and have no value, in order.
    Unbound(Vec<Sym>),
    /// A symbol that is two columns.
    Twice(Sym),
    /// A condition that no column can change does not hold.
    Broken(String),
    /// A limit was exceeded.
    Limit(LimitError),
}

/// Why points were not evaluated. What was written out before is of no use then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PointError {
    /// The columns are not as many as those that the formula was compiled for.
    Columns {
        /// How many there should be.
        expected: usize,
        /// How many there are.
        given: usize,
    },
    /// A column is not as long as the first, or as the result.
    Length {
        /// The symbol of the column.
        column: String,
        /// How long it should be.
        expected: usize,
        /// How long it is.
        given: usize,
    },
    /// The first point at which the formula has no value, or not the kind that was demanded.
    Point {
        /// Its place in the columns, from 0.
        point: usize,
        /// What is wrong, with the values of the point.
        message: String,
    },
}

impl CompileError {
    /// The error in words.
    pub fn message(&self, symbols: &Symbols) -> String {
        match self {
            CompileError::Unbound(missing) => {
                let names: Vec<&str> = missing.iter().map(|sym| symbols.name(*sym)).collect();
                format!(
                    "no value for {}: give values, or make columns of them",
                    names.join(", ")
                )
            }
            CompileError::Twice(sym) => format!("`{}` is two columns", symbols.name(*sym)),
            CompileError::Broken(message) => message.clone(),
            CompileError::Limit(limit) => limit.to_string(),
        }
    }
}

impl From<LimitError> for CompileError {
    fn from(limit: LimitError) -> CompileError {
        CompileError::Limit(limit)
    }
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointError::Columns { expected, given } => write!(
                f,
                "the formula was compiled for {expected} columns, and {given} are given"
            ),
            PointError::Length {
                column,
                expected,
                given,
            } => write!(
                f,
                "the column of `{column}` has {given} points instead of {expected}"
            ),
            PointError::Point { point, message } => write!(f, "point {point}: {message}"),
        }
    }
}

impl std::error::Error for PointError {}

impl Poly {
    /// The formula made ready for many points: values of `columns` come in columns, those of all other symbols are in
    /// `values` or follow from definitions. Its value may be any number.
    ///
    /// ```
    /// use dotledger::sym::{Bindings, Context, Domain, Symbols, parse_poly};
    ///
    /// let mut symbols = Symbols::new();
    /// let [t, w] = ["T", "W"].map(|name| symbols.declare(name, Domain::default()).expect("a new name"));
    /// let pairs = parse_poly("T*min(T, W)", &mut Context::new(&symbols)).expect("a formula");
    /// let compiled = pairs.compile(&[t], &Bindings::from_iter([(w, 128)]), &symbols).expect("all have values");
    /// let mut out = [0.0; 3];
    /// compiled.eval_f64(&[&[64.0, 128.0, 256.0]], &mut out).expect("positive integers");
    /// assert_eq!(out, [4096.0, 16384.0, 32768.0]);
    /// ```
    ///
    /// # Errors
    /// When a symbol has no value, or a limit is exceeded.
    pub fn compile(
        &self,
        columns: &[Sym],
        values: &Bindings,
        symbols: &Symbols,
    ) -> Result<Compiled, CompileError> {
        Compiled::new(self, columns, values, symbols, Demands::default())
    }
}

impl Compiled {
    /// A formula made ready for many points, at all of which the demands must hold.
    ///
    /// # Errors
    /// When a symbol has no value, a condition holds at no point, or a limit is exceeded.
    pub fn new(
        poly: &Poly,
        columns: &[Sym],
        values: &Bindings,
        symbols: &Symbols,
        demands: Demands,
    ) -> Result<Compiled, CompileError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|sym| !seen.insert(**sym)) {
            return Err(CompileError::Twice(*twice));
        }
        let numbers = values
            .iter()
            .filter(|(sym, _)| !seen.contains(sym))
            .map(|(sym, value)| (sym, value.clone()))
            .collect();
        let mut source = Source {
            poly: poly.clone(),
            columns: columns.to_vec(),
            domains: columns.iter().map(|sym| symbols.domain(*sym)).collect(),
            in_domain: columns
                .iter()
                .map(|sym| Condition::in_domain(*sym, symbols))
                .collect(),
            numbers,
            symbols: symbols.clone(),
            demands,
        };
        source.decide_conditions()?;

        let mut builder = source.builder();
        let ratio = builder.ratio(poly)?;
        if !builder.missing.is_empty() {
            return Err(CompileError::Unbound(builder.missing.into_iter().collect()));
        }
        let mut whole = std::mem::take(&mut builder.whole);
        let result = builder.quotient(ratio);
        let (code, values) = builder.finish();
        let roundings = rounds::roundings(&code, values, result);
        let float = Program::new(code, values, &[result]);
        let float = float.in_numbers(machine::Number::from_coeff);

        let exact = Whole::new(&source, true, &[])?;
        let mut audited = Vec::new();
        if source.demands.count && !source.proves_count() {
            whole.push(poly.clone());
            audited.push(Condition::AtLeast(poly.clone(), Poly::zero()));
        }
        audited.extend(whole.into_iter().map(Condition::Integer));
        let audit = Whole::new(&source, false, &audited)?;
        Ok(Compiled {
            // Each number is near some `f64`.
            float: float.ok_or(LimitError::Bits)?,
            result,
            roundings,
            exact,
            audit: (!audit.is_idle()).then_some(audit),
            source,
        })
    }

    /// The symbols whose values come in columns, in their order.
    pub fn columns(&self) -> &[Sym] {
        &self.source.columns
    }

    /// How often a number on the way to an `f64` is rounded at most; nothing where it depends on the values, as in a power
    /// with a symbolic exponent or a sum without closed form.
    ///
    /// Where this is `k`, the error of a value is at most `k * 2^-53` of the sum of the magnitudes of the formula's terms, but for
    /// what is below `2^-106` of it: that sum with all minus signs made plus, and of a `min` the larger argument. This holds as
    /// long as what is rounded down to integers is computed without error, as integers below `2^51` are.
    pub fn roundings(&self) -> Option<u32> {
        self.roundings
    }

    /// The values in `f64`, one for each point. Counts of at most `2^53` are exact if all that is computed on the way is an
    /// integer of at most that size; others are rounded, see [`Compiled::roundings`]. A value may be near some `f64` where the
    /// exact one is too long for a limit.
    ///
    /// # Errors
    /// When columns or their lengths do not fit, and at the first point that is not an integer point of the domains, where
    /// something demanded does not hold, or where the formula has no value.
    pub fn eval_f64(&self, columns: &[&[f64]], out: &mut [f64]) -> Result<(), PointError> {
        self.source.fit(columns, Some(out.len()))?;
        let mut machine = Machine::new(&self.float);
        let mut audit = self.audit.as_ref().map(Whole::machines);
        let mut numbers = None;
        let mut faults = [false; BLOCK];
        let mut points: Vec<&[f64]> = Vec::with_capacity(columns.len());
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let from = block * BLOCK;
            let faults = &mut faults[..out.len()];
            faults.fill(false);
            points.clear();
            points.extend(columns.iter().map(|column| &column[from..from + out.len()]));
            self.source.screen(&points, faults);
            if let Some(audit) = &mut audit {
                audit.check(&points, faults);
            }
            machine.run_into(self.result, out, &points, faults);
            if float::any_endless(out) {
                for (fault, value) in faults.iter_mut().zip(&*out) {
                    *fault |= !value.is_finite();
                }
            }
            if faults.contains(&true) {
                for (at, out) in out.iter_mut().enumerate().filter(|(at, _)| faults[*at]) {
                    let exact = self.source.float_point(&mut numbers, &points, at);
                    let fail = |message| PointError::Point {
                        point: from + at,
                        message,
                    };
                    *out = exact.map_err(fail)?.to_f64();
                }
            }
        }
        Ok(())
    }

    /// The exact values, one for each point: machine integers where these suffice, and integers of any size, or fractions
    /// where these are allowed, where they do not. What was in `out` is replaced.
    ///
    /// # Errors
    /// When columns or their lengths do not fit, and at the first point outside of the domains, where something demanded does
    /// not hold, or where the formula has no value.
    pub fn eval_exact<T: Copy + Into<i128>>(
        &self,
        columns: &[&[T]],
        out: &mut Vec<Coeff>,
    ) -> Result<(), PointError> {
        self.source.fit(columns, None)?;
        out.clear();
        // A formula without columns has one point.
        let points = columns.first().map_or(1, |column| column.len());
        out.reserve(points);
        let mut machines = self.exact.machines();
        let mut numbers = None;
        let mut results = Vec::with_capacity(BLOCK);
        let mut block: Vec<&[T]> = Vec::with_capacity(columns.len());
        for from in (0..points).step_by(BLOCK) {
            let to = points.min(from + BLOCK);
            block.clear();
            block.extend(columns.iter().map(|column| &column[from..to]));
            machines.values(&block, &self.source.domains, to - from, &mut results);
            for (at, result) in results.drain(..).enumerate() {
                out.push(match result {
                    Some(value) => value,
                    None => {
                        let values = block.iter().map(|column| IBig::from(column[at].into()));
                        let settled = self.source.settle(&mut numbers, values);
                        settled.map_err(|message| PointError::Point {
                            point: from + at,
                            message,
                        })?
                    }
                });
            }
        }
        Ok(())
    }
}

impl Source {
    fn builder(&self) -> Builder<'_> {
        Builder::new(&self.columns, &self.numbers, &self.symbols)
    }

    /// Drops the conditions that hold at all points, and finds those that hold at none.
    fn decide_conditions(&mut self) -> Result<(), CompileError> {
        let mut open = Conditions::new();
        for condition in &self.demands.conditions {
            let mut alone = Conditions::new();
            alone.insert(condition.clone());
            if let Some(message) = alone.broken(&self.numbers, &self.symbols) {
                return Err(CompileError::Broken(message));
            }
            let decided = condition.holds(&self.numbers, &self.symbols) == Ok(true);
            let columns_alone = condition
                .symbols()
                .iter()
                .all(|sym| self.columns.contains(sym));
            if decided || columns_alone && condition.is_trivial(&self.symbols) {
                continue;
            }
            open.insert(condition.clone());
        }
        self.demands.conditions = open;
        Ok(())
    }

    /// Whether the value is a count wherever the columns are in their domains.
    fn proves_count(&self) -> bool {
        let mut cx = Context::without_assumptions(&self.symbols);
        let in_domain = |sym: &Sym| {
            let domain = self.symbols.domain(*sym);
            let within = |value: &IBig| {
                *value >= domain.min.into() && domain.max.is_none_or(|max| *value <= max.into())
            };
            self.columns.contains(sym) || self.numbers.get(*sym).is_some_and(within)
        };
        self.poly.symbols().iter().all(in_domain)
            && cx.proves_integer(&self.poly)
            && cx.proves_nonnegative(&self.poly)
    }

    fn fit<T>(&self, columns: &[&[T]], points: Option<usize>) -> Result<(), PointError> {
        if columns.len() != self.columns.len() {
            return Err(PointError::Columns {
                expected: self.columns.len(),
                given: columns.len(),
            });
        }
        let first = columns.first().map_or(0, |column| column.len());
        let expected = points.unwrap_or(first);
        let odd = columns.iter().position(|column| column.len() != expected);
        odd.map_or(Ok(()), |at| {
            Err(PointError::Length {
                column: self.symbols.name(self.columns[at]).to_owned(),
                expected,
                given: columns[at].len(),
            })
        })
    }

    /// Sets the faults of points that are not integers in the domains.
    fn screen(&self, points: &[&[f64]], faults: &mut [bool]) {
        for (column, domain) in points.iter().zip(&self.domains) {
            let (min, max) = float::range(*domain);
            if float::suspicious(column, min, max) {
                for (fault, value) in faults.iter_mut().zip(*column) {
                    *fault |= float::outside(*value, min, max);
                }
            }
        }
    }

    /// The exact value at a point given in `f64`.
    fn float_point(
        &self,
        numbers: &mut Option<Bindings>,
        points: &[&[f64]],
        at: usize,
    ) -> Result<Coeff, String> {
        let mut values = Vec::with_capacity(points.len());
        for (column, sym) in points.iter().zip(&self.columns) {
            let value = column[at];
            let integer = float::to_integer(value);
            let name = self.symbols.name(*sym);
            values.push(integer.ok_or_else(|| format!("`{name}` = {value} is not an integer"))?);
        }
        self.settle(numbers, values.into_iter())
    }

    /// The exact value at a point, or what is wrong there. `numbers` are those of the last point.
    fn settle(
        &self,
        numbers: &mut Option<Bindings>,
        values: impl Iterator<Item = IBig>,
    ) -> Result<Coeff, String> {
        let numbers = numbers.get_or_insert_with(|| self.numbers.clone());
        for (sym, value) in self.columns.iter().zip(values) {
            numbers.insert(*sym, value);
        }
        let symbols = &self.symbols;
        if let Some(message) = self.in_domain.broken(numbers, symbols) {
            return Err(message);
        }
        let value = if self.demands.count {
            let count = self.poly.eval_count(numbers, symbols);
            count.map(Coeff::from)
        } else {
            self.poly.eval(numbers, symbols)
        };
        let value = value.map_err(|error| error.message(symbols))?;
        let broken = self.demands.conditions.broken(numbers, symbols);
        broken.map_or(Ok(value), Err)
    }
}
