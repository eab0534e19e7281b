//! Numbers for the symbols of a model at which what it declares holds: small ones to walk at, and wide ones that tell its
//! axes apart. Knows facts as things that hold or do not, and nothing of graphs.

use super::passes;
use super::random::Random;
use crate::model::Model;
use crate::sym::{Bindings, Coeff, Condition, Poly, Sym, Symbols};

/// How often numbers are drawn afresh before they are given up.
const ATTEMPTS: usize = 100;
/// How many symbols are changed before numbers are drawn afresh.
const REPAIRS: usize = 60;
/// Largest wide number.
const MAX_WIDE: i64 = 1 << 40;

/// The symbols that a model declares and that need a number: those without a definition.
pub fn free(model: &Model) -> Vec<Sym> {
    let declared = model.meanings().iter().map(|(sym, ..)| *sym);
    declared
        .filter(|sym| model.symbols().definition(*sym).is_none())
        .collect()
}

/// The symbol of that name, if it needs a number.
pub(super) fn free_named(model: &Model, name: &str) -> Option<Sym> {
    let symbols = model.symbols();
    free(model)
        .into_iter()
        .find(|sym| symbols.name(*sym) == name)
}

/// Whether the numbers are in their domains, derived symbols are natural numbers, and declared relations hold, in every pass of
/// a phase.
pub fn declared_valid(model: &Model, phase: &str, numbers: &Bindings) -> bool {
    Facts::of(model, Some(phase)).broken(numbers) == 0
}

/// Small numbers, each within the domain of its symbol and not above `high`; nothing else is asked of them.
pub fn any(model: &Model, random: &mut Random, high: i64) -> Bindings {
    let symbols = model.symbols();
    let mut numbers = Bindings::new();
    for sym in free(model) {
        let (low, high) = range(symbols, sym, high);
        numbers.insert(sym, random.within(low, high));
    }
    numbers
}

/// Small numbers at which the declarations of a model hold in every pass of a phase, and what is `wished` of them too; `pinned`
/// ones are what they are.
pub fn small(
    model: &Model,
    phase: &str,
    (random, high): (&mut Random, i64),
    pinned: &Bindings,
    wished: &[Condition],
) -> Option<Bindings> {
    let mut facts = Facts::of(model, Some(phase));
    facts.wished.extend(wished.iter().cloned());
    let open: Vec<Sym> = free(model)
        .into_iter()
        .filter(|sym| !pinned.contains(*sym))
        .collect();
    for _ in 0..ATTEMPTS {
        let mut numbers = any(model, random, high);
        for (sym, value) in pinned.iter() {
            numbers.insert(sym, value.clone());
        }
        let candidates = |sym: Sym, _: &Bindings, _: &mut Random| {
            let (low, high) = range(model.symbols(), sym, high);
            (low..=high.min(low.saturating_add(64))).collect()
        };
        if facts.mend(&mut numbers, &open, random, candidates) {
            return Some(numbers);
        }
    }
    None
}

/// Symbols with definitions that are no other name for a symbol, and each of them other than those before: they are sizes of
/// their own, as a head's share of the width is.
fn own_sizes(model: &Model) -> Vec<Sym> {
    let symbols = model.symbols();
    let mut known: Vec<&Poly> = Vec::new();
    let mut own = Vec::new();
    for (sym, definition) in symbols.definitions() {
        if definition.as_symbol().is_none() && !known.contains(&definition) {
            known.push(definition);
            own.push(sym);
        }
    }
    own
}

