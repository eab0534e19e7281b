//! Tables of texts that stand for themselves. Must never know what a cell says.

use super::latex::escaped;
use super::{markdown, wrap::width};

/// On which side a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Space between columns.
const GAP: &str = "  ";

/// Columns for a terminal, without lines. Titles and rows are of one length.
pub(super) fn table(titles: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = titles
        .iter()
        .enumerate()
        .map(|(at, (title, _))| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells
                .map(|cell| width(cell))
                .chain([width(title)])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut made = String::new();
        for ((cell, (_, align)), wide) in cells.zip(titles).zip(&widths) {
            let pad = " ".repeat(wide.saturating_sub(width(cell)));
            match align {
                Align::Left => made.extend([cell, &pad, GAP]),
                Align::Right => made.extend([&*pad, cell, GAP]),
            }
        }
        text.push_str(made.trim_end());
        text.push('\n');
    };
    line(&mut titles.iter().map(|(title, _)| *title));
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}

/// A Markdown table.
pub(super) fn markdown(titles: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(
        titles
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect(),
    );
    text.push_str(&line(
        titles
            .iter()
            .map(|(_, align)| match align {
                Align::Left => String::from("---"),
                Align::Right => String::from("---:"),
            })
            .collect(),
    ));
    for row in rows {
        text.push_str(&line(
            row.iter().map(|cell| markdown::escaped(cell)).collect(),
        ));
    }
    text
}

/// A LaTeX table (booktabs).
pub(super) fn latex(titles: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let sides = titles.iter().map(|(_, align)| match align {
        Align::Left => 'l',
        Align::Right => 'r',
    });
    let sides: String = sides.collect();
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let titles = line(titles.iter().map(|(title, _)| escaped(title)).collect());
    let rows = rows
        .iter()
        .map(|row| line(row.iter().map(|cell| escaped(cell)).collect()));
    format!(
        "\\begin{{tabular}}{{{sides}}}\n\\toprule\n{titles}\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n",
        rows.collect::<String>()
    )
}

/// Comma-separated values.
pub(super) fn csv(titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(titles);
    let written = written.and_then(|()| rows.iter().try_for_each(|row| writer.write_record(row)));
    written.expect("memory takes what is written, and all records are of one length");
    let bytes = writer.into_inner().expect("memory takes what is written");
    String::from_utf8(bytes).expect("fields of strings are joined by commas")
}
