//! Blocks in use: called from several places and in several sizes, nested, repeated not at all, once, often, in repeats.

use std::collections::BTreeSet;

use dotledger::sym::Poly;

use crate::harness::{Bench, check};
use crate::sample::{Random, small, wide};

const NESTED: &str = r#"Model(name: "nested",
    symbols: (L: Symbol(role: layers, min: 0), M: Symbol(doc: "inner rounds", min: 0), N: "positions", d: width, f: mlp_width),
    blocks: (
        dense: Block(dims: [a, b], part: mlp, inputs: (x: "N a"), nodes: (
            up:   Linear(x, "a -> b", true),
            act:  Map(relu, [up]),
            down: Linear(act, "b -> a"),
        ), output: down),
        twice: Block(inputs: (x: "N d"), nodes: (
            first:  Call(dense, x, (a: "d", b: "f")),
            second: Call(dense, first, (a: "d", b: "f")),
            third:  Call(dense, second, (a: "d", b: "2*f")),
            sum:    Map(add, [x, third]),
        ), output: sum),
        inner: Block(inputs: (x: "N d", y: "N d"), nodes: (
            z:    Map(add, [x, y]),
            part: Call(twice, z),
            own:  Param("d d"),
            out:  Einsum("n i, i j -> n j", [part, own]),
        ), output: out),
        outer: Block(inputs: (x: "N d"), nodes: (
            start: Linear(x, "d -> d"),
            loop:  Repeat(inner, "M", [start, x]),
            norm:  Norm(loop, rms, "d"),
        ), output: norm),
    ),
    inputs: (x: "@N d"),
    nodes: (
        before: Call(twice, x),
        layers: Repeat(outer, "L", before),
        after:  Call(twice, layers),
        wide:   Linear(after, "d -> f"),
        last:   Call(dense, wide, (a: "f", b: "d + 1")),
        one:    Repeat(outer, "1", after),
        gone:   Repeat(outer, "0", one),
        pooled: Linear(gone, "d -> f"),
        sum:    Map(add, [pooled, last]),
    ),
    output: sum)"#;

const PATTERNS: &str = r#"Model(name: "patterns", phases: [forward, prefill, decode],
    symbols: (L: Symbol(role: layers, min: 0), M: Symbol(doc: "rounds", min: 0), k: "distance", W: window, T: context, d: width, f: mlp_width),
    blocks: (
        local: Block(inputs: (x: "n d"), nodes: (
            keys:   Cache(x, "n", "W"),
            scores: Einsum("n e, s e -> n s", [x, keys], Window(n, s, "W")),
            y:      Einsum("n s, s e -> n e", [scores, keys], Window(n, s, "W")),
        ), output: y),
        global: Block(inputs: (x: "n d"), nodes: (
            keys:   Cache(x, "n"),
            scores: Einsum("n e, s e -> n s", [x, keys], Causal(n, s)),
            y:      Einsum("n s, s e -> n e", [scores, keys], Causal(n, s)),
        ), output: y),
        dense: Block(dims: [w], inputs: (x: "n d"), nodes: (up: Linear(x, "d -> w", true), down: Linear(up, "w -> d")), output: down),
        wide: Block(dims: [w, v], inputs: (x: "n d"), nodes: (up: Linear(x, "d -> w v"), down: Linear(up, "w v -> d")), output: down),
        group: Block(inputs: (x: "n d"), nodes: (
            a: Every("k", dense, wide, "M", x, (w: "f", v: "2")),
            b: Cycle([local, local, global], "M", a),
        ), output: b),
    ),
    inputs: (x: "@n d"),
    nodes: (
        groups: Repeat(group, "L", x),
        pairs:  Cycle([local, global], "L + M", groups),
        every:  Every("k", global, local, "L", pairs),
    ),
    output: every)"#;

#[test]
fn layer_patterns_are_exact_at_every_number_of_layers() {
    let mut bench = Bench::new("patterns", PATTERNS, &[]);
    bench.compare_at_random(&mut Random::new(19), 12, 5);
}

const EXPERTS: &str = r#"Model(name: "experts", phases: [forward, decode],
    symbols: (L: Symbol(role: layers, min: 0), E: experts, k: active_experts, T: context, d: width, f: mlp_width),
    relations: ["k <= E"],
    blocks: (
        expert: Block(part: experts, inputs: (x: "n d"), nodes: (
            gate:  Linear(x, "d -> f", true),
            act:   Map(silu, [gate]),
            down:  Linear(act, "f -> d"),
        ), output: down),
        layer: Block(inputs: (x: "n d"), nodes: (
            router:  Part(choice: Linear(x, "d -> E"), weights: Softmax(choice, "E"), chosen: TopK(weights, "E", "k")),
            experts: Route(expert, "E", "k", x),
            shared:  Call(expert, x),
            two:     Route(expert, "2", "1", shared),
            y:       Map(add, [experts, two]),
        ), output: y),
    ),
    inputs: (x: "@n d"),
    nodes: (layers: Repeat(layer, "L", x)),
    output: layers)"#;

#[test]
fn experts_work_as_far_as_they_are_active_and_own_all_their_weights() {
    let mut bench = Bench::new("experts", EXPERTS, &[]);
    bench.compare_at_random(&mut Random::new(23), 12, 3);
}

#[test]
fn blocks_are_counted_as_often_as_they_run() {
    let mut bench = Bench::new("nested", NESTED, &[]);
    bench.compare_at_random(&mut Random::new(3), 25, 3);
}

