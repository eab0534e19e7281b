//! Reports: a summary as a table, Markdown, LaTeX, CSV or JSON. Nothing is computed here.

use crate::summary::{Grouping, Summary};

mod csv;
mod grid;
mod header;
mod json;
mod latex;
mod layout;
mod listing;
mod markdown;
mod numbers;
mod plain;
mod sections;
mod spell;
mod table;
mod verdict;
mod versus;
mod wrap;

pub use listing::listing;
pub use verdict::{disagreement, verdict};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns for a terminal.
    Table,
    /// Markdown tables.
    Markdown,
    /// LaTeX tables (booktabs).
    Latex,
    /// One table as comma-separated values.
    Csv,
    /// The whole summary, by the schema `dotledger.report/1`.
    Json,
}

/// Formulas, numbers, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Formulas only.
    Formulas,
    /// Numbers, and formulas where there is none.
    Numbers,
    /// Both.
    Both,
}

/// What a report is cut to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The rows.
    Rows,
    /// Subtotals of one grouping.
    Group(Grouping),
    /// The dot lengths.
    Lengths,
    /// FLOPs against those of another profile, if the summary has one.
    Against,
}

/// How a report is laid out.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// One table instead of all; CSV takes the rows if there is none.
    pub cut: Option<Cut>,
    /// Formulas, numbers or both; left out: numbers where all symbols are bound, formulas elsewhere.
    pub show: Option<Show>,
    /// Columns of the terminal, if there is one.
    pub width: Option<usize>,
}

/// A summary as text.
pub fn render(summary: &Summary<'_>, format: Format, style: &Style) -> String {
    match format {
        Format::Table => table::render(summary, style),
        Format::Markdown => markdown::render(summary, style),
        Format::Latex => latex::render(summary, style),
        Format::Csv => csv::render(summary, style),
        Format::Json => json::render(summary),
    }
}
