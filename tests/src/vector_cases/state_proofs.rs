//! EVM headers and account proofs, of a chain with two accounts that is written here by hand.

use por_protocol::state_proof::keccak256;

use super::Cases;

/// The account that is asked for, and another whose hashed address begins with another nibble.
const HOLDER: [u8; 20] = [0x11; 20];
const BALANCE: u64 = 1_500_000_000_000_000_000;

pub(super) fn add(cases: &mut Cases) {
    headers(cases);
    proofs(cases);
}

fn rlp(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [prefix(0x80, bytes.len()), bytes.to_vec()].concat(),
    }
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    [prefix(0xc0, payload.len()), payload].concat()
}

fn prefix(base: u8, length: usize) -> Vec<u8> {
    let [.., high, low] = length.to_be_bytes();
    match (high, low) {
        (0, low) if low < 56 => vec![base + low],
        (0, low) => vec![base + 56, low],
        (high, low) => vec![base + 57, high, low],
    }
}

fn integer(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    rlp(&digits)
}

fn header_items() -> Vec<Vec<u8>> {
    let hash = |byte: u8| rlp(&[byte; 32]);
    vec![
        hash(1),
        hash(2),
        rlp(&[3; 20]),
        hash(4),
        hash(5),
        hash(6),
        rlp(&[0; 256]),
        integer(0),
        integer(25_600_000),
        integer(30_000_000),
        integer(12_345),
        integer(1_793_404_800),
        rlp(b"sample"),
        hash(7),
        rlp(&[0; 8]),
        integer(7),
        hash(8),
        integer(0),
        integer(0),
        hash(9),
        hash(10),
    ]
}

fn headers(cases: &mut Cases) {
    let honest = list(&header_items());
    let hash = format!("0x{}", hex::encode(keccak256(&honest)));
    cases
        .add(
            "evm-header",
            "honest",
            "All 21 fields: of the fork of 2025.",
            &[("rlp", &hex::encode(&honest))],
            "ok",
        )
        .giving("hash", hash)
        .giving("number", "25600000")
        .giving("state_root", "04".repeat(32))
        .giving("time", "1793404800");
    let with = |index: usize, item: Vec<u8>| {
        let mut items = header_items();
        if let Some(place) = items.get_mut(index) {
            *place = item;
        }
        list(&items)
    };
    let fields = |count: usize| list(&header_items().into_iter().take(count).collect::<Vec<_>>());
    for (case, description, bytes, expect) in [
        (
            "before-london",
            "15 fields: no base fee yet.",
            fields(15),
            "ok",
        ),
        (
            "18-fields",
            "No fork has so many.",
            fields(18),
            "unsupported",
        ),
        (
            "trailing-byte",
            "A byte after the list.",
            [honest.clone(), vec![0]].concat(),
            "encoding",
        ),
        (
            "state-root-31-bytes",
            "A root that is too short.",
            with(3, rlp(&[4; 31])),
            "encoding",
        ),
        (
            "number-leading-zero",
            "A second spelling of the height.",
            with(8, vec![0x82, 0, 1]),
            "encoding",
        ),
        (
            "time-as-list",
            "A list where an integer belongs.",
            with(11, vec![0xc0]),
            "encoding",
        ),
    ] {
        let rlp = hex::encode(bytes);
        cases.add("evm-header", case, description, &[("rlp", &rlp)], expect);
    }
}

fn nibbles(key: &[u8; 32]) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

/// A leaf below the first nibble: the other 63 are an odd number.
fn leaf(key: &[u8; 32], value: &[u8]) -> Vec<u8> {
    let nibbles = nibbles(key);
    let (first, rest) = (
        nibbles.get(1).copied().unwrap_or_default(),
        nibbles.get(2..),
    );
    let rest: Vec<u8> = rest
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble))
        .collect();
    list(&[rlp(&[&[0x30 | first], &rest[..]].concat()), rlp(value)])
}

