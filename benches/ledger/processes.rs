//! Whole processes: cold starts of the release binary, as a user runs it.

use std::process::{Command, Stdio};

/// Runs the program once, as a user would.
pub(crate) fn process(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_dotledger"))
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .expect("the program runs");
    assert!(status.success());
}

#[divan::bench]
fn cold_report_walkthrough() {
    process(&[
        "report",
        "models/walkthrough.ron",
        "--preset",
        "walkthrough",
    ]);
}

#[divan::bench]
fn cold_report_llama3_70b() {
    process(&[
        "report",
        "models/llama.ron",
        "--preset",
        "llama3_70b",
        "--set",
        "B=1",
        "--set",
        "T=8192",
    ]);
}

#[divan::bench]
fn cold_formula_walkthrough() {
    process(&["formula", "models/walkthrough.ron", "macs", "--in", "T,L,d"]);
}

/// Sixty-four layers, every other one with a window, over a prompt and a thousand generated tokens.
#[divan::bench]
fn cold_generate_windowed_64_layers() {
    process(&[
        "formula",
        "models/gemma2.ron",
        "macs",
        "--phase",
        "generate",
        "--preset",
        "gemma2_27b",
        "--set",
        "B=1",
        "--set",
        "L=64",
        "--set",
        "T=30000",
        "--set",
        "N=1000",
    ]);
}
