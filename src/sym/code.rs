//! Rust expressions over `i128`. Is never parsed back.

use std::fmt::Write;

use super::print::{Level, Out};
use super::tree::{Rounded, Rounding, Tree};

impl Out<'_> {
    pub(super) fn rust(&mut self, tree: &Tree) {
        match tree {
            Tree::Int(value) => _ = write!(self.text, "{value}"),
            Tree::Sym(sym) => self.name(*sym),
            Tree::Add(terms) => self.terms(terms),
            Tree::Mul(factors) => self.list(factors, " * ", Level::Factor),
            Tree::Div(num, den) => {
                self.write(num, Level::Product);
                self.push(" / ");
                self.write(den, Level::Factor);
            }
            Tree::Pow(base, exponent) => {
                self.receiver(base);
                self.push(".pow(");
                match &**exponent {
                    Tree::Int(value) => _ = write!(self.text, "{value}"),
                    other => {
                        self.write(other, Level::Base);
                        self.push(" as u32");
                    }
                }
                self.push(")");
            }
            Tree::Rounded(rounded) => self.rust_rounded(rounded),
            Tree::Min(arguments) => self.fold(arguments, ".min("),
            Tree::Max(arguments) => self.fold(arguments, ".max("),
            Tree::Clamp(parts) => {
                let [x, lo, hi] = &**parts;
                let below = Tree::Min(vec![x.clone(), hi.clone()]);
                self.fold(&[below, lo.clone()], ".max(");
            }
            Tree::Sum(sum) => {
                self.push("(");
                self.receiver(&sum.lo);
                self.push("..=");
                self.write(&sum.hi, Level::Base);
                self.push(").map(|");
                self.name(sum.index);
                self.push("| ");
                self.write(&sum.body, Level::Sum);
                self.push(").sum::<i128>()");
            }
            Tree::Beyond(limit) => self.push(limit.constant()),
        }
    }

    /// What a method is called on: a number needs its type there.
    fn receiver(&mut self, tree: &Tree) {
        match tree {
            Tree::Int(value) => _ = write!(self.text, "{value}_i128"),
            Tree::Add(terms) if matches!(&**terms, [(true, Tree::Int(_))]) => {
                self.push("(");
                self.terms(terms);
                self.push("_i128)");
            }
            _ => self.write(tree, Level::Base),
        }
    }

    fn fold(&mut self, arguments: &[Tree], method: &str) {
        let Some((first, rest)) = arguments.split_first() else {
            return;
        };
        self.receiver(first);
        for argument in rest {
            self.push(method);
            self.write(argument, Level::Sum);
            self.push(")");
        }
    }

    fn rust_rounded(&mut self, rounded: &Rounded) {
        let Rounded {
            how,
            num,
            negated,
            den,
            ..
        } = rounded;
        match how {
            Rounding::Floor | Rounding::Mod => {
                self.receiver(num);
                self.push(if *how == Rounding::Floor {
                    ".div_euclid("
                } else {
                    ".rem_euclid("
                });
                self.write(den, Level::Sum);
                self.push(")");
            }
            Rounding::Ceil => {
                self.push("(-");
                self.receiver(negated.as_ref().unwrap_or(num));
                self.push(".div_euclid(");
                self.write(den, Level::Sum);
                self.push("))");
            }
        }
    }
}
