//! JSON text becomes a [`Json`]: values with the places of their keys.
//!
//! The only module that reads JSON, which `serde_json` parses. It knows nothing of configurations.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A text of more values than this is refused.
const MAX_VALUES: usize = 500_000;
/// Values nested deeper than this are refused, by `serde_json`.
const MAX_NESTING: usize = 127;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'s> {
    Null,
    Flag(bool),
    Number(serde_json::Number),
    Text(Cow<'s, str>),
    List(Vec<Json<'s>>),
    Object(Object<'s>),
}

/// The entries of an object in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object<'s>(pub(super) Vec<(Key<'s>, Json<'s>)>);

/// The key of an entry, and where it stands; a key that is written with escapes has no place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) span: Option<Range<usize>>,
}

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonError {
    pub(super) message: String,
    pub(super) at: usize,
    /// Whether it is a limit that the text is beyond.
    pub(super) limit: bool,
}

impl<'s> Object<'s> {
    /// The entry of a key.
    pub(super) fn get(&self, key: &str) -> Option<(&Key<'s>, &Json<'s>)> {
        let found = self.0.iter().find(|(known, _)| known.text == key);
        found.map(|(key, value)| (key, value))
    }
}

impl Json<'_> {
    /// A number, a text or a flag as text: what words of a mapping are compared with.
    pub(super) fn word(&self) -> Option<Cow<'_, str>> {
        match self {
            Json::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Json::Number(number) => Some(Cow::Owned(number.to_string())),
            Json::Text(text) => Some(Cow::Borrowed(text)),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }

    /// What it is, for a message.
    pub(super) fn described(&self) -> String {
        match self {
            Json::Null => String::from("null"),
            Json::Flag(flag) => flag.to_string(),
            Json::Number(number) => format!("the number {number}"),
            Json::Text(text) => format!("the text \"{}\"", crate::diag::cut(text)),
            Json::List(_) => String::from("a list"),
            Json::Object(_) => String::from("an object"),
        }
    }
}

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Result<Json<'_>, JsonError> {
    let count = Cell::new(0);
    let seed = Seed {
        text,
        count: &count,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = seed.deserialize(&mut deserializer);
    parsed
        .and_then(|json| deserializer.end().map(|()| json))
        .map_err(|error| {
            let message = error.to_string();
            let deep = message.starts_with("recursion limit exceeded");
            let message = match message.split_once(" at line ") {
                _ if deep => format!("values are nested more than {MAX_NESTING} deep, the limit"),
                Some((message, _)) => message.to_owned(),
                None => message,
            };
            JsonError {
                message,
                at: offset(text, error.line(), error.column()),
                limit: deep || count.get() > MAX_VALUES,
            }
        })
}

/// The byte offset of a line and a column, which `serde_json` counts from 1 and in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines
        .by_ref()
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let length = lines.next().map_or(0, str::len);
    let mut at = before + column.saturating_sub(1).min(length);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[derive(Clone, Copy)]
struct Seed<'c, 's> {
    text: &'s str,
    count: &'c Cell<usize>,
}

impl<'s> Seed<'_, 's> {
    /// A key, with its place if it is a piece of the text.
    fn key(&self, key: Cow<'s, str>) -> Key<'s> {
        let span = match &key {
            Cow::Borrowed(piece) => {
                let start = (piece.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
                start.map(|start| start..start + piece.len())
            }
            Cow::Owned(_) => None,
        };
        Key { text: key, span }
    }
}

impl<'s> DeserializeSeed<'s> for Seed<'_, 's> {
    type Value = Json<'s>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Json<'s>, D::Error> {
        self.count.set(self.count.get() + 1);
        if self.count.get() > MAX_VALUES {
            let message = format!("there are more than {MAX_VALUES} values, the limit");
            return Err(de::Error::custom(message));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'s> Visitor<'s> for Seed<'_, 's> {
    type Value = Json<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'s>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'s>, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'s>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'s>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json<'s>, E> {
        let number = serde_json::Number::from_f64(number);
        number
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_borrowed_str<E>(self, text: &'s str) -> Result<Json<'s>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'s>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'s>>(self, mut items: A) -> Result<Json<'s>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'s>>(self, mut entries: A) -> Result<Json<'s>, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = entries.next_key_seed(Text)? {
            object.push((self.key(key), entries.next_value_seed(self)?));
        }
        Ok(Json::Object(Object(object)))
    }
}

/// Reads the text of a key.
struct Text;

impl<'s> DeserializeSeed<'s> for Text {
    type Value = Cow<'s, str>;

    fn deserialize<D: Deserializer<'s>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'s> Visitor<'s> for Text {
    type Value = Cow<'s, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'s str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_know_where_they_stand() {
        let text = "{\n  \"a\": {\"b\\u0041\": 1}, \"c\": [null, true, \"x\"]}";
        let Ok(Json::Object(object)) = parse(text) else {
            panic!("{:?}", parse(text));
        };
        let spans: Vec<_> = object.0.iter().map(|(key, _)| key.span.clone()).collect();
        assert_eq!(spans, [Some(5..6), Some(26..27)]);
        let (_, inner) = object.get("a").expect("the key is there");
        assert!(matches!(inner, Json::Object(inner) if inner.get("bA").is_some()));
    }

    #[test]
    fn what_is_no_json_is_told_at_its_place() {
        let error = parse("{\"a\": 1,\n \"b\" 2}").expect_err("a colon is missing");
        assert_eq!((error.message.as_str(), error.at), ("expected `:`", 14));
        let deep = "[".repeat(10_000);
        assert!(parse(&deep).expect_err("it is too deep").limit);
    }
}
