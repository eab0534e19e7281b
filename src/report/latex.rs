//! A report as LaTeX tables, to be put into a paper: a fragment that names the packages it needs.

use super::Style;
use super::grid::Grid;
use super::header::{facts, headline};
use super::layout::{Bands, Measure, Place, choose, narrowest};
use super::sections::{Cell, Section, sections};
use super::spell::{Line, Lines, Spell};
use super::wrap::{Breaks, chunks, tame, width};
use crate::summary::Summary;
use crate::sym::Syntax;

/// Columns that fit the page of an article in small print, and a wide one.
const PAGES: [usize; 2] = [80, 110];

pub(super) fn render(summary: &Summary<'_>, style: &Style) -> String {
    let mut text = String::from("% \\usepackage{amsmath, booktabs, longtable}\n");
    let spells = Spells {
        plain: Spell::new(summary, style, Syntax::Unicode),
        math: Spell::new(summary, style, Syntax::Latex),
    };
    if style.cut.is_some() {
        text.push_str(&format!("\\noindent {}\n", escaped(&headline(summary))));
    } else {
        text.push_str(&format!("\\subsection*{{{}}}\n", escaped(&summary.model)));
        if !summary.about.is_empty() {
            text.push_str(&format!("{}\n", escaped(&summary.about)));
        }
        text.push_str("\\par\\medskip\\noindent\n\\begin{tabular}{@{}lp{0.8\\linewidth}@{}}\n");
        for (label, said) in facts(summary) {
            text.push_str(&format!("{label} & {} \\\\\n", escaped(&said)));
        }
        text.push_str("\\end{tabular}\n");
    }
    for section in sections(summary, style.cut) {
        table(&mut text, &section, &spells);
    }
    text
}

/// The same cells twice: as they are measured, and as they are printed.
struct Spells<'s> {
    plain: Spell<'s>,
    math: Spell<'s>,
}

/// A row, measured and printed.
struct Row {
    plain: Vec<Lines>,
    math: Vec<Lines>,
}

fn table(text: &mut String, section: &Section<'_>, spells: &Spells<'_>) {
    let total = section.total.as_ref();
    let measure = Measure::of(
        section,
        &Grid::of(section, &spells.plain),
        total
            .map(|row| Grid::total(section, row, &spells.plain))
            .as_ref(),
    );
    let fitting = PAGES
        .iter()
        .find_map(|page| choose(section, &measure, *page));
    let Some(bands) = fitting.or_else(|| narrowest(section, &measure)) else {
        return;
    };
    let table = Table { bands, measure };
    let spelled = |row: &[Cell<'_>]| Row {
        plain: spells.plain.row(section, row),
        math: spells.math.row(section, row),
    };

    text.push_str("\n{\\footnotesize\\setlength{\\tabcolsep}{3pt}%\n");
    text.push_str(&format!(
        "\\begin{{longtable}}{{@{{}}{}@{{}}}}\n",
        table.alignments()
    ));
    let slots = table.bands.widths.len();
    text.push_str(&format!(
        "\\multicolumn{{{slots}}}{{@{{}}l}}{{\\textbf{{{}}}}} \\\\*\n\\toprule\n",
        section.title
    ));
    let titles = Spell::titles(section);
    table.row(
        text,
        Row {
            plain: titles.clone(),
            math: titles,
        },
        false,
    );
    text.push_str("\\midrule\n\\endhead\n");
    for (at, row) in section.rows.iter().enumerate() {
        table.row(text, spelled(&row), at > 0);
    }
    if let Some(total) = total {
        text.push_str("\\midrule\n");
        table.row(text, spelled(total), false);
    }
    text.push_str("\\bottomrule\n\\end{longtable}}\n");
}

struct Table {
    bands: Bands,
    measure: Measure,
}

impl Table {
    /// `lrrr`: how most of a slot stands.
    fn alignments(&self) -> String {
        (0..self.bands.widths.len())
            .map(|slot| if self.slot_right(slot) { 'r' } else { 'l' })
            .collect()
    }

    fn slot_right(&self, slot: usize) -> bool {
        let place = self
            .bands
            .bands
            .iter()
            .flatten()
            .find(|place| place.slot == slot && place.span == 1);
        place.is_some_and(|place| self.measure.right(place))
    }

