//! How a model is set by a configuration file: which of its symbols and switches have their values from which keys.
//!
//! A family writes, for each `model_type` that it knows, where the values come from. This module reads that part of a model
//! file; it knows neither JSON nor what a configuration holds.

use std::borrow::Cow;

use super::model::{Text, Word};
use super::read::{Reader, Slot};
use super::ron::{Kind, Tree};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::sym;

/// How values are found in a configuration of one kind, or in an object inside of one.
#[derive(Clone, Debug)]
pub(crate) struct Config<'s> {
    /// The `model_type`, or the key of the object.
    pub(crate) name: Word<'s>,
    /// Other `model_type`s that are mapped in the same way.
    pub(crate) also: Vec<Text<'s>>,
    /// What each class of the published code sets; the first is taken where a configuration names none.
    pub(crate) classes: Vec<(Word<'s>, Vec<(Word<'s>, Rule<'s>)>)>,
    /// Where symbols and switches have their values from.
    pub(crate) values: Vec<(Word<'s>, Rule<'s>)>,
    /// Keys that may have these values only, since no other graph is written here.
    pub(crate) requires: Vec<Allowed<'s>>,
    /// Keys whose other values change elementwise arithmetic, and nothing else that is counted.
    pub(crate) expects: Vec<Allowed<'s>>,
    /// Keys that the published code does not read, with the values that what it does anyway would have.
    pub(crate) unread: Vec<Allowed<'s>>,
    /// Keys that change nothing that is counted.
    pub(crate) ignored: Vec<Word<'s>>,
    /// Objects inside this one.
    pub(crate) within: Vec<Config<'s>>,
}

/// Most entries of all mappings of a file, those counted in too that they start with.
const MAX_ENTRIES: usize = 100_000;

impl<'s> Config<'s> {
    /// How many entries it has, those of objects inside too.
    fn entries(&self) -> usize {
        let lists = [
            self.classes.iter().map(|(_, sets)| sets.len() + 1).sum(),
            self.values.len(),
            self.requires.len(),
            self.expects.len(),
            self.unread.len(),
            self.ignored.len(),
        ];
        let own: usize = lists.iter().sum();
        own + self.within.iter().map(Config::entries).sum::<usize>()
    }

    /// The names that are given values, here and in objects inside.
    pub(super) fn sets(&self) -> Vec<Word<'s>> {
        let by_class = self.classes.iter().flat_map(|(_, sets)| sets);
        let here = self.values.iter().chain(by_class).map(|(name, _)| *name);
        here.chain(self.within.iter().flat_map(Config::sets))
            .collect()
    }
}

