//! Change of basis: formulas rewritten in chosen symbols by the model's own relations. Must never take a root or
//! invent a relation.

use std::collections::{BTreeMap, BTreeSet};

use super::coeff::gcd;
use super::symbols::{replace_in, solve_for};
use super::{AlgebraError, Atom, Bindings, Coeff, Context, Mono, Poly, Subst, Sym, Symbols, Term};

/// How every symbol outside the wanted ones is written in those, as far as the model allows.
#[derive(Clone, Debug)]
pub struct Basis {
    symbols: Symbols,
    wanted: BTreeSet<Sym>,
    /// Definitions of several terms, by what they say of a symbol outside the basis.
    sums: Subst,
    /// Solutions of the multiplicative relations.
    products: Subst,
    values: Subst,
    /// Symbols that a relation mentions but cannot be solved for.
    rooted: BTreeSet<Sym>,
}

impl Basis {
    /// Solves the relations of a model for what is not wanted; a symbol that stays may have a value.
    pub fn new(symbols: &Symbols, wanted: &[Sym], values: &Bindings) -> Basis {
        let wanted: BTreeSet<Sym> = wanted.iter().copied().collect();
        let mut sums = Subst::new();
        let mut rows: Vec<Term> = Vec::new();
        for (sym, value) in symbols.definitions() {
            let ratio = value
                .div_single(&Poly::symbol(sym))
                .filter(|_| !value.has_atoms());
            match ratio.as_ref().and_then(Poly::as_single) {
                Some(term) => rows.push(term.clone()),
                None if !wanted.contains(&sym) => sums.insert(sym, value.clone()),
                None => {
                    if let Some((other, solution)) = solve_sum(sym, value, &wanted, symbols, &sums)
                    {
                        sums.insert(other, solution);
                    }
                }
            }
        }
        for (lhs, rhs) in symbols.relations() {
            rows.extend(
                lhs.div_single(rhs)
                    .as_ref()
                    .and_then(Poly::as_single)
                    .cloned(),
            );
        }
        let (products, rooted) = solve_products(rows, &wanted, symbols);
        let values = values
            .iter()
            .filter(|(sym, _)| !wanted.contains(sym))
            .map(|(sym, value)| (sym, Poly::from_coeff(value.into())))
            .collect();
        Basis {
            symbols: symbols.clone(),
            wanted,
            sums,
            products,
            values,
            rooted,
        }
    }

    /// The formula in the basis.
    ///
    /// # Errors
    /// As [`Context::substitute`].
    pub fn rewrite(&self, poly: &Poly, cx: &mut Context<'_>) -> Result<Poly, AlgebraError> {
        let mut current = poly.clone();
        // Definitions nest, and each round opens one level; they are not cyclic.
        for _ in 0..=self.symbols.len().min(super::limits::MAX_DEPTH) {
            let opened = cx.substitute(&current, &self.sums)?;
            let next = cx.substitute(&opened, &self.products)?;
            if next == current {
                break;
            }
            current = next;
        }
        cx.substitute(&current, &self.values)
    }

    /// Each symbol of a rewritten formula that is outside the basis, and why it stayed.
    pub fn stays(&self, poly: &Poly) -> Vec<(Sym, &'static str)> {
        let outside = poly
            .symbols()
            .into_iter()
            .filter(|sym| !self.wanted.contains(sym));
        outside.map(|sym| (sym, self.reason(sym))).collect()
    }

    /// Which symbols stay and why, in words, symbols of one reason together.
    pub fn explain(&self, stays: impl IntoIterator<Item = (Sym, &'static str)>) -> Vec<String> {
        let mut reasons: Vec<(&str, BTreeSet<Sym>)> = Vec::new();
        for (sym, reason) in stays {
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, symbols)) => drop(symbols.insert(sym)),
                None => reasons.push((reason, BTreeSet::from([sym]))),
            }
        }
        let words = |(reason, symbols): (&str, BTreeSet<Sym>)| {
            let names: Vec<&str> = symbols.iter().map(|sym| self.symbols.name(*sym)).collect();
            let verbs = if names.len() == 1 {
                ("stays", "it has")
            } else {
                ("stay", "they have")
            };
            format!(
                "{} {}: {reason}, and {} no value",
                names.join(", "),
                verbs.0,
                verbs.1
            )
        };
        reasons.into_iter().map(words).collect()
    }

    fn reason(&self, sym: Sym) -> &'static str {
        if self.rooted.contains(&sym) {
            return "the relations give only a power";
        }
        let symbols = &self.symbols;
        let related = symbols
            .relations()
            .any(|(lhs, rhs)| lhs.mentions(sym) || rhs.mentions(sym))
            || symbols
                .definitions()
                .any(|(own, value)| own == sym || value.mentions(sym));
        if related {
            "the relations that mention it are used up or need it"
        } else {
            "no relation leads to the basis"
        }
    }
}

