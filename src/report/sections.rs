//! What a report says, as tables of typed cells: the one place that knows which sections there are. Must never know how a
//! format spells a cell.

use std::borrow::Cow;

use super::{Cut, versus};
use crate::summary::{
    Grouping, LengthGroup, LengthQuantity, Quantity, Summary, SummaryRow, Totals,
};
use crate::sym::Coeff;

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'s> {
    /// Nothing.
    Empty,
    /// Words of this program: the name of an op, of a part.
    Words(&'s str),
    /// A name of the model's author.
    Name(&'s str),
    /// A formula or a number.
    Quantity(&'s Quantity),
    /// The number of a symbol that stands beside it; nothing while it is free.
    Bound(&'s Quantity),
    /// How often a row runs.
    Repeat(&'s Quantity),
    /// How long dots are.
    Length(&'s LengthQuantity),
    /// The shapes that explain a row.
    Shapes(&'s SummaryRow<'s>),
    /// A part of a whole; nothing where the ratio depends on a free symbol.
    Share(&'s Quantity, &'s Quantity),
    /// A difference as a part of what it is a difference to, of either sign; nothing where that is free or nothing.
    Change(&'s Quantity, &'s Quantity),
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Words or names.
    Text,
    /// Names of the model's author.
    Names,
    /// Formulas or numbers.
    Quantities,
    /// How often rows run.
    Repeats,
    /// Lengths of dots.
    Lengths,
    /// Shapes.
    Shapes,
    /// Shares.
    Shares,
    /// Differences in percent.
    Changes,
}

impl Holds {
    /// Whether cells are figures, which stand right.
    pub(super) fn numeric(self) -> bool {
        matches!(
            self,
            Holds::Quantities | Holds::Lengths | Holds::Shares | Holds::Changes
        )
    }
}

/// A column of a section.
#[derive(Clone, Debug)]
pub(super) struct Column<'s> {
    /// Its name for machines.
    pub(super) key: &'static str,
    /// Its name for readers.
    pub(super) title: Cow<'s, str>,
    pub(super) holds: Holds,
    /// Whether it is left out where readers look.
    pub(super) machine: bool,
}

/// Bands of a row, each a list of slots; a slot names the column that stands in it, two columns joined by `+`, nothing
/// (``), or says that what is left of it spans it (`<`). Columns that the section has not are skipped.
pub(super) type Layout = &'static [&'static [&'static str]];

/// A table of a report.
#[derive(Clone, Debug)]
pub(super) struct Section<'s> {
    pub(super) title: String,
    pub(super) columns: Vec<Column<'s>>,
    pub(super) rows: Rows<'s>,
    pub(super) total: Option<Vec<Cell<'s>>>,
    /// Ways of laying a row out on paper, the widest first.
    pub(super) layouts: &'static [Layout],
}

/// The rows of a section.
#[derive(Clone, Debug)]
pub(super) enum Rows<'s> {
    /// Cells, row by row.
    Cells(Vec<Vec<Cell<'s>>>),
    /// A row for each op, whose cells are made when they are looked at.
    Ops(&'s [SummaryRow<'s>], &'s Quantity),
}

impl<'s> Rows<'s> {
    pub(super) fn len(&self) -> usize {
        match self {
            Rows::Cells(rows) => rows.len(),
            Rows::Ops(rows, _) => rows.len(),
        }
    }

    /// The cells of each row.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cow<'_, [Cell<'s>]>> {
        let (cells, ops) = match self {
            Rows::Cells(rows) => (Some(rows), None),
            Rows::Ops(rows, whole) => (None, Some(rows.iter().map(|row| op(row, whole)))),
        };
        let cells = cells.into_iter().flatten().map(|row| Cow::Borrowed(&**row));
        cells.chain(ops.into_iter().flatten().map(Cow::Owned))
    }
}

const ROWS: &[Layout] = &[
    &[&[
        "path",
        "op+repeat",
        "shapes",
        "length",
        "dots",
        "macs",
        "flops",
        "params",
        "elementwise",
        "share",
    ]],
    &[
        &[
            "path",
            "op+repeat",
            "length",
            "dots",
            "macs",
            "params",
            "share",
        ],
        &["shapes", "<", "<", "<", "flops", "elementwise", ""],
    ],
    &[
        &["path", "dots", "macs", "params"],
        &["op+repeat", "length", "flops", "elementwise"],
        &["shapes", "<", "<", "share"],
    ],
];
const GROUPS: &[Layout] = &[
    &[&[
        "key",
        "dots",
        "macs",
        "flops",
        "params",
        "elementwise",
        "share",
    ]],
    &[
        &["key", "dots", "macs", "params", "share"],
        &["", "", "flops", "elementwise", ""],
    ],
    &[
        &["key", "dots", "params"],
        &["share", "macs", "elementwise"],
        &["", "flops", ""],
    ],
];
const LENGTHS: &[Layout] = &[&[&["length", "dots", "macs", "share"]]];
const KINDS: &[Layout] = &[&[&["kind", "count"]]];
const CARD: &[Layout] = &[&[&["descriptor", "symbol", "value"]]];

pub(super) const fn column(
    key: &'static str,
    title: &'static str,
    holds: Holds,
) -> Column<'static> {
    Column {
        key,
        title: Cow::Borrowed(title),
        holds,
        machine: false,
    }
}

const DOTS: Column<'static> = column("dots", "dots", Holds::Quantities);
const MACS: Column<'static> = column("macs", "MACs", Holds::Quantities);
const FLOPS: Column<'static> = column("flops", "FLOPs", Holds::Quantities);
const PARAMS: Column<'static> = column("params", "parameters", Holds::Quantities);
const ELEMENTWISE: Column<'static> = column("elementwise", "elementwise", Holds::Quantities);
const SHARE: Column<'static> = column("share", "of MACs", Holds::Shares);

/// The tables of a report, in their order.
pub(super) fn sections<'s>(summary: &'s Summary<'s>, cut: Option<Cut>) -> Vec<Section<'s>> {
    match cut {
        Some(Cut::Rows) => vec![rows(summary)],
        Some(Cut::Group(grouping)) => vec![group(summary, grouping, true)],
        Some(Cut::Lengths) => vec![lengths(summary, true)],
        Some(Cut::Against) => compared(summary).into_iter().collect(),
        None => {
            let mut sections = vec![card(summary), rows(summary)];
            let told = summary.groups.iter().filter(|(grouping, groups)| {
                // Most phases are one stage, of which the totals say all.
                *grouping != Grouping::Stage || groups.len() > 1
            });
            sections.extend(told.map(|(grouping, _)| group(summary, *grouping, false)));
            sections.extend([lengths(summary, false), kinds(summary)]);
            sections.extend(compared(summary));
            sections.retain(|section| section.rows.len() > 0);
            sections
        }
    }
}

fn compared<'s>(summary: &'s Summary<'s>) -> Option<Section<'s>> {
    let against = summary.against.as_ref();
    against.map(|comparison| versus::section(summary, comparison))
}

fn card<'s>(summary: &'s Summary<'s>) -> Section<'s> {
    let row = |descriptor: &'s crate::summary::Descriptor| {
        let quantity = &descriptor.quantity;
        let itself = quantity
            .poly
            .as_symbol()
            .map(|sym| summary.symbols.name(sym));
        vec![
            Cell::Words(&descriptor.name),
            descriptor.symbol.as_deref().map_or(Cell::Empty, Cell::Name),
            if itself.is_some() && itself == descriptor.symbol.as_deref() {
                Cell::Bound(quantity)
            } else {
                Cell::Quantity(quantity)
            },
        ]
    };
    Section {
        title: String::from("Card"),
        columns: vec![
            column("descriptor", "descriptor", Holds::Text),
            column("symbol", "symbol", Holds::Names),
            column("value", "value", Holds::Quantities),
        ],
        rows: Rows::Cells(summary.card.iter().map(row).collect()),
        total: None,
        layouts: CARD,
    }
}

fn rows<'s>(summary: &'s Summary<'s>) -> Section<'s> {
    let machine = |key| Column {
        machine: true,
        ..column(key, key, Holds::Text)
    };
    let whole = &summary.totals.macs;
    let repeats = summary.rows.iter().any(|row| !row.repeat.poly.is_one());
    let columns = vec![
        column("path", "path", Holds::Names),
        machine("block"),
        column("op", "op", Holds::Text),
        column("part", "part", Holds::Text),
        machine("mixing"),
        Column {
            machine: !repeats,
            ..column("repeat", "\u{d7}", Holds::Repeats)
        },
        column("shapes", "shapes", Holds::Shapes),
        column("length", "length", Holds::Lengths),
        DOTS,
        MACS,
        FLOPS,
        PARAMS,
        ELEMENTWISE,
        SHARE,
    ];
    let mut total = vec![Cell::Empty; 8];
    total[0] = Cell::Words("total");
    total.extend(amounts(&summary.totals, whole));
    let section = Section {
        title: String::from("Ledger"),
        columns,
        rows: Rows::Ops(&summary.rows, whole),
        total: Some(total),
        layouts: ROWS,
    };
    with_shares(section)
}

/// The cells of an op, in the columns of [`rows`].
fn op<'s>(entry: &'s SummaryRow<'s>, whole: &'s Quantity) -> Vec<Cell<'s>> {
    let [dots, macs, flops, params, elementwise, share] = amounts(&entry.totals, whole);
    vec![
        Cell::Name(&entry.row.path),
        Cell::Name(&entry.row.block),
        Cell::Words(&entry.row.op),
        Cell::Words(entry.row.part.word()),
        Cell::Words(entry.row.mixing.word()),
        Cell::Repeat(&entry.repeat),
        Cell::Shapes(entry),
        entry.length.as_deref().map_or(Cell::Empty, Cell::Length),
        dots,
        macs,
        flops,
        params,
        elementwise,
        share,
    ]
}

