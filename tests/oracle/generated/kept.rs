//! What generated models found, each as the smallest model that shows it.

use dotledger::part::Mixing;

use crate::harness::{Bench, flat, read};

/// A model of sequences with a phase of its own.
fn own(phase: &str, symbols: &str, inputs: &str, nodes: &str, output: &str) -> String {
    format!(
        "Model(name: \"own\", phases: [Phase(name: draft, {phase})], symbols: (T: context, d: width, {symbols}), \
         inputs: ({inputs}), nodes: ({nodes}), output: {output})"
    )
}

/// Once a derived symbol was taken to be at least one, whatever its definition came to.
#[test]
fn a_derived_symbol_may_be_none_and_is_never_less() {
    let text = |nodes: &str| {
        format!(
            "Model(name: \"derived\", symbols: (k: \"a size\", d: width, u: Derived(\"k - 2\"), v: Derived(\"u - 1\")), \
             inputs: (x: \"@k d\"), nodes: ({nodes}), output: y)"
        )
    };
    let at = |nodes: &str, k: i64| {
        let bench = Bench::new("derived", &text(nodes), &[]);
        bench.accepted("forward", &bench.numbers(&[("k", k), ("d", 3)]))
    };
    let linear = "y: Linear(x, \"d -> u\")";
    assert_eq!(at(linear, 3), Ok(()));
    let refused = at(linear, 2).expect_err("v is 2 - 2 - 1");
    assert!(refused.contains("u - 1 >= 0"), "{refused}");
    let softmax = "a: Linear(x, \"d -> v\"), y: Softmax(a, \"v\")";
    assert_eq!(at(softmax, 4), Ok(()));
    let refused = at(softmax, 3).expect_err("nothing sums to one");
    assert!(refused.contains("v >= 1"), "{refused}");
    let window = "y: Einsum(\"n e, s e -> n s\", [x, x], Window(n, s, \"v\"))";
    assert_eq!(at(window, 4), Ok(()));
    assert!(at(window, 3).is_err(), "a window of nothing");
}

/// Formulas take it for granted that there is a new position, that none are past or some, and that one is wanted.
#[test]
fn what_a_phase_sets_is_what_formulas_take_it_for() {
    let at = |phase: &str, numbers: &[(&str, i64)]| {
        let text = own(
            phase,
            "N: \"steps\"",
            "x: \"@n d\"",
            "y: Softmax(x, \"n\")",
            "y",
        );
        let bench = Bench::new("own", &text, &[]);
        bench.accepted("draft", &bench.numbers(numbers))
    };
    let sizes = |context, steps| [("T", context), ("d", 2), ("N", steps)];
    for (phase, context, refused) in [
        ("n: \"T - 1\", p: \"T\", o: 1", 1, "T - 1 >= 1"),
        ("n: 1, p: \"T - 2\", o: 1", 1, "T - 2 >= 0"),
        ("n: 1, p: \"T\", o: \"T - 1\"", 1, "T - 1 >= 1"),
        ("n: \"T/2\", p: \"T\", o: 1", 3, "2 divides T"),
        ("n: 1, p: \"T\", o: 1, steps: \"N - 2\"", 4, "N - 2 >= 0"),
    ] {
        assert_eq!(at(phase, &sizes(4, 2)), Ok(()), "{phase}");
        let why = at(phase, &sizes(context, 1)).expect_err("no such pass");
        assert!(why.contains(refused), "{phase}: {why}");
    }
}

/// The number of a step is no symbol of a model: what is counted once is counted at the first step, or after the last.
#[test]
fn what_is_counted_once_knows_no_step() {
    let nodes = "w: Param(\"s d\"), k: Cache(x, \"n\"), y: Gather(w, x)";
    let phase = "n: 1, p: \"T + i\", o: 1, steps: \"N\"";
    let text = own(phase, "N: \"steps\"", "x: \"@n\"", nodes, "y");
    let ledger = Bench::new("own", &text, &[]).ledger("draft", "exact");
    assert_eq!(ledger.params().to_string(), "T*d + 2*d");
    let blocks = "blocks: (keep: Block(inputs: (x: \"n\"), nodes: (y: Cache(x, \"n\"), z: Map(copy, [x])), output: z)), inputs";
    let text = own(
        phase,
        "N: \"steps\"",
        "x: \"@n\"",
        "y: Repeat(keep, \"s\", x)",
        "y",
    );
    let ledger = Bench::new("own", &text.replace("inputs", blocks), &[]).ledger("draft", "exact");
    let at = [("T", 3), ("N", 2)];
    let bytes = ledger.kv_cache_bytes(dotledger::dtype::Dtype::BF16).at(&at);
    // After the second step there are 3 + 2 past positions and the new one, in as many rounds.
    assert_eq!(bytes.map(|bytes| bytes.to_string()), Ok(String::from("72")));
}

/// Numbers that do not divide were quotients of numbers once, and a group of half a channel.
#[test]
fn numbers_that_do_not_divide_are_refused() {
    for node in [
        "Conv(x: x, map: \"3 -> 4\", kernel: 1, stride: 1, groups: 2)",
        "Conv(x: x, map: \"3 -> 4\", kernel: 1, stride: 1, groups: 3)",
        "Rearrange(x, \"(a b) c -> a b c\", \"a = 2\")",
        "Expand(x, \"3 -> 4\")",
    ] {
        let text = flat("d", "", "x: \"3 d\"", &format!("y: {node}"), "y");
        let why = read("numbers", &text, Vec::new()).expect_err(node);
        assert!(why.contains("which never holds"), "{node}: {why}");
    }
}

/// There is no row to look up in an empty table.
#[test]
fn a_table_that_is_looked_up_has_a_row() {
    let text = flat(
        "n d",
        "",
        "x: \"n\"",
        "w: Param(\"n-1 d\"), y: Gather(w, x)",
        "y",
    );
    let bench = Bench::new("table", &text, &[]);
    let at = |n: i64| bench.accepted("forward", &bench.numbers(&[("n", n), ("d", 2)]));
    assert_eq!(at(2), Ok(()));
    assert!(at(1).is_err());
}

/// An axis that is split is still of the positions that another axis is of.
#[test]
fn a_share_of_a_position_pairs_with_the_position() {
    let nodes = "scores: Einsum(\"n e, s e -> n s\", [x, x]), blocks: Rearrange(scores, \"n (a b) -> n a b\", \"b = 2\"), \
                 y: Map(exp, [blocks])";
    let ledger = Bench::new("split", &flat("n d", "", "x: \"@n d\"", nodes, "y"), &[])
        .ledger("forward", "exact");
    for row in &ledger.rows {
        assert_eq!(row.mixing, Mixing::Horizontal, "{}", row.path);
    }
    let apart = "a: Rearrange(x, \"(a b) d -> a b d\", \"b = 2\"), y: Map(exp, [a])";
    let ledger = Bench::new("apart", &flat("n d", "", "x: \"@n d\"", apart, "y"), &[])
        .ledger("forward", "exact");
    for row in &ledger.rows {
        assert_eq!(row.mixing, Mixing::Vertical, "{}", row.path);
    }
}

/// A block may give what it is given.
#[test]
fn a_block_without_nodes_is_one() {
    let text = "Model(name: \"same\", symbols: (d: width), blocks: (same: Block(inputs: (x: \"d\"), nodes: (), output: x)), \
                inputs: (x: \"d\"), nodes: (y: Call(same, x)), output: y)";
    assert!(
        Bench::new("same", text, &[])
            .ledger("forward", "exact")
            .rows
            .is_empty()
    );
}
