//! How many experts are read: every way in which positions can choose is listed.

use dotledger::Ledger;
use dotledger::dtype::Dtype;
use dotledger::sym::{Bindings, Coeff};
use dotledger::work::Bound;

use crate::harness::Bench;

const MODEL: &str = r#"Model(name: "experts", phases: [forward, decode, generate],
    symbols: (B: batch, T: context, N: "tokens", E: experts, k: active_experts, d: width, V: vocabulary),
    blocks: (expert: Block(inputs: (x: "B n d"), nodes: (y: Linear(x, "d -> d")), output: y)),
    inputs: (tokens: "B @n"), nodes: (
        table:  Param("V d"),
        x:      Gather(table, tokens),
        scores: Linear(x, "d -> E"),
        mixed:  Route(expert, "E", "k", x),
        logits: Linear(mixed, "d -> V"),
    ), output: logits)"#;

/// The fewest, the mean and the most distinct experts over all ways in which `positions` choose `active` of `experts`.
fn chosen(experts: u32, active: u32, positions: u32) -> [Coeff; 3] {
    let choices: Vec<u32> = (0..1_u32 << experts)
        .filter(|set| set.count_ones() == active)
        .collect();
    let mut unions = vec![0_u32];
    for _ in 0..positions {
        unions = unions
            .iter()
            .flat_map(|union| choices.iter().map(move |choice| union | choice))
            .collect();
    }
    let sizes: Vec<i64> = unions
        .iter()
        .map(|union| i64::from(union.count_ones()))
        .collect();
    let whole = |value: Option<&i64>| Coeff::from(*value.expect("there is a way to choose"));
    let count = i64::try_from(sizes.len()).expect("few ways");
    let mean = Coeff::from_ratio(sizes.iter().sum(), count).expect("there is a way to choose");
    [whole(sizes.iter().min()), mean, whole(sizes.iter().max())]
}

/// The copies of a tensor of d*d scalars that a ledger reads, by bound.
fn read(ledger: &Ledger, numbers: &Bindings, d: i64) -> [Coeff; 3] {
    [Bound::Lower, Bound::Expected, Bound::Upper].map(|bound| {
        let bytes = ledger.weight_bytes(bound, Dtype::BF16);
        let bytes = bytes.poly().eval(numbers, &ledger.symbols);
        let bytes = bytes.unwrap_or_else(|error| panic!("{}", error.message(&ledger.symbols)));
        bytes.checked_div(&Coeff::from(2 * d * d)).expect("a size")
    })
}

/// Trap 15: the weights of experts that a pass reads depend on what its positions choose.
#[test]
fn trap_15_experts_are_read_as_far_as_they_are_chosen() {
    let bench = Bench::new("experts", MODEL, &[]);
    for (experts, active) in [(1, 1), (2, 1), (3, 1), (3, 2), (4, 2), (4, 4), (4, 0)] {
        for (batch, context) in [(1, 1), (1, 3), (2, 1), (2, 2)] {
            let d = 3;
            let numbers = bench.numbers(&[
                ("B", batch),
                ("T", context),
                ("E", experts),
                ("k", active),
                ("d", d),
            ]);
            for (phase, positions) in [("forward", batch * context), ("decode", batch)] {
                let ledger = bench.ledger(phase, "exact");
                let routed = ledger.only(|row| row.path.starts_with("mixed"));
                let walked = chosen(experts as u32, active as u32, positions as u32);
                assert_eq!(
                    read(&routed, &numbers, d),
                    walked,
                    "{active} of {experts}, {positions} positions"
                );
            }
        }
    }
}

/// Draws of experts: how many positions choose, how often each does, and what choosing one opens.
struct Draws {
    experts: u32,
    active: u32,
    times: u32,
    inner: Option<(u32, u32)>,
}

