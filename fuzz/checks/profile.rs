//! Profiles: what can be read prices a ledger of every op, and the report says so.

use std::path::Path;

use dotledger::{Model, Options, Profile};

use super::{command, model};

const MODELS: [&str; 2] = [
    include_str!("../../tests/models/ops.ron"),
    include_str!("../../models/mixtral.ron"),
];

/// Checks the text of a profile.
pub fn check(text: &str) {
    let call = ["dotledger", "report", "-", "--profile", "p.ron"];
    command::ask(call, &|path| {
        let profile = path == Path::new("p.ron");
        Some(if profile { text } else { MODELS[0] }.to_owned())
    });
    let profile = match Profile::parse("p.ron", text) {
        Ok(profile) => profile,
        Err(errors) => return model::refused(&errors),
    };
    for text in MODELS {
        let read = Model::read("m.ron", text, &Options::default()).expect("the model is shipped");
        for (at, phase) in ["forward", "decode"].into_iter().enumerate() {
            // A price may be beyond a limit; that it is one is said.
            if let Err(why) = model::phase(&read, phase, &profile, (at, 2)) {
                assert!(!why.is_empty());
            }
        }
    }
}
