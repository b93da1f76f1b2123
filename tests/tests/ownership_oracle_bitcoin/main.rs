//! Bitcoin's signed messages against implementations by others: the crates `bitcoin` (addresses, scripts, recovery) and
//! `bip322`. They make the keys, addresses and signatures; each is judged by them and by us, as it is and mutated.
//!
//! Whatever we accept they must accept. What they accept and we do not is a difference with a name and a test.
#![allow(missing_docs, reason = "tests")]

mod differences;
mod maker;

use base64ct::{Base64, Encoding as _};
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Message as Digest;
use bitcoin::sign_message::{MessageSignature, signed_msg_hash};
use bitcoin::{Address as TheirAddress, CompressedPublicKey};
use differences::is_a_named_difference;
use maker::{KEYS, Maker, Said, Signed, all_signatures, ours, said, theirs};
use por_protocol::ownership::{Address, Claim, Message, Network, Scheme};

/// Mutations of each signature.
const MUTATIONS: u32 = 60;

#[test]
fn signatures_of_every_kind_made_by_others_are_valid_to_both() {
    for made in all_signatures(1) {
        let Signed {
            kind, signature, ..
        } = &made;
        assert_eq!(made.theirs(signature), Said::Valid, "{kind} {signature}");
        assert_eq!(made.ours(signature), Said::Valid, "{kind} {signature}");
    }
}

#[test]
fn another_message_address_or_form_is_refused_by_both() {
    let made = all_signatures(100);
    for (one, other) in made.iter().zip(made.iter().skip(1)) {
        for (address, message, scheme) in [
            (&one.address, format!("{} ", one.message), one.scheme),
            (&other.address, one.message.clone(), one.scheme),
        ] {
            if (address, &message) == (&one.address, &one.message) {
                continue;
            }
            let network = if address == &one.address {
                one.network
            } else {
                other.network
            };
            let context = format!("{} at {address}: {}", one.kind, one.signature);
            assert_ne!(
                theirs(scheme, address, &message, &one.signature),
                Said::Valid,
                "{context}"
            );
            assert_ne!(
                ours(scheme, network, address, &message, &one.signature),
                Said::Valid,
                "{context}"
            );
        }
        for (prefix, wrong) in [("smp", "ful"), ("ful", "smp"), ("smp", "pof")] {
            if let Some(text) = one.signature.strip_prefix(prefix) {
                let text = format!("{wrong}{text}");
                assert_ne!(one.theirs(&text), Said::Valid, "{text}");
                assert_ne!(one.ours(&text), Said::Valid, "{text}");
            }
        }
    }
}

#[test]
fn mutated_signatures_are_valid_to_us_only_where_they_are_to_others() {
    let mut maker = Maker::new(7);
    let made = all_signatures(200);
    let (mut tried, mut named) = (0, 0);
    for (one, other) in made.iter().zip(made.iter().cycle().skip(13)) {
        let (bytes, other) = (one.bytes(), other.bytes());
        for _ in 0..MUTATIONS {
            let changed = maker.mutated(&bytes, &other);
            if changed == bytes {
                continue;
            }
            tried += 1;
            let text = Base64::encode_string(&changed);
            match (one.ours(&text), one.theirs(&text)) {
                (Said::Valid, Said::Valid) => {
                    panic!("{} has a second signature: {text}", one.kind)
                }
                (Said::Valid, said) => panic!("{}: {said:?} to others: {text}", one.kind),
                (_, Said::Valid) => {
                    let known = is_a_named_difference(one.scheme, &changed);
                    assert!(known, "{}: valid to others only: {text}", one.kind);
                    named += 1;
                }
                _ => {}
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
    // Appended bytes come up: the comparison sees differences.
    assert!(named > 0);
}

/// The crates know headers up to 34 only; the key they recover gives the address that BIP-137's headers stand for.
#[test]
fn bip137_headers_stand_for_the_addresses_of_the_recovered_key() {
    for round in 0..KEYS {
        let mut maker = Maker::new(900 + round);
        let (key, message) = (maker.key(true), maker.message());
        let (network, ours_network) = maker.network();
        let hash = signed_msg_hash(&message);
        let digest = Digest::from_digest(hash.to_byte_array());
        let signature = maker.secp.sign_ecdsa_recoverable(&digest, &key.inner);
        let bytes = MessageSignature::new(signature, true).serialize();
        let theirs = MessageSignature::from_slice(&bytes).unwrap();
        let public = theirs.recover_pubkey(&maker.secp, hash).unwrap();
        assert_eq!(public, maker.public(&key));
        let compressed = CompressedPublicKey(public.inner);
        let addresses = [
            TheirAddress::p2pkh(public, network),
            TheirAddress::p2shwpkh(&compressed, network),
            TheirAddress::p2wpkh(&compressed, network),
        ]
        .map(|address| address.to_string());
        for (index, address) in addresses.iter().enumerate() {
            for (shift, _) in addresses.iter().enumerate() {
                let mut own = bytes;
                own[0] += 4 * u8::try_from(shift).unwrap();
                let text = Base64::encode_string(&own);
                let expected = if index == shift {
                    Said::Valid
                } else {
                    Said::Invalid
                };
                let found = ours(Scheme::Bip137, ours_network, address, &message, &text);
                assert_eq!(found, expected, "{address} {text}");
            }
        }
    }
}

/// Legacy signatures of keys of a script that the crate built, for the addresses that it derives from it.
#[test]
fn legacy_multisigs_are_those_of_the_scripts_keys() {
    for round in 0..KEYS {
        let mut maker = Maker::new(1_000 + round);
        let (script, keys) = maker.multisig();
        let message = maker.message();
        let (network, ours) = maker.network();
        let digest = Digest::from_digest(signed_msg_hash(&message).to_byte_array());
        let texts: Vec<String> = keys
            .iter()
            .map(|key| maker.secp.sign_ecdsa_recoverable(&digest, &key.inner))
            .map(|signature| MessageSignature::new(signature, true).to_base64())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let network_id: Network = ours.parse().unwrap();
        for address in [
            TheirAddress::p2sh(&script, network).unwrap(),
            TheirAddress::p2wsh(&script, network),
            TheirAddress::p2shwsh(&script, network),
        ] {
            let address = Address::parse(&network_id, &address.to_string()).unwrap();
            let verify = |signatures: &[&str]| {
                let message = Message::Bytes(message.as_bytes());
                let claim = Claim::new(Scheme::MultisigSignMessage, &address, message, signatures);
                said(
                    &Claim {
                        script: Some(script.as_bytes()),
                        ..claim
                    }
                    .verify(),
                )
            };
            assert_eq!(verify(&texts), Said::Valid, "{address}");
            assert_eq!(verify(&texts[1..]), Said::Invalid, "one too few");
            let twice = [&texts[..1], &texts].concat();
            assert_eq!(verify(&twice), Said::Invalid, "one twice");
        }
    }
}
