//! An account of an EVM chain, as the state trie holds it.

use alloc::string::ToString;

use super::keccak256;
use super::rlp::Item;
use super::trie::lookup;
use crate::amount::ExactAmount;
use crate::error::Error;
use crate::ownership::{Address, Network};

/// The 20 bytes of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmAddress([u8; 20]);

impl EvmAddress {
    /// Wraps the 20 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads `0x` and 40 hex digits, whatever their case: for text whose spelling was checked before.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The bytes of an address of an EVM chain.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        match address.network() {
            Network::Evm(_) => Self::from_hex(&address.to_string()),
            _ => None,
        }
    }
}

/// What the state trie says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Native balance in the chain's smallest unit, 256 bits big-endian.
    balance: [u8; 32],
    /// Root of the account's storage.
    storage_root: [u8; 32],
    /// Keccak-256 of the account's code.
    code_hash: [u8; 32],
}

impl Account {
    /// Proves what the trie with `state_root` says of `address`; `None` where it says nothing, which is a balance of zero
    /// and no storage.
    ///
    /// # Errors
    /// [`Error::StateProof`], [`Error::Encoding`].
    pub fn prove<N: AsRef<[u8]>>(
        state_root: &[u8; 32],
        address: &EvmAddress,
        proof: &[N],
    ) -> Result<Option<Self>, Error> {
        const WHAT: &str = "account";
        let Some(value) = lookup(state_root, &keccak256(&address.0), proof)? else {
            return Ok(None);
        };
        let items = Item::whole(WHAT, &value)?.items(WHAT, 4)?;
        let [nonce, balance, storage_root, code_hash] = items.as_slice() else {
            return Err(Error::Encoding { what: WHAT });
        };
        nonce.u64(WHAT)?;
        Ok(Some(Self {
            balance: balance.word(WHAT)?,
            storage_root: storage_root.array(WHAT)?,
            code_hash: code_hash.array(WHAT)?,
        }))
    }

    /// The native balance, in the chain's smallest unit.
    ///
    /// # Errors
    /// [`Error::TotalOverflow`] at 2¹²⁸ or more.
    pub fn balance(&self) -> Result<ExactAmount, Error> {
        exact(&self.balance)
    }

    /// Keccak-256 of the account's code; that of nothing where it has none.
    #[must_use]
    pub const fn code_hash(&self) -> &[u8; 32] {
        &self.code_hash
    }

    /// The 256-bit word at the storage slot whose key is `slot`; zero where the trie holds nothing there.
    ///
    /// # Errors
    /// [`Error::StateProof`], [`Error::Encoding`].
    pub fn storage<N: AsRef<[u8]>>(&self, slot: &[u8; 32], proof: &[N]) -> Result<[u8; 32], Error> {
        const WHAT: &str = "storage value";
        match lookup(&self.storage_root, &keccak256(slot), proof)? {
            None => Ok([0; 32]),
            Some(value) => {
                let word = Item::whole(WHAT, &value)?.word(WHAT)?;
                // A slot that holds zero is deleted: stored, it would be a second form of "nothing".
                if word == [0; 32] {
                    return Err(Error::Encoding { what: WHAT });
                }
                Ok(word)
            }
        }
    }
}

/// A 256-bit number as an amount.
pub(crate) fn exact(word: &[u8; 32]) -> Result<ExactAmount, Error> {
    match word.split_first_chunk::<16>() {
        Some(([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], low)) => low
            .try_into()
            .map(|low| ExactAmount::from_steps(u128::from_be_bytes(low)))
            .map_err(|_| Error::TotalOverflow),
        _ => Err(Error::TotalOverflow),
    }
}
