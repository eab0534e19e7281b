//! Laws of the algebra on generated formulas, against a naive evaluator, loops, and interpreters. Must never
//! repeat the algebra's own rules: the reference computes with plain rationals.

#![allow(clippy::print_stderr)]
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use dashu_int::IBig;
use dashu_ratio::RBig;
use dotledger::sym::{
    AlgebraError, Bindings, Coeff, Comparison, Condition, Context, Domain, Form, Poly, Subst,
    Symbols, Syntax, compare, parse, parse_poly, print,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};

const NAMES: [&str; 4] = ["T", "W", "C", "d"];

fn symbols() -> Symbols {
    let mut symbols = Symbols::new();
    for name in NAMES {
        symbols
            .declare(name, Domain::default())
            .expect("names are distinct");
    }
    symbols
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        max_global_rejects: 4 * cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    }
}

/// A formula as a tree of plain operations.
#[derive(Clone, Debug)]
enum E {
    Int(i64),
    Sym(usize),
    Index,
    Neg(Box<E>),
    Add(Box<E>, Box<E>),
    Sub(Box<E>, Box<E>),
    Mul(Box<E>, Box<E>),
    Pow(Box<E>, u32),
    Quotient(Box<E>, Divisor),
    Floor(Box<E>, Divisor),
    Ceil(Box<E>, Divisor),
    Mod(Box<E>, Divisor),
    Min(Vec<E>),
    Max(Vec<E>),
    Clamp(Box<[E; 3]>),
    Sum(i64, Box<E>, Box<E>),
}

/// A positive divisor.
#[derive(Clone, Debug)]
enum Divisor {
    Int(i64),
    Sym(usize),
    Scaled(i64, usize),
    Two(usize, usize),
}

impl Divisor {
    fn text(&self) -> String {
        match self {
            Divisor::Int(n) => n.to_string(),
            Divisor::Sym(s) => NAMES[*s].to_owned(),
            Divisor::Scaled(n, s) => format!("({n}*{})", NAMES[*s]),
            Divisor::Two(a, b) => format!("({} + {})", NAMES[*a], NAMES[*b]),
        }
    }

    fn value(&self, at: &[i64; 4]) -> RBig {
        RBig::from(match self {
            Divisor::Int(n) => *n,
            Divisor::Sym(s) => at[*s],
            Divisor::Scaled(n, s) => n * at[*s],
            Divisor::Two(a, b) => at[*a] + at[*b],
        })
    }
}

fn join(parts: &[E]) -> String {
    parts.iter().map(E::text).collect::<Vec<_>>().join(", ")
}

impl E {
    fn text(&self) -> String {
        match self {
            E::Int(n) => format!("({n})"),
            E::Sym(s) => NAMES[*s].to_owned(),
            E::Index => "q".to_owned(),
            E::Neg(a) => format!("(-{})", a.text()),
            E::Add(a, b) => format!("({} + {})", a.text(), b.text()),
            E::Sub(a, b) => format!("({} - {})", a.text(), b.text()),
            E::Mul(a, b) => format!("{}*{}", a.text(), b.text()),
            E::Pow(a, n) => format!("({})^{n}", a.text()),
            E::Quotient(a, b) => format!("({}/{})", a.text(), b.text()),
            E::Floor(a, b) => format!("floor(({})/{})", a.text(), b.text()),
            E::Ceil(a, b) => format!("ceil(({})/{})", a.text(), b.text()),
            E::Mod(a, b) => format!("mod({}, {})", a.text(), b.text()),
            E::Min(parts) => format!("min({})", join(parts)),
            E::Max(parts) => format!("max({})", join(parts)),
            E::Clamp(parts) => format!("clamp({})", join(&**parts)),
            E::Sum(lo, length, body) => format!(
                "sum(q, {lo}, {lo} - 1 + {}, {})",
                length.text(),
                body.text()
            ),
        }
    }

