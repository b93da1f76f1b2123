//! Balances against their evidence (ATTACKS 4.7): every annex honest, and broken in each known way.

use std::collections::BTreeMap;

use alloy_trie::proof::ProofRetainer;
use alloy_trie::{HashBuilder, Nibbles};
use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetId, AssetTable, Instance};
use por_protocol::attestation::{Snapshot, SnapshotBlock};
use por_protocol::balances::{
    BalanceEvidence, Class, Classes, Confirmed, EvmRecord, OutPoint, READINGS_ANNEX, ReadingRecord,
    UtxoRecord, Wallets, is_immature, verify_balances,
};
use por_protocol::book_row::{BookRow, Evidence, Root, Total};
use por_protocol::digest::Digest;
use por_protocol::error::Error;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::kind::Kind;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{BitcoinBlock, BitcoinChain, EvmChainId};
use por_protocol::reserve_row::{ReserveRow, ReserveSums};
use por_protocol::state_proof::{EvmHeader, StorageLayout, TokenRegistry, keccak256};

const ETHEREUM: &str = "eip155:1";
const BITCOIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const ETHER: &str = "eip155:1/slip44:60";
const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
const STETH: &str = "eip155:1/erc20:0xae7ab96520de3a18e5e111b5eaab095312d7fe84";
const BTC: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0";
const TIME: u64 = 1_793_404_800;
const HEIGHT: u64 = 25_600_000;

fn rlp(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [prefix(0x80, bytes.len()), bytes.to_vec()].concat(),
    }
}

fn rlp_list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    [prefix(0xc0, payload.len()), payload].concat()
}

fn prefix(base: u8, length: usize) -> Vec<u8> {
    let digits: Vec<u8> = length
        .to_be_bytes()
        .into_iter()
        .skip_while(|d| *d == 0)
        .collect();
    if length < 56 {
        vec![base + length as u8]
    } else {
        [vec![base + 55 + digits.len() as u8], digits].concat()
    }
}

fn integer(value: u128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    rlp(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..])
}

/// A trie's root and the proofs of these keys (hashed already).
fn prove(entries: &[([u8; 32], Vec<u8>)], keys: &[[u8; 32]]) -> ([u8; 32], Vec<Vec<HexBytes>>) {
    let targets = keys.iter().map(Nibbles::unpack);
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter(targets));
    let mut sorted = entries.to_vec();
    sorted.sort();
    for (key, value) in &sorted {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |key: &[u8; 32]| {
        let nodes = nodes.matching_nodes_sorted(&Nibbles::unpack(key));
        nodes
            .into_iter()
            .map(|(_, node)| HexBytes(node.to_vec()))
            .collect()
    };
    (root.0, keys.iter().map(proof).collect())
}

fn header(state_root: &[u8; 32], time: u64) -> Vec<u8> {
    let hash = || rlp(&[9; 32]);
    rlp_list(&[
        hash(),
        hash(),
        rlp(&[2; 20]),
        rlp(state_root),
        hash(),
        hash(),
        rlp(&[0; 256]),
        integer(0),
        integer(HEIGHT.into()),
        integer(30_000_000),
        integer(0),
        integer(time.into()),
        rlp(b""),
        hash(),
        rlp(&[0; 8]),
        integer(7),
    ])
}

fn asset(id: &str, decimals: u8, instances: &[(&str, u8)]) -> Asset {
    let instance = |(id, decimals): &(&str, u8)| Instance {
        id: id.parse().unwrap(),
        decimals: Decimals::new(*decimals).unwrap(),
    };
    let instances = instances.iter().map(instance).collect();
    Asset::new(
        AssetId::new(id).unwrap(),
        id.into(),
        Decimals::new(decimals).unwrap(),
        instances,
    )
    .unwrap()
}

fn row(
    network: &str,
    address: &str,
    instance: &str,
    amount: u128,
    evidence: Evidence,
) -> ReserveRow {
    ReserveRow {
        network: network.into(),
        address: address.into(),
        instance: instance.parse().unwrap(),
        amount: ExactAmount::from_steps(amount),
        encumbered: None,
        evidence,
        scheme: "eip191".into(),
        signatures: Vec::new(),
        script: None,
        public_key: None,
        frame: None,
        holding: None,
    }
}

