//! The model file as its author wrote it: names, texts and places, nothing resolved.
//!
//! [`ron`] parses; [`read`] knows forms, [`file`] and [`nodes`] read the tree into [`model`].

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

use crate::diag::{Code, Diagnostic, Span};

pub(crate) mod config;
mod cursor;
pub(crate) mod file;
pub(crate) mod model;
mod nodes;
pub(crate) mod profile;
mod read;
pub(crate) mod ron;

/// The diagnostic of a text that is not RON.
pub(crate) fn syntax_error(file: u32, error: ron::SyntaxError) -> Diagnostic {
    let span = Span::new(file, error.span.start, error.span.end);
    if let Some(limit) = error.limit {
        return Diagnostic::at(Code::Limit, span, format!("{limit}, the limit"));
    }
    Diagnostic::at(Code::Syntax, span, error.message)
}
