//! Answers that once were wrong in silence: each is right now, or is refused. Must never hold expectations that were taken
//! from an output.

#![allow(clippy::print_stderr)]

use std::process::Command;

use super::{refuses, run_with};

#[test]
fn equations_of_a_model_are_conditions_like_its_other_relations() {
    let model = br#"Model(name: "related", phases: [forward],
        symbols: (T: context, d: width, f: mlp_width, H: heads, dh: head_size),
        relations: ["f = 4*d", "H*dh = d"],
        presets: (right: (T: 1, d: 4, f: 16), wrong: (T: 1, d: 4, f: 17)),
        inputs: (x: "@n d"),
        nodes: (up: Linear(x, "d -> f"), y: Linear(up, "4*d -> d")), output: y)"#;
    let says = ["preset `wrong`: `f = 4*d` does not hold at d = 4, f = 17"];
    refuses(&["check", "-"], model, 1, &says);
    let macs = ["formula", "-", "macs"];
    let with = |more: &[&'static str]| [&macs[..], more].concat();
    let says = ["`f = 4*d` does not hold at d = 4, f = 17"];
    refuses(&with(&["--preset", "wrong"]), model, 1, &says);
    refuses(&with(&["--set", "d=4", "--set", "f=17"]), model, 1, &says);
    let says = ["`8*d = 4*d` does not hold at d = 3"];
    refuses(&with(&["--set", "f=8*d", "--set", "d=3"]), model, 1, &says);
    let says = ["`d/H` = 9/2 is not an integer at d = 9, H = 2"];
    refuses(&with(&["--set", "d=9", "--set", "H=2"]), model, 1, &says);
    let right = run_with(&with(&["--preset", "right"]), model);
    assert_eq!(right.stdout, "128\n", "{}", right.stderr);
    let report = run_with(&["report", "-"], model);
    assert!(report.stdout.contains("valid when  H*dh = d; f = 4*d"));
}

#[test]
fn what_only_a_branch_not_taken_reads_does_not_run() {
    let model = |nodes: &str| {
        format!(
            "Model(name: \"arms\", phases: [forward], symbols: (T: context, d: width, f: mlp_width), \
             switches: (wide: Switch(false, \"x\")), inputs: (x: \"@n d\"), nodes: ({nodes}), output: y)"
        )
    };
    let macs = |nodes: &str, set: &str| {
        let outcome = run_with(
            &["formula", "-", "macs", "--set", set],
            model(nodes).as_bytes(),
        );
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    let inline = "y: If(wide, Linear(x, \"d -> f\"), Linear(x, \"d -> 1\"))";
    let named = "first: Linear(x, \"d -> d\"), second: first, a: Linear(second, \"d -> f\"), \
                 b: Linear(x, \"d -> 1\"), y: If(wide, a, b)";
    assert_eq!(macs(inline, "wide=false"), "T*d\n");
    assert_eq!(macs(named, "wide=false"), "T*d\n");
    assert_eq!(macs(named, "wide=true"), "T*d*f + T*d^2\n");
    // What nothing reads is a second output of the author's, and keeps what it reads.
    let head = format!("{named}, head: Linear(a, \"f -> 2\")");
    assert_eq!(macs(&head, "wide=false"), "T*d*f + 2*T*f + T*d^2 + T*d\n");
}

#[test]
fn sizes_of_what_does_not_run_need_not_hold() {
    let model = br#"Model(name: "needs", phases: [forward], symbols: (T: context, d: width), switches: (pairs: false),
        blocks: (
            halves: Block(inputs: (x: "n d"), nodes: (y: Linear(x, "d -> d/2")), output: y),
            thirds: Block(dims: [w], inputs: (x: "n w"), nodes: (y: Linear(x, "w -> w/3")), output: y),
        ),
        inputs: (x: "@n d"),
        nodes: (
            quarter: Linear(x, "d -> d/4"),
            again:   Linear(x, "d -> d/4"),             // the same text is read once
            y:       If(pairs, Call(halves, x), Call(thirds, x, (w: "d"))),
            z:       If(pairs, quarter, again),
        ), output: y)"#;
    let valid = |set: &str| {
        let report = run_with(&["report", "-", "--set", set], model);
        assert_eq!(report.code, Some(0), "{}", report.stderr);
        let line = report
            .stdout
            .lines()
            .find(|line| line.starts_with("valid when"));
        let line = line.expect("there are conditions");
        let line = line.trim_start_matches("valid when").trim();
        let mut conditions: Vec<String> = line.split("; ").map(str::to_owned).collect();
        conditions.sort();
        conditions
    };
    assert_eq!(valid("pairs=false"), ["3 divides d", "4 divides d"]);
    assert_eq!(valid("pairs=true"), ["2 divides d", "4 divides d"]);
}

