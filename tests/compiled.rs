//! Compiled formulas against the exact evaluator, point by point: the same numbers, and where there is none the same words.

use dashu_int::IBig;
use dashu_ratio::RBig;
use dotledger::dtype::Dtype;
use dotledger::sym::{
    Atom, Bindings, Coeff, CompileError, Compiled, Condition, Conditions, Context, Demands, Domain,
    OpaqueKind, PointError, Poly, Sym, Symbols, parse,
};
use dotledger::work::Bound;
use dotledger::{Formula, Ledger, Model, Options, Profile};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

const NAMES: [&str; 4] = ["T", "W", "C", "d"];

fn symbols() -> (Symbols, [Sym; 4]) {
    let mut symbols = Symbols::new();
    let all = NAMES.map(|name| symbols.declare(name, Domain::default()).expect("distinct"));
    (symbols, all)
}

fn read(text: &str, symbols: &Symbols) -> Poly {
    parse(text)
        .expect("a formula")
        .lower_freely(
            &mut |name, _| symbols.lookup(name).map(Poly::symbol),
            &mut Context::new(symbols),
        )
        .expect("every operation has a result")
}

/// Texts of formulas, of integers alone or with fractions in them.
fn text(whole: bool) -> BoxedStrategy<String> {
    let name = || (0..4_usize).prop_map(|at| NAMES[at].to_owned());
    let leaf = prop_oneof![2 => (-3..8_i64).prop_map(|n| format!("({n})")), 5 => name()];
    let tree = leaf.prop_recursive(4, 20, 3, move |inner| {
        let two = || (inner.clone(), inner.clone());
        let quotient = if whole { "floor" } else { "" };
        let bound = (0..3_usize, 0..4_i64).prop_map(|(at, n)| format!("{} + {n}", NAMES[at]));
        prop_oneof![
            4 => two().prop_map(|(a, b)| format!("({a} + {b})")),
            3 => two().prop_map(|(a, b)| format!("({a} - {b})")),
            4 => two().prop_map(|(a, b)| format!("{a}*{b}")),
            1 => (inner.clone(), 0..6_u32).prop_map(|(a, n)| format!("({a})^{n}")),
            2 => (inner.clone(), name(), 1..4).prop_map(move |(a, b, n)| format!("{quotient}(({a})/({n}*{b}))")),
            2 => (inner.clone(), name(), name()).prop_map(|(a, b, c)| format!("floor(({a})/({b} + {c}))")),
            1 => (inner.clone(), name()).prop_map(|(a, b)| format!("mod({a}, {b})")),
            2 => two().prop_map(|(a, b)| format!("min({a}, {b})")),
            1 => two().prop_map(|(a, b)| format!("max({a}, {b})")),
            1 => (inner.clone(), name()).prop_map(|(a, b)| format!("({a})*2^{b}")),
            1 => (name(), bound.clone()).prop_map(|(a, b)| format!("{a}^({b})")),
            1 => (inner.clone(), bound).prop_map(|(a, b)| format!("sum(q, 1, {b}, min({a}, q) + floor(q/3)*q)")),
        ]
    });
    tree.boxed()
}

/// Small values, and now and then a large one.
fn value(large: bool) -> impl Strategy<Value = i64> {
    let far = if large { 1..i64::MAX } else { 1..40 };
    prop_oneof![30 => 1..9_i64, 1 => far]
}

fn points(large: bool) -> impl Strategy<Value = Vec<[i64; 4]>> {
    prop::collection::vec(prop::array::uniform4(value(large)), 0..24)
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    }
}

fn bind(all: &[Sym; 4], at: &[i64; 4]) -> Bindings {
    all.iter().copied().zip(at.iter().copied()).collect()
}

/// Points as columns of the first symbols.
fn columns<const N: usize>(points: &[[i64; 4]]) -> [Vec<i64>; N] {
    std::array::from_fn(|column| points.iter().map(|point| point[column]).collect())
}

fn slices<T>(columns: &[Vec<T>]) -> Vec<&[T]> {
    columns.iter().map(|column| &**column).collect()
}

