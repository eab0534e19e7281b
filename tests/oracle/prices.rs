//! FLOPs under a profile that prices everything, beside the same prices of what a walk counted.

use dotledger::Profile;
use dotledger::part::Part;

use crate::harness::Bench;
use crate::models::{largest, shipped};
use crate::sample::{Random, small};
use dotledger::verify::walk::Entry;

/// Every price is a prime of its own, so that one in the place of another shows.
const PRIMES: &str = r#"Profile(
    name: "primes",
    about: "everything has a price",
    source: "this test",
    masks: exact,
    flops_per_mac: 3,
    elementwise: (add: 5, mul: 7, div: 11, sqrt: 13, exp: 17, log: 53, tanh: 19, erf: 23, compare: 29),
    ops: (softmax: 31, norm: 37, topk: 41),
    vectors: 43,
    lookups: matmul,
    leaves_out: [out, position],
    backward: 46,
)"#;

const KINDS: [(&str, u64); 9] = [
    ("add", 5),
    ("mul", 7),
    ("div", 11),
    ("sqrt", 13),
    ("exp", 17),
    ("log", 53),
    ("tanh", 19),
    ("erf", 23),
    ("compare", 29),
];

/// What all runs of a node cost in a pass forward.
fn cost(entry: &Entry) -> u64 {
    if [Part::Out, Part::Position].contains(&entry.part) {
        return 0;
    }
    let elements = |dims: &[usize]| dims.iter().map(|size| *size as u64).product::<u64>();
    let [shapes] = entry.shapes.as_slice() else {
        panic!("{} is of one shape in a pass", entry.path);
    };
    let runs = entry
        .runs
        .to_integer()
        .and_then(|runs| u64::try_from(runs).ok());
    let runs = runs.expect("a number of runs");
    let table = shapes.inputs.first();
    let (read, made) = (
        table.map_or(0, |dims| elements(dims)) * runs,
        elements(&shapes.output) * runs,
    );
    let arithmetic = match entry.op {
        "Softmax" => 31 * read,
        "Norm" => 37 * read,
        "TopK" => 41 * read,
        _ => {
            let priced = KINDS.iter();
            let price = |(kind, price): &(&str, u64)| {
                entry
                    .count
                    .elementwise
                    .get(kind)
                    .map_or(0, |count| price * count)
            };
            priced.map(price).sum()
        }
    };
    let vectors = ["gain", "bias"]
        .iter()
        .filter(|vector| entry.count.weights.contains_key(*vector))
        .map(|_| made)
        .sum::<u64>();
    // A row of a table is a product with a row that is 1 in one place.
    let lookup = match (entry.op, table) {
        ("Gather", Some(table)) => made * table[0] as u64,
        _ => 0,
    };
    3 * (entry.count.macs() + lookup) + arithmetic + 43 * vectors
}

#[test]
fn every_shipped_model_costs_what_a_walk_adds_up() {
    let profile = Profile::parse("primes.ron", PRIMES).unwrap_or_else(|errors| panic!("{errors}"));
    for (name, text) in shipped() {
        let bench = Bench::new(&name, &text, &[]);
        let mut random = Random::new(17);
        for phase in bench.phases().iter().filter(|phase| *phase != "generate") {
            let ledger = bench.model.ledger(phase, &profile);
            let total = ledger.unwrap_or_else(|errors| panic!("{errors}")).flops();
            let mut compared = 0;
            while compared < 3 {
                let numbers = small(&bench.model, phase, &mut random, largest(&name));
                let Ok(stages) = bench.stages(phase, &numbers, true) else {
                    continue;
                };
                let flops = total.poly().eval_count(&numbers, bench.model.symbols());
                let entries = stages.iter().flat_map(|stage| &stage.run.entries);
                let walked: u64 = 47 * entries.map(cost).sum::<u64>();
                assert_eq!(flops, Ok(walked.into()), "{name} in {phase} at {numbers:?}");
                compared += 1;
            }
        }
    }
}
