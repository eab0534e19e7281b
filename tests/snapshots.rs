//! What the shipped models look like: shapes, ledger, formulas and numbers, one snapshot a view and a model.
//!
//! Snapshots keep behaviour; that it is right is what `tests/oracle` and `tests/truth.rs` say. Review changes with
//! `cargo insta review`.

use std::fmt::Write;

use dotledger::dtype::Dtype;
use dotledger::formula::FormulaError;
use dotledger::report::{Format, Style, render};
use dotledger::summary::{Asked, summarize};
use dotledger::sym::{Form, Syntax};
use dotledger::{Formula, Ledger, Model, Options, Profile};

/// Takes a snapshot of a view of every file in `models/`.
fn each_model(view: &str, look: fn(&str, &str) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../models", "*.ron", |path| {
            let text = std::fs::read_to_string(path).expect("the model is there");
            let name = path.file_name().expect("a file").to_string_lossy();
            insta::assert_snapshot!(view, look(&name, &text));
        });
    });
}

fn read(name: &str, text: &str, options: &Options) -> Model {
    Model::read(name, text, options).unwrap_or_else(|errors| panic!("{errors}"))
}

fn ledger(model: &Model, phase: &str) -> Ledger {
    model
        .ledger(phase, &Profile::exact())
        .unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn shapes_of_every_model() {
    each_model("shapes", |name, text| {
        let model = read(name, text, &Options::default());
        let mut out = String::new();
        for row in &ledger(&model, "forward").rows {
            let inputs: Vec<String> = row
                .inputs
                .iter()
                .map(|shape| shape.show(model.symbols()))
                .collect();
            let output = row.output.show(model.symbols());
            let arrow = if inputs.is_empty() { "" } else { " " };
            let _ = writeln!(
                out,
                "{} = {}: {}{arrow}-> {output}",
                row.path,
                row.op,
                inputs.join(", ")
            );
        }
        out
    });
}

#[test]
fn ledger_of_every_model() {
    each_model("ledger", |name, text| {
        let model = read(name, text, &Options::default());
        let mut out = String::new();
        for phase in model.phases() {
            let ledger = ledger(&model, phase);
            let asked = Asked {
                phase,
                profile: &Profile::exact(),
                dtype: Dtype::BF16,
                preset: None,
                basis: &[],
                against: None,
            };
            let summary =
                summarize(&model, &ledger, &asked).unwrap_or_else(|error| panic!("{error}"));
            out.push_str(&render(&summary, Format::Table, &Style::default()));
            out.push('\n');
        }
        out
    });
}

#[test]
fn formulas_of_every_model() {
    each_model("formulas", |name, text| {
        let model = read(name, text, &Options::default());
        let mut out = String::new();
        for phase in model.phases() {
            let ledger = ledger(&model, phase);
            let mut say = |what: &str, formula: &Formula| {
                let _ = writeln!(out, "{phase} {what} = {formula}");
                let factored = formula.text(Form::Factored, Syntax::Unicode);
                let _ = writeln!(
                    out,
                    "{:width$} = {factored}",
                    "",
                    width = phase.len() + 1 + what.len()
                );
            };
            say("dots", &ledger.dots());
            say("macs", &ledger.macs());
            say("flops", &ledger.flops());
            say("params", &ledger.params());
            for (part, _) in ledger.groups(|row| row.part) {
                let rows = ledger.only(|row| row.part == part);
                if !rows.macs().poly().is_zero() {
                    say(&format!("macs of {part}"), &rows.macs());
                }
            }
            let _ = writeln!(
                out,
                "{phase} valid when {}\n",
                ledger.macs().valid_when().join(", ")
            );
        }
        out
    });
}

/// Values for what a preset leaves open: all of a small request.
const OPEN: [(&str, &str); 6] = [
    ("B", "1"),
    ("T", ""),
    ("N", "24"),
    ("C", "128"),
    ("P", "872"),
    ("S", "512"),
];

/// Contexts of which the first is taken that a model has positions for.
const CONTEXTS: [&str; 3] = ["1000", "512", "64"];

/// The totals of a preset at a context, a line a phase.
fn totals(
    plain: &Model,
    (name, text): (&str, &str),
    preset: &str,
    context: &str,
) -> Result<String, FormulaError> {
    let options = Options {
        preset: Some(preset.to_owned()),
        ..Options::default()
    };
    let bound = read(name, text, &options);
    let bound = &bound.values().numbers;
    let mut set = Vec::new();
    for (symbol, value) in OPEN {
        let found = plain.symbols().lookup(symbol);
        let open = |sym| plain.symbols().definition(sym).is_none() && bound.get(sym).is_none();
        if found.is_some_and(open) {
            let value = if symbol == "T" { context } else { value };
            set.push((symbol.to_owned(), value.to_owned()));
        }
    }
    let options = Options { set, ..options };
    let model = read(name, text, &options);
    let mut out = String::new();
    for phase in model.phases() {
        let ledger = ledger(&model, phase);
        let shown = if context == CONTEXTS[0] {
            String::new()
        } else {
            format!(" at T = {context}")
        };
        let _ = writeln!(
            out,
            "{preset} {phase}{shown}: params {}, dots {}, MACs {}, FLOPs {}",
            ledger.params().at(&[])?,
            ledger.dots().at(&[])?,
            ledger.macs().at(&[])?,
            ledger.flops().at(&[])?
        );
    }
    Ok(out)
}

#[test]
fn numbers_of_every_model() {
    each_model("numbers", |name, text| {
        let plain = read(name, text, &Options::default());
        let mut out = String::from(
            "at B = 1, T = 1000, N = 24, C = 128, P = 872, S = 512 where a preset leaves them open\n",
        );
        for preset in plain.presets() {
            let mut tried = CONTEXTS
                .iter()
                .map(|context| totals(&plain, (name, text), preset, context));
            let fits = tried.find_map(Result::ok);
            out.push_str(&fits.unwrap_or_else(|| panic!("{name} {preset} has no numbers")));
        }
        out
    });
}
