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
    let symbol = |name: &str| bench.model.symbols().lookup(name).expect("declared");
    for (experts, active) in [(1, 1), (2, 1), (3, 1), (3, 2), (4, 2), (4, 4), (4, 0)] {
        for (batch, context) in [(1, 1), (1, 3), (2, 1), (2, 2)] {
            let d = 3;
            let numbers = Bindings::from_iter([
                (symbol("B"), batch),
                (symbol("T"), context),
                (symbol("E"), experts),
                (symbol("k"), active),
                (symbol("d"), d),
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

/// Trap 14: with room of its own an expert works on all of it, filled or not, and a position that finds none is dropped.
#[test]
fn experts_with_a_capacity_work_on_all_the_room_they_have() {
    let text = MODEL.replace(
        r#"Route(expert, "E", "k", x)"#,
        r#"Route(block: expert, experts: "E", active: "k", inputs: x, capacity: "5/4")"#,
    );
    let bench = Bench::new("room", &text, &[]);
    let symbol = |name: &str| bench.model.symbols().lookup(name).expect("declared");
    let ledger = bench.ledger("forward", "exact");
    let routed = ledger.only(|row| row.path.starts_with("mixed"));
    for (experts, active, batch, context) in
        [(4, 1, 1, 8), (4, 2, 3, 5), (8, 2, 1, 1), (3, 3, 2, 7)]
    {
        let d = 6;
        let numbers = Bindings::from_iter([
            (symbol("B"), batch),
            (symbol("T"), context),
            (symbol("E"), experts),
            (symbol("k"), active),
            (symbol("d"), d),
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
