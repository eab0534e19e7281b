//! Nodes of a graph: the text stands in a model that has symbols of all roles, blocks of all kinds and inputs of many
//! shapes, and makes a node `y`.

use super::model;

/// Checks the model that the nodes make.
pub fn check(text: &str) {
    model::check(&format!("{HEAD}{text}{TAIL}"));
}

const HEAD: &str = r#"Model(name: "m", phases: [forward, prefill, decode, chunk, generate], switches: (tied: true),
    symbols: (B: batch, T: context, L: layers, d: width, H: heads, K: kv_heads, dh: head_size, f: Derived("4*d", mlp_width),
        E: experts, k: active_experts, V: vocabulary, W: window, C: "", P: "", N: "", z: Symbol(role: "", min: 0)),
    relations: ["H*dh = d", "K | H", "k <= E"],
    blocks: (
        same: Block(inputs: (x: "n d"), nodes: (y: Map(add, [x, x])), output: y),
        mlp:  Block(inputs: (x: "n d"), nodes: (u: Linear(x, "d -> f"), y: Linear(u, "f -> d")), output: y),
        wide: Block(dims: [w], inputs: (x: "n d"), nodes: (u: Linear(x, "d -> w"), y: Linear(u, "w -> d")), output: y),
        pair: Block(inputs: (a: "n d", b: "n d"), nodes: (y: Map(add, [a, b])), output: y),
        cell: Block(inputs: (h: "d", x: "d"), nodes: (u: Linear(x, "d -> d"), y: Map(add, [h, u])), output: y),
    ),
    inputs: (x: "@n d", q: "@n H dh", keys: "@s K dh", ids: "@n", image: "C @H @W", batch: "B @n d"),
    nodes: ("#;

const TAIL: &str = "),\n    output: y)";
