//! Whole sessions and chunks: a closed form over N decode steps against N real steps, walked one by one.

use std::collections::BTreeMap;

use dotledger::ledger::{Ledger, Row};
use dotledger::sym::{Bindings, Coeff, Poly};
use dotledger::work::Length;

use super::compare::{lengths, whole};
use super::concrete::{Count, Positions, Run, Store};
use super::harness::Bench;
use super::models::{settings, shipped};
use super::sample::{Random, small};

/// A layer of attention over a cache under a mask, twice over, with a head for the positions that are wanted.
fn session(mask: &str) -> String {
    format!(
        r#"Model(name: "session", phases: [forward, prefill, decode, chunk, generate, Phase(name: draft, n: "2", p: "T", o: "2")],
            symbols: (L: layers, T: context, N: "tokens", C: "new", P: "before", W: window, d: width, V: vocabulary),
            blocks: (layer: Block(inputs: (x: "n d"), nodes: (
                q:       Linear(x, "d -> d", true),
                keys:    Cache(x, "n"),
                scores:  Einsum("n e, s e -> n s", [q, keys]{mask}),
                weights: Softmax(scores, "s"),
                mixed:   Einsum("n s, s e -> n e", [weights, keys]{mask}),
            ), output: mixed)),
            inputs: (x: "@n d"), nodes: (
                layers: Repeat(layer, "L", x),
                last:   Slice(layers, "n", "o"),
                logits: Linear(last, "d -> V"),
            ), output: logits)"#
    )
}

/// A decoder over a source that is encoded once a request, and that keeps what its layers make of it.
const SOURCE: &str = r#"Model(name: "source", phases: [forward, prefill, decode, chunk, generate, Phase(name: draft, n: "2", p: "T", o: "2")],
    symbols: (L: layers, T: context, S: "source", N: "tokens", C: "new", P: "before", d: width, V: vocabulary),
    blocks: (
        mlp: Block(dims: [m], inputs: (x: "m d"), nodes: (up: Linear(x, "d -> 3*d", true), down: Linear(up, "3*d -> d")), output: down),
        mix: Block(inputs: (x: "S d"), nodes: (
            scores:  Einsum("n e, m e -> n m", [x, x]),
            weights: Softmax(scores, "S"),
            mixed:   Einsum("n m, m e -> n e", [weights, x]),
            y:       Call(mlp, mixed, (m: "S")),
        ), output: y),
        layer: Block(inputs: (x: "n d", source: "S d"), nodes: (
            qkv: Part(kept: Once(k: Linear(source, "d -> 2*d"), keys: Cache(k, "S"))),
            own:     Cache(x, "n"),
            self:    Einsum("n e, s e -> n s", [x, own], Causal(n, s)),
            mixed:   Einsum("n s, s e -> n e", [self, own], Causal(n, s)),
            q:       Linear(mixed, "d -> 2*d"),
            scores:  Einsum("n e, m e -> n m", [q, keys]),
            weights: Softmax(scores, "S"),
            seen:    Einsum("n m, m e -> n e", [weights, keys]),
            y:       Linear(seen, "2*d -> d"),
            z:       Call(mlp, y, (m: "n")),
        ), output: z),
    ),
    inputs: (source: "@S d", x: "@n d"),
    nodes: (
        encoder: Once(
            encoded: Repeat(mix, "2", source),
            norm: Part(memory: Norm(encoded, rms, "d")),
        ),
        layers: Repeat(layer, "L", [x, memory]),
        last:   Slice(layers, "n", "o"),
        logits: Linear(last, "d -> V"),
    ), output: logits)"#;

const MASKS: [&str; 6] = [
    "",
    ", Causal(n, s)",
    r#", Window(n, s, "W")"#,
    r#", Chunk(n, s, "W")"#,
    r#", Chunk(n, s, "W", full)"#,
    r#", Prefix(n, s, "W")"#,
];

