//! The symbols of a model: names, domains, definitions, assumptions. Must never know of tensors, and there is no
//! global table: a model owns its own.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::conditions::{Condition, Conditions};
use super::normal::{Facts, Normalizer};
use super::ops::{multiply, term_power};
use super::{Atom, Poly, Syntax, Term};

/// A symbol of a model. The order is the order of declaration, and with it the order of print.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(u32);

const FIRST_FRESH: u32 = 0xFFFE_0000;
const FIRST_BOUND: u32 = 0xFFFF_0000;

impl Sym {
    /// The canonical bound variable of a sum whose body nests `level` sums.
    pub(super) fn bound(level: u32) -> Sym {
        Sym(FIRST_BOUND + level.min(0xFFFF))
    }

    /// A variable that occurs in no finished formula.
    pub(super) fn fresh(level: u32) -> Sym {
        Sym(FIRST_FRESH + level.min(0xFFFF))
    }

    /// The level of a canonical bound variable.
    pub(super) fn bound_level(self) -> Option<u32> {
        self.0.checked_sub(FIRST_BOUND)
    }

    /// Whether this is a variable of a sum and no symbol of a model.
    pub(super) fn is_reserved(self) -> bool {
        self.0 >= FIRST_FRESH
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bound_level() {
            Some(level) => write!(f, "i{level}"),
            None => write!(f, "s{}", self.0),
        }
    }
}

/// The integers a symbol stands for.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Domain {
    /// The least.
    pub min: i64,
    /// The greatest, if there is one.
    pub max: Option<i64>,
}

impl Default for Domain {
    fn default() -> Domain {
        Domain { min: 1, max: None }
    }
}

/// Why a relation was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelationError {
    /// A side is not a single non-zero term of symbols.
    NotMonomial,
    /// It contradicts what was declared before.
    Inconsistent,
    /// It follows from what was declared before.
    Implied,
    /// No symbol of it has exponent 1 or -1, so it cannot be solved.
    Unsolvable,
}

impl fmt::Display for RelationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RelationError::NotMonomial => {
                "both sides of a relation must be products, such as `H*dh = d`"
            }
            RelationError::Inconsistent => "this relation contradicts what was declared before it",
            RelationError::Implied => "this relation follows from what was declared before it",
            RelationError::Unsolvable => "this relation cannot be solved for any of its symbols",
        })
    }
}

impl std::error::Error for RelationError {}

#[derive(Clone, Debug)]
struct Entry {
    name: Arc<str>,
    domain: Domain,
    /// Whether finished formulas have something in its place.
    inner: bool,
}

/// The table of a model's symbols. A clone shares the table until one of the two changes.
#[derive(Clone, Debug, Default)]
pub struct Symbols(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    entries: Vec<Entry>,
    by_name: HashMap<Arc<str>, Sym>,
    definitions: BTreeMap<Sym, Poly>,
    relations: Vec<(Poly, Poly)>,
    solved: BTreeMap<Sym, Poly>,
    assumptions: Conditions,
    normalizer: OnceLock<Normalizer>,
    facts: OnceLock<Facts>,
    /// For SQL, and for LaTeX.
    alike: [OnceLock<HashMap<String, Vec<Sym>>>; 2],
}

impl Clone for Table {
    fn clone(&self) -> Table {
        Table {
            entries: self.entries.clone(),
            by_name: self.by_name.clone(),
            definitions: self.definitions.clone(),
            relations: self.relations.clone(),
            solved: self.solved.clone(),
            assumptions: self.assumptions.clone(),
            normalizer: OnceLock::new(),
            facts: OnceLock::new(),
            alike: Default::default(),
        }
    }
}

impl Symbols {
    /// An empty table.
    pub fn new() -> Symbols {
        Symbols::default()
    }

    fn edit(&mut self) -> &mut Table {
        let table = Arc::make_mut(&mut self.0);
        table.normalizer = OnceLock::new();
        table.facts = OnceLock::new();
        table.alike = Default::default();
        table
    }

