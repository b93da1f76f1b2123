//! EVM signatures against `alloy`: EIP-191 recovery, and the EIP-712 digest of the challenge's twin. Keys and signatures are
//! made by libsecp256k1, over hashes that alloy computes.
#![allow(missing_docs, reason = "tests")]

use alloy_dyn_abi::TypedData as TheirTypedData;
use alloy_primitives::{Signature as TheirSignature, eip191_hash_message, keccak256};
use bitcoin::secp256k1::{All, Message as Digest, Secp256k1, SecretKey};
use por_protocol::ownership::{
    Address, BitcoinBlock, Challenge, ChallengeNonce, Claim, Message, Scheme, TypedData,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

const HEADER: &str = include_str!("../../fixtures/bitcoin/mainnet-968566.hex");
const KEYS: u64 = 40;
const MUTATIONS: usize = 60;

struct Maker {
    rng: ChaCha20Rng,
    secp: Secp256k1<All>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            secp: Secp256k1::new(),
        }
    }

    /// A key and its address by alloy, as text with EIP-55 capitals.
    fn key(&mut self) -> (SecretKey, String) {
        let mut secret = [0; 32];
        self.rng.fill_bytes(&mut secret);
        let key = SecretKey::from_slice(&secret).unwrap();
        let point = key.public_key(&self.secp).serialize_uncompressed();
        let address = alloy_primitives::Address::from_raw_public_key(&point[1..]);
        (key, address.to_checksum(None))
    }

    fn message(&mut self) -> Vec<u8> {
        let length = self.rng.next_u32() as usize % 1_200;
        let mut message = vec![0; length];
        self.rng.fill_bytes(&mut message);
        message
    }

    /// `r ‖ s ‖ v` with v of 27 or 28.
    fn sign(&self, key: &SecretKey, hash: [u8; 32]) -> [u8; 65] {
        let signature = self
            .secp
            .sign_ecdsa_recoverable(&Digest::from_digest(hash), key);
        let (id, scalars) = signature.serialize_compact();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&scalars);
        bytes[64] = 27 + u8::try_from(id.to_i32()).unwrap();
        bytes
    }
}

fn parsed(network: &str, address: &str) -> Address {
    Address::parse(&network.parse().unwrap(), address).unwrap()
}

fn ours(scheme: Scheme, address: &str, message: &[u8], signature: &[u8]) -> bool {
    let text = format!("0x{}", hex::encode(signature));
    let address = parsed("eip155:1", address);
    Claim::new(scheme, &address, Message::Bytes(message), &[&text])
        .verify()
        .is_ok()
}

fn theirs(scheme: Scheme, address: &str, message: &[u8], signature: &[u8]) -> bool {
    let message = match scheme {
        Scheme::Eip191Keccak => keccak256(message).to_vec(),
        _ => message.to_vec(),
    };
    TheirSignature::from_raw(signature)
        .and_then(|signature| signature.recover_address_from_msg(message))
        .is_ok_and(|found| found.to_checksum(None) == address)
}

/// `n − s`, with the other v.
fn high_s(signature: &[u8; 65]) -> [u8; 65] {
    let mut high = *signature;
    let s = SecretKey::from_slice(&signature[32..64]).unwrap().negate();
    high[32..64].copy_from_slice(&s.secret_bytes());
    high[64] = 27 + 28 - high[64];
    high
}

fn is_high(signature: &[u8]) -> bool {
    TheirSignature::from_raw(signature).is_ok_and(|signature| signature.normalize_s().is_some())
}

#[test]
fn eip191_signatures_are_valid_to_both_and_mutated_ones_to_neither() {
    let mut differences = 0;
    for round in 0..KEYS {
        let mut maker = Maker::new(round);
        let ((key, address), (_, stranger)) = (maker.key(), maker.key());
        let message = maker.message();
        for scheme in [Scheme::Eip191, Scheme::Eip191Keccak] {
            let hash = match scheme {
                Scheme::Eip191Keccak => eip191_hash_message(keccak256(&message)),
                _ => eip191_hash_message(&message),
            };
            let signature = maker.sign(&key, hash.0);
            let both = |address: &str, message: &[u8], signature: &[u8]| {
                let ours = ours(scheme, address, message, signature);
                (ours, theirs(scheme, address, message, signature))
            };
            let context = format!("{scheme} of key {round}");
            assert_eq!(
                both(&address, &message, &signature),
                (true, true),
                "{context}"
            );
            assert_eq!(
                both(&stranger, &message, &signature),
                (false, false),
                "{context}"
            );
            let longer = [&message[..], b" "].concat();
            assert_eq!(
                both(&address, &longer, &signature),
                (false, false),
                "{context}"
            );
            for _ in 0..MUTATIONS {
                let mut changed = signature.to_vec();
                let place = maker.rng.next_u32() as usize % changed.len();
                let byte = maker.rng.next_u32().to_le_bytes()[0];
                match maker.rng.next_u32() % 5 {
                    0 => changed[place] ^= 1 << (byte % 8),
                    1 => changed[place] = byte,
                    2 => changed.truncate(place),
                    3 => changed.push(byte),
                    // The last byte is where the known differences are.
                    _ => changed[64] = byte,
                }
                if changed == signature {
                    continue;
                }
                match both(&address, &message, &changed) {
                    (false, false) => {}
                    (false, true) => {
                        let v = changed[64];
                        assert!(is_high(&changed) || !matches!(v, 27 | 28), "{context} {v}");
                        differences += 1;
                    }
                    (true, _) => panic!("{context} has a second signature: {changed:?}"),
                }
            }
        }
    }
    assert!(differences > 0, "the comparison sees differences");
}

