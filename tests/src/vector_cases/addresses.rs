//! Challenges, and the signatures over them.

use std::collections::BTreeSet;

use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{BitcoinChain, EvmChainId};

use super::Cases;

const HEADER: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";
const TESTNET: &str = "bip122:000000000933ea01ad0ee984209779ba";
const ADDRESS: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

pub(super) fn add(cases: &mut Cases) {
    challenges(cases);
    signatures(cases);
    wallets(cases);
    published(cases);
}

fn challenges(cases: &mut Cases) {
    let block = HEADER.trim_end();
    let easy = format!("{}ffff001d{}", &block[..144], &block[152..]);
    let text = "por/challenge/v1\nProof of control, not a transaction\nentity: Sample Exchange\nlog origin: sample.example/por\nnetwork: bip122:000000000019d6689c085ae165831e93\naddress: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\nbitcoin block: 00000000000000000001274482b7345f902d2a5e022d7bb531a204ba24589c74\nbitcoin block time: 2026-09-25T16:28:31Z\nnonce: 5eed";
    let honest = [
        ("entity", "Sample Exchange"),
        ("log_origin", "sample.example/por"),
        ("block", block),
        ("nonce", "5eed"),
        ("network", BITCOIN),
        ("address", ADDRESS),
    ];
    let description = "The exact text that the address signs.";
    cases
        .add("challenge", "honest", description, &honest, "ok")
        .giving("text", text);
    for (case, description, name, value, expect) in [
        (
            "two-lines",
            "An entity that brings a line of its own.",
            "entity",
            "E\nnonce: 00",
            "entity-malformed",
        ),
        (
            "reversed-text",
            "An entity with a right-to-left override.",
            "entity",
            "E\u{202e}F",
            "entity-malformed",
        ),
        (
            "origin-with-space",
            "A log origin with a space.",
            "log_origin",
            "a b",
            "log-origin-malformed",
        ),
        (
            "capital-nonce",
            "A nonce in capitals: it has one spelling.",
            "nonce",
            "5EED",
            "nonce-malformed",
        ),
        (
            "empty-nonce",
            "An absent nonce is written `none`.",
            "nonce",
            "",
            "nonce-malformed",
        ),
        (
            "short-header",
            "A header of 79 bytes.",
            "block",
            &block[2..],
            "header-length",
        ),
        (
            "no-work",
            "A header with one bit changed has no work.",
            "block",
            &block.replacen("00", "01", 1),
            "work-missing",
        ),
        (
            "easy-work",
            "A header that states an easy target: anybody could make such blocks.",
            "block",
            &easy,
            "work-below-floor",
        ),
        (
            "other-network",
            "A main-network address on a test network.",
            "network",
            TESTNET,
            "address-of-other-network",
        ),
        (
            "unknown-network",
            "A chain that this version does not know.",
            "network",
            "ton:-239",
            "network-unsupported",
        ),
        (
            "not-an-address",
            "An address with one letter changed.",
            "address",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "address-malformed",
        ),
    ] {
        let mut input = honest.to_vec();
        for place in &mut input {
            if place.0 == name {
                place.1 = value;
            }
        }
        cases.add("challenge", case, description, &input, expect);
    }
}

