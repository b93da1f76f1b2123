//! A Safe's owners and threshold, proven from its storage: no node has to be believed, and none has to be asked.
//!
//! Claim: if the block exists, the contract at the address is the proxy of a Safe of a listed version, and at the block's
//! end exactly these owners and this threshold stood in its storage.
//! Formula, `p32` being left-padded to 32 bytes: the proxy's code hash and the singleton's (slot 0) are listed in
//! `contracts.json` beside this file, which is data of the verifier's; `owners` is a linked list at slot 2, its links at
//! `Keccak-256(p32(owner) ‖ p32(2))`, which starts and ends at address 1; its length is slot 3, the threshold slot 4; the
//! list of modules starts at `Keccak-256(p32(1) ‖ p32(1))`.
//!
//! Not proven: what modules can do, which move coins without the owners; whether there are any is shown.
//!
//! Source: safe-smart-account 1.4.1, `SafeStorage`, `OwnerManager`, `ModuleManager`; Solidity, "Layout of State Variables
//! in Storage".

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::mismatch;
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Members, Mistake};
use crate::ownership::{Address, EvmChainId, MAX_OWNERS, Network, SafeOwners};
use crate::state_proof::{Account, EvmAddress, MAX_PROOF_NODES, keccak256, pad};

/// The contracts that this version knows.
const LISTED: &str = include_str!("contracts.json");
const MAX_LIST_BYTES: usize = 64 * 1024;
/// Where both lists start and end.
pub const SENTINEL_OWNER: EvmAddress =
    EvmAddress::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
const SINGLETON_SLOT: u8 = 0;
const MODULES_SLOT: u8 = 1;
/// Slot of the list of owners.
pub const OWNERS_SLOT: u8 = 2;
const OWNER_COUNT_SLOT: u8 = 3;
const THRESHOLD_SLOT: u8 = 4;

/// Proofs of a Safe's storage; each has nodes from a root down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafeRecord {
    /// Canonical address of the Safe.
    pub address: String,
    /// Of the Safe's account.
    pub account: Vec<HexBytes>,
    /// Of the singleton's account.
    pub singleton_account: Vec<HexBytes>,
    /// Of slot 0: the singleton's address.
    pub singleton: Vec<HexBytes>,
    /// Of slot 3: how many owners there are.
    pub owner_count: Vec<HexBytes>,
    /// Of slot 4: how many must sign.
    pub threshold: Vec<HexBytes>,
    /// Of the link from address 1 to the first module.
    pub modules: Vec<HexBytes>,
    /// Of the link from address 1 to the first owner.
    pub first: Vec<HexBytes>,
    /// The owners in the order of the list.
    pub owners: Vec<SafeOwner>,
}

json::object!(SafeRecord {
    address,
    account,
    singleton_account,
    singleton,
    owner_count,
    threshold,
    modules,
    first,
    owners
});

/// One owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafeOwner {
    /// Canonical address.
    pub address: String,
    /// Of the link to the next owner, or back to address 1.
    pub next: Vec<HexBytes>,
}

json::object!(SafeOwner { address, next });

/// What a Safe's storage was proven to say.
#[derive(Clone, Debug)]
pub(super) struct ProvenSafe {
    pub(super) owners: SafeOwners,
    /// Contracts may move its coins without the owners.
    pub(super) has_modules: bool,
}

/// The storage slot of the link that starts at `owner`.
#[must_use]
pub fn owner_slot(list: u8, owner: &EvmAddress) -> [u8; 32] {
    let key = pad(owner.as_bytes()).unwrap_or_default();
    keccak256(&[key, word(list)].concat())
}

fn word(number: u8) -> [u8; 32] {
    pad(&[number]).unwrap_or_default()
}

struct Listed {
    proxies: Vec<ListedContract>,
    singletons: Vec<ListedContract>,
}

impl FromJson for Listed {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let mut members = Members::of(value, &["source", "proxies", "singletons"])?;
        // For people: where the list is from.
        members.take::<String>("source")?;
        Ok(Self {
            proxies: members.take("proxies")?,
            singletons: members.take("singletons")?,
        })
    }
}

struct ListedContract {
    code_hash: HexBytes,
}

impl FromJson for ListedContract {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let mut members = Members::of(value, &["name", "code_hash"])?;
        members.take::<String>("name")?;
        Ok(Self {
            code_hash: members.take("code_hash")?,
        })
    }
}

fn expect_listed(
    what: &'static str,
    list: &[ListedContract],
    account: &Account,
) -> Result<(), Error> {
    let known = |listed: &ListedContract| listed.code_hash.0 == account.code_hash();
    if list.iter().any(known) {
        return Ok(());
    }
    // A later version may know it; what an unknown contract does with its storage is not known.
    Err(Error::Unsupported {
        what,
        found: hex::encode(account.code_hash()),
    })
}

