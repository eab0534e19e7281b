//! What is printed can be read: formulas by the parser, JSON and CSV by others.

use dotledger::sym::{Atom, Context, Form, OpaqueKind, Poly, Symbols, Syntax, parse_poly, print};

const SYNTAXES: [Syntax; 6] = [
    Syntax::Ascii,
    Syntax::Unicode,
    Syntax::Python,
    Syntax::Latex,
    Syntax::Rust,
    Syntax::Sql,
];

const FORMS: [Form; 2] = [Form::Expanded, Form::Factored];

/// Prints a formula in all ways and reads it back where that can be done.
pub(crate) fn formula(poly: &Poly, symbols: &Symbols) {
    for syntax in SYNTAXES {
        for form in FORMS {
            in_one(poly, symbols, form, syntax);
        }
    }
}

/// Prints formulas, each in one of the ways.
pub(crate) fn each<'p>(polys: impl IntoIterator<Item = &'p Poly>, symbols: &Symbols) {
    let ways = FORMS
        .iter()
        .flat_map(|form| SYNTAXES.map(|syntax| (*form, syntax)));
    for (poly, (form, syntax)) in polys.into_iter().zip(ways.cycle()) {
        in_one(poly, symbols, form, syntax);
    }
}

/// Prints a formula, and reads it back where that can be done. Python's `//` is both exact and rounded, so there only
/// formulas that are integers whatever their symbols are, and all of whose parts are, can be read back.
fn in_one(poly: &Poly, symbols: &Symbols, form: Form, syntax: Syntax) {
    let text = print(poly, symbols, form, syntax);
    assert!(!text.is_empty());
    let exact = match syntax {
        Syntax::Ascii | Syntax::Unicode => true,
        Syntax::Python => whole(poly, &mut Context::new(symbols)) && plain(poly, symbols),
        Syntax::Latex | Syntax::Rust | Syntax::Sql => false,
    };
    if exact && poly.limit().is_none() {
        let again = parse_poly(&text, &mut Context::new(symbols));
        assert_eq!(again.as_ref(), Ok(poly), "{syntax:?} {form:?}: {text}");
    }
}

/// Whether a formula, what its minima choose from, what its sums add and its powers are integers.
fn whole(poly: &Poly, cx: &mut Context<'_>) -> bool {
    let inside = |opaque: &std::sync::Arc<_>, cx: &mut Context<'_>| {
        let parts = |parts: &[Poly], cx: &mut Context<'_>| parts.iter().all(|part| whole(part, cx));
        match dotledger::sym::Opaque::kind(opaque) {
            OpaqueKind::Min(arguments) => parts(arguments, cx),
            OpaqueKind::Sum { lo, hi, body, .. } => {
                parts(&[lo.clone(), hi.clone(), body.clone()], cx)
            }
            OpaqueKind::Floor { num, den } => parts(&[num.clone(), den.clone()], cx),
            OpaqueKind::Pow { base, exponent } => {
                let power = Poly::atom(Atom::Opaque(opaque.clone()));
                cx.proves_integer(&power) && parts(&[base.clone(), exponent.clone()], cx)
            }
            OpaqueKind::Beyond(_) => false,
        }
    };
    cx.proves_integer(poly) && poly.opaques().all(|opaque| inside(opaque, cx))
}

/// Whether Python spells all names as they are.
fn plain(poly: &Poly, symbols: &Symbols) -> bool {
    let spelled = |sym| {
        print(&Poly::symbol(sym), symbols, Form::Expanded, Syntax::Python) == symbols.name(sym)
    };
    poly.symbols().into_iter().all(spelled)
}

/// JSON and CSV that others can read, every record of one length.
pub(crate) fn json(text: &str) {
    let read: Result<serde_json::Value, _> = serde_json::from_str(text);
    assert!(read.is_ok(), "{read:?}: {text}");
}

/// As [`json`].
pub(crate) fn csv(text: &str) {
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        assert!(record.is_ok(), "{record:?}: {text}");
    }
}
