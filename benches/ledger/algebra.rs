//! The algebra: sums, products, substitution, changes of basis, text.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dotledger::sym::{Context, Domain, Form, Poly, Subst, Symbols, Syntax, parse_poly, print};
use dotledger::{Formula, Model, Options, Profile};

/// `terms` distinct terms of two symbols.
fn terms(symbols: &mut Symbols, terms: u32) -> Vec<Poly> {
    let mut symbol = |name: &str| {
        Poly::symbol(
            symbols
                .declare(name, Domain::default())
                .expect("a new name"),
        )
    };
    let (a, b) = (symbol("a"), symbol("b"));
    let power = |base: &Poly, exponent| base.pow(exponent).expect("a small power");
    (0..terms)
        .map(|at| power(&a, at % 100 + 1) * power(&b, at / 100 + 1))
        .collect()
}

#[divan::bench]
fn sum_of_10_000_distinct_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let terms = terms(&mut symbols, 10_000);
    bencher.bench(|| Poly::sum(black_box(&terms).iter().cloned()));
}

#[divan::bench]
fn print_of_10_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 10_000));
    bencher.bench(|| print(black_box(&poly), &symbols, Form::Expanded, Syntax::Ascii));
}

#[divan::bench]
fn parse_of_10_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 10_000));
    let text = print(&poly, &symbols, Form::Expanded, Syntax::Ascii);
    bencher
        .bench(|| parse_poly(black_box(&text), &mut Context::new(&symbols)).expect("well formed"));
}

#[divan::bench]
fn factor_of_1_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 1_000));
    bencher.bench(|| print(black_box(&poly), &symbols, Form::Factored, Syntax::Ascii));
}

/// The product of two formulas of so many terms each, of which no two products are alike.
#[divan::bench(args = [10, 100, 300])]
fn product_of_two_sums(bencher: Bencher, count: u32) {
    let mut symbols = Symbols::new();
    let left = Poly::sum(terms(&mut symbols, count));
    let c = symbols.declare("c", Domain::default());
    let c = Poly::symbol(c.expect("a new name"));
    let power = |at| c.pow(at).expect("a small power");
    let right = Poly::sum((1..=count).map(power));
    bencher
        .counter(ItemsCount::new(count * count))
        .bench(|| black_box(&left) * black_box(&right));
}

/// Two formulas of the same symbols, so that most products meet another one.
#[divan::bench]
fn square_of_300_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 300));
    bencher
        .counter(ItemsCount::new(300_u32 * 300))
        .bench(|| black_box(&poly) * black_box(&poly));
}

/// A product put in place of a symbol of ten thousand terms.
#[divan::bench]
fn substitution_of_a_product_in_10_000_terms(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let poly = Poly::sum(terms(&mut symbols, 10_000));
    let [a, b] = ["a", "b"].map(|name| symbols.lookup(name).expect("declared"));
    let c = symbols.declare("c", Domain::default());
    let product = Poly::symbol(b) * Poly::symbol(c.expect("a new name"));
    let put = Subst::from_iter([(a, product)]);
    bencher.counter(ItemsCount::new(10_000_u32)).bench(|| {
        let changed = Context::new(&symbols).substitute(black_box(&poly), &put);
        changed.expect("no limit is exceeded")
    });
}

/// A sum put in place of a symbol of 231 terms, which are multiplied out.
#[divan::bench]
fn substitution_of_a_sum_in_a_power_of_20(bencher: Bencher) {
    let mut symbols = Symbols::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| {
        let sym = symbols.declare(name, Domain::default());
        sym.expect("a new name")
    });
    let sum = |a, b| Poly::symbol(a) + Poly::symbol(b);
    let poly = (sum(a, b) + Poly::one()).pow(20).expect("231 terms");
    let put = Subst::from_iter([(a, sum(b, c))]);
    bencher.bench(|| {
        let changed = Context::new(&symbols).substitute(black_box(&poly), &put);
        changed.expect("no limit is exceeded")
    });
}

fn macs(text: &str, preset: Option<&str>, phase: &str) -> Formula {
    let options = Options {
        preset: preset.map(str::to_owned),
        set: Vec::new(),
        ..Options::default()
    };
    let model = Model::read("model.ron", text, &options).expect("a valid model");
    let ledger = model.ledger(phase, &Profile::exact());
    ledger.expect("a ledger").macs()
}

#[divan::bench]
fn basis_change_of_walkthrough(bencher: Bencher) {
    let macs = macs(
        include_str!("../../models/walkthrough.ron"),
        None,
        "forward",
    );
    bencher.bench(|| {
        let changed = black_box(&macs).in_basis(&["T", "L", "d"]);
        changed.expect("symbols of the model")
    });
}

#[divan::bench]
fn basis_change_of_a_session_with_windows(bencher: Bencher) {
    let text = include_str!("../../models/gemma2.ron");
    let macs = macs(text, Some("gemma2_27b"), "generate");
    bencher.bench(|| {
        let changed = black_box(&macs).in_basis(&["B", "T", "N", "L"]);
        changed.expect("symbols of the model")
    });
}
