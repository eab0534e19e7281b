//! Tokens of a formula's text, with byte spans. Must never know of symbols.

use std::ops::Range;

use super::limits::MAX_NAME;
use super::parse::ParseError;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Number,
    Name,
    /// A run of superscript digits, with a superscript minus in front or not.
    Superscript,
    Plus,
    Minus,
    Star,
    Slash,
    DoubleSlash,
    Percent,
    Caret,
    Comma,
    Open,
    Close,
    FloorOpen,
    FloorClose,
    CeilOpen,
    CeilClose,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Token {
    pub(super) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The digit a superscript character stands for, or the minus sign.
pub(super) fn superscript(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from(b'4' + (c as u32 - '⁴' as u32) as u8),
        '⁻' => '-',
        _ => return None,
    })
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn is_name_part(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && superscript(c).is_none()
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let Ok(length) = u32::try_from(text.len()) else {
        return Err(ParseError::new(
            0..0,
            "a formula of more than 4 GiB is refused",
            None,
        ));
    };
    let mut found = Vec::with_capacity(text.len() / 2 + 1);
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(c) = rest.chars().next()
    {
        let start = at;
        let run = |accept: fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
        let (kind, length) = match c {
            ' ' | '\t' | '\n' | '\r' | '\u{a0}' => {
                at += c.len_utf8();
                continue;
            }
            '0'..='9' => (Kind::Number, number_length(rest)),
            'a'..='z' | 'A'..='Z' | '_' => (Kind::Name, name_length(rest)),
            '.' if starts_decimals(rest) => (Kind::Number, number_length(rest)),
            _ if superscript(c).is_some() => (Kind::Superscript, run(|c| superscript(c).is_some())),
            _ if is_name_start(c) => (Kind::Name, name_length(rest)),
            '*' if rest.starts_with("**") => (Kind::Caret, 2),
            '/' if rest.starts_with("//") => (Kind::DoubleSlash, 2),
            '+' => (Kind::Plus, 1),
            '-' | '−' => (Kind::Minus, c.len_utf8()),
            '*' | '·' | '×' | '⋅' => (Kind::Star, c.len_utf8()),
            '/' | '÷' => (Kind::Slash, c.len_utf8()),
            '%' => (Kind::Percent, 1),
            '^' => (Kind::Caret, 1),
            ',' => (Kind::Comma, 1),
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '⌊' => (Kind::FloorOpen, c.len_utf8()),
            '⌋' => (Kind::FloorClose, c.len_utf8()),
            '⌈' => (Kind::CeilOpen, c.len_utf8()),
            '⌉' => (Kind::CeilClose, c.len_utf8()),
            _ => {
                let span = start..start + c.len_utf8();
                let hint =
                    "a formula is made of numbers, names, + - * / ^ // %, parentheses and calls";
                return Err(ParseError::new(
                    span,
                    format!("unexpected character `{}`", c.escape_debug()),
                    Some(hint),
                ));
            }
        };
        let long = |name: &str| name.split('.').any(|part| part.len() > MAX_NAME);
        if kind == Kind::Name && length > MAX_NAME && rest.get(..length).is_some_and(long) {
            let message = format!("a name is longer than {MAX_NAME} bytes, the limit");
            return Err(ParseError::new(start..start + length, message, None));
        }
        at += length;
        // No place is beyond the length, which fits.
        found.push(Token {
            kind,
            start: start as u32,
            end: at as u32,
        });
    }
    found.push(Token {
        kind: Kind::End,
        start: length,
        end: length,
    });
    Ok(found)
}

/// Digits with `_` between them, and a decimal part.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit() && c != '_')
            .unwrap_or(text.len())
    };
    let whole = digits(text);
    match text.get(whole..).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + digits(rest),
        _ => whole,
    }
}

/// Whether a dot with a digit after it comes next.
fn starts_decimals(text: &str) -> bool {
    let rest = text.strip_prefix('.');
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Letters, digits and `_`; a dot only between two parts.
fn name_length(text: &str) -> usize {
    let mut end = 0;
    loop {
        let part = text.get(end..).unwrap_or_default();
        let length = part.find(|c| !is_name_part(c)).unwrap_or(part.len());
        end += length;
        match part.get(length..).and_then(|rest| rest.strip_prefix('.')) {
            Some(rest) if rest.starts_with(is_name_start) => end += 1,
            _ => return end,
        }
    }
}