/// Wide numbers at which the declarations of a model hold and different symbols differ.
///
/// Some are products with others, so that what must divide divides.
pub fn wide(model: &Model, random: &mut Random) -> Option<Bindings> {
    let symbols = model.symbols();
    let mut facts = Facts::of(model, None);
    let free = free(model);
    facts.distinct.clone_from(&free);
    facts.distinct.extend(own_sizes(model));
    for attempt in 0..ATTEMPTS {
        if attempt == ATTEMPTS / 4 {
            // A definition may be another's value at all numbers.
            facts.distinct.truncate(free.len());
        }
        if attempt > ATTEMPTS / 2 {
            // Narrow domains may leave symbols no room to differ.
            facts.distinct.clear();
        }
        let mut numbers = Bindings::new();
        let mut order = free.clone();
        for at in (1..order.len()).rev() {
            order.swap(at, random.place(at + 1));
        }
        let mut chosen: Vec<i64> = Vec::new();
        for sym in order {
            let mut value = random.within(5, 60);
            for _ in 0..random.within(0, 2) {
                if !chosen.is_empty() {
                    value = value.saturating_mul(chosen[random.place(chosen.len())]);
                }
            }
            let value = clamp(symbols, sym, value.min(MAX_WIDE));
            chosen.push(value);
            numbers.insert(sym, value);
        }
        let candidates = |sym: Sym, numbers: &Bindings, random: &mut Random| {
            let mut values = vec![random.within(5, 60), random.within(61, 4000)];
            let known: Vec<i64> = numbers
                .iter()
                .filter_map(|(_, value)| i64::try_from(value).ok())
                .collect();
            for _ in 0..6 {
                let one = known[random.place(known.len())];
                let other = known[random.place(known.len())];
                values.push(one.saturating_mul(other));
                values.push(one.saturating_mul(random.within(1, 12)));
                values.extend(one.checked_div(other).filter(|_| one % other.max(1) == 0));
                values.push(one.saturating_add(random.within(-3, 3)));
            }
            values.extend(facts.solutions(sym, numbers));
            values
                .into_iter()
                .map(|value| clamp(symbols, sym, value.min(MAX_WIDE)))
                .collect()
        };
        if facts.mend(&mut numbers, &free, random, candidates) {
            return Some(numbers);
        }
    }
    None
}

fn range(symbols: &Symbols, sym: Sym, high: i64) -> (i64, i64) {
    let domain = symbols.domain(sym);
    let high = high.max(domain.min);
    (domain.min, domain.max.map_or(high, |max| max.min(high)))
}

fn clamp(symbols: &Symbols, sym: Sym, value: i64) -> i64 {
    let domain = symbols.domain(sym);
    let value = value.max(domain.min);
    domain.max.map_or(value, |max| value.min(max))
}

/// What must hold of the numbers of a model.
struct Facts<'m> {
    model: &'m Model,
    symbols: &'m Symbols,
    /// The phase in whose passes the facts must hold, if they speak of positions.
    phase: Option<&'m str>,
    natural: Vec<Sym>,
    equations: Vec<(Poly, Poly)>,
    assumed: Vec<Condition>,
    /// What is asked of numbers beyond the declarations.
    wished: Vec<Condition>,
    /// Symbols that should differ.
    distinct: Vec<Sym>,
}