fn signatures(cases: &mut Cases) {
    let key = SampleKey::from_secret(&[7; 32]).expect("a secret");
    let other = SampleKey::from_secret(&[8; 32]).expect("a secret");
    let chain = EvmChainId::new(1).expect("not zero");
    let message = "por/challenge/v1\nsample";
    let bytes = message.as_bytes();
    let sign = |signature: Result<String, _>| signature.expect("a key signs");
    let evm = key.evm_address(chain).expect("an address");
    let p2wpkh = key
        .p2wpkh_address(BitcoinChain::Mainnet)
        .expect("an address");
    let p2tr = key.p2tr_address(BitcoinChain::Mainnet).expect("an address");
    let eip191 = sign(key.sign_eip191(bytes));
    let wpkh = sign(key.sign_bip322_p2wpkh(bytes));
    let tr = sign(key.sign_bip322_p2tr(bytes));
    let zero_one = format!(
        "{}{:02x}",
        &eip191[..130],
        u8::from_str_radix(&eip191[130..], 16).expect("hex") - 27
    );
    let (twice, capital) = (format!("{eip191}\n{eip191}"), eip191.replace("0x", "0X"));
    let shorter = &eip191[..130];
    let (evm, p2wpkh, p2tr) = (evm.as_str(), p2wpkh.as_str(), p2tr.as_str());
    let (other_evm, other_wpkh) = (
        sign(other.sign_eip191(bytes)),
        sign(other.sign_bip322_p2wpkh(bytes)),
    );
    let (other_tr, longer) = (
        sign(other.sign_bip322_p2tr(bytes)),
        sign(key.sign_eip191(b"other")),
    );
    let (full, bare) = (wpkh.replacen("smp", "ful", 1), wpkh.replacen("smp", "", 1));
    let taproot_annex = "smpAgFQAVA=";
    let ethereum = "eip155:1";
    for (case, description, network, address, scheme, signatures, expect) in [
        (
            "eip191",
            "An Ethereum account.",
            ethereum,
            evm,
            "eip191",
            eip191.as_str(),
            "ok",
        ),
        (
            "eip191-other-key",
            "Signed by another key.",
            ethereum,
            evm,
            "eip191",
            &other_evm,
            "wrong-signer",
        ),
        (
            "eip191-other-message",
            "Signed for another message.",
            ethereum,
            evm,
            "eip191",
            &longer,
            "wrong-signer",
        ),
        (
            "eip191-recovery-0-or-1",
            "A recovery byte of 0 or 1: a second form of one signature.",
            ethereum,
            evm,
            "eip191",
            &zero_one,
            "recovery-byte",
        ),
        (
            "eip191-64-bytes",
            "No recovery byte.",
            ethereum,
            evm,
            "eip191",
            shorter,
            "signature-length",
        ),
        (
            "eip191-capital-x",
            "Hex that begins with 0X.",
            ethereum,
            evm,
            "eip191",
            &capital,
            "signature-encoding",
        ),
        (
            "eip191-two",
            "Two signatures where one is asked for.",
            ethereum,
            evm,
            "eip191",
            &twice,
            "signature-count",
        ),
        (
            "eip191-none",
            "No signature.",
            ethereum,
            evm,
            "eip191",
            "",
            "signature-count",
        ),
        (
            "eip191-on-bitcoin",
            "A scheme that does not exist on this network.",
            BITCOIN,
            p2wpkh,
            "eip191",
            &eip191,
            "scheme-not-for-network",
        ),
        (
            "unknown-scheme",
            "A scheme that this version does not know is never guessed.",
            ethereum,
            evm,
            "eip6492",
            &eip191,
            "scheme-unsupported",
        ),
        (
            "zero-address",
            "The zero address, which failed recoveries give elsewhere.",
            ethereum,
            "0x0000000000000000000000000000000000000000",
            "eip191",
            &eip191,
            "address-zero",
        ),
        (
            "bip322-p2wpkh",
            "A P2WPKH address.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            &wpkh,
            "ok",
        ),
        (
            "bip322-p2wpkh-no-prefix",
            "The older text without its prefix.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            &bare,
            "ok",
        ),
        (
            "bip322-p2tr",
            "A P2TR address by key path.",
            BITCOIN,
            p2tr,
            "bip322-simple",
            &tr,
            "ok",
        ),
        (
            "bip322-p2wpkh-other-key",
            "The witness shows another key.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            &other_wpkh,
            "wrong-signer",
        ),
        (
            "bip322-p2tr-other-key",
            "A Taproot signature by another key.",
            BITCOIN,
            p2tr,
            "bip322-simple",
            &other_tr,
            "signature-false",
        ),
        (
            "bip322-full",
            "The full variant under the name of the simple one.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            &full,
            "signature-variant",
        ),
        (
            "bip322-p2tr-two-elements",
            "A script path or annex is undecided, never passed.",
            BITCOIN,
            p2tr,
            "bip322-simple",
            taproot_annex,
            "witness-unsupported",
        ),
        (
            "bip322-p2wpkh-of-p2tr",
            "A Taproot witness for a P2WPKH address.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            &tr,
            "witness-elements",
        ),
        (
            "bip322-not-base64",
            "Not base64.",
            BITCOIN,
            p2wpkh,
            "bip322-simple",
            "smp!",
            "signature-encoding",
        ),
        (
            "bip322-p2sh",
            "The simple form has no room for the script that P2SH asks for.",
            BITCOIN,
            "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
            "bip322-simple",
            &wpkh,
            "scheme-not-for-address",
        ),
    ] {
        let input = [
            ("network", network),
            ("address", address),
            ("scheme", scheme),
            ("message", message),
            ("signatures", signatures),
        ];
        cases.add("ownership", case, description, &input, expect);
    }
}

