//! Generated models: each is walked, and compared with itself at numbers that are given in other ways.
//!
//! `RANDOM_MODELS=50000 cargo test --release --test oracle generated` looks at more of them than a test does otherwise, and
//! `RANDOM_FROM` says at which to begin; what fails is shown as the smallest model that still does.

mod examine;
mod kept;
mod same;
mod shrink;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::random::{Choices, Draft, model};
use examine::{Outcome, examine};

/// Models that are looked at by default.
const MODELS: u64 = 100;

fn asked(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

fn drawn(bytes: &[u8]) -> Draft {
    model(&mut Choices::bytes(bytes))
}

/// The smallest model that fails in the same way.
fn smallest(seed: u64, kind: &str) -> Draft {
    let mut choices = Choices::seeded(seed);
    model(&mut choices);
    let fails =
        |draft: &Draft| matches!(examine(draft, seed), Outcome::Differs(own, _) if own == kind);
    let bytes = shrink::bytes(choices.taken(), &mut |bytes| fails(&drawn(bytes)));
    shrink::draft(drawn(&bytes), &mut |draft| fails(draft))
}

#[test]
fn generated_models_are_what_their_walks_count() {
    let (from, models) = (asked("RANDOM_FROM", 0), asked("RANDOM_MODELS", MODELS));
    let mut refused: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut failures: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let (mut walked, mut fitted) = (0, 0);
    for seed in from..from + models {
        let draft = model(&mut Choices::seeded(seed));
        match examine(&draft, seed) {
            Outcome::Refused(why) => refused.entry(why).or_insert((0, seed)).0 += 1,
            Outcome::Differs(kind, _) => failures.entry(kind).or_default().push(seed),
            Outcome::Same { walks } => {
                walked += walks;
                fitted += u64::from(walks > 0);
            }
        }
    }
    let refusals: u64 = refused.values().map(|(count, _)| count).sum();
    let mut report =
        format!("{models} models, {refusals} refused, {fitted} walked, {walked} walks\n");
    for (why, (count, seed)) in &refused {
        let _ = writeln!(report, "refused {count}, such as {seed}: {why}");
    }
    for (kind, seeds) in &failures {
        let _ = writeln!(
            report,
            "\n{kind}: {} models, {:?}",
            seeds.len(),
            &seeds[..seeds.len().min(8)]
        );
        for seed in seeds.iter().take(2) {
            let draft = smallest(*seed, kind);
            let Outcome::Differs(_, message) = examine(&draft, *seed) else {
                continue;
            };
            let _ = writeln!(report, "{message}\n{}", draft.text());
        }
    }
    assert!(failures.is_empty(), "{report}");
    assert!(20 * refusals <= models, "{report}");
    assert!(2 * fitted >= models, "{report}");
}

/// What the language has occurs in what is generated, and the same choices give the same model.
#[test]
fn generated_models_use_all_of_the_language() {
    let mut texts = String::new();
    for seed in 0..600 {
        let mut choices = Choices::seeded(seed);
        let text = model(&mut choices).text();
        assert_eq!(drawn(&choices.taken()).text(), text, "{seed}");
        texts.push_str(&text);
    }
    let mut words: Vec<String> = Vec::new();
    for def in dotledger::ops::OPS {
        words.push(format!("{}(", def.name));
        let fields = def.fields.iter().filter(|field| field.kind.is_written());
        words.extend(fields.map(|field| format!("{}: ", field.name)));
        words.extend(def.choices().iter().map(|word| (*word).to_owned()));
    }
    let structure = dotledger::ops::structure::STRUCTURE.iter();
    words.extend(structure.map(|word| format!("{}(", word.name)));
    for form in dotledger::mask::FORMS {
        words.push(format!("{}(", form.name));
        words.extend(
            form.choice
                .iter()
                .flat_map(|(_, words)| words.iter())
                .map(|word| (*word).to_owned()),
        );
    }
    let phases = dotledger::phase::PHASES.iter();
    words.extend(phases.map(|phase| phase.name.to_owned()));
    for word in [
        "Phase(",
        "Derived(",
        "Symbol(",
        "relations: ",
        "dims: ",
        "capacity: ",
        "*i",
        "min: 0",
    ] {
        words.push(word.to_owned());
    }
    // Fields of ops that are written in order alone.
    let in_order = [
        "shape: ",
        "window: ",
        "count: ",
        "table: ",
        "indices: ",
        "how: ",
        "sizes: ",
        "by: ",
    ];
    words.retain(|word| !in_order.contains(&word.as_str()));
    let missing: Vec<&String> = words
        .iter()
        .filter(|word| !texts.contains(word.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(
        drawn(&[]).text().len() < 1000,
        "without choices a model is short"
    );
}