    /// Declares a symbol, or nothing when the name exists already.
    pub fn declare(&mut self, name: &str, domain: Domain) -> Option<Sym> {
        self.enter(name, domain, false)
    }

    /// Declares a symbol in whose place finished formulas have something else, or nothing when the name exists already.
    pub fn declare_inner(&mut self, name: &str, domain: Domain) -> Option<Sym> {
        self.enter(name, domain, true)
    }

    fn enter(&mut self, name: &str, domain: Domain, inner: bool) -> Option<Sym> {
        let id = u32::try_from(self.0.entries.len())
            .ok()
            .filter(|id| *id < FIRST_FRESH)?;
        if self.0.by_name.contains_key(name) {
            return None;
        }
        let table = self.edit();
        let name: Arc<str> = name.into();
        table.by_name.insert(name.clone(), Sym(id));
        table.entries.push(Entry {
            name,
            domain,
            inner,
        });
        Some(Sym(id))
    }

    /// The symbol of a name.
    pub fn lookup(&self, name: &str) -> Option<Sym> {
        self.0.by_name.get(name).copied()
    }

    /// The symbols whose names SQL, or else LaTeX, does not tell from this one: those of finished formulas, then the others.
    pub(super) fn alike(&self, name: &str, syntax: Syntax) -> &[Sym] {
        let told = |name: &str| match syntax {
            Syntax::Sql => name.to_lowercase(),
            _ => super::latex::parts(name).collect::<Vec<_>>().join("_"),
        };
        let [of_sql, of_latex] = &self.0.alike;
        let cache = if syntax == Syntax::Sql {
            of_sql
        } else {
            of_latex
        };
        let alike = cache.get_or_init(|| {
            let mut alike: HashMap<String, Vec<Sym>> = HashMap::new();
            for inner in [false, true] {
                let entries = self.iter().zip(&self.0.entries);
                for ((sym, name), _) in entries.filter(|(_, entry)| entry.inner == inner) {
                    alike.entry(told(name)).or_default().push(sym);
                }
            }
            alike
        });
        alike.get(&told(name)).map_or(&[], |found| found.as_slice())
    }

    /// The name of a symbol; "?" for one of another table.
    pub fn name(&self, sym: Sym) -> &str {
        self.0
            .entries
            .get(sym.0 as usize)
            .map_or("?", |entry| &entry.name)
    }

    /// The domain of a symbol.
    pub fn domain(&self, sym: Sym) -> Domain {
        self.0
            .entries
            .get(sym.0 as usize)
            .map_or_else(Domain::default, |entry| entry.domain)
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// The symbols in order, with their names.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &str)> {
        (0u32..)
            .zip(&self.0.entries)
            .map(|(id, entry)| (Sym(id), &*entry.name))
    }

    /// Makes a symbol a derived one. Definitions must not be cyclic.
    pub fn define(&mut self, sym: Sym, value: Poly) {
        self.edit().definitions.insert(sym, value);
    }

    /// Makes another number the least value of a symbol.
    pub(crate) fn set_least(&mut self, sym: Sym, min: i64) {
        if let Some(entry) = self.edit().entries.get_mut(sym.0 as usize) {
            entry.domain.min = min;
        }
    }

    /// What a derived symbol stands for, as declared.
    pub fn definition(&self, sym: Sym) -> Option<&Poly> {
        self.0.definitions.get(&sym)
    }

    /// All definitions, in the order of the symbols.
    pub fn definitions(&self) -> impl Iterator<Item = (Sym, &Poly)> {
        self.0.definitions.iter().map(|(sym, poly)| (*sym, poly))
    }

    /// All relations, as declared.
    pub fn relations(&self) -> impl Iterator<Item = (&Poly, &Poly)> {
        self.0.relations.iter().map(|(lhs, rhs)| (lhs, rhs))
    }

    /// What a symbol equals by its definition or by a relation that was solved for it.
    pub fn solution(&self, sym: Sym) -> Option<&Poly> {
        self.0
            .definitions
            .get(&sym)
            .or_else(|| self.0.solved.get(&sym))
    }

