//! Strict JSON (RFC 8259) for everything that comes from outside.
//!
//! Refused: floats and exponents, negative numbers, duplicate keys, unknown fields (by the types), a list where an
//! object is meant, trailing bytes, more than 128 levels. Amounts are strings by their own types. The exact bytes are
//! what is hashed and signed; nothing is re-serialised to verify.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

mod from_serde;
mod parser;
mod read;

pub(crate) use read::{
    FromJson, Members, Mistake, content, deserialize, fields, named, no_content, object, text,
};

use crate::error::Error;

/// Parses `bytes` as `T`; `what` names the object in errors.
///
/// # Errors
/// [`Error::TooLarge`] above `limit` bytes, [`Error::Unsupported`] for a kind that this version does not know (a later
/// one may), [`Error::Syntax`] for everything else.
pub(crate) fn parse<T: FromJson>(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
) -> Result<T, Error> {
    let value = value(what, bytes, limit)?;
    T::from_json(value).map_err(|mistake| match mistake {
        Mistake::UnknownVariant(found) => Error::Unsupported {
            what,
            found: shorten(&found),
        },
        Mistake::Other(why) => Error::Syntax { what, why },
    })
}

fn value(what: &'static str, bytes: &[u8], limit: usize) -> Result<Value, Error> {
    if bytes.len() > limit {
        return Err(Error::TooLarge {
            what,
            limit: limit as u64,
            found: bytes.len() as u64,
        });
    }
    parser::parse(bytes).map_err(|why| Error::Syntax { what, why })
}

/// A JSON value without floats, negative numbers and duplicate keys.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

const MAX_KEYS: usize = 64;

/// Whether `key` may come after `entries` in an object.
fn check_key(entries: &[(String, Value)], key: &str) -> Result<(), String> {
    // Objects have at most a dozen keys by their types; a long one is refused before this gets slow.
    if entries.len() >= MAX_KEYS {
        return Err("too many keys in one object".into());
    }
    if entries.iter().any(|(other, _)| other == key) {
        return Err(format!("duplicate key `{}`", shorten(key)));
    }
    Ok(())
}

/// At most 40 characters of untrusted text, for errors; control characters escaped.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// The text in the member `format` of an object of strict JSON, whatever else the object holds.
///
/// # Errors
/// What is wrong with the JSON, or that it holds no such text.
pub(crate) fn format_of(bytes: &[u8]) -> Result<String, String> {
    let Value::Object(entries) = parser::parse(bytes)? else {
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

    #[derive(Debug, PartialEq)]
    struct Sample {
        total: String,
        count: u64,
        note: Option<String>,
        kind: Kind,
    }

    object!(Sample {
        total,
        count,
        note,
        kind
    });

    #[derive(Debug, PartialEq)]
    enum Kind {
        Plain,
        Sealed { bound: String },
    }

    impl FromJson for Kind {
        fn from_json(value: Value) -> Result<Self, Mistake> {
            let (name, inner) = value.variant()?;
            match name.as_str() {
                "plain" => no_content(inner.as_ref()).map(|()| Self::Plain),
                "sealed" => fields!(content(inner)?, Self::Sealed { bound }),
                _ => Err(Mistake::UnknownVariant(name)),
            }
        }
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
            r#"{"total":"5","count":1,"note":null,"kind":{"plain":null}}"#,
            r#"{"total":"5","count":1,"note":null,"kind":"sealed"}"#,
            r#"{"total":"5","count":1,"note":null,"kind":"plain"}{}"#,
            r#"{"total":"5","count":1,"note":null,"kind":"plain",}"#,
            r#"{"total":"\ud800","count":1,"note":null,"kind":"plain"}"#,
            r#"{"count":1,"note":null,"kind":"plain"}"#,
            r#"{"total":"5","count":1,"kind":"plain"}"#,
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
