//! Laurent polynomials, canonical the moment they exist. Must never know of assumptions: what needs them is a
//! constructor of [`super::Context`].

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashu_int::IBig;

use super::atom::{Opaque, OpaqueKind};
use super::limits::{LimitError, MAX_COEFF_BITS, MAX_TERMS};
use super::meter::spend;
use super::{Atom, Coeff, Mono, Sym, Term};

/// Bits of a long number that cost one step.
const LIMB: usize = 64;

/// A sum of terms: sorted in print order, no two of the same monomial, no zero coefficient. Equality of values
/// is equality of canonical forms, and a clone is a reference count.
///
/// The operators cannot fail. A result beyond a limit is a marker that absorbs further arithmetic and refuses to
/// evaluate; [`Poly::limit`] tells.
#[derive(Clone, Eq, PartialOrd, Ord)]
pub struct Poly(Arc<[Term]>);

impl Poly {
    /// 0.
    pub fn zero() -> Poly {
        Poly(Arc::default())
    }

    /// 1.
    pub fn one() -> Poly {
        Poly::int(1)
    }

    /// An integer.
    pub fn int(value: i64) -> Poly {
        Poly::from_coeff(Coeff::from(value))
    }

    /// A rational number.
    pub fn from_coeff(coeff: Coeff) -> Poly {
        Poly::from_term(Term {
            mono: Mono::one(),
            coeff,
        })
    }

    /// A symbol.
    pub fn symbol(sym: Sym) -> Poly {
        Poly::atom(Atom::Sym(sym))
    }

    /// An atom.
    pub fn atom(atom: Atom) -> Poly {
        Poly(Arc::new([Term {
            mono: Mono::power_of(atom, 1),
            coeff: Coeff::ONE,
        }]))
    }

    /// An opaque function of canonical arguments.
    pub(super) fn opaque(kind: OpaqueKind) -> Result<Poly, LimitError> {
        Ok(Poly::atom(Atom::Opaque(Arc::new(Opaque::new(kind)?))))
    }

    /// The marker of a result that exceeded a limit.
    pub fn beyond(limit: LimitError) -> Poly {
        Poly::opaque(OpaqueKind::Beyond(limit)).unwrap_or_default()
    }

    /// The limit that was exceeded on the way to this result, if one was.
    pub fn limit(&self) -> Option<LimitError> {
        let [Term { mono, .. }] = &*self.0 else {
            return None;
        };
        match mono.factors() {
            [(Atom::Opaque(opaque), _)] => match opaque.kind() {
                OpaqueKind::Beyond(limit) => Some(*limit),
                _ => None,
            },
            _ => None,
        }
    }

    /// The polynomial itself, unless it is beyond a limit.
    ///
    /// # Errors
    /// The limit that was exceeded.
    pub fn checked(self) -> Result<Poly, LimitError> {
        match self.limit() {
            Some(limit) => Err(limit),
            None => Ok(self),
        }
    }

    pub(super) fn from_term(term: Term) -> Poly {
        if term.coeff.is_zero() {
            return Poly::zero();
        }
        if term.coeff.bits() > MAX_COEFF_BITS {
            return Poly::beyond(LimitError::Bits);
        }
        Poly(Arc::new([term]))
    }

    /// Terms that are sorted, distinct and non-zero already.
    pub(super) fn from_sorted(terms: Vec<Term>) -> Poly {
        if terms.len() > MAX_TERMS {
            return Poly::beyond(LimitError::Terms);
        }
        // Terms of many factors and of long numbers take longer.
        let (mut cost, several) = (0, terms.len() > 1);
        for term in &terms {
            cost += if several { 2 + term.factors().len() } else { 0 };
            if term.coeff.as_small().is_none() {
                let bits = term.coeff.bits();
                if bits > MAX_COEFF_BITS {
                    return Poly::beyond(LimitError::Bits);
                }
                cost += 2 + bits / LIMB;
            }
        }
        if let Err(limit) = spend(cost) {
            return Poly::beyond(limit);
        }
        Poly(terms.into())
    }

    /// Terms in any order.
    pub(super) fn from_terms(mut terms: Vec<Term>) -> Poly {
        if terms.len() < 2 {
            return terms.pop().map_or_else(Poly::zero, Poly::from_term);
        }
        // Sorting compares each with some others.
        let factors = terms.first().map_or(0, |term| term.factors().len());
        let compared = 1 + terms.len().ilog2() as usize / 4;
        if let Err(limit) = spend(terms.len().saturating_mul((2 + factors) * compared)) {
            return Poly::beyond(limit);
        }
        merge(&mut terms);
        Poly::from_sorted(terms)
    }

