//! Claims on the XRP Ledger, Cosmos, Cardano and Bitcoin's relatives, made by their libraries and damaged here.

use base64ct::{Base64, Encoding};
use blake2::Blake2b;
use blake2::digest::consts::U28;
use por_protocol::ownership::{Address, Claim, Message, Network, OwnershipError, Scheme};
use serde_json::Value;
use sha2::Digest as _;

const CLAIMS: &str = include_str!("../../fixtures/ownership/other-chains/claims.json");
const CARDANO: &str = "cip34:1-764824073";
const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";

/// Half the order of secp256k1 lies below this; `n − s` is the twin of `s`.
const N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

/// The identity: as a key it "signs" every message with R = itself and S = 0.
const IDENTITY: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

#[derive(Clone, Debug)]
struct Owned {
    network: String,
    scheme: Scheme,
    address: String,
    message: Vec<u8>,
    signature: String,
    public_key: Option<Vec<u8>>,
}

impl Owned {
    fn verify(&self) -> Result<(), OwnershipError> {
        let network: Network = self.network.parse()?;
        let address = Address::parse(&network, &self.address)?;
        Claim {
            public_key: self.public_key.as_deref(),
            ..Claim::new(
                self.scheme,
                &address,
                Message::Bytes(&self.message),
                &[&self.signature],
            )
        }
        .verify()
    }

    fn code(&self) -> &'static str {
        self.verify().map_or_else(|error| error.code(), |()| "ok")
    }
}

/// All claims of one signature by one scheme, except those over an empty message.
fn claims(scheme: Scheme) -> Vec<Owned> {
    let claims: Vec<Value> = serde_json::from_str(CLAIMS).unwrap();
    let text = |claim: &Value, key: &str| claim[key].as_str().map(String::from);
    let found: Vec<Owned> = claims
        .iter()
        .filter(|claim| claim["scheme"] == scheme.as_str() && claim["message"] != "")
        .map(|claim| Owned {
            network: text(claim, "network").unwrap(),
            scheme,
            address: text(claim, "address").unwrap(),
            message: text(claim, "message").unwrap().into_bytes(),
            signature: claim["signatures"][0].as_str().unwrap().into(),
            public_key: text(claim, "public_key").map(|text| hex::decode(text).unwrap()),
        })
        .collect();
    assert!(!found.is_empty(), "{scheme}");
    found
}

fn first(scheme: Scheme) -> Owned {
    claims(scheme).remove(0)
}

fn xrpl(ed25519: bool) -> Owned {
    let mut all = claims(Scheme::Xrpl).into_iter();
    all.find(|claim| (claim.public_key.as_ref().unwrap()[0] == 0xed) == ed25519)
        .unwrap()
}

const KEYED: [Scheme; 4] = [
    Scheme::Xrpl,
    Scheme::Adr36,
    Scheme::Cip8,
    Scheme::Ed25519Prefixed,
];

/// `n − s`, big-endian.
fn high(s: &[u8]) -> Vec<u8> {
    let mut borrow = 0_i16;
    let mut twin = hex::decode(N).unwrap();
    for (digit, less) in twin.iter_mut().zip(s).rev() {
        let difference = i16::from(*digit) - i16::from(*less) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256) as u8;
    }
    twin
}

fn blake2b_224(data: &[u8]) -> [u8; 28] {
    Blake2b::<U28>::digest(data).into()
}