    fn row(&self, text: &mut String, mut row: Row, apart: bool) {
        let path = self.long_path(&mut row);
        let bands = self.bands.bands.iter();
        let bands = bands.map(|places| self.band(places, &row));
        let bands: Vec<String> = path
            .into_iter()
            .chain(bands)
            .filter(|band| band.contains(|c| c != '&' && c != ' '))
            .collect();
        if apart && self.bands.bands.len() > 1 {
            text.push_str("\\addlinespace[2pt]\n");
        }
        for (at, band) in bands.iter().enumerate() {
            let end = if at + 1 < bands.len() {
                "\\\\*"
            } else {
                "\\\\"
            };
            let end = format!("{end}{}", room(band));
            text.push_str(&format!("{} {end}\n", band.trim_end()));
        }
    }

    /// A path that is wider than its slot, taken from its row for a line of its own.
    fn long_path(&self, row: &mut Row) -> Option<String> {
        let place = self.bands.bands.first()?.first()?;
        let column = *place.columns.first()?;
        let wide = self.bands.widths.get(place.slot)?;
        let path = row.plain.get(column)?.first()?;
        if path.breaks != Breaks::Path || path.width <= *wide {
            return None;
        }
        let path = escaped(&path.text);
        row.plain[column].clear();
        row.math[column].clear();
        let slots = self.bands.widths.len();
        Some(format!(
            "\\multicolumn{{{slots}}}{{@{{}}l@{{}}}}{{\\texttt{{{path}}}}}"
        ))
    }

    fn band(&self, places: &[Place], row: &Row) -> String {
        let mut band = String::new();
        let mut at = 0;
        for place in places {
            while at < place.slot {
                band.push_str("& ");
                at += 1;
            }
            at = place.slot + place.span - 1;
            let right = self.measure.right(place);
            let words = self.words(place, row, right);
            if words.is_empty() {
                // A place that is left empty is as many cells as it spans.
                at = place.slot;
                continue;
            }
            let indent = if place.indent > 0 { "\\quad " } else { "" };
            let side = if right { 'r' } else { 'l' };
            // The edge of the table has no margin, also under a cell of several slots.
            let first = if place.slot == 0 { "@{}" } else { "" };
            let last = if place.slot + place.span == self.bands.widths.len() {
                "@{}"
            } else {
                ""
            };
            if place.span > 1 || right != self.slot_right(place.slot) {
                let span = place.span;
                band.push_str(&format!(
                    "\\multicolumn{{{span}}}{{{first}{side}{last}}}{{{indent}{words}}} "
                ));
            } else {
                band.push_str(&format!("{indent}{words} "));
            }
        }
        band
    }

    fn words(&self, place: &Place, row: &Row, right: bool) -> String {
        let end = (place.slot + place.span).min(self.bands.widths.len());
        let wide =
            super::layout::total(&self.bands.widths[place.slot..end]).saturating_sub(place.indent);
        let mut cells = Vec::new();
        for column in &place.columns {
            let (Some(plain), Some(math)) = (row.plain.get(*column), row.math.get(*column)) else {
                continue;
            };
            let lines: Vec<String> = plain
                .iter()
                .zip(math)
                .flat_map(|(plain, math)| lines(plain, math, wide))
                .collect();
            match &*lines {
                [] => {}
                [line] => cells.push(line.clone()),
                lines => {
                    let side = if right { 'r' } else { 'l' };
                    let lines = lines.join(&format!(" \\\\{} ", room(&lines.concat())));
                    cells.push(format!(
                        "\\begin{{tabular}}[t]{{@{{}}{side}@{{}}}}{lines}\\end{{tabular}}"
                    ));
                }
            }
        }
        cells.join(" ")
    }
}

/// Space under a line, more where fractions would touch what stands below.
fn room(line: &str) -> &'static str {
    if line.contains("\\frac") { "[3pt]" } else { "" }
}

/// A line as it is printed, broken where the measured one is too wide.
fn lines(plain: &Line, math: &Line, wide: usize) -> Vec<String> {
    match math.breaks {
        Breaks::Words => return vec![escaped(&math.text)],
        Breaks::Path => return vec![format!("\\texttt{{{}}}", escaped(&math.text))],
        _ => {}
    }
    let lines = broken(&plain.text, &math.text, math.breaks, wide);
    lines.iter().map(|line| format!("${line}$")).collect()
}

