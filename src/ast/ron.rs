//! RON text becomes a [`Tree`]: values with their heads and their places.
//!
//! This is the only module that names the `ron` crate, which does the parsing. What serde loses on the way, the head of
//! `Linear(x, "d -> f")` and where it stands, is found again by looking at the source text: before each value this
//! module peeks at its first character, so that the right `deserialize_*` can be asked for. It knows nothing of models.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{
    self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::cursor::Cursor;
use crate::sym::limits::MAX_NAME;

/// Values nested deeper than this are refused.
const MAX_NESTING: usize = 100;
/// Files of more values than this are refused: each is kept with its place.
const MAX_VALUES: usize = 750_000;

const MIXED: &str =
    "fields are given all in order, `f(a, b)`, or all by name, `f(x: a, y: b)`, never both";

/// A value of a RON file with its byte range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tree<'s> {
    /// Bytes of the value, without surrounding blanks.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind<'s>,
}

/// What a value of a RON file is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'s> {
    /// A bare name: `rms`, `true`, `x`.
    Name(&'s str),
    /// A quoted string.
    Text(Cow<'s, str>),
    /// A number, as written.
    Number(&'s str),
    /// `[a, b]`
    List(Vec<Tree<'s>>),
    /// `Head(a, b)` or `(a, b)`
    Tuple(Option<Name<'s>>, Vec<Tree<'s>>),
    /// `Head(a: x, b: y)` or `(a: x, b: y)`, in the author's order, repeated keys kept.
    Struct(Option<Name<'s>>, Vec<(Name<'s>, Tree<'s>)>),
}

impl<'s> Tree<'s> {
    /// The head of a call: `Linear` of `Linear(..)`.
    pub(crate) fn head(&self) -> Option<&Name<'s>> {
        match &self.kind {
            Kind::Tuple(head, _) | Kind::Struct(head, _) => head.as_ref(),
            _ => None,
        }
    }
}

/// A bare name and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name<'s> {
    /// The name.
    pub text: &'s str,
    /// Its bytes.
    pub span: Range<usize>,
}

/// Why a text is not RON, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SyntaxError {
    /// What the parser says.
    pub message: String,
    /// Where it stopped.
    pub span: Range<usize>,
    /// The limit that it stopped at, in words.
    pub limit: Option<String>,
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<Tree<'_>, SyntaxError> {
    let options = ron::Options::default().with_recursion_limit(4 * MAX_NESTING);
    let cursor = Cursor::new(text);
    options
        .from_str_seed(text, Value(&cursor))
        .map_err(|error| SyntaxError {
            limit: beyond(&error.code, &cursor),
            message: error.code.to_string(),
            span: {
                let start = cursor
                    .blanks(offset(text, error.span.start))
                    .min(text.len());
                start..offset(text, error.span.end).max(start)
            },
        })
}

/// The limit that a text is beyond, if it is beyond one.
fn beyond(error: &ron::Error, cursor: &Cursor<'_>) -> Option<String> {
    if matches!(error, ron::Error::ExceededRecursionLimit) || cursor.depth.get() > MAX_NESTING {
        return Some(format!("values are nested more than {MAX_NESTING} deep"));
    }
    if cursor.values.get() > MAX_VALUES {
        return Some(format!("a file holds more than {MAX_VALUES} values"));
    }
    let long = cursor.longest.get() > MAX_NAME;
    long.then(|| format!("a name is longer than {MAX_NAME} bytes"))
}

/// The byte offset of a line and column, both counted from 1, columns in characters.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let mut start = 0;
    for _ in 1..position.line {
        match text.get(start..).unwrap_or_default().find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    text.get(start..)
        .unwrap_or_default()
        .char_indices()
        .nth(position.col.saturating_sub(1))
        .map_or(text.len(), |(at, _)| start + at)
}

/// Reads one value.
struct Value<'c, 's>(&'c Cursor<'s>);

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = Tree<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        let cursor = self.0;
        let start = cursor.to_value();
        let rest = cursor.rest(start);
        cursor.depth.set(cursor.depth.get() + 1);
        if cursor.depth.get() > MAX_NESTING {
            return Err(de::Error::custom("nested too deep"));
        }
        cursor.values.set(cursor.values.get() + 1);
        if cursor.values.get() > MAX_VALUES {
            return Err(de::Error::custom("too many values"));
        }
        let reader = Reader { cursor, start };
        let tree = match rest.chars().next() {
            Some('"') => deserializer.deserialize_str(reader),
            Some('r') if rest.starts_with("r\"") || rest.starts_with("r#") => {
                deserializer.deserialize_str(reader)
            }
            Some('[') => {
                cursor.at.set(start + 1);
                deserializer.deserialize_seq(reader)
            }
            Some('(') => {
                cursor.at.set(start + 1);
                if cursor.is_struct(start) {
                    deserializer.deserialize_struct("", &[], reader)
                } else {
                    deserializer.deserialize_tuple(0, reader)
                }
            }
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => {
                deserializer.deserialize_any(reader)
            }
            Some('{') => Err(de::Error::custom(
                "sections are written in round brackets, `(name: value)`",
            )),
            Some('\'') => Err(de::Error::custom("texts are written in double quotes")),
            _ => deserializer.deserialize_enum("", &[], reader),
        };
        cursor
            .depth
            .set(cursor.depth.get().saturating_sub(usize::from(tree.is_ok())));
        tree
    }
}

