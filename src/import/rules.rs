//! What a rule of a mapping comes to in a configuration.

use std::collections::BTreeSet;

use dashu_int::IBig;

use super::json::{Json, Key};
use super::mapping::{Mapper, is_one_of};
use crate::ast::config::Rule;
use crate::ast::model::{Text, Word};
use crate::sym::{self, Coeff, Context, Expr, Poly, Symbols};

/// Numbers beyond this power of ten, which no double is, are no sizes.
const MAX_EXPONENT: usize = 400;

/// What a rule comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Number(Poly),
    Flag(bool),
    Unset,
}

/// Why a rule comes to nothing.
pub(super) enum Without {
    /// A key is not there.
    Missing(String),
    /// What is wrong is reported.
    Wrong,
}

impl Given {
    /// It as text; nothing for no value.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Given::Unset => None,
            Given::Flag(flag) => Some(flag.to_string()),
            Given::Number(number) => number.as_const().map(|number| number.to_string()),
        }
    }
}

/// What a formula that is summed over a list calls an entry, its place from 0, and the number of all.
const OF_A_LIST: [&str; 3] = ["entry", "place", "length"];

/// What a rule comes to, and how.
pub(super) struct Found<'r, 's> {
    pub(super) given: Given,
    /// The rule that gave it, of several.
    pub(super) rule: &'r Rule<'s>,
    /// The key that is missing, for which it stands in.
    pub(super) instead: Option<String>,
}

/// What a name stands for, which says what its value must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Size,
    Flag,
}

