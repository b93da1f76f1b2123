//! `evm-<chain id>.jsonl`: the header of the snapshot's block, account proofs, storage proofs, `balanceOf` answers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::{MAX_RECORD_BYTES, Wallets, check_time, lines, mismatch};
use crate::amount::ExactAmount;
use crate::asset::InstanceId;
use crate::attestation::SnapshotBlock;
use crate::book_row::Evidence;
use crate::error::{Error, Judged};
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Mistake};
use crate::ownership::{Address, Network};
use crate::reserve_row::ReserveRow;
use crate::state_proof::{
    Account, EvmAddress, EvmHeader, MAX_PROOF_NODES, StorageLayout, StoredBalance, TokenRegistry,
    exact, keccak256,
};

const WHAT: &str = "EVM annex";

/// One line of the annex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvmRecord {
    /// The first line, and no other.
    Block {
        /// CAIP-2 id of the chain.
        network: String,
        /// RLP of the header.
        header: HexBytes,
    },
    /// Proof of an account: of a holder of native coins, or of a token contract.
    Account {
        /// Canonical address.
        address: String,
        /// Nodes from the state root down.
        proof: Vec<HexBytes>,
    },
    /// Proof of a holder's balance in a token contract's storage.
    Storage {
        /// CAIP-19 id of the token.
        instance: InstanceId,
        /// Canonical address of the holder.
        address: String,
        /// Nodes from the contract's storage root down.
        proof: Vec<HexBytes>,
        /// The same of the holder's place among those whom the contract has frozen, where it keeps them in a mapping.
        #[serde(skip_serializing_if = "Option::is_none")]
        frozen: Option<Vec<HexBytes>>,
    },
    /// What `balanceOf(address)` returned.
    Call {
        /// CAIP-19 id of the token.
        instance: InstanceId,
        /// Canonical address of the holder.
        address: String,
        /// The 32 bytes returned.
        result: HexBytes,
    },
}

impl FromJson for EvmRecord {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "block" => json::fields!(json::content(inner)?, Self::Block { network, header }),
            "account" => json::fields!(json::content(inner)?, Self::Account { address, proof }),
            "storage" => json::fields!(
                json::content(inner)?,
                Self::Storage {
                    instance,
                    address,
                    proof,
                    frozen: present
                }
            ),
            "call" => json::fields!(
                json::content(inner)?,
                Self::Call {
                    instance,
                    address,
                    result
                }
            ),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

/// An annex, parsed: nothing in it stands twice.
#[derive(Clone, Debug)]
pub struct EvmAnnex {
    header: EvmHeader,
    accounts: BTreeMap<String, Vec<HexBytes>>,
    storage: BTreeMap<(InstanceId, String), StorageProofs>,
    calls: BTreeMap<(InstanceId, String), HexBytes>,
}

/// Of a holder's balance, and of the place among the frozen.
type StorageProofs = (Vec<HexBytes>, Option<Vec<HexBytes>>);

impl EvmAnnex {
    /// Parses the exact bytes of the annex of `network`.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Duplicate`], [`Error::Mismatch`], and those of
    /// [`EvmHeader::parse`].
    pub fn parse(network: &Network, bytes: &[u8]) -> Result<Self, Error> {
        let mut lines = lines(WHAT, bytes)?;
        let first = lines.next().unwrap_or_default();
        let header = match json::parse(WHAT, first, MAX_RECORD_BYTES)? {
            EvmRecord::Block {
                network: own,
                header,
            } if own == network.to_string() => EvmHeader::parse(&header.0)?,
            _ => return mismatch(WHAT, format!("its first line is no block of {network}")),
        };
        let mut annex = Self {
            header,
            accounts: BTreeMap::new(),
            storage: BTreeMap::new(),
            calls: BTreeMap::new(),
        };
        for line in lines {
            annex.add(network, json::parse(WHAT, line, MAX_RECORD_BYTES)?)?;
        }
        Ok(annex)
    }

