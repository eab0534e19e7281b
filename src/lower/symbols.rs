//! The symbol table of a model: declarations, derived dimensions, relations, and the values that are chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{self, Local};
use crate::ast::file::{Choice, same_name};
use crate::ast::model::{Model, Text};
use crate::diag::{Code, Diagnostic, Diagnostics, listed};
use crate::graph::in_order_of_need;
use crate::phase::{NEW, PAST, SPAN, STEP, WANTED};
use crate::sym::{Condition, Conditions, Context, Domain, Poly, Sym, Symbols};

/// Most relations of a model: each is solved together with all others.
const MAX_RELATIONS: usize = 200;

/// The symbols that a phase sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    pub(crate) new: Sym,
    pub(crate) past: Sym,
    pub(crate) wanted: Sym,
    pub(crate) span: Sym,
    /// The number of a step, in phases of several.
    pub(crate) step: Sym,
}

impl Positions {
    /// Those that a stage of a phase sets.
    pub(crate) fn set(self) -> [Sym; 4] {
        [self.new, self.past, self.wanted, self.span]
    }

    /// What holds of those that a stage sets.
    fn needs(self) -> impl Iterator<Item = Condition> {
        let least = [(self.new, 1), (self.past, 0), (self.wanted, 1)];
        least.into_iter().flat_map(|(sym, least)| {
            let size = Poly::symbol(sym);
            [
                Condition::Integer(size.clone()),
                Condition::AtLeast(size, Poly::int(least)),
            ]
        })
    }

    /// All of them.
    pub(crate) fn all(self) -> [Sym; 5] {
        [self.new, self.past, self.wanted, self.span, self.step]
    }
}

/// Declares all symbols. Symbols of positions come first, so that they print first and weigh least.
pub(super) fn declare(
    model: &Model<'_>,
    diagnostics: &mut Diagnostics,
) -> (Symbols, Option<Positions>, Conditions) {
    let mut table = Symbols::new();
    let positions = if model.phases.is_empty() {
        None
    } else {
        declare_positions(&mut table)
    };
    for symbol in &model.symbols {
        let domain = Domain {
            min: symbol.min,
            max: symbol.max,
        };
        if symbol.max.is_some_and(|max| max < symbol.min) {
            let message = format!(
                "`{}` has no value: its maximum is below its minimum",
                symbol.name.text
            );
            diagnostics.push(Diagnostic::at(Code::Dimension, symbol.name.span, message));
        }
        if table.declare(symbol.name.text, domain).is_none() {
            let message = format!(
                "`{}` is reserved: a phase sets `n p o i`, and `s = p + n`",
                symbol.name.text
            );
            diagnostics.push(
                Diagnostic::at(Code::Duplicate, symbol.name.span, message)
                    .help("choose another name"),
            );
        }
    }
    // What is known of them must hold of what a phase puts in their place.
    let mut conditions: Conditions = positions.iter().flat_map(|set| set.needs()).collect();
    let local = Local::outside_phases(positions);
    define(model, &local, &mut table, &mut conditions, diagnostics);
    if let Some(text) = model.relations.get(MAX_RELATIONS) {
        let message = format!("there are more than {MAX_RELATIONS} relations, the limit");
        diagnostics.push(Diagnostic::at(Code::Limit, text.span, message));
    }
    for text in model.relations.iter().take(MAX_RELATIONS) {
        relate(text, &local, &mut table, &mut conditions, diagnostics);
    }
    (table, positions, conditions)
}

fn declare_positions(table: &mut Symbols) -> Option<Positions> {
    let new = table.declare_inner(NEW, Domain::default())?;
    let past = table.declare_inner(PAST, Domain { min: 0, max: None })?;
    let wanted = table.declare_inner(WANTED, Domain::default())?;
    let span = table.declare_inner(SPAN, Domain::default())?;
    table.define(span, Poly::symbol(past) + Poly::symbol(new));
    let step = table.declare_inner(STEP, Domain::default())?;
    Some(Positions {
        new,
        past,
        wanted,
        span,
        step,
    })
}

