//! The ledger of the library beside what walks counted: every difference, with both sides of it.
//!
//! It evaluates formulas, and must never know how one is made.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::matching::Class;
use super::walk::{Count, Entry, Reads, Run};
use crate::ledger::{Ledger, Row};
use crate::part::Mixing;
use crate::shape::Shape;
use crate::sym::{Bindings, Coeff, Context, Form, Poly, Subst, Sym, Syntax, print};
use crate::work::{Bound, Length};

/// What all passes of a stage came to.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The name of the stage.
    pub stage: String,
    /// How many passes it took.
    pub passes: usize,
    /// Its passes, added up.
    pub run: Run,
}

/// Something that the ledger says and a walk does not find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The rows, by path; none for totals.
    pub rows: Vec<String>,
    /// What is compared: `macs`.
    pub what: String,
    /// The formulas of the ledger, where it has some.
    pub formula: Option<String>,
    /// What they come to.
    pub ledger: String,
    /// What was walked.
    pub walked: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            write!(f, "{}: ", self.rows.join(", "))?;
        }
        let Difference {
            what,
            ledger,
            walked,
            ..
        } = self;
        write!(f, "{what}: the ledger says {ledger}, the walk {walked}")
    }
}

/// A ledger beside walks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is not the same.
    pub differences: Vec<Difference>,
    /// How many numbers, shapes and words were compared.
    pub compared: usize,
}

/// Compares a ledger at some numbers with walks of its stages at the same, FLOPs being so many a MAC.
pub fn compare(
    ledger: &Ledger,
    values: &Bindings,
    stages: &[Walked],
    flops_per_mac: u64,
) -> Comparison {
    let mut compare = Compare {
        ledger,
        values: values.clone(),
        flops_per_mac,
        rows: Vec::new(),
        found: Comparison::default(),
    };
    let known = |stage: &str| stages.iter().any(|walked| walked.stage == stage);
    for row in &ledger.rows {
        // A phase of one stage has a name for it that no walk needs to know.
        if stages.len() > 1 && !known(&row.stage) {
            compare.rows = vec![row.path.clone()];
            compare.say("stage", None, &*row.stage, "nothing");
        }
    }
    for (at, walked) in stages.iter().enumerate() {
        let ends = (at == 0, at + 1 == stages.len());
        for class in compare.classes(walked, stages.len() > 1) {
            compare.rows = class.rows.iter().map(|row| row.path.clone()).collect();
            compare.class(&class, ends);
        }
    }
    compare.rows = Vec::new();
    compare.totals(stages);
    compare.found
}

/// Paths that the ledger calls horizontal, each with whether a walk saw two positions there.
pub fn witnesses(ledger: &Ledger, run: &Run, seen: &mut BTreeMap<String, bool>) {
    for row in &ledger.rows {
        if row.mixing == Mixing::Horizontal {
            let entry = run.entry(&row.path);
            let walked = entry.is_some_and(|entry| entry.count.sight.horizontal);
            *seen.entry(row.path.clone()).or_default() |= walked;
        }
    }
}

/// The least, the greatest and the mean length that was walked, where there are dots.
fn lengths(walked: &Count) -> Option<[Coeff; 3]> {
    let (min, _) = walked.lengths.first_key_value()?;
    let (max, _) = walked.lengths.last_key_value()?;
    let mean = whole(walked.macs()).checked_div(&whole(walked.dots()))?;
    Some([whole(*min), whole(*max), mean])
}

/// A walked number as the algebra writes it.
fn whole(value: u64) -> Coeff {
    Coeff::from(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) struct Compare<'l> {
    pub(super) ledger: &'l Ledger,
    values: Bindings,
    flops_per_mac: u64,
    /// The rows that are compared.
    pub(super) rows: Vec<String>,
    found: Comparison,
}

type Pick = fn(&Row) -> &Poly;

impl<'l> Compare<'l> {
    pub(super) fn say(
        &mut self,
        what: &str,
        formula: Option<String>,
        ledger: impl Into<String>,
        walked: impl Into<String>,
    ) {
        self.found.differences.push(Difference {
            rows: self.rows.clone(),
            what: what.to_owned(),
            formula,
            ledger: ledger.into(),
            walked: walked.into(),
        });
    }

    fn check<T: PartialEq + fmt::Debug + ?Sized>(&mut self, what: &str, ledger: &T, walked: &T) {
        self.found.compared += 1;
        if ledger != walked {
            self.say(what, None, format!("{ledger:?}"), format!("{walked:?}"));
        }
    }

