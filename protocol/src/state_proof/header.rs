//! A block header of an EVM chain, read strictly from its RLP.
//!
//! # Layout
//!
//! 15 fields, and then, as forks added them: base fee (16), withdrawals root (17), blob gas used, excess blob gas and
//! parent beacon root (20), requests hash (21). A list of another length is of a fork that this version does not know,
//! and is refused as unsupported.
//!
//! Source: yellow paper §4.3; EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685.

use alloc::format;
use alloc::string::ToString;

use super::keccak256;
use super::rlp::Item;
use crate::error::Error;

/// Extra data has 32 bytes on the main network; chains of the same form put their validators there.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

const WHAT: &str = "EVM header";

/// What of a header balances rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmHeader {
    hash: [u8; 32],
    state_root: [u8; 32],
    number: u64,
    time: u64,
}

impl EvmHeader {
    /// Reads the exact bytes that the block hash is taken over.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Encoding`], [`Error::Unsupported`] for another number of fields.
    pub fn parse(rlp: &[u8]) -> Result<Self, Error> {
        if rlp.len() > MAX_HEADER_BYTES {
            return Err(Error::TooLarge {
                what: WHAT,
                limit: MAX_HEADER_BYTES as u64,
                found: rlp.len() as u64,
            });
        }
        let items = Item::whole(WHAT, rlp)?.items(WHAT, 64)?;
        if !matches!(items.len(), 15 | 16 | 17 | 20 | 21) {
            return Err(Error::Unsupported {
                what: "EVM header with this number of fields",
                found: items.len().to_string(),
            });
        }
        for (index, item) in items.iter().enumerate() {
            match index {
                // Parent, uncles, state, transactions, receipts, mix; withdrawals, beacon root, requests.
                0 | 1 | 3 | 4 | 5 | 13 | 16 | 19 | 20 => drop(item.array::<32>(WHAT)?),
                2 => drop(item.array::<20>(WHAT)?),
                6 => drop(item.array::<256>(WHAT)?),
                12 => drop(item.bytes(WHAT)?),
                14 => drop(item.array::<8>(WHAT)?),
                // Difficulty and base fee may have more bits than 64.
                7 | 15 => drop(item.word(WHAT)?),
                _ => drop(item.u64(WHAT)?),
            }
        }
        let field = |index: usize| items.get(index).ok_or(Error::Encoding { what: WHAT });
        Ok(Self {
            hash: keccak256(rlp),
            state_root: field(3)?.array(WHAT)?,
            number: field(8)?.u64(WHAT)?,
            time: field(11)?.u64(WHAT)?,
        })
    }

    /// The block's hash as the chain's own tools print it: `0x` and 64 lower-case hex digits.
    #[must_use]
    pub fn hash(&self) -> alloc::string::String {
        format!("0x{}", hex::encode(self.hash))
    }

    /// Root of the state after the block.
    #[must_use]
    pub const fn state_root(&self) -> &[u8; 32] {
        &self.state_root
    }

    /// Height.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The block's own claim of its time, in Unix seconds.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.time
    }
}
