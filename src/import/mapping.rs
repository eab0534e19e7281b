//! The rules of a family are applied to a configuration: keys become values of symbols and switches.
//!
//! What is wrong is told at its key, all at once. Nothing is guessed: a value that a family takes where a key is missing,
//! and a key that nobody knows, are told too.

use std::collections::BTreeSet;

use super::common;
use super::json::{Json, Key, Object};
use super::rules::{Given, Wants, Without, keys, spelled};
use crate::ast::config::{Allowed, Config, Rule};
use crate::ast::model::{Text, Word};
use crate::diag::{Code, Diagnostic, Diagnostics, Span, listed, nearest};
use crate::origin::Setting;

/// Applies rules to the objects of one configuration.
pub(super) struct Mapper<'m, 's> {
    pub(super) file: u32,
    pub(super) diagnostics: &'m mut Diagnostics,
    /// The switches of the family.
    pub(super) switches: &'m [String],
    /// What was found, in the order of the rules.
    pub(super) settings: Vec<Setting>,
    /// What is to be said beside the result.
    pub(super) notes: Vec<String>,
    /// The objects around the one that is looked at, and it; each with its key.
    scopes: Vec<(&'m str, &'m Object<'s>)>,
    /// The keys that were asked for, by the depth of their objects.
    asked: BTreeSet<(usize, String)>,
    /// The paths of keys that are missing, each of which is told once.
    missing: BTreeSet<String>,
}

impl<'m, 's> Mapper<'m, 's> {
    pub(super) fn new(file: u32, switches: &'m [String], diagnostics: &'m mut Diagnostics) -> Self {
        Mapper {
            file,
            diagnostics,
            switches,
            settings: Vec::new(),
            notes: Vec::new(),
            scopes: Vec::new(),
            asked: BTreeSet::new(),
            missing: BTreeSet::new(),
        }
    }

    /// Applies a mapping to an object and to those inside of it.
    pub(super) fn map(&mut self, key: &'m str, object: &'m Object<'s>, config: &'m Config<'_>) {
        self.scopes.push((key, object));
        let depth = self.scopes.len();
        self.asked.retain(|(at, _)| *at < depth);
        self.distinct(object);
        for allowed in &config.requires {
            self.require(allowed, config.name.text);
        }
        for allowed in &config.expects {
            let effect = "elementwise arithmetic is counted as for";
            self.expect(allowed, effect, ", all else is the same");
        }
        for allowed in &config.unread {
            self.expect(
                allowed,
                "the published code does not read it, and does as for",
                "",
            );
        }
        for (name, rule) in &config.values {
            self.value(name, rule);
        }
        for inner in &config.within {
            let name = inner.name.text;
            self.asked.insert((depth, name.to_owned()));
            let nothing = &NOTHING;
            match object.get(name) {
                Some((_, Json::Object(object))) => self.map(name, object, inner),
                None | Some((_, Json::Null)) => self.map(name, nothing, inner),
                Some((key, other)) => {
                    let message = format!(
                        "`{}` is {}, not an object",
                        self.path(name),
                        other.described()
                    );
                    self.error(Some(key), message, None);
                }
            }
        }
        self.left(object, config);
        self.scopes.pop();
    }

    /// What a class of the published code sets, over what was found.
    pub(super) fn class(&mut self, object: &'m Object<'s>, sets: &'m [(Word<'_>, Rule<'_>)]) {
        self.scopes.push(("", object));
        for (name, rule) in sets {
            self.settings.retain(|known| known.name != name.text);
            self.value(name, rule);
        }
        self.scopes.pop();
    }

    /// Keys stand once.
    fn distinct(&mut self, object: &'m Object<'s>) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (key, _) in &object.0 {
            if !seen.insert(&key.text) {
                let message = format!("`{}` stands twice", self.path(&key.text));
                self.error(Some(key), message, None);
            }
        }
    }

    /// The path of a key of the object that is looked at.
    pub(super) fn path(&self, key: &str) -> String {
        let around = self.scopes.iter().map(|(name, _)| *name);
        let names = around.filter(|name| !name.is_empty()).chain([key]);
        names.collect::<Vec<_>>().join(".")
    }

    pub(super) fn error(&mut self, key: Option<&Key<'_>>, message: String, help: Option<String>) {
        let span = key.and_then(|key| key.span.as_ref());
        let diagnostic = match span {
            Some(span) => Diagnostic::at(
                Code::Form,
                Span::new(self.file, span.start, span.end),
                message,
            ),
            None => Diagnostic::nowhere(Code::Form, message),
        };
        self.diagnostics.push(diagnostic.maybe_help(help));
    }

    /// A key that is there and not `null`, in the object that is looked at or one around it.
    pub(super) fn look(&mut self, key: &str) -> Option<(&'m Key<'s>, &'m Json<'s>)> {
        for (depth, (_, object)) in self.scopes.iter().enumerate().rev() {
            if let Some((found, value)) = object.get(key) {
                self.asked.insert((depth + 1, key.to_owned()));
                return (*value != Json::Null).then_some((found, value));
            }
        }
        None
    }

    /// Whether a key is there, in the object that is looked at or one around it, and is `null`.
    pub(super) fn is_null(&self, key: &str) -> bool {
        let mut around = self.scopes.iter().rev();
        let found = around.find_map(|(_, object)| object.get(key));
        found.is_some_and(|(_, value)| *value == Json::Null)
    }

