//! Text becomes a graph: names are resolved, expressions are read, ops are built.
//!
//! The only stage that sees both the text and the graph. It infers no shape.

#![cfg_attr(not(test), warn(clippy::string_slice))]

use std::collections::HashSet;

use crate::ast::file::Choice;
use crate::ast::{self, model::Model};
use crate::diag::{Code, Diagnostic, Diagnostics, MAX_LISTED, listed};
use crate::graph::{BlockId, Graph, nesting};
use crate::part::Role;
use crate::sym::{Context, Poly, Sym, Symbols};

mod attributes;
mod block;
mod phases;
mod scope;
mod symbols;

pub(crate) use attributes::refusal;
pub(crate) use phases::Phase;
pub(crate) use symbols::{Positions, Preset};

/// Blocks that call each other deeper than this are refused.
pub(crate) const MAX_CALL_DEPTH: usize = 200;

/// What lowering makes of a model file.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) symbols: Symbols,
    /// Symbols that a model declares, with what they stand for.
    pub(crate) meanings: Vec<(Sym, Option<Role>, String)>,
    /// The symbols `n p o s`, in a model of sequences.
    pub(crate) positions: Option<Positions>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) switches: Vec<(String, bool)>,
    /// The switches that were asked for, by their places.
    pub(crate) deciding: Vec<usize>,
    pub(crate) presets: Vec<Preset>,
    /// Values of the chosen preset and of the caller, the later over the earlier.
    pub(crate) values: Vec<(Sym, Poly)>,
    pub(crate) conditions: crate::sym::Conditions,
    pub(crate) graph: Graph,
}

/// Lowers a model. What is wrong goes to `diagnostics`; a graph comes back if there is one to infer shapes in.
pub(crate) fn lower(
    model: &Model<'_>,
    choice: &Choice,
    diagnostics: &mut Diagnostics,
) -> Option<Lowered> {
    let (table, positions, conditions) = symbols::declare(model, diagnostics);
    let phases = phases::lower(model, &table, positions, diagnostics);
    let presets = symbols::presets(model, &table, positions, diagnostics);
    let values = symbols::values(&presets, choice, &table, positions, diagnostics);
    let locals = block::declare_dims(model, positions, &table);
    let mut cx = Context::new(&locals.symbols);
    let graph = lower_blocks(model, &locals, positions, &mut cx, diagnostics);
    let meanings = model.symbols.iter().filter_map(|symbol| {
        Some((
            table.lookup(symbol.name.text)?,
            symbol.role,
            symbol.doc.clone(),
        ))
    });
    Some(Lowered {
        name: model.name.text.to_string(),
        about: model
            .about
            .as_ref()
            .map_or_else(String::new, |text| text.text.to_string()),
        meanings: meanings.collect(),
        positions,
        phases,
        switches: model
            .switches
            .iter()
            .map(|switch| (switch.name.text.to_owned(), switch.on))
            .collect(),
        deciding: (0..model.switches.len())
            .filter(|at| model.switches[*at].decides)
            .collect(),
        presets,
        values,
        conditions,
        graph: graph?,
        symbols: locals.symbols,
    })
}

/// Lowers every block and checks that blocks do not need themselves.
fn lower_blocks(
    model: &Model<'_>,
    locals: &block::Locals<'_>,
    positions: Option<Positions>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Graph> {
    let mut calls: Vec<Vec<usize>> = Vec::with_capacity(model.blocks.len() + 1);
    let mut blocks = Vec::with_capacity(model.blocks.len() + 1);
    for (at, text) in model.blocks.iter().chain([&model.body]).enumerate() {
        let (block, called) =
            block::lower(text, BlockId(at), model, locals, positions, cx, diagnostics);
        calls.push(called.into_iter().map(|block| block.0).collect());
        blocks.push(block);
    }
    match nesting(&calls[..model.blocks.len()]) {
        Ok(depths) => {
            let too_deep = depths.iter().position(|depth| *depth > MAX_CALL_DEPTH);
            if let Some(block) = too_deep.map(|at| &model.blocks[at]) {
                let message =
                    format!("blocks call each other more than {MAX_CALL_DEPTH} deep, the limit");
                diagnostics.push(Diagnostic::at(Code::Limit, block.name.span, message));
                return None;
            }
        }
        Err(cycle) => {
            let named: Vec<&ast::model::Block<'_>> = cycle
                .iter()
                .filter_map(|at| model.blocks.get(*at))
                .collect();
            let names = listed(named.iter().map(|block| block.name.text));
            if let Some((first, others)) = named.split_first() {
                let message = format!("blocks that call themselves: {names}");
                let mut diagnostic = Diagnostic::at(Code::Cycle, first.name.span, message)
                    .help("a block cannot hold itself; repeat it with `Repeat(block, \"L\", [x])`");
                for block in others.iter().take(MAX_LISTED) {
                    diagnostic = diagnostic.related(block.name.span, "part of the cycle");
                }
                diagnostics.push(diagnostic);
            }
            return None;
        }
    }
    let blocks = blocks.into_iter().collect::<Option<Vec<_>>>()?;
    let unused = unused(model, calls);
    Some(Graph {
        blocks,
        unused,
        rules: None,
    })
}

/// The blocks that nothing names, not even in a branch that does not hold, and whose sizes are all known.
fn unused(model: &Model<'_>, calls: Vec<Vec<usize>>) -> Vec<BlockId> {
    let called: HashSet<usize> = calls.into_iter().flatten().collect();
    let bodies = model.blocks.iter().chain([&model.body]);
    let passed_over = bodies.flat_map(|block| &block.passed_over);
    let passed_over: HashSet<&str> = passed_over
        .chain(&model.passed_over)
        .map(String::as_str)
        .collect();
    let blocks = model.blocks.iter().enumerate();
    let is_unused = |(at, block): &(usize, &ast::model::Block<'_>)| {
        let named = called.contains(at) || passed_over.contains(block.name.text);
        block.dims.is_empty() && !named
    };
    blocks
        .filter(is_unused)
        .map(|(at, _)| BlockId(at))
        .collect()
}
