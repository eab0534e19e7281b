//! ASCII, Unicode and Python. Must never print what the parser reads differently.

use std::fmt::Write;

use super::print::{Level, Out, Syntax};
use super::tree::{Rounded, Rounding, Summation, Tree};

impl Out<'_> {
    pub(super) fn plain(&mut self, tree: &Tree) {
        match tree {
            Tree::Int(value) => _ = write!(self.text, "{value}"),
            Tree::Sym(sym) => self.name(*sym),
            Tree::Add(terms) => self.terms(terms),
            Tree::Mul(factors) => {
                let times = if self.syntax == Syntax::Unicode {
                    "·"
                } else {
                    "*"
                };
                self.list(factors, times, Level::Factor);
            }
            Tree::Div(num, den) => {
                self.numerator(num);
                self.push(if self.syntax == Syntax::Python {
                    "//"
                } else {
                    "/"
                });
                self.write(den, Level::Factor);
            }
            Tree::Pow(base, exponent) => self.power(base, exponent),
            Tree::Rounded(rounded) => self.rounded(rounded),
            Tree::Min(arguments) => self.call("min", arguments),
            Tree::Max(arguments) => self.call("max", arguments),
            Tree::Clamp(parts) if self.syntax == Syntax::Python => {
                let [x, lo, hi] = &**parts;
                let below = Tree::Min(vec![x.clone(), hi.clone()]);
                self.call("max", &[lo.clone(), below]);
            }
            Tree::Clamp(parts) => self.call("clamp", &**parts),
            Tree::Sum(sum) => self.summation(sum),
            Tree::Beyond(limit) => self.push(limit.constant()),
        }
    }

    /// A numerator: a sign in front of a product binds more tightly than what divides it.
    fn numerator(&mut self, num: &Tree) {
        match num {
            Tree::Add(terms) if matches!(&**terms, [(true, _)]) => self.terms(terms),
            _ => self.write(num, Level::Product),
        }
    }

    fn power(&mut self, base: &Tree, exponent: &Tree) {
        self.write(base, Level::Base);
        match (self.syntax, exponent) {
            (Syntax::Unicode, Tree::Int(value)) => {
                self.text.extend(value.to_string().chars().map(raised));
            }
            (Syntax::Python, _) => {
                self.push("**");
                self.write(exponent, Level::Base);
            }
            _ => {
                self.push("^");
                self.write(exponent, Level::Base);
            }
        }
    }

    pub(super) fn call(&mut self, name: &str, arguments: &[Tree]) {
        self.push(name);
        self.push("(");
        self.list(arguments, ", ", Level::Sum);
        self.push(")");
    }

    fn rounded(&mut self, rounded: &Rounded) {
        let Rounded {
            how,
            num,
            negated,
            den,
            ..
        } = rounded;
        match (self.syntax, how) {
            (Syntax::Python, Rounding::Ceil) => {
                self.push("(-(");
                self.numerator(negated.as_ref().unwrap_or(num));
                self.push("//");
                self.write(den, Level::Factor);
                self.push("))");
            }
            (Syntax::Python, _) => {
                self.numerator(num);
                self.push(if *how == Rounding::Floor { "//" } else { " % " });
                self.write(den, Level::Factor);
            }
            (_, Rounding::Mod) => {
                self.push("mod(");
                self.write(num, Level::Sum);
                self.push(", ");
                self.write(den, Level::Sum);
                self.push(")");
            }
            (syntax, _) => {
                let (open, close) = match (syntax, how) {
                    (Syntax::Unicode, Rounding::Floor) => ("⌊", "⌋"),
                    (Syntax::Unicode, _) => ("⌈", "⌉"),
                    (_, Rounding::Floor) => ("floor(", ")"),
                    _ => ("ceil(", ")"),
                };
                self.push(open);
                if *den == Tree::one() {
                    self.write(num, Level::Sum);
                } else {
                    self.numerator(num);
                    self.push("/");
                    self.write(den, Level::Factor);
                }
                self.push(close);
            }
        }
    }

    fn summation(&mut self, sum: &Summation) {
        if self.syntax == Syntax::Python {
            self.push("sum(");
            self.write(&sum.body, Level::Sum);
            self.push(" for ");
            self.name(sum.index);
            self.push(" in range(");
            self.write(&sum.lo, Level::Sum);
            self.push(", ");
            self.write(&sum.hi, Level::Sum);
            self.push(" + 1))");
            return;
        }
        self.push("sum(");
        self.name(sum.index);
        for part in [&sum.lo, &sum.hi, &sum.body] {
            self.push(", ");
            self.write(part, Level::Sum);
        }
        self.push(")");
    }
}

pub(super) fn raised(c: char) -> char {
    match c {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' => '⁰',
        '4'..='9' => char::from_u32('⁴' as u32 + (c as u32 - '4' as u32)).unwrap_or(c),
        _ => c,
    }
}
