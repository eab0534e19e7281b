//! The ledger of the library beside what a walk counted: every difference, in words.
//!
//! Rows and paths are matched by name. A block that is called from several places has its rows once, under the first of
//! them; a path without a row of its own is matched by node, part and shapes with the row that must speak for it, and
//! what they amount to is compared together.

use std::collections::BTreeMap;

use dotledger::Ledger;
use dotledger::ledger::Row;
use dotledger::part::Mixing;
use dotledger::sym::{Bindings, Coeff, Context, Poly};
use dotledger::work::Length;

use crate::concrete::{Count, Entry, Run};

/// A ledger with numbers for its symbols, which it reads as a user would.
struct Numbers<'l> {
    ledger: &'l Ledger,
    values: &'l Bindings,
}

impl Numbers<'_> {
    fn count(&self, poly: &Poly) -> Result<u64, String> {
        let value = poly
            .eval_count(self.values, &self.ledger.symbols)
            .map_err(|e| e.message(&self.ledger.symbols))?;
        u64::try_from(value).map_err(|_| String::from("a count beyond 64 bits"))
    }

    fn ratio(&self, poly: &Poly) -> Result<Coeff, String> {
        poly.eval(self.values, &self.ledger.symbols)
            .map_err(|e| e.message(&self.ledger.symbols))
    }

    fn shape(&self, shape: &dotledger::shape::Shape) -> Result<Vec<usize>, String> {
        let mut cx = Context::new(&self.ledger.symbols);
        let mut dims = Vec::new();
        for axis in shape.axes() {
            let put = cx.substitute(axis.dim.poly(), &self.ledger.phase);
            let put = put.map_err(|error| error.message(&self.ledger.symbols))?;
            dims.push(usize::try_from(self.count(&put)?).map_err(|_| String::from("a long axis"))?);
        }
        Ok(dims)
    }
}

/// What a row and the paths that it speaks for are, next to each other.
#[derive(Default)]
struct Class<'a> {
    rows: Vec<&'a Row>,
    entries: Vec<&'a Entry>,
}

/// Every difference between a ledger at some numbers and a walk at the same.
pub(crate) fn differences(
    ledger: &Ledger,
    values: &Bindings,
    run: &Run,
    flops_per_mac: u64,
) -> Vec<String> {
    let numbers = Numbers { ledger, values };
    let mut found = Vec::new();
    for class in classes(&numbers, run, &mut found) {
        let names: Vec<&str> = class.rows.iter().map(|row| row.path.as_str()).collect();
        let before = found.len();
        if let Err(error) = class_differences(&numbers, &class, flops_per_mac, &mut found) {
            found.push(error);
        }
        for difference in &mut found[before..] {
            *difference = format!("{}: {difference}", names.join(", "));
        }
    }
    if let Err(error) = totals(&numbers, run, flops_per_mac, &mut found) {
        found.push(format!("totals: {error}"));
    }
    found
}

/// Rows and entries that must be compared together.
fn classes<'a>(numbers: &Numbers<'a>, run: &'a Run, found: &mut Vec<String>) -> Vec<Class<'a>> {
    let rows = &numbers.ledger.rows;
    let mut leader: Vec<usize> = (0..rows.len()).collect();
    let mut homes: Vec<(usize, &Entry)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if rows[..at].iter().any(|other| other.path == row.path) {
            found.push(format!("two rows are called `{}`", row.path));
        }
    }
    for entry in &run.entries {
        let speaks = |row: &Row| {
            let node = row.path.rsplit('.').next() == Some(entry.node.as_str());
            node && *row.block == *entry.block
                && row.part == entry.part
                && numbers.shape(&row.output).as_ref() == Ok(&entry.output)
                && row.inputs.len() == entry.inputs.len()
                && row
                    .inputs
                    .iter()
                    .zip(&entry.inputs)
                    .all(|(row, walked)| numbers.shape(row).as_ref() == Ok(walked))
        };
        let own = rows.iter().position(|row| row.path == entry.path);
        let candidates: Vec<usize> = match own {
            Some(own) => vec![own],
            None => rows
                .iter()
                .enumerate()
                .filter(|(_, row)| speaks(row))
                .map(|(at, _)| at)
                .collect(),
        };
        let Some(first) = candidates.first() else {
            found.push(format!("`{}` ran, and no row speaks for it", entry.path));
            continue;
        };
        let root = leader[*first];
        for at in candidates.iter().map(|at| leader[*at]).collect::<Vec<_>>() {
            leader
                .iter_mut()
                .filter(|known| **known == at)
                .for_each(|known| *known = root);
        }
        homes.push((*first, entry));
    }
    let mut classes: BTreeMap<usize, Class<'a>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        classes.entry(leader[at]).or_default().rows.push(row);
    }
    for (row, entry) in homes {
        classes.entry(leader[row]).or_default().entries.push(entry);
    }
    classes.into_values().collect()
}

