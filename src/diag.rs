//! Diagnostics: what is wrong, where, and what would mend it.
//!
//! Every stage reports through [`Diagnostics`], so that all that is wrong comes out at once and in the order of the
//! file. This module knows source texts and byte spans; it must never know what a model, an op or a shape is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A half-open range of bytes in one of the [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index of the source text, as [`Sources::add`] gave it.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `file`; offsets beyond 4 GiB saturate (sources are limited far below that).
    pub fn new(file: u32, start: usize, end: usize) -> Self {
        let cut = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span {
            file,
            start: cut(start),
            end: cut(end),
        }
    }

    /// The part `range` of this span, counted from its start: a place inside a quoted expression.
    pub fn part(self, range: &std::ops::Range<usize>) -> Self {
        let start = (self.start as usize + range.start).min(self.end as usize);
        let end = (self.start as usize + range.end).min(self.end as usize);
        Span::new(self.file, start, end.max(start))
    }
}

/// A source text with the name it is shown under.
#[derive(Clone, Debug)]
pub struct Source {
    /// File name, or `<stdin>`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The texts that spans point into. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a text and gives the number that its spans carry.
    pub fn add(&mut self, name: &str, text: &str) -> u32 {
        self.0.push(Arc::new(Source {
            name: name.to_owned(),
            text: text.to_owned(),
        }));
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// The source that `span` points into.
    pub fn get(&self, span: Span) -> Option<&Source> {
        self.0.get(span.file as usize).map(Arc::as_ref)
    }

    /// Line and column (both from 1, columns in characters) of the start of `span`.
    pub fn position(&self, span: Span) -> Option<(usize, usize)> {
        let text = &self.get(span)?.text;
        let before = text.get(..span.start as usize)?;
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[line_start..].chars().count() + 1;
        Some((line, column))
    }
}

/// The kind of a diagnostic; its [slug](Code::slug) is stable and printed with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The text is not RON, or not UTF-8.
    Syntax,
    /// A value of another kind is wanted here, or a field is missing or does not exist.
    Form,
    /// A name that nothing declares: an op, a node, a symbol, a block, a preset, a phase, a part, a profile.
    Unknown,
    /// A name that is declared twice, or that is reserved.
    Duplicate,
    /// Nodes, blocks or definitions that need each other.
    Cycle,
    /// Shapes that do not fit together.
    Shape,
    /// A dimension, a count or an expression that has no meaning, or none at the given values.
    Dimension,
    /// A limit of this program, which the message tells.
    Limit,
}

impl Code {
    /// The word printed in brackets after `error`.
    pub fn slug(self) -> &'static str {
        match self {
            Code::Syntax => "syntax",
            Code::Form => "form",
            Code::Unknown => "unknown",
            Code::Duplicate => "duplicate",
            Code::Cycle => "cycle",
            Code::Shape => "shape",
            Code::Dimension => "dimension",
            Code::Limit => "limit",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of error.
    pub code: Code,
    /// One sentence, in the author's words.
    pub message: String,
    /// Where; `None` for what has no place in a text (a flag, a missing file).
    pub span: Option<Span>,
    /// What the caret says, if anything.
    pub label: String,
    /// Other places that belong to it.
    pub related: Vec<(Span, String)>,
    /// What would mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn at(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            span: Some(span),
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// An error that has no place in a text.
    pub fn nowhere(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// Adds what the caret says.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Adds another place.
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }

    /// Adds a hint.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a hint if there is one.
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        if text.is_some() {
            self.help = text;
        }
        self
    }
}

/// All that is wrong with a model, in the order of its text.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    sources: Sources,
    list: Vec<Diagnostic>,
    /// How many names were compared in search of hints.
    compared: usize,
}

impl Diagnostics {
    /// An empty list over the given texts.
    pub fn new(sources: Sources) -> Self {
        Diagnostics {
            sources,
            list: Vec::new(),
            compared: 0,
        }
    }

