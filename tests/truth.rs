//! Numbers that others measured or published, compared exactly.
//!
//! `tests/zoo/others/*.json` are counts that PyTorch's `FlopCounterMode` took on the real Hugging Face model code (torch 2.9.1,
//! transformers 4.57.6): parameters with tied tensors once, MACs by module, a forward pass and a decode step.

#[path = "truth/modules.rs"]
mod modules;

use std::collections::BTreeMap;

use dashu_int::IBig;
use dotledger::dtype::Dtype;
use dotledger::ledger::Ledger;
use dotledger::{Formula, Model, Options, Profile};
use serde_json::Value;

use modules::{BERT, DEEPSEEK, GEMMA, GPT2, LLAMA, MIXTRAL, Modules, T5, VIT};

/// A model of `models/` with a preset and values.
fn model(file: &str, preset: &str, values: &[(&str, u64)]) -> Model {
    switched(file, preset, &[], values)
}

/// A model of `models/` with a preset, switches and values.
fn switched(file: &str, preset: &str, switches: &[(&str, bool)], values: &[(&str, u64)]) -> Model {
    let text = std::fs::read_to_string(format!("models/{file}.ron")).expect("the model is there");
    let switches = switches
        .iter()
        .map(|(name, on)| ((*name).to_owned(), on.to_string()));
    let values = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_string()));
    let set = switches.chain(values).collect();
    let preset = Some(preset.to_owned()).filter(|preset| !preset.is_empty());
    Model::read(
        file,
        &text,
        &Options {
            preset,
            set,
            ..Options::default()
        },
    )
    .unwrap_or_else(|errors| panic!("{errors}"))
}

fn ledger(model: &Model, phase: &str, profile: &str) -> Ledger {
    let profile = Profile::shipped(profile).expect("the profile is shipped");
    model
        .ledger(phase, &profile)
        .unwrap_or_else(|errors| panic!("{errors}"))
}

/// The number of a formula of which no symbol is free.
fn number(formula: &Formula) -> IBig {
    formula.at(&[]).unwrap_or_else(|error| panic!("{error}"))
}

/// MACs of the rows whose paths end in the given names.
fn macs_of(ledger: &Ledger, names: &[&str]) -> IBig {
    let mut sum = IBig::ZERO;
    for row in &ledger.rows {
        let named = |name: &&str| row.path == *name || row.path.ends_with(&format!(".{name}"));
        if names.iter().any(named) {
            sum += number(&ledger.formula(row.amounts.macs.poly()));
        }
    }
    sum
}

/// Compares a model with what was measured on the real code: parameters, and MACs module by module.
fn agrees_with_torch(
    measured: &str,
    file: &str,
    preset: &str,
    switches: &[(&str, bool)],
    modules: Modules,
) {
    let text = std::fs::read_to_string(format!("tests/zoo/others/{measured}.json"))
        .expect("the measurement is there");
    let measured: Value = serde_json::from_str(&text).expect("the measurement is JSON");
    let wanted = |value: &Value| IBig::from(value.as_u64().expect("a count"));
    let mut compared = 0;
    for phase in ["forward", "decode"] {
        for point in measured[phase].as_array().expect("a list of points") {
            let given: Vec<(&str, u64)> = ["B", "S", "T"]
                .into_iter()
                .filter_map(|name| Some((name, point[name].as_u64()?)))
                .collect();
            let model = switched(file, preset, switches, &given);
            let ledger = ledger(&model, phase, "torch");
            assert_eq!(number(&ledger.params()), wanted(&measured["params"]));
            let rotary = point["rotary_table_macs"].as_u64().unwrap_or(0);
            assert_eq!(
                number(&ledger.macs()) + rotary,
                wanted(&point["macs"]),
                "{file} {phase} {given:?}"
            );
            let by_module = point["macs_by_module"].as_object().expect("modules");
            for (module, macs) in by_module
                .iter()
                .filter(|(module, _)| !module.contains("rotary"))
            {
                let known = modules.iter().find(|(name, _)| name == module);
                let (_, rows) = known.unwrap_or_else(|| panic!("{module} has no row"));
                assert_eq!(
                    macs_of(&ledger, rows),
                    wanted(macs),
                    "{file} {phase} {module}"
                );
                compared += 1;
            }
        }
    }
    for point in measured["kv_cache"].as_array().into_iter().flatten() {
        let given = [("B", point["B"].as_u64()), ("T", point["T"].as_u64())];
        let given = given.map(|(name, value)| (name, value.expect("a size")));
        let model = switched(file, preset, switches, &given);
        let bytes = ledger(&model, "prefill", "torch").kv_cache_bytes(Dtype::BF16);
        assert_eq!(
            number(&bytes),
            wanted(&point["bytes_bf16"]),
            "{file} cache at {given:?}"
        );
    }
    assert!(compared >= 18, "only {compared} modules compared");
}