/// Reads the definitions of derived symbols, unless they need each other.
fn define(
    model: &Model<'_>,
    local: &Local<'_>,
    table: &mut Symbols,
    conditions: &mut Conditions,
    diagnostics: &mut Diagnostics,
) {
    let index: BTreeMap<&str, usize> = model
        .symbols
        .iter()
        .enumerate()
        .map(|(at, s)| (s.name.text, at))
        .collect();
    let needs: Vec<Vec<usize>> = model
        .symbols
        .iter()
        .map(|symbol| {
            symbol
                .definition
                .as_ref()
                .map_or_else(Vec::new, |text| scope::names(text, &index))
        })
        .collect();
    let order = in_order_of_need(&needs);
    let Ok(order) = order.map_err(|cycle| {
        let names = listed(cycle.iter().map(|at| model.symbols[*at].name.text));
        let span = cycle
            .first()
            .map_or(model.name.span, |at| model.symbols[*at].name.span);
        let message = format!("derived symbols that need each other: {names}");
        diagnostics.push(Diagnostic::at(Code::Cycle, span, message));
    }) else {
        return;
    };
    let snapshot = table.clone();
    let mut cx = Context::new(&snapshot);
    for symbol in &model.symbols {
        let (Some(text), Some(sym)) = (&symbol.definition, table.lookup(symbol.name.text)) else {
            continue;
        };
        if let Some(value) = scope::expression(text, local, &mut cx, diagnostics) {
            table.define(sym, value);
        }
    }
    conditions.extend(cx.used);
    for at in order {
        if let Some(sym) = table.lookup(model.symbols[at].name.text) {
            conditions.extend(bound(sym, table));
        }
    }
}

/// Finds the least value of a derived symbol: one, or zero where its definition may be, of which it is a condition then that
/// it is no less.
fn bound(sym: Sym, table: &mut Symbols) -> Conditions {
    let Some(value) = table.definition(sym) else {
        return Conditions::new();
    };
    let mut cx = Context::without_assumptions(table);
    if cx.proves_positive(value) {
        return Conditions::new();
    }
    cx.require_at_least(value, &Poly::zero());
    let needed = cx.used;
    table.set_least(sym, 0);
    needed
}

/// Reads a relation: `H * dh = d`, `K | H`, `w <= T`.
fn relate(
    text: &Text<'_>,
    local: &Local<'_>,
    table: &mut Symbols,
    conditions: &mut Conditions,
    diagnostics: &mut Diagnostics,
) {
    let source = text.text.as_ref();
    let found = ["<=", ">=", "=", "|"]
        .into_iter()
        .find_map(|sign| Some((sign, source.find(sign)?)));
    let Some((sign, at)) = found else {
        diagnostics.push(Diagnostic::at(
            Code::Form,
            text.span,
            "a relation is `a = b`, `a | b` (divides), `a <= b` or `a >= b`",
        ));
        return;
    };
    let (left, right) = {
        let mut cx = Context::new(table);
        let mut side = |range: std::ops::Range<usize>| {
            let part = Text {
                text: source.get(range.clone()).unwrap_or_default().into(),
                span: text.span.part(&range),
            };
            scope::expression(&part, local, &mut cx, diagnostics)
        };
        (side(0..at), side(at + sign.len()..source.len()))
    };
    let (Some(left), Some(right)) = (left, right) else {
        return;
    };
    let fact = match sign {
        "=" => {
            if let Err(error) = table.relate(&left, &right) {
                let message = error.to_string();
                diagnostics.push(Diagnostic::at(Code::Dimension, text.span, message));
                return;
            }
            // The table solves it, which holds only at values that obey it.
            conditions.insert(Condition::Equal(left, right));
            return;
        }
        "|" => Condition::Divides(left, right),
        "<=" => Condition::AtLeast(right, left),
        _ => Condition::AtLeast(left, right),
    };
    table.assume(fact.clone());
    conditions.insert(fact);
}

