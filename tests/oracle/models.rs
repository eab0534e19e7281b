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

/// Of more switches than this not all settings are tried.
const ALL_SETTINGS: usize = 3;

/// Ways to set the switches of a model: every one of few; of many those of the file, each turned alone, and some at random.
pub(crate) fn settings(model: &Model, random: &mut Random) -> Vec<Vec<(String, bool)>> {
    let own = model.switches();
    let turned = |turn: &dyn Fn(usize) -> bool| {
        let each = own.iter().enumerate();
        each.map(|(at, (switch, on))| (switch.clone(), *on != turn(at)))
            .collect::<Vec<_>>()
    };
    if own.len() <= ALL_SETTINGS {
        let ways = 0..1_usize << own.len();
        return ways.map(|way| turned(&|at| way >> at & 1 == 1)).collect();
    }
    let mut settings = vec![turned(&|_| false)];
    settings.extend((0..own.len()).map(|switch| turned(&|at| at == switch)));
    settings.extend((0..4).map(|_| {
        let way = random.place(1 << own.len());
        turned(&|at| way >> at & 1 == 1)
    }));
    settings
}

/// The largest size that is drawn for a model. Pictures of 32 times the width of the last map are walked for long, and the
/// rows of a last stage of ResNet meet two positions only where it has two blocks and its map two places.
pub(crate) fn largest(name: &str) -> i64 {
    match name {
        "vgg.ron" => 2,
        "resnet.ron" => 3,
        _ => 4,
    }
}

/// Whether a model has relations that small sizes break now and then.
fn conditional(text: &str) -> bool {
    let relations = text.split_once("relations: [");
    let relations = relations.and_then(|(_, rest)| rest.split_once(']'));
    relations.is_some_and(|(relations, _)| relations.contains(" | ") || relations.contains("<="))
}

#[test]
fn every_shipped_model_is_what_a_walk_counts() {
    for (name, text) in shipped() {
        let mut random = Random::new(11);
        let ways = settings(&Bench::new(&name, &text, &[]).model, &mut random);
        for switches in ways {
            let mut bench = Bench::new(&name, &text, &switches);
            bench.compare_at_random(&mut random, 3, largest(&name));
            // Some rows meet two positions only at rarer sizes, such as two chunks.
            for _ in 0..20 {
                if bench.unseen().is_empty() {
                    break;
                }
                bench.compare_at_random(&mut random, 1, largest(&name));
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
        for draw in 0..1000 {
            // Few of all numbers fulfil several relations.
            if draw >= 24 && accepted > 0 {
                break;
            }
            let numbers = any(&bench.model, &mut random, largest(&name));
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
            refused > 0 || !conditional(&text),
            "{name}: no numbers were refused"
        );
    }
}
