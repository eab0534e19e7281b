//! The rules of the house that a compiler does not hold: layers, file lengths, headers, generated pages and what they
//! promise.

use std::path::{Path, PathBuf};

/// Modules from the ground up; each may use what stands before it. `diag` and the words of `part` and `phase` are leaves.
const LAYERS: &[&[&str]] = &[
    &["diag", "sym", "part", "phase", "dtype"],
    &["shape", "mask"],
    &["work"],
    &["ops", "profile"],
    &["ast", "graph"],
    &["lower"],
    &["infer", "values", "formula", "origin"],
    &["ledger"],
    &["tally"],
    &["model"],
    &["import"],
    &["verify"],
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
        ("serde_json::Deserializer", "src/import/json.rs"),
        ("clap::", "src/cli/"),
        ("tempfile::", "src/cli/output.rs"),
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

/// What the reference shows of ops and masks: inline code that is a call, and the lines of its examples.
fn documented_calls() -> Vec<String> {
    let page = dotledger::ops::reference::markdown();
    let mut calls = Vec::new();
    for (at, piece) in page.split("```").enumerate() {
        if at % 2 == 1 {
            let lines = piece.lines().skip(1).filter_map(|l| l.split_once(": "));
            calls.extend(lines.map(|(_, call)| call.trim_end_matches(',').to_owned()));
        } else {
            let code = piece.split('`').skip(1).step_by(2);
            let is_call =
                |c: &&str| c.starts_with(|c: char| c.is_ascii_uppercase()) && c.ends_with(')');
            calls.extend(code.filter(is_call).map(str::to_owned));
        }
    }
    calls
}

/// Each call is right at one of the shapes at least.
#[test]
fn every_call_in_the_op_reference_is_one_that_a_model_can_write() {
    let shapes = [
        r#"x: "@n d", keys: "@s H dh", weights: "@n s", b: "d n""#,
        r#"x: "@n H*dh", keys: "K d", weights: "@n E", b: "n d""#,
        r#"x: "B d @C @W", keys: "K d", weights: "@n E", b: "n d""#,
        r#"x: "B @n d", keys: "K d", weights: "@n E", b: "n d""#,
    ];
    let calls = documented_calls();
    assert!(calls.len() > 2 * dotledger::ops::OPS.len(), "{calls:#?}");
    for call in calls {
        let is_mask = dotledger::mask::FORMS
            .iter()
            .any(|form| call.starts_with(&format!("{}(", form.name)));
        let node = if is_mask {
            format!("Einsum(\"n e, s e -> n s\", [places, past], {call})")
        } else {
            call.clone()
        };
        let refused_at = |shapes: &&str| {
            let text = format!(
                r#"Model(name: "m", phases: [forward], switches: (bias: true, tied: true),
                blocks: (
                    block:  Block(inputs: (x: "n d"), nodes: (z: Map(copy, [x])), output: z),
                    local:  Block(inputs: (x: "n d"), nodes: (z: Map(copy, [x])), output: z),
                    global: Block(inputs: (x: "n d"), nodes: (z: Map(copy, [x])), output: z),
                    expert: Block(inputs: (x: "n d"), nodes: (z: Map(copy, [x])), output: z),
                    pair:   Block(inputs: (a: "n d", b: "n d"), nodes: (z: Map(add, [a, b])), output: z),
                    wide:   Block(dims: [w], inputs: (x: "n d"), nodes: (z: Linear(x, "d -> w")), output: z),
                    layer:  Block(dims: [w], inputs: (x: "n d"), nodes: (z: Linear(x, "d -> w"), o: Linear(z, "w -> d")), output: o),
                    cell:   Block(inputs: (h: "d", x: "d"), nodes: (z: Map(add, [h, x])), output: z),
                    step:   Block(inputs: (h: "d", x: "d", y: "d"), nodes: (u: Map(add, [h, x]), z: Map(add, [u, y])), output: z),
                ),
                symbols: (T: context, B: "", C: "", E: "", H: "", K: "", L: "", P: "", V: "", W: "", d: "", dh: "", f: "", k: "",
                    size: ""),
                inputs: ({shapes}, y: "@n d", a: "n d", q: "@n H dh", k: "@n d", values: "s d",
                    places: "@n d", past: "@s d", attended: "@n d", scores: "@n s", image: "C @H @W",
                    table: "V d", tokens: "@n", class_token: "1 d", patches: "@T d", token: "d"),
                nodes: (made: {node}), output: made)"#
            );
            let read = dotledger::Model::read("m.ron", &text, &dotledger::Options::default());
            read.err().map(|errors| errors.to_string())
        };
        let errors: Vec<String> = shapes.iter().filter_map(refused_at).collect();
        assert!(errors.len() < shapes.len(), "{call}\n{}", errors.join("\n"));
    }
}
