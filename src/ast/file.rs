//! The tree of a model file is read into [`Model`]: its sections, with the choices that the caller made.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::config::Config;
use super::model::{Model, Phase, Preset, Stage, Switch, Symbol, Text, Word};
use super::read::{Reader, Slot};
use super::ron::{self, Kind, Tree};
use super::syntax_error;
use crate::diag::{Code, Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::part::Role;

/// What the caller chose: a preset, and values for switches and symbols by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) preset: Option<String>,
    pub(crate) set: Vec<(String, String)>,
}

impl Choice {
    /// Whether a preset is the chosen one.
    fn takes(&self, preset: &Preset<'_>) -> bool {
        let chosen = self.preset.as_deref();
        chosen.is_some_and(|chosen| same_name(chosen, preset.name.text))
    }
}

/// What a model file says of configurations.
pub(crate) struct Mapped<'s> {
    /// The names of its switches.
    pub(crate) switches: Vec<String>,
    pub(crate) configs: Vec<Config<'s>>,
}

const MODEL: &[Slot; 12] = &[
    ("name", true),
    ("about", false),
    ("phases", false),
    ("symbols", true),
    ("relations", false),
    ("switches", false),
    ("presets", false),
    ("configs", false),
    ("blocks", false),
    ("inputs", true),
    ("nodes", true),
    ("output", true),
];
const PHASE: &[Slot; 5] = &[
    ("name", true),
    ("n", true),
    ("p", true),
    ("o", true),
    ("steps", false),
];
const SYMBOL: &[Slot; 4] = &[
    ("role", false),
    ("doc", false),
    ("min", false),
    ("max", false),
];
const DERIVED: &[Slot; 2] = &[("value", true), ("meaning", false)];
const SWITCH: &[Slot; 2] = &[("value", true), ("doc", false)];

/// Most blocks of a model.
const MAX_BLOCKS: usize = 20_000;

/// Reads a model, with the branches that `choice` selects. What is wrong goes to `diagnostics`; what could be read comes
/// back, so that later stages find their mistakes in the same run.
pub(crate) fn read<'s>(
    tree: &Tree<'s>,
    file: u32,
    choice: &Choice,
    diagnostics: &mut Diagnostics,
) -> Option<Model<'s>> {
    let mut reader = Reader::new(file, diagnostics);
    let is_model = matches!(&tree.kind, Kind::Struct(Some(head), _) if head.text == "Model");
    if !is_model {
        let span = reader.span(&tree.span);
        reader.diagnostics.push(
            Diagnostic::at(Code::Form, span, "a model file holds one `Model(..)`")
                .help("Model(name: \"..\", symbols: (..), inputs: (..), nodes: (..), output: ..)"),
        );
        return None;
    }
    let (slots, _) = reader.known_slots(tree, "Model", MODEL);
    let mut slots = slots.into_iter();
    let mut next = || slots.next().flatten();
    let (name, about, phases, symbols, relations) = (next(), next(), next(), next(), next());
    let (switches, presets, configs, blocks) = (next(), next(), next(), next());
    let (inputs, nodes, output) = (next(), next(), next());
    // Without symbols every expression would be reported as unknown.
    let complete = symbols.is_some();

    let presets = presets.map_or_else(Vec::new, |tree| reader.presets(tree));
    let mut switches = switches.map_or_else(Vec::new, |tree| {
        reader.declared_switches(tree, &presets, choice)
    });
    let symbols = symbols.map_or_else(Vec::new, |tree| reader.symbols(tree));
    reader.one_meaning(&symbols, &switches);
    let configs = configs.map_or_else(Vec::new, |tree| reader.configs(tree));
    reader.known_values(&presets, &configs, &switches, &symbols, choice);
    let relations = relations.and_then(|tree| {
        let items = reader.list(tree)?;
        Some(items.iter().filter_map(|item| reader.text(item)).collect())
    });
    let blocks = blocks.map_or_else(Vec::new, |tree| {
        let mut entries = reader.section(tree, "blocks");
        if let Some((name, _)) = entries.get(MAX_BLOCKS) {
            let message = format!("there are more than {MAX_BLOCKS} blocks, the limit");
            reader.error(Code::Limit, name.span, message);
            entries.truncate(MAX_BLOCKS);
        }
        entries
            .into_iter()
            .filter_map(|(name, tree)| reader.block(name, tree))
            .collect()
    });
    let name = name.and_then(|tree| reader.text(tree));
    let name = name.unwrap_or_else(|| Text {
        text: "".into(),
        span: reader.span(&tree.span),
    });
    let unnamed = Word {
        text: "",
        span: name.span,
    };
    let body = reader.graph(unnamed, (None, Vec::new()), inputs, nodes, output);
    let about = about.and_then(|tree| reader.text(tree));
    let phases = phases.map_or_else(Vec::new, |tree| reader.phases(tree));
    for switch in &mut switches {
        switch.decides = reader.asked.contains(switch.name.text);
    }
    let model = Model {
        about,
        phases,
        relations: relations.unwrap_or_default(),
        name,
        symbols,
        switches,
        presets,
        blocks,
        body,
        passed_over: reader.passed_over_outside,
    };
    complete.then_some(model)
}

