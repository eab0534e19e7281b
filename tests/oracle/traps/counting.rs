//! Traps of counting: what is a dot, how often it runs, whose parameters are whose, what is refused.

use super::{Trial, flat, llama, refusal};
use crate::harness::Bench;
use crate::models::shipped;

#[test]
fn trap_1_an_op_of_unknown_cost_is_an_error_and_no_zero() {
    let message = refusal(&flat(r#"x: "@N D""#, "y: FusedAttention(x, x, x)", "y"));
    assert!(message.contains("FusedAttention"), "{message}");
}

#[test]
fn trap_10_positions_that_fill_no_chunk_are_refused_and_not_dropped() {
    let text = r#"Model(name: "chunks", symbols: (N: "positions", C: "chunk", D: width), inputs: (x: "@N D"),
        nodes: (y: Rearrange(x, "(b c) d -> b c d", "c = C"), z: Linear(y, "D -> D")), output: z)"#;
    let bench = Bench::new("chunks", text, &[]);
    let at =
        |n: i64, c: i64| bench.accepted("forward", &bench.numbers(&[("N", n), ("C", c), ("D", 1)]));
    assert_eq!(at(6, 3), Ok(()));
    assert!(at(7, 3).is_err());
}

#[test]
fn trap_16_a_lookup_has_no_dots_and_a_tied_head_no_parameters_of_its_own() {
    let (tied, own) = (llama("forward", true), llama("forward", false));
    assert_eq!((tied.dots("x"), own.dots("x")), (0, 0));
    assert_eq!(
        own.run.params() - tied.run.params(),
        11 * 6,
        "the table counts once"
    );
    assert_eq!(
        tied.macs("logits"),
        own.macs("logits"),
        "the work counts by use"
    );
}

#[test]
fn trap_18_shared_weights_count_once_and_work_each_time() {
    let text = r#"Model(name: "shared", symbols: (N: "positions", D: width),
        blocks: (use: Block(inputs: (x: "N D", w: "D D"), nodes: (y: Einsum("n i, i j -> n j", [x, w])), output: y)),
        inputs: (x: "@N D"), nodes: (
            w: Param("D D"),
            first: Call(use, [x, w]), second: Call(use, [first, w]), many: Repeat(use, "3", [second, w]),
        ), output: many)"#;
    let trial = Trial::new(text, &[], "forward", &[("N", 2), ("D", 3)]);
    assert_eq!(trial.run.params(), 9);
    assert_eq!(
        trial.value(trial.ledger.total().macs.poly()),
        (5 * 2 * 9).to_string()
    );
}

#[test]
fn trap_19_a_repeat_says_how_often() {
    let text = |count: &str| {
        format!(
            r#"Model(name: "loop", symbols: (N: "positions", D: width), blocks: (
                b: Block(inputs: (x: "N D"), nodes: (y: Linear(x, "D -> D")), output: y)),
                inputs: (x: "@N D"), nodes: (z: Repeat(block: b, {count}inputs: [x])), output: z)"#
        )
    };
    let trial = Trial::new(
        &text(r#"count: "7", "#),
        &[],
        "forward",
        &[("N", 2), ("D", 3)],
    );
    assert_eq!(trial.macs("z.y"), 7 * 2 * 9);
    assert!(
        refusal(&text("")).contains("count"),
        "a repeat without a count is refused"
    );
}

#[test]
fn trap_20_a_letter_counts_once_wherever_it_stands() {
    let text = flat(
        r#"x: "@N D G", y: "G D""#,
        r#"z: Einsum("n d g, g d -> n g", [x, y])"#,
        "z",
    );
    let trial = Trial::new(&text, &[], "forward", &[("N", 2), ("D", 3), ("G", 5)]);
    assert_eq!((trial.dots("z"), trial.macs("z")), (10, 30));
}

