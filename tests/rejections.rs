//! Models that must be refused: each file says, on the line that earns it, every error that it must get.
//!
//! `//~ code: start of the message ~ part of the hint`; the hint may be left out. What is not announced fails the test.

use dotledger::{Model, Options};

/// Code, what the message starts with, and what the hint contains, on a line.
fn announced(text: &str) -> Vec<(usize, String, String, String)> {
    let mut expected = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for note in line.split("//~").skip(1) {
            let (code, rest) = note
                .split_once(':')
                .expect("an announcement is `//~ code: message`");
            let (message, hint) = rest.split_once(" ~ ").unwrap_or((rest, ""));
            expected.push((
                at + 1,
                code.trim().to_owned(),
                message.trim().to_owned(),
                hint.trim().to_owned(),
            ));
        }
    }
    expected
}

#[test]
fn every_mistake_is_reported_where_it_is_and_nothing_else() {
    insta::glob!("rejections/*.ron", |path| {
        let text = std::fs::read_to_string(path).expect("the file is there");
        let errors =
            Model::read("m.ron", &text, &Options::default()).expect_err("the model is wrong");
        let mut expected = announced(&text);
        let mut surprises = String::new();
        for error in errors.iter() {
            let line = error
                .span
                .and_then(|span| errors.sources().position(span))
                .map_or(0, |(line, _)| line);
            let help = error.help.clone().unwrap_or_default();
            let found = expected.iter().position(|(at, code, message, hint)| {
                *at == line
                    && code == error.code.slug()
                    && error.message.starts_with(message.as_str())
                    && help.contains(hint.as_str())
            });
            match found {
                Some(at) => drop(expected.remove(at)),
                None => surprises.push_str(&format!(
                    "{line}: {}: {} ~ {help}\n",
                    error.code.slug(),
                    error.message
                )),
            }
        }
        assert!(
            expected.is_empty() && surprises.is_empty(),
            "{}\nannounced and not reported: {expected:#?}\nreported and not announced:\n{surprises}",
            path.display()
        );
    });
}
