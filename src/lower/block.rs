//! A block becomes a DAG: its names are resolved and its ops are built.

use foldhash::{HashMap, HashMapExt, HashSet};
use smallvec::SmallVec;

use super::scope::{self, Local, Sizes};
use super::symbols::Positions;
use crate::ast::model::{
    Block as AstBlock, Call, Given, Model, Node as AstNode, Pattern as AstPattern, Text, Value,
    Word,
};
use crate::diag::{Code, Diagnostic, Diagnostics, MAX_LISTED, Span, listed};
use crate::graph::{Block, BlockBuilder, BlockId, Callee, Node, NodeId, NodeKind, Pattern, Turns};
use crate::ops::{self, structure::STRUCTURE};
use crate::phase::STEP;
use crate::sym::{Conditions, Context, Domain, Sym, Symbols, parse};

/// The symbol table with the blocks' own dimensions added, and the names that these have inside each block.
pub(super) struct Locals<'s> {
    pub(super) symbols: Symbols,
    blocks: Vec<Local<'s>>,
    by_name: HashMap<&'s str, BlockId>,
    /// The number of the round, for repeats whose dimensions depend on it, by block and node.
    rounds: HashMap<(usize, &'s str), Sym>,
}

/// Adds the blocks' own dimensions to the table, as `block.name`.
pub(super) fn declare_dims<'s>(
    model: &Model<'s>,
    positions: Option<Positions>,
    table: &Symbols,
) -> Locals<'s> {
    let mut symbols = table.clone();
    let mut blocks = Vec::with_capacity(model.blocks.len() + 1);
    for block in model.blocks.iter().chain([&model.body]) {
        let mut local = Local::outside_phases(positions);
        for dim in &block.dims {
            let sym = symbols.declare_inner(
                &format!("{}.{}", block.name.text, dim.text),
                Domain { min: 0, max: None },
            );
            local.dims.extend(sym.map(|sym| (dim.text, sym)));
        }
        blocks.push(local);
    }
    let mut rounds = HashMap::new();
    // Outside phases a model may have a symbol of that name, which is meant then.
    if positions.is_some() || table.lookup(STEP).is_none() {
        for (at, block) in model.blocks.iter().chain([&model.body]).enumerate() {
            for node in block.nodes.iter().filter(|node| counts_rounds(node)) {
                let name = node.name.text;
                let full = match block.name.text {
                    "" => format!("{name}.{STEP}"),
                    block => format!("{block}.{name}.{STEP}"),
                };
                let sym = symbols.declare_inner(&full, Domain { min: 1, max: None });
                rounds.extend(sym.map(|sym| ((at, name), sym)));
            }
        }
    }
    let names = model.blocks.iter().map(|block| block.name.text);
    Locals {
        rounds,
        symbols,
        blocks,
        by_name: names.zip((0..).map(BlockId)).collect(),
    }
}

/// Whether a node repeats a block in sizes that depend on the number of the round.
fn counts_rounds(node: &AstNode<'_>) -> bool {
    let Value::Call(call) = &node.value else {
        return false;
    };
    let plain = matches!(
        call.pattern,
        AstPattern::Rounds {
            every: None,
            shared: false,
            ..
        }
    );
    let mentions = |text: &Text<'_>| {
        parse(&text.text).is_ok_and(|expr| expr.names().iter().any(|(name, _)| *name == STEP))
    };
    plain && call.blocks.len() == 1 && call.dims.iter().any(|(_, text)| mentions(text))
}

/// What a name of a block stands for.
#[derive(Clone, Copy)]
enum Named<'a> {
    Node(NodeId, Span),
    Alias(Word<'a>, Span),
}

/// The lists of names that a node reads, field by field.
type Operands<'a, 's> = SmallVec<[&'a [Word<'s>]; 2]>;

pub(super) struct Lower<'a, 's, 'c> {
    block: &'a AstBlock<'s>,
    model: &'a Model<'s>,
    by_name: &'a HashMap<&'s str, BlockId>,
    pub(super) local: &'a Local<'s>,
    pub(super) positions: Option<Positions>,
    pub(super) cx: &'a mut Context<'c>,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) sizes: Sizes<'a>,
    names: HashMap<&'a str, Named<'a>>,
    called: Vec<BlockId>,
    /// The block's place, and the numbers of rounds of all.
    at: usize,
    rounds: &'a HashMap<(usize, &'s str), Sym>,
}

