//! The tree of a RON file is read into values of expected forms; what does not fit becomes a diagnostic at its place.
//!
//! Switches are decided here: `If(switch, a, b)` may stand for any value, and only the branch that holds is read. This
//! module knows forms (a word, a text, a list, a call with fields) and nothing of models.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::{SmallVec, smallvec};

use super::model::{Text, Word};
use super::ron::{Kind, Name, Tree};
use crate::diag::{Code, Diagnostic, Diagnostics, Span, cut, did_you_mean};

/// Reads trees of one file, collecting what is wrong.
pub(super) struct Reader<'d> {
    pub(super) file: u32,
    pub(super) diagnostics: &'d mut Diagnostics,
    pub(super) switches: BTreeMap<String, bool>,
    /// The switches that were asked for.
    pub(super) asked: BTreeSet<String>,
    /// The names in branches that do not hold, of the block that is read.
    pub(super) passed_over: BTreeSet<String>,
    /// The names in such branches outside of blocks, or around them.
    pub(super) passed_over_outside: BTreeSet<String>,
}

/// A field that a call or a section may have: its name, and whether it must be there.
pub(super) type Slot = (&'static str, bool);

/// What stands in fields, in their order.
pub(super) type Values<'t, 's> = SmallVec<[Option<&'t Tree<'s>>; 8]>;

impl<'d> Reader<'d> {
    pub(super) fn new(file: u32, diagnostics: &'d mut Diagnostics) -> Self {
        Reader {
            file,
            diagnostics,
            switches: BTreeMap::new(),
            asked: BTreeSet::new(),
            passed_over: BTreeSet::new(),
            passed_over_outside: BTreeSet::new(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn span(&self, range: &std::ops::Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    pub(super) fn word<'s>(&self, name: &Name<'s>) -> Word<'s> {
        Word {
            text: name.text,
            span: self.span(&name.span),
        }
    }

    pub(super) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::at(code, span, message));
    }

    fn wrong(&mut self, tree: &Tree<'_>, wanted: &str) {
        let span = self.span(&tree.span);
        let found = describe(tree);
        self.diagnostics.push(
            Diagnostic::at(
                Code::Form,
                span,
                format!("{wanted} belongs here, not {found}"),
            )
            .label(format!("wants {wanted}")),
        );
    }

    /// The tree itself, or the branch that holds if it is an `If`.
    pub(super) fn chosen<'t, 's>(&mut self, mut tree: &'t Tree<'s>) -> Option<&'t Tree<'s>> {
        loop {
            let Kind::Tuple(Some(head), items) = &tree.kind else {
                return Some(tree);
            };
            if head.text != "If" {
                return Some(tree);
            }
            let [switch, then, otherwise] = items.as_slice() else {
                let span = self.span(&tree.span);
                self.error(
                    Code::Form,
                    span,
                    "`If` takes a switch and two values: `If(switch, when_on, when_off)`",
                );
                return None;
            };
            let (holds, other) = if self.flag(switch)?.0 {
                (then, otherwise)
            } else {
                (otherwise, then)
            };
            self.pass_over(other);
            tree = holds;
        }
    }

    /// Keeps the names of a branch that does not hold.
    fn pass_over(&mut self, tree: &Tree<'_>) {
        match &tree.kind {
            Kind::Name(name) => _ = self.passed_over.insert((*name).to_owned()),
            Kind::Text(_) | Kind::Number(_) => {}
            Kind::List(items) | Kind::Tuple(_, items) => {
                items.iter().for_each(|item| self.pass_over(item));
            }
            Kind::Struct(_, fields) => fields.iter().for_each(|(_, value)| self.pass_over(value)),
        }
    }

    /// `true`, `false` or the value of a switch.
    pub(super) fn flag(&mut self, tree: &Tree<'_>) -> Option<(bool, Span)> {
        let span = self.span(&tree.span);
        match &tree.kind {
            Kind::Name("true") => Some((true, span)),
            Kind::Name("false") => Some((false, span)),
            Kind::Name(name) => {
                if let Some(on) = self.switches.get(*name) {
                    if !self.asked.contains(*name) {
                        self.asked.insert((*name).to_owned());
                    }
                    return Some((*on, span));
                }
                let known = self.switches.keys().map(String::as_str);
                let help = self.diagnostics.did_you_mean(name, known);
                let message = format!("there is no switch `{name}`");
                self.diagnostics
                    .push(
                        Diagnostic::at(Code::Unknown, span, message).maybe_help(help.or_else(
                            || {
                                Some(String::from(
                                    "`true`, `false`, or a name declared under `switches`",
                                ))
                            },
                        )),
                    );
                None
            }
            _ => {
                self.wrong(tree, "`true`, `false` or a switch");
                None
            }
        }
    }

    /// A bare name.
    pub(super) fn name<'s>(&mut self, tree: &Tree<'s>) -> Option<Word<'s>> {
        let tree = self.chosen(tree)?;
        match &tree.kind {
            Kind::Name(text) => Some(Word {
                text,
                span: self.span(&tree.span),
            }),
            _ => {
                self.wrong(tree, "a name");
                None
            }
        }
    }

    /// Names in a list; a single one may stand without brackets.
    pub(super) fn names<'s>(&mut self, tree: &Tree<'s>) -> Option<Vec<Word<'s>>> {
        let tree = self.chosen(tree)?;
        match &tree.kind {
            Kind::List(items) => items.iter().map(|item| self.name(item)).collect(),
            _ => Some(vec![self.name(tree)?]),
        }
    }

    /// What a word stands for among those known; what it is otherwise, `no part of a network`, is reported.
    pub(super) fn one_of<T>(
        &mut self,
        word: Word<'_>,
        known: impl Iterator<Item = (&'static str, T)> + Clone,
        otherwise: &str,
    ) -> Option<T> {
        let found = known.clone().find(|(name, _)| *name == word.text);
        if found.is_none() {
            let help = did_you_mean(word.text, known.map(|(name, _)| name));
            let message = format!("`{}` is {otherwise}", word.text);
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help));
        }
        found.map(|(_, value)| value)
    }

    /// A quoted text, or a number as it is written.
    pub(super) fn text<'s>(&mut self, tree: &Tree<'s>) -> Option<Text<'s>> {
        let tree = self.chosen(tree)?;
        let span = self.span(&tree.span);
        match &tree.kind {
            Kind::Text(text) => Some(Text {
                text: text.clone(),
                span,
            }),
            Kind::Number(text) => Some(Text {
                text: (*text).into(),
                span,
            }),
            _ => {
                self.wrong(tree, "a text in quotes");
                None
            }
        }
    }

    /// An integer.
    pub(super) fn integer(&mut self, tree: &Tree<'_>) -> Option<i64> {
        let tree = self.chosen(tree)?;
        let value = match &tree.kind {
            Kind::Number(text) => text.replace('_', "").parse().ok(),
            _ => None,
        };
        if value.is_none() {
            self.wrong(tree, "an integer");
        }
        value
    }

    /// A list.
    pub(super) fn list<'t, 's>(&mut self, tree: &'t Tree<'s>) -> Option<&'t [Tree<'s>]> {
        let tree = self.chosen(tree)?;
        match &tree.kind {
            Kind::List(items) => Some(items),
            _ => {
                self.wrong(tree, "a list in brackets `[ ]`");
                None
            }
        }
    }

    /// A section whose names the author chooses: `(a: .., b: ..)`. A name that stands twice is an error.
    pub(super) fn section<'t, 's>(
        &mut self,
        tree: &'t Tree<'s>,
        what: &str,
    ) -> Vec<(Word<'s>, &'t Tree<'s>)> {
        let Some(tree) = self.chosen(tree) else {
            return Vec::new();
        };
        let fields = match &tree.kind {
            Kind::Struct(None, fields) => fields.as_slice(),
            Kind::Tuple(None, items) if items.is_empty() => &[],
            _ => {
                self.wrong(
                    tree,
                    &format!("a section of {what}, `(name: .., name: ..)`,"),
                );
                return Vec::new();
            }
        };
        self.distinct(fields, what)
    }

    /// The entries of a struct, without those whose name stood before.
    pub(super) fn distinct<'t, 's>(
        &mut self,
        fields: &'t [(Name<'s>, Tree<'s>)],
        what: &str,
    ) -> Vec<(Word<'s>, &'t Tree<'s>)> {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut entries = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let word = self.word(name);
            match seen.get(word.text) {
                Some(first) => self.diagnostics.push(
                    Diagnostic::at(
                        Code::Duplicate,
                        word.span,
                        format!("`{}` stands twice in {what}", word.text),
                    )
                    .related(*first, "first here"),
                ),
                None => {
                    seen.insert(word.text, word.span);
                    entries.push((word, value));
                }
            }
        }
        entries
    }

    /// The values of a call's fields, positional or named, in the order of `slots`; `None` where the call is not understood.
    pub(super) fn slots<'t, 's, const N: usize>(
        &mut self,
        tree: &'t Tree<'s>,
        what: &str,
        slots: &[Slot; N],
    ) -> Option<[Option<&'t Tree<'s>>; N]> {
        let (values, sound) = self.known_slots(tree, what, slots);
        sound.then_some(values)
    }

    /// The same where the fields are found while the program runs.
    pub(super) fn slots_of<'t, 's>(
        &mut self,
        tree: &'t Tree<'s>,
        what: &str,
        slots: &[Slot],
    ) -> Option<Values<'t, 's>> {
        let (values, sound) = self.all_slots(tree, what, slots);
        sound.then_some(values)
    }

    /// The values of the fields that are known, and whether there is nothing else: for what holds much that can be looked at
    /// whatever is wrong beside it.
    pub(super) fn known_slots<'t, 's, const N: usize>(
        &mut self,
        tree: &'t Tree<'s>,
        what: &str,
        slots: &[Slot; N],
    ) -> ([Option<&'t Tree<'s>>; N], bool) {
        let (values, sound) = self.all_slots(tree, what, slots);
        let mut values = values.into_iter();
        (std::array::from_fn(|_| values.next().flatten()), sound)
    }

    /// Unknown, repeated, missing and surplus fields are all reported.
    fn all_slots<'t, 's>(
        &mut self,
        tree: &'t Tree<'s>,
        what: &str,
        slots: &[Slot],
    ) -> (Values<'t, 's>, bool) {
        let mut values: Values<'t, 's> = smallvec![None; slots.len()];
        let span = self.span(&tree.span);
        let mut sound = true;
        match &tree.kind {
            Kind::Tuple(_, items) => {
                if items.len() > slots.len() {
                    let message = format!(
                        "`{what}` takes {} at the most, got {}",
                        counted(slots.len()),
                        items.len()
                    );
                    let usage = usage(what, slots);
                    self.diagnostics
                        .push(Diagnostic::at(Code::Form, span, message).help(usage));
                    sound = false;
                }
                for (value, item) in values.iter_mut().zip(items) {
                    *value = Some(item);
                }
            }
            Kind::Struct(_, fields) => {
                for (word, value) in self.distinct(fields, &format!("`{what}`")) {
                    let mut places = slots.iter().zip(&mut values);
                    match places.find(|((name, _), _)| *name == word.text) {
                        Some((_, place)) => *place = Some(value),
                        None => {
                            sound = false;
                            let help = did_you_mean(word.text, slots.iter().map(|(name, _)| *name));
                            let message = format!("`{what}` has no field `{}`", word.text);
                            self.diagnostics.push(
                                Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help),
                            );
                        }
                    }
                }
            }
            _ => {
                self.wrong(tree, &format!("`{}`", usage(what, slots)));
                return (values, false);
            }
        }
        let missing: Vec<&str> = slots
            .iter()
            .zip(&values)
            .filter(|((_, required), value)| *required && value.is_none())
            .map(|((name, _), _)| *name)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "`{what}` lacks {}",
                missing
                    .iter()
                    .map(|m| format!("`{m}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            self.diagnostics
                .push(Diagnostic::at(Code::Form, span, message).help(usage(what, slots)));
            sound = false;
        }
        (values, sound)
    }
}

/// How a call is written: `Linear(x, map, [bias])`.
fn usage(what: &str, slots: &[Slot]) -> String {
    let fields: Vec<String> = slots
        .iter()
        .map(|(name, required)| {
            if *required {
                (*name).to_owned()
            } else {
                format!("[{name}]")
            }
        })
        .collect();
    format!("write {what}({})", fields.join(", "))
}

fn counted(fields: usize) -> String {
    if fields == 1 {
        String::from("one field")
    } else {
        format!("{fields} fields")
    }
}

/// What a value is, for a message.
fn describe(tree: &Tree<'_>) -> String {
    match &tree.kind {
        Kind::Name(name) => format!("the name `{name}`"),
        Kind::Text(_) => String::from("a text"),
        Kind::Number(number) => format!("the number {}", cut(number)),
        Kind::List(_) => String::from("a list"),
        Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) => format!("`{}(..)`", head.text),
        Kind::Tuple(None, _) | Kind::Struct(None, _) => String::from("brackets `(..)`"),
    }
}
