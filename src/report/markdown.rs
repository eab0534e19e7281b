//! A report as Markdown. Formulas and shapes are code in Unicode, not `$`-mathematics: they look the same on GitHub, on
//! crates.io and in the source, survive inside tables, and a long ledger does not meet GitHub's limit on mathematics.

use super::Style;
use super::header::{facts, headline};
use std::borrow::Cow;

use super::sections::{Column, Section, sections};
use super::spell::{Lines, Spell};
use super::wrap::{Breaks, tame};
use crate::summary::Summary;
use crate::sym::Syntax;

pub(super) fn render(summary: &Summary<'_>, style: &Style) -> String {
    let spell = Spell::new(summary, style, Syntax::Unicode);
    let mut text = String::new();
    if style.cut.is_some() {
        text.push_str(&format!("{}\n", escaped(&headline(summary))));
    } else {
        text.push_str(&format!("# {}\n\n", escaped(&summary.model)));
        if !summary.about.is_empty() {
            text.push_str(&format!("{}\n\n", escaped(&summary.about)));
        }
        for (label, said) in facts(summary) {
            text.push_str(&format!("- **{label}** {}\n", escaped(&said)));
        }
    }
    for section in sections(summary, style.cut) {
        if style.cut.is_none() {
            text.push_str(&format!("\n## {}\n", section.title));
        }
        text.push('\n');
        table(&mut text, &section, &spell);
    }
    text
}

fn table(text: &mut String, section: &Section<'_>, spell: &Spell<'_>) {
    let columns: Vec<(usize, &Column<'_>)> = section
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !column.machine)
        .collect();
    for (_, column) in &columns {
        text.push_str(&format!("| {} ", escaped(&column.title)));
    }
    text.push_str("|\n");
    for (_, column) in &columns {
        text.push_str(if column.holds.numeric() {
            "| ---: "
        } else {
            "| --- "
        });
    }
    text.push_str("|\n");
    let total = section
        .total
        .iter()
        .map(|row| (Cow::Borrowed(&**row), true));
    for (row, bold) in section.rows.iter().map(|row| (row, false)).chain(total) {
        for (at, _) in &columns {
            let lines = row
                .get(*at)
                .map(|cell| spell.cell(cell))
                .unwrap_or_default();
            let words = cell(&lines);
            if words.is_empty() {
                text.push_str("| ");
            } else if bold && !words.contains('`') {
                text.push_str(&format!("| **{words}** "));
            } else {
                text.push_str(&format!("| {words} "));
            }
        }
        text.push_str("|\n");
    }
}

fn cell(lines: &Lines) -> String {
    let spelled = lines.iter().map(|line| match line.breaks {
        Breaks::Number => line.text.replace('<', "&lt;"),
        Breaks::Words => escaped(&line.text),
        Breaks::Formula | Breaks::Shapes | Breaks::Length | Breaks::Path => code(&line.text),
    });
    spelled.collect::<Vec<_>>().join("<br>")
}

/// Code inside a table: a pipe is escaped even there.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// Words that Markdown shall leave alone.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in tame(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_and_emphasis_are_escaped() {
        assert_eq!(escaped("a|b_c*d <e>"), "a\\|b\\_c\\*d &lt;e>");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