fn floats(columns: &[Vec<i64>]) -> Vec<Vec<f64>> {
    let float = |column: &Vec<i64>| column.iter().map(|value| *value as f64).collect();
    columns.iter().map(float).collect()
}

/// All values, or the first point that has none, by the exact evaluator.
fn one_by_one(
    points: usize,
    value: impl Fn(usize) -> Result<Coeff, String>,
) -> Result<Vec<Coeff>, PointError> {
    let fail = |point, message| PointError::Point { point, message };
    (0..points)
        .map(|at| value(at).map_err(|message| fail(at, message)))
        .collect()
}

fn exact(compiled: &Compiled, columns: &[Vec<i64>]) -> Result<Vec<Coeff>, PointError> {
    let mut out = Vec::new();
    compiled.eval_exact(&slices(columns), &mut out)?;
    Ok(out)
}

fn float(compiled: &Compiled, columns: &[Vec<f64>], points: usize) -> Result<Vec<f64>, PointError> {
    let mut out = vec![f64::NAN; points];
    compiled.eval_f64(&slices(columns), &mut out)?;
    Ok(out)
}

/// The formula with all minus signs made plus, and the larger argument of each `min`, at a point.
fn magnitude(poly: &Poly, at: &Bindings, symbols: &Symbols) -> Coeff {
    let mut sum = Coeff::ZERO;
    for term in poly.terms() {
        let mut product = term.coeff().abs();
        for (atom, e) in term.factors() {
            let base = match atom {
                Atom::Opaque(opaque) => match opaque.kind() {
                    OpaqueKind::Min(parts) if *e > 0 => {
                        let parts = parts.iter().map(|part| magnitude(part, at, symbols));
                        parts.max().expect("two at least")
                    }
                    _ => value_of(atom, at, symbols),
                },
                Atom::Sym(_) => value_of(atom, at, symbols),
            };
            product = &product * &base.abs().pow(*e).expect("a value");
        }
        sum = &sum + &product;
    }
    sum
}

fn value_of(atom: &Atom, at: &Bindings, symbols: &Symbols) -> Coeff {
    let value = Poly::atom(atom.clone()).eval(at, symbols);
    value.expect("the whole formula has a value")
}

fn rational(coeff: &Coeff) -> RBig {
    RBig::from_parts_signed(coeff.numerator(), coeff.denominator())
}

/// Whether a value in `f64` is as near as is promised.
fn is_near(got: f64, want: &Coeff, magnitude: &Coeff, roundings: u32) -> bool {
    if !got.is_finite() {
        return want.to_f64() == got;
    }
    let error = RBig::try_from(got).expect("finite") - rational(want);
    let unit = RBig::from_parts(IBig::ONE, IBig::ONE.unsigned_abs() << 53);
    let first = RBig::from(roundings) * &unit;
    // What is left out at first order is below a few thousandths of it.
    let bound = rational(magnitude) * (first * RBig::from_parts(1001.into(), 1000_u32.into()));
    error.clone().max(-error) <= bound
}