#[test]
fn gpt2_is_what_torch_counts() {
    agrees_with_torch("gpt2-small", "gpt2", "gpt2", &[], GPT2);
}

#[test]
fn llama3_8b_is_what_torch_counts() {
    agrees_with_torch("llama-3-8b", "llama", "llama3_8b", &[], LLAMA);
}

#[test]
fn gemma2_9b_is_what_torch_counts() {
    agrees_with_torch("gemma-2-9b", "gemma2", "gemma2_9b", &[], GEMMA);
}

#[test]
fn mixtral_8x7b_is_what_torch_counts() {
    agrees_with_torch("mixtral-8x7b", "mixtral", "mixtral_8x7b", &[], MIXTRAL);
}

/// The parameters that a token of Mixtral 8x7B passes, embedding and head included.
#[test]
fn mixtral_8x7b_has_its_published_active_parameters() {
    let model = model("mixtral", "mixtral_8x7b", &[]);
    let active = ledger(&model, "forward", "exact").params_active();
    assert_eq!(number(&active), IBig::from(12_879_925_248_u64));
}

/// The published code caches keys and values; the switch `latent` is off for it.
#[test]
fn deepseek_v2_lite_is_what_torch_counts() {
    let off = [("latent", false)];
    agrees_with_torch(
        "deepseek-v2-lite",
        "deepseek",
        "deepseek_v2_lite",
        &off,
        DEEPSEEK,
    );
}

/// DeepSeek-V2: 236B parameters of which 21B are active; its table 1: a token keeps `(d_c + d_h^R) l` elements.
#[test]
fn deepseek_v2_has_its_published_active_parameters_and_cache() {
    let model = model("deepseek", "deepseek_v2", &[]);
    let ledger = ledger(&model, "decode", "exact");
    assert_eq!(
        number(&ledger.params_active()),
        IBig::from(21_375_800_320_u64)
    );
    let kept = ledger.formula(ledger.total().cached.poly());
    assert_eq!(kept.to_string(), "B*L*T*dr + B*L*T*c");
}

/// The absorbed and the materialised graph are of the same weights; the absorbed one reads a token of the cache at
/// `H (2 c + dr)` MACs, the other unfolds it at `c H (dn + dv)` first.
#[test]
fn deepseek_absorbed_and_materialised_own_the_same_weights() {
    let at = |absorbed: bool| {
        let model = switched("deepseek", "", &[("absorbed", absorbed)], &[]);
        let ledger = ledger(&model, "decode", "exact");
        let by_token = ledger.only(|row| row.path.contains("attended"));
        (ledger.params(), ledger.total().cached, by_token.macs())
    };
    let ((own, kept, folded), (same, as_much, unfolded)) = (at(true), at(false));
    assert_eq!((own, kept), (same, as_much));
    let (b, h, l, t, c, dn, dr, dv) = (2_u64, 3, 5, 7, 11, 13, 17, 19);
    let sizes = [("B", b), ("H", h), ("L", l), ("D", 1), ("T", t)];
    let sizes = [&sizes[..], &[("c", c), ("dn", dn), ("dr", dr), ("dv", dv)]].concat();
    let once = b * h * l;
    let reads = once * (t * (dr + 2 * c) + c * (dn + dv));
    assert_eq!(folded.at(&sizes), Ok(IBig::from(reads)));
    let unfolds = once * t * (dr + dn + dv + c * (dn + dv));
    assert_eq!(unfolded.at(&sizes), Ok(IBig::from(unfolds)));
}