    fn value(&self, at: &[i64; 4], index: i64) -> RBig {
        let v = |e: &E| e.value(at, index);
        let quotient = |a: &E, b: &Divisor| v(a) / b.value(at);
        match self {
            E::Int(n) => RBig::from(*n),
            E::Sym(s) => RBig::from(at[*s]),
            E::Index => RBig::from(index),
            E::Neg(a) => -v(a),
            E::Add(a, b) => v(a) + v(b),
            E::Sub(a, b) => v(a) - v(b),
            E::Mul(a, b) => v(a) * v(b),
            E::Pow(a, n) => (0..*n).fold(RBig::ONE, |p, _| p * v(a)),
            E::Quotient(a, b) => quotient(a, b),
            E::Floor(a, b) => RBig::from(quotient(a, b).floor()),
            E::Ceil(a, b) => RBig::from(quotient(a, b).ceil()),
            E::Mod(a, b) => v(a) - b.value(at) * RBig::from(quotient(a, b).floor()),
            E::Min(parts) => parts.iter().map(v).min().expect("not empty"),
            E::Max(parts) => parts.iter().map(v).max().expect("not empty"),
            E::Clamp(parts) => v(&parts[1]).max(v(&parts[0]).min(v(&parts[2]))),
            E::Sum(lo, length, body) => {
                let length = i64::try_from(v(length).floor()).expect("small");
                (*lo..lo + length).fold(RBig::ZERO, |sum, i| sum + body.value(at, i))
            }
        }
    }
}

fn divisor() -> impl Strategy<Value = Divisor> {
    prop_oneof![
        (1..7_i64).prop_map(Divisor::Int),
        (0..4_usize).prop_map(Divisor::Sym),
        (2..4_i64, 0..4_usize).prop_map(|(n, s)| Divisor::Scaled(n, s)),
    ]
}

/// Formulas; with `whole`, only such as are integers; with `index`, bodies of a sum.
fn formula(whole: bool, index: bool) -> BoxedStrategy<E> {
    let leaf = prop_oneof![
        2 => (-3..8_i64).prop_map(E::Int),
        4 => (0..4_usize).prop_map(E::Sym),
        4 => if index { Just(E::Index).boxed() } else { (0..4_usize).prop_map(E::Sym).boxed() },
    ];
    let tree = leaf.prop_recursive(3, 14, 3, move |inner| {
        let pair = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        let one = || inner.clone().prop_map(Box::new);
        let rounding = prop_oneof![divisor(), (0..4_usize, 0..4_usize).prop_map(|(a, b)| Divisor::Two(a, b))].boxed();
        prop_oneof![
            4 => pair().prop_map(|(a, b)| E::Add(a, b)),
            3 => pair().prop_map(|(a, b)| E::Sub(a, b)),
            4 => pair().prop_map(|(a, b)| E::Mul(a, b)),
            1 => one().prop_map(E::Neg),
            1 => (one(), 0..4_u32).prop_map(|(a, n)| E::Pow(a, n)),
            2 => (one(), divisor()).prop_map(move |(a, b)| if whole { E::Floor(a, b) } else { E::Quotient(a, b) }),
            2 => (one(), rounding.clone()).prop_map(|(a, b)| E::Floor(a, b)),
            1 => (one(), rounding.clone()).prop_map(|(a, b)| E::Ceil(a, b)),
            1 => (one(), rounding.clone()).prop_map(|(a, b)| E::Mod(a, b)),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(E::Min),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(E::Max),
            1 => [inner.clone(), inner.clone(), inner.clone()].prop_map(|parts| E::Clamp(Box::new(parts))),
        ]
    });
    tree.boxed()
}

fn values() -> impl Strategy<Value = [i64; 4]> {
    prop::array::uniform4(1..9_i64)
}

fn bind(at: &[i64; 4]) -> Bindings {
    let symbols = symbols();
    symbols
        .iter()
        .zip(at)
        .map(|((sym, _), value)| (sym, *value))
        .collect()
}