fn evm(number: u8) -> String {
    let key = SampleKey::from_secret(&[number; 32]).unwrap();
    key.evm_address(EvmChainId::new(1).unwrap())
        .unwrap()
        .as_str()
        .into()
}

fn bitcoin(number: u8) -> String {
    let key = SampleKey::from_secret(&[number; 32]).unwrap();
    key.p2wpkh_address(BitcoinChain::Regtest)
        .unwrap()
        .as_str()
        .into()
}

fn bytes20(address: &str) -> [u8; 20] {
    hex::decode(&address[2..]).unwrap().try_into().unwrap()
}

/// All kinds of evidence over two chains, to be broken.
#[derive(Clone)]
struct Case {
    snapshot: Snapshot,
    assets: Vec<Asset>,
    rows: Vec<ReserveRow>,
    evm: Vec<EvmRecord>,
    utxos: Vec<UtxoRecord>,
    readings: Vec<ReadingRecord>,
    extra: BTreeMap<String, Vec<u8>>,
    tokens: TokenRegistry,
}

/// Balances in the sample: native 5 and 0 (absent), USDT 900, stETH 70 by call, BTC outputs, readings.
fn honest() -> Case {
    let tokens = TokenRegistry::built_in().unwrap();
    let layout: StorageLayout = tokens.find(&USDT.parse().unwrap()).unwrap().layout.clone();
    let holder = por_protocol::state_proof::EvmAddress::from_bytes(bytes20(&evm(1)));
    let slot = layout.slot_of(&holder).unwrap();
    let mut storage = vec![(keccak256(&slot), integer(900))];
    storage.extend((0..50_u8).map(|i| (keccak256(&[i]), integer(1 + u128::from(i)))));
    let (storage_root, storage_proof) = prove(&storage, &[keccak256(&slot)]);
    let contract = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
    let account = |balance, root: [u8; 32]| {
        rlp_list(&[
            integer(1),
            integer(balance),
            rlp(&root),
            rlp(&keccak256(b"")),
        ])
    };
    let empty = keccak256(&[0x80]);
    let mut accounts = vec![
        (keccak256(&bytes20(&evm(1))), account(5, empty)),
        (keccak256(&bytes20(contract)), account(0, storage_root)),
    ];
    accounts.extend((0..99_u8).map(|i| (keccak256(&[i, 7]), account(3, empty))));
    let keys = [evm(1), evm(2), contract.to_string()].map(|address| keccak256(&bytes20(&address)));
    let (state_root, proofs) = prove(&accounts, &keys);
    let header = header(&state_root, TIME - 5);
    let hash = EvmHeader::parse(&header).unwrap().hash();
    let [one, two, token] = proofs.try_into().unwrap();
    let (bitcoin_header, bitcoin_hash) = mined(u32::try_from(TIME).unwrap() - 300);
    let snapshot = Snapshot {
        time: TIME,
        blocks: vec![
            SnapshotBlock {
                network: ETHEREUM.into(),
                height: HEIGHT,
                hash,
                muhash: None,
            },
            SnapshotBlock {
                network: BITCOIN.into(),
                height: 500,
                hash: bitcoin_hash,
                muhash: Some(Digest::of(b"the whole set")),
            },
        ],
    };
    let utxo = |address: String, index: u32, amount, height, coinbase| UtxoRecord::Utxo {
        address,
        outpoint: format!("{}:{index}", "ab".repeat(32)).parse().unwrap(),
        amount: ExactAmount::from_steps(amount),
        height,
        coinbase,
    };
    let reading = |node: &str| ReadingRecord {
        instance: ETHER.parse().unwrap(),
        address: evm(3),
        amount: ExactAmount::from_steps(44),
        node: node.into(),
        slot: HEIGHT,
        answered: None,
        time: TIME + 9,
    };
    let mut rows = vec![
        row(ETHEREUM, &evm(1), ETHER, 5, Evidence::EvmStateProof),
        row(ETHEREUM, &evm(2), ETHER, 0, Evidence::EvmStateProof),
        row(ETHEREUM, &evm(1), USDT, 900, Evidence::EvmStateProof),
        row(ETHEREUM, &evm(1), STETH, 70, Evidence::ContractCall),
        row(ETHEREUM, &evm(3), ETHER, 44, Evidence::AgreedReadings),
        row(ETHEREUM, &evm(4), ETHER, 1, Evidence::SignedReading),
        row(BITCOIN, &bitcoin(1), BTC, 3000, Evidence::UtxoSet),
        row(BITCOIN, &bitcoin(2), BTC, 50, Evidence::UtxoSet),
    ];
    // The coinbase of block 450 cannot be spent in block 501.
    rows[7].encumbered = Some(ExactAmount::from_steps(50));
    let mut word = [0; 32];
    word[31] = 70;
    Case {
        snapshot,
        assets: vec![
            asset("ETH", 9, &[(ETHER, 18)]),
            asset("USDT", 6, &[(USDT, 6)]),
            asset("STETH", 9, &[(STETH, 18)]),
            asset("BTC", 8, &[(BTC, 8)]),
        ],
        rows,
        evm: vec![
            EvmRecord::Block {
                network: ETHEREUM.into(),
                header: HexBytes(header),
            },
            EvmRecord::Account {
                address: evm(1),
                proof: one,
            },
            EvmRecord::Account {
                address: evm(2),
                proof: two,
            },
            EvmRecord::Account {
                address: contract.into(),
                proof: token,
            },
            EvmRecord::Storage {
                instance: USDT.parse().unwrap(),
                address: evm(1),
                proof: storage_proof.concat(),
            },
            EvmRecord::Call {
                instance: STETH.parse().unwrap(),
                address: evm(1),
                result: HexBytes(word.to_vec()),
            },
        ],
        utxos: vec![
            UtxoRecord::Block {
                network: BITCOIN.into(),
                header: HexBytes(bitcoin_header),
            },
            utxo(bitcoin(1), 0, 1000, 490, false),
            utxo(bitcoin(1), 1, 2000, 10, true),
            utxo(bitcoin(2), 2, 50, 450, true),
        ],
        readings: vec![reading("one"), reading("two")],
        extra: BTreeMap::new(),
        tokens,
    }
}

