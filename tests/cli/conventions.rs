//! Stages side by side, figures a token, conventions against each other: what a caller compares.

use serde_json::Value;

use super::{refuses, run, run_with};

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
    refuse("zzz", &["help: known here: H, L, T, N, C, P, d, dh, f, V"]);
}

/// Llama-3-8B at T = 8192 as two trainers count it: half of all pairs, and gains.
#[test]
fn two_profiles_are_compared_part_by_part() {
    let at = [
        "models/llama.ron",
        "--preset",
        "llama3-8b",
        "--set",
        "B=1",
        "--set",
        "T=8192",
    ];
    let both = ["--profile", "megatron", "--against", "torchtitan"];
    let call = [&at[..], &both].concat();
    let against = &json(&call)["against"];
    assert_eq!(
        (&against["profile"], &against["by"]),
        (&"torchtitan".into(), &"part".into())
    );
    let numbers = |of: &Value| {
        ["flops", "against", "difference"].map(|key| {
            let text = of[key]["value"].as_str().expect("bound");
            text.parse::<i64>().expect("a number")
        })
    };
    let [a, b] = [51_470_401_536 * 8192, 57_914_449_920 * 8192];
    assert_eq!(numbers(&against["total"]), [a, b, a - b]);
    let scores = &against["groups"]["scores"];
    let pairs = 6 * 32 * 32 * 128 * 8192 * 8192;
    assert_eq!(numbers(scores), [pairs / 2, pairs, -pairs / 2]);
    assert_eq!(scores["percent"], "-50");
    let norms = 6 * 65 * 4096 * 8192;
    assert_eq!(numbers(&against["groups"]["norm"]), [0, norms, -norms]);
    assert_eq!(against["groups"]["embedding"]["percent"], Value::Null);
    let table = prints(&[&["report"], &call[..]].concat());
    let total = table.lines().last().expect("a line");
    let words: Vec<&str> = total.split_whitespace().collect();
    let wanted = [
        "total",
        "421,645,529,382,912",
        "474,435,173,744,640",
        "-52,789,644,361,728",
        "-11.1%",
    ];
    assert_eq!(words, wanted);
    assert!(table.starts_with(
        "llama, phase forward, profile megatron against torchtitan, preset llama3-8b\n"
    ));
    let rows = &json(&[&call[..], &["--by", "node"]].concat())["against"];
    assert_eq!(
        numbers(&rows["groups"]["layers.attention.scores"]),
        [pairs / 2, pairs, -pairs / 2]
    );
    assert_eq!(rows["total"], against["total"]);
}

#[test]
fn a_difference_is_a_formula_while_symbols_are_free_and_a_percentage_where_it_is_one() {
    let causal = [
        "models/walkthrough.ron",
        "--in",
        "T,L,d",
        "--set",
        "causal=true",
    ];
    let json = |against| json(&[&causal[..], &["--against", against]].concat())["against"].take();
    let torch = json("torch");
    assert_eq!(
        torch["total"]["difference"]["formula"],
        "2*L*T*d - 2*L*T^2*d"
    );
    assert_eq!(torch["total"]["percent"], Value::Null);
    assert_eq!(torch["groups"]["mlp"]["percent"], "0");
    let macs = json("fvcore");
    assert_eq!(
        macs["groups"]["out"]["percent"], "100",
        "2 FLOPs a MAC against 1"
    );
    let plain = super::run(&[&["report"], &causal[..], &["--format", "json"]].concat());
    assert!(!plain.stdout.contains("\"against\""));
}

