//! How long things take: `cargo bench`, and what it says in `docs/benchmarks.md`.

mod algebra;
mod compiled;
mod models;
mod processes;

fn main() {
    divan::main();
}
