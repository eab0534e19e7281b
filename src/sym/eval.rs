//! Exact evaluation at integer values. Must never know how a formula was derived; it uses definitions only for
//! symbols that are defined and not bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dashu_int::IBig;

use super::atom::{Opaque, OpaqueKind};
use super::limits::{LimitError, MAX_ATOM_DEPTH, MAX_BITS, MAX_SUM_STEPS, MAX_WORK_BITS};
use super::{Atom, Coeff, Poly, Sym, Symbols, Term};

/// An integer for each of some symbols.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Bindings(BTreeMap<Sym, IBig>);

impl Bindings {
    /// Binds nothing.
    pub fn new() -> Bindings {
        Bindings::default()
    }

    /// Binds a symbol; a later call for the same symbol wins.
    pub fn insert(&mut self, sym: Sym, value: impl Into<IBig>) {
        self.0.insert(sym, value.into());
    }

    /// The value of a symbol.
    pub fn get(&self, sym: Sym) -> Option<&IBig> {
        self.0.get(&sym)
    }

    /// Whether a symbol is bound.
    pub fn contains(&self, sym: Sym) -> bool {
        self.0.contains_key(&sym)
    }

    /// In the order of the symbols.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &IBig)> {
        self.0.iter().map(|(sym, value)| (*sym, value))
    }

    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many symbols are bound.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<V: Into<IBig>> FromIterator<(Sym, V)> for Bindings {
    fn from_iter<I: IntoIterator<Item = (Sym, V)>>(pairs: I) -> Bindings {
        Bindings(
            pairs
                .into_iter()
                .map(|(sym, value)| (sym, value.into()))
                .collect(),
        )
    }
}

/// Why a formula has no value, or not the kind of value that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvalError {
    /// Symbols without a value, in order.
    Unbound(Vec<Sym>),
    /// The value must be an integer and is not.
    NotInteger {
        /// What was evaluated.
        poly: Poly,
        /// What came out.
        value: Coeff,
        /// The values of its symbols.
        at: Bindings,
    },
    /// The value must not be negative and is.
    Negative {
        /// What was evaluated.
        poly: Poly,
        /// What came out.
        value: Coeff,
        /// The values of its symbols.
        at: Bindings,
    },
    /// A divisor is zero.
    ZeroDivision {
        /// The divisor.
        poly: Poly,
        /// The values of its symbols.
        at: Bindings,
    },
    /// A limit was exceeded.
    Limit(LimitError),
}

/// A number of so many bits counts for twice as many.
const LONG: usize = 1 << 16;
/// Fractions longer than this are left out of messages.
const MAX_SHOWN: usize = 60;

impl EvalError {
    /// The error in words: the formula, its value and the values of its symbols.
    pub fn message(&self, symbols: &Symbols) -> String {
        let values = |at: &Bindings| {
            let pairs: Vec<String> = at
                .iter()
                .map(|(s, v)| format!("{} = {v}", symbols.name(s)))
                .collect();
            if pairs.is_empty() {
                String::new()
            } else {
                format!(" at {}", pairs.join(", "))
            }
        };
        match self {
            EvalError::Unbound(missing) => {
                let names: Vec<&str> = missing.iter().map(|s| symbols.name(*s)).collect();
                format!("no value for {}", names.join(", "))
            }
            EvalError::NotInteger { poly, value, at } => {
                let value = value.to_string();
                let shown = if value.len() > MAX_SHOWN {
                    String::new()
                } else {
                    format!(" = {value}")
                };
                format!(
                    "`{}`{shown} is not an integer{}",
                    poly.show(symbols),
                    values(at)
                )
            }
            EvalError::Negative { poly, value, at } => {
                format!(
                    "`{}` = {value} is negative{}",
                    poly.show(symbols),
                    values(at)
                )
            }
            EvalError::ZeroDivision { poly, at } => {
                format!(
                    "division by zero: `{}` = 0{}",
                    poly.show(symbols),
                    values(at)
                )
            }
            EvalError::Limit(limit) => limit.to_string(),
        }
    }
}

