//! State proofs against the tries of an independent implementation (`alloy-trie`), honest and broken (ATTACKS B-02).

mod trie;

use alloy_trie::proof::{ProofRetainer, verify_proof};
use alloy_trie::{HashBuilder, Nibbles};
use por_protocol::error::Error;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::state_proof::{
    Account, EvmAddress, EvmHeader, StorageLayout, TokenRegistry, keccak256, lookup,
};
use proptest::prelude::*;
use trie::{NO_CODE, empty_root, integer, rlp, rlp_list};

type Proof = Vec<Vec<u8>>;

/// The root of a trie, and the proof of `key` (hashed already).
fn prove(entries: &[([u8; 32], Vec<u8>)], key: [u8; 32]) -> ([u8; 32], Proof) {
    let target = Nibbles::unpack(key);
    let mut builder =
        HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter([target]));
    let mut sorted: Vec<_> = entries.to_vec();
    sorted.sort();
    sorted.dedup_by(|left, right| left.0 == right.0);
    for (key, value) in &sorted {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    (
        root.0,
        nodes.into_iter().map(|(_, node)| node.to_vec()).collect(),
    )
}

fn alloy_says(root: [u8; 32], key: [u8; 32], value: Option<Vec<u8>>, proof: &Proof) -> bool {
    let nodes: Vec<alloy_primitives::Bytes> = proof.iter().cloned().map(Into::into).collect();
    verify_proof(root.into(), Nibbles::unpack(key), value, &nodes).is_ok()
}

fn account(balance: u128, storage_root: [u8; 32]) -> Vec<u8> {
    trie::account(balance, storage_root, NO_CODE)
}

fn address(index: u16) -> EvmAddress {
    let mut bytes = [0x11; 20];
    bytes[..2].copy_from_slice(&index.to_be_bytes());
    EvmAddress::from_bytes(bytes)
}

/// A state of `count` accounts; account `i` holds `1000 + i`.
fn state(count: u16) -> Vec<([u8; 32], Vec<u8>)> {
    let one = |i| {
        (
            keccak256(address(i).as_bytes()),
            account(1000 + u128::from(i), empty_root()),
        )
    };
    (0..count).map(one).collect()
}

fn balance_of(root: &[u8; 32], holder: u16, proof: &Proof) -> Result<Option<u128>, Error> {
    let account = Account::prove(root, &address(holder), proof)?;
    account
        .map(|account| Ok(account.balance()?.steps()))
        .transpose()
}

#[test]
fn honest_proofs_show_balances_and_absence() {
    for count in [1, 2, 17, 300] {
        for holder in [0, count - 1, count, 5000] {
            let key = keccak256(address(holder).as_bytes());
            let (root, proof) = prove(&state(count), key);
            let expected = (holder < count).then(|| 1000 + u128::from(holder));
            assert_eq!(
                balance_of(&root, holder, &proof),
                Ok(expected),
                "{holder} of {count}"
            );
        }
    }
    assert_eq!(balance_of(&empty_root(), 0, &vec![]), Ok(None));
    assert_eq!(balance_of(&empty_root(), 0, &vec![vec![0x80]]), Ok(None));
}

/// Each known way to break a proof.
#[derive(Clone, Copy, Debug)]
enum Tweak {
    WrongRoot,
    OtherKey,
    Truncated,
    FirstMissing,
    ExtraNode,
    LastTwice,
    Swapped,
    FlippedByte,
    TrailingByte,
    Empty,
}

const TWEAKS: [Tweak; 10] = [
    Tweak::WrongRoot,
    Tweak::OtherKey,
    Tweak::Truncated,
    Tweak::FirstMissing,
    Tweak::ExtraNode,
    Tweak::LastTwice,
    Tweak::Swapped,
    Tweak::FlippedByte,
    Tweak::TrailingByte,
    Tweak::Empty,
];

