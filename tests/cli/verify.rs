//! `verify` as a caller meets it; that it notices what is wrong is the oracle's to show.

use super::{refuses, run, run_with};

#[test]
fn what_was_tried_is_told_for_each_file_and_the_same_every_time() {
    let call = [
        "verify",
        "models/walkthrough.ron",
        "models/mixer.ron",
        "--rounds",
        "2",
    ];
    let outcome = run(&call);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let heads: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(heads.len(), 2, "{}", outcome.stdout);
    assert!(heads[0].starts_with("models/walkthrough.ron: verified; 20 sets of sizes in "));
    assert!(heads[1].starts_with("models/mixer.ron: verified; "));
    assert_eq!(run(&call).stdout, outcome.stdout);
    let other = run(&[&call[..], &["--seed", "2"]].concat());
    assert_ne!(other.stdout, outcome.stdout);
}

#[test]
fn a_phase_a_switch_and_sizes_can_be_pinned() {
    let outcome = run(&[
        "verify",
        "models/walkthrough.ron",
        "--phase",
        "decode",
        "--set",
        "causal=true",
        "--set",
        "T=3",
        "--rounds",
        "3",
        "--format",
        "json",
    ]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let verdict: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(verdict["schema"], "dotledger.verify/1");
    assert_eq!(verdict["disagreement"], serde_json::Value::Null);
    assert_eq!(verdict["trials"].as_array().map(Vec::len), Some(1));
    let trial = &verdict["trials"][0];
    assert_eq!(trial["phase"], "decode");
    assert_eq!(trial["switches"], serde_json::json!({ "causal": true }));
    assert_eq!(trial["rounds"], 3);
    assert_eq!(trial["passes"], 6, "three under each of two profiles");
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let llama = "models/llama.ron";
    refuses(&["verify"], b"", 2, &["<FILE>"]);
    refuses(&["verify", llama, "--rounds", "0"], b"", 2, &["--rounds"]);
    refuses(
        &["verify", llama, "--set", "T=2*d"],
        b"",
        2,
        &["a walk takes numbers for symbols"],
    );
    refuses(
        &["verify", llama, "--set", "Q=2"],
        b"",
        1,
        &["no symbol or switch `Q`"],
    );
    refuses(&["verify", llama, "--set", "T=0"], b"", 1, &["T"]);
    refuses(
        &["verify", llama, "--set", "H=3", "--set", "K=2"],
        b"",
        1,
        &["K divides H"],
    );
    refuses(
        &["verify", llama, "--phase", "fly"],
        b"",
        1,
        &["no phase `fly`"],
    );
    refuses(&["verify", "-"], b"Model(", 1, &["<stdin>:1"]);
}

#[test]
fn what_is_too_much_to_walk_is_said_and_is_no_verdict() {
    let text =
        br#"Model(name: "wide", symbols: (d: Symbol(role: width, min: 100000)), inputs: (x: "d"),
        nodes: (y: Linear(x, "d -> 4096")), output: y)"#;
    let outcome = run_with(&["verify", "-"], text);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stdout.contains("forward: not walked: `y`: an index space of 409600000 points; 16777216 are walked at most"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("not all of it could be walked"),
        "{}",
        outcome.stderr
    );
    // A symbol that is pinned to more than can be walked leaves phases without it.
    let outcome = run(&[
        "verify",
        "models/gpt2.ron",
        "--set",
        "Tmax=90000000",
        "--set",
        "T=80000000",
        "--rounds",
        "1",
    ]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stdout.contains("verified in part"),
        "{}",
        outcome.stdout
    );
}