impl<'m, 's> Mapper<'m, 's> {
    /// What a rule comes to, which branch of it gave that, and the key that it stands in for.
    pub(super) fn apply<'r>(
        &mut self,
        rule: &'m Rule<'r>,
        wants: Wants,
    ) -> Result<Found<'m, 'r>, Without> {
        match rule {
            Rule::First(rules) => self.first(rules, wants),
            Rule::When(condition, branches) => {
                let [holds, otherwise] = &**branches;
                match self.holds(condition)? {
                    true => self.apply(holds, wants),
                    false => self.apply(otherwise, wants),
                }
            }
            rule => Ok(Found {
                given: self.given(rule, wants)?,
                rule,
                instead: None,
            }),
        }
    }

    /// The first rule of several whose keys are there.
    fn first<'r>(&mut self, rules: &'m [Rule<'r>], wants: Wants) -> Result<Found<'m, 'r>, Without> {
        let mut missing: Option<String> = None;
        for rule in rules {
            match self.apply(rule, wants) {
                Err(Without::Missing(key)) => _ = missing.get_or_insert(key),
                Ok(found) => {
                    return Ok(Found {
                        instead: missing.or(found.instead),
                        ..found
                    });
                }
                Err(wrong) => return Err(wrong),
            }
        }
        Err(Without::Missing(missing.unwrap_or_default()))
    }

    /// What a rule without branches comes to.
    fn given(&mut self, rule: &'m Rule<'_>, wants: Wants) -> Result<Given, Without> {
        Ok(match rule {
            Rule::Unset => Given::Unset,
            Rule::Key(word) => {
                let (key, value) = self.need(word)?;
                match (value, wants) {
                    (Json::Flag(flag), Wants::Flag) => Given::Flag(*flag),
                    (Json::Number(_), Wants::Size) => Given::Number(self.number(key, value)?),
                    (_, Wants::Flag) => return Err(self.other(key, value, "`true` or `false`")),
                    (_, Wants::Size) => return Err(self.other(key, value, "a number")),
                }
            }
            Rule::Formula(text) => Given::Number(self.formula(text)?),
            Rule::Fixed(text) => match &*text.text {
                "true" => Given::Flag(true),
                "false" => Given::Flag(false),
                _ => Given::Number(self.formula(text)?),
            },
            Rule::Length(word) => {
                let (key, value) = self.need(word)?;
                match value {
                    Json::List(list) => counted(list.len()),
                    Json::Object(object) => counted(object.0.len()),
                    other => return Err(self.other(key, other, "a list or an object")),
                }
            }
            Rule::Count(word, entry) => {
                let (_, entries) = self.entries(word, entry)?;
                counted(entries.iter().filter(|is| **is).count())
            }
            Rule::Every(word, entry) => self.every(word, entry)?,
            Rule::Leading(word, entry) => self.leading(word, entry)?,
            Rule::Item(word, place) => self.item(word, *place)?,
            Rule::Sum(word, formula, wanted) => self.sum(word, formula, wanted.as_ref())?,
            Rule::First(_)
            | Rule::When(..)
            | Rule::Has(_)
            | Rule::Null(_)
            | Rule::Longer(..)
            | Rule::Is(..)
            | Rule::Above(..)
            | Rule::Not(_)
            | Rule::All(_)
            | Rule::Any(_) => Given::Flag(self.holds(rule)?),
        })
    }

    /// The distance of the entries that are the one named, and no others.
    fn every(&mut self, word: &Word<'_>, entry: &Text<'_>) -> Result<Given, Without> {
        let (key, entries) = self.entries(word, entry)?;
        let first = entries.iter().position(|is| *is);
        let period = first.unwrap_or(entries.len()) + 1;
        let even = |(at, is): (usize, &bool)| (at + 1).is_multiple_of(period) == *is;
        if entries.iter().enumerate().all(even) {
            return Ok(counted(period));
        }
        let message = format!(
            "`{}` is not periodic: `{entry}` comes first at entry {period}, then not at its multiples alone",
            self.path(word.text),
            entry = entry.text
        );
        self.error(Some(key), message, None);
        Err(Without::Wrong)
    }

    /// How many entries at the start are the one named, which does not come again.
    fn leading(&mut self, word: &Word<'_>, entry: &Text<'_>) -> Result<Given, Without> {
        let (key, entries) = self.entries(word, entry)?;
        let leading = entries.iter().take_while(|is| **is).count();
        if !entries.iter().skip(leading).any(|is| *is) {
            return Ok(counted(leading));
        }
        let message = format!(
            "`{}`: `{}` stands not only at the start",
            self.path(word.text),
            entry.text
        );
        self.error(Some(key), message, None);
        Err(Without::Wrong)
    }

    /// An entry of a list by its place, from 1.
    fn item(&mut self, word: &Word<'_>, place: usize) -> Result<Given, Without> {
        let (key, value) = self.need(word)?;
        let Json::List(list) = value else {
            return Err(self.other(key, value, "a list"));
        };
        match list.get(place.saturating_sub(1)) {
            Some(value) => Ok(Given::Number(self.number(key, value)?)),
            None => {
                let message = format!(
                    "`{}` has {} entries, and entry {place} is wanted",
                    self.path(word.text),
                    list.len()
                );
                self.error(Some(key), message, None);
                Err(Without::Wrong)
            }
        }
    }

    /// A formula summed over the entries of a list, or over those that are the one named.
    fn sum(
        &mut self,
        word: &Word<'_>,
        formula: &Text<'_>,
        wanted: Option<&Text<'_>>,
    ) -> Result<Given, Without> {
        let (key, value) = self.need(word)?;
        let Json::List(list) = value else {
            return Err(self.other(key, value, "a list"));
        };
        let expr = parsed(formula)?;
        let mut sum = Poly::int(0);
        for (place, entry) in list.iter().enumerate() {
            let passed = |wanted| !is_one_of(entry, std::slice::from_ref(wanted));
            if wanted.is_some_and(passed) {
                continue;
            }
            let of_list = Place {
                key,
                entry,
                place: size(place),
                length: size(list.len()),
            };
            sum = sum + self.amount(formula, &expr, Some(&of_list))?;
        }
        Ok(Given::Number(sum))
    }

    /// Whether a condition holds.
    fn holds(&mut self, rule: &'m Rule<'_>) -> Result<bool, Without> {
        Ok(match rule {
            Rule::Has(word) => self.look(word.text).is_some(),
            Rule::Null(word) => self.is_null(word.text),
            Rule::Longer(word, place) => match self.need(word)? {
                (_, Json::List(list)) => list.len() > *place,
                (key, other) => return Err(self.other(key, other, "a list")),
            },
            Rule::Is(word, values) => {
                let (_, value) = self.need(word)?;
                is_one_of(value, values)
            }
            Rule::Above(formula, bound) => {
                let difference = self.formula(formula)? - self.formula(bound)?;
                difference.as_const().is_some_and(|rest| rest.sign() > 0)
            }
            Rule::Not(rule) => !self.holds(rule)?,
            // A part that decides is enough, even where a key of another is missing.
            Rule::All(rules) => self.each(rules, false)?,
            Rule::Any(rules) => self.each(rules, true)?,
            other => match self.apply(other, Wants::Flag)?.given {
                Given::Flag(flag) => flag,
                Given::Number(_) | Given::Unset => false,
            },
        })
    }

    /// Whether one of the conditions decides by being so.
    fn each(&mut self, rules: &'m [Rule<'_>], so: bool) -> Result<bool, Without> {
        let mut without = None;
        for rule in rules {
            match self.holds(rule) {
                Ok(holds) if holds == so => return Ok(so),
                Ok(_) => {}
                Err(error) => without = without.or(Some(error)),
            }
        }
        without.map_or(Ok(!so), Err)
    }

    /// Which entries of a list are the one that is named.
    fn entries(
        &mut self,
        word: &Word<'_>,
        entry: &Text<'_>,
    ) -> Result<(&'m Key<'s>, Vec<bool>), Without> {
        let (key, value) = self.need(word)?;
        match value {
            Json::List(list) => {
                let is = |value: &Json<'_>| is_one_of(value, std::slice::from_ref(entry));
                Ok((key, list.iter().map(is).collect()))
            }
            other => Err(self.other(key, other, "a list")),
        }
    }

    fn formula(&mut self, text: &Text<'_>) -> Result<Poly, Without> {
        self.amount(text, &parsed(text)?, None)
    }

    /// What a formula comes to, of keys and of a place in a list.
    fn amount(
        &mut self,
        text: &Text<'_>,
        expr: &Expr,
        of_list: Option<&Place<'_, '_>>,
    ) -> Result<Poly, Without> {
        let symbols = Symbols::new();
        let mut cx = Context::new(&symbols);
        let mut without = None;
        let value = expr.lower_freely(
            &mut |name, _| {
                let number = match (of_list, name) {
                    (Some(of), "entry") => self.number(of.key, of.entry),
                    (Some(of), "place") => Ok(of.place.clone()),
                    (Some(of), "length") => Ok(of.length.clone()),
                    _ => match self.look(name) {
                        Some((key, value)) => self.number(key, value),
                        None => Err(Without::Missing(name.to_owned())),
                    },
                };
                number
                    .map_err(|error| without = without.take().or(Some(error)))
                    .ok()
            },
            &mut cx,
        );
        match (value, without) {
            (_, Some(error)) => Err(error),
            (Ok(value), None) => Ok(value),
            (Err(errors), None) => {
                let rule = Rule::Formula(text.clone());
                let key = keys(&rule).into_iter().find_map(|key| self.look(&key));
                for error in errors {
                    let message = format!("{}: {}", text.text, error.message);
                    self.error(key.map(|(key, _)| key), message, error.hint);
                }
                Err(Without::Wrong)
            }
        }
    }

    /// A number as it is written, exactly.
    fn number(&mut self, key: &Key<'_>, value: &Json<'_>) -> Result<Poly, Without> {
        let Json::Number(number) = value else {
            return Err(self.other(key, value, "a number"));
        };
        let exact = decimal(&number.to_string());
        let exact = exact.map(Poly::from_coeff);
        exact.ok_or_else(|| self.other(key, value, "a number of this size"))
    }

    /// Says that a value is of another kind.
    fn other(&mut self, key: &Key<'_>, value: &Json<'_>, wanted: &str) -> Without {
        let message = format!(
            "`{}` is {}, not {wanted}",
            self.path(&key.text),
            value.described()
        );
        self.error(Some(key), message, None);
        Without::Wrong
    }
}

