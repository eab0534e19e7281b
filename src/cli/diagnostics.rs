//! Diagnostics as a terminal shows them: the lines of the file, carets, hints.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diag::{Diagnostic, Diagnostics, Source, Sources, Span};

/// All diagnostics as text; colours are stripped where the terminal has none.
pub(super) fn render(diagnostics: &Diagnostics) -> String {
    let renderer = Renderer::styled();
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            renderer
                .render(&groups(diagnostic, diagnostics.sources()))
                .to_string()
        })
        .collect();
    let count = texts.len();
    let summary = if count == 1 {
        String::from("1 error")
    } else {
        format!("{count} errors")
    };
    format!("{}\n\n{summary}", texts.join("\n\n"))
}

/// Most bytes of a file that are looked at to show a place: lines from the first that is pointed at to the last.
const MAX_SHOWN: usize = 16 << 10;

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let title = Level::ERROR
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.slug());
    let place = diagnostic
        .span
        .and_then(|span| Some((span, sources.get(span)?)));
    let mut group = match place {
        None => Group::with_title(title),
        Some((span, source)) => {
            let group = Group::with_title(title);
            match snippet(diagnostic, span, source) {
                Some(snippet) => group.element(snippet),
                None => {
                    let origin = Origin::path(source.name.as_str());
                    group.element(match sources.position(span) {
                        Some((line, column)) => origin.line(line).char_column(column),
                        None => origin,
                    })
                }
            }
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// The lines that an error points at; none where they are many or long.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    span: Span,
    source: &'a Source,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let text = source.text.as_str();
    let related = diagnostic.related.iter();
    let related = related.filter(|(other, _)| other.file == span.file);
    let places = related.clone().map(|(other, _)| *other).chain([span]);
    let (first, last) = places
        .map(|place| range(place, text))
        .fold((text.len(), 0), |(first, last), place| {
            (first.min(place.start), last.max(place.end))
        });
    let before = text.get(..first)?.rfind('\n');
    let start = before.map_or(0, |end| end + 1);
    let after = text.get(last..)?.find('\n');
    let end = after.map_or(text.len(), |at| last + at);
    if end - start > MAX_SHOWN {
        return None;
    }
    let shown = text.get(start..end)?;
    let above = text.get(..start)?;
    let line = above.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let inside = |place: Span| {
        let place = range(place, text);
        place.start - start..place.end - start
    };
    let mut primary = AnnotationKind::Primary.span(inside(span));
    if !diagnostic.label.is_empty() {
        primary = primary.label(diagnostic.label.as_str());
    }
    let related = related.map(|(other, text)| {
        AnnotationKind::Context
            .span(inside(*other))
            .label(text.as_str())
    });
    let snippet = Snippet::source(shown)
        .line_start(line)
        .path(source.name.as_str());
    Some(snippet.annotation(primary).annotations(related))
}

/// The bytes of a span, inside the text and on the boundaries of its characters.
fn range(span: Span, text: &str) -> Range<usize> {
    let clip = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = clip(span.start);
    start..clip(span.end).max(start)
}
