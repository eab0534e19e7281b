//! Formulas, two of them on two lines: each has the value of its text, is read back as it is printed, and keeps its value
//! where it is rewritten.

use dotledger::sym::{
    Basis, Bindings, Coeff, Comparison, Condition, Conditions, Context, Domain, EvalError, Poly,
    Subst, Sym, Symbols, compare, equal_if, parse,
};

use super::{naive, prints};

/// Of formulas with more terms only that they are read is asked: they take long to print and evaluate in all ways.
const MAX_ASKED: usize = 5000;

/// Values of all symbols: inside the domains, and such that what is assumed holds.
const POINTS: [[(&str, i64); 9]; 5] = [
    [
        ("T", 7),
        ("W", 3),
        ("C", 2),
        ("d", 6),
        ("f", 24),
        ("z", 0),
        ("g", 1),
        ("s", -3),
        ("h", 6),
    ],
    [
        ("T", 5),
        ("W", 5),
        ("C", 1),
        ("d", 4),
        ("f", 16),
        ("z", 3),
        ("g", 2),
        ("s", 5),
        ("h", 2),
    ],
    [
        ("T", 12),
        ("W", 1),
        ("C", 3),
        ("d", 9),
        ("f", 36),
        ("z", 1),
        ("g", 3),
        ("s", 0),
        ("h", 3),
    ],
    [
        ("T", 1),
        ("W", 1),
        ("C", 1),
        ("d", 1),
        ("f", 4),
        ("z", 0),
        ("g", 1),
        ("s", 1),
        ("h", 1),
    ],
    [
        ("T", 2),
        ("W", 1),
        ("C", 4),
        ("d", 8),
        ("f", 32),
        ("z", 2),
        ("g", 2),
        ("s", -1),
        ("h", 4),
    ],
];

/// Symbols of several domains; `f = 4*d`, `g*h = d`, `W <= T` and `C | d`.
fn symbols() -> Symbols {
    let mut symbols = Symbols::new();
    let domains = [
        ("T", 1, None),
        ("W", 1, None),
        ("C", 1, None),
        ("d", 1, None),
        ("f", 1, None),
        ("z", 0, None),
        ("g", 1, Some(3)),
        ("s", -3, Some(5)),
        ("h", 1, None),
    ];
    let of = domains.map(|(name, min, max)| {
        let sym = symbols.declare(name, Domain { min, max });
        Poly::symbol(sym.expect("names are distinct"))
    });
    let [t, w, c, d, f, _, g, _, h] = of;
    symbols.define(f.as_symbol().expect("a symbol"), d.scale(&Coeff::from(4)));
    symbols
        .relate(&(&g * &h), &d)
        .expect("the relation can hold");
    symbols.assume(Condition::AtLeast(t, w));
    symbols.assume(Condition::Divides(c, d));
    symbols
}

/// Checks the formulas of the first two lines.
pub fn check(text: &str) {
    let symbols = symbols();
    let mut lines = text.splitn(2, '\n');
    let read = |line: Option<&str>| {
        let line = line?;
        let (poly, conditions) = self::read(line, &symbols)?;
        if poly.terms().len() > MAX_ASKED {
            return None;
        }
        alone(&poly, &conditions, line, &symbols);
        Some(poly)
    };
    if let (Some(a), Some(b)) = (read(lines.next()), read(lines.next())) {
        both(&a, &b, &symbols);
    }
}

fn read(text: &str, symbols: &Symbols) -> Option<(Poly, Conditions)> {
    let inside = |start: usize, end: usize| {
        assert!(
            text.get(start..end).is_some(),
            "{start}..{end} is no part of {text:?}"
        );
    };
    let expr = match parse(text) {
        Ok(expr) => expr,
        Err(error) => {
            inside(error.span.start, error.span.end);
            assert!(!error.message.is_empty());
            return None;
        }
    };
    for (name, span) in expr.names() {
        assert_eq!(text.get(span), Some(name));
    }
    let resolve = &mut |name: &str, _| symbols.lookup(name).map(Poly::symbol);
    let mut cx = Context::new(symbols);
    match expr.lower_freely(resolve, &mut cx) {
        Ok(poly) => Some((poly, cx.used)),
        Err(errors) => {
            assert!(!errors.is_empty(), "{text} is refused without a reason");
            for error in errors {
                inside(error.span.start, error.span.end);
            }
            None
        }
    }
}

