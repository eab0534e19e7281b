//! Blocks and their nodes are read: ops with what their fields hold, calls, repeats, masks.

use smallvec::SmallVec;

use super::model::{Block, Call, Given, MaskWords, Node, Pattern, Text, Value, Word};
use super::read::{Reader, Slot};
use super::ron::{Kind, Name, Tree};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::mask::FORMS;
use crate::ops::args::{Field, FieldKind};
use crate::ops::structure::STRUCTURE;
use crate::ops::{self, OPS, OpDef};
use crate::part::Part;

const BLOCK: &[Slot; 5] = &[
    ("inputs", true),
    ("nodes", true),
    ("output", true),
    ("part", false),
    ("dims", false),
];
const CALL: &[Slot; 3] = &[("block", true), ("inputs", true), ("dims", false)];
const REPEAT: &[Slot; 4] = &[
    ("block", true),
    ("count", true),
    ("inputs", true),
    ("dims", false),
];
const ROUTE: &[Slot; 6] = &[
    ("block", true),
    ("experts", true),
    ("active", true),
    ("inputs", true),
    ("dims", false),
    ("capacity", false),
];
const SCAN: &[Slot; 4] = &[
    ("block", true),
    ("over", true),
    ("inputs", true),
    ("dims", false),
];
const CYCLE: &[Slot; 4] = &[
    ("blocks", true),
    ("count", true),
    ("inputs", true),
    ("dims", false),
];
const EVERY: &[Slot; 6] = &[
    ("every", true),
    ("block", true),
    ("others", true),
    ("count", true),
    ("inputs", true),
    ("dims", false),
];

/// Most blocks that run in turn.
const MAX_TURNS: usize = 10_000;

/// What the nodes of a group have in common.
#[derive(Clone, Copy, Default)]
struct Group {
    part: Option<Part>,
    once: bool,
}