/// What wallets' and chains' libraries signed, and the same with one thing wrong: `fixtures/ownership`.
fn wallets(cases: &mut Cases) {
    let mut claims: Vec<serde_json::Value> = Vec::new();
    for file in [
        include_str!("../../../fixtures/ownership/wallets.json"),
        include_str!("../../../fixtures/ownership/other-chains/claims.json"),
    ] {
        claims.extend(
            serde_json::from_str::<Vec<serde_json::Value>>(file).expect("the fixture is JSON"),
        );
    }
    let text =
        |claim: &serde_json::Value, key: &str| claim[key].as_str().unwrap_or_default().to_string();
    let mut networks = BTreeSet::new();
    for claim in &claims {
        let (scheme, network) = (text(claim, "scheme"), text(claim, "network"));
        // Typed data of any type is encoded by the native program, which hands the verifier two structs.
        if scheme == "eip712" || text(claim, "message").is_empty() {
            continue;
        }
        // One claim of each scheme on each network; the first network of a scheme is not named.
        let first = !networks.iter().any(|(other, _)| *other == scheme);
        if !networks.insert((scheme.clone(), network.clone())) {
            continue;
        }
        let other_message = match scheme.as_str() {
            "multisig-signmessage" => "signer-unknown",
            "bip322-simple" | "solana" | "xrpl" | "adr36" | "ed25519-prefixed" => "signature-false",
            "solana-offchain" => "frame-other-message",
            "cip8" => "cose-other",
            _ => "wrong-signer",
        };
        let name = match chain_name(&network) {
            Some(chain) if !first => format!("{scheme}-{chain}"),
            _ if first => scheme.clone(),
            _ => format!("{scheme}-{}", network.replace(':', "-")),
        };
        let signatures: Vec<&str> = claim["signatures"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect();
        let address = text(claim, "address");
        let (message, signatures) = (text(claim, "message"), signatures.join("\n"));
        let (script, frame) = (text(claim, "script"), text(claim, "frame"));
        let public_key = text(claim, "public_key");
        let by = text(claim, "by");
        for (case, description, message, expect) in [
            (
                format!("wallet-{name}"),
                format!("Signed by {by}."),
                message.clone(),
                "ok",
            ),
            (
                format!("wallet-{name}-other-message"),
                format!("Signed by {by}, for a text without the last character."),
                message[..message.len() - 1].to_string(),
                other_message,
            ),
        ] {
            let mut input = vec![
                ("network", network.as_str()),
                ("address", &address),
                ("scheme", &scheme),
                ("message", &message),
                ("signatures", &signatures),
            ];
            let members = [
                ("script", script.as_str()),
                ("frame", &frame),
                ("public_key", &public_key),
            ];
            input.extend(members.into_iter().filter(|(_, value)| !value.is_empty()));
            cases.add("ownership", &case, &description, &input, expect);
        }
    }
}

/// Names in the cases' own.
fn chain_name(network: &str) -> Option<&'static str> {
    Some(match network {
        "bip122:000000000000000000651ef99cb9fcbe" => "bitcoin-cash",
        "bip122:00000ffd590b1485b3caadc19b22e637" => "dash",
        "bip122:12a765e31ffd4059bada1e25190f6e98" => "litecoin",
        "bip122:1a91e3dace36e2be3bf030a65679fe82" => "dogecoin",
        "bip122:00000000da84f2bafbbc53dee25a72ae" => "testnet4",
        "bip122:0f9188f13cb7b2c71f2a335e3a4fc328" => "regtest",
        _ => return None,
    })
}

/// Chains of which no library's claims are here: what the largest publisher of addresses has published.
fn published(cases: &mut Cases) {
    let file = include_str!("../../../fixtures/published-wallets/signatures.json");
    let file: serde_json::Value = serde_json::from_str(file).expect("the fixture is JSON");
    let rows = file["rows"].as_array().expect("the fixture has rows");
    for (coin, network) in [
        ("SOL", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"),
        ("APTOS", "aptos:1"),
        ("SUI", "sui:mainnet"),
        ("DOT", "polkadot:91b171bb158e2d3848fa23a9f1c25182"),
        ("NEAR", "near:mainnet"),
    ] {
        let row = rows.iter().find(|row| row["coin"] == coin);
        let row = row.expect("the fixture has a row of each");
        let text = |keys: &[&str]| {
            let found = keys.iter().find_map(|key| row[*key].as_str());
            found.unwrap_or_default()
        };
        let key = text(&["pub", "pubKey"]).trim_start_matches("0x");
        let (message, signature) = (text(&["msg"]), text(&["sign", "sign1"]));
        let case = format!("published-ed25519-prefixed-{}", coin.to_ascii_lowercase());
        for (case, message, expect) in [
            (case.clone(), message, "ok"),
            (
                format!("{case}-other-message"),
                &message[..message.len() - 1],
                "signature-false",
            ),
        ] {
            let input = [
                ("network", network),
                ("address", text(&["addr"])),
                ("scheme", "ed25519-prefixed"),
                ("message", message),
                ("signatures", signature),
                ("public_key", key),
            ];
            let description = "Published by an exchange, with a fixed text.";
            cases.add("ownership", &case, description, &input, expect);
        }
    }
}
