//! Rounds that are each of another size, beside the same rounds written out one by one.

use dotledger::Ledger;
use dotledger::dtype::Dtype;
use dotledger::sym::{Bindings, Coeff, Poly};
use dotledger::work::{Bound, Length};

use crate::harness::{Bench, read};

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
        let numbers = |bench: &Bench| -> Bindings {
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
            let find = |name| bench.model.symbols().lookup(name).expect("declared");
            values
                .iter()
                .map(|(name, value)| (find(name), *value))
                .collect()
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
    let at = |layers: i64| {
        let find = |name| bench.model.symbols().lookup(name).expect("declared");
        bench.accepted(
            "forward",
            &Bindings::from_iter([(find("L"), layers), (find("d"), 7)]),
        )
    };
    assert_eq!(at(3), Ok(()));
    let refused = at(4).expect_err("7 - 8 is no size");
    assert!(refused.contains("d - 2*L >= 0"), "{refused}");
    let bends = read("bends", &text("i^2 - 4*i + 3"), Vec::new()).expect_err("refused");
    assert!(
        bends.contains("is not known to be a size in every round"),
        "{bends}"
    );
    let half = Bench::new("half", &text("d*i/2"), &[]);
    let odd = half.ledger("forward", "exact").macs().valid_when();
    assert!(
        odd.iter().any(|line| line.contains("2 divides d")),
        "{odd:?}"
    );
}
