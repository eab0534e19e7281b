//! Chains of ops drawn at random: sizes grow into sums and products, axes merge, move and pair, and every row is walked.

use std::fmt::Write;

use crate::harness::{Bench, read};
use crate::sample::{Draw, Random};

/// How many chains are drawn.
const DRAWN: u64 = 300;
/// Chains are kept this small: scalars of a tensor when every symbol is 2.
const SCALARS: usize = 300;

/// A size as text, and what it is when every symbol is 2.
#[derive(Clone, Debug, PartialEq)]
struct Size(String, usize);

impl Size {
    fn symbol(name: &str) -> Size {
        Size(name.to_owned(), 2)
    }

    fn twice(&self) -> Size {
        Size(format!("2*({})", self.0), 2 * self.1)
    }

    fn more(&self, by: usize) -> Size {
        Size(format!("({}+{by})", self.0), self.1 + by)
    }

    fn times(&self, other: &Size) -> Size {
        Size(format!("({})*({})", self.0, other.0), self.1 * other.1)
    }
}

/// A chain under construction: its nodes, the last of them and the sizes of its axes.
struct Chain {
    nodes: String,
    last: String,
    axes: Vec<Size>,
}

const LABELS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

impl Chain {
    /// Adds a node that gives the axes.
    fn node(&mut self, op: &str, axes: Vec<Size>) {
        let name = format!("y{}", self.nodes.matches('\n').count());
        writeln!(self.nodes, "{name}: {op},").expect("a text grows");
        (self.last, self.axes) = (name, axes);
    }

    /// The last axis of the same size as one that is drawn, which is how a model names it.
    fn any_axis(&self, random: &mut Random) -> (usize, Size) {
        let size = random.pick(&self.axes).clone();
        let at = self
            .axes
            .iter()
            .rposition(|axis| *axis == size)
            .expect("it was drawn from them");
        (at, size)
    }

    /// One op more.
    fn grow(&mut self, random: &mut Random) {
        let (x, mut axes) = (self.last.clone(), self.axes.clone());
        let rank = axes.len();
        let labels = LABELS[..rank].join(" ");
        let (at, size) = self.any_axis(random);
        let end = axes[rank - 1].clone();
        let bias = random.coin();
        match random.within(0, 13) {
            0 => {
                axes[rank - 1] = [Size::symbol("E"), end.clone(), Size::symbol("E").more(1)]
                    [random.place(3)]
                .clone();
                self.node(
                    &format!(
                        r#"Linear({x}, "{} -> {}", {bias})"#,
                        end.0,
                        axes[rank - 1].0
                    ),
                    axes,
                );
            }
            1 => {
                axes.rotate_left(1);
                let turned = [&LABELS[1..rank], &LABELS[..1]].concat().join(" ");
                self.node(&format!(r#"Rearrange({x}, "{labels} -> {turned}")"#), axes);
            }
            // Axes that an einsum paired stay apart; what a merged pair is stands in `positions`.
            2 if rank > 2 && !self.nodes.contains("Einsum") => {
                let merged = axes[0].times(&axes[1]);
                axes.splice(0..2, [merged]);
                let right = LABELS[2..rank].join(" ");
                self.node(
                    &format!(r#"Rearrange({x}, "{labels} -> (a b) {right}")"#),
                    axes,
                );
            }
            3 => {
                axes[at] = size.twice();
                self.node(&format!(r#"Concat([{x}, {x}], "{}")"#, size.0), axes);
            }
            4 => {
                axes[at] = size.more(2);
                self.node(&format!(r#"Pad({x}, "{}", "2")"#, size.0), axes);
            }
            5 => self.node(&format!(r#"Softmax({x}, "{}")"#, size.0), axes),
            6 => self.node(
                &format!(
                    r#"Norm({x}, {}, "{}", {bias})"#,
                    ["rms", "layer"][usize::from(bias)],
                    size.0
                ),
                axes,
            ),
            7 if rank > 2 => {
                axes.remove(at);
                let how = ["sum", "mean", "max"][random.place(3)];
                self.node(&format!(r#"Reduce({x}, {how}, "{}")"#, size.0), axes);
            }
            8 => self.node(
                &format!(
                    "Map({}, [{x}])",
                    ["silu", "gelu_tanh", "rotary"][random.place(3)]
                ),
                axes,
            ),
            9 if rank > 1 => {
                let (kept, other) = (LABELS[..rank - 1].join(" "), LABELS[..rank - 2].join(" "));
                axes[rank - 1] = axes[rank - 2].clone();
                let inner = LABELS[rank - 1];
                self.node(
                    &format!(r#"Einsum("{labels}, {other} z {inner} -> {kept} z", [{x}, {x}])"#),
                    axes,
                );
            }
            10 => {
                axes[at] = size.twice();
                self.node(
                    &format!(r#"Expand({x}, "{} -> {}")"#, size.0, axes[at].0),
                    axes,
                );
            }
            11 if rank > 1 => {
                axes[rank - 2] = Size::symbol("E");
                axes[rank - 1] = end.more(1);
                let map = format!("{} -> E", self.axes[rank - 2].0);
                self.node(&format!(r#"Conv(x: {x}, map: "{map}", kernel: "2", stride: "1", padding: "1", bias: {bias})"#), axes);
            }
            12 if rank > 1 => {
                axes[at] = Size(String::from("2"), 2);
                self.node(&format!(r#"Slice({x}, "{}", "2")"#, size.0), axes);
            }
            _ => self.node(&format!("Map(add, [{x}, {x}])"), axes),
        }
    }
}

/// A model of one chain.
fn drawn(random: &mut Random) -> String {
    let symbols = ["B", "N", "D"].map(Size::symbol);
    let mut chain = Chain {
        nodes: String::new(),
        last: String::from("x"),
        axes: symbols.to_vec(),
    };
    for _ in 0..6 {
        chain.grow(random);
        if chain.axes.iter().map(|axis| axis.1).product::<usize>() > SCALARS {
            break;
        }
    }
    format!(
        "Model(name: \"chain\", symbols: (B: batch, N: \"positions\", D: width, E: \"other width\"), \
         inputs: (x: \"B @N D\"), nodes: (\n{}), output: {})",
        chain.nodes, chain.last
    )
}

#[test]
fn drawn_chains_are_what_a_walk_counts() {
    let mut walked = 0;
    for seed in 0..DRAWN {
        let mut random = Random::new(seed);
        let text = drawn(&mut random);
        // Sizes that a chain reaches in two ways may name another axis than the one that was drawn; the reader then says so.
        if read("chain", &text, Vec::new()).is_err() {
            continue;
        }
        let mut bench = Bench::new(&format!("chain {seed}:\n{text}"), &text, &[]);
        bench.compare_at_random(&mut random, 2, 3);
        bench.compare_at_equal_sizes(2);
        bench.all_horizontal_rows_were_seen();
        walked += 1;
    }
    assert!(walked > DRAWN * 9 / 10, "{walked} of {DRAWN} were models");
}
