//! Examples that pin the algebra down: bases, comparison, sums, and readable print.

use std::collections::BTreeMap;

use dashu_int::IBig;
use proptest::test_runner::{Config, RngSeed};

use super::*;

pub(super) const NAMES: [&str; 4] = ["T", "W", "C", "d"];

/// As many cases as usual, the same each time, and no file of failures.
pub(super) fn config() -> Config {
    Config {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    }
}

pub(super) fn symbols() -> Symbols {
    let mut symbols = Symbols::new();
    for name in NAMES {
        symbols
            .declare(name, Domain::default())
            .expect("names are distinct");
    }
    symbols
}

fn walkthrough() -> (Symbols, BTreeMap<&'static str, Sym>) {
    let mut symbols = Symbols::new();
    let mut by_name = BTreeMap::new();
    for name in ["B", "H", "L", "T", "d", "dh", "d_ff", "s", "p", "n"] {
        by_name.insert(
            name,
            symbols.declare(name, Domain::default()).expect("distinct"),
        );
    }
    for (name, text) in [("dh", "d/H"), ("d_ff", "4*d"), ("s", "p + n")] {
        let value = parse_poly(text, &mut Context::new(&symbols)).expect("a formula");
        symbols.define(by_name[name], value);
    }
    (symbols, by_name)
}

#[test]
fn a_basis_change_keeps_the_value_under_the_relations() {
    let (symbols, by_name) = walkthrough();
    let macs = "L*(3*T*d*H*dh + T^2*H*dh + T^2*H*dh + T*H*dh*d + 2*T*d*d_ff)";
    let p = parse_poly(macs, &mut Context::new(&symbols)).expect("a formula");
    let at = |d: i64, h: i64| {
        let pairs = [
            ("B", 2),
            ("H", h),
            ("L", 3),
            ("T", 5),
            ("d", d),
            ("p", 2),
            ("n", 7),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (by_name[name], value))
            .collect::<Bindings>()
    };
    let cases = [
        ("T,L,d", "2*L*T^2*d + 12*L*T*d^2"),
        ("T,L,H,dh", "2*H*L*T^2*dh + 12*H^2*L*T*dh^2"),
        ("T,L,d_ff", "L*T^2*d_ff/2 + 3*L*T*d_ff^2/4"),
    ];
    for (wanted, text) in cases {
        let wanted: Vec<Sym> = wanted.split(',').map(|name| by_name[name]).collect();
        let basis = Basis::new(&symbols, &wanted, &Bindings::new());
        let rewritten = basis
            .rewrite(&p, &mut Context::new(&symbols))
            .expect("products");
        assert_eq!(
            rewritten,
            parse_poly(text, &mut Context::new(&symbols)).expect("a formula")
        );
        assert!(basis.stays(&rewritten).is_empty());
        for (d, h) in [(8, 2), (12, 3), (6, 6)] {
            assert_eq!(
                rewritten.eval(&at(d, h), &symbols),
                p.eval(&at(d, h), &symbols)
            );
        }
    }
}

#[test]
fn what_a_basis_cannot_reach_becomes_a_value_or_stays_with_a_reason() {
    let (symbols, by_name) = walkthrough();
    let p = parse_poly("H*s*T + B", &mut Context::new(&symbols)).expect("a formula");
    let wanted = [by_name["T"], by_name["p"]];
    let values = Bindings::from_iter([(by_name["H"], 32)]);
    let basis = Basis::new(&symbols, &wanted, &values);
    let rewritten = basis
        .rewrite(&p, &mut Context::new(&symbols))
        .expect("no division");
    let stays = basis.stays(&rewritten);
    assert_eq!(
        stays
            .iter()
            .map(|(s, _)| symbols.name(*s))
            .collect::<Vec<_>>(),
        ["B", "n"]
    );
    assert_eq!(
        basis.explain(stays),
        [
            "B stays: no relation leads to the basis, and it has no value",
            "n stays: the relations that mention it are used up or need it, and it has no value"
        ]
    );
    assert_eq!(rewritten.show(&symbols), "32*T*n + 32*T*p + B");
}

