//! What the signatures inside `to_sign` sign: everything, in the three ways that Bitcoin has.
//!
//! Source: Bitcoin's original transaction hash; BIP-143; BIP-341.

use super::to_sign::{SIGN_OUTPUT, ToSign, VALUE};
use crate::ownership::hash::{double_sha256, sha256, tagged_hash};
use crate::ownership::script::with_length;
use alloc::vec::Vec;

/// Signature hash type that commits to all inputs and outputs.
pub(in crate::ownership) const SIGHASH_ALL: u8 = 0x01;

/// The same as four bytes, where it ends a preimage.
const SIGHASH_ALL_WORD: [u8; 4] = [SIGHASH_ALL, 0, 0, 0];

/// `DUP HASH160 <hash> EQUALVERIFY CHECKSIG`, which P2WPKH programs stand for too.
pub(super) fn p2pkh_script(hash: &[u8; 20]) -> Vec<u8> {
    [&[0x76, 0xa9, 0x14], hash.as_slice(), &[0x88, 0xac]].concat()
}

/// The original hash, over the transaction with `script` in its input. None of the scripts judged here holds a
/// signature or `CODESEPARATOR`, so that nothing is to be cut out of it.
pub(super) fn legacy(to_sign: &ToSign<'_>, script: &[u8]) -> [u8; 32] {
    let preimage: [&[u8]; 9] = [
        &to_sign.version.to_le_bytes(),
        &[1],
        &to_sign.outpoint,
        &with_length(script),
        &to_sign.sequence.to_le_bytes(),
        &[1],
        &SIGN_OUTPUT,
        &to_sign.lock_time.to_le_bytes(),
        &SIGHASH_ALL_WORD,
    ];
    double_sha256(&preimage.concat())
}

/// BIP-143 hash with `script` as the code that runs.
pub(super) fn segwit_v0(to_sign: &ToSign<'_>, script: &[u8]) -> [u8; 32] {
    let sequence = to_sign.sequence.to_le_bytes();
    let preimage: [&[u8]; 10] = [
        &to_sign.version.to_le_bytes(),
        &double_sha256(&to_sign.outpoint),
        &double_sha256(&sequence),
        &to_sign.outpoint,
        &with_length(script),
        &VALUE,
        &sequence,
        &double_sha256(&SIGN_OUTPUT),
        &to_sign.lock_time.to_le_bytes(),
        &SIGHASH_ALL_WORD,
    ];
    double_sha256(&preimage.concat())
}

/// BIP-341 hash for the key path of a Taproot program; no hash type is the default.
pub(super) fn taproot(to_sign: &ToSign<'_>, program: &[u8; 32], hash_type: Option<u8>) -> [u8; 32] {
    /// Leads the hashed message, so that a later version can differ.
    const EPOCH: u8 = 0;
    /// No annex, no script path.
    const SPEND_TYPE: u8 = 0;
    let script = [&[0x51, 0x20], program.as_slice()].concat();
    tagged_hash(
        "TapSighash",
        &[
            &[EPOCH, hash_type.unwrap_or(0)],
            &to_sign.version.to_le_bytes(),
            &to_sign.lock_time.to_le_bytes(),
            &sha256(&to_sign.outpoint),
            &sha256(&VALUE),
            &sha256(&with_length(&script)),
            &sha256(&to_sign.sequence.to_le_bytes()),
            &sha256(&SIGN_OUTPUT),
            &[SPEND_TYPE],
            &[0; 4],
        ],
    )
}
