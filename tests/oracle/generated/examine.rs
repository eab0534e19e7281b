//! One model, looked at from all sides.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dotledger::sym::{Bindings, Coeff};
use dotledger::verify::compare::{Walked, compare};
use dotledger::verify::walk::Misfit;
use dotledger::{Ledger, Profile};

use super::same::{AMOUNTS, At, difference, misread};
use crate::harness::{Bench, read};
use crate::random::Draft;
use crate::sample::{Draw, Random, declared_valid, free, small};

/// What became of a model.
pub(super) enum Outcome {
    /// It is no model, and why.
    Refused(String),
    /// All sides say the same; so many walks did.
    Same { walks: u64 },
    /// What differs, in a word and in all of them.
    Differs(String, String),
}

/// Numbers that are drawn for a phase until some fit.
const DRAWS: usize = 6;

pub(super) fn examine(draft: &Draft, seed: u64) -> Outcome {
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let mut examined = match Examined::new(draft, seed) {
            Ok(examined) => examined,
            Err(why) => return Outcome::Refused(class(&why)),
        };
        match examined.all() {
            Ok(()) => Outcome::Same {
                walks: examined.walks,
            },
            Err((kind, message)) => Outcome::Differs(kind.to_owned(), message),
        }
    }));
    looked.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let text = text.unwrap_or_default();
        Outcome::Differs(format!("panic: {}", class(&text)), text)
    })
}

/// The first line of a message without its place and its names.
fn class(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split_once(": ").map_or(line, |(_, rest)| rest);
    let words = line.split('`').enumerate();
    let words: Vec<&str> = words
        .map(|(at, word)| if at % 2 == 0 { word } else { ".." })
        .collect();
    words
        .join("`")
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .collect()
}

type Found = Result<(), (&'static str, String)>;

struct Examined<'d> {
    draft: &'d Draft,
    text: String,
    switches: Vec<(String, bool)>,
    bench: Bench,
    random: Random,
    walks: u64,
}

