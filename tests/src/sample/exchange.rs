//! The exchange: ledger, plan, books, reserves, attestation.

use std::sync::OnceLock;

use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetId, Instance, InstanceId};
use por_protocol::attestation::{
    Attestation, ChallengeTerms, Rows, Snapshot, SnapshotBlock, statement_key_name,
};
use por_protocol::book_row::{BookRow, Evidence, Root, Total};
use por_protocol::context::{BookContext, Ctx};
use por_protocol::digest::Digest;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::kind::Kind;
use por_protocol::liabilities::{Blinding, LeafOpening, Salt, Shape, prove_bound, prove_total};
use por_protocol::merkle::RowTree;
use por_protocol::note::{KeyName, SecretKey};
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{BitcoinChain, EvmChainId};
use por_protocol::period::Period;
use por_protocol::plan::{Plan, PlannedBook, PlannedTotal};
use por_protocol::reserve_row::{ReserveRow, ReserveSums};
use por_protocol::run_key::{RunKey, Secrets, Subject};
use por_protocol::suite::{ATTESTATION_FORMAT, PLAN_FORMAT, SUITE};

use super::tree::{Child, Lies, Tree, range_prover};

const HEADER: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";
const ETHEREUM: &str = "eip155:1";

/// When, for whom, and with which keys.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Name of the exchange.
    pub entity: String,
    /// Origin of its log.
    pub log_origin: String,
    /// Month.
    pub period: String,
    /// Sequence of the attestation.
    pub sequence: u64,
    /// Unix seconds.
    pub snapshot_time: u64,
    /// Seed of the run key: drawn anew for each run by an honest exchange.
    pub run_seed: u8,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            entity: "Sample Exchange".into(),
            log_origin: "sample.example/por".into(),
            period: "2026-10".into(),
            sequence: 0,
            // 2026-10-31T00:00:00Z.
            snapshot_time: 1_793_404_800,
            run_seed: 1,
        }
    }
}

impl Terms {
    /// The month after, attestation 1, with a run key of its own.
    #[must_use]
    pub fn next_month() -> Self {
        Self {
            period: "2026-11".into(),
            sequence: 1,
            // 2026-11-30T00:00:00Z.
            snapshot_time: 1_795_996_800,
            run_seed: 2,
            ..Self::default()
        }
    }

    /// Context of a book under these terms.
    ///
    /// # Panics
    /// If the leaf count is not valid.
    #[must_use]
    pub fn context<'a>(&'a self, asset: &'a Asset, leaf_count: u64) -> BookContext<'a> {
        BookContext {
            log_origin: &self.log_origin,
            period: &self.period,
            sequence: self.sequence,
            snapshot_time: self.snapshot_time,
            asset: asset.id().as_str(),
            kind: Kind::Owed.as_str(),
            decimals: asset.decimals().get(),
            shape: Shape::new(leaf_count).expect("a valid leaf count"),
        }
    }

    /// The log key.
    ///
    /// # Panics
    /// If the origin is no key name.
    #[must_use]
    pub fn log_key(&self) -> SecretKey {
        let name = KeyName::new(&self.log_origin).expect("an origin is a key name");
        SecretKey::new(name, &seed(10, 0)).expect("a usable seed")
    }

    /// The statement key of this attestation.
    ///
    /// # Panics
    /// If the origin is no key name.
    #[must_use]
    pub fn statement_key(&self) -> SecretKey {
        let name = statement_key_name(&self.log_origin).expect("an origin is a key name");
        SecretKey::new(name, &seed(11, self.run_seed)).expect("a usable seed")
    }

    /// A policy that trusts the log and asks for no witnesses.
    #[must_use]
    pub fn policy(&self) -> String {
        format!("log {}\nquorum none\n", self.log_key().public())
    }
}

