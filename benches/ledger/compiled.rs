//! Compiled formulas at many points, and a copy of as many bytes as their columns and results have.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use dotledger::sym::Compiled;
use dotledger::{Formula, Model, Options, Profile};

/// From what a first cache holds to more than a last one does: 128 KiB, 1 MiB, 8 MiB and 128 MiB for the first formula.
const POINTS: [usize; 4] = [4_096, 32_768, 262_144, 4_194_304];

/// `12*L*T*d^2 + 2*L*T^2*d`.
fn walkthrough() -> Formula {
    let model = dotledger::trace(include_str!("../../models/walkthrough.ron")).expect("a model");
    let macs = model.forward().expect("a ledger").macs();
    macs.in_basis(&["T", "L", "d"])
        .expect("symbols of the model")
}

fn compiled_walkthrough() -> Compiled {
    let compiled = walkthrough().compile(&["T", "L", "d"]);
    compiled.expect("all symbols are columns")
}

/// Llama's MACs, everything chosen but batch and context.
fn compiled_llama() -> Compiled {
    let options = Options {
        preset: Some(String::from("llama3_8b")),
        set: Vec::new(),
        ..Options::default()
    };
    let text = include_str!("../../models/llama.ron");
    let model = Model::read("llama.ron", text, &options).expect("a model");
    let macs = model.forward().expect("a ledger").macs();
    macs.compile(&["B", "T"]).expect("all others have values")
}

/// A session of a model with windows, in a floor and several minima.
fn compiled_windows() -> Compiled {
    let options = Options {
        preset: Some(String::from("gemma2_27b")),
        set: Vec::new(),
        ..Options::default()
    };
    let text = include_str!("../../models/gemma2.ron");
    let model = Model::read("gemma2.ron", text, &options).expect("a model");
    let ledger = model.ledger("generate", &Profile::exact());
    let macs = ledger.expect("a ledger").macs();
    let compiled = macs.compile(&["B", "T", "N", "L"]);
    compiled.expect("all others have values")
}

/// Small positive integers, another sequence in each column.
fn columns<T: From<u16>>(count: usize, points: usize) -> Vec<Vec<T>> {
    let number = |column: usize, at: usize| (at * (2 * column + 3) % (199 - 10 * column)) as u16;
    let column = |column| (0..points).map(move |at| T::from(number(column, at) + 1));
    (0..count).map(|at| column(at).collect()).collect()
}

fn bytes(columns: usize, points: usize) -> BytesCount {
    BytesCount::new((columns + 1) * points * size_of::<f64>())
}

/// Reads half and writes half of the bytes that an evaluation of the first formula reads and writes.
#[divan::bench(args = POINTS)]
fn copy_of_the_bytes_of_3_columns(bencher: Bencher, points: usize) {
    copy(bencher, 3, points);
}

/// The same for the second formula.
#[divan::bench(args = POINTS)]
fn copy_of_the_bytes_of_2_columns(bencher: Bencher, points: usize) {
    copy(bencher, 2, points);
}

fn copy(bencher: Bencher, columns: usize, points: usize) {
    let from = vec![1.0_f64; (columns + 1) * points / 2];
    let mut to = vec![0.0_f64; from.len()];
    bencher
        .counter(bytes(columns, points))
        .counter(ItemsCount::new(points))
        .bench_local(|| black_box(&mut *to).copy_from_slice(black_box(&from)));
}

fn float(bencher: Bencher, compiled: &Compiled, points: usize) {
    let count = compiled.columns().len();
    let columns = columns::<f64>(count, points);
    let columns: Vec<&[f64]> = columns.iter().map(|column| &**column).collect();
    let mut out = vec![0.0; points];
    bencher
        .counter(bytes(count, points))
        .counter(ItemsCount::new(points))
        .bench_local(|| {
            let done = black_box(compiled).eval_f64(black_box(&columns), black_box(&mut out));
            done.expect("counts at all points");
        });
}

/// `12*L*T*d^2 + 2*L*T^2*d` in three columns of `f64`.
#[divan::bench(args = POINTS)]
fn floats_of_3_columns(bencher: Bencher, points: usize) {
    float(bencher, &compiled_walkthrough(), points);
}

/// Llama's MACs in two columns of `f64`.
#[divan::bench(args = POINTS)]
fn floats_of_2_columns(bencher: Bencher, points: usize) {
    float(bencher, &compiled_llama(), points);
}

/// A session with windows in four columns of `f64`.
#[divan::bench(args = [262_144])]
fn floats_of_a_session_with_windows(bencher: Bencher, points: usize) {
    float(bencher, &compiled_windows(), points);
}

fn exact(bencher: Bencher, compiled: &Compiled, points: usize, scale: i64) {
    let mut columns = columns::<i64>(compiled.columns().len(), points);
    columns[0].iter_mut().for_each(|value| *value *= scale);
    let columns: Vec<&[i64]> = columns.iter().map(|column| &**column).collect();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(points)).bench_local(|| {
        let done = black_box(compiled).eval_exact(black_box(&columns), &mut out);
        done.expect("counts at all points");
    });
}

/// The same formula exactly, in words.
#[divan::bench(args = [262_144])]
fn exact_of_3_columns(bencher: Bencher, points: usize) {
    exact(bencher, &compiled_walkthrough(), points, 1);
}

/// The same beyond 64 bits.
#[divan::bench(args = [262_144])]
fn exact_of_3_columns_wide(bencher: Bencher, points: usize) {
    exact(bencher, &compiled_walkthrough(), points, 1 << 40);
}

#[divan::bench(args = [262_144])]
fn exact_of_a_session_with_windows(bencher: Bencher, points: usize) {
    exact(bencher, &compiled_windows(), points, 1);
}

/// What a point takes that is evaluated by itself.
#[divan::bench(args = [4_096])]
fn single_points_of_3_columns(bencher: Bencher, points: usize) {
    let formula = walkthrough();
    let columns = columns::<u64>(3, points);
    bencher.counter(ItemsCount::new(points)).bench_local(|| {
        for ((t, l), d) in columns[0].iter().zip(&columns[1]).zip(&columns[2]) {
            let values = [("T", *t), ("L", *l), ("d", *d)];
            black_box(formula.at(&values).expect("a count"));
        }
    });
}

#[divan::bench]
fn compilation_of_a_session_with_windows(bencher: Bencher) {
    let options = Options {
        preset: Some(String::from("gemma2_27b")),
        set: Vec::new(),
        ..Options::default()
    };
    let text = include_str!("../../models/gemma2.ron");
    let model = Model::read("gemma2.ron", text, &options).expect("a model");
    let ledger = model.ledger("generate", &Profile::exact());
    let macs = ledger.expect("a ledger").macs();
    bencher.bench(|| {
        let compiled = black_box(&macs).compile(&["B", "T", "N", "L"]);
        compiled.expect("all others have values")
    });
}
