//! Expressions of a model file are read in the scope where they stand; unknown names are reported with the nearest known.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::HashMap;
use smallvec::SmallVec;

use super::symbols::Positions;
use crate::ast::model::Text;
use crate::diag::{Code, Diagnostic, Diagnostics, Span};
use crate::phase::{NEW, PAST, SPAN, STEP, WANTED};
use crate::sym::{Conditions, Context, Poly, Sym, parse};

/// What names mean in one place, beside the symbols of the model.
#[derive(Debug, Default)]
pub(super) struct Local<'s> {
    /// Symbols of a block's own dimensions, by the name that they have inside the block.
    pub(super) dims: BTreeMap<&'s str, Sym>,
    /// Symbols of positions that mean nothing here.
    pub(super) hidden: SmallVec<[Sym; 5]>,
}

impl Local<'_> {
    /// Where nothing is declared beside the model: the number of a step is known in phases only.
    pub(super) fn outside_phases(positions: Option<Positions>) -> Self {
        Local {
            dims: BTreeMap::new(),
            hidden: positions.iter().map(|known| known.step).collect(),
        }
    }
}

impl<'s> Local<'s> {
    /// The same where the rounds of a repeat are counted.
    pub(super) fn counting(&self, number: Sym) -> Local<'s> {
        let mut dims = self.dims.clone();
        dims.insert(STEP, number);
        Local {
            dims,
            hidden: self.hidden.clone(),
        }
    }
}

/// Which of the known names an expression uses; what cannot be parsed uses none.
pub(super) fn names(text: &Text<'_>, index: &BTreeMap<&str, usize>) -> Vec<usize> {
    let Ok(expr) = parse(&text.text) else {
        return Vec::new();
    };
    expr.names()
        .into_iter()
        .filter_map(|(name, _)| index.get(name).copied())
        .collect()
}

/// Reads one expression.
pub(super) fn expression(
    text: &Text<'_>,
    local: &Local<'_>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Poly> {
    let value = ratio(text, local, cx, diagnostics)?;
    cx.require_integer(&value);
    Some(value)
}

/// Reads one expression that may be a fraction.
pub(super) fn ratio(
    text: &Text<'_>,
    local: &Local<'_>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Poly> {
    part(text, 0..text.text.len(), None, local, cx, diagnostics)
}

/// Reads one expression that is a size or a number of things.
pub(super) fn size(
    text: &Text<'_>,
    local: &Local<'_>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Poly> {
    let size = expression(text, local, cx, diagnostics)?;
    counting(size, text.span, cx, diagnostics)
}