#[test]
fn b_02_broken_proofs_show_nothing() {
    for holder in [3_u16, 4000] {
        let key = keccak256(address(holder).as_bytes());
        let (root, honest) = prove(&state(300), key);
        assert!(honest.len() >= 2, "the sample has several levels");
        for tweak in TWEAKS {
            let (mut root, mut proof, mut asked) = (root, honest.clone(), holder);
            match tweak {
                Tweak::WrongRoot => root[5] ^= 1,
                // A neighbour whose path leaves the first branch elsewhere.
                Tweak::OtherKey => {
                    asked = (0..300)
                        .find(|i| keccak256(address(*i).as_bytes())[0] >> 4 != key[0] >> 4)
                        .unwrap();
                }
                Tweak::Truncated => drop(proof.pop()),
                Tweak::FirstMissing => drop(proof.remove(0)),
                Tweak::ExtraNode => proof.push(vec![0xc0]),
                Tweak::LastTwice => proof.extend(honest.last().cloned()),
                Tweak::Swapped => proof.swap(0, 1),
                Tweak::FlippedByte => proof.last_mut().unwrap()[3] ^= 1,
                Tweak::TrailingByte => proof[0].push(0),
                Tweak::Empty => proof.clear(),
            }
            let result = balance_of(&root, asked, &proof);
            assert!(result.is_err(), "{tweak:?} of {holder}: {result:?}");
        }
    }
}

#[test]
fn b_02_a_fabricated_state_verifies_against_its_own_header_only() {
    let rich = vec![(
        keccak256(address(1).as_bytes()),
        account(u128::MAX, empty_root()),
    )];
    let (fake_root, fake_proof) = prove(&rich, keccak256(address(1).as_bytes()));
    let (true_root, _) = prove(&state(300), keccak256(address(1).as_bytes()));
    // The mathematics holds for an invented state: this is why a block hash must be confirmed.
    let header = EvmHeader::parse(&header(&fake_root, 21)).unwrap();
    assert_eq!(
        balance_of(header.state_root(), 1, &fake_proof),
        Ok(Some(u128::MAX))
    );
    assert!(balance_of(&true_root, 1, &fake_proof).is_err());
}

/// A node: an extension by `nibbles` (even, low nibble of the prefix zero) to a hash.
fn extension(nibbles: &[u8], child: [u8; 32]) -> Vec<u8> {
    rlp_list(&[rlp(&[&[0], nibbles].concat()), rlp(&child)])
}

fn root_of(proof: &Proof) -> [u8; 32] {
    keccak256(&proof[0])
}

#[test]
fn b_02_malformed_tries_are_refused_without_a_panic() {
    let key = [0xab; 32];
    let leaf = |path: &[u8], value: &[u8]| rlp_list(&[rlp(path), rlp(value)]);
    let branch = |child: Vec<u8>, value: Vec<u8>| {
        let mut items = vec![vec![0x80]; 16];
        items[0xa] = child;
        items.push(value);
        rlp_list(&items)
    };
    let second = extension(&[0xab; 32], [1; 32]);
    // Two extensions of 64 nibbles each. The independent verifier panics on this one.
    let too_deep = vec![extension(&[0xab; 32], keccak256(&second)), second];
    assert!(
        std::panic::catch_unwind(|| alloy_says(root_of(&too_deep), key, None, &too_deep)).is_err()
    );
    let full = [&[0x20], key.as_slice()].concat();
    let cases: Vec<(&str, Proof)> = vec![
        ("128 nibbles", too_deep),
        (
            "an extension of all nibbles",
            vec![extension(&key, [1; 32]), vec![0xc0]],
        ),
        ("an empty extension", vec![extension(&[], [1; 32])]),
        ("a short leaf", vec![leaf(&[0x20, 0xab], b"v")]),
        (
            "a long leaf",
            vec![leaf(&[&full[..], &[0xab]].concat(), b"v")],
        ),
        (
            "an unknown prefix",
            vec![leaf(&[&[0x40], key.as_slice()].concat(), b"v")],
        ),
        (
            "a dirty prefix",
            vec![leaf(&[&[0x25], key.as_slice()].concat(), b"v")],
        ),
        ("no prefix", vec![leaf(&[], b"v")]),
        (
            "three items",
            vec![rlp_list(&[rlp(&full), rlp(b"v"), rlp(b"w")])],
        ),
        ("no items", vec![vec![0xc0]]),
        ("a string", vec![rlp(b"node")]),
        ("nothing", vec![vec![]]),
        (
            "a branch with a value",
            vec![branch(rlp(&[1; 32]), rlp(b"v"))],
        ),
        (
            "a child of 31 bytes",
            vec![branch(rlp(&[1; 31]), vec![0x80])],
        ),
        (
            "a child of 33 bytes",
            vec![branch(rlp(&[1; 33]), vec![0x80])],
        ),
        (
            "a long child inside",
            vec![branch(
                rlp_list(&[rlp(&[0x3b; 20]), rlp(&[2; 20])]),
                vec![0x80],
            )],
        ),
        (
            "a list as a value",
            vec![rlp_list(&[rlp(&full), vec![0xc1, 0x01]])],
        ),
        (
            "a node too long",
            vec![rlp_list(&[rlp(&full), rlp(&[1; 2000])])],
        ),
    ];
    for (name, proof) in cases {
        let result = lookup(&root_of(&proof), &key, &proof);
        assert!(result.is_err(), "{name}: {result:?}");
    }
    // Short nodes that stand inside their parents, as only shallow tries have them, are read.
    let deep = |value: &[u8]| vec![leaf(&full, value)];
    assert_eq!(
        lookup(&root_of(&deep(b"v")), &key, &deep(b"v")),
        Ok(Some(b"v".to_vec()))
    );
}

