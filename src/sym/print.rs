//! Formulas as text, in six syntaxes. Must never decide what is printed, only how.

use std::collections::HashMap;

use super::meter::spend;
use super::names::spell;
use super::tree::{Builder, Rounding, Tree};
use super::{Form, Poly, Sym, Symbols, Term};

/// The language a formula is printed in. ASCII, Unicode and Python are parsed back to the same formula; Python's
/// `//` is both exact and rounded division, so there the divisibility that the formula needs must be declared.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Syntax {
    /// `12·L·T·d²`
    Unicode,
    /// `12*L*T*d^2`
    #[default]
    Ascii,
    /// `12 L T d^{2}`
    Latex,
    /// `12*L*T*d**2`, exact in Python's integers, read by SymPy with `locals` for names SymPy itself uses.
    Python,
    /// `12 * L * T * d.pow(2)`, over `i128` variables.
    Rust,
    /// `12*L*T*d*d`, over integer columns.
    Sql,
}

/// Terms inside of functions that are written without a step, and the steps that each more takes.
const FREE: usize = 1000;
const WRITTEN: usize = 10;

/// The text of a formula.
pub fn print(poly: &Poly, symbols: &Symbols, form: Form, syntax: Syntax) -> String {
    // Few terms are longer.
    let mut text = String::with_capacity(16 * poly.terms().len());
    print_to(&mut text, poly, symbols, form, syntax);
    text
}

/// Appends the text of a formula.
pub(crate) fn print_to(
    text: &mut String,
    poly: &Poly,
    symbols: &Symbols,
    form: Form,
    syntax: Syntax,
) {
    let mut out = Out::new(std::mem::take(text), symbols, syntax);
    let flat = form == Form::Expanded && matches!(syntax, Syntax::Unicode | Syntax::Ascii);
    match spend(WRITTEN * written(poly).saturating_sub(FREE)) {
        Err(limit) => out.write(&Tree::Beyond(limit), Level::Sum),
        Ok(()) if flat && !poly.has_atoms() => out.flat(poly),
        Ok(()) => {
            let common_denominator = matches!(syntax, Syntax::Python | Syntax::Rust | Syntax::Sql);
            let tree = Builder::new(symbols, form, common_denominator).tree(poly);
            out.write(&tree, Level::Sum);
        }
    }
    *text = out.text;
}

/// How much is written: a function wherever it stands, which is far more than the formula holds where it is long, and the digits
/// of long numbers.
fn written(poly: &Poly) -> usize {
    let factors = poly.terms().iter().flat_map(Term::factors);
    let inside = factors.map(|(atom, _)| atom.opaque().map_or(0, |opaque| opaque.weight()));
    let inside: usize = inside.sum();
    let coeffs = poly.terms().iter().map(Term::coeff);
    let long = coeffs.filter(|coeff| coeff.as_small().is_none());
    let words: usize = long.map(|coeff| coeff.bits() / 64).sum();
    inside.saturating_add(2 * words)
}

impl Poly {
    /// The text in ASCII, expanded.
    pub fn show(&self, symbols: &Symbols) -> String {
        print(self, symbols, Form::Expanded, Syntax::Ascii)
    }
}

/// How tightly a place binds; what binds less gets parentheses there.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Sum,
    Product,
    /// A factor after the first, or an operand of a quotient.
    Factor,
    /// The base of a power, or what a method is called on.
    Base,
}

/// The text under construction.
pub(super) struct Out<'s> {
    pub(super) text: String,
    pub(super) symbols: &'s Symbols,
    pub(super) syntax: Syntax,
    /// How often what is written now is spelled, where functions spell their arguments several times.
    pub(super) copies: usize,
    spelled: HashMap<Sym, String>,
}

impl<'s> Out<'s> {
    /// Goes on after a text.
    pub(super) fn new(text: String, symbols: &'s Symbols, syntax: Syntax) -> Out<'s> {
        Out {
            text,
            symbols,
            syntax,
            copies: 1,
            spelled: HashMap::new(),
        }
    }
}

impl Out<'_> {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn write(&mut self, tree: &Tree, level: Level) {
        let inside = tree.level(self.syntax);
        let wrap = inside < level;
        if wrap {
            self.push(if self.syntax == Syntax::Latex {
                "\\left("
            } else {
                "("
            });
        }
        match self.syntax {
            Syntax::Unicode | Syntax::Ascii | Syntax::Python => self.plain(tree),
            Syntax::Latex => self.latex(tree),
            Syntax::Rust => self.rust(tree),
            Syntax::Sql => self.sql(tree),
        }
        if wrap {
            self.push(if self.syntax == Syntax::Latex {
                "\\right)"
            } else {
                ")"
            });
        }
    }

    /// Terms with their signs.
    pub(super) fn terms(&mut self, terms: &[(bool, Tree)]) {
        for (i, (negative, term)) in terms.iter().enumerate() {
            self.push(match (i, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            // In Python `-T//C` is `(-T)//C`.
            let tight = i == 0 && *negative && matches!(term, Tree::Rounded(_));
            self.write(term, if tight { Level::Factor } else { Level::Product });
        }
    }

    pub(super) fn list(&mut self, parts: &[Tree], between: &str, level: Level) {
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.push(between);
            }
            self.write(part, level);
        }
    }

    pub(super) fn name(&mut self, sym: Sym) {
        if sym.is_reserved() || !matches!(self.syntax, Syntax::Unicode | Syntax::Ascii) {
            let (symbols, syntax) = (self.symbols, self.syntax);
            let spelled = self
                .spelled
                .entry(sym)
                .or_insert_with(|| spell(sym, symbols, syntax));
            self.text.push_str(spelled);
        } else {
            self.text.push_str(self.symbols.name(sym));
        }
    }
}

impl Tree {
    /// How tightly the outermost operation of a tree binds.
    pub(super) fn level(&self, syntax: Syntax) -> Level {
        match self {
            Tree::Add(_) => Level::Sum,
            Tree::Rounded(rounded) if syntax == Syntax::Python && rounded.how != Rounding::Ceil => {
                Level::Product
            }
            Tree::Pow(_, exponent)
                if syntax == Syntax::Sql && super::sql::spelled_out(exponent).is_some() =>
            {
                Level::Product
            }
            Tree::Mul(_) | Tree::Div(..) => Level::Product,
            Tree::Pow(..) => Level::Factor,
            _ => Level::Base,
        }
    }
}
