//! The FLOPs of two profiles as a table of typed cells. Must never know how a format spells a cell.

use super::sections::{Cell, Column, Holds, Layout, Rows, Section, column};
use super::wrap::tame;
use crate::summary::{Compared, Comparison, Grouping, Summary, Versus};

const AGAINST: &[Layout] = &[
    &[&["key", "flops", "against", "difference", "percent"]],
    &[
        &["key", "flops", "against", "percent"],
        &["", "difference", "<", ""],
    ],
    &[
        &["key", "flops"],
        &["percent", "against"],
        &["", "difference"],
    ],
];

/// The FLOPs of two profiles side by side.
pub(super) fn section<'s>(summary: &'s Summary<'s>, comparison: &'s Comparison) -> Section<'s> {
    let holds = match comparison.by {
        Compared::Rows | Compared::Groups(Grouping::Block) => Holds::Names,
        Compared::Groups(_) => Holds::Text,
    };
    let named = |key: &'static str, profile: &'s str| Column {
        title: tame(profile),
        ..column(key, key, Holds::Quantities)
    };
    let row = |key: Cell<'s>, versus: &'s Versus| {
        vec![
            key,
            Cell::Words(&comparison.profile),
            Cell::Quantity(&versus.flops),
            Cell::Quantity(&versus.against),
            Cell::Quantity(&versus.difference),
            Cell::Change(&versus.difference, &versus.against),
        ]
    };
    let name = |key: &'s str| {
        if holds == Holds::Names {
            Cell::Name(key)
        } else {
            Cell::Words(key)
        }
    };
    Section {
        title: format!("FLOPs by {}", comparison.by.word()),
        columns: vec![
            column("key", comparison.by.word(), holds),
            Column {
                machine: true,
                ..column("against_profile", "against_profile", Holds::Text)
            },
            named("flops", &summary.profile),
            named("against", &comparison.profile),
            column("difference", "difference", Holds::Quantities),
            column("percent", "percent", Holds::Changes),
        ],
        rows: Rows::Cells(
            comparison
                .entries
                .iter()
                .map(|(key, versus)| row(name(key), versus))
                .collect(),
        ),
        total: Some(row(Cell::Words("total"), &comparison.total)),
        layouts: AGAINST,
    }
}
