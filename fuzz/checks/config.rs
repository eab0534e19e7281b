//! Configurations: what is imported is a model or an error, says what it left out, and counts the same as the model file
//! that is made of it.

use dotledger::import::{Family, import, is_config};
use dotledger::{Model, Options, Profile};

use super::{command, model};

/// A family that uses every rule of a mapping.
const OWN: Family<'static> = Family {
    name: "family.ron",
    text: include_str!("../../tests/configs/family.ron"),
};

/// Checks the text of a configuration.
pub fn check(text: &str) {
    if is_config(text) {
        let call = ["dotledger", "check", "-"];
        command::ask(call, &|_| Some(text.to_owned()));
    }
    for own in [None, Some(OWN)] {
        let imported = match import("config.json", text, own) {
            Ok(imported) => imported,
            Err(errors) => {
                model::refused(&errors);
                continue;
            }
        };
        let mut names: Vec<&str> = Vec::new();
        for setting in &imported.origin.settings {
            assert!(
                !names.contains(&setting.name.as_str()),
                "{} is set twice",
                setting.name
            );
            names.push(&setting.name);
        }
        assert!(imported.origin.notes.iter().all(|note| !note.is_empty()));
        let made = imported.model_file("made");
        let made = Model::read(
            "made.ron",
            &made,
            &Options {
                preset: Some(String::from("made")),
                ..Options::default()
            },
        );
        match (imported.model(Vec::new()), made) {
            (Ok(own), Ok(made)) => same(&own, &made),
            (Err(errors), Err(others)) => {
                model::refused(&errors);
                model::refused(&others);
            }
            (Ok(_), Err(errors)) => panic!("the model file is refused: {errors}"),
            (Err(errors), Ok(_)) => panic!("only the configuration is refused: {errors}"),
        }
    }
}

/// Both count the same in each phase, or have no ledger.
fn same(own: &Model, made: &Model) {
    let profile = Profile::shipped("torch").expect("the profile is shipped");
    for phase in own.phases() {
        let totals = [own, made].map(|model| {
            let ledger = model.ledger(phase, &profile).ok()?;
            let sound = model.check_values(&ledger).is_ok();
            sound.then(|| (ledger.macs().to_string(), ledger.params().to_string()))
        });
        assert_eq!(totals[0], totals[1], "{phase}");
    }
}
