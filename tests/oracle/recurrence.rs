//! Recurrences, states that outlast a pass, and layers that share their weights.

use crate::harness::{Bench, check, read};

const PHASES: &str = r#"phases: [forward, prefill, decode, chunk, generate, Phase(name: draft, n: "2", p: "T", o: "2")],
    symbols: (B: batch, L: layers, T: context, N: "tokens", C: "new", P: "before", S: "source", d: width, f: mlp_width, k: "taps")"#;

const PHASES_AND_SPAN: &str = r#"phases: [forward, prefill, decode, chunk, generate, Phase(name: draft, n: "2", p: "T", o: "2")],
    symbols: (L: layers, T: context, N: "tokens", C: "new", P: "before", d: width, k: "taps", span: Derived("n", "new positions"))"#;

/// A gated cell whose state is two vectors in one, as an LSTM's is.
fn gated() -> String {
    format!(
        r#"Model(name: "gated", {PHASES},
        blocks: (
            cell: Block(inputs: (state: "B (2*d)", x: "B f"), nodes: (
                hidden:  Slice(state, "2*d", "d"),
                memory:  Slice(state, "2*d", "d"),
                gates:   Linear(x, "f -> d", true),             // sees one place
                back:    Linear(hidden, "d -> d"),              // sees those before
                sum:     Map(add, [gates, back]),
                act:     Map(tanh, [sum]),
                kept:    Map(mul, [act, memory]),
                new:     Concat([act, kept], "d"),
            ), output: new),
            layer: Block(inputs: (x: "B n f"), nodes: (
                states: Scan(cell, "n", x),
                hidden: Slice(states, "2*d", "d"),
                y:      Linear(hidden, "d -> f"),
                z:      Rearrange(y, "n B f -> B n f"),
            ), output: z),
        ),
        inputs: (x: "B @n f"), nodes: (layers: Repeat(layer, "L", x)), output: layers)"#
    )
}

/// A state-space layer: a short convolution over time, a state for each channel, read at each place.
pub(crate) fn state_space() -> String {
    format!(
        r#"Model(name: "ssm", {PHASES},
        blocks: (
            step: Block(inputs: (h: "B d f", x: "B d", b: "B f", decay: "d f"), nodes: (
                old: Map(mul, [h, decay], "B d f, d f -> B d f"),
                new: Map(mul, [x, b], "B d, B f -> B d f"),
                sum: Map(add, [old, new]),
            ), output: sum),
            layer: Block(inputs: (x: "B n d"), nodes: (
                longer: Previous(x, "n", "k - 1"),
                taps:   Rearrange(longer, "b t d -> b d t"),
                short:  Conv(x: taps, map: "d -> d", kernel: "k", stride: "1", groups: "d", bias: true),
                back:   Rearrange(short, "B d n -> B n d"),
                b:      Linear(back, "d -> f"),
                decay:  Param("d f"),
                states: Scan(step, "n", [back, b, decay]),
                c:      Linear(back, "d -> f"),
                y:      Einsum("n b d f, b n f -> b n d", [states, c]),
            ), output: y),
        ),
        inputs: (x: "B @n d"), nodes: (layers: Repeat(layer, "L", x)), output: layers)"#
    )
}

/// A scan within a scan, and one over a source, which nothing goes on from.
fn nested() -> String {
    format!(
        r#"Model(name: "nested", {PHASES},
        blocks: (
            inner: Block(inputs: (h: "d", x: "d"), nodes: (a: Linear(h, "d -> d"), y: Map(add, [a, x])), output: y),
            outer: Block(inputs: (h: "d", x: "k d"), nodes: (
                rows:  Scan(inner, "k", x),
                last:  Slice(rows, "k", "1"),
                flat:  Reduce(last, mean, "1"),
                mixed: Linear(h, "d -> d"),
                y:     Map(add, [flat, mixed]),
            ), output: y),
        ),
        inputs: (x: "@n k d", source: "@S d"),
        nodes: (
            encoder: Once(read: Scan(inner, "S", source), end: Slice(read, "S", "1"), memory: Reduce(end, mean, "1")),
            states: Scan(outer, "n", x),
            y:      Map(add, [states, memory], "n d, d -> n d"),
        ), output: y)"#
    )
}

/// One layer used L times over, which has one set of weights and L caches.
pub(crate) fn shared() -> String {
    format!(
        r#"Model(name: "shared", {PHASES},
        blocks: (
            layer: Block(inputs: (x: "B n d"), nodes: (
                keys:   Cache(x, "n"),
                scores: Einsum("b n e, b s e -> b n s", [x, keys], Causal(n, s)),
                mixed:  Einsum("b n s, b s e -> b n e", [scores, keys], Causal(n, s)),
                up:     Linear(mixed, "d -> f", true),
                y:      Linear(up, "f -> d"),
            ), output: y),
            group: Block(inputs: (x: "B n d"), nodes: (twice: Repeat(layer, "2", x), y: Norm(twice, rms, "d")), output: y),
        ),
        inputs: (x: "B @n d"), nodes: (layers: Share(group, "L", x)), output: layers)"#
    )
}

