//! SQL expressions over integer columns, for SQLite, PostgreSQL and DuckDB. Is never parsed back. Must never rely on
//! how a database rounds: a division is exact, or its remainder was subtracted first.

use std::fmt::Write;

use super::atom::OpaqueKind;
use super::print::{Level, Out};
use super::tree::{Rounded, Rounding, Summation, Tree};
use super::{Coeff, Mono, Poly, Term};

/// Functions that spell their arguments several times are nested while this many copies suffice.
const MAX_COPIES: usize = 100;
/// Highest power that is written as a product.
const MAX_SPELLED: u32 = 64;

impl Out<'_> {
    pub(super) fn sql(&mut self, tree: &Tree) {
        match tree {
            Tree::Int(value) => _ = write!(self.text, "{value}"),
            Tree::Sym(sym) => self.name(*sym),
            Tree::Add(terms) => self.terms(terms),
            Tree::Mul(factors) => {
                for (i, factor) in factors.iter().enumerate() {
                    self.push(if i > 0 { "*" } else { "" });
                    match factor {
                        Tree::Pow(base, exponent) => self.sql_power(base, exponent),
                        _ => self.write(factor, Level::Factor),
                    }
                }
            }
            Tree::Div(num, den) => {
                self.write(num, Level::Product);
                self.push(" / ");
                self.write(den, Level::Factor);
            }
            Tree::Pow(base, exponent) => self.sql_power(base, exponent),
            Tree::Rounded(rounded) => {
                let outside = self.copies;
                self.copies = outside.saturating_mul(3);
                self.sql_rounded(rounded);
                self.copies = outside;
            }
            Tree::Min(arguments) => self.choose(arguments, " <= ", "LEAST"),
            Tree::Max(arguments) => self.choose(arguments, " >= ", "GREATEST"),
            Tree::Clamp(parts) => {
                let [x, lo, hi] = &**parts;
                let below = Tree::Min(vec![x.clone(), hi.clone()]);
                self.choose(&[lo.clone(), below], " >= ", "GREATEST");
            }
            Tree::Sum(sum) => self.query(sum),
            Tree::Beyond(limit) => self.push(limit.constant()),
        }
    }

    fn sql_power(&mut self, base: &Tree, exponent: &Tree) {
        match spelled_out(exponent) {
            Some(n) => {
                for i in 0..n {
                    self.push(if i > 0 { "*" } else { "" });
                    self.write(base, Level::Factor);
                }
            }
            None => {
                self.push("POWER(");
                self.write(base, Level::Sum);
                self.push(", ");
                self.write(exponent, Level::Sum);
                self.push(")");
            }
        }
    }

    /// `CASE`, or where that would grow too long the function that not every database has.
    fn choose(&mut self, arguments: &[Tree], order: &str, function: &str) {
        let outside = self.copies;
        self.copies = outside.saturating_mul(arguments.len() + 1);
        if self.copies > MAX_COPIES {
            self.call(function, arguments);
            self.copies = outside;
            return;
        }
        self.push("CASE");
        let mut rest = arguments;
        while let [argument, later @ ..] = rest {
            rest = later;
            self.push(if later.is_empty() { " ELSE " } else { " WHEN " });
            for (j, other) in later.iter().enumerate() {
                self.push(if j > 0 { " AND " } else { "" });
                self.write(argument, Level::Sum);
                self.push(order);
                self.write(other, Level::Sum);
            }
            self.push(if later.is_empty() { "" } else { " THEN " });
            self.write(argument, Level::Sum);
        }
        self.push(" END");
        self.copies = outside;
    }

    /// `a % b`, with the sign of the divisor.
    fn remainder(&mut self, num: &Tree, den: &Tree, nonnegative: bool) {
        if nonnegative {
            self.write(num, Level::Factor);
            self.push(" % ");
            return self.write(den, Level::Factor);
        }
        self.push("(");
        self.write(num, Level::Factor);
        self.push(" % ");
        self.write(den, Level::Factor);
        self.push(" + ");
        self.write(den, Level::Product);
        self.push(") % ");
        self.write(den, Level::Factor);
    }

    fn sql_floor(&mut self, num: &Tree, den: &Tree, nonnegative: bool) {
        self.push("((");
        self.write(num, Level::Product);
        self.push(" - ");
        self.remainder(num, den, nonnegative);
        self.push(") / ");
        self.write(den, Level::Factor);
        self.push(")");
    }

    fn sql_rounded(&mut self, rounded: &Rounded) {
        let Rounded {
            how,
            num,
            negated,
            den,
            nonnegative,
        } = rounded;
        if self.copies > MAX_COPIES && *how != Rounding::Mod {
            self.push(if *how == Rounding::Floor {
                "FLOOR(1.0 * "
            } else {
                "CEIL(1.0 * "
            });
            self.write(num, Level::Factor);
            self.push(" / ");
            self.write(den, Level::Factor);
            return self.push(")");
        }
        match how {
            Rounding::Floor => self.sql_floor(num, den, *nonnegative),
            Rounding::Ceil => {
                self.push("(-");
                self.sql_floor(negated.as_ref().unwrap_or(num), den, false);
                self.push(")");
            }
            Rounding::Mod => {
                self.push("(");
                self.remainder(num, den, *nonnegative);
                self.push(")");
            }
        }
    }

    fn query(&mut self, sum: &Summation) {
        let index = super::names::spell(sum.index, self.symbols, self.syntax);
        self.push(&format!(
            "(WITH RECURSIVE range_{index}({index}) AS (SELECT "
        ));
        self.write(&sum.lo, Level::Sum);
        self.push(&format!(
            " UNION ALL SELECT {index} + 1 FROM range_{index} WHERE {index} < "
        ));
        self.write(&sum.hi, Level::Factor);
        self.push(") SELECT COALESCE(SUM(");
        self.write(&sum.body, Level::Sum);
        self.push(&format!("), 0) FROM range_{index} WHERE {index} <= "));
        self.write(&sum.hi, Level::Factor);
        self.push(")");
    }
}

/// The first power of a formula that has no spelling but `POWER`, which rounds.
pub(crate) fn rounded_power(poly: &Poly) -> Option<Poly> {
    let mut factors = poly.terms().iter().flat_map(Term::factors);
    factors.find_map(|(atom, e)| {
        if e.unsigned_abs() > MAX_SPELLED {
            let mono = Mono::power_of(atom.clone(), *e);
            return Some(Poly::from_term(Term {
                mono,
                coeff: Coeff::ONE,
            }));
        }
        let kind = atom.opaque()?.kind();
        match kind {
            OpaqueKind::Pow { .. } => Some(Poly::atom(atom.clone())),
            _ => kind.arguments().into_iter().find_map(rounded_power),
        }
    })
}

/// How often a base is written out for its power; nothing where that would grow too long.
pub(super) fn spelled_out(exponent: &Tree) -> Option<u32> {
    match exponent {
        Tree::Int(value) => value
            .as_small()
            .and_then(|(n, _)| u32::try_from(n).ok())
            .filter(|n| (1..=MAX_SPELLED).contains(n)),
        _ => None,
    }
}