    fn add(&mut self, network: &Network, record: EvmRecord) -> Result<(), Error> {
        let twice = |found: String| {
            Err(Error::Duplicate {
                what: "record",
                found,
            })
        };
        let (address, proofs) = match &record {
            EvmRecord::Block { .. } => return twice("block".into()),
            EvmRecord::Account { address, proof } => (address, [Some(proof), None]),
            EvmRecord::Storage {
                address,
                proof,
                frozen,
                ..
            } => (address, [Some(proof), frozen.as_ref()]),
            EvmRecord::Call { address, .. } => (address, [None, None]),
        };
        if !Address::parse(network, address).is_ok_and(|parsed| parsed.as_str() == address) {
            let why = format!("`{}` is no canonical address", json::shorten(address));
            return mismatch(WHAT, why);
        }
        let longest = proofs.into_iter().flatten().map(Vec::len).max();
        if let Some(found) = longest.filter(|length| *length > MAX_PROOF_NODES) {
            return Err(Error::TooLarge {
                what: "proof",
                limit: MAX_PROOF_NODES as u64,
                found: found as u64,
            });
        }
        let label = address.clone();
        let fresh = match record {
            EvmRecord::Account { address, proof } => self.accounts.insert(address, proof).is_none(),
            EvmRecord::Storage {
                instance,
                address,
                proof,
                frozen,
            } => {
                let proofs = (proof, frozen);
                self.storage.insert((instance, address), proofs).is_none()
            }
            EvmRecord::Call {
                instance,
                address,
                result,
            } => self.calls.insert((instance, address), result).is_none(),
            EvmRecord::Block { .. } => false,
        };
        if fresh { Ok(()) } else { twice(label) }
    }

    /// The header of the block.
    #[must_use]
    pub const fn header(&self) -> &EvmHeader {
        &self.header
    }

    /// Checks the rows of this chain that rest on the annex, and that every record is some row's.
    ///
    /// # Errors
    /// What is false about the first row that is not proven.
    pub(super) fn verify(
        &self,
        block: &SnapshotBlock,
        time: u64,
        rows: &[&ReserveRow],
        tokens: &TokenRegistry,
        wallets: &Wallets,
    ) -> Result<(), Error> {
        let header = &self.header;
        if header.hash() != block.hash || header.number() != block.height {
            let why = format!(
                "the header is of block {} {}, the snapshot's is {} {}",
                header.number(),
                header.hash(),
                block.height,
                json::shorten(&block.hash)
            );
            return mismatch("EVM header", why);
        }
        check_time(time, header.time())?;
        let mut used = Used::default();
        // A contract's account is proven once, whoever holds its tokens.
        let mut contracts = BTreeMap::new();
        let mut judged = Judged::default();
        for row in rows {
            let result = self.verify_row(row, (tokens, wallets), &mut contracts, &mut used);
            judged.take(result.map_err(|error| about(row, error)));
        }
        judged.finish()?;
        let records = [
            (self.accounts.len(), used.accounts.len()),
            (self.storage.len(), used.storage),
            (self.calls.len(), used.calls),
        ];
        if records.iter().any(|(there, used)| there != used) {
            return mismatch(WHAT, "it has a record that no reserve row rests on");
        }
        Ok(())
    }