/// One layer at each of several depths, which all cache keys of their own, and a size that is another name for `n`.
fn depths() -> String {
    format!(
        r#"Model(name: "depths", {PHASES_AND_SPAN},
        blocks: (
            add: Block(inputs: (h: "d", x: "d", c: "d"), nodes: (sum: Map(add, [h, x]), y: Map(add, [sum, c])), output: y),
            last: Block(inputs: (h: "d", x: "d", c: "d"), nodes: (sum: Map(add, [h, x]), y: Map(add, [sum, c])), output: y),
            layer: Block(inputs: (h: "n d", x: "n d", mark: "d"), nodes: (
                sum:    Map(add, [h, x]),
                marked: Map(add, [sum, mark], "n d, d -> n d"),
                before: Previous(marked, "n", "k"),
                states: Scan(add, "n", [marked, marked]),
                keys:   Cache(marked, "n"),
                scores: Einsum("n e, s e -> n s", [states, keys], Causal(n, s)),
                y:      Einsum("n s, s e -> n e", [scores, keys], Causal(n, s)),
            ), output: y),
        ),
        inputs: (x: "@n d"), nodes: (
            marks:  Param("L d"),
            steps:  Scan(layer, "L", [x, marks]),
            still:  Constant("span d"),
            states: Scan(last, "span", [still, x]),
        ), output: states)"#
    )
}

#[test]
fn recurrences_are_what_their_steps_add_up_to() {
    for (name, text) in [
        ("gated", gated()),
        ("ssm", state_space()),
        ("nested", nested()),
        ("shared", shared()),
        ("depths", depths()),
    ] {
        check(name, &text, 4);
    }
}

/// Trap 19: the body of a loop counts as often as it runs, and its weights once.
#[test]
fn trap_19_the_body_of_a_scan_counts_at_every_place() {
    let bench = Bench::new("gated", &gated(), &[]);
    let forward = bench.ledger("forward", "exact");
    let back = forward.only(|row| row.path.ends_with(".back"));
    assert_eq!(back.macs().to_string(), "B*L*T*d^2");
    assert_eq!(back.params().to_string(), "L*d^2");
}

/// Trap 26: a state is of one size whatever the context, and what is shared is cached in every round.
#[test]
fn trap_26_a_state_does_not_grow_and_shared_layers_cache_each() {
    let bf16 = dotledger::dtype::Dtype::BF16;
    let bench = Bench::new("ssm", &state_space(), &[]);
    for phase in ["prefill", "decode", "generate"] {
        let ledger = bench.ledger(phase, "exact");
        assert_eq!(ledger.kv_cache_bytes(bf16).to_string(), "0");
        assert_eq!(
            ledger.state_bytes(bf16).to_string(),
            "2*B*L*d*k + 2*B*L*d*f - 2*B*L*d"
        );
    }
    let bench = Bench::new("shared", &shared(), &[]);
    let ledger = bench.ledger("decode", "exact");
    assert_eq!(ledger.kv_cache_bytes(bf16).to_string(), "4*B*L*T*d");
    assert_eq!(ledger.params().to_string(), "4*d*f + 2*f + d");
}

#[test]
fn a_scan_that_takes_nothing_apart_or_changes_its_state_is_refused() {
    let refused = |call: &str, output: &str| {
        let text = format!(
            r#"Model(name: "m", phases: [forward], symbols: (T: context, d: width),
            blocks: (cell: Block(inputs: (h: "d", x: "d"), nodes: (y: Linear(x, "{output}")), output: y)),
            inputs: (x: "@n d", still: "d"), nodes: (y: {call}), output: y)"#
        );
        read("m.ron", &text, Vec::new()).expect_err("refused")
    };
    let still = refused(r#"Scan(cell, "n", still)"#, "d -> d");
    assert!(still.contains("takes no input apart there"), "{still}");
    let long = refused(r#"Scan(cell, "2*d", x)"#, "d -> d");
    assert!(long.contains("no axis of size `2*d`"), "{long}");
    let grows = refused(r#"Scan(cell, "n", x)"#, "d -> 2*d");
    assert!(grows.contains("gives [2*d] and takes [d]"), "{grows}");
    let two = refused(r#"Scan(cell, "n", [x, x])"#, "d -> d");
    assert!(two.contains("takes (x) after its state, 2 given"), "{two}");
}
