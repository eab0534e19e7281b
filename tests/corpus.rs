//! The texts in `fuzz/corpus` hold what the fuzz targets ask of every text.

// It is a library of its own for the fuzz targets.
#[allow(unreachable_pub)]
#[path = "../fuzz/checks/mod.rs"]
mod checks;

/// Checks every text in a folder of the corpus, and says which do not hold.
fn replay(name: &str) {
    let (_, check) = checks::CHECKS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a check");
    let folder = std::path::Path::new("fuzz/corpus").join(name);
    let (mut seeds, mut failed) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        if std::panic::catch_unwind(|| check(&text)).is_err() {
            failed.push(path.clone());
        }
        seeds += 1;
    }
    assert!(seeds > 0, "{} is empty", folder.display());
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn commands_of_the_corpus_hold() {
    replay("command");
}

#[test]
fn configurations_of_the_corpus_hold() {
    replay("config");
}

#[test]
fn expressions_of_the_corpus_hold() {
    replay("expression");
}

#[test]
fn models_of_the_corpus_hold() {
    replay("model");
}

#[test]
fn nodes_of_the_corpus_hold() {
    replay("nodes");
}

#[test]
fn profiles_of_the_corpus_hold() {
    replay("profile");
}
