//! Traps of attention and of the decoders that are built from it.

use super::{Trial, llama};
use crate::harness::check;

/// A model of one attention over `n` new and `p` past positions, with the mask given.
pub(super) fn attention(mask: &str) -> String {
    format!(
        r#"Model(name: "attention", phases: [forward, prefill, decode],
            symbols: (B: batch, T: context, dk: "key size", dv: "value size"),
            inputs: (q: "B @n dk", k: "B @n dk", v: "B @n dv"),
            nodes: (
                keys: Cache(k, "n"), values: Cache(v, "n"),
                scores:  Einsum("b n e, b s e -> b n s", [q, keys]{mask}),
                weights: Softmax(scores, "s"),
                mixed:   Einsum("b n s, b s e -> b n e", [weights, values]{mask}),
            ), output: mixed)"#
    )
}

#[test]
fn trap_2_each_product_of_attention_is_owned_by_one_row() {
    let trial = llama("forward", false);
    let with_dots: Vec<&str> = trial
        .ledger
        .rows
        .iter()
        .filter(|row| row.length.is_some())
        .map(|row| row.path.as_str())
        .collect();
    let attention = with_dots
        .iter()
        .filter(|path| path.starts_with("layers.attention"))
        .count();
    assert_eq!(attention, 6, "q, k, v, scores, mixed, out: {with_dots:?}");
}

#[test]
fn trap_3_scores_of_grouped_heads_count_query_heads() {
    let trial = llama("forward", false);
    assert_eq!(trial.dots("layers.attention.scores"), 2 * 4 * 15);
    assert_eq!(
        trial.macs("layers.attention.k"),
        2 * 5 * 6 * (2 * 3),
        "keys are made for their own heads only"
    );
}

#[test]
fn trap_4_the_cache_of_grouped_heads_holds_key_heads() {
    let trial = llama("decode", false);
    assert_eq!(
        trial.walked("layers.attention.keys").shapes[0].output,
        [1, 5, 2, 3]
    );
}

#[test]
fn trap_5_a_causal_mask_keeps_a_triangle_with_its_diagonal() {
    let trial = Trial::new(
        &attention(", Causal(n, s)"),
        &[],
        "forward",
        &[("B", 1), ("T", 6), ("dk", 2), ("dv", 3)],
    );
    assert_eq!(trial.dots("scores"), 6 * 7 / 2);
    let full = trial
        .bench
        .walk("forward", &trial.numbers, false)
        .expect("the sizes fit");
    assert_eq!(
        full.entry("scores").map(|entry| entry.count.dots()),
        Some(36),
        "the profile says otherwise"
    );
}

#[test]
fn trap_6_a_rectangular_mask_says_where_it_is_aligned() {
    let text = r#"Model(name: "rectangle", symbols: (N: "queries", S: "keys", D: width), relations: ["N <= S"],
        inputs: (x: "@N D", y: "@S D"), nodes: (
            right: Einsum("n e, s e -> n s", [x, y], Causal(queries: n, keys: s, align: bottom_right)),
            left:  Einsum("n e, s e -> n s", [x, y], Causal(queries: n, keys: s, align: top_left)),
        ), output: right)"#;
    let trial = Trial::new(text, &[], "forward", &[("N", 3), ("S", 5), ("D", 1)]);
    assert_eq!(
        (trial.dots("right"), trial.dots("left")),
        (3 + 4 + 5, 1 + 2 + 3)
    );
}

#[test]
fn trap_7_a_batch_is_several_sequences_and_the_past_is_seen() {
    let given = [("B", 2), ("T", 10), ("dk", 1), ("dv", 1)];
    let forward = Trial::new(&attention(", Causal(n, s)"), &[], "forward", &given);
    assert_eq!(
        forward.dots("scores"),
        2 * 55,
        "two sequences of 10, not one of 20"
    );
    let decode = Trial::new(&attention(", Causal(n, s)"), &[], "decode", &given);
    assert_eq!(
        decode.dots("scores"),
        2 * 10,
        "one new position sees all that came before it"
    );
}

#[test]
fn trap_11_the_head_size_is_what_the_model_says() {
    let trial = llama("forward", false);
    assert_eq!(
        trial.macs("layers.attention.q"),
        2 * 5 * 6 * (4 * 3),
        "4 heads of 3 at a width of 6"
    );
}

#[test]
fn trap_12_a_gated_mlp_has_three_matrices() {
    let trial = llama("forward", false);
    let macs: u64 = ["gate", "up", "down"]
        .iter()
        .map(|node| trial.macs(&format!("layers.mlp.{node}")))
        .sum();
    assert_eq!(macs, 2 * 3 * 5 * 6 * 7);
}

#[test]
fn trap_13_scores_and_mixing_count_once_each_at_their_own_sizes() {
    let trial = Trial::new(
        &attention(""),
        &[],
        "forward",
        &[("B", 1), ("T", 4), ("dk", 3), ("dv", 5)],
    );
    assert_eq!(
        (trial.macs("scores"), trial.macs("mixed")),
        (16 * 3, 16 * 5)
    );
}

#[test]
fn trap_17_the_head_works_on_the_positions_that_are_wanted() {
    let dots = |phase| llama(phase, false).dots("logits");
    assert_eq!(
        (dots("forward"), dots("prefill"), dots("decode")),
        (5 * 11, 11, 11)
    );
}

#[test]
fn trap_28_the_context_of_decode_counts_the_current_token() {
    let trial = Trial::new(
        &attention(", Causal(n, s)"),
        &[],
        "decode",
        &[("B", 1), ("T", 9), ("dk", 2), ("dv", 3)],
    );
    assert_eq!(trial.dots("scores"), 9);
    assert_eq!(trial.macs("mixed"), 9 * 3);
    let first = Trial::new(
        &attention(""),
        &[],
        "decode",
        &[("B", 1), ("T", 1), ("dk", 2), ("dv", 3)],
    );
    assert_eq!(first.dots("scores"), 1, "the first token has no past");
}

#[test]
fn the_models_of_these_tests_are_what_a_walk_counts_at_other_sizes_too() {
    for mask in [
        "",
        ", Causal(n, s)",
        ", Causal(queries: n, keys: s, align: top_left)",
    ] {
        check("attention", &attention(mask), 4);
    }
}
