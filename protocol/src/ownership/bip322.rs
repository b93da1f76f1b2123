//! BIP-322 *simple*: a Bitcoin address speaks by the witness that would spend from it.
//!
//! Two transactions that can never confirm carry the message: `to_spend` pays nothing to the address and commits
//! to the message in its input; `to_sign` spends that output into `OP_RETURN`. The signature is the witness stack
//! of `to_sign`, base64-encoded; versions, lock times and sequences are all zero.
//!
//! Checked, with `m` the message hash `SHA-256_tag("BIP0322-signed-message", message)`:
//! * P2WPKH: two elements; a strict DER signature with `SIGHASH_ALL`, low s, over the BIP-143 hash; a compressed
//!   key whose `HASH160` is the program.
//! * P2TR by key path: one element; a BIP-340 signature over the BIP-341 hash, of 64 bytes or with `SIGHASH_ALL`.
//!
//! Everything else (a script path, an annex, other scripts) is undecided, never passed.
//!
//! The current text begins with `smp`; without it, as wallets have long printed it, the official vectors still call
//! it valid, and both are accepted. They cannot be confused: as base64 the three letters would announce 178 witness
//! elements, which no script judged here takes. `ful` and `pof` name the other variants and are refused, because one
//! scheme is named per claim.
//!
//! Cost: one signature check. Source: BIP-322, BIP-143, BIP-340, BIP-341; vectors in `fixtures/bip322`.

use super::address::{Address, AddressKind};
use super::ecdsa;
use super::error::OwnershipError;
use super::hash::{double_sha256, hash160, sha256, tagged_hash};
use super::network::{BitcoinChain, Network};
use super::scheme::Scheme;
use alloc::string::ToString;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use k256::ecdsa::VerifyingKey;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::schnorr;

/// Longest signature text in bytes: a witness of any standard script fits many times over.
const MAX_TEXT_BYTES: usize = 16_384;

/// Signature hash type that commits to all inputs and outputs.
pub(super) const SIGHASH_ALL: u8 = 0x01;

/// Value of the only output of `to_spend`, in satoshi.
const VALUE: [u8; 8] = 0_u64.to_le_bytes();

/// The only output of `to_sign`: value 0, script of one byte, `OP_RETURN`.
const SIGN_OUTPUT: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0x6a];

/// Version, lock time and sequence of both transactions.
const ZERO: [u8; 4] = 0_u32.to_le_bytes();

/// Checks one signature against the script of `address`.
pub(super) fn verify(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let Network::Bitcoin(chain) = *address.network() else {
        return Err(not_for(address));
    };
    let witness = decode(signature)?;
    let elements = parse_witness(&witness)?;
    match address.kind() {
        AddressKind::P2wpkh(program) => verify_p2wpkh(address, chain, program, message, &elements),
        AddressKind::P2tr(program) => verify_p2tr(program, message, &elements),
        AddressKind::Evm(_) => Err(not_for(address)),
    }
}

fn not_for(address: &Address) -> OwnershipError {
    OwnershipError::SchemeNotForNetwork {
        scheme: Scheme::Bip322Simple,
        network: *address.network(),
    }
}

fn verify_p2wpkh(
    address: &Address,
    chain: BitcoinChain,
    program: &[u8; 20],
    message: &[u8],
    elements: &[&[u8]],
) -> Result<(), OwnershipError> {
    let [signature, key] = elements else {
        return Err(OwnershipError::WitnessElements {
            expected: 2,
            found: elements.len(),
        });
    };
    // BIP-143 allows only compressed keys in version 0 programs.
    if key.len() != 33 || !matches!(key.first(), Some(2 | 3)) {
        return Err(OwnershipError::PublicKeyMalformed);
    }
    let found = hash160(key);
    if found != *program {
        let found = Address::from_p2wpkh(chain, found)?.to_string();
        return Err(OwnershipError::WrongSigner {
            expected: address.to_string(),
            found,
        });
    }
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| OwnershipError::PublicKeyMalformed)?;
    let (hash_type, signature) = signature.split_last().ok_or(OwnershipError::DerMalformed)?;
    if *hash_type != SIGHASH_ALL {
        return Err(OwnershipError::SighashType { found: *hash_type });
    }
    let signature = ecdsa::from_der(signature)?;
    key.verify_prehash(&p2wpkh_sighash(message, program), &signature)
        .map_err(|_| OwnershipError::SignatureFalse)
}