fn group<'s>(summary: &'s Summary<'s>, grouping: Grouping, total: bool) -> Section<'s> {
    let whole = &summary.totals.macs;
    let holds = if grouping == Grouping::Block {
        Holds::Names
    } else {
        Holds::Text
    };
    let row = |key: Cell<'s>, totals: &'s Totals| {
        let mut cells = vec![key];
        cells.extend(amounts(totals, whole));
        cells
    };
    let name = |key: &'s str| {
        if holds == Holds::Names {
            Cell::Name(key)
        } else {
            Cell::Words(key)
        }
    };
    let entries = summary
        .groups
        .iter()
        .find(|(own, _)| *own == grouping)
        .map_or(&[][..], |(_, entries)| entries);
    let title = if grouping == Grouping::Mixing {
        "direction of mixing"
    } else {
        grouping.word()
    };
    with_shares(Section {
        title: format!("By {title}"),
        columns: vec![
            column("key", grouping.word(), holds),
            DOTS,
            MACS,
            FLOPS,
            PARAMS,
            ELEMENTWISE,
            SHARE,
        ],
        rows: Rows::Cells(
            entries
                .iter()
                .map(|(key, totals)| row(name(key), totals))
                .collect(),
        ),
        total: total.then(|| row(Cell::Words("total"), &summary.totals)),
        layouts: GROUPS,
    })
}

