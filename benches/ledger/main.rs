//! How long things take: `cargo bench`. Whole processes are cold starts of the release binary; the rest runs in place.

use std::fmt::Write;
use std::process::{Command, Stdio};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dotledger::sym::{Context, Domain, Form, Poly, Symbols, Syntax, parse_poly, print};

fn main() {
    divan::main();
}

/// Runs the program once, as a user would.
fn process(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_dotledger"))
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .expect("the program runs");
    assert!(status.success());
}

#[divan::bench]
fn cold_report_walkthrough() {
    process(&[
        "report",
        "models/walkthrough.ron",
        "--preset",
        "walkthrough",
    ]);
}

#[divan::bench]
fn cold_report_llama3_70b() {
    process(&[
        "report",
        "models/llama.ron",
        "--preset",
        "llama3_70b",
        "--set",
        "B=1",
        "--set",
        "T=8192",
    ]);
}

#[divan::bench]
fn cold_formula_walkthrough() {
    process(&["formula", "models/walkthrough.ron", "macs", "--in", "T,L,d"]);
}

/// Sixty-four layers, every other one with a window, over a prompt and a thousand generated tokens.
#[divan::bench]
fn cold_generate_windowed_64_layers() {
    process(&[
        "formula",
        "models/gemma2.ron",
        "macs",
        "--phase",
        "generate",
        "--preset",
        "gemma2_27b",
        "--set",
        "B=1",
        "--set",
        "L=64",
        "--set",
        "T=30000",
        "--set",
        "N=1000",
    ]);
}

/// Sixty-four decoder layers written out, each of a width and a number of heads of its own, and of a window of its own where
/// they have windows.
fn layers_that_all_differ(windows: bool) -> String {
    let mut blocks = String::new();
    let mut nodes = String::new();
    for at in 1..=64 {
        let window = 64 * at;
        let (cache, mask, seen) = match windows {
            true => (
                format!(", \"{window}\""),
                format!("Window(n, s, \"{window}\")"),
                format!("min(p, {window} - 1) + n"),
            ),
            false => (
                String::new(),
                String::from("Causal(n, s)"),
                String::from("s"),
            ),
        };
        // Writing to a string does not fail.
        let _ = write!(
            blocks,
            "layer{at}: Block(inputs: (x: \"n d\"), nodes: (
                normed: Norm(x, rms, \"d\"),
                q: Linear(normed, \"d -> {heads} dh\"), k: Linear(normed, \"d -> {heads} dh\"), v: Linear(normed, \"d -> {heads} dh\"),
                keys: Cache(k, \"n\"{cache}), values: Cache(v, \"n\"{cache}),
                scores: Einsum(\"n h e, s h e -> h n s\", [q, keys], {mask}),
                weights: Softmax(scores, \"{seen}\"),
                mixed: Einsum(\"h n s, s h e -> n h e\", [weights, values], {mask}),
                out: Linear(mixed, \"{heads} dh -> d\"),
                y: Map(add, [x, out]),
                up: Linear(y, \"d -> {width}*d\"), act: Map(gelu, [up]), down: Linear(act, \"{width}*d -> d\"),
                z: Map(add, [y, down]),
            ), output: z),\n",
            heads = at + 1,
            width = at + 2,
        );
        let _ = writeln!(nodes, "x{at}: Call(layer{at}, x{}),", at - 1);
    }
    format!(
        "Model(name: \"all differ\", phases: [forward, decode, generate], symbols: (T: context, N: \"tokens\", d: width, \
         dh: head_size), blocks: ({blocks}), inputs: (x0: \"@n d\"), nodes: ({nodes}), output: x64)"
    )
}

#[divan::bench(args = [false, true])]
fn forward_of_64_layers_that_all_differ(bencher: Bencher, windows: bool) {
    let text = layers_that_all_differ(windows);
    bencher.bench(|| {
        let model = dotledger::trace(black_box(&text)).expect("a valid model");
        model.forward().expect("a ledger").macs()
    });
}

#[divan::bench]
fn session_of_64_layers_that_all_differ(bencher: Bencher) {
    let text = layers_that_all_differ(true);
    bencher.bench(|| {
        let model = dotledger::trace(black_box(&text)).expect("a valid model");
        let ledger = model.ledger("generate", &dotledger::Profile::exact());
        ledger.expect("a ledger").macs()
    });
}

/// A chain of linear layers and activations, written node by node; no two layers are of one width.
fn unrolled(nodes: usize) -> String {
    let mut text = String::from(
        "Model(name: \"unrolled\", phases: [forward], symbols: (T: context, d: width), inputs: (x0: \"@n d\"), nodes: (\n",
    );
    for at in (1..nodes).step_by(4) {
        let width = at + 1;
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "u{at}: Linear(x{}, \"d -> {width}*d\"),\ng{at}: Map(gelu, [u{at}]),\nv{at}: Linear(g{at}, \"{width}*d -> d\"),\n\
             x{}: Map(add, [v{at}, x{}]),\n",
            at - 1,
            at + 3,
            at - 1
        );
    }
    let _ = write!(text, "), output: x{})", nodes - nodes % 4);
    text
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn trace_unrolled(bencher: Bencher, nodes: usize) {
    let text = unrolled(nodes);
    bencher
        .counter(ItemsCount::new(nodes))
        .bench(|| dotledger::trace(black_box(&text)).expect("a valid model"));
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn tally_unrolled(bencher: Bencher, nodes: usize) {
    let model = dotledger::trace(&unrolled(nodes)).expect("a valid model");
    bencher
        .counter(ItemsCount::new(nodes))
        .bench(|| black_box(&model).forward().expect("a ledger").macs());
}

/// `terms` distinct terms of two symbols.
fn terms(symbols: &mut Symbols, terms: u32) -> Vec<Poly> {
    let mut symbol = |name: &str| {
        Poly::symbol(
            symbols
                .declare(name, Domain::default())
                .expect("a new name"),
        )
    };
    let (a, b) = (symbol("a"), symbol("b"));
    let power = |base: &Poly, exponent| base.pow(exponent).expect("a small power");
    (0..terms)
        .map(|at| power(&a, at % 100 + 1) * power(&b, at / 100 + 1))
        .collect()
}

#[divan::bench]
fn sum_of_10_000_distinct_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let terms = terms(&mut symbols, 10_000);
    bencher.bench(|| Poly::sum(black_box(&terms).iter().cloned()));
}

#[divan::bench]
fn print_of_10_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 10_000));
    bencher.bench(|| print(black_box(&poly), &symbols, Form::Expanded, Syntax::Ascii));
}

#[divan::bench]
fn parse_of_10_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 10_000));
    let text = print(&poly, &symbols, Form::Expanded, Syntax::Ascii);
    bencher
        .bench(|| parse_poly(black_box(&text), &mut Context::new(&symbols)).expect("well formed"));
}

#[divan::bench]
fn factor_of_1_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 1_000));
    bencher.bench(|| print(black_box(&poly), &symbols, Form::Factored, Syntax::Ascii));
}