#[test]
fn b_02_non_canonical_accounts_and_words_are_refused() {
    let key = keccak256(address(0).as_bytes());
    let root = [7; 32];
    let honest = [integer(1), integer(5), rlp(&root), rlp(&root)];
    let tweak = |index: usize, item: Vec<u8>| {
        let mut items = honest.clone();
        items[index] = item;
        rlp_list(&items)
    };
    for value in [
        tweak(0, vec![0]),
        tweak(1, vec![0x82, 0, 5]),
        tweak(1, vec![0x81, 5]),
        tweak(1, rlp(&[1; 33])),
        tweak(2, rlp(&[7; 31])),
        tweak(3, rlp(&[7; 33])),
        tweak(1, vec![0xc0]),
        rlp_list(&honest[..3]),
        [rlp_list(&honest), vec![0]].concat(),
        rlp(b"account"),
    ] {
        let (root, proof) = prove(&[(key, value.clone())], key);
        assert!(
            balance_of(&root, 0, &proof).is_err(),
            "{}",
            hex::encode(value)
        );
    }
    // 2^128 wei are more than there ever were.
    let (root, proof) = prove(&[(key, tweak(1, rlp(&[&[1][..], &[0; 16]].concat())))], key);
    assert_eq!(balance_of(&root, 0, &proof), Err(Error::TotalOverflow));
}

/// A header of this form with this state root.
fn header(state_root: &[u8; 32], fields: usize) -> Vec<u8> {
    rlp_list(&header_items(state_root, fields))
}

fn header_items(state_root: &[u8; 32], fields: usize) -> Vec<Vec<u8>> {
    let hash = || rlp(&[9; 32]);
    let mut items = vec![
        hash(),
        hash(),
        rlp(&[2; 20]),
        rlp(state_root),
        hash(),
        hash(),
        rlp(&[0; 256]),
        integer(0),
        integer(25_600_000),
        integer(30_000_000),
        integer(0),
        integer(1_793_404_800),
        rlp(b"extra"),
        hash(),
        rlp(&[0; 8]),
        integer(7),
        hash(),
        integer(0),
        integer(0),
        hash(),
        hash(),
        hash(),
    ];
    items.truncate(fields);
    items
}