#[test]
fn parameters_are_counted_by_identity() {
    let bench = Bench::new("nested", NESTED, &[]);
    let mut random = Random::new(5);
    for _ in 0..10 {
        let numbers = small(&bench.model, "forward", &mut random, 3);
        let run = bench
            .walk("forward", &numbers, true)
            .expect("the sizes fit");
        let owners: Vec<&String> = run
            .weights
            .keys()
            .filter(|owner| owner.ends_with(".own/tensor"))
            .collect();
        let number = |name: &str| {
            let sym = bench.model.symbols().lookup(name).expect("it is declared");
            usize::try_from(numbers.get(sym).expect("it has a number").clone())
                .expect("it is small")
        };
        assert_eq!(
            owners.len(),
            (number("L") + 1) * number("M"),
            "one for each round: {owners:?}"
        );
    }
}

#[test]
fn one_block_mixes_positions_or_features_as_its_caller_has_them() {
    check(
        "roles",
        r#"Model(name: "roles", symbols: (N: "positions", d: width, L: layers),
        blocks: (
            over: Block(dims: [a, b], inputs: (x: "a b"), nodes: (
                y: Linear(x, "b -> b"),
                z: Softmax(y, "b"),
            ), output: z),
        ),
        inputs: (x: "@N d"),
        nodes: (
            features: Repeat(over, "L", x, (a: "N", b: "d")),
            turned:   Rearrange(features, "n d -> d n"),
            tokens:   Repeat(over, "L", turned, (a: "d", b: "N")),
        ),
        output: tokens)"#,
        3,
    );
}

#[test]
fn a_round_may_make_its_carried_axis_one_of_positions() {
    check(
        "carried",
        r#"Model(name: "carried", symbols: (N: "positions", d: width, L: Symbol(role: layers, min: 2)),
        blocks: (
            step: Block(inputs: (x: "N d", y: "N d"), nodes: (
                mean: Reduce(x, mean, "N"),
                sum:  Map(add, [x, y]),
                out:  Map(add, [sum, mean], "n d, d -> n d"),
            ), output: out),
        ),
        inputs: (y: "@N d"),
        nodes: (start: Constant("N d"), out: Repeat(step, "L", [start, y])),
        output: out)"#,
        3,
    );
}

#[test]
fn equal_shapes_in_different_parts_keep_their_parts() {
    check(
        "parts",
        r#"Model(name: "parts", symbols: (N: "positions", d: width),
        blocks: (plain: Block(inputs: (x: "N d"), nodes: (
            y: Linear(x, "d -> d"),
            norm: Part(z: Norm(y, rms, "d")),
        ), output: z)),
        inputs: (x: "@N d"),
        nodes: (
            first:  Call(plain, x),
            router: Part(second: Call(plain, first)),
            third:  Call(plain, second),
            head:   Part(last: Linear(third, "d -> d")),
        ),
        output: last)"#,
        4,
    );
}

#[test]
fn blocks_that_call_each_other_twice_are_counted_as_often_as_they_run() {
    let mut blocks = String::from(
        r#"b0: Block(inputs: (x: "N d"), nodes: (y: Linear(x, "d -> d")), output: y),"#,
    );
    for at in 1..7 {
        let below = at - 1;
        blocks.push_str(&format!(
            r#"b{at}: Block(inputs: (x: "N d"), nodes: (u: Call(b{below}, x), v: Call(b{below}, u)), output: v),"#
        ));
    }
    let text = format!(
        r#"Model(name: "doubling", symbols: (N: "positions", d: width), blocks: ({blocks}), inputs: (x: "@N d"),
            nodes: (y: Call(b6, x)), output: y)"#
    );
    check("doubling", &text, 2);
}

/// A head that is left out, and would have read the table that is looked up.
#[test]
fn what_does_not_run_reads_no_weights() {
    let text = r#"Model(name: "headless", symbols: (N: "positions", V: vocabulary, d: width),
        switches: (headless: Switch(true, "no head")),
        inputs: (x: "@N"),
        nodes: (
            table:  Param("V d"),
            looked: Gather(table, x),
            logits: Einsum("n d, v d -> n v", [looked, table]),
        ), output: If(headless, looked, logits))"#;
    for on in [false, true] {
        let mut bench = Bench::new("headless", text, &[("headless".to_owned(), on)]);
        bench.compare_at_random(&mut Random::new(3), 6, 5);
    }
}

/// An axis that is named by its size is not another that happens to be as long.
#[test]
fn a_size_that_is_a_quotient_differs_from_the_others_among_wide_numbers() {
    let text = r#"Model(name: "shared", symbols: (N: "positions", H: heads, K: kv_heads, d: width, h: Derived("d / H", head_size)),
        relations: ["K | H", "H | d"], inputs: (x: "@N d"), nodes: (
            k:    Linear(x, "d -> K h"),
            each: Expand(k, "K -> H"),
            y:    Linear(each, "H h -> d"),
        ), output: y)"#;
    let bench = Bench::new("shared", text, &[]);
    let number = |numbers: &_, name: &str| {
        let symbols = bench.model.symbols();
        let sym = symbols.lookup(name).expect("a symbol of the model");
        let value = Poly::symbol(sym).eval(numbers, symbols);
        value.expect("a number for each symbol").to_string()
    };
    for seed in 0..200 {
        let numbers = wide(&bench.model, &mut Random::new(seed));
        let all: BTreeSet<String> = ["N", "H", "K", "d", "h"]
            .map(|name| number(&numbers, name))
            .into();
        assert_eq!(all.len(), 5, "seed {seed}: {all:?}");
    }
}
