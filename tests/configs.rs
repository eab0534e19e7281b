//! What a mapping makes of a configuration: values, notes, and errors at their keys. The family of `tests/configs` uses every
//! rule; the shipped ones are held against the published code by `tests/zoo.rs`.

use dotledger::import::{Family, Imported, ZOO, import, is_config};
use serde_json::{Value, json};

const FAMILY: Family<'static> = Family {
    name: "family.ron",
    text: include_str!("configs/family.ron"),
};

/// A configuration that says all, with some keys changed; a key that is changed to `null` is taken out.
fn config(changes: &Value) -> String {
    let mut config = json!({
        "model_type": "family",
        "architectures": ["FamilyForCausalLM"],
        "num_layers": 6,
        "layer_types": ["local", "full", "local", "full", "local", "full"],
        "hidden_size": 64,
        "num_heads": 4,
        "num_kv_heads": 2,
        "head_dim": 32,
        "rank": 100,
        "widths": [7, 8],
        "window": 16,
        "vocab_size": 1000,
        "id2label": {"0": "a", "1": "b", "2": "c"},
        "tie": false,
        "act": "silu",
        "flavour": "plain",
        "noise": 0.5,
        "inner": {"width": 5},
    });
    let object = config.as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(object.remove(key)),
            value => drop(object.insert(key.clone(), value.clone())),
        }
    }
    serde_json::to_string_pretty(&config).expect("JSON")
}