use dashu_int::ops::UnsignedAbs as _;

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn exact_values_are_those_of_the_evaluator(text in text(false), points in points(true), bound in 0..3_usize, fixed in value(false)) {
        let (symbols, all) = symbols();
        let poly = read(&text, &symbols);
        let points: Vec<[i64; 4]> = points
            .into_iter()
            .map(|mut point| {
                point[4 - bound..].fill(fixed);
                point
            })
            .collect();
        let numbers = Bindings::from_iter(all[4 - bound..].iter().map(|sym| (*sym, fixed)));
        let compiled = poly.compile(&all[..4 - bound], &numbers, &symbols).expect("all have values");
        let want = one_by_one(points.len(), |at| {
            let value = poly.eval(&bind(&all, &points[at]), &symbols);
            value.map_err(|error| error.message(&symbols))
        });
        let all_columns: [Vec<i64>; 4] = columns(&points);
        prop_assert_eq!(exact(&compiled, &all_columns[..4 - bound]), want, "{}", text);
    }

    #[test]
    fn counts_are_those_of_the_evaluator_in_both_modes(text in text(false), points in points(false)) {
        let (symbols, all) = symbols();
        let poly = read(&text, &symbols);
        let demands = Demands { count: true, ..Demands::default() };
        let compiled = Compiled::new(&poly, &all, &Bindings::new(), &symbols, demands).expect("all have values");
        let want = one_by_one(points.len(), |at| {
            let value = poly.eval_count(&bind(&all, &points[at]), &symbols);
            value.map(Coeff::from).map_err(|error| error.message(&symbols))
        });
        let columns: [Vec<i64>; 4] = columns(&points);
        prop_assert_eq!(float(&compiled, &floats(&columns), points.len()).map(|_| ()), want.clone().map(|_| ()), "{}", text);
        prop_assert_eq!(exact(&compiled, &columns), want, "{}", text);
    }

    #[test]
    fn rounded_values_are_as_near_as_is_promised(text in text(false), points in points(false)) {
        let (symbols, all) = symbols();
        let poly = read(&text, &symbols);
        let compiled = poly.compile(&all, &Bindings::new(), &symbols).expect("all have values");
        let columns: [Vec<i64>; 4] = columns(&points);
        let want = one_by_one(points.len(), |at| {
            let value = poly.eval(&bind(&all, &points[at]), &symbols);
            value.map_err(|error| error.message(&symbols))
        });
        let got = float(&compiled, &floats(&columns), points.len());
        match (got, want, compiled.roundings()) {
            (Ok(got), Ok(want), Some(roundings)) => {
                for (at, (got, want)) in got.iter().zip(&want).enumerate() {
                    let magnitude = magnitude(&poly, &bind(&all, &points[at]), &symbols);
                    prop_assert!(is_near(*got, want, &magnitude, roundings), "{}: {} for {} at {:?}", text, got, want, points[at]);
                }
            }
            (got, want, _) => prop_assert_eq!(got.map(|_| ()), want.map(|_| ()), "{}", text),
        }
    }

    #[test]
    fn integers_of_53_bits_are_exact_in_floats(text in text(true), points in points(false)) {
        let (symbols, all) = symbols();
        let poly = read(&text, &symbols);
        let compiled = poly.compile(&all, &Bindings::new(), &symbols).expect("all have values");
        let columns: [Vec<i64>; 4] = columns(&points);
        let Ok(got) = float(&compiled, &floats(&columns), points.len()) else {
            return Ok(());
        };
        for (at, got) in got.iter().enumerate() {
            let numbers = bind(&all, &points[at]);
            // Sums and powers may be larger on the way.
            if magnitude(&poly, &numbers, &symbols) <= Coeff::from(1 << 40) && compiled.roundings().is_some() {
                prop_assert_eq!(Ok(*got), poly.eval(&numbers, &symbols).map(|value| value.to_f64()), "{}", text);
            }
        }
    }

    #[test]
    fn conditions_decide_as_they_do_for_a_single_point(a in text(false), b in text(false), kind in 0..5, points in points(false)) {
        let (symbols, all) = symbols();
        let (a, b) = (read(&a, &symbols), read(&b, &symbols));
        let condition = match kind {
            0 => Condition::Integer(a),
            1 => Condition::Equal(a, b),
            2 => Condition::AtLeast(a, b),
            3 => Condition::Divides(a, b),
            _ => Condition::InDomain(a, Domain { min: -1, max: Some(20) }),
        };
        let conditions = Conditions::from_iter([condition]);
        let poly = read("T*d + W", &symbols);
        let demands = Demands { conditions: conditions.clone(), count: true };
        let compiled = Compiled::new(&poly, &all, &Bindings::new(), &symbols, demands);
        let compiled = match compiled {
            Ok(compiled) => compiled,
            // A condition without symbols is decided before there are points.
            Err(error) => {
                prop_assert!(matches!(error, CompileError::Broken(_)));
                return Ok(());
            }
        };
        let want = one_by_one(points.len(), |at| {
            let numbers = bind(&all, &points[at]);
            let broken = conditions.broken(&numbers, &symbols);
            broken.map_or(Ok(()), Err)?;
            poly.eval(&numbers, &symbols).map_err(|error| error.message(&symbols))
        });
        let columns: [Vec<i64>; 4] = columns(&points);
        let floated = float(&compiled, &floats(&columns), points.len());
        prop_assert_eq!(floated, want.clone().map(|all| all.iter().map(Coeff::to_f64).collect()));
        prop_assert_eq!(exact(&compiled, &columns), want);
    }
}