impl Reader<'_> {
    /// Phases by name, or `Phase(..)` for one of the model's own.
    fn phases<'s>(&mut self, tree: &Tree<'s>) -> Vec<Phase<'s>> {
        let mut phases = Vec::new();
        for item in self.list(tree).unwrap_or_default() {
            phases.extend(if item.head().is_some() {
                self.own_phase(item)
            } else {
                self.name(item).map(|name| Phase { name, own: None })
            });
        }
        phases
    }

    fn own_phase<'s>(&mut self, tree: &Tree<'s>) -> Option<Phase<'s>> {
        let slots = self.slots(tree, "Phase", PHASE)?;
        let steps = match slots[4] {
            Some(tree) => Some(self.text(tree)?),
            None => None,
        };
        let stage = Stage {
            new: self.text(slots[1]?)?,
            past: self.text(slots[2]?)?,
            wanted: self.text(slots[3]?)?,
            steps,
        };
        Some(Phase {
            name: self.name(slots[0]?)?,
            own: Some(stage),
        })
    }

    fn symbols<'s>(&mut self, tree: &Tree<'s>) -> Vec<Symbol<'s>> {
        let entries = self.section(tree, "symbols");
        entries
            .into_iter()
            .map(|(name, tree)| self.symbol(name, tree))
            .collect()
    }

    /// A symbol is declared even where it is not understood, so that its uses are not reported as unknown.
    fn symbol<'s>(&mut self, name: Word<'s>, tree: &Tree<'s>) -> Symbol<'s> {
        let mut symbol = Symbol {
            name,
            role: None,
            doc: String::new(),
            min: 1,
            max: None,
            definition: None,
        };
        let Some(tree) = self.chosen(tree) else {
            return symbol;
        };
        match tree.head().map_or("", |head| head.text) {
            "Derived" => {
                let (slots, _) = self.known_slots(tree, "Derived", DERIVED);
                symbol.definition = slots[0].and_then(|tree| self.text(tree));
                if let Some(meaning) = slots[1] {
                    self.meaning(&mut symbol, meaning);
                }
            }
            "Symbol" => {
                let (slots, _) = self.known_slots(tree, "Symbol", SYMBOL);
                for meaning in [slots[0], slots[1]].into_iter().flatten() {
                    self.meaning(&mut symbol, meaning);
                }
                let min = slots[2].and_then(|tree| self.integer(tree));
                symbol.min = min.unwrap_or(symbol.min);
                symbol.max = slots[3].and_then(|tree| self.integer(tree));
            }
            _ => self.meaning(&mut symbol, tree),
        }
        symbol
    }

    /// A role by its word, or a description in quotes.
    fn meaning(&mut self, symbol: &mut Symbol<'_>, tree: &Tree<'_>) {
        match &tree.kind {
            Kind::Text(text) => symbol.doc = text.to_string(),
            Kind::Name(text) => {
                let span = self.span(&tree.span);
                let roles = Role::ALL.iter().map(|role| (role.word(), *role));
                let otherwise = "no role of a symbol; describe others in quotes";
                symbol.role = self
                    .one_of(Word { text, span }, roles, otherwise)
                    .or(symbol.role);
            }
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
        let mut preset: HashMap<&str, Vec<&Text<'_>>> = HashMap::new();
        for chosen in presets.iter().filter(|preset| choice.takes(preset)) {
            for (name, text) in &chosen.values {
                preset.entry(name.text).or_default().push(text);
            }
        }
        let mut switches = Vec::new();
        for (name, tree) in self.section(tree, "switches") {
            let value = if tree.head().is_some_and(|head| head.text == "Switch") {
                self.known_slots(tree, "Switch", SWITCH).0[0]
            } else {
                Some(tree)
            };
            let read = value.and_then(|tree| self.flag(tree));
            let mut on = read.is_some_and(|(on, _)| on);
            for text in preset.get(name.text).into_iter().flatten() {
                match text.text.parse() {
                    Ok(value) => on = value,
                    Err(_) => self.error(
                        Code::Form,
                        text.span,
                        format!("`{}` is a switch: true or false", name.text),
                    ),
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
            switches.push(Switch {
                name,
                on,
                decides: false,
            });
        }
        switches
    }

    /// A name is a symbol or a switch, so that a value given to it has one meaning.
    fn one_meaning(&mut self, symbols: &[Symbol<'_>], switches: &[Switch<'_>]) {
        let symbols: HashMap<&str, Word<'_>> =
            symbols.iter().map(|s| (s.name.text, s.name)).collect();
        for switch in switches {
            if let Some(symbol) = symbols.get(switch.name.text) {
                let message = format!("`{}` is a symbol and a switch", switch.name.text);
                self.diagnostics.push(
                    Diagnostic::at(Code::Duplicate, switch.name.span, message)
                        .related(symbol.span, "the symbol"),
                );
            }
        }
    }

    /// Values are given for what is declared only, by presets and by the caller.
    fn known_values(
        &mut self,
        presets: &[Preset<'_>],
        configs: &[Config<'_>],
        switches: &[Switch<'_>],
        symbols: &[Symbol<'_>],
        choice: &Choice,
    ) {
        // The definition of each name that has one.
        let known: BTreeMap<&str, Option<&Text<'_>>> = switches
            .iter()
            .map(|switch| (switch.name.text, None))
            .chain(symbols.iter().map(|s| (s.name.text, s.definition.as_ref())))
            .collect();
        let check =
            |name: &str, diagnostics: &mut Diagnostics| -> Option<(Code, String, Option<String>)> {
                let Some(definition) = known.get(name) else {
                    let names = symbols.iter().map(|s| s.name.text);
                    let names = names.chain(switches.iter().map(|s| s.name.text));
                    let help = diagnostics.did_you_mean(name, names);
                    return Some((
                        Code::Unknown,
                        format!("no symbol or switch `{name}` is declared"),
                        help,
                    ));
                };
                let definition = (*definition)?;
                let message = format!("`{name}` is derived, it is `{}`", definition.text);
                Some((
                    Code::Form,
                    message,
                    Some(String::from("give the symbols that it is made of")),
                ))
            };
        let given = presets.iter().flat_map(|preset| &preset.values);
        let given = given.map(|(name, _)| *name);
        for name in given.chain(configs.iter().flat_map(Config::sets)) {
            if let Some((code, message, help)) = check(name.text, self.diagnostics) {
                self.diagnostics
                    .push(Diagnostic::at(code, name.span, message).maybe_help(help));
            }
        }
        for (name, _) in &choice.set {
            if let Some((code, message, help)) = check(name, self.diagnostics) {
                self.diagnostics.push(
                    Diagnostic::nowhere(code, format!("--set {name}: {message}")).maybe_help(help),
                );
            }
        }
        if let Some(preset) = &choice.preset
            && !presets.iter().any(|known| choice.takes(known))
        {
            let help = did_you_mean(preset, presets.iter().map(|known| known.name.text));
            let message = format!("there is no preset `{preset}`");
            self.diagnostics
                .push(Diagnostic::nowhere(Code::Unknown, message).maybe_help(help));
        }
    }
}

/// Reads what the text of a model file called `name` says of configurations, and no more of it.
pub(crate) fn mapped<'s>(name: &str, text: &'s str) -> Result<Mapped<'s>, Diagnostics> {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let mut diagnostics = Diagnostics::new(sources);
    let mut mapped = Mapped {
        switches: Vec::new(),
        configs: Vec::new(),
    };
    match ron::parse(text) {
        Ok(tree) => {
            let mut reader = Reader::new(file, &mut diagnostics);
            if let Kind::Struct(Some(_), fields) = &tree.kind {
                for (name, tree) in reader.distinct(fields, "`Model`") {
                    match name.text {
                        "switches" => {
                            let switches = reader.section(tree, "switches").into_iter();
                            mapped.switches =
                                switches.map(|(name, _)| name.text.to_owned()).collect();
                        }
                        "configs" => mapped.configs = reader.configs(tree),
                        _ => {}
                    }
                }
            }
        }
        Err(error) => diagnostics.push(syntax_error(file, error)),
    }
    match diagnostics.is_empty() {
        true => Ok(mapped),
        false => Err(diagnostics.sorted()),
    }
}

/// The fields of a model file with the bytes that each takes, from its name to the end of its value.
pub(crate) fn sections(text: &str) -> Vec<(&str, Range<usize>)> {
    match ron::parse(text).map(|tree| tree.kind) {
        Ok(Kind::Struct(_, fields)) => {
            let fields = fields.into_iter();
            let each = fields.map(|(name, tree)| {
                let rest = text.get(tree.span.end..).unwrap_or_default();
                // The place of a text is that of what is inside its quotes.
                let quotes = match tree.kind {
                    Kind::Text(_) => {
                        let after = rest.strip_prefix('"').unwrap_or(rest);
                        rest.len() - after.trim_start_matches('#').len()
                    }
                    _ => 0,
                };
                (name.text, name.span.start..tree.span.end + quotes)
            });
            each.collect()
        }
        _ => Vec::new(),
    }
}

/// The text of a model file under another name.
pub(crate) fn renamed(text: &str, name: &str) -> String {
    let own = sections(text)
        .into_iter()
        .find(|(field, _)| *field == "name");
    match own.and_then(|(_, range)| Some((text.get(..range.start)?, text.get(range.end..)?))) {
        Some((before, after)) => format!("{before}name: \"{name}\"{after}"),
        None => text.to_owned(),
    }
}

/// Whether a preset asked for is the one declared: names in files have no hyphens or dots, names in papers do.
pub(crate) fn same_name(asked: &str, declared: &str) -> bool {
    asked == declared || asked.replace(['-', '.'], "_") == declared
}
