//! A report for a terminal: columns that fit its width, rows of several lines where it is narrow.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::Style;
use super::grid::{Grid, GridRow};
use super::header::{facts, headline};
use super::layout::{Bands, GAP, INDENT, Measure, Place, choose, listed, total};
use super::sections::{Section, sections};
use super::spell::Spell;
use super::wrap::{Breaks, tame, width, wrap};
use crate::summary::Summary;
use crate::sym::Syntax;

/// Columns of a report that goes to no terminal.
const PAGE: usize = 120;
/// What stands between texts, in pieces of this length at the most.
const BLANKS: &str = "                                ";
/// Reports are not made narrower.
const NARROWEST: usize = 24;

pub(super) fn render(summary: &Summary<'_>, style: &Style) -> String {
    let page = style.width.unwrap_or(PAGE).max(NARROWEST);
    let spell = Spell::new(summary, style, Syntax::Unicode);
    let mut out = Page {
        text: String::new(),
        width: page,
    };
    if style.cut.is_some() {
        out.paragraph("", &headline(summary));
    } else {
        header(&mut out, summary);
    }
    for section in sections(summary, style.cut) {
        out.text.push('\n');
        table(&mut out, &section, &spell);
    }
    out.text
}

fn header(out: &mut Page, summary: &Summary<'_>) {
    let about = if summary.about.is_empty() {
        String::new()
    } else {
        format!(": {}", summary.about)
    };
    out.paragraph("", &format!("{}{about}", summary.model));
    out.text.push('\n');
    for (label, said) in facts(summary) {
        // `T = 1000` is not broken.
        let breaks = if said.contains(" = ") {
            Breaks::Length
        } else {
            Breaks::Words
        };
        out.hanging(&format!("{label:<12}"), &tame(&said), breaks);
    }
}

fn table(out: &mut Page, section: &Section<'_>, spell: &Spell<'_>) {
    let rows = Grid::of(section, spell);
    let totals = section.total.as_ref();
    let totals = totals.map(|row| Grid::total(section, row, spell));
    let measure = Measure::of(section, &rows, totals.as_ref());
    let Some(bands) = choose(section, &measure, out.width) else {
        return records(out, section, &rows, totals.as_ref());
    };
    let wide = total(&bands.widths).max(width(&section.title));
    let slots = Slot::all(&bands, &measure);
    out.line(&section.title);
    out.rule('─', wide);
    out.rows(&slots, &Grid::titles(section));
    out.rule('─', wide);
    out.rows(&slots, &rows);
    if let Some(totals) = &totals {
        out.rule('─', wide);
        out.rows(&slots, totals);
    }
}

/// A section whose columns do not fit side by side: each row a name and a list.
fn records(out: &mut Page, section: &Section<'_>, rows: &Grid, total: Option<&Grid>) {
    let numeric = |place: &Place| {
        let column = place
            .columns
            .first()
            .and_then(|column| section.columns.get(*column));
        column.filter(|column| column.holds.numeric())
    };
    let mut places = listed(section);
    places.sort_by_key(|place| numeric(place).is_some());
    let titles = places
        .iter()
        .filter_map(numeric)
        .map(|column| width(&column.title));
    let label = titles.max().unwrap_or(0);
    out.line(&section.title);
    let page = out.width;
    out.rule('─', page);
    for row in rows.rows().chain(total.into_iter().flat_map(Grid::rows)) {
        for (at, place) in places.iter().enumerate() {
            let lead = if at == 0 { 0 } else { INDENT };
            let Some(column) = numeric(place) else {
                for (line, _) in out.lines(place, page - lead, row) {
                    out.line(&format!("{:lead$}{line}", ""));
                }
                continue;
            };
            let lines = place.columns.first().map(|column| row.cell(*column));
            for (nth, line) in lines.into_iter().flatten().enumerate() {
                let title = if nth == 0 { &*column.title } else { "" };
                // A width in a format has a limit that a title may not keep.
                let pad = " ".repeat(label - width(title) + GAP);
                let label = format!("{:lead$}{title}{pad}", "");
                out.hanging(&label, line.text, line.breaks);
            }
        }
    }
}

/// Where a place of a band stands on the page.
struct Slot<'b> {
    place: &'b Place,
    start: usize,
    wide: usize,
    right: bool,
}

impl<'b> Slot<'b> {
    /// Those of all bands.
    fn all(bands: &'b Bands, measure: &Measure) -> Vec<Vec<Slot<'b>>> {
        let slot = |place: &'b Place| {
            let before = total(&bands.widths[..place.slot]);
            let own = total(&bands.widths[place.slot..place.slot + place.span]);
            Slot {
                place,
                start: before + if place.slot > 0 { GAP } else { 0 } + place.indent,
                wide: own.saturating_sub(place.indent),
                right: measure.right(place),
            }
        };
        let bands = bands.bands.iter();
        bands
            .map(|places| places.iter().map(slot).collect())
            .collect()
    }

