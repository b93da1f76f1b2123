//! Ownership from the outside: official vectors, the rows of the attack catalogue, and damage of every kind.

use base64ct::{Base64, Encoding};
use k256::ecdsa::{Signature, SigningKey};
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{
    Address, BitcoinBlock, BitcoinChain, Challenge, ChallengeNonce, Claim, EvmChainId, Message,
    Network, OwnershipError, POW_FLOOR, Scheme, Target,
};
use proptest::prelude::*;
use serde_json::Value;

const MAINNET: &str = "bip122:000000000019d6689c085ae165831e93";
const TESTNET4: &str = "bip122:00000000da84f2bafbbc53dee25a72ae";
const BASIC: &str = include_str!("../../fixtures/bip322/official_bip322_basic.json");
const GENERATED: &str = include_str!("../../fixtures/bip322/official_bip322_generated.json");
const HEADER: &str = include_str!("../../fixtures/bitcoin/mainnet-968566.hex");

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn ethereum() -> EvmChainId {
    EvmChainId::new(1).unwrap()
}

fn key() -> SampleKey {
    SampleKey::from_secret(&[7; 32]).unwrap()
}

fn challenge(entity: &str, log_origin: &str, nonce: &str) -> Challenge {
    let block = BitcoinBlock::from_bytes(&hex::decode(HEADER.trim_end()).unwrap()).unwrap();
    Challenge::new(entity, log_origin, block, nonce.parse().unwrap()).unwrap()
}

fn sample_challenge() -> Challenge {
    challenge("Example Exchange", "log.example.com/por", "5eed")
}

/// One address of each kind with its scheme, its challenge text and its signature.
fn samples() -> [(Address, Scheme, String, String); 3] {
    let key = key();
    let text = |address: &Address| sample_challenge().text(address);
    let evm = key.evm_address(ethereum()).unwrap();
    let p2wpkh = key.p2wpkh_address(BitcoinChain::Mainnet).unwrap();
    let p2tr = key.p2tr_address(BitcoinChain::Mainnet).unwrap();
    let (evm_text, p2wpkh_text, p2tr_text) = (text(&evm), text(&p2wpkh), text(&p2tr));
    let evm_signature = key.sign_eip191(evm_text.as_bytes()).unwrap();
    let p2wpkh_signature = key.sign_bip322_p2wpkh(p2wpkh_text.as_bytes()).unwrap();
    let p2tr_signature = key.sign_bip322_p2tr(p2tr_text.as_bytes()).unwrap();
    [
        (evm, Scheme::Eip191, evm_text, evm_signature),
        (p2wpkh, Scheme::Bip322Simple, p2wpkh_text, p2wpkh_signature),
        (p2tr, Scheme::Bip322Simple, p2tr_text, p2tr_signature),
    ]
}

fn verify_ownership(
    network: &Network,
    scheme: Scheme,
    address: &Address,
    message: &[u8],
    signatures: &[&str],
) -> Result<(), OwnershipError> {
    Claim {
        network: *network,
        ..Claim::new(scheme, address, Message::Bytes(message), signatures)
    }
    .verify()
}

fn check(
    scheme: Scheme,
    address: &Address,
    message: &str,
    signature: &str,
) -> Result<(), OwnershipError> {
    verify_ownership(
        address.network(),
        scheme,
        address,
        message.as_bytes(),
        &[signature],
    )
}

fn code(result: Result<(), OwnershipError>) -> &'static str {
    result.map_or_else(|error| error.code(), |()| "ok")
}

#[test]
fn sample_signatures_are_accepted() {
    for (address, scheme, text, signature) in samples() {
        assert_eq!(
            check(scheme, &address, &text, &signature),
            Ok(()),
            "{address}"
        );
    }
}

// Official BIP-322 vectors.

fn rows<'a>(file: &'a Value, group: &str) -> &'a [Value] {
    file[group].as_array().unwrap()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap()
}