    /// Adds one, unless the same is there already (a block that is traced twice says it once).
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_DIAGNOSTICS && !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// The hint for an unknown name, as [`did_you_mean`], while there is room for the error and few names were compared.
    pub fn did_you_mean<'a>(
        &mut self,
        wrong: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        if self.list.len() >= MAX_DIAGNOSTICS || self.compared >= MAX_COMPARED {
            return None;
        }
        let known: Vec<&str> = known.into_iter().collect();
        self.compared += known.len();
        did_you_mean(wrong, known)
    }

    /// One error alone: the first that says this, at its place, or one without a place where there is none.
    pub fn only(mut self, code: Code, message: &str, help: &str) -> Self {
        self.list.retain(|diagnostic| diagnostic.message == message);
        self.list.truncate(1);
        if self.list.is_empty() {
            self.list.push(Diagnostic::nowhere(code, message));
        }
        for diagnostic in &mut self.list {
            diagnostic.code = code;
            diagnostic.help.get_or_insert_with(|| help.to_owned());
        }
        self
    }

    /// The same list, where what has no place in a text says what it belongs to.
    pub fn within(mut self, what: &str) -> Self {
        for diagnostic in self.list.iter_mut().filter(|d| d.span.is_none()) {
            diagnostic.message = format!("{what}: {}", diagnostic.message);
        }
        self
    }

    /// The same list, where what has no place in a text and no hint has the one that is made of its message.
    pub fn helped(mut self, hint: impl Fn(&str) -> Option<String>) -> Self {
        for diagnostic in &mut self.list {
            if diagnostic.span.is_none() && diagnostic.help.is_none() {
                diagnostic.help = hint(&diagnostic.message);
            }
        }
        self
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The diagnostics, sorted by their place.
    pub fn sorted(mut self) -> Self {
        self.list.sort_by_key(|d| (d.span.is_none(), d.span));
        self
    }

    /// The diagnostics in order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// The texts that the spans point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

/// More errors than this are not collected from one model.
pub const MAX_DIAGNOSTICS: usize = 100;

/// When so many names were compared with unknown ones, no more hints are sought in one model.
const MAX_COMPARED: usize = 1_000_000;

impl fmt::Display for Diagnostics {
    /// One line an error: `file:line:column: error[code]: message`, and its hint on the next.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            if let Some(span) = diagnostic.span
                && let (Some(source), Some((line, column))) =
                    (self.sources.get(span), self.sources.position(span))
            {
                write!(f, "{}:{line}:{column}: ", source.name)?;
            }
            write!(
                f,
                "error[{}]: {}",
                diagnostic.code.slug(),
                diagnostic.message
            )?;
            if let Some(help) = &diagnostic.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// A text as a message shows it: cut where it is long.
pub fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}..", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Most characters of one word that a message shows.
const MAX_SHOWN: usize = 200;

/// More names than this are not listed in one error.
pub const MAX_LISTED: usize = 24;

/// Names as a list, cut where it is long: `` `a`, `b` and 7 others``.
pub fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let others = names.len().saturating_sub(MAX_LISTED);
    let shown: Vec<String> = names
        .take(MAX_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match others {
        0 => shown.join(", "),
        _ => format!("{} and {others} others", shown.join(", ")),
    }
}

/// The known name nearest to `wrong`, when it is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// The hint for an unknown name: the nearest known one, or the list of all when it is short.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = nearest(wrong, known.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    match known.len() {
        0 => None,
        1..=MAX_LISTED => Some(format!("known here: {}", known.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_a_slip_and_leaves_strangers_alone() {
        assert_eq!(nearest("Liner", ["Linear", "Norm"]), Some("Linear"));
        assert_eq!(nearest("zebra", ["Linear", "Norm"]), None);
    }

    #[test]
    fn position_counts_lines_and_characters() {
        let mut sources = Sources::default();
        let file = sources.add("m.ron", "a\nπ b");
        assert_eq!(sources.position(Span::new(file, 5, 6)), Some((2, 3)));
    }
}
