//! BIP-322 and legacy signed messages against a real Bitcoin node: what its wallet signs is valid to us, what we take for
//! valid is valid to it. The challenge text is what is signed.
//!
//! The node (Bitcoin Knots 29) writes the forms without the prefixes `smp` and `ful`, as the BIP's first text had them.

mod nodes;
mod support;

use base64ct::{Base64, Encoding as _};
use nodes::Node;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{
    Address, BitcoinChain, Claim, Message, Network, OwnershipError, Scheme,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const REGTEST: Network = Network::Bitcoin(BitcoinChain::Regtest);

/// The secrets 01…01, 02…02 and 03…03 in the wallet import format of test networks: Base58Check of `ef`, the secret and `01`.
const KEYS: [&str; 3] = [
    "cMceqPhHedrhbcR9eXgzmfWy7kRqLyAxMYwFT6ABDWsiwUp9Nsq9",
    "cMec2DGaTXkYJYfi7x3ZGjRXkeqmAvYAoWzMAcWj5fdLaqudWsNi",
    "cMgZD2qsGReP1UvGbNQ7moL6PZFgzsuPFV3St8sGwpNxED4hqkEM",
];

fn wallet() -> Node {
    let node = Node::knots();
    println!("{}", node.call("getnetworkinfo", json!([]))["subversion"]);
    node.call("createwallet", json!(["tests"]));
    node
}

/// An address of the wallet that `descriptor` describes.
fn imported(node: &Node, descriptor: &str) -> String {
    let info = node.call("getdescriptorinfo", json!([descriptor]));
    let descriptor = format!("{descriptor}#{}", info["checksum"].as_str().unwrap());
    let import = json!([[{"desc": descriptor, "timestamp": "now"}]]);
    assert_eq!(node.wallet("importdescriptors", import)[0]["success"], true);
    let addresses = node.call("deriveaddresses", json!([descriptor]));
    addresses[0].as_str().unwrap().to_owned()
}

fn ours(
    scheme: Scheme,
    address: &Address,
    text: &str,
    signature: &str,
) -> Result<(), OwnershipError> {
    Claim::new(
        scheme,
        address,
        Message::Bytes(text.as_bytes()),
        &[signature],
    )
    .verify()
}

/// A signature that the node cannot read is an error there.
fn theirs(node: &Node, address: &Address, text: &str, signature: &str) -> bool {
    let asked = json!([address.as_str(), signature, text]);
    let answer = node.client().call::<Value>("verifymessage", asked);
    answer.is_ok_and(|answer| answer == true)
}

#[track_caller]
fn valid_to_both(node: &Node, scheme: Scheme, address: &Address, text: &str, signature: &str) {
    assert_eq!(
        ours(scheme, address, text, signature),
        Ok(()),
        "{scheme} {address} {signature}"
    );
    assert!(
        theirs(node, address, text, signature),
        "{scheme} {address} {signature}"
    );
    let other = format!("{text}\n");
    assert!(ours(scheme, address, &other, signature).is_err());
    assert!(!theirs(node, address, &other, signature));
    // One bit, at several places: in lengths, scalars, keys and scripts.
    let bytes = Base64::decode_vec(signature).unwrap();
    for place in (0..bytes.len()).step_by(bytes.len() / 8) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let changed = Base64::encode_string(&changed);
        assert!(
            ours(scheme, address, text, &changed).is_err(),
            "{scheme} {address} {place}"
        );
        assert!(
            !theirs(node, address, text, &changed),
            "{scheme} {address} {place}"
        );
    }
}

/// The full signature that a simple one stands for: version, lock time and sequence are zero (BIP-322).
fn full(address: &Address, text: &str, simple: &str) -> String {
    let sha256 = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
    let tag = sha256(b"BIP0322-signed-message");
    let message = sha256(&[&tag, &tag, text.as_bytes()].concat());
    let script = address.script_pubkey().unwrap();
    let length = u8::try_from(script.len()).unwrap();
    let to_spend = [
        &[0, 0, 0, 0, 1][..],
        &[0; 32],
        &[0xff, 0xff, 0xff, 0xff, 0x22, 0x00, 0x20],
        &message,
        &[0, 0, 0, 0, 1],
        &[0; 8],
        &[length],
        &script,
        &[0; 4],
    ];
    let to_sign = [
        &[0, 0, 0, 0, 0x00, 0x01, 1][..],
        &sha256(&sha256(&to_spend.concat())),
        &[0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 1],
        &[0; 8],
        &[1, 0x6a],
        &Base64::decode_vec(simple).unwrap(),
        &[0; 4],
    ];
    Base64::encode_string(&to_sign.concat())
}

#[test]
fn signatures_of_a_nodes_wallet_are_valid_to_both() {
    let node = wallet();
    let [one, two, three] = KEYS;
    let own = |kind: &str| {
        let address = node.wallet("getnewaddress", json!(["", kind]));
        address.as_str().unwrap().to_owned()
    };
    let multi = |threshold: u32| format!("multi({threshold},{one},{two},{three})");
    let described = |descriptor: String| imported(&node, &descriptor);
    let mut seen = 0;
    for (address, scheme) in [
        (own("legacy"), Scheme::SignMessage),
        (own("p2sh-segwit"), Scheme::Bip322Full),
        (own("bech32"), Scheme::Bip322Simple),
        (own("bech32m"), Scheme::Bip322Simple),
        (
            described(format!("wsh({})", multi(2))),
            Scheme::Bip322Simple,
        ),
        (
            described(format!("wsh({})", multi(1))),
            Scheme::Bip322Simple,
        ),
        (described(format!("sh({})", multi(2))), Scheme::Bip322Full),
        (described(format!("sh({})", multi(3))), Scheme::Bip322Full),
        (
            described(format!("sh(wsh({}))", multi(2))),
            Scheme::Bip322Full,
        ),
    ] {
        let address = Address::parse(&REGTEST, &address).unwrap();
        let text = support::challenge().text(&address);
        let signature = node.wallet("signmessage", json!([address.as_str(), text]));
        let signature = signature.as_str().unwrap();
        valid_to_both(&node, scheme, &address, &text, signature);
        if scheme == Scheme::Bip322Simple {
            let full = full(&address, &text, signature);
            valid_to_both(&node, Scheme::Bip322Full, &address, &text, &full);
        }
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn signatures_of_the_samples_keys_are_valid_to_a_node() {
    let node = Node::knots();
    for secret in 1..=4 {
        let key = SampleKey::from_secret(&[secret; 32]).unwrap();
        let p2wpkh = key.p2wpkh_address(BitcoinChain::Regtest).unwrap();
        let p2tr = key.p2tr_address(BitcoinChain::Regtest).unwrap();
        for address in [p2wpkh.clone(), p2tr] {
            let text = support::challenge().text(&address);
            let signature = if address == p2wpkh {
                key.sign_bip322_p2wpkh(text.as_bytes())
            } else {
                key.sign_bip322_p2tr(text.as_bytes())
            };
            let signature = signature.unwrap();
            let bare = signature.strip_prefix("smp").unwrap();
            valid_to_both(&node, Scheme::Bip322Simple, &address, &text, bare);
        }
    }
}