/// A regtest header with its work done, and its hash.
fn mined(time: u32) -> (Vec<u8>, String) {
    let floor = por_protocol::ownership::Target::from_compact(0x207f_ffff).unwrap();
    (0..u32::MAX)
        .find_map(|nonce| {
            let mut header = vec![0; 80];
            header[68..72].copy_from_slice(&time.to_le_bytes());
            header[72..76].copy_from_slice(&0x207f_ffff_u32.to_le_bytes());
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            let block = BitcoinBlock::from_bytes(&header).unwrap();
            block
                .verify_work(&floor)
                .is_ok()
                .then(|| (header, block.hash().to_string()))
        })
        .unwrap()
}

fn jsonl<T: serde::Serialize>(records: &[T]) -> Vec<u8> {
    let line = |record| [serde_json::to_vec(record).unwrap(), b"\n".to_vec()].concat();
    records.iter().flat_map(line).collect()
}

impl Case {
    fn verify(&self) -> Result<BTreeMap<&'static str, String>, Error> {
        let mut annexes = self.extra.clone();
        let mut add = |name: &str, bytes: Vec<u8>| {
            if !bytes.is_empty() {
                annexes.entry(name.into()).or_insert(bytes);
            }
        };
        add("evm-1.jsonl", jsonl(&self.evm));
        add(
            "utxo-0f9188f13cb7b2c71f2a335e3a4fc328.jsonl",
            jsonl(&self.utxos),
        );
        add(READINGS_ANNEX, jsonl(&self.readings));
        let assets: Vec<&Asset> = self.assets.iter().collect();
        let evidence = BalanceEvidence {
            snapshot: &self.snapshot,
            assets: &assets,
            rows: &self.rows,
            annexes: &annexes,
        };
        verify_balances(&evidence, &self.tokens)
    }
}

#[track_caller]
fn refused(what: &str, code: &str, change: impl FnOnce(&mut Case)) {
    let mut case = honest();
    change(&mut case);
    match case.verify() {
        Err(error) => assert_eq!(error.code(), code, "{what}: {error}"),
        Ok(_) => panic!("{what} was accepted"),
    }
}

