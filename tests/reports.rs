//! Reports in every format: what they say of the walkthrough, that they fit their page, that JSON keeps to its schema.

use dotledger::dtype::Dtype;
use dotledger::report::{Cut, Format, Show, Style, render};
use dotledger::summary::{Against, Asked, Compared, Grouping, basis_of, summarize};
use dotledger::{Model, Options, Profile};
use serde_json::Value;

/// A model, and what is chosen of it.
#[derive(Clone, Default)]
struct Choice {
    model: &'static str,
    phase: &'static str,
    preset: Option<&'static str>,
    set: &'static [(&'static str, &'static str)],
    basis: &'static [&'static str],
    /// What FLOPs are compared by with those of `torch`, if they are.
    against: Option<Compared>,
}

const WALKTHROUGH: Choice = Choice {
    model: "walkthrough",
    phase: "forward",
    preset: Some("walkthrough"),
    set: &[],
    basis: &[],
    against: None,
};

impl Choice {
    fn render(&self, format: Format, style: &Style) -> String {
        let path = format!("{}/models/{}.ron", env!("CARGO_MANIFEST_DIR"), self.model);
        let text = std::fs::read_to_string(path).expect("a model file");
        self.render_text(&text, format, style)
    }

    fn render_text(&self, text: &str, format: Format, style: &Style) -> String {
        let set = self
            .set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = Options {
            preset: self.preset.map(str::to_owned),
            set: set.collect(),
            ..Options::default()
        };
        let model = Model::read(self.model, text, &options).expect("a valid model");
        let names: Vec<String> = self.basis.iter().map(|name| (*name).to_owned()).collect();
        let basis = basis_of(&model, &names).expect("symbols of the model");
        let profile = Profile::exact();
        let ledger = model.ledger(self.phase, &profile).expect("a ledger");
        let other = Profile::shipped("torch").expect("it is shipped");
        let others = model.ledger(self.phase, &other).expect("a ledger");
        let asked = Asked {
            phase: self.phase,
            profile: &profile,
            dtype: Dtype::BF16,
            preset: self.preset,
            basis: &basis,
            against: self.against.map(|by| Against {
                profile: &other,
                ledger: &others,
                by,
            }),
        };
        let summary = summarize(&model, &ledger, &asked).expect("a summary");
        let cut = self.against.map_or(style.cut, |_| Some(Cut::Against));
        let style = Style {
            cut,
            ..style.clone()
        };
        render(&summary, format, &style)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.render(Format::Json, &Style::default())).expect("JSON")
    }
}

/// All models: without values, with a preset, in decode, in a basis, partly bound, with lengths that vary.
fn choices() -> Vec<Choice> {
    const SET: &[(&str, &str)] = &[("B", "4"), ("T", "512")];
    let of = |model, preset, phases: &[&'static str], basis, set| {
        let mut choices = Vec::new();
        for phase in phases {
            let plain = Choice {
                model,
                phase,
                ..Choice::default()
            };
            let bound = Choice {
                preset: Some(preset),
                ..plain.clone()
            };
            choices.push(Choice {
                set,
                ..bound.clone()
            });
            choices.extend([
                Choice {
                    basis,
                    ..plain.clone()
                },
                plain,
                bound,
            ]);
        }
        choices
    };
    let all = &["forward", "prefill", "decode"];
    let mut choices = of(
        "walkthrough",
        "walkthrough",
        all,
        &["T", "L", "d"],
        &[("causal", "true")],
    );
    choices.extend(of("gpt2", "gpt2", all, &["B", "T", "L", "d"], SET));
    choices.extend(of("llama", "llama3_70b", all, &["B", "T"], SET));
    choices.extend(of(
        "bert",
        "bert_base_uncased",
        &["forward"],
        &["B", "T", "L", "d"],
        SET,
    ));
    choices.extend(of(
        "vit",
        "vit_b_16",
        &["forward"],
        &["B", "L", "d"],
        &[("B", "4")],
    ));
    let by = [Grouping::Part, Grouping::Block, Grouping::Stage].map(Compared::Groups);
    for by in by.into_iter().chain([Compared::Rows]) {
        let free = Choice {
            model: "llama",
            preset: None,
            against: Some(by),
            ..WALKTHROUGH
        };
        let bound = Choice {
            preset: Some("llama3_70b"),
            set: SET,
            ..free
        };
        choices.extend([free, bound]);
    }
    choices
}

fn at(width: usize) -> Style {
    Style {
        width: Some(width),
        ..Style::default()
    }
}

#[test]
fn no_line_is_wider_than_the_page() {
    use unicode_width::UnicodeWidthStr;
    let shows = [
        None,
        Some(Show::Formulas),
        Some(Show::Numbers),
        Some(Show::Both),
    ];
    for choice in choices() {
        for show in shows {
            for width in [60, 80, 100, 160] {
                let text = choice.render(Format::Table, &Style { show, ..at(width) });
                for line in text.lines() {
                    assert!(line.width() <= width, "{} at {width}: {line}", choice.model);
                    assert_eq!(line, line.trim_end(), "space at the end of a line");
                }
            }
        }
    }
}