#[test]
fn headers_of_every_fork_are_read_strictly() {
    for fields in [15, 16, 17, 20, 21] {
        let rlp = header(&[3; 32], fields);
        let parsed = EvmHeader::parse(&rlp).unwrap();
        assert_eq!(parsed.hash(), format!("0x{}", hex::encode(keccak256(&rlp))));
        assert_eq!(parsed.state_root(), &[3; 32]);
        assert_eq!(
            (parsed.number(), parsed.time()),
            (25_600_000, 1_793_404_800)
        );
        for index in 0..fields {
            let mut items = header_items(&[3; 32], fields);
            // A list fits no field; an integer's leading zero, and a digit less, fit none but extra data.
            items[index] = vec![0xc0];
            assert!(
                EvmHeader::parse(&rlp_list(&items)).is_err(),
                "{index} of {fields}"
            );
            items[index] = vec![0x82, 0, 1];
            assert_eq!(
                EvmHeader::parse(&rlp_list(&items)).is_ok(),
                index == 12,
                "{index}"
            );
        }
    }
    for fields in [0, 14, 18, 19, 22] {
        let error = EvmHeader::parse(&header(&[3; 32], fields)).unwrap_err();
        assert_eq!(error.code(), "unsupported", "{fields}");
    }
    assert!(EvmHeader::parse(&[header(&[3; 32], 21), vec![0]].concat()).is_err());
    assert!(EvmHeader::parse(&[]).is_err());
    assert_eq!(
        EvmHeader::parse(&vec![0xff; 20_000]).unwrap_err().code(),
        "too-large"
    );
}

/// A token with one holder's balance at slot 2, and the proofs of contract and holder.
fn token(word: u128, holder: &EvmAddress, layout: &StorageLayout) -> ([u8; 32], Proof, Proof) {
    let slot = keccak256(&layout.slot_of(holder).unwrap());
    let mut entries = vec![(slot, integer(word))];
    entries.extend((0..40_u16).map(|i| (keccak256(&i.to_be_bytes()), integer(u128::from(i) + 1))));
    let (storage_root, storage) = prove(&entries, slot);
    let contract = address(900);
    let mut accounts = state(50);
    accounts.push((keccak256(contract.as_bytes()), account(0, storage_root)));
    let (root, proof) = prove(&accounts, keccak256(contract.as_bytes()));
    (root, proof, storage)
}

fn solidity(slot: &[u8], bits: u16) -> StorageLayout {
    StorageLayout::SolidityMapping {
        slot: HexBytes(slot.to_vec()),
        bits,
    }
}

#[test]
fn storage_proofs_show_token_balances_of_both_languages() {
    let vyper = StorageLayout::VyperMapping {
        slot: HexBytes(vec![3]),
    };
    for layout in [solidity(&[2], 256), vyper] {
        let (root, proof, storage) = token(123_456, &address(1), &layout);
        let contract = Account::prove(&root, &address(900), &proof)
            .unwrap()
            .unwrap();
        let word = contract
            .storage(&layout.slot_of(&address(1)).unwrap(), &storage)
            .unwrap();
        let balance = layout.balance_in(&word).unwrap();
        assert_eq!((balance.amount.steps(), balance.frozen), (123_456, false));
        // The proof of one holder's slot is none of another's.
        let other = layout.slot_of(&address(2)).unwrap();
        assert!(
            contract
                .storage(&other, &storage)
                .map_or(true, |word| word == [0; 32])
        );
    }
}

#[test]
fn b_02_a_storage_proof_of_another_contract_is_refused() {
    let layout = solidity(&[2], 256);
    let (_, _, rich) = token(u128::from(u64::MAX), &address(1), &layout);
    let (root, proof, _) = token(5, &address(1), &layout);
    let contract = Account::prove(&root, &address(900), &proof)
        .unwrap()
        .unwrap();
    assert!(
        contract
            .storage(&layout.slot_of(&address(1)).unwrap(), &rich)
            .is_err()
    );
}

#[test]
fn packed_words_give_the_balance_and_the_freeze() {
    // USDC keeps the deny-list flag in the highest bit.
    let usdc = solidity(&[9], 255);
    let mut word = [0; 32];
    word[31] = 42;
    assert!(!usdc.balance_in(&word).unwrap().frozen);
    word[0] = 0x80;
    let balance = usdc.balance_in(&word).unwrap();
    assert_eq!((balance.amount.steps(), balance.frozen), (42, true));
    let narrow = solidity(&[4], 96);
    let mut word = [0xff; 32];
    word[..20].fill(0);
    let balance = narrow.balance_in(&word).unwrap();
    assert_eq!(
        (balance.amount.steps(), balance.frozen),
        ((1 << 96) - 1, false)
    );
    word[19] = 1;
    assert!(narrow.balance_in(&word).unwrap().frozen);
    assert_eq!(
        solidity(&[4], 256).balance_in(&[1; 32]),
        Err(Error::TotalOverflow)
    );
    assert!(StorageLayout::BalanceOf.slot_of(&address(1)).is_none());
}

