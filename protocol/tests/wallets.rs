//! Signatures that were made elsewhere: by wallets' and chains' libraries (`fixtures/ownership`), and by those who attack signature
//! checks for a living (`fixtures/wycheproof`, `fixtures/cctv`).

use std::collections::BTreeSet;

use por_protocol::ownership::{Address, Claim, Message, Network, OwnershipError, Scheme};
use ripemd::Ripemd160;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const WALLETS: &str = include_str!("../../fixtures/ownership/wallets.json");
const OTHER_CHAINS: &str = include_str!("../../fixtures/ownership/other-chains/claims.json");
const ED25519: &str = include_str!("../../fixtures/wycheproof/ed25519_test.json");
const CCTV: &str = include_str!("../../fixtures/cctv/ed25519vectors.json");
const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";

/// A claim with its own bytes; typed data of any type is the native program's business.
#[derive(Clone)]
struct Owned {
    network: Network,
    scheme: Scheme,
    address: String,
    message: Vec<u8>,
    signatures: Vec<String>,
    script: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    frame: Option<Vec<u8>>,
}

impl Owned {
    fn verify(&self) -> Result<(), OwnershipError> {
        let address = Address::parse(&self.network, &self.address)?;
        let signatures: Vec<&str> = self.signatures.iter().map(String::as_str).collect();
        Claim {
            script: self.script.as_deref(),
            public_key: self.public_key.as_deref(),
            frame: self.frame.as_deref(),
            ..Claim::new(
                self.scheme,
                &address,
                Message::Bytes(&self.message),
                &signatures,
            )
        }
        .verify()
    }
}

fn wallets() -> Vec<Owned> {
    let mut claims: Vec<Value> = serde_json::from_str(WALLETS).unwrap();
    claims.extend(serde_json::from_str::<Vec<Value>>(OTHER_CHAINS).unwrap());
    let text = |claim: &Value, key: &str| claim[key].as_str().map(String::from);
    let bytes = |claim: &Value, key: &str| text(claim, key).map(|text| hex::decode(text).unwrap());
    claims
        .iter()
        .filter(|claim| claim["scheme"] != "eip712")
        .map(|claim| Owned {
            network: text(claim, "network").unwrap().parse().unwrap(),
            scheme: text(claim, "scheme").unwrap().parse().unwrap(),
            address: text(claim, "address").unwrap(),
            message: bytes(claim, "message_hex")
                .unwrap_or_else(|| text(claim, "message").unwrap().into_bytes()),
            signatures: serde_json::from_value(claim["signatures"].clone()).unwrap(),
            script: bytes(claim, "script"),
            public_key: bytes(claim, "public_key"),
            frame: bytes(claim, "frame"),
        })
        .collect()
}

fn first(scheme: Scheme) -> Owned {
    let mut all = wallets().into_iter();
    all.find(|claim| claim.scheme == scheme && !claim.message.is_empty())
        .unwrap()
}

/// Whether no wallet's claim of a scheme is here. bip322-js writes no full form; the official vectors cover it. Typed data is
/// encoded by the native program. Contract wallets sign nothing by themselves: `wallets_on_anvil.rs` asks real ones.
fn is_elsewhere(scheme: Scheme) -> bool {
    matches!(
        scheme,
        Scheme::Bip322Full | Scheme::Eip712 | Scheme::Eip1271 | Scheme::Safe
    )
}

#[test]
fn wallets_signatures_are_accepted() {
    let all = wallets();
    for scheme in Scheme::ALL {
        assert!(is_elsewhere(scheme) || all.iter().any(|claim| claim.scheme == scheme));
    }
    for claim in &all {
        assert_eq!(claim.verify(), Ok(()), "{} {}", claim.scheme, claim.address);
    }
    assert!(all.len() > 300);
}

#[test]
fn s_01_signatures_for_another_message_are_refused() {
    for mut claim in wallets() {
        claim.message.push(b'!');
        assert!(
            !claim.verify().unwrap_err().is_undecided(),
            "{}",
            claim.scheme
        );
    }
}