/// The address in a word, which has nothing above it.
fn address_in(what: &'static str, word: &[u8; 32]) -> Result<EvmAddress, Error> {
    match word.split_last_chunk::<20>() {
        Some((high, low)) if high.iter().all(|byte| *byte == 0) => Ok(EvmAddress::from_bytes(*low)),
        _ => Err(Error::Encoding { what }),
    }
}

/// A small number in a word.
fn count_in(what: &'static str, word: &[u8; 32]) -> Result<usize, Error> {
    match word.split_last() {
        Some((low, high)) if high.iter().all(|byte| *byte == 0) => Ok(usize::from(*low)),
        _ => Err(Error::Encoding { what }),
    }
}

impl SafeRecord {
    /// Walks all proofs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for contracts that are not listed; [`Error::StateProof`], [`Error::Encoding`],
    /// [`Error::Mismatch`], [`Error::TooLarge`] for what is false.
    pub(super) fn prove(
        &self,
        state_root: &[u8; 32],
        network: &Network,
        chain: EvmChainId,
    ) -> Result<ProvenSafe, Error> {
        self.check_sizes()?;
        let listed: Listed = json::parse("contract list", LISTED.as_bytes(), MAX_LIST_BYTES)?;
        let wallet = evm_address(network, &self.address)?;
        let absent = |address: &EvmAddress| Error::StateProof {
            what: "contract wallet",
            why: if *address == wallet {
                "there is no such account at this block"
            } else {
                "its singleton is no account at this block"
            },
        };
        let prove = |address: &EvmAddress, proof: &[HexBytes]| {
            Account::prove(state_root, address, proof)?.ok_or_else(|| absent(address))
        };
        let account = prove(&wallet, &self.account)?;
        expect_listed("proxy's code", &listed.proxies, &account)?;
        let singleton = account.storage(&word(SINGLETON_SLOT), &self.singleton)?;
        let singleton = address_in("singleton", &singleton)?;
        let singleton = prove(&singleton, &self.singleton_account)?;
        expect_listed("singleton's code", &listed.singletons, &singleton)?;
        let threshold = account.storage(&word(THRESHOLD_SLOT), &self.threshold)?;
        let threshold = count_in("threshold", &threshold)?;
        let stated = account.storage(&word(OWNER_COUNT_SLOT), &self.owner_count)?;
        let stated = count_in("owner count", &stated)?;
        let link = |list: u8, from: &EvmAddress, proof: &[HexBytes]| {
            account
                .storage(&owner_slot(list, from), proof)
                .and_then(|word| address_in("link", &word))
        };
        let mut owners = BTreeSet::new();
        let mut next = link(OWNERS_SLOT, &SENTINEL_OWNER, &self.first)?;
        for owner in &self.owners {
            let address = evm_address(network, &owner.address)?;
            if address != next || !owners.insert(*address.as_bytes()) {
                return mismatch("owners", "they are not the list in the Safe's storage");
            }
            next = link(OWNERS_SLOT, &address, &owner.next)?;
        }
        if next != SENTINEL_OWNER || owners.len() != stated {
            return mismatch("owners", "the list in the Safe's storage goes on");
        }
        let module = link(MODULES_SLOT, &SENTINEL_OWNER, &self.modules)?;
        let owners = SafeOwners::new(chain, *wallet.as_bytes(), owners, threshold);
        Ok(ProvenSafe {
            owners: owners.map_err(|error| Error::Mismatch {
                what: "threshold",
                why: error.to_string(),
            })?,
            has_modules: module != SENTINEL_OWNER,
        })
    }

    fn check_sizes(&self) -> Result<(), Error> {
        let too_large = |what, limit: usize, found: usize| Error::TooLarge {
            what,
            limit: limit as u64,
            found: found as u64,
        };
        if self.owners.len() > MAX_OWNERS {
            return Err(too_large("list of owners", MAX_OWNERS, self.owners.len()));
        }
        let own = [
            &self.account,
            &self.singleton_account,
            &self.singleton,
            &self.owner_count,
            &self.threshold,
            &self.modules,
            &self.first,
        ];
        let proofs = own
            .into_iter()
            .chain(self.owners.iter().map(|owner| &owner.next));
        for proof in proofs {
            if proof.len() > MAX_PROOF_NODES {
                return Err(too_large("proof", MAX_PROOF_NODES, proof.len()));
            }
        }
        Ok(())
    }
}

/// The bytes of a canonical address.
pub(super) fn evm_address(network: &Network, text: &str) -> Result<EvmAddress, Error> {
    let parsed = Address::parse(network, text).ok();
    parsed
        .filter(|address| address.as_str() == text)
        .and_then(|address| EvmAddress::of(&address))
        .ok_or_else(|| Error::Mismatch {
            what: "address",
            why: format!("`{}` is no canonical address", json::shorten(text)),
        })
}