#[test]
fn what_a_block_needs_that_nothing_calls_is_no_condition() {
    let model =
        br#"Model(name: "spare", phases: [forward], symbols: (T: context, d: width, H: heads),
        switches: (split: false), inputs: (x: "@n d"),
        blocks: (
            spare: Block(inputs: (x: "n d"), nodes: (y: Slice(x, "d", "H")), output: y),
            other: Block(inputs: (x: "n d"), nodes: (y: Linear(x, "H -> d")), output: y),
            last: Block(inputs: (x: "n d"), nodes: (y: Linear(x, "H -> d")), output: y),
            either: If(split, Block(inputs: (x: "n d"), nodes: (y: Call(last, x)), output: y),
                Block(inputs: (x: "n d"), nodes: (y: Map(gelu, [x])), output: y)),
            own: Block(inputs: (x: "n d"), nodes: (y: Call(spare, x)), output: y),
        ),
        nodes: (y: If(split, Call(other, x), Linear(x, "d -> d"))), output: y)"#;
    // A block that another value of a switch calls may fit there alone.
    let macs = run_with(
        &["formula", "-", "macs", "--set", "d=3", "--set", "H=4"],
        model,
    );
    assert_eq!(macs.stdout, "9*T\n", "{}", macs.stderr);
    let report = run_with(&["report", "-"], model);
    assert!(!report.stdout.contains("valid when"), "{}", report.stdout);
    assert!(!report.stdout.contains("spare."), "{}", report.stdout);
}

#[test]
fn a_size_that_fails_between_the_first_and_the_last_step_is_refused() {
    let model = br#"Model(name: "blocks", phases: [forward, generate], symbols: (T: context, N: "tokens", d: width, Q: "block"),
        inputs: (x: "@n d"), nodes: (
            keys:   Cache(x, "n"),
            past:   Slice(keys, "s", "p"),
            blocks: Rearrange(past, "(c q) d -> c q d", "q = Q"),
            means:  Reduce(blocks, mean, "Q"),
            y:      Einsum("c d, n d -> n c", [means, x]),
        ), output: y)"#;
    let at = |steps: &'static str| {
        let set = [
            "--set", "T=4", "--set", "Q=4", "--set", "d=4", "--set", steps,
        ];
        [&["formula", "-", "macs", "--phase", "generate"][..], &set].concat()
    };
    // Steps find 4, 5, .. positions before them; blocks are of 4.
    refuses(
        &at("N=5"),
        model,
        1,
        &["`Q divides min(2, N) + T - 1` does not hold"],
    );
    let one = run_with(&at("N=1"), model);
    assert_eq!(one.stdout, "4\n", "{}", one.stderr);
}

#[test]
fn the_mean_of_what_many_positions_choose_is_rounded_and_said_to_be() {
    let set = [
        "--preset",
        "mixtral-8x7b",
        "--set",
        "B=8",
        "--set",
        "T=1000",
        "--phase",
        "prefill",
    ];
    let expected = ["formula", "models/mixtral.ron", "weight_bytes_expected"];
    let outcome = run_with(&[&expected[..], &set].concat(), b"");
    // All experts, as good as surely: 2*(46,702,792,704 - 32000*4096 + 8000*4096).
    assert_eq!(outcome.stdout, "93208977408\n");
    assert!(outcome.stderr.contains("rounded"), "{}", outcome.stderr);
    let few = [
        "--preset",
        "mixtral-8x7b",
        "--set",
        "B=8",
        "--phase",
        "decode",
    ];
    let outcome = run_with(&[&expected[..], &few].concat(), b"");
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("84113891328\n", "")
    );
}