/// Lowers one block; gives the blocks that it calls even where the block itself is broken.
pub(super) fn lower<'s>(
    block: &AstBlock<'s>,
    id: BlockId,
    model: &Model<'s>,
    locals: &Locals<'s>,
    positions: Option<Positions>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> (Option<Block>, Vec<BlockId>) {
    let empty = Local::default();
    let local = locals.blocks.get(id.0).unwrap_or(&empty);
    let mut lower = Lower {
        block,
        model,
        by_name: &locals.by_name,
        local,
        positions,
        cx,
        diagnostics,
        sizes: Sizes::default(),
        names: HashMap::with_capacity(block.nodes.len() + block.inputs.len()),
        called: Vec::new(),
        at: id.0,
        rounds: &locals.rounds,
    };
    let lowered = lower.run(id.0 == model.blocks.len());
    (lowered, lower.called)
}

impl<'a, 's> Lower<'a, 's, '_> {
    fn run(&mut self, is_body: bool) -> Option<Block> {
        let mut builder =
            BlockBuilder::with_capacity(self.block.nodes.len() + self.block.inputs.len());
        let mut inputs = Vec::with_capacity(self.block.inputs.len());
        for (slot, (name, text)) in self.block.inputs.iter().enumerate() {
            let shape = self.axes(text, is_body);
            let kind = if shape.is_some() {
                NodeKind::Input(slot)
            } else {
                NodeKind::Broken
            };
            let node = Node {
                name: name.text.to_owned(),
                part: None,
                once: false,
                span: name.span,
                kind,
            };
            let id = builder.add(node);
            self.declare(name, Named::Node(id, name.span));
            inputs.push((name.text.to_owned(), shape.unwrap_or_default()));
        }
        let mut conditions = std::mem::take(&mut self.cx.used);
        let mut needs: Vec<(NodeId, Conditions)> = Vec::new();
        let mut reads: Vec<(NodeId, Operands<'a, 's>)> = Vec::with_capacity(self.block.nodes.len());
        for node in &self.block.nodes {
            if let Value::Alias(target) = &node.value {
                self.declare(&node.name, Named::Alias(*target, node.name.span));
                continue;
            }
            let (kind, operands) = self.kind(node);
            let id = builder.add(Node {
                name: node.name.text.to_owned(),
                part: node.part,
                once: node.once,
                span: node.span,
                kind,
            });
            self.declare(&node.name, Named::Node(id, node.name.span));
            reads.push((id, operands));
            if !self.cx.used.is_empty() {
                needs.push((id, std::mem::take(&mut self.cx.used)));
            }
        }
        self.check_aliases();
        for (id, operands) in reads {
            for (slot, word) in operands.into_iter().flatten().enumerate() {
                match self.resolve(word) {
                    Some(operand) => builder.connect(operand, id, slot),
                    None => builder.replace(id, NodeKind::Broken),
                }
            }
        }
        let output = self.resolve(self.block.output.as_ref()?)?;
        for name in &self.block.passed_over {
            if let Some(id) = self.find(name) {
                builder.pass_over(id);
            }
        }
        let dims = self.local_dims();
        let name = self.block.name.text.to_owned();
        match builder.finish(
            name,
            self.block.name.span,
            self.block.part,
            dims,
            inputs,
            output,
        ) {
            Ok(mut block) => {
                if !needs.is_empty() {
                    let runs: HashSet<NodeId> = block.topological().iter().copied().collect();
                    needs.retain(|(id, _)| runs.contains(id));
                }
                conditions.extend(needs.into_iter().flat_map(|(_, needs)| needs));
                block.conditions = conditions;
                Some(block)
            }
            Err(cycle) => {
                self.report_cycle(&cycle);
                None
            }
        }
    }

    fn local_dims(&self) -> Vec<crate::sym::Sym> {
        self.block
            .dims
            .iter()
            .filter_map(|dim| self.local.dims.get(dim.text).copied())
            .collect()
    }

    fn report_cycle(&mut self, cycle: &[(String, Span)]) {
        let names = cycle.iter().map(|(name, _)| name.as_str());
        let message = format!("nodes that need each other: {}", listed(names));
        let Some(((_, first), others)) = cycle.split_first() else {
            return;
        };
        let mut diagnostic = Diagnostic::at(Code::Cycle, *first, message)
            .help("a graph has no cycles; what runs in rounds is a block under `Repeat`");
        for (name, span) in others.iter().take(MAX_LISTED) {
            diagnostic = diagnostic.related(*span, format!("`{name}` is part of the cycle"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// Takes a name, unless it is taken.
    fn declare(&mut self, word: &Word<'s>, named: Named<'a>) {
        if let Some(Named::Node(_, first) | Named::Alias(_, first)) = self.names.get(word.text) {
            let message = format!("`{}` is declared twice", word.text);
            self.diagnostics.push(
                Diagnostic::at(Code::Duplicate, word.span, message)
                    .related(*first, "first declared here"),
            );
            return;
        }
        self.names.insert(word.text, named);
    }

    /// Reports names for what is no node, and names that stand for each other: at the names, whether they are read or not.
    fn check_aliases(&mut self) {
        let block = self.block;
        let mut seen: HashSet<&str> = HashSet::default();
        for node in &block.nodes {
            let mut chain: Vec<Word<'_>> = Vec::new();
            let mut word = node.name;
            while let Some(Named::Alias(target, _)) = self.names.get(word.text).copied()
                && seen.insert(word.text)
            {
                chain.push(target);
                word = target;
            }
            let Some(last) = chain.last().copied() else {
                continue;
            };
            if !self.names.contains_key(last.text) {
                self.report_unknown(last);
            } else if chain[..chain.len() - 1]
                .iter()
                .chain([&node.name])
                .any(|w| w.text == last.text)
            {
                let message = format!("`{}` is only another name for itself", last.text);
                self.diagnostics
                    .push(Diagnostic::at(Code::Cycle, last.span, message));
            }
        }
    }

    fn report_unknown(&mut self, word: Word<'_>) {
        let inputs = self.block.inputs.iter().map(|(name, _)| name.text);
        let nodes = self.block.nodes.iter().map(|node| node.name.text);
        let is_word = STRUCTURE.iter().any(|known| known.name == word.text);
        let is_op = ops::find(word.text).is_some() || is_word;
        let help = if is_op {
            let call = format!("`{}(..)`", word.text);
            Some(format!("what runs is written with its fields: {call}"))
        } else {
            let known = inputs.chain(nodes);
            self.diagnostics.did_you_mean(word.text, known)
        };
        let message = format!("no node `{}` here", word.text);
        self.diagnostics
            .push(Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help));
    }

    /// The node that a name stands for. A name that is none is reported; what its alias stands for was reported before.
    fn resolve(&mut self, word: &Word<'s>) -> Option<NodeId> {
        let found = self.find(word.text);
        if found.is_none() && !self.names.contains_key(word.text) {
            self.report_unknown(*word);
        }
        found
    }

    /// The node that a name stands for, through its aliases. Those that were followed lead to the end at once from then on,
    /// those of a circle to themselves.
    fn find(&mut self, mut name: &'a str) -> Option<NodeId> {
        let mut followed = Vec::new();
        let mut circle = false;
        let found = loop {
            match self.names.get(name) {
                Some(Named::Alias(target, _)) => {
                    circle = target.text == name || followed.len() > self.block.nodes.len();
                    if circle {
                        break None;
                    }
                    followed.push(name);
                    name = target.text;
                }
                Some(Named::Node(id, _)) => break Some(*id),
                None => break None,
            }
        };
        for alias in followed {
            if let Some(Named::Alias(target, _)) = self.names.get_mut(alias) {
                target.text = if circle { alias } else { name };
            }
        }
        found
    }

    /// What a node is, and the lists of names that it reads.
    fn kind(&mut self, node: &'a AstNode<'s>) -> (NodeKind, Operands<'a, 's>) {
        match &node.value {
            Value::Op(def, given) => {
                let operands = given.iter().flatten().filter_map(|given| match given {
                    Given::Nodes(words) => Some(words.as_slice()),
                    _ => None,
                });
                (
                    self.op(def, given, node.span).unwrap_or(NodeKind::Broken),
                    operands.collect(),
                )
            }
            Value::Call(call) => (
                self.call(call, node.name.text).unwrap_or(NodeKind::Broken),
                SmallVec::from_iter([call.inputs.as_slice()]),
            ),
            Value::Alias(_) | Value::Broken => (NodeKind::Broken, SmallVec::new()),
        }
    }

    fn call(&mut self, call: &Call<'s>, name: &'s str) -> Option<NodeKind> {
        let number = self.rounds.get(&(self.at, name)).copied();
        let callees: Vec<Option<Callee>> = call
            .blocks
            .iter()
            .map(|word| self.callee(*word, call, number))
            .collect();
        let called = |word: &Word<'_>| {
            let id = self.by_name.get(word.text)?;
            self.model.blocks.get(id.0)
        };
        let dims = call.blocks.iter().filter_map(called);
        let dims = dims.flat_map(|block| &block.dims);
        let declared: HashSet<&str> = dims.map(|dim| dim.text).collect();
        let undeclared = |name: &&(Word<'_>, Text<'_>)| !declared.contains(name.0.text);
        for (name, _) in call.dims.iter().filter(undeclared) {
            let blocks: Vec<&str> = call.blocks.iter().map(|word| word.text).collect();
            let message = format!(
                "block `{}` has no dimension `{}`",
                blocks.join("`, `"),
                name.text
            );
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, name.span, message));
        }
        let mut read = |text: &Text<'_>| scope::size(text, self.local, self.cx, self.diagnostics);
        let pattern = match &call.pattern {
            AstPattern::Once => Pattern::Once,
            AstPattern::Route {
                experts,
                active,
                capacity,
            } => Pattern::Route {
                experts: read(experts)?,
                active: read(active)?,
                capacity: match capacity {
                    Some(share) => {
                        let (local, cx) = (self.local, &mut *self.cx);
                        Some(scope::ratio(share, local, cx, self.diagnostics)?)
                    }
                    None => None,
                },
            },
            AstPattern::Scan { over } => Pattern::Scan {
                over: read(over)?,
                at: over.span,
            },
            AstPattern::Rounds {
                count,
                every,
                shared,
            } => Pattern::Rounds {
                count: read(count)?,
                number,
                at: count.span,
                shared: *shared,
                turns: match every {
                    Some(distance) => Turns::Every(read(distance)?),
                    None => Turns::Cycle,
                },
            },
        };
        Some(NodeKind::Call {
            blocks: callees.into_iter().collect::<Option<Vec<Callee>>>()?,
            pattern,
        })
    }

    /// A block by its name, with the dimensions that a call gives it.
    fn callee(&mut self, word: Word<'s>, call: &Call<'s>, number: Option<Sym>) -> Option<Callee> {
        let blocks = &self.model.blocks;
        let Some(BlockId(at)) = self.by_name.get(word.text).copied() else {
            let known = blocks.iter().map(|block| block.name.text);
            let help = self.diagnostics.did_you_mean(word.text, known);
            let message = format!("there is no block `{}`", word.text);
            self.diagnostics
                .push(Diagnostic::at(Code::Unknown, word.span, message).maybe_help(help));
            return None;
        };
        let block = &blocks[at];
        self.called.push(BlockId(at));
        let mut sound = true;
        // The state of a scan is not given: it is there from the pass before.
        let states = usize::from(matches!(call.pattern, AstPattern::Scan { .. }));
        if block.inputs.len() != call.inputs.len() + states {
            let given = block.inputs.iter().skip(states);
            let names: Vec<&str> = given.map(|(name, _)| name.text).collect();
            let after = if states > 0 { " after its state" } else { "" };
            let message = format!(
                "block `{}` takes ({}){after}, {} given",
                block.name.text,
                names.join(", "),
                call.inputs.len()
            );
            self.diagnostics
                .push(Diagnostic::at(Code::Form, word.span, message));
            sound = false;
        } else if matches!(call.pattern, AstPattern::Rounds { .. }) && call.inputs.is_empty() {
            let message = format!(
                "rounds carry their first input, and block `{}` takes none",
                block.name.text
            );
            let help = "a block without inputs is run by `Call`";
            self.diagnostics
                .push(Diagnostic::at(Code::Form, word.span, message).help(help));
            sound = false;
        }
        let given = call.dims.iter().map(|(name, text)| (name.text, text));
        let given: HashMap<&str, &Text<'_>> = given.collect();
        let mut dims = Vec::with_capacity(block.dims.len());
        let counting = number.map(|sym| self.local.counting(sym));
        let local = counting.as_ref().unwrap_or(self.local);
        for dim in &block.dims {
            if let Some(text) = given.get(dim.text) {
                let size = scope::size(text, local, self.cx, self.diagnostics);
                dims.extend(size);
                continue;
            }
            let message = format!(
                "block `{}` needs its dimension `{}`",
                block.name.text, dim.text
            );
            let help = format!("give it in the call: `({}: \"..\")`", dim.text);
            self.diagnostics
                .push(Diagnostic::at(Code::Form, word.span, message).help(help));
        }
        let block = BlockId(at);
        (sound && dims.len() == blocks[at].dims.len()).then_some(Callee { block, dims })
    }
}
