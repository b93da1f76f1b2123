//! A Safe's storage against its record (ATTACKS S-08): honest, and broken in each known way.

mod trie;

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::attestation::{Snapshot, SnapshotBlock};
use por_protocol::balances::{
    CallRecord, OWNERS_SLOT, ProbeRecord, SENTINEL_OWNER, SafeOwner, SafeRecord, WalletRecord,
    Wallets, owner_slot,
};
use por_protocol::book_row::Evidence;
use por_protocol::error::Error;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, EvmChainId};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::{EvmAddress, EvmHeader, keccak256};
use trie::{NO_CODE, account, empty_root, header, prove, rlp};

const LISTED: &str = include_str!("../src/balances/contracts.json");
const NETWORK: &str = "eip155:1";
const ANNEX: &str = "wallets-1.jsonl";
const TIME: u64 = 1_793_404_800;
const MODULES_LIST: u8 = 1;

fn address(number: u8) -> Address {
    let key = SampleKey::from_secret(&[number; 32]).unwrap();
    key.evm_address(EvmChainId::new(1).unwrap()).unwrap()
}

fn bytes(number: u8) -> EvmAddress {
    EvmAddress::of(&address(number)).unwrap()
}

fn listed(list: &str, index: usize) -> [u8; 32] {
    let contracts: serde_json::Value = serde_json::from_str(LISTED).unwrap();
    let hash = contracts[list][index]["code_hash"].as_str().unwrap();
    hex::decode(hash).unwrap().try_into().unwrap()
}

/// What the chain has: a Safe at address 90, its singleton at 91, its owners as a linked list.
struct Chain {
    owners: Vec<u8>,
    owner_count: u8,
    threshold: u8,
    module: Option<u8>,
    proxy: [u8; 32],
    singleton: [u8; 32],
}

const SAFE: u8 = 90;
const SINGLETON: u8 = 91;

impl Chain {
    fn honest() -> Self {
        Self {
            owners: vec![3, 1, 2],
            owner_count: 3,
            threshold: 2,
            module: None,
            proxy: listed("proxies", 0),
            singleton: listed("singletons", 0),
        }
    }

    /// The snapshot's block, and the records of an annex that tells all of it.
    fn annex(&self) -> Annex {
        let word = |number: u8| {
            let mut word = [0; 32];
            word[31] = number;
            word
        };
        let mut links = vec![(SENTINEL_OWNER, self.owners.first().map(|n| bytes(*n)))];
        for (index, owner) in self.owners.iter().enumerate() {
            links.push((bytes(*owner), self.owners.get(index + 1).map(|n| bytes(*n))));
        }
        let slot = |slot: [u8; 32]| keccak256(&slot);
        let value = |word: &[u8]| {
            let digits: Vec<u8> = word.iter().copied().skip_while(|b| *b == 0).collect();
            rlp(&digits)
        };
        let link = |list, from: &EvmAddress| slot(owner_slot(list, from));
        let mut storage = vec![
            (slot(word(0)), value(bytes(SINGLETON).as_bytes())),
            (slot(word(3)), value(&[self.owner_count])),
        ];
        if self.threshold > 0 {
            storage.push((slot(word(4)), value(&[self.threshold])));
        }
        let module = self.module.map_or(SENTINEL_OWNER, bytes);
        storage.push((
            link(MODULES_LIST, &SENTINEL_OWNER),
            value(module.as_bytes()),
        ));
        for (from, to) in &links {
            let to = to.unwrap_or(SENTINEL_OWNER);
            storage.push((link(OWNERS_SLOT, from), value(to.as_bytes())));
        }
        let mut keys = vec![slot(word(0)), slot(word(3)), slot(word(4))];
        keys.push(link(MODULES_LIST, &SENTINEL_OWNER));
        keys.extend(links.iter().map(|(from, _)| link(OWNERS_SLOT, from)));
        let (root, mut proofs) = prove(&storage, &keys);
        let next = proofs.split_off(5);
        let [singleton, owner_count, threshold, modules, first] = proofs.try_into().unwrap();

        let mut accounts = vec![
            (
                keccak256(bytes(SAFE).as_bytes()),
                account(0, root, self.proxy),
            ),
            (
                keccak256(bytes(SINGLETON).as_bytes()),
                account(0, empty_root(), self.singleton),
            ),
        ];
        accounts.extend((0..9_u8).map(|i| (keccak256(&[i]), account(1, empty_root(), NO_CODE))));
        let keys = [SAFE, SINGLETON].map(|number| keccak256(bytes(number).as_bytes()));
        let (state_root, proofs) = prove(&accounts, &keys);
        let [own, singleton_account] = proofs.try_into().unwrap();
        let rlp = header(&state_root, TIME);
        let safe = SafeRecord {
            address: address(SAFE).to_string(),
            account: own,
            singleton_account,
            singleton,
            owner_count,
            threshold,
            modules,
            first,
            owners: self
                .owners
                .iter()
                .zip(next)
                .map(|(number, next)| SafeOwner {
                    address: address(*number).to_string(),
                    next,
                })
                .collect(),
        };
        Annex {
            snapshot: Snapshot {
                time: TIME,
                blocks: vec![SnapshotBlock {
                    network: NETWORK.into(),
                    height: trie::HEIGHT,
                    hash: EvmHeader::parse(&rlp).unwrap().hash(),
                    muhash: None,
                }],
            },
            header: rlp,
            safe,
            more: Vec::new(),
        }
    }
}