#[test]
fn the_number_of_a_step_means_nothing_outside_the_steps_of_a_phase() {
    let model = |phase: &str, map: &str| {
        format!(
            "Model(name: \"steps\", phases: [forward, {phase}], symbols: (T: context, N: \"steps\", d: width), \
             inputs: (x: \"@n d\"), nodes: (y: Linear(x, \"{map}\")), output: y)"
        )
    };
    let asks = ["formula", "-", "macs"];
    let says = ["`i` means nothing here"];
    refuses(&asks, model("generate", "d -> i").as_bytes(), 1, &says);
    let past = "Phase(name: draft, n: \"T\", p: \"i\", o: \"1\")";
    refuses(&asks, model(past, "d -> d").as_bytes(), 1, &says);
    let count = "Phase(name: draft, n: \"T\", p: \"i\", o: \"1\", steps: \"i\")";
    refuses(&asks, model(count, "d -> d").as_bytes(), 1, &says);
    let own = "Phase(name: draft, n: \"n\", p: \"T\", o: \"1\")";
    let says = ["`n` means nothing here"];
    refuses(&asks, model(own, "d -> d").as_bytes(), 1, &says);
    for position in ["n", "o", "p", "s", "i"] {
        for value in [format!("d={position}"), format!("d=2*{position} + 1")] {
            let set = [&asks[..], &["--set", &value]].concat();
            let says = format!("`d` is set to an expression of `{position}`, which a phase sets");
            refuses(&set, model("generate", "d -> d").as_bytes(), 1, &[&says]);
        }
    }
    let steps = "Phase(name: draft, n: \"i\", p: \"0\", o: \"1\", steps: \"N\")";
    let call = [&asks[..], &["--phase", "draft"]].concat();
    let outcome = run_with(&call, model(steps, "d -> 2").as_bytes());
    assert_eq!(outcome.stdout, "N^2*d + N*d\n", "{}", outcome.stderr);
}

#[test]
fn blocks_may_call_each_other_200_deep_and_no_deeper() {
    let model = |blocks: usize| {
        let mut text = String::from("Model(name: \"deep\", symbols: (d: width), blocks: (\n");
        for at in 1..blocks {
            let next = at + 1;
            text.push_str(&format!(
                "b{at}: Block(inputs: (x: \"d\"), nodes: (y: Call(b{next}, x)), output: y),\n"
            ));
        }
        text.push_str(&format!(
            "b{blocks}: Block(inputs: (x: \"d\"), nodes: (y: Linear(x, \"d -> d\")), output: y)),\n"
        ));
        text + "inputs: (x: \"d\"), nodes: (y: Call(b1, x)), output: y)"
    };
    let outcome = run_with(&["formula", "-", "macs"], model(200).as_bytes());
    assert_eq!(outcome.stdout, "d^2\n", "{}", outcome.stderr);
    let says = [
        "<stdin>:2:1",
        "blocks call each other more than 200 deep, the limit",
    ];
    refuses(&["check", "-"], model(201).as_bytes(), 1, &says);
}

#[test]
fn a_report_in_numbers_names_every_symbol_that_is_free() {
    let model = br#"Model(name: "free", phases: [forward], symbols: (T: context, V: vocabulary, d: width),
        inputs: (tokens: "@n", x: "@n d"),
        nodes: (table: Param("V d"), row: Gather(table, tokens), y: Linear(x, "d -> 2")), output: y)"#;
    let says = ["value of T, d, V\n", "--set T=.. --set d=.. --set V=.."];
    refuses(&["report", "-", "--show", "numbers"], model, 1, &says);
}