#[test]
fn s_03_high_s_is_refused_on_every_chain() {
    let mut claim = first(Scheme::Adr36);
    let bytes = Base64::decode_vec(&claim.signature).unwrap();
    claim.signature = Base64::encode_string(&[&bytes[..32], &high(&bytes[32..])].concat());
    assert_eq!(claim.code(), "high-s");

    let mut claim = first(Scheme::EcdsaPrefixed);
    let bytes = hex::decode(&claim.signature[2..]).unwrap();
    let twin = [&bytes[..32], &high(&bytes[32..64]), &[55 - bytes[64]]].concat();
    claim.signature = format!("0x{}", hex::encode(twin));
    assert_eq!(claim.code(), "high-s");
    for v in [0, 1, 26, 29, 31, 255] {
        let other = [&bytes[..64], &[v]].concat();
        claim.signature = format!("0x{}", hex::encode(other));
        assert_eq!(claim.code(), "recovery-byte");
    }

    let mut claim = xrpl(false);
    let der = hex::decode(&claim.signature).unwrap();
    let s = &der[der.len() - 32..];
    assert_eq!(der[der.len() - 33], 32, "the fixture's s has 32 bytes");
    let twin = [&der[..der.len() - 33], &[33, 0], &high(s)].concat();
    let mut twin = twin;
    twin[1] += 1;
    claim.signature = hex::encode_upper(twin);
    assert_eq!(claim.code(), "high-s");
}

#[test]
fn s_03_zero_scalars_are_refused() {
    let mut claim = first(Scheme::Adr36);
    claim.signature = Base64::encode_string(&[0; 64]);
    assert_eq!(claim.code(), "scalar-out-of-range");
    let mut claim = xrpl(false);
    claim.signature = "3006020100020101".into();
    assert_eq!(claim.code(), "scalar-out-of-range");
}

#[test]
fn s_05_a_key_of_small_order_signs_for_no_chain() {
    let everything = [IDENTITY.as_slice(), &[0; 32]].concat();
    let mut claim = xrpl(true);
    claim.public_key = Some([&[0xed], IDENTITY.as_slice()].concat());
    claim.signature = hex::encode_upper(&everything);
    assert_eq!(claim.code(), "public-key-malformed");

    // Addresses that are those of the key, so that the key is all that is wrong.
    let payload = [&[0x61], blake2b_224(&IDENTITY).as_slice()].concat();
    let address =
        bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("addr").unwrap(), &payload).unwrap();
    let prefixed = |network: &str, address: String| Owned {
        network: network.into(),
        scheme: Scheme::Ed25519Prefixed,
        address,
        message: b"anything".to_vec(),
        signature: format!("0x{}", hex::encode(&everything)),
        public_key: Some(IDENTITY.to_vec()),
    };
    let solana = bs58::encode(IDENTITY).into_string();
    assert_eq!(prefixed(SOLANA, solana).code(), "public-key-malformed");
    let mut claim = prefixed(CARDANO, address);
    assert_eq!(claim.code(), "public-key-malformed");

    claim.scheme = Scheme::Cip8;
    let header = [
        hex::decode("a201276761646472657373581d").unwrap(),
        payload.clone(),
    ]
    .concat();
    let length = [0x84, 0x58, u8::try_from(header.len()).unwrap()];
    let tail = hex::decode("a166686173686564f4").unwrap();
    let message = [&[0x48], claim.message.as_slice()].concat();
    let sign1 = [
        &length,
        header.as_slice(),
        &tail,
        &message,
        &[0x58, 64],
        &everything,
    ]
    .concat();
    claim.signature = hex::encode(sign1);
    let key = hex::decode("a401010327200621 5820".replace(' ', "")).unwrap();
    claim.public_key = Some([key, IDENTITY.to_vec()].concat());
    assert_eq!(claim.code(), "public-key-malformed");
}

#[test]
fn s_06_another_key_of_an_xrpl_account_needs_the_ledger() {
    let all = claims(Scheme::Xrpl);
    let mut claim = all[0].clone();
    let other = all.iter().find(|other| other.address != claim.address);
    claim.address.clone_from(&other.unwrap().address);
    let error = claim.verify().unwrap_err();
    assert_eq!(error.code(), "key-needs-ledger");
    assert!(error.is_undecided());
    // A signature that does not hold is refuted, whatever the ledger says.
    claim.message.push(b'!');
    assert_eq!(claim.code(), "signature-false");
}

