//! Ways to the same number: each formula has one value, however it is come by.

use dotledger::sym::{Bindings, Sym};
use dotledger::{Formula, Ledger, Model, Options, Profile};

/// Most assignments that are tried in search of values at which the model's relations hold.
const MAX_TRIED: u64 = 300;

/// Values of the symbols that the caller gives: small ones, inside their domains, at which the model's relations hold.
fn points(ledger: &Ledger) -> Vec<Vec<(&str, u64)>> {
    let symbols = &ledger.symbols;
    let free: Vec<(Sym, &str)> = symbols
        .iter()
        .filter(|(sym, _)| symbols.definition(*sym).is_none())
        .collect();
    let holds = |values: &Bindings| {
        let mut relations = symbols.relations();
        relations.all(|(a, b)| a.eval(values, symbols) == b.eval(values, symbols))
            && symbols
                .assumptions()
                .iter()
                .all(|condition| condition.holds(values, symbols) != Ok(false))
    };
    let mut found = Vec::new();
    let mut random = 9_u64;
    for _ in 0..MAX_TRIED {
        let mut point = Vec::with_capacity(free.len());
        let mut values = Bindings::new();
        for (sym, name) in &free {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let domain = symbols.domain(*sym);
            let least = u64::try_from(domain.min).unwrap_or(0);
            let most = domain.max.and_then(|max| u64::try_from(max).ok());
            let value = (least + (random >> 33) % 6).min(most.unwrap_or(u64::MAX));
            point.push((*name, value));
            values.insert(*sym, value);
        }
        if holds(&values) {
            found.push(point);
        }
        if found.len() == 2 {
            break;
        }
    }
    found
}

/// The same values, but for one.
fn with<'a>(values: &[(&'a str, u64)], name: &str, value: u64) -> Vec<(&'a str, u64)> {
    let put = |(own, known): &(&'a str, u64)| (*own, if *own == name { value } else { *known });
    values.iter().map(put).collect()
}

fn formulas(ledger: &Ledger) -> [Formula; 4] {
    let elementwise = ledger.formula(ledger.total().elementwise.poly());
    [ledger.dots(), ledger.macs(), ledger.params(), elementwise]
}

/// In other symbols a formula has the same value.
pub(crate) fn rewritten(ledger: &Ledger, basis: &[String]) {
    let basis: Vec<&str> = basis.iter().map(String::as_str).collect();
    let points = points(ledger);
    for formula in formulas(ledger) {
        let Ok(other) = formula.in_basis(&basis) else {
            continue;
        };
        for values in &points {
            if let (Ok(own), Ok(others)) = (formula.at(values), other.at(values)) {
                assert_eq!(own, others, "{formula} is not {other} at {values:?}");
            }
        }
    }
}

/// To generate is to ingest a prompt and then to take each step at its own context. Parameters are entered once. Sizes that
/// mention the prompt are left out: to a single step it is the context.
pub(crate) fn steps(model: &Model, text: &str) {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    if words.filter(|word| *word == "T").count() != 1 {
        return;
    }
    let profile = Profile::exact();
    let ledger = |phase| model.ledger(phase, &profile);
    let (Ok(all), Ok(prompt), Ok(step)) = (ledger("generate"), ledger("prefill"), ledger("decode"))
    else {
        return;
    };
    for values in points(&all) {
        let given = |name| {
            values
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| *value)
        };
        let (Some(context), Some(steps)) = (given("T"), given("N")) else {
            return;
        };
        let phases = [&all, &prompt, &step].map(formulas);
        let [all, prompt, step] = &phases;
        for at in [0, 1, 3] {
            let total = (1..=steps).try_fold(prompt[at].at(&values).ok(), |total, taken| {
                let now = step[at].at(&with(&values, "T", context + taken)).ok()?;
                Some(Some(total? + now))
            });
            if let (Ok(own), Some(Some(total))) = (all[at].at(&values), total) {
                assert_eq!(own, total, "{} at {values:?}", all[at]);
            }
        }
    }
}

/// An expression that is set for a symbol has the value that the symbol would have.
pub(crate) fn expressions(model: &Model, text: &str) {
    let symbols = model.symbols();
    let mut free = symbols.iter().filter(|(sym, name)| {
        symbols.definition(*sym).is_none() && !["n", "p", "o", "s", "i"].contains(name)
    });
    let (Some((_, a)), Some((_, b))) = (free.next(), free.next()) else {
        return;
    };
    for (name, other) in [(a, b), (b, a)] {
        let set = vec![(name.to_owned(), format!("2*{other} + 1"))];
        let Ok(put) = Model::read(
            "m.ron",
            text,
            &Options {
                set,
                ..Options::default()
            },
        ) else {
            continue;
        };
        let profile = Profile::exact();
        for phase in model.phases() {
            let (Ok(own), Ok(set)) = (model.ledger(phase, &profile), put.ledger(phase, &profile))
            else {
                continue;
            };
            for values in points(&own) {
                let Some((_, value)) = values.iter().find(|(own, _)| *own == other) else {
                    continue;
                };
                let values = with(&values, name, 2 * value + 1);
                for (own, set) in formulas(&own).iter().zip(&formulas(&set)) {
                    if let (Ok(one), Ok(two)) = (own.at(&values), set.at(&values)) {
                        assert_eq!(one, two, "{own} is not {set} at {values:?}");
                    }
                }
            }
        }
    }
}
