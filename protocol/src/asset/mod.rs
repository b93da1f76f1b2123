//! Assets: which coins there are, on which chains they live, and at how many decimals their books are kept.
//!
//! Checked here: that an asset and an instance have one spelling each, so that neither can be listed twice; and that
//! an instance counts for exactly one asset.
//!
//! Notation: an *instance* is one coin on one chain, named by a CAIP-19 asset type (`eip155:1/slip44:60`); it is what
//! a reserve holds. An *asset* is what customers are owed; its *decimals* say how many atoms its book has to a unit.
//! Formula: `ledger_decimals = max(decimals, decimals of every instance)`; sums are exact there, and rounded to
//! `decimals` once.
//! Cost: `O(n log n)` in the number of instances.
//! Source: CAIP-2 and CAIP-19 (chain and asset identifiers), SLIP-44 (coin numbers), EIP-55 (letter case of
//! addresses).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::account::{TextError, check_text};
use crate::amount::Decimals;
use crate::json::{self, FromJson, Mistake};

/// Why something is no asset, no instance or no table of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The length of an asset id is not 1 to 20.
    #[error(
        "an asset id has 1 to {} characters, this one has {length}",
        AssetId::MAX_LENGTH
    )]
    IdLength {
        /// Its length in characters.
        length: usize,
    },
    /// A character that no asset id holds, or not at its start.
    #[error(
        "an asset id is made of A-Z, 0-9 and, after the first, `.`, `_`, `-` (character {position} is another)"
    )]
    IdCharacter {
        /// Where it stands, from 1, in characters.
        position: usize,
    },
    /// The name of an asset breaks the rules for names.
    #[error("the name of the asset {0}")]
    Name(#[source] TextError),
    /// A part of an instance does not have the form that CAIP-2 or CAIP-19 gives it.
    #[error(
        "the {part} of the instance does not have the form of CAIP-19, `namespace:reference/namespace:reference`"
    )]
    InstanceForm {
        /// Which part.
        part: InstancePart,
    },
    /// A part of an instance is valid but not written in its one canonical way.
    #[error("the {part} of the instance is not in its canonical form: {expected}")]
    InstanceSpelling {
        /// Which part.
        part: InstancePart,
        /// What it has to be, in words.
        expected: &'static str,
    },
    /// An asset lists no instance or too many.
    #[error(
        "the asset {asset} has {found} instances; 1 to {} are possible",
        Asset::MAX_INSTANCES
    )]
    InstanceCount {
        /// The asset.
        asset: AssetId,
        /// How many it lists.
        found: usize,
    },
    /// A table lists no asset or too many.
    #[error(
        "the table has {found} assets; 1 to {} are possible",
        AssetTable::MAX_ASSETS
    )]
    AssetCount {
        /// How many it lists.
        found: usize,
    },
    /// An asset id stands in the table twice.
    #[error("the asset {asset} is listed twice")]
    DuplicateAsset {
        /// The asset.
        asset: AssetId,
        /// Position of the second, from 0.
        index: usize,
    },
    /// An instance is listed twice: under two assets, or under one.
    #[error("the instance {instance} of {second} is listed before, under {first}")]
    DuplicateInstance {
        /// The instance, as the second spells it.
        instance: InstanceId,
        /// The asset that lists it first.
        first: AssetId,
        /// The asset that lists it again.
        second: AssetId,
        /// Position of the second asset, from 0.
        index: usize,
    },
}

impl AssetError {
    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IdLength { .. } => "asset-id-length",
            Self::IdCharacter { .. } => "asset-id-character",
            Self::Name(_) => "asset-name",
            Self::InstanceForm { .. } => "instance-form",
            Self::InstanceSpelling { .. } => "instance-spelling",
            Self::InstanceCount { .. } => "instance-count",
            Self::AssetCount { .. } => "asset-count",
            Self::DuplicateAsset { .. } => "asset-duplicate",
            Self::DuplicateInstance { .. } => "instance-duplicate",
        }
    }

    /// Position in the table of the asset that the error is about, from 0, where the error is about a table.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::DuplicateAsset { index, .. } | Self::DuplicateInstance { index, .. } => {
                Some(*index)
            }
            _ => None,
        }
    }
}

