//! The attributes of an op are read from the text of its fields, and the op is built.

use std::ops::Range;
use std::sync::Arc;

use super::block::Lower;
use super::scope::{self, Known};
use crate::ast::model::{Given, Text};
use crate::diag::{Code, Diagnostic, Span};
use crate::graph::{NodeKind, Places};
use crate::ops::args::{Arg, Args, FieldKind, MaskSpec};
use crate::ops::equation::Equation;
use crate::ops::{OpDef, OpError};
use crate::shape::{Axis, Coordinate, MAX_RANK, Shape};
use crate::sym::Poly;

impl<'a, 's> Lower<'a, 's, '_> {
    pub(super) fn op(
        &mut self,
        def: &'static OpDef,
        given: &'a [Option<Given<'s>>],
        span: Span,
    ) -> Option<NodeKind> {
        let mut args = Vec::with_capacity(def.fields.len());
        let mut places = Places::new();
        let mut sound = true;
        for (field, given) in def.fields.iter().zip(given) {
            let value = match (field.kind, given) {
                (FieldKind::Past, _) => self.past(def, span),
                (FieldKind::New, _) => self.positions.map(|set| Arg::Dim(Poly::symbol(set.new))),
                (_, None) => {
                    args.push((field.name, None));
                    continue;
                }
                (kind, Some(given)) => {
                    places.push((field.name, place(given)));
                    self.arg(kind, given)
                }
            };
            sound &= value.is_some();
            args.push((field.name, value));
        }
        if !sound {
            return None;
        }
        let args = Args(args);
        match (def.build)(&args) {
            Ok(op) => Some(NodeKind::Op {
                def,
                args,
                op,
                places,
            }),
            Err(error) => {
                self.diagnostics.push(refusal(def, &error, &places, span));
                None
            }
        }
    }

    /// The number of past positions, where the model has any.
    fn past(&mut self, def: &OpDef, span: Span) -> Option<Arg> {
        if let Some(positions) = self.positions {
            return Some(Arg::Dim(Poly::symbol(positions.past)));
        }
        let message = format!(
            "`{}` needs past positions, and this model has no phases",
            def.name
        );
        self.diagnostics.push(
            Diagnostic::at(Code::Form, span, message)
                .help("add `phases: [forward, prefill, decode]` to the model"),
        );
        None
    }

    fn arg(&mut self, kind: FieldKind, given: &'a Given<'s>) -> Option<Arg> {
        match given {
            Given::Nodes(words) => Some(Arg::Inputs(words.len())),
            Given::Word(word, _) => Some(Arg::Word(word)),
            Given::Flag(on, _) => Some(Arg::Flag(*on)),
            Given::Mask(None, _) => Some(Arg::NoMask),
            Given::Mask(Some(mask), _) => {
                let size = match &mask.size {
                    Some(text) => scope::size(text, self.local, self.cx, self.diagnostics)?,
                    None => Poly::zero(),
                };
                Some(Arg::Mask(Box::new(MaskSpec {
                    queries: mask.queries.text.to_owned(),
                    keys: mask.keys.text.to_owned(),
                    mask: (mask.form.build)(size, mask.choice),
                })))
            }
            Given::Text(text) => match kind {
                FieldKind::Axes => self.axes(text, true).map(Box::new).map(Arg::Axes),
                FieldKind::Dims => {
                    let dims = self.dims(text, 0..text.text.len())?;
                    Some(Arg::Dims(dims.to_vec()))
                }
                FieldKind::Map => self.map(text),
                FieldKind::Sizes => self.labelled_sizes(text),
                FieldKind::Equation => self.equation(text),
                _ => scope::size(text, self.local, self.cx, self.diagnostics).map(Arg::Dim),
            },
        }
    }

    /// Axes of a tensor; each mark is a further coordinate of its position.
    pub(super) fn axes(&mut self, text: &'a Text<'s>, marks: bool) -> Option<Shape> {
        let sizes = self.sizes.read(
            text,
            0..text.text.len(),
            self.local,
            self.cx,
            self.diagnostics,
        )?;
        let Known { sizes, marked } = sizes;
        if !marks && marked.contains(&true) {
            let message = "positions are marked in the inputs of the model; a block learns them from its callers";
            self.diagnostics
                .push(Diagnostic::at(Code::Form, text.span, message));
            return None;
        }
        if sizes.len() > MAX_RANK {
            let message = format!("a tensor has more than {MAX_RANK} axes, the limit");
            self.diagnostics
                .push(Diagnostic::at(Code::Limit, text.span, message));
            return None;
        }
        let mut coordinate = 0;
        Some(Shape::new(sizes.iter().zip(marked).map(
            |(size, marked)| {
                let along = marked.then_some(Coordinate::new(coordinate));
                coordinate += u8::from(marked);
                Axis::along(size.clone(), along)
            },
        )))
    }

    fn dims(&mut self, text: &'a Text<'s>, range: Range<usize>) -> Option<Arc<[Poly]>> {
        let Known { sizes, marked } =
            self.sizes
                .read(text, range, self.local, self.cx, self.diagnostics)?;
        if marked.contains(&true) {
            self.diagnostics.push(Diagnostic::at(
                Code::Form,
                text.span,
                "an `@` marks axes of inputs, not sizes",
            ));
            return None;
        }
        Some(sizes)
    }

    fn map(&mut self, text: &'a Text<'s>) -> Option<Arg> {
        let Some(arrow) = text.text.find("->") else {
            let diagnostic =
                Diagnostic::at(Code::Form, text.span, "a map has the form `\"d -> f\"`");
            self.diagnostics.push(diagnostic);
            return None;
        };
        let from = self.dims(text, 0..arrow);
        let to = self.dims(text, arrow + 2..text.text.len());
        Some(Arg::Map(from?, to?))
    }

    fn labelled_sizes(&mut self, text: &Text<'s>) -> Option<Arg> {
        let mut sizes = Vec::new();
        let mut at = 0;
        for item in text.text.split(',') {
            let range = at..at + item.len();
            at = range.end + 1;
            let Some((label, size)) = item.split_once('=') else {
                let span = text.span.part(&range);
                self.diagnostics.push(Diagnostic::at(
                    Code::Form,
                    span,
                    "sizes of labels have the form `\"h = H, e = dh\"`",
                ));
                return None;
            };
            let start = range.start + label.len() + 1;
            let part = Text {
                text: size.to_owned().into(),
                span: text.span.part(&(start..range.end)),
            };
            let size = scope::size(&part, self.local, self.cx, self.diagnostics)?;
            sizes.push((label.trim().to_owned(), size));
        }
        Some(Arg::Sizes(sizes))
    }

    fn equation(&mut self, text: &Text<'s>) -> Option<Arg> {
        match Equation::parse(&text.text) {
            Ok(equation) => Some(Arg::Equation(equation)),
            Err(error) => {
                let span = text.span.part(&error.span);
                self.diagnostics
                    .push(Diagnostic::at(Code::Form, span, error.message));
                None
            }
        }
    }
}

/// The place of what a field holds.
fn place(given: &Given<'_>) -> Span {
    match given {
        Given::Text(text) => text.span,
        Given::Word(_, span) | Given::Flag(_, span) | Given::Mask(_, span) => *span,
        Given::Nodes(words) => match (words.first(), words.last()) {
            (Some(first), Some(last)) => Span {
                end: last.span.end,
                ..first.span
            },
            _ => Span::new(0, 0, 0),
        },
    }
}

/// The diagnostic of an op that refuses its attributes or inputs: at the field to blame, or at the whole op.
pub(crate) fn refusal(
    def: &OpDef,
    error: &OpError,
    places: &[(&'static str, Span)],
    span: Span,
) -> Diagnostic {
    let at = error
        .field
        .and_then(|field| places.iter().find(|(name, _)| *name == field))
        .map_or(span, |(_, at)| *at);
    Diagnostic::at(Code::Shape, at, format!("{}: {}", def.name, error.message))
        .maybe_help(error.help.clone())
}
