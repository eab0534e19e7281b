//! Numbers for the symbols of a model, drawn by a small generator with fixed seeds.

use dotledger::Model;
use dotledger::sym::{Bindings, Poly, Sym, Symbols};

/// A generator of numbers (splitmix64): the same seed gives the same numbers.
pub(crate) struct Random(u64);

impl Random {
    /// A generator that starts at a seed.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("a range is not empty");
        low + i64::try_from(self.next() % span).expect("a remainder is small")
    }

    /// One of some things.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let last = i64::try_from(things.len()).expect("a short list") - 1;
        &things[usize::try_from(self.within(0, last)).expect("an index")]
    }

    /// As likely as not.
    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }
}

/// The symbols that a model declares and that need a number: those without a definition.
pub(crate) fn free(model: &Model) -> Vec<Sym> {
    let declared = model.meanings().iter().map(|(sym, ..)| *sym);
    declared
        .filter(|sym| model.symbols().definition(*sym).is_none())
        .collect()
}

/// Whether the numbers are in their domains, derived symbols are natural numbers, and declared relations hold.
pub(crate) fn declared_valid(model: &Model, numbers: &Bindings) -> bool {
    let symbols = model.symbols();
    let derived = model
        .meanings()
        .iter()
        .filter(|(sym, ..)| symbols.definition(*sym).is_some());
    let numbers = &at_context(symbols, numbers);
    let natural = |sym: Sym| Poly::symbol(sym).eval_count(numbers, symbols).is_ok();
    derived.into_iter().all(|(sym, ..)| natural(*sym))
        && symbols
            .relations()
            .all(|(left, right)| left.eval(numbers, symbols) == right.eval(numbers, symbols))
        && symbols
            .assumptions()
            .iter()
            .all(|fact| fact.holds(numbers, symbols) == Ok(true))
}

/// The numbers with the positions of a pass at a context of `T`, which facts may speak of: keys span `T` in each phase of one.
fn at_context(symbols: &Symbols, numbers: &Bindings) -> Bindings {
    let mut numbers = numbers.clone();
    let context = symbols
        .lookup("T")
        .and_then(|context| numbers.get(context).cloned());
    if let (Some(context), Some(new), Some(past)) =
        (context, symbols.lookup("n"), symbols.lookup("p"))
        && !numbers.contains(new)
    {
        numbers.insert(new, context);
        numbers.insert(past, 0);
    }
    numbers
}

fn domain(symbols: &Symbols, sym: Sym, high: i64) -> (i64, i64) {
    let domain = symbols.domain(sym);
    let high = high.max(domain.min);
    (domain.min, domain.max.map_or(high, |max| max.min(high)))
}

/// Small numbers, each within the domain of its symbol and not above `high`; nothing else is asked of them.
pub(crate) fn any(model: &Model, random: &mut Random, high: i64) -> Bindings {
    let symbols = model.symbols();
    let mut numbers = Bindings::new();
    for sym in free(model) {
        let (low, high) = domain(symbols, sym, high);
        numbers.insert(sym, random.within(low, high));
    }
    numbers
}

/// Small numbers at which the declarations of a model hold.
pub(crate) fn small(model: &Model, random: &mut Random, high: i64) -> Bindings {
    for _ in 0..100_000 {
        let numbers = any(model, random, high);
        if declared_valid(model, &numbers) {
            return numbers;
        }
    }
    panic!(
        "no sizes up to {high} fit the declarations of `{}`",
        model.name()
    );
}

/// Wide numbers at which the declarations of a model hold and different symbols differ.
///
/// Some are products with others, so that what must divide divides.
pub(crate) fn wide(model: &Model, random: &mut Random) -> Bindings {
    let free = free(model);
    'attempt: for _ in 0..200_000 {
        let mut chosen: Vec<i64> = Vec::new();
        let mut numbers = Bindings::new();
        for at in 0..free.len() {
            let factors = if at == 0 { 0 } else { random.within(0, 2) };
            let mut value = random.within(5, 60);
            for _ in 0..factors {
                value = value.saturating_mul(*random.pick(&chosen));
            }
            if value > 1 << 40 || chosen.contains(&value) {
                continue 'attempt;
            }
            chosen.push(value);
        }
        // Symbols draw in a random order, so that any may be a multiple of any other.
        let mut order = free.clone();
        for at in (1..order.len()).rev() {
            let other = random.within(0, i64::try_from(at).expect("a short list"));
            order.swap(at, usize::try_from(other).expect("an index"));
        }
        for (sym, value) in order.iter().zip(&chosen) {
            let max = model.symbols().domain(*sym).max;
            numbers.insert(*sym, max.map_or(*value, |max| max.min(*value)));
        }
        if declared_valid(model, &numbers) {
            return numbers;
        }
    }
    panic!("no wide sizes fit the declarations of `{}`", model.name());
}
