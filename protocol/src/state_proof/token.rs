//! Tokens whose storage is known: which contract they are, and where it keeps a holder's balance.
//!
//! The registry is data of the verifier's (`tokens.json` beside this file, or a file the checker brings), never of what is
//! judged: a contract that calls itself USDT is none (B-04), and a layout that the exchange could choose would prove any
//! number found anywhere in the contract.
//!
//! Formula, `p32` being left-padded to 32 bytes: Solidity keeps `mapping(address => …)` of slot `s` at
//! `Keccak-256(p32(address) ‖ p32(s))`, Vyper its `HashMap` at `Keccak-256(p32(s) ‖ p32(address))`.
//! Source: Solidity documentation, "Layout of State Variables in Storage"; ERC-7201 for namespaced slots.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::account::{EvmAddress, exact};
use super::keccak256;
use crate::amount::{Decimals, ExactAmount};
use crate::asset::{Asset, Instance, InstanceId};
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Mistake};
use crate::native_coin::NativeCoin;

/// A registry has some thousands of tokens at most.
const MAX_REGISTRY_BYTES: usize = 4 << 20;
/// The registry that comes with the verifier.
const BUILT_IN: &str = include_str!("tokens.json");

/// Where a contract keeps balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageLayout {
    /// `mapping(address => uint256)` of Solidity.
    SolidityMapping {
        /// Slot of the mapping, big-endian, up to 32 bytes.
        slot: HexBytes,
        /// How many of the low bits are the balance, 1 to 256. Those above are flags: the holder is frozen if one is set.
        bits: u16,
    },
    /// `HashMap[address, uint256]` of Vyper.
    VyperMapping {
        /// Slot of the map, big-endian, up to 32 bytes.
        slot: HexBytes,
    },
    /// No storage slot holds the balance (it is computed, as by rebasing tokens): only `balanceOf` tells it.
    BalanceOf,
}

impl FromJson for StorageLayout {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "solidity_mapping" => {
                json::fields!(json::content(inner)?, Self::SolidityMapping { slot, bits })
            }
            "vyper_mapping" => json::fields!(json::content(inner)?, Self::VyperMapping { slot }),
            "balance_of" => json::no_content(inner.as_ref()).map(|()| Self::BalanceOf),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

/// A balance as a contract's storage holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBalance {
    /// In the token's smallest unit.
    pub amount: ExactAmount,
    /// The contract has marked the holder, who cannot move it.
    pub frozen: bool,
}

impl StorageLayout {
    /// The storage slot of a holder's balance; `None` where none holds it.
    #[must_use]
    pub fn slot_of(&self, holder: &EvmAddress) -> Option<[u8; 32]> {
        match self {
            Self::SolidityMapping { slot, .. } => solidity_slot(slot, holder),
            Self::VyperMapping { slot } => {
                let holder = pad(holder.as_bytes())?;
                Some(keccak256(&[pad(&slot.0)?, holder].concat()))
            }
            Self::BalanceOf => None,
        }
    }

    /// The balance in the word that [`StorageLayout::slot_of`] names.
    ///
    /// # Errors
    /// [`Error::TotalOverflow`] at 2¹²⁸ or more, [`Error::Unsupported`] where no slot holds it.
    pub fn balance_in(&self, word: &[u8; 32]) -> Result<StoredBalance, Error> {
        let bits = match self {
            Self::SolidityMapping { bits, .. } => u32::from(*bits),
            Self::VyperMapping { .. } => 256,
            Self::BalanceOf => {
                return Err(Error::Unsupported {
                    what: "storage proof of a token whose storage holds no balances",
                    found: String::new(),
                });
            }
        };
        let mut balance = *word;
        // Byte 0 holds the bits 255 to 248.
        for (index, byte) in balance.iter_mut().enumerate() {
            let low =
                248_u32.saturating_sub(8_u32.saturating_mul(u32::try_from(index).unwrap_or(31)));
            let kept = bits.saturating_sub(low).min(8);
            *byte &= u8::try_from((1_u32 << kept).saturating_sub(1)).unwrap_or(u8::MAX);
        }
        Ok(StoredBalance {
            amount: exact(&balance)?,
            frozen: balance != *word,
        })
    }

    fn check(&self) -> Result<(), &'static str> {
        let (slot, bits) = match self {
            Self::SolidityMapping { slot, bits } => (slot, *bits),
            Self::VyperMapping { slot } => (slot, 256),
            Self::BalanceOf => return Ok(()),
        };
        check_slot(slot)?;
        if !(1..=256).contains(&bits) {
            return Err("a balance has 1 to 256 bits");
        }
        Ok(())
    }
}

fn check_slot(slot: &HexBytes) -> Result<(), &'static str> {
    if slot.0.is_empty() || slot.0.len() > 32 {
        return Err("a slot has 1 to 32 bytes");
    }
    Ok(())
}

fn solidity_slot(slot: &HexBytes, holder: &EvmAddress) -> Option<[u8; 32]> {
    Some(keccak256(
        &[pad(holder.as_bytes())?, pad(&slot.0)?].concat(),
    ))
}