/// The values that a key may have. A key that is not there has one of them.
#[derive(Clone, Debug)]
pub(crate) struct Allowed<'s> {
    pub(crate) key: Word<'s>,
    pub(crate) values: Vec<Text<'s>>,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Rule<'s> {
    /// A key.
    Key(Word<'s>),
    /// Arithmetic of keys.
    Formula(Text<'s>),
    /// A number or `true` or `false`, whatever the configuration says.
    Fixed(Text<'s>),
    /// No value.
    Unset,
    /// The first whose keys are there.
    First(Vec<Rule<'s>>),
    /// How many entries a list or an object has.
    Length(Word<'s>),
    /// How many entries of a list are this one.
    Count(Word<'s>, Text<'s>),
    /// The distance of the entries of a list that are this one, the first of which stands at its end: 6 of five others and it.
    Every(Word<'s>, Text<'s>),
    /// How many entries at the start of a list are this one, which does not come again later.
    Leading(Word<'s>, Text<'s>),
    /// An entry of a list, from 1.
    Item(Word<'s>, usize),
    /// The sum of a formula over the entries of a list, or over those that are this one. It calls an entry `entry`, its place
    /// from 0 `place`, and the number of all `length`.
    Sum(Word<'s>, Text<'s>, Option<Text<'s>>),
    /// The first rule if the condition holds, else the second.
    When(Box<Rule<'s>>, Box<[Rule<'s>; 2]>),
    /// Whether a key is there and is not `null`.
    Has(Word<'s>),
    /// Whether a key is there and is `null`, which the published code may take for another value than it gives a key that is
    /// left out.
    Null(Word<'s>),
    /// Whether a list has more entries than this.
    Longer(Word<'s>, usize),
    /// Whether a key has one of these values.
    Is(Word<'s>, Vec<Text<'s>>),
    /// Whether the first formula is greater than the second.
    Above(Text<'s>, Text<'s>),
    /// The opposite.
    Not(Box<Rule<'s>>),
    /// Whether all hold.
    All(Vec<Rule<'s>>),
    /// Whether one holds at least.
    Any(Vec<Rule<'s>>),
}

const CONFIG: &[Slot; 9] = &[
    ("like", false),
    ("also", false),
    ("classes", false),
    ("values", false),
    ("requires", false),
    ("expects", false),
    ("unread", false),
    ("ignored", false),
    ("within", false),
];

/// The rules that are calls, each with its fields.
const CALLS: &[(&str, &[Slot])] = &[
    ("Length", &[("key", true)]),
    ("Count", &[("key", true), ("entry", true)]),
    ("Every", &[("key", true), ("entry", true)]),
    ("Leading", &[("key", true), ("entry", true)]),
    ("Item", &[("key", true), ("place", true)]),
    ("Sum", &[("key", true), ("formula", true), ("entry", false)]),
    (
        "When",
        &[("condition", true), ("holds", true), ("otherwise", true)],
    ),
    ("Has", &[("key", true)]),
    ("Null", &[("key", true)]),
    ("Longer", &[("key", true), ("place", true)]),
    ("Is", &[("key", true), ("values", true)]),
    ("Above", &[("formula", true), ("bound", true)]),
    ("Not", &[("condition", true)]),
    ("All", &[("conditions", true)]),
    ("Any", &[("conditions", true)]),
];

impl Reader<'_> {
    /// The section `configs`.
    pub(super) fn configs<'s>(&mut self, tree: &Tree<'s>) -> Vec<Config<'s>> {
        let mut configs: Vec<Config<'s>> = Vec::new();
        let mut entries = 0;
        for (name, tree) in self.section(tree, "configs") {
            let config = self.config(name, tree, &configs);
            entries += config.as_ref().map_or(0, Config::entries);
            if entries > MAX_ENTRIES {
                let message = format!("mappings hold more than {MAX_ENTRIES} entries, the limit");
                self.error(Code::Limit, name.span, message);
                break;
            }
            configs.extend(config);
        }
        configs
    }

    /// One way of mapping, which may start from one of those before it.
    fn config<'s>(
        &mut self,
        name: Word<'s>,
        tree: &Tree<'s>,
        before: &[Config<'s>],
    ) -> Option<Config<'s>> {
        if tree.head().is_none_or(|head| head.text != "Config") {
            let span = self.span(&tree.span);
            self.error(
                Code::Form,
                span,
                "a mapping is written `Config(values: (..))`",
            );
            return None;
        }
        let [
            like,
            also,
            classes,
            values,
            requires,
            expects,
            unread,
            ignored,
            within,
        ] = self.slots(tree, "Config", CONFIG)?;
        let mut config = match like {
            Some(like) => self.likeness(like, name, before)?,
            None => Config {
                name,
                also: Vec::new(),
                classes: Vec::new(),
                values: Vec::new(),
                requires: Vec::new(),
                expects: Vec::new(),
                unread: Vec::new(),
                ignored: Vec::new(),
                within: Vec::new(),
            },
        };
        config.also = also.map_or_else(Vec::new, |tree| self.entries(tree));
        if let Some(tree) = classes {
            let classes = self.section(tree, "classes");
            let sets = classes
                .into_iter()
                .map(|(class, tree)| (class, self.rules(tree, "what a class sets")));
            config.classes = sets.collect();
        }
        if let Some(tree) = values {
            for (name, rule) in self.rules(tree, "values") {
                config.values.retain(|(known, _)| known.text != name.text);
                config.values.push((name, rule));
            }
        }
        for (tree, list) in [
            (requires, &mut config.requires),
            (expects, &mut config.expects),
            (unread, &mut config.unread),
        ] {
            for (key, tree) in tree.map_or_else(Vec::new, |tree| self.section(tree, "keys")) {
                let values = self.entries(tree);
                list.retain(|known| known.key.text != key.text);
                list.push(Allowed { key, values });
            }
        }
        let ignored = ignored.and_then(|tree| self.names(tree));
        config.ignored.extend(ignored.unwrap_or_default());
        for (name, tree) in within.map_or_else(Vec::new, |tree| self.section(tree, "objects")) {
            config.within.retain(|known| known.name.text != name.text);
            config.within.extend(self.config(name, tree, &[]));
        }
        Some(config)
    }

    /// The mapping that another starts from, under the name of the other.
    fn likeness<'s>(
        &mut self,
        like: &Tree<'s>,
        name: Word<'s>,
        before: &[Config<'s>],
    ) -> Option<Config<'s>> {
        let wanted = self.name(like)?;
        match before.iter().find(|known| known.name.text == wanted.text) {
            Some(known) => Some(Config {
                name,
                ..known.clone()
            }),
            None => {
                let help = did_you_mean(wanted.text, before.iter().map(|known| known.name.text));
                let message = format!("no mapping `{}` stands before this one", wanted.text);
                self.diagnostics
                    .push(Diagnostic::at(Code::Unknown, wanted.span, message).maybe_help(help));
                None
            }
        }
    }

    /// Values of a key: words or texts in a list, or one alone.
    fn entries<'s>(&mut self, tree: &Tree<'s>) -> Vec<Text<'s>> {
        let items = match &tree.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(tree),
        };
        items.iter().filter_map(|item| self.entry(item)).collect()
    }

    /// A word, a text or a number, as it stands.
    fn entry<'s>(&mut self, tree: &Tree<'s>) -> Option<Text<'s>> {
        match &tree.kind {
            Kind::Name(word) => Some(Text {
                text: Cow::Borrowed(word),
                span: self.span(&tree.span),
            }),
            _ => self.text(tree),
        }
    }

    /// Symbols and switches with the rules that give their values.
    fn rules<'s>(&mut self, tree: &Tree<'s>, what: &str) -> Vec<(Word<'s>, Rule<'s>)> {
        let entries = self.section(tree, what);
        entries
            .into_iter()
            .filter_map(|(name, tree)| Some((name, self.rule(tree)?)))
            .collect()
    }

    fn rule<'s>(&mut self, tree: &Tree<'s>) -> Option<Rule<'s>> {
        let span = self.span(&tree.span);
        match &tree.kind {
            Kind::Name("unset") => Some(Rule::Unset),
            Kind::Name(text @ ("true" | "false")) | Kind::Number(text) => {
                let text = Cow::Borrowed(*text);
                Some(Rule::Fixed(Text { text, span }))
            }
            Kind::Name(text) => Some(Rule::Key(Word { text, span })),
            Kind::Text(_) => Some(Rule::Formula(self.formula(tree)?)),
            Kind::List(items) => self.each_rule(items).map(Rule::First),
            Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) => {
                let known = CALLS.iter().find(|(name, _)| *name == head.text);
                let Some((name, slots)) = known else {
                    let word = self.word(head);
                    let known = CALLS.iter().map(|(name, _)| (*name, ()));
                    self.one_of(word, known, "no rule that finds a value");
                    return None;
                };
                let fields = self.slots_of(tree, name, slots)?;
                self.call(name, &fields.into_iter().flatten().collect::<Vec<_>>())
            }
            Kind::Tuple(None, _) | Kind::Struct(None, _) => {
                let message = "a value is a key, arithmetic of keys in quotes, a list of which the first that is \
                               there is taken, or a rule such as `Has(..)`";
                self.error(Code::Form, span, message);
                None
            }
        }
    }

    fn each_rule<'s>(&mut self, items: &[Tree<'s>]) -> Option<Vec<Rule<'s>>> {
        items.iter().map(|item| self.rule(item)).collect()
    }

    /// A rule by its name and its fields, all of which are there.
    fn call<'s>(&mut self, name: &str, fields: &[&Tree<'s>]) -> Option<Rule<'s>> {
        let boxed = |rule: Rule<'s>| Box::new(rule);
        Some(match (name, fields) {
            ("Length", [key]) => Rule::Length(self.name(key)?),
            ("Count", [key, entry]) => Rule::Count(self.name(key)?, self.entry(entry)?),
            ("Every", [key, entry]) => Rule::Every(self.name(key)?, self.entry(entry)?),
            ("Leading", [key, entry]) => Rule::Leading(self.name(key)?, self.entry(entry)?),
            ("Item", [key, place]) => Rule::Item(self.name(key)?, self.place(place)?),
            ("Longer", [key, place]) => Rule::Longer(self.name(key)?, self.place(place)?),
            ("Sum", [key, formula]) => Rule::Sum(self.name(key)?, self.formula(formula)?, None),
            ("Sum", [key, formula, entry]) => Rule::Sum(
                self.name(key)?,
                self.formula(formula)?,
                Some(self.entry(entry)?),
            ),
            ("When", [condition, holds, otherwise]) => Rule::When(
                boxed(self.rule(condition)?),
                Box::new([self.rule(holds)?, self.rule(otherwise)?]),
            ),
            ("Has", [key]) => Rule::Has(self.name(key)?),
            ("Null", [key]) => Rule::Null(self.name(key)?),
            ("Is", [key, values]) => Rule::Is(self.name(key)?, self.entries(values)),
            ("Above", [formula, bound]) => {
                Rule::Above(self.formula(formula)?, self.formula(bound)?)
            }
            ("Not", [condition]) => Rule::Not(boxed(self.rule(condition)?)),
            ("All", [conditions]) => {
                let conditions = self.list(conditions)?;
                Rule::All(self.each_rule(conditions)?)
            }
            ("Any", [conditions]) => {
                let conditions = self.list(conditions)?;
                Rule::Any(self.each_rule(conditions)?)
            }
            _ => return None,
        })
    }

    /// The place of an entry in a list.
    fn place(&mut self, tree: &Tree<'_>) -> Option<usize> {
        let number = self.integer(tree)?;
        match usize::try_from(number) {
            Ok(number @ 1..) => Some(number),
            _ => {
                let span = self.span(&tree.span);
                self.error(Code::Form, span, "entries are counted from 1");
                None
            }
        }
    }

    /// Arithmetic of keys, which are read as symbols are.
    fn formula<'s>(&mut self, tree: &Tree<'s>) -> Option<Text<'s>> {
        let text = self.entry(tree)?;
        match sym::parse(&text.text) {
            Ok(_) => Some(text),
            Err(error) => {
                let span = text.span.part(&error.span);
                let diagnostic = Diagnostic::at(Code::Form, span, error.message);
                self.diagnostics.push(diagnostic.maybe_help(error.hint));
                None
            }
        }
    }
}
