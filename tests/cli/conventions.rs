//! Stages side by side, figures a token, conventions against each other: what a caller compares.

use serde_json::Value;

use super::{refuses, run};

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

#[test]
fn a_formula_is_divided_exactly() {
    let of =
        |file: &'static str, more: &[&'static str]| prints(&[&["formula", file], more].concat());
    let llama = |more: &[&'static str]| of("models/llama.ron", more);
    let kept = ["kv_cache_bytes", "--phase", "decode", "--per", "B*T"];
    assert_eq!(llama(&kept), "4*K*L*dh\n");
    let sized = [&kept[..], &["--preset", "llama3-70b"]].concat();
    assert_eq!(llama(&sized), "327680\n", "a token of Llama-3-70B at bf16");
    // DeepSeek-V2, table 1: (d_c + d_h^R) l elements a token; two bytes each.
    let latent = ["kv_cache_bytes", "--phase", "decode", "--per", "2*B*T"];
    assert_eq!(of("models/deepseek.ron", &latent), "L*dr + L*c\n");
    let trained = [
        "flops",
        "--preset",
        "llama3-8b",
        "--set",
        "B=1",
        "--per",
        "T",
    ];
    let trained = |profile| [&trained[..], &["--profile", profile]].concat();
    let at = |profile| llama(&[&trained(profile)[..], &["--set", "T=8192"]].concat());
    assert_eq!(at("megatron"), "51470401536\n");
    assert_eq!(at("torchtitan"), "57914449920\n");
    assert_eq!(llama(&trained("torchtitan")), "1572864*T + 45029548032\n");
}

#[test]
fn a_quotient_need_not_be_whole_and_is_never_rounded() {
    let macs =
        |more: &[&'static str]| [&["formula", "models/walkthrough.ron", "macs"], more].concat();
    let sevenths = macs(&["--preset", "walkthrough", "--per", "7"]);
    assert_eq!(prints(&sevenths), "10056892416000/7\n");
    assert_eq!(
        prints(&[&sevenths[..], &["--value"]].concat()),
        "10056892416000/7\n"
    );
    let python = [&sevenths[..], &["--syntax", "python"]].concat();
    refuses(
        &python,
        b"",
        1,
        &["`10056892416000/7` may be a fraction", "would round it"],
    );
    let left = macs(&["--in", "L,d,T", "--per", "T^2"]);
    assert_eq!(prints(&left), "12*L*d^2/T + 2*L*d\n");
    let sql = [&left[..], &["--syntax", "sql"]].concat();
    refuses(&sql, b"", 1, &["may be a fraction"]);
    let whole = macs(&["--in", "L,d,T", "--per", "T", "--syntax", "python"]);
    assert_eq!(prints(&whole), "12*L*d**2 + 2*L*T*d\n");
    // A value given as an expression is one in the divisor too.
    let related = macs(&["--set", "T=2*d", "--per", "T"]);
    assert_eq!(prints(&related), "2*L*d*f + 8*H*L*d*dh\n");
    // A sum divides once its symbols have numbers: a session of 10 + 3 tokens.
    let session = macs(&[
        "--phase",
        "generate",
        "--preset",
        "walkthrough",
        "--set",
        "T=10",
        "--per",
        "T+N",
    ]);
    refuses(
        &session,
        b"",
        1,
        &[
            "--per: `N + 10` has several terms",
            "give its symbols values",
        ],
    );
    let whole = prints(&[&session[..9], &["--set", "N=3"]].concat());
    let a_token = prints(&[&session[..], &["--set", "N=3"]].concat());
    assert_eq!(a_token, format!("{}/13\n", whole.trim()));
}

#[test]
fn divisors_that_mean_nothing_are_refused() {
    let refuse = |per: &'static str, says: &[&str]| {
        let call = ["formula", "models/walkthrough.ron", "macs", "--per", per];
        refuses(&call, b"", 1, says);
    };
    refuse("0", &["--per: division by zero"]);
    refuse(
        "2T",
        &["--per \"2T\": a product needs its `*`", "write `2*T`"],
    );
    refuse("T*LL", &["unknown symbol `LL`", "did you mean `L`?"]);
    refuse(
        "n",
        &[
            "`n` is set by the phase",
            "the symbols that the model declares",
        ],
    );
    refuse("T + d", &["`d + T` has several terms"]);
}
