//! The tree of a model file is read into [`Model`]: sections, blocks, nodes, calls.

use std::collections::BTreeMap;

use super::model::{
    Block, Call, Given, MaskWords, Model, Node, Preset, Switch, Symbol, Text, Value, Word,
};
use super::read::{Reader, Slot};
use super::ron::{Kind, Tree};
use crate::diag::{Code, Diagnostic, Diagnostics, did_you_mean};
use crate::mask::Align;
use crate::ops::args::{Field, FieldKind};
use crate::ops::{OPS, OpDef};
use crate::part::{Part, Role};

/// What the caller chose: a preset, and values for switches and symbols by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) preset: Option<String>,
    pub(crate) set: Vec<(String, String)>,
}

const MODEL: &[Slot] = &[
    ("name", true),
    ("about", false),
    ("phases", false),
    ("symbols", true),
    ("relations", false),
    ("switches", false),
    ("presets", false),
    ("blocks", false),
    ("inputs", true),
    ("nodes", true),
    ("output", true),
];
const BLOCK: &[Slot] = &[
    ("inputs", true),
    ("nodes", true),
    ("output", true),
    ("part", false),
    ("dims", false),
];
const CALL: &[Slot] = &[("block", true), ("inputs", true), ("dims", false)];
const REPEAT: &[Slot] = &[
    ("block", true),
    ("count", true),
    ("inputs", true),
    ("dims", false),
];
const CAUSAL: &[Slot] = &[("queries", true), ("keys", true), ("align", false)];
const SYMBOL: &[Slot] = &[
    ("role", false),
    ("doc", false),
    ("min", false),
    ("max", false),
];
const DERIVED: &[Slot] = &[("value", true), ("meaning", false)];
const SWITCH: &[Slot] = &[("value", true), ("doc", false)];

/// Reads a model, with the branches that `choice` selects. What is wrong goes to `diagnostics`; what could be read comes
/// back, so that later stages find their mistakes in the same run.
pub(crate) fn read<'s>(
    tree: &Tree<'s>,
    file: u32,
    choice: &Choice,
    diagnostics: &mut Diagnostics,
) -> Option<Model<'s>> {
    let mut reader = Reader {
        file,
        diagnostics,
        switches: BTreeMap::new(),
    };
    let is_model = matches!(&tree.kind, Kind::Struct(Some(head), _) if head.text == "Model");
    if !is_model {
        let span = reader.span(&tree.span);
        reader.diagnostics.push(
            Diagnostic::at(Code::Form, span, "a model file holds one `Model(..)`")
                .help("Model(name: \"..\", symbols: (..), inputs: (..), nodes: (..), output: ..)"),
        );
        return None;
    }
    let slots = reader.slots(tree, "Model", MODEL)?;
    let mut slots = slots.into_iter();
    let mut next = || slots.next().flatten();
    let (name, about, phases, symbols, relations) = (next(), next(), next(), next(), next());
    let (switches, presets, blocks) = (next(), next(), next());
    let (inputs, nodes, output) = (next()?, next()?, next()?);

    let presets = presets.map_or_else(Vec::new, |tree| reader.presets(tree));
    let switches = switches.map_or_else(Vec::new, |tree| {
        reader.declared_switches(tree, &presets, choice)
    });
    let symbols = symbols.map_or_else(Vec::new, |tree| reader.symbols(tree));
    reader.known_values(&presets, &switches, &symbols, choice);
    let relations = relations.and_then(|tree| {
        let items = reader.list(tree)?;
        Some(items.iter().filter_map(|item| reader.text(item)).collect())
    });
    let blocks = blocks.map_or_else(Vec::new, |tree| {
        let entries = reader.section(tree, "blocks");
        entries
            .into_iter()
            .filter_map(|(name, tree)| reader.block(name, tree))
            .collect()
    });
    let name = reader.text(name?)?;
    let body = Block {
        name: Word {
            text: "",
            span: name.span,
        },
        part: None,
        dims: Vec::new(),
        inputs: reader.inputs(inputs),
        nodes: reader.nodes(nodes),
        output: reader.name(output)?,
    };
    Some(Model {
        about: about.and_then(|tree| reader.text(tree)),
        phases: phases
            .and_then(|tree| reader.names(tree))
            .unwrap_or_default(),
        relations: relations.unwrap_or_default(),
        name,
        symbols,
        switches,
        presets,
        blocks,
        body,
    })
}