struct Annex {
    snapshot: Snapshot,
    header: Vec<u8>,
    safe: SafeRecord,
    more: Vec<WalletRecord>,
}

impl Annex {
    fn read(&self) -> Result<Wallets, Error> {
        let block = WalletRecord::Block {
            network: NETWORK.into(),
            header: HexBytes(self.header.clone()),
        };
        let mut records = vec![block, WalletRecord::Safe(self.safe.clone())];
        records.extend(self.more.iter().cloned());
        let line = |record| [serde_json::to_vec(record).unwrap(), b"\n".to_vec()].concat();
        let annex = records.iter().flat_map(line).collect();
        Wallets::read(&self.snapshot, &BTreeMap::from([(ANNEX.into(), annex)]))
    }
}

#[track_caller]
fn refused(chain: &Chain, code: &str, why: &str, change: impl FnOnce(&mut Annex)) {
    let mut annex = chain.annex();
    change(&mut annex);
    let error = annex.read().unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

/// What nobody here knows says nothing of the other records, and nothing of itself.
#[track_caller]
fn unknown(chain: &Chain, why: &str) {
    let wallets = chain.annex().read().unwrap();
    assert!(
        wallets
            .safe_owners(NETWORK, address(SAFE).as_str())
            .is_none()
    );
    let error = wallets.check_known().unwrap_err();
    assert_eq!(error.code(), "unsupported", "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

fn row() -> ReserveRow {
    ReserveRow {
        network: NETWORK.into(),
        address: address(SAFE).to_string(),
        instance: "eip155:1/slip44:60".parse().unwrap(),
        amount: Default::default(),
        encumbered: None,
        evidence: Evidence::EvmStateProof,
        scheme: "safe".into(),
        signatures: Vec::new(),
        script: None,
        public_key: None,
        frame: None,
        holding: None,
    }
}

#[test]
fn s_08_owners_and_threshold_are_those_of_the_storage() {
    for (proxy, singleton) in [(0, 0), (0, 1), (1, 2), (1, 3)] {
        let chain = Chain {
            proxy: listed("proxies", proxy),
            singleton: listed("singletons", singleton),
            ..Chain::honest()
        };
        let wallets = chain.annex().read().unwrap();
        let owners = wallets
            .safe_owners(NETWORK, address(SAFE).as_str())
            .unwrap();
        let expected: BTreeSet<_> = [1, 2, 3].map(|n| *bytes(n).as_bytes()).into();
        assert_eq!((owners.owners(), owners.threshold()), (&expected, 2));
        // Another chain's, and another address's, are nobody's.
        assert!(
            wallets
                .safe_owners("eip155:10", address(SAFE).as_str())
                .is_none()
        );
        assert!(wallets.safe_owners(NETWORK, address(1).as_str()).is_none());
        let facts = wallets.check_used(&[row()]).unwrap();
        assert_eq!(facts.get("wallets_by_state").map(String::as_str), Some("1"));
        assert!(!facts.contains_key("safes_with_modules"));
        assert_eq!(wallets.check_used(&[]).unwrap_err().code(), "mismatch");
    }
}

#[test]
fn s_08_contracts_that_are_not_listed_are_undecided() {
    let proxy = Chain {
        proxy: keccak256(b"another proxy"),
        ..Chain::honest()
    };
    unknown(&proxy, "proxy's code");
    let singleton = Chain {
        singleton: keccak256(b"another singleton"),
        ..Chain::honest()
    };
    unknown(&singleton, "singleton's code");
    // A proxy is no singleton, and an account without code is neither.
    let swapped = Chain {
        proxy: listed("singletons", 0),
        singleton: listed("proxies", 0),
        ..Chain::honest()
    };
    unknown(&swapped, "proxy's code");
    let key = Chain {
        proxy: NO_CODE,
        ..Chain::honest()
    };
    unknown(&key, "proxy's code");
}

#[test]
fn s_08_a_list_of_owners_that_is_not_the_storages_is_refused() {
    let honest = Chain::honest();
    refused(&honest, "mismatch", "goes on", |annex| {
        drop(annex.safe.owners.pop());
    });
    refused(&honest, "mismatch", "goes on", |annex| {
        annex.safe.owners.clear()
    });
    refused(&honest, "mismatch", "not the list", |annex| {
        drop(annex.safe.owners.remove(0));
    });
    refused(&honest, "mismatch", "not the list", |annex| {
        annex.safe.owners.swap(0, 1)
    });
    refused(&honest, "mismatch", "not the list", |annex| {
        annex.safe.owners[1].address = address(4).to_string();
    });
    refused(&honest, "mismatch", "not the list", |annex| {
        let again = annex.safe.owners[0].clone();
        annex.safe.owners.push(again);
    });
    // An owner whose link is another's is caught by the trie.
    refused(&honest, "state-proof", "", |annex| {
        annex.safe.owners[0].next = annex.safe.owners[1].next.clone();
    });
    // A storage whose list and count (slot 3) are of other lengths is no Safe's.
    for owner_count in [1, 2, 4] {
        let other = Chain {
            owner_count,
            ..Chain::honest()
        };
        refused(&other, "mismatch", "goes on", |_| ());
    }
    let flood = "an owner more than can be";
    let mut annex = honest.annex();
    annex.safe.owners = vec![annex.safe.owners[0].clone(); 65];
    assert_eq!(annex.read().unwrap_err().code(), "too-large", "{flood}");
}

#[test]
fn s_08_a_threshold_of_none_or_of_more_than_all_is_refused() {
    for threshold in [0, 4, 255] {
        let chain = Chain {
            threshold,
            ..Chain::honest()
        };
        refused(&chain, "mismatch", "threshold", |_| ());
    }
    for threshold in [1, 3] {
        let chain = Chain {
            threshold,
            ..Chain::honest()
        };
        assert!(chain.annex().read().is_ok());
    }
    // The threshold of the storage is proven, and not that of another slot.
    refused(&Chain::honest(), "state-proof", "", |annex| {
        annex.safe.threshold = annex.safe.owner_count.clone();
    });
}

#[test]
fn s_08_records_of_another_block_or_twice_are_refused() {
    let honest = Chain::honest();
    let more = Chain {
        threshold: 1,
        ..Chain::honest()
    };
    // Both header and proofs of a block that is not the snapshot's, and its header alone.
    refused(&honest, "mismatch", "another block", |annex| {
        let other = more.annex();
        annex.header = other.header;
        annex.safe = other.safe;
    });
    refused(&honest, "mismatch", "another block", |annex| {
        annex.header = more.annex().header;
    });
    refused(&honest, "state-proof", "", |annex| {
        annex.safe = more.annex().safe
    });
    refused(&honest, "mismatch", "another block", |annex| {
        annex.snapshot.blocks[0].height += 1;
    });
    refused(&honest, "mismatch", "time", |annex| {
        annex.snapshot.time += 7_201
    });
    refused(&honest, "mismatch", "no block of the snapshot", |annex| {
        annex.snapshot.blocks[0].network = "eip155:10".into();
    });
    refused(&honest, "duplicate", "", |annex| {
        annex.more.push(WalletRecord::Safe(annex.safe.clone()));
    });
    refused(&honest, "mismatch", "canonical", |annex| {
        annex.safe.address = annex.safe.address.to_lowercase();
    });
    refused(&honest, "state-proof", "", |annex| {
        annex.safe.address = address(1).to_string();
    });
}

#[test]
fn s_08_a_probe_that_is_none_is_refused() {
    let call = |hash: usize, signature: usize| {
        WalletRecord::Call(CallRecord {
            address: address(7).to_string(),
            hash: HexBytes(vec![1; 32]),
            signature: HexBytes(vec![2; 65]),
            result: HexBytes(Vec::new()),
            probe: ProbeRecord {
                hash: HexBytes(vec![3; hash]),
                signature: HexBytes(vec![4; signature]),
                result: HexBytes(Vec::new()),
            },
        })
    };
    let honest = Chain::honest();
    for (hash, signature) in [(31, 65), (33, 65), (0, 0), (32, 64), (32, 0)] {
        refused(&honest, "mismatch", "probe", |annex| {
            annex.more.push(call(hash, signature));
        });
    }
    let mut annex = honest.annex();
    annex.more.push(call(32, 65));
    assert!(annex.read().is_ok());
}

#[test]
fn a_safe_with_a_module_is_told_of() {
    let chain = Chain {
        module: Some(5),
        ..Chain::honest()
    };
    let wallets = chain.annex().read().unwrap();
    let facts = wallets.check_used(&[row()]).unwrap();
    assert_eq!(
        facts.get("safes_with_modules").map(String::as_str),
        Some(address(SAFE).as_str())
    );
    // That there is none cannot be shown by another slot's proof.
    let mut annex = chain.annex();
    annex.safe.modules = annex.safe.owners[2].next.clone();
    assert_eq!(annex.read().unwrap_err().code(), "state-proof");
}