#[test]
fn honest_evidence_of_every_kind_is_accepted() {
    let facts = honest().verify().unwrap();
    assert_eq!(facts.get("balances").map(String::as_str), Some("8"));
}

#[test]
fn b_01_a_balance_higher_or_lower_than_its_evidence_is_refused() {
    for index in [0, 1, 2, 3, 4, 6, 7] {
        refused("one more", "mismatch", |case| {
            let amount = &mut case.rows[index].amount;
            *amount = ExactAmount::from_steps(amount.steps() + 1);
        });
    }
    refused("one less", "mismatch", |case| {
        case.rows[0].amount = ExactAmount::from_steps(4);
    });
}

#[test]
fn b_02_evidence_of_other_blocks_chains_or_addresses_is_refused() {
    refused("another block hash", "mismatch", |case| {
        case.snapshot.blocks[0].hash = format!("0x{}", "11".repeat(32));
    });
    refused("a hash in capitals", "mismatch", |case| {
        case.snapshot.blocks[0].hash = case.snapshot.blocks[0].hash.to_uppercase();
    });
    refused("another height", "mismatch", |case| {
        case.snapshot.blocks[0].height += 1
    });
    refused("another Bitcoin block", "mismatch", |case| {
        case.snapshot.blocks[1].hash = "22".repeat(32);
    });
    refused("the annex of another chain", "mismatch", |case| {
        let EvmRecord::Block { network, .. } = &mut case.evm[0] else {
            unreachable!()
        };
        *network = "eip155:10".into();
    });
    refused("the proof of another address", "mismatch", |case| {
        let EvmRecord::Account { proof: other, .. } = case.evm[2].clone() else {
            unreachable!()
        };
        let EvmRecord::Account { proof, .. } = &mut case.evm[1] else {
            unreachable!()
        };
        *proof = other;
    });
    refused("a node less", "mismatch", |case| {
        let EvmRecord::Storage { proof, .. } = &mut case.evm[4] else {
            unreachable!()
        };
        proof.pop();
    });
    refused("a node more", "mismatch", |case| {
        let EvmRecord::Storage { proof, .. } = &mut case.evm[4] else {
            unreachable!()
        };
        proof.push(HexBytes(vec![0xc0]));
    });
    refused("66 nodes", "too-large", |case| {
        let EvmRecord::Storage { proof, .. } = &mut case.evm[4] else {
            unreachable!()
        };
        *proof = vec![HexBytes(vec![0xc0]); 66];
    });
    refused("no work", "field", |case| {
        let UtxoRecord::Block { header, .. } = &mut case.utxos[0] else {
            unreachable!()
        };
        header.0[76] ^= 0xff;
        let mut block = BitcoinBlock::from_bytes(&header.0).unwrap();
        let floor = por_protocol::ownership::Target::from_compact(0x207f_ffff).unwrap();
        while block.verify_work(&floor).is_ok() {
            header.0[77] = header.0[77].wrapping_add(1);
            block = BitcoinBlock::from_bytes(&header.0).unwrap();
        }
        case.snapshot.blocks[1].hash = block.hash().to_string();
    });
}

#[test]
fn what_cannot_be_decided_hides_nothing_that_is_false() {
    // A token that no registry knows comes first: alone it leaves the step undecided.
    let unknown = |case: &mut Case| {
        let token = "eip155:1/erc20:0x0000000000000000000000000000000000000001";
        case.assets.push(asset("NEW", 6, &[(token, 6)]));
        let new = row(ETHEREUM, &evm(1), token, 1, Evidence::EvmStateProof);
        case.rows.insert(0, new);
    };
    let mut case = honest();
    unknown(&mut case);
    assert_eq!(case.verify().unwrap_err().code(), "missing");
    // Any false balance after it decides, on its chain or on another.
    for evidence in [
        Evidence::EvmStateProof,
        Evidence::UtxoSet,
        Evidence::AgreedReadings,
    ] {
        let mut case = honest();
        unknown(&mut case);
        let mut rows = case.rows.iter_mut().skip(1);
        let row = rows.find(|row| row.evidence == evidence).unwrap();
        row.amount = ExactAmount::from_steps(7);
        assert_eq!(
            case.verify().unwrap_err().code(),
            "mismatch",
            "{evidence:?}"
        );
    }
}

