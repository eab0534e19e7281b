//! A small model for each op, in all its forms: what no shipped model happens to use is walked here.

use dotledger::ops::OPS;

use crate::harness::{check, flat};
use crate::models::shipped;
use dotledger::verify::walk;

/// The models of this file, each with the greatest size that it is walked at.
pub(crate) fn cases() -> Vec<(&'static str, String, i64)> {
    let mut cases = vec![
        (
            "linear over the last axes, over positions, with and without bias",
            flat(
                "B N C D E F",
                "",
                r#"x: "B @N C D""#,
                r#"
                plain:  Linear(x, "D -> E"),
                both:   Linear(plain, "C E -> F"),
                split:  Linear(both, "F -> C D", true),
                scalar: Linear(split, "C D -> 1", false),
                less:   Linear(split, "D ->", true),
                turned: Rearrange(both, "b n f -> b f n"),
                tokens: Linear(turned, "N -> E", true),
                back:   Linear(tokens, "E -> N"),
                after:  Map(square, [back]),
            "#,
                "after",
            ),
            3,
        ),
        (
            "einsum: contraction, outer product, elementwise, transposition, sums of one side",
            flat(
                "B N M C D",
                "",
                r#"x: "B @N C", y: "B @M C", w: "C D""#,
                r#"
                product: Einsum("b n c, c d -> b n d", [x, w]),
                pairs:   Einsum("b n c, b m c -> b m n", [x, y]),
                outer:   Einsum("b n c, b m k -> n k b m c", [x, y]),
                both:    Einsum("b n c, b n c -> b n c", [x, x]),
                norms:   Einsum("b n c, b n c -> b n", [x, x]),
                all:     Einsum("b n c, b m c -> ", [x, y]),
                one:     Einsum("b n c, c d -> n", [x, w]),
                across:  Einsum("b n c, b n k -> b c k", [x, x]),
            "#,
                "pairs",
            ),
            3,
        ),
        (
            "einsum under a mask: pairs given, keys summed, both summed, both alignments",
            flat(
                "B N S C",
                r#""N <= S""#,
                r#"x: "B @N C", y: "B @S C""#,
                r#"
                pairs:   Einsum("b n c, b s c -> b n s", [x, y], Causal(n, s)),
                mixed:   Einsum("b n s, b s c -> b n c", [pairs, y], Causal(n, s)),
                whole:   Einsum("b n s, b s c -> b c", [pairs, y], Causal(n, s)),
                corner:  Einsum("b n c, b s c -> b n s", [x, y], Causal(queries: n, keys: s, align: top_left)),
                cut:     Einsum("b n s, b s c -> b n c", [corner, y], Causal(queries: n, keys: s, align: top_left)),
                sum:     Einsum("b n s, b s c -> b c", [corner, y], Causal(queries: n, keys: s, align: top_left)),
                none:    Einsum("b n c, b s c -> b n s", [x, y], none),
                heavy:   Einsum("b n c, b s k -> b n s k", [x, y], Causal(n, s)),
            "#,
                "mixed",
            ),
            4,
        ),
        (
            "einsum under a mask without declared order of the sizes",
            flat(
                "N S C",
                "",
                r#"x: "@N C", y: "@S C""#,
                r#"
                pairs: Einsum("n c, s c -> n s", [x, y], Causal(n, s)),
            "#,
                "pairs",
            ),
            4,
        ),
        (
            "matmul of matrices and of stacks",
            flat(
                "B H N M C D",
                "",
                r#"x: "B H @N C", w: "C D", v: "B H C M", u: "M D""#,
                r#"
                plain:  MatMul([w, wt]),
                wt:     Rearrange(w, "c d -> d c"),
                stack:  MatMul([x, v]),
                turned: Rearrange(x, "b h n c -> b h c n"),
                gram:   MatMul([x, turned]),
                mixed:  MatMul([gram, x]),
                inner:  MatMul([turned, x]),
            "#,
                "mixed",
            ),
            3,
        ),
        (
            "convolution of an image: stride, padding, dilation, groups, bias",
            flat(
                "B C D G Y X P",
                r#""G | C", "G | D", "P <= Y", "P <= X""#,
                r#"x: "B C @Y @X""#,
                r#"
                plain:   Conv(x: x, map: "C -> D", kernel: "P P", stride: "1 1"),
                patches: Conv(x: x, map: "C -> D", kernel: "P P", stride: "P P", bias: true),
                padded:  Conv(x: x, map: "C -> D", kernel: "3 P", stride: "2 1", padding: "1 P"),
                grouped: Conv(x: x, map: "C -> D", kernel: "2 1", stride: "1 2", padding: "1 0", groups: "G", bias: true),
                depth:   Conv(x: x, map: "C -> 2*C", kernel: "1 P", stride: "1 1", groups: "C"),
                dilated: Conv(x: x, map: "C -> C", kernel: "2 2", stride: "1 1", padding: "2 2", dilation: "P 3"),
                point:   Conv(x: x, map: "C -> D", kernel: "1 1", stride: "2 2"),
            "#,
                "patches",
            ),
            4,
        ),
        (
            "convolution along a sequence, and over what is no position",
            flat(
                "B C D N K",
                r#""K <= N""#,
                r#"x: "B C @N", y: "B C N""#,
                r#"
                causal: Pad(x, "N", "K - 1"),
                short:  Conv(x: causal, map: "C -> C", kernel: "K", stride: "1", groups: "C", bias: true),
                down:   Conv(x: x, map: "C -> D", kernel: "3", stride: "2", padding: "1"),
                plain:  Conv(x: y, map: "C -> D", kernel: "K", stride: "1"),
                sum:    Map(add, [short, x]),
            "#,
                "sum",
            ),
            4,
        ),
        (
            "map with equations",
            flat(
                "B N M D",
                "",
                r#"x: "B @N D", y: "B @M D", p: "N D", g: "D""#,
                r#"
                placed: Map(add, [x, p], "b n d, n d -> b n d"),
                gained: Map(mul, [placed, g], "b n d, d -> d n b"),
                pairs:  Map(sub, [x, y], "b n d, b m d -> b n m d"),
                turned: Map(copy, [x], "b n d -> n d b"),
            "#,
                "pairs",
            ),
            3,
        ),
        (
            "softmax and norms along features and along positions",
            flat(
                "B N D",
                "",
                r#"x: "B @N D""#,
                r#"
                features: Softmax(x, "D"),
                tokens:   Softmax(x, "N"),
                rms:      Norm(x, rms, "D"),
                bare:     Norm(x: x, kind: rms, axis: "D", gain: false),
                layer:    Norm(x, layer, "D"),
                biased:   Norm(x, layer, "D", true),
                raw:      Norm(x: x, kind: layer, axis: "D", gain: false),
                odd:      Norm(x: x, kind: rms, axis: "N", bias: true),
                stored:   Norm(x, batch, "D", true),
                fixed:    Norm(x: x, kind: batch, axis: "D", gain: false),
                places:   Norm(x, batch, "N"),
            "#,
                "layer",
            ),
            4,
        ),
        (
            "reduce features and positions",
            flat(
                "B N D",
                "",
                r#"x: "B @N D""#,
                r#"
                sum:    Reduce(x, sum, "D"),
                mean:   Reduce(x, mean, "D"),
                max:    Reduce(x, max, "D"),
                pooled: Reduce(x, mean, "N"),
                peak:   Reduce(x, max, "N"),
                scalar: Reduce(sum, sum, "N"),
                last:   Reduce(scalar, sum, "B"),
            "#,
                "pooled",
            ),
            4,
        ),
        (
            "rearrange splits, merges, moves",
            flat(
                "B N H E C W",
                "",
                r#"x: "B @N (H*E)", y: "B @(C*W) E""#,
                r#"
                heads:   Rearrange(x, "b n (h e) -> b n h e", "h = H"),
                either:  Rearrange(x, "b n (h e) -> b h n e", "h = H, e = E"),
                merged:  Rearrange(either, "b h n e -> b n (h e)"),
                folded:  Rearrange(either, "b h n e -> (b h) n e"),
                chunks:  Rearrange(y, "b (c w) e -> (b c) w e", "w = W"),
                inside:  Einsum("c n e, c m e -> c n m", [chunks, chunks], Causal(n, m)),
                weights: Softmax(inside, "W"),
                mixed:   Einsum("c n m, c m e -> c n e", [weights, chunks], Causal(n, m)),
                back:    Rearrange(mixed, "(b c) w e -> b (c w) e", "c = C"),
                sum:     Map(add, [back, y]),
                flat:    Rearrange(x, "b n d -> (b n d)"),
            "#,
                "sum",
            ),
            3,
        ),
        (
            "positions that an op hands on are positions for what sums over them",
            flat(
                "N M D E V",
                "",
                r#"x: "@N D", y: "@M D", table: "V D", i: "@N""#,
                r#"
                angles: Constant("@N D"),
                shares: Softmax(x, "D"),
                normed: Norm(x, layer, "D"),
                rows:   Gather(table, i),
                joined: Concat([x, x], "D"),
                cut:    Slice(x, "D", "1"),
                copies: Expand(x, "D -> E*D"),
                best:   TopK(x, "D", "1"),
                of_best:   Reduce(best, sum, "N"),
                of_angles: Reduce(angles, sum, "N"),
                of_shares: Reduce(shares, sum, "N"),
                of_normed: Reduce(normed, mean, "N"),
                of_rows:   Reduce(rows, sum, "N"),
                of_joined: Reduce(joined, max, "N"),
                of_cut:    Reduce(cut, sum, "N"),
                of_copies: Reduce(copies, sum, "N"),
                end:       Map(add, [of_angles, of_shares]),
            "#,
                "end",
            ),
            3,
        ),
        (
            "concat, slice, pad, expand, gather, param, constant",
            flat(
                "B N M D R V",
                r#""R <= N""#,
                r#"x: "B @N D", y: "B @M D", i: "B @N""#,
                r#"
                table:   Param("V D"),
                angles:  Constant("@N D"),
                rows:    Gather(table, i),
                turned:  Map(mul, [rows, angles], "b n d, n d -> b n d"),
                joined:  Concat([x, y, x], "N"),
                wider:   Concat([x, x], "D"),
                some:    Slice(x, "N", "R"),
                none:    Slice(x, "D", "D - 1"),
                longer:  Pad(x, "N", "M + 2"),
                copies:  Expand(x, "D -> 3*D"),
                stacked: Expand(x, "-> V"),
                token:   Param("1 D"),
                each:    Expand(token, "-> B"),
                tokens:  Concat([each, x], "1"),
                summed:  Linear(tokens, "D -> D"),
            "#,
                "summed",
            ),
            3,
        ),
        (
            "an expanded axis whose size must be a multiple",
            flat(
                "K H D",
                "",
                r#"x: "K D""#,
                r#"shared: Expand(x, "K -> H"), y: Linear(shared, "D -> D")"#,
                "y",
            ),
            4,
        ),
    ];
    cases.push((
        "a cache in every phase, rectangular masks in both alignments",
        String::from(r#"Model(name: "case", phases: [forward, prefill, decode],
            symbols: (B: batch, T: context, d: width, V: vocabulary), inputs: (tokens: "B @n"), nodes: (
                table:  Param("V d"),
                x:      Gather(table, tokens),
                keys:   Cache(x, "n"),
                scores: Einsum("b n e, b s e -> b n s", [x, keys], Causal(n, s)),
                corner: Einsum("b n e, b s e -> b n s", [x, keys], Causal(queries: n, keys: s, align: top_left)),
                weight: Softmax(scores, "s"),
                mixed:  Einsum("b n s, b s e -> b n e", [weight, keys], Causal(n, s)),
                cut:    Einsum("b n s, b s e -> b n e", [corner, keys], Causal(queries: n, keys: s, align: top_left)),
                sum:    Map(add, [mixed, cut]),
                last:   Slice(sum, "n", "o"),
                logits: Einsum("b o d, v d -> b o v", [last, table]),
            ), output: logits)"#),
        5,
    ));
    cases.push((
        "what stood before, and a convolution that reads it",
        String::from(
            r#"Model(name: "case", phases: [forward, prefill, decode],
            symbols: (B: batch, T: context, C: channels, k: "taps"), inputs: (x: "B C @n"), nodes: (
                longer: Previous(x, "n", "k - 1"),
                y:      Conv(x: longer, map: "C -> C", kernel: "k", stride: "1", groups: "C"),
            ), output: y)"#,
        ),
        5,
    ));
    cases.push((
        "every mask over a cache in every phase, with a window that the context outgrows",
        String::from(
            r#"Model(name: "case", phases: [forward, prefill, decode],
            symbols: (B: batch, T: context, d: width, W: window), inputs: (x: "B @n d"), nodes: (
                keys:   Cache(x, "n"),
                window: Einsum("b n e, b s e -> b n s", [x, keys], Window(n, s, "W")),
                chunk:  Einsum("b n e, b s e -> b n s", [x, keys], Chunk(n, s, "W")),
                block:  Einsum("b n e, b s e -> b n s", [x, keys], Chunk(n, s, "W", full)),
                prefix: Einsum("b n e, b s e -> b n s", [x, keys], Prefix(n, s, "W")),
                one:    Einsum("b n s, b s e -> b n e", [window, keys], Window(n, s, "W")),
                two:    Einsum("b n s, b s e -> b n e", [chunk, keys], Chunk(n, s, "W")),
                three:  Einsum("b n s, b s e -> b n e", [block, keys], Chunk(n, s, "W", full)),
                four:   Einsum("b n s, b s e -> b n e", [prefix, keys], Prefix(n, s, "W")),
                whole:  Einsum("b n s, b s e -> b e", [window, keys], Window(n, s, "W")),
                sum:    Map(add, [one, two]),
            ), output: sum)"#,
        ),
        9,
    ));
    cases
}

