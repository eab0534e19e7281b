//! Cells as lines of text, for all formats whose reader is a person: what is shown, in which order, in which syntax. Must
//! never know how lines are laid out.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::numbers;
use super::sections::{Cell, Section, share};
use super::wrap::{Breaks, tame, width};
use super::{Show, Style};
use crate::summary::{LengthQuantity, Quantity, Summary, SummaryRow};
use crate::sym::{Coeff, Form, Poly, Symbols, Syntax, print_to};

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

/// What takes the lines of cells.
pub(super) trait Sink {
    /// Takes a line that `write` appends to a text.
    fn line(&mut self, breaks: Breaks, write: impl FnOnce(&mut String));
}

impl Sink for Lines {
    fn line(&mut self, breaks: Breaks, write: impl FnOnce(&mut String)) {
        let mut text = String::new();
        write(&mut text);
        self.push(Line::new(text, breaks));
    }
}

/// A shape, and where in a text it stands.
type Written<'s> = (&'s Arc<[Quantity]>, usize, usize);

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
            .map(|title| smallvec![Line::new(title.to_string(), Breaks::Words)])
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
        let mut lines = Lines::new();
        self.spell(cell, &mut lines);
        lines
    }

    /// Gives the lines of a cell.
    pub(super) fn spell(&self, cell: &Cell<'_>, out: &mut impl Sink) {
        match cell {
            Cell::Empty => {}
            Cell::Words(words) => out.line(Breaks::Words, |text| text.push_str(&tame(words))),
            Cell::Name(name) => out.line(Breaks::Path, |text| text.push_str(&tame(name))),
            Cell::Quantity(quantity) => self.quantity(quantity, out),
            Cell::Bound(quantity) => {
                if let Some(value) = &quantity.value
                    && self.show != Some(Show::Formulas)
                {
                    out.line(Breaks::Number, |text| self.number(text, value));
                }
            }
            Cell::Repeat(repeat) => self.repeat(repeat, out),
            Cell::Length(length) => self.length(length, out),
            Cell::Shapes(row) => self.shapes(row, out),
            Cell::Share(part, whole) => {
                if let Some(share) = share(part, whole) {
                    out.line(Breaks::Number, |text| {
                        text.push_str(&self.percent(numbers::percent(&share)));
                    });
                }
            }
            Cell::Change(difference, from) => {
                if let Some(share) = share(difference, from) {
                    out.line(Breaks::Number, |text| {
                        text.push_str(&self.percent(numbers::change(&share)));
                    });
                }
            }
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

    fn quantity(&self, quantity: &Quantity, out: &mut impl Sink) {
        let (number, formula) = self.shown(quantity);
        if number && let Some(value) = &quantity.value {
            out.line(Breaks::Number, |text| self.number(text, value));
        }
        if formula {
            let breaks = match quantity.poly.as_const() {
                Some(_) => Breaks::Number,
                None => Breaks::Formula,
            };
            out.line(breaks, |text| self.formula(text, &quantity.poly));
        }
    }

    fn number(&self, text: &mut String, value: &Coeff) {
        if self.syntax == Syntax::Latex {
            text.push_str(&numbers::grouped(value).replace(',', "{,}"));
        } else {
            numbers::group(text, value);
        }
    }

    /// A formula; one without symbols is a number and looks like one.
    fn formula(&self, text: &mut String, poly: &Poly) {
        match poly.as_const() {
            Some(value) => self.number(text, &value),
            None => self.print(text, poly),
        }
    }

    fn print(&self, text: &mut String, poly: &Poly) {
        print_to(text, poly, self.symbols, Form::Expanded, self.syntax);
    }

    fn percent(&self, text: String) -> String {
        if self.syntax == Syntax::Latex {
            text.replace('%', "\\%")
        } else {
            text
        }
    }

    fn repeat(&self, repeat: &Quantity, out: &mut impl Sink) {
        if repeat.poly.is_one() {
            return;
        }
        let times = if self.syntax == Syntax::Latex {
            "\\times "
        } else {
            "×"
        };
        out.line(Breaks::Formula, |text| {
            text.push_str(times);
            match (&repeat.value, self.show) {
                (Some(value), None | Some(Show::Numbers | Show::Both)) => {
                    text.push_str(&numbers::decimal(value));
                }
                _ if repeat.poly.as_single().is_some() => self.print(text, &repeat.poly),
                _ => {
                    text.push('(');
                    self.print(text, &repeat.poly);
                    text.push(')');
                }
            }
        });
    }

    /// `128`, or `1..1,000, mean 500.5`.
    fn length(&self, length: &LengthQuantity, out: &mut impl Sink) {
        let (min, max, mean) = match length {
            LengthQuantity::Fixed(fixed) => return self.quantity(fixed, out),
            LengthQuantity::Varies { min, max, mean } => (min, max, mean.as_ref()),
        };
        let (dots, comma) = match self.syntax {
            Syntax::Latex => ("\\ldots ", ",\\; \\text{mean }"),
            _ => ("..", ", mean "),
        };
        let mut line = |part: &dyn Fn(&mut String, &Quantity)| {
            out.line(Breaks::Length, |text| {
                part(text, min);
                text.push_str(dots);
                part(text, max);
                if let Some(mean) = mean {
                    text.push_str(comma);
                    part(text, mean);
                }
            });
        };
        // A length is read as a whole: numbers when all of it has one.
        let mut parts = [min, max].into_iter().chain(mean);
        let bound = parts.all(|part| part.value.is_some());
        let (number, formula) = match self.show {
            Some(Show::Formulas) => (false, true),
            Some(Show::Both) => (bound, true),
            _ => (bound, !bound),
        };
        if number {
            line(&|text, part| {
                if let Some(value) = &part.value {
                    self.number(text, value);
                }
            });
        }
        if formula {
            line(&|text, part| self.formula(text, &part.poly));
        }
    }

    /// `[T, d] x [d, H, dh] -> [T, H, dh]`.
    fn shapes(&self, row: &SummaryRow<'_>, out: &mut impl Sink) {
        let shapes = || row.inputs.iter().chain(&row.weights).chain([&row.output]);
        let dims = || shapes().flat_map(|dims| dims.iter());
        let bound = dims().all(|dim| dim.value.is_some());
        let constant = || dims().all(|dim| dim.poly.as_const().is_some());
        let (numbers, formulas) = match self.show {
            Some(Show::Formulas) => (false, true),
            Some(Show::Numbers) => (true, false),
            Some(Show::Both) if bound && !constant() => (true, true),
            Some(Show::Both) | None => (bound, !bound),
        };
        if numbers {
            out.line(Breaks::Shapes, |text| self.shapes_line(text, row, true));
        }
        if formulas {
            out.line(Breaks::Shapes, |text| self.shapes_line(text, row, false));
        }
    }

    /// The shapes in numbers, if all are bound.
    pub(super) fn bound_shapes(&self, row: &SummaryRow<'_>) -> Option<String> {
        let mut shapes = row.inputs.iter().chain(&row.weights).chain([&row.output]);
        shapes
            .all(|dims| dims.iter().all(|dim| dim.value.is_some()))
            .then(|| {
                let mut text = String::new();
                self.shapes_line(&mut text, row, true);
                text
            })
    }

    /// The shapes as numbers as far as they have numbers, or as formulas.
    pub(super) fn shapes_line(&self, text: &mut String, row: &SummaryRow<'_>, numbers: bool) {
        let (times, to) = match self.syntax {
            Syntax::Latex => (" \\times ", " \\to "),
            _ => (" x ", " -> "),
        };
        let contracts = row.length.is_some();
        let given = row.inputs.len() + row.weights.len();
        // Most ops give a shape that they were given.
        let mut known: SmallVec<[Written<'_>; 4]> = SmallVec::new();
        let mut shape = |text: &mut String, shape| {
            let alike = known.iter().find(|(known, ..)| Arc::ptr_eq(known, shape));
            if let Some((_, from, to)) = alike {
                return text.extend_from_within(*from..*to);
            }
            let from = text.len();
            self.shape(text, shape, numbers);
            known.push((shape, from, text.len()));
        };
        for (at, given) in row.inputs.iter().chain(&row.weights).enumerate() {
            if at > 0 {
                text.push_str(if contracts { times } else { ", " });
            }
            shape(text, given);
        }
        if given > 0 {
            text.push_str(to);
        }
        shape(text, &row.output);
    }

    fn shape(&self, text: &mut String, dims: &[Quantity], numbers: bool) {
        text.push('[');
        for (at, dim) in dims.iter().enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            match &dim.value {
                Some(value) if numbers => text.push_str(&numbers::decimal(value)),
                _ => self.print(text, &dim.poly),
            }
        }
        text.push(']');
    }
}