    /// A formula of the ledger beside the number that it should come to.
    fn number(&mut self, what: &str, poly: &Poly, walked: &Coeff) {
        self.found.compared += 1;
        let symbols = &self.ledger.symbols;
        let told = match poly.eval(&self.values, symbols) {
            Ok(value) if value == *walked => return,
            Ok(value) => value.to_string(),
            Err(error) => error.message(symbols),
        };
        let formula = print(poly, symbols, Form::Expanded, Syntax::Ascii);
        self.say(what, Some(formula), told, walked.to_string());
    }

    /// The numbers of a shape in the given rounds.
    pub(super) fn shape(
        &self,
        shape: &Shape,
        puts: &Subst,
        rounds: &[(Sym, i64)],
    ) -> Result<Vec<usize>, String> {
        let symbols = &self.ledger.symbols;
        let mut values = self.values.clone();
        for (number, round) in rounds {
            values.insert(*number, *round);
        }
        let mut cx = Context::new(symbols);
        let mut dims = Vec::new();
        for axis in shape.axes() {
            let put = cx.substitute(axis.dim.poly(), puts);
            let put = put.map_err(|error| error.message(symbols))?;
            let dim = put.eval_count(&values, symbols);
            let dim = dim.map_err(|error| error.message(symbols))?;
            dims.push(usize::try_from(dim).map_err(|_| String::from("a long axis"))?);
        }
        Ok(dims)
    }

    /// Compares rows with what was walked for them, in the first or the last stage or neither.
    fn class(&mut self, class: &Class<'_>, (first, last): (bool, bool)) {
        let mut walked = Count::default();
        let mut runs = Coeff::from(0);
        for entry in &class.entries {
            walked.add(&entry.count);
            runs = &runs + &entry.runs;
        }
        let sum = |pick: Pick| Poly::sum(class.rows.iter().map(|row| pick(row).clone()));
        self.number("repeat", &sum(|row| &row.repeat), &runs);
        // Parameters are entered with the first stage, and caches are looked at when the last is over.
        let weights = walked.weights.values().sum();
        let params = if first { weights } else { 0 };
        let (cached, state) = match last {
            true => (walked.store.cached, walked.store.state),
            false => (0, 0),
        };
        let amounts: [(&str, Pick, u64); 9] = [
            ("dots", |row| row.amounts.dots.poly(), walked.dots()),
            ("macs", |row| row.amounts.macs.poly(), walked.macs()),
            (
                "flops",
                |row| row.amounts.flops.poly(),
                self.flops_per_mac * walked.macs(),
            ),
            ("params", |row| row.amounts.params.poly(), params),
            (
                "all elementwise",
                |row| row.amounts.elementwise.poly(),
                walked.operations(),
            ),
            ("scalars cached", |row| row.amounts.cached.poly(), cached),
            ("scalars of state", |row| row.amounts.state.poly(), state),
            (
                "scalars read",
                |row| row.amounts.cache_read.poly(),
                walked.store.read,
            ),
            (
                "scalars written",
                |row| row.amounts.cache_written.poly(),
                walked.store.written,
            ),
        ];
        for (what, pick, walked) in amounts {
            self.number(what, &sum(pick), &whole(walked));
        }
        self.kinds(class, &walked);
        self.reads(class);
        for row in &class.rows {
            for entry in &class.entries {
                self.check("op", &*row.op, &*entry.op.to_lowercase());
                self.check("part", &row.part, &entry.part);
                self.shapes(row, entry);
            }
            if !class.entries.is_empty() {
                self.length(row, &walked);
                self.weights(row, class);
            }
        }
        let vertical = |row: &&Row| row.mixing == Mixing::Vertical;
        if walked.sight.horizontal && class.rows.iter().any(vertical) {
            self.say("mixing", None, "vertical", "two positions in one output");
        }
    }

    /// Weights that are read: by chance, at the least, and not more than at the most.
    fn reads(&mut self, class: &Class<'_>) {
        let mut walked = Reads::default();
        let entries = class.entries.iter();
        entries.for_each(|entry| walked.add(&entry.reads));
        let sum = |bound: Bound| {
            let rows = class.rows.iter();
            let read = rows.filter_map(|row| row.weights_read.as_deref());
            Poly::sum(read.map(|bounds| bounds.get(bound).clone()))
        };
        self.number("weights read at least", &sum(Bound::Lower), &walked.lower);
        self.number(
            "weights read in the mean",
            &sum(Bound::Expected),
            &walked.expected,
        );
        let upper = sum(Bound::Upper);
        let most = upper.eval(&self.values, &self.ledger.symbols);
        if most.is_ok_and(|most| most < walked.expected) {
            self.number("weights read at most", &upper, &walked.expected);
        }
    }