/// 32 bytes that are not all equal.
pub(super) fn seed(purpose: u8, number: u8) -> [u8; 32] {
    let mut bytes = [purpose; 32];
    bytes[0] = number;
    bytes[1] = 0x5e;
    bytes
}

/// One book of the ledger, before it is built.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The asset.
    pub asset: Asset,
    /// Leaves, padding included.
    pub leaf_count: u64,
    /// Account and balance in steps, in any order.
    pub rows: Vec<(String, u128)>,
    /// The bound, where the total is sealed.
    pub sealed: Option<u64>,
    /// Reserves in steps of the instance.
    pub reserves: u128,
}

/// One asset with one instance.
///
/// # Panics
/// If a part breaks its rule.
#[must_use]
pub fn asset(id: &str, name: &str, decimals: u8, instance: &str, own: u8) -> Asset {
    let instance = Instance {
        id: InstanceId::new(instance).expect("an instance"),
        decimals: Decimals::new(own).expect("decimals"),
    };
    let decimals = Decimals::new(decimals).expect("decimals");
    let id = AssetId::new(id).expect("an asset id");
    Asset::new(id, name.into(), decimals, vec![instance]).expect("an asset")
}

/// One tile: six customers among ten padding leaves; a public total.
#[must_use]
pub fn btc() -> Ledger {
    let rows = [
        ("amara", 150_000_000),
        ("bao", 1),
        ("carmen", 2_100_000_000),
        ("dmitri", 0),
        ("elif", 99_999_999),
        ("farid", 150_000_000),
    ];
    let instance = format!("{BITCOIN}/slip44:0");
    Ledger {
        asset: asset("BTC", "Bitcoin", 8, &instance, 8),
        leaf_count: 16,
        rows: named(&rows),
        sealed: None,
        reserves: 2_625_000_000,
    }
}

/// 272 leaves: levels of 17, 2 and 1 tiles, with voids in the last two; amounts are rounded from 18 to 9 decimals.
#[must_use]
pub fn eth() -> Ledger {
    let mut rows = named(&[
        ("amara", 1_234_567_890_123_456_789),
        ("bao", 1),
        ("grace", 32_000_000_000_000_000_000),
    ]);
    rows.extend((0..40_u128).map(|number| {
        let account = format!("customer-{number:03}");
        (account, (number + 1) * 1_000_000_001)
    }));
    let instance = format!("{ETHEREUM}/slip44:60");
    Ledger {
        asset: asset("ETH", "Ether", 9, &instance, 18),
        leaf_count: 272,
        rows,
        sealed: None,
        reserves: 40_000_000_000_000_000_000,
    }
}

/// One tile with a sealed total.
#[must_use]
pub fn usdt() -> Ledger {
    let instance = format!("{ETHEREUM}/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7");
    Ledger {
        asset: asset("USDT", "Tether USD", 6, &instance, 6),
        leaf_count: 16,
        rows: named(&[("amara", 5_000_000), ("hiro", 12_345_678)]),
        sealed: Some(20_000_000),
        reserves: 21_000_000,
    }
}

fn named(rows: &[(&str, u128)]) -> Vec<(String, u128)> {
    rows.iter()
        .map(|(account, steps)| ((*account).into(), *steps))
        .collect()
}

/// A leaf and who it belongs to.
#[derive(Clone, Debug)]
pub struct SampleLeaf {
    /// The account; empty for padding.
    pub account: String,
    /// The balance in steps.
    pub exact: u128,
    /// The balance rounded up to atoms.
    pub amount: Amount,
    /// Blinding of the commitment.
    pub blinding: Blinding,
    /// Salt of the hash.
    pub salt: Salt,
}

impl SampleLeaf {
    /// What the tree takes.
    #[must_use]
    pub fn child(&self, ctx: &Ctx) -> Child {
        let opening = LeafOpening {
            account: &self.account,
            amount: self.amount,
            blinding: &self.blinding,
            salt: &self.salt,
        };
        Child::from(&opening.secret(ctx))
    }
}