    fn verify_row<'a>(
        &'a self,
        row: &'a ReserveRow,
        (tokens, wallets): (&TokenRegistry, &Wallets),
        contracts: &mut BTreeMap<String, Option<Account>>,
        used: &mut Used<'a>,
    ) -> Result<(), Error> {
        let key = (row.instance.clone(), row.address.clone());
        if row.evidence == Evidence::ContractCall {
            // What a call returns says nothing of a freeze, which the storage would show.
            let proven = tokens.find(&row.instance);
            if proven.is_some_and(|token| token.layout != StorageLayout::BalanceOf) {
                let why =
                    "this token's balances are proven by its storage, which shows who is frozen";
                return mismatch("evidence", why);
            }
            let result = self.calls.get(&key).ok_or(ABSENT)?;
            used.calls = used.calls.saturating_add(1);
            return same(row, call_result(&result.0)?);
        }
        let Some((_, contract)) = row.instance.as_str().split_once("/erc20:") else {
            let Some(account) = self.account(&row.address, used)? else {
                return same(row, ExactAmount::ZERO);
            };
            if *account.code_hash() != keccak256(b"") {
                wallets.expect_told(row)?;
            }
            return same(row, account.balance()?);
        };
        let Some(token) = tokens.find(&row.instance) else {
            return Err(Error::Missing {
                what: "a token of the reserves in the checker's registry",
            });
        };
        let holder = EvmAddress::from_hex(&row.address).ok_or(ABSENT)?;
        let frozen_slot = token.frozen_slot_of(&holder);
        let Some(slot) = token.layout.slot_of(&holder) else {
            return Err(Error::Unsupported {
                what: "storage proof of a token whose storage holds no balances",
                found: row.instance.to_string(),
            });
        };
        let contract = canonical(&row.network, contract)?;
        let (proof, frozen_proof) = self.storage.get(&key).ok_or(ABSENT)?;
        let frozen = match (frozen_slot, frozen_proof) {
            (Some(slot), Some(proof)) => Some((slot, proof)),
            (None, None) => None,
            (Some(_), None) => return Err(ABSENT),
            (None, Some(_)) => {
                return Err(Error::Missing {
                    what: "where a token of the reserves keeps who is frozen, in the checker's registry",
                });
            }
        };
        used.storage = used.storage.saturating_add(1);
        if !contracts.contains_key(&contract) {
            let name = self.accounts.get_key_value(&contract).ok_or(ABSENT)?.0;
            let account = self.account(name, used)?;
            contracts.insert(contract.clone(), account);
        }
        let stored = match contracts.get(&contract).and_then(Option::as_ref) {
            Some(account) => {
                let mut stored = token.layout.balance_in(&account.storage(&slot, proof)?)?;
                if let Some((slot, proof)) = frozen {
                    stored.frozen |= account.storage(&slot, proof)? != [0; 32];
                }
                stored
            }
            // A contract that is not there holds nothing for anybody.
            None if proof.is_empty() && frozen.is_none_or(|(_, proof)| proof.is_empty()) => {
                StoredBalance {
                    amount: ExactAmount::ZERO,
                    frozen: false,
                }
            }
            None => return mismatch("storage proof", "there is no such contract at this block"),
        };
        if stored.frozen && row.encumbered != Some(row.amount) {
            let why = "the token's contract has frozen the address: all of it is encumbered";
            return mismatch("encumbered amount", why);
        }
        same(row, stored.amount)
    }

    fn account<'a>(&'a self, address: &str, used: &mut Used<'a>) -> Result<Option<Account>, Error> {
        let (name, proof) = self.accounts.get_key_value(address).ok_or(ABSENT)?;
        used.accounts.insert(name);
        let address = EvmAddress::from_hex(address).ok_or(ABSENT)?;
        Account::prove(self.header.state_root(), &address, proof)
    }
}

/// What rows have rested on.
#[derive(Default)]
struct Used<'a> {
    accounts: BTreeSet<&'a String>,
    storage: usize,
    calls: usize,
}

/// The annex was bound by the exchange, so what it lacks is the exchange's omission, and false.
const ABSENT: Error = Error::StateProof {
    what: "evidence of a reserve",
    why: "the annex has no such record",
};

fn call_result(bytes: &[u8]) -> Result<ExactAmount, Error> {
    let word = bytes.try_into().map_err(|_| Error::Length {
        what: "result of balanceOf",
        expected: 32,
        found: bytes.len() as u64,
    })?;
    exact(word)
}

fn canonical(network: &str, address: &str) -> Result<String, Error> {
    let parsed = network
        .parse()
        .and_then(|network| Address::parse(&network, address));
    parsed
        .map(|address| address.as_str().to_string())
        .map_err(|error| Error::Field {
            what: "token contract",
            why: error.to_string(),
        })
}

fn same(row: &ReserveRow, found: ExactAmount) -> Result<(), Error> {
    if row.amount != found {
        let why = format!("the row says {}, its evidence {found}", row.amount);
        return mismatch("balance", why);
    }
    Ok(())
}

/// Names the row in an error that has room for it.
pub(super) fn about(row: &ReserveRow, error: Error) -> Error {
    match error {
        Error::Mismatch { what, why } => Error::Mismatch {
            what,
            why: format!("{} {}: {why}", row.instance, row.address),
        },
        Error::StateProof { what, why } => Error::Mismatch {
            what,
            why: format!("{} {}: {why}", row.instance, row.address),
        },
        other => other,
    }
}
