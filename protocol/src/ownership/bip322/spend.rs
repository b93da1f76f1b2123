//! The rule of each kind of address for the unlocking data of `to_sign`.
//!
//! * P2PKH: script `<signature> <key>`, no witness; original hash.
//! * P2SH: script ends in the push of a script that hashes to the address. That is a P2WPKH or P2WSH program and stands
//!   alone, or a multisig after an empty element and its signatures, without witness; original hash.
//! * P2WPKH: witness `signature, key`, the key compressed; BIP-143.
//! * P2WSH: witness ends in a script whose SHA-256 is the program: a multisig after an empty element and its signatures;
//!   BIP-143.
//! * P2TR by key path: witness of one BIP-340 signature, of 64 bytes or with `SIGHASH_ALL`; BIP-341.
//!
//! ECDSA signatures are strict DER with low s and `SIGHASH_ALL`. A multisig has exactly as many as its threshold, in the
//! order of its keys, each by another key.

use super::sighash::{self, SIGHASH_ALL};
use super::to_sign::ToSign;
use crate::ownership::address::{Address, AddressKind};
use crate::ownership::ecdsa;
use crate::ownership::error::OwnershipError;
use crate::ownership::hash::{hash160, sha256};
use crate::ownership::network::Network;
use crate::ownership::scheme::Scheme;
use crate::ownership::script::{MultisigScript, parse_pushes};
use alloc::string::ToString;
use k256::schnorr;

/// Checks the unlocking data; `given` is a script named beside the signature, which must be the one shown in it.
pub(super) fn verify(
    address: &Address,
    to_sign: &ToSign<'_>,
    given: Option<&[u8]>,
) -> Result<(), OwnershipError> {
    let nothing_outside = match address.kind() {
        AddressKind::P2pkh(_) | AddressKind::P2sh(_) => true,
        _ => to_sign.script_sig.is_empty(),
    };
    if !nothing_outside {
        return Err(OwnershipError::ScriptMalformed);
    }
    match address.kind() {
        AddressKind::P2pkh(hash) => {
            no_script(given)?;
            verify_p2pkh(address, hash, to_sign)
        }
        AddressKind::P2sh(hash) => verify_p2sh(address, hash, to_sign, given),
        AddressKind::P2wpkh(program) => {
            no_script(given)?;
            verify_p2wpkh(address, program, to_sign)
        }
        AddressKind::P2wsh(program) => verify_p2wsh(program, to_sign, given),
        AddressKind::P2tr(program) => {
            no_script(given)?;
            verify_p2tr(program, to_sign)
        }
        _ => {
            let scheme = Scheme::Bip322Full;
            Err(OwnershipError::SchemeNotForAddress { scheme })
        }
    }
}

fn no_script(given: Option<&[u8]>) -> Result<(), OwnershipError> {
    match given {
        None => Ok(()),
        Some(_) => Err(OwnershipError::MemberUnexpected { what: "script" }),
    }
}

fn same_script(given: Option<&[u8]>, shown: &[u8]) -> Result<(), OwnershipError> {
    match given {
        Some(given) if given != shown => Err(OwnershipError::ScriptOther),
        _ => Ok(()),
    }
}

fn no_witness(to_sign: &ToSign<'_>) -> Result<(), OwnershipError> {
    match to_sign.witness.len() {
        0 => Ok(()),
        found => Err(OwnershipError::WitnessElements { expected: 0, found }),
    }
}

fn verify_p2pkh(
    address: &Address,
    hash: &[u8; 20],
    to_sign: &ToSign<'_>,
) -> Result<(), OwnershipError> {
    no_witness(to_sign)?;
    let elements = parse_pushes(to_sign.script_sig)?;
    let [signature, key] = elements.as_slice() else {
        return Err(OwnershipError::ScriptMalformed);
    };
    check_key_hash(address, key, hash, AddressKind::P2pkh)?;
    let digest = sighash::legacy(to_sign, &sighash::p2pkh_script(hash));
    check_ecdsa(key, true, &digest, signature)
}

fn verify_p2sh(
    address: &Address,
    hash: &[u8; 20],
    to_sign: &ToSign<'_>,
    given: Option<&[u8]>,
) -> Result<(), OwnershipError> {
    let elements = parse_pushes(to_sign.script_sig)?;
    let (script, stack) = elements
        .split_last()
        .ok_or(OwnershipError::ScriptMalformed)?;
    if hash160(script) != *hash {
        return Err(OwnershipError::ScriptOther);
    }
    match script {
        [0x00, 0x14, program @ ..] if program.len() == 20 => {
            no_script(given)?;
            nothing_beside(stack)?;
            let program = program
                .try_into()
                .map_err(|_| OwnershipError::ScriptMalformed)?;
            verify_p2wpkh(address, &program, to_sign)
        }
        [0x00, 0x20, program @ ..] if program.len() == 32 => {
            nothing_beside(stack)?;
            let program = program
                .try_into()
                .map_err(|_| OwnershipError::ScriptMalformed)?;
            verify_p2wsh(&program, to_sign, given)
        }
        _ => {
            same_script(given, script)?;
            no_witness(to_sign)?;
            let multisig = MultisigScript::parse(script, false)?;
            check_multisig(&multisig, true, &sighash::legacy(to_sign, script), stack)
        }
    }
}

/// BIP-141: a nested program is the only element of the script.
fn nothing_beside(stack: &[&[u8]]) -> Result<(), OwnershipError> {
    if stack.is_empty() {
        Ok(())
    } else {
        Err(OwnershipError::ScriptMalformed)
    }
}