/// What a row of the ledger says at some numbers, and what the walks of its stage counted.
fn compare(
    ledger: &Ledger,
    row: &Row,
    numbers: &Bindings,
    walked: &Count,
    (params, last): (u64, Store),
    what: &str,
) {
    let at = |poly: &Poly| {
        poly.eval(numbers, &ledger.symbols)
            .unwrap_or_else(|error| panic!("{what}: {}", error.message(&ledger.symbols)))
    };
    assert_eq!(
        at(row.amounts.dots.poly()),
        whole(walked.dots()),
        "{what}: dots"
    );
    assert_eq!(
        at(row.amounts.macs.poly()),
        whole(walked.macs()),
        "{what}: macs"
    );
    assert_eq!(
        at(row.amounts.params.poly()),
        whole(params),
        "{what}: params"
    );
    let amounts = &row.amounts;
    let stored = [
        ("cached", &amounts.cached, last.cached),
        ("state", &amounts.state, last.state),
        ("read", &amounts.cache_read, walked.store.read),
        ("written", &amounts.cache_written, walked.store.written),
    ];
    for (name, told, walked) in stored {
        assert_eq!(at(told.poly()), whole(walked), "{what}: scalars {name}");
    }
    let elementwise: BTreeMap<&str, Coeff> = row
        .elementwise
        .iter()
        .map(|(kind, count)| (kind.word(), at(count.poly())))
        .filter(|(_, count)| !count.is_zero())
        .collect();
    let counted = walked
        .elementwise
        .iter()
        .map(|(kind, count)| (*kind, whole(*count)));
    assert_eq!(elementwise, counted.collect(), "{what}: elementwise");
    let Some(walked) = lengths(walked) else {
        return;
    };
    let told = match row.length.as_ref().expect("a row of dots has a length") {
        Length::Fixed(length) => [at(length), at(length), at(length)],
        Length::Varies { min, max, mean } => {
            let mean = mean.as_ref().expect("a mean");
            [at(min), at(max), at(mean)]
        }
    };
    assert_eq!(told, walked, "{what}: least, greatest and mean length");
}

/// The walks of each stage of a phase, by the stage's name.
fn walks(bench: &Bench, phase: &str, numbers: &Bindings) -> Vec<(&'static str, Vec<Run>)> {
    let value = |name: &str| {
        let sym = bench.model.symbols().lookup(name).expect("declared");
        i64::try_from(numbers.get(sym).expect("drawn").clone()).expect("small")
    };
    let walk = |new, past, wanted| {
        bench
            .walk_at(
                Positions {
                    new,
                    past,
                    wanted,
                    begins: past == 0,
                },
                numbers,
                true,
            )
            .expect("fits at these sizes")
    };
    match phase {
        "chunk" => vec![("", vec![walk(value("C"), value("P"), 1)])],
        "draft" => vec![("", vec![walk(2, value("T"), 2)])],
        _ => {
            let steps = 1..=value("N");
            let context = value("T");
            let decode = steps.map(|step| walk(1, context + step - 1, 1));
            vec![
                ("prefill.", vec![walk(context, 0, 1)]),
                ("decode.", decode.collect()),
            ]
        }
    }
}

pub(crate) fn compare_phase(bench: &Bench, phase: &str, numbers: &Bindings, what: &str) {
    let ledger = bench.ledger(phase, "exact");
    let mut rows = 0;
    let stages = walks(bench, phase, numbers);
    let last = stages.len() - 1;
    for (at, (prefix, runs)) in stages.into_iter().enumerate() {
        for entry in &runs[0].entries {
            let mut walked = Count::default();
            for run in &runs {
                walked.add(
                    &run.entry(&entry.path)
                        .expect("every step runs every node")
                        .count,
                );
            }
            let path = format!("{prefix}{}", entry.path);
            let at_the_end = runs.last().and_then(|run| run.entry(&entry.path));
            let left = at_the_end.map_or(Store::default(), |entry| entry.count.store);
            let row = ledger.rows.iter().find(|row| row.path == path);
            let row = row.unwrap_or_else(|| panic!("{what}: no row `{path}`"));
            let params = if at == 0 {
                entry.count.weights.values().sum()
            } else {
                0
            };
            compare(
                &ledger,
                row,
                numbers,
                &walked,
                (params, if at == last { left } else { Store::default() }),
                &format!("{what} {path}"),
            );
            rows += 1;
        }
    }
    assert_eq!(rows, ledger.rows.len(), "{what}: rows that nothing walked");
}

