//! The models that are shipped, walked at small sizes in every phase, with every switch both ways.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dotledger::Model;

use crate::harness::Bench;
use crate::sample::{Random, any, declared_valid};

/// The texts of all models that are shipped, by file name.
pub(crate) fn shipped() -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut models = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder of models") {
        let path = entry.expect("an entry of the folder").path();
        if path.extension().is_some_and(|extension| extension == "ron") {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            models.insert(
                name,
                std::fs::read_to_string(&path).expect("a model is text"),
            );
        }
    }
    assert!(!models.is_empty(), "there are models");
    models
}

/// Models that fit at all sizes.
const UNCONDITIONAL: [&str; 4] = ["walkthrough.ron", "t5.ron", "mamba.ron", "rwkv4.ron"];

/// Every way to set the switches of a model.
pub(crate) fn settings(model: &Model) -> Vec<Vec<(String, bool)>> {
    let mut settings = vec![Vec::new()];
    for (switch, _) in model.switches() {
        settings = settings
            .into_iter()
            .flat_map(|set| {
                [false, true].map(|on| {
                    set.iter()
                        .cloned()
                        .chain([(switch.clone(), on)])
                        .collect::<Vec<_>>()
                })
            })
            .collect();
    }
    settings
}

#[test]
fn every_shipped_model_is_what_a_walk_counts() {
    for (name, text) in shipped() {
        let mut random = Random::new(11);
        for switches in settings(&Bench::new(&name, &text, &[]).model) {
            let mut bench = Bench::new(&name, &text, &switches);
            bench.compare_at_random(&mut random, 3, 4);
            // Some rows meet two positions only at rarer sizes, such as two chunks.
            for _ in 0..20 {
                if bench.unseen().is_empty() {
                    break;
                }
                bench.compare_at_random(&mut random, 1, 4);
            }
            bench.all_horizontal_rows_were_seen();
        }
    }
}

#[test]
fn numbers_are_refused_exactly_where_a_walk_fails() {
    for (name, text) in shipped() {
        let bench = Bench::new(&name, &text, &[]);
        let mut random = Random::new(13);
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..60 {
            let numbers = any(&bench.model, &mut random, 4);
            for phase in &bench.phases() {
                let walks = bench.stages(phase, &numbers, true).is_ok()
                    && declared_valid(&bench.model, phase, &numbers);
                let answer = bench.accepted(phase, &numbers);
                assert_eq!(
                    walks,
                    answer.is_ok(),
                    "{name} in {phase} at {numbers:?}: {answer:?}"
                );
                *(if walks { &mut accepted } else { &mut refused }) += 1;
            }
        }
        assert!(accepted > 0, "{name}: no numbers were accepted");
        assert!(
            refused > 0 || UNCONDITIONAL.contains(&name.as_str()),
            "{name}: no numbers were refused"
        );
    }
}