fn verify_p2wpkh(
    address: &Address,
    program: &[u8; 20],
    to_sign: &ToSign<'_>,
) -> Result<(), OwnershipError> {
    let [signature, key] = to_sign.witness.as_slice() else {
        return Err(OwnershipError::WitnessElements {
            expected: 2,
            found: to_sign.witness.len(),
        });
    };
    // BIP-143 allows only compressed keys in version 0 programs; the point itself is checked with the signature.
    if key.len() != 33 || !matches!(key.first(), Some(2 | 3)) {
        return Err(OwnershipError::PublicKeyMalformed);
    }
    check_key_hash(address, key, program, AddressKind::P2wpkh)?;
    let digest = sighash::segwit_v0(to_sign, &sighash::p2pkh_script(program));
    check_ecdsa(key, false, &digest, signature)
}

fn verify_p2wsh(
    program: &[u8; 32],
    to_sign: &ToSign<'_>,
    given: Option<&[u8]>,
) -> Result<(), OwnershipError> {
    let (script, stack) = to_sign
        .witness
        .split_last()
        .ok_or(OwnershipError::WitnessElements {
            expected: 1,
            found: 0,
        })?;
    if sha256(script) != *program {
        return Err(OwnershipError::ScriptOther);
    }
    same_script(given, script)?;
    let multisig = MultisigScript::parse(script, true)?;
    check_multisig(
        &multisig,
        false,
        &sighash::segwit_v0(to_sign, script),
        stack,
    )
}

fn verify_p2tr(program: &[u8; 32], to_sign: &ToSign<'_>) -> Result<(), OwnershipError> {
    let element = match to_sign.witness.as_slice() {
        [] => {
            return Err(OwnershipError::WitnessElements {
                expected: 1,
                found: 0,
            });
        }
        [element] => *element,
        // An annex or a script path.
        _ => return Err(OwnershipError::WitnessUnsupported),
    };
    let length = || OwnershipError::SignatureLength {
        expected: 64,
        found: element.len(),
    };
    let (signature, hash_type) = match element.split_first_chunk::<64>().ok_or_else(length)? {
        (signature, []) => (signature, None),
        (signature, [SIGHASH_ALL]) => (signature, Some(SIGHASH_ALL)),
        // BIP-341 forbids writing the default type 0x00 out.
        (_, [found]) => return Err(OwnershipError::SighashType { found: *found }),
        _ => return Err(length()),
    };
    let key = schnorr::VerifyingKey::from_bytes(program)
        .map_err(|_| OwnershipError::PublicKeyMalformed)?;
    let signature = schnorr::Signature::try_from(signature.as_slice())
        .map_err(|_| OwnershipError::ScalarOutOfRange)?;
    key.verify_raw(&sighash::taproot(to_sign, program, hash_type), &signature)
        .map_err(|_| OwnershipError::SignatureFalse)
}

/// Is the key the one behind the hash?
fn check_key_hash(
    address: &Address,
    key: &[u8],
    expected: &[u8; 20],
    kind: fn([u8; 20]) -> AddressKind,
) -> Result<(), OwnershipError> {
    let found = hash160(key);
    if found == *expected {
        return Ok(());
    }
    let found = match address.network() {
        Network::Bitcoin(chain) => Address::from_bitcoin(*chain, kind(found))?.to_string(),
        _ => hex::encode(found),
    };
    Err(OwnershipError::WrongSigner {
        expected: address.to_string(),
        found,
    })
}

/// A signature with its hash type behind it, by one key.
fn check_ecdsa(
    key: &[u8],
    uncompressed: bool,
    digest: &[u8; 32],
    signature: &[u8],
) -> Result<(), OwnershipError> {
    let key = ecdsa::public_key(key, uncompressed)?;
    if ecdsa::holds(&key, digest, &typed_signature(signature)?) {
        Ok(())
    } else {
        Err(OwnershipError::SignatureFalse)
    }
}

fn typed_signature(bytes: &[u8]) -> Result<k256::ecdsa::Signature, OwnershipError> {
    let (hash_type, der) = bytes.split_last().ok_or(OwnershipError::DerMalformed)?;
    if *hash_type != SIGHASH_ALL {
        return Err(OwnershipError::SighashType { found: *hash_type });
    }
    ecdsa::from_der(der)
}

/// An empty element, then as many signatures as the threshold, in the order of the keys.
fn check_multisig(
    multisig: &MultisigScript<'_>,
    uncompressed: bool,
    digest: &[u8; 32],
    stack: &[&[u8]],
) -> Result<(), OwnershipError> {
    let threshold = multisig.threshold;
    let [dummy, signatures @ ..] = stack else {
        return Err(OwnershipError::ThresholdMissed {
            expected: threshold,
            found: 0,
        });
    };
    if !dummy.is_empty() {
        return Err(OwnershipError::DummyNotEmpty);
    }
    if signatures.len() != threshold {
        return Err(OwnershipError::ThresholdMissed {
            expected: threshold,
            found: signatures.len(),
        });
    }
    // Each key is looked at once, so that no key can serve two signatures.
    let mut keys = multisig.keys.iter();
    for signature in signatures {
        let signature = typed_signature(signature)?;
        loop {
            let key = keys.next().ok_or(OwnershipError::SignatureFalse)?;
            let key = ecdsa::public_key(key, uncompressed)?;
            if ecdsa::holds(&key, digest, &signature) {
                break;
            }
        }
    }
    Ok(())
}