/// Its decode steps do not run the encoder, nor make keys and values of what that gave.
#[test]
fn t5_base_is_what_torch_counts() {
    agrees_with_torch("t5-base", "t5", "t5_base", &[], T5);
}

/// The measured code pads its convolution on both sides and cuts what is too much, and a decode step sums the taps
/// elementwise, so that ours is apart from it there by what is told here.
#[test]
fn mamba_130m_is_what_torch_counts_beside_its_convolution() {
    let text =
        std::fs::read_to_string("tests/zoo/others/mamba-130m.json").expect("the measurement");
    let measured: Value = serde_json::from_str(&text).expect("the measurement is JSON");
    let count = |value: &Value| IBig::from(value.as_u64().expect("a count"));
    for phase in ["forward", "decode"] {
        for point in measured[phase].as_array().expect("a list of points") {
            let at = |name: &str| point[name].as_u64().expect("a size");
            let model = model("mamba", "mamba_130m", &[("B", at("B")), ("T", at("T"))]);
            let ledger = ledger(&model, phase, "torch");
            assert_eq!(number(&ledger.params()), count(&measured["params"]));
            let modules = point["macs_by_module"].as_object().expect("modules");
            let counted: IBig = modules
                .iter()
                .filter(|(module, _)| !module.ends_with("conv1d"))
                .map(|(_, macs)| count(macs))
                .sum();
            let conv = macs_of(&ledger, &["mixed"]);
            assert_eq!(number(&ledger.macs()) - conv.clone(), counted, "{phase}");
            if let Some(theirs) = modules.get("backbone.layers.*.mixer.conv1d") {
                let (layers, channels, taps) = (24, 1536, 4);
                let padding = at("B") * layers * channels * taps * (taps - 1);
                assert_eq!(conv + padding, count(theirs));
            }
        }
    }
}

/// Peng et al. (2023), table 2: FLOPs a token forward, 2*(V*d + 13*L*d^2), and the state of five vectors a layer.
#[test]
fn rwkv4_has_its_published_flops_and_state() {
    for (preset, flops) in [("rwkv4_169m", 261_250_560_u64), ("rwkv4_3b", 5_710_013_440)] {
        let model = model("rwkv4", preset, &[("B", 1)]);
        let decode = ledger(&model, "decode", "exact");
        assert_eq!(number(&decode.flops()), IBig::from(flops));
    }
    let state = ledger(&model("rwkv4", "", &[]), "decode", "exact").state_bytes(Dtype::BF16);
    // The width of the weighted sum is that of the model, where nothing else is said.
    let state = state
        .in_basis(&["B", "L", "d"])
        .expect("symbols of the model");
    assert_eq!(state.to_string(), "10*B*L*d");
}

/// Trap 30: the same layer as a recurrence and in chunks owns the same weights, and keeps the same state; a chunk of one
/// position does the work of a step, and one product more for each pair of the chunk, which is that position with itself.
#[test]
fn mamba2_in_chunks_is_another_graph_over_the_same_weights() {
    let one_by_one = switched("mamba2", "", &[("chunked", false)], &[]);
    let in_chunks = switched("mamba2", "", &[("chunked", true)], &[]);
    for phase in ["forward", "prefill", "decode", "generate"] {
        let (steps, chunks) = (
            ledger(&one_by_one, phase, "exact"),
            ledger(&in_chunks, phase, "exact"),
        );
        assert_eq!(steps.params().to_string(), chunks.params().to_string());
        let state = |ledger: &Ledger| ledger.state_bytes(Dtype::BF16).to_string();
        assert_eq!(state(&steps), state(&chunks), "{phase}");
    }
    let macs = ledger(&in_chunks, "forward", "exact").macs();
    let read = "B*H*L*T*P*min(T, Q)/2";
    assert!(macs.to_string().contains(read), "{macs}");
}