/// What all rows of a session add up to, beside its walks: a block that is called from several places has one row for them,
/// so that rows alone cannot be compared.
fn compare_session(bench: &Bench, numbers: &Bindings, what: &str) {
    let ledger = bench.ledger("generate", "exact");
    let stages = walks(bench, "generate", numbers);
    let (mut all, mut end) = (Count::default(), Store::default());
    for (at, run) in stages.iter().flat_map(|(_, runs)| runs).enumerate() {
        end = Store::default();
        for entry in &run.entries {
            let mut count = entry.count.clone();
            if at > 0 {
                count.weights.clear();
            }
            all.add(&count);
            end.add(&count.store);
        }
    }
    let total = ledger.total();
    let sums = [
        ("dots", total.dots.poly(), all.dots()),
        ("macs", total.macs.poly(), all.macs()),
        ("elementwise", total.elementwise.poly(), all.operations()),
        ("params", total.params.poly(), all.weights.values().sum()),
        ("cached", total.cached.poly(), end.cached),
        ("state", total.state.poly(), end.state),
        ("read", total.cache_read.poly(), all.store.read),
        ("written", total.cache_written.poly(), all.store.written),
    ];
    for (name, told, walked) in sums {
        let told = told
            .eval(numbers, &ledger.symbols)
            .unwrap_or_else(|error| panic!("{what}: {}", error.message(&ledger.symbols)));
        assert_eq!(told, whole(walked), "{what}: {name}");
    }
}

#[test]
fn sessions_chunks_and_own_phases_are_what_their_steps_add_up_to() {
    for mask in MASKS {
        let bench = Bench::new(&format!("session{mask}"), &session(mask), &[]);
        let mut random = Random::new(11);
        for _ in 0..12 {
            let numbers = small(&bench.model, &mut random, 6);
            for phase in ["chunk", "generate", "draft"] {
                let what = format!("{phase}{mask} at {numbers:?}");
                compare_phase(&bench, phase, &numbers, &what);
            }
        }
    }
}

/// Trap 31: what is made of a source is made when a request begins, and each step finds it.
#[test]
fn trap_31_a_source_is_encoded_once_a_request() {
    let mut bench = Bench::new("source", SOURCE, &[]);
    bench.compare_at_random(&mut Random::new(5), 6, 5);
    let mut random = Random::new(7);
    for _ in 0..12 {
        let numbers = small(&bench.model, &mut random, 6);
        for phase in ["chunk", "generate", "draft"] {
            let what = format!("{phase} of a source at {numbers:?}");
            compare_phase(&bench, phase, &numbers, &what);
        }
    }
    let once = bench.ledger("decode", "exact");
    let encoder = once.only(|row| row.path.starts_with("encoded"));
    assert_eq!(encoder.macs().to_string(), "0");
    assert_eq!(encoder.params().to_string(), "12*d^2 + 6*d");
}

#[test]
fn a_session_of_every_shipped_model_is_what_its_steps_add_up_to() {
    for (name, text) in shipped() {
        for switches in settings(&Bench::new(&name, &text, &[]).model) {
            let bench = Bench::new(&name, &text, &switches);
            if !bench.model.phases().contains(&"generate") {
                continue;
            }
            let mut random = Random::new(17);
            let mut compared = 0;
            for _ in 0..200 {
                let numbers = small(&bench.model, &mut random, 3);
                if compared < 2 && bench.accepted("generate", &numbers).is_ok() {
                    let what = format!("{name} {switches:?} at {numbers:?}");
                    compare_session(&bench, &numbers, &what);
                    compared += 1;
                }
            }
            assert_eq!(compared, 2, "{name} {switches:?}: hardly any sizes fit");
        }
    }
}

#[test]
fn a_session_of_a_dense_decoder_is_one_polynomial() {
    let bench = Bench::new("session", &session(", Causal(n, s)"), &[]);
    let ledger = bench.ledger("generate", "exact");
    let mixed = ledger.only(|row| row.path.ends_with(".mixed")).macs();
    assert_eq!(
        mixed.to_string(),
        "L*N^2*d/2 + L*T*N*d + L*N*d/2 + L*T^2*d/2 + L*T*d/2"
    );
}
