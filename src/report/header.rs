//! What stands above the tables of a report, as labels and words. Must never know how a format spells them.

use crate::summary::Summary;
use crate::sym::{Poly, Sym, Symbols};

/// What stands above the tables: a label and what it says.
pub(super) fn facts(summary: &Summary<'_>) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("phase", summary.phase.clone()),
        (
            "profile",
            format!("{}: {}", summary.profile, summary.convention),
        ),
    ];
    let mut say = |label: &'static str, items: Vec<String>, between: &str| {
        if !items.is_empty() {
            facts.push((label, items.join(between)));
        }
    };
    say("preset", summary.preset.iter().cloned().collect(), "");
    say(
        "switches",
        summary
            .switches
            .iter()
            .map(|(name, on)| format!("{name} = {on}"))
            .collect(),
        ", ",
    );
    say(
        "values",
        summary
            .bindings
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect(),
        ", ",
    );
    say("free", free(summary), ", ");
    say("valid when", summary.valid_when.clone(), "; ");
    say("basis", summary.stays.clone(), "; ");
    facts
}

/// The header in a line, for a report that is cut to one table.
pub(super) fn headline(summary: &Summary<'_>) -> String {
    let preset = summary
        .preset
        .iter()
        .map(|preset| format!(", preset {preset}"))
        .collect::<String>();
    let against = summary
        .against
        .iter()
        .map(|against| format!(" against {}", against.profile))
        .collect::<String>();
    format!(
        "{}, phase {}, profile {}{against}{preset}",
        summary.model, summary.phase, summary.profile
    )
}

/// Symbols without a value that the totals depend on, in the order of the model.
fn free(summary: &Summary<'_>) -> Vec<String> {
    let totals = &summary.totals;
    let mut free: Vec<Sym> = Vec::new();
    for quantity in [
        &totals.dots,
        &totals.macs,
        &totals.flops,
        &totals.params,
        &totals.elementwise,
    ] {
        if quantity.value.is_none() {
            underived(&quantity.poly, &summary.symbols, &mut free);
        }
    }
    free.sort();
    let names = free
        .into_iter()
        .map(|sym| summary.symbols.name(sym).to_owned());
    names
        .filter(|name| !summary.bindings.iter().any(|(bound, _)| bound == name))
        .collect()
}

/// Adds the symbols of a formula, in place of a derived one those of its definition.
fn underived(poly: &Poly, symbols: &Symbols, found: &mut Vec<Sym>) {
    for sym in poly.symbols() {
        match symbols.definition(sym) {
            Some(definition) => underived(definition, symbols, found),
            None if found.contains(&sym) => {}
            None => found.push(sym),
        }
    }
}