#[test]
fn a_value_given_twice_is_refused_and_blanks_and_dashes_mean_what_they_mean_elsewhere() {
    let model = "models/walkthrough.ron";
    let twice = ["formula", model, "macs", "--set", "d=1", "--set", "d = 2"];
    refuses(&twice, b"", 2, &["--set d stands twice"]);
    let blanks = run_with(&["formula", model, "macs", "--in", "T, L , d"], b"");
    assert_eq!(blanks.stdout, "12*L*T*d^2 + 2*L*T^2*d\n");
    let plain = run_with(&["report", model], b"");
    let dash = run_with(&["report", model, "-o", "-"], b"");
    assert_eq!(dash.stdout, plain.stdout, "{}", dash.stderr);
}

#[test]
fn an_expression_given_for_a_symbol_stays_in_its_domain() {
    let model = br#"Model(name: "ranges", phases: [forward],
        symbols: (T: context, d: width, W: Symbol(role: window, min: 2, max: 8)),
        presets: (wide: (W: "2*d"), half: (d: "T/2")),
        inputs: (x: "@n d"), nodes: (y: Linear(x, "d -> W")), output: y)"#;
    let macs = |set: &[&'static str]| {
        let mut call = vec!["formula", "-", "macs"];
        set.iter().for_each(|set| call.extend(["--set", set]));
        call
    };
    let says = ["`2 <= 2*d <= 8` does not hold at d = 5"];
    refuses(&macs(&["W=2*d", "d=5"]), model, 1, &says);
    let preset = ["formula", "-", "macs", "--preset", "wide", "--set", "d=5"];
    refuses(&preset, model, 1, &says);
    let says = ["`2 <= d - 4 <= 8` does not hold at d = 5"];
    refuses(&macs(&["W=d-4", "d=5"]), model, 1, &says);
    let says = ["`T/2` = 3/2 is not an integer at T = 3"];
    refuses(&macs(&["d=T/2", "T=3", "W=2"]), model, 1, &says);
    assert_eq!(
        run_with(&macs(&["W=2*d", "d=4", "T=1"]), model).stdout,
        "32\n"
    );
    let report = run_with(&["report", "-", "--set", "W=2*d"], model);
    assert!(
        report.stdout.contains("valid when  2 <= 2*d <= 8"),
        "{}",
        report.stdout
    );
    // A domain that follows from those of the symbols is not said again.
    let report = run_with(&["report", "-", "--set", "d=2*T"], model);
    assert!(!report.stdout.contains("valid when"), "{}", report.stdout);
}

#[test]
fn a_condition_is_said_once_however_it_was_written() {
    let model = br#"Model(name: "said", phases: [forward], symbols: (T: context, d: width, H: heads, W: window),
        relations: ["H | d", "2*H | 2*d", "2*d >= 2*H", "3*d >= 3*W", "d >= W", "W >= H", "4*H >= 4*W"],
        inputs: (x: "@n d"),
        nodes: (y: Linear(x, "d -> H d/H"), z: Slice(x, "d", "H")), output: y)"#;
    let report = run_with(&["report", "-"], model);
    let said = "valid when  W >= H; 4*H >= 4*W; d >= W; H divides d\n";
    assert!(report.stdout.contains(said), "{}", report.stdout);
}

#[test]
fn sql_tells_symbols_apart_that_differ_only_in_case() {
    let call = ["formula", "models/mixtral.ron", "params_active", "--syntax"];
    let sql = run_with(&[&call[..], &["sql"]].concat(), b"");
    assert_eq!(sql.stderr, "k is spelled k_2\n");
    let sizes = "8 AS \"K\", 2 AS k_2, 32 AS L, 4096 AS d, 14336 AS f, 8 AS E, 32000 AS V, 32 AS H, 128 AS dh";
    let query = format!("SELECT {} FROM (SELECT {sizes})", sql.stdout.trim());
    let script = "import sqlite3, sys; print(sqlite3.connect(':memory:').execute(sys.argv[1]).fetchone()[0])";
    let python = Command::new("python3")
        .args(["-c", script, &query])
        .output();
    match python {
        Ok(python) => assert_eq!(python.stdout, b"12879925248\n", "{query}"),
        Err(_) => eprintln!("SKIPPED: python3 is not there, the query was not run"),
    }
    let own = run_with(&[&call[..], &["ascii"]].concat(), b"");
    assert_eq!(own.stderr, "");
}

