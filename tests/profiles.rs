//! Each shipped profile against numbers that were published under its convention, compared exactly where they are exact.
//!
//! Points of formulas were evaluated in integers from the text of the source that stands beside them.

use dashu_int::IBig;
use dotledger::{Formula, Ledger, Model, Options, Profile};

/// A model with a preset and values of symbols and switches: `B=1 T=2048`.
fn read(path: &str, preset: Option<&str>, set: &str) -> Model {
    let text = std::fs::read_to_string(path).expect("the model is there");
    let options = Options {
        preset: preset.map(str::to_owned),
        set: set
            .split_whitespace()
            .map(|text| text.split_once('=').expect("a name and a value"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..Options::default()
    };
    Model::read(path, &text, &options).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A model of `models/` at a published size.
fn sized(file: &str, preset: &str, set: &str) -> Model {
    read(&format!("models/{file}.ron"), Some(preset), set)
}

/// A model of `tests/models/`.
fn own(file: &str, set: &str) -> Model {
    read(&format!("tests/models/{file}.ron"), None, set)
}

fn ledger(model: &Model, profile: &str) -> Ledger {
    let profile = Profile::shipped(profile).expect("the profile is shipped");
    model
        .ledger("forward", &profile)
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn number(formula: &Formula) -> IBig {
    formula.at(&[]).unwrap_or_else(|error| panic!("{error}"))
}

fn flops(model: &Model, profile: &str) -> IBig {
    number(&ledger(model, profile).flops())
}

/// FLOPs of some parts.
fn flops_of(model: &Model, profile: &str, parts: &[&str]) -> IBig {
    let ledger = ledger(model, profile);
    number(&ledger.only(|row| parts.contains(&row.part.word())).flops())
}

/// GPT-3 with the padded vocabulary of Megatron-LM, one sequence.
const GPT3: &str = "B=1 T=2048 L=96 d=12288 H=96 V=51200 Tmax=2048";

fn whole(value: u64) -> IBig {
    IBig::from(value)
}

/// A count in units of 10^9 with so many decimals, rounded half up.
fn giga(count: &IBig, decimals: usize) -> String {
    let unit = IBig::from(10).pow(9 - decimals);
    let rounded: IBig = (count + &unit / 2) / unit;
    let digits = rounded.to_string();
    let (ahead, behind) = digits.split_at(digits.len() - decimals);
    format!("{ahead}.{behind}")
}

/// NVIDIA/Megatron-LM, `num_floating_point_operations`, at one sequence: causally halved, logits in, the router out, two of
/// eight experts.
#[test]
fn megatron_counts_what_its_code_counts() {
    let gpt3 = read("models/gpt2.ron", None, GPT3);
    assert_eq!(flops(&gpt3, "megatron"), whole(2_174_868_359_479_296));
    let llama = sized("llama", "llama3_8b", "B=1 T=8192");
    assert_eq!(flops(&llama, "megatron"), whole(421_645_529_382_912));
    assert_eq!(
        flops(&llama, "megatron"),
        whole(51_470_401_536) * 8192,
        "a token"
    );
    let mixtral = sized("mixtral", "mixtral_8x7b", "B=1 T=4096");
    assert_eq!(flops(&mixtral, "megatron"), whole(326_477_644_038_144));
}

/// pytorch/torchtitan, `get_dense_model_nparams_and_flops`: 6 (N - N_embedding) + 6 L H (d_qk + d_v) T a token.
#[test]
fn torchtitan_counts_what_its_code_counts() {
    let llama = sized("llama", "llama3_8b", "B=1 T=8192");
    assert_eq!(
        flops(&llama, "torchtitan"),
        whole(57_914_449_920) * 8192,
        "a token"
    );
    // A table that is looked up only is not among the parameters; one that is the head too is.
    let untied = (8_030_261_248 - 128_256 * 4096, 32 * 32 * (128 + 128));
    let tied = (1_235_814_400, 16 * 32 * (64 + 64));
    // Learned positions are an embedding; biases and gains are parameters.
    let gpt2 = (124_439_808 - 1024 * 768, 12 * 12 * (64 + 64));
    // Of eight experts two are passed, and the router is.
    let mixtral = (12_879_925_248 - 32_000 * 4096, 32 * 32 * (128 + 128));
    // Queries and keys are longer than values; the bias that corrects the choice of experts is no parameter. The active
    // parameters are summed from the published sizes, as are all: 671,026,419,200.
    let deepseek = (
        37_552_297_472 - 129_280 * 7168 - 58 * 256,
        61 * 128 * (128 + 64 + 128),
    );
    let cases: [(&str, &str, (u64, u64)); 5] = [
        ("llama", "llama3_8b", untied),
        ("llama", "llama3_2_1b", tied),
        ("gpt2", "gpt2", gpt2),
        ("mixtral", "mixtral_8x7b", mixtral),
        ("deepseek", "deepseek_v3", deepseek),
    ];
    for (file, preset, (weights, heads)) in cases {
        let model = sized(file, preset, "B=3 T=1000");
        let a_token = whole(6) * weights + whole(6) * heads * 1000;
        assert_eq!(flops(&model, "torchtitan"), a_token * 3000, "{preset}");
    }
}

/// PaLM, appendix B: 6 N + 12 L H Q T a token, as karpathy/nanoGPT evaluates it for GPT-2 without biases and without the table
/// of positions.
#[test]
fn palm_counts_what_nanogpt_makes_of_appendix_b() {
    let model = sized("gpt2", "nanogpt", "B=1 T=1024");
    let printed = whole(875_062_886_400);
    let formula = (whole(6) * 123_551_232_u64 + whole(12) * 12 * 12 * 64 * 1024) * 1024;
    assert_eq!(formula, printed);
    assert_eq!(flops(&model, "palm"), printed);
}

/// Chinchilla, appendix F, as it is printed, three passes over a sequence:
/// 2 s V d + L (6 s d (k H) + 2 s s (k H) + 3 H s s + 2 s s (k H) + 2 s (k H) d + 4 s d f) + 2 s d V.
#[test]
fn chinchilla_printed_is_the_formula_of_appendix_f() {
    let formula = ledger(&own("chinchilla", ""), "chinchilla_printed").flops();
    let symbols = [
        ("L", 3),
        ("H", 5),
        ("T", 7),
        ("d", 11),
        ("k", 13),
        ("f", 17),
        ("V", 19),
    ];
    let [l, h, s, d, k, f, v] = symbols.map(|(_, value)| value);
    let layer = 6 * s * d * (k * h)
        + 2 * s * s * (k * h)
        + 3 * h * s * s
        + 2 * s * s * (k * h)
        + 2 * s * (k * h) * d
        + 4 * s * d * f;
    let forward = 2 * s * v * d + l * layer + 2 * s * d * v;
    assert_eq!(formula.at(&symbols), Ok(whole(3 * forward)));
}

/// Chinchilla, table A4: F over 6 N D at s = 2048 and V = 32000 (as nanoGPT chose them), embedding and logits dropped from F.
#[test]
fn chinchilla_has_the_ratios_of_its_table() {
    let row = |sizes: &str| {
        let model = own("chinchilla", &format!("{sizes} T=2048 V=32000"));
        let params = number(&ledger(&model, "exact").params());
        (params, flops(&model, "chinchilla"))
    };
    // In units of 10^-4, rounded half up.
    let ratio = |(params, flops): &(IBig, IBig)| {
        let tokens = params * 6 * 2048;
        (flops * 10_000 + &tokens / 2) / tokens
    };
    let small = row("L=10 d=640 f=2560 H=10 k=64");
    assert_eq!(ratio(&small), whole(10_250), "73M: 1.0250");
    let middle = row("L=24 d=1280 f=5120 H=10 k=128");
    assert_eq!(middle, (whole(552_604_160), whole(7_353_453_772_800)));
    assert_eq!((ratio(&middle) + 50) / 100, whole(108), "552M: 1.08");
    let large = row("L=40 d=3584 f=14336 H=28 k=128");
    assert_eq!(large, (whole(6_796_274_688), whole(83_021_046_743_040)));
    assert_eq!((ratio(&large) + 50) / 100, whole(99), "6.8B: 0.99");
}

/// Kaplan et al., table 1, at the size of GPT-2, a token at a time: the rows, and the total that has no embedding and no
/// de-embedding. Biases, norms and positions of the model count nothing.
#[test]
fn kaplan_counts_the_rows_of_table_1() {
    let model = sized("gpt2", "gpt2", "B=1 T=1024");
    let rows: [(&[&str], u64); 5] = [
        (&["qkv"], 42_467_328),
        (&["scores", "mixing"], 18_874_368),
        (&["out"], 14_155_776),
        (&["mlp"], 113_246_208),
        (&["embedding", "head", "norm", "other"], 0),
    ];
    for (parts, a_token) in rows {
        assert_eq!(
            flops_of(&model, "kaplan", parts),
            whole(a_token) * 1024,
            "{parts:?}"
        );
    }
    assert_eq!(flops(&model, "kaplan"), whole(188_743_680) * 1024);
    let head = number(
        &ledger(&model, "kaplan")
            .only(|row| row.part.word() == "head")
            .macs(),
    );
    assert_eq!(
        head * 2,
        whole(77_194_752) * 1024,
        "the row that is not in the total"
    );
}

/// huggingface/pytorch-image-models, `gmacs` of its benchmark tables: fvcore, in units of 10^9 with two decimals. Before that
/// parameters and MACs, exactly, as far as torchvision or timm print them.
#[test]
fn fvcore_counts_what_timm_publishes() {
    const PUBLISHED: &[(&str, &str, [Option<u64>; 2], &str)] = &[
        (
            "vit",
            "image=224 patch=16 L=12 d=192 H=3 f=768",
            [None, None],
            "1.26",
        ),
        (
            "vit",
            "image=224 patch=32 L=12 d=768 H=12 f=3072",
            [Some(88_224_232), None],
            "4.41",
        ),
        (
            "vit",
            "image=384 patch=16 L=12 d=768 H=12 f=3072",
            [Some(86_859_496), Some(55_484_350_464)],
            "55.54",
        ),
        (
            "vit",
            "image=224 patch=14 L=32 d=1280 H=16 f=5120",
            [None, None],
            "167.40",
        ),
        (
            "mixer",
            "grid=7 patch=32 L=8 d=512 t=256 f=2048",
            [Some(19_104_624), None],
            "1.00",
        ),
        (
            "mixer",
            "grid=14 patch=16 L=12 d=768 t=384 f=3072",
            [Some(59_880_472), None],
            "12.62",
        ),
        (
            "swin",
            "m=7 d=96 e=32 r1=2 r2=2 r3=6 r4=2",
            [Some(28_288_354), Some(4_490_566_656)],
            "4.51",
        ),
        (
            "swin",
            "m=7 d=192 e=32 r1=2 r2=2 r3=18 r4=2",
            [Some(196_532_476), Some(34_475_759_616)],
            "34.53",
        ),
        (
            "convnext",
            "side=7 d=96 r1=3 r2=3 r3=9 r4=3",
            [Some(28_589_128), Some(4_455_531_264)],
            "4.47",
        ),
        (
            "convnext",
            "side=7 d=192 r1=3 r2=3 r3=27 r4=3",
            [Some(197_767_336), Some(34_361_433_600)],
            "34.40",
        ),
        (
            "resnet",
            "side=7 d=64 r1=2 r2=2 r3=2 r4=2",
            [Some(11_689_512), Some(1_814_073_344)],
            "1.82",
        ),
        (
            "resnet",
            "side=7 d=64 r1=3 r2=4 r3=23 r4=3 deep=true",
            [Some(44_549_160), Some(7_801_405_440)],
            "7.83",
        ),
    ];
    for (file, sizes, [params, macs], gmacs) in PUBLISHED {
        let folder = if *file == "vit" {
            "models"
        } else {
            "tests/models"
        };
        let set = format!("{sizes} B=1 channels=3 classes=1000");
        let model = read(&format!("{folder}/{file}.ron"), None, &set);
        let ledger = ledger(&model, "fvcore");
        for (printed, counted) in [(params, ledger.params()), (macs, ledger.macs())] {
            if let Some(printed) = printed {
                assert_eq!(number(&counted), whole(*printed), "{file} {sizes}");
            }
        }
        assert_eq!(giga(&number(&ledger.flops()), 2), *gmacs, "{file} {sizes}");
    }
}

/// By fvcore's own handlers: 5 an element of a LayerNorm, 2 of a BatchNorm, 1 of what is averaged, nothing else beside MACs.
#[test]
fn fvcore_adds_norms_and_pooling_to_macs() {
    let beside = |model: &Model| {
        let ledger = ledger(model, "fvcore");
        number(&ledger.flops()) - number(&ledger.macs())
    };
    let bert = sized("bert", "bert_base_uncased", "B=2 T=100");
    assert_eq!(beside(&bert), whole(5 * 25 * 2 * 100 * 768));
    let gpt2 = sized("gpt2", "gpt2", "B=2 T=100");
    assert_eq!(beside(&gpt2), whole(5 * 25 * 2 * 100 * 768));
    let llama = sized("llama", "llama3_8b", "B=2 T=100");
    assert_eq!(
        beside(&llama),
        whole(0),
        "an RMS norm is no op that it knows"
    );
    let net = own(
        "resnet",
        "r1=1 r2=1 r3=1 r4=1 side=7 d=64 B=2 channels=3 classes=10",
    );
    // The stem, one block of two, and three of two and a shortcut each.
    let normed = 112 * 112 * 64 + 56 * 56 * 64 * 2 + (28 * 28 * 128 + 14 * 14 * 256 + 49 * 512) * 3;
    assert_eq!(beside(&net), whole(2 * (2 * normed + 49 * 512)));
}

/// A profile of one's own: Korthikanti et al. 2022 count a step of training over all pairs, without recomputation, as
/// 72 B L s h h (1 + s/(6 h) + V/(12 h L)); their point is GPT-3.
#[test]
fn a_profile_from_a_text_prices_as_it_says() {
    let text = "Profile(name: \"korthikanti\", about: \"\", source: \"arXiv:2205.05198\", masks: full, \
        flops_per_mac: 2, elementwise: (), backward: 2)";
    let profile =
        Profile::parse("korthikanti.ron", text).unwrap_or_else(|errors| panic!("{errors}"));
    let gpt3 = read("models/gpt2.ron", None, GPT3);
    let ledger = gpt3
        .ledger("forward", &profile)
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(number(&ledger.flops()), whole(2_204_555_173_429_248));
}

/// Elementwise arithmetic is priced by kind; an op that has a price of its own is priced by that instead, and a part that is
/// left out not at all.
#[test]
fn prices_of_ops_stand_for_those_of_kinds() {
    let model = dotledger::trace(
        r#"Model(name: "m", symbols: (n: "rows", d: width), inputs: (x: "n d"), nodes: (
            soft: Softmax(x, "d"),
            act: Map(relu, [soft]),
            norm: Part(normed: Norm(act, rms, "d")),
            head: Part(y: Linear(normed, "d -> d", true)),
        ), output: y)"#,
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    let flops = |prices: &str| {
        let text = format!(
            "Profile(name: \"p\", about: \"\", source: \"\", masks: exact, flops_per_mac: 2, {prices})"
        );
        let profile = Profile::parse("p.ron", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let ledger = model.ledger("forward", &profile);
        ledger.unwrap_or_else(|errors| panic!("{errors}")).flops()
    };
    let at = |prices: &str| flops(prices).at(&[("n", 7), ("d", 5)]);
    let (macs, all, rows) = (2 * 7 * 25, 35, 7);
    assert_eq!(at("elementwise: ()"), Ok(whole(macs)));
    // Softmax compares all but the first of a row; the head adds a bias.
    let kinds = 10 * (all - rows) + 10 * all;
    assert_eq!(at("elementwise: (compare: 10)"), Ok(whole(macs + kinds)));
    let soft = 3 * all + 10 * all;
    assert_eq!(
        at("elementwise: (compare: 10), ops: (softmax: 3)"),
        Ok(whole(macs + soft))
    );
    assert_eq!(
        at("elementwise: (), ops: (map: (relu: 1, gelu: 8))"),
        Ok(whole(macs + all))
    );
    assert_eq!(
        at("elementwise: (), ops: (norm: (layer: 5))"),
        Ok(whole(macs))
    );
    assert_eq!(
        at("elementwise: (), vectors: 3"),
        Ok(whole(macs + 3 * all + 3 * all))
    );
    assert_eq!(
        at("elementwise: (), vectors: 3, leaves_out: [head]"),
        Ok(whole(3 * all))
    );
    assert_eq!(
        at("elementwise: (sqrt: 1), backward: 3"),
        Ok(whole(4 * (macs + rows)))
    );
}