/// Random numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, most: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) % most) as i64 + 1
    }
}

/// The formulas of a ledger.
fn formulas(ledger: &Ledger) -> Vec<Formula> {
    let dtype = Dtype::BF16;
    vec![
        ledger.dots(),
        ledger.macs(),
        ledger.flops(),
        ledger.params(),
        ledger.params_active(),
        ledger.kv_cache_bytes(dtype),
        ledger.state_bytes(dtype),
        ledger.cache_read_bytes(dtype),
        ledger.cache_write_bytes(dtype),
        ledger.weight_bytes(Bound::Lower, dtype),
        ledger.weight_bytes(Bound::Expected, dtype),
        ledger.weight_bytes(Bound::Upper, dtype),
    ]
}

/// Evaluates a formula in its free symbols at random points in both modes; the number of points that have a value.
fn compare_with_single_points(
    formula: &Formula,
    dice: &mut Dice,
    what: &str,
    average: bool,
) -> usize {
    let names = formula.free();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let compiled = formula
        .compile(&names)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    // The exact mean of what experts read has as many digits as there are positions.
    let most = if average { 100 } else { 5000 };
    let mut good = 0;
    for _ in 0..6 {
        // Powers of two divide each other more often than others.
        let roll = |dice: &mut Dice| match dice.roll(3) {
            1 => dice.roll(most),
            _ => 1 << (dice.roll(9) - 1),
        };
        let at: Vec<i64> = names.iter().map(|_| roll(dice)).collect();
        let columns: Vec<Vec<i64>> = at.iter().map(|value| vec![*value]).collect();
        let values: Vec<(&str, u64)> = names
            .iter()
            .zip(&at)
            .map(|(name, value)| (*name, value.unsigned_abs()))
            .collect();
        let single = formula
            .at(&values)
            .map(Coeff::from)
            .map_err(|error| error.0);
        let (exact, float) = (
            exact(&compiled, &columns),
            float(&compiled, &floats(&columns), 1),
        );
        match (exact, single) {
            (Ok(exact), Ok(single)) => {
                good += 1;
                assert_eq!(exact, std::slice::from_ref(&single), "{what} at {values:?}");
                // All terms of these formulas together are no more than a few times their value.
                let float = float.unwrap_or_else(|error| panic!("{what} at {values:?}: {error}"));
                assert!(
                    (float[0] / single.to_f64() - 1.0).abs() < 1e-12
                        || single.is_zero() && float[0] == 0.0
                );
            }
            // A single point must be a count; an average need not be one.
            (Ok(exact), Err(message)) => {
                assert!(
                    !exact[0].is_integer() && message.contains("is not an integer"),
                    "{what} at {values:?}"
                );
                let float = float.unwrap_or_else(|error| panic!("{what} at {values:?}: {error}"));
                assert!((float[0] / exact[0].to_f64() - 1.0).abs() < 1e-9);
            }
            (Err(error), single) => {
                let message = single.expect_err("no single value");
                // Of an average, a single point says that it is no count before it looks at conditions.
                if !average {
                    let single = PointError::Point { point: 0, message };
                    assert_eq!(error, single, "{what} at {values:?}");
                }
                // A number may be too long to be exact, and near some `f64` all the same.
                if !error.to_string().contains("the limit") {
                    assert_eq!(float, Err(error), "{what} at {values:?}");
                }
            }
        }
    }
    good
}

