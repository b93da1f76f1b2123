//! `wallets-<chain id>.jsonl`: what lets a contract speak for its coins, and which accounts run another's code.
//!
//! | record | scheme of the row | says | class |
//! |---|---|---|---|
//! | `safe` | `safe` | owners and threshold, by storage proofs; their signatures are checked here | A if the checker confirmed the block hash, else "A, block unconfirmed" |
//! | `call` | `eip1271` | what the contract answered to the row's signature, and to one that nobody made | B if the checker asked again, else D |
//! | `delegated` | any of a key | the account runs another contract's code (EIP-7702); its own key still signs | — |
//!
//! A contract that says yes to what nobody signed shows nothing: its rows are refused, by name.
//!
//! Source: EIP-1271, EIP-7702.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::safe::{ProvenSafe, SafeRecord, evm_address};
use super::{MAX_RECORD_BYTES, check_time, lines, mismatch};
use crate::attestation::{Snapshot, SnapshotBlock};
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Mistake};
use crate::ownership::{Challenge, Network, SafeOwners, Scheme, eip1271_hash};
use crate::report::Facts;
use crate::reserve_row::ReserveRow;
use crate::state_proof::{Account, EvmHeader, MAX_PROOF_NODES, keccak256};

const WHAT: &str = "wallets annex";
const START: &str = "wallets-";
/// What `isValidSignature` returns for yes: its own selector.
pub const MAGIC_ANSWER: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];
/// Code of a delegated account: this, and the address whose code it runs.
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];
/// Safes of 64 owners have proofs of some megabytes.
const MAX_SAFE_BYTES: usize = 16 * MAX_RECORD_BYTES;

/// One line of the annex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletRecord {
    /// The first line, and no other.
    Block {
        /// CAIP-2 id of the chain.
        network: String,
        /// RLP of the header.
        header: HexBytes,
    },
    /// A Safe's storage.
    Safe(SafeRecord),
    /// A contract's answers.
    Call(CallRecord),
    /// An account that runs another's code.
    Delegated(DelegationRecord),
}

impl FromJson for WalletRecord {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "block" => json::fields!(json::content(inner)?, Self::Block { network, header }),
            "safe" => FromJson::from_json(json::content(inner)?).map(Self::Safe),
            "call" => FromJson::from_json(json::content(inner)?).map(Self::Call),
            "delegated" => FromJson::from_json(json::content(inner)?).map(Self::Delegated),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

/// What a contract answered at the block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Canonical address of the contract.
    pub address: String,
    /// The hash that it was asked about: that of the challenge.
    pub hash: HexBytes,
    /// The row's signature.
    pub signature: HexBytes,
    /// What `isValidSignature` returned.
    pub result: HexBytes,
    /// What it returned for what nobody signed.
    pub probe: ProbeRecord,
}

json::object!(CallRecord {
    address,
    hash,
    signature,
    result,
    probe
});

/// A question whose only right answer is no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeRecord {
    /// 32 bytes drawn at random.
    pub hash: HexBytes,
    /// Bytes drawn at random.
    pub signature: HexBytes,
    /// What it returned; empty where the call failed.
    pub result: HexBytes,
}

json::object!(ProbeRecord {
    hash,
    signature,
    result
});

/// An account with a delegation (EIP-7702).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DelegationRecord {
    /// Canonical address of the account.
    pub address: String,
    /// Whose code it runs.
    pub delegate: String,
    /// Proof of the account, whose code hash shows it.
    pub account: Vec<HexBytes>,
}

json::object!(DelegationRecord {
    address,
    delegate,
    account
});

/// The one name of a chain's wallets annex; `None` for chains without contract wallets.
#[must_use]
pub fn wallet_annex_name(network: &Network) -> Option<String> {
    match network {
        Network::Evm(chain) => Some(format!("{START}{}.jsonl", chain.get())),
        _ => None,
    }
}

/// Whether an answer is yes: the magic value in the first four of 32 bytes, and nothing after it.
#[must_use]
pub fn is_yes(result: &[u8]) -> bool {
    let tail = result.strip_prefix(&MAGIC_ANSWER);
    tail.is_some_and(|tail| tail.len() == 28 && tail.iter().all(|byte| *byte == 0))
}

/// What speaks for one address.
#[derive(Clone, Debug)]
enum Voice {
    Safe(ProvenSafe),
    Call(CallRecord),
    Delegated,
}

/// The wallets annexes of all chains, verified against the snapshot's blocks.
#[derive(Clone, Debug, Default)]
pub struct Wallets {
    voices: BTreeMap<(String, String), Voice>,
    /// The first record that cannot be decided. It says nothing of the others.
    undecided: Option<Error>,
}