/// A place in a list, as a formula that is summed over the list sees it.
struct Place<'p, 's> {
    key: &'p Key<'s>,
    entry: &'p Json<'s>,
    place: Poly,
    length: Poly,
}

fn size(number: usize) -> Poly {
    Poly::int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The exact value of a decimal number, with an exponent or without.
fn decimal(text: &str) -> Option<Coeff> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: IBig = format!("{whole}{places}").parse().ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    let shift = exponent - i64::try_from(places.len()).ok()?;
    let power = usize::try_from(shift.unsigned_abs()).ok()?;
    if power > MAX_EXPONENT {
        return None;
    }
    let power = IBig::from(10).pow(power);
    match shift < 0 {
        true => Coeff::from_big_ratio(digits, power),
        false => Some(Coeff::from(digits * power)),
    }
}

/// A formula as it was read with its family, which found it right.
fn parsed(text: &Text<'_>) -> Result<Expr, Without> {
    sym::parse(&text.text).map_err(|_| Without::Wrong)
}

fn counted(number: usize) -> Given {
    Given::Number(size(number))
}

/// A rule as it is named: its keys, or its formula.
pub(super) fn spelled(rule: &Rule<'_>) -> String {
    match rule {
        Rule::Formula(text) | Rule::Fixed(text) => text.text.to_string(),
        Rule::Item(key, place) => format!("{}[{place}]", key.text),
        Rule::Sum(key, ..) => key.text.to_owned(),
        Rule::First(rules) => rules.first().map_or_else(String::new, spelled),
        rule => {
            let mut seen = BTreeSet::new();
            let mut keys = keys(rule);
            keys.retain(|key| seen.insert(key.clone()));
            keys.join(", ")
        }
    }
}

