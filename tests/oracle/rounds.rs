//! Rounds that are each of another size, beside the same rounds written out one by one.

use dotledger::Ledger;
use dotledger::dtype::Dtype;
use dotledger::sym::{Bindings, Coeff, Poly};
use dotledger::work::{Bound, Length};

use crate::harness::Bench;

/// Layers whose widths grow and whose heads are as many as the round is; what they call runs as often.
fn model(nodes: &str, output: &str) -> String {
    format!(
        r#"Model(name: "pyramid", phases: [forward, prefill, decode, chunk, generate],
        symbols: (T: context, N: "tokens", C: "new", P: "before", L: layers, d: width, w: "step", E: experts),
        blocks: (
            deep: Block(dims: [a], inputs: (x: "n d"), nodes: (y: Linear(x, "d -> a"), z: Linear(y, "a -> d")), output: z),
            same: Block(inputs: (x: "n d"), nodes: (y: Linear(x, "d -> d", true)), output: y),
            mlp: Block(dims: [a, f], inputs: (x: "n d"), nodes: (
                up: Linear(x, "d -> a f", true), act: Map(relu, [up]), down: Linear(act, "a f -> d"),
            ), output: down),
            layer: Block(dims: [f, h], inputs: (x: "n d"), nodes: (
                k:    Linear(x, "d -> h"),
                q:    Linear(x, "d -> h"),
                keys: Cache(k, "n"),
                sc:   Einsum("n e, s e -> n s", [q, keys], Causal(n, s)),
                y:    Call(mlp, x, (a: "f", f: "2*f + d")),
                z:    Repeat(same, "h", y),
                v:    Repeat(deep, "h", z, (a: "h + i")),
                u:    Route(same, "E", "1", v),
                out:  Map(add, [x, u]),
            ), output: out),
        ),
        inputs: (x: "@n d"), nodes: ({nodes}), output: {output})"#
    )
}

fn amounts(ledger: &Ledger, numbers: &Bindings) -> Vec<(&'static str, Coeff)> {
    let total = ledger.total();
    let bytes = |bound| ledger.weight_bytes(bound, Dtype::BF16).poly().clone();
    let polys: [(&str, Poly); 12] = [
        ("dots", total.dots.poly().clone()),
        ("macs", total.macs.poly().clone()),
        ("elementwise", total.elementwise.poly().clone()),
        ("flops", total.flops.poly().clone()),
        ("params", total.params.poly().clone()),
        ("active", total.params_active.poly().clone()),
        ("cached", total.cached.poly().clone()),
        ("read", total.cache_read.poly().clone()),
        ("written", total.cache_written.poly().clone()),
        ("lower", bytes(Bound::Lower)),
        ("expected", bytes(Bound::Expected)),
        ("upper", bytes(Bound::Upper)),
    ];
    polys
        .into_iter()
        .map(|(name, poly)| {
            let value = poly.eval(numbers, &ledger.symbols);
            (
                name,
                value.unwrap_or_else(|error| panic!("{name}: {}", error.message(&ledger.symbols))),
            )
        })
        .collect()
}

/// The shortest and the longest dots of all rows of a name.
fn lengths(ledger: &Ledger, name: &str, numbers: &Bindings) -> [Coeff; 2] {
    let at = |poly: &Poly| poly.eval(numbers, &ledger.symbols).expect("a number");
    let rows = ledger.rows.iter().filter(|row| row.path.ends_with(name));
    let ends: Vec<[Coeff; 2]> = rows
        .filter_map(|row| row.length.as_ref())
        .map(|length| match length {
            Length::Fixed(length) => [at(length), at(length)],
            Length::Varies { min, max, .. } => [at(min), at(max)],
        })
        .collect();
    let min = ends
        .iter()
        .map(|[min, _]| min)
        .min()
        .expect("a row of dots");
    let max = ends
        .iter()
        .map(|[_, max]| max)
        .max()
        .expect("a row of dots");
    [min.clone(), max.clone()]
}