impl Reader<'_> {
    pub(super) fn block<'s>(&mut self, name: Word<'s>, tree: &Tree<'s>) -> Option<Block<'s>> {
        let tree = self.chosen(tree)?;
        let (slots, _) = self.known_slots(tree, "Block", BLOCK);
        let part = slots[3]
            .and_then(|tree| self.name(tree))
            .and_then(|word| self.part(word));
        let dims = slots[4]
            .and_then(|tree| self.names(tree))
            .unwrap_or_default();
        Some(self.graph(name, (part, dims), slots[0], slots[1], slots[2]))
    }

    /// What a block has in common with the body of the model: inputs, nodes and an output, as far as they can be read.
    pub(super) fn graph<'s>(
        &mut self,
        name: Word<'s>,
        (part, dims): (Option<Part>, Vec<Word<'s>>),
        inputs: Option<&Tree<'s>>,
        nodes: Option<&Tree<'s>>,
        output: Option<&Tree<'s>>,
    ) -> Block<'s> {
        self.passed_over_outside.append(&mut self.passed_over);
        // Without inputs or nodes, what reads them would be reported as unknown.
        let complete = inputs.is_some() && nodes.is_some();
        let inputs = inputs.map_or_else(Vec::new, |tree| self.texts(tree, "inputs"));
        let nodes = nodes.map_or_else(Vec::new, |tree| self.nodes(tree));
        let output = output.and_then(|tree| self.name(tree));
        Block {
            name,
            part,
            dims,
            inputs,
            nodes: if complete { nodes } else { Vec::new() },
            output: output.filter(|_| complete),
            passed_over: std::mem::take(&mut self.passed_over),
        }
    }

    fn part(&mut self, word: Word<'_>) -> Option<Part> {
        let parts = Part::ALL.iter().map(|part| (part.word(), *part));
        self.one_of(word, parts, "no part of a network")
    }

    /// A section of texts.
    fn texts<'s>(&mut self, tree: &Tree<'s>, what: &str) -> Vec<(Word<'s>, Text<'s>)> {
        let entries = self.section(tree, what);
        entries
            .into_iter()
            .filter_map(|(name, tree)| Some((name, self.text(tree)?)))
            .collect()
    }

    fn nodes<'s>(&mut self, tree: &Tree<'s>) -> Vec<Node<'s>> {
        let mut nodes = Vec::new();
        let Some(tree) = self.chosen(tree) else {
            return nodes;
        };
        let fields = match &tree.kind {
            Kind::Struct(None, fields) => fields.as_slice(),
            Kind::Tuple(None, items) if items.is_empty() => return nodes,
            _ => {
                let span = self.span(&tree.span);
                self.error(
                    Code::Form,
                    span,
                    "nodes are a section, `(name: Op(..), name: Op(..))`",
                );
                return nodes;
            }
        };
        self.members(fields, Group::default(), &mut nodes);
        nodes
    }

    /// The nodes of a group, those of groups inside it among them.
    fn members<'s>(
        &mut self,
        fields: &[(Name<'s>, Tree<'s>)],
        group: Group,
        nodes: &mut Vec<Node<'s>>,
    ) {
        for (name, tree) in fields {
            let name = self.word(name);
            let chosen = self.chosen(tree);
            let (part, once) = (group.part, group.once);
            match chosen.map(|tree| &tree.kind) {
                Some(Kind::Struct(Some(head), inner)) if head.text == "Part" => {
                    let part = self.part(name).or(part);
                    self.members(inner, Group { part, once }, nodes);
                }
                Some(Kind::Struct(Some(head), inner)) if head.text == "Once" => {
                    self.members(inner, Group { part, once: true }, nodes);
                }
                _ => nodes.push(Node {
                    name,
                    part,
                    once,
                    span: self.span(&chosen.unwrap_or(tree).span),
                    value: chosen
                        .and_then(|tree| self.value(tree))
                        .unwrap_or(Value::Broken),
                }),
            }
        }
    }

    fn value<'s>(&mut self, tree: &Tree<'s>) -> Option<Value<'s>> {
        let span = self.span(&tree.span);
        if let Kind::Name(text) = &tree.kind {
            return Some(Value::Alias(Word { text, span }));
        }
        let Some(head) = tree.head().map(|head| self.word(head)) else {
            self.error(
                Code::Form,
                span,
                "a node is an op, `Linear(x, \"d -> f\")`, a `Call`, a `Repeat` or a name",
            );
            return None;
        };
        let (blocks, pattern, inputs, dims) = match head.text {
            "Call" => {
                let slots = self.slots(tree, "Call", CALL)?;
                let block = self.name(slots[0]?)?;
                (vec![block], Pattern::Once, slots[1]?, slots[2])
            }
            "Route" => {
                let slots = self.slots(tree, "Route", ROUTE)?;
                let block = self.name(slots[0]?)?;
                let (experts, active) = (self.text(slots[1]?)?, self.text(slots[2]?)?);
                let pattern = Pattern::Route {
                    experts,
                    active,
                    capacity: self.optional_text(slots[5])?,
                };
                (vec![block], pattern, slots[3]?, slots[4])
            }
            "Repeat" | "Share" => {
                let shared = head.text == "Share";
                let slots = self.slots(tree, if shared { "Share" } else { "Repeat" }, REPEAT)?;
                let block = self.name(slots[0]?)?;
                let pattern = self.rounds(slots[1]?, None, shared)?;
                (vec![block], pattern, slots[2]?, slots[3])
            }
            "Scan" => {
                let slots = self.slots(tree, "Scan", SCAN)?;
                let block = self.name(slots[0]?)?;
                let over = self.text(slots[1]?)?;
                (vec![block], Pattern::Scan { over }, slots[2]?, slots[3])
            }
            "Cycle" => {
                let slots = self.slots(tree, "Cycle", CYCLE)?;
                let blocks = self.names(slots[0]?)?;
                if blocks.is_empty() {
                    self.error(Code::Form, span, "a cycle of no blocks");
                    return None;
                }
                if blocks.len() > MAX_TURNS {
                    let message = format!("a cycle has more than {MAX_TURNS} turns, the limit");
                    self.error(Code::Limit, span, message);
                    return None;
                }
                let pattern = self.rounds(slots[1]?, None, false)?;
                (blocks, pattern, slots[2]?, slots[3])
            }
            "Every" => {
                let slots = self.slots(tree, "Every", EVERY)?;
                let blocks = vec![self.name(slots[1]?)?, self.name(slots[2]?)?];
                let pattern = self.rounds(slots[3]?, slots[0], false)?;
                (blocks, pattern, slots[4]?, slots[5])
            }
            "Part" | "Once" => {
                let word = head.text;
                let message = format!("`{word}` holds nodes with names");
                let help = format!("write `{word}(y: Linear(x, \"d -> f\"))`");
                self.diagnostics
                    .push(Diagnostic::at(Code::Form, span, message).help(help));
                return None;
            }
            _ => {
                let Some(def) = ops::find(head.text) else {
                    let known = OPS.iter().map(|def| def.name);
                    let known = known.chain(STRUCTURE.iter().map(|word| word.name));
                    let help = did_you_mean(head.text, known);
                    let message = format!("there is no op `{}`", head.text);
                    self.diagnostics
                        .push(Diagnostic::at(Code::Unknown, head.span, message).maybe_help(help));
                    return None;
                };
                return Some(Value::Op(def, self.fields(tree, def)?));
            }
        };
        Some(Value::Call(Box::new(Call {
            blocks,
            pattern,
            inputs: self.names(inputs)?,
            dims: dims.map_or_else(Vec::new, |tree| self.texts(tree, "dimensions")),
        })))
    }

    /// The text of a field that may be left out.
    fn optional_text<'s>(&mut self, tree: Option<&Tree<'s>>) -> Option<Option<Text<'s>>> {
        match tree {
            Some(tree) => self.text(tree).map(Some),
            None => Some(None),
        }
    }

    fn rounds<'s>(
        &mut self,
        count: &Tree<'s>,
        every: Option<&Tree<'s>>,
        shared: bool,
    ) -> Option<Pattern<'s>> {
        let count = self.text(count)?;
        let every = self.optional_text(every)?;
        Some(Pattern::Rounds {
            count,
            every,
            shared,
        })
    }

    /// What the fields of an op hold.
    fn fields<'s>(
        &mut self,
        tree: &Tree<'s>,
        def: &'static OpDef,
    ) -> Option<Vec<Option<Given<'s>>>> {
        let written = def.fields.iter().filter(|field| field.kind.is_written());
        let slots: SmallVec<[Slot; 8]> = written
            .clone()
            .map(|field| (field.name, field.required))
            .collect();
        let mut values = self.slots_of(tree, def.name, &slots)?.into_iter();
        let mut given = Vec::with_capacity(def.fields.len());
        let mut sound = true;
        for field in def.fields {
            let value = if field.kind.is_written() {
                values.next().flatten()
            } else {
                None
            };
            let read = value.map(|tree| self.field(field, tree));
            sound &= !matches!(read, Some(None));
            given.push(read.flatten());
        }
        sound.then_some(given)
    }

    fn field<'s>(&mut self, field: &Field, tree: &Tree<'s>) -> Option<Given<'s>> {
        match field.kind {
            FieldKind::Input => Some(Given::Nodes(vec![self.name(tree)?])),
            FieldKind::Inputs => Some(Given::Nodes(self.names(tree)?)),
            FieldKind::Flag => {
                let tree = self.chosen(tree)?;
                self.flag(tree).map(|(on, span)| Given::Flag(on, span))
            }
            FieldKind::Mask => self.mask(tree),
            FieldKind::Word(words) => {
                let word = self.name(tree)?;
                let known = self.known_word(word, words, field.name)?;
                Some(Given::Word(known, word.span))
            }
            _ => Some(Given::Text(self.text(tree)?)),
        }
    }

    /// One of the words that a field takes.
    fn known_word(
        &mut self,
        word: Word<'_>,
        words: &[&'static str],
        field: &str,
    ) -> Option<&'static str> {
        let known = words.iter().map(|known| (*known, *known));
        let otherwise = format!("none of the words that `{field}` takes");
        self.one_of(word, known, &otherwise)
    }

    fn mask<'s>(&mut self, tree: &Tree<'s>) -> Option<Given<'s>> {
        let tree = self.chosen(tree)?;
        let span = self.span(&tree.span);
        let head = match &tree.kind {
            Kind::Name("none") => return Some(Given::Mask(None, span)),
            Kind::Name(name) => name,
            _ => tree.head().map_or("", |head| head.text),
        };
        let Some(form) = FORMS.iter().find(|form| form.name == head) else {
            let message = format!("`{head}` is no mask that can be counted");
            let help = did_you_mean(head, FORMS.iter().map(|form| form.name).chain(["none"]));
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, span, message).maybe_help(help));
            return None;
        };
        let mut slots: Vec<Slot> = vec![("queries", true), ("keys", true)];
        slots.extend(form.size.map(|name| (name, true)));
        slots.extend(form.choice.map(|(name, _)| (name, false)));
        let mut values = self.slots_of(tree, form.name, &slots)?.into_iter();
        let (queries, keys) = (self.name(values.next()??)?, self.name(values.next()??)?);
        let size = match form.size {
            Some(_) => Some(self.text(values.next()??)?),
            None => None,
        };
        let mut choice = form
            .choice
            .and_then(|(_, words)| words.first())
            .copied()
            .unwrap_or_default();
        if let (Some((name, words)), Some(tree)) = (form.choice, values.next().flatten()) {
            let word = self.name(tree)?;
            choice = self.known_word(word, words, name)?;
        }
        let words = MaskWords {
            form,
            queries,
            keys,
            size,
            choice,
        };
        Some(Given::Mask(Some(Box::new(words)), span))
    }
}