impl Draws {
    /// The sets of copies that one position may use, each as often as it comes about.
    fn of_one(&self) -> Vec<u64> {
        let inner = self.inner.unwrap_or((1, 1));
        let subsets = |all: u32, some: u32| -> Vec<u32> {
            (0..1_u32 << all)
                .filter(|set| set.count_ones() == some)
                .collect()
        };
        let mut used = vec![0_u64];
        for _ in 0..self.times {
            let mut further = Vec::new();
            for outer in subsets(self.experts, self.active) {
                // Each chosen expert chooses among copies of its own.
                let mut sets = vec![0_u64];
                for expert in (0..self.experts).filter(|at| outer >> at & 1 == 1) {
                    let own = subsets(inner.0, inner.1);
                    let shift = expert * inner.0;
                    sets = sets
                        .iter()
                        .flat_map(|set| own.iter().map(move |own| set | u64::from(*own) << shift))
                        .collect();
                }
                further.extend(sets);
            }
            used = used
                .iter()
                .flat_map(|set| further.iter().map(move |more| set | more))
                .collect();
        }
        used
    }

    /// The mean and the most copies that so many positions use.
    fn used(&self, positions: u32) -> [Coeff; 2] {
        let one = self.of_one();
        let mut all = vec![0_u64];
        for _ in 0..positions {
            all = all
                .iter()
                .flat_map(|set| one.iter().map(move |more| set | more))
                .collect();
        }
        let sizes: Vec<i64> = all.iter().map(|set| i64::from(set.count_ones())).collect();
        let count = i64::try_from(sizes.len()).expect("few ways");
        let most = sizes.iter().max().expect("a way");
        [
            Coeff::from_ratio(sizes.iter().sum(), count).expect("a way"),
            Coeff::from(*most),
        ]
    }
}

