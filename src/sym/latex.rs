//! LaTeX for papers. Is never parsed back.

use std::fmt::Write;

use super::Sym;
use super::print::{Level, Out};
use super::tree::{Rounded, Rounding, Tree};

impl Out<'_> {
    pub(super) fn latex(&mut self, tree: &Tree) {
        match tree {
            Tree::Int(value) => _ = write!(self.text, "{value}"),
            Tree::Sym(sym) => self.latex_name(*sym),
            Tree::Add(terms) => self.terms(terms),
            Tree::Mul(factors) => {
                for (i, factor) in factors.iter().enumerate() {
                    if i > 0 {
                        self.push(if starts_with_digit(factor) {
                            " \\cdot "
                        } else {
                            " "
                        });
                    }
                    self.write(factor, Level::Factor);
                }
            }
            Tree::Div(num, den) => self.fraction(num, den),
            Tree::Pow(base, exponent) => {
                self.write(base, Level::Base);
                self.push("^{");
                self.write(exponent, Level::Sum);
                self.push("}");
            }
            Tree::Rounded(rounded) => self.latex_rounded(rounded),
            Tree::Min(arguments) => self.latex_call("\\min", arguments),
            Tree::Max(arguments) => self.latex_call("\\max", arguments),
            Tree::Clamp(parts) => self.latex_call("\\operatorname{clamp}", &**parts),
            Tree::Sum(sum) => {
                self.push("\\left(\\sum_{");
                self.latex_name(sum.index);
                self.push("=");
                self.write(&sum.lo, Level::Sum);
                self.push("}^{");
                self.write(&sum.hi, Level::Sum);
                self.push("} ");
                self.write(&sum.body, Level::Product);
                self.push("\\right)");
            }
            Tree::Beyond(limit) => {
                let name = limit.constant().replace('_', "\\_");
                self.push(&format!("\\mathrm{{{name}}}"));
            }
        }
    }

    fn fraction(&mut self, num: &Tree, den: &Tree) {
        self.push("\\frac{");
        self.write(num, Level::Sum);
        self.push("}{");
        self.write(den, Level::Sum);
        self.push("}");
    }

    fn latex_call(&mut self, name: &str, arguments: &[Tree]) {
        self.push(name);
        self.push("\\left(");
        self.list(arguments, ", ", Level::Sum);
        self.push("\\right)");
    }

    fn latex_rounded(&mut self, rounded: &Rounded) {
        let (open, close) = match rounded.how {
            Rounding::Floor => ("\\left\\lfloor ", "\\right\\rfloor"),
            Rounding::Ceil => ("\\left\\lceil ", "\\right\\rceil"),
            Rounding::Mod => {
                self.push("\\left(");
                self.write(&rounded.num, Level::Product);
                self.push(" \\bmod ");
                self.write(&rounded.den, Level::Factor);
                return self.push("\\right)");
            }
        };
        self.push(open);
        if rounded.den == Tree::one() {
            self.write(&rounded.num, Level::Sum);
        } else {
            self.fraction(&rounded.num, &rounded.den);
        }
        self.push(close);
    }

    /// `d`, `d_{h}`, `d_{\mathrm{ff}}`, `\mathit{dh}`.
    fn latex_name(&mut self, sym: Sym) {
        let name = super::names::spell(sym, self.symbols, self.syntax);
        let plain = name.trim_end_matches('\'');
        let mut parts = parts(plain);
        let head = parts.next().unwrap_or("\\_");
        let tail: Vec<&str> = parts.collect();
        let single = |text: &str| text.chars().nth(1).is_none();
        self.push(&if single(head) || head == "\\_" {
            head.to_owned()
        } else {
            format!("\\mathit{{{head}}}")
        });
        match &*tail {
            [] => {}
            [one] if single(one) => self.push(&format!("_{{{one}}}")),
            _ => self.push(&format!("_{{\\mathrm{{{}}}}}", tail.join(","))),
        }
        self.push(name.get(plain.len()..).unwrap_or_default());
    }
}

/// A name and its indices, as underscores separate them.
pub(super) fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '.']).filter(|part| !part.is_empty())
}

fn starts_with_digit(tree: &Tree) -> bool {
    match tree {
        Tree::Int(_) => true,
        Tree::Pow(base, _) => starts_with_digit(base),
        Tree::Mul(factors) => factors.first().is_some_and(starts_with_digit),
        _ => false,
    }
}