#[test]
fn comparison_sees_through_definitions_and_names_what_would_make_equal() {
    let (symbols, by_name) = walkthrough();
    let p = |text: &str| parse_poly(text, &mut Context::new(&symbols)).expect("a formula");
    assert_eq!(
        compare(&p("T*H*dh"), &p("T*d"), &symbols),
        Comparison::Equal
    );
    assert!(matches!(
        compare(&p("T*H*d"), &p("T*d"), &symbols),
        Comparison::Different { .. }
    ));
    let mut plain = Symbols::new();
    for name in ["T", "H", "d", "dh"] {
        plain.declare(name, Domain::default()).expect("distinct");
    }
    let q = |text: &str| parse_poly(text, &mut Context::new(&plain)).expect("a formula");
    let (sym, value) = equal_if(&q("T*H*dh"), &q("T*d"), &plain).expect("solvable");
    assert_eq!(
        (plain.name(sym), value.show(&plain).as_str()),
        ("d", "H*dh")
    );
    let Comparison::Different { witness, .. } = compare(&q("T*H*dh"), &q("T*d"), &plain) else {
        panic!("differs")
    };
    assert!(witness.iter().all(|(_, value)| *value <= IBig::from(4)));
    assert!(by_name.len() > 4);
}

fn at(symbols: &Symbols, text: &str) -> Poly {
    parse_poly(text, &mut Context::new(symbols)).expect("a formula")
}

#[test]
fn formulas_print_in_the_order_of_the_model() {
    let mut symbols = Symbols::new();
    for name in ["H", "K", "L", "T", "W", "C", "n", "p", "d", "dh", "d_ff"] {
        symbols.declare(name, Domain::default()).expect("distinct");
    }
    let cases = [
        (
            "2*L*T^2*d + d^2*T*L*12",
            "12*L*T*d^2 + 2*L*T^2*d",
            "2*L*T*d*(6*d + T)",
        ),
        (
            "H*L*T^2 + 10*L*T*d",
            "10*L*T*d + H*L*T^2",
            "L*T*(10*d + H*T)",
        ),
        ("H*L*T*(T+1)/2", "H*L*T^2/2 + H*L*T/2", "H*L*T*(T + 1)/2"),
        ("-W + T", "T - W", "T - W"),
        ("-W - T", "-W - T", "-(W + T)"),
        ("3*d/(2*H)", "3*d/(2*H)", "3*d/(2*H)"),
        ("ceil(T/C)*2", "2*ceil(T/C)", "2*ceil(T/C)"),
        ("L - floor(L/6)", "L - floor(L/6)", "L - floor(L/6)"),
        ("ceil(L/6)", "ceil(L/6)", "ceil(L/6)"),
        ("T % C", "mod(T, C)", "mod(T, C)"),
        ("max(W, T)", "max(T, W)", "max(T, W)"),
        ("max(max(W, T), n)", "max(T, W, n)", "max(T, W, n)"),
        (
            "clamp(W - p, 0, n)*p",
            "p*clamp(W - p, 0, n)",
            "p*clamp(W - p, 0, n)",
        ),
        ("floor(floor(T/C)/2)", "floor(T/(2*C))", "floor(T/(2*C))"),
        ("min(T, T + W)", "T", "T"),
        ("floor(1/(T + 1))", "0", "0"),
        ("2^(2*n + 1)", "2*(2^n)^2", "2*(2^n)^2"),
        (
            "sum(x, 1, T, floor(x/C))",
            "sum(i, 1, T, floor(i/C))",
            "sum(i, 1, T, floor(i/C))",
        ),
    ];
    for (text, expanded, factored) in cases {
        let p = at(&symbols, text);
        assert_eq!(print(&p, &symbols, Form::Expanded, Syntax::Ascii), expanded);
        assert_eq!(print(&p, &symbols, Form::Factored, Syntax::Ascii), factored);
    }
    let p = at(&symbols, "(H*L*T^2 + 3*d_ff*dh)/2 + floor(T/C)");
    let text = |syntax| print(&p, &symbols, Form::Expanded, syntax);
    assert_eq!(text(Syntax::Unicode), "⌊T/C⌋ + 3·dh·d_ff/2 + H·L·T²/2");
    assert_eq!(
        text(Syntax::Latex),
        "\\left\\lfloor \\frac{T}{C}\\right\\rfloor + \\frac{3 \\mathit{dh} d_{\\mathrm{ff}}}{2} + \\frac{H L T^{2}}{2}"
    );
    assert_eq!(text(Syntax::Python), "(2*(T//C) + 3*dh*d_ff + H*L*T**2)//2");
    assert_eq!(
        text(Syntax::Rust),
        "(2 * T.div_euclid(C) + 3 * dh * d_ff + H * L * T.pow(2)) / 2"
    );
    assert_eq!(
        text(Syntax::Sql),
        "(2*((T - T % C) / C) + 3*dh*d_ff + H*L*T*T) / 2"
    );
}

