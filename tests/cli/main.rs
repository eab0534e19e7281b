//! The command line as a caller meets it: exit codes, what goes to standard output, what goes to standard error.

use std::io::Write;
use std::process::{Command, Stdio};

mod answers;
mod conventions;
mod files;
mod hostile;
mod limits;
mod verify;
mod zoo;

struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run_with(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dotledger"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // A program that fails before it reads closes the pipe; that is its outcome, not an error of the test.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn run(arguments: &[&str]) -> Outcome {
    run_with(arguments, b"")
}

/// A call that must fail with this code, say this, and print nothing as a result.
fn refuses(arguments: &[&str], input: &[u8], code: i32, says: &[&str]) {
    let outcome = run_with(arguments, input);
    assert_eq!(
        outcome.code,
        Some(code),
        "{arguments:?}: {}",
        outcome.stderr
    );
    assert_eq!(outcome.stdout, "", "{arguments:?}");
    for part in says {
        assert!(
            outcome.stderr.contains(part),
            "{arguments:?} does not say {part:?}:\n{}",
            outcome.stderr
        );
    }
}

const WALKTHROUGH: &str = "models/walkthrough.ron";

#[test]
fn formula_prints_the_formula_and_nothing_else() {
    let outcome = run(&[
        "formula",
        WALKTHROUGH,
        "macs",
        "--phase",
        "forward",
        "--in",
        "T,L,d",
    ]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(0), "12*L*T*d^2 + 2*L*T^2*d\n")
    );
    let outcome = run(&["formula", WALKTHROUGH, "macs", "--preset", "walkthrough"]);
    assert_eq!(
        (
            outcome.code,
            outcome.stdout.as_str(),
            outcome.stderr.as_str()
        ),
        (Some(0), "10056892416000\n", "")
    );
}

#[test]
fn formula_says_why_a_symbol_stays_outside_the_basis() {
    let outcome = run(&["formula", WALKTHROUGH, "dots", "--in", "T,L,d"]);
    assert_eq!(outcome.stdout, "10*L*T*d + H*L*T^2\n");
    assert!(outcome.stderr.contains("H stays"), "{}", outcome.stderr);
}

#[test]
fn values_may_be_expressions_and_any_subset_may_be_bound() {
    let at = |set: &[&str]| {
        let mut arguments = vec!["formula", WALKTHROUGH, "macs"];
        set.iter()
            .for_each(|value| arguments.extend(["--set", value]));
        run(&arguments).stdout
    };
    assert_eq!(at(&["L=48"]), "96*T*d*f + 192*H*T*d*dh + 96*H*T^2*dh\n");
    assert_eq!(
        at(&["T=2*d", "L=1", "H=1", "d=8"]),
        at(&["T=16", "L=1", "H=1", "d=8"])
    );
}

#[test]
fn standard_input_is_a_file_named_dash() {
    let text = std::fs::read(WALKTHROUGH).expect("the model is there");
    let outcome = run_with(&["formula", "-", "macs", "--in", "T,L,d"], &text);
    assert_eq!(outcome.stdout, "12*L*T*d^2 + 2*L*T^2*d\n");
    refuses(
        &["check", "-"],
        b"Model(",
        1,
        &["error[syntax]", "<stdin>:1:"],
    );
}

#[test]
fn selectors_that_select_nothing_are_refused() {
    refuses(
        &["report", WALKTHROUGH, "--phase", "decod"],
        b"",
        1,
        &["no phase `decod`", "did you mean `decode`?"],
    );
    refuses(
        &["report", "models/bert.ron", "--phase", "decode"],
        b"",
        1,
        &["no phase `decode`", "`bert` runs in: forward"],
    );
    refuses(
        &["report", WALKTHROUGH, "--preset", "walkthru"],
        b"",
        1,
        &["no preset `walkthru`", "did you mean `walkthrough`?"],
    );
    refuses(
        &["report", WALKTHROUGH, "--profile", "exakt"],
        b"",
        1,
        &["no profile `exakt`", "did you mean `exact`?"],
    );
    refuses(
        &["report", WALKTHROUGH, "--set", "Q=1"],
        b"",
        1,
        &["--set Q", "no symbol or switch `Q`"],
    );
    refuses(
        &["report", WALKTHROUGH, "--set", "dh=64"],
        b"",
        1,
        &["`dh` is derived, it is `d / H`"],
    );
    refuses(
        &["report", WALKTHROUGH, "--set", "causal=1"],
        b"",
        1,
        &["`causal` is a switch"],
    );
    refuses(
        &["report", WALKTHROUGH, "--set", "T"],
        b"",
        2,
        &["--set wants NAME=VALUE"],
    );
    refuses(
        &["report", WALKTHROUGH, "--set", "T=2d"],
        b"",
        1,
        &["--set T=2d"],
    );
    refuses(
        &["formula", WALKTHROUGH, "macs", "--in", "T,LL"],
        b"",
        1,
        &["--in: no symbol `LL`", "did you mean `L`?"],
    );
    refuses(&["formula", WALKTHROUGH, "mac"], b"", 2, &["'mac'", "macs"]);
    refuses(
        &["report", WALKTHROUGH, "--format", "yaml"],
        b"",
        2,
        &["'yaml'"],
    );
    refuses(&["reprt"], b"", 2, &["reprt"]);
}