#[test]
fn formulas_of_every_model_have_the_values_of_single_points() {
    let mut dice = Dice(7);
    for entry in std::fs::read_dir("models").expect("the models") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a model");
        let bare = Model::read("m.ron", &text, &Options::default()).expect("a valid model");
        let presets = bare.presets().map(|name| Some(name.to_owned()));
        for preset in presets.take(2).chain([None]) {
            let options = Options {
                preset: preset.clone(),
                set: Vec::new(),
                ..Options::default()
            };
            let model = Model::read("m.ron", &text, &options).expect("a valid preset");
            let mut good = 0;
            for phase in model.phases() {
                let ledger = model.ledger(phase, &Profile::exact()).expect("a ledger");
                for (at, formula) in formulas(&ledger).iter().enumerate() {
                    let what = format!("{} {preset:?} {phase} {at}", path.display());
                    good += compare_with_single_points(formula, &mut dice, &what, at == 10);
                }
            }
            assert!(good > 0, "{} {preset:?}", path.display());
        }
    }
}

#[test]
fn whatever_their_number_all_points_are_evaluated() {
    let (symbols, [t, w, ..]) = symbols();
    let poly = read("T^2*floor(T/3) + min(T, W)", &symbols);
    let compiled = poly
        .compile(&[t, w], &Bindings::new(), &symbols)
        .expect("all have values");
    for points in [0, 1, 2, 511, 512, 513, 1025, 5000_i64] {
        let columns = [
            (1..=points).collect(),
            (1..=points).rev().collect::<Vec<i64>>(),
        ];
        let want: Vec<Coeff> = (1..=points)
            .map(|t| Coeff::from(t * t * (t / 3) + t.min(points + 1 - t)))
            .collect();
        let floated: Vec<f64> = want.iter().map(Coeff::to_f64).collect();
        assert_eq!(float(&compiled, &floats(&columns), want.len()), Ok(floated));
        assert_eq!(exact(&compiled, &columns), Ok(want));
    }
}

#[test]
fn what_overflows_is_still_exact() {
    let (symbols, [t, w, ..]) = symbols();
    let poly = read("3*T^2*W + T - 1/2*W", &symbols);
    let compiled = poly
        .compile(&[t, w], &Bindings::new(), &symbols)
        .expect("all have values");
    // One after the other within 64 bits, within 128, and beyond; a fraction is kept.
    let points: [(u64, u64); 4] = [
        (2, 3),
        (1 << 40, 1 << 20),
        (1 << 62, 1 << 61),
        (u64::MAX, u64::MAX),
    ];
    let columns = [points.map(|(t, _)| t), points.map(|(_, w)| w)];
    let mut out = Vec::new();
    compiled
        .eval_exact(&[&columns[0], &columns[1]], &mut out)
        .expect("values");
    for ((at_t, at_w), got) in points.iter().zip(&out) {
        let numbers = Bindings::from_iter([(t, *at_t), (w, *at_w)]);
        assert_eq!(poly.eval(&numbers, &symbols), Ok(got.clone()));
    }
    assert_eq!(out[0].to_string(), "73/2");
    assert_eq!(out[1].to_string(), "3802951800684688205589620719616");
    // The largest block has all of them together, in any order.
    let mixed: Vec<Vec<u64>> = columns.iter().map(|column| column.repeat(300)).collect();
    let mut all = Vec::new();
    compiled
        .eval_exact(&slices(&mixed), &mut all)
        .expect("values");
    assert!(all.chunks(4).all(|chunk| chunk == out));
}

#[test]
fn floats_beyond_their_range_are_infinite_and_never_none() {
    let (symbols, [t, ..]) = symbols();
    let poly = read("(T^20 - T^19)^2 + T", &symbols);
    let compiled = poly
        .compile(&[t], &Bindings::new(), &symbols)
        .expect("all have values");
    let mut out = [0.0; 3];
    compiled
        .eval_f64(&[&[1.0, 1e9, 1e300]], &mut out)
        .expect("values");
    assert_eq!(out[0], 1.0);
    assert_eq!(out[2], f64::INFINITY);
    let high = Bindings::from_iter([(t, 1_000_000_000)]);
    assert_eq!(
        poly.eval(&high, &symbols).map(|value| value.to_f64()),
        Ok(f64::INFINITY)
    );
    assert_eq!(out[1], f64::INFINITY);
}

