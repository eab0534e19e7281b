//! Cells as lines of text, for all formats whose reader is a person: what is shown, in which order, in which syntax. Must
//! never know how lines are laid out.

use smallvec::{SmallVec, smallvec};

use super::numbers;
use super::sections::{Cell, Section, share};
use super::wrap::{Breaks, tame, width};
use super::{Show, Style};
use crate::summary::{LengthQuantity, Quantity, Summary, SummaryRow};
use crate::sym::{Coeff, Form, Poly, Symbols, Syntax, print, print_to};

/// A line of a cell.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) breaks: Breaks,
    /// Columns that the text takes on a terminal.
    pub(super) width: usize,
}

/// A cell: a line, or a line of numbers and a line of formulas.
pub(super) type Lines = SmallVec<[Line; 1]>;

/// How cells are spelled.
#[derive(Clone, Copy)]
pub(super) struct Spell<'s> {
    pub(super) symbols: &'s Symbols,
    pub(super) show: Option<Show>,
    pub(super) syntax: Syntax,
}

impl Line {
    fn new(text: String, breaks: Breaks) -> Line {
        Line {
            width: width(&text),
            text,
            breaks,
        }
    }
}

impl<'s> Spell<'s> {
    pub(super) fn new(summary: &'s Summary<'_>, style: &Style, syntax: Syntax) -> Self {
        Spell {
            symbols: &summary.symbols,
            show: style.show,
            syntax,
        }
    }

    /// The titles of a section, as cells.
    pub(super) fn titles(section: &Section<'_>) -> Vec<Lines> {
        let titles = section.columns.iter().map(|column| &column.title);
        titles
            .map(|title| one(title.to_string(), Breaks::Words))
            .collect()
    }

