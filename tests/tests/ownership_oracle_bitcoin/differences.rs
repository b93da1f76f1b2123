//! What the crates accept and we do not, each difference by its name; or leave undecided, where they know of no such answer.

use super::maker::{
    KEYS, MAINNET, Maker, REGTEST, Said, Signed, all_signatures, encoded, ours, theirs,
};
use base64ct::{Base64, Encoding as _};
use bip322::{LockParams, Verification};
use bitcoin::consensus::Decodable as _;
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use bitcoin::secp256k1::{Message as Digest, SecretKey};
use bitcoin::sign_message::MessageSignature;
use bitcoin::{
    Address as TheirAddress, CompressedPublicKey, ScriptBuf, Sequence, Transaction, Witness,
    absolute::LockTime,
};
use por_protocol::ownership::Scheme;

/// The differences that a mutation can come upon, each shown by a test below.
pub fn is_a_named_difference(scheme: Scheme, bytes: &[u8]) -> bool {
    match scheme {
        // Bytes after the end.
        Scheme::Bip322Simple => {
            let witness = Witness::consensus_decode(&mut &*bytes).unwrap();
            encoded(&witness) != bytes
        }
        Scheme::Bip322Full => {
            let transaction = Transaction::consensus_decode(&mut &*bytes).unwrap();
            encoded(&transaction) != bytes
        }
        // s and n − s.
        _ => {
            let mut low = bitcoin::secp256k1::ecdsa::Signature::from_compact(&bytes[1..]).unwrap();
            low.normalize_s();
            low.serialize_compact()[..] != bytes[1..]
        }
    }
}

#[test]
fn s_03_a_trailing_byte_is_accepted_by_others_and_refused_here() {
    for made in all_signatures(300) {
        if made.scheme == Scheme::SignMessage {
            continue;
        }
        for tail in [&[0][..], &[0xff; 7]] {
            let longer = [&made.bytes(), tail].concat();
            made.only_theirs(&Base64::encode_string(&longer));
        }
    }
}

#[test]
fn s_03_high_s_in_legacy_signatures_is_accepted_by_others_and_refused_here() {
    let mut seen = 0;
    for made in all_signatures(400) {
        if made.scheme != Scheme::SignMessage {
            continue;
        }
        let signature = MessageSignature::from_base64(&made.signature).unwrap();
        let (id, scalars) = signature.signature.serialize_compact();
        let s = SecretKey::from_slice(&scalars[32..]).unwrap().negate();
        let high = [&scalars[..32], &s.secret_bytes()].concat();
        // The other y of the point R goes with the other s.
        let id = RecoveryId::from_i32(id.to_i32() ^ 1).unwrap();
        let high = RecoverableSignature::from_compact(&high, id).unwrap();
        let high = MessageSignature::new(high, signature.compressed).to_base64();
        made.only_theirs(&high);
        seen += 1;
    }
    assert_eq!(seen, 2 * KEYS);
}

#[test]
fn s_06_simple_for_a_nested_address_is_accepted_by_others_and_refused_here() {
    for round in 0..KEYS {
        let mut maker = Maker::new(500 + round);
        let key = maker.key(true);
        let message = maker.message();
        let (network, ours) = maker.network();
        let public = CompressedPublicKey(maker.public(&key).inner);
        let address = TheirAddress::p2shwpkh(&public, network).to_string();
        let full = bip322::sign_full_encoded(
            &address,
            &message,
            &[key.to_wif()],
            None,
            LockParams::default(),
        );
        let full = Base64::decode_vec(full.unwrap().strip_prefix("ful").unwrap()).unwrap();
        let mut transaction = Transaction::consensus_decode(&mut &full[..]).unwrap();
        let simple = Base64::encode_string(&encoded(&transaction.input[0].witness));
        let made = |scheme, signature: &str| Signed {
            kind: "P2SH-P2WPKH",
            scheme,
            network: ours,
            address: address.clone(),
            message: message.clone(),
            signature: signature.into(),
        };
        made(Scheme::Bip322Simple, &simple).only_theirs(&simple);
        // The same in its full form: an unlocking script that does not show the program spends nothing.
        transaction.input[0].script_sig = ScriptBuf::new();
        let bare = Base64::encode_string(&encoded(&transaction));
        made(Scheme::Bip322Full, &bare).only_theirs(&bare);
    }
}