impl<'d> Examined<'d> {
    fn new(draft: &'d Draft, seed: u64) -> Result<Examined<'d>, String> {
        let mut random = Random::new(seed);
        let names = draft.switches.iter().map(|(name, _)| name.clone());
        let switches: Vec<(String, bool)> = names.map(|name| (name, random.coin())).collect();
        let text = draft.text();
        let bench = Bench::of("generated", &text, &switches, |model| {
            let known = draft.wide.iter();
            let known =
                known.filter_map(|(name, value)| Some((model.symbols().lookup(name)?, *value)));
            known.collect()
        })?;
        for phase in bench.model.phases() {
            let ledger = bench.model.ledger(phase, &Profile::exact());
            ledger.map_err(|error| error.to_string())?;
        }
        Ok(Examined {
            draft,
            text,
            switches,
            bench,
            random,
            walks: 0,
        })
    }

    fn all(&mut self) -> Found {
        let phases: Vec<String> = self
            .bench
            .model
            .phases()
            .into_iter()
            .map(str::to_owned)
            .collect();
        for phase in &phases {
            let exact = self.bench.ledger(phase, "exact");
            if let Some(what) = misread(&exact) {
                return Err(("print", format!("{phase}: {what}")));
            }
            for _ in 0..DRAWS {
                let numbers = small(&self.bench.model, phase, &mut self.random, 3);
                if self.at(phase, &exact, &numbers)? {
                    break;
                }
            }
        }
        self.literal(&phases)?;
        self.expression(&phases)
    }

    /// Whether a phase fits at some numbers; if it does, it is compared there.
    fn at(
        &mut self,
        phase: &str,
        exact: &Ledger,
        numbers: &Bindings,
    ) -> Result<bool, (&'static str, String)> {
        let at = self.words(numbers);
        let fail = |kind, what: String| Err((kind, format!("{phase} at {at}: {what}")));
        // Ops that need an element refuse an empty axis even where nothing is done; a walk does nothing then.
        if numbers.iter().any(|(_, value)| value.is_zero()) {
            return Ok(false);
        }
        let accepted = self.bench.accepted(phase, numbers);
        match (self.bench.stages(phase, numbers, true), &accepted) {
            // Too much to walk, or work on room that is no whole number.
            (
                Err(Misfit {
                    of_numbers: false, ..
                }),
                _,
            ) => {}
            (Err(_), Err(_)) => return Ok(false),
            // Rounds have the positions of all of them, and a walk those that are left.
            (Err(misfit), Ok(())) if misfit.why.contains("no position") => return Ok(false),
            (Err(misfit), Ok(())) => {
                return fail("accepted", format!("accepted, but {misfit}"));
            }
            (Ok(_), Err(why)) => {
                return fail("refused", format!("can be walked and is refused: {why}"));
            }
            (Ok(stages), Ok(())) => {
                if let Some(what) = compared(exact, numbers, &stages) {
                    return fail("walk", what);
                }
                let torch = self.bench.ledger(phase, "torch");
                match self.bench.stages(phase, numbers, false) {
                    Ok(stages) => {
                        if let Some(what) = compared(&torch, numbers, &stages) {
                            return fail("walk torch", what);
                        }
                    }
                    Err(misfit) => return fail("masks", misfit.why),
                }
                self.walks += 1;
            }
        }
        if accepted.is_err() {
            return Ok(false);
        }
        for condition in exact.conditions.iter() {
            let holds = condition.holds(numbers, &exact.symbols);
            if holds == Ok(false) {
                return fail("condition", condition.display(&exact.symbols));
            }
        }
        let concrete = self.concrete(
            numbers
                .iter()
                .map(|(sym, value)| {
                    (
                        self.bench.model.symbols().name(sym).to_owned(),
                        value.to_string(),
                    )
                })
                .collect(),
        );
        let ledger = concrete.and_then(|model| {
            model
                .ledger(phase, &Profile::exact())
                .map_err(|error| error.to_string())
        });
        let ledger = match ledger {
            Ok(ledger) => ledger,
            Err(why) => return fail("set", why),
        };
        let own = At {
            ledger: exact,
            numbers,
        };
        let set = At {
            ledger: &ledger,
            numbers: &ledger.numbers,
        };
        if let Some(what) = difference(own, set) {
            return fail("set", what);
        }
        if let Some(what) = self.session(phase, own) {
            return fail("session", what);
        }
        Ok(true)
    }

    fn concrete(&self, set: Vec<(String, String)>) -> Result<dotledger::Model, String> {
        let switches = self
            .switches
            .iter()
            .map(|(name, on)| (name.clone(), on.to_string()));
        read("generated", &self.text, switches.chain(set).collect())
    }

    fn value(&self, numbers: &Bindings, name: &str) -> i64 {
        let sym = self.bench.model.symbols().lookup(name);
        let value = sym.and_then(|sym| numbers.get(sym)).cloned();
        value
            .and_then(|value| i64::try_from(value).ok())
            .unwrap_or(0)
    }

    /// A session is its stages: what they come to is compared with the phases of one pass at the same contexts.
    fn session(&self, phase: &str, own: At<'_>) -> Option<String> {
        let has = |name: &str| self.draft.phases.contains(&name);
        if phase != "generate" || !has("prefill") || !has("decode") {
            return None;
        }
        let context = self.bench.model.symbols().lookup("T")?;
        let (first, steps) = (self.value(own.numbers, "T"), self.value(own.numbers, "N"));
        let prefill = self.bench.ledger("prefill", "exact");
        let decode = self.bench.ledger("decode", "exact");
        let mut sums: Vec<Result<Coeff, String>> = Vec::new();
        for (at, (name, pick)) in AMOUNTS.iter().enumerate() {
            let mut sum = At {
                ledger: &prefill,
                numbers: own.numbers,
            }
            .value(pick(&prefill.total()));
            for step in 1..=steps {
                let mut numbers = own.numbers.clone();
                numbers.insert(context, first + step);
                let next = At {
                    ledger: &decode,
                    numbers: &numbers,
                }
                .value(pick(&decode.total()));
                sum = match (sum, next) {
                    (Ok(_), Ok(next)) if ["cached", "state"].contains(name) => Ok(next),
                    (Ok(sum), Ok(_)) if name.starts_with("params") => Ok(sum),
                    (Ok(sum), Ok(next)) => Ok(&sum + &next),
                    (Err(why), _) | (_, Err(why)) => Err(why),
                };
            }
            sums.push(sum);
            let whole = own.value(pick(&own.ledger.total()));
            if whole != sums[at] {
                return Some(format!("{name}: {whole:?}, stages {:?}", sums[at]));
            }
        }
        None
    }

    /// The text with wide numbers in the places of symbols.
    fn literal(&self, phases: &[String]) -> Found {
        let model = &self.bench.model;
        let set = ["T", "N", "C", "P", "n", "p", "o", "s", "i"];
        let mut given = Vec::new();
        for sym in free(model) {
            let name = model.symbols().name(sym);
            if let (false, Some(value)) = (set.contains(&name), self.bench.wide.get(sym)) {
                given.push((name.to_owned(), value.to_string()));
            }
        }
        let accepted = |phase: &String| self.bench.accepted(phase, &self.bench.wide).is_ok();
        if !phases.iter().all(accepted) {
            return Ok(());
        }
        let text = self.draft.at(&given);
        let fail = |what: String| Err(("literal", format!("at {given:?}: {what}\n{text}")));
        let switches = self
            .switches
            .iter()
            .map(|(name, on)| (name.clone(), on.to_string()));
        let literal = match read("literal", &text, switches.collect()) {
            Ok(literal) => literal,
            Err(why) => return fail(why),
        };
        let mut numbers = Bindings::new();
        for sym in free(&literal) {
            let own = model.symbols().lookup(literal.symbols().name(sym));
            if let Some(value) = own.and_then(|own| self.bench.wide.get(own)) {
                numbers.insert(sym, value.clone());
            }
        }
        for phase in phases {
            let ledger = match literal.ledger(phase, &Profile::exact()) {
                Ok(ledger) => ledger,
                // The mean of the experts that are read is a number of many digits.
                Err(why) if why.to_string().contains("the limit") => continue,
                Err(why) => return fail(why.to_string()),
            };
            let own = self.bench.ledger(phase, "exact");
            let own = At {
                ledger: &own,
                numbers: &self.bench.wide,
            };
            let other = At {
                ledger: &ledger,
                numbers: &numbers,
            };
            if let Some(what) = difference(own, other) {
                return fail(format!("{phase}: {what}"));
            }
        }
        Ok(())
    }

    /// A symbol that is given as an expression of another.
    fn expression(&mut self, phases: &[String]) -> Found {
        let model = &self.bench.model;
        let symbols = free(model);
        let (one, other) = (*self.random.pick(&symbols), *self.random.pick(&symbols));
        let phase = phases.first().map_or("forward", String::as_str);
        let mut numbers = small(model, phase, &mut self.random, 3);
        let base = self.value(&numbers, model.symbols().name(other));
        numbers.insert(one, 2 * base + 1);
        if one == other || !declared_valid(model, phase, &numbers) {
            return Ok(());
        }
        let (name, by) = (model.symbols().name(one), model.symbols().name(other));
        let given = format!("2*{by} + 1");
        let fail = |what: String| {
            Err((
                "expression",
                format!("{name} = {given} at {}: {what}", self.words(&numbers)),
            ))
        };
        let set = match self.concrete(vec![(name.to_owned(), given.clone())]) {
            Ok(set) => set,
            Err(why) => return fail(why),
        };
        for phase in phases {
            if self.bench.accepted(phase, &numbers).is_err() {
                continue;
            }
            let ledger = match set.ledger(phase, &Profile::exact()) {
                Ok(ledger) => ledger,
                // A sum is divided by in no formula; a model says so.
                Err(why) if why.to_string().contains("has several terms") => continue,
                Err(why) => return fail(why.to_string()),
            };
            let own = self.bench.ledger(phase, "exact");
            let own = At {
                ledger: &own,
                numbers: &numbers,
            };
            let other = At {
                ledger: &ledger,
                numbers: &numbers,
            };
            if let Some(what) = difference(own, other) {
                return fail(format!("{phase}: {what}"));
            }
        }
        Ok(())
    }

    fn words(&self, numbers: &Bindings) -> String {
        let symbols = self.bench.model.symbols();
        let pairs = numbers
            .iter()
            .map(|(sym, value)| format!("{}={value}", symbols.name(sym)));
        let on = self
            .switches
            .iter()
            .map(|(name, on)| format!("{name}={on}"));
        pairs.chain(on).collect::<Vec<_>>().join(" ")
    }
}

/// Where a ledger and the walks of its stages differ.
fn compared(ledger: &Ledger, numbers: &Bindings, stages: &[Walked]) -> Option<String> {
    let mut found = compare(ledger, numbers, stages, 2).differences;
    // Whether two names of coordinates that meet along an axis are of one position, a shape does not say.
    let met = |paths: &[String]| {
        let row = ledger.rows.iter().find(|row| paths.contains(&row.path));
        row.is_some_and(|row| ["map", "matmul", "concat", "einsum"].contains(&&*row.op))
    };
    found.retain(|found| found.what != "mixing" || !met(&found.rows));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    (!found.is_empty()).then(|| found.join("\n  "))
}