fn read(e: &E, symbols: &Symbols) -> Poly {
    let mut cx = Context::new(symbols);
    parse(&e.text())
        .expect("the text is a formula")
        .lower_freely(
            &mut |name, _| symbols.lookup(name).map(Poly::symbol),
            &mut cx,
        )
        .expect("every operation has a result")
}

fn coeff(value: &RBig) -> Coeff {
    Coeff::from_big_ratio(
        value.numerator().clone(),
        value.denominator().clone().into(),
    )
    .expect("not zero")
}

fn poly(whole: bool) -> impl Strategy<Value = Poly> {
    formula(whole, false).prop_map(|e| read(&e, &symbols()))
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn a_formula_has_the_value_of_its_text(e in formula(false, false), at in values()) {
        let symbols = symbols();
        prop_assert_eq!(read(&e, &symbols).eval(&bind(&at), &symbols), Ok(coeff(&e.value(&at, 0))), "{}", e.text());
    }

    #[test]
    fn assumptions_never_change_a_value(e in formula(false, false), t in 1..6_i64, less in 0..8_i64, c in 1..4_i64, k in 1..4_i64) {
        let mut symbols = Symbols::new();
        let domains = [(0, None), (-3, Some(5)), (1, Some(3)), (1, None)];
        let all: Vec<Poly> = NAMES
            .iter()
            .zip(domains)
            .filter_map(|(name, (min, max))| symbols.declare(name, Domain { min, max }))
            .map(Poly::symbol)
            .collect();
        symbols.assume(Condition::AtLeast(all[0].clone(), all[1].clone()));
        symbols.assume(Condition::Divides(all[2].clone(), all[3].clone()));
        let w = match (t - less).max(-3) {
            0 => 1,
            w => w,
        };
        let at = [t, w, c, c * k];
        prop_assume!(at.iter().all(|other| w + other != 0));
        prop_assert_eq!(read(&e, &symbols).eval(&bind(&at), &symbols), Ok(coeff(&e.value(&at, 0))), "{}", e.text());
    }

    #[test]
    fn a_sum_has_the_value_of_its_loop(
        body in formula(false, true), lo in -3..4_i64, length in 0..4_usize, plus in 0..3_i64, at in values(),
    ) {
        let symbols = symbols();
        let length = Box::new(E::Add(Box::new(E::Sym(length)), Box::new(E::Int(plus))));
        let e = E::Sum(lo, length, Box::new(body));
        prop_assert_eq!(read(&e, &symbols).eval(&bind(&at), &symbols), Ok(coeff(&e.value(&at, 0))), "{}", e.text());
    }

    #[test]
    fn what_is_printed_parses_back(p in poly(false), factored in any::<bool>()) {
        let symbols = symbols();
        let form = if factored { Form::Factored } else { Form::Expanded };
        for syntax in [Syntax::Ascii, Syntax::Unicode] {
            let text = print(&p, &symbols, form, syntax);
            prop_assert_eq!(parse_poly(&text, &mut Context::new(&symbols)), Ok(p.clone()), "{}", text);
        }
    }

    #[test]
    fn python_parses_back_where_its_divisions_are_declared(p in poly(true), n in 1..4_i64, s in 0..4_usize) {
        let mut symbols = symbols();
        let divisor = Poly::symbol(symbols.lookup(NAMES[s]).expect("declared")).scale(&Coeff::from(n));
        let quotient = p.div_single(&divisor).expect("one term");
        // A floor inside might change under the assumption.
        let mut all = vec![(Form::Expanded, &p), (Form::Factored, &p)];
        if !p.has_atoms() {
            symbols.assume(Condition::Integer(quotient.clone()));
            all.extend([(Form::Expanded, &quotient), (Form::Factored, &quotient)]);
        }
        for (form, p) in all {
            let text = print(p, &symbols, form, Syntax::Python);
            prop_assert_eq!(parse_poly(&text, &mut Context::new(&symbols)), Ok(p.clone()), "{}", text);
        }
    }

    #[test]
    fn substitution_commutes_with_evaluation(p in poly(false), which in 0..4_usize, by in 0..4_usize, at in values()) {
        let symbols = symbols();
        let sym = |i: usize| symbols.lookup(NAMES[i]).expect("declared");
        let next = sym((which + 1) % 4);
        let value = match by {
            0 => Poly::int(3),
            1 => Poly::symbol(next).scale(&Coeff::from(2)),
            2 => Poly::symbol(next) + Poly::symbol(sym((which + 2) % 4)),
            _ => Poly::symbol(next) * Poly::symbol(sym(which)),
        };
        let subst = Subst::from_iter([(sym(which), value.clone())]);
        match Context::new(&symbols).substitute(&p, &subst) {
            Ok(after) => {
                let mut inner = bind(&at);
                inner.insert(sym(which), value.eval_integer(&bind(&at), &symbols).expect("bound"));
                prop_assert_eq!(after.eval(&bind(&at), &symbols), p.eval(&inner, &symbols));
            }
            Err(error) => prop_assert!(matches!(error, AlgebraError::SeveralTerms { .. }), "{:?}", error),
        }
    }

    #[test]
    fn the_ring_laws_hold(a in poly(false), b in poly(false), c in poly(false)) {
        prop_assert_eq!(&a + &b, &b + &a);
        prop_assert_eq!(&a * &b, &b * &a);
        prop_assert_eq!(&a + &(&b + &c), &(&a + &b) + &c);
        prop_assert_eq!(&(&a * &b) * &c, &a * &(&b * &c));
        prop_assert_eq!(&a * &(&b + &c), &a * &b + &a * &c);
        prop_assert_eq!(&a - &a, Poly::zero());
        prop_assert_eq!(&a * &Poly::one(), a.clone());
        prop_assert_eq!(Poly::sum([a.clone(), b.clone(), c.clone()]), &a + &b + &c);
        prop_assert_eq!(Poly::product([&a, &b, &c]), &a * &b * &c);
        prop_assert_eq!(a.pow(3).expect("small"), &a * &a * &a);
    }

    #[test]
    fn proofs_hold_at_sampled_values(p in poly(true), at in values()) {
        let symbols = symbols();
        let value = p.eval(&bind(&at), &symbols).expect("bound");
        let mut cx = Context::new(&symbols);
        prop_assert!(cx.proves_integer(&p));
        prop_assert!(!cx.proves_nonnegative(&p) || !value.is_negative());
        prop_assert!(!cx.proves_positive(&p) || value.sign() > 0);
        prop_assert!(cx.used.is_empty());
    }

    #[test]
    fn a_witness_is_one(a in poly(false), b in poly(false)) {
        let symbols = symbols();
        prop_assert_eq!(compare(&a, &a, &symbols), Comparison::Equal);
        if let Comparison::Different { witness, left, right } = compare(&a, &b, &symbols) {
            prop_assert_eq!(a.eval(&witness, &symbols), Ok(left.clone()));
            prop_assert_eq!(b.eval(&witness, &symbols), Ok(right.clone()));
            prop_assert_ne!(left, right);
        }
    }
}

