//! Calls of the program: each line of the text is an argument. The files are those of this repository, held in memory.

use std::io::{Cursor, Error, ErrorKind, Read};
use std::path::Path;

use dotledger::cli::{Answer, answer};

use super::prints;

macro_rules! texts {
    ($($name:literal),*) => { &[$(($name, include_str!(concat!("../../models/", $name)))),*] };
}

const MODELS: &[(&str, &str)] = texts![
    "bert.ron",
    "deepseek.ron",
    "gemma2.ron",
    "gpt2.ron",
    "llama.ron",
    "mamba.ron",
    "mamba2.ron",
    "mistral.ron",
    "mixtral.ron",
    "rwkv4.ron",
    "t5.ron",
    "vit.ron",
    "walkthrough.ron"
];

const PROFILES: &[(&str, &str)] = &[
    ("torch.ron", include_str!("../../src/profiles/torch.ron")),
    ("palm.ron", include_str!("../../src/profiles/palm.ron")),
];

/// Checks the call.
pub fn check(text: &str) {
    let arguments = std::iter::once("dotledger").chain(text.lines());
    let answer = ask(arguments, &|path| {
        let name = path.to_str()?;
        let mut known = MODELS.iter().chain(PROFILES);
        known
            .find(|(known, _)| *known == name)
            .map(|(_, text)| (*text).to_owned())
    });
    let has = |argument: &str| text.lines().any(|line| line == argument);
    if answer.code == 0 && text.starts_with("report\n") {
        if has("--format=json") {
            prints::json(&answer.text);
        }
        if has("--format=csv") {
            prints::csv(&answer.text);
        }
    }
}

/// Asks over texts in memory, and checks the form of the answer.
pub(crate) fn ask<'a>(
    arguments: impl IntoIterator<Item = &'a str>,
    find: &dyn Fn(&Path) -> Option<String>,
) -> Answer {
    let open = |path: &Path| -> std::io::Result<Box<dyn Read>> {
        match find(path) {
            Some(text) => Ok(Box::new(Cursor::new(text))),
            None => Err(Error::from(ErrorKind::NotFound)),
        }
    };
    let answer = answer(arguments, &open);
    assert!(answer.code <= 2, "{answer:?}");
    if answer.code == 0 {
        assert!(answer.text.ends_with('\n'), "{answer:?}");
    } else {
        assert!(answer.text.is_empty(), "{answer:?}");
        assert!(
            answer
                .notes
                .iter()
                .any(|note| note.contains("error") || note.contains("Usage")),
            "{answer:?}"
        );
    }
    answer
}