fn bindings(point: &[(&str, i64)], symbols: &Symbols) -> Bindings {
    let find = |name: &str| symbols.lookup(name).expect("declared");
    point
        .iter()
        .map(|(name, value)| (find(name), *value))
        .collect()
}

fn alone(poly: &Poly, conditions: &Conditions, text: &str, symbols: &Symbols) {
    prints::formula(poly, symbols);
    let normal = symbols.normal(poly);
    let basis = [sym("T", symbols), sym("d", symbols)];
    let basis = Basis::new(symbols, &basis, &Bindings::new());
    let rewritten = basis.rewrite(poly, &mut Context::new(symbols));
    let mut cx = Context::new(symbols);
    let (whole, positive) = (cx.proves_integer(poly), cx.proves_nonnegative(poly));
    for point in &POINTS {
        let at = bindings(point, symbols);
        let own = poly.eval(&at, symbols);
        let holds = |condition: &Condition| condition.holds(&at, symbols) == Ok(true);
        // Outside of the conditions a formula may have no value, but no other one.
        let sound = conditions.iter().all(holds);
        if let Some(value) = naive::value(text, point) {
            let parts = (
                value.numerator().clone(),
                value.denominator().clone().into(),
            );
            let value = Coeff::from_big_ratio(parts.0, parts.1).expect("not zero");
            match &own {
                Ok(own) => assert_eq!(*own, value, "{text} at {point:?}"),
                Err(error) => assert!(
                    !sound || matches!(error, EvalError::Limit(_)),
                    "{error:?}: {text} at {point:?}"
                ),
            }
        }
        let Ok(own) = own else { continue };
        assert!(!whole || own.is_integer(), "{text} = {own} at {point:?}");
        assert!(
            !positive || !own.is_negative(),
            "{text} = {own} at {point:?}"
        );
        same(&own, &normal, &at, symbols);
        if let Ok(rewritten) = &rewritten {
            same(&own, rewritten, &at, symbols);
        }
        if let Ok(settled) = poly.settled(symbols) {
            same(&own, &settled, &at, symbols);
        }
    }
}

fn sym(name: &str, symbols: &Symbols) -> Sym {
    symbols.lookup(name).expect("declared")
}

/// A formula has a value that another form of it has, wherever it has one.
fn same(value: &Coeff, poly: &Poly, at: &Bindings, symbols: &Symbols) {
    if let Ok(other) = poly.eval(at, symbols) {
        assert_eq!(*value, other, "{} at {at:?}", poly.show(symbols));
    }
}

fn both(a: &Poly, b: &Poly, symbols: &Symbols) {
    let t = sym("T", symbols);
    let put = Subst::from_iter([(t, b.clone())]);
    let after = Context::new(symbols).substitute(a, &put);
    let quotient = Context::new(symbols).divide_freely(a, b);
    let verdict = compare(a, b, symbols);
    if let Comparison::Different {
        witness,
        left,
        right,
    } = &verdict
    {
        assert_ne!(left, right);
        assert_eq!(a.eval(witness, symbols).as_ref(), Ok(left));
        assert_eq!(b.eval(witness, symbols).as_ref(), Ok(right));
    }
    let _ = equal_if(a, b, symbols);
    for point in &POINTS {
        let at = bindings(point, symbols);
        let (Ok(left), Ok(right)) = (a.eval(&at, symbols), b.eval(&at, symbols)) else {
            continue;
        };
        assert!(
            verdict != Comparison::Equal || left == right,
            "{} = {}",
            a.show(symbols),
            b.show(symbols)
        );
        if let Ok(quotient) = &quotient
            && let Ok(value) = quotient.eval(&at, symbols)
        {
            assert_eq!(
                &value * &right,
                left,
                "{} / {}",
                a.show(symbols),
                b.show(symbols)
            );
        }
        // What is put in is a value that the symbol can have.
        let window = at.get(sym("W", symbols)).cloned().unwrap_or_default();
        if let (Ok(after), Some(value)) = (&after, right.to_integer())
            && value >= window
        {
            let mut inner = at.clone();
            inner.insert(t, value);
            if let Ok(value) = a.eval(&inner, symbols) {
                same(&value, after, &at, symbols);
            }
        }
    }
}
