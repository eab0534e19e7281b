//! Hostile input: every text ends in a formula or in an error that names its limit, and soon.

use super::tests::{NAMES, symbols};
use super::*;

/// The first error of a formula, on a thread with the usual stack.
fn refusal(text: &str) -> String {
    let symbols = symbols();
    let result = parse_poly(text, &mut Context::new(&symbols));
    let errors = result.map(|p| p.terms().len()).expect_err("refused");
    errors[0].message.clone()
}

#[test]
fn hostile_texts_are_refused_by_a_named_limit() {
    let depth = LimitError::Depth.to_string();
    assert_eq!(refusal("T^1000000000"), LimitError::Exponent.to_string());
    assert_eq!(
        refusal("(T + W)^1000000000"),
        LimitError::Exponent.to_string()
    );
    assert_eq!(refusal("3^1000000000"), LimitError::Bits.to_string());
    assert_eq!(refusal(&"(".repeat(100_000)), depth);
    assert_eq!(
        refusal(&format!("{}T{}", "(".repeat(100_000), ")".repeat(100_000))),
        depth
    );
    assert_eq!(refusal(&format!("{}T", "-".repeat(100_000))), depth);
    assert_eq!(refusal(&vec!["2"; 100_000].join("^")), depth);
    assert_eq!(refusal(&"floor(".repeat(100_000)), depth);
    assert_eq!(refusal("(T+W+C+d)^4000"), LimitError::Terms.to_string());
    assert_eq!(
        refusal("((T+W+C+d+1)^20)*((T+W+C+d+2)^20)"),
        LimitError::Terms.to_string()
    );
    assert_eq!(
        refusal(&format!("{}*T", "9".repeat(limits::MAX_DIGITS + 1))),
        "this number has more than 10000 digits, the limit"
    );
    let beyond_in_lowest_terms = "floor((T^4096 + 1)/(T^-4096 + W))";
    assert_eq!(
        refusal(beyond_in_lowest_terms),
        LimitError::Exponent.to_string()
    );
    assert_eq!(refusal("T/0"), "division by zero");
    assert_eq!(refusal("floor(T/(W - W))"), "division by zero");
    assert!(refusal("T/(W + 1)").contains("floor(a/b)"));
    assert!(refusal("").contains("expected"));
    assert!(refusal("T é 😀").contains("unexpected character"));
}

#[test]
fn what_is_nested_to_the_limit_is_read_back_as_it_is_printed() {
    let symbols = symbols();
    let read = |text: &str| parse_poly(text, &mut Context::new(&symbols));
    let powers = |deep: usize| format!("{}1", "T^".repeat(deep + 1));
    let deepest = read(&powers(limits::MAX_ATOM_DEPTH)).expect("not beyond the limit");
    for form in [Form::Expanded, Form::Factored] {
        let text = print(&deepest, &symbols, form, Syntax::Ascii);
        assert_eq!(read(&text), Ok(deepest.clone()), "{text}");
    }
    let beyond = refusal(&powers(limits::MAX_ATOM_DEPTH + 1));
    assert_eq!(beyond, LimitError::AtomDepth.to_string());
    // Three brackets around what each floor holds: those of the call, of the numerator and of a product in it.
    let mut floors = String::from("T");
    for _ in 0..30 {
        floors = format!("floor((1 + T*(W + {floors}))/C)");
    }
    let floors = read(&floors).expect("not beyond the limit");
    let text = print(&floors, &symbols, Form::Factored, Syntax::Ascii);
    assert_eq!(read(&text), Ok(floors), "{text}");
}

#[test]
fn long_flat_texts_are_fine() {
    let symbols = symbols();
    let read = |text: &str| {
        parse_poly(text, &mut Context::new(&symbols))
            .expect("fine")
            .show(&symbols)
    };
    assert_eq!(read(&vec!["T"; 100_000].join(" + ")), "100000*T");
    assert_eq!(read(&vec!["T"; 4096].join("*")), "T^4096");
    assert_eq!(
        read(&format!("{}T{}", "(".repeat(100), ")".repeat(100))),
        "T"
    );
    assert_eq!(read("9223372036854775807 + 1"), "9223372036854775808");
    assert_eq!(read("-9223372036854775808*T - T"), "-9223372036854775809*T");
    assert_eq!(
        read("170141183460469231731687303715884105727*T*2"),
        "340282366920938463463374607431768211454*T"
    );
}