    /// Elementwise operations by kind.
    fn kinds(&mut self, class: &Class<'_>, walked: &Count) {
        let mut kinds: BTreeMap<&str, Vec<Poly>> = BTreeMap::new();
        for (kind, count) in class.rows.iter().flat_map(|row| &row.elementwise) {
            kinds
                .entry(kind.word())
                .or_default()
                .push(count.poly().clone());
        }
        for kind in walked.elementwise.keys() {
            kinds.entry(kind).or_default();
        }
        for (kind, counts) in kinds {
            let counted = walked.elementwise.get(kind).copied().unwrap_or(0);
            self.number(kind, &Poly::sum(counts), &whole(counted));
        }
    }

    /// Each shape that a row gives beside those that its node had.
    fn shapes(&mut self, row: &Row, entry: &Entry) {
        for shapes in &entry.shapes {
            let said = |shape: &Shape| self.shape(shape, &row.phase, &shapes.rounds);
            let output = said(&row.output);
            let inputs: Vec<_> = row.inputs.iter().map(|shape| said(shape)).collect();
            self.check("output", &output, &Ok(shapes.output.clone()));
            let walked: Vec<_> = shapes.inputs.iter().cloned().map(Ok).collect();
            self.check("inputs", &inputs, &walked);
        }
    }

    /// The least, the greatest and the mean length, where there are dots.
    fn length(&mut self, row: &Row, walked: &Count) {
        let Some([min, max, mean]) = lengths(walked) else {
            return;
        };
        match &row.length {
            None => self.say("length", None, "nothing", "dots"),
            Some(Length::Fixed(length)) => {
                for (what, walked) in [("least length", min), ("greatest length", max)] {
                    self.number(what, length, &walked);
                }
            }
            Some(Length::Varies {
                min: least,
                max: greatest,
                mean: middle,
            }) => {
                self.number("least length", least, &min);
                self.number("greatest length", greatest, &max);
                // Where it is no polynomial a ledger does not give it.
                if let Some(middle) = middle {
                    self.number("mean length", middle, &mean);
                }
            }
        }
    }

    /// The weights that a row shows beside its inputs hold as many scalars as were contracted with.
    fn weights(&mut self, row: &Row, class: &Class<'_>) {
        let symbols = &self.ledger.symbols;
        for entry in &class.entries {
            // In rounds of different sizes each copy is of its own.
            let [shapes] = entry.shapes.as_slice() else {
                continue;
            };
            if !shapes.rounds.is_empty() {
                continue;
            }
            let mut cx = Context::new(symbols);
            let shown = row
                .weights
                .iter()
                .map(|dims| cx.substitute(&Poly::product(&**dims), &row.phase));
            match shown.collect::<Result<Vec<_>, _>>() {
                Ok(shown) => {
                    let copies = whole(entry.copies);
                    let owned = entry.count.weights.get("weight").copied().unwrap_or(0);
                    let all = Poly::sum(shown).scale(&copies);
                    self.number("scalars of the weights in all copies", &all, &whole(owned));
                }
                Err(error) => self.say("weights", None, error.message(symbols), "sizes"),
            }
        }
    }

    /// What everything amounts to.
    fn totals(&mut self, stages: &[Walked]) {
        let total = self.ledger.total();
        let (Some(first), Some(last)) = (stages.first(), stages.last()) else {
            return;
        };
        let mut all = Count::default();
        let entries = stages.iter().flat_map(|walked| &walked.run.entries);
        entries.for_each(|entry| all.add(&entry.count));
        let mut end = Count::default();
        let entries = last.run.entries.iter();
        entries.for_each(|entry| end.store.add(&entry.count.store));
        let numbers = [
            ("total dots", total.dots.poly(), all.dots()),
            ("total macs", total.macs.poly(), all.macs()),
            (
                "total flops",
                total.flops.poly(),
                self.flops_per_mac * all.macs(),
            ),
            (
                "total elementwise",
                total.elementwise.poly(),
                all.operations(),
            ),
            ("total params", total.params.poly(), first.run.params()),
            (
                "total active params",
                total.params_active.poly(),
                first.run.active_params(),
            ),
            ("total cached", total.cached.poly(), end.store.cached),
            ("total state", total.state.poly(), end.store.state),
            ("total read", total.cache_read.poly(), all.store.read),
            (
                "total written",
                total.cache_written.poly(),
                all.store.written,
            ),
        ];
        for (what, poly, walked) in numbers {
            self.number(what, poly, &whole(walked));
        }
        let result = self.shape(&self.ledger.result, &self.ledger.phase, &[]);
        self.check("result", &result, &Ok(last.run.result.clone()));
    }
}
