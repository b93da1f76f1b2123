//! Strict JSON (RFC 8259) for everything that comes from outside.
//!
//! Refused: floats and exponents, negative numbers, duplicate keys, unknown fields (by the types), a list where an
//! object is meant, trailing bytes, more than 128 levels. Amounts are strings by their own types. The exact bytes are
//! what is hashed and signed; nothing is re-serialised to verify.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::error::Error;

/// Parses `bytes` as `T`; `what` names the object in errors.
///
/// # Errors
/// [`Error::TooLarge`] above `limit` bytes, [`Error::Unsupported`] for a kind that this version does not know (a later
/// one may), [`Error::Syntax`] for everything else.
pub fn parse<T: DeserializeOwned>(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
) -> Result<T, Error> {
    if bytes.len() > limit {
        return Err(Error::TooLarge {
            what,
            limit: limit as u64,
            found: bytes.len() as u64,
        });
    }
    let syntax = |error: serde_json::Error| Error::Syntax {
        what,
        why: error.to_string(),
    };
    let value: Value = serde_json::from_slice(bytes).map_err(syntax)?;
    T::deserialize(value).map_err(|error| {
        // serde's fixed wording for an unknown variant of an enum; a test pins it.
        match error.to_string().strip_prefix("unknown variant `") {
            Some(rest) => Error::Unsupported {
                what,
                found: shorten(rest.split('`').next().unwrap_or_default()),
            },
            None => syntax(error),
        }
    })
}

/// A member that is there has a value: `null` would be a second way to leave it out.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A JSON value without floats, negative numbers and duplicate keys.
enum Value {
    Null,
    Bool(bool),
    Integer(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with non-negative integers only")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            // Objects have at most a dozen keys by their types; a long one is refused before this gets slow.
            if entries.len() >= MAX_KEYS {
                return Err(de::Error::custom("too many keys in one object"));
            }
            if entries.iter().any(|(other, _)| *other == key) {
                return Err(de::Error::custom(format_args!(
                    "duplicate key `{}`",
                    shorten(&key)
                )));
            }
            entries.push((key, value));
        }
        Ok(Value::Object(entries))
    }
}

const MAX_KEYS: usize = 64;

/// At most 40 characters of untrusted text, for errors; control characters escaped.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

impl Value {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Integer(value) => Unexpected::Unsigned(*value),
            Self::Text(value) => Unexpected::Str(value),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Integer(value) => visitor.visit_u64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => {
                let mut access = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut access)?;
                access.end()?;
                Ok(value)
            }
            Self::Object(entries) => {
                let mut access = MapDeserializer::new(entries.into_iter());
                let value = visitor.visit_map(&mut access)?;
                access.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    // The library's own deserializers take `[1]` for a struct of one field, even with unknown fields denied.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Object(_) => self.deserialize_any(visitor),
            other => Err(de::Error::invalid_type(other.unexpected(), &"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self {
            Self::Text(variant) => {
                let variant: StrDeserializer<'_, Self::Error> =
                    variant.as_str().into_deserializer();
                visitor.visit_enum(variant)
            }
            Self::Object(entries) if entries.len() == 1 => visitor.visit_enum(
                de::value::MapAccessDeserializer::new(MapDeserializer::new(entries.into_iter())),
            ),
            other => Err(de::Error::invalid_type(
                other.unexpected(),
                &"a string or an object with one key",
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        total: String,
        count: u64,
        note: Option<String>,
        kind: Kind,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Kind {
        Plain,
        Sealed { bound: String },
    }

    fn read(text: &str) -> Result<Sample, Error> {
        parse("sample", text.as_bytes(), 1000)
    }

    #[test]
    fn honest_objects_are_read() {
        let plain = read(r#"{"total":"5","count":1,"note":null,"kind":"plain"}"#).unwrap();
        assert_eq!(
            plain,
            Sample {
                total: "5".into(),
                count: 1,
                note: None,
                kind: Kind::Plain
            }
        );
        let sealed =
            read(r#" {"kind":{"sealed":{"bound":"9"}},"note":"x","count":0,"total":""} "#).unwrap();
        assert_eq!(sealed.kind, Kind::Sealed { bound: "9".into() });
    }

    #[test]
    fn m_03_duplicate_keys_are_refused() {
        let error =
            read(r#"{"total":"5","total":"6","count":1,"note":null,"kind":"plain"}"#).unwrap_err();
        assert!(
            error.to_string().contains("duplicate key `total`"),
            "{error}"
        );
        assert!(
            read(
                r#"{"total":"5","count":1,"note":null,"kind":{"sealed":{"bound":"1","bound":"2"}}}"#
            )
            .is_err()
        );
    }

    #[test]
    fn m_04_numbers_that_are_not_plain_integers_are_refused() {
        for bad in [
            "1.0",
            "1e3",
            "1E21",
            "-1",
            "-0",
            "01",
            "+5",
            "18446744073709551616",
            "\"1\"",
            "null",
            "true",
            "NaN",
        ] {
            let text = format!(r#"{{"total":"5","count":{bad},"note":null,"kind":"plain"}}"#);
            assert!(read(&text).is_err(), "{bad}");
        }
        assert!(
            read(r#"{"total":5,"count":1,"note":null,"kind":"plain"}"#).is_err(),
            "totals are strings"
        );
    }

    #[test]
    fn u_14_unknown_fields_lists_for_objects_and_trailing_bytes_are_refused() {
        for bad in [
            r#"{"total":"5","count":1,"note":null,"kind":"plain","extra":1}"#,
            r#"["5",1,null,"plain"]"#,
            r#"{"total":"5","count":1,"note":null,"kind":{"sealed":["9"]}}"#,
            r#"{"total":"5","count":1,"note":null,"kind":{"sealed":{"bound":"9","extra":0}}}"#,
            r#"{"total":"5","count":1,"note":null,"kind":{"plain":null,"sealed":{"bound":"9"}}}"#,
            r#"{"total":"5","count":1,"note":null,"kind":"plain"}{}"#,
            r#"{"total":"5","count":1,"note":null,"kind":"plain",}"#,
            r#"{"total":"\ud800","count":1,"note":null,"kind":"plain"}"#,
            r#"{"count":1,"note":null,"kind":"plain"}"#,
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn m_10_a_kind_of_a_later_version_is_unsupported_not_malformed() {
        for text in [
            r#"{"total":"5","count":1,"note":null,"kind":"later"}"#,
            r#"{"total":"5","count":1,"note":null,"kind":{"later":{"bound":"9"}}}"#,
        ] {
            let expected = Error::Unsupported {
                what: "sample",
                found: "later".into(),
            };
            assert_eq!(read(text), Err(expected));
        }
    }

    #[test]
    fn m_13_size_and_nesting_are_limited() {
        assert_eq!(read(&" ".repeat(1001)).unwrap_err().code(), "too-large");
        let nested = "[".repeat(100_000);
        assert!(parse::<Sample>("sample", nested.as_bytes(), 200_000).is_err());
    }
}
