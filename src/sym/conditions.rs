//! Conditions under which a formula holds: obligations that division leaves and assumptions that were used. Must
//! never know how a condition is discharged.

use std::collections::BTreeSet;
use std::collections::btree_set;

use super::{
    AlgebraError, Atom, Bindings, Coeff, Context, Domain, EvalError, LimitError, Poly, Subst, Sym,
    Symbols,
};

/// A statement about the symbols. The order makes lists of them deterministic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Condition {
    /// The Laurent polynomial is an integer: for one term, "H divides d".
    Integer(Poly),
    /// The two are equal.
    Equal(Poly, Poly),
    /// The first is at least the second.
    AtLeast(Poly, Poly),
    /// The first divides the second.
    Divides(Poly, Poly),
    /// The polynomial is not zero.
    NonZero(Poly),
    /// The value is an integer inside a domain.
    InDomain(Poly, Domain),
    /// A condition at each number from one to a count.
    Throughout {
        /// The symbol that stands for the number in the condition.
        number: Sym,
        /// How far it goes.
        count: Poly,
        /// What holds at each.
        holds: Box<Condition>,
    },
}

/// Most numbers that a condition is tried at.
const MAX_TRIED: i64 = 100_000;

impl Condition {
    /// That a symbol is an integer inside its domain.
    pub fn in_domain(sym: Sym, symbols: &Symbols) -> Condition {
        Condition::InDomain(Poly::symbol(sym), symbols.domain(sym))
    }

    /// The condition in words.
    pub fn display(&self, symbols: &Symbols) -> String {
        match self {
            Condition::Integer(value) => {
                let (num, den) = value.fraction();
                match den.is_one() {
                    true => format!("{} is an integer", num.show(symbols)),
                    false => format!("{} divides {}", den.show(symbols), num.show(symbols)),
                }
            }
            Condition::Equal(a, b) => format!("{} = {}", a.show(symbols), b.show(symbols)),
            Condition::AtLeast(a, b) => format!("{} >= {}", a.show(symbols), b.show(symbols)),
            Condition::Divides(a, b) => format!("{} divides {}", a.show(symbols), b.show(symbols)),
            Condition::NonZero(value) => format!("{} is not 0", value.show(symbols)),
            Condition::InDomain(value, domain) => match domain.max {
                None => format!("{} >= {}", value.show(symbols), domain.min),
                Some(max) => format!("{} <= {} <= {max}", domain.min, value.show(symbols)),
            },
            Condition::Throughout {
                number,
                count,
                holds,
            } => format!(
                "{} for {} = 1 .. {}",
                holds.display(symbols),
                symbols.name(*number),
                count.show(symbols)
            ),
        }
    }