impl From<LimitError> for EvalError {
    fn from(limit: LimitError) -> EvalError {
        EvalError::Limit(limit)
    }
}

impl Poly {
    /// The exact value.
    ///
    /// # Errors
    /// All unbound symbols at once; a division by zero; a derived symbol that is no integer; a limit.
    pub fn eval(&self, values: &Bindings, symbols: &Symbols) -> Result<Coeff, EvalError> {
        let value = self.eval_bound(values, symbols)?;
        value.ok_or_else(|| self.unbound(values, symbols))
    }

    /// The exact value; nothing where a symbol has none, and which ones these are is not looked for.
    ///
    /// # Errors
    /// Those of [`Poly::eval`] but unbound symbols.
    pub fn eval_bound(
        &self,
        values: &Bindings,
        symbols: &Symbols,
    ) -> Result<Option<Coeff>, EvalError> {
        if self.is_zero() {
            return Ok(Some(Coeff::ZERO));
        }
        // What is looked at first is the first factor; most formulas that have no value have none for that.
        let first = self.terms().first().and_then(|term| term.factors().first());
        if let Some((Atom::Sym(sym), _)) = first
            && !sym.is_reserved()
            && values.get(*sym).is_none()
            && symbols.solution(*sym).is_none()
        {
            return Ok(None);
        }
        match Run::new(values, symbols).poly(self, 0) {
            Err(EvalError::Unbound(_)) => Ok(None),
            value => value.map(Some),
        }
    }

    fn unbound(&self, values: &Bindings, symbols: &Symbols) -> EvalError {
        let (_, missing) = needed(self, values, symbols);
        EvalError::Unbound(missing.into_iter().collect())
    }

    /// The same formula with a number for each function of numbers: a sum that was too long to be written out.
    ///
    /// # Errors
    /// Those of [`Poly::eval`].
    pub fn settled(&self, symbols: &Symbols) -> Result<Poly, EvalError> {
        let nothing = Bindings::new();
        let mut run = Run::new(&nothing, symbols);
        let mut terms = Vec::with_capacity(self.terms().len());
        for term in self.terms() {
            let (open, numbers) = term.mono().partition(|atom, _| atom.has_symbols());
            let number = Term {
                mono: numbers,
                coeff: term.coeff().clone(),
            };
            terms.push(Term {
                mono: open,
                coeff: run.poly(&Poly::from_term(number), 0)?,
            });
        }
        Ok(Poly::from_terms(terms).checked()?)
    }

    /// The value, which must be an integer.
    ///
    /// # Errors
    /// Those of [`Poly::eval`], and [`EvalError::NotInteger`].
    pub fn eval_integer(&self, values: &Bindings, symbols: &Symbols) -> Result<IBig, EvalError> {
        let value = self.eval(values, symbols)?;
        Run::new(values, symbols).integer(self, value)
    }

    /// The value, which must be an integer and not negative.
    ///
    /// # Errors
    /// Those of [`Poly::eval_integer`], and [`EvalError::Negative`].
    pub fn eval_count(&self, values: &Bindings, symbols: &Symbols) -> Result<IBig, EvalError> {
        let value = self.count_bound(values, symbols)?;
        value.ok_or_else(|| self.unbound(values, symbols))
    }

    /// The value, which must be an integer and not negative; nothing where a symbol has none.
    ///
    /// # Errors
    /// Those of [`Poly::eval_count`] but unbound symbols.
    pub fn count_bound(
        &self,
        values: &Bindings,
        symbols: &Symbols,
    ) -> Result<Option<IBig>, EvalError> {
        let Some(value) = self.eval_bound(values, symbols)? else {
            return Ok(None);
        };
        let value = Run::new(values, symbols).integer(self, value)?;
        if value >= IBig::ZERO {
            return Ok(Some(value));
        }
        Err(EvalError::Negative {
            poly: self.clone(),
            value: value.into(),
            at: needed(self, values, symbols).0,
        })
    }
}