#[test]
fn s_07_keys_of_another_chain_or_prefix_do_not_speak() {
    for claim in claims(Scheme::Adr36) {
        for other in claims(Scheme::Adr36) {
            let mut moved = claim.clone();
            moved.network.clone_from(&other.network);
            if moved.network != claim.network {
                assert_eq!(moved.code(), "address-of-other-network");
                // The same key, but the document names another signer.
                moved.address.clone_from(&other.address);
                assert!(moved.verify().is_err());
            }
        }
    }
    let mut claim = first(Scheme::Cip8);
    assert_eq!(claim.network, CARDANO);
    claim.network = "cip34:0-1".into();
    assert_eq!(claim.code(), "address-of-other-network");
    let test = claims(Scheme::Cip8)
        .into_iter()
        .find(|other| other.network == claim.network && other.public_key == claim.public_key);
    claim.address = test.unwrap().address;
    assert_eq!(claim.code(), "cose-other");
}

/// One key stands behind all of them, but each coin's message begins with a text of its own.
#[test]
fn s_07_signed_messages_of_other_coins_are_refused() {
    let of = |network: &str| {
        claims(Scheme::SignMessage)
            .into_iter()
            .filter(|claim| claim.network.starts_with(network))
            .collect::<Vec<_>>()
    };
    let coins = [
        "bip122:12a765e31ffd4059bada1e25190f6e98",
        "bip122:1a91e3dace36e2be3bf030a65679fe82",
        "bip122:00000ffd590b1485b3caadc19b22e637",
        "bip122:000000000000000000651ef99cb9fcbe",
    ];
    for (one, other) in coins.iter().flat_map(|one| coins.map(|other| (one, other))) {
        for (claim, elsewhere) in of(one).into_iter().zip(of(other)) {
            assert_eq!(claim.message, elsewhere.message);
            let mut moved = claim.clone();
            moved.network.clone_from(&elsewhere.network);
            moved.address.clone_from(&elsewhere.address);
            let expected = if *one == other { "ok" } else { "wrong-signer" };
            assert_eq!(moved.code(), expected, "{one} {other}");
        }
    }
}

#[test]
fn s_09_every_cut_or_longer_signature_and_key_is_refused() {
    for scheme in Scheme::ALL {
        let new = KEYED.contains(&scheme) || scheme == Scheme::EcdsaPrefixed;
        if !new {
            continue;
        }
        let claim = first(scheme);
        assert_eq!(claim.code(), "ok");
        for length in 0..claim.signature.len() {
            let mut cut = claim.clone();
            cut.signature.truncate(length);
            assert!(cut.verify().is_err(), "{scheme} {length}");
        }
        for more in ["0", "00", "=", " ", "\n", "AAAA"] {
            let mut longer = claim.clone();
            longer.signature.push_str(more);
            assert!(longer.verify().is_err(), "{scheme} {more:?}");
        }
        let Some(key) = claim.public_key.clone() else {
            continue;
        };
        for length in 0..key.len() {
            let mut cut = claim.clone();
            cut.public_key = Some(key[..length].to_vec());
            assert!(cut.verify().is_err(), "{scheme} {length}");
            let mut flipped = claim.clone();
            flipped.public_key.as_mut().unwrap()[length] ^= 1;
            assert!(flipped.verify().is_err(), "{scheme} {length}");
        }
        let mut longer = claim.clone();
        longer.public_key.as_mut().unwrap().push(0);
        assert!(longer.verify().is_err());
        longer.public_key = None;
        assert_eq!(longer.code(), "member-missing");
    }
}

#[test]
fn s_09_hex_has_one_case_and_base64_one_form() {
    for (scheme, upper) in [
        (Scheme::Xrpl, true),
        (Scheme::Cip8, false),
        (Scheme::Ed25519Prefixed, false),
        (Scheme::EcdsaPrefixed, false),
    ] {
        let mut claim = first(scheme);
        claim.signature = if upper {
            claim.signature.to_lowercase()
        } else {
            claim.signature.to_uppercase().replace("0X", "0x")
        };
        assert_eq!(claim.code(), "signature-encoding", "{scheme}");
    }
    let mut claim = first(Scheme::Adr36);
    claim.signature = claim.signature.trim_end_matches('=').into();
    assert_eq!(claim.code(), "signature-encoding");
}