/// A preset, read.
#[derive(Clone, Debug)]
pub(crate) struct Preset {
    pub(crate) name: String,
    pub(crate) values: Vec<(Sym, Poly)>,
    /// Whether it sets switches, and with them the graph.
    pub(crate) switches: bool,
}

/// Reads every preset, whichever is chosen.
pub(super) fn presets(
    model: &Model<'_>,
    table: &Symbols,
    positions: Option<Positions>,
    diagnostics: &mut Diagnostics,
) -> Vec<Preset> {
    let mut cx = Context::new(table);
    let local = Local::outside_phases(positions);
    let mut presets = Vec::with_capacity(model.presets.len());
    for preset in &model.presets {
        let mut values = Vec::with_capacity(preset.values.len());
        let mut switches = false;
        for (name, text) in &preset.values {
            let Some(sym) = table.lookup(name.text) else {
                switches = true;
                continue;
            };
            let value = scope::expression(text, &local, &mut cx, diagnostics);
            let Some(value) = value else { continue };
            if let Some(message) = outside(sym, &value, table, positions) {
                diagnostics.push(Diagnostic::at(Code::Dimension, text.span, message));
            }
            values.push((sym, value));
        }
        presets.push(Preset {
            name: preset.name.text.to_owned(),
            values,
            switches,
        });
    }
    presets
}

/// The values of the chosen preset and of the caller, the later over the earlier.
pub(super) fn values(
    presets: &[Preset],
    choice: &Choice,
    table: &Symbols,
    positions: Option<Positions>,
    diagnostics: &mut Diagnostics,
) -> Vec<(Sym, Poly)> {
    let chosen = presets
        .iter()
        .filter(|preset| (choice.preset.as_deref()).is_some_and(|c| same_name(c, &preset.name)));
    let mut values: BTreeMap<Sym, Poly> = chosen.flat_map(|preset| preset.values.clone()).collect();
    let mut cx = Context::new(table);
    for (name, text) in &choice.set {
        let Some(sym) = table.lookup(name) else {
            continue;
        };
        match crate::sym::parse_poly(text, &mut cx) {
            Ok(value) => {
                if let Some(message) = outside(sym, &value, table, positions) {
                    diagnostics.push(Diagnostic::nowhere(Code::Dimension, message));
                }
                values.insert(sym, value);
            }
            Err(errors) => {
                for error in errors {
                    let message = format!("--set {name}={text}: {}", error.message);
                    diagnostics
                        .push(Diagnostic::nowhere(Code::Dimension, message).maybe_help(error.hint));
                }
            }
        }
    }
    values.into_iter().collect()
}

/// Why a symbol cannot have a value, if it cannot.
fn outside(
    sym: Sym,
    value: &Poly,
    table: &Symbols,
    positions: Option<Positions>,
) -> Option<String> {
    let name = table.name(sym);
    // `s` is looked for before what it is made of.
    let mut set = positions.into_iter().flat_map(Positions::all).rev();
    let used = used(value, table);
    if let Some(position) = set.find(|position| used.contains(position)) {
        return Some(format!(
            "`{name}` is set to an expression of `{}`, which a phase sets",
            table.name(position)
        ));
    }
    if value.mentions(sym) {
        return Some(format!("`{name}` is set to an expression of itself"));
    }
    value.as_const()?;
    let domain = table.domain(sym);
    let inside = value.as_integer().is_some_and(|number| {
        number >= domain.min.into() && domain.max.is_none_or(|max| number <= max.into())
    });
    let range = domain.max.map_or_else(
        || format!(">= {}", domain.min),
        |max| format!("{}..={max}", domain.min),
    );
    (!inside).then(|| format!("`{name}` is an integer {range}, not {}", value.show(table)))
}

/// The symbols that a value depends on, definitions followed.
fn used(value: &Poly, table: &Symbols) -> BTreeSet<Sym> {
    let mut used = BTreeSet::new();
    let mut left: Vec<Sym> = value.symbols().into_iter().collect();
    while let Some(sym) = left.pop() {
        if used.insert(sym) {
            left.extend(table.solution(sym).iter().flat_map(|own| own.symbols()));
        }
    }
    used
}
