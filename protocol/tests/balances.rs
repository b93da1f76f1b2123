//! Balances against their evidence (ATTACKS 4.7): every annex honest, and broken in each known way.

mod trie;

use std::collections::BTreeMap;

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetId, AssetTable, Instance};
use por_protocol::attestation::{Snapshot, SnapshotBlock};
use por_protocol::balances::{
    BalanceEvidence, Class, Classes, Confirmed, DelegationRecord, EvmRecord, OutPoint,
    READINGS_ANNEX, ReadingRecord, UtxoRecord, WalletRecord, Wallets, is_immature, verify_balances,
};
use por_protocol::book_row::{BookRow, Evidence, Root, Total};
use por_protocol::digest::Digest;
use por_protocol::error::Error;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::kind::Kind;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{BitcoinBlock, BitcoinChain, EvmChainId};
use por_protocol::reserve_row::{ReserveRow, ReserveSums};
use por_protocol::state_proof::{EvmAddress, EvmHeader, TokenRegistry, keccak256};
use trie::{NO_CODE, account, empty_root, header, integer, prove};

const ETHEREUM: &str = "eip155:1";
const BITCOIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const ETHER: &str = "eip155:1/slip44:60";
const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
const STETH: &str = "eip155:1/erc20:0xae7ab96520de3a18e5e111b5eaab095312d7fe84";
const BTC: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0";
const TIME: u64 = 1_793_404_800;
/// What `header` is of.
const HEIGHT: u64 = trie::HEIGHT;

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

/// What the chain has of the sample's first holder.
#[derive(Default)]
struct State {
    /// In USDT's mapping of those whom it froze.
    is_frozen: bool,
    /// Of the account.
    code: Option<&'static [u8]>,
}

fn honest() -> Case {
    case(&State::default())
}

/// Balances in the sample: native 5 and 0 (absent), USDT 900, stETH 70 by call, BTC outputs, readings.
fn case(state: &State) -> Case {
    let tokens = TokenRegistry::built_in().unwrap();
    let usdt = tokens.find(&USDT.parse().unwrap()).unwrap();
    let holder = EvmAddress::from_bytes(bytes20(&evm(1)));
    let slot = keccak256(&usdt.layout.slot_of(&holder).unwrap());
    let frozen = keccak256(&usdt.frozen_slot_of(&holder).unwrap());
    let mut storage = vec![(slot, integer(900))];
    storage.extend((0..50_u8).map(|i| (keccak256(&[i]), integer(1 + u128::from(i)))));
    if state.is_frozen {
        storage.push((frozen, integer(1)));
    }
    let (storage_root, storage_proofs) = prove(&storage, &[slot, frozen]);
    let [balance_proof, frozen_proof] = storage_proofs.try_into().unwrap();
    let contract = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
    let code = state.code.map_or(NO_CODE, keccak256);
    let mut accounts = vec![
        (keccak256(&bytes20(&evm(1))), account(5, empty_root(), code)),
        (
            keccak256(&bytes20(contract)),
            account(0, storage_root, keccak256(b"the token")),
        ),
    ];
    accounts.extend((0..99_u8).map(|i| (keccak256(&[i, 7]), account(3, empty_root(), NO_CODE))));
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
                proof: balance_proof,
                frozen: Some(frozen_proof),
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

/// Which coin a chain has, and with how many decimals, is the verifier's to know.
#[test]
fn b_04_native_coins_have_the_decimals_and_the_number_of_their_chain() {
    // At 6 decimals, 1.5 coins of a chain with 8 would count as 150; at 6 instead of 18, every ether a million million times.
    for (index, id, coin, decimals) in [
        (3, "BTC", BTC, 6),
        (0, "ETH", ETHER, 6),
        (0, "ETH", ETHER, 19),
    ] {
        refused("other decimals", "mismatch", |case| {
            case.assets[index] = asset(id, 8, &[(coin, decimals)]);
        });
    }
    for other in ["eip155:1/slip44:0", "eip155:1/slip44:1"] {
        refused("another coin's number", "mismatch", |case| {
            case.assets[0] = asset("ETH", 9, &[(other, 18)]);
            for row in [0, 1, 4, 5] {
                case.rows[row].instance = other.parse().unwrap();
            }
        });
    }
    // Ether under bitcoin's name is named like any wrapped coin, and so are coins of which the exchange alone says what they are.
    let mut case = honest();
    case.assets[3] = asset("BTC", 8, &[(BTC, 8), (ETHER, 18)]);
    case.assets[0] = asset("ETH", 9, &[("eip155:99999/slip44:60", 12)]);
    // A share of a liquidity pool is not known to be one: its contract is told of as one that no registry has.
    let pool = "eip155:1/erc20:0x0d4a11d5eeaac28ec3f61d100daf4d40471f1852";
    case.assets.push(asset("LP", 6, &[(pool, 18)]));
    let facts = case.verify().unwrap();
    let fact = |name: &str| facts.get(name).map(String::as_str);
    assert_eq!(fact("wrapped"), Some(&*format!("BTC counts {ETHER}")));
    assert_eq!(fact("test_networks"), Some(&*format!("BTC counts {BTC}")));
    assert_eq!(
        fact("decimals_unchecked"),
        Some(&*format!("eip155:99999/slip44:60 at 12; {pool} at 18"))
    );
}

/// Shares of liquidity pools are not supported: a pool's contract that no registry has proves nothing (B-05).
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
    // Chains that no table knows the coin of have one, too.
    for (one, other) in [
        ("tron:1/slip44:195", "tron:1/slip44:196"),
        ("solana:other/slip44:501", "solana:other/slip44:1"),
        ("xrpl:7/slip44:144", "xrpl:7/slip44:1"),
        ("eip155:99999/slip44:60", "eip155:99999/slip44:61"),
    ] {
        refused("one coin under two names", "mismatch", |case| {
            case.assets.push(asset("ONE", 6, &[(one, 6)]));
            case.assets.push(asset("OTHER", 6, &[(other, 6)]));
        });
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
        let flagged = r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"USDT","decimals":6,"layout":{"solidity_mapping":{"slot":"02","bits":9}},"frozen":"06"}]}"#;
        case.tokens
            .extend(TokenRegistry::parse(flagged.as_bytes()).unwrap());
        // 900 = 512 + 388: the lowest nine bits hold 388, bit nine is a flag.
        case.rows[2].amount = ExactAmount::from_steps(388);
    });
}