#[test]
fn s_07_signatures_of_another_address_are_refused() {
    let mut all = wallets();
    // One script has three addresses, and its keys speak for all of them; so does one key of Cardano for all addresses
    // that it pays from, unless the message names the address.
    all.retain(|claim| {
        let prefixed = claim.scheme == Scheme::Ed25519Prefixed;
        claim.scheme != Scheme::MultisigSignMessage && !prefixed
    });
    for claim in &all {
        for other in &all {
            if other.network == claim.network && other.address != claim.address {
                // The same key can stand behind both, but the signature names one kind of address.
                let mut moved = claim.clone();
                moved.address.clone_from(&other.address);
                let lower = claim.address.eq_ignore_ascii_case(&other.address);
                assert_eq!(moved.verify().is_ok(), lower, "{}", claim.scheme);
            }
        }
    }
}

#[test]
fn s_10_no_other_scheme_fits() {
    for claim in wallets() {
        for scheme in Scheme::ALL {
            let mut other = claim.clone();
            other.scheme = scheme;
            let legacy = |scheme| matches!(scheme, Scheme::SignMessage | Scheme::Bip137);
            // BIP-137 keeps the legacy form for P2PKH addresses.
            let same = scheme == claim.scheme || (legacy(scheme) && legacy(claim.scheme));
            if !same {
                assert!(other.verify().is_err(), "{} as {scheme}", claim.scheme);
            }
        }
    }
}

#[test]
fn s_06_headers_of_other_address_types_are_refused() {
    use base64ct::{Base64, Encoding};
    let claim = first(Scheme::Bip137);
    let bytes = Base64::decode_vec(&claim.signatures[0]).unwrap();
    for header in 0..=255_u8 {
        let mut other = claim.clone();
        let changed = [&[header][..], &bytes[1..]].concat();
        other.signatures = vec![Base64::encode_string(&changed)];
        assert_eq!(other.verify().is_ok(), header == bytes[0], "{header}");
        if !(27..=34).contains(&header) {
            let expected = OwnershipError::HeaderByte { found: header };
            assert_eq!(other.verify(), Err(expected));
        }
    }
}

#[test]
fn s_06_multisig_needs_its_threshold_of_distinct_keys() {
    let claim = first(Scheme::MultisigSignMessage);
    let with = |signatures: &[usize]| {
        let mut other = claim.clone();
        other.signatures = signatures
            .iter()
            .map(|index| claim.signatures[*index].clone())
            .collect();
        other.verify().map_err(|error| error.code())
    };
    assert_eq!(with(&[0, 1]), Ok(()));
    assert_eq!(with(&[1, 0]), Ok(()));
    assert_eq!(with(&[]), Err("threshold-missed"));
    assert_eq!(with(&[0]), Err("threshold-missed"));
    assert_eq!(with(&[0, 0]), Err("signer-repeated"));
    assert_eq!(with(&[0, 1, 0]), Err("signer-repeated"));
    assert_eq!(with(&[0, 1, 0, 1]), Err("threshold-missed"));

    let mut other = claim.clone();
    other.script = None;
    assert_eq!(other.verify().unwrap_err().code(), "member-missing");
    // One of three: the address is the hash of two of three.
    other.script = claim.script.clone();
    other.script.as_mut().unwrap()[0] = 0x51;
    assert_eq!(other.verify(), Err(OwnershipError::ScriptOther));
}

#[test]
fn members_that_a_scheme_ignores_are_refused() {
    let mut claim = first(Scheme::Eip191);
    claim.frame = Some(vec![1]);
    assert_eq!(claim.verify().unwrap_err().code(), "member-unexpected");
    claim.frame = None;
    claim.script = Some(vec![1]);
    assert_eq!(claim.verify().unwrap_err().code(), "member-unexpected");
}

/// Scripts with a time lock are not supported: coins that nobody can move yet would count as free.
#[test]
fn b_06_coins_under_a_time_lock_are_undecided() {
    let mut claim = first(Scheme::MultisigSignMessage);
    let plain = claim.script.clone().unwrap();
    // <block 2,000,000> CHECKLOCKTIMEVERIFY DROP, and the same for a number of blocks.
    for lock in [
        &[3, 0x80, 0x84, 0x1e, 0xb1, 0x75][..],
        &[2, 0x90, 0x00, 0xb2, 0x75],
    ] {
        let script = [lock, &plain].concat();
        let hash = Ripemd160::digest(Sha256::digest(&script));
        let payload = [&[5][..], &hash].concat();
        let check = Sha256::digest(Sha256::digest(&payload));
        claim.network = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
        claim.address = bs58::encode([&payload[..], &check[..4]].concat()).into_string();
        claim.script = Some(script);
        assert_eq!(claim.verify(), Err(OwnershipError::ScriptUnsupported));
    }
}