#[test]
fn bert_base_is_what_torch_counts() {
    agrees_with_torch("bert-base", "bert", "bert_base_uncased", &[], BERT);
}

#[test]
fn vit_b_16_is_what_torch_counts() {
    agrees_with_torch("vit-b-16", "vit", "vit_b_16", &[], VIT);
}

/// A published size with its published parameters.
struct Published {
    family: String,
    preset: String,
    /// All digits, or as printed: `675M`, `19.10M`.
    params: String,
}

/// Whether a number is what is printed, at its precision.
fn is_printed(number: &IBig, printed: &str) -> bool {
    let Some(millions) = printed.strip_suffix('M') else {
        return number.to_string() == printed;
    };
    let places = millions
        .split_once('.')
        .map_or(0, |(_, places)| places.len());
    let digits: IBig = millions.replace('.', "").parse().expect("a number");
    let unit = IBig::from(10).pow(6 - places);
    (number + &unit / 2) / unit == digits
}

/// Those of `tests/truth/presets.csv`, which names the source of each.
fn published() -> Vec<Published> {
    let mut reader = csv::Reader::from_path("tests/truth/presets.csv").expect("the table is there");
    let rows = reader.records().map(|row| row.expect("a row of four"));
    rows.map(|row| {
        assert!(!row[3].is_empty(), "{row:?} has no source");
        Published {
            family: row[0].to_owned(),
            preset: row[1].to_owned(),
            params: row[2].to_owned(),
        }
    })
    .collect()
}

#[test]
fn published_sizes_have_their_published_parameters() {
    for Published {
        family,
        preset,
        params,
    } in published()
    {
        let model = model(&family, &preset, &[]);
        let ledger = ledger(&model, "forward", "exact");
        let counted = number(&ledger.params());
        assert!(
            is_printed(&counted, &params),
            "{family} {preset}: {counted}, not {params}"
        );
    }
}

#[test]
fn every_preset_is_compared_with_a_published_size() {
    let published = published();
    let models = std::fs::read_dir("models").expect("the folder of models");
    for entry in models {
        let path = entry.expect("an entry of the folder").path();
        let file = path.file_stem().expect("a file has a name");
        let file = file.to_str().expect("a name in ASCII");
        if file == "walkthrough" {
            continue; // of a text-book, which gives its work and not its parameters
        }
        for preset in model(file, "", &[]).presets() {
            let mut all = published.iter();
            let compared = all.any(|known| known.family == file && known.preset == preset);
            assert!(compared, "{file} {preset}");
        }
    }
}

/// karpathy/nanoGPT, `transformer_sizing.ipynb`: GPT-2 at T = 1024 without biases, FLOPs at 2 a MAC, full attention.
#[test]
fn nanogpt_sizing_is_reproduced() {
    let model = model("gpt2", "nanogpt", &[("B", 1), ("T", 1024)]);
    let ledger = ledger(&model, "forward", "torch");
    let layers = IBig::from(12);
    let flops = |names: &[&str]| macs_of(&ledger, names) * 2;
    let one_layer: BTreeMap<&str, u64> = BTreeMap::from([
        ("q k v", 3_623_878_656),
        ("scores", 1_610_612_736),
        ("mixed", 1_610_612_736),
        ("out", 1_207_959_552),
        ("up", 4_831_838_208),
        ("down", 4_831_838_208),
    ]);
    let mut all = IBig::ZERO;
    for (names, wanted) in one_layer {
        let names: Vec<&str> = names.split(' ').collect();
        assert_eq!(flops(&names), IBig::from(wanted) * &layers, "{names:?}");
        all += IBig::from(wanted) * &layers;
    }
    assert_eq!(all, IBig::from(212_600_881_152_u64));
    assert_eq!(flops(&["logits"]), IBig::from(79_047_426_048_u64));
    let total = number(&ledger.flops());
    assert_eq!(total, IBig::from(291_648_307_200_u64));
}