/// A built book.
#[derive(Clone, Debug)]
pub struct SampleBook {
    /// What is published of it.
    pub row: BookRow,
    /// Its tiles.
    pub tree: Tree,
    /// Its leaves in the order of the tree.
    pub leaves: Vec<SampleLeaf>,
    /// Its context.
    pub ctx: Ctx,
}

impl SampleBook {
    /// Index of an account's leaf.
    #[must_use]
    pub fn index_of(&self, account: &str) -> Option<u64> {
        let found = self.leaves.iter().position(|leaf| leaf.account == account);
        found.map(|index| index as u64)
    }
}

/// The exchange with everything it publishes and keeps.
#[derive(Clone, Debug)]
pub struct SampleExchange {
    /// When and for whom.
    pub terms: Terms,
    /// Its books.
    pub books: Vec<SampleBook>,
    /// Rows of `reserves.jsonl`.
    pub reserves: Vec<ReserveRow>,
}

impl SampleExchange {
    /// The honest exchange with all three books, made once.
    pub fn honest() -> &'static Self {
        static HONEST: OnceLock<SampleExchange> = OnceLock::new();
        HONEST.get_or_init(|| {
            let books = [btc(), eth(), usdt()];
            Self::build(&Terms::default(), &books, &Lies::default())
        })
    }

    /// The honest exchange with one book of one tile, made once: small statements, fast tests.
    pub fn small() -> &'static Self {
        static SMALL: OnceLock<SampleExchange> = OnceLock::new();
        SMALL.get_or_init(|| Self::build(&Terms::default(), &[btc()], &Lies::default()))
    }

    /// Plans, builds and sums up.
    ///
    /// # Panics
    /// If the ledger cannot be built: a fault of the test.
    #[must_use]
    pub fn build(terms: &Terms, ledgers: &[Ledger], lies: &Lies<'_>) -> Self {
        Self::rebuild(terms, ledgers, lies, None)
    }

    /// As [`SampleExchange::build`], taking over the proofs of an earlier build where nothing changed.
    ///
    /// # Panics
    /// As [`SampleExchange::build`].
    #[must_use]
    pub fn rebuild(
        terms: &Terms,
        ledgers: &[Ledger],
        lies: &Lies<'_>,
        earlier: Option<&Self>,
    ) -> Self {
        let secrets = secrets(terms, ledgers);
        let books = ledgers.iter().enumerate().map(|(place, ledger)| {
            let earlier = earlier.and_then(|exchange| exchange.books.get(place));
            book(terms, ledger, &secrets, lies, earlier)
        });
        let mut exchange = Self {
            terms: terms.clone(),
            books: books.collect(),
            reserves: Vec::new(),
        };
        exchange.sign_reserves(ledgers);
        exchange
    }

    /// Exact bytes of the book rows.
    ///
    /// # Panics
    /// Never: rows have a JSON form.
    #[must_use]
    pub fn row_bytes(&self) -> Vec<Vec<u8>> {
        let rows = self.books.iter().map(|book| serde_json::to_vec(&book.row));
        rows.collect::<Result<_, _>>()
            .expect("rows have a JSON form")
    }

    /// Exact bytes of the reserve rows.
    ///
    /// # Panics
    /// Never: rows have a JSON form.
    #[must_use]
    pub fn reserve_bytes(&self) -> Vec<Vec<u8>> {
        let rows = self.reserves.iter().map(serde_json::to_vec);
        rows.collect::<Result<_, _>>()
            .expect("rows have a JSON form")
    }

    /// The attestation over the rows as they are now.
    ///
    /// # Panics
    /// If the terms are not valid.
    #[must_use]
    pub fn attestation(&self) -> Attestation {
        let terms = &self.terms;
        let block = |network: &str, height, hash: String| SnapshotBlock {
            network: network.into(),
            height,
            hash,
            muhash: None,
        };
        let one = format!("{:064x}", 1);
        Attestation {
            format: ATTESTATION_FORMAT.into(),
            suite: SUITE.into(),
            entity: terms.entity.clone(),
            log_origin: terms.log_origin.clone(),
            period: Period::new(&terms.period).expect("a period"),
            sequence: terms.sequence,
            supersedes: None,
            snapshot: Snapshot {
                time: terms.snapshot_time,
                blocks: vec![
                    block(BITCOIN, 972_000, one.clone()),
                    block(ETHEREUM, 25_600_000, format!("0x{one}")),
                ],
            },
            statement_key: terms.statement_key().public().to_string(),
            books: bind(&self.row_bytes()),
            reserves: bind(&self.reserve_bytes()),
            challenge: Some(ChallengeTerms {
                block: HexBytes(hex::decode(HEADER.trim_end()).expect("hex")),
                nonce: HexBytes(vec![0x5e, 0xed]),
            }),
            annexes: Vec::new(),
        }
    }

    /// The note of an attestation, signed by the log key.
    #[must_use]
    pub fn sign(&self, attestation: &Attestation) -> String {
        sign_text(&self.terms.log_key(), &json_text(attestation))
    }

    fn sign_reserves(&mut self, ledgers: &[Ledger]) {
        let challenge = self.attestation().challenge().expect("valid terms");
        for (number, ledger) in (1_u8..).zip(ledgers) {
            let instance = ledger.asset.instances()[0].id.clone();
            let key = SampleKey::from_secret(&seed(20, number)).expect("a secret");
            let (address, scheme) = if instance.chain() == BITCOIN {
                (key.p2wpkh_address(BitcoinChain::Mainnet), "bip322-simple")
            } else {
                let chain = EvmChainId::new(1).expect("not zero");
                (key.evm_address(chain), "eip191")
            };
            let address = address.expect("a key has an address");
            let text = challenge.text(&address);
            let signature = if scheme == "eip191" {
                key.sign_eip191(text.as_bytes())
            } else {
                key.sign_bip322_p2wpkh(text.as_bytes())
            };
            self.reserves.push(ReserveRow {
                network: instance.chain().into(),
                address: address.as_str().into(),
                instance,
                amount: ExactAmount::from_steps(ledger.reserves),
                encumbered: None,
                evidence: Evidence::SignedReading,
                scheme: scheme.into(),
                signatures: vec![signature.expect("a key signs")],
                script: None,
                public_key: None,
                frame: None,
                holding: None,
            });
        }
        let assets: Vec<Asset> = ledgers.iter().map(|ledger| ledger.asset.clone()).collect();
        let assets: Vec<&Asset> = assets.iter().collect();
        let mut sums = ReserveSums::new(&assets);
        for row in &self.reserves {
            sums.add(row).expect("a reserve of one asset");
        }
        for book in &mut self.books {
            book.row.reserves = sums.of(&book.row.asset).expect("reserves fit");
        }
    }
}