/// A known answer that any Keccak-256 gives: `Keccak-256(0…01 ‖ 0…00)`, key 1 of the mapping at slot 0.
#[test]
fn mapping_slots_are_those_of_solidity() {
    let holder = EvmAddress::from_hex("0x0000000000000000000000000000000000000001").unwrap();
    assert_eq!(
        hex::encode(solidity(&[0], 256).slot_of(&holder).unwrap()),
        "ada5013122d395ba3c54772283fb069b10426056ef8ca54750cb9bb552a59e7d"
    );
}

#[test]
fn the_built_in_registry_is_valid() {
    let registry = TokenRegistry::built_in().unwrap();
    let usdt = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7"
        .parse()
        .unwrap();
    assert_eq!(registry.find(&usdt).unwrap().symbol, "USDT");
    for bad in [
        r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"A","decimals":6,"layout":{"solidity_mapping":{"slot":"","bits":256}}}]}"#,
        r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"A","decimals":6,"layout":{"solidity_mapping":{"slot":"02","bits":0}}}]}"#,
        r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"A","decimals":6,"layout":"guess"}]}"#,
    ] {
        assert!(TokenRegistry::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// The state of the main network is some three levels deeper than this one's: the time grows with the logarithm.
#[test]
fn a_thousand_proofs_of_a_large_state_verify_within_a_second() {
    let key = |index: u32| keccak256(&index.to_be_bytes());
    let mut entries: Vec<_> = (0..200_000)
        .map(|index| (key(index), account(u128::from(index) + 1, empty_root())))
        .collect();
    entries.sort();
    let asked: Vec<u32> = (0..1000).map(|index| index * 211).collect();
    let targets = asked.iter().map(|index| Nibbles::unpack(key(*index)));
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter(targets));
    for (key, value) in &entries {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proofs: Vec<Proof> = asked
        .iter()
        .map(|index| {
            let nodes = nodes.matching_nodes_sorted(&Nibbles::unpack(key(*index)));
            nodes.into_iter().map(|(_, node)| node.to_vec()).collect()
        })
        .collect();
    let start = std::time::Instant::now();
    for (index, proof) in asked.iter().zip(&proofs) {
        let found = lookup(&root.0, &key(*index), proof).unwrap();
        assert_eq!(found.is_some(), *index < 200_000);
    }
    let time = start.elapsed();
    let count = proofs.iter().map(Vec::len).sum::<usize>();
    println!("1000 proofs, {count} nodes: {time:?}");
    assert!(time.as_secs_f64() <= 1.0, "{time:?}");
}

proptest! {
    #[test]
    fn any_trie_gives_what_the_independent_verifier_gives(
        seeds in prop::collection::vec(any::<u16>(), 1..120),
        asked in any::<u16>(),
    ) {
        let entries: Vec<_> = seeds
            .iter()
            .map(|seed| (keccak256(&seed.to_be_bytes()), rlp(&seed.to_be_bytes())))
            .collect();
        for seed in [asked, seeds[0]] {
            let key = keccak256(&seed.to_be_bytes());
            let (root, proof) = prove(&entries, key);
            let value = lookup(&root, &key, &proof).unwrap();
            prop_assert_eq!(value.is_some(), seeds.contains(&seed));
            prop_assert!(alloy_says(root, key, value, &proof));
        }
    }

    #[test]
    fn damaged_proofs_are_refused(
        at in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let key = keccak256(address(3).as_bytes());
        let (root, mut proof) = prove(&state(100), key);
        let node = at.get(&proof).clone();
        let place = byte.index(node.len());
        let index = proof.iter().position(|other| *other == node).unwrap();
        proof[index][place] ^= 1_u8 << bit;
        prop_assert!(lookup(&root, &key, &proof).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(nodes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4)) {
        // The root is the first node's own hash, so that the walk goes in.
        let root = nodes.first().map_or([0; 32], |node| keccak256(node));
        let _ = lookup(&root, &[0xab; 32], &nodes);
        for node in &nodes {
            let _ = EvmHeader::parse(node);
        }
    }
}
