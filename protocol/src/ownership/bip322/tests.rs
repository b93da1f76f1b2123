use super::sighash;
use super::spend;
use super::to_sign::{SIGN_OUTPUT, ToSign, outpoint};
use crate::ownership::address::{Address, AddressKind};
use crate::ownership::error::OwnershipError;
use crate::ownership::network::BitcoinChain;
use crate::ownership::script::Reader;
use alloc::vec::Vec;
use k256::schnorr;

const SIGHASH_ALL: u8 = super::SIGHASH_ALL;
const ZERO: [u8; 4] = [0; 4];

fn double_sha256(bytes: &[u8]) -> [u8; 32] {
    crate::ownership::hash::double_sha256(bytes)
}

fn parse_witness(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = Reader::new(bytes);
    reader.witness().filter(|_| reader.is_empty())
}

fn verify_p2tr(
    program: &[u8; 32],
    message: &[u8],
    elements: &[&[u8]],
) -> Result<(), OwnershipError> {
    let address =
        Address::from_bitcoin(BitcoinChain::Mainnet, AddressKind::P2tr(*program)).unwrap();
    let script = address.script_pubkey().unwrap();
    let to_sign = ToSign::simple(outpoint(message, &script), elements.to_vec());
    spend::verify(&address, &to_sign, None)
}

fn p2tr_sighash(message: &[u8], program: &[u8; 32], hash_type: Option<u8>) -> [u8; 32] {
    let script = [&[0x51, 0x20], program.as_slice()].concat();
    let to_sign = ToSign::simple(outpoint(message, &script), Vec::new());
    sighash::taproot(&to_sign, program, hash_type)
}

#[test]
fn transactions_are_those_of_the_official_vectors() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!(
        "../../../../fixtures/bip322/official_bip322_basic.json"
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
        let displayed = |hash: &[u8]| hex::encode(hash.iter().rev().copied().collect::<Vec<u8>>());
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
        assert_eq!(parse_witness(bad), None, "{bad:?}");
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