#[test]
fn rounds_of_different_sizes_are_those_that_are_written_out() {
    let sums = model(
        r#"layers: Repeat(layer, "L", x, (f: "d + w*i", h: "i"))"#,
        "layers",
    );
    let sums = Bench::new("sums", &sums, &[]);
    for layers in 0..4_i64 {
        let mut nodes = String::from("x0: x, ");
        for at in 1..=layers {
            nodes += &format!(
                r#"x{at}: Call(layer, x{}, (f: "d + {at}*w", h: "{at}")), "#,
                at - 1
            );
        }
        nodes += &format!("end: Map(copy, [x{layers}])");
        let written = Bench::new("written out", &model(&nodes, "end"), &[]);
        let numbers = |bench: &Bench| {
            let values = [
                ("T", 3),
                ("N", 2),
                ("C", 2),
                ("P", 3),
                ("L", layers),
                ("d", 4),
                ("w", 2),
                ("E", 3),
            ];
            bench.numbers(&values)
        };
        for phase in ["forward", "prefill", "decode", "chunk", "generate"] {
            let (one, other) = (sums.ledger(phase, "exact"), written.ledger(phase, "exact"));
            let (left, right) = (numbers(&sums), numbers(&written));
            assert_eq!(
                amounts(&one, &left),
                amounts(&other, &right),
                "{layers} layers, {phase}"
            );
            if layers > 0 {
                for row in [".up", ".down", ".sc", ".v.z"] {
                    let both = (lengths(&one, row, &left), lengths(&other, row, &right));
                    assert_eq!(both.0, both.1, "{layers} layers, {phase}, {row}");
                }
            }
        }
    }
}