fn check<T: PartialEq + std::fmt::Debug>(
    what: &str,
    ledger: &T,
    walked: &T,
    found: &mut Vec<String>,
) {
    if ledger != walked {
        found.push(format!(
            "{what}: the ledger says {ledger:?}, the walk {walked:?}"
        ));
    }
}

fn class_differences(
    numbers: &Numbers<'_>,
    class: &Class<'_>,
    flops_per_mac: u64,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let mut walked = Count::default();
    class
        .entries
        .iter()
        .for_each(|entry| walked.add(&entry.count));
    let sum = |pick: fn(&Row) -> &Poly| {
        class
            .rows
            .iter()
            .map(|row| numbers.count(pick(row)))
            .sum::<Result<u64, _>>()
    };
    let runs = class.entries.iter().map(|entry| entry.runs).sum();
    check("repeat", &sum(|row| &row.repeat)?, &runs, found);
    check(
        "dots",
        &sum(|row| row.amounts.dots.poly())?,
        &walked.dots(),
        found,
    );
    check(
        "macs",
        &sum(|row| row.amounts.macs.poly())?,
        &walked.macs(),
        found,
    );
    check(
        "flops",
        &sum(|row| row.amounts.flops.poly())?,
        &(flops_per_mac * walked.macs()),
        found,
    );
    check(
        "params",
        &sum(|row| row.amounts.params.poly())?,
        &walked.weights.values().sum(),
        found,
    );
    check(
        "all elementwise",
        &sum(|row| row.amounts.elementwise.poly())?,
        &walked.operations(),
        found,
    );
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in class.rows.iter().flat_map(|row| &row.elementwise) {
        *kinds.entry(kind.word()).or_default() += numbers.count(count.poly())?;
    }
    kinds.retain(|_, count| *count > 0);
    type Pick = fn(&Row) -> &Poly;
    let store = &walked.store;
    let stored: [(&str, Pick, u64); 4] = [
        ("cached", |row| row.amounts.cached.poly(), store.cached),
        ("state", |row| row.amounts.state.poly(), store.state),
        ("read", |row| row.amounts.cache_read.poly(), store.read),
        (
            "written",
            |row| row.amounts.cache_written.poly(),
            store.written,
        ),
    ];
    for (what, pick, walked) in stored {
        check(&format!("scalars {what}"), &sum(pick)?, &walked, found);
    }
    check("elementwise", &kinds, &walked.elementwise, found);
    for row in &class.rows {
        for entry in &class.entries {
            check("op", &row.op, &entry.op.to_lowercase().into(), found);
            check("part", &row.part, &entry.part, found);
            check("output", &numbers.shape(&row.output)?, &entry.output, found);
            let inputs = row
                .inputs
                .iter()
                .map(|shape| numbers.shape(shape))
                .collect::<Result<Vec<_>, _>>()?;
            check("inputs", &inputs, &entry.inputs, found);
        }
        if !class.entries.is_empty() {
            length(numbers, row, &walked, found)?;
            weights(numbers, row, class, found)?;
        }
    }
    if walked.sight.horizontal && class.rows.iter().any(|row| row.mixing == Mixing::Vertical) {
        found.push(String::from(
            "mixing: the ledger says vertical, an output scalar sees two positions",
        ));
    }
    Ok(())
}