#[test]
fn a_wallet_record_of_a_later_version_leaves_the_others_readable() {
    let mut case = honest();
    let mut wallets = jsonl(&case.evm[..1]);
    wallets.extend(b"{\"later\":{\"address\":\"0x\"}}\n");
    case.extra.insert("wallets-1.jsonl".into(), wallets);
    let read = Wallets::read(&case.snapshot, &case.extra).unwrap();
    assert_eq!(read.check_known().unwrap_err().code(), "unsupported");
    assert_eq!(case.verify().unwrap_err().code(), "unsupported");
    case.rows[0].amount = ExactAmount::from_steps(7);
    assert_eq!(case.verify().unwrap_err().code(), "mismatch");
    // What is false about any record is not left open.
    let wallets = case.extra.get_mut("wallets-1.jsonl").unwrap();
    wallets.extend(b"{\"delegated\":{}}\n");
    assert_eq!(
        Wallets::read(&case.snapshot, &case.extra)
            .unwrap_err()
            .code(),
        "syntax"
    );
}

#[test]
fn b_02_a_fabricated_header_with_a_matching_proof_is_never_class_a() {
    // Everything in the sample is fabricated, and it verifies: no block hash in it is of a real chain.
    let case = honest();
    assert!(case.verify().is_ok());
    let books = books(&case);
    let eth = AssetId::new("ETH").unwrap();
    let usdt = AssetId::new("USDT").unwrap();
    let class = |confirmed: &Confirmed, asset: &AssetId, evidence| {
        Classes::of(&books, &case.rows, &case.snapshot, confirmed).class(asset, evidence)
    };
    let nothing = Confirmed::default();
    assert_eq!(
        class(&nothing, &eth, Evidence::EvmStateProof),
        Class::BlockUnconfirmed
    );
    assert_eq!(Class::BlockUnconfirmed.as_str(), "A, block unconfirmed");
    assert!(Class::C < Class::BlockUnconfirmed && Class::BlockUnconfirmed < Class::D);
    // The checker's node has another block at that height.
    let mut other = Confirmed::default();
    other
        .block(ETHEREUM, &format!("0x{}", "33".repeat(32)))
        .unwrap();
    assert_eq!(
        other.check_blocks(&case.snapshot).unwrap_err().code(),
        "mismatch"
    );
    assert_eq!(
        class(&other, &usdt, Evidence::EvmStateProof),
        Class::BlockUnconfirmed
    );
    // Two hashes for one height: neither is confirmed, in whatever order they come, and no third one is.
    let found = case.snapshot.blocks[0].hash.clone();
    let lie = format!("0x{}", "33".repeat(32));
    for [first, second] in [[&found, &lie], [&lie, &found]] {
        let mut disputed = Confirmed::default();
        disputed.block(ETHEREUM, first).unwrap();
        for hash in [second, &found, &lie] {
            assert_eq!(
                disputed.block(ETHEREUM, hash).unwrap_err().code(),
                "mismatch"
            );
        }
        assert_eq!(
            class(&disputed, &eth, Evidence::EvmStateProof),
            Class::BlockUnconfirmed
        );
    }
    // Only the very hash gives class A, and only to what is proven against it.
    let mut own = Confirmed::default();
    own.block(ETHEREUM, &case.snapshot.blocks[0].hash).unwrap();
    own.check_blocks(&case.snapshot).unwrap();
    assert_eq!(class(&own, &eth, Evidence::EvmStateProof), Class::A);
    assert_eq!(class(&own, &eth, Evidence::AgreedReadings), Class::C);
    assert_eq!(class(&own, &eth, Evidence::SignedReading), Class::D);
    // Readings that were read again, on this chain, are worth what any re-query is.
    let mut again = own.clone();
    again.requeried(ETHEREUM, Evidence::AgreedReadings);
    assert_eq!(class(&again, &eth, Evidence::AgreedReadings), Class::B);
    assert_eq!(class(&again, &eth, Evidence::SignedReading), Class::D);
    let steth = AssetId::new("STETH").unwrap();
    assert_eq!(class(&own, &steth, Evidence::ContractCall), Class::D);
    own.requeried(ETHEREUM, Evidence::ContractCall);
    assert_eq!(class(&own, &steth, Evidence::ContractCall), Class::B);
    // Outputs that were listed again at another block are of no use.
    let btc = AssetId::new("BTC").unwrap();
    own.requeried(BITCOIN, Evidence::UtxoSet);
    assert_eq!(class(&own, &btc, Evidence::UtxoSet), Class::D);
    own.block(BITCOIN, &case.snapshot.blocks[1].hash).unwrap();
    assert_eq!(class(&own, &btc, Evidence::UtxoSet), Class::B);
    assert_eq!(
        Classes::unchecked().class(&eth, Evidence::EvmStateProof),
        Class::D
    );
}