/// The size, unless it is a number that nothing can have as its size.
fn counting(
    size: Poly,
    span: Span,
    cx: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Poly> {
    match size.as_const() {
        Some(number) if number.sign() < 0 || !number.is_integer() => {
            let message = format!(
                "a size is an integer of at least 0, not {}",
                size.show(cx.symbols)
            );
            diagnostics.push(Diagnostic::at(Code::Dimension, span, message));
            None
        }
        _ => Some(size),
    }
}

/// Reads one expression that stands in a part of a text, and may be a fraction; `hint` is what to say where it is malformed.
fn part(
    text: &Text<'_>,
    range: Range<usize>,
    hint: Option<&str>,
    local: &Local<'_>,
    cx: &mut Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Poly> {
    let source = text.text.get(range.clone())?;
    let place = |span: &Range<usize>| {
        text.span
            .part(&(range.start + span.start..range.start + span.end))
    };
    let expr = match parse(source) {
        Ok(expr) => expr,
        Err(error) => {
            let diagnostic = Diagnostic::at(Code::Dimension, place(&error.span), error.message);
            diagnostics.push(diagnostic.maybe_help(error.hint.or(hint.map(str::to_owned))));
            return None;
        }
    };
    let symbols = cx.symbols;
    let find = |name: &str| {
        let own = local.dims.get(name).copied();
        own.or_else(|| {
            symbols
                .lookup(name)
                .filter(|sym| !local.hidden.contains(sym))
        })
    };
    let unknown: Vec<_> = expr
        .names()
        .into_iter()
        .filter(|(name, _)| find(name).is_none())
        .collect();
    if !unknown.is_empty() {
        for (name, span) in unknown {
            if symbols.lookup(name).is_some() {
                let message = format!("`{name}` means nothing here");
                let help = "a phase sets `n p o`, and `s = p + n`; in its steps, `i` is the number of the step";
                diagnostics.push(Diagnostic::at(Code::Unknown, place(&span), message).help(help));
                continue;
            }
            if [NEW, PAST, WANTED, SPAN].contains(&name) && symbols.lookup(NEW).is_none() {
                let message = format!("`{name}` is set by phases, and this model has none");
                let help = "add `phases: [forward, prefill, decode]` to the model";
                diagnostics.push(Diagnostic::at(Code::Unknown, place(&span), message).help(help));
                continue;
            }
            let own = local.dims.keys().copied();
            let declared = symbols
                .iter()
                .filter(|(sym, name)| !name.contains('.') && !local.hidden.contains(sym));
            let known = own.chain(declared.map(|(_, name)| name));
            let help = diagnostics.did_you_mean(name, known);
            let message = format!("no symbol `{name}` is declared");
            diagnostics.push(Diagnostic::at(Code::Unknown, place(&span), message).maybe_help(help));
        }
        return None;
    }
    match expr.lower_freely(&mut |name, _| find(name).map(Poly::symbol), cx) {
        Ok(poly) => Some(poly),
        Err(errors) => {
            for error in errors {
                let diagnostic = Diagnostic::at(Code::Dimension, place(&error.span), error.message);
                diagnostics.push(diagnostic.maybe_help(error.hint));
            }
            None
        }
    }
}

const BLANKS: &str =
    "blanks separate sizes; write an expression without them, `4*d`, or in brackets, `(4 * d)`";

/// Reads sizes, remembering what was read and what it needs to hold: models repeat `"n d"` on every line.
#[derive(Debug, Default)]
pub(super) struct Sizes<'t>(HashMap<&'t str, (Known, Conditions)>);

/// Sizes that were read.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) sizes: Arc<[Poly]>,
    /// For each whether an `@` marks it as an axis of positions.
    pub(super) marked: SmallVec<[bool; 8]>,
}

impl<'t> Sizes<'t> {
    /// Sizes separated by blanks.
    pub(super) fn read(
        &mut self,
        text: &'t Text<'_>,
        range: Range<usize>,
        local: &Local<'_>,
        cx: &mut Context<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Known> {
        let source = text.text.get(range.clone())?;
        let words = source.trim();
        if let Some((known, needs)) = self.0.get(words) {
            cx.used.extend(needs.iter().cloned());
            return Some(known.clone());
        }
        let before = std::mem::take(&mut cx.used);
        let (mut sizes, mut marked) = (Vec::new(), SmallVec::new());
        let mut sound = true;
        for token in tokens(source) {
            let word = source.get(token.clone()).unwrap_or_default();
            let mark = word.starts_with('@');
            let at = range.start + token.start + usize::from(mark)..range.start + token.end;
            let size = part(text, at.clone(), Some(BLANKS), local, cx, diagnostics);
            let size = size.and_then(|size| {
                cx.require_integer(&size);
                counting(size, text.span.part(&at), cx, diagnostics)
            });
            match size {
                Some(size) => {
                    sizes.push(size);
                    marked.push(mark);
                }
                None => sound = false,
            }
        }
        let needs = std::mem::replace(&mut cx.used, before);
        cx.used.extend(needs.iter().cloned());
        if !sound {
            return None;
        }
        let sizes = sizes.into();
        let known = Known { sizes, marked };
        self.0.insert(words, (known.clone(), needs));
        Some(known)
    }
}

/// The parts of a text that blanks outside brackets separate.
fn tokens(source: &str) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut start = None;
    for (at, c) in source.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && depth == 0 {
            tokens.extend(start.take().map(|from| from..at));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    tokens.extend(start.map(|from| from..source.len()));
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_inside_brackets_do_not_separate() {
        let source = "n (4 * d) ceil(d, 2)";
        let parts: Vec<&str> = tokens(source)
            .into_iter()
            .map(|range| &source[range])
            .collect();
        assert_eq!(parts, ["n", "(4 * d)", "ceil(d, 2)"]);
    }
}