    /// Whether the condition holds at given values.
    ///
    /// # Errors
    /// When a value is missing or an expression has none.
    pub fn holds(&self, values: &Bindings, symbols: &Symbols) -> Result<bool, EvalError> {
        let at = |p: &Poly| p.eval(values, symbols);
        Ok(match self {
            Condition::Integer(value) => at(value)?.is_integer(),
            Condition::Equal(a, b) => at(a)? == at(b)?,
            Condition::AtLeast(a, b) => at(a)? >= at(b)?,
            Condition::Divides(a, b) => {
                let (divisor, value) = (at(a)?, at(b)?);
                value
                    .checked_div(&divisor)
                    .map_or(value.is_zero(), |q| q.is_integer())
            }
            Condition::NonZero(value) => !at(value)?.is_zero(),
            Condition::InDomain(value, domain) => {
                let value = value.eval_integer(values, symbols)?;
                value >= domain.min.into() && domain.max.is_none_or(|max| value <= max.into())
            }
            Condition::Throughout {
                number,
                count,
                holds,
            } => {
                let count = count.eval_integer(values, symbols)?;
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                if count > MAX_TRIED {
                    return Err(EvalError::Limit(LimitError::SumSteps));
                }
                let mut values = values.clone();
                for at in 1..=count {
                    values.insert(*number, at);
                    if !holds.holds(&values, symbols)? {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }

    /// The condition after a substitution.
    ///
    /// # Errors
    /// When the substitution divides by zero or exceeds a limit.
    pub fn substitute(
        &self,
        subst: &Subst,
        cx: &mut Context<'_>,
    ) -> Result<Condition, AlgebraError> {
        let mut at = |p: &Poly| cx.substitute(p, subst);
        Ok(match self {
            Condition::Integer(value) => Condition::Integer(at(value)?),
            Condition::Equal(a, b) => Condition::Equal(at(a)?, at(b)?),
            Condition::AtLeast(a, b) => Condition::AtLeast(at(a)?, at(b)?),
            Condition::Divides(a, b) => Condition::Divides(at(a)?, at(b)?),
            Condition::NonZero(value) => Condition::NonZero(at(value)?),
            Condition::InDomain(value, domain) => Condition::InDomain(at(value)?, *domain),
            Condition::Throughout {
                number,
                count,
                holds,
            } => Condition::Throughout {
                number: *number,
                count: at(count)?,
                holds: Box::new(holds.substitute(subst, cx)?),
            },
        })
    }

    /// At how many values of a symbol, from the first on, the condition decides for all up to the last, beside those two: what
    /// is linear stays above a bound that it keeps at both ends, and a polynomial of degree `k` is an integer at all if it is
    /// at `k + 1` in a row. Nothing, where no number of values decides.
    pub fn deciding_steps(&self, sym: Sym) -> Option<usize> {
        let degree = |poly: &Poly| {
            let degrees = poly.terms().iter().map(|term| {
                let hidden =
                    |(atom, _): &(Atom, i32)| atom.opaque().is_some() && atom.mentions(sym);
                if term.factors().iter().any(hidden) {
                    return None;
                }
                usize::try_from(term.mono().exponent_of(sym)).ok()
            });
            let degrees: Option<Vec<usize>> = degrees.collect();
            Some(degrees?.into_iter().max().unwrap_or(0))
        };
        match self {
            Condition::Integer(value) => Some(degree(value)? + 1),
            Condition::Divides(a, b) if !a.mentions(sym) => Some(degree(b)? + 1),
            Condition::Equal(a, b) => Some(degree(&(a - b))? + 1),
            Condition::AtLeast(a, b) => (degree(&(a - b))? <= 1).then_some(0),
            _ => None,
        }
    }

    /// Whether it speaks of a symbol.
    pub fn mentions(&self, sym: Sym) -> bool {
        self.symbols().contains(&sym)
    }

    /// Whether the condition follows from the domains of the symbols alone.
    pub fn is_trivial(&self, symbols: &Symbols) -> bool {
        let mut cx = Context::without_assumptions(symbols);
        match self {
            Condition::Throughout { holds, .. } => holds.is_trivial(symbols),
            Condition::Integer(value) => cx.proves_integer(value),
            Condition::Equal(a, b) => a == b,
            Condition::AtLeast(a, b) => cx.proves_nonnegative(&(a - b)),
            Condition::Divides(a, b) => b.div_single(a).is_some_and(|q| cx.proves_integer(&q)),
            Condition::NonZero(value) => cx.proves_positive(value) || cx.proves_positive(&-value),
            Condition::InDomain(value, domain) => {
                let least = value - &Poly::int(domain.min);
                let room = domain.max.map(|max| Poly::int(max) - value.clone());
                cx.proves_integer(value)
                    && cx.proves_nonnegative(&least)
                    && room.is_none_or(|room| cx.proves_nonnegative(&room))
            }
        }
    }

    /// The same condition in a form that does not depend on how it was written.
    fn core(&self) -> Condition {
        let primitive = |poly: Poly| poly.scale(&poly.content().recip().unwrap_or(Coeff::ONE));
        match self {
            Condition::AtLeast(a, b) => Condition::AtLeast(primitive(a - b), Poly::zero()),
            Condition::Divides(a, b) => b
                .div_single(a)
                .map_or_else(|| self.clone(), Condition::Integer),
            _ => self.clone(),
        }
    }

    /// The symbols it speaks of.
    pub fn symbols(&self) -> BTreeSet<Sym> {
        match self {
            Condition::Integer(value)
            | Condition::NonZero(value)
            | Condition::InDomain(value, _) => value.symbols(),
            Condition::Equal(a, b) | Condition::AtLeast(a, b) | Condition::Divides(a, b) => {
                &a.symbols() | &b.symbols()
            }
            Condition::Throughout {
                number,
                count,
                holds,
            } => {
                let mut inside = holds.symbols();
                inside.remove(number);
                &count.symbols() | &inside
            }
        }
    }
}

/// A sorted set of conditions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Conditions(BTreeSet<Condition>);

impl Conditions {
    /// No condition.
    pub fn new() -> Conditions {
        Conditions::default()
    }

    /// Adds one.
    pub fn insert(&mut self, condition: Condition) {
        self.0.insert(condition);
    }

    /// Whether it is among them.
    pub fn contains(&self, condition: &Condition) -> bool {
        self.0.contains(condition)
    }

    /// In order.
    pub fn iter(&self) -> btree_set::Iter<'_, Condition> {
        self.0.iter()
    }

    /// Says of the first condition that is decided and does not hold which one it is, and at which values.
    pub fn broken(&self, numbers: &Bindings, symbols: &Symbols) -> Option<String> {
        self.iter().find_map(|condition| {
            let holds = condition.holds(numbers, symbols);
            if let Err(error @ EvalError::NotInteger { .. }) = &holds {
                return Some(error.message(symbols));
            }
            if holds != Ok(false) {
                return None;
            }
            let mut values: Vec<String> = Vec::new();
            for sym in condition.symbols() {
                if let Ok(value) = Poly::symbol(sym).eval(numbers, symbols) {
                    values.push(format!("{} = {value}", symbols.name(sym)));
                }
            }
            let mut message = format!("`{}` does not hold", condition.display(symbols));
            if !values.is_empty() {
                message.push_str(&format!(" at {}", values.join(", ")));
            }
            Some(message)
        })
    }

    /// In words, each once: none that is another times a number, and no bound of a divisor by what it divides.
    pub fn lines(&self, symbols: &Symbols) -> Vec<String> {
        let mut cx = Context::without_assumptions(symbols);
        let cores: BTreeSet<Condition> = self.iter().map(Condition::core).collect();
        let mut said = BTreeSet::new();
        let mut lines = Vec::new();
        for condition in self {
            let implied = match condition {
                Condition::AtLeast(a, b) => a.div_single(b).is_some_and(|quotient| {
                    cores.contains(&Condition::Integer(quotient)) && cx.proves_positive(a)
                }),
                _ => false,
            };
            if !implied && said.insert(condition.core()) {
                lines.push(condition.display(symbols));
            }
        }
        lines
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Extend<Condition> for Conditions {
    fn extend<I: IntoIterator<Item = Condition>>(&mut self, conditions: I) {
        self.0.extend(conditions);
    }
}

impl FromIterator<Condition> for Conditions {
    fn from_iter<I: IntoIterator<Item = Condition>>(conditions: I) -> Conditions {
        Conditions(conditions.into_iter().collect())
    }
}

impl IntoIterator for Conditions {
    type Item = Condition;
    type IntoIter = btree_set::IntoIter<Condition>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Conditions {
    type Item = &'a Condition;
    type IntoIter = btree_set::Iter<'a, Condition>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