    /// The solutions of the relations, in the order of the symbols.
    pub(super) fn solved(&self) -> &BTreeMap<Sym, Poly> {
        &self.0.solved
    }

    /// Declares that two products are equal.
    ///
    /// # Errors
    /// When a side is no product of symbols, or the relation is implied, contradictory or unsolvable.
    pub fn relate(&mut self, lhs: &Poly, rhs: &Poly) -> Result<(), RelationError> {
        if lhs.as_single().is_none()
            || rhs.as_single().is_none()
            || lhs.has_atoms()
            || rhs.has_atoms()
        {
            return Err(RelationError::NotMonomial);
        }
        let ratio = self
            .normal(lhs)
            .div_single(&self.normal(rhs))
            .ok_or(RelationError::NotMonomial)?;
        let term = ratio.as_single().ok_or(RelationError::NotMonomial)?.clone();
        if ratio.has_atoms() || term.coeff().sign() < 0 {
            return Err(RelationError::Inconsistent);
        }
        if term.mono().is_one() {
            return Err(if term.coeff().is_one() {
                RelationError::Implied
            } else {
                RelationError::Inconsistent
            });
        }
        let (pivot, value) = solve_last(&term).ok_or(RelationError::Unsolvable)?;
        let table = self.edit();
        for old in table.solved.values_mut() {
            if let Some(new) = old.as_single().and_then(|t| replace_in(t, pivot, &value)) {
                *old = Poly::from_term(new);
            }
        }
        table.solved.insert(pivot, Poly::from_term(value));
        table.relations.push((lhs.clone(), rhs.clone()));
        Ok(())
    }

    /// Declares a fact.
    pub fn assume(&mut self, condition: Condition) {
        self.edit().assumptions.insert(condition);
    }

    /// The declared facts.
    pub fn assumptions(&self) -> &Conditions {
        &self.0.assumptions
    }

    /// The normal form: definitions expanded, and one symbol eliminated by each relation. Two formulas that the
    /// model makes equal by definitions and relations have equal normal forms.
    pub fn normal(&self, poly: &Poly) -> Poly {
        if self.0.definitions.is_empty() && self.0.solved.is_empty() {
            return poly.clone();
        }
        self.0
            .normalizer
            .get_or_init(|| Normalizer::new(self))
            .apply(self, poly)
    }

    /// Facts about divisibility and order, ready for use.
    pub(super) fn facts(&self) -> &Facts {
        self.0.facts.get_or_init(|| Facts::new(self))
    }
}

/// Solves `term = 1` for the last symbol whose exponent is 1 or -1.
fn solve_last(term: &Term) -> Option<(Sym, Term)> {
    let mut candidates = term.factors().iter().rev();
    let pivot = candidates.find_map(|(atom, e)| match atom {
        Atom::Sym(sym) if e.abs() == 1 => Some((*sym, *e)),
        _ => None,
    });
    pivot.and_then(|(sym, e)| Some((sym, solve_for(term, sym, e)?)))
}

/// Solves `term = 1` for a symbol of exponent 1 or -1.
pub(super) fn solve_for(term: &Term, sym: Sym, e: i32) -> Option<Term> {
    let rest = without(term, sym);
    if e < 0 { Some(rest) } else { rest.recip() }
}

/// A term with a symbol replaced by another term; nothing beyond a limit.
pub(super) fn replace_in(term: &Term, sym: Sym, value: &Term) -> Option<Term> {
    let e = term.mono().exponent_of(sym);
    if e == 0 {
        return Some(term.clone());
    }
    let power = term_power(value, i64::from(e)).ok()??;
    multiply(&without(term, sym), &power).ok()
}

fn without(term: &Term, sym: Sym) -> Term {
    let (_, mono) = term.mono().partition(|atom, _| *atom == Atom::Sym(sym));
    Term {
        mono,
        coeff: term.coeff().clone(),
    }
}
