//! How an asset is read from JSON and TOML: named fields alone, and one way to write each.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::AssetError;
use super::id::AssetId;
use super::instance_id::InstanceId;
use super::{Asset, Instance};
use crate::amount::Decimals;
use crate::json::{self, FromJson, Mistake};

/// `true` on the wire. `false` is left out, because a second way to write it would be a second spelling of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnToken;

impl Serialize for OwnToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl FromJson for OwnToken {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        Self::new(bool::from_json(value)?).map_err(|why| Mistake::new(&why))
    }
}

impl OwnToken {
    fn new(value: bool) -> Result<Self, &'static str> {
        value.then_some(Self).ok_or("own_token is true or left out")
    }
}

impl<'de> Deserialize<'de> for OwnToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(bool::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The form of an [`Instance`] on the wire.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInstance {
    id: InstanceId,
    decimals: Decimals,
}

json::object!(RawInstance { id, decimals });

/// The form of an [`Asset`] on the wire. The list has a singular name because TOML writes it `[[asset.instance]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAsset {
    id: AssetId,
    name: String,
    decimals: Decimals,
    instance: Vec<Instance>,
    #[serde(default, deserialize_with = "present")]
    own_token: Option<OwnToken>,
}

json::object!(RawAsset {
    id,
    name,
    decimals,
    instance,
    own_token: present
});

/// A member that is there has a value: `null` would be a second way to leave it out.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl From<RawInstance> for Instance {
    fn from(RawInstance { id, decimals }: RawInstance) -> Self {
        Self { id, decimals }
    }
}

impl TryFrom<RawAsset> for Asset {
    type Error = AssetError;

    fn try_from(
        RawAsset {
            id,
            name,
            decimals,
            instance,
            own_token,
        }: RawAsset,
    ) -> Result<Self, AssetError> {
        let asset = Self::new(id, name, decimals, instance)?;
        Ok(match own_token {
            Some(OwnToken) => asset.issued_by_the_exchange(),
            None => asset,
        })
    }
}

impl FromJson for Instance {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        RawInstance::from_json(value).map(Into::into)
    }
}

impl FromJson for Asset {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        Self::try_from(RawAsset::from_json(value)?).map_err(|error| Mistake::new(&error))
    }
}

impl<'de> Deserialize<'de> for Instance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectOnly::<RawInstance, _>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Asset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectOnly::<RawAsset, _>(PhantomData))
    }
}

/// Reads a struct from named fields only: serde's derived code would take the fields as a bare array, too.
///
/// The conversion is part of the visit, so that a format with places can say where it failed.
struct ObjectOnly<Raw, T>(PhantomData<(Raw, T)>);

impl<'de, Raw, T> Visitor<'de> for ObjectOnly<Raw, T>
where
    Raw: Deserialize<'de>,
    T: TryFrom<Raw, Error: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("named fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let raw = Raw::deserialize(MapAccessDeserializer::new(map))?;
        T::try_from(raw).map_err(serde::de::Error::custom)
    }
}
