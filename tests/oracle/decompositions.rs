//! What stands for several steps comes to what these steps come to, as formulas: ops beside the ops that they are made of, and
//! calls beside the same calls written out.

use std::collections::BTreeMap;

use dotledger::Ledger;
use dotledger::dtype::Dtype;
use dotledger::work::Bound;

use crate::harness::{Bench, flat};

/// All that a ledger amounts to, as formulas.
fn amounts(ledger: &Ledger) -> BTreeMap<String, String> {
    let total = ledger.total();
    let mut all: BTreeMap<String, String> = [
        ("dots", total.dots.poly()),
        ("macs", total.macs.poly()),
        ("params", total.params.poly()),
        ("active", total.params_active.poly()),
        ("cached", total.cached.poly()),
        ("state", total.state.poly()),
        ("read", total.cache_read.poly()),
        ("written", total.cache_written.poly()),
    ]
    .map(|(name, poly)| (name.to_owned(), ledger.formula(poly).to_string()))
    .into();
    let weights = ledger.weight_bytes(Bound::Upper, Dtype::BF16);
    all.insert(String::from("weight bytes"), weights.to_string());
    let mut kinds: BTreeMap<&str, dotledger::sym::Poly> = BTreeMap::new();
    for (kind, count) in ledger.rows.iter().flat_map(|row| &row.elementwise) {
        let sum = kinds.entry(kind.word()).or_default();
        *sum = &*sum + count.poly();
    }
    let shown = kinds
        .into_iter()
        .filter(|(_, count)| !count.is_zero())
        .map(|(kind, count)| (kind.to_owned(), ledger.formula(&count).to_string()));
    all.extend(shown);
    all
}

/// Two texts of one model amount to the same in every phase.
fn equal(what: &str, one: &str, other: &str) {
    let (one, other) = (Bench::new(what, one, &[]), Bench::new(what, other, &[]));
    for phase in one.phases() {
        let [left, right] = [&one, &other].map(|bench| amounts(&bench.ledger(&phase, "exact")));
        assert_eq!(left, right, "{what} in {phase}");
    }
}

const SYMBOLS: &str = "B N M D E F";
const INPUTS: &str = r#"x: "B @N D", y: "B @M D""#;

#[test]
fn ops_come_to_the_ops_that_they_are_made_of() {
    let cases = [
        (
            "a linear layer is a contraction with its weight, and its bias an addition",
            r#"z: Linear(x, "D -> E F", true)"#,
            r#"w: Param("D E F"), b: Param("E F"), p: Einsum("b n d, d e f -> b n e f", [x, w]),
               z: Map(add, [p, b], "b n e f, e f -> b n e f")"#,
        ),
        (
            "a product of matrices is a contraction",
            r#"t: Rearrange(y, "b m d -> b d m"), z: MatMul([x, t])"#,
            r#"z: Einsum("b n d, b m d -> b n m", [x, y])"#,
        ),
        (
            "a softmax is a largest element, differences, exponentials, a sum and quotients",
            r#"z: Softmax(x, "D")"#,
            r#"top: Reduce(x, max, "D"), low: Map(sub, [x, top], "b n d, b n -> b n d"), e: Map(exp, [low]),
               s: Reduce(e, sum, "D"), z: Map(div, [e, s], "b n d, b n -> b n d")"#,
        ),
        (
            "a mean is a sum and a quotient",
            r#"z: Reduce(x, mean, "D")"#,
            r#"s: Reduce(x, sum, "D"), size: Constant("1"), one: Expand(s, "-> 1"),
               q: Map(div, [one, size], "a b n, a -> a b n"), z: Rearrange(q, "a b n -> (a b) n")"#,
        ),
        (
            "a gated activation is its gate and a product",
            r#"z: Map(silu, [x])"#,
            r#"g: Map(sigmoid, [x]), z: Map(mul, [x, g])"#,
        ),
        (
            "a convolution of one tap is a linear layer over channels",
            r#"t: Rearrange(x, "b n d -> b d n"), z: Conv(x: t, map: "D -> E", kernel: "1", stride: "1", bias: true)"#,
            r#"p: Linear(x, "D -> E", true), z: Rearrange(p, "b n e -> b e n")"#,
        ),
        (
            "a convolution over patches that do not overlap is a linear layer over each patch",
            r#"l: Pad(x, "N", "N"), t: Rearrange(l, "b m d -> b d m"), z: Conv(x: t, map: "D -> E", kernel: "2", stride: "2")"#,
            r#"l: Pad(x, "N", "N"), c: Rearrange(l, "b (n p) d -> b n (p d)", "p = 2"), z: Linear(c, "2*D -> E")"#,
        ),
        (
            "a convolution of each channel by itself is a contraction over its taps",
            r#"t: Rearrange(x, "b n d -> b d n"), z: Conv(x: t, map: "D -> D", kernel: "N", stride: "1", groups: "D")"#,
            r#"w: Param("D N"), p: Einsum("b n d, d n -> b d", [x, w]), z: Expand(p, "-> 1")"#,
        ),
        (
            "a rotation is two products and a sum",
            r#"z: Map(rotary, [x])"#,
            r#"c: Map(mul, [x, x]), s: Map(mul, [x, x]), z: Map(add, [c, s])"#,
        ),
    ];
    for (what, whole, parts) in cases {
        let text = |nodes: &str| flat(SYMBOLS, "", INPUTS, nodes, "z");
        equal(what, &text(whole), &text(parts));
    }
}