/// Kaplan et al. 2020, table 1: N = 2 d L (2 d_attn + d_ff), and 2 N + 2 L n_ctx d_attn FLOPs a token. Their row for the
/// mask counts both attention products over half of all pairs.
#[test]
fn kaplan_table_1_follows_from_the_graph() {
    let text = std::fs::read_to_string("tests/models/kaplan.ron").expect("the model is there");
    let model = dotledger::trace(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let half = "Profile(name: \"half\", about: \"\", source: \"\", masks: half, flops_per_mac: 2, elementwise: ())";
    let half = Profile::parse("half.ron", half).unwrap_or_else(|errors| panic!("{errors}"));
    let ledger = model
        .ledger("forward", &half)
        .unwrap_or_else(|errors| panic!("{errors}"));
    let formula = |formula: Formula| {
        formula
            .in_basis(&["n_ctx", "L", "d", "d_attn", "d_ff"])
            .expect("symbols")
    };
    let params = formula(ledger.params());
    assert_eq!(params.to_string(), "2*L*d*d_ff + 4*L*d*d_attn");
    assert_eq!(params.factored(), "2*L*d*(d_ff + 2*d_attn)");
    assert_eq!(
        formula(ledger.flops()).to_string(),
        "4*n_ctx*L*d*d_ff + 8*n_ctx*L*d*d_attn + 2*n_ctx^2*L*d_attn",
        "n_ctx tokens of 2 N + 2 L n_ctx d_attn"
    );
    let gpt2 = [
        ("n_ctx", 1024),
        ("L", 12),
        ("d", 768),
        ("d_attn", 768),
        ("d_ff", 3072),
        ("H", 12),
    ];
    assert_eq!(params.at(&gpt2), Ok(IBig::from(84_934_656)));
    let a_token = 2 * 84_934_656 + 18_874_368;
    assert_eq!(
        formula(ledger.flops()).at(&gpt2),
        Ok(IBig::from(1024_u64 * a_token))
    );
}

/// The text-book walkthrough, row by row.
#[test]
fn walkthrough_has_the_numbers_of_the_book() {
    let model = model("walkthrough", "walkthrough", &[]);
    let ledger = ledger(&model, "forward", "exact");
    let rows: &[(&str, u64, &str, u64)] = &[
        ("q", 589_824_000 / 3, "4096", 2_415_919_104_000 / 3),
        ("k", 589_824_000 / 3, "4096", 2_415_919_104_000 / 3),
        ("v", 589_824_000 / 3, "4096", 2_415_919_104_000 / 3),
        ("scores", 1_536_000_000, "128", 196_608_000_000),
        ("mixed", 196_608_000, "1000", 196_608_000_000),
        ("out", 196_608_000, "4096", 805_306_368_000),
        ("up", 786_432_000, "4096", 3_221_225_472_000),
        ("down", 196_608_000, "16384", 3_221_225_472_000),
    ];
    let at = |poly| number(&ledger.formula(poly));
    for (name, dots, length, macs) in rows {
        let row = ledger
            .rows
            .iter()
            .find(|row| row.path.rsplit('.').next() == Some(name))
            .expect("the row is there");
        assert_eq!(
            (at(row.amounts.dots.poly()), at(row.amounts.macs.poly())),
            ((*dots).into(), (*macs).into()),
            "{name}"
        );
        let Some(dotledger::work::Length::Fixed(fixed)) = &row.length else {
            panic!("{name} has one length")
        };
        assert_eq!(at(fixed).to_string(), *length);
    }
    assert_eq!(number(&ledger.dots()), IBig::from(3_502_080_000_u64));
    assert_eq!(number(&ledger.macs()), IBig::from(10_056_892_416_000_u64));
    let lookup = ledger
        .rows
        .iter()
        .find(|row| &*row.op == "gather")
        .expect("the lookup has a row");
    assert!(lookup.amounts.dots.poly().is_zero());
}

#[test]
fn walkthrough_formulas_are_those_of_the_book() {
    let plain = model("walkthrough", "", &[]);
    let forward = ledger(&plain, "forward", "exact");
    let basis = |formula: Formula| formula.in_basis(&["T", "L", "d"]).expect("symbols");
    assert_eq!(basis(forward.macs()).to_string(), "12*L*T*d^2 + 2*L*T^2*d");
    assert_eq!(basis(forward.macs()).factored(), "2*L*T*d*(6*d + T)");
    assert_eq!(basis(forward.dots()).to_string(), "10*L*T*d + H*L*T^2");
    let part = |wanted: &[&str]| {
        let macs = forward.only(|row| wanted.contains(&row.part.word())).macs();
        basis(macs)
            .at(&[("T", 1000), ("L", 48), ("d", 4096), ("H", 32)])
            .expect("bound")
    };
    assert_eq!(
        part(&["scores", "mixing", "out"]),
        IBig::from(1_198_522_368_000_u64)
    );
    assert_eq!(part(&["mlp"]), IBig::from(6_442_450_944_000_u64));
}

#[test]
fn walkthrough_decode_reads_a_context_that_counts_the_current_token() {
    let model = model("walkthrough", "walkthrough", &[]);
    let ledger = ledger(&model, "decode", "exact");
    let row = |name: &str| {
        ledger
            .rows
            .iter()
            .find(|row| row.path.ends_with(name))
            .expect("the row is there")
    };
    let text = |poly| ledger.formula(poly).to_string();
    assert_eq!(text(row(".scores").amounts.dots.poly()), "H*L*T");
    assert_eq!(text(row(".mixed").amounts.dots.poly()), "H*L*dh");
    assert!(
        matches!(&row(".mixed").length, Some(dotledger::work::Length::Fixed(length)) if text(length) == "T")
    );
    assert_eq!(number(&ledger.macs()), IBig::from(10_056_892_416_u64));
}

#[test]
fn walkthrough_with_a_causal_mask_has_the_triangle() {
    let model = switched("walkthrough", "walkthrough", &[("causal", true)], &[]);
    let ledger = ledger(&model, "forward", "exact");
    let scores = ledger
        .rows
        .iter()
        .find(|row| row.path.ends_with(".scores"))
        .expect("the row is there");
    let dots = ledger.formula(scores.amounts.dots.poly());
    assert_eq!(dots.to_string(), "H*L*T^2/2 + H*L*T/2");
    assert_eq!(number(&dots), IBig::from(768_768_000));
}

/// DeepSeek-V2, table 1: elements that a token keeps, `2 n_h d_h l` with all heads and `2 n_g d_h l` with groups. The
/// published figure for Llama-3-70B at bf16 is 327,680 bytes a token.
#[test]
fn caches_keep_what_the_table_of_deepseek_v2_says() {
    let grouped = model("llama", "", &[]);
    let ledger = ledger(&grouped, "decode", "exact");
    assert_eq!(
        ledger.formula(ledger.total().cached.poly()).to_string(),
        "2*B*K*L*T*dh"
    );
    let bytes = ledger
        .kv_cache_bytes(Dtype::BF16)
        .in_basis(&["B", "T"])
        .expect("symbols");
    let at = [("B", 1), ("T", 1), ("K", 8), ("L", 80), ("dh", 128)];
    assert_eq!(bytes.at(&at), Ok(IBig::from(327_680)));
}

/// One session is its prefill and the sum of its steps, step by step.
#[test]
fn a_session_equals_the_sum_of_its_steps() {
    let at = |phase: &str, context: u64, steps: u64| {
        let given = [("B", 1), ("T", context), ("N", steps)];
        let model = model("llama", "llama3_8b", &given);
        number(&ledger(&model, phase, "exact").macs())
    };
    let steps: IBig = (1001..=1020).map(|context| at("decode", context, 1)).sum();
    assert_eq!(at("generate", 1000, 20), at("prefill", 1000, 1) + steps);
}
