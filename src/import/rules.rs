//! What a rule of a mapping comes to in a configuration.

use super::json::{Json, Key};
use super::mapping::{Mapper, is_one_of};
use crate::ast::config::Rule;
use crate::ast::model::{Text, Word};
use crate::sym::{self, Context, Poly, Symbols};

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

pub(super) type Found = Result<Given, Without>;

/// What a name stands for, which says what its value must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Size,
    Flag,
}

impl<'m, 's> Mapper<'m, 's> {
    pub(super) fn apply(&mut self, rule: &'m Rule<'_>, wants: Wants) -> Found {
        Ok(match rule {
            Rule::Unset => Given::Unset,
            Rule::Key(word) => {
                let (key, value) = self.need(word)?;
                match (value, wants) {
                    (Json::Flag(flag), Wants::Flag) => Given::Flag(*flag),
                    (Json::Number(_), Wants::Size) => Given::Number(self.number(key, value)?),
                    _ => {
                        let wanted = match wants {
                            Wants::Flag => "`true` or `false`",
                            Wants::Size => "a number",
                        };
                        return Err(self.other(key, value, wanted));
                    }
                }
            }
            Rule::Formula(text) => Given::Number(self.formula(text)?),
            Rule::Fixed(text) => match &*text.text {
                "true" => Given::Flag(true),
                "false" => Given::Flag(false),
                _ => Given::Number(self.formula(text)?),
            },
            Rule::First(rules) => self.first(rules, wants)?.0,
            Rule::Length(word) => {
                let (key, value) = self.need(word)?;
                let length = match value {
                    Json::List(list) => list.len(),
                    Json::Object(object) => object.0.len(),
                    other => return Err(self.other(key, other, "a list or an object")),
                };
                counted(length)
            }
            Rule::Count(word, entry) => {
                let (_, entries) = self.entries(word, entry)?;
                counted(entries.iter().filter(|is| **is).count())
            }
            Rule::Every(word, entry) => {
                let (key, entries) = self.entries(word, entry)?;
                let first = entries.iter().position(|is| *is);
                let period = first.unwrap_or(entries.len()) + 1;
                let even = |(at, is): (usize, &bool)| (at + 1).is_multiple_of(period) == *is;
                if !entries.iter().enumerate().all(even) {
                    let message = format!(
                        "`{}` does not repeat: `{}` is not every {period}th entry",
                        self.path(word.text),
                        entry.text
                    );
                    self.error(Some(key), message, None);
                    return Err(Without::Wrong);
                }
                counted(period)
            }
            Rule::Leading(word, entry) => {
                let (key, entries) = self.entries(word, entry)?;
                let leading = entries.iter().take_while(|is| **is).count();
                if entries.iter().skip(leading).any(|is| *is) {
                    let message = format!(
                        "`{}`: `{}` stands not only at the start",
                        self.path(word.text),
                        entry.text
                    );
                    self.error(Some(key), message, None);
                    return Err(Without::Wrong);
                }
                counted(leading)
            }
            Rule::Item(word, place) => {
                let (key, value) = self.need(word)?;
                let Json::List(list) = value else {
                    return Err(self.other(key, value, "a list"));
                };
                match list.get(place - 1) {
                    Some(value) => Given::Number(self.number(key, value)?),
                    None => {
                        let message = format!(
                            "`{}` has {} entries, and entry {place} is wanted",
                            self.path(word.text),
                            list.len()
                        );
                        self.error(Some(key), message, None);
                        return Err(Without::Wrong);
                    }
                }
            }
            Rule::When(condition, branches) => {
                let [holds, otherwise] = &**branches;
                let chosen = if self.holds(condition)? {
                    holds
                } else {
                    otherwise
                };
                return self.apply(chosen, wants);
            }
            Rule::Has(_)
            | Rule::Is(..)
            | Rule::Above(..)
            | Rule::Not(_)
            | Rule::All(_)
            | Rule::Any(_) => Given::Flag(self.holds(rule)?),
        })
    }