#[test]
fn every_mask_closes() {
    let mut symbols = Symbols::new();
    for name in ["n", "p", "W", "C", "T"] {
        symbols
            .declare(
                name,
                Domain {
                    min: i64::from(name != "p"),
                    max: None,
                },
            )
            .expect("distinct");
    }
    assert_eq!(
        at(&symbols, "sum(i, 1, n, p + i)"),
        at(&symbols, "n*p + n*(n + 1)/2")
    );
    let window = at(&symbols, "sum(i, p + 1, p + n, min(i, W))");
    let m = "clamp(W - p, 0, n)";
    assert_eq!(
        window,
        at(&symbols, &format!("{m}*p + {m}*({m} + 1)/2 + (n - {m})*W"))
    );
    let capped = at(&symbols, "sum(i, 1, T, min(i, W, C))");
    let m = "min(W, C)";
    let direct = at(&symbols, &format!("sum(i, 1, T, min(i, {m}))"));
    assert_eq!(compare(&capped, &direct, &symbols), Comparison::Equal);
    assert!(
        capped
            .opaques()
            .all(|opaque| matches!(opaque.kind(), OpaqueKind::Min(_)))
    );
}

#[test]
fn division_leaves_the_obligation_that_its_result_needs() {
    let symbols = symbols();
    let used = |text: &str| {
        let mut cx = Context::new(&symbols);
        parse_poly(text, &mut cx).expect("a formula");
        cx.used
            .iter()
            .map(|c| c.display(&symbols))
            .collect::<Vec<_>>()
    };
    assert_eq!(used("d/W"), ["W divides d"]);
    assert_eq!(used("3*d/(2*W) + 5*T"), ["2*W divides 3*d"]);
    assert_eq!(used("T*(T + 1)/2"), [""; 0]);
    assert_eq!(used("floor(d/W) + ceil(T/(C + 1))"), [""; 0]);
    assert_eq!(used("T/2*(T + 1)"), [""; 0]);
    assert_eq!(used("1/2 + 1/2"), [""; 0]);
    assert_eq!(used("sum(i, W, T, i)"), ["T >= W - 1"]);
    let mut cx = Context::new(&symbols);
    let [t, w, ..] = NAMES.map(|name| at(&symbols, name));
    cx.divide(&t, &w).expect("one term");
    assert!(
        cx.used
            .contains(&Condition::Integer(t.div_single(&w).expect("one term")))
    );
}

#[test]
fn declared_facts_are_used_and_named() {
    let mut symbols = symbols();
    let [t, w, c, d] = NAMES.map(|name| at(&symbols, name));
    symbols.assume(Condition::AtLeast(t.clone(), w.clone()));
    symbols.assume(Condition::Divides(c.clone(), d.clone()));
    let mut cx = Context::new(&symbols);
    assert_eq!(cx.min(&[t.clone(), w.clone()]), w);
    assert_eq!(
        cx.used
            .iter()
            .map(|f| f.display(&symbols))
            .collect::<Vec<_>>(),
        ["T >= W"]
    );
    let mut cx = Context::new(&symbols);
    assert_eq!(
        cx.floor_div(&(&t * &d), &c),
        Ok((&t * &d).div_single(&c).expect("one term"))
    );
    assert_eq!(
        cx.used
            .iter()
            .map(|f| f.display(&symbols))
            .collect::<Vec<_>>(),
        ["C divides d"]
    );
    assert!(!Condition::AtLeast(t.clone(), w.clone()).is_trivial(&symbols));
    assert!(Condition::AtLeast(&t + &w, Poly::int(2)).is_trivial(&symbols));
    let values = Bindings::from_iter(symbols.iter().map(|(sym, _)| (sym, 4)));
    for fact in symbols.assumptions() {
        assert_eq!(fact.holds(&values, &symbols), Ok(true));
    }
}

