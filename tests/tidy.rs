//! The rules of the house that a compiler does not hold: layers, file lengths, headers, generated pages.

use std::path::{Path, PathBuf};

/// Modules from the ground up; each may use what stands before it. `diag` and the words of `part` and `phase` are leaves.
const LAYERS: &[&[&str]] = &[
    &["diag", "sym", "part", "phase", "dtype"],
    &["shape", "mask"],
    &["work"],
    &["ops", "profile"],
    &["ast", "graph"],
    &["lower"],
    &["infer", "values", "formula"],
    &["ledger"],
    &["tally"],
    &["model"],
    &["summary"],
    &["report"],
    &["cli"],
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    found.sort();
    found
}

/// The top module that a file belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a source");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Names of modules after each `crate::` of a text, in braces or not.
fn uses(text: &str) -> Vec<String> {
    let word = |text: &str| {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    text.split("crate::")
        .skip(1)
        .map(word)
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_use_only_what_stands_below_them() {
    for path in sources() {
        let own = module(&path);
        if ["lib", "main"].contains(&own.as_str()) {
            continue;
        }
        let at = layer(&own).unwrap_or_else(|| panic!("{own} has no layer"));
        let text = std::fs::read_to_string(&path).expect("a source");
        for used in uses(&text) {
            let below =
                layer(&used).unwrap_or_else(|| panic!("{}: {used} has no layer", path.display()));
            assert!(used == own || below <= at, "{} uses {used}", path.display());
        }
    }
}

#[test]
fn each_outer_library_is_named_where_it_belongs() {
    let homes = [
        ("petgraph", "src/graph.rs"),
        ("ron::Options", "src/ast/ron.rs"),
        ("clap::", "src/cli/"),
    ];
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("a source");
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for (library, home) in homes {
            assert!(
                !code.contains(library) || path.to_string_lossy().starts_with(home),
                "{}: {library}",
                path.display()
            );
        }
    }
}

#[test]
fn files_open_with_what_they_are_and_stay_short() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("a source");
        assert!(
            text.starts_with("//! "),
            "{} does not say what it is",
            path.display()
        );
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_op_reference_is_the_list_of_ops() {
    let page = std::fs::read_to_string("docs/ops.md").expect("the page is there");
    let made = dotledger::ops::reference::markdown();
    assert!(
        page == made,
        "docs/ops.md is stale: cargo run -- ops > docs/ops.md"
    );
}

#[test]
fn every_op_has_a_page_with_a_shape_a_work_and_an_example_and_stands_in_a_model() {
    let mut models = String::new();
    for folder in ["models", "tests/models"] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            models.push_str(
                &std::fs::read_to_string(entry.expect("an entry").path()).expect("a model"),
            );
        }
    }
    for def in dotledger::ops::OPS {
        let page = dotledger::ops::reference::page(def);
        for needed in ["- shape: ", "- work: ", "```ron"] {
            assert!(page.contains(needed), "{} lacks {needed:?}", def.name);
        }
        assert!(
            models.contains(&format!("{}(", def.name)),
            "{} is in no model",
            def.name
        );
    }
}