/// Text that is signed: indented JSON and a line feed.
pub(super) fn json_text<T: serde::Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("it has a JSON form");
    text.push('\n');
    text
}

pub(super) fn sign_text(key: &SecretKey, text: &str) -> String {
    key.sign(text).expect("it is the text of a note")
}

fn bind(rows: &[Vec<u8>]) -> Rows {
    Rows {
        count: rows.len() as u64,
        root: RowTree::new(rows.iter().map(Vec::as_slice)).root(),
    }
}

/// Derivations of the plan of this ledger: the same steps as `por plan`.
fn secrets(terms: &Terms, ledgers: &[Ledger]) -> Secrets {
    let run_key = RunKey::from_bytes(seed(12, terms.run_seed)).expect("a usable seed");
    let mut mac = run_key.ledger_mac();
    for ledger in ledgers {
        let mut rows = ledger.rows.clone();
        rows.sort();
        mac.book(
            ledger.asset.id().as_str(),
            Kind::Owed.as_str(),
            rows.len() as u64,
        );
        for (account, steps) in rows {
            let account = AccountId::new(account).expect("an account");
            mac.row(&account, ExactAmount::from_steps(steps));
        }
    }
    let plan = Plan {
        format: PLAN_FORMAT.into(),
        suite: SUITE.into(),
        log_origin: terms.log_origin.clone(),
        period: Period::new(&terms.period).expect("a period"),
        sequence: terms.sequence,
        snapshot_time: terms.snapshot_time,
        books: ledgers.iter().map(planned).collect(),
        ledger_mac: mac.finish(),
    };
    run_key.secrets(&Digest::of(json_text(&plan).as_bytes()))
}