impl Reader<'_> {
    fn symbols<'s>(&mut self, tree: &Tree<'s>) -> Vec<Symbol<'s>> {
        let entries = self.section(tree, "symbols");
        entries
            .into_iter()
            .filter_map(|(name, tree)| self.symbol(name, tree))
            .collect()
    }

    fn symbol<'s>(&mut self, name: Word<'s>, tree: &Tree<'s>) -> Option<Symbol<'s>> {
        let tree = self.chosen(tree)?;
        let mut symbol = Symbol {
            name,
            role: None,
            doc: String::new(),
            min: 1,
            max: None,
            definition: None,
        };
        let head = match &tree.kind {
            Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) => head.text,
            _ => "",
        };
        match head {
            "Derived" => {
                let slots = self.slots(tree, "Derived", DERIVED)?;
                symbol.definition = Some(self.text(slots[0]?)?);
                if let Some(meaning) = slots[1] {
                    self.meaning(&mut symbol, meaning);
                }
            }
            "Symbol" => {
                let slots = self.slots(tree, "Symbol", SYMBOL)?;
                for meaning in [slots[0], slots[1]].into_iter().flatten() {
                    self.meaning(&mut symbol, meaning);
                }
                symbol.min = slots[2].map_or(Some(1), |tree| self.integer(tree))?;
                symbol.max = slots[3].map_or(Some(None), |tree| self.integer(tree).map(Some))?;
            }
            _ => self.meaning(&mut symbol, tree),
        }
        Some(symbol)
    }

    /// A role by its word, or a description in quotes.
    fn meaning(&mut self, symbol: &mut Symbol<'_>, tree: &Tree<'_>) {
        match &tree.kind {
            Kind::Text(text) => symbol.doc = text.to_string(),
            Kind::Name(word) => match Role::find(word) {
                Some(role) => symbol.role = Some(role),
                None => {
                    let span = self.span(&tree.span);
                    let help = did_you_mean(word, Role::ALL.iter().map(|role| role.word()));
                    let message =
                        format!("`{word}` is no role of a symbol; describe others in quotes");
                    self.diagnostics
                        .push(Diagnostic::at(Code::Unknown, span, message).maybe_help(help));
                }
            },
            _ => {
                let span = self.span(&tree.span);
                self.error(
                    Code::Form,
                    span,
                    "a symbol is a role (`width`), a description in quotes, `Derived(\"d / H\", head_size)` or `Symbol(..)`",
                );
            }
        }
    }

    fn presets<'s>(&mut self, tree: &Tree<'s>) -> Vec<Preset<'s>> {
        let entries = self.section(tree, "presets");
        let mut presets = Vec::new();
        for (name, tree) in entries {
            let values = self.section(tree, &format!("preset `{}`", name.text));
            let mut read = Vec::new();
            for (symbol, value) in values {
                let text = match &value.kind {
                    Kind::Name(word @ ("true" | "false")) => Some(Text {
                        text: (*word).into(),
                        span: self.span(&value.span),
                    }),
                    _ => self.text(value),
                };
                read.extend(text.map(|text| (symbol, text)));
            }
            presets.push(Preset { name, values: read });
        }
        presets
    }

    /// The switches with the values that the file, the preset and the caller give, the later over the earlier.
    fn declared_switches<'s>(
        &mut self,
        tree: &Tree<'s>,
        presets: &[Preset<'s>],
        choice: &Choice,
    ) -> Vec<Switch<'s>> {
        let mut switches = Vec::new();
        for (name, tree) in self.section(tree, "switches") {
            let call = matches!(&tree.kind, Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) if head.text == "Switch");
            let value = if call {
                self.slots(tree, "Switch", SWITCH)
                    .and_then(|slots| slots[0])
            } else {
                Some(tree)
            };
            let Some((mut on, _)) = value.and_then(|tree| self.flag(tree)) else {
                continue;
            };
            let preset = presets.iter().filter(|preset| {
                choice
                    .preset
                    .as_deref()
                    .is_some_and(|c| same_name(c, preset.name.text))
            });
            for (symbol, text) in preset.flat_map(|preset| &preset.values) {
                if symbol.text == name.text {
                    match text.text.parse() {
                        Ok(value) => on = value,
                        Err(_) => self.error(
                            Code::Form,
                            text.span,
                            format!("`{}` is a switch: true or false", name.text),
                        ),
                    }
                }
            }
            for (_, value) in choice.set.iter().filter(|(key, _)| key == name.text) {
                match value.parse() {
                    Ok(value) => on = value,
                    Err(_) => self.diagnostics.push(Diagnostic::nowhere(
                        Code::Form,
                        format!(
                            "`{}` is a switch: --set {}=true or --set {}=false, not `{value}`",
                            name.text, name.text, name.text
                        ),
                    )),
                }
            }
            self.switches.insert(name.text.to_owned(), on);
            switches.push(Switch { name, on });
        }
        switches
    }

    /// Values are given for what is declared only, by presets and by the caller.
    fn known_values(
        &mut self,
        presets: &[Preset<'_>],
        switches: &[Switch<'_>],
        symbols: &[Symbol<'_>],
        choice: &Choice,
    ) {
        let known: Vec<&str> = symbols
            .iter()
            .map(|s| s.name.text)
            .chain(switches.iter().map(|s| s.name.text))
            .collect();
        let derived = |name: &str| {
            symbols
                .iter()
                .find(|s| s.name.text == name)
                .and_then(|s| s.definition.as_ref())
        };
        let check = |name: &str| -> Option<(Code, String, Option<String>)> {
            if !known.contains(&name) {
                let help = did_you_mean(name, known.iter().copied());
                return Some((
                    Code::Unknown,
                    format!("no symbol or switch `{name}` is declared"),
                    help,
                ));
            }
            let definition = derived(name)?;
            let message = format!("`{name}` is derived, it is `{}`", definition.text);
            Some((
                Code::Form,
                message,
                Some(String::from("give the symbols that it is made of")),
            ))
        };
        for (name, _) in presets.iter().flat_map(|preset| &preset.values) {
            if let Some((code, message, help)) = check(name.text) {
                self.diagnostics
                    .push(Diagnostic::at(code, name.span, message).maybe_help(help));
            }
        }
        for (name, _) in &choice.set {
            if let Some((code, message, help)) = check(name) {
                self.diagnostics.push(
                    Diagnostic::nowhere(code, format!("--set {name}: {message}")).maybe_help(help),
                );
            }
        }
        if let Some(preset) = &choice.preset
            && !presets
                .iter()
                .any(|known| same_name(preset, known.name.text))
        {
            let help = did_you_mean(preset, presets.iter().map(|known| known.name.text));
            let message = format!("there is no preset `{preset}`");
            self.diagnostics
                .push(Diagnostic::nowhere(Code::Unknown, message).maybe_help(help));
        }
    }

    fn block<'s>(&mut self, name: Word<'s>, tree: &Tree<'s>) -> Option<Block<'s>> {
        let tree = self.chosen(tree)?;
        let slots = self.slots(tree, "Block", BLOCK)?;
        let part = slots[3]
            .and_then(|tree| self.name(tree))
            .and_then(|word| self.part(word));
        let dims = slots[4]
            .and_then(|tree| self.names(tree))
            .unwrap_or_default();
        let inputs = self.inputs(slots[0]?);
        let nodes = self.nodes(slots[1]?);
        Some(Block {
            name,
            part,
            dims,
            inputs,
            nodes,
            output: self.name(slots[2]?)?,
        })
    }

    fn part(&mut self, word: Word<'_>) -> Option<Part> {
        let part = Part::find(word.text);
        if part.is_none() {
            let help = did_you_mean(word.text, Part::ALL.iter().map(|part| part.word()));
            let message = format!("`{}` is no part of a network", word.text);
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help));
        }
        part
    }

    fn inputs<'s>(&mut self, tree: &Tree<'s>) -> Vec<(Word<'s>, Text<'s>)> {
        let entries = self.section(tree, "inputs");
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
        for (name, tree) in fields {
            let name = self.word(name);
            let Some(tree) = self.chosen(tree) else {
                continue;
            };
            if let Kind::Struct(Some(head), members) = &tree.kind
                && head.text == "Part"
            {
                let part = self.part(name);
                for (name, tree) in members {
                    let name = self.word(name);
                    nodes.push(self.node(name, tree, part));
                }
            } else {
                nodes.push(self.node(name, tree, None));
            }
        }
        nodes
    }

    fn node<'s>(&mut self, name: Word<'s>, tree: &Tree<'s>, part: Option<Part>) -> Node<'s> {
        let value = self
            .chosen(tree)
            .and_then(|tree| self.value(tree))
            .unwrap_or(Value::Broken);
        Node {
            name,
            part,
            span: self.span(&tree.span),
            value,
        }
    }

    fn value<'s>(&mut self, tree: &Tree<'s>) -> Option<Value<'s>> {
        let span = self.span(&tree.span);
        let head = match &tree.kind {
            Kind::Name(text) => return Some(Value::Alias(Word { text, span })),
            Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) => self.word(head),
            _ => {
                self.error(
                    Code::Form,
                    span,
                    "a node is an op, `Linear(x, \"d -> f\")`, a `Call`, a `Repeat` or a name",
                );
                return None;
            }
        };
        match head.text {
            "Call" => {
                let slots = self.slots(tree, "Call", CALL)?;
                self.call(slots[0]?, None, slots[1]?, slots[2])
                    .map(Value::Call)
            }
            "Repeat" => {
                let slots = self.slots(tree, "Repeat", REPEAT)?;
                self.call(slots[0]?, slots[1], slots[2]?, slots[3])
                    .map(Value::Call)
            }
            _ => match OPS.iter().find(|def| def.name == head.text) {
                Some(def) => Some(Value::Op(def, self.fields(tree, def)?)),
                None => {
                    let known = OPS
                        .iter()
                        .map(|def| def.name)
                        .chain(["Call", "Repeat", "If", "Part"]);
                    let help = did_you_mean(head.text, known);
                    let message = format!("there is no op `{}`", head.text);
                    self.diagnostics
                        .push(Diagnostic::at(Code::Unknown, head.span, message).maybe_help(help));
                    None
                }
            },
        }
    }

    fn call<'s>(
        &mut self,
        block: &Tree<'s>,
        count: Option<&Tree<'s>>,
        inputs: &Tree<'s>,
        dims: Option<&Tree<'s>>,
    ) -> Option<Call<'s>> {
        let block = self.name(block)?;
        let count = match count {
            Some(tree) => Some(self.text(tree)?),
            None => None,
        };
        let inputs = self.names(inputs)?;
        let entries = dims.map_or_else(Vec::new, |tree| self.section(tree, "dimensions"));
        let dims = entries
            .into_iter()
            .filter_map(|(name, tree)| Some((name, self.text(tree)?)))
            .collect();
        Some(Call {
            block,
            count,
            inputs,
            dims,
        })
    }

    /// What the fields of an op hold.
    fn fields<'s>(
        &mut self,
        tree: &Tree<'s>,
        def: &'static OpDef,
    ) -> Option<Vec<Option<Given<'s>>>> {
        let written = def
            .fields
            .iter()
            .filter(|field| field.kind != FieldKind::Past);
        let slots: Vec<Slot> = written
            .clone()
            .map(|field| (field.name, field.required))
            .collect();
        let mut values = self.slots(tree, def.name, &slots)?.into_iter();
        let mut given = Vec::with_capacity(def.fields.len());
        let mut sound = true;
        for field in def.fields {
            let value = if field.kind == FieldKind::Past {
                None
            } else {
                values.next().flatten()
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
                if words.contains(&word.text) {
                    return Some(Given::Word(word));
                }
                let help = did_you_mean(word.text, words.iter().copied());
                let message = format!(
                    "`{}` is none of the words that `{}` takes",
                    word.text, field.name
                );
                self.diagnostics
                    .push(Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help));
                None
            }
            _ => Some(Given::Text(self.text(tree)?)),
        }
    }

    fn mask<'s>(&mut self, tree: &Tree<'s>) -> Option<Given<'s>> {
        let tree = self.chosen(tree)?;
        let span = self.span(&tree.span);
        let head = match &tree.kind {
            Kind::Name("none") => return Some(Given::Mask(None, span)),
            Kind::Tuple(Some(head), _) | Kind::Struct(Some(head), _) => head.text,
            Kind::Name(name) => name,
            _ => "",
        };
        if head != "Causal" {
            let message = format!("`{head}` is no mask that can be counted");
            let help = did_you_mean(head, ["Causal", "none"]);
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, span, message).maybe_help(help));
            return None;
        }
        let slots = self.slots(tree, "Causal", CAUSAL)?;
        let (queries, keys) = (self.name(slots[0]?)?, self.name(slots[1]?)?);
        let align = match slots[2] {
            None => Align::BottomRight,
            Some(tree) => {
                let word = self.name(tree)?;
                match word.text {
                    "bottom_right" => Align::BottomRight,
                    "top_left" => Align::TopLeft,
                    other => {
                        let help = did_you_mean(other, ["bottom_right", "top_left"]);
                        let message = format!("`{other}` is no alignment of a causal mask");
                        self.diagnostics.push(
                            Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help),
                        );
                        return None;
                    }
                }
            }
        };
        Some(Given::Mask(
            Some(MaskWords {
                queries,
                keys,
                align,
            }),
            span,
        ))
    }
}

/// Whether a preset asked for is the one declared: names in files have no hyphens or dots, names in papers do.
pub(crate) fn same_name(asked: &str, declared: &str) -> bool {
    asked == declared || asked.replace(['-', '.'], "_") == declared
}
