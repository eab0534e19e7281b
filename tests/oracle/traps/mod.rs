//! Ways in which costs have been got wrong, one test each, numbered as in the team's list of traps.

mod attention;
mod counting;
mod time;

use dotledger::Ledger;
use dotledger::ledger::Row;
use dotledger::sym::{Bindings, Poly};

use crate::harness::{Bench, read};
use crate::models::shipped;
use dotledger::verify::walk::{Entry, Run};

/// A model at some numbers in a phase: its walk agrees with its ledger, and both can be asked.
struct Trial {
    bench: Bench,
    numbers: Bindings,
    run: Run,
    ledger: Ledger,
}

impl Trial {
    fn new(text: &str, switches: &[(&str, bool)], phase: &str, given: &[(&str, i64)]) -> Trial {
        let switches: Vec<(String, bool)> = switches
            .iter()
            .map(|(name, on)| ((*name).to_owned(), *on))
            .collect();
        let mut bench = Bench::new("trap", text, &switches);
        let numbers = bench.numbers(given);
        bench.compare(phase, &numbers).expect("the sizes fit");
        let run = bench.walk(phase, &numbers, true).expect("the sizes fit");
        let ledger = bench.ledger(phase, "exact");
        Trial {
            bench,
            numbers,
            run,
            ledger,
        }
    }

    fn walked(&self, path: &str) -> &Entry {
        self.run
            .entry(path)
            .unwrap_or_else(|| panic!("no `{path}` in the walk"))
    }

    fn row(&self, path: &str) -> &Row {
        self.ledger
            .rows
            .iter()
            .find(|row| row.path == path)
            .unwrap_or_else(|| panic!("no row `{path}`"))
    }

    fn value(&self, poly: &Poly) -> String {
        poly.eval(&self.numbers, self.bench.model.symbols())
            .expect("all symbols have numbers")
            .to_string()
    }

    fn dots(&self, path: &str) -> u64 {
        let walked = self.walked(path).count.dots();
        assert_eq!(
            self.value(self.row(path).amounts.dots.poly()),
            walked.to_string(),
            "{path}"
        );
        walked
    }

    fn macs(&self, path: &str) -> u64 {
        let walked = self.walked(path).count.macs();
        assert_eq!(
            self.value(self.row(path).amounts.macs.poly()),
            walked.to_string(),
            "{path}"
        );
        walked
    }
}

const LLAMA: [(&str, i64); 9] = [
    ("B", 1),
    ("H", 4),
    ("K", 2),
    ("L", 2),
    ("T", 5),
    ("d", 6),
    ("dh", 3),
    ("f", 7),
    ("V", 11),
];

fn llama(phase: &str, tied: bool) -> Trial {
    Trial::new(&shipped()["llama.ron"], &[("tied", tied)], phase, &LLAMA)
}

/// A model without phases over one symbol `N` of positions and a width `D`.
fn flat(inputs: &str, nodes: &str, output: &str) -> String {
    format!(
        r#"Model(name: "flat", symbols: (N: "positions", D: width, G: "groups"), inputs: ({inputs}), nodes: ({nodes}),
            output: {output})"#
    )
}

fn refusal(text: &str) -> String {
    read("refused", text, Vec::new()).expect_err("the model is wrong")
}