/// The uncompressed key has another hash, but the curve's point would be the same.
#[test]
fn s_09_public_keys_are_compressed() {
    for scheme in [Scheme::Adr36, Scheme::Xrpl] {
        let mut claim = first(scheme);
        let key = k256::PublicKey::from_sec1_bytes(claim.public_key.as_ref().unwrap()).unwrap();
        use k256::elliptic_curve::sec1::ToEncodedPoint;
        claim.public_key = Some(key.to_encoded_point(false).as_bytes().to_vec());
        assert_eq!(claim.code(), "public-key-malformed");
    }
}

/// The unprotected header is nobody's word: whatever is changed there must not pass.
#[test]
fn s_09_cose_has_one_encoding() {
    let claim = first(Scheme::Cip8);
    let header = "a166686173686564f4";
    assert!(claim.signature.contains(header));
    for (from, to, code) in [
        (header, "a166686173686564f5", "cose-other"),
        (header, "a0", "cbor-malformed"),
        (header, "a166686173686564f6", "cbor-malformed"),
        (header, "a166686173686564f40141", "cbor-malformed"),
        (header, "a266686173686564f40141ff", "cose-other"),
        (header, "bf66686173686564f4ff", "cbor-malformed"),
        (header, "b80166686173686564f4", "cbor-malformed"),
        ("84", "d284", "cbor-malformed"),
        ("84", "9f", "cbor-malformed"),
        ("84", "85", "cbor-malformed"),
        ("8458", "8459 00", "cbor-malformed"),
        ("a20127", "a20126", "cose-other"),
        ("a20127", "a201186b", "cbor-malformed"),
    ] {
        let mut other = claim.clone();
        other.signature = claim.signature.replacen(from, &to.replace(' ', ""), 1);
        assert_ne!(other.signature, claim.signature);
        assert!(other.verify().is_err(), "{to}");
        if to != "a0" && !to.starts_with("a201") {
            assert_eq!(other.code(), code, "{from} {to}");
        }
    }
    let key = hex::encode(claim.public_key.as_ref().unwrap());
    for (from, to) in [
        ("a40101", "a40102"),      // not an octet key pair
        ("a40101", "a30101"),      // one pair less than there is
        ("a40101", "a5010101 01"), // one twice
        ("0327", "0326"),          // another algorithm
        ("2006", "2004"),          // another curve
        ("215820", "21590020"),    // a longer length
    ] {
        let mut other = claim.clone();
        let changed = key.replacen(from, &to.replace(' ', ""), 1);
        assert_ne!(changed, key, "{from}");
        other.public_key = Some(hex::decode(changed).unwrap());
        assert!(other.verify().is_err(), "{to}");
    }
}

#[test]
fn s_10_transactions_are_no_messages() {
    let mut claim = xrpl(false);
    for prefix in ["STX\0", "SMT\0", "CLM\0"] {
        claim.message = [prefix.as_bytes(), b"body"].concat();
        assert_eq!(claim.code(), "message-kind");
    }
}

/// The same bytes would be signed as a message of their own.
#[test]
fn s_10_a_prefixed_message_is_no_raw_one() {
    let claim = Owned {
        network: SOLANA.into(),
        scheme: Scheme::Solana,
        address: bs58::encode([7; 32]).into_string(),
        message: b"\x14OKX Signed Message:\n\x01x".to_vec(),
        signature: bs58::encode([7; 64]).into_string(),
        public_key: None,
    };
    assert_eq!(claim.code(), "message-kind");
}

#[test]
fn s_10_the_payload_and_its_hash_are_two_messages() {
    let hashed = claims(Scheme::Cip8)
        .into_iter()
        .find(|claim| claim.signature.contains("a166686173686564f5"))
        .unwrap();
    assert_eq!(hashed.code(), "ok");
    // The digest that was signed is not itself the message.
    let mut digest = hashed.clone();
    digest.message = blake2b_224(&hashed.message).to_vec();
    assert_eq!(digest.code(), "cose-other");
    // Unless somebody says so, which is the known reading of these bytes: the flag is unsigned, and CIP-8 leaves it so.
    digest.signature = hashed
        .signature
        .replacen("a166686173686564f5", "a166686173686564f4", 1);
    assert_eq!(digest.code(), "ok");
}