#[test]
fn values_that_break_an_obligation_are_refused_by_its_name() {
    let odd = [
        "--set", "T=4", "--set", "L=1", "--set", "d=6", "--set", "H=4",
    ];
    let mut call = vec!["formula", WALKTHROUGH, "macs"];
    call.extend(odd);
    refuses(
        &call,
        b"",
        1,
        &["`H divides d` does not hold at H = 4, d = 6"],
    );
    refuses(
        &["formula", WALKTHROUGH, "macs", "--set", "T=0"],
        b"",
        1,
        &["`T` is an integer >= 1, not 0"],
    );
    refuses(
        &["formula", WALKTHROUGH, "macs", "--set", "T=1/2"],
        b"",
        1,
        &["`T` is an integer >= 1, not 1/2"],
    );
    let long = [
        "report",
        "models/gpt2.ron",
        "--preset",
        "gpt2",
        "--set",
        "B=1",
        "--set",
        "T=2000",
    ];
    refuses(
        &long,
        b"",
        1,
        &["`Tmax >= T` does not hold at T = 2000, Tmax = 1024"],
    );
}

#[test]
fn a_number_that_is_asked_for_needs_every_symbol() {
    let free = [
        "there is no number without a value of B, T",
        "--set B=.. --set T=..",
    ];
    refuses(
        &[
            "formula",
            "models/llama.ron",
            "macs",
            "--preset",
            "llama3_8b",
            "--value",
        ],
        b"",
        1,
        &free,
    );
    refuses(
        &[
            "report",
            "models/llama.ron",
            "--preset",
            "llama3_8b",
            "--show",
            "numbers",
        ],
        b"",
        1,
        &free,
    );
    let outcome = run(&[
        "formula",
        WALKTHROUGH,
        "macs",
        "--preset",
        "walkthrough",
        "--value",
    ]);
    assert_eq!(outcome.stdout, "10056892416000\n");
}

#[test]
fn check_reads_every_file_before_it_fails() {
    let outcome = run(&[
        "check",
        "no.ron",
        WALKTHROUGH,
        "tests/rejections/cycles.ron",
    ]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(
        outcome.stderr.contains("no.ron") && outcome.stderr.contains("cycles.ron:5:9"),
        "{}",
        outcome.stderr
    );
    let outcome = run(&["check", WALKTHROUGH]);
    assert_eq!(
        outcome.stdout,
        "models/walkthrough.ron: ok, 17 ops, 5 phases, 1 switch, 1 preset\n"
    );
}

#[test]
fn a_preset_that_breaks_its_model_fails_the_check() {
    let text = std::fs::read_to_string(WALKTHROUGH).expect("the model is there");
    let odd = text.replace("H: 32, V", "H: 33, V");
    refuses(
        &["check", "-"],
        odd.as_bytes(),
        1,
        &["`H divides d` does not hold at H = 33, d = 4096"],
    );
}

#[test]
fn ops_prints_the_reference() {
    let outcome = run(&["ops", "linear"]);
    assert!(
        outcome
            .stdout
            .starts_with("`Linear(x, \"d -> H dh\", bias)`"),
        "{}",
        outcome.stdout
    );
    refuses(
        &["ops", "Linaer"],
        b"",
        1,
        &["no op `Linaer`", "did you mean `Linear`?"],
    );
}

#[test]
fn blocks_that_call_each_other_twice_nest_deep_without_cost() {
    let mut text = String::from(
        "Model(name: \"deep\", symbols: (d: width), blocks: (\n\
         b0: Block(inputs: (x: \"d\"), nodes: (y: Linear(x, \"d -> d\")), output: y),\n",
    );
    for level in 1..=64 {
        let below = level - 1;
        text.push_str(&format!(
            "b{level}: Block(inputs: (x: \"d\"), nodes: (a: Call(b{below}, x), b: Call(b{below}, a)), output: b),\n"
        ));
    }
    text.push_str("), inputs: (x: \"d\"), nodes: (y: Call(b64, x)), output: y)");
    let outcome = run_with(&["formula", "-", "macs"], text.as_bytes());
    assert_eq!(
        outcome.stdout, "18446744073709551616*d^2\n",
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_graph_of_a_hundred_thousand_nodes_works() {
    let mut text =
        String::from("Model(name: \"long\", symbols: (d: width), inputs: (x0: \"d\"), nodes: (\n");
    for node in 1..=100_000 {
        text.push_str(&format!("x{node}: Linear(x{}, \"d -> d\"),\n", node - 1));
    }
    text.push_str("), output: x100000)");
    let outcome = run_with(&["formula", "-", "macs"], text.as_bytes());
    assert_eq!(outcome.stdout, "100000*d^2\n", "{}", outcome.stderr);
}