#[test]
fn deep_definitions_and_shared_atoms_stay_cheap() {
    let mut symbols = symbols();
    let mut last = symbols.lookup("T").expect("declared");
    for i in 0..20_000 {
        let next = symbols
            .declare(&format!("x{i}"), Domain::default())
            .expect("new");
        symbols.define(next, Poly::symbol(last).scale(&Coeff::from(1)));
        last = next;
    }
    assert_eq!(symbols.normal(&Poly::symbol(last)).show(&symbols), "T");
    let mut doubled = symbols.clone();
    for i in 0..64 {
        let next = doubled
            .declare(&format!("y{i}"), Domain::default())
            .expect("new");
        doubled.define(next, Poly::symbol(last) * Poly::symbol(last));
        last = next;
    }
    assert_eq!(
        doubled.normal(&Poly::symbol(last)).limit(),
        Some(LimitError::Exponent)
    );
    let at = Bindings::from_iter([(doubled.lookup("T").expect("declared"), 2)]);
    let value = Poly::symbol(last).eval(&at, &doubled);
    assert!(matches!(value, Err(EvalError::Limit(_))), "{value:?}");

    let mut cx = Context::new(&symbols);
    let [t, w, c, _] = NAMES.map(|n| Poly::symbol(symbols.lookup(n).expect("declared")));
    let mut tower = t.clone();
    let refused = (0..200).find_map(|_| {
        let doubled = &tower + &cx.floor_div(&(&tower + &w), &c).ok()?;
        match cx.floor_div(&(&doubled * &tower), &(&c + &w)) {
            Ok(next) => tower = next,
            Err(error) => return Some(error),
        }
        None
    });
    assert!(
        matches!(refused, Some(AlgebraError::Limit(_))),
        "{refused:?}"
    );
}

#[test]
fn many_names_are_a_limit_of_a_product_and_none_of_a_proof() {
    let mut symbols = symbols();
    let d = Poly::symbol(symbols.lookup("d").expect("declared"));
    let mut names = Vec::new();
    for i in 2..1003_i64 {
        let name = format!("x{i}");
        let next = symbols.declare(&name, Domain::default()).expect("new");
        let share = Coeff::from(i).recip().expect("not zero");
        symbols.define(next, d.scale(&share));
        names.push(name);
    }
    let mut cx = Context::new(&symbols);
    let errors = parse_poly(&names.join("*"), &mut cx).expect_err("too many factors");
    assert_eq!(errors[0].message, LimitError::Factors.to_string());
    // A thousand declared quotients cannot all be combined with each other.
    let third = parse_poly("x2/7", &mut cx).expect("fine");
    assert!(!cx.proves_integer(&third));
}

#[test]
fn every_unknown_name_is_reported_at_its_place() {
    let symbols = symbols();
    let errors = parse_poly(
        "T*foo + floor(bar/W) + sum(i, 1, T, i*baz) + foo",
        &mut Context::new(&symbols),
    );
    let errors = errors.expect_err("unknown names");
    let found: Vec<_> = errors
        .iter()
        .map(|e| (e.unknown.clone().unwrap_or_default(), e.span.start))
        .collect();
    assert_eq!(
        found,
        [
            ("foo".into(), 2),
            ("bar".into(), 14),
            ("baz".into(), 38),
            ("foo".into(), 45)
        ]
    );
    let names = parse("a + sum(i, 1, a, i*b)").expect("a formula");
    assert_eq!(
        names
            .names()
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>(),
        ["a", "a", "b"]
    );
}

#[test]
fn text_is_printed_once_however_often_a_function_spells_it() {
    let symbols = symbols();
    let mut floors = String::from("T");
    let mut minima = String::from("T");
    for k in 0..50 {
        floors = format!("floor(({floors} + W^{k})/(C + {}))", k + 2);
        minima = format!("min({minima}*C - {k}, W^2 + {k}*d)");
    }
    for text in [floors, minima] {
        let p = parse_poly(&text, &mut Context::new(&symbols)).expect("a formula");
        for syntax in [Syntax::Ascii, Syntax::Python, Syntax::Sql] {
            assert!(print(&p, &symbols, Form::Factored, syntax).len() < 300_000);
        }
    }
}

#[test]
fn high_powers_are_compared_without_expansion() {
    let symbols = symbols();
    let text = "min(T^1000, (W + C)^40, T*W - C) + floor(T/C)^1000";
    let p = parse_poly(text, &mut Context::new(&symbols)).expect("a formula");
    let again = parse_poly(&p.show(&symbols), &mut Context::new(&symbols));
    assert_eq!(again, Ok(p));
}
