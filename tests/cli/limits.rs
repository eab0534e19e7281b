//! What large and hostile models cost, told by their limits and not by a clock: what is beyond one is refused by its value.

use super::{refuses, run_with};

const RELATED: &str = "Model(name: \"m\", symbols: (d: width), relations: [RELATIONS], inputs: (x: \"d\"), \
    nodes: (y: Norm(x, rms, \"d\")), output: y)";

/// A model with a section of many entries.
fn with_many(section: &str, entry: impl Fn(usize) -> String) -> String {
    let entries: Vec<String> = (0..10_000).map(entry).collect();
    format!(
        "Model(name: \"m\", symbols: (d: width), {section}: ({}), inputs: (x: \"d\"), nodes: (y: Norm(x, rms, \"d\")), output: y)",
        entries.join(", ")
    )
}

#[test]
fn checking_looks_at_switches_that_decide_something_and_at_presets_without_reading_again() {
    let checked = |text: String, says: &str| {
        let outcome = run_with(&["check", "-"], text.as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stdout.contains(says), "{}", outcome.stdout);
    };
    checked(
        with_many("switches", |at| format!("s{at}: true")),
        "10000 switches",
    );
    checked(
        with_many("presets", |at| format!("p{at}: (d: {})", at + 1)),
        "10000 presets",
    );
    let nothing = with_many("presets", |at| format!("p{at}: (d: {at})"));
    refuses(
        &["check", "-"],
        nothing.as_bytes(),
        1,
        &["`d` is an integer >= 1, not 0"],
    );
}

#[test]
fn what_would_cost_too_much_is_told_its_limit() {
    let related = RELATED.replace("RELATIONS", &"\"d <= 2*d\", ".repeat(201));
    refuses(
        &["check", "-"],
        related.as_bytes(),
        1,
        &["error[limit]: there are more than 200 relations, the limit"],
    );
    // Each block calls the next in two ways, so that there are 2^40 ways in which the last is called.
    let doubling = |at: usize| {
        format!(
            "b{at}: Block(dims: [w], inputs: (x: \"d\"), nodes: (y: Call(b{next}, x, (w: \"2*w\")), \
             z: Call(b{next}, y, (w: \"2*w + 1\"))), output: z)",
            next = at + 1
        )
    };
    let mut blocks: Vec<String> = (0..40).map(doubling).collect();
    blocks.push(
        "b40: Block(dims: [w], inputs: (x: \"d\"), nodes: (y: Linear(x, \"d -> w\"), z: Linear(y, \"w -> d\")), output: z)"
            .to_owned(),
    );
    let doubled = format!(
        "Model(name: \"m\", symbols: (d: width), blocks: ({}), inputs: (x: \"d\"), nodes: (y: Call(b0, x, (w: 1))), output: y)",
        blocks.join(", ")
    );
    refuses(
        &["check", "-"],
        doubled.as_bytes(),
        1,
        &[
            "error[limit]: blocks are called in so many ways that they come to more than 250000 nodes, the limit",
        ],
    );
}

#[test]
fn a_sum_of_long_numbers_ends_at_the_bits_they_take() {
    let model = |layers: &str| {
        format!(
            "Model(name: \"sums\", phases: [forward], symbols: (T: context, d: width), \
             blocks: (f: Block(inputs: (x: \"n d\"), nodes: (y: Linear(x, \"d -> d\")), output: y)), \
             inputs: (x: \"@n d\"), nodes: (y: Repeat(f, \"floor({layers}/d)\", x)), output: y)"
        )
    };
    let call = [
        "formula", "-", "macs", "--set", "T=99999", "--set", "d=1000",
    ];
    let says = ["take more than 536870912 bits together, the limit"];
    refuses(&call, model("sum(i, 1, 99000, 3^i)").as_bytes(), 1, &says);
    let outcome = run_with(&call, model("sum(i, 1, 200, 3^i)").as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let halves = run_with(&call, model("sum(i, 1, 4000, floor(i/2))").as_bytes());
    let layers: u64 = (1..=4000_u64).map(|i| i / 2).sum::<u64>() / 1000;
    let macs = layers * 99_999 * 1000 * 1000;
    assert_eq!(halves.stdout, format!("{macs}\n"), "{}", halves.stderr);
}