#[test]
fn errors_name_the_first_point_with_its_values() {
    let mut symbols = Symbols::new();
    let domains = [
        Domain::default(),
        Domain {
            min: 0,
            max: Some(64),
        },
        Domain { min: -5, max: None },
    ];
    let [d, h, x] = std::array::from_fn(|at| {
        symbols
            .declare(["d", "H", "x"][at], domains[at])
            .expect("distinct")
    });
    let says = |text: &str, count: bool, columns: &[&[f64]]| {
        let poly = read(text, &symbols);
        let conditions = Conditions::new();
        let demands = Demands { conditions, count };
        let compiled = Compiled::new(&poly, &[d, h, x], &Bindings::new(), &symbols, demands)
            .expect("all have values");
        let float = compiled.eval_f64(columns, &mut vec![0.0; columns[0].len()]);
        let whole = |column: &&[f64]| column.iter().all(|value| value.fract() == 0.0);
        if columns.iter().all(whole) {
            let integers: Vec<Vec<i64>> = columns
                .iter()
                .map(|column| column.iter().map(|value| *value as i64).collect())
                .collect();
            assert_eq!(exact(&compiled, &integers).map(|_| ()), float, "{text}");
        }
        float.expect_err(text).to_string()
    };
    let ones = [1.0; 3];
    let check = |got: String, want: &str| assert_eq!(got, want);
    check(
        says("d/H", true, &[&[8.0, 10.0, 9.0], &[4.0, 4.0, 4.0], &ones]),
        "point 1: `d/H` = 5/2 is not an integer at d = 10, H = 4",
    );
    check(
        says("d/H", false, &[&[8.0, 10.0, 9.0], &[4.0, 4.0, 0.0], &ones]),
        "point 2: division by zero: `H` = 0 at H = 0",
    );
    check(
        says(
            "d - H",
            true,
            &[&[8.0, 10.0, 9.0], &[4.0, 14.0, 10.0], &ones],
        ),
        "point 1: `d - H` = -4 is negative at d = 10, H = 14",
    );
    check(
        says("d", true, &[&[8.0, 0.0, 9.0], &ones, &ones]),
        "point 1: `d >= 1` does not hold at d = 0",
    );
    check(
        says("d", true, &[&ones, &[0.0, 64.0, 65.0], &ones]),
        "point 2: `0 <= H <= 64` does not hold at H = 65",
    );
    check(
        says("d", true, &[&ones, &ones, &[-5.0, 0.5, 3.0]]),
        "point 1: `x` = 0.5 is not an integer",
    );
    check(
        says("d", true, &[&ones, &ones, &[-5.0, 3.0, f64::NAN]]),
        "point 2: `x` = NaN is not an integer",
    );
    check(
        says("d", true, &[&ones, &ones, &[-5.0, 3.0, f64::INFINITY]]),
        "point 2: `x` = inf is not an integer",
    );
    check(
        says("d/(H*d)", false, &[&ones, &[1.0, 0.0, 1.0], &ones]),
        "point 1: division by zero: `H` = 0 at H = 0",
    );
    check(
        says(
            "2^(d/H)",
            false,
            &[&[4.0, 3.0, 1.0], &[2.0, 2.0, 1.0], &ones],
        ),
        "point 1: `d/H` = 3/2 is not an integer at d = 3, H = 2",
    );
}