/// Deterministic formulas with values for the interpreters.
fn samples(count: usize) -> Vec<(Poly, [i64; 4], IBig)> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config(1), rng);
    let symbols = symbols();
    let strategy = (formula(true, false), values());
    (0..count)
        .map(|_| {
            let (e, at) = strategy.new_tree(&mut runner).expect("a formula").current();
            (read(&e, &symbols), at, e.value(&at, 0).floor())
        })
        .collect()
}

/// Runs Python on a script and a list of cases; nothing, loudly, where there is no Python.
fn python(script: &str, cases: &str) -> Option<String> {
    let spawned = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("SKIPPED: python3 is not there, printed code was not run");
        return None;
    };
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(cases.as_bytes())
        .expect("python reads");
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "python failed");
    Some(String::from_utf8(output.stdout).expect("utf-8"))
}

fn cases(syntax: Syntax, count: usize) -> String {
    let symbols = symbols();
    let mut text = String::new();
    for (i, (p, at, value)) in samples(count).iter().enumerate() {
        let form = if i % 2 == 0 {
            Form::Expanded
        } else {
            Form::Factored
        };
        let [t, w, c, d] = at;
        let _ = writeln!(
            text,
            "{t} {w} {c} {d} {value} {}",
            print(p, &symbols, form, syntax)
        );
    }
    text
}

