//! Sizes that are sums: an axis that was joined or padded has a size of several terms, and every op must count along it.

use dotledger::sym::Bindings;

use crate::harness::{Bench, check, flat};

#[test]
fn softmax_along_an_axis_of_several_terms() {
    let text = flat(
        "B N M D",
        "",
        r#"x: "B @N D", y: "B @M D""#,
        r#"
        joined: Concat([x, y], "N"),
        tokens: Softmax(joined, "N + M"),
    "#,
        "tokens",
    );
    check("softmax", &text, 3);
}

#[test]
fn norm_along_an_axis_of_several_terms() {
    let text = flat(
        "B N C D",
        "",
        r#"x: "B @N C", y: "B @N D""#,
        r#"
        joined: Concat([x, y], "C"),
        rms:    Norm(joined, rms, "C + D"),
        layer:  Norm(rms, layer, "C + D", true),
    "#,
        "layer",
    );
    check("norm", &text, 3);
}

#[test]
fn reduce_along_an_axis_of_several_terms() {
    let text = flat(
        "B N M D",
        "",
        r#"x: "B @N D", y: "B @M D""#,
        r#"
        joined: Concat([x, y], "N"),
        mean:   Reduce(joined, mean, "N + M"),
        most:   Reduce(joined, max, "N + M"),
    "#,
        "mean",
    );
    check("reduce", &text, 3);
}

#[test]
fn a_mask_between_axes_of_several_terms() {
    let text = flat(
        "B N R P D",
        "",
        r#"x: "B @N D", r: "B @R D", p: "B @P D""#,
        r#"
        some:   Concat([r, x], "R"),
        more:   Concat([p, r, x], "P"),
        scores: Einsum("b n e, b s e -> b n s", [some, more], Causal(n, s)),
        mixed:  Einsum("b n s, b s e -> b n e", [scores, more], Causal(n, s)),
        corner: Einsum("b n e, b s e -> b n s", [some, more], Causal(queries: n, keys: s, align: top_left)),
        cut:    Einsum("b n s, b s e -> b n e", [corner, more], Causal(queries: n, keys: s, align: top_left)),
        whole:  Einsum("b n s, b s e -> b e", [scores, more], Causal(n, s)),
    "#,
        "mixed",
    );
    check("mask", &text, 3);
}

#[test]
fn contractions_over_axes_of_several_terms() {
    let text = flat(
        "B N C D",
        "",
        r#"x: "B @N C", y: "B @N D""#,
        r#"
        joined: Concat([x, y], "C"),
        linear: Linear(joined, "C+D -> C+1", true),
        gram:   Einsum("b n i, b m i -> b n m", [joined, joined]),
        turned: Rearrange(joined, "b n i -> b i n"),
        square: MatMul([joined, turned]),
    "#,
        "linear",
    );
    check("contractions", &text, 3);
}

#[test]
fn a_convolution_with_sizes_of_several_terms() {
    let text = flat(
        "B C G N K",
        r#""K <= N""#,
        r#"x: "B 2*(G+1) @N""#,
        r#"
        grouped: Conv(x: x, map: "2*(G+1) -> (G+1)*C", kernel: "K+1", stride: "1", padding: "K", groups: "G + 1",
            bias: true),
        longer:  Pad(grouped, "N + K", "K + 1"),
        again:   Conv(x: longer, map: "(G+1)*C -> C", kernel: "K+2", stride: "1", dilation: "1"),
    "#,
        "again",
    );
    check("convolution", &text, 3);
}

#[test]
fn rearranging_axes_of_several_terms() {
    let text = flat(
        "N C D H",
        "",
        r#"x: "@N (C+D)*H""#,
        r#"
        heads:  Rearrange(x, "n (h e) -> n h e", "h = H"),
        other:  Rearrange(x, "n (e h) -> n h e", "e = C + D"),
        merged: Rearrange(heads, "n h e -> (n h) e"),
        plain:  Linear(merged, "C+D -> D"),
    "#,
        "plain",
    );
    check("rearrange", &text, 3);
}

#[test]
fn expanding_to_a_size_of_several_terms() {
    let text = flat(
        "N K R",
        "",
        r#"x: "@N K+1""#,
        r#"
        many: Expand(x, "K+1 -> R*(K+1)"),
        sum:  Reduce(many, sum, "R*(K + 1)"),
    "#,
        "sum",
    );
    check("expand", &text, 3);
}

#[test]
fn along_an_axis_without_elements_nothing_is_counted_or_all_is_refused() {
    let text = r#"Model(name: "empty", symbols: (N: Symbol(doc: "positions", min: 0), D: width), inputs: (x: "@N D"),
        nodes: (weights: Softmax(x, "N"), sum: Reduce(weights, sum, "N"), most: Reduce(weights, max, "N")), output: sum)"#;
    let bench = Bench::new("empty", text, &[]);
    let symbols = bench.model.symbols();
    let numbers: Bindings = [("N", 0), ("D", 3)]
        .into_iter()
        .filter_map(|(name, value)| Some((symbols.lookup(name)?, value)))
        .collect();
    if bench.accepted("forward", &numbers).is_ok() {
        let found = bench.differences(("forward", "exact"), &numbers);
        assert_eq!(found, Ok(Vec::new()));
    }
}