pub(crate) fn pad(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut word = [0; 32];
    word.get_mut(32_usize.checked_sub(bytes.len())?..)?
        .copy_from_slice(bytes);
    Some(word)
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// CAIP-19 id: chain and contract.
    pub instance: InstanceId,
    /// What it is called: an asset of this id has no other contract on this chain.
    pub symbol: String,
    /// Decimals of the contract.
    pub decimals: Decimals,
    /// Where it keeps balances.
    pub layout: StorageLayout,
    /// Slot of a `mapping(address => bool)` of Solidity beside the balances, big-endian, up to 32 bytes: who is in it is
    /// frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<HexBytes>,
}

json::object!(Token {
    instance,
    symbol,
    decimals,
    layout,
    frozen: present
});

impl Token {
    /// The storage slot that says whether a holder is frozen; `None` where no mapping beside the balances says so.
    #[must_use]
    pub fn frozen_slot_of(&self, holder: &EvmAddress) -> Option<[u8; 32]> {
        solidity_slot(self.frozen.as_ref()?, holder)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.frozen.is_some() && self.layout == StorageLayout::BalanceOf {
            return Err("who is frozen is proven beside a balance that is");
        }
        self.frozen.as_ref().map_or(Ok(()), check_slot)?;
        self.layout.check()
    }
}

/// The tokens that a verifier knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenRegistry {
    tokens: Vec<Token>,
}

json::object!(TokenRegistry { tokens });

impl TokenRegistry {
    /// The registry that comes with this version.
    ///
    /// # Errors
    /// None in fact: a test reads it.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(BUILT_IN.as_bytes())
    }

    /// Reads a registry.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Duplicate`], [`Error::Field`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let registry: Self = json::parse("token registry", bytes, MAX_REGISTRY_BYTES)?;
        for (index, token) in registry.tokens.iter().enumerate() {
            token.check().map_err(|why| Error::Field {
                what: "storage layout",
                why: why.into(),
            })?;
            let earlier = registry.tokens.iter().take(index);
            if earlier
                .into_iter()
                .any(|other| other.instance == token.instance)
            {
                return Err(Error::Duplicate {
                    what: "token",
                    found: token.instance.as_str().into(),
                });
            }
        }
        Ok(registry)
    }

    /// Adds the tokens of another registry; where both know a contract, the other's word holds.
    pub fn extend(&mut self, other: Self) {
        for token in other.tokens {
            self.tokens.retain(|own| own.instance != token.instance);
            self.tokens.push(token);
        }
    }

    /// The token that an instance is.
    #[must_use]
    pub fn find(&self, instance: &InstanceId) -> Option<&Token> {
        self.tokens.iter().find(|token| token.instance == *instance)
    }

    /// Checks an asset's instances: number and decimals are the chain's own coin's, or the decimals are the contract's; and
    /// where the registry knows a token of the asset's name on a chain, no other contract of that chain stands for it.
    ///
    /// # Errors
    /// [`Error::Mismatch`].
    pub fn check_asset<'a>(&self, asset: &'a Asset) -> Result<CheckedAsset<'a>, Error> {
        let symbol = asset.id().as_str();
        let mut checked = CheckedAsset::default();
        for instance in asset.instances() {
            let id = &instance.id;
            if id.native().is_some() {
                match NativeCoin::check(instance)? {
                    Some(coin) => {
                        checked
                            .wrapped
                            .extend((coin.symbol != symbol).then_some(id));
                        checked.test_networks.extend(coin.is_test.then_some(id));
                    }
                    None => checked.unknown.push(instance),
                }
                continue;
            }
            let mismatch = |what, why| Err(Error::Mismatch { what, why });
            match self.find(id) {
                Some(token) if token.decimals != instance.decimals => {
                    let why = alloc::format!(
                        "the contract of {symbol} has {} decimals, the attestation says {}",
                        token.decimals,
                        instance.decimals
                    );
                    return mismatch("decimals of a token", why);
                }
                Some(token) => checked
                    .wrapped
                    .extend((token.symbol != symbol).then_some(id)),
                None => {
                    let chain = id.chain();
                    let named =
                        |token: &&Token| token.symbol == symbol && token.instance.chain() == chain;
                    if let Some(real) = self.tokens.iter().find(named) {
                        let why = alloc::format!(
                            "{symbol} on {chain} is {}, not {}",
                            real.instance,
                            json::shorten(id.as_str())
                        );
                        return mismatch("token contract", why);
                    }
                    checked.unknown.push(instance);
                }
            }
        }
        Ok(checked)
    }
}

/// What a reader should know of an asset whose instances contradict nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedAsset<'a> {
    /// Instances that are other coins than the asset's id says, such as wrapped ones.
    pub wrapped: Vec<&'a InstanceId>,
    /// Instances of which the verifier knows neither contract nor chain: their decimals are the exchange's word.
    pub unknown: Vec<&'a Instance>,
    /// Coins of test networks.
    pub test_networks: Vec<&'a InstanceId>,
}