/// A walked number as the algebra writes it.
pub(crate) fn whole(value: u64) -> Coeff {
    Coeff::from(i64::try_from(value).expect("a small count"))
}

/// The least, the greatest and the mean length that was walked, where there are dots.
pub(crate) fn lengths(walked: &Count) -> Option<[Coeff; 3]> {
    let (min, _) = walked.lengths.first_key_value()?;
    let (max, _) = walked.lengths.last_key_value()?;
    let mean = whole(walked.macs()).checked_div(&whole(walked.dots()));
    Some([whole(*min), whole(*max), mean.expect("there are dots")])
}

/// The least, the greatest and the mean length, where there are dots.
fn length(
    numbers: &Numbers<'_>,
    row: &Row,
    walked: &Count,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let Some(walked) = lengths(walked) else {
        return Ok(());
    };
    let said = match &row.length {
        None => return Err(String::from("there are dots and no length")),
        Some(Length::Fixed(length)) => {
            let length = numbers.ratio(length)?;
            [length.clone(), length.clone(), length]
        }
        Some(Length::Varies { min, max, mean }) => [
            numbers.ratio(min)?,
            numbers.ratio(max)?,
            numbers.ratio(mean.as_ref().ok_or("there is a mean")?)?,
        ],
    };
    let words = |lengths: &[Coeff; 3]| lengths.each_ref().map(ToString::to_string);
    check(
        "least, greatest and mean length",
        &words(&said),
        &words(&walked),
        found,
    );
    Ok(())
}

/// The weights that a row shows beside its inputs hold as many scalars as were contracted with.
fn weights(
    numbers: &Numbers<'_>,
    row: &Row,
    class: &Class<'_>,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let mut shown = 0;
    for dims in &row.weights {
        let mut cx = Context::new(&numbers.ledger.symbols);
        let put = cx.substitute(&Poly::product(dims), &numbers.ledger.phase);
        shown += numbers.count(&put.map_err(|error| error.message(&numbers.ledger.symbols))?)?;
    }
    for entry in &class.entries {
        let owned = entry.count.weights.get("weight").copied().unwrap_or(0);
        check(
            "scalars of the weights in all copies",
            &(shown * entry.copies),
            &owned,
            found,
        );
    }
    Ok(())
}

fn totals(
    numbers: &Numbers<'_>,
    run: &Run,
    flops_per_mac: u64,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let total = numbers.ledger.total();
    let sum = |pick: fn(&Count) -> u64| {
        run.entries
            .iter()
            .map(|entry| pick(&entry.count))
            .sum::<u64>()
    };
    check(
        "total dots",
        &numbers.count(total.dots.poly())?,
        &sum(Count::dots),
        found,
    );
    check(
        "total macs",
        &numbers.count(total.macs.poly())?,
        &sum(Count::macs),
        found,
    );
    check(
        "total flops",
        &numbers.count(total.flops.poly())?,
        &(flops_per_mac * sum(Count::macs)),
        found,
    );
    check(
        "total elementwise",
        &numbers.count(total.elementwise.poly())?,
        &sum(Count::operations),
        found,
    );
    check(
        "total params",
        &numbers.count(total.params.poly())?,
        &run.params(),
        found,
    );
    check(
        "total active params",
        &numbers.count(total.params_active.poly())?,
        &run.active_params(),
        found,
    );
    check(
        "result",
        &numbers.shape(&numbers.ledger.result)?,
        &run.result,
        found,
    );
    Ok(())
}

/// Paths that the ledger calls horizontal, each with whether a walk saw two positions there.
pub(crate) fn witnesses(ledger: &Ledger, run: &Run, seen: &mut BTreeMap<String, bool>) {
    for row in ledger
        .rows
        .iter()
        .filter(|row| row.mixing == Mixing::Horizontal)
    {
        let walked = run
            .entry(&row.path)
            .is_some_and(|entry| entry.count.sight.horizontal);
        *seen.entry(row.path.clone()).or_default() |= walked;
    }
}