/// Experts that are chosen again: at each place of a scan, in each round of a shared layer, inside of another expert.
#[test]
fn experts_that_are_chosen_again_are_read_once() {
    let model = |blocks: &str, body: &str| {
        format!(
            r#"Model(name: "again", phases: [forward], symbols: (T: context, L: layers, E: experts, k: active_experts, F: "inner", j: "of them", d: width),
            blocks: (expert: Block(inputs: (x: "n d"), nodes: (y: Linear(x, "d -> d")), output: y), {blocks}),
            inputs: (x: "@n d"), nodes: (y: {body}), output: y)"#
        )
    };
    let layer =
        r#"layer: Block(inputs: (x: "n d"), nodes: (y: Route(expert, "E", "k", x)), output: y)"#;
    let cell = r#"one: Block(inputs: (x: "d"), nodes: (y: Linear(x, "d -> d")), output: y),
        cell: Block(inputs: (h: "d", x: "d"), nodes: (z: Map(add, [h, x]), y: Route(one, "E", "k", z)), output: y)"#;
    let outer =
        r#"outer: Block(inputs: (x: "n d"), nodes: (y: Route(expert, "F", "j", x)), output: y)"#;
    let cases = [
        (model(layer, r#"Share(layer, "L", x)"#), (2, 3, 1), None),
        (model(cell, r#"Scan(cell, "n", x)"#), (3, 1, 1), None),
        (
            model(outer, r#"Route(outer, "E", "k", x)"#),
            (2, 1, 1),
            Some((2, 1)),
        ),
    ];
    for (text, (context, layers, active), inner) in cases {
        let bench = Bench::new("again", &text, &[]);
        let (experts, d) = (3, 2);
        let (all, some) = inner.unwrap_or((1, 1));
        let numbers = bench.numbers(&[
            ("T", context),
            ("L", layers),
            ("E", experts),
            ("k", active),
            ("F", i64::from(all)),
            ("j", i64::from(some)),
            ("d", d),
        ]);
        let draws = Draws {
            experts: experts as u32,
            active: active as u32,
            times: layers as u32,
            inner,
        };
        let [_, expected, upper] = read(&bench.ledger("forward", "exact"), &numbers, d);
        assert_eq!([expected, upper], draws.used(context as u32), "{text}");
    }
}

/// Of several axes before the features, those up to the last of positions choose experts.
#[test]
fn positions_choose_experts_and_heads_do_not() {
    let text = MODEL
        .replace(r#"inputs: (x: "B n d")"#, r#"inputs: (x: "B n 2 d")"#)
        .replace(
            r#"scores: Linear(x, "d -> E"),"#,
            r#"wide: Linear(x, "d -> 2 d"),"#,
        )
        .replace(
            r#"Route(expert, "E", "k", x)"#,
            r#"Route(expert, "E", "k", wide)"#,
        )
        .replace(r#"Linear(mixed, "d -> V")"#, r#"Linear(mixed, "2 d -> V")"#);
    let bench = Bench::new("heads", &text, &[]);
    let routed = bench
        .ledger("forward", "exact")
        .only(|row| row.path.starts_with("mixed"));
    let upper = routed.weight_bytes(Bound::Upper, Dtype::BF16);
    assert_eq!(upper.to_string(), "2*d^2*min(E, B*T*k)");
}

/// A table is read row by row; what else is owned, once a pass.
#[test]
fn weights_are_read_once_a_pass_and_tables_as_far_as_they_are_looked_up() {
    let bench = Bench::new("experts", MODEL, &[]);
    let dense = |phase: &str| {
        let ledger = bench.ledger(phase, "exact");
        let dense = ledger.only(|row| !row.path.contains("mixed"));
        dense.weight_bytes(Bound::Upper, Dtype::BF16).to_string()
    };
    assert_eq!(dense("forward"), "2*d*V + 2*E*d + 2*B*T*d");
    assert_eq!(dense("decode"), "2*d*V + 2*E*d + 2*B*d");
    assert_eq!(
        dense("generate"),
        "2*N*d*V + 2*d*V + 2*N*E*d + 2*E*d + 2*B*N*d + 2*B*T*d"
    );
}

/// A tensor is read where some node reads it now, and a table that is read whole is not read by rows too.
#[test]
fn a_tensor_is_read_by_what_runs() {
    let text = r#"Model(name: "tensors", phases: [forward, decode], symbols: (T: context, S: "source", d: width, V: vocabulary),
        inputs: (tokens: "@n", source: "@S d"), nodes: (
            early:  Param("d d"),
            unread: Param("d d"),
            tied:   Param("V d"),
            once:   Once(memory: Einsum("n i, i j -> n j", [source, early])),
            x:      Gather(tied, tokens),
            scores: Einsum("n d, m d -> n m", [x, memory]),
            logits: Einsum("n d, v d -> n v", [x, tied]),
        ), output: logits)"#;
    let bench = Bench::new("tensors", text, &[]);
    let bytes = |phase: &str| {
        let ledger = bench.ledger(phase, "exact");
        ledger.weight_bytes(Bound::Upper, Dtype::BF16).to_string()
    };
    assert_eq!(bytes("forward"), "2*d*V + 2*d^2");
    assert_eq!(bytes("decode"), "2*d*V");
}

/// Trap 14: with room of its own an expert works on all of it, filled or not, and a position that finds none is dropped.
#[test]
fn experts_with_a_capacity_work_on_all_the_room_they_have() {
    let text = MODEL.replace(
        r#"Route(expert, "E", "k", x)"#,
        r#"Route(block: expert, experts: "E", active: "k", inputs: x, capacity: "5/4")"#,
    );
    let bench = Bench::new("room", &text, &[]);
    let ledger = bench.ledger("forward", "exact");
    let routed = ledger.only(|row| row.path.starts_with("mixed"));
    for (experts, active, batch, context) in
        [(4, 1, 1, 8), (4, 2, 3, 5), (8, 2, 1, 1), (3, 3, 2, 7)]
    {
        let d = 6;
        let numbers = bench.numbers(&[
            ("B", batch),
            ("T", context),
            ("E", experts),
            ("k", active),
            ("d", d),
        ]);
        // The least room in which 5/4 of an even share fits, found by trying.
        let wanted = 5 * active * batch * context;
        let room = (0..)
            .find(|room| 4 * experts * room >= wanted)
            .expect("there is room");
        let at = |formula: dotledger::Formula| {
            let value = formula.poly().eval(&numbers, &ledger.symbols);
            value.unwrap_or_else(|error| panic!("{}", error.message(&ledger.symbols)))
        };
        assert_eq!(at(routed.macs()), Coeff::from(experts * room * d * d));
        assert_eq!(at(routed.params()), Coeff::from(experts * d * d));
        assert_eq!(at(routed.params_active()), Coeff::from(active * d * d));
        assert_eq!(read(&routed, &numbers, d), [experts; 3].map(Coeff::from));
    }
    let whole = bench.ledger("decode", "exact").macs().to_string();
    assert_eq!(whole, "E*d^2*ceil(5*B*k/(4*E)) + B*d*V + B*E*d");
}
