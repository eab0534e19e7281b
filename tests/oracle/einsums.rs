//! Einsums drawn at random: labels, their order, sizes, positions and masks, written as model files and walked.

use crate::harness::Bench;
use crate::sample::{Draw, Random};

/// How many einsums are drawn.
const DRAWN: u64 = 400;

/// Draws some of the labels, in a random order, each once.
fn labels<'a>(random: &mut Random, from: &[&'a str], least: i64) -> Vec<&'a str> {
    let most = i64::try_from(from.len()).expect("a short list");
    let wanted = usize::try_from(random.within(least.min(most), most)).expect("a short list");
    let mut left = from.to_vec();
    let mut drawn = Vec::new();
    while drawn.len() < wanted {
        let label = *random.pick(&left);
        left.retain(|other| *other != label);
        drawn.push(label);
    }
    drawn
}

/// A size for a label: its own symbol, or an expression that other labels may share.
fn size(random: &mut Random, label: &str, plain: bool) -> String {
    let symbol = label.to_uppercase();
    match random.within(0, if plain { 0 } else { 5 }) {
        1 => format!("2*{symbol}"),
        2 => format!("({symbol} + 1)"),
        3 => String::from("A"),
        4 => format!("min({symbol}, 2)"),
        _ => symbol,
    }
}

/// A model of one einsum, and whether it has a mask.
fn drawn(random: &mut Random) -> (String, bool) {
    const ALL: [&str; 5] = ["a", "b", "c", "q", "k"];
    let (left, right) = (labels(random, &ALL, 1), labels(random, &ALL, 1));
    let mut known = left.clone();
    known.extend(right.iter().filter(|label| !left.contains(label)));
    let output = labels(random, &known, 0);
    let given = |label: &str| output.contains(&label);
    let possible = known.contains(&"q") && known.contains(&"k");
    let countable = (given("q") || !given("k")) && known.iter().any(|label| !given(label));
    let masked = possible && countable && random.coin();
    const MASKS: [&str; 6] = [
        ", Causal(q, k)",
        ", Causal(queries: q, keys: k, align: top_left)",
        ", Window(q, k, \"W\")",
        ", Chunk(q, k, \"W\")",
        ", Chunk(q, k, \"W\", full)",
        ", Prefix(q, k, \"W\")",
    ];
    let mask = if masked { *random.pick(&MASKS) } else { "" };
    let positions = masked || random.coin();
    let sizes: Vec<(&str, String)> = ALL
        .iter()
        .map(|label| {
            (
                *label,
                size(random, label, positions && ["q", "k"].contains(label)),
            )
        })
        .collect();
    let axes = |labels: &[&str]| {
        let axis = |label: &&str| {
            let (_, size) = sizes
                .iter()
                .find(|(name, _)| name == label)
                .expect("every label has a size");
            let mark = if positions && ["q", "k"].contains(label) {
                "@"
            } else {
                ""
            };
            format!("{mark}{size}")
        };
        labels.iter().map(axis).collect::<Vec<_>>().join(" ")
    };
    let text = format!(
        r#"Model(name: "drawn", symbols: (A: "a", B: "b", C: "c", Q: "queries", K: "keys", W: window),
            inputs: (x: "{}", y: "{}"),
            nodes: (z: Einsum("{}, {} -> {}", [x, y]{mask})),
            output: z)"#,
        axes(&left),
        axes(&right),
        left.join(" "),
        right.join(" "),
        output.join(" "),
    );
    (text, masked)
}

#[test]
fn drawn_einsums_are_what_a_walk_counts() {
    let (mut masked, mut horizontal) = (0, 0);
    for seed in 0..DRAWN {
        let mut random = Random::new(seed);
        let (text, mask) = drawn(&mut random);
        let mut bench = Bench::new(&format!("einsum {seed}:\n{text}"), &text, &[]);
        bench.compare_at_random(&mut random, 2, 3);
        masked += u64::from(mask);
        horizontal += u64::from(bench.claims_horizontal());
    }
    assert!(masked > DRAWN / 10, "{masked} of {DRAWN} had a mask");
    assert!(
        horizontal > DRAWN / 10,
        "{horizontal} of {DRAWN} mixed positions"
    );
}