/// The bound values a polynomial depends on, definitions followed, and the symbols that have none.
fn needed(poly: &Poly, values: &Bindings, symbols: &Symbols) -> (Bindings, BTreeSet<Sym>) {
    let (mut found, mut missing) = (Bindings::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    let mut left: Vec<Sym> = poly.symbols().into_iter().collect();
    while let Some(sym) = left.pop() {
        if !seen.insert(sym) {
            continue;
        }
        match (values.get(sym), symbols.solution(sym)) {
            (Some(value), _) => found.insert(sym, value.clone()),
            (None, Some(definition)) => left.extend(definition.symbols()),
            (None, None) => _ = missing.insert(sym),
        }
    }
    (found, missing)
}

struct Run<'a> {
    values: &'a Bindings,
    symbols: &'a Symbols,
    derived: HashMap<Sym, Coeff>,
    locals: Vec<(Sym, IBig)>,
    opaques: HashMap<*const Opaque, Coeff>,
    steps: usize,
    work: usize,
}

impl<'a> Run<'a> {
    fn new(values: &'a Bindings, symbols: &'a Symbols) -> Run<'a> {
        Run {
            values,
            symbols,
            derived: HashMap::new(),
            locals: Vec::new(),
            opaques: HashMap::new(),
            steps: 0,
            work: 0,
        }
    }

    fn at(&self, poly: &Poly) -> Bindings {
        needed(poly, self.values, self.symbols).0
    }

    /// A value that must be an integer.
    fn integer(&self, poly: &Poly, value: Coeff) -> Result<IBig, EvalError> {
        value.to_integer().ok_or_else(|| EvalError::NotInteger {
            poly: poly.clone(),
            value,
            at: self.at(poly),
        })
    }

    fn zero_division(&self, poly: &Poly) -> EvalError {
        EvalError::ZeroDivision {
            poly: poly.clone(),
            at: self.at(poly),
        }
    }

    fn poly(&mut self, poly: &Poly, depth: usize) -> Result<Coeff, EvalError> {
        if depth > 8 * MAX_ATOM_DEPTH {
            return Err(LimitError::Depth.into());
        }
        let mut total = Coeff::ZERO;
        for term in poly.terms() {
            let mut product = term.coeff().clone();
            for (atom, e) in term.factors() {
                let value = self.atom(atom, depth)?;
                let power = power(&value, &Coeff::from(i64::from(*e)))?
                    .ok_or_else(|| self.zero_division(&Poly::atom(atom.clone())))?;
                product = &product * &power;
                self.charge(&product)?;
                if product.as_small().is_none() && product.bits() > MAX_BITS {
                    return Err(LimitError::Bits.into());
                }
            }
            total = &total + &product;
            self.charge(&total)?;
        }
        Ok(total)
    }

    fn atom(&mut self, atom: &Atom, depth: usize) -> Result<Coeff, EvalError> {
        match atom {
            Atom::Sym(sym) => self.sym(*sym, depth),
            Atom::Opaque(opaque) => {
                let key: *const Opaque = &**opaque;
                if self.locals.is_empty()
                    && let Some(known) = self.opaques.get(&key)
                {
                    return Ok(known.clone());
                }
                if !self.locals.is_empty() {
                    self.step()?;
                }
                let value = self.opaque(opaque, depth + 1)?;
                if self.locals.is_empty() {
                    self.opaques.insert(key, value.clone());
                }
                Ok(value)
            }
        }
    }

    fn step(&mut self) -> Result<(), LimitError> {
        self.steps += 1;
        if self.steps > MAX_SUM_STEPS {
            Err(LimitError::SumSteps)
        } else {
            Ok(())
        }
    }

    /// Adds what a number cost to the work of the evaluation. Outside sums only long numbers do.
    fn charge(&mut self, value: &Coeff) -> Result<(), LimitError> {
        self.work += match value.as_small() {
            Some(_) if self.locals.is_empty() => 0,
            Some(_) => 32,
            None => {
                let bits = value.bits();
                bits + bits * bits / LONG
            }
        };
        if self.work > MAX_WORK_BITS {
            return Err(LimitError::Work);
        }
        Ok(())
    }

    fn sym(&mut self, sym: Sym, depth: usize) -> Result<Coeff, EvalError> {
        if sym.is_reserved()
            && let Some((_, value)) = self.locals.iter().rev().find(|(s, _)| *s == sym)
        {
            return Ok(value.into());
        }
        if let Some(value) = self.values.get(sym) {
            return Ok(value.into());
        }
        if let Some(known) = self.derived.get(&sym) {
            return Ok(known.clone());
        }
        let symbols = self.symbols;
        let Some(definition) = symbols.solution(sym) else {
            return Err(EvalError::Unbound(vec![sym]));
        };
        let value = self.poly(definition, depth + 1)?;
        let value = Coeff::from(self.integer(definition, value)?);
        self.derived.insert(sym, value.clone());
        Ok(value)
    }

    fn opaque(&mut self, opaque: &Opaque, depth: usize) -> Result<Coeff, EvalError> {
        match opaque.kind() {
            OpaqueKind::Floor { num, den } => {
                let (n, d) = (self.poly(num, depth)?, self.poly(den, depth)?);
                self.charge(&n)?;
                self.charge(&d)?;
                let quotient = n.checked_div(&d).ok_or_else(|| self.zero_division(den))?;
                Ok(quotient.floor())
            }
            OpaqueKind::Min(arguments) => {
                let values = arguments.iter().map(|p| self.poly(p, depth));
                let values = values.collect::<Result<Vec<Coeff>, _>>()?;
                Ok(values.into_iter().min().unwrap_or(Coeff::ZERO))
            }
            OpaqueKind::Pow { base, exponent } => {
                let (b, e) = (self.poly(base, depth)?, self.poly(exponent, depth)?);
                let e = self.integer(exponent, e)?;
                power(&b, &e.into())?.ok_or_else(|| self.zero_division(base))
            }
            OpaqueKind::Sum {
                index,
                lo,
                hi,
                body,
            } => self.sum(*index, lo, hi, body, depth),
            OpaqueKind::Beyond(limit) => Err((*limit).into()),
        }
    }

    fn sum(
        &mut self,
        index: Sym,
        lo: &Poly,
        hi: &Poly,
        body: &Poly,
        depth: usize,
    ) -> Result<Coeff, EvalError> {
        let mut bound = |p: &Poly| {
            let value = self.poly(p, depth)?;
            self.integer(p, value)
        };
        let (mut i, last) = (bound(lo)?, bound(hi)?);
        if &last - &i >= IBig::from(MAX_SUM_STEPS) {
            return Err(LimitError::SumSteps.into());
        }
        let mut total = Coeff::ZERO;
        while i <= last {
            self.step()?;
            self.locals.push((index, i.clone()));
            let value = self.poly(body, depth);
            self.locals.pop();
            total = &total + &value?;
            self.charge(&total)?;
            i += 1;
        }
        Ok(total)
    }
}

/// A power with an integer exponent; nothing when zero is raised to a negative one.
pub(super) fn power(base: &Coeff, exponent: &Coeff) -> Result<Option<Coeff>, EvalError> {
    if base.abs().is_one() {
        let odd = exponent.to_integer().is_some_and(|e| e % 2 != 0);
        return Ok(Some(if odd { base.clone() } else { Coeff::ONE }));
    }
    if base.is_zero() {
        return Ok(match exponent.sign() {
            0 => Some(Coeff::ONE),
            1 => Some(Coeff::ZERO),
            _ => None,
        });
    }
    let Some((e, 1)) = exponent.as_small() else {
        return Err(LimitError::Bits.into());
    };
    let e = i32::try_from(e).map_err(|_| LimitError::Bits)?;
    if e != 1 && (base.bits() - 1).saturating_mul(e.unsigned_abs() as usize) > MAX_BITS {
        return Err(LimitError::Bits.into());
    }
    Ok(base.pow(e))
}