/// Builds the tree of the value that starts at `start`.
struct Reader<'c, 's> {
    cursor: &'c Cursor<'s>,
    start: usize,
}

impl<'s> Reader<'_, 's> {
    fn number<E>(self) -> Result<Tree<'s>, E> {
        let rest = self.cursor.rest(self.start);
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let number = rest.get(..length).unwrap_or_default();
        let span = self.start..self.start + length;
        self.cursor.at.set(span.end);
        Ok(Tree {
            kind: Kind::Number(number),
            span,
        })
    }

    fn sequence<A: SeqAccess<'s>>(&self, mut items: A) -> Result<Vec<Tree<'s>>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Item(self.cursor))? {
            list.push(item);
        }
        Ok(list)
    }

    fn fields<A: MapAccess<'s>>(
        &self,
        mut entries: A,
    ) -> Result<Vec<(Name<'s>, Tree<'s>)>, A::Error> {
        let mut list = Vec::new();
        while let Some(name) = entries.next_key_seed(Key(self.cursor))? {
            let value = entries.next_value_seed(Value(self.cursor))?;
            list.push((name, value));
        }
        Ok(list)
    }
}

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, a string, a number, a list or a bracket")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
        let inner = self.cursor.span_of(text);
        let rest = self.cursor.rest(inner.end);
        let end = inner.end + rest.find('"').map_or(0, |quote| quote + 1);
        let hashes = self
            .cursor
            .rest(end)
            .bytes()
            .take_while(|b| *b == b'#')
            .count();
        let raw = self.cursor.rest(self.start).starts_with('r');
        self.cursor.at.set(end + if raw { hashes } else { 0 });
        Ok(Tree {
            span: inner,
            kind: Kind::Text(Cow::Borrowed(text)),
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
        let rest = self.cursor.rest(self.start);
        let mut escaped = false;
        let end = rest.get(1..).unwrap_or_default().find(|c| {
            let stop = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            stop
        });
        let end = self.start + end.map_or(rest.len(), |at| at + 2);
        self.cursor.at.set(end);
        Ok(Tree {
            span: self.start..end,
            kind: Kind::Text(Cow::Owned(text.to_owned())),
        })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree<'de>, E> {
        self.number()
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree<'de>, E> {
        self.number()
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree<'de>, E> {
        self.number()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Tree<'de>, A::Error> {
        let bracketed = self.cursor.rest(self.start).starts_with('[');
        let list = self.sequence(items)?;
        let end = self.cursor.close(if bracketed { ']' } else { ')' });
        let kind = if bracketed {
            Kind::List(list)
        } else {
            Kind::Tuple(None, list)
        };
        Ok(Tree {
            span: self.start..end,
            kind,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Tree<'de>, A::Error> {
        let fields = self.fields(entries)?;
        let end = self.cursor.close(')');
        Ok(Tree {
            span: self.start..end,
            kind: Kind::Struct(None, fields),
        })
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, access: A) -> Result<Tree<'de>, A::Error> {
        let (head, content) = access.variant_seed(Identifier(self.cursor))?;
        let open = self.cursor.blanks(head.span.end);
        if !self.cursor.rest(open).starts_with('(') {
            content.unit_variant()?;
            return Ok(Tree {
                span: head.span.clone(),
                kind: Kind::Name(head.text),
            });
        }
        let inner = Reader {
            cursor: self.cursor,
            start: open,
        };
        self.cursor.at.set(open + 1);
        let tree = if self.cursor.is_struct(open) {
            content.struct_variant(&[], inner)?
        } else {
            content.tuple_variant(0, inner)?
        };
        let span = head.span.start..tree.span.end;
        let kind = match tree.kind {
            Kind::Tuple(_, list) => Kind::Tuple(Some(head), list),
            Kind::Struct(_, fields) => Kind::Struct(Some(head), fields),
            other => other,
        };
        Ok(Tree { span, kind })
    }
}

/// Reads a value that has no name; one that has stands among others that have none.
struct Item<'c, 's>(&'c Cursor<'s>);

impl<'de> DeserializeSeed<'de> for Item<'_, 'de> {
    type Value = Tree<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        match self.0.after_name(self.0.to_value()) {
            Some(rest) if rest.starts_with(':') => Err(de::Error::custom(MIXED)),
            _ => Value(self.0).deserialize(deserializer),
        }
    }
}