fn imported(changes: &Value) -> Imported<'static> {
    import("c.json", &config(changes), Some(FAMILY)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The values of some names: `K=2 tied=false`.
fn values(changes: &Value, names: &[&str]) -> String {
    let imported = imported(changes);
    let value = |name: &&str| {
        let mut settings = imported.origin.settings.iter();
        let found = settings.find(|setting| setting.name == **name);
        let value = found.map_or("unset", |setting| setting.value.as_str());
        format!("{name}={value}")
    };
    names.iter().map(value).collect::<Vec<_>>().join(" ")
}

fn notes(changes: &Value) -> String {
    imported(changes).origin.notes.join("\n")
}

/// What is wrong, without hints.
fn errors(text: &str) -> String {
    let errors = import("c.json", text, Some(FAMILY)).expect_err("the configuration is wrong");
    errors.to_string()
}

fn refused(changes: &Value) -> String {
    errors(&config(changes))
}

#[test]
fn each_rule_finds_its_value() {
    let all = [
        "L", "D", "k", "c", "d", "H", "K", "dh", "f", "g", "W", "V", "classes", "e",
    ];
    insta::assert_snapshot!(values(&json!({}), &all),
        @"L=6 D=0 k=2 c=3 d=64 H=4 K=2 dh=32 f=100 g=7 W=16 V=1000 classes=3 e=5");
    let switches = ["tied", "windowed", "gated", "small", "both", "headless"];
    insta::assert_snapshot!(values(&json!({}), &switches),
        @"tied=false windowed=true gated=false small=true both=true headless=unset");
    assert_eq!(notes(&json!({})), "");
}

#[test]
fn what_is_not_given_is_taken_from_elsewhere_and_told() {
    let without = json!({"num_kv_heads": null, "head_dim": null, "rank": null, "window": null, "tie": null, "id2label": null,
        "widths": null, "layer_types": null, "act": null, "inner": null, "architectures": null});
    let names = [
        "K", "dh", "f", "W", "tied", "classes", "g", "k", "c", "windowed", "gated", "e",
    ];
    insta::assert_snapshot!(values(&without, &names),
        @"K=4 dh=16 f=256 W=unset tied=true classes=2 g=unset k=1 c=unset windowed=false gated=false e=64");
    insta::assert_snapshot!(notes(&without), @r"
    `layer_types` is not given: D = 0, the family's default
    `layer_types` is not given: k = 1, the family's default
    `num_kv_heads` is not given: K = 4, from num_heads
    `head_dim` is not given: dh = 16, from hidden_size / num_heads
    `rank` is not given: f = 256, from 4 * hidden_size
    `id2label` is not given: classes = 2, the family's default
    `tie` is not given: tied = true, the family's default
    `act` is not given: gated = false, the family's default
    `inner.width` is not given: e = 64, from hidden_size
    `architectures` is not given: `FamilyForCausalLM` is counted
    ");
    // `null` is as good as nothing.
    let text = config(&json!({})).replace("\"head_dim\": 32", "\"head_dim\": null");
    let found = import("c.json", &text, Some(FAMILY)).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(
        found.origin.notes,
        ["`head_dim` is not given: dh = 16, from hidden_size / num_heads"]
    );
}

#[test]
fn conditions_choose() {
    assert_eq!(values(&json!({"rank": "auto"}), &["f"]), "f=4");
    assert_eq!(
        values(&json!({"act": "swiglu"}), &["gated", "both"]),
        "gated=true both=true"
    );
    assert_eq!(
        values(&json!({"act": "relu"}), &["gated", "both"]),
        "gated=false both=false"
    );
    assert_eq!(
        values(&json!({"hidden_size": 32}), &["small"]),
        "small=false"
    );
    let dense = json!({"layer_types": ["dense", "dense", "local", "full"]});
    assert_eq!(values(&dense, &["D", "c"]), "D=2 c=1");
    assert_eq!(values(&json!({"hidden_size": 64.0}), &["d"]), "d=64");
}

#[test]
fn a_formula_is_summed_over_a_list() {
    assert_eq!(values(&json!({"widths": [7, 8, 20]}), &["w"]), "w=35");
    let message = refused(&json!({"widths": [7, "wide"]}));
    assert!(message.contains("`widths`"), "{message}");
    let message = refused(&json!({"widths": 7}));
    assert!(message.contains("not a list"), "{message}");
    // Of layers that take their kinds in turn, those of one kind.
    let kinds = ["full", "local", "local", "full", "local"];
    let layers = [
        (1, 1),
        (3, 1),
        (4, 2),
        (5, 2),
        (6, 3),
        (8, 3),
        (9, 4),
        (23, 9),
    ];
    for (layers, full) in layers {
        let given = json!({"kinds": kinds, "num_layers": layers});
        assert_eq!(
            values(&given, &["t"]),
            format!("t={full}"),
            "{layers} layers"
        );
    }
}

#[test]
fn a_class_sets_what_it_says_and_another_mapping_may_start_from_one() {
    assert_eq!(
        values(&json!({"architectures": ["FamilyModel"]}), &["headless"]),
        "headless=true"
    );
    let cousin = json!({"model_type": "cousin", "architectures": ["CousinModel"], "vocab_size": null, "words": 77});
    assert_eq!(
        values(&cousin, &["V", "headless", "L"]),
        "V=77 headless=true L=6"
    );
    assert_eq!(
        imported(&json!({"model_type": "fam-ily"})).origin.kind,
        "fam-ily"
    );
}

#[test]
fn keys_that_nobody_understands_are_told() {
    let odd = json!({"act": "gelu", "ratio": 3, "extra": 1, "inner": {"width": 5, "depth": 2}, "quantization_config": {"bits": 4},
        "torch_dtype": "bfloat16", "nothing": null});
    insta::assert_snapshot!(notes(&odd), @r#"
    `act` is the text "gelu": elementwise arithmetic is counted as for silu or gated-silu, all else is the same
    `ratio` is the number 3: the published code does not read it, and does as for 4
    `inner.depth` is not understood and left out
    `quantization_config` is left out: parameters are counted as scalars, and bytes are those of `--dtype`
    `extra` is not understood and left out
    "#);
}

#[test]
fn what_is_wrong_is_told_at_its_key() {
    insta::assert_snapshot!(refused(&json!({"hidden_size": null, "num_layers": "6", "num_kv_heads": -2, "tie": 1,
        "flavour": "odd", "rank": 2.5, "inner": 3, "widths": [], "id2label": 3, "layer_types": "full"})), @r#"
        c.json:6:4: error[form]: `flavour` is the text "odd", and `family` is written for plain or 0
          help: no other graph is known here; one may be written, from `dotledger show`
        c.json:8:4: error[form]: `id2label` is the number 3, not a list or an object
        c.json:9:4: error[form]: `inner` is the number 3, not an object
        c.json:10:4: error[form]: `layer_types` is the text "full", not a list
        c.json:14:4: error[form]: `K` would be -2: a size is an integer that is not negative
        c.json:15:4: error[form]: `num_layers` is the text "6", not a number
        c.json:16:4: error[form]: `f` would be 5/2: a size is an integer that is not negative
        c.json:17:4: error[form]: `tie` is the number 1, not `true` or `false`
        c.json:19:4: error[form]: `widths` has 0 entries, and entry 1 is wanted
        error[form]: c.json: `hidden_size` is missing, which gives `d`
        "#);
    insta::assert_snapshot!(refused(&json!({"layer_types": ["full", "local", "full"]})), @"c.json:17:4: error[form]: `layer_types` is not periodic: `full` comes first at entry 1, then not at its multiples alone");
    insta::assert_snapshot!(refused(&json!({"layer_types": ["dense", "local", "dense"]})), @"c.json:17:4: error[form]: `layer_types`: `dense` stands not only at the start");
    insta::assert_snapshot!(refused(&json!({"num_heads": 5, "head_dim": null})), @"c.json:7:4: error[form]: `dh` would be 64/5: a size is an integer that is not negative");
    insta::assert_snapshot!(refused(&json!({"num_heads": 0, "head_dim": null})), @"c.json:7:4: error[form]: hidden_size / num_heads: division by zero");
    insta::assert_snapshot!(refused(&json!({"architectures": ["FamilyForImages"]})), @r"
    c.json:3:4: error[unknown]: `architectures`: the class `FamilyForImages` is not known here
      help: its graph may differ from those that are: FamilyForCausalLM, FamilyModel
    ");
    insta::assert_snapshot!(refused(&json!({"architectures": "FamilyModel"})), @r#"c.json:3:4: error[form]: `architectures` is the text "FamilyModel", not a list"#);
    insta::assert_snapshot!(refused(&json!({"hidden_sise": 64, "hidden_size": null})), @r"
    error[form]: c.json: `hidden_size` is missing, which gives `d`
      help: did you mean `hidden_sise`?
    ");
    insta::assert_snapshot!(refused(&json!({"model_type": "familly"})), @r"
    c.json:25:4: error[unknown]: no family is of the type `familly`
      help: did you mean `family`?
    ");
    insta::assert_snapshot!(refused(&json!({"model_type": 7})), @"c.json:25:4: error[form]: `model_type` is the number 7, not a text");
    insta::assert_snapshot!(refused(&json!({"model_type": null})), @r#"
    error[form]: c.json: `model_type` is missing
      help: a Hugging Face `config.json` names its family: "model_type": "llama"
    "#);
}

#[test]
fn what_is_no_configuration_is_refused() {
    for text in [
        "{",
        "[1, 2]",
        "{\"model_type\": \"family\", \"hidden_size\": 1e999}",
        "{\"a\": 1} x",
        "\u{0}",
    ] {
        assert!(!errors(text).is_empty());
    }
    insta::assert_snapshot!(errors("{\"weight_map\": {}}"), @r"
    error[form]: c.json: `model_type` is missing
      help: this is an index of weights; the configuration is beside it, in `config.json`
    ");
    insta::assert_snapshot!(errors(&"[".repeat(10_000)), @"c.json:1:128: error[limit]: values are nested more than 127 deep, the limit");
    insta::assert_snapshot!(errors(&format!("{{\"a\": [{}0]}}", "0,".repeat(600_000))), @"c.json:1:1000003: error[limit]: there are more than 500000 values, the limit");
    insta::assert_snapshot!(errors(&config(&json!({})).replace("\"tie\"", "\"head_dim\"")), @"c.json:31:4: error[form]: `head_dim` stands twice");
    assert!(is_config(" \n{") && !is_config("Model("));
}

#[test]
fn values_that_contradict_each_other_name_their_keys() {
    let model = |changes: &Value| {
        let model = imported(changes).model(vec![
            ("B".to_owned(), "1".to_owned()),
            ("T".to_owned(), "8".to_owned()),
        ]);
        let model = match model {
            Ok(model) => model,
            Err(errors) => return errors.to_string(),
        };
        let ledger = model.forward().unwrap_or_else(|errors| panic!("{errors}"));
        model
            .check_values(&ledger)
            .expect_err("they contradict each other")
            .to_string()
    };
    insta::assert_snapshot!(model(&json!({"num_kv_heads": 3})), @r"
    error[dimension]: `K divides H` does not hold at H = 4, K = 3
      help: in c.json, H = 4 is `num_heads`, K = 3 is `num_kv_heads`
    ");
    insta::assert_snapshot!(model(&json!({"num_layers": 0})), @r"
    error[dimension]: `L` is an integer >= 1, not 0
      help: in c.json, L = 0 is `num_layers`
    ");
}

#[test]
fn a_configuration_becomes_a_model_file_that_counts_the_same() {
    let imported = imported(&json!({"architectures": ["FamilyModel"], "head_dim": null}));
    let text = imported.model_file("mine");
    assert!(!text.contains("Config("), "{text}");
    insta::assert_snapshot!(text.lines().filter(|line| line.contains("//") || line.contains("mine")).collect::<Vec<_>>().join("\n"), @r"
    // Values of c.json, of type family, class FamilyModel.
    // `head_dim` is not given: dh = 16, from hidden_size / num_heads.
    //
    // A family of no model, whose mapping uses every rule.
            mine: (L: 6, D: 0, k: 2, c: 3, d: 64, H: 4, K: 2, dh: 16, f: 100, g: 7, w: 15, W: 16, V: 1000, classes: 3,
    ");
    let options = dotledger::Options {
        preset: Some("mine".to_owned()),
        ..Default::default()
    };
    let made = dotledger::Model::read("mine.ron", &text, &options)
        .unwrap_or_else(|errors| panic!("{errors}"));
    let own = imported
        .model(Vec::new())
        .unwrap_or_else(|errors| panic!("{errors}"));
    let macs = |model: &dotledger::Model| {
        let ledger = model.forward().unwrap_or_else(|errors| panic!("{errors}"));
        ledger.macs().at(&[("B", 2), ("T", 8)]).expect("a number")
    };
    assert_eq!(macs(&made), macs(&own));
}

/// A tower that makes text is followed where the whole is of no known type.
#[test]
fn the_tower_that_makes_text_is_followed() {
    let inner: Value = serde_json::from_str(&config(&json!({}))).expect("JSON");
    let outer =
        json!({"model_type": "pair", "text_config": inner, "vision_config": {"model_type": "eye"}});
    let text = serde_json::to_string(&outer).expect("JSON");
    let found = import("c.json", &text, Some(FAMILY)).unwrap_or_else(|errors| panic!("{errors}"));
    insta::assert_snapshot!(found.origin.notes.join("\n"), @"no family is of the type `pair`: its `text_config` alone, a `family`, is counted; `vision_config` and what joins the towers are left out");
}

#[test]
fn each_shipped_family_reads_its_mapping() {
    for family in ZOO {
        let written = family.text.contains("\n    configs: (");
        assert_eq!(written, !family.kinds().is_empty(), "{}", family.name);
    }
}

/// The settings and the notes that a configuration comes to.
fn found(values: &str, keys: &str) -> (Vec<String>, Vec<String>) {
    let text = format!(
        "Model(name: \"m\", phases: [forward], symbols: (T: context, d: width, W: window), \
         switches: (windowed: Switch(false, \"x\")), configs: (m: Config(values: ({values}))), \
         inputs: (x: \"@n d\"), nodes: (y: Linear(x, \"d -> d\")), output: y)"
    );
    let own = Family {
        name: "m.ron",
        text: &text,
    };
    let config = format!("{{\"model_type\": \"m\"{keys}}}");
    let imported = import("m.json", &config, Some(own)).expect("the configuration is right");
    let settings = imported.origin.settings.into_iter();
    let settings = settings.map(|known| format!("{} = {}", known.name, known.value));
    (settings.collect(), imported.origin.notes)
}

#[test]
fn a_key_that_is_null_is_not_a_key_that_is_left_out() {
    let values = "windowed: Not(Null(window)), W: [When(Null(window), unset, window), 8]";
    let (settings, notes) = found(values, ", \"window\": null");
    assert_eq!(settings, ["windowed = false"]);
    assert!(notes.is_empty(), "{notes:?}");
    let (settings, notes) = found(values, ", \"window\": 5");
    assert_eq!(settings, ["windowed = true", "W = 5"]);
    assert!(notes.is_empty(), "{notes:?}");
    let (settings, notes) = found(values, "");
    assert_eq!(settings, ["windowed = true", "W = 8"]);
    assert_eq!(
        notes,
        ["`window` is not given: W = 8, the family's default"]
    );
}

#[test]
fn a_list_may_be_asked_whether_it_is_longer_than_that() {
    let values =
        "windowed: [Longer(depths, 2), true], d: When(Longer(depths, 2), Item(depths, 3), 1)";
    let (settings, _) = found(values, ", \"depths\": [3, 4]");
    assert_eq!(settings, ["windowed = false", "d = 1"]);
    let (settings, _) = found(values, ", \"depths\": [3, 4, 5]");
    assert_eq!(settings, ["windowed = true", "d = 5"]);
    let missing = "windowed: [Longer(depths, 2), true]";
    let (settings, notes) = found(missing, "");
    assert_eq!(settings, ["windowed = true"]);
    assert_eq!(
        notes,
        ["`depths` is not given: windowed = true, the family's default"]
    );
}
