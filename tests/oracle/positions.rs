//! Vertical or horizontal: found by following which positions each output scalar is of and which it reads.

use crate::harness::check;

/// A model over an image and over tokens.
fn model(inputs: &str, nodes: &str, output: &str) -> String {
    format!(
        r#"Model(name: "case", symbols: (C: "channels", D: width, N: "tokens", P: "patch", X: "across", Y: "down"),
            inputs: ({inputs}), nodes: ({nodes}), output: {output})"#
    )
}

#[test]
fn an_image_that_is_cut_into_patches_pairs_no_positions() {
    let text = model(
        r#"x: "C @(Y*P) @(X*P)""#,
        r#"
        cut:   Rearrange(x, "c (h p) (w q) -> h w p q c", "p = P, q = P"),
        point: Linear(cut, "C -> D"),
    "#,
        "point",
    );
    check("cut", &text, 2);
}

#[test]
fn a_pair_of_positions_that_is_merged_into_one_axis_is_still_a_pair() {
    let text = model(
        r#"x: "@N D""#,
        r#"
        scores: Einsum("n e, s e -> n s", [x, x]),
        flat:   Rearrange(scores, "n s -> (n s)"),
        scaled: Map(scale, [flat]),
    "#,
        "scaled",
    );
    check("merged pair", &text, 3);
}

#[test]
fn a_convolution_whose_channels_are_positions_mixes_them() {
    let text = model(
        r#"x: "@N D""#,
        r#"
        tokens: Conv(x: x, map: "N -> C", kernel: "1", stride: "1"),
        alone:  Conv(x: x, map: "N -> N", kernel: "1", stride: "1", groups: "N"),
    "#,
        "alone",
    );
    check("channels", &text, 3);
}

#[test]
fn the_order_of_operands_does_not_decide_whether_positions_mix() {
    let text = model(
        r#"x: "@Y @X D""#,
        r#"
        across: Param("@X D"),
        sum:    Map(add, [x, across], "h w d, w d -> h w d"),
        turned: Map(add, [across, x], "w d, h w d -> h w d"),
    "#,
        "turned",
    );
    check("order", &text, 3);
}

#[test]
fn tokens_that_are_joined_sliced_padded_and_copied_stay_by_themselves() {
    let text = model(
        r#"x: "@N D", y: "@X D""#,
        r#"
        joined: Concat([x, y], "N"),
        some:   Slice(joined, "N + X", "N"),
        padded: Pad(some, "N", "P"),
        copies: Expand(x, "N -> N*P"),
        point:  Linear(padded, "D -> D"),
        sum:    Map(add, [x, some]),
    "#,
        "point",
    );
    check("layout", &text, 3);
}

#[test]
fn token_mixing_is_horizontal_on_both_sides_of_its_hidden_layer() {
    let text = model(
        r#"x: "@N D""#,
        r#"
        turned: Rearrange(x, "n d -> d n"),
        hidden: Linear(turned, "N -> C"),
        act:    Map(gelu, [hidden]),
        tokens: Linear(act, "C -> N"),
        back:   Rearrange(tokens, "d n -> n d"),
        mlp:    Linear(back, "D -> D"),
        out:    Map(add, [x, mlp]),
    "#,
        "out",
    );
    check("mixer", &text, 3);
}

#[test]
fn attention_inside_windows_of_an_image_pairs_positions_of_the_window() {
    let text = model(
        r#"x: "@(Y*P) @(X*P) D""#,
        r#"
        windows: Rearrange(x, "(h p) (w q) d -> (h w) (p q) d", "p = P, q = P"),
        scores:  Einsum("b i e, b j e -> b i j", [windows, windows]),
        weights: Softmax(scores, "P^2"),
        mixed:   Einsum("b i j, b j e -> b i e", [weights, windows]),
        out:     Linear(mixed, "D -> D"),
    "#,
        "out",
    );
    check("windows", &text, 2);
}

#[test]
fn attention_along_one_side_of_an_image_pairs_positions_of_that_side() {
    let text = model(
        r#"x: "@Y @X D""#,
        r#"
        rows:    Einsum("h w e, h v e -> h w v", [x, x]),
        columns: Einsum("h w e, g w e -> w h g", [x, x]),
        all:     Rearrange(x, "h w d -> (h w) d"),
        scores:  Einsum("i e, j e -> i j", [all, all]),
        sums:    Einsum("h w e, h w e -> h", [x, x]),
    "#,
        "sums",
    );
    check("axial", &text, 3);
}