/// Reads the name of a value; a value without one stands among others that have names.
struct Key<'c, 's>(&'c Cursor<'s>);

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        match self.0.after_name(self.0.to_value()) {
            Some(rest) if !rest.starts_with([',', '(', ')']) => {
                Identifier(self.0).deserialize(deserializer)
            }
            _ => Err(de::Error::custom(MIXED)),
        }
    }
}

/// Reads a bare name as a slice of the source, so that its place is known.
struct Identifier<'c, 's>(&'c Cursor<'s>);

impl<'de> DeserializeSeed<'de> for Identifier<'_, 'de> {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Identifier<'_, 'de> {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Name<'de>, E> {
        self.0.longest.set(self.0.longest.get().max(text.len()));
        if text.len() > MAX_NAME {
            return Err(E::custom("a long name"));
        }
        Ok(Name {
            text,
            span: self.0.span_of(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tree: &Tree<'_>) -> String {
        match &tree.kind {
            Kind::Name(name) => (*name).to_owned(),
            Kind::Text(text) => format!("{text:?}"),
            Kind::Number(number) => format!("#{number}"),
            Kind::List(list) => {
                format!("{:?}", list.iter().map(shown).collect::<Vec<_>>()).replace('"', "")
            }
            Kind::Tuple(head, list) => format!(
                "{}<{}>",
                head.as_ref().map_or("", |h| h.text),
                list.iter().map(shown).collect::<Vec<_>>().join(";")
            ),
            Kind::Struct(head, fields) => format!(
                "{}{{{}}}",
                head.as_ref().map_or("", |h| h.text),
                fields
                    .iter()
                    .map(|(k, v)| format!("{}={}", k.text, shown(v)))
                    .collect::<Vec<_>>()
                    .join(";")
            ),
        }
    }

    #[test]
    fn heads_fields_lists_and_comments_survive() {
        let text = r#"// first
            Model(name: "m", list: [a, b(1), [c],], /* in /* between */ */ nodes: (q: Linear(x, "d -> f", true),
            q: Norm(rms), e: (), t: (1, 2.5, -3)), flag: true)"#;
        let tree = parse(text).expect("the text is RON");
        assert_eq!(
            shown(&tree),
            "Model{name=\"m\";list=[a, b<#1>, [c]];nodes={q=Linear<x;\"d -> f\";true>;q=Norm<rms>;e=<>;t=<#1;#2.5;#-3>};flag=true}"
        );
    }

    #[test]
    fn every_value_knows_its_place() {
        let text = "M( a : [ x , Y( \"p q\" , 12 ) ] , b:\"\\\"z\" )";
        let tree = parse(text).expect("the text is RON");
        fn walk(text: &str, tree: &Tree<'_>, out: &mut Vec<String>) {
            out.push(text[tree.span.clone()].to_owned());
            match &tree.kind {
                Kind::List(list) | Kind::Tuple(_, list) => {
                    list.iter().for_each(|t| walk(text, t, out))
                }
                Kind::Struct(_, fields) => fields.iter().for_each(|(_, t)| walk(text, t, out)),
                _ => {}
            }
        }
        let mut places = Vec::new();
        walk(text, &tree, &mut places);
        assert_eq!(
            places,
            [
                text,
                "[ x , Y( \"p q\" , 12 ) ]",
                "x",
                "Y( \"p q\" , 12 )",
                "p q",
                "12",
                "\"\\\"z\""
            ]
        );
    }

    #[test]
    fn broken_text_is_an_error_at_its_place() {
        let error = parse("M(a: 1,\n  b 2)").expect_err("a colon is missing");
        assert_eq!(&"M(a: 1,\n  b 2)"[error.span.start..], "2)");
        for text in [
            "", "M(", "M(a: )", "M(a: 'x)", "\"", "[", "M(a: \"x", "r#\"", "/*", "M(a: {)",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_with_and_without_names_do_not_mix() {
        for (text, place) in [
            ("M(a, b: 1)", "b: 1)"),
            ("M(N(a, /* c */ b : 1))", "b : 1))"),
            ("M(a: 1, b)", "b)"),
            ("M(a: 1, b(c: 2), d: 3)", "b(c: 2), d: 3)"),
            ("M(a: 1, \"b\")", "\"b\")"),
        ] {
            let error = parse(text).expect_err("mixed");
            assert_eq!(
                (error.message.as_str(), &text[error.span.start..]),
                (MIXED, place)
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_overflown() {
        let error = parse(&"[".repeat(10_000)).expect_err("too deep");
        assert!(error.limit.is_some());
        assert!(parse(&format!("{}{}", "[".repeat(50), "]".repeat(50))).is_ok());
    }
}
