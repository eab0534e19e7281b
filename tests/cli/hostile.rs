//! Hostile models: each kind that was seen to take gigabytes or minutes ends at a limit, which the error names.

use super::{refuses, run_with};

const WIDE: &str = "symbols: (a: width, b: width, c: width, d: width, e: width)";

/// A model of one input `x` of size `d`.
fn model(sections: &str, nodes: &str) -> String {
    format!(
        "Model(name: \"m\", {WIDE}, {sections} inputs: (x: \"d\"), nodes: ({nodes}), output: y)"
    )
}

/// Many of something, each made of its number.
fn many(count: usize, made: impl Fn(usize) -> String) -> String {
    (0..count).map(made).collect::<Vec<_>>().join(", ")
}

fn ends_at(text: &str, says: &str) {
    refuses(
        &["formula", "-", "macs"],
        text.as_bytes(),
        1,
        &["error[limit]", says],
    );
}

#[test]
fn formulas_that_multiply_and_compare_on_end_at_the_steps_they_take() {
    let says = "the formulas take more than 5000000 steps together, the limit";
    let sums: Vec<String> = (1..100).map(|i| format!("(a + {i}*b + c*d + e)")).collect();
    let powers: Vec<String> = (100..160).map(|i| format!("(a + b + c)^{i}")).collect();
    let node = format!("y: Linear(x, \"d -> {}\")", sums.join("*"));
    refuses(
        &["check", "-"],
        model("", &node).as_bytes(),
        1,
        &[says, "help: sums that are multiplied"],
    );
    let node = format!("y: Linear(x, \"d -> min({})\")", powers.join(", "));
    ends_at(&model("", &node), says);
    let axes: Vec<String> = (0..60).map(|i| format!("(a + b + c + {i})")).collect();
    let node = format!("y: Linear(x, \"d -> {}\")", axes.join(" "));
    ends_at(&model("", &node), says);
    // Each block repeats the next so often as a sum says, and the sums are multiplied.
    let repeats = many(60, |at| {
        format!(
            "f{at}: Block(inputs: (x: \"d\"), nodes: (y: Repeat(f{}, \"a + b + c + {at}\", x)), output: y)",
            at + 1
        )
    });
    let blocks = format!(
        "blocks: ({repeats}, f60: Block(inputs: (x: \"d\"), nodes: (y: Linear(x, \"d -> d\")), output: y)),"
    );
    ends_at(&model(&blocks, "y: Call(f0, x)"), says);
}

#[test]
fn what_a_command_does_with_formulas_is_counted_with_them() {
    let powers: Vec<String> = (100..160).map(|i| format!("(a + b + c)^{i}")).collect();
    let text = model("", "y: Linear(x, \"d -> d\")");
    let divisor = powers.join(" + ");
    refuses(
        &["formula", "-", "macs", "--per", &divisor],
        text.as_bytes(),
        1,
        &["steps together, the limit"],
    );
}

#[test]
fn files_of_many_values_blocks_turns_axes_and_long_names_end_at_their_limits() {
    let plain = "y: Linear(x, \"d -> d\")";
    ends_at(
        &format!("Model(phases: [{}])", "a, ".repeat(750_000)),
        "a file holds more than 750000 values, the limit",
    );
    let block = |at: usize| {
        format!(
            "f{at}: Block(dims: [w], inputs: (x: \"d\"), nodes: (y: Linear(x, \"d -> w\")), output: y)"
        )
    };
    let blocks = format!("blocks: ({}),", many(20_001, block));
    ends_at(
        &model(&blocks, plain),
        "there are more than 20000 blocks, the limit",
    );
    let blocks =
        "blocks: (f: Block(inputs: (x: \"d\"), nodes: (y: Norm(x, rms, \"d\")), output: y)),";
    let cycle = format!(
        "y: Cycle([{}], \"a\", x)",
        many(10_001, |_| String::from("f"))
    );
    ends_at(
        &model(blocks, &cycle),
        "a cycle has more than 10000 turns, the limit",
    );
    let rank = "a tensor has more than 64 axes, the limit";
    let flat = format!("y: Linear(x, \"d -> {}\")", "a ".repeat(65));
    ends_at(&model("", &flat), rank);
    ends_at(
        &model("", &format!("p: Param(\"{}\"), {plain}", "a ".repeat(65))),
        rank,
    );
    let fits = format!("y: Linear(x, \"d -> {}\")", "a ".repeat(64));
    let outcome = run_with(&["formula", "-", "macs"], model("", &fits).as_bytes());
    assert_eq!(outcome.stdout, "a^64*d\n", "{}", outcome.stderr);
    let long = "n".repeat(201);
    let name = "a name is longer than 200 bytes, the limit";
    ends_at(
        &model("", &format!("{long}: Norm(x, rms, \"d\"), {plain}")),
        name,
    );
    refuses(
        &["check", "-"],
        model("", &format!("y: Linear(x, \"d -> {long}\")")).as_bytes(),
        1,
        &[name],
    );
}

