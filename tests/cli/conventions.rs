//! Stages side by side, figures a token, conventions against each other: what a caller compares.

use serde_json::Value;

use super::run;

/// A call that must succeed: what it prints.
fn prints(arguments: &[&str]) -> String {
    let outcome = run(arguments);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
    outcome.stdout
}

/// A report as JSON.
fn json(arguments: &[&str]) -> Value {
    let call = [&["report"], arguments, &["--format", "json"]].concat();
    serde_json::from_str(&prints(&call)).expect("JSON")
}

fn count(value: &Value) -> u64 {
    let text = value["value"].as_str().expect("bound");
    text.parse().expect("a count")
}

#[test]
fn a_session_shows_its_stages_side_by_side() {
    let at = |phase: &'static str, context: &'static str| {
        let call = [
            "models/llama.ron",
            "--preset",
            "llama3-8b",
            "--phase",
            phase,
        ];
        let values = ["--set", "B=1", "--set", context, "--set", "N=2"];
        json(&[&call[..], &values].concat())
    };
    let session = at("generate", "T=1000");
    let stage = |name: &str, amount: &str| count(&session["groups"]["stage"][name][amount]);
    for amount in ["dots", "macs", "flops", "elementwise"] {
        let whole = |report: &Value| count(&report["totals"][amount]);
        assert_eq!(
            stage("prefill", amount),
            whole(&at("prefill", "T=1000")),
            "{amount}"
        );
        let steps = whole(&at("decode", "T=1001")) + whole(&at("decode", "T=1002"));
        assert_eq!(stage("decode", amount), steps, "{amount}");
        assert_eq!(
            stage("prefill", amount) + steps,
            whole(&session),
            "{amount}"
        );
    }
    assert_eq!(
        (stage("prefill", "params"), stage("decode", "params")),
        (8_030_261_248, 0)
    );
    let forward = at("forward", "T=1000");
    assert_eq!(forward["groups"]["stage"]["forward"], forward["totals"]);
    let table = |phase: &'static str| prints(&["report", "models/llama.ron", "--phase", phase]);
    assert!(table("generate").contains("By stage") && !table("forward").contains("By stage"));
}