#[test]
fn relations_eliminate_one_symbol_each() {
    let mut symbols = symbols();
    let p = |symbols: &Symbols, text: &str| at(symbols, text);
    let (lhs, rhs) = (p(&symbols, "T*W"), p(&symbols, "C"));
    assert_eq!(symbols.relate(&lhs, &rhs), Ok(()));
    assert_eq!(symbols.relate(&lhs, &rhs), Err(RelationError::Implied));
    assert_eq!(
        symbols.relate(&lhs.scale(&Coeff::from(2)), &rhs),
        Err(RelationError::Inconsistent)
    );
    assert_eq!(
        symbols.relate(&(&lhs + &rhs), &rhs),
        Err(RelationError::NotMonomial)
    );
    let (square, other) = (p(&symbols, "d^2"), p(&symbols, "4*T^2"));
    assert_eq!(
        symbols.relate(&square, &other),
        Err(RelationError::Unsolvable)
    );
    assert_eq!(
        compare(&p(&symbols, "T*W*d"), &p(&symbols, "C*d"), &symbols),
        Comparison::Equal
    );
    assert_eq!(
        compare(
            &p(&symbols, "floor(T*W/5)"),
            &p(&symbols, "floor(C/5)"),
            &symbols
        ),
        Comparison::Equal
    );
}

#[test]
fn evaluation_names_what_is_wrong() {
    let mut symbols = symbols();
    let [t, w, c, d] = NAMES.map(|name| symbols.lookup(name).expect("declared"));
    let quotient = at(&symbols, "d/W");
    symbols.define(c, quotient.clone());
    let message = |p: &Poly, values: &[(Sym, i64)]| {
        let values: Bindings = values.iter().copied().collect();
        p.eval_count(&values, &symbols)
            .expect_err("no count")
            .message(&symbols)
    };
    assert_eq!(
        message(&quotient, &[(d, 10), (w, 4)]),
        "`d/W` = 5/2 is not an integer at W = 4, d = 10"
    );
    assert_eq!(
        message(&Poly::symbol(c), &[(d, 10), (w, 4)]),
        "`d/W` = 5/2 is not an integer at W = 4, d = 10"
    );
    assert_eq!(
        message(&at(&symbols, "W - T"), &[(w, 1), (t, 4)]),
        "`W - T` = -3 is negative at T = 4, W = 1"
    );
    assert_eq!(
        message(&(Poly::symbol(c) + Poly::symbol(t)), &[]),
        "no value for T, W, d"
    );
    assert_eq!(
        message(&quotient, &[(d, 10), (w, 0)]),
        "division by zero: `W` = 0 at W = 0"
    );
    let values = [(t, 1), (w, 4), (d, 12)].into_iter().collect::<Bindings>();
    assert_eq!(
        Poly::symbol(c).eval_count(&values, &symbols),
        Ok(IBig::from(3))
    );
}

#[test]
fn no_two_symbols_share_a_spelling() {
    let mut symbols = Symbols::new();
    for name in ["n", "p"] {
        symbols
            .declare_inner(name, Domain::default())
            .expect("distinct");
    }
    let names = [
        "k", "K", "K_2", "select", "Select", "select_", "lambda", "Lambda", "N", "ab", "aB", "AB",
        "AB_2", "ab_3", "a_b", "a__b", "_a_b", "a_b_2", "_", "__",
    ];
    let all = names.map(|name| symbols.declare(name, Domain::default()).expect("distinct"));
    for syntax in [Syntax::Python, Syntax::Rust, Syntax::Sql] {
        let mut spelled: Vec<String> = all
            .iter()
            .map(|sym| symbols.spelled(*sym, syntax))
            .collect();
        if syntax == Syntax::Sql {
            assert_eq!(spelled[0], "k");
            assert_eq!(spelled[1], "K_2_");
            assert_eq!(spelled[8], "N", "no finished formula mentions n");
            spelled
                .iter_mut()
                .for_each(|name| *name = name.to_lowercase());
        }
        spelled.sort();
        spelled.dedup();
        assert_eq!(spelled.len(), names.len(), "{syntax:?}");
    }
    let latex = |sym: Sym| print(&Poly::symbol(sym), &symbols, Form::Expanded, Syntax::Latex);
    let alike = all[14..].iter().map(|sym| latex(*sym));
    let printed = [
        "a_{b}",
        "a_{b}'",
        "a_{b}''",
        "a_{\\mathrm{b,2}}",
        "\\_",
        "\\_'",
    ];
    assert_eq!(alike.collect::<Vec<_>>(), printed);
}