impl<'m> Facts<'m> {
    fn of(model: &'m Model, phase: Option<&'m str>) -> Facts<'m> {
        let symbols = model.symbols();
        let declared = model.meanings().iter().map(|(sym, ..)| *sym);
        let relations = symbols.relations();
        Facts {
            model,
            symbols,
            phase,
            natural: declared.collect(),
            equations: relations.map(|(a, b)| (a.clone(), b.clone())).collect(),
            assumed: symbols.assumptions().iter().cloned().collect(),
            wished: Vec::new(),
            distinct: Vec::new(),
        }
    }

    /// The numbers with the positions of each pass, which facts may speak of; outside a phase those of a pass over the whole
    /// context.
    fn in_passes(&self, numbers: &Bindings) -> Option<Vec<Bindings>> {
        let Some(positions) = self.model.positions() else {
            return Some(vec![numbers.clone()]);
        };
        let with = |all: &[(Sym, i64)]| {
            let mut numbers = numbers.clone();
            for (sym, value) in all {
                numbers.insert(*sym, *value);
            }
            numbers
        };
        match self.phase {
            Some(phase) => {
                let passes = passes::positions(self.model, phase, numbers).ok()?;
                Some(passes.iter().map(|pass| with(pass)).collect())
            }
            None => {
                let context = self.symbols.lookup("T").map(Poly::symbol);
                let context =
                    context.and_then(|poly| poly.eval_integer(numbers, self.symbols).ok());
                let context = context.and_then(|value| i64::try_from(value).ok());
                let context = context.unwrap_or(1);
                let all = [
                    (positions.new, context),
                    (positions.past, 0),
                    (positions.wanted, 1),
                    (positions.step, 1),
                ];
                Some(vec![with(&all)])
            }
        }
    }

    /// How many facts do not hold.
    fn broken(&self, numbers: &Bindings) -> usize {
        let value = |sym: &Sym| Poly::symbol(*sym).eval_count(numbers, self.symbols).ok();
        let mut values: Vec<_> = self.distinct.iter().filter_map(value).collect();
        values.sort();
        let alike = values.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let passes = match self.in_passes(numbers) {
            Some(passes) if !passes.is_empty() => passes,
            _ => return alike + self.natural.len() + 1,
        };
        alike + passes.iter().map(|at| self.broken_at(at)).sum::<usize>()
    }

    fn broken_at(&self, at: &Bindings) -> usize {
        let symbols = self.symbols;
        let unnatural = |sym: &&Sym| match symbols.definition(**sym) {
            Some(_) => Poly::symbol(**sym).eval_count(at, symbols).is_err(),
            None => Condition::in_domain(**sym, symbols).holds(at, symbols) != Ok(true),
        };
        let unequal = |(a, b): &&(Poly, Poly)| a.eval(at, symbols) != b.eval(at, symbols);
        let fails = |fact: &&Condition| fact.holds(at, symbols) != Ok(true);
        // A wish that these numbers do not decide asks nothing of them.
        let denied = |wish: &&Condition| wish.holds(at, symbols) == Ok(false);
        self.natural.iter().filter(unnatural).count()
            + self.equations.iter().filter(unequal).count()
            + self.assumed.iter().filter(fails).count()
            + self.wished.iter().filter(denied).count()
    }

    /// Numbers for a symbol that make an equation hold in which it stands once, or as a factor.
    fn solutions(&self, sym: Sym, numbers: &Bindings) -> Vec<i64> {
        let at = |value: i64, (a, b): &(Poly, Poly)| -> Option<Coeff> {
            let mut numbers = numbers.clone();
            numbers.insert(sym, value);
            let numbers = self.in_passes(&numbers)?.into_iter().next()?;
            let a = a.eval(&numbers, self.symbols).ok()?;
            let b = b.eval(&numbers, self.symbols).ok()?;
            Some(&a - &b)
        };
        let solve = |equation| {
            let (first, second) = (at(1, equation)?, at(2, equation)?);
            let slope = &second - &first;
            let root = &Coeff::from(1) - &first.checked_div(&slope)?;
            i64::try_from(root.to_integer()?).ok()
        };
        self.equations.iter().filter_map(solve).collect()
    }

    /// Changes one symbol after another, each to what leaves the fewest facts broken, until none is.
    fn mend(
        &self,
        numbers: &mut Bindings,
        open: &[Sym],
        random: &mut Random,
        candidates: impl Fn(Sym, &Bindings, &mut Random) -> Vec<i64>,
    ) -> bool {
        let mut broken = self.broken(numbers);
        for _ in 0..REPAIRS {
            if broken == 0 || open.is_empty() {
                break;
            }
            let sym = open[random.place(open.len())];
            let mut best: Vec<i64> = Vec::new();
            let mut fewest = broken;
            for value in candidates(sym, numbers, random) {
                let mut tried = numbers.clone();
                tried.insert(sym, value);
                let left = self.broken(&tried);
                if left < fewest {
                    best.clear();
                }
                if left <= fewest {
                    fewest = left;
                    best.push(value);
                }
            }
            if !best.is_empty() {
                numbers.insert(sym, best[random.place(best.len())]);
                broken = fewest;
            }
        }
        broken == 0
    }
}
