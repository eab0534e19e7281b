//! A place in the source text that follows the parser, so that a value can be looked at before it is read.
//!
//! It knows blanks, comments and brackets of RON, and no value.

use std::cell::Cell;
use std::ops::Range;

/// A place in the text at or before the parser's own; only punctuation and blanks stand between the two.
pub(super) struct Cursor<'s> {
    pub(super) text: &'s str,
    pub(super) at: Cell<usize>,
    pub(super) depth: Cell<usize>,
    /// How many values were begun.
    pub(super) values: Cell<usize>,
    /// Bytes of the longest name.
    pub(super) longest: Cell<usize>,
}

impl<'s> Cursor<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Cursor {
            text,
            at: Cell::new(0),
            depth: Cell::new(0),
            values: Cell::new(0),
            longest: Cell::new(0),
        }
    }

    pub(super) fn rest(&self, at: usize) -> &'s str {
        self.text.get(at..).unwrap_or_default()
    }

    /// Skips blanks and comments from `at`.
    pub(super) fn blanks(&self, mut at: usize) -> usize {
        loop {
            match self.text.as_bytes().get(at) {
                Some(b' ' | b'\t'..=b'\r') => at += 1,
                Some(b'/') => {
                    let rest = self.rest(at);
                    if rest.starts_with("//") {
                        at += rest.find('\n').unwrap_or(rest.len());
                    } else if rest.starts_with("/*") {
                        at = self.block_comment(at);
                    } else {
                        return at;
                    }
                }
                Some(byte) if !byte.is_ascii() => {
                    let rest = self.rest(at);
                    let blank = rest.len() - rest.trim_start().len();
                    if blank == 0 {
                        return at;
                    }
                    at += blank;
                }
                _ => return at,
            }
        }
    }

    /// Skips a block comment, which may hold others; `at` is its first byte.
    fn block_comment(&self, mut at: usize) -> usize {
        let mut depth = 0;
        loop {
            let rest = self.rest(at);
            if rest.starts_with("/*") {
                depth += 1;
                at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            } else if let Some(c) = rest.chars().next() {
                at += c.len_utf8();
            } else {
                return at;
            }
        }
    }

    /// Moves to the first byte of the next value: past closing brackets, separators, attributes, blanks, comments.
    pub(super) fn to_value(&self) -> usize {
        let mut at = self.at.get();
        loop {
            at = self.blanks(at);
            match self.text.as_bytes().get(at..).unwrap_or_default() {
                [b',' | b':' | b')' | b']' | b'}', ..] => at += 1,
                [b'#', b'!', ..] => {
                    let rest = self.rest(at);
                    at += rest.find(']').map_or(rest.len(), |end| end + 1);
                }
                _ => {
                    self.at.set(at);
                    return at;
                }
            }
        }
    }

    /// Whether the bracket that opens at `at` holds `name: value` pairs.
    pub(super) fn is_struct(&self, at: usize) -> bool {
        let inside = self.blanks(at + 1);
        self.after_name(inside)
            .is_some_and(|rest| rest.starts_with(':'))
    }

    /// What follows the bare name at `at`, if there is one.
    pub(super) fn after_name(&self, at: usize) -> Option<&'s str> {
        let mut name = self.rest(at);
        while let Some(raw) = name.strip_prefix("r#") {
            name = raw;
        }
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let bytes = name.as_bytes();
        let mut length = bytes.iter().take_while(|byte| is_part(byte)).count();
        if bytes.get(length).is_some_and(|byte| !byte.is_ascii()) {
            let after = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            length = after.unwrap_or(name.len());
        }
        let end = self.text.len() - name.len() + length;
        (length > 0).then(|| self.rest(self.blanks(end)))
    }

    /// The byte range of a slice of the text, remembered as the latest place known.
    pub(super) fn span_of(&self, part: &str) -> Range<usize> {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let start = if start <= self.text.len() {
            start
        } else {
            self.at.get()
        };
        let end = start + part.len();
        self.at.set(end);
        start..end
    }

    /// Where a value ends whose last part was just read: past the bracket that closes it.
    pub(super) fn close(&self, bracket: char) -> usize {
        let mut at = self.blanks(self.at.get());
        if self.rest(at).starts_with(',') {
            at = self.blanks(at + 1);
        }
        if self.rest(at).starts_with(bracket) {
            at += 1;
        }
        self.at.set(at);
        at
    }
}
