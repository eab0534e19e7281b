//! Whole sessions and chunks: a closed form over N decode steps against N real steps, walked one by one.

use crate::harness::Bench;
use crate::sample::Random;

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

#[test]
fn sessions_chunks_and_own_phases_are_what_their_steps_add_up_to() {
    for mask in MASKS {
        let mut bench = Bench::new(&format!("session{mask}"), &session(mask), &[]);
        bench.compare_at_random(&mut Random::new(11), 12, 6);
    }
}

/// Trap 31: what is made of a source is made when a request begins, and each step finds it.
#[test]
fn trap_31_a_source_is_encoded_once_a_request() {
    let mut bench = Bench::new("source", SOURCE, &[]);
    bench.compare_at_random(&mut Random::new(5), 12, 6);
    let once = bench.ledger("decode", "exact");
    let encoder = once.only(|row| row.path.starts_with("encoded"));
    assert_eq!(encoder.macs().to_string(), "0");
    assert_eq!(encoder.params().to_string(), "12*d^2 + 6*d");
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