/// Half of an odd number of pairs is half a pair: a profile that halves says so, exactly, and no language of integers rounds it.
#[test]
fn half_of_an_odd_number_of_pairs_is_a_fraction() {
    let model = br#"Model(name: "odd", phases: [forward], symbols: (T: context, d: width), inputs: (x: "@n d"),
        nodes: (y: Einsum("n d, s d -> n s", [x, x], Causal(n, s))), output: y)"#;
    let at = |quantity: &'static str, more: &[&'static str]| {
        let call = ["formula", "-", quantity, "--profile", "megatron"];
        run_with(&[&call[..], more].concat(), model)
    };
    let three = ["--set", "T=3", "--set", "d=1"];
    assert_eq!(at("dots", &three).stdout, "9/2\n");
    assert_eq!(at("dots", &["--set", "T=3"]).stdout, "9/2\n");
    // A pass forward of 2 FLOPs a MAC, and two passes back.
    assert_eq!(at("flops", &three).stdout, "27\n");
    assert_eq!(at("flops", &["--syntax", "python"]).stdout, "3*T**2*d\n");
    let refused = at("dots", &["--syntax", "python"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let says =
        "error[dimension]: `T^2/2` may be a fraction, and integers of this syntax would round it";
    assert!(refused.stderr.contains(says), "{}", refused.stderr);
    let call = [
        "report",
        "-",
        "--profile",
        "kaplan",
        "--by",
        "part",
        "--set",
        "T=3",
        "--set",
        "d=1",
    ];
    let report = run_with(&call, model);
    assert!(report.stdout.contains("4.5"), "{}", report.stderr);
}

#[test]
fn a_sum_of_numbers_is_a_number_however_long_it_is() {
    let model = br#"Model(name: "long", phases: [forward, generate], symbols: (T: context, N: "generated", Q: "q", d: width),
        inputs: (x: "@n d"),
        nodes: (k: Cache(x, "n"), r: Slice(k, "s", "floor(s*s/(s+Q))"), e: Einsum("n d, s d -> n s", [x, r])), output: e)"#;
    let macs = |steps: u64, more: &[&str]| {
        let set = format!("N={steps}");
        let call = [
            "formula", "-", "macs", "--phase", "generate", "--set", "T=3", "--set", "Q=1", "--set",
            &set,
        ];
        let outcome = run_with(&[&call[..], more].concat(), model);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    for steps in [64, 65, 1000] {
        let kept = |span: u64| span * span / (span + 1);
        let dots = 3 * kept(3) + (1..=steps).map(|i| kept(3 + i)).sum::<u64>();
        let one = ["--set", "d=2"];
        assert_eq!(macs(steps, &one), format!("{}\n", 2 * dots));
        let value = [&one[..], &["--value"]].concat();
        assert_eq!(macs(steps, &value), format!("{}\n", 2 * dots));
        assert_eq!(macs(steps, &["--in", "d"]), format!("{dots}*d\n"));
        let divided = [&one[..], &["--per", "4"]].concat();
        let half = if dots % 2 == 0 {
            format!("{}\n", dots / 2)
        } else {
            format!("{dots}/2\n")
        };
        assert_eq!(macs(steps, &divided), half);
    }
}

#[test]
fn powers_of_symbols_are_exact_in_every_syntax_or_refused() {
    let model = br#"Model(name: "powers", phases: [forward], symbols: (T: context, a: "a", b: "b", d: width), inputs: (x: "@n d"),
        nodes: (y: Linear(x, "d -> max(a,3)^max(b,2)")), output: y)"#;
    let in_syntax = |syntax: &'static str, more: &[&'static str]| {
        let call = ["formula", "-", "macs", "--set", "T=1", "--syntax", syntax];
        run_with(&[&call[..], more].concat(), model)
    };
    let text = |syntax: &'static str| in_syntax(syntax, &[]).stdout;
    assert_eq!(text("ascii"), "d*max(3, a)^max(2, b)\n");
    let rust = "d * 3_i128.max(a).pow(2_i128.max(b) as u32)\n";
    assert_eq!(text("rust"), rust);
    assert_eq!(text("python"), "d*max(3, a)**max(2, b)\n");
    let at = ["--set", "a=4", "--set", "b=1", "--set", "d=3"];
    assert_eq!(in_syntax("ascii", &at).stdout, "48\n");
    assert_eq!(in_syntax("ascii", &at[2..4]).stdout, "d*max(3, a)^2\n");
    let sql = in_syntax("sql", &[]);
    assert_eq!((sql.code, sql.stdout.as_str()), (Some(1), ""));
    let says = "the exponent of `max(3, a)^max(2, b)` is no small number, and `POWER` of this syntax would round it";
    assert!(sql.stderr.contains(says), "{}", sql.stderr);
    let product = "d*CASE WHEN 3 >= a THEN 3 ELSE a END*CASE WHEN 3 >= a THEN 3 ELSE a END\n";
    assert_eq!(in_syntax("sql", &at[2..4]).stdout, product);
}

