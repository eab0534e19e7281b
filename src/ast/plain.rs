//! RON as models are mostly written is read at once into a [`Tree`]: names and numbers in ASCII, texts without escapes,
//! comments to the end of a line.
//!
//! This is a short way for long files, never another grammar: what is not plain, and all that is wrong, is left to the
//! parser of [`super::ron`], and what is read here is read there as the same tree.

use super::ron::{Kind, MAX_NESTING, MAX_VALUES, Name, Tree};
use crate::sym::limits::MAX_NAME;

/// Numbers of more bytes than this may not fit a machine word.
const MAX_NUMBER: usize = 18;

/// Reads a whole text, or nothing where it is not plain.
pub(super) fn parse(text: &str) -> Option<Tree<'_>> {
    let mut plain = Plain {
        text,
        at: 0,
        depth: 0,
        values: 0,
        items: Vec::new(),
        fields: Vec::new(),
    };
    let tree = plain.value()?;
    plain.blanks()?;
    (plain.at == text.len()).then_some(tree)
}

struct Plain<'s> {
    text: &'s str,
    at: usize,
    /// How many values hold the one at hand, itself included.
    depth: usize,
    /// How many values were begun.
    values: usize,
    /// Values of the lists that are not closed yet, those of the inner ones last, so that each list is made at its size.
    items: Vec<Tree<'s>>,
    /// The same of values with names.
    fields: Vec<(Name<'s>, Tree<'s>)>,
}