#[test]
fn the_table_of_the_walkthrough_shows_its_numbers() {
    for width in [80, 120, 160, 240] {
        let text = WALKTHROUGH.render(Format::Table, &at(width));
        for number in [
            "3,502,080,000",
            "10,056,892,416,000",
            "20,113,784,832,000",
            "9,869,529,088",
        ] {
            assert!(text.contains(number), "{number} at {width}:\n{text}");
        }
        assert!(
            text.contains("[1000, 4096] x [4096, 32, 128] -> [1000, 32, 128]"),
            "{text}"
        );
        assert!(text.contains("profile     exact: "), "{text}");
    }
}

#[test]
fn rows_of_a_narrow_table_stack_their_figures() {
    let text = WALKTHROUGH.render(
        Format::Table,
        &Style {
            cut: Some(Cut::Rows),
            ..at(80)
        },
    );
    let from = text
        .find("layers.attention.scores")
        .expect("the row of the scores");
    let row: Vec<&str> = text[from..].lines().take(3).collect();
    insta::assert_snapshot!(row.join("\n"), @r"
    layers.attention.scores   1,536,000,000     196,608,000,000               0
      einsum ×48                        128     393,216,000,000               0
      [1000, 32, 128] x [1000, 32, 128] -> [32, 1000, 1000]                2.0%
    ");
}

#[test]
fn the_spectrum_is_sorted_and_equal_lengths_are_one() {
    let style = Style {
        cut: Some(Cut::Lengths),
        ..at(80)
    };
    insta::assert_snapshot!(WALKTHROUGH.render(Format::Table, &style), @r"
    walkthrough, phase forward, profile exact, preset walkthrough

    By dot length
    ──────────────────────────────────────────────────
    length           dots                MACs  of MACs
    ──────────────────────────────────────────────────
       128  1,536,000,000     196,608,000,000     2.0%
     1,000    196,608,000     196,608,000,000     2.0%
     4,096  1,572,864,000   6,442,450,944,000    64.1%
    16,384    196,608,000   3,221,225,472,000    32.0%
    ──────────────────────────────────────────────────
     total  3,502,080,000  10,056,892,416,000   100.0%
    ");
}

#[test]
fn formulas_and_numbers_stand_together_when_both_are_asked_for() {
    let both = Style {
        show: Some(Show::Both),
        ..at(160)
    };
    let text = WALKTHROUGH.render(Format::Table, &both);
    assert!(text.contains("2·L·T·d·f + 4·H·L·T·d·dh"), "{text}");
    assert!(text.contains("10,056,892,416,000"), "{text}");
    assert!(
        text.contains("[T, H, dh] x [T, H, dh] -> [H, T, T]"),
        "{text}"
    );
}

#[test]
fn lengths_under_a_mask_show_their_range_and_mean() {
    let causal = Choice {
        set: &[("causal", "true")],
        ..WALKTHROUGH
    };
    assert!(
        causal
            .render(Format::Table, &at(160))
            .contains("1..1,000, mean 500.5")
    );
    let row = causal.json()["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["path"] == "layers.attention.mixed")
        .cloned();
    assert_eq!(row.expect("the row")["length"]["mean"]["value"], "500.5");
}

#[test]
fn shares_without_values_are_shown_only_where_they_are_constant() {
    let symbolic = Choice {
        preset: None,
        ..WALKTHROUGH
    };
    let by = |grouping| Style {
        cut: Some(Cut::Group(grouping)),
        ..at(160)
    };
    assert!(
        !symbolic
            .render(Format::Table, &by(Grouping::Part))
            .contains('%')
    );
    let text = "Model(name: \"two\", about: \"\", phases: [forward], symbols: (T: context, d: width),
        inputs: (x: \"@T d\"), nodes: (a: Linear(x, \"d -> d\"), b: Linear(a, \"d -> d\")), output: b)";
    let two = Choice {
        model: "two",
        phase: "forward",
        ..Choice::default()
    };
    let rows = Style {
        cut: Some(Cut::Rows),
        ..at(160)
    };
    assert!(
        two.render_text(text, Format::Table, &rows)
            .contains("50.0%")
    );
}

#[test]
fn markdown_tables_have_as_many_cells_as_columns() {
    for choice in choices() {
        for show in [None, Some(Show::Both)] {
            let text = choice.render(
                Format::Markdown,
                &Style {
                    show,
                    ..Style::default()
                },
            );
            let said = match choice.against {
                None => "- **profile** exact",
                Some(_) => "profile exact against torch",
            };
            assert!(text.contains(said), "{text}");
            let mut columns = None;
            for line in text.lines() {
                let pipes = line.replace("\\|", "").matches('|').count();
                columns = (pipes > 0).then(|| columns.unwrap_or(pipes));
                assert_eq!(columns.unwrap_or(0), pipes, "{line}");
            }
        }
    }
}

#[test]
fn latex_escapes_words_and_balances_braces() {
    for choice in choices() {
        let text = choice.render(
            Format::Latex,
            &Style {
                show: Some(Show::Both),
                ..Style::default()
            },
        );
        assert_eq!(
            text.matches("\\begin{").count(),
            text.matches("\\end{").count()
        );
        let bare = text.replace("\\{", "").replace("\\}", "");
        assert_eq!(bare.matches('{').count(), bare.matches('}').count());
        assert_eq!(bare.replace("\\$", "").matches('$').count() % 2, 0);
    }
    let llama = Choice {
        model: "llama",
        phase: "forward",
        preset: Some("llama3_8b"),
        ..Choice::default()
    };
    assert!(
        llama
            .render(Format::Latex, &Style::default())
            .contains("llama3\\_8b")
    );
}

#[test]
fn csv_reads_back_with_values_and_formulas() {
    let text = WALKTHROUGH.render(Format::Csv, &Style::default());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let field = |record: &csv::StringRecord, name: &str| {
        let at = names
            .iter()
            .position(|own| own == name)
            .expect("a field of this name");
        record[at].to_owned()
    };
    let records: Vec<csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().expect("records");
    assert_eq!(records.len(), 17);
    let total: u128 = records
        .iter()
        .map(|record| field(record, "macs").parse::<u128>().expect("a number"))
        .sum();
    assert_eq!(total, 10_056_892_416_000);
    let scores = records
        .iter()
        .find(|record| field(record, "path") == "layers.attention.scores");
    let scores = scores.expect("the row of the scores");
    assert_eq!(field(scores, "profile"), "exact");
    assert_eq!(field(scores, "dots_formula"), "H*L*T^2");
    assert_eq!(field(scores, "length_mean"), "128");
    assert_eq!(
        field(scores, "shapes"),
        "[1000, 32, 128] x [1000, 32, 128] -> [32, 1000, 1000]"
    );
    assert_eq!(
        field(scores, "shapes_formula"),
        "[T, H, dh] x [T, H, dh] -> [H, T, T]"
    );
    assert_eq!(field(scores, "macs_share"), "0.019550");
}

#[test]
fn csv_of_every_cut_is_one_table() {
    let cuts = Grouping::ALL
        .map(Cut::Group)
        .into_iter()
        .chain([Cut::Rows, Cut::Lengths]);
    for cut in cuts {
        for choice in choices() {
            let text = choice.render(
                Format::Csv,
                &Style {
                    cut: Some(cut),
                    ..Style::default()
                },
            );
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            assert!(
                reader
                    .records()
                    .collect::<Result<Vec<_>, _>>()
                    .is_ok_and(|records| !records.is_empty())
            );
        }
    }
}

#[test]
fn json_keeps_to_the_published_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    for choice in choices() {
        let mut wrong = Vec::new();
        validate(&choice.json(), &schema, &schema, "", &mut wrong);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", choice.model);
    }
    let mut bad = WALKTHROUGH.json();
    bad["rows"][0]["part"] = Value::from("nonsense");
    bad["rows"][1]["macs"]["value"] = Value::from(12);
    bad["extra"] = Value::Null;
    let mut wrong = Vec::new();
    validate(&bad, &schema, &schema, "", &mut wrong);
    assert_eq!(wrong.len(), 3, "{wrong:#?}");
}

/// Checks a document by the part of JSON Schema 2020-12 that the published schema uses; any other keyword is an error.
fn validate(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    let fits = |schema: &Value| {
        let mut wrong = Vec::new();
        validate(value, schema, root, at, &mut wrong);
        wrong.is_empty()
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|rule| rule.strip_prefix('#'));
                let target = pointer
                    .and_then(|pointer| root.pointer(pointer))
                    .expect("a definition");
                validate(value, target, root, at, wrong);
                true
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is(value, name)),
                name => is(value, name),
            },
            "const" => value == rule,
            "enum" => rule.as_array().expect("words").contains(value),
            "pattern" => value.as_str().is_none_or(is_decimal),
            "anyOf" => rule.as_array().expect("schemas").iter().any(fits),
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array()
                    .expect("names")
                    .iter()
                    .all(|name| object.contains_key(name.as_str().expect("a name")))
            }),
            "properties" | "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    let known = properties.and_then(|properties| properties.get(key));
                    let rule = match (keyword.as_str(), known) {
                        ("properties", Some(rule)) => rule,
                        ("additionalProperties", None) => rule,
                        _ => continue,
                    };
                    match rule {
                        Value::Bool(true) => {}
                        Value::Bool(false) => wrong.push(format!("{at}/{key} is not known")),
                        rule => validate(inner, rule, root, &format!("{at}/{key}"), wrong),
                    }
                }
                true
            }
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    validate(inner, rule, root, &format!("{at}/{index}"), wrong);
                }
                true
            }
            other => panic!("the schema uses `{other}`, which this test does not check"),
        };
        if !holds {
            wrong.push(format!("{at}: {keyword} {rule} does not hold"));
        }
    }
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => panic!("the schema names a type that this test does not know"),
    }
}

/// The only pattern of the schema.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    text.split_once(['.', '/']).map_or_else(
        || digits(text),
        |(whole, rest)| digits(whole) && digits(rest),
    )
}
