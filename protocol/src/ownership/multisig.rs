//! Several legacy signed messages for one multisig address.
//!
//! Checked: the script hashes to the address (P2SH, P2WSH, or P2WSH nested in P2SH); each signature recovers to a key
//! written in the script exactly as the signature's header says, compressed or not; no key signs twice; there are at
//! least as many signatures as the script's threshold, and every one of them holds.
//!
//! Cost: one recovery per signature, at most 16. Source: Bitcoin Core `signmessage`; BIP-11, BIP-16, BIP-141.

use super::address::{Address, AddressKind};
use super::error::OwnershipError;
use super::hash::{hash160, sha256};
use super::scheme::Scheme;
use super::script::MultisigScript;
use super::signed_message::{message_hash, signer};
use alloc::vec::Vec;

/// Checks all signatures against the threshold of `script`.
pub(super) fn verify_signmessages(
    address: &Address,
    message: &[u8],
    script: &[u8],
    signatures: &[&str],
) -> Result<(), OwnershipError> {
    let witness_program = sha256(script);
    let compressed_only = match address.kind() {
        AddressKind::P2sh(hash) if hash160(script) == *hash => false,
        AddressKind::P2sh(hash) => {
            let nested = [&[0x00, 0x20], witness_program.as_slice()].concat();
            if hash160(&nested) != *hash {
                return Err(OwnershipError::ScriptOther);
            }
            true
        }
        AddressKind::P2wsh(program) if witness_program == *program => true,
        AddressKind::P2wsh(_) => return Err(OwnershipError::ScriptOther),
        _ => {
            let scheme = Scheme::MultisigSignMessage;
            return Err(OwnershipError::SchemeNotForAddress { scheme });
        }
    };
    let script = MultisigScript::parse(script, compressed_only)?;
    // Counted before anything is computed: a long list costs nothing.
    if signatures.len() < script.threshold || signatures.len() > script.keys.len() {
        return Err(OwnershipError::ThresholdMissed {
            expected: script.threshold,
            found: signatures.len(),
        });
    }
    let digest = message_hash(address.network(), message)?;
    let mut signers: Vec<Vec<u8>> = Vec::new();
    for signature in signatures {
        let key = signer(&digest, signature)?;
        if !script.keys.contains(&key.as_slice()) {
            return Err(OwnershipError::SignerUnknown);
        }
        if signers.contains(&key) {
            return Err(OwnershipError::SignerRepeated);
        }
        signers.push(key);
    }
    Ok(())
}