    /// What the first rule whose keys are there comes to, and it; that it is not the first of all is told.
    pub(super) fn first<'r>(
        &mut self,
        rules: &'m [Rule<'r>],
        wants: Wants,
    ) -> Result<(Given, &'m Rule<'r>), Without> {
        let mut missing: Option<String> = None;
        for rule in rules {
            match self.apply(rule, wants) {
                Err(Without::Missing(key)) => _ = missing.get_or_insert(key),
                Ok(given) => {
                    if let Some(key) = &missing
                        && let Some(taken) = taken(&given, rule)
                    {
                        self.notes
                            .push(format!("`{}` is not given: {taken}", self.path(key)));
                    }
                    return Ok((given, rule));
                }
                Err(wrong) => return Err(wrong),
            }
        }
        Err(Without::Missing(missing.unwrap_or_default()))
    }

    pub(super) fn holds(&mut self, rule: &'m Rule<'_>) -> Result<bool, Without> {
        Ok(match rule {
            Rule::Has(word) => self.look(word.text).is_some(),
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
            other => match self.apply(other, Wants::Flag)? {
                Given::Flag(flag) => flag,
                Given::Number(_) | Given::Unset => false,
            },
        })
    }

    /// Whether one of the conditions decides by being so.
    pub(super) fn each(&mut self, rules: &'m [Rule<'_>], so: bool) -> Result<bool, Without> {
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
    pub(super) fn entries(
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

    pub(super) fn formula(&mut self, text: &Text<'_>) -> Result<Poly, Without> {
        let expr = sym::parse(&text.text).map_err(|_| Without::Wrong)?;
        let symbols = Symbols::new();
        let mut cx = Context::new(&symbols);
        let mut without = None;
        let value = expr.lower_freely(
            &mut |name, _| {
                let number = match self.look(name) {
                    Some((key, value)) => self.number(key, value),
                    None => Err(Without::Missing(name.to_owned())),
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
    pub(super) fn number(&mut self, key: &Key<'_>, value: &Json<'_>) -> Result<Poly, Without> {
        let Json::Number(number) = value else {
            return Err(self.other(key, value, "a number"));
        };
        let text = number.to_string();
        let symbols = Symbols::new();
        let plain = sym::parse(&text).ok().and_then(|expr| {
            let mut cx = Context::new(&symbols);
            expr.lower_freely(&mut |_, _| None, &mut cx).ok()
        });
        plain.ok_or_else(|| self.other(key, value, "a number without an exponent"))
    }

    /// Says that a value is of another kind.
    pub(super) fn other(&mut self, key: &Key<'_>, value: &Json<'_>, wanted: &str) -> Without {
        let message = format!(
            "`{}` is {}, not {wanted}",
            self.path(&key.text),
            value.described()
        );
        self.error(Some(key), message, None);
        Without::Wrong
    }
}

fn counted(number: usize) -> Given {
    Given::Number(Poly::int(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// What is taken in place of a key that is not given.
fn taken(given: &Given, rule: &Rule<'_>) -> Option<String> {
    let value = match given {
        Given::Unset => return None,
        Given::Flag(flag) => flag.to_string(),
        Given::Number(number) => number.as_const()?.to_string(),
    };
    Some(match rule {
        Rule::Fixed(_) => format!("{value} is the family's default"),
        rule => format!("{value} is taken, from {}", spelled(rule)),
    })
}

/// A rule as it is named: its keys, or its formula.
pub(super) fn spelled(rule: &Rule<'_>) -> String {
    match rule {
        Rule::Formula(text) | Rule::Fixed(text) => text.text.to_string(),
        Rule::Item(key, place) => format!("{}[{place}]", key.text),
        Rule::First(rules) => rules.first().map_or_else(String::new, spelled),
        rule => keys(rule).join(", "),
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
        | Rule::Is(word, _) => vec![word.text.to_owned()],
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

/// The names in a formula.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    words.filter(is_name).map(str::to_owned).collect()
}
