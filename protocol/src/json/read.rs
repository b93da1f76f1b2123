//! How a type reads itself from a [`Value`]: one definition of each format, from the names of its fields.
//!
//! serde derives a reader for each type that is compiled once for each source of data, a kilobyte and more; here only
//! the list of names and the readers of the members differ between two types. Everything else is in [`Members`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{Value, shorten};

/// Why a value is not of the wanted type.
#[derive(Debug)]
pub(crate) enum Mistake {
    /// A kind of something that this version does not know, and a later one may.
    UnknownVariant(String),
    /// Anything else.
    Other(String),
}

impl Mistake {
    pub(crate) fn new(why: &dyn fmt::Display) -> Self {
        Self::Other(why.to_string())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariant(found) => write!(f, "unknown variant `{found}`"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// A type that reads itself from strict JSON.
pub(crate) trait FromJson: Sized {
    /// The value, or why it is none.
    fn from_json(value: Value) -> Result<Self, Mistake>;
}

impl Value {
    /// What it is instead of `expected`.
    fn mistaken(&self, expected: &str) -> Mistake {
        let found = match self {
            Self::Null => "null".to_string(),
            Self::Bool(value) => format!("boolean `{value}`"),
            Self::Integer(value) => format!("integer `{value}`"),
            Self::Text(value) => format!("string \"{}\"", shorten(value)),
            Self::List(_) => "sequence".to_string(),
            Self::Object(_) => "map".to_string(),
        };
        Mistake::Other(format!("invalid type: {found}, expected {expected}"))
    }

    /// The text that it is.
    pub(crate) fn text(self) -> Result<String, Mistake> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other.mistaken("a string")),
        }
    }

    /// The integer that it is; `name` is that of the type.
    fn integer<T: TryFrom<u64>>(self, name: &str) -> Result<T, Mistake> {
        match self {
            Self::Integer(value) => T::try_from(value).map_err(|_| {
                Mistake::Other(format!("invalid value: integer `{value}`, expected {name}"))
            }),
            other => Err(other.mistaken(name)),
        }
    }

    fn list(self) -> Result<Vec<Self>, Mistake> {
        match self {
            Self::List(items) => Ok(items),
            other => Err(other.mistaken("a sequence")),
        }
    }

    /// The variant of an enumeration: a name alone, or an object with the name as its one key.
    pub(crate) fn variant(self) -> Result<(String, Option<Self>), Mistake> {
        match self {
            Self::Text(name) => Ok((name, None)),
            Self::Object(mut entries) if entries.len() == 1 => match entries.pop() {
                Some((name, content)) => Ok((name, Some(content))),
                None => Err(Self::Object(entries).mistaken(VARIANT)),
            },
            other => Err(other.mistaken(VARIANT)),
        }
    }
}

const VARIANT: &str = "a string or an object with one key";

/// The content of a variant that has one.
pub(crate) fn content(value: Option<Value>) -> Result<Value, Mistake> {
    value.ok_or_else(|| {
        Mistake::Other("invalid type: unit variant, expected one with fields".into())
    })
}

/// Refuses the content of a variant that has none.
pub(crate) fn no_content(value: Option<&Value>) -> Result<(), Mistake> {
    match value {
        None => Ok(()),
        Some(value) => Err(value.mistaken("unit")),
    }
}

/// The one of `all` that has this name; for enumerations of names alone.
pub(crate) fn named<T: Copy>(
    value: Value,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<T, Mistake> {
    let (name, content) = value.variant()?;
    let Some(found) = all.iter().find(|one| name_of(**one) == name) else {
        return Err(Mistake::UnknownVariant(name));
    };
    no_content(content.as_ref())?;
    Ok(*found)
}

/// The members of an object that are not read yet.
pub(crate) struct Members(Vec<(String, Value)>);

impl Members {
    /// Of an object that has no members but those of these names.
    pub(crate) fn of(value: Value, names: &[&str]) -> Result<Self, Mistake> {
        let Value::Object(entries) = value else {
            return Err(value.mistaken("an object"));
        };
        match entries
            .iter()
            .find(|(key, _)| !names.contains(&key.as_str()))
        {
            None => Ok(Self(entries)),
            Some((key, _)) => Err(unknown_field(key, names)),
        }
    }

    fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// The member of this name.
    pub(crate) fn take<T: FromJson>(&mut self, name: &str) -> Result<T, Mistake> {
        let member = self.remove(name);
        T::from_json(member.ok_or_else(|| Mistake::Other(format!("missing field `{name}`")))?)
    }

    /// A member that may be left out, and has a value if it is there: `null` would be a second way to leave it out.
    pub(crate) fn present<T: FromJson>(&mut self, name: &str) -> Result<Option<T>, Mistake> {
        self.remove(name).map(T::from_json).transpose()
    }
}

fn unknown_field(key: &str, names: &[&str]) -> Mistake {
    let mut why = format!("unknown field `{}`, expected ", shorten(key));
    match names {
        [one, other] => why.push_str(&format!("`{one}` or `{other}`")),
        _ => {
            if names.len() > 2 {
                why.push_str("one of ");
            }
            for (index, name) in names.iter().enumerate() {
                if index > 0 {
                    why.push_str(", ");
                }
                why.push('`');
                why.push_str(name);
                why.push('`');
            }
        }
    }
    Mistake::Other(why)
}

/// Reads a value as the type or variant with these fields, and no others. `field: present` for one that may be left out
/// and is not `null`; an `Option` without it is there, and may be `null`.
macro_rules! fields {
    ($value:expr, $($type:ident)::+ { $($field:ident $(: $how:ident)?),* $(,)? }) => {{
        let mut members = $crate::json::Members::of($value, &[$(stringify!($field)),*])?;
        Ok($($type)::+ { $($field: $crate::json::fields!(@ members $field $($how)?)),* })
    }};
    (@ $members:ident $field:ident) => { $members.take(stringify!($field))? };
    (@ $members:ident $field:ident present) => { $members.present(stringify!($field))? };
}

/// Lets a struct be read from strict JSON by the names of its fields, as [`fields`] does.
macro_rules! object {
    ($type:ident { $($fields:tt)* }) => {
        impl $crate::json::FromJson for $type {
            fn from_json(value: $crate::json::Value) -> Result<Self, $crate::json::Mistake> {
                $crate::json::fields!(value, Self { $($fields)* })
            }
        }
    };
}

/// Lets a type be read from the text that its constructor takes.
macro_rules! text {
    ($type:ident, $new:expr) => {
        impl $crate::json::FromJson for $type {
            fn from_json(value: $crate::json::Value) -> Result<Self, $crate::json::Mistake> {
                $new(&*value.text()?).map_err(|error| $crate::json::Mistake::new(&error))
            }
        }
    };
}

/// Lets serde read types the same way from other formats and into other programs' types.
macro_rules! deserialize {
    ($($type:ident),*) => { $(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value = <$crate::json::Value as serde::Deserialize>::deserialize(from)?;
                <Self as $crate::json::FromJson>::from_json(value).map_err(serde::de::Error::custom)
            }
        }
    )* };
}

pub(crate) use {deserialize, fields, object, text};

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        value.text()
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        match value {
            Value::Bool(value) => Ok(value),
            other => Err(other.mistaken("a boolean")),
        }
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        value.integer("u64")
    }
}

impl FromJson for u16 {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        value.integer("u16")
    }
}

impl FromJson for u8 {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        value.integer("u8")
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        value.list()?.into_iter().map(T::from_json).collect()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Result<Self, Mistake> {
        match value {
            Value::Null => Ok(None),
            some => T::from_json(some).map(Some),
        }
    }
}
