//! Where the columns of a section stand on a page of a given width: the first layout that is comfortable, and widths of its
//! slots. Must never know what a cell says.

use super::grid::{Grid, Piece};
use super::sections::{Column, Layout, Section};
use super::wrap::{Breaks, widest, width};

/// Space between slots.
pub(super) const GAP: usize = 2;
/// How far a second line of a row stands in.
pub(super) const INDENT: usize = 2;
/// Formulas are not broken before they are this wide.
const READABLE: usize = 30;
/// Products are not broken before they are this wide.
const FACTORS: usize = 16;
/// A path that is longer may take a line of its own.
const PATH: usize = 14;

/// Columns that stand in slots of a band.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Indices of columns, printed one after the other.
    pub(super) columns: Vec<usize>,
    /// The first slot.
    pub(super) slot: usize,
    /// How many slots.
    pub(super) span: usize,
    /// How far it stands in.
    pub(super) indent: usize,
}

/// A layout with the widths of its slots.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    pub(super) bands: Vec<Vec<Place>>,
    pub(super) widths: Vec<usize>,
}

/// What the cells of a column need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Need {
    /// The least width without breaking a number.
    least: usize,
    /// The width at which few cells are broken.
    comfortable: usize,
    /// The width at which no cell is broken.
    whole: usize,
    /// Whether the column stands right: figures do, except formulas without numbers.
    right: bool,
}

/// Measures a column.
#[derive(Debug, Default)]
pub(super) struct Measure(Vec<Need>);

impl Measure {
    /// Measures cells, row by row.
    pub(super) fn of(section: &Section<'_>, rows: &Grid, total: Option<&Grid>) -> Measure {
        let mut needs: Vec<Need> = section.columns.iter().map(Need::title).collect();
        for row in rows.rows() {
            for (need, lines) in needs.iter_mut().zip(row.cells()) {
                need.right &=
                    !(lines.len() == 1 && lines.clone().all(|line| line.breaks == Breaks::Formula));
                need.lines(lines);
            }
        }
        for row in total.into_iter().flat_map(Grid::rows) {
            for (need, lines) in needs.iter_mut().zip(row.cells()) {
                need.lines(lines);
            }
        }
        Measure(needs)
    }

    /// Whether a place stands right, as its first column does.
    pub(super) fn right(&self, place: &Place) -> bool {
        let first = place.columns.first();
        first
            .and_then(|column| self.0.get(*column))
            .is_some_and(|need| need.right)
    }

    fn need(&self, place: &Place) -> Need {
        let mut need = Need::default();
        for (at, column) in place.columns.iter().enumerate() {
            let own = self.0.get(*column).copied().unwrap_or_default();
            let space = usize::from(at > 0 && own.whole > 0);
            need.least = need.least.max(own.least);
            need.comfortable += own.comfortable + space;
            need.whole += own.whole + space;
        }
        let indent = place.indent;
        Need {
            least: need.least + indent,
            comfortable: need.comfortable + indent,
            whole: need.whole + indent,
            ..need
        }
    }
}

impl Need {
    fn title(column: &Column<'_>) -> Need {
        let width = width(&column.title);
        Need {
            least: width,
            comfortable: width,
            whole: width,
            right: column.holds.numeric(),
        }
    }

    fn lines<'c>(&mut self, lines: impl Iterator<Item = Piece<'c>>) {
        for line in lines {
            let most = match line.breaks {
                Breaks::Path => line.width.min(PATH),
                Breaks::Formula => line.width.min(FACTORS),
                _ => line.width,
            };
            if most <= self.least && line.width <= self.comfortable.min(self.whole) {
                continue;
            }
            let (least, comfortable) = match line.breaks {
                _ if line.width <= self.least => (line.width, line.width),
                Breaks::Number => (line.width, line.width),
                Breaks::Path => (line.width.min(PATH), line.width),
                Breaks::Shapes => (widest(line.text, line.breaks), line.width),
                Breaks::Length => {
                    let parts = widest(line.text, line.breaks);
                    let pieces = widest(line.text, Breaks::Formula);
                    (pieces, parts.min(pieces.max(READABLE)))
                }
                Breaks::Formula => {
                    let widest = widest(line.text, line.breaks);
                    (widest.min(FACTORS), line.width.min(widest.max(READABLE)))
                }
                Breaks::Words => {
                    let widest = widest(line.text, line.breaks);
                    (widest, line.width.min(widest.max(READABLE)))
                }
            };
            self.least = self.least.max(least);
            self.comfortable = self.comfortable.max(comfortable);
            self.whole = self.whole.max(line.width);
        }
    }
}