#[test]
fn paths_of_long_names_end_at_the_bytes_of_all() {
    let long = "n".repeat(200);
    let calls = many(150, |at| {
        format!(
            "f{at}: Block(inputs: (x: \"d\"), nodes: ({long}: Call(f{}, x)), output: {long})",
            at + 1
        )
    });
    let last = many(1500, |at| format!("y{at}: Linear(x, \"d -> d\")"));
    let blocks =
        format!("blocks: ({calls}, f150: Block(inputs: (x: \"d\"), nodes: ({last}), output: y0)),");
    ends_at(
        &model(&blocks, "y: Call(f0, x)"),
        "the paths of all nodes have more than 33554432 bytes, the limit",
    );
}

#[test]
fn a_place_in_a_long_line_is_told_without_the_line() {
    let nodes = many(2000, |at| format!("y{at}: Linear(x, \"d -> d\")"));
    let text = model("", &format!("{nodes}, y: Lineer(x)"));
    let column = text.find("Lineer").expect("it is there") + 1;
    let outcome = run_with(&["check", "-"], text.as_bytes());
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .stderr
            .contains(&format!("--> <stdin>:1:{column}\n")),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.len() < 1000, "{}", outcome.stderr);
    // Of what stands far away from the place, the place itself is told.
    let far = model(
        "",
        &format!(
            "y: Norm(x, rms, \"d\"),\n{}\ny: Norm(x, rms, \"d\")",
            "// ..\n".repeat(9000)
        ),
    );
    let outcome = run_with(&["check", "-"], far.as_bytes());
    assert!(
        outcome.stderr.contains("--> <stdin>:9003:1\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn long_arguments_numbers_and_titles_are_refused_or_laid_out() {
    let text = model("", "y: Linear(x, \"d -> d\")");
    let long = format!("a={}", "9".repeat(20_000));
    refuses(
        &["formula", "-", "macs", "--set", &long],
        text.as_bytes(),
        2,
        &["an argument has more than 16384 bytes, the limit"],
    );
    let minimum = "9".repeat(100_000);
    let text = text.replace(
        "a: width",
        &format!("a: Symbol(role: width, min: {minimum})"),
    );
    let outcome = run_with(&["check", "-"], text.as_bytes());
    assert!(
        outcome.stderr.len() < 2000,
        "{} bytes",
        outcome.stderr.len()
    );
    // A column with a title of more than 65535 characters.
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("long.ron");
    let name = "n".repeat(100_000);
    let profile = format!(
        "Profile(name: \"{name}\", about: \"a\", source: \"s\", masks: exact, flops_per_mac: 2, elementwise: ())"
    );
    std::fs::write(&path, profile).expect("written");
    let path = path.display().to_string();
    let outcome = run_with(
        &["report", "-", "--against", &path],
        model("", "y: Linear(x, \"d -> d\")").as_bytes(),
    );
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains(&name));
}

#[test]
fn what_is_printed_is_counted_where_functions_are_written_out_again_and_again() {
    let masked = many(12, |at| {
        format!(
            "y{at}: Einsum(\"n d, s d -> n s\", [x, c], Window(n, s, \"(a + b + e + T)^{}\"))",
            at + 1
        )
    });
    let nodes = format!("c: Cache(x, \"n\"), {masked}");
    let text = model("phases: [forward, decode],", &nodes)
        .replace("x: \"d\"", "x: \"@n d\"")
        .replace("symbols: (", "symbols: (T: context, ")
        .replace("output: y)", "output: y0)");
    refuses(
        &["report", "-"],
        text.as_bytes(),
        1,
        &["steps together, the limit"],
    );
}

#[test]
fn relations_of_many_terms_are_no_facts_that_proofs_multiply() {
    let floors: Vec<String> = (2..3000).map(|i| format!("floor((a + {i})/b)")).collect();
    let relations = format!("relations: [\"{} <= c*d\"],", floors.join(" + "));
    let text = model(&relations, "y: Linear(x, \"d -> floor(a/b)\")");
    let outcome = run_with(&["formula", "-", "macs"], text.as_bytes());
    assert_eq!(outcome.stdout, "d*floor(a/b)\n", "{}", outcome.stderr);
}
