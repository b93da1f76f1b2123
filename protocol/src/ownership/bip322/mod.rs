//! BIP-322: a Bitcoin address speaks by the unlocking data that would spend from it.
//!
//! Two transactions that can never confirm carry the message: `to_spend` pays nothing to the address and commits
//! to the message in its input; `to_sign` spends that output into `OP_RETURN`. The *simple* signature is the witness
//! stack of `to_sign`, the *full* one the whole transaction, both base64-encoded.
//!
//! Checked, with `m` the message hash `SHA-256_tag("BIP0322-signed-message", message)`:
//! * full: the transaction is whole and canonical, its input spends `to_spend(m, address)`, its one output is fixed;
//! * the address's own rule, see `spend`: P2PKH, P2SH of P2WPKH, of P2WSH and of a multisig (full only, because they
//!   unlock by a script outside the witness), P2WPKH, P2WSH multisig and P2TR by key path (both);
//! * the version is 0 or 2, lock time and sequence are zero. A signature that fits, but only under a lock, speaks for
//!   another time: undecided.
//!
//! Everything else (a script path, an annex, other scripts, more inputs) is undecided, never passed.
//!
//! The texts begin with `smp` or `ful`; the simple form without it, as wallets have long printed it, the official
//! vectors still call valid, and so does the full form of the earlier text. Both are accepted: the scheme is named beside
//! the signature, so that the prefix decides nothing. It cannot be confused with base64 either: the letters `smp` would
//! announce 178 witness elements, which no script judged here takes, and `ful` a transaction of version 0x…95ba7e. A
//! text of the other variant, or a proof of funds (`pof`), is refused.
//!
//! Cost: one signature check, for a multisig one per key at most. Source: BIP-322, BIP-143, BIP-340, BIP-341; vectors in
//! `fixtures/bip322`.

mod sighash;
mod spend;
mod to_sign;

use super::address::{Address, AddressKind};
use super::error::OwnershipError;
use super::scheme::Scheme;
use super::script::Reader;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use to_sign::ToSign;

pub(super) use sighash::SIGHASH_ALL;

/// Longest signature text in bytes: the unlocking data of any script judged here fits many times over.
const MAX_TEXT_BYTES: usize = 16_384;

/// Checks a simple signature against the script of `address`.
pub(super) fn verify_simple(
    address: &Address,
    message: &[u8],
    signature: &str,
    script: Option<&[u8]>,
) -> Result<(), OwnershipError> {
    // To unlock these takes a script outside the witness, which this form has no room for.
    if matches!(address.kind(), AddressKind::P2pkh(_) | AddressKind::P2sh(_)) {
        let scheme = Scheme::Bip322Simple;
        return Err(OwnershipError::SchemeNotForAddress { scheme });
    }
    let bytes = decode(signature, "smp")?;
    let mut reader = Reader::new(&bytes);
    let witness = reader.witness().filter(|_| reader.is_empty());
    let witness = witness.ok_or(OwnershipError::WitnessMalformed)?;
    let to_sign = ToSign::simple(outpoint(message, address)?, witness);
    spend::verify(address, &to_sign, script)
}

/// Checks a full signature against the script of `address`.
pub(super) fn verify_full(
    address: &Address,
    message: &[u8],
    signature: &str,
    script: Option<&[u8]>,
) -> Result<(), OwnershipError> {
    let bytes = decode(signature, "ful")?;
    let (to_sign, inputs) = ToSign::parse(&bytes)?;
    if to_sign.outpoint != outpoint(message, address)? {
        return Err(OwnershipError::TransactionOther);
    }
    if inputs != 1 {
        return Err(OwnershipError::ProofOfFunds);
    }
    spend::verify(address, &to_sign, script)?;
    // After the signature, so that a false one is false under any version and any lock.
    if !matches!(to_sign.version, 0 | 2) {
        return Err(OwnershipError::TransactionVersion {
            found: to_sign.version,
        });
    }
    if (to_sign.lock_time, to_sign.sequence) != (0, 0) {
        return Err(OwnershipError::TimeLocked {
            lock_time: to_sign.lock_time,
            sequence: to_sign.sequence,
        });
    }
    Ok(())
}

fn outpoint(message: &[u8], address: &Address) -> Result<[u8; 36], OwnershipError> {
    let script = address
        .script_pubkey()
        .ok_or(OwnershipError::AddressMalformed)?;
    Ok(to_sign::outpoint(message, &script))
}

fn decode(signature: &str, prefix: &str) -> Result<Vec<u8>, OwnershipError> {
    if signature.len() > MAX_TEXT_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: MAX_TEXT_BYTES,
            found: signature.len(),
        });
    }
    let text = match signature.strip_prefix(prefix) {
        Some(text) => text,
        None if ["smp", "ful", "pof"]
            .iter()
            .any(|other| signature.starts_with(other)) =>
        {
            return Err(OwnershipError::SignatureVariant);
        }
        None => signature,
    };
    Base64::decode_vec(text).map_err(|_| OwnershipError::SignatureEncoding)
}

/// What samples sign: hashes of the simple form.
pub(super) mod sample {
    use super::sighash;
    use super::to_sign::{ToSign, outpoint};
    use alloc::vec::Vec;

    /// BIP-143 hash for a P2WPKH program.
    pub(in super::super) fn p2wpkh_sighash(message: &[u8], program: &[u8; 20]) -> [u8; 32] {
        let script = [&[0x00, 0x14], program.as_slice()].concat();
        let to_sign = ToSign::simple(outpoint(message, &script), Vec::new());
        sighash::segwit_v0(&to_sign, &sighash::p2pkh_script(program))
    }

    /// BIP-341 hash for the key path of a Taproot program.
    pub(in super::super) fn p2tr_sighash(message: &[u8], program: &[u8; 32]) -> [u8; 32] {
        let script = [&[0x51, 0x20], program.as_slice()].concat();
        let to_sign = ToSign::simple(outpoint(message, &script), Vec::new());
        sighash::taproot(&to_sign, program, None)
    }
}

#[cfg(test)]
mod tests;
