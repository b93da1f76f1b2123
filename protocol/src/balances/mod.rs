//! What reserves rest on: the evidence in the annexes, and the class it has after the checker's own work (SPEC §7.5).
//!
//! Claim of [`verify_balances`]: each row's balance is what its evidence says, at the snapshot's block of its chain.
//! Not proven: that the snapshot's blocks are blocks of their chains, that a listed output was unspent, or that a reading
//! is true; that is what [`Confirmed`] adds, and it comes from the checker and never from a file.
//!
//! | evidence | says | class |
//! |---|---|---|
//! | `evm_state_proof` | account or storage proof against the header of the snapshot's block | A if the checker confirmed the block hash, else "A, block unconfirmed", which counts with D |
//! | `utxo_set` | the unspent outputs at the snapshot's block, whose set the attestation binds by its MuHash | B if the checker re-queried them, else D |
//! | `contract_call` | `balanceOf` at the snapshot's block | B if the checker re-queried it, else D |
//! | `agreed_readings` | the same reading by two or more named nodes | B if the checker read it again, else C |
//! | `signed_reading` | the exchange's word | B if the checker read it again, else D |

mod class;
mod evm;
mod ledger;
mod reading;
mod safe;
mod utxo;
mod wallet;

pub use class::{Class, Classes, Confirmed};
pub use evm::{EvmAnnex, EvmRecord};
pub use ledger::{BalanceEvidence, verify_balances};
pub use reading::{READINGS_ANNEX, ReadingRecord};
pub use safe::{OWNERS_SLOT, SENTINEL_OWNER, SafeOwner, SafeRecord, owner_slot};
pub use utxo::{OutPoint, UtxoAnnex, UtxoRecord, is_immature};
pub use wallet::{
    CallRecord, DelegationRecord, MAGIC_ANSWER, ProbeRecord, WalletRecord, Wallets, is_yes,
    wallet_annex_name,
};

use alloc::format;
use alloc::string::String;

use crate::error::Error;
use crate::ownership::Network;

/// A block's own time may differ from the snapshot's by as much as Bitcoin lets a block run ahead of the network.
pub const MAX_BLOCK_DISTANCE_SECONDS: u64 = 7_200;

/// A proof has some ten nodes of half a kilobyte, as hex; the deepest possible has 65.
const MAX_RECORD_BYTES: usize = 256 * 1024;

/// The one name of the annex with a chain's evidence: `evm-<chain id>.jsonl`, `utxo-<CAIP-2 reference>.jsonl`.
#[must_use]
pub fn annex_name(network: &Network) -> Option<String> {
    let text = format!("{network}");
    let (_, reference) = text.split_once(':')?;
    match network {
        Network::Evm(_) => Some(format!("evm-{reference}.jsonl")),
        Network::Bitcoin(_) => Some(format!("utxo-{reference}.jsonl")),
        #[allow(unreachable_patterns, reason = "the enum is non-exhaustive and grows")]
        _ => None,
    }
}

/// Whether an annex of this name is evidence of balances.
#[must_use]
pub fn is_evidence(annex: &str) -> bool {
    annex == READINGS_ANNEX
        || (annex.ends_with(".jsonl")
            && ["evm-", "utxo-", "wallets-"]
                .iter()
                .any(|start| annex.starts_with(start)))
}

/// The exact lines of an annex: each ends in a line feed, none is empty.
fn lines<'a>(what: &'static str, bytes: &'a [u8]) -> Result<impl Iterator<Item = &'a [u8]>, Error> {
    match bytes.strip_suffix(b"\n") {
        Some(text) => Ok(text.split(|byte| *byte == b'\n')),
        None => Err(Error::Syntax {
            what,
            why: "it is empty, or its last line does not end in a line feed".into(),
        }),
    }
}

/// The block's own time must be near the snapshot's: coins that move in between would count twice.
///
/// # Errors
/// [`Error::Mismatch`] where it is further away than [`MAX_BLOCK_DISTANCE_SECONDS`].
pub fn check_time(snapshot: u64, block: u64) -> Result<(), Error> {
    if snapshot.abs_diff(block) > MAX_BLOCK_DISTANCE_SECONDS {
        return Err(Error::Mismatch {
            what: "time of a snapshot block",
            why: format!("the block's is {block}, the snapshot's {snapshot}"),
        });
    }
    Ok(())
}

fn mismatch<T>(what: &'static str, why: impl Into<String>) -> Result<T, Error> {
    Err(Error::Mismatch {
        what,
        why: why.into(),
    })
}