#[test]
fn the_capacity_of_experts_is_a_ratio_and_no_size() {
    let macs = |capacity: &str| {
        let model = format!(
            "Model(name: \"room\", phases: [forward], \
             symbols: (T: context, d: width, E: experts, k: active_experts, c: \"quarters\"), \
             blocks: (f: Block(inputs: (x: \"n d\"), nodes: (y: Linear(x, \"d -> d\")), output: y)), inputs: (x: \"@n d\"), \
             nodes: (z: Route(block: f, experts: \"E\", active: \"k\", inputs: x, capacity: \"{capacity}\")), output: z)"
        );
        let set = ["T=100", "E=8", "k=2", "c=5", "d=1"].map(|set| ["--set", set]);
        let call = [&["formula", "-", "macs"][..], &set.concat()].concat();
        let outcome = run_with(&call, model.as_bytes());
        (outcome.stdout, outcome.stderr)
    };
    // 100 tokens, 2 of 8 experts each: a share of 25 tokens for each expert.
    let said = |tokens: u64| (format!("{}\n", 8 * tokens), String::new());
    assert_eq!(macs("c/4"), said(32));
    assert_eq!(macs("1/E"), said(4));
    assert_eq!(macs("1 + 1/E"), said(29));
    let negative = macs("1/E - 1").1;
    assert!(
        negative.contains("`1/E - 1 >= 0` does not hold at E = 8"),
        "{negative}"
    );
}

#[test]
fn languages_of_integers_refuse_a_fraction_that_is_rounded_on_the_way() {
    let at = |size: &str, more: &[&str]| {
        let model = format!(
            r#"Model(name: "cut", phases: [forward], symbols: (T: context, C: "", W: window, d: width),
            inputs: (x: "@n d"), nodes: (y: Linear(x, "d -> {size}")), output: y)"#
        );
        run_with(
            &[&["formula", "-", "params"], more].concat(),
            model.as_bytes(),
        )
    };
    // At T = 3, C = 2, W = 3 the fraction 3/2 decides: `2*min(3//2, 9)//3` would be 0.
    let size = "floor(2*min(T/C, d)/W)";
    let values = [
        "--set", "T=3", "--set", "C=2", "--set", "W=3", "--set", "d=9",
    ];
    assert_eq!(at(size, &values).stdout, "9\n");
    for syntax in ["python", "rust", "sql"] {
        let refused = at(size, &["--syntax", syntax]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        let says = "`T/C` may be a fraction, and integers of this syntax would round it";
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
    // A size is an integer; then it is so in every language.
    let whole = at("min(T/C, d)", &["--syntax", "python"]);
    assert_eq!(whole.stdout, "d*min(T//C, d)\n", "{}", whole.stderr);
}