    /// Whether what stands in it in a row is no more than one line that fits.
    fn has_room(&self, row: GridRow<'_>) -> bool {
        let [column] = self.place.columns[..] else {
            return false;
        };
        let mut lines = row.cell(column);
        lines.len() < 2 && lines.all(|line| line.width <= self.wide)
    }
}

/// Lines with the columns that they take.
type Measured<'c> = SmallVec<[(Cow<'c, str>, usize); 1]>;

/// The text under construction.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn rule(&mut self, c: char, width: usize) {
        self.text
            .extend(std::iter::repeat_n(c, width.min(self.width)));
        self.text.push('\n');
    }

    /// Words after a label, lines after the first as far in as the words.
    fn paragraph(&mut self, label: &str, words: &str) {
        self.hanging(label, &tame(words), Breaks::Words);
    }

    fn hanging(&mut self, label: &str, text: &str, breaks: Breaks) {
        let lead = width(label);
        for (at, line) in wrap(text, breaks, self.width.saturating_sub(lead).max(1))
            .iter()
            .enumerate()
        {
            let label = if at == 0 {
                Cow::Borrowed(label)
            } else {
                Cow::Owned(" ".repeat(lead))
            };
            self.line(&format!("{label}{line}"));
        }
    }

    fn rows(&mut self, bands: &[Vec<Slot<'_>>], grid: &Grid) {
        for row in grid.rows() {
            for slots in bands {
                self.band(slots, row);
            }
        }
    }

    fn band(&mut self, slots: &[Slot<'_>], row: GridRow<'_>) {
        if slots.iter().all(|slot| slot.has_room(row)) {
            return self.single(slots, row);
        }
        let columns: SmallVec<[Measured<'_>; 10]> = slots
            .iter()
            .map(|slot| self.lines(slot.place, slot.wide, row))
            .collect();
        let height = columns.iter().map(|lines| lines.len()).max().unwrap_or(0);
        for at in 0..height {
            let mut used = 0;
            for (slot, lines) in slots.iter().zip(&columns) {
                let Some((line, own)) = lines.get(at).filter(|(line, _)| !line.is_empty()) else {
                    continue;
                };
                used = self.slot(slot, line, *own, used);
            }
            self.text.push('\n');
        }
    }

    /// A band each of whose cells is one line that fits, or none.
    fn single(&mut self, slots: &[Slot<'_>], row: GridRow<'_>) {
        let mut used = 0;
        let mut lines = 0;
        for slot in slots {
            for line in slot.place.columns.iter().flat_map(|at| row.cell(*at)) {
                lines += 1;
                if !line.text.is_empty() {
                    used = self.slot(slot, line.text, line.width, used);
                }
            }
        }
        if lines > 0 {
            self.text.push('\n');
        }
    }

    /// Puts a text of so many columns into a slot of a line that has so many; gives how many it has then.
    fn slot(&mut self, slot: &Slot<'_>, text: &str, own: usize, used: usize) -> usize {
        let inset = if slot.right {
            slot.wide.saturating_sub(own)
        } else {
            0
        };
        let start = slot.start + inset;
        let mut gap = start.saturating_sub(used);
        while gap > 0 {
            let blanks = BLANKS.get(..gap).unwrap_or(BLANKS);
            self.text.push_str(blanks);
            gap -= blanks.len();
        }
        self.text.push_str(text);
        start.max(used) + own
    }

    /// The lines of a place. A path that is too long for it stands on a line of its own, above.
    fn lines<'c>(&mut self, place: &Place, wide: usize, row: GridRow<'c>) -> Measured<'c> {
        let mut lines = Measured::new();
        for column in &place.columns {
            for (nth, line) in row.cell(*column).enumerate() {
                if line.breaks == Breaks::Path && line.width > wide {
                    self.hanging("", line.text, Breaks::Path);
                    continue;
                }
                if line.width > wide {
                    let wrapped = wrap(line.text, line.breaks, wide).into_iter();
                    lines.extend(wrapped.map(|part| {
                        let own = width(&part);
                        (part, own)
                    }));
                    continue;
                }
                match lines.last_mut() {
                    Some((last, used)) if nth == 0 && *used + 1 + line.width <= wide => {
                        *last = Cow::Owned(format!("{last} {}", line.text));
                        *used += 1 + line.width;
                    }
                    _ => lines.push((Cow::Borrowed(line.text), line.width)),
                }
            }
        }
        lines
    }
}