/// The first layout that is comfortable in `page` columns, or the last if it fits at all.
pub(super) fn choose(section: &Section<'_>, measure: &Measure, page: usize) -> Option<Bands> {
    let mut last = None;
    for layout in section.layouts {
        let bands = places(section, layout);
        let comfortable = slots(&bands, measure, |need| need.comfortable);
        if total(&comfortable) <= page {
            return Some(filled(bands, measure, comfortable, page));
        }
        last = Some(bands);
    }
    let bands = last?;
    let least = slots(&bands, measure, |need| need.least);
    // Names stay in their place if formulas can make room for them.
    let mut named = least.clone();
    if let (Some(first), Some(wanted)) = (
        named.first_mut(),
        slots(&bands, measure, |need| need.comfortable).first(),
    ) {
        *first = (*wanted).min(page / 3);
    }
    let base = if total(&named) <= page { named } else { least };
    (total(&base) <= page).then(|| filled(bands, measure, base, page))
}

/// The last layout at the least widths of its slots, for a page that none fits.
pub(super) fn narrowest(section: &Section<'_>, measure: &Measure) -> Option<Bands> {
    let bands = places(section, section.layouts.last()?);
    let widths = slots(&bands, measure, |need| need.least);
    Some(Bands { bands, widths })
}

/// The places of the last layout, one after the other.
pub(super) fn listed(section: &Section<'_>) -> Vec<Place> {
    section
        .layouts
        .last()
        .map(|layout| places(section, layout))
        .unwrap_or_default()
        .into_iter()
        .flatten()
        .collect()
}

/// A layout without the columns that the section has not, and without slots that hold nothing.
fn places(section: &Section<'_>, layout: Layout) -> Vec<Vec<Place>> {
    let find = |key: &str| {
        section
            .columns
            .iter()
            .position(|column| column.key == key && !column.machine)
    };
    let mut bands: Vec<Vec<Place>> = Vec::new();
    for (level, band) in layout.iter().enumerate() {
        let mut places: Vec<Place> = Vec::new();
        for (slot, keys) in band.iter().enumerate() {
            if *keys == "<" {
                if let Some(place) = places.last_mut() {
                    place.span += 1;
                }
                continue;
            }
            let columns = keys.split('+').filter_map(find).collect();
            let indent = if level > 0 && slot == 0 { INDENT } else { 0 };
            places.push(Place {
                columns,
                slot,
                span: 1,
                indent,
            });
        }
        bands.push(places);
    }
    let used = |slot: usize| {
        bands
            .iter()
            .flatten()
            .any(|place| place.slot == slot && !place.columns.is_empty())
    };
    let count = layout.iter().map(|band| band.len()).max().unwrap_or(0);
    let moved: Vec<Option<usize>> = (0..count)
        .scan(0, |next, slot| {
            let own = used(slot).then_some(*next);
            *next += usize::from(own.is_some());
            Some(own)
        })
        .collect();
    for places in &mut bands {
        places.retain(|place| !place.columns.is_empty());
        for place in places {
            let kept = (place.slot..place.slot + place.span)
                .filter(|slot| moved.get(*slot).is_some_and(Option::is_some));
            place.span = kept.count();
            place.slot = moved.get(place.slot).copied().flatten().unwrap_or(0);
        }
    }
    bands
}

/// Widths of slots by one measure; a place that spans several widens the first slot.
fn slots(bands: &[Vec<Place>], measure: &Measure, pick: impl Fn(Need) -> usize) -> Vec<usize> {
    let count = bands
        .iter()
        .flatten()
        .map(|place| place.slot + place.span)
        .max()
        .unwrap_or(0);
    let mut widths = vec![0; count];
    for place in bands.iter().flatten().filter(|place| place.span == 1) {
        widths[place.slot] = widths[place.slot].max(pick(measure.need(place)));
    }
    for place in bands.iter().flatten().filter(|place| place.span > 1) {
        let spanned = total(&widths[place.slot..place.slot + place.span]);
        widths[place.slot] += pick(measure.need(place)).saturating_sub(spanned);
    }
    widths
}

/// Widths that fill the page as far as cells can use it: the narrowest slots first.
fn filled(bands: Vec<Vec<Place>>, measure: &Measure, base: Vec<usize>, page: usize) -> Bands {
    let whole = slots(&bands, measure, |need| need.whole);
    if total(&whole) <= page {
        return Bands {
            bands,
            widths: whole,
        };
    }
    let capped = |cap: usize| -> Vec<usize> {
        base.iter()
            .zip(&whole)
            .map(|(base, whole)| (*base).max(cap.min(*whole)))
            .collect()
    };
    let (mut low, mut high) = (0, page);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if total(&capped(middle)) <= page {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Bands {
        bands,
        widths: capped(low),
    }
}

/// Columns that slots take with the space between them.
pub(super) fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}