/// A model of layers with caches over a window, whose nodes are those given.
fn layered(nodes: &str) -> String {
    format!(
        r#"Model(name: "layered", phases: [forward, prefill, decode, generate],
        symbols: (T: context, N: "tokens", d: width, f: mlp_width, W: window, E: experts),
        blocks: (
            layer: Block(inputs: (x: "n d"), nodes: (
                keys:   Cache(x, "n"),
                scores: Einsum("n e, s e -> n s", [x, keys], Causal(n, s)),
                mixed:  Einsum("n s, s e -> n e", [scores, keys], Causal(n, s)),
                y:      Linear(mixed, "d -> d", true),
            ), output: y),
            other: Block(inputs: (x: "n d"), nodes: (
                keys:   Cache(x, "n", "W"),
                up:     Linear(x, "d -> f"),
                y:      Linear(up, "f -> d"),
            ), output: y),
            wide: Block(dims: [w], inputs: (x: "n d"), nodes: (up: Linear(x, "d -> w"), y: Linear(up, "w -> d")), output: y),
        ),
        inputs: (x: "@n d"), nodes: ({nodes}), output: z)"#
    )
}

#[test]
fn calls_come_to_what_they_are_written_out() {
    let cases = [
        (
            "rounds are calls",
            r#"z: Repeat(layer, "3", x)"#,
            r#"a: Call(layer, x), b: Call(layer, a), z: Call(layer, b)"#,
        ),
        (
            "blocks in turn are calls in turn",
            r#"z: Cycle([layer, layer, other], "4", x)"#,
            r#"a: Call(layer, x), b: Call(layer, a), c: Call(other, b), z: Call(layer, c)"#,
        ),
        (
            "every third round is each third call",
            r#"z: Every("3", layer, other, "4", x)"#,
            r#"a: Call(other, x), b: Call(other, a), c: Call(layer, b), z: Call(other, c)"#,
        ),
        (
            "rounds of different sizes are calls with these sizes",
            r#"z: Repeat(wide, "3", x, (w: "f + 2*i"))"#,
            r#"a: Call(wide, x, (w: "f + 2")), b: Call(wide, a, (w: "f + 4")), z: Call(wide, b, (w: "f + 6"))"#,
        ),
        (
            "experts that are all chosen are rounds, whose first input is not carried",
            r#"z: Route(layer, "2", "2", x)"#,
            r#"a: Call(layer, x), z: Call(layer, x)"#,
        ),
        (
            "rounds of rounds are so many rounds",
            r#"z: Repeat(other, "6", x)"#,
            r#"a: Repeat(other, "2", x), z: Repeat(other, "4", a)"#,
        ),
    ];
    for (what, call, written) in cases {
        equal(what, &layered(call), &layered(written));
    }
}

/// Layers that share their weights own those of one, and do the work and keep the caches of all.
#[test]
fn shared_rounds_are_rounds_but_for_their_weights() {
    let [shared, rounds, one] = [
        r#"z: Share(layer, "3", x)"#,
        r#"z: Repeat(layer, "3", x)"#,
        r#"z: Call(layer, x)"#,
    ]
    .map(|nodes| Bench::new("shared", &layered(nodes), &[]));
    for phase in ["forward", "decode", "generate"] {
        let [shared, mut rounds, one] =
            [&shared, &rounds, &one].map(|bench| amounts(&bench.ledger(phase, "exact")));
        for of_weights in ["params", "active", "weight bytes"] {
            rounds.insert(of_weights.to_owned(), one[of_weights].clone());
        }
        assert_eq!(shared, rounds, "{phase}");
    }
}

/// A node that only the branch beside reads is as if it were not written: it reads no table of what runs.
#[test]
fn what_only_the_other_branch_reads_reads_no_weights() {
    let text = |nodes: &str| {
        let nodes = format!(r#"table: Param("V d"), x: Gather(table, tokens), {nodes}"#);
        format!(
            r#"Model(name: "branches", symbols: (N: positions, V: vocabulary, d: width), switches: (head: false),
        inputs: (tokens: "@N"), nodes: ({nodes}), output: z)"#
        )
    };
    let product = r#"Einsum("n d, v d -> n v", [x, table])"#;
    let named = format!("words: {product}, z: If(head, words, x)");
    let inside = format!("z: If(head, {product}, x)");
    equal("branches", &text(&named), &text(&inside));
    let bench = Bench::new("branches", &text(&named), &[]);
    let weights = bench
        .ledger("forward", "exact")
        .weight_bytes(Bound::Upper, Dtype::BF16);
    assert_eq!(weights.to_string(), "2*N*d", "the rows that are looked up");
}
