//! Monomials and terms. Must never know how atoms are made or printed.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::limits::{LimitError, MAX_EXPONENT, MAX_FACTORS};
use super::{Atom, Coeff, Sym};

type Factors = SmallVec<[(Atom, i32); 3]>;

/// A product of atoms with non-zero integer exponents of either sign, sorted by atom.
///
/// The order is the order of print: lexicographic with the last atom most significant, higher powers first. It
/// is compatible with multiplication.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Mono(Factors);

/// A monomial with its non-zero coefficient.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Term {
    pub(super) mono: Mono,
    pub(super) coeff: Coeff,
}

impl Mono {
    /// The empty product.
    pub fn one() -> Mono {
        Mono::default()
    }

    /// One atom to a power.
    pub fn power_of(atom: Atom, exponent: i32) -> Mono {
        let mut factors = Factors::new();
        if exponent != 0 {
            factors.push((atom, exponent));
        }
        Mono(factors)
    }

    /// The atoms and their exponents, in order.
    pub fn factors(&self) -> &[(Atom, i32)] {
        &self.0
    }

    /// Whether this is the empty product.
    pub fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The exponent of an atom, zero when it does not occur.
    pub fn exponent(&self, atom: &Atom) -> i32 {
        self.0
            .iter()
            .find(|(a, _)| a == atom)
            .map_or(0, |(_, e)| *e)
    }

    /// The exponent of a symbol, zero when it does not occur.
    pub fn exponent_of(&self, sym: Sym) -> i32 {
        let found = self
            .0
            .iter()
            .find(|(a, _)| matches!(a, Atom::Sym(s) if *s == sym));
        found.map_or(0, |(_, e)| *e)
    }

    /// Whether no exponent is negative.
    pub fn is_entire(&self) -> bool {
        self.0.iter().all(|(_, e)| *e > 0)
    }

    /// The product.
    ///
    /// # Errors
    /// When an exponent or the number of atoms exceeds its limit.
    pub fn mul(&self, other: &Mono) -> Result<Mono, LimitError> {
        if other.is_one() {
            return Ok(self.clone());
        }
        if self.is_one() {
            return Ok(other.clone());
        }
        let mut out = Factors::with_capacity(self.0.len().max(other.0.len()));
        for (atom, e, f) in side_by_side(self, other) {
            let sum = checked(i64::from(e) + i64::from(f))?;
            if sum != 0 {
                out.push((atom.clone(), sum));
            }
        }
        if out.len() > MAX_FACTORS {
            return Err(LimitError::Factors);
        }
        Ok(Mono(out))
    }

    /// Multiplies in place by one atom to a power.
    ///
    /// # Errors
    /// When an exponent or the number of atoms exceeds its limit.
    pub(super) fn push(&mut self, atom: Atom, exponent: i32) -> Result<(), LimitError> {
        match self.0.binary_search_by(|(own, _)| own.cmp(&atom)) {
            Ok(at) => {
                if let Some((_, own)) = self.0.get_mut(at) {
                    *own = checked(i64::from(*own) + i64::from(exponent))?;
                    if *own == 0 {
                        self.0.remove(at);
                    }
                }
            }
            Err(_) if self.0.len() >= MAX_FACTORS => return Err(LimitError::Factors),
            Err(at) => self.0.insert(at, (atom, checked(i64::from(exponent))?)),
        }
        Ok(())
    }

    /// The power.
    ///
    /// # Errors
    /// When an exponent exceeds its limit.
    pub fn pow(&self, exponent: i32) -> Result<Mono, LimitError> {
        if exponent == 0 {
            return Ok(Mono::one());
        }
        let mut out = self.0.clone();
        for (_, e) in &mut out {
            *e = checked(i64::from(*e) * i64::from(exponent))?;
        }
        Ok(Mono(out))
    }

    /// One over this.
    pub fn recip(&self) -> Mono {
        let mut out = self.0.clone();
        out.iter_mut().for_each(|(_, e)| *e = -*e);
        Mono(out)
    }

    /// The factors that satisfy a predicate, and the others.
    pub fn partition(&self, mut keep: impl FnMut(&Atom, i32) -> bool) -> (Mono, Mono) {
        let (mut yes, mut no) = (Factors::new(), Factors::new());
        for (atom, e) in &self.0 {
            if keep(atom, *e) { &mut yes } else { &mut no }.push((atom.clone(), *e));
        }
        (Mono(yes), Mono(no))
    }

    /// The largest monomial that divides both: the lower exponent of each atom.
    pub fn common(&self, other: &Mono) -> Mono {
        let lower = side_by_side(self, other).map(|(atom, e, f)| (atom, e.min(f)));
        Mono(
            lower
                .filter(|(_, e)| *e != 0)
                .map(|(atom, e)| (atom.clone(), e))
                .collect(),
        )
    }
}

/// The atoms of both in order, each with its exponents in the two, zero where it does not occur.
fn side_by_side<'a>(a: &'a Mono, b: &'a Mono) -> impl Iterator<Item = (&'a Atom, i32, i32)> {
    let (mut a, mut b) = (a.factors(), b.factors());
    std::iter::from_fn(move || {
        let order = match (a, b) {
            ([], []) => return None,
            ([(x, _), ..], [(y, _), ..]) => x.cmp(y),
            (_, []) => Ordering::Less,
            ([], _) => Ordering::Greater,
        };
        let left = if order.is_le() {
            a.split_off_first()
        } else {
            None
        };
        let right = if order.is_ge() {
            b.split_off_first()
        } else {
            None
        };
        let (atom, _) = left.or(right)?;
        Some((
            atom,
            left.map_or(0, |(_, e)| *e),
            right.map_or(0, |(_, f)| *f),
        ))
    })
}

fn checked(exponent: i64) -> Result<i32, LimitError> {
    match i32::try_from(exponent) {
        Ok(e) if e.unsigned_abs() <= MAX_EXPONENT => Ok(e),
        _ => Err(LimitError::Exponent),
    }
}

impl Ord for Mono {
    fn cmp(&self, other: &Mono) -> Ordering {
        let higher_first = |exponent: i32| {
            if exponent > 0 {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        };
        let (mut a, mut b) = (self.0.iter().rev(), other.0.iter().rev());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (Some((_, e)), None) => return higher_first(*e),
                (None, Some((_, f))) => return higher_first(*f).reverse(),
                (Some((x, e)), Some((y, f))) => match x.cmp(y) {
                    Ordering::Equal if e == f => {}
                    Ordering::Equal => return f.cmp(e),
                    Ordering::Greater => return higher_first(*e),
                    Ordering::Less => return higher_first(*f).reverse(),
                },
            }
        }
    }
}

impl PartialOrd for Mono {
    fn partial_cmp(&self, other: &Mono) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Term {
    /// The coefficient, never zero inside a polynomial.
    pub fn coeff(&self) -> &Coeff {
        &self.coeff
    }

    /// The monomial.
    pub fn mono(&self) -> &Mono {
        &self.mono
    }

    /// The atoms and their exponents, in order.
    pub fn factors(&self) -> &[(Atom, i32)] {
        self.mono.factors()
    }

    /// Whether the coefficient is an integer and no exponent is negative.
    pub(super) fn is_whole(&self) -> bool {
        self.coeff.is_integer() && self.mono.is_entire()
    }

    /// One over this; nothing for zero.
    pub(super) fn recip(&self) -> Option<Term> {
        Some(Term {
            mono: self.mono.recip(),
            coeff: self.coeff.recip()?,
        })
    }
}