/// The keys that a rule asks for, as far as they stand in it.
pub(super) fn keys(rule: &Rule<'_>) -> Vec<String> {
    let of = |rules: &[Rule<'_>]| rules.iter().flat_map(keys).collect();
    match rule {
        Rule::Unset | Rule::Fixed(_) => Vec::new(),
        Rule::Key(word)
        | Rule::Length(word)
        | Rule::Count(word, _)
        | Rule::Every(word, _)
        | Rule::Leading(word, _)
        | Rule::Item(word, _)
        | Rule::Has(word)
        | Rule::Null(word)
        | Rule::Longer(word, _)
        | Rule::Is(word, _) => vec![word.text.to_owned()],
        Rule::Sum(word, formula, _) => {
            let mut all = vec![word.text.to_owned()];
            all.extend(names(&formula.text));
            all.retain(|name| !OF_A_LIST.contains(&name.as_str()));
            all
        }
        Rule::Formula(text) => names(&text.text),
        Rule::Above(formula, bound) => [names(&formula.text), names(&bound.text)].concat(),
        Rule::First(rules) | Rule::All(rules) | Rule::Any(rules) => of(rules),
        Rule::Not(rule) => keys(rule),
        Rule::When(condition, branches) => {
            let mut all = keys(condition);
            all.extend::<Vec<String>>(of(&**branches));
            all
        }
    }
}

/// Names in formulas that are no keys.
const FUNCTIONS: &[&str] = &["floor", "ceil", "min", "max", "mod", "clamp", "sum"];

/// The names in a formula.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let names = words.filter(|word| is_name(word) && !FUNCTIONS.contains(word));
    names.map(str::to_owned).collect()
}