#[test]
fn s_07_others_do_not_ask_for_the_network_and_we_do() {
    for (index, made) in all_signatures(600).iter().enumerate() {
        let address: TheirAddress<_> = made.address.parse::<TheirAddress<_>>().unwrap();
        let script = address.assume_checked().script_pubkey();
        for (network, name) in [
            (bitcoin::Network::Bitcoin, MAINNET),
            (bitcoin::Network::Regtest, REGTEST),
        ] {
            let address = TheirAddress::from_script(&script, network)
                .unwrap()
                .to_string();
            let Signed {
                scheme,
                message,
                signature,
                ..
            } = made;
            let to_others = theirs(*scheme, &address, message, signature);
            assert_eq!(to_others, Said::Valid, "{index} {address}");
            // The message of a real claim names the network; the address must be of the network claimed.
            assert_eq!(
                ours(*scheme, name, &address, message, signature),
                Said::Valid
            );
            let other = if name == MAINNET { REGTEST } else { MAINNET };
            assert_eq!(
                ours(*scheme, other, &address, message, signature),
                Said::Invalid
            );
        }
    }
}

#[test]
fn s_06_one_key_twice_in_a_multisig_is_accepted_by_others_and_undecided_here() {
    let mut maker = Maker::new(700);
    let key = maker.key(true);
    let script = maker.script(2, &[key, key]);
    let address = TheirAddress::p2wsh(&script, bitcoin::Network::Bitcoin);
    let to_spend = bip322::create_to_spend(&address, "m").unwrap();
    let to_sign = bip322::create_to_sign(&to_spend, None, LockParams::default()).unwrap();
    let hash = bitcoin::sighash::SighashCache::new(&to_sign.unsigned_tx).p2wsh_signature_hash(
        0,
        &script,
        bitcoin::Amount::ZERO,
        bitcoin::EcdsaSighashType::All,
    );
    let digest = Digest::from_digest(hash.unwrap().to_byte_array());
    let signature = maker.secp.sign_ecdsa(&digest, &key.inner);
    let signature = bitcoin::ecdsa::Signature::sighash_all(signature).to_vec();
    let witness = Witness::from_slice(&[&[][..], &signature, &signature, script.as_bytes()]);
    let text = Base64::encode_string(&encoded(&witness));
    let (scheme, address) = (Scheme::Bip322Simple, address.to_string());
    assert_eq!(theirs(scheme, &address, "m", &text), Said::Valid);
    assert_eq!(ours(scheme, MAINNET, &address, "m", &text), Said::Undecided);
}

#[test]
fn signatures_under_a_lock_are_undecided() {
    let mut maker = Maker::new(800);
    let key = maker.key(true);
    let public = CompressedPublicKey(maker.public(&key).inner);
    let address = TheirAddress::p2wpkh(&public, bitcoin::Network::Bitcoin).to_string();
    for (lock_time, sequence) in [(500_000, 0), (0, 144), (1, 1)] {
        let locks = LockParams {
            lock_time: LockTime::from_consensus(lock_time),
            sequence: Sequence(sequence),
        };
        let text = bip322::sign_full_encoded(&address, "m", &[key.to_wif()], None, locks).unwrap();
        let scheme = Scheme::Bip322Full;
        assert!(matches!(
            bip322::verify_full_encoded(&address, "m", &text),
            Ok(Verification::Valid { .. })
        ));
        assert_eq!(ours(scheme, MAINNET, &address, "m", &text), Said::Undecided);
        assert_eq!(ours(scheme, MAINNET, &address, "n", &text), Said::Invalid);
    }
}