#[test]
fn s_03_high_s_is_accepted_by_alloy_and_refused_here() {
    for round in 0..KEYS {
        let mut maker = Maker::new(1_000 + round);
        let (key, address) = maker.key();
        let message = maker.message();
        let signature = maker.sign(&key, eip191_hash_message(&message).0);
        let high = high_s(&signature);
        assert!(is_high(&high) && !is_high(&signature));
        assert!(theirs(Scheme::Eip191, &address, &message, &high));
        assert!(!ours(Scheme::Eip191, &address, &message, &high));
    }
}

#[test]
fn s_03_other_recovery_bytes_are_accepted_by_alloy_and_refused_here() {
    let mut maker = Maker::new(2_000);
    let (key, address) = maker.key();
    let signature = maker.sign(&key, eip191_hash_message("m").0);
    let parity = signature[64] - 27;
    let mut accepted = Vec::new();
    for v in 0..=255 {
        let mut changed = signature;
        changed[64] = v;
        let ours = ours(Scheme::Eip191, &address, b"m", &changed);
        assert_eq!(ours, v == signature[64], "{v}");
        if theirs(Scheme::Eip191, &address, b"m", &changed) {
            accepted.push(v);
        }
    }
    // Bare parity, the usual form, and EIP-155's from 35 on.
    assert_eq!(accepted[..2], [parity, 27 + parity]);
    assert!(
        accepted[2..].iter().all(|v| *v >= 35) && accepted.len() > 100,
        "{accepted:?}"
    );
}

#[test]
fn the_challenge_twin_has_the_digest_that_alloy_computes() {
    let header = hex::decode(HEADER.trim_end()).unwrap();
    for round in 0..KEYS {
        let mut maker = Maker::new(3_000 + round);
        let (key, address) = maker.key();
        let nonce = maker.message();
        let nonce = ChallengeNonce::from_bytes(&nonce[..nonce.len().min(64)]).unwrap();
        let block = BitcoinBlock::from_bytes(&header).unwrap();
        let entity = ["Example Exchange", "Börse \"Ø\" 取引所", "\\ / {}"][round as usize % 3];
        let challenge = Challenge::new(entity, "log.example.com/por", block, nonce).unwrap();
        for network in ["eip155:1", "eip155:8453", "eip155:18446744073709551615"] {
            let account = parsed(network, &address);
            let twin = challenge.typed_data(&account).unwrap();
            let document = challenge.typed_data_json(&account).unwrap();
            let theirs: TheirTypedData = serde_json::from_str(&document).unwrap();
            let digest = theirs.eip712_signing_hash().unwrap();
            assert_eq!(twin.digest(), digest.0, "{network} {document}");

            let signature = maker.sign(&key, digest.0);
            let verify = |account: &Address, twin: &TypedData, signature: &[u8]| {
                let text = format!("0x{}", hex::encode(signature));
                let message = Message::TypedData(twin);
                Claim::new(Scheme::Eip712, account, message, &[&text])
                    .verify()
                    .is_ok()
            };
            assert!(verify(&account, &twin, &signature));
            let high = high_s(&signature);
            let recovered = TheirSignature::from_raw(&high)
                .unwrap()
                .recover_address_from_prehash(&digest);
            assert_eq!(recovered.unwrap().to_checksum(None), address);
            assert!(!verify(&account, &twin, &high), "S-03");
            // The domain names the chain: a twin of another one was not signed.
            let other = parsed("eip155:10", &address);
            let other_twin = challenge.typed_data(&other).unwrap();
            assert!(!verify(&other, &other_twin, &signature), "S-07");
        }
    }
}