    pub(super) fn need(&mut self, key: &Word<'_>) -> Result<(&'m Key<'s>, &'m Json<'s>), Without> {
        self.look(key.text)
            .ok_or_else(|| Without::Missing(key.text.to_owned()))
    }

    /// Puts a value among what was found, or says why there is none.
    fn value(&mut self, name: &Word<'_>, rule: &'m Rule<'_>) {
        let wants = match self.switches.iter().any(|known| known == name.text) {
            true => Wants::Flag,
            false => Wants::Size,
        };
        match self.apply(rule, wants) {
            Ok(found) => {
                if let Some(key) = found.instead
                    && let Some(value) = found.given.shown()
                {
                    let from = match found.rule {
                        Rule::Fixed(_) => String::from("the family's default"),
                        rule => format!("from {}", spelled(rule)),
                    };
                    let (key, name) = (self.path(&key), name.text);
                    self.notes
                        .push(format!("`{key}` is not given: {name} = {value}, {from}"));
                }
                let value = self.written(name.text, found.given, rule);
                self.settings.extend(value.map(|value| Setting {
                    name: name.text.to_owned(),
                    value,
                    from: spelled(found.rule),
                }));
            }
            Err(Without::Missing(key)) => self.lacks(&key, name.text),
            Err(Without::Wrong) => {}
        }
    }

    /// Says that a key is missing, the first time that it is.
    fn lacks(&mut self, key: &str, name: &str) {
        let path = self.path(key);
        if !self.missing.insert(path.clone()) {
            return;
        }
        let objects = self.scopes.iter().map(|(_, object)| *object);
        let keys: Vec<&str> = objects
            .flat_map(|object| object.0.iter().map(|(key, _)| &*key.text))
            .collect();
        let near = nearest(key, keys).map(|near| format!("did you mean `{near}`?"));
        let message = format!("`{path}` is missing, which gives `{name}`");
        self.error(None, message, near);
    }

    /// A value as it is set: sizes are integers that are not negative.
    fn written(&mut self, name: &str, given: Given, rule: &Rule<'_>) -> Option<String> {
        let number = match given {
            Given::Flag(flag) => return Some(flag.to_string()),
            Given::Unset => return None,
            Given::Number(number) => number,
        };
        let integer = number.as_integer();
        if let Some(integer) = integer.filter(|integer| *integer >= dashu_int::IBig::ZERO) {
            return Some(integer.to_string());
        }
        let shown = Given::Number(number).shown().unwrap_or_default();
        let message =
            format!("`{name}` would be {shown}: a size is an integer that is not negative");
        let key = keys(rule).into_iter().find_map(|key| self.look(&key));
        self.error(key.map(|(key, _)| key), message, None);
        None
    }

    /// A key whose other values mean another graph.
    fn require(&mut self, allowed: &Allowed<'_>, family: &str) {
        if let Some((key, value)) = self.look(allowed.key.text)
            && !is_one_of(value, &allowed.values)
        {
            let message = format!(
                "`{}` is {}, and `{family}` is written for {}",
                self.path(&key.text),
                value.described(),
                words(&allowed.values)
            );
            let help = "no other graph is known here; one may be written, from `dotledger show`";
            self.error(Some(key), message, Some(help.to_owned()));
        }
    }

    /// A key whose other values change nothing of what is counted as for one of these.
    fn expect(&mut self, allowed: &Allowed<'_>, effect: &str, rest: &str) {
        if let Some((key, value)) = self.look(allowed.key.text)
            && !is_one_of(value, &allowed.values)
        {
            let note = format!(
                "`{}` is {}: {effect} {}{rest}",
                self.path(&key.text),
                value.described(),
                words(&allowed.values)
            );
            self.notes.push(note);
        }
    }

    /// Says which keys of an object nobody looked at.
    fn left(&mut self, object: &Object<'_>, config: &Config<'_>) {
        let depth = self.scopes.len();
        let mut left = Vec::new();
        for (key, value) in &object.0 {
            let name = &*key.text;
            let known = self.asked.contains(&(depth, name.to_owned()))
                || config.ignored.iter().any(|word| word.text == name)
                || common::is_harmless(name)
                || *value == Json::Null;
            if known {
                continue;
            }
            match common::told(name) {
                Some(why) => {
                    let path = self.path(name);
                    self.notes.push(format!("`{path}` is left out: {why}"));
                }
                None => left.push(self.path(name)),
            }
        }
        if !left.is_empty() {
            let keys = listed(left.iter().map(String::as_str));
            let are = if left.len() == 1 { "is" } else { "are" };
            self.notes
                .push(format!("{keys} {are} not understood and left out"));
        }
    }
}

/// An object that is not there.
static NOTHING: Object<'static> = Object(Vec::new());

pub(super) fn is_one_of(value: &Json<'_>, words: &[Text<'_>]) -> bool {
    let word = value.word();
    word.is_some_and(|word| words.iter().any(|known| known.text == word))
}

fn words(values: &[Text<'_>]) -> String {
    let values: Vec<&str> = values.iter().map(|value| &*value.text).collect();
    values.join(" or ")
}