    /// The cells of a row of a section; nothing in columns for machines.
    pub(super) fn row(&self, section: &Section<'_>, row: &[Cell<'_>]) -> Vec<Lines> {
        let cells = row.iter().zip(&section.columns);
        cells
            .map(|(cell, column)| {
                if column.machine {
                    Lines::new()
                } else {
                    self.cell(cell)
                }
            })
            .collect()
    }

    /// The lines of a cell.
    pub(super) fn cell(&self, cell: &Cell<'_>) -> Lines {
        match cell {
            Cell::Empty => Lines::new(),
            Cell::Words(words) => one(tame(words).into_owned(), Breaks::Words),
            Cell::Name(name) => one(tame(name).into_owned(), Breaks::Path),
            Cell::Quantity(quantity) => self.quantity(quantity),
            Cell::Bound(quantity) => match &quantity.value {
                Some(value) if self.show != Some(Show::Formulas) => {
                    one(self.number(value), Breaks::Number)
                }
                _ => Lines::new(),
            },
            Cell::Repeat(repeat) => self.repeat(repeat),
            Cell::Length(length) => self.length(length),
            Cell::Shapes(row) => self.shapes(row),
            Cell::Share(part, whole) => match share(part, whole) {
                Some(share) => one(self.percent(numbers::percent(&share)), Breaks::Number),
                None => Lines::new(),
            },
            Cell::Change(difference, from) => match share(difference, from) {
                Some(share) => one(self.percent(numbers::change(&share)), Breaks::Number),
                None => Lines::new(),
            },
        }
    }

    /// Whether numbers, and whether formulas are shown of a quantity.
    fn shown(&self, quantity: &Quantity) -> (bool, bool) {
        let bound = quantity.value.is_some();
        match self.show {
            None | Some(Show::Numbers) => (bound, !bound),
            Some(Show::Formulas) => (false, true),
            Some(Show::Both) => (bound, quantity.poly.as_const().is_none() || !bound),
        }
    }

    fn quantity(&self, quantity: &Quantity) -> Lines {
        let (number, formula) = self.shown(quantity);
        let mut lines = Lines::new();
        if number && let Some(value) = &quantity.value {
            lines.push(Line::new(self.number(value), Breaks::Number));
        }
        if formula {
            lines.push(self.formula(&quantity.poly));
        }
        lines
    }

    fn number(&self, value: &Coeff) -> String {
        let text = numbers::grouped(value);
        if self.syntax == Syntax::Latex {
            text.replace(',', "{,}")
        } else {
            text
        }
    }

    /// A formula; one without symbols is a number and looks like one.
    fn formula(&self, poly: &Poly) -> Line {
        match poly.as_const() {
            Some(value) => Line::new(self.number(&value), Breaks::Number),
            None => Line::new(self.print(poly), Breaks::Formula),
        }
    }

    fn print(&self, poly: &Poly) -> String {
        print(poly, self.symbols, Form::Expanded, self.syntax)
    }

    fn percent(&self, text: String) -> String {
        if self.syntax == Syntax::Latex {
            text.replace('%', "\\%")
        } else {
            text
        }
    }

    fn repeat(&self, repeat: &Quantity) -> Lines {
        if repeat.poly.is_one() {
            return Lines::new();
        }
        let times = if self.syntax == Syntax::Latex {
            "\\times "
        } else {
            "×"
        };
        let text = match (&repeat.value, self.show) {
            (Some(value), None | Some(Show::Numbers | Show::Both)) => {
                format!("{times}{}", numbers::decimal(value))
            }
            _ if repeat.poly.as_single().is_some() => {
                format!("{times}{}", self.print(&repeat.poly))
            }
            _ => format!("{times}({})", self.print(&repeat.poly)),
        };
        one(text, Breaks::Formula)
    }

    /// `128`, or `1..1,000, mean 500.5`.
    fn length(&self, length: &LengthQuantity) -> Lines {
        if let LengthQuantity::Fixed(fixed) = length {
            return self.quantity(fixed);
        }
        let (dots, comma) = match self.syntax {
            Syntax::Latex => ("\\ldots ", ",\\; \\text{mean }"),
            _ => ("..", ", mean "),
        };
        let LengthQuantity::Varies { min, max, mean } = length else {
            return Lines::new();
        };
        let parts = [Some(min), Some(max), mean.as_ref()];
        let line = |text: &dyn Fn(&Quantity) -> String| {
            let [min, max, mean] = parts.map(|part| part.map(text));
            let mean = mean.map(|mean| format!("{comma}{mean}"));
            let [min, max, mean] = [min, max, mean].map(Option::unwrap_or_default);
            Line::new(format!("{min}{dots}{max}{mean}"), Breaks::Length)
        };
        let mut lines = Lines::new();
        // A length is read as a whole: numbers when all of it has one.
        let bound = parts.iter().flatten().all(|part| part.value.is_some());
        let (number, formula) = match self.show {
            Some(Show::Formulas) => (false, true),
            Some(Show::Both) => (bound, true),
            _ => (bound, !bound),
        };
        if number {
            let value = |part: &Quantity| part.value.as_ref().map(|value| self.number(value));
            lines.push(line(&|part| value(part).unwrap_or_default()));
        }
        if formula {
            lines.push(line(&|part| self.formula(&part.poly).text));
        }
        lines
    }

    /// `[T, d] x [d, H, dh] -> [T, H, dh]`.
    fn shapes(&self, row: &SummaryRow<'_>) -> Lines {
        let shapes = || row.inputs.iter().chain(&row.weights).chain([&row.output]);
        let dims = || shapes().flat_map(|dims| dims.iter());
        let bound = dims().all(|dim| dim.value.is_some());
        let constant = || dims().all(|dim| dim.poly.as_const().is_some());
        match self.show {
            Some(Show::Formulas) => smallvec![self.shapes_line(row, false)],
            Some(Show::Numbers) => smallvec![self.shapes_line(row, true)],
            Some(Show::Both) if bound && !constant() => {
                smallvec![self.shapes_line(row, true), self.shapes_line(row, false)]
            }
            Some(Show::Both) | None => smallvec![self.shapes_line(row, bound)],
        }
    }

    /// The shapes in numbers, if all are bound.
    pub(super) fn bound_shapes(&self, row: &SummaryRow<'_>) -> Option<String> {
        let mut shapes = row.inputs.iter().chain(&row.weights).chain([&row.output]);
        shapes
            .all(|dims| dims.iter().all(|dim| dim.value.is_some()))
            .then(|| self.shapes_line(row, true).text)
    }

    /// The shapes as numbers as far as they have numbers, or as formulas.
    pub(super) fn shapes_line(&self, row: &SummaryRow<'_>, numbers: bool) -> Line {
        let (times, to) = match self.syntax {
            Syntax::Latex => (" \\times ", " \\to "),
            _ => (" x ", " -> "),
        };
        let contracts = row.length.is_some();
        let mut text = String::with_capacity(48);
        for (at, shape) in row.inputs.iter().chain(&row.weights).enumerate() {
            if at > 0 {
                text.push_str(if contracts { times } else { ", " });
            }
            self.shape(&mut text, shape, numbers);
        }
        if !text.is_empty() {
            text.push_str(to);
        }
        self.shape(&mut text, &row.output, numbers);
        Line::new(text, Breaks::Shapes)
    }

    fn shape(&self, text: &mut String, dims: &[Quantity], numbers: bool) {
        text.push('[');
        for (at, dim) in dims.iter().enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            match &dim.value {
                Some(value) if numbers => text.push_str(&numbers::decimal(value)),
                _ => print_to(text, &dim.poly, self.symbols, Form::Expanded, self.syntax),
            }
        }
        text.push(']');
    }
}

fn one(text: String, breaks: Breaks) -> Lines {
    smallvec![Line::new(text, breaks)]
}