#[test]
fn b_02_a_sum_over_two_chains_is_as_weak_as_the_weaker() {
    let mut case = honest();
    let optimism = "eip155:10/erc20:0x94b008aa00579c1307b0ef2c499ad98a8ce58e58";
    case.assets[1] = asset("USDT", 6, &[(USDT, 6), (optimism, 6)]);
    case.rows.push(row(
        "eip155:10",
        &evm(1),
        optimism,
        1,
        Evidence::EvmStateProof,
    ));
    let mut own = Confirmed::default();
    own.block(ETHEREUM, &case.snapshot.blocks[0].hash).unwrap();
    let classes = Classes::of(&books(&case), &case.rows, &case.snapshot, &own);
    let usdt = AssetId::new("USDT").unwrap();
    assert_eq!(
        classes.class(&usdt, Evidence::EvmStateProof),
        Class::BlockUnconfirmed
    );
}

fn books(case: &Case) -> Vec<BookRow> {
    let assets: Vec<&Asset> = case.assets.iter().collect();
    let mut sums = ReserveSums::new(&assets);
    case.rows.iter().for_each(|row| sums.add(row).unwrap());
    let book = |asset: &Asset| BookRow {
        asset: asset.clone(),
        kind: Kind::Owed,
        leaf_count: 16,
        root: Root {
            // The group's base point: any point will do.
            commitment: serde_json::from_str(
                r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76""#,
            )
            .unwrap(),
            hash: Digest::of(b"root"),
        },
        total: Total::Public {
            amount: por_protocol::amount::Amount::ZERO,
            proof: HexBytes(vec![0; 64]),
        },
        reserves: sums.of(asset).unwrap(),
    };
    case.assets.iter().map(book).collect()
}

#[test]
fn b_03_blocks_far_from_the_snapshot_and_outputs_after_it_are_refused() {
    for distance in [7_201_i64, -7_300] {
        refused("a block of another hour", "mismatch", |case| {
            case.snapshot.time = case.snapshot.time.checked_add_signed(distance).unwrap();
        });
    }
    refused("an output of a later block", "mismatch", |case| {
        let UtxoRecord::Utxo { height, .. } = &mut case.utxos[1] else {
            unreachable!()
        };
        *height = 501;
    });
    refused("a reading of another slot", "mismatch", |case| {
        case.readings[0].slot -= 1
    });
    refused(
        "an EVM node that answers for a later block",
        "mismatch",
        |case| {
            case.readings[0].answered = Some(HEIGHT + 1);
        },
    );
    refused("a reading of another hour", "mismatch", |case| {
        case.readings[0].time += 9_000
    });
}

#[test]
fn b_04_fake_contracts_and_wrong_decimals_are_refused() {
    let fake = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec8";
    refused("a contract that calls itself USDT", "mismatch", |case| {
        case.assets[1] = asset("USDT", 6, &[(USDT, 6), (fake, 6)]);
    });
    refused("18 decimals", "mismatch", |case| {
        case.assets[1] = asset("USDT", 6, &[(USDT, 18)]);
    });
    refused(
        "a token that the checker does not know",
        "missing",
        |case| {
            case.assets.push(asset("MEME", 6, &[(fake, 6)]));
            case.rows
                .push(row(ETHEREUM, &evm(1), fake, 9, Evidence::EvmStateProof));
        },
    );
    refused(
        "a storage proof of a rebasing token",
        "unsupported",
        |case| {
            case.rows[3].evidence = Evidence::EvmStateProof;
            case.evm.pop();
        },
    );
}

