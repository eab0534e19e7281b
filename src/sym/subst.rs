//! Simultaneous substitution: what replaces each symbol. Must never know of assumptions; rebuilding opaque atoms is
//! [`super::Context::substitute`].

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::atom::OpaqueKind;
use super::ops::{multiply_by, term_power};
use super::{AlgebraError, Atom, Condition, Context, Mono, Poly, Sym, Term};

/// A replacement for each of some symbols. A clone shares the table until one of the two changes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Subst(Arc<BTreeMap<Sym, Poly>>);

impl Subst {
    /// Replaces nothing.
    pub fn new() -> Subst {
        Subst::default()
    }

    /// Replaces a symbol; a later call for the same symbol wins.
    pub fn insert(&mut self, sym: Sym, value: Poly) {
        Arc::make_mut(&mut self.0).insert(sym, value);
    }

    /// What replaces a symbol.
    pub fn get(&self, sym: Sym) -> Option<&Poly> {
        self.0.get(&sym)
    }

    /// Whether it replaces nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the symbols.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &Poly)> {
        self.0.iter().map(|(sym, poly)| (*sym, poly))
    }

    /// Whether any symbol of a polynomial is replaced.
    fn touches(&self, poly: &Poly) -> bool {
        let mut factors = poly.terms().iter().flat_map(Term::factors);
        factors.any(|(atom, _)| match atom {
            Atom::Sym(sym) => self.0.contains_key(sym),
            Atom::Opaque(opaque) => self.touches_any(opaque.kind()),
        })
    }

    /// The result where it is one term of symbols made of such terms, which leaves nothing to record and cannot fail; most
    /// sizes and amounts are that.
    fn in_single(&self, poly: &Poly) -> Option<Poly> {
        let term = poly.as_single()?;
        let mut product = Term {
            mono: Mono::one(),
            coeff: term.coeff().clone(),
        };
        for (atom, exponent) in term.factors() {
            let Atom::Sym(sym) = atom else { return None };
            match self.get(*sym) {
                None => product.mono.push(atom.clone(), *exponent).ok()?,
                Some(value) => {
                    let own = value.as_single().filter(|_| value.limit().is_none())?;
                    if *exponent == 1 {
                        multiply_by(&mut product, own).ok()?;
                    } else {
                        let power = term_power(own, i64::from(*exponent)).ok()??;
                        multiply_by(&mut product, &power).ok()?;
                    }
                }
            }
        }
        Some(Poly::from_term(product))
    }

    fn touches_any(&self, kind: &OpaqueKind) -> bool {
        kind.arguments().iter().any(|p| self.touches(p))
    }
}

impl FromIterator<(Sym, Poly)> for Subst {
    fn from_iter<I: IntoIterator<Item = (Sym, Poly)>>(pairs: I) -> Subst {
        Subst(Arc::new(pairs.into_iter().collect()))
    }
}

/// One run over one polynomial: replacements of opaque atoms, and powers of replacements of several terms.
struct Run<'s> {
    subst: &'s Subst,
    atoms: HashMap<Atom, Option<Poly>>,
    powers: HashMap<(Atom, u32), Poly>,
}