#[test]
fn profiles_come_from_files_and_slips_in_the_call_are_refused() {
    let path = std::env::temp_dir().join(format!("dotledger-profile-{}.ron", std::process::id()));
    let name = path.display().to_string();
    // What is printed is a whole profile, to be changed.
    let own = prints(&["profile", "torch"]).replace("name: \"torch\"", "name: \"mine\"");
    std::fs::write(&path, own.replace("backward: 0", "backward: 2")).expect("written");
    let walkthrough = [
        "report",
        "models/walkthrough.ron",
        "--by",
        "mixing",
        "--format",
        "csv",
    ];
    let against = [
        &walkthrough[..],
        &["--profile", &name, "--against", "torch"],
    ]
    .concat();
    let csv = prints(&against);
    assert!(
        csv.contains("model,phase,profile,mixing,against_profile,flops,"),
        "{csv}"
    );
    assert!(
        csv.lines()
            .skip(1)
            .all(|line| line.ends_with(",200.000000")),
        "{csv}"
    );
    let other = [
        &walkthrough[..],
        &["--profile", "torch", "--against", &name],
    ]
    .concat();
    assert!(
        prints(&other)
            .lines()
            .skip(1)
            .all(|line| line.ends_with(",-66.666667"))
    );
    std::fs::remove_file(&path).expect("removed");
    let refuse = |more: &[&str], code, says: &[&str]| {
        let call = [&["report", "models/walkthrough.ron"], more].concat();
        refuses(&call, b"", code, says);
    };
    refuse(
        &["--against", "torhc"],
        1,
        &["no profile `torhc`", "did you mean `torch`?"],
    );
    refuse(&["--against", "no.ron"], 1, &["no.ron"]);
    refuse(
        &["--against", "torch", "--by", "length"],
        2,
        &["--against compares FLOPs", "--by node, block"],
    );
    refuse(
        &["--against", "torch", "--show", "numbers"],
        1,
        &["there is no number"],
    );
    refuses(
        &["profile", "megatorn"],
        b"",
        1,
        &["no profile `megatorn`", "did you mean `megatron`?"],
    );
}

#[test]
fn every_profile_is_named_in_help_and_in_the_readme() {
    let help = prints(&["report", "--help"]);
    let words: Vec<&str> = help
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    let list = prints(&["profile"]);
    for name in dotledger::Profile::names() {
        assert!(words.contains(&name), "{name}");
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        assert!(list.contains(name), "{name}");
    }
}

/// Mixtral 8x7B, 30 tokens that each choose 2 of 8 experts by chance: 8 (1 - (3/4)^30) of them are read.
#[test]
fn an_expected_number_of_bytes_may_be_a_fraction() {
    let call = [
        "formula",
        "models/mixtral.ron",
        "weight_bytes_expected",
        "--preset",
        "mixtral-8x7b",
    ];
    let at = ["--phase", "decode", "--set", "B=30", "--set", "T=100"];
    let call = [&call[..], &at].concat();
    // 32 layers of experts of 3 matrices of 4096 x 14336, two bytes each; what else is read is a whole number: queries,
    // keys, values and outputs, the router, the norms, the head, and 30 rows of the table.
    let experts = 8 * 32 * 3 * 4096 * 14336 * 2_u128;
    let (missed, of) = (3_u128.pow(30), 4_u128.pow(30));
    let text = prints(&call);
    let (top, bottom) = text.trim().split_once('/').expect("a fraction");
    let (top, bottom): (u128, u128) = (
        top.parse().expect("digits"),
        bottom.parse().expect("digits"),
    );
    let attention = 2 * 4096 * (4096 + 1024);
    let others = 2 * (32 * (attention + 4096 * 8) + 65 * 4096 + 4096 * 32_000 + 30 * 4096_u128);
    assert_eq!(
        top * (of / bottom),
        (experts + others) * of - experts * missed
    );
}

#[test]
fn an_odd_number_of_half_bytes_is_a_fraction() {
    let model = br#"Model(name: "halves", phases: [forward], symbols: (T: context, d: width), inputs: (x: "@n d"),
        nodes: (k: Cache(x, "n"), y: Linear(k, "d -> d")), output: y)"#;
    let at = ["--dtype", "int4", "--set", "T=3", "--set", "d=3"];
    let with = |call: &[&'static str]| run_with(&[call, &at].concat(), model);
    let value = |quantity: &'static str| with(&["formula", "-", quantity]).stdout;
    assert_eq!(value("kv_cache_bytes"), "9/2\n");
    assert_eq!(value("weight_bytes_lower"), "9/2\n");
    let report = with(&["report", "-", "--format", "json"]);
    let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
    assert_eq!(report["totals"]["kv_cache_bytes"]["value"], "4.5");
    let python = ["formula", "-", "kv_cache_bytes", "--syntax", "python"];
    let call = [&python[..], &at[..2]].concat();
    let says = "`T*d/2` may be a fraction, and integers of this syntax would round it";
    refuses(&call, model, 1, &[says]);
}
