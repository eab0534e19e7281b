//! What stands above the tables of a report, as labels and words. Must never know how a format spells them.

use std::collections::BTreeSet;

use crate::summary::Summary;
use crate::sym::{Poly, Sym};

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
    let origin = summary.origin.iter();
    let of = origin.clone().map(|origin| {
        let class = origin.class.iter().map(|class| format!(", {class}"));
        format!(
            "{}: {}{}",
            origin.name,
            origin.kind,
            class.collect::<String>()
        )
    });
    say("config", of.collect(), "");
    let notes = origin.flat_map(|origin| origin.notes.iter().cloned());
    say("noted", notes.collect(), "; ");
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
        .chain(
            summary
                .origin
                .iter()
                .map(|origin| format!(", config {}", origin.name)),
        )
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
    let columns = [
        &totals.dots,
        &totals.macs,
        &totals.flops,
        &totals.params,
        &totals.elementwise,
    ];
    let unvalued = columns.iter().filter(|quantity| quantity.value.is_none());
    let mut open: Vec<Sym> = unvalued
        .flat_map(|quantity| quantity.poly.symbols())
        .collect();
    // Derived symbols among them, whose definitions are followed.
    let mut seen: BTreeSet<Sym> = BTreeSet::new();
    while let Some(sym) = open.pop() {
        if seen.insert(sym) {
            let definition = summary.symbols.definition(sym);
            open.extend(definition.into_iter().flat_map(Poly::symbols));
        }
    }
    seen.retain(|sym| summary.symbols.definition(*sym).is_none());
    let bound: BTreeSet<&str> = summary
        .bindings
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let names = seen.into_iter().map(|sym| summary.symbols.name(sym));
    names
        .filter(|name| !bound.contains(name))
        .map(str::to_owned)
        .collect()
}