impl Context<'_> {
    /// Replaces symbols simultaneously. Opaque atoms are rebuilt through their constructors.
    ///
    /// # Errors
    /// Division by a replacement that is zero or has several terms, or a limit.
    pub fn substitute(&mut self, poly: &Poly, subst: &Subst) -> Result<Poly, AlgebraError> {
        if subst.is_empty() || !subst.touches(poly) {
            return Ok(poly.clone());
        }
        if let Some(result) = subst.in_single(poly) {
            return Ok(result);
        }
        if let Some((result, conditions)) = self.memo.recall(poly, subst) {
            self.used.extend(conditions.iter().cloned());
            return Ok(result);
        }
        let mut run = Run {
            subst,
            atoms: HashMap::new(),
            powers: HashMap::new(),
        };
        let (result, own) = self.recording(|cx| cx.substitute_run(poly, &mut run));
        let result = result?;
        self.memo.keep(poly, subst, &result, own);
        Ok(result)
    }

    fn substitute_run(&mut self, poly: &Poly, run: &mut Run<'_>) -> Result<Poly, AlgebraError> {
        if let Some(limit) = poly.limit() {
            return Err(limit.into());
        }
        let mut terms: Vec<Term> = Vec::with_capacity(poly.terms().len());
        for term in poly.terms() {
            let mut single = Term {
                mono: Mono::one(),
                coeff: term.coeff().clone(),
            };
            let mut several: Vec<Poly> = Vec::new();
            for (atom, e) in term.factors() {
                let Some(value) = self.replacement(atom, run)? else {
                    single.mono.push(atom.clone(), *e)?;
                    continue;
                };
                match value.as_single() {
                    Some(own) => {
                        let power =
                            term_power(own, i64::from(*e))?.ok_or(AlgebraError::DivisionByZero)?;
                        multiply_by(&mut single, &power)?;
                    }
                    None => several.push(replaced_power(atom, &value, *e, run)?),
                }
            }
            match &*several {
                [] => terms.push(single),
                [first, rest @ ..] => {
                    let product = rest
                        .iter()
                        .fold(first.times(&single), |p, q| &p * q)
                        .checked()?;
                    terms.extend_from_slice(product.terms());
                }
            }
        }
        Ok(Poly::from_terms(terms).checked()?)
    }

    fn replacement(
        &mut self,
        atom: &Atom,
        run: &mut Run<'_>,
    ) -> Result<Option<Poly>, AlgebraError> {
        let opaque = match atom {
            Atom::Sym(sym) => return Ok(run.subst.get(*sym).cloned()),
            Atom::Opaque(opaque) => opaque,
        };
        if let Some(known) = run.atoms.get(atom) {
            return Ok(known.clone());
        }
        let value = if run.subst.touches_any(opaque.kind()) {
            Some(self.rebuild(opaque.kind(), run)?)
        } else {
            None
        };
        run.atoms.insert(atom.clone(), value.clone());
        Ok(value)
    }

    fn rebuild(&mut self, kind: &OpaqueKind, run: &mut Run<'_>) -> Result<Poly, AlgebraError> {
        match kind {
            OpaqueKind::Floor { num, den } => {
                let (num, den) = (
                    self.substitute_run(num, run)?,
                    self.substitute_run(den, run)?,
                );
                self.floor_div(&num, &den)
            }
            OpaqueKind::Min(arguments) => {
                let parts: Result<Vec<Poly>, _> = arguments
                    .iter()
                    .map(|p| self.substitute_run(p, run))
                    .collect();
                self.least(&parts?)
            }
            OpaqueKind::Pow { base, exponent } => {
                let (base, exponent) = (
                    self.substitute_run(base, run)?,
                    self.substitute_run(exponent, run)?,
                );
                self.power(&base, &exponent)
            }
            OpaqueKind::Sum {
                index,
                lo,
                hi,
                body,
            } => {
                let (lo, hi) = (self.substitute_run(lo, run)?, self.substitute_run(hi, run)?);
                let fresh = self.fresh();
                let mut inner = run.subst.clone();
                inner.insert(*index, Poly::symbol(fresh));
                let body = self.substitute(body, &inner)?;
                let sum = self.sum(fresh, &lo, &hi, &body);
                self.release_fresh();
                sum
            }
            OpaqueKind::Beyond(limit) => Err((*limit).into()),
        }
    }

    /// Divides by what a symbol in a denominator became: records that it must not be zero.
    pub(super) fn require_nonzero(&mut self, divisor: &Poly) {
        if !self.proves_positive(divisor) && !self.proves_positive(&-divisor) {
            self.used.insert(Condition::NonZero(divisor.clone()));
        }
    }
}

fn replaced_power(
    atom: &Atom,
    value: &Poly,
    e: i32,
    run: &mut Run<'_>,
) -> Result<Poly, AlgebraError> {
    if e < 0 {
        return Err(match value.is_zero() {
            true => AlgebraError::DivisionByZero,
            false => AlgebraError::SeveralTerms {
                divisor: value.clone(),
            },
        });
    }
    let key = (atom.clone(), e.unsigned_abs());
    if let Some(known) = run.powers.get(&key) {
        return Ok(known.clone());
    }
    let power = value.pow(e.unsigned_abs())?;
    run.powers.insert(key, power.clone());
    Ok(power)
}