    /// The terms in print order.
    pub fn terms(&self) -> &[Term] {
        &self.0
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is 1.
    pub fn is_one(&self) -> bool {
        matches!(&*self.0, [term] if term.mono.is_one() && term.coeff.is_one())
    }

    /// The number this is, if no symbol occurs.
    pub fn as_const(&self) -> Option<Coeff> {
        match &*self.0 {
            [] => Some(Coeff::ZERO),
            [term] if term.mono.is_one() => Some(term.coeff.clone()),
            _ => None,
        }
    }

    /// The integer this is, if it is one.
    pub fn as_integer(&self) -> Option<IBig> {
        self.as_const()?.to_integer()
    }

    /// The only term of a polynomial of one term.
    pub fn as_single(&self) -> Option<&Term> {
        match &*self.0 {
            [term] => Some(term),
            _ => None,
        }
    }

    /// The symbol this is, if it is nothing more.
    pub fn as_symbol(&self) -> Option<Sym> {
        let single = self.as_single()?;
        match single.factors() {
            [(Atom::Sym(sym), 1)] if single.coeff.is_one() => Some(*sym),
            _ => None,
        }
    }

    /// The opaque atom this is, if it is nothing more.
    pub fn as_opaque(&self) -> Option<&Arc<Opaque>> {
        let single = self.as_single()?;
        match single.factors() {
            [(Atom::Opaque(opaque), 1)] if single.coeff.is_one() => Some(opaque),
            _ => None,
        }
    }

    /// The opaque atoms of all terms, repeats included, arguments not entered.
    pub fn opaques(&self) -> impl Iterator<Item = &Arc<Opaque>> {
        self.0
            .iter()
            .flat_map(|term| term.factors().iter().filter_map(|(atom, _)| atom.opaque()))
    }

    /// Whether any atom is opaque.
    pub fn has_atoms(&self) -> bool {
        self.opaques().next().is_some()
    }

    /// Every symbol, inside opaque atoms too; bound variables are not symbols.
    pub fn symbols(&self) -> BTreeSet<Sym> {
        let mut found = BTreeSet::new();
        self.collect_symbols(&mut found);
        found.retain(|sym| !sym.is_reserved());
        found
    }

    pub(super) fn collect_symbols(&self, found: &mut BTreeSet<Sym>) {
        for term in self.terms() {
            for (atom, _) in term.factors() {
                match atom {
                    Atom::Sym(sym) => {
                        found.insert(*sym);
                    }
                    Atom::Opaque(opaque) => {
                        opaque
                            .kind()
                            .arguments()
                            .iter()
                            .for_each(|p| p.collect_symbols(found));
                    }
                }
            }
        }
    }

    /// Whether a symbol occurs, inside opaque atoms too.
    pub fn mentions(&self, sym: Sym) -> bool {
        let mut factors = self.0.iter().flat_map(Term::factors);
        factors.any(|(atom, _)| atom.mentions(sym))
    }

    /// Whether a variable of a sum occurs outside that sum.
    pub(super) fn mentions_reserved(&self) -> bool {
        let mut found = BTreeSet::new();
        self.collect_symbols(&mut found);
        found
            .into_iter()
            .any(|sym| sym.is_reserved() && sym.bound_level().is_none())
    }

    /// The constant term.
    pub fn constant_term(&self) -> Coeff {
        let found = self.0.iter().find(|term| term.mono.is_one());
        found.map_or(Coeff::ZERO, |term| term.coeff.clone())
    }

    /// The positive rational that leaves coprime integer coefficients when it is divided out; 1 for zero.
    pub fn content(&self) -> Coeff {
        let all = self
            .0
            .iter()
            .fold(Coeff::ZERO, |g, term| g.gcd(&term.coeff));
        if all.is_zero() { Coeff::ONE } else { all }
    }

    /// The largest monomial that divides every term; negative exponents are common too.
    pub fn common_mono(&self) -> Mono {
        let mut terms = self.0.iter();
        let first = terms
            .next()
            .map_or_else(Mono::one, |term| term.mono.clone());
        terms.fold(first, |common, term| common.common(&term.mono))
    }

    /// Numerator and denominator: integer coefficients and no negative exponents in either, the denominator one
    /// term with a positive coefficient.
    pub fn fraction(&self) -> (Poly, Poly) {
        let mut scale = Coeff::ONE;
        let mut denominator = Mono::one();
        for term in self.terms() {
            scale = scale.lcm_of_integers(&Coeff::from(term.coeff.denominator()));
            denominator = denominator.common(&term.mono);
        }
        // The first comparison was with the empty product, so `denominator` has negative exponents only.
        let denominator = Poly::from_term(Term {
            mono: denominator.recip(),
            coeff: scale,
        });
        (self * &denominator, denominator)
    }
}

/// Sorts by monomial, adds what is equal, drops what is zero.
pub(super) fn merge(terms: &mut Vec<Term>) {
    if !terms.is_sorted_by(|a, b| a.mono < b.mono) {
        terms.sort_by(|a, b| a.mono.cmp(&b.mono));
        terms.dedup_by(|next, kept| {
            let same = next.mono == kept.mono;
            if same {
                kept.coeff = &kept.coeff + &next.coeff;
            }
            same
        });
    }
    terms.retain(|term| !term.coeff.is_zero());
}

impl PartialEq for Poly {
    fn eq(&self, other: &Poly) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for Poly {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Default for Poly {
    fn default() -> Poly {
        Poly::zero()
    }
}

impl From<i64> for Poly {
    fn from(value: i64) -> Poly {
        Poly::int(value)
    }
}

impl From<Sym> for Poly {
    fn from(sym: Sym) -> Poly {
        Poly::symbol(sym)
    }
}

impl fmt::Debug for Poly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return write!(f, "0");
        }
        for (i, term) in self.terms().iter().enumerate() {
            let plus = if i == 0 { "" } else { " + " };
            write!(f, "{plus}{}", term.coeff)?;
            for (atom, e) in term.factors() {
                match atom {
                    Atom::Sym(sym) => write!(f, "*{sym:?}")?,
                    Atom::Opaque(opaque) => write!(f, "*{:?}", opaque.kind())?,
                }
                if *e != 1 {
                    write!(f, "^{e}")?;
                }
            }
        }
        Ok(())
    }
}
