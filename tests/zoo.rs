//! The zoo against the published code: each configuration of `tests/zoo` is imported, and its model must count exactly what
//! PyTorch counted on the real one (`tests/zoo/README.md`).
//!
//! What was compared is the table of coverage in the README; `README_UPDATE=1 cargo test --test zoo` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use dashu_int::IBig;
use dotledger::dtype::Dtype;
use dotledger::import::{Imported, ZOO, import};
use dotledger::ledger::Ledger;
use dotledger::{Formula, Model, Profile};
use serde_json::Value;

/// A configuration with what was measured on its model.
struct Measured {
    name: String,
    config: String,
    counts: Value,
}

/// All of them: those that we measured, and those that others did.
fn measured() -> Vec<Measured> {
    let mut found = Vec::new();
    for folder in ["tests/zoo", "tests/zoo/others"] {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let file = path
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            let Some(name) = file.strip_suffix(".config.json") else {
                continue;
            };
            let counts = text(&path.with_file_name(format!("{name}.json")));
            found.push(Measured {
                name: name.to_owned(),
                config: text(&path),
                counts: serde_json::from_str(&counts).expect("a measurement is JSON"),
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is compared of a model.
const KINDS: [&str; 4] = ["parameters", "forward", "decode", "cache"];

/// How many comparisons of each kind there were, and how many were equal.
type Tally = [(usize, usize); 4];

fn count(value: &Value) -> Option<IBig> {
    value.as_u64().map(IBig::from)
}

fn ledger(model: &Model, phase: &str) -> Ledger {
    let profile = Profile::shipped("torch").expect("the profile is shipped");
    let ledger = model
        .ledger(phase, &profile)
        .unwrap_or_else(|errors| panic!("{errors}"));
    model
        .check_values(&ledger)
        .unwrap_or_else(|errors| panic!("{errors}"));
    ledger
}

fn number(formula: &Formula) -> IBig {
    formula.at(&[]).unwrap_or_else(|error| panic!("{error}"))
}

/// The sizes that a point gives.
fn sizes(point: &Value) -> Vec<(String, String)> {
    let named = ["B", "T", "S"].into_iter();
    let sizes = named.filter_map(|name| Some((name.to_owned(), point[name].as_u64()?.to_string())));
    sizes.collect()
}

/// Compares a model with what was measured; what differs is said.
fn compare(measured: &Measured, imported: &Imported<'_>, differs: &mut Vec<String>) -> Tally {
    let mut tally = Tally::default();
    let counts = &measured.counts;
    let points = |kind: &str| counts[kind].as_array().into_iter().flatten();
    let mut settle = |kind: usize, at: &str, got: IBig, wanted: &[Option<IBig>]| {
        tally[kind].1 += 1;
        if wanted.contains(&Some(got.clone())) {
            tally[kind].0 += 1;
            return;
        }
        let kind = KINDS[kind];
        differs.push(format!(
            "{} {kind} {at}: {wanted:?}, not {got}",
            measured.name
        ));
    };
    let model = |point: &Value| {
        let model = imported.model(sizes(point));
        model.unwrap_or_else(|errors| panic!("{}: {errors}", measured.name))
    };
    let first = points("forward").next().cloned();
    let first = first.unwrap_or_else(|| serde_json::json!({"B": 1, "T": 1000}));
    let params = number(&ledger(&model(&first), "forward").params());
    let also = counts["params_also"].as_array().into_iter().flatten();
    let wanted: Vec<Option<IBig>> = also.chain([&counts["params"]]).map(count).collect();
    settle(0, "", params, &wanted);
    if counts["forward_comparable"] == Value::Bool(false) {
        return tally;
    }
    for (kind, phase) in [(1, "forward"), (2, "decode")] {
        for point in points(phase) {
            let macs = number(&ledger(&model(point), phase).macs());
            let whole = count(&point["macs"]).expect("a count");
            // The table of rotary angles, which some classes make by a product, may be left out.
            let rotary = count(&point["rotary_table_macs"]).unwrap_or_default();
            let without = &whole - rotary;
            settle(
                kind,
                &format!("{:?}", sizes(point)),
                macs,
                &[Some(whole), Some(without)],
            );
        }
    }
    for point in points("kv_cache") {
        let bytes = ledger(&model(point), "prefill").kv_cache_bytes(Dtype::BF16);
        let wanted = count(&point["bytes_bf16"]);
        settle(3, &format!("{:?}", sizes(point)), number(&bytes), &[wanted]);
    }
    tally
}

#[test]
fn every_family_counts_what_the_published_code_does() {
    let mut differs = Vec::new();
    let mut coverage: BTreeMap<String, (String, usize, Tally)> = BTreeMap::new();
    for measured in measured() {
        let imported = import(&measured.name, &measured.config, None)
            .unwrap_or_else(|errors| panic!("{errors}"));
        let tally = compare(&measured, &imported, &mut differs);
        let family = imported.family.name.to_owned();
        let entry = coverage.entry(imported.origin.kind.clone());
        let (_, models, sum) = entry.or_insert_with(|| (family, 0, Tally::default()));
        *models += 1;
        for (sum, own) in sum.iter_mut().zip(tally) {
            *sum = (sum.0 + own.0, sum.1 + own.1);
        }
    }
    assert!(differs.is_empty(), "{}", differs.join("\n"));
    in_the_readme(&coverage);
}

/// The table of coverage stands in the README.
fn in_the_readme(coverage: &BTreeMap<String, (String, usize, Tally)>) {
    let mut table = String::from(
        "| `model_type` | family | models | parameters equal | forward equal | decode equal | cache equal |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (kind, (family, models, tally)) in coverage {
        let of = tally.map(|(equal, all)| match all {
            0 => String::new(),
            _ => format!("{equal} of {all}"),
        });
        let row = format!(
            "| `{kind}` | [{family}](models/{family}.ron) | {models} | {} |\n",
            of.join(" | ")
        );
        table.push_str(&row);
    }
    let (start, end) = ("<!-- coverage -->\n", "<!-- end of coverage -->\n");
    let readme = text(Path::new("README.md"));
    let (before, rest) = readme.split_once(start).expect("the table has a place");
    let (shown, after) = rest.split_once(end).expect("the place of the table ends");
    if std::env::var_os("README_UPDATE").is_some() {
        let made = format!("{before}{start}{table}{end}{after}");
        std::fs::write("README.md", made).expect("written");
    }
    assert_eq!(
        shown, table,
        "README_UPDATE=1 cargo test --test zoo writes the table"
    );
}

/// No shipped configuration leaves a key behind that nobody understands.
#[test]
fn every_key_of_a_published_configuration_is_understood() {
    let mut left = Vec::new();
    for measured in measured() {
        let imported = import(&measured.name, &measured.config, None)
            .unwrap_or_else(|errors| panic!("{errors}"));
        let notes = imported.origin.notes.iter();
        let unknown = notes.filter(|note| note.contains("not understood"));
        left.extend(unknown.map(|note| format!("{}: {note}", measured.name)));
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// A kind of configuration is mapped once.
#[test]
fn no_two_families_map_one_kind() {
    let mut known = BTreeSet::new();
    for family in ZOO {
        for kind in family.kinds() {
            assert!(known.insert(kind.clone()), "{kind} is mapped twice");
        }
    }
    assert!(!known.is_empty());
}

/// Every kind that a family maps was measured.
#[test]
fn every_kind_of_configuration_was_measured() {
    let measured: BTreeSet<String> = measured()
        .iter()
        .map(|measured| {
            let config: Value = serde_json::from_str(&measured.config).expect("JSON");
            config["model_type"].as_str().expect("a type").to_owned()
        })
        .collect();
    let kinds = ZOO.iter().flat_map(|family| family.kinds());
    let missing: Vec<String> = kinds.filter(|kind| !measured.contains(kind)).collect();
    assert!(missing.is_empty(), "not measured: {}", missing.join(", "));
}

/// The numbers beside the project are those that are kept here.
#[test]
fn the_numbers_of_others_are_kept_whole() {
    let beside = PathBuf::from("../shared/oracle");
    if !beside.is_dir() {
        // Not by `eprintln!`, which the test runner keeps to itself.
        let _ = writeln!(
            std::io::stderr(),
            "WARNING: {} IS NOT THERE; WHAT IS KEPT OF IT WAS NOT COMPARED WITH IT",
            beside.display()
        );
        return;
    }
    for entry in std::fs::read_dir(&beside).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".json") && name != "tables.json" {
            let kept = text(&Path::new("tests/zoo/others").join(&name));
            assert!(
                kept == text(&path),
                "{name} differs from what is kept of it"
            );
        }
    }
}