#[test]
fn b_05_wrapped_coins_are_flagged_and_a_native_coin_has_one_name() {
    let mut case = honest();
    let weth = "eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";
    case.assets[0] = asset("ETH", 9, &[(ETHER, 18), (weth, 18)]);
    let facts = case.verify().unwrap();
    assert_eq!(facts.get("wrapped"), Some(&format!("ETH counts {weth}")));
    // A rebasing token of staked ether, and one that wraps bitcoin, under the names of what they stand for.
    let wbtc = "eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599";
    let mut case = honest();
    case.assets[0] = asset("ETH", 9, &[(ETHER, 18), (STETH, 18), (wbtc, 8)]);
    let facts = case.verify().unwrap();
    assert_eq!(
        facts.get("wrapped"),
        Some(&format!("ETH counts {STETH}; ETH counts {wbtc}"))
    );
    // The token and what it wraps are two coins; one coin under two assets is refused where assets are read.
    let twice = [
        asset("ETH", 9, &[(ETHER, 18)]),
        asset("WETH", 9, &[(ETHER, 18)]),
    ];
    assert!(AssetTable::new(twice.to_vec()).is_err());
    for (one, other) in [
        ("tron:728126428/slip44:195", "tron:728126428/slip44:196"),
        (
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:501",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:1",
        ),
        ("xrpl:0/slip44:144", "xrpl:0/slip44:1"),
    ] {
        refused(
            "one coin of a chain without proofs under two names",
            "mismatch",
            |case| {
                case.assets.push(asset("ONE", 6, &[(one, 6)]));
                case.assets.push(asset("OTHER", 6, &[(other, 6)]));
            },
        );
    }
    refused("one coin under two names", "mismatch", |case| {
        case.assets
            .push(asset("ETHER", 9, &[("eip155:1/slip44:61", 18)]));
        case.rows.push(row(
            ETHEREUM,
            &evm(1),
            "eip155:1/slip44:61",
            5,
            Evidence::EvmStateProof,
        ));
    });
}

#[test]
fn b_06_immature_and_frozen_coins_must_be_encumbered_and_cover_nothing() {
    assert!(
        is_immature(500, 402) && !is_immature(500, 401),
        "401 can be spent in 501"
    );
    refused("an immature coinbase as free", "mismatch", |case| {
        case.rows[7].encumbered = None
    });
    refused("a part of it", "mismatch", |case| {
        case.rows[7].encumbered = Some(ExactAmount::from_steps(49));
    });
    let case = honest();
    let reserves = &books(&case)[3].reserves;
    assert_eq!(reserves[0].amount.atoms(), 3000);
    assert_eq!(reserves[0].encumbered.unwrap().atoms(), 50);
    let mut more = case.rows[7].clone();
    more.encumbered = Some(ExactAmount::from_steps(51));
    let assets: Vec<&Asset> = case.assets.iter().collect();
    assert_eq!(
        ReserveSums::new(&assets).add(&more).unwrap_err().code(),
        "field"
    );
    // A registry that sees flags above the balance: the holder of the sample is marked.
    refused("a frozen holder as free", "mismatch", |case| {
        let flagged = r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"USDT","decimals":6,"layout":{"solidity_mapping":{"slot":"02","bits":9}}}]}"#;
        case.tokens
            .extend(TokenRegistry::parse(flagged.as_bytes()).unwrap());
        // 900 = 512 + 388: the lowest nine bits hold 388, bit nine is a flag.
        case.rows[2].amount = ExactAmount::from_steps(388);
    });
}

#[test]
fn b_09_reserves_are_rounded_down_after_summing() {
    let ether = asset("ETH", 9, &[(ETHER, 18)]);
    let assets = [&ether];
    let mut sums = ReserveSums::new(&assets);
    for number in [1, 2] {
        let mut row = row(
            ETHEREUM,
            &evm(number),
            ETHER,
            1_600_000_000,
            Evidence::SignedReading,
        );
        row.encumbered = Some(ExactAmount::from_steps(1));
        sums.add(&row).unwrap();
    }
    // 3.2 atoms less 2 wei; the 2 wei are less than an atom.
    let sums = sums.of(&ether).unwrap();
    assert_eq!((sums[0].amount.atoms(), sums[0].encumbered), (3, None));
}