/// A formula in lines whose measured forms are no wider than `wide`, as far as it may be broken.
fn broken(plain: &str, math: &str, breaks: Breaks, wide: usize) -> Vec<String> {
    let (measured, printed) = (chunks(plain, breaks), pieces(math, breaks));
    if width(plain) <= wide || measured.len() != printed.len() {
        return vec![math.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for (measured, printed) in measured.iter().zip(&printed) {
        match lines.last_mut() {
            Some(line) if used + 1 + width(measured) <= wide => {
                line.push(' ');
                line.push_str(printed);
                used += 1 + width(measured);
            }
            _ if breaks == Breaks::Length && width(measured) > wide => {
                lines.extend(broken(measured, printed, Breaks::Formula, wide));
                used = wide;
            }
            _ => {
                // An operator at the start of a line keeps its space when something stands before it.
                lines.push(if lines.is_empty() {
                    (*printed).to_owned()
                } else {
                    format!("{{}}{printed}")
                });
                used = width(measured);
            }
        }
    }
    lines
}

/// The pieces that a formula in LaTeX may be broken into: in front of operators outside of braces and brackets.
fn pieces(text: &str, breaks: Breaks) -> Vec<&str> {
    let operators: &[&str] = match breaks {
        Breaks::Formula => &[" + ", " - "],
        Breaks::Shapes => &[" \\times ", " \\to ", ", "],
        Breaks::Length => &[",\\; "],
        _ => &[],
    };
    let mut pieces = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '\\' if rest.starts_with("\\left") => depth += 1,
            '\\' if rest.starts_with("\\right") => depth -= 1,
            _ => {}
        }
        if depth == 0
            && at > start
            && let Some(operator) = operators
                .iter()
                .find(|operator| rest.starts_with(**operator))
        {
            // A comma stays with what it follows.
            let cut = if operator.starts_with(',') {
                at + operator.len()
            } else {
                at
            };
            pieces.push(text[start..cut].trim());
            start = cut;
        }
    }
    pieces.push(text[start..].trim());
    pieces
}

/// Words that LaTeX prints as they are.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in tame(text).chars() {
        match c {
            '_' | '&' | '%' | '$' | '#' | '{' | '}' => {
                safe.push('\\');
                safe.push(c);
            }
            '\\' => safe.push_str("\\textbackslash{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '<' => safe.push_str("\\textless{}"),
            '>' => safe.push_str("\\textgreater{}"),
            '|' => safe.push_str("\\textbar{}"),
            '×' => safe.push_str("$\\times$"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped() {
        assert_eq!(escaped("llama3_8b & 5%"), "llama3\\_8b \\& 5\\%");
        assert_eq!(escaped("P >= T"), "P \\textgreater{}= T");
    }

    #[test]
    fn formulas_break_outside_of_brackets() {
        let text = "a \\left(b + c\\right) + \\frac{d - e}{2} - f";
        assert_eq!(
            pieces(text, Breaks::Formula),
            ["a \\left(b + c\\right)", "+ \\frac{d - e}{2}", "- f"]
        );
        let shapes = "[T, d], [d] \\to [T]";
        assert_eq!(
            pieces(shapes, Breaks::Shapes),
            ["[T, d],", "[d]", "\\to [T]"]
        );
    }

    #[test]
    fn lengths_break_in_front_of_their_mean_and_inside_it() {
        let (plain, math) = (
            "1..W, mean W·T/2 - W²/2 + 1/2",
            "1\\ldots W,\\; \\text{mean }\\frac{W T}{2} - \\frac{W^{2}}{2} + \\frac{1}{2}",
        );
        assert_eq!(
            broken(plain, math, Breaks::Length, 14),
            [
                "1\\ldots W,\\;",
                "\\text{mean }\\frac{W T}{2}",
                "{}- \\frac{W^{2}}{2} + \\frac{1}{2}"
            ]
        );
        assert_eq!(broken(plain, math, Breaks::Length, 40), [math]);
    }

    #[test]
    fn a_path_wider_than_its_slot_has_a_line_of_its_own() {
        let text = std::fs::read_to_string("models/gemma2.ron").expect("the model is there");
        let model = crate::model::trace(&text).expect("the model is right");
        let ledger = model.forward().expect("it runs");
        let asked = crate::summary::Asked {
            phase: "forward",
            profile: &crate::profile::Profile::exact(),
            dtype: crate::dtype::Dtype::find("bf16").expect("a type"),
            preset: None,
            basis: &[],
            against: None,
        };
        let summary = crate::summary::summarize(&model, &ledger, &asked).expect("formulas");
        let text = render(&summary, &Style::default());
        let path = "\n\\multicolumn{4}{@{}l@{}}{\\texttt{layers.local.attention.keys}} \\\\*\n& $0$ & $0$ & $0$";
        assert!(text.contains(path), "{text}");
    }
}