impl<'s> Plain<'s> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a byte, if it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    /// How many of the next bytes are of a kind.
    fn length(&self, kind: impl Fn(&u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        rest.iter()
            .position(|byte| !kind(byte))
            .unwrap_or(rest.len())
    }

    /// The next bytes of a kind, which are ASCII.
    fn take(&mut self, length: usize) -> Option<&'s str> {
        let part = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(part)
    }

    /// Skips blanks and comments; nothing where a comment is not plain.
    fn blanks(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(b'/') => {
                    let rest = self.text.get(self.at..)?;
                    self.at += rest.starts_with("//").then(|| rest.find('\n'))??;
                }
                _ => return Some(()),
            }
        }
    }

    fn value(&mut self) -> Option<Tree<'s>> {
        self.blanks()?;
        self.values += 1;
        self.depth += 1;
        if self.values > MAX_VALUES || self.depth > MAX_NESTING {
            return None;
        }
        let start = self.at;
        let tree = match self.peek()? {
            b'"' => self.quoted()?,
            b'[' => {
                self.at += 1;
                let first = self.items.len();
                self.items(b']')?;
                Tree {
                    kind: Kind::List(self.items.split_off(first)),
                    span: start..self.at,
                }
            }
            b'(' => self.bracket(None, start)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => {
                let name = self.name()?;
                if self.peek() == Some(b'(') {
                    self.bracket(Some(name), start)?
                } else {
                    Tree {
                        kind: Kind::Name(name.text),
                        span: name.span,
                    }
                }
            }
        };
        self.depth -= 1;
        Some(tree)
    }

    /// A text between quotes; its span is what stands inside.
    fn quoted(&mut self) -> Option<Tree<'s>> {
        self.at += 1;
        let start = self.at;
        let length = self.length(|byte| !matches!(byte, b'"' | b'\\'));
        let text = self.take(length)?;
        let span = start..self.at;
        self.eat(b'"').then(|| Tree {
            kind: Kind::Text(text.into()),
            span,
        })
    }

    /// Digits, with a point among them and a sign before them.
    fn number(&mut self) -> Option<Tree<'s>> {
        let start = self.at;
        self.eat(b'-');
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        let number = self.text.get(start..self.at)?;
        (number.len() <= MAX_NUMBER).then_some(Tree {
            kind: Kind::Number(number),
            span: start..self.at,
        })
    }

    /// Digits, between which there may be underlines.
    fn digits(&mut self) -> Option<&'s str> {
        let length = self.length(|byte| byte.is_ascii_digit() || *byte == b'_');
        let digits = self.take(length)?;
        let between = !digits.starts_with('_') && !digits.ends_with('_');
        (between && !digits.is_empty()).then_some(digits)
    }

    fn name(&mut self) -> Option<Name<'s>> {
        let start = self.at;
        let first = self.peek()?;
        let length = self.length(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if first.is_ascii_digit() || !(1..=MAX_NAME).contains(&length) {
            return None;
        }
        let text = self.take(length)?;
        Some(Name {
            text,
            span: start..self.at,
        })
    }

    /// What stands in round brackets, after a head or without one; `start` is where all of it begins.
    fn bracket(&mut self, head: Option<Name<'s>>, start: usize) -> Option<Tree<'s>> {
        self.at += 1;
        let kind = match self.key() {
            Some(key) => {
                let first = self.fields.len();
                self.fields(key)?;
                Kind::Struct(head, self.fields.split_off(first))
            }
            None => {
                let first = self.items.len();
                self.items(b')')?;
                Kind::Tuple(head, self.items.split_off(first))
            }
        };
        Some(Tree {
            kind,
            span: start..self.at,
        })
    }

    /// The name of a value, and the colon after it; where there is none, nothing is stepped over.
    fn key(&mut self) -> Option<Name<'s>> {
        let start = self.at;
        let name = self.blanks().and_then(|()| self.name());
        let key = name.filter(|_| self.blanks().is_some() && self.eat(b':'));
        if key.is_none() {
            self.at = start;
        }
        key
    }

    /// Values without names up to the bracket that closes them.
    fn items(&mut self, close: u8) -> Option<()> {
        loop {
            self.blanks()?;
            if self.eat(close) {
                return Some(());
            }
            let item = self.value()?;
            self.items.push(item);
            self.blanks()?;
            if !self.eat(b',') {
                return self.eat(close).then_some(());
            }
        }
    }

    /// Values with names up to the bracket that closes them, after the first name.
    fn fields(&mut self, mut key: Name<'s>) -> Option<()> {
        loop {
            let value = self.value()?;
            self.fields.push((key, value));
            self.blanks()?;
            if !self.eat(b',') {
                return self.eat(b')').then_some(());
            }
            self.blanks()?;
            if self.eat(b')') {
                return Some(());
            }
            key = self.key()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ron;
    use super::*;

    const SAMPLE: &str = "// first
        Model(name: \"m é\", list: [a, b(1), [c],], nodes: (q: Linear(x, \"d -> f\", true), // second
        q: Norm(rms, _r2), e: (), t: (1, 2.5, -3, 4_000, 0), u: U()), flag : true,)\n";

    #[test]
    fn models_are_plain() {
        let mut read = 0;
        for entry in std::fs::read_dir("models").expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "ron") {
                let text = std::fs::read_to_string(&path).expect("a text");
                let tree = parse(&text);
                assert!(tree.is_some(), "{}", path.display());
                assert_eq!(tree, ron::parse(&text).ok(), "{}", path.display());
                read += 1;
            }
        }
        assert!(read > 0);
    }

    #[test]
    fn what_is_plain_is_the_same_tree_in_ron() {
        assert!(parse(SAMPLE).is_some());
        let check = |text: &str| {
            if let Some(tree) = parse(text) {
                assert_eq!(Ok(tree), ron::parse(text), "{text}");
            }
        };
        check(SAMPLE);
        let odd = [
            "",
            " ",
            ",",
            ":",
            "(",
            ")",
            "[",
            "]",
            "{",
            "\"",
            "\\",
            "'",
            "/",
            "//",
            "/*",
            "*/",
            "#",
            "r#",
            "r\"",
            "b",
            "-",
            "+",
            ".",
            "_",
            "0",
            "1",
            "9",
            "e",
            "x",
            "é",
            "\n",
            "\r",
            "\u{b}",
            "\u{85}",
            "\u{0}",
            "#![enable(a)]",
            "If",
            "inf",
            "Some(",
            "00",
            "0x1",
            "1_",
            "99999999999999999999",
            "a:",
        ];
        for (at, found) in SAMPLE.char_indices() {
            let after = at + found.len_utf8();
            for odd in odd {
                check(&format!("{}{odd}{}", &SAMPLE[..at], &SAMPLE[at..]));
                check(&format!("{}{odd}{}", &SAMPLE[..at], &SAMPLE[after..]));
            }
            check(&SAMPLE[..at]);
        }
    }

    #[test]
    fn limits_are_those_of_ron() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let named = |length: usize| "a".repeat(length);
        let listed = |values: usize| format!("[{}]", "1,".repeat(values - 1));
        for (most, more) in [
            (nested(MAX_NESTING), nested(MAX_NESTING + 1)),
            (named(MAX_NAME), named(MAX_NAME + 1)),
            (listed(MAX_VALUES), listed(MAX_VALUES + 1)),
        ] {
            assert!(parse(&most).is_some() && ron::parse(&most).is_ok());
            assert!(parse(&more).is_none() && ron::parse(&more).is_err());
        }
    }
}