fn planned(ledger: &Ledger) -> PlannedBook {
    PlannedBook {
        asset: ledger.asset.clone(),
        kind: Kind::Owed,
        rows: ledger.rows.len() as u64,
        leaf_count: ledger.leaf_count,
        total: ledger
            .sealed
            .map_or(PlannedTotal::Public, |bound| PlannedTotal::Sealed {
                bound: Amount::from_atoms(bound),
            }),
    }
}

fn book(
    terms: &Terms,
    ledger: &Ledger,
    secrets: &Secrets,
    lies: &Lies<'_>,
    earlier: Option<&SampleBook>,
) -> SampleBook {
    let context = terms.context(&ledger.asset, ledger.leaf_count);
    let ctx = context.ctx();
    let leaves = leaves(ledger, &ctx, secrets);
    let children: Vec<Child> = leaves.iter().map(|leaf| leaf.child(&ctx)).collect();
    let earlier = earlier.map(|book| &book.tree);
    let tree = Tree::build(&ctx, &context.shape, secrets, &children, lies, earlier);
    let secret = tree.root_secret();
    let seed = secrets.total_seed(&ctx);
    let total = match ledger.sealed {
        None => Total::Public {
            amount: secret.amount,
            proof: HexBytes(prove_total(&ctx, &tree.root, &secret, seed).to_vec()),
        },
        Some(bound) => {
            let bound = Amount::from_atoms(bound);
            let sealed = prove_bound(range_prover(), &ctx, &tree.root, &secret, bound, seed)
                .expect("the bound holds");
            Total::Sealed {
                bound: sealed.bound,
                proof: HexBytes(sealed.proof),
            }
        }
    };
    SampleBook {
        row: BookRow {
            asset: ledger.asset.clone(),
            kind: Kind::Owed,
            leaf_count: ledger.leaf_count,
            root: Root {
                commitment: tree.root.commitment,
                hash: tree.root.hash,
            },
            total,
            reserves: Vec::new(),
        },
        tree,
        leaves,
        ctx,
    }
}

fn leaves(ledger: &Ledger, ctx: &Ctx, secrets: &Secrets) -> Vec<SampleLeaf> {
    let (from, to) = (ledger.asset.ledger_decimals(), ledger.asset.decimals());
    let make = |subject: Subject<'_>, account: &str, exact: u128| {
        let (blinding, salt) = secrets.leaf(ctx, subject).expect("a blinding is not zero");
        let leaf = SampleLeaf {
            account: account.into(),
            exact,
            amount: ExactAmount::from_steps(exact)
                .round_up(from, to)
                .expect("an amount fits"),
            blinding,
            salt,
        };
        (secrets.order(ctx, subject), leaf)
    };
    let mut leaves: Vec<_> = ledger
        .rows
        .iter()
        .map(|(account, exact)| make(Subject::Account(account), account, *exact))
        .collect();
    let padding = ledger.leaf_count - leaves.len() as u64;
    leaves.extend((0..padding).map(|number| make(Subject::Padding(number), "", 0)));
    leaves.sort_by_key(|(order, _)| *order);
    leaves.into_iter().map(|(_, leaf)| leaf).collect()
}