impl Wallets {
    /// Reads and verifies the wallets annexes among `annexes`.
    ///
    /// # Errors
    /// What is false about the first record that is. Contracts that are not listed are none of it: see
    /// [`Wallets::check_known`].
    pub fn read(snapshot: &Snapshot, annexes: &BTreeMap<String, Vec<u8>>) -> Result<Self, Error> {
        Self::read_at(&snapshot.blocks, Some(snapshot.time), annexes)
    }

    /// As [`Wallets::read`], at blocks that are no attestation's: without its `time`, theirs may be any.
    ///
    /// # Errors
    /// As [`Wallets::read`].
    pub fn read_at(
        blocks: &[SnapshotBlock],
        time: Option<u64>,
        annexes: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Error> {
        let mut wallets = Self::default();
        for (name, bytes) in annexes {
            if !name.starts_with(START) {
                continue;
            }
            let own = |block: &&SnapshotBlock| {
                let parsed: Option<Network> = block.network.parse().ok();
                parsed
                    .and_then(|network| wallet_annex_name(&network))
                    .as_ref()
                    == Some(name)
            };
            let Some(block) = blocks.iter().find(own) else {
                return mismatch("annex", format!("{name} is of no block of the snapshot"));
            };
            wallets.add_chain(time, block, bytes)?;
        }
        Ok(wallets)
    }

    /// Whether every record could be decided.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for the first contract that is not listed, or a record of a kind that this version does not know.
    pub fn check_known(&self) -> Result<(), Error> {
        self.undecided.clone().map_or(Ok(()), Err)
    }

    /// Whether an annex of this name is one of wallets.
    #[must_use]
    pub fn is_annex(name: &str) -> bool {
        name.starts_with(START)
    }

    fn add_chain(
        &mut self,
        time: Option<u64>,
        block: &SnapshotBlock,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let network: Network = block.network.parse().map_err(|_| Error::Unsupported {
            what: "network",
            found: json::shorten(&block.network),
        })?;
        let mut lines = lines(WHAT, bytes)?;
        let first = lines.next().unwrap_or_default();
        let header = match json::parse(WHAT, first, MAX_RECORD_BYTES)? {
            WalletRecord::Block { network, header } if network == block.network => {
                EvmHeader::parse(&header.0)?
            }
            _ => return mismatch(WHAT, "its first line is no block of its chain"),
        };
        if header.hash() != block.hash || header.number() != block.height {
            return mismatch(WHAT, "its header is of another block than the snapshot's");
        }
        if let Some(time) = time {
            check_time(time, header.time())?;
        }
        for line in lines {
            let record = json::parse(WHAT, line, MAX_SAFE_BYTES);
            let record =
                record.and_then(|record| verify_record(&network, header.state_root(), record));
            let (address, voice) = match record {
                Err(error) if error.is_undecided() => {
                    self.undecided.get_or_insert(error);
                    continue;
                }
                record => record?,
            };
            let key = (block.network.clone(), address.clone());
            if self.voices.insert(key, voice).is_some() {
                return Err(Error::Duplicate {
                    what: "record",
                    found: address,
                });
            }
        }
        Ok(())
    }

    /// Verifies a row's ownership: by its key, by the owners of its Safe, or by its contract's answer.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a contract wallet has no record here (S-08), [`Error::Field`] for what does not hold.
    pub fn verify_ownership(&self, row: &ReserveRow, challenge: &Challenge) -> Result<(), Error> {
        let refuse = |why: String| {
            Err(Error::Field {
                what: "ownership",
                why,
            })
        };
        let voice = self.voices.get(&(row.network.clone(), row.address.clone()));
        match (row.scheme.parse(), voice) {
            (Ok(Scheme::Safe), Some(Voice::Safe(safe))) => {
                let text = challenge.text(&row.parsed_address()?);
                let signature = row.only_signature()?;
                match safe.owners.verify(text.as_bytes(), signature) {
                    Err(error) if error.is_undecided() => Err(Error::Unsupported {
                        what: "ownership proof",
                        found: error.to_string(),
                    }),
                    Err(error) => refuse(error.to_string()),
                    Ok(()) => Ok(()),
                }
            }
            (Ok(Scheme::Eip1271), Some(Voice::Call(call))) => {
                let text = challenge.text(&row.parsed_address()?);
                let signature = row.only_signature()?;
                let asked = hex::decode(signature.trim_start_matches("0x")).unwrap_or_default();
                if call.hash.0 != eip1271_hash(text.as_bytes()) || call.signature.0 != asked {
                    return refuse("the contract was asked something else".into());
                }
                if is_yes(&call.probe.result.0) {
                    return refuse(format!(
                        "the contract {} says yes to what nobody signed, which is no signature",
                        row.address
                    ));
                }
                if !is_yes(&call.result.0) {
                    return refuse(format!("the contract {} says no", row.address));
                }
                Ok(())
            }
            // Without its record a contract wallet is undecided, and says so itself.
            _ => row.verify_ownership(challenge),
        }
    }

    /// The owners of a Safe, as its storage was proven to have them.
    #[must_use]
    pub fn safe_owners(&self, network: &str, address: &str) -> Option<&SafeOwners> {
        match self.voices.get(&(network.into(), address.into())) {
            Some(Voice::Safe(safe)) => Some(&safe.owners),
            _ => None,
        }
    }

    /// Checks that there is a record of an account which was proven to have code, and signs by a key: that it runs
    /// another's code could be kept quiet otherwise. Contracts that sign need their record in any case.
    pub(super) fn expect_told(&self, row: &ReserveRow) -> Result<(), Error> {
        let by_contract = matches!(row.scheme.parse(), Ok(Scheme::Safe | Scheme::Eip1271));
        let told = self
            .voices
            .contains_key(&(row.network.clone(), row.address.clone()));
        if by_contract || told {
            return Ok(());
        }
        // A record that this version cannot read may be the one.
        self.check_known()?;
        mismatch(
            "delegation",
            "the account has code, and no record of the wallets annex says whose",
        )
    }

    /// Checks that every record is some row's, and tells what a reader should know of them.
    ///
    /// # Errors
    /// [`Error::Mismatch`]; as [`Wallets::check_known`].
    pub fn check_used(&self, rows: &[ReserveRow]) -> Result<Facts, Error> {
        let mut spoken: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for row in rows {
            let key = (row.network.as_str(), row.address.as_str());
            spoken.entry(key).or_default().insert(row.scheme.as_str());
        }
        let mut facts = Facts::new();
        let (mut safes, mut calls) = (0_usize, 0_usize);
        let (mut modules, mut delegated) = (Vec::new(), Vec::new());
        for ((network, address), voice) in &self.voices {
            let schemes = spoken.get(&(network.as_str(), address.as_str()));
            let own = |scheme: Scheme| schemes.is_some_and(|all| all.contains(scheme.as_str()));
            let used = match voice {
                Voice::Safe(safe) => {
                    safes = safes.saturating_add(1);
                    if safe.has_modules {
                        modules.push(address.as_str());
                    }
                    own(Scheme::Safe)
                }
                Voice::Call(_) => {
                    calls = calls.saturating_add(1);
                    own(Scheme::Eip1271)
                }
                Voice::Delegated => {
                    delegated.push(address.as_str());
                    schemes.is_some()
                }
            };
            if !used {
                return mismatch(WHAT, format!("the record of {address} is no row's"));
            }
        }
        self.check_known()?;
        for (name, count) in [("wallets_by_state", safes), ("wallets_by_call", calls)] {
            if count > 0 {
                facts.insert(name, count.to_string());
            }
        }
        for (name, list) in [("safes_with_modules", modules), ("delegated", delegated)] {
            if !list.is_empty() {
                facts.insert(name, list.join(" "));
            }
        }
        Ok(facts)
    }
}

fn verify_record(
    network: &Network,
    state_root: &[u8; 32],
    record: WalletRecord,
) -> Result<(String, Voice), Error> {
    let Network::Evm(chain) = network else {
        return mismatch(WHAT, "its chain has no contract wallets");
    };
    match record {
        WalletRecord::Block { .. } => Err(Error::Duplicate {
            what: "record",
            found: "block".into(),
        }),
        WalletRecord::Safe(record) => {
            let safe = record.prove(state_root, network, *chain)?;
            Ok((record.address, Voice::Safe(safe)))
        }
        WalletRecord::Call(call) => {
            evm_address(network, &call.address)?;
            if call.probe.hash.0.len() != 32 || call.probe.signature.0.len() < 65 {
                return mismatch(WHAT, "its probe is too short to be one");
            }
            Ok((call.address.clone(), Voice::Call(call)))
        }
        WalletRecord::Delegated(record) => {
            let address = evm_address(network, &record.address)?;
            let delegate = evm_address(network, &record.delegate)?;
            if record.account.len() > MAX_PROOF_NODES {
                return Err(Error::TooLarge {
                    what: "proof",
                    limit: MAX_PROOF_NODES as u64,
                    found: record.account.len() as u64,
                });
            }
            let account = Account::prove(state_root, &address, &record.account)?;
            let code = [&DELEGATION[..], delegate.as_bytes()].concat();
            if account.is_none_or(|account| *account.code_hash() != keccak256(&code)) {
                return mismatch("delegation", "the account's code is another");
            }
            Ok((record.address, Voice::Delegated))
        }
    }
}
