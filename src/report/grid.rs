//! The cells of a section as lines in one text: a ledger has a row for each op, and a text for each of its cells would take
//! more memory than the report. Must never know what a cell says.

use super::sections::{Cell, Section};
use super::spell::{Sink, Spell};
use super::wrap::{Breaks, width};

/// A line of a cell, as it stands in the text of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'c> {
    pub(super) text: &'c str,
    pub(super) breaks: Breaks,
    /// Columns that the text takes on a terminal.
    pub(super) width: usize,
}

/// Where a line ends, and what is known of it.
#[derive(Clone, Copy, Debug)]
struct Ended {
    at: usize,
    /// No line is wider than a number of so many bits.
    width: u32,
    breaks: Breaks,
}

/// Rows of spelled cells.
#[derive(Debug)]
pub(super) struct Grid {
    text: String,
    lines: Vec<Ended>,
    /// How many lines there are up to the end of each cell; memory holds no more of them than this can count.
    cells: Vec<u32>,
    columns: usize,
}

/// A row of a grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct GridRow<'g> {
    grid: &'g Grid,
    at: usize,
}

impl Grid {
    /// A grid with room for rows of mostly one line a cell.
    fn new(section: &Section<'_>, rows: usize) -> Grid {
        let columns = section.columns.len();
        let shown = section.columns.iter().filter(|column| !column.machine);
        Grid {
            text: String::new(),
            lines: Vec::with_capacity(rows * shown.count()),
            cells: Vec::with_capacity(rows * columns),
            columns,
        }
    }

    /// The rows of a section.
    pub(super) fn of(section: &Section<'_>, spell: &Spell<'_>) -> Grid {
        let mut grid = Grid::new(section, section.rows.len());
        for row in section.rows.iter() {
            grid.row(section, &row, spell);
        }
        grid
    }

    /// One row.
    pub(super) fn total(section: &Section<'_>, row: &[Cell<'_>], spell: &Spell<'_>) -> Grid {
        let mut grid = Grid::new(section, 1);
        grid.row(section, row, spell);
        grid
    }

    /// The titles of a section, as its only row.
    pub(super) fn titles(section: &Section<'_>) -> Grid {
        let mut grid = Grid::new(section, 1);
        for column in &section.columns {
            grid.line(Breaks::Words, |text| text.push_str(&column.title));
            grid.end_cell();
        }
        grid
    }

    /// Adds the cells of a row; nothing in columns for machines.
    fn row(&mut self, section: &Section<'_>, row: &[Cell<'_>], spell: &Spell<'_>) {
        for (cell, column) in row.iter().zip(&section.columns) {
            if !column.machine {
                spell.spell(cell, self);
            }
            self.end_cell();
        }
    }

    fn end_cell(&mut self) {
        self.cells
            .push(u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = GridRow<'_>> {
        let count = self.cells.len().checked_div(self.columns).unwrap_or(0);
        (0..count).map(|at| GridRow { grid: self, at })
    }
}

impl Sink for Grid {
    fn line(&mut self, breaks: Breaks, write: impl FnOnce(&mut String)) {
        let from = self.text.len();
        write(&mut self.text);
        let width = width(self.text.get(from..).unwrap_or_default());
        self.lines.push(Ended {
            at: self.text.len(),
            width: u32::try_from(width).unwrap_or(u32::MAX),
            breaks,
        });
    }
}

impl<'g> GridRow<'g> {
    /// The lines of the cell in a column.
    pub(super) fn cell(
        self,
        column: usize,
    ) -> impl ExactSizeIterator<Item = Piece<'g>> + Clone + use<'g> {
        let Grid {
            text, lines, cells, ..
        } = self.grid;
        let at = self.at * self.grid.columns + column;
        let end = cells.get(at).map_or(0, |end| *end as usize);
        let start = match at {
            0 => 0,
            _ => cells.get(at - 1).map_or(end, |start| *start as usize),
        };
        (start..end).map(move |nth| {
            let Ended { at, width, breaks } = lines[nth];
            let from = if nth == 0 { 0 } else { lines[nth - 1].at };
            Piece {
                text: &text[from..at],
                breaks,
                width: width as usize,
            }
        })
    }

    /// All cells.
    pub(super) fn cells(
        self,
    ) -> impl Iterator<Item = impl ExactSizeIterator<Item = Piece<'g>> + Clone + use<'g>> {
        (0..self.grid.columns).map(move |column| self.cell(column))
    }
}