const READ: &str = "
import sys
lines = list(sys.stdin)
assert len(lines) >= 25
for line in lines:
    t, w, c, d, want, text = line.rstrip('\\n').split(' ', 5)
    at = dict(T=int(t), W=int(w), C=int(c), d=int(d))
";

#[test]
fn python_evaluates_what_is_printed() {
    let script =
        format!("{READ}    got = eval(text, {{}}, at)\n    assert got == int(want), (line, got)\n");
    python(&script, &cases(Syntax::Python, 400));
}

#[test]
fn sympy_evaluates_what_is_printed() {
    if python(
        "try:\n import sympy\n print(1)\nexcept ImportError: pass",
        "",
    )
    .as_deref()
        != Some("1\n")
    {
        eprintln!("SKIPPED: sympy is not there");
        return;
    }
    let check = "
    p = sympy.sympify(text, locals=names)
    got = p.subs({names[k]: v for k, v in at.items()})
    assert got == int(want), (line, got)
";
    let names =
        "import sympy\nnames = {n: sympy.Symbol(n, integer=True, positive=True) for n in 'TWCd'}";
    python(&format!("{names}{READ}{check}"), &cases(Syntax::Python, 25));
}

#[test]
fn a_database_evaluates_what_is_printed() {
    let check = "
    try:
        got = db.execute('select ' + text + ' from (select :T as T, :W as W, :C as C, :d as d)', at).fetchone()[0]
    except sqlite3.OperationalError as e:
        assert 'LEAST' in text or 'GREATEST' in text, (line, e)
        continue
    assert isinstance(got, int) and got == int(want), (line, got)
";
    python(
        &format!("import sqlite3\ndb = sqlite3.connect(':memory:'){READ}{check}"),
        &cases(Syntax::Sql, 400),
    );
}

#[test]
fn rust_evaluates_what_is_printed() {
    let symbols = symbols();
    let mut source = String::from("#![allow(warnings)]\n");
    let cases = samples(120);
    for (i, (p, at, value)) in cases.iter().enumerate() {
        let [t, w, c, d] = at;
        let text = print(
            p,
            &symbols,
            if i % 2 == 0 {
                Form::Expanded
            } else {
                Form::Factored
            },
            Syntax::Rust,
        );
        let _ = writeln!(
            source,
            "fn f{i}() {{ let (T, W, C, d) = ({t}_i128, {w}_i128, {c}_i128, {d}_i128);"
        );
        let _ = writeln!(
            source,
            "let got: i128 = {text}; assert_eq!(got, {value}, {text:?}); }}"
        );
    }
    let calls: String = (0..cases.len()).map(|i| format!("f{i}();")).collect();
    let _ = writeln!(source, "fn main() {{ {calls} }}");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, program) = (folder.join("printed.rs"), folder.join("printed"));
    std::fs::write(&file, source).expect("the folder is writable");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    match Command::new(compiler)
        .args(["--edition", "2021", "-o"])
        .arg(&program)
        .arg(&file)
        .status()
    {
        Err(_) => eprintln!("SKIPPED: rustc is not there"),
        Ok(status) => {
            assert!(status.success(), "the printed Rust does not compile");
            assert!(Command::new(program).status().expect("it runs").success());
        }
    }
}