#[test]
fn s_09_every_cut_or_longer_frame_is_refused() {
    let mut seen = BTreeSet::new();
    for claim in wallets() {
        let Some(frame) = claim.frame.clone() else {
            continue;
        };
        seen.insert(claim.scheme.as_str());
        for length in 0..frame.len() {
            let mut cut = claim.clone();
            cut.frame = Some(frame[..length].to_vec());
            assert!(cut.verify().is_err());
        }
        let mut longer = claim.clone();
        longer.frame.as_mut().unwrap().push(0);
        assert!(longer.verify().is_err());
    }
    assert_eq!(seen, BTreeSet::from(["solana-offchain"]));
}

/// Keys that "sign" everything: the identity and the other points of small order, in all their encodings.
#[test]
fn s_05_low_order_ed25519_keys_are_refused() {
    let keys = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    // R = the identity and S = 0 fit the lax equation for every message.
    let signature = format!("01{}", "00".repeat(63));
    for key in keys {
        let claim = Owned {
            network: SOLANA.parse().unwrap(),
            scheme: Scheme::Solana,
            address: bs58::encode(hex::decode(key).unwrap()).into_string(),
            message: b"anything".to_vec(),
            signatures: vec![signature.clone()],
            script: None,
            public_key: None,
            frame: None,
        };
        assert_eq!(
            claim.verify(),
            Err(OwnershipError::PublicKeyMalformed),
            "{key}"
        );
    }
}

/// The corner cases of Ed25519 by C2SP: what passes is exactly what has no component, key or encoding that could be
/// read in two ways.
#[test]
fn s_05_cctv_ed25519() {
    let vectors: Vec<Value> = serde_json::from_str(CCTV).unwrap();
    let mut passed = 0;
    for vector in &vectors {
        let flags: Vec<&str> = vector["flags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let claim = Owned {
            network: SOLANA.parse().unwrap(),
            scheme: Scheme::Solana,
            address: bs58::encode(hex::decode(vector["key"].as_str().unwrap()).unwrap())
                .into_string(),
            message: vector["msg"].as_str().unwrap().into(),
            signatures: vec![vector["sig"].as_str().unwrap().into()],
            script: None,
            public_key: None,
            frame: None,
        };
        let refused = [
            "low_order_A",
            "low_order_R",
            "low_order_residue",
            "non_canonical_A",
            "non_canonical_R",
        ];
        let sound = !flags.iter().any(|flag| refused.contains(flag));
        assert_eq!(claim.verify().is_ok(), sound, "{vector}");
        passed += usize::from(sound);
    }
    assert_eq!(vectors.len(), 914);
    assert!(passed > 0);
}

#[test]
fn s_05_wycheproof_ed25519() {
    let file: Value = serde_json::from_str(ED25519).unwrap();
    let mut seen = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let key = hex::decode(group["publicKey"]["pk"].as_str().unwrap()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let claim = Owned {
                network: SOLANA.parse().unwrap(),
                scheme: Scheme::Solana,
                address: bs58::encode(&key).into_string(),
                message: hex::decode(test["msg"].as_str().unwrap()).unwrap(),
                signatures: vec![test["sig"].as_str().unwrap().into()],
                script: None,
                public_key: None,
                frame: None,
            };
            assert_eq!(claim.verify().is_ok(), test["result"] == "valid", "{test}");
            seen += 1;
        }
    }
    assert_eq!(seen, file["numberOfTests"].as_u64().unwrap());
}

#[test]
fn no_damage_to_a_claim_panics_or_passes() {
    for scheme in Scheme::ALL {
        if is_elsewhere(scheme) {
            continue;
        }
        let claim = first(scheme);
        let text = claim.signatures[0].clone();
        for place in 0..text.len() {
            for symbol in ["0", "A", "=", "é", ""] {
                let mut other = claim.clone();
                let changed = format!("{}{symbol}{}", &text[..place], &text[place + 1..]);
                // Hex has two spellings of a letter.
                let one_case = matches!(
                    scheme,
                    Scheme::Xrpl | Scheme::Cip8 | Scheme::Ed25519Prefixed | Scheme::EcdsaPrefixed
                );
                let same = changed.eq_ignore_ascii_case(&text) && text.len() > 100 && !one_case;
                other.signatures[0].clone_from(&changed);
                assert!(
                    same || changed == text || other.verify().is_err(),
                    "{scheme} {changed}"
                );
            }
        }
    }
}