#[test]
fn trap_21_nothing_is_broadcast_unsaid() {
    for node in [
        r#"Map(add, [x, y])"#,
        r#"Einsum("n d, n d -> n", [x, y])"#,
        r#"Einsum("n d, n e -> d e", [x, y])"#,
    ] {
        let message = refusal(&flat(r#"x: "@N D", y: "1 D""#, &format!("z: {node}"), "z"));
        assert!(
            message.contains("[N, D]") && message.contains("[1, D]"),
            "{message}"
        );
    }
    let text = flat(
        r#"x: "@N 1", y: "1 D""#,
        r#"z: Einsum("n i, i d -> n d", [x, y])"#,
        "z",
    );
    let trial = Trial::new(&text, &[], "forward", &[("N", 2), ("D", 3), ("G", 1)]);
    assert_eq!(
        (trial.dots("z"), trial.macs("z")),
        (6, 6),
        "a size of 1 that is summed makes dots of one product"
    );
}

#[test]
fn trap_22_taps_on_the_padding_count_and_groups_divide_exactly() {
    let node = |groups: &str| {
        let conv = format!(
            r#"z: Conv(x: x, map: "D -> D", kernel: "3 3", stride: "1 1", padding: "1 1"{groups})"#
        );
        flat(r#"x: "D @N @N""#, &conv, "z")
    };
    let trial = Trial::new(&node(""), &[], "forward", &[("N", 4), ("D", 1), ("G", 1)]);
    assert_eq!(
        trial.macs("z"),
        16 * 9,
        "nominal; 100 of them meet the input"
    );
    let grouped = Bench::new("groups", &node(r#", groups: "G""#), &[]);
    let at = |d: i64, g: i64| {
        grouped.accepted("forward", &grouped.numbers(&[("N", 4), ("D", d), ("G", g)]))
    };
    assert_eq!(at(6, 3), Ok(()));
    assert!(at(7, 3).is_err());
}

#[test]
fn trap_23_flops_are_two_for_each_mac() {
    let trial = llama("forward", false);
    let total = trial.ledger.total();
    assert_eq!(total.flops.poly(), &total.macs.poly().scale(&2.into()));
}

#[test]
fn trap_24_count_and_length_give_either_convention() {
    let text = flat(r#"x: "@N D""#, r#"y: Linear(x, "D -> G", true)"#, "y");
    let trial = Trial::new(&text, &[], "forward", &[("N", 2), ("D", 5), ("G", 3)]);
    let (dots, macs) = (trial.dots("y"), trial.macs("y"));
    assert_eq!(2 * macs - dots, 6 * (2 * 5 - 1), "2K - 1 for each output");
    assert_eq!(
        trial.walked("y").count.elementwise["add"],
        6,
        "the bias is counted beside the dots"
    );
}

#[test]
fn trap_32_heads_that_do_not_divide_are_refused_and_nothing_overflows() {
    let text = &shipped()["gpt2.ron"];
    let bench = Bench::new("gpt2", text, &[]);
    let given = |d: i64| {
        [
            ("B", 1),
            ("H", 3),
            ("L", 1),
            ("T", 2),
            ("d", d),
            ("V", 5),
            ("P", 4),
        ]
    };
    assert_eq!(bench.accepted("forward", &bench.numbers(&given(6))), Ok(()));
    let refused = bench
        .accepted("forward", &bench.numbers(&given(7)))
        .expect_err("7 is no multiple of 3");
    assert!(
        refused.contains("d = 7") && refused.contains("H = 3"),
        "{refused}"
    );
    let wide = flat(r#"x: "@N D""#, r#"y: Linear(x, "D -> D")"#, "y");
    let bench = Bench::new("wide", &wide, &[]);
    let total = bench.ledger("forward", "exact").total();
    let huge = bench.numbers(&[("N", 10_i64.pow(15)), ("D", 10_i64.pow(18)), ("G", 1)]);
    let value = total
        .macs
        .poly()
        .eval_count(&huge, bench.model.symbols())
        .expect("all symbols have numbers");
    assert_eq!(value.to_string(), format!("1{}", "0".repeat(51)));
}