fn signatures(row: &Value) -> impl Iterator<Item = &str> {
    row["bip322_signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signature| signature.as_str().unwrap())
}

/// Verifies a vector's address and message from their texts, as a reserve line gives them.
fn check_row(scheme: Scheme, row: &Value, signature: &str) -> Result<(), OwnershipError> {
    let address = Address::parse(&network(MAINNET), text(row, "address"))?;
    check(scheme, &address, text(row, "message"), signature)
}

#[test]
fn official_simple_vectors_pass() {
    let mut passed = 0;
    for file in [BASIC, GENERATED] {
        let file: Value = serde_json::from_str(file).unwrap();
        for row in rows(&file, "simple") {
            for signature in signatures(row) {
                assert_eq!(
                    check_row(Scheme::Bip322Simple, row, signature),
                    Ok(()),
                    "{row}"
                );
                passed += 1;
            }
        }
    }
    assert_eq!(passed, 10);
}

/// The valid full vectors all carry lock time and sequence 2016: the signatures hold, and only the locks are left.
#[test]
fn official_full_vectors_hold_but_for_their_time_locks() {
    let file: Value = serde_json::from_str(GENERATED).unwrap();
    let (mut held, mut undecided) = (0, 0);
    for row in rows(&file, "full") {
        for signature in signatures(row) {
            let error = check_row(Scheme::Bip322Full, row, signature).unwrap_err();
            if text(row, "type").ends_with("time-lock") {
                assert!(
                    matches!(
                        error,
                        OwnershipError::ScriptUnsupported | OwnershipError::WitnessUnsupported
                    ),
                    "{row}"
                );
                undecided += 1;
            } else {
                let (lock_time, sequence) = (2016, 2016);
                assert_eq!(
                    error,
                    OwnershipError::TimeLocked {
                        lock_time,
                        sequence
                    },
                    "{row}"
                );
                held += 1;
            }
            assert!(error.is_undecided());
        }
    }
    assert_eq!((held, undecided), (8, 2));
}

#[test]
fn official_signatures_pass_with_and_without_their_prefix() {
    let file: Value = serde_json::from_str(BASIC).unwrap();
    let row = &rows(&file, "simple")[0];
    let scheme = Scheme::Bip322Simple;
    for signature in signatures(row) {
        let bare = signature.strip_prefix("smp").unwrap();
        assert_eq!(check_row(scheme, row, bare), Ok(()));
        assert!(check_row(scheme, row, &format!("smp{signature}")).is_err());
    }
}

/// Not only never valid: every one is shown to be false, whatever its script.
#[test]
fn official_error_vectors_are_invalid() {
    let mut seen = 0;
    for file in [BASIC, GENERATED] {
        let file: Value = serde_json::from_str(file).unwrap();
        for row in rows(&file, "error") {
            for scheme in [Scheme::Bip322Simple, Scheme::Bip322Full] {
                let error = check_row(scheme, row, text(row, "signature")).unwrap_err();
                assert!(!error.is_undecided(), "{row}: {error}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 72);
}

#[test]
fn official_proofs_of_funds_are_another_variant() {
    let file: Value = serde_json::from_str(GENERATED).unwrap();
    let mut seen = 0;
    for row in rows(&file, "proof_of_funds") {
        for signature in signatures(row) {
            assert_eq!(
                check_row(Scheme::Bip322Full, row, signature),
                Err(OwnershipError::SignatureVariant)
            );
            seen += 1;
        }
    }
    assert!(seen >= 3);
}

/// Wallet import format: base58 of version, secret, compression mark and checksum.
fn wif_secret(wif: &str) -> [u8; 32] {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = [0_u8; 38];
    for symbol in wif.chars() {
        let mut carry = ALPHABET.find(symbol).unwrap();
        for byte in number.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = (carry % 256) as u8;
            carry /= 256;
        }
    }
    number[1..33].try_into().unwrap()
}

/// The official vectors carry their keys: addresses must agree, and ECDSA signatures by RFC 6979 to the byte. The
/// vectors' BIP-340 signatures were made with another nonce and are only verified, above.
#[test]
fn sample_keys_agree_with_the_official_vectors() {
    let (mut p2wpkh, mut p2tr) = (0, 0);
    for file in [BASIC, GENERATED] {
        let file: Value = serde_json::from_str(file).unwrap();
        for row in rows(&file, "simple") {
            let secret = wif_secret(row["private_keys"][0].as_str().unwrap());
            let key = SampleKey::from_secret(&secret).unwrap();
            match text(row, "type") {
                "p2wpkh" => {
                    assert_eq!(
                        key.p2wpkh_address(BitcoinChain::Mainnet).unwrap().as_str(),
                        text(row, "address")
                    );
                    let signature = key
                        .sign_bip322_p2wpkh(text(row, "message").as_bytes())
                        .unwrap();
                    assert!(
                        signatures(row).any(|other| other == signature),
                        "{signature}"
                    );
                    p2wpkh += 1;
                }
                "p2tr" => {
                    assert_eq!(
                        key.p2tr_address(BitcoinChain::Mainnet).unwrap().as_str(),
                        text(row, "address")
                    );
                    p2tr += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!((p2wpkh, p2tr), (3, 2));
}

/// The example of web3.js, `web3.eth.accounts.sign("Some data", key)`.
#[test]
fn sample_keys_agree_with_an_ethereum_wallet() {
    let secret =
        hex::decode("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318").unwrap();
    let key = SampleKey::from_secret(&secret.try_into().unwrap()).unwrap();
    assert_eq!(
        key.evm_address(ethereum()).unwrap().as_str(),
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
    );
    assert_eq!(
        key.sign_eip191(b"Some data").unwrap(),
        "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
         6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
    );
}

// The attack catalogue, group 4.6.

#[test]
fn s_01_signatures_for_another_challenge_are_refused() {
    let others = [
        challenge("Example Exchange", "log.example.com/por", "5eee"),
        challenge("Example Exchange", "log.example.com/por", "none"),
        challenge("Example Exchange", "log.example.com/por2", "5eed"),
        challenge("Example Exchange Ltd", "log.example.com/por", "5eed"),
    ];
    for (address, scheme, _, signature) in samples() {
        for other in &others {
            let result = check(scheme, &address, &other.text(&address), &signature);
            assert!(matches!(code(result), "wrong-signer" | "signature-false"));
        }
    }
}

#[test]
fn s_02_a_signature_over_a_bare_digest_is_refused() {
    use sha3::Digest;
    let message = "a message";
    let digest: [u8; 32] = sha3::Keccak256::digest(message).into();
    let (signature, id) = SigningKey::from_slice(&[7; 32])
        .unwrap()
        .sign_prehash_recoverable(&digest)
        .unwrap();
    let signature = format!(
        "0x{}{:02x}",
        hex::encode(signature.to_bytes()),
        27 + id.to_byte()
    );
    let address = key().evm_address(ethereum()).unwrap();
    for message in [message.as_bytes(), &digest] {
        let result = verify_ownership(
            address.network(),
            Scheme::Eip191,
            &address,
            message,
            &[&signature],
        );
        assert_eq!(code(result), "wrong-signer");
    }
}

/// `(r, n − s)` fits the same key and message as `(r, s)`.
fn high_s(signature: &Signature) -> Signature {
    let (r, s) = signature.split_scalars();
    Signature::from_scalars(r, -s).unwrap()
}

fn simple(elements: &[&[u8]]) -> String {
    let mut witness = vec![elements.len() as u8];
    for element in elements {
        witness.push(element.len() as u8);
        witness.extend_from_slice(element);
    }
    Base64::encode_string(&witness)
}

/// The DER signature without its hash type, and the key, of a P2WPKH witness.
fn p2wpkh_parts(signature: &str) -> (Vec<u8>, Vec<u8>) {
    let witness = Base64::decode_vec(signature.strip_prefix("smp").unwrap()).unwrap();
    let length = usize::from(witness[1]);
    (
        witness[2..1 + length].to_vec(),
        witness[3 + length..].to_vec(),
    )
}

#[test]
fn s_03_high_s_is_refused() {
    let [
        (evm, _, evm_text, evm_signature),
        (p2wpkh, _, text, signature),
        _,
    ] = samples();
    let bytes = hex::decode(&evm_signature[2..]).unwrap();
    let low = Signature::from_slice(&bytes[..64]).unwrap();
    let twin = format!(
        "0x{}{:02x}",
        hex::encode(high_s(&low).to_bytes()),
        27 + 28 - bytes[64]
    );
    assert_eq!(
        check(Scheme::Eip191, &evm, &evm_text, &twin),
        Err(OwnershipError::HighS)
    );

    let (der, key) = p2wpkh_parts(&signature);
    let twin = high_s(&Signature::from_der(&der).unwrap()).to_der();
    let twin = simple(&[&[twin.as_bytes(), &[1]].concat(), &key]);
    assert_eq!(
        check(Scheme::Bip322Simple, &p2wpkh, &text, &twin),
        Err(OwnershipError::HighS)
    );
}

#[test]
fn s_03_scalars_and_recovery_bytes_out_of_range_are_refused() {
    let [(evm, _, text, signature), ..] = samples();
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for bad in [&"00".repeat(32), order, &"ff".repeat(32)] {
        let bad_r = format!("0x{bad}{}", &signature[66..]);
        let bad_s = format!("{}{bad}{}", &signature[..66], &signature[130..]);
        for bad in [bad_r, bad_s] {
            assert_eq!(
                check(Scheme::Eip191, &evm, &text, &bad),
                Err(OwnershipError::ScalarOutOfRange)
            );
        }
    }
    for v in [0, 1, 2, 3, 26, 29, 30, 31, 32, 33, 34, 37, 38] {
        let bad = format!("{}{v:02x}", &signature[..130]);
        assert_eq!(
            check(Scheme::Eip191, &evm, &text, &bad),
            Err(OwnershipError::RecoveryByte { found: v })
        );
    }
    // The 64-byte form of EIP-2098.
    assert_eq!(
        code(check(Scheme::Eip191, &evm, &text, &signature[..130])),
        "signature-length"
    );
}

#[test]
fn s_04_failed_recovery_is_an_error_and_never_the_zero_address() {
    let [(evm, _, text, _), ..] = samples();
    let mut failed = 0;
    for r in 1..=20_u8 {
        let signature = format!("0x{}{r:02x}{}011b", "00".repeat(31), "00".repeat(31));
        match check(Scheme::Eip191, &evm, &text, &signature).unwrap_err() {
            OwnershipError::KeyNotRecovered => failed += 1,
            OwnershipError::WrongSigner { .. } => {}
            error => panic!("{error}"),
        }
    }
    // About half of all numbers are no x-coordinate of the curve.
    assert!((5..=15).contains(&failed), "{failed}");
    let zero = format!("0x{}", "00".repeat(20));
    assert_eq!(
        Address::parse(&network("eip155:1"), &zero),
        Err(OwnershipError::AddressZero)
    );
}

#[test]
fn s_06_witnesses_of_other_scripts_are_refused() {
    let [
        _,
        (p2wpkh, scheme, text_wpkh, sig_wpkh),
        (p2tr, _, text_tr, sig_tr),
    ] = samples();
    assert_eq!(
        code(check(scheme, &p2wpkh, &text_wpkh, &sig_tr)),
        "witness-elements"
    );
    // Two elements are a script path (or an annex) for Taproot: not judged, and so not passed.
    let error = check(scheme, &p2tr, &text_tr, &sig_wpkh).unwrap_err();
    assert_eq!(error, OwnershipError::WitnessUnsupported);
    assert!(error.is_undecided());

    let signature = Base64::decode_vec(sig_tr.strip_prefix("smp").unwrap()).unwrap()[2..].to_vec();
    let annex = simple(&[&signature, &[0x50]]);
    assert!(
        check(scheme, &p2tr, &text_tr, &annex)
            .unwrap_err()
            .is_undecided()
    );
    assert_eq!(
        code(check(scheme, &p2tr, &text_tr, &simple(&[]))),
        "witness-elements"
    );
    assert_eq!(
        code(check(scheme, &p2tr, &text_tr, &simple(&[&[]]))),
        "signature-length"
    );
    for hash_type in [0x00, 0x02, 0x03, 0x81] {
        let signature = simple(&[&[&signature[..], &[hash_type]].concat()]);
        let expected = Err(OwnershipError::SighashType { found: hash_type });
        assert_eq!(check(scheme, &p2tr, &text_tr, &signature), expected);
    }
    // 0x01 is allowed, but is part of what is signed.
    let all = simple(&[&[&signature[..], &[0x01]].concat()]);
    assert_eq!(
        code(check(scheme, &p2tr, &text_tr, &all)),
        "signature-false"
    );
}

#[test]
fn s_06_other_hash_types_and_keys_are_refused() {
    let [_, (address, scheme, text, signature), _] = samples();
    let (der, key) = p2wpkh_parts(&signature);
    let with_type = |hash_type: u8| [&der[..], &[hash_type]].concat();
    for hash_type in [0x00, 0x02, 0x03, 0x81, 0x82, 0x83, 0xff] {
        let result = check(
            scheme,
            &address,
            &text,
            &simple(&[&with_type(hash_type), &key]),
        );
        assert_eq!(
            result,
            Err(OwnershipError::SighashType { found: hash_type })
        );
    }
    let uncompressed = SigningKey::from_slice(&[7; 32])
        .unwrap()
        .verifying_key()
        .to_encoded_point(false);
    let other = SigningKey::from_slice(&[8; 32])
        .unwrap()
        .verifying_key()
        .to_encoded_point(true);
    for (key, expected) in [
        (uncompressed.as_bytes(), "public-key-malformed"),
        (&key[..32], "public-key-malformed"),
        (&[][..], "public-key-malformed"),
        (other.as_bytes(), "wrong-signer"),
    ] {
        assert_eq!(
            code(check(
                scheme,
                &address,
                &text,
                &simple(&[&with_type(1), key])
            )),
            expected
        );
    }
    for (elements, expected) in [
        (&[&with_type(1)[..]][..], "witness-elements"),
        (&[&with_type(1), &key, &[]], "witness-elements"),
        (&[&[], &key], "der-malformed"),
        (&[&[1], &key], "der-malformed"),
    ] {
        assert_eq!(
            code(check(scheme, &address, &text, &simple(elements))),
            expected
        );
    }
}

#[test]
fn s_07_signatures_for_another_network_are_refused() {
    let key = key();
    let [(evm, _, _, evm_signature), (p2wpkh, _, text, signature), _] = samples();
    let sepolia = key
        .evm_address(EvmChainId::new(11_155_111).unwrap())
        .unwrap();
    // One key, one spelling, two chains: the text tells them apart.
    assert_eq!(sepolia.as_str(), evm.as_str());
    let result = check(
        Scheme::Eip191,
        &sepolia,
        &sample_challenge().text(&sepolia),
        &evm_signature,
    );
    assert_eq!(code(result), "wrong-signer");

    let testnet = key.p2wpkh_address(BitcoinChain::Testnet4).unwrap();
    let result = check(
        Scheme::Bip322Simple,
        &testnet,
        &sample_challenge().text(&testnet),
        &signature,
    );
    assert_eq!(code(result), "signature-false");

    let result = verify_ownership(
        &network(TESTNET4),
        Scheme::Bip322Simple,
        &p2wpkh,
        text.as_bytes(),
        &[&signature],
    );
    assert_eq!(code(result), "address-of-other-network");
}

#[test]
fn s_08_contract_wallet_claims_are_undecided() {
    // Whatever the signature: even the one of a key is none of a contract's.
    let key = SampleKey::from_secret(&[7; 32]).unwrap();
    let address = key.evm_address(EvmChainId::new(1).unwrap()).unwrap();
    let signature = key.sign_eip191(b"text").unwrap();
    for scheme in [Scheme::Eip1271, Scheme::Safe] {
        let claim = Claim::new(scheme, &address, Message::Bytes(b"text"), &[&signature]).verify();
        assert_eq!(claim, Err(OwnershipError::NeedsState));
        assert!(OwnershipError::NeedsState.is_undecided());
    }
}

#[test]
fn s_09_second_encodings_of_a_signature_are_refused() {
    for (address, scheme, message, signature) in samples().into_iter().skip(1) {
        let check = |signature: &str| code(check(scheme, &address, &message, signature));
        let bare = signature.strip_prefix("smp").unwrap();
        let witness = Base64::decode_vec(bare).unwrap();
        let trailing = Base64::encode_string(&[&witness[..], &[0]].concat());
        let cut = Base64::encode_string(&witness[..witness.len() - 1]);
        let long_count =
            Base64::encode_string(&[&[0xfd, witness[0], 0][..], &witness[1..]].concat());
        for bad in [trailing, cut, long_count, String::new(), "smp".into()] {
            assert_eq!(check(&bad), "witness-malformed", "{bad}");
        }
        for bad in [
            format!("{bare}\n"),
            format!(" {bare}"),
            format!("{bare}="),
            format!("-{}", &bare[1..]),
            "é".into(),
        ] {
            assert_eq!(check(&bad), "signature-encoding", "{bad}");
        }
        for bad in ["ful", "pof"] {
            assert_eq!(check(&format!("{bad}{bare}")), "signature-variant");
        }
        for bad in ["SMP", "foo"] {
            assert_ne!(check(&format!("{bad}{bare}")), "ok");
        }
        assert_eq!(check(&"A".repeat(16_388)), "signature-length");
    }
}

#[test]
fn s_09_padding_bits_of_base64_are_part_of_the_encoding() {
    let file: Value = serde_json::from_str(BASIC).unwrap();
    let row = &rows(&file, "simple")[0];
    // The last symbol before the padding has two bits to spare, which must be zero.
    let signature = signatures(row)
        .find(|signature| signature.ends_with("HI="))
        .unwrap();
    for end in ["HJ=", "HI", "HI=="] {
        assert_eq!(
            code(check_row(
                Scheme::Bip322Simple,
                row,
                &signature.replace("HI=", end)
            )),
            "signature-encoding",
            "{end}"
        );
    }
}

#[test]
fn s_10_exactly_one_scheme_and_one_signature_are_used() {
    for (address, scheme, message, signature) in samples() {
        let other = if scheme == Scheme::Eip191 {
            Scheme::Bip322Simple
        } else {
            Scheme::Eip191
        };
        assert_eq!(
            code(check(other, &address, &message, &signature)),
            "scheme-not-for-network"
        );
        for signatures in [&[][..], &[&signature[..], &signature], &["", &signature]] {
            let result = verify_ownership(
                address.network(),
                scheme,
                &address,
                message.as_bytes(),
                signatures,
            );
            assert_eq!(
                result,
                Err(OwnershipError::SignatureCount {
                    expected: 1,
                    found: signatures.len()
                })
            );
        }
    }
}

#[test]
fn s_11_texts_that_look_the_same_are_refused() {
    for (address, scheme, message, signature) in samples() {
        for other in [
            format!("{message}\n"),
            format!("{message} "),
            message.replace('\n', "\r\n"),
            message.replace(" Exchange", "\u{a0}Exchange"),
            // A Cyrillic letter for the Latin one.
            message.replace("Example", "\u{415}xample"),
            message.replace(
                "Proof of control, not a transaction",
                "Kontrollnachweis, keine Transaktion",
            ),
        ] {
            assert_ne!(other, message);
            assert!(check(scheme, &address, &other, &signature).is_err());
        }
    }
}

#[test]
fn s_12_a_second_spelling_verifies_as_the_same_address() {
    for (address, scheme, message, signature) in samples() {
        let respelled = match address.network() {
            Network::Evm(_) => address.as_str().to_lowercase(),
            _ => address.as_str().to_uppercase(),
        };
        assert_ne!(respelled, address.as_str());
        let respelled = Address::parse(address.network(), &respelled).unwrap();
        assert_eq!(respelled, address);
        assert_eq!(sample_challenge().text(&respelled), message);
        assert_eq!(check(scheme, &respelled, &message, &signature), Ok(()));
    }
}

// Damage.

#[test]
fn every_bit_flip_of_a_signature_is_refused() {
    let encode = |scheme, bytes: &[u8]| match scheme {
        Scheme::Eip191 => format!("0x{}", hex::encode(bytes)),
        _ => Base64::encode_string(bytes),
    };
    for (address, scheme, message, signature) in samples() {
        let bytes = match scheme {
            Scheme::Eip191 => hex::decode(&signature[2..]).unwrap(),
            _ => Base64::decode_vec(&signature[3..]).unwrap(),
        };
        assert_eq!(
            check(scheme, &address, &message, &encode(scheme, &bytes)),
            Ok(())
        );
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(
                check(scheme, &address, &message, &encode(scheme, &bad)).is_err(),
                "{address} bit {bit}"
            );
        }
    }
}

#[test]
fn every_bit_flip_of_a_message_is_refused() {
    for (address, scheme, message, signature) in samples() {
        for bit in 0..message.len() * 8 {
            let mut bad = message.clone().into_bytes();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(
                verify_ownership(address.network(), scheme, &address, &bad, &[&signature]).is_err(),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn secrets_out_of_range_are_no_keys() {
    for secret in [[0; 32], [0xff; 32]] {
        assert_eq!(
            SampleKey::from_secret(&secret).unwrap_err(),
            OwnershipError::SecretKey
        );
    }
    assert_eq!(format!("{:?}", key()), "SampleKey(..)");
}

proptest! {
    #[test]
    fn random_text_never_panics_a_parser(text in any::<String>()) {
        let _: Result<Network, _> = text.parse();
        let _: Result<Scheme, _> = text.parse();
        let _: Result<ChallengeNonce, _> = text.parse();
        for chain in [MAINNET, TESTNET4, "eip155:1"] {
            if let Ok(address) = Address::parse(&network(chain), &text) {
                prop_assert_eq!(Address::parse(&network(chain), address.as_str()), Ok(address));
            }
        }
        for (address, scheme, message, _) in samples() {
            prop_assert!(check(scheme, &address, &message, &text).is_err());
        }
    }

    #[test]
    fn damaged_segwit_addresses_never_become_others(at in 0_usize..62, symbol in any::<char>()) {
        for (address, ..) in samples().into_iter().skip(1) {
            let damaged: String =
                address.as_str().chars().enumerate().map(|(i, c)| if i == at { symbol } else { c }).collect();
            if let Ok(other) = Address::parse(address.network(), &damaged) {
                prop_assert_eq!(other, address);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic_and_never_verify(bytes in prop::collection::vec(any::<u8>(), 0..160)) {
        let [(evm, _, evm_text, _), (p2wpkh, _, text, _), (p2tr, ..)] = samples();
        let signature = format!("0x{}", hex::encode(&bytes));
        prop_assert!(check(Scheme::Eip191, &evm, &evm_text, &signature).is_err());
        let witness = Base64::encode_string(&bytes);
        for address in [&p2wpkh, &p2tr] {
            prop_assert!(check(Scheme::Bip322Simple, address, &text, &witness).is_err());
        }
    }

    /// Well-formed witnesses of random content reach the checks behind the parser.
    #[test]
    fn random_witnesses_never_panic_and_never_verify(
        elements in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4),
        with_key in any::<bool>(),
    ) {
        let [_, (p2wpkh, _, text, signature), (p2tr, ..)] = samples();
        let (_, key) = p2wpkh_parts(&signature);
        let mut elements: Vec<&[u8]> = elements.iter().map(Vec::as_slice).collect();
        if with_key {
            elements.truncate(1);
            elements.push(&key);
        }
        for address in [&p2wpkh, &p2tr] {
            prop_assert!(check(Scheme::Bip322Simple, address, &text, &simple(&elements)).is_err());
        }
    }

    #[test]
    fn random_headers_never_panic(bytes in prop::collection::vec(any::<u8>(), 80), bits in any::<u32>()) {
        if let Ok(block) = BitcoinBlock::from_bytes(&bytes) {
            prop_assert!(block.verify_work(&POW_FLOOR).is_err());
            prop_assert_eq!(block.to_bytes().to_vec(), bytes);
            prop_assert_eq!(block.time().to_string().len(), 20);
        }
        let _ = Target::from_compact(bits);
    }

    #[test]
    fn any_key_signs_for_its_own_addresses(
        secret in any::<[u8; 32]>(),
        message in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let Ok(key) = SampleKey::from_secret(&secret) else { return Ok(()) };
        for (address, scheme, signature) in [
            (key.evm_address(ethereum()), Scheme::Eip191, key.sign_eip191(&message)),
            (key.p2wpkh_address(BitcoinChain::Regtest), Scheme::Bip322Simple, key.sign_bip322_p2wpkh(&message)),
            (key.p2tr_address(BitcoinChain::Signet), Scheme::Bip322Simple, key.sign_bip322_p2tr(&message)),
        ] {
            let (address, signature) = (address.unwrap(), signature.unwrap());
            prop_assert_eq!(verify_ownership(address.network(), scheme, &address, &message, &[&signature]), Ok(()));
        }
    }
}