/// The spectrum, by length where all lengths have numbers.
fn lengths<'s>(summary: &'s Summary<'s>, total: bool) -> Section<'s> {
    let whole = &summary.totals.macs;
    let mut groups: Vec<_> = summary.lengths.iter().collect();
    let longest = |length: &LengthQuantity| match length {
        LengthQuantity::Fixed(longest) | LengthQuantity::Varies { max: longest, .. } => {
            longest.value.clone()
        }
    };
    if groups.iter().all(|group| longest(&group.length).is_some()) {
        groups.sort_by_key(|group| longest(&group.length));
    }
    let row = |group: &'s LengthGroup| {
        vec![
            Cell::Length(&group.length),
            Cell::Quantity(&group.dots),
            Cell::Quantity(&group.macs),
            Cell::Share(&group.macs, whole),
        ]
    };
    with_shares(Section {
        title: String::from("By dot length"),
        columns: vec![
            column("length", "length", Holds::Lengths),
            DOTS,
            MACS,
            SHARE,
        ],
        rows: Rows::Cells(groups.into_iter().map(row).collect()),
        total: total.then(|| {
            let totals = &summary.totals;
            let (dots, macs) = (Cell::Quantity(&totals.dots), Cell::Quantity(&totals.macs));
            vec![
                Cell::Words("total"),
                dots,
                macs,
                Cell::Share(&totals.macs, whole),
            ]
        }),
        layouts: LENGTHS,
    })
}

fn kinds<'s>(summary: &'s Summary<'s>) -> Section<'s> {
    let row = |(kind, count): &'s (crate::work::Kind, Quantity)| {
        vec![Cell::Words(kind.word()), Cell::Quantity(count)]
    };
    Section {
        title: String::from("Elementwise by kind"),
        columns: vec![
            column("kind", "kind", Holds::Text),
            column("count", "operations", Holds::Quantities),
        ],
        rows: Rows::Cells(summary.elementwise.iter().map(row).collect()),
        total: None,
        layouts: KINDS,
    }
}

fn amounts<'s>(totals: &'s Totals, whole: &'s Quantity) -> [Cell<'s>; 6] {
    let [dots, macs, flops, params, elementwise] = [
        &totals.dots,
        &totals.macs,
        &totals.flops,
        &totals.params,
        &totals.elementwise,
    ]
    .map(Cell::Quantity);
    [
        dots,
        macs,
        flops,
        params,
        elementwise,
        Cell::Share(&totals.macs, whole),
    ]
}

/// Leaves shares to machines where no row with work has one.
fn with_shares(mut section: Section<'_>) -> Section<'_> {
    let told = section.rows.iter().any(|row| {
        row.iter().any(|cell| match cell {
            Cell::Share(part, whole) => share(part, whole).is_some_and(|share| !share.is_zero()),
            _ => false,
        })
    });
    for column in section
        .columns
        .iter_mut()
        .filter(|column| column.holds == Holds::Shares)
    {
        column.machine = !told;
    }
    section
}

/// A part over a whole where that is a number: both are bound, or the one is a multiple of the other.
pub(super) fn share(part: &Quantity, whole: &Quantity) -> Option<Coeff> {
    if let (Some(part), Some(whole)) = (&part.value, &whole.value) {
        return part.checked_div(whole);
    }
    if part.poly.is_zero() {
        return (!whole.poly.is_zero()).then_some(Coeff::ZERO);
    }
    let (some, all) = (part.poly.terms(), whole.poly.terms());
    if some.len() != all.len() {
        return None;
    }
    let ratio = some.first()?.coeff().checked_div(all.first()?.coeff())?;
    let mut terms = some.iter().zip(all);
    terms
        .all(|(part, whole)| part.mono() == whole.mono() && *part.coeff() == whole.coeff() * &ratio)
        .then_some(ratio)
}