fn verify_p2tr(
    program: &[u8; 32],
    message: &[u8],
    elements: &[&[u8]],
) -> Result<(), OwnershipError> {
    let element = match elements {
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
    key.verify_raw(&p2tr_sighash(message, program, hash_type), &signature)
        .map_err(|_| OwnershipError::SignatureFalse)
}

/// BIP-143 hash of `to_sign` for a P2WPKH program, with `SIGHASH_ALL`.
pub(super) fn p2wpkh_sighash(message: &[u8], program: &[u8; 20]) -> [u8; 32] {
    let outpoint = outpoint(message, &[&[0x00, 0x14], program.as_slice()].concat());
    let preimage: [&[u8]; 12] = [
        &ZERO,
        &double_sha256(&outpoint),
        &double_sha256(&ZERO),
        &outpoint,
        // The script that a P2WPKH program stands for, with its length.
        &[0x19, 0x76, 0xa9, 0x14],
        program,
        &[0x88, 0xac],
        &VALUE,
        &ZERO,
        &double_sha256(&SIGN_OUTPUT),
        &ZERO,
        &[SIGHASH_ALL, 0, 0, 0],
    ];
    double_sha256(&preimage.concat())
}

/// BIP-341 hash of `to_sign` for the key path of a Taproot program; no hash type is the default.
pub(super) fn p2tr_sighash(message: &[u8], program: &[u8; 32], hash_type: Option<u8>) -> [u8; 32] {
    /// Leads the hashed message, so that a later version can differ.
    const EPOCH: u8 = 0;
    /// No annex, no script path.
    const SPEND_TYPE: u8 = 0;
    let script = [&[0x51, 0x20], program.as_slice()].concat();
    let outpoint = outpoint(message, &script);
    tagged_hash(
        "TapSighash",
        &[
            &[EPOCH, hash_type.unwrap_or(0)],
            &ZERO,
            &ZERO,
            &sha256(&outpoint),
            &sha256(&VALUE),
            &sha256(&with_length(&script)),
            &sha256(&ZERO),
            &sha256(&SIGN_OUTPUT),
            &[SPEND_TYPE],
            &[0; 4],
        ],
    )
}

/// The input of `to_sign`: the first output of `to_spend`.
fn outpoint(message: &[u8], script: &[u8]) -> Vec<u8> {
    let message_hash = tagged_hash("BIP0322-signed-message", &[message]);
    let to_spend: [&[u8]; 11] = [
        &ZERO,
        // One input: no transaction, output 0xffffffff, a script that pushes 0 and the message hash.
        &[1],
        &[0; 32],
        &[0xff; 4],
        &[0x22, 0x00, 0x20],
        &message_hash,
        &ZERO,
        // One output: nothing, to the address.
        &[1],
        &VALUE,
        &with_length(script),
        &ZERO,
    ];
    [
        double_sha256(&to_spend.concat()).as_slice(),
        &0_u32.to_le_bytes(),
    ]
    .concat()
}

/// A script of at most 252 bytes after its length.
fn with_length(script: &[u8]) -> Vec<u8> {
    // The scripts here are 22 and 34 bytes long.
    let length = u8::try_from(script.len()).unwrap_or(u8::MAX);
    [&[length], script].concat()
}

fn decode(signature: &str) -> Result<Vec<u8>, OwnershipError> {
    if signature.len() > MAX_TEXT_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: MAX_TEXT_BYTES,
            found: signature.len(),
        });
    }
    if signature.starts_with("ful") || signature.starts_with("pof") {
        return Err(OwnershipError::SignatureVariant);
    }
    let text = signature.strip_prefix("smp").unwrap_or(signature);
    Base64::decode_vec(text).map_err(|_| OwnershipError::SignatureEncoding)
}

/// The elements of a witness stack: a count, then each with its length, nothing after the last.
fn parse_witness(bytes: &[u8]) -> Result<Vec<&[u8]>, OwnershipError> {
    let (count, mut rest) = compact_size(bytes)?;
    let mut elements = Vec::new();
    // Each turn takes at least one byte, so a false count ends at the end of the text.
    for _ in 0..count {
        let (length, tail) = compact_size(rest)?;
        let length = usize::try_from(length).map_err(|_| OwnershipError::WitnessMalformed)?;
        let (element, tail) = tail
            .split_at_checked(length)
            .ok_or(OwnershipError::WitnessMalformed)?;
        elements.push(element);
        rest = tail;
    }
    if rest.is_empty() {
        Ok(elements)
    } else {
        Err(OwnershipError::WitnessMalformed)
    }
}