fn proofs(cases: &mut Cases) {
    let empty = keccak256(&[0x80]);
    let account =
        |nonce: Vec<u8>| list(&[nonce, integer(BALANCE), rlp(&empty), rlp(&keccak256(b""))]);
    let key = keccak256(&HOLDER);
    let place = usize::from(key[0] >> 4);
    let tree = |value: &[u8], at_the_branch: Vec<u8>| {
        let own = leaf(&key, value);
        let other = leaf(&[0x5a; 32], value);
        let mut items = vec![vec![0x80]; 16];
        items.push(at_the_branch);
        for (index, node) in [(place, &own), ((place + 1) % 16, &other)] {
            if let Some(item) = items.get_mut(index) {
                *item = rlp(&keccak256(node));
            }
        }
        (list(&items), own, other)
    };
    let (root, own, other) = tree(&account(integer(1)), vec![0x80]);
    let text = |nodes: &[&[u8]]| {
        let nodes: Vec<String> = nodes.iter().map(hex::encode).collect();
        nodes.join(" ")
    };
    let hash = |node: &[u8]| hex::encode(keccak256(node));
    let holder = hex::encode(HOLDER);
    // An address whose hash leaves the branch where it has no child.
    let absent = (0..=u8::MAX)
        .map(|byte| [byte; 20])
        .find(|address| usize::from(keccak256(address)[0] >> 4) == (place + 2) % 16)
        .map(hex::encode)
        .unwrap_or_default();
    let (dirty, dirty_leaf, _) = tree(&account(vec![0x81, 1]), vec![0x80]);
    let (full, full_leaf, _) = tree(&account(integer(1)), rlp(b"value"));
    let deep = list(&[rlp(&[&[0][..], &[0xab; 32]].concat()), rlp(&[1; 32])]);
    let deeper = list(&[rlp(&[&[0][..], &key].concat()), rlp(&keccak256(&deep))]);
    for (case, description, root, address, nodes, expect) in [
        (
            "honest",
            "A branch and a leaf.",
            hash(&root),
            &holder,
            text(&[&root, &own]),
            "ok",
        ),
        (
            "absent",
            "The branch has no child there: a balance of zero.",
            hash(&root),
            &absent,
            text(&[&root]),
            "ok",
        ),
        (
            "empty-state",
            "A state without accounts.",
            hex::encode(empty),
            &holder,
            String::new(),
            "ok",
        ),
        (
            "truncated",
            "The leaf is missing.",
            hash(&root),
            &holder,
            text(&[&root]),
            "state-proof",
        ),
        (
            "no-nodes",
            "Nothing is shown.",
            hash(&root),
            &holder,
            String::new(),
            "state-proof",
        ),
        (
            "extra-node",
            "A node that nothing names.",
            hash(&root),
            &holder,
            text(&[&root, &own, &other]),
            "state-proof",
        ),
        (
            "other-leaf",
            "The leaf of another account.",
            hash(&root),
            &holder,
            text(&[&root, &other]),
            "state-proof",
        ),
        (
            "other-key",
            "The proof of an address for another one.",
            hash(&root),
            &absent,
            text(&[&root, &own]),
            "state-proof",
        ),
        (
            "wrong-root",
            "The proof of another state.",
            hash(&own),
            &holder,
            text(&[&root, &own]),
            "state-proof",
        ),
        (
            "branch-with-value",
            "A branch that holds a value itself.",
            hash(&full),
            &holder,
            text(&[&full, &full_leaf]),
            "state-proof",
        ),
        (
            "nonce-not-canonical",
            "An account whose nonce has a second spelling.",
            hash(&dirty),
            &holder,
            text(&[&dirty, &dirty_leaf]),
            "encoding",
        ),
        (
            "path-too-long",
            "Two extensions of 64 nibbles: another verifier panics on them.",
            hash(&deeper),
            &holder,
            text(&[&deeper, &deep]),
            "state-proof",
        ),
        (
            "not-rlp",
            "A node that is no list.",
            hash(b"node"),
            &holder,
            text(&[b"node"]),
            "encoding",
        ),
    ] {
        let input = [
            ("state_root", root.as_str()),
            ("address", address.as_str()),
            ("nodes", nodes.as_str()),
        ];
        let vector = cases.add("account-proof", case, description, &input, expect);
        if expect == "ok" {
            let balance = if case == "honest" { BALANCE } else { 0 };
            vector.giving("balance", balance.to_string());
        }
    }
}