#[test]
fn s_12_outputs_records_and_nodes_stand_once() {
    refused("an output twice", "duplicate", |case| {
        let again = case.utxos[1].clone();
        case.utxos.push(again);
        case.rows[6].amount = ExactAmount::from_steps(4000);
    });
    refused("one output for two addresses", "duplicate", |case| {
        let mut again = case.utxos[1].clone();
        let UtxoRecord::Utxo { address, .. } = &mut again else {
            unreachable!()
        };
        *address = bitcoin(2);
        case.utxos.push(again);
    });
    refused("an account twice", "duplicate", |case| {
        let again = case.evm[1].clone();
        case.evm.push(again);
    });
    refused("a second block", "duplicate", |case| {
        let again = case.evm[0].clone();
        case.evm.push(again);
    });
    refused("one node as two", "duplicate", |case| {
        case.readings[1].node = "one".into()
    });
    for outpoint in ["ab:0", "AB:0", "", ":", "ab:+1", "ab:01", "ab:4294967296"] {
        let text = outpoint
            .replace("ab", &"ab".repeat(32))
            .replace("AB", &"AB".repeat(32));
        let ok = text == format!("{}:0", "ab".repeat(32));
        assert_eq!(text.parse::<OutPoint>().is_ok(), ok, "{text}");
    }
}

#[test]
fn evidence_that_is_absent_or_of_nobody_is_refused() {
    refused("no header", "mismatch", |case| drop(case.evm.remove(0)));
    refused("no annex", "mismatch", |case| case.evm.clear());
    refused("no outputs' annex", "mismatch", |case| case.utxos.clear());
    refused("no proof", "mismatch", |case| drop(case.evm.remove(1)));
    refused("no proof of the contract", "mismatch", |case| {
        drop(case.evm.remove(3))
    });
    refused("no call", "mismatch", |case| drop(case.evm.pop()));
    refused("no muhash", "mismatch", |case| {
        case.snapshot.blocks[1].muhash = None
    });
    refused("no block of the chain", "mismatch", |case| {
        drop(case.snapshot.blocks.remove(0))
    });
    refused("one node only", "mismatch", |case| {
        drop(case.readings.pop())
    });
    refused("readings that differ", "mismatch", |case| {
        case.readings[1].amount = ExactAmount::from_steps(45);
    });
    refused("an account of nobody", "mismatch", |case| {
        drop(case.rows.remove(1))
    });
    refused("an output of nobody", "mismatch", |case| {
        drop(case.rows.remove(6))
    });
    refused("a reading of nobody", "mismatch", |case| {
        drop(case.rows.remove(4))
    });
    refused("an annex of nobody", "mismatch", |case| {
        case.extra.insert("evm-10.jsonl".into(), b"{}\n".to_vec());
    });
    refused("evidence of another kind of chain", "mismatch", |case| {
        case.rows[6].evidence = Evidence::EvmStateProof;
    });
    for (index, coin) in [
        (
            0,
            "eip155:1/erc721:0x06012c8cf97bead5deae237070f9587f8e7a266d",
        ),
        (3, ETHER),
    ] {
        refused("evidence of another kind of coin", "mismatch", |case| {
            case.rows[index].instance = coin.parse().unwrap();
        });
    }
    refused("outputs of another kind of coin", "mismatch", |case| {
        case.rows[6].instance = BTC.replace("slip44:0", "token:0").parse().unwrap();
    });
    refused("an address in another spelling", "mismatch", |case| {
        let EvmRecord::Account { address, .. } = &mut case.evm[1] else {
            unreachable!()
        };
        *address = address.to_lowercase();
    });
    refused("no last line feed", "syntax", |case| {
        let mut bytes = jsonl(&case.evm);
        bytes.pop();
        case.extra.insert("evm-1.jsonl".into(), bytes);
    });
    refused("an empty line", "syntax", |case| {
        let bytes = [jsonl(&case.evm), b"\n".to_vec()].concat();
        case.extra.insert("evm-1.jsonl".into(), bytes);
    });
    refused("an unknown record", "unsupported", |case| {
        let bytes = [jsonl(&case.evm), b"{\"later\":{}}\n".to_vec()].concat();
        case.extra.insert("evm-1.jsonl".into(), bytes);
    });
}
