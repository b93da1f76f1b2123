//! The name of a coin on a chain: CAIP-19, and of what it would allow, one spelling.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::Serialize;

use super::error::{AssetError, InstancePart};
use crate::json;

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