#[test]
fn s_12_two_spellings_are_one_address() {
    let cash = "bip122:000000000000000000651ef99cb9fcbe";
    let pairs = [
        (
            cash,
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        ),
        (
            cash,
            "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC",
            "ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
        ),
        (
            "cosmos:cosmoshub-4",
            "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6",
            "COSMOS1PKPTRE7FDKL6GFRZLESJJVHXHLC3R4GMMK8RS6",
        ),
    ];
    for (network, one, two) in pairs {
        let network = network.parse().unwrap();
        assert_eq!(
            Address::parse(&network, one).unwrap(),
            Address::parse(&network, two).unwrap()
        );
    }
}

/// Known answers that others publish: ripple-keypairs (`test/fixtures/api.json`) and cardano-signer (README, "CIP-8 / CIP-30
/// mode", also the test of two other verifiers).
#[test]
fn published_signatures_are_accepted() {
    for (network, scheme, address, message, signature, public_key) in [
        (
            "xrpl:0",
            Scheme::Xrpl,
            "rU6K7V3Po4snVhBBaU29sesqs2qTQJWDw1",
            "test message",
            "30440220583A91C95E54E6A651C47BEC22744E0B101E2C4060E7B08F6341657DAD9BC3EE02207D1489C7395DB0188D3A56A977ECBA54B36FA9371B40319655B1B4429E33EF2D",
            "030D58EB48B4420B1F7B9DF55087E0E29FEF0E8468F9A6825B01CA2C361042D435",
        ),
        (
            "xrpl:0",
            Scheme::Xrpl,
            "rLUEXYuLiQptky37CqLcm9USQpPiz5rkpD",
            "test message",
            "CB199E1BFD4E3DAA105E4832EEDFA36413E1F44205E4EFB9E27E826044C21E3E2E848BBC8195E8959BADF887599B7310AD1B7047EF11B682E0D068F73749750E",
            "ED01FA53FA5A7E77798F882ECE20B1ABC00BB358A9E55A202D0D0676BD0CE37A63",
        ),
        (
            CARDANO,
            Scheme::Cip8,
            "addr1v9ux8dwy800s5pnq327g9uzh8f2fw98ldytxqaxumh3e8kqumfr6d",
            "Hello world",
            "84582aa201276761646472657373581d617863b5c43bdf0a06608abc82f0573a549714ff69166074dcdde393d8a166686173686564f44b48656c6c6f20776f726c645840fc58155f0cee05bc00e7299af1df1f159ac82a46a055786b259657934eff346eec81349d4678ceabc79f213c66a2bdbfd4ea5d9ebdc630bee5ac9cce75cfc001",
            "a4010103272006215820755b017578b701dc9ddd4eaee67015b4ca8baf66293b7b1d204df426c0ceccb9",
        ),
        (
            "cip34:0-1",
            Scheme::Cip8,
            "addr_test1qzpe72uycanzj8t6ufryj556wwc97v4v7jmk7u0q43hl4fwwwlnurtju4fwgk5ja34zhu434hpykn4y8skcsw2sshygqwfe2qk",
            "A test message from JS",
            "845846a201276761646472657373583900839f2b84c766291d7ae24649529a73b05f32acf4b76f71e0ac6ffaa5ce77e7c1ae5caa5c8b525d8d457e5635b84969d48785b1072a10b910a166686173686564f456412074657374206d6573736167652066726f6d204a535840c236a5008fe4c5207b2567ed57b6d784716f61f7b0f8a6d72a01306497bbdf0142d0be941db2f31d18ac34021323f239f481373bd54e1b49c12d8f231c165008",
            "a401010327200621582062ed9a163e31c41523248928b311800a50cf93b26fc4bf31993e0acc508f6cb0",
        ),
    ] {
        let claim = Owned {
            network: network.into(),
            scheme,
            address: address.into(),
            message: message.as_bytes().to_vec(),
            signature: signature.into(),
            public_key: Some(hex::decode(public_key).unwrap()),
        };
        assert_eq!(claim.code(), "ok", "{address}");
    }
}