#[test]
fn b_06_a_freeze_is_seen_in_its_own_mapping_and_not_avoided_by_a_call() {
    let frozen = State {
        is_frozen: true,
        ..State::default()
    };
    let mut case = case(&frozen);
    let error = case.verify().unwrap_err();
    assert!(
        error.to_string().contains("has frozen the address"),
        "{error}"
    );
    case.rows[2].encumbered = Some(ExactAmount::from_steps(899));
    assert_eq!(case.verify().unwrap_err().code(), "mismatch");
    case.rows[2].encumbered = Some(case.rows[2].amount);
    assert!(case.verify().is_ok());
    // The proof left out, cut, or one of another place; and one that this registry cannot read.
    let change = |what: &str, code: &str, change: &dyn Fn(&mut Option<Vec<HexBytes>>)| {
        refused(what, code, |case| {
            let EvmRecord::Storage { frozen, .. } = &mut case.evm[4] else {
                unreachable!()
            };
            change(frozen);
        });
    };
    change("no proof", "mismatch", &|proof| *proof = None);
    change("a cut proof", "mismatch", &|proof| {
        proof.as_mut().unwrap().pop();
    });
    change("66 nodes", "too-large", &|proof| {
        *proof = Some(vec![HexBytes(vec![0xc0]); 66]);
    });
    refused("the balance's proof", "mismatch", |case| {
        let EvmRecord::Storage { proof, frozen, .. } = &mut case.evm[4] else {
            unreachable!()
        };
        *frozen = Some(proof.clone());
    });
    let plain = r#"{"tokens":[{"instance":"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7","symbol":"USDT","decimals":6,"layout":{"solidity_mapping":{"slot":"02","bits":256}}}]}"#;
    refused("a mapping the checker does not know", "missing", |case| {
        case.tokens
            .extend(TokenRegistry::parse(plain.as_bytes()).unwrap());
    });
    // What `balanceOf` says tells nothing of a freeze.
    for coin in [
        USDT,
        "eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
    ] {
        let mut case = honest();
        case.assets[2] = asset("STETH", 9, &[(STETH, 18)]);
        let usdc = asset("USDC", 6, &[(coin, 6)]);
        case.assets[1] = if coin == USDT {
            case.assets[1].clone()
        } else {
            usdc
        };
        case.rows[2].instance = coin.parse().unwrap();
        case.rows[2].evidence = Evidence::ContractCall;
        let mut result = [0; 32];
        result[30..].copy_from_slice(&900_u16.to_be_bytes());
        case.evm[4] = EvmRecord::Call {
            instance: coin.parse().unwrap(),
            address: evm(1),
            result: HexBytes(result.to_vec()),
        };
        case.evm.remove(3);
        let error = case.verify().unwrap_err();
        assert!(error.to_string().contains("shows who is frozen"), "{error}");
    }
}

/// EIP-7702: the account's own key still signs, and another's code may move the coins.
#[test]
fn s_08_an_account_with_code_and_no_record_of_it_is_refused() {
    let delegate = bytes20(&evm(9));
    let code: &'static [u8] = Box::leak([&[0xef, 0x01, 0x00][..], &delegate].concat().into());
    let mut case = case(&State {
        code: Some(code),
        ..State::default()
    });
    let error = case.verify().unwrap_err();
    assert!(error.to_string().contains("says whose"), "{error}");
    let EvmRecord::Account { proof, .. } = &case.evm[1] else {
        unreachable!()
    };
    let EvmRecord::Block { network, header } = &case.evm[0] else {
        unreachable!()
    };
    let records = [
        WalletRecord::Block {
            network: network.clone(),
            header: header.clone(),
        },
        WalletRecord::Delegated(DelegationRecord {
            address: evm(1),
            delegate: evm(9),
            account: proof.clone(),
        }),
    ];
    case.extra.insert("wallets-1.jsonl".into(), jsonl(&records));
    let facts = case.verify().unwrap();
    assert_eq!(facts.get("delegated"), Some(&evm(1)));
    // Only the record deleted, and the annex with it.
    case.extra
        .insert("wallets-1.jsonl".into(), jsonl(&records[..1]));
    assert_eq!(case.verify().unwrap_err().code(), "mismatch");
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
    refused("a call of a coin without contract", "mismatch", |case| {
        case.rows[3].instance = ETHER.parse().unwrap();
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