#[test]
fn every_form_of_every_op_is_what_a_walk_counts() {
    for (name, text, high) in cases() {
        check(name, &text, high);
    }
}

#[test]
fn every_function_of_map_is_what_it_computes() {
    let map = OPS
        .iter()
        .find(|def| def.name == "Map")
        .expect("there is an op `Map`");
    let words = map.fields.iter().find_map(|field| match field.kind {
        dotledger::ops::args::FieldKind::Word(words) => Some(words),
        _ => None,
    });
    for word in words.expect("`Map` takes a word") {
        let takes_two = ["add", "sub", "mul", "div", "max"].contains(word);
        let inputs = if takes_two { "x, x" } else { "x" };
        check(
            word,
            &flat(
                "N D",
                "",
                r#"x: "@N D""#,
                &format!("y: Map({word}, [{inputs}])"),
                "y",
            ),
            3,
        );
    }
}

#[test]
fn every_op_can_be_walked_and_is() {
    let library: Vec<&str> = OPS.iter().map(|def| def.name).collect();
    for op in &library {
        assert!(walk::knows(op), "{op} cannot be walked");
    }
    let texts: Vec<String> = shipped()
        .into_values()
        .chain(cases().into_iter().map(|(_, text, _)| text))
        .collect();
    for op in library {
        let written = format!("{op}(");
        assert!(
            texts.iter().any(|text| text.contains(&written)),
            "`{op}` is in no model"
        );
    }
}