#[test]
fn what_does_not_fit_is_refused_before_points_are_looked_at() {
    let (mut symbols, [t, w, c, d]) = symbols();
    let quotient = read("d/W", &symbols);
    symbols.define(c, quotient.clone());
    let poly = read("T*C", &symbols);
    let refused = |columns: &[Sym], numbers: &[(Sym, i64)]| {
        let numbers = numbers.iter().copied().collect();
        let error = poly
            .compile(columns, &numbers, &symbols)
            .expect_err("no values");
        error.message(&symbols)
    };
    assert_eq!(
        refused(&[t], &[]),
        "no value for W, d: give values, or make columns of them"
    );
    assert_eq!(refused(&[t, w, d, w], &[]), "`W` is two columns");
    // A defined symbol may be a column itself.
    let compiled = poly
        .compile(&[t, c], &Bindings::new(), &symbols)
        .expect("all have values");
    assert_eq!(
        exact(&compiled, &[vec![3], vec![5]]),
        Ok(vec![Coeff::from(15)])
    );
    let compiled = poly
        .compile(&[t, w], &Bindings::from_iter([(d, 12)]), &symbols)
        .expect("all have values");
    assert_eq!(
        exact(&compiled, &[vec![3], vec![4]]),
        Ok(vec![Coeff::from(9)])
    );
    let error = exact(&compiled, &[vec![3, 3], vec![4, 5]]).expect_err("no integer");
    assert_eq!(
        error.to_string(),
        "point 1: `d/W` = 12/5 is not an integer at W = 5, d = 12"
    );
    assert_eq!(
        float(&compiled, &[vec![3.0, 3.0], vec![4.0, 5.0]], 2),
        Err(error)
    );
    let says = |error: PointError| error.to_string();
    assert_eq!(
        exact(&compiled, &[vec![3]]).map_err(says),
        Err("the formula was compiled for 2 columns, and 1 are given".to_owned())
    );
    assert_eq!(
        exact(&compiled, &[vec![3], vec![4, 5]]).map_err(says),
        Err("the column of `W` has 2 points instead of 1".to_owned())
    );
    assert_eq!(
        float(&compiled, &[vec![3.0], vec![4.0]], 2).map_err(says),
        Err("the column of `T` has 1 points instead of 2".to_owned())
    );
    let broken = Conditions::from_iter([Condition::Integer(quotient)]);
    let demands = Demands {
        conditions: broken,
        count: true,
    };
    let numbers = Bindings::from_iter([(w, 5), (d, 12)]);
    let error =
        Compiled::new(&Poly::symbol(t), &[t], &numbers, &symbols, demands).expect_err("no integer");
    assert_eq!(
        error.message(&symbols),
        "`W divides d` does not hold at W = 5, d = 12"
    );
}

#[test]
fn a_formula_without_columns_has_one_value() {
    let (symbols, [t, ..]) = symbols();
    let compiled = read("T^2", &symbols)
        .compile(&[], &Bindings::from_iter([(t, 7)]), &symbols)
        .expect("a value");
    assert_eq!(exact(&compiled, &[]), Ok(vec![Coeff::from(49)]));
    assert_eq!(float(&compiled, &[], 3), Ok(vec![49.0; 3]));
}

#[test]
fn sums_without_end_and_long_powers_end_in_the_limit() {
    let (symbols, [t, w, ..]) = symbols();
    for (text, at) in [
        ("sum(q, 1, T, floor(q/W))", 1_000_000_000),
        ("3^T", 100_000_000),
        ("sum(q, 1, T, sum(r, 1, q, floor(r/W)*floor(q/W)))", 40_000),
    ] {
        let poly = read(text, &symbols);
        let compiled = poly
            .compile(&[t, w], &Bindings::new(), &symbols)
            .expect("all have values");
        let numbers = Bindings::from_iter([(t, at), (w, 3)]);
        let message = poly
            .eval(&numbers, &symbols)
            .expect_err("a limit")
            .message(&symbols);
        let want = PointError::Point { point: 1, message };
        assert_eq!(
            exact(&compiled, &[vec![5, at, 6], vec![3; 3]]),
            Err(want.clone()),
            "{text}"
        );
        assert_eq!(
            float(&compiled, &[vec![5.0, at as f64, 6.0], vec![3.0; 3]], 3),
            Err(want),
            "{text}"
        );
    }
}

#[test]
fn compiled_formulas_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let (symbols, [t, ..]) = symbols();
    let compiled = read("T + 1", &symbols)
        .compile(&[t], &Bindings::new(), &symbols)
        .expect("a value");
    shared(&compiled);
    assert!(compiled.columns() == [t] && compiled.roundings() == Some(1));
}