/// Solves a wanted symbol's definition, a sum, for a symbol outside the basis that occurs once with a number.
fn solve_sum(
    sym: Sym,
    value: &Poly,
    wanted: &BTreeSet<Sym>,
    symbols: &Symbols,
    taken: &Subst,
) -> Option<(Sym, Poly)> {
    let candidates = value.symbols().into_iter().rev();
    candidates
        .filter(|s| {
            !wanted.contains(s) && taken.get(*s).is_none() && symbols.definition(*s).is_none()
        })
        .find_map(|other| {
            let (rest, factor) = value.linear_in(&Atom::Sym(other))?;
            let factor = factor.as_const().filter(|_| !rest.mentions(other))?;
            Some((other, (Poly::symbol(sym) - rest).scale(&factor.recip()?)))
        })
}

/// Gaussian elimination over the exponents: each row is a product that equals one. Derived symbols go first, then the
/// last declared.
fn solve_products(
    rows: Vec<Term>,
    wanted: &BTreeSet<Sym>,
    symbols: &Symbols,
) -> (Subst, BTreeSet<Sym>) {
    let mut solved: BTreeMap<Sym, Term> = BTreeMap::new();
    let mut rooted: BTreeSet<Sym> = BTreeSet::new();
    let mut open = rows;
    loop {
        let best = open.iter().enumerate().flat_map(|(row, term)| {
            term.factors()
                .iter()
                .filter_map(move |(atom, e)| match atom {
                    Atom::Sym(sym) if e.abs() == 1 && !wanted.contains(sym) => {
                        Some((row, *sym, *e))
                    }
                    _ => None,
                })
        });
        let Some((row, sym, e)) =
            best.max_by_key(|(_, sym, _)| (symbols.definition(*sym).is_some(), *sym))
        else {
            break;
        };
        let term = open.swap_remove(row);
        let Some(value) = solve_for(&term, sym, e) else {
            continue;
        };
        let replace = |old: &Term| replace_in(old, sym, &value).and_then(root);
        open = open.iter().filter_map(replace).collect();
        solved = solved
            .into_iter()
            .filter_map(|(own, old)| Some((own, replace_in(&old, sym, &value)?)))
            .collect();
        solved.insert(sym, value);
    }
    for term in open {
        rooted.extend(term.factors().iter().filter_map(|(atom, _)| match atom {
            Atom::Sym(sym) => Some(*sym),
            Atom::Opaque(_) => None,
        }));
    }
    (
        solved
            .into_iter()
            .map(|(sym, term)| (sym, Poly::from_term(term)))
            .collect(),
        rooted,
    )
}

/// A product that equals one, without the common power of its factors when its number is such a power too.
fn root(term: Term) -> Option<Term> {
    let exponents = term.factors().iter().map(|(_, e)| e.unsigned_abs());
    let common = exponents.fold(0, |common, e| gcd(common, e.into()));
    // No exponent exceeds its limit, which is far below that of either type.
    let (n, power) = (common as usize, common as i32);
    if n < 2 || term.coeff().sign() <= 0 {
        return Some(term);
    }
    let coeff = Coeff::from_big_ratio(
        term.coeff().numerator().nth_root(n),
        term.coeff().denominator().nth_root(n),
    )?;
    if coeff.pow(power).as_ref() != Some(term.coeff()) {
        return Some(term);
    }
    let mut mono = Mono::one();
    for (atom, e) in term.factors() {
        mono.push(atom.clone(), e / power).ok()?;
    }
    Some(Term { mono, coeff })
}