/// Bitcoin's variable-length integer, in its shortest form only.
fn compact_size(bytes: &[u8]) -> Result<(u64, &[u8]), OwnershipError> {
    let (value, least, rest) = match bytes {
        [0xff, a, b, c, d, e, f, g, h, rest @ ..] => (
            u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            0x1_0000_0000,
            rest,
        ),
        [0xfe, a, b, c, d, rest @ ..] => (
            u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
            0x1_0000,
            rest,
        ),
        [0xfd, a, b, rest @ ..] => (u64::from(u16::from_le_bytes([*a, *b])), 0xfd, rest),
        [value @ ..=0xfc, rest @ ..] => (u64::from(*value), 0, rest),
        _ => return Err(OwnershipError::WitnessMalformed),
    };
    if value < least {
        Err(OwnershipError::WitnessMalformed)
    } else {
        Ok((value, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_those_of_the_official_vectors() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!(
            "../../../fixtures/bip322/official_bip322_basic.json"
        ))
        .unwrap();
        let rows = vectors["tx_hashes"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
        for row in rows {
            let text = |key: &str| row[key].as_str().unwrap();
            let network = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
            let script = Address::parse(&network, text("address"))
                .unwrap()
                .script_pubkey()
                .unwrap();
            let outpoint = outpoint(text("message").as_bytes(), &script);
            // Hashes are displayed reversed.
            let displayed =
                |hash: &[u8]| hex::encode(hash.iter().rev().copied().collect::<Vec<u8>>());
            assert_eq!(displayed(&outpoint[..32]), text("to_spend_tx_hash"));
            let to_sign = [
                &ZERO[..],
                &[1],
                &outpoint,
                &[0],
                &ZERO,
                &[1],
                &SIGN_OUTPUT,
                &ZERO,
            ]
            .concat();
            assert_eq!(displayed(&double_sha256(&to_sign)), text("to_sign_tx_hash"));
        }
    }

    #[test]
    fn witness_stacks_have_one_encoding() {
        assert_eq!(parse_witness(&[0]).unwrap(), Vec::<&[u8]>::new());
        assert_eq!(parse_witness(&[2, 0, 1, 7]).unwrap(), [&[][..], &[7]]);
        let long = [&[1, 0xfd, 0xfd, 0x00][..], &[5; 0xfd]].concat();
        assert_eq!(parse_witness(&long).unwrap(), [&[5; 0xfd][..]]);
        for bad in [
            &[][..],
            &[1],
            &[1, 1],
            &[1, 2, 0],
            &[0, 0],
            &[1, 0, 0],
            &[0xfd, 0x01, 0x00, 0x00],
            &[1, 0xfd, 0x01, 0x00, 0x07],
            &[1, 0xfd, 0xff],
            &[1, 0xfe, 0xff, 0xff, 0, 0],
            &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(
                parse_witness(bad),
                Err(OwnershipError::WitnessMalformed),
                "{bad:?}"
            );
        }
    }

    /// BIP-341: a 65-byte signature names its hash type and commits to it.
    #[test]
    fn taproot_signatures_may_name_sighash_all() {
        let key = schnorr::SigningKey::from_bytes(&[7; 32]).unwrap();
        let program: [u8; 32] = key.verifying_key().to_bytes().into();
        let sign = |hash_type| {
            key.sign_prehash_with_aux_rand(&p2tr_sighash(b"m", &program, hash_type), &[0; 32])
                .unwrap()
                .to_bytes()
        };
        let named = [&sign(Some(SIGHASH_ALL))[..], &[SIGHASH_ALL]].concat();
        assert_eq!(verify_p2tr(&program, b"m", &[&named]), Ok(()));
        assert_eq!(verify_p2tr(&program, b"m", &[&sign(None)]), Ok(()));
        assert_eq!(
            verify_p2tr(&program, b"m", &[&named[..64]]),
            Err(OwnershipError::SignatureFalse)
        );
        assert_eq!(
            verify_p2tr(&program, b"n", &[&named]),
            Err(OwnershipError::SignatureFalse)
        );
    }

    #[test]
    fn taproot_programs_off_the_curve_belong_to_nobody() {
        // No point of the curve has x = 5, and 2²⁵⁶ − 1 is no field element.
        let mut five = [0; 32];
        five[31] = 5;
        for program in [five, [0xff; 32]] {
            assert_eq!(
                verify_p2tr(&program, b"m", &[&[1; 64]]),
                Err(OwnershipError::PublicKeyMalformed)
            );
        }
    }
}
