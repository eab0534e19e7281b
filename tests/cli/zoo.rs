//! Configurations on the command line, and the commands around the zoo.

use serde_json::Value;

use crate::{refuses, run, run_with};

const LLAMA: &str = "tests/zoo/others/llama-3-8b.config.json";

/// A file of its own in the folder for temporary files.
fn temporary(name: &str) -> String {
    let name = format!("dotledger-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The configuration of LLaMA 3 8B with one text in place of another.
fn changed(from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(LLAMA).expect("the configuration is there");
    assert!(text.contains(from));
    text.replace(from, to)
}

#[test]
fn a_configuration_stands_where_a_model_does() {
    let checked = run(&["check", LLAMA, "models/llama.ron"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(
        checked
            .stdout
            .contains(": ok, llama of type llama, LlamaForCausalLM, ")
    );
    assert_eq!(run(&["formula", LLAMA, "params"]).stdout, "8030261248\n");
    let text = std::fs::read_to_string(LLAMA).expect("the configuration is there");
    let piped = run_with(
        &["formula", "-", "params", "--set", "V=128000"],
        text.as_bytes(),
    );
    assert_eq!(piped.stdout, "8028164096\n");
}

#[test]
fn a_report_says_which_configuration_it_is_of() {
    let plain = changed("\"tie_word_embeddings\": false", "\"odd\": 1");
    let report = |more: &[&str]| {
        let arguments = [&["report", "-", "--phase", "decode"], more].concat();
        let outcome = run_with(&arguments, plain.as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    };
    let whole = report(&[]);
    assert!(
        whole
            .stdout
            .contains("config      <stdin>: llama, LlamaForCausalLM"),
        "{}",
        whole.stdout
    );
    assert!(
        whole.stdout.contains("`odd` is not understood"),
        "{}",
        whole.stdout
    );
    assert_eq!(whole.stderr, "");
    let cut = report(&["--by", "part"]);
    assert!(
        cut.stdout.contains("profile exact, config <stdin>"),
        "{}",
        cut.stdout
    );
    assert!(
        cut.stderr
            .contains("note: <stdin>: `tie_word_embeddings` is not given: tied = false"),
        "{}",
        cut.stderr
    );
    let json: Value = serde_json::from_str(&report(&["--format", "json"]).stdout).expect("JSON");
    assert_eq!(json["config"]["model_type"], "llama");
    assert_eq!(json["config"]["class"], "LlamaForCausalLM");
    assert_eq!(json["config"]["notes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_a_configuration_cannot_be_asked_is_refused() {
    refuses(
        &["report", LLAMA, "--preset", "llama3_8b"],
        b"",
        2,
        &["a configuration has sizes of its own"],
    );
    refuses(
        &["report", "models/llama.ron", "--family", "models/llama.ron"],
        b"",
        2,
        &["--family maps a configuration"],
    );
    refuses(&["verify", LLAMA], b"", 1, &["verify", "a configuration"]);
    refuses(
        &["import", "models/llama.ron"],
        b"",
        2,
        &["is a model already"],
    );
    let odd = changed("\"num_key_value_heads\": 8", "\"num_key_value_heads\": 7");
    refuses(
        &["check", "-"],
        odd.as_bytes(),
        1,
        &[
            "`K divides H` does not hold at H = 32, K = 7",
            "`num_key_value_heads`",
        ],
    );
    let negative = changed("\"hidden_size\": 4096", "\"hidden_size\": -4096");
    refuses(
        &["formula", "-", "macs"],
        negative.as_bytes(),
        1,
        &["`d` would be -4096", "<stdin>:11:"],
    );
    let stranger = changed("\"model_type\": \"llama\"", "\"model_type\": \"lama\"");
    refuses(
        &["check", "-"],
        stranger.as_bytes(),
        1,
        &["no family is of the type `lama`", "did you mean `llama`?"],
    );
    refuses(
        &["check", "-"],
        "[".repeat(10_000).as_bytes(),
        1,
        &["error[limit]"],
    );
}

#[test]
fn a_configuration_is_imported_as_a_model_file() {
    let path = temporary("imported.ron");
    let made = run(&["import", LLAMA, "-o", &path]);
    assert_eq!(
        (made.code, made.stdout.as_str()),
        (Some(0), ""),
        "{}",
        made.stderr
    );
    let checked = run(&["check", &path]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let macs = ["--phase", "decode", "--set", "T=100", "--set", "B=2"];
    let own = run(&[
        &["formula", &path, "macs", "--preset", "llama-3-8b"][..],
        &macs,
    ]
    .concat());
    let other = run(&[&["formula", LLAMA, "macs"][..], &macs].concat());
    assert_eq!(own.stdout, other.stdout);
    assert_eq!(own.code, Some(0), "{}", own.stderr);
    std::fs::remove_file(&path).expect("removed");
    let named = run(&["import", LLAMA, "--name", "my size"]);
    assert!(
        named.stdout.contains("\n        my_size: ("),
        "{}",
        named.stdout
    );
    refuses(
        &["import", LLAMA, "--name", "8b"],
        b"",
        2,
        &["`8b` is no name"],
    );
}

#[test]
fn families_are_shown_and_started_from() {
    let text = std::fs::read_to_string("models/llama.ron").expect("the model is there");
    assert_eq!(run(&["show", "llama"]).stdout, text);
    refuses(
        &["show", "lama"],
        b"",
        1,
        &["there is no family `lama`", "did you mean `llama`?"],
    );
    let path = temporary("new.ron");
    let made = run(&["new", "my-model", "--from", "llama", "-o", &path]);
    assert_eq!(
        (made.code, made.stdout.as_str()),
        (Some(0), ""),
        "{}",
        made.stderr
    );
    let new = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(
        new,
        text.replacen("name: \"llama\"", "name: \"my_model\"", 1)
    );
    assert_eq!(run(&["check", &path]).code, Some(0));
    refuses(
        &["new", "my-model", "--from", "llama", "-o", &path],
        b"",
        2,
        &["is there already"],
    );
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), new);
    std::fs::remove_file(&path).expect("removed");
    refuses(
        &["new", "1st", "--from", "llama", "-o", "-"],
        b"",
        2,
        &["`1st` is no name"],
    );
}

#[test]
fn published_sizes_are_listed() {
    let table = run(&["list", "llama", "--context", "8192"]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    assert!(
        table.stdout.contains("llama   llama3_8b"),
        "{}",
        table.stdout
    );
    let csv = run(&["list", "llama", "--format", "csv"]).stdout;
    let line = csv.lines().find(|line| line.contains("llama3_70b"));
    let line = line.expect("the preset is listed");
    assert!(
        line.starts_with("llama,llama3_70b,70553706496,70553706496,"),
        "{line}"
    );
    assert!(line.ends_with(",token,327680"), "{line}");
    let json: Value =
        serde_json::from_str(&run(&["list", "vit", "llama", "--format", "json"]).stdout)
            .expect("JSON");
    let presets = json["presets"].as_array().expect("a list");
    let image = presets
        .iter()
        .find(|entry| entry["preset"] == "vit_b_16")
        .expect("it is listed");
    assert_eq!(
        (&image["unit"], &image["kv_cache_bytes"]),
        (&Value::from("image"), &Value::Null)
    );
    for format in ["markdown", "latex"] {
        assert!(
            run(&["list", "llama", "--format", format])
                .stdout
                .contains("llama3\\_8b")
        );
    }
    refuses(&["list", "lama"], b"", 1, &["did you mean `llama`?"]);
    refuses(
        &["list", "llama", "--dtype", "f8"],
        b"",
        1,
        &["there is no type `f8`"],
    );
}

/// A model of fewer positions than that is listed at as many as it has.
#[test]
fn a_context_that_a_model_does_not_have_is_cut() {
    let listed = run(&["list", "gpt2", "--context", "2048", "--format", "csv"]);
    assert_eq!(listed.code, Some(0));
    let line = listed
        .stdout
        .lines()
        .find(|line| line.starts_with("gpt2,gpt2,"));
    assert_eq!(
        line.and_then(|line| line.split(',').nth(4)),
        Some("1024"),
        "{}",
        listed.stdout
    );
}
