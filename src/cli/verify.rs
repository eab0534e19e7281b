//! The command `verify`: which sizes are pinned, and what is said of each file.

use super::args::{VerdictFormat, Verify};
use super::files::{self, Open};
use super::{Failure, Said};
use crate::import::is_config;
use crate::model::Options;
use crate::report::{disagreement, verdict};
use crate::verify::{Plan, verify};

/// Verifies every file, and says what was tried of each before it fails.
pub(super) fn run(args: &Verify, open: Open<'_>) -> Result<Said, Failure> {
    let mut plan = Plan {
        rounds: args.rounds as usize,
        seed: args.seed,
        largest: args.largest,
        phase: args.phase.clone(),
        ..Plan::default()
    };
    let mut options = Options::default();
    for (name, value) in super::run::settings(&args.set)? {
        match value.parse::<i64>() {
            Ok(number) => plan.pinned.push((name, number)),
            Err(_) if ["true", "false"].contains(&value.as_str()) => {
                options.set.push((name, value));
            }
            Err(_) => {
                return Err(Failure::Usage(format!(
                    "error: --set {name}={value}: a walk takes numbers for symbols, and `true` or `false` for switches"
                )));
            }
        }
    }
    let mut said = String::new();
    let mut wrong = Vec::new();
    for path in &args.files {
        let verified = files::read(path, "Model", open).and_then(|(name, text)| {
            if is_config(&text) {
                return Err(Failure::Failed(format!(
                    "error: verify walks models at small sizes, and {name} is a configuration\n  \
                     help: `dotledger import` makes a model file of it, and `dotledger show` prints its family"
                )));
            }
            let found = verify(&name, &text, &options, &plan)?;
            match args.format {
                VerdictFormat::Table => said.push_str(&verdict(&name, &found)),
                VerdictFormat::Json => {
                    let line = serde_json::to_string(&found).map_err(|error| error.to_string())?;
                    said.push_str(&line);
                    said.push('\n');
                }
            }
            match &found.disagreement {
                Some(found) => Err(Failure::Failed(disagreement(&name, found))),
                None if found.holds() => Ok(()),
                None => Err(Failure::Failed(format!(
                    "error[verify]: {name}: not all of it could be walked\n  \
                     help: `--largest` and `--set` choose other sizes"
                ))),
            }
        });
        match verified {
            Ok(()) => {}
            Err(Failure::Failed(message) | Failure::Usage(message)) => wrong.push(message),
        }
    }
    Ok(Said {
        fails: !wrong.is_empty(),
        notes: wrong,
        ..Said::from(said)
    })
}
