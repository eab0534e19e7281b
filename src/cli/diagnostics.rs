//! Diagnostics as a terminal shows them: the lines of the file, carets, hints.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::{Diagnostic, Diagnostics, Sources, Span};

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

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let title = Level::ERROR
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.slug());
    let mut group = match diagnostic
        .span
        .and_then(|span| Some((span, sources.get(span)?)))
    {
        None => Group::with_title(title),
        Some((span, source)) => {
            let mut primary = AnnotationKind::Primary.span(range(span, &source.text));
            if !diagnostic.label.is_empty() {
                primary = primary.label(diagnostic.label.as_str());
            }
            let related = diagnostic
                .related
                .iter()
                .filter(|(other, _)| other.file == span.file);
            let related = related.map(|(other, text)| {
                AnnotationKind::Context
                    .span(range(*other, &source.text))
                    .label(text.as_str())
            });
            let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
            Group::with_title(title).element(snippet.annotation(primary).annotations(related))
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
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