/// Experts as many as the round, layers shared as often, and a block of such rounds that is called in two counts of them.
#[test]
fn choices_and_counts_that_depend_on_the_round_are_those_that_are_written_out() {
    let model = |nodes: &str| {
        format!(
            r#"Model(name: "choices", phases: [forward, decode, generate], symbols: (T: context, N: "tokens", L: layers, d: width, E: experts),
            blocks: (
                same:   Block(inputs: (x: "n d"), nodes: (y: Linear(x, "d -> d")), output: y),
                inner:  Block(inputs: (x: "n d"), nodes: (y: Route(same, "E", "1", x)), output: y),
                choose: Block(dims: [e], inputs: (x: "n d"), nodes: (
                    y: Route(same, "e", "1", x),
                    z: Share(inner, "e", y),
                ), output: z),
                leaf:   Block(dims: [f], inputs: (x: "n d"), nodes: (
                    l: Linear(x, "d -> f"), k: Cache(l, "n"), w: Einsum("n e, s e -> n s", [l, k], Window(n, s, "f")), z: Map(copy, [x]),
                ), output: z),
                mid:    Block(dims: [c], inputs: (x: "n d"), nodes: (y: Repeat(leaf, "c", x, (f: "i"))), output: y),
            ),
            inputs: (x0: "@n d"), nodes: ({nodes}), output: end)"#
        )
    };
    let sums = model(
        r#"a: Repeat(choose, "L", x0, (e: "i")), b: Call(mid, a, (c: "L")), end: Call(mid, b, (c: "2*L"))"#,
    );
    let sums = Bench::new("sums", &sums, &[]);
    for layers in 1..4_i64 {
        let mut nodes = String::new();
        let mut last = 0;
        let calls = (1..=layers).map(|e| format!(r#"Call(choose, x{{}}, (e: "{e}"))"#));
        let leaves = (1..=layers).chain(1..=2 * layers);
        let leaves = leaves.map(|f| format!(r#"Call(leaf, x{{}}, (f: "{f}"))"#));
        for call in calls.chain(leaves) {
            nodes += &format!("x{}: {}, ", last + 1, call.replace("{}", &last.to_string()));
            last += 1;
        }
        let written = Bench::new("written out", &model(&format!("{nodes}end: x{last}")), &[]);
        for phase in ["forward", "decode", "generate"] {
            let values = [("T", 3), ("N", 2), ("L", layers), ("d", 2), ("E", 3)];
            let at =
                |bench: &Bench| amounts(&bench.ledger(phase, "exact"), &bench.numbers(&values));
            assert_eq!(at(&sums), at(&written), "{layers} layers, {phase}");
        }
    }
}

/// An index of a sum inside a bound is no index that the bound runs over; this once went on without end.
#[test]
fn a_sum_inside_the_bound_of_another_ends() {
    let text = r#"Model(name: "sums", phases: [generate], symbols: (T: context, N: "tokens", d: width, L: layers, w: "window"),
        blocks: (leaf: Block(dims: [a], inputs: (x: "n d"), nodes: (
            l: Linear(x, "d -> a"), k: Cache(l, "n"), e: Einsum("n e, s e -> n s", [l, k], Window(n, s, "a")), z: Map(copy, [x]),
        ), output: z)),
        inputs: (x: "@n d"), nodes: (y: Repeat(leaf, "L", x, (a: "2*i + min(i, w)"))), output: y)"#;
    let bench = Bench::new("sums", text, &[]);
    let macs = bench.ledger("generate", "exact").macs();
    let at = [("T", 2), ("N", 2), ("d", 1), ("L", 2), ("w", 1)];
    // Rounds of 3 and 5: linear 1*a at 2 + 2 positions; pairs of a window of a over 2 positions, then at 3 and at 4.
    let pairs = |window: u64| 3 + window.min(3) + window.min(4);
    let expected = [3, 5].map(|a| a * 4 + a * pairs(a)).iter().sum::<u64>();
    assert_eq!(
        macs.at(&at).map(|n| n.to_string()),
        Ok(expected.to_string())
    );
}

#[test]
fn sizes_of_rounds_that_fall_below_zero_are_refused() {
    let text = |size: &str| {
        format!(
            r#"Model(name: "falls", symbols: (L: layers, d: width),
            blocks: (layer: Block(dims: [f], inputs: (x: "d"), nodes: (up: Linear(x, "d -> f"), y: Linear(up, "f -> d")), output: y)),
            inputs: (x: "d"), nodes: (y: Repeat(layer, "L", x, (f: "{size}"))), output: y)"#
        )
    };
    let bench = Bench::new("falls", &text("d - 2*i"), &[]);
    let at = |layers: i64| bench.accepted("forward", &bench.numbers(&[("L", layers), ("d", 7)]));
    assert_eq!(at(3), Ok(()));
    let refused = at(4).expect_err("7 - 8 is no size");
    assert!(refused.contains("d - 2*L >= 0"), "{refused}");
    // Between the first round and the last: 3, 0, -1, 0, 3.
    let bends = Bench::new("bends", &text("i^2 - 6*i + 8"), &[]);
    let at = |layers: i64| bends.accepted("forward", &bends.numbers(&[("L", layers), ("d", 7)]));
    assert_eq!(at(2), Ok(()));
    for layers in [3, 4, 5, 9] {
        let refused = at(layers).expect_err("9 - 18 + 8 is no size");
        assert!(refused.contains("for y.i = 1 .. L"), "{refused}");
    }
    // 30 over 1, 2 and 3 are sizes, over 4 not, over 5 again.
    let quotient = Bench::new("quotient", &text("d/i"), &[]);
    let at =
        |layers: i64| quotient.accepted("forward", &quotient.numbers(&[("L", layers), ("d", 30)]));
    assert_eq!(at(3), Ok(()));
    assert!(at(5).is_err());
    let half = Bench::new("half", &text("d*i/2"), &[]);
    let odd = half.ledger("forward", "exact").macs().valid_when();
    assert!(
        odd.iter().any(|line| line.contains("2 divides d")),
        "{odd:?}"
    );
}
