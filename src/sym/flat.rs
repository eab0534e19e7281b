//! Sums of products of symbols as text, in one go: the form that most formulas have. Must never print them in another way
//! than their trees are printed.

use std::fmt::Write;

use smallvec::SmallVec;

use super::print::{Out, Syntax};
use super::text::raised;
use super::{Atom, Coeff, Poly, Term};

impl Out<'_> {
    /// Writes a polynomial without opaque atoms, expanded, in Unicode or ASCII.
    pub(super) fn flat(&mut self, poly: &Poly) {
        let terms = poly.terms();
        let positive = |term: &Term| !term.coeff().is_negative();
        let (before, rest) = terms.split_at(terms.iter().position(positive).unwrap_or(0));
        let Some((lead, after)) = rest.split_first() else {
            return self.push("0");
        };
        if !positive(lead) {
            self.push("-");
        }
        self.flat_term(lead);
        for term in before.iter().chain(after) {
            self.push(if positive(term) { " + " } else { " - " });
            self.flat_term(term);
        }
    }

    /// The magnitude of a term.
    fn flat_term(&mut self, term: &Term) {
        let (over, under) = term.coeff().as_small().map_or_else(
            || {
                let magnitude = term.coeff().abs();
                let parts = [magnitude.numerator(), magnitude.denominator()];
                let [over, under] = parts.map(|part| (!part.is_one()).then(|| Coeff::from(part)));
                (over.map(Number::Big), under.map(Number::Big))
            },
            |(over, under)| {
                let word = |part: u64| (part != 1).then_some(Number::Word(part));
                (word(over.unsigned_abs()), word(u64::from(under)))
            },
        );
        let factors = term.factors().iter();
        let above = factors.clone().filter(|(_, e)| *e > 0);
        let below = factors.filter(|(_, e)| *e < 0);
        let several = usize::from(under.is_some()) + below.clone().count();
        if over.is_none() && above.clone().next().is_none() {
            self.push("1");
        }
        self.side(over, above);
        if several > 0 {
            self.push(if several > 1 { "/(" } else { "/" });
            self.side(under, below);
            self.push(if several > 1 { ")" } else { "" });
        }
    }

    /// A number other than one and powers, multiplied.
    fn side<'t>(&mut self, number: Option<Number>, powers: impl Iterator<Item = &'t (Atom, i32)>) {
        let times = match self.syntax {
            Syntax::Unicode => "·",
            _ => "*",
        };
        let mut first = number.is_none();
        match number {
            None => {}
            Some(Number::Word(word)) => digits(word, |digit| self.text.push(digit)),
            Some(Number::Big(big)) => _ = write!(self.text, "{big}"),
        }
        for (atom, exponent) in powers {
            let Atom::Sym(sym) = atom else { continue };
            if !std::mem::take(&mut first) {
                self.push(times);
            }
            self.name(*sym);
            match (exponent.unsigned_abs(), self.syntax) {
                (1, _) => {}
                (power, Syntax::Unicode) => {
                    digits(power.into(), |digit| self.text.push(raised(digit)));
                }
                (power, _) => {
                    self.push("^");
                    digits(power.into(), |digit| self.text.push(digit));
                }
            }
        }
    }
}

/// Gives the digits of a number, one after the other.
fn digits(mut number: u64, take: impl FnMut(char)) {
    let mut reversed: SmallVec<[u8; 20]> = SmallVec::new();
    loop {
        reversed.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    reversed.into_iter().rev().map(char::from).for_each(take);
}

/// A positive integer.
enum Number {
    Word(u64),
    Big(Coeff),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::print::Level;
    use super::super::tests::config;
    use super::super::tree::Builder;
    use super::super::{Domain, Form, Mono, Symbols, print};
    use super::*;

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn formulas_read_as_their_trees_do(
            terms in proptest::collection::vec(
                (-3_i64..40, 1_i64..5, proptest::collection::vec(-2_i32..12, 3), 0_i32..90), 0..5,
            ),
        ) {
            let mut symbols = Symbols::new();
            let names = ["a", "b", "c"].map(|name| symbols.declare(name, Domain::default()).expect("new"));
            let poly = Poly::from_terms(terms.into_iter().map(|(num, den, powers, twos)| {
                let scale = Coeff::from(2).pow(twos).expect("a number");
                let coeff = &Coeff::from_ratio(num, den).expect("no zero below") * &scale;
                let mut mono = Mono::one();
                for (sym, power) in names.iter().zip(powers).filter(|(_, power)| *power != 0) {
                    mono.push(Atom::Sym(*sym), power).expect("few factors");
                }
                Term { mono, coeff }
            }).collect());
            for syntax in [Syntax::Unicode, Syntax::Ascii] {
                let tree = Builder::new(&symbols, Form::Expanded, false).tree(&poly);
                let mut out = Out::new(String::new(), &symbols, syntax);
                out.write(&tree, Level::Sum);
                prop_assert_eq!(print(&poly, &symbols, Form::Expanded, syntax), out.text);
            }
        }
    }
}
