//! Models traced and tallied in place: long chains, layers that all differ, sessions.

use std::fmt::Write;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dotledger::{Model, Options, Profile};

use crate::processes::process;

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
        let ledger = model.ledger("generate", &Profile::exact());
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

/// A whole process that traces such a chain and prints all of it.
#[divan::bench(args = [1_000, 100_000], sample_count = 10)]
fn cold_report_unrolled(bencher: Bencher, nodes: usize) {
    let file = std::env::temp_dir().join(format!("dotledger-unrolled-{nodes}.ron"));
    std::fs::write(&file, unrolled(nodes)).expect("a place for the model");
    let path = file.to_str().expect("a path in Unicode");
    bencher
        .counter(ItemsCount::new(nodes))
        .bench(|| process(&["report", path]));
    // What is left behind is a file in the directory for such files.
    let _ = std::fs::remove_file(&file);
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

/// The ledger of a session of 64 layers, every other one with a window, in prompt and generated tokens.
#[divan::bench]
fn session_over_windows(bencher: Bencher) {
    let options = Options {
        preset: Some(String::from("gemma2_27b")),
        set: vec![(String::from("L"), String::from("64"))],
        ..Options::default()
    };
    let text = include_str!("../../models/gemma2.ron");
    let model = Model::read("gemma2.ron", text, &options).expect("a valid model");
    bencher.bench(|| {
        let ledger = black_box(&model).ledger("generate", &Profile::exact());
        ledger.expect("a ledger").macs()
    });
}
