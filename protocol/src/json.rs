//! Strict JSON (RFC 8259) for everything that comes from outside.
//!
//! Refused: floats and exponents, negative numbers, duplicate keys, unknown fields (by the types), a list where an
//! object is meant, trailing bytes, more than 128 levels. Amounts are strings by their own types. The exact bytes are
//! what is hashed and signed; nothing is re-serialised to verify.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
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
    let syntax = |why: String| Error::Syntax { what, why };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| syntax(error.to_string()))?;
    T::deserialize(value).map_err(|Mistake(why)| {
        // serde's fixed wording for an unknown variant of an enum; a test pins it.
        match why.strip_prefix("unknown variant `") {
            Some(rest) => Error::Unsupported {
                what,
                found: shorten(rest.split('`').next().unwrap_or_default()),
            },
            None => syntax(why),
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

    // Refused in words of our own: to show a float takes a twentieth of the page's verifier.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Value, E> {
        Err(E::custom("a negative number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Err(E::custom(
            "a number with a fraction or an exponent, or one above 2^64",
        ))
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

/// Why a value is not of the wanted type, in serde's words.
#[derive(Debug)]
struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    // The defaults of these two can show a float, and what that takes is a twentieth of the page's verifier.
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = Found(unexpected);
        Self(format!("invalid type: {found}, expected {expected}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = Found(unexpected);
        Self(format!("invalid value: {found}, expected {expected}"))
    }
}

/// What was found, as serde shows it; of the kinds that a [`Value`] can be.
struct Found<'a>(Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Unit => f.write_str("null"),
            Unexpected::Bool(value) => write!(f, "boolean `{value}`"),
            Unexpected::Unsigned(value) => write!(f, "integer `{value}`"),
            Unexpected::Signed(value) => write!(f, "integer `{value}`"),
            Unexpected::Str(value) => write!(f, "string {value:?}"),
            Unexpected::Seq => f.write_str("sequence"),
            Unexpected::Map => f.write_str("map"),
            _ => f.write_str("another value"),
        }
    }
}

impl<'de> IntoDeserializer<'de, Mistake> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Value {
    fn mistaken<T>(&self, expected: &dyn Expected) -> Result<T, Mistake> {
        Err(de::Error::invalid_type(self.unexpected(), expected))
    }
}

/// Each method asks a visitor for what was wanted and nothing else: what a visitor is never asked for is not compiled.
impl<'de> Deserializer<'de> for Value {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Integer(value) => visitor.visit_u64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(_) => self.deserialize_seq(visitor),
            Self::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            other => other.mistaken(&visitor),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Integer(value) => visitor.visit_u64(value),
            other => other.mistaken(&visitor),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Text(value) => visitor.visit_string(value),
            other => other.mistaken(&visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::List(items) => {
                let mut access = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut access)?;
                access.end()?;
                Ok(value)
            }
            other => other.mistaken(&visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    // The library's own deserializers take `[1]` for a struct of one field, even with unknown fields denied.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Object(entries) => {
                let mut access = MapDeserializer::new(entries.into_iter());
                let value = visitor.visit_map(&mut access)?;
                access.end()?;
                Ok(value)
            }
            other => other.mistaken(&"an object"),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Self::Text(variant) => {
                let variant: StrDeserializer<'_, Mistake> = variant.as_str().into_deserializer();
                visitor.visit_enum(variant)
            }
            Self::Object(entries) if entries.len() == 1 => visitor.visit_enum(
                de::value::MapAccessDeserializer::new(MapDeserializer::new(entries.into_iter())),
            ),
            other => other.mistaken(&"a string or an object with one key"),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct
    }
}

/// The text in the member `format` of an object of strict JSON, whatever else the object holds.
///
/// # Errors
/// What is wrong with the JSON, or that it holds no such text.
pub(crate) fn format_of(bytes: &[u8]) -> Result<String, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let Value::Object(entries) = value else {
        return Err("it is no object".into());
    };
    match entries.into_iter().find(|(key, _)| key == "format") {
        Some((_, Value::Text(format))) => Ok(format),
        _ => Err("it has no format".into()),
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
