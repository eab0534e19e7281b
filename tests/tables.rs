//! Published tables and formulas, kept in `tests/truth/tables.json`: what the shipped models come to, to the last unit or at printed
//! precision. Others of its items are held by `tests/truth.rs` and `tests/profiles.rs`.

use std::io::Write;
use std::path::Path;

use dashu_int::IBig;
use dotledger::dtype::Dtype;
use dotledger::{Ledger, Model, Options, Profile};
use serde_json::Value;

/// A published number, by its id and its place in the item, in units of 10 to a power, and what computes it: family, preset,
/// values, phase, profile, and a sum of quantities.
type Row = (&'static str, &'static str, usize, Call, &'static str);
type Call = (&'static str, &'static str, &'static str, &'static str);

const fn torch(file: &'static str, preset: &'static str, set: &'static str) -> Call {
    (file, preset, set, "forward torch")
}

const fn fvcore(file: &'static str, preset: &'static str, set: &'static str) -> Call {
    (file, preset, set, "forward fvcore")
}

const NANOGPT: Call = torch("gpt2", "nanogpt", "B=1 T=1024");
const M3: &str = "B=1 T=2048 L=30 d=3072 H=32 V=51200 Tmax=2048";
const M39: &str = "B=1 T=2048 L=48 d=8192 H=64 V=51200 Tmax=2048";
const M174: &str = "B=1 T=2048 L=96 d=12288 H=96 V=51200 Tmax=2048";
const M310: &str = "B=1 T=2048 L=96 d=16384 H=128 V=51200 Tmax=2048";
/// Of Megatron's own formula: layers run forward a second time in the backward pass, which is four passes of them.
const AGAIN: &str = "4*flops but head + 3*flops of head";

#[rustfmt::skip]
const COMPUTED: &[Row] = &[
    ("params.llama2_7b", "value", 0, torch("llama", "llama2_7b", ""), "params"),
    ("params.llama3_8b", "value", 0, torch("llama", "llama3_8b", ""), "params"),
    ("params.qwen3_30b_a3b", "value/total", 0, torch("qwen3_moe", "qwen3_30b_a3b", ""), "params"),
    ("params.qwen3_30b_a3b", "value/active", 0, torch("qwen3_moe", "qwen3_30b_a3b", ""), "active"),
    ("params.pythia_160m", "value/total", 0, torch("gpt_neox", "pythia_160m", ""), "params"),
    ("params.pythia_160m", "value/non_embedding", 0, torch("gpt_neox", "pythia_160m", ""), "params but embedding head"),
    ("params.pythia_1.4b", "value/total", 0, torch("gpt_neox", "pythia_1_4b", ""), "params"),
    ("params.pythia_1.4b", "value/non_embedding", 0, torch("gpt_neox", "pythia_1_4b", ""), "params but embedding head"),
    ("params.pythia_12b", "value/total", 0, torch("gpt_neox", "pythia_12b", ""), "params"),
    ("params.pythia_12b", "value/non_embedding", 0, torch("gpt_neox", "pythia_12b", ""), "params but embedding head"),
    ("params.bloom_176b", "value", 0, torch("bloom", "bloom_176b", ""), "params"),
    ("params.gemma_2b", "value/embedding", 0, torch("gemma", "gemma_2b", "V=256128"), "params of embedding"),
    ("params.gemma_2b", "value/non_embedding", 0, torch("gemma", "gemma_2b", "V=256128"), "params but embedding"),
    ("params.gemma2_9b", "value/embedding", 0, torch("gemma2", "gemma2_9b", "V=256128"), "params of embedding"),
    ("params.gemma2_9b", "value/non_embedding", 0, torch("gemma2", "gemma2_9b", "V=256128"), "params but embedding"),
    ("params.mamba1_370m", "value", 0, torch("mamba", "mamba_370m", ""), "params"),
    ("params.mamba1_2.8b", "value", 0, torch("mamba", "mamba_2_8b", ""), "params"),
    ("tv.vit_b_16", "value/params", 0, torch("vit", "vit_b_16", "B=1"), "params"),
    ("tv.vit_b_16", "value/gmacs_printed", 9, torch("vit", "vit_b_16", "B=1"), "macs"),
    ("tv.vit_b_16", "value/macs_exact", 0, torch("vit", "vit_b_16", "B=1"), "macs"),
    ("tv.vit_l_32", "value/params", 0, torch("vit", "vit_l_32", "B=1"), "params"),
    ("tv.vit_l_32", "value/gmacs_printed", 9, torch("vit", "vit_l_32", "B=1"), "macs"),
    ("tv.vit_l_32", "value/macs_exact", 0, torch("vit", "vit_l_32", "B=1"), "macs"),
    ("tv.vit_b_16_384", "value/params", 0, torch("vit", "vit_b_16", "B=1 image=384"), "params"),
    ("tv.vit_b_16_384", "value/gmacs_printed", 9, torch("vit", "vit_b_16", "B=1 image=384"), "macs"),
    ("tv.vit_b_16_384", "value/macs_exact", 0, torch("vit", "vit_b_16", "B=1 image=384"), "macs"),
    ("timm.vit_tiny_patch16_224", "value/mparams", 6, fvcore("vit", "deit_ti_16", "B=1"), "params"),
    ("timm.vit_tiny_patch16_224", "value/gmacs", 9, fvcore("vit", "deit_ti_16", "B=1"), "flops"),
    ("timm.vit_tiny_patch16_224", "value/macts", 6, fvcore("vit", "deit_ti_16", "B=1"), "dots"),
    ("timm.vit_base_patch32_224", "value/mparams", 6, fvcore("vit", "vit_b_32", "B=1"), "params"),
    ("timm.vit_base_patch32_224", "value/gmacs", 9, fvcore("vit", "vit_b_32", "B=1"), "flops"),
    ("timm.vit_base_patch32_224", "value/macts", 6, fvcore("vit", "vit_b_32", "B=1"), "dots"),
    ("timm.vit_huge_patch14_224", "value/gmacs", 9, fvcore("vit", "vit_h_14", "B=1"), "flops"),
    ("timm.vit_huge_patch14_224", "value/macts", 6, fvcore("vit", "vit_h_14", "B=1"), "dots"),
    ("timm.vit_base_patch16_384", "value/mparams", 6, fvcore("vit", "vit_b_16", "B=1 image=384"), "params"),
    ("timm.vit_base_patch16_384", "value/gmacs", 9, fvcore("vit", "vit_b_16", "B=1 image=384"), "flops"),
    ("timm.vit_base_patch16_384", "value/macts", 6, fvcore("vit", "vit_b_16", "B=1 image=384"), "dots"),
    ("timm.mixer_s32_224", "value/mparams", 6, fvcore("mixer", "mixer_s_32", "B=1"), "params"),
    ("timm.mixer_s32_224", "value/gmacs", 9, fvcore("mixer", "mixer_s_32", "B=1"), "flops"),
    ("timm.mixer_s32_224", "value/macts", 6, fvcore("mixer", "mixer_s_32", "B=1"), "dots"),
    ("timm.mixer_s32_224", "value/params_exact", 0, fvcore("mixer", "mixer_s_32", "B=1"), "params"),
    ("timm.mixer_b16_224", "value/mparams", 6, fvcore("mixer", "mixer_b_16", "B=1"), "params"),
    ("timm.mixer_b16_224", "value/gmacs", 9, fvcore("mixer", "mixer_b_16", "B=1"), "flops"),
    ("timm.mixer_b16_224", "value/macts", 6, fvcore("mixer", "mixer_b_16", "B=1"), "dots"),
    ("timm.mixer_b16_224", "value/params_exact", 0, fvcore("mixer", "mixer_b_16", "B=1"), "params"),
    ("swin.swin_t", "value/params", 0, fvcore("swin", "swin_t", "B=1"), "params"),
    ("swin.swin_t", "value/tv_gmacs", 9, fvcore("swin", "swin_t", "B=1"), "macs"),
    ("swin.swin_t", "value/macs_exact", 0, fvcore("swin", "swin_t", "B=1"), "macs"),
    ("swin.swin_t", "value/timm_gmacs", 9, fvcore("swin", "swin_t", "B=1"), "flops"),
    ("swin.swin_t", "value/timm_macts", 6, fvcore("swin", "swin_t", "B=1"), "dots"),
    ("swin.swin_l", "value/params", 0, fvcore("swin", "swin_l", "B=1"), "params"),
    ("swin.swin_l", "value/macs_exact", 0, fvcore("swin", "swin_l", "B=1"), "macs"),
    ("swin.swin_l", "value/timm_gmacs", 9, fvcore("swin", "swin_l", "B=1"), "flops"),
    ("swin.swin_l", "value/timm_macts", 6, fvcore("swin", "swin_l", "B=1"), "dots"),
    ("convnext.convnext_tiny", "value/params", 0, fvcore("convnext", "convnext_t", "B=1"), "params"),
    ("convnext.convnext_tiny", "value/tv_gmacs", 9, fvcore("convnext", "convnext_t", "B=1"), "macs"),
    ("convnext.convnext_tiny", "value/macs_exact", 0, fvcore("convnext", "convnext_t", "B=1"), "macs"),
    ("convnext.convnext_tiny", "value/timm_gmacs", 9, fvcore("convnext", "convnext_t", "B=1"), "flops"),
    ("convnext.convnext_tiny", "value/timm_macts", 6, fvcore("convnext", "convnext_t", "B=1"), "dots"),
    ("convnext.convnext_large", "value/params", 0, fvcore("convnext", "convnext_l", "B=1"), "params"),
    ("convnext.convnext_large", "value/tv_gmacs", 9, fvcore("convnext", "convnext_l", "B=1"), "macs"),
    ("convnext.convnext_large", "value/macs_exact", 0, fvcore("convnext", "convnext_l", "B=1"), "macs"),
    ("convnext.convnext_large", "value/timm_gmacs", 9, fvcore("convnext", "convnext_l", "B=1"), "flops"),
    ("convnext.convnext_large", "value/timm_macts", 6, fvcore("convnext", "convnext_l", "B=1"), "dots"),
    ("resnet.resnet18", "value/params", 0, fvcore("resnet", "resnet_18", "B=1"), "params"),
    ("resnet.resnet18", "value/macs_exact", 0, fvcore("resnet", "resnet_18", "B=1"), "macs"),
    ("resnet.resnet18", "value/timm_gmacs", 9, fvcore("resnet", "resnet_18", "B=1"), "flops"),
    ("resnet.resnet18", "value/timm_macts", 6, fvcore("resnet", "resnet_18", "B=1"), "dots"),
    ("resnet.resnet101", "value/params", 0, fvcore("resnet", "resnet_101", "B=1"), "params"),
    ("resnet.resnet101", "value/macs_exact", 0, fvcore("resnet", "resnet_101", "B=1"), "macs"),
    ("resnet.resnet101", "value/timm_gmacs", 9, fvcore("resnet", "resnet_101", "B=1"), "flops"),
    ("resnet.resnet101", "value/timm_macts", 6, fvcore("resnet", "resnet_101", "B=1"), "dots"),
    ("vgg.vgg16", "value/macs", 0, torch("vgg", "vgg_16", "B=1"), "macs"),
    ("vgg.vgg16", "value/params", 0, torch("vgg", "vgg_16", "B=1"), "params"),
    ("vgg.vgg16", "value/acts", 0, torch("vgg", "vgg_16", "B=1"), "dots"),
    ("calflops.llama2-7b", "value/params", 0, torch("llama", "llama2_7b", "B=1 T=128"), "params"),
    ("calflops.llama2-7b", "value/gmacs", 9, torch("llama", "llama2_7b", "B=1 T=128"), "macs"),
    ("calflops.llama2-7b", "value/macs_exact", 0, torch("llama", "llama2_7b", "B=1 T=128"), "macs"),
    ("calflops.pythia-12b", "value/params", 0, torch("gpt_neox", "pythia_12b", "B=1 T=128"), "params but head"),
    ("calflops.pythia-12b", "value/gmacs", 9, torch("gpt_neox", "pythia_12b", "B=1 T=128"), "macs but head"),
    ("calflops.pythia-12b", "value/macs_exact", 0, torch("gpt_neox", "pythia_12b", "B=1 T=128"), "macs but head"),
    ("calflops.bloom-1b7", "value/params", 0, torch("bloom", "bloom_1b7", "B=1 T=128"), "params"),
    ("calflops.bloom-1b7", "value/gmacs", 9, torch("bloom", "bloom_1b7", "B=1 T=128"), "macs but head scores"),
    ("calflops.bloom-1b7", "value/macs_exact", 0, torch("bloom", "bloom_1b7", "B=1 T=128"), "macs but head scores"),
    ("kv.llama2_70b", "value/per_token", 0, ("llama", "llama2_70b", "B=1 T=1", "decode torch"), "kv"),
    ("kv.llama2_70b", "value/gqa_32k", 0, ("llama", "llama2_70b", "B=1 T=32768", "decode torch"), "kv"),
    ("kv.llama2_70b", "value/mha_32k", 0, ("llama", "llama2_70b", "B=1 T=32768 K=64", "decode torch"), "kv"),
    ("scalingbook.llama2_13b_kv_gqa8", "value", 0, ("llama", "llama2_13b", "B=1 T=8192 K=8", "decode torch"), "kv"),
    ("dsv2.total", "value/total", 0, torch("deepseek", "deepseek_v2", ""), "params"),
    ("dsv2.total", "value/active", 0, torch("deepseek", "deepseek_v2", ""), "active"),
    ("dsv3.total", "value/exact", 0, torch("deepseek", "deepseek_v3", ""), "params"),
    ("gptoss.120b", "value/total", 0, torch("gpt_oss", "gpt_oss_120b", ""), "params"),
    ("gptoss.120b", "value/embed_unembed", 0, torch("gpt_oss", "gpt_oss_120b", ""), "params of embedding head"),
    ("gptoss.120b", "value/active", 0, torch("gpt_oss", "gpt_oss_120b", ""), "active but embedding"),
    ("rwkv4.169m", "value/params", 0, ("rwkv4", "rwkv4_169m", "B=1 T=9", "decode exact"), "params"),
    ("rwkv4.169m", "value/params_exact", 0, ("rwkv4", "rwkv4_169m", "B=1 T=9", "decode exact"), "params"),
    ("rwkv4.169m", "value/flops", 0, ("rwkv4", "rwkv4_169m", "B=1 T=9", "decode exact"), "flops"),
    ("rwkv4.169m", "value/flops_exact", 0, ("rwkv4", "rwkv4_169m", "B=1 T=9", "decode exact"), "flops"),
    ("rwkv4.3b", "value/params", 0, ("rwkv4", "rwkv4_3b", "B=1 T=9", "decode exact"), "params"),
    ("rwkv4.3b", "value/params_exact", 0, ("rwkv4", "rwkv4_3b", "B=1 T=9", "decode exact"), "params"),
    ("rwkv4.3b", "value/flops", 0, ("rwkv4", "rwkv4_3b", "B=1 T=9", "decode exact"), "flops"),
    ("rwkv4.3b", "value/flops_exact", 0, ("rwkv4", "rwkv4_3b", "B=1 T=9", "decode exact"), "flops"),
    ("megatron21.T1.3.6B", "value/F_B1", 0, torch("gpt2", "", M3), AGAIN),
    ("megatron21.T1.39.1B", "value/F_B1", 0, torch("gpt2", "", M39), AGAIN),
    ("megatron21.T1.174.6B", "value/F_B1", 0, torch("gpt2", "", M174), AGAIN),
    ("megatron21.T1.310.1B", "value/F_B1", 0, torch("gpt2", "", M310), AGAIN),
    ("nanogpt.params.position", "value", 0, NANOGPT, "params of places_table"),
    ("nanogpt.params.total", "value", 0, NANOGPT, "params"),
    ("nanogpt.flops.dense_logits", "value", 0, NANOGPT, "flops of head"),
    ("nanogpt.flops.forward_total", "value", 0, NANOGPT, "flops"),
    ("nanogpt.flops.backward_total", "value", 0, NANOGPT, "2*flops"),
    ("nanogpt.flops.total", "value", 0, NANOGPT, "3*flops"),
    ("nanogpt.flops.transformer", "value", 0, NANOGPT, "flops but head"),
];

fn read(call: &Call) -> Ledger {
    let (file, preset, set, how) = *call;
    let text = std::fs::read_to_string(format!("models/{file}.ron")).expect("the model is there");
    let options = Options {
        preset: Some(preset.to_owned()).filter(|preset| !preset.is_empty()),
        set: set
            .split_whitespace()
            .map(|text| text.split_once('=').expect("a name and a value"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..Options::default()
    };
    let model = Model::read(file, &text, &options).unwrap_or_else(|errors| panic!("{errors}"));
    let (phase, profile) = how.split_once(' ').expect("a phase and a profile");
    let profile = Profile::shipped(profile).expect("the profile is shipped");
    let ledger = model.ledger(phase, &profile);
    ledger.unwrap_or_else(|errors| panic!("{errors}"))
}

/// A sum of quantities: `4*flops but head + 3*flops of head`; words are parts or names of nodes.
fn computed(ledger: &Ledger, sum: &str) -> IBig {
    let mut all = IBig::ZERO;
    for term in sum.split(" + ") {
        let (times, term) = term.split_once('*').unwrap_or(("1", term));
        let mut words = term.split(' ');
        let quantity = words.next().expect("a quantity");
        let kept = words.next();
        let words: Vec<&str> = words.collect();
        let ledger = ledger.only(|row| {
            let name = row.path.rsplit('.').next().unwrap_or_default();
            let named = words.contains(&row.part.word()) || words.contains(&name);
            kept.is_none() || named == (kept == Some("of"))
        });
        let formula = match quantity {
            "params" => ledger.params(),
            "active" => ledger.params_active(),
            "dots" => ledger.dots(),
            "macs" => ledger.macs(),
            "flops" => ledger.flops(),
            "kv" => ledger.kv_cache_bytes(Dtype::BF16),
            other => panic!("{other} is no quantity"),
        };
        let number = formula.at(&[]).unwrap_or_else(|error| panic!("{error}"));
        all += times.parse::<IBig>().expect("a number") * number;
    }
    all
}

/// Whether a number is what an item says: to the last unit where that is an integer, otherwise within its tolerance.
fn agrees(got: &IBig, wanted: &Value, unit: usize, tolerance: &Value) -> bool {
    if let Some(wanted) = wanted.as_u64() {
        return *got == IBig::from(wanted) * IBig::from(10).pow(unit);
    }
    let wanted = wanted.as_f64().expect("a number");
    let got: f64 = got.to_string().parse().expect("a number");
    let unit: f64 = format!("1e{unit}").parse().expect("a power");
    let within = tolerance.as_object().into_iter().flatten();
    let within = within.filter_map(|(kind, by)| match kind.as_str() {
        // The last of so many digits.
        "sig_digits" => {
            let digits: String = format!("{wanted:.3e}");
            let power: i32 = digits.split_once('e')?.1.parse().ok()?;
            Some(10f64.powi(power - i32::try_from(by.as_i64()?).ok()? + 1) / 2.0)
        }
        "round_decimals" => Some(10f64.powi(-i32::try_from(by.as_i64()?).ok()?) / 2.0),
        _ => by.as_f64(),
    });
    (got / unit - wanted).abs() <= within.fold(0.0, f64::max)
}

fn items(text: &str) -> Vec<Value> {
    let tables: Value = serde_json::from_str(text).expect("the tables are JSON");
    tables["items"].as_array().expect("a list").clone()
}

#[test]
fn published_tables_are_what_the_shipped_models_give() {
    let text = std::fs::read_to_string("tests/truth/tables.json").expect("the tables are there");
    let items = items(&text);
    let mut differs = Vec::new();
    for (id, place, unit, call, sum) in COMPUTED {
        let item = items.iter().find(|item| item["id"] == *id);
        let item = item.unwrap_or_else(|| panic!("{id} is no item"));
        let wanted = item.pointer(&format!("/{place}"));
        let wanted = wanted.unwrap_or_else(|| panic!("{id} has no {place}"));
        let got = computed(&read(call), sum);
        if !agrees(&got, wanted, *unit, &item["tolerance"]) {
            differs.push(format!("{id} {place}: {wanted}, not {got}, {sum}"));
        }
    }
    assert!(differs.is_empty(), "{}", differs.join("\n"));
}

/// The tables beside the project are those that are kept here.
#[test]
fn the_tables_are_kept_whole() {
    let beside = Path::new("../shared/oracle/tables.json");
    let Ok(theirs) = std::fs::read_to_string(beside) else {
        // Not by `eprintln!`, which the test runner keeps to itself.
        let shown = beside.display();
        let _ = writeln!(
            std::io::stderr(),
            "WARNING: {shown} IS NOT THERE; WHAT IS KEPT OF IT WAS NOT COMPARED WITH IT"
        );
        return;
    };
    let kept = std::fs::read_to_string("tests/truth/tables.json").expect("the tables are there");
    assert!(
        kept == theirs,
        "tables.json differs from what is kept of it"
    );
}