/// One of the four parts of an instance, or the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstancePart {
    /// All of it: a separator is missing or stands twice.
    Whole,
    /// What stands before the first colon: `eip155`.
    ChainNamespace,
    /// What stands before the slash: `1`.
    ChainReference,
    /// What stands before the second colon: `erc20`.
    AssetNamespace,
    /// What stands last: a contract or a coin number.
    AssetReference,
}

impl fmt::Display for InstancePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "text",
            Self::ChainNamespace => "chain namespace",
            Self::ChainReference => "chain reference",
            Self::AssetNamespace => "asset namespace",
            Self::AssetReference => "asset reference",
        })
    }
}

/// Own name of an asset, such as `BTC`: 1 to 20 of `A-Z`, `0-9` and, after the first, `.`, `_`, `-`.
///
/// Small letters and spaces are not possible, so that `btc` or `BTC ` cannot stand beside `BTC`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AssetId(String);

impl AssetId {
    /// The longest id.
    pub const MAX_LENGTH: usize = 20;

    /// Checks the rule.
    ///
    /// # Errors
    /// [`AssetError::IdLength`], [`AssetError::IdCharacter`].
    pub fn new(text: impl Into<String>) -> Result<Self, AssetError> {
        let text = text.into();
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(AssetError::IdLength {
                length: text.chars().count(),
            });
        }
        let wrong = text.chars().enumerate().find(|&(index, c)| {
            !(c.is_ascii_uppercase()
                || c.is_ascii_digit()
                || (index > 0 && matches!(c, '.' | '_' | '-')))
        });
        match wrong {
            None => Ok(Self(text)),
            Some((index, _)) => Err(AssetError::IdCharacter {
                position: index.saturating_add(1),
            }),
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

json::text!(AssetId, Self::new);
json::deserialize!(AssetId);

impl FromStr for AssetId {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AssetId {
    type Error = AssetError;

    fn try_from(text: String) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A coin on a chain: a CAIP-19 asset type in its one canonical spelling.
///
/// Beyond CAIP-19's own form: `eip155` chain numbers and SLIP-44 coin numbers have no leading zeros, `bip122` chains
/// and everything on `eip155` are in small letters (so that the EIP-55 spelling of a contract is no second instance),
/// a character is percent-encoded only where it has to be, a chain has one token standard (`erc20`, `trc20`, `token`), and a
/// contract or mint of TRON and Solana is an address in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InstanceId(String);

impl InstanceId {
    /// Checks form and spelling.
    ///
    /// # Errors
    /// [`AssetError::InstanceForm`], [`AssetError::InstanceSpelling`].
    pub fn new(text: impl Into<String>) -> Result<Self, AssetError> {
        let text = text.into();
        check_instance(&text)?;
        Ok(Self(text))
    }

    /// The CAIP-19 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The chain it lives on: the CAIP-2 text before the slash.
    pub fn chain(&self) -> &str {
        self.0
            .split_once('/')
            .map(|(chain, _)| chain)
            .unwrap_or_default()
    }

    /// The SLIP-44 number of a chain's own coin, in decimal; `None` for a token.
    pub fn native(&self) -> Option<&str> {
        let (_, coin) = self.0.split_once('/')?;
        coin.strip_prefix("slip44:")
    }

    /// What no two instances share: letter case, and the name of a token standard, tell no coins apart.
    pub fn key(&self) -> String {
        let text = self.0.to_ascii_lowercase();
        match (self.native(), text.split_once('/')) {
            (None, Some((chain, coin))) => {
                let (_, reference) = coin.split_once(':').unwrap_or_default();
                [chain, "/", reference].concat()
            }
            _ => text,
        }
    }
}

json::text!(InstanceId, Self::new);
json::deserialize!(InstanceId);

impl FromStr for InstanceId {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl TryFrom<String> for InstanceId {
    type Error = AssetError;

    fn try_from(text: String) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One coin on one chain, and the decimals it has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Which coin on which chain.
    pub id: InstanceId,
    /// Decimals of the amounts that the chain reports.
    pub decimals: Decimals,
}

/// `true` on the wire. `false` is left out, because a second way to write it would be a second spelling of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OwnToken;

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

/// What customers are owed: one book, backed by reserves in any of the asset's instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asset {
    id: AssetId,
    name: String,
    decimals: Decimals,
    #[serde(rename = "instance")]
    instances: Vec<Instance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_token: Option<OwnToken>,
}

impl Asset {
    /// The longest name, in bytes.
    pub const MAX_NAME_BYTES: usize = 64;
    /// The most instances: a coin lives on a few dozen chains at most, and no input may ask for unbounded memory.
    pub const MAX_INSTANCES: usize = 256;

    /// Checks the name (the rules of account identifiers, 1 to 64 bytes) and the number of instances.
    ///
    /// # Errors
    /// [`AssetError::Name`], [`AssetError::InstanceCount`].
    pub fn new(
        id: AssetId,
        name: String,
        decimals: Decimals,
        instances: Vec<Instance>,
    ) -> Result<Self, AssetError> {
        check_text(&name, Self::MAX_NAME_BYTES).map_err(AssetError::Name)?;
        if instances.is_empty() || instances.len() > Self::MAX_INSTANCES {
            return Err(AssetError::InstanceCount {
                asset: id,
                found: instances.len(),
            });
        }
        Ok(Self {
            id,
            name,
            decimals,
            instances,
            own_token: None,
        })
    }

    /// The same asset, said to be a token that the exchange issues itself.
    #[must_use]
    pub fn issued_by_the_exchange(self) -> Self {
        Self {
            own_token: Some(OwnToken),
            ..self
        }
    }

    /// Own id.
    pub fn id(&self) -> &AssetId {
        &self.id
    }

    /// Name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Decimals of the asset's book: one unit is `10^decimals` atoms.
    pub fn decimals(&self) -> Decimals {
        self.decimals
    }

    /// The coins that back it; at least one.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Whether the exchange says that it issues this token itself: what such reserves are worth hangs on the exchange.
    pub const fn is_own_token(&self) -> bool {
        self.own_token.is_some()
    }

    /// Decimals at which the ledger and the reserves are summed before they are rounded to [`Asset::decimals`].
    pub fn ledger_decimals(&self) -> Decimals {
        self.instances
            .iter()
            .map(|instance| instance.decimals)
            .fold(self.decimals, Decimals::max)
    }
}

/// All assets of an attestation in the order given; ids and instances are unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Asset>")]
pub struct AssetTable(Vec<Asset>);

impl AssetTable {
    /// The most assets: ten times what the largest exchange lists, and no input may ask for unbounded memory.
    pub const MAX_ASSETS: usize = 4_096;

    /// Checks that there is an asset, and that no id and no instance stands twice.
    ///
    /// Instances are compared by [`InstanceId::key`]: two that differ only in case, or in what the token standard is
    /// called, would be one contract counted twice.
    ///
    /// # Errors
    /// [`AssetError::AssetCount`], [`AssetError::DuplicateAsset`], [`AssetError::DuplicateInstance`].
    pub fn new(assets: Vec<Asset>) -> Result<Self, AssetError> {
        if assets.is_empty() || assets.len() > Self::MAX_ASSETS {
            return Err(AssetError::AssetCount {
                found: assets.len(),
            });
        }
        let mut ids = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (index, asset) in assets.iter().enumerate() {
            if ids.insert(&asset.id, ()).is_some() {
                return Err(AssetError::DuplicateAsset {
                    asset: asset.id.clone(),
                    index,
                });
            }
            for instance in &asset.instances {
                if let Some(first) = instances.insert(instance.id.key(), &asset.id) {
                    return Err(AssetError::DuplicateInstance {
                        instance: instance.id.clone(),
                        first: first.clone(),
                        second: asset.id.clone(),
                        index,
                    });
                }
            }
        }
        Ok(Self(assets))
    }

    /// The assets in the order given.
    pub fn iter(&self) -> core::slice::Iter<'_, Asset> {
        self.0.iter()
    }

    /// The assets in the order given.
    pub fn as_slice(&self) -> &[Asset] {
        &self.0
    }

    /// The asset of that id, with its position.
    pub fn find(&self, id: &str) -> Option<(usize, &Asset)> {
        self.iter()
            .enumerate()
            .find(|(_, asset)| asset.id.as_str() == id)
    }
}

impl TryFrom<Vec<Asset>> for AssetTable {
    type Error = AssetError;

    fn try_from(assets: Vec<Asset>) -> Result<Self, AssetError> {
        Self::new(assets)
    }
}

impl<'a> IntoIterator for &'a AssetTable {
    type Item = &'a Asset;
    type IntoIter = core::slice::Iter<'a, Asset>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
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

/// The grammar of CAIP-2 and CAIP-19, then the canonical spelling where a namespace would allow several.
fn check_instance(text: &str) -> Result<(), AssetError> {
    let form = |part| AssetError::InstanceForm { part };
    let (chain, asset) = text.split_once('/').ok_or(form(InstancePart::Whole))?;
    let (chain_space, chain_reference) = chain.split_once(':').ok_or(form(InstancePart::Whole))?;
    let (asset_space, asset_reference) = asset.split_once(':').ok_or(form(InstancePart::Whole))?;

    let namespace = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let chain_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let asset_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '%');
    let check = |part,
                 text: &str,
                 lengths: core::ops::RangeInclusive<usize>,
                 letter: &dyn Fn(char) -> bool| {
        if lengths.contains(&text.len()) && text.chars().all(letter) {
            Ok(())
        } else {
            Err(form(part))
        }
    };
    check(InstancePart::ChainNamespace, chain_space, 3..=8, &namespace)?;
    check(
        InstancePart::ChainReference,
        chain_reference,
        1..=32,
        &chain_letter,
    )?;
    check(InstancePart::AssetNamespace, asset_space, 3..=8, &namespace)?;
    // A slash fails here, too: a token id names one collectible, which is no asset with amounts.
    check(
        InstancePart::AssetReference,
        asset_reference,
        1..=128,
        &asset_letter,
    )?;

    let spelling = |part, expected| AssetError::InstanceSpelling { part, expected };
    let lower_hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    };
    if chain_space == "eip155" && !is_canonical_number(chain_reference) {
        return Err(spelling(
            InstancePart::ChainReference,
            "a decimal number without leading zeros",
        ));
    }
    if chain_space == "bip122" && !(chain_reference.len() == 32 && lower_hex(chain_reference)) {
        let expected =
            "the first 32 hexadecimal digits, in small letters, of the first block's hash";
        return Err(spelling(InstancePart::ChainReference, expected));
    }
    if asset_space == "slip44" && !is_canonical_number(asset_reference) {
        return Err(spelling(
            InstancePart::AssetReference,
            "a decimal number without leading zeros",
        ));
    }
    if let Some(standard) = token_standard(chain_space)
        && asset_space != "slip44"
        && asset_space != standard
    {
        let expected = match standard {
            "erc20" => "`slip44` or `erc20` on eip155 chains",
            "trc20" => "`slip44` or `trc20` on tron chains",
            "token" => "`slip44` or `token` on solana chains",
            _ => "`slip44`, for no token of this chain can be read",
        };
        return Err(spelling(InstancePart::AssetNamespace, expected));
    }
    if chain_space == "tron" && !is_canonical_number(chain_reference) {
        return Err(spelling(
            InstancePart::ChainReference,
            "the chain id as a decimal number without leading zeros",
        ));
    }
    let contract = asset_reference
        .strip_prefix("0x")
        .filter(|digits| digits.len() == 40 && lower_hex(digits));
    if chain_space == "eip155" && asset_space != "slip44" && contract.is_none() {
        return Err(spelling(
            InstancePart::AssetReference,
            "0x and 40 hexadecimal digits in small letters",
        ));
    }
    if asset_space != "slip44" && !is_canonical_contract(chain_space, asset_reference) {
        let expected = "the contract or mint as the chain writes addresses, in Base58";
        return Err(spelling(InstancePart::AssetReference, expected));
    }
    if !is_canonical_percent(asset_reference) {
        let expected =
            "% and two hexadecimal digits in capital letters, only for characters that need it";
        return Err(spelling(InstancePart::AssetReference, expected));
    }
    Ok(())
}

/// The one namespace of tokens on a chain whose balances are read or proven here: under a second name, every balance
/// could be counted again. `Some("")` is a chain that has none but its own coin.
fn token_standard(chain_space: &str) -> Option<&'static str> {
    Some(match chain_space {
        "eip155" => "erc20",
        "tron" => "trc20",
        "solana" => "token",
        "bip122" | "xrpl" => "",
        _ => return None,
    })
}

/// Whether a contract or mint is written as addresses of its chain are, in Base58: 25 bytes that begin with 0x41 on TRON,
/// 32 bytes on Solana.
///
/// Letters and length alone: each Base58 text stands for bytes of its own, so that no contract has a second spelling, and what
/// passes and is no address is found by no node. To decode them would be a part of the page's first module.
fn is_canonical_contract(chain_space: &str, reference: &str) -> bool {
    let base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    let lengths = match chain_space {
        "tron" if reference.starts_with('T') => 34..=34,
        "solana" => 32..=44,
        "tron" => return false,
        _ => return true,
    };
    lengths.contains(&reference.len()) && reference.bytes().all(base58)
}

fn is_canonical_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// Is every `%` followed by two capital hexadecimal digits that stand for a byte which cannot stand as itself?
fn is_canonical_percent(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes().map(|b| match b {
            b'0'..=b'9' => Some(b.saturating_sub(b'0')),
            b'A'..=b'F' => Some(b.saturating_sub(b'A').saturating_add(10)),
            _ => None,
        });
        match (digits.next().flatten(), digits.next().flatten()) {
            (Some(high), Some(low)) => {
                let byte = high << 4 | low;
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::{borrow::ToOwned, format};
    use proptest::prelude::*;

    const BTC: &str = "bip122:000000000019d6689c085ae165831e93/slip44:0";
    const ETH: &str = "eip155:1/slip44:60";
    const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";

    fn instance(id: &str, decimals: u8) -> Instance {
        Instance {
            id: InstanceId::new(id).unwrap(),
            decimals: Decimals::new(decimals).unwrap(),
        }
    }

    fn asset(id: &str, decimals: u8, instances: &[(&str, u8)]) -> Asset {
        let instances = instances
            .iter()
            .map(|(id, decimals)| instance(id, *decimals))
            .collect();
        Asset::new(
            AssetId::new(id).unwrap(),
            "a coin".to_owned(),
            Decimals::new(decimals).unwrap(),
            instances,
        )
        .unwrap()
    }

    fn instance_code(text: &str) -> Result<(), &'static str> {
        InstanceId::new(text).map(|_| ()).map_err(|e| e.code())
    }

    #[test]
    fn m_06_an_asset_id_has_no_variants_of_case_or_space() {
        for text in [
            "BTC",
            "1INCH",
            "USDT.E",
            "A",
            "A-B_C",
            "ABCDEFGHIJKLMNOPQRST",
        ] {
            assert_eq!(AssetId::new(text).unwrap().as_str(), text);
        }
        for text in ["", "ABCDEFGHIJKLMNOPQRSTU"] {
            assert_eq!(
                AssetId::new(text).unwrap_err().code(),
                "asset-id-length",
                "{text}"
            );
        }
        for text in [
            "btc",
            "BTC ",
            " BTC",
            "B TC",
            "ВТС",
            "Btc",
            ".A",
            "-A",
            "A\0",
            "A/B",
            "A\u{200b}",
        ] {
            assert_eq!(
                AssetId::new(text).unwrap_err().code(),
                "asset-id-character",
                "{text}"
            );
        }
    }

    #[test]
    fn m_06_an_asset_stands_in_a_table_once() {
        let twice = vec![
            asset("ETH", 8, &[(ETH, 18)]),
            asset("BTC", 8, &[(BTC, 8)]),
            asset("ETH", 8, &[(USDT, 6)]),
        ];
        let error = AssetTable::new(twice).unwrap_err();
        assert_eq!((error.code(), error.index()), ("asset-duplicate", Some(2)));
        assert_eq!(AssetTable::new(vec![]).unwrap_err().code(), "asset-count");
        let many = (0..=AssetTable::MAX_ASSETS)
            .map(|i| {
                asset(
                    &format!("A{i}"),
                    8,
                    &[(&format!("eip155:{i}/slip44:60"), 18)],
                )
            })
            .collect();
        assert_eq!(AssetTable::new(many).unwrap_err().code(), "asset-count");
    }

    #[test]
    fn s_12_an_instance_belongs_to_one_asset() {
        let error = AssetTable::new(vec![
            asset("ETH", 8, &[(ETH, 18)]),
            asset("WETH", 8, &[(USDT, 6), (ETH, 18)]),
        ]);
        let error = error.unwrap_err();
        assert_eq!(error.code(), "instance-duplicate");
        assert_eq!(
            error.to_string(),
            "the instance eip155:1/slip44:60 of WETH is listed before, under ETH"
        );
        let within = AssetTable::new(vec![asset("ETH", 8, &[(ETH, 18), (ETH, 18)])]);
        assert_eq!(within.unwrap_err().code(), "instance-duplicate");
        for (one, other) in [
            ("a-b1:1/x-y:aa", "a-b1:1/x-y:AA"),
            ("sui:mainnet/coin:X", "sui:mainnet/token:X"),
        ] {
            let twice = AssetTable::new(vec![
                asset("A", 6, &[(one, 6)]),
                asset("B", 6, &[(other, 6)]),
            ]);
            assert_eq!(twice.unwrap_err().code(), "instance-duplicate", "{other}");
        }
        // The same number on another chain, and a token whose name is a number, are others.
        let three = [ETH, "eip155:10/slip44:60", "sui:mainnet/coin:60"];
        let table = AssetTable::new(vec![asset("A", 6, &three.map(|id| (id, 18)))]);
        assert!(table.is_ok());
    }

    #[test]
    fn s_12_a_chain_has_one_token_standard_and_its_contracts_one_spelling() {
        let usdt = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
        let usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
        let solana = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
        for text in [
            format!("tron:728126428/trc20:{usdt}"),
            format!("{solana}/token:{usdc}"),
            "tron:728126428/slip44:195".into(),
            "xrpl:0/slip44:144".into(),
        ] {
            assert_eq!(instance_code(&text), Ok(()), "{text}");
        }
        for text in [
            USDT.replace("eip155:1", "eip155:56")
                .replace("erc20", "bep20"),
            USDT.replace("erc20", "erc721"),
            USDT.replace("erc20", "trc20"),
            format!("tron:728126428/trc10:{usdt}"),
            format!("tron:728126428/token:{usdt}"),
            format!("{solana}/spl:{usdc}"),
            format!("{solana}/nft:{usdc}"),
            "xrpl:0/token:USD".into(),
            BTC.replace("slip44", "token"),
            // Another letter case or length, and the hexadecimal form, are no second spelling.
            format!("tron:728126428/trc20:{}", usdt.to_lowercase()),
            "tron:728126428/trc20:41a614f803b6fd780986a42c78ec9c7f77e6ded13c".into(),
            "tron:728126428/trc20:0xa614f803b6fd780986a42c78ec9c7f77e6ded13c".into(),
            format!("tron:0x2b6653dc/trc20:{usdt}"),
            format!("{solana}/token:1{usdc}"),
            format!("{solana}/token:{}", &usdc[..30]),
        ] {
            assert_eq!(instance_code(&text), Err("instance-spelling"), "{text}");
        }
        let bep20 = USDT.replace("erc20", "bep20");
        assert_eq!(
            InstanceId::new(bep20).unwrap_err().to_string(),
            "the asset namespace of the instance is not in its canonical form: `slip44` or `erc20` on eip155 chains"
        );
    }

    #[test]
    fn instances_have_the_form_of_caip_19() {
        for text in [
            BTC,
            ETH,
            USDT,
            "cosmos:cosmoshub-4/slip44:118",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "sui:mainnet/coin:0x2%3A%3Asui%3A%3ASUI",
        ] {
            assert_eq!(instance_code(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "/",
            ":/:",
            "eip155",
            "eip155:1",
            "eip155:1/slip44",
            "eip155/slip44:60",
            "EIP155:1/slip44:60",
            "ei:1/slip44:60",
            "eip155eip:1/slip44:60",
            "eip155:/slip44:60",
            "eip155:1/slip44:",
            "eip155:1/slip44:60/1",
            "eip155:1/slip44:60:1",
            "eip155:1/slip44:6 0",
            "eip155:1/slip44:60\n",
            " eip155:1/slip44:60",
            "eip155:1//slip44:60",
            "eip155:1/slip44:é",
            &format!("eip155:{}/slip44:60", "1".repeat(33)),
            &format!("eip155:1/slip44:{}", "1".repeat(129)),
        ] {
            assert_eq!(instance_code(text), Err("instance-form"), "{text}");
        }
        assert_eq!(InstanceId::new(USDT).unwrap().chain(), "eip155:1");
    }

    #[test]
    fn s_12_an_instance_has_one_spelling() {
        for text in [
            "eip155:01/slip44:60",
            "eip155:x/slip44:60",
            "eip155:1/slip44:060",
            "eip155:1/slip44:eth",
            "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "eip155:1/erc20:0Xdac17f958d2ee523a2206206994597c13d831ec7",
            "eip155:1/erc20:dac17f958d2ee523a2206206994597c13d831ec7",
            "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831e",
            "bip122:000000000019D6689C085AE165831E93/slip44:0",
            "bip122:000000000019d6689c085ae165831e9/slip44:0",
            "sui:mainnet/coin:0x2%3a%3asui",
            "sui:mainnet/coin:%41",
            "sui:mainnet/coin:a%",
            "sui:mainnet/coin:a%3",
        ] {
            assert_eq!(instance_code(text), Err("instance-spelling"), "{text}");
        }
    }

    #[test]
    fn ledger_decimals_are_those_of_the_finest_instance() {
        let bsc = "eip155:56/erc20:0x55d398326f99059ff775485246999027b3197955";
        assert_eq!(
            asset("USDT", 6, &[(USDT, 6), (bsc, 18)])
                .ledger_decimals()
                .get(),
            18
        );
        assert_eq!(asset("BTC", 11, &[(BTC, 8)]).ledger_decimals().get(), 11);
    }

    #[test]
    fn an_asset_needs_a_name_and_an_instance() {
        let new = |name: &str, instances| {
            Asset::new(
                AssetId::new("ETH").unwrap(),
                name.to_owned(),
                Decimals::new(8).unwrap(),
                instances,
            )
            .map_err(|e| e.code())
        };
        assert_eq!(new("", vec![instance(ETH, 18)]), Err("asset-name"));
        assert_eq!(
            new("Ether\u{202e}", vec![instance(ETH, 18)]),
            Err("asset-name")
        );
        assert_eq!(
            new(&"é".repeat(33), vec![instance(ETH, 18)]),
            Err("asset-name")
        );
        assert_eq!(new("Ether", vec![]), Err("instance-count"));
        assert_eq!(
            new("Ether", vec![instance(ETH, 18); 257]),
            Err("instance-count")
        );
    }

    #[test]
    fn u_14_assets_are_read_from_named_fields_only() {
        let good = r#"[{"id":"ETH","name":"Ether","decimals":8,"instance":[{"id":"eip155:1/slip44:60","decimals":18}]}]"#;
        let table: AssetTable = serde_json::from_str(good).unwrap();
        assert_eq!(serde_json::to_string(&table).unwrap(), good);
        assert_eq!(
            table
                .find("ETH")
                .map(|(index, asset)| (index, asset.name())),
            Some((0, "Ether"))
        );
        assert!(table.find("BTC").is_none());
        for (from, to) in [
            (
                r#"{"id":"eip155:1/slip44:60","decimals":18}"#,
                r#"["eip155:1/slip44:60",18]"#,
            ),
            (r#""decimals":8"#, r#""decimals":8,"decimals":8"#),
            (r#""decimals":8"#, r#""decimals":8,"colour":1"#),
            (r#""decimals":8"#, r#""decimals":"8""#),
            (r#""decimals":8"#, r#""decimals":39"#),
            (r#""decimals":8,"#, ""),
            (r#""decimals":18"#, r#""decimals":18,"x":1"#),
            ("ETH", "eth"),
            ("slip44:60", "slip44:060"),
        ] {
            assert!(
                serde_json::from_str::<AssetTable>(&good.replace(from, to)).is_err(),
                "{to}"
            );
        }
        assert!(serde_json::from_str::<AssetTable>(r#"[["ETH","Ether",8,[]]]"#).is_err());
        assert!(serde_json::from_str::<AssetTable>("[]").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = AssetId::new(text.clone()).map_err(|e| e.to_string());
            let _ = InstanceId::new(text).map_err(|e| e.to_string());
        }

        #[test]
        fn no_nearly_right_instance_panics(text in "[a-z0-9]{0,9}:?[a-zA-Z0-9%_-]{0,33}/?[a-z0-9]{0,9}:?[a-zA-Z0-9%.]{0,20}") {
            if let Ok(id) = InstanceId::new(text.clone()) {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
