//! Tiles, paths, totals, batches.

use base64ct::{Base64, Encoding as _};
use curve25519_dalek::scalar::Scalar;
use por_protocol::book_row::Total;
use por_protocol::digest::Digest;
use por_protocol::liabilities::{ARITY, Position, TILE_BYTES};
use por_protocol::range_proof::RangeContext;
use por_protocol::run_key::RunKey;

use super::Cases;
use crate::sample::{
    Ledger, Lies, SampleBook, SampleExchange, Terms, TileDraft, btc, commit, range_prover, usdt,
};

type Named = Vec<(&'static str, String)>;

/// The inputs that make a book's context.
pub(super) fn context_input(terms: &Terms, book: &Ledger) -> Named {
    vec![
        ("log_origin", terms.log_origin.clone()),
        ("period", terms.period.clone()),
        ("sequence", terms.sequence.to_string()),
        ("snapshot_time", terms.snapshot_time.to_string()),
        ("asset", book.asset.id().to_string()),
        ("kind", "owed".into()),
        ("decimals", book.asset.decimals().to_string()),
        ("leaf_count", book.leaf_count.to_string()),
    ]
}

pub(super) fn add(cases: &mut Cases) {
    tiles(cases);
    paths(cases);
    totals(cases);
    bounds(cases);
    batches(cases);
}

fn add_named(
    cases: &mut Cases,
    object: &str,
    case: &str,
    description: &str,
    input: &Named,
    expect: &str,
) {
    let input: Vec<(&str, &str)> = input
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    cases.add(object, case, description, &input, expect);
}

/// `input` with one value changed.
fn with(input: &Named, name: &str, text: impl Into<String>) -> Named {
    let (mut input, text) = (input.clone(), text.into());
    let place = input
        .iter_mut()
        .find(|place| place.0 == name)
        .expect("a named input");
    assert_ne!(place.1, text, "{name} changes");
    place.1 = text;
    input
}

fn root_input(terms: &Terms, ledger: &Ledger, book: &SampleBook) -> Named {
    let mut input = context_input(terms, ledger);
    input.push((
        "commitment",
        hex::encode(book.row.root.commitment.as_bytes()),
    ));
    input.push(("hash", book.row.root.hash.to_string()));
    input
}

/// The root tile of a book that was built with this lie.
fn tile_of(ledger: &Ledger, lie: &dyn Fn(Position, &mut TileDraft)) -> Named {
    let lies = Lies {
        tile: lie,
        ..Lies::default()
    };
    let earlier = (ledger.leaf_count == 16).then(SampleExchange::small);
    let exchange = SampleExchange::rebuild(
        &Terms::default(),
        std::slice::from_ref(ledger),
        &lies,
        earlier,
    );
    tile_input(ledger, &exchange)
}

fn tile_input(ledger: &Ledger, exchange: &SampleExchange) -> Named {
    let book = &exchange.books[0];
    let depth = book.tree.levels.len();
    let mut input = root_input(&exchange.terms, ledger, book);
    input.push(("level", depth.to_string()));
    input.push(("index", "0".into()));
    input.push((
        "record",
        Base64::encode_string(&book.tree.levels[depth - 1][0]),
    ));
    input
}

fn tiles(cases: &mut Cases) {
    let honest = tile_of(&btc(), &|_, _| {});
    let record = Base64::decode_vec(&honest.last().expect("a record").1).expect("base64");
    let five = Scalar::from(5_u64);
    let damaged = |at: usize| {
        let mut record = record.clone();
        record[at] ^= 1;
        Base64::encode_string(&record)
    };
    let cut = Base64::encode_string(&record[..TILE_BYTES - 1]);
    let longer = Base64::encode_string(&[record.as_slice(), &[0]].concat());
    let raw = |bytes: [u8; 32]| {
        let lie = move |_: Position, record: &mut Vec<u8>| record[..32].copy_from_slice(&bytes);
        let lies = Lies {
            record: &lie,
            ..Lies::default()
        };
        let exchange = SampleExchange::rebuild(
            &Terms::default(),
            &[btc()],
            &lies,
            Some(SampleExchange::small()),
        );
        tile_input(&btc(), &exchange)
    };
    let two_levels = two_levels();
    let other = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    let other_proof = other.books[0].tree.levels[0][0][ARITY * 64..].to_vec();
    for (case, description, input, expect) in [
        ("honest", "A tile over 16 leaves.", honest.clone(), "ok"),
        (
            "child-changed-by-a-host",
            "A bit of a child flipped on the way: damage, not the exchange's doing.",
            with(&honest, "record", damaged(40)),
            "node-hash",
        ),
        (
            "proof-changed-by-a-host",
            "A bit of the range proof flipped on the way.",
            with(&honest, "record", damaged(ARITY * 64)),
            "node-hash",
        ),
        (
            "cut-short",
            "The last byte is missing.",
            with(&honest, "record", cut),
            "length",
        ),
        (
            "longer",
            "A byte too many.",
            with(&honest, "record", longer),
            "length",
        ),
        ("empty", "No record.", with(&honest, "record", ""), "length"),
        (
            "other-index",
            "The record of another place.",
            with(&honest, "index", "1"),
            "node-hash",
        ),
        (
            "other-level",
            "A node in the place of leaves.",
            with(&honest, "level", "2"),
            "node-hash",
        ),
        (
            "level-0",
            "A leaf has no record.",
            with(&honest, "level", "0"),
            "node-hash",
        ),
        (
            "other-asset",
            "The tile of another asset.",
            with(&honest, "asset", "ETH"),
            "node-hash",
        ),
        (
            "other-period",
            "The tile of another month.",
            with(&honest, "period", "2026-11"),
            "node-hash",
        ),
        (
            "other-sequence",
            "The tile of another attestation of this month.",
            with(&honest, "sequence", "1"),
            "node-hash",
        ),
        (
            "other-time",
            "The tile of another instant.",
            with(&honest, "snapshot_time", "1793404801"),
            "node-hash",
        ),
        (
            "other-decimals",
            "The same atoms at other decimals.",
            with(&honest, "decimals", "7"),
            "node-hash",
        ),
        (
            "other-leaf-count",
            "The same root for more leaves.",
            with(&honest, "leaf_count", "32"),
            "node-hash",
        ),
        (
            "other-exchange",
            "The tile of another exchange.",
            with(&honest, "log_origin", "other.example/por"),
            "node-hash",
        ),
        (
            "sum",
            "An authentic record whose children do not sum to the commitment above.",
            tile_of(&btc(), &|_, draft| {
                let sum: Scalar = draft.children.iter().map(|child| child.value).sum();
                let blinding: Scalar = draft.children.iter().map(|child| child.blinding).sum();
                draft.sum = Some((sum - Scalar::ONE, blinding));
            }),
            "node-sum",
        ),
        (
            "negative-child",
            "An authentic record with a child of l − 5, its proof made for 5.",
            tile_of(&btc(), &|_, draft| draft.children[3].value = -five),
            "range",
        ),
        (
            "swapped-commitments",
            "An authentic record with two commitments exchanged under their proof.",
            tile_of(&btc(), &|_, draft| draft.children.swap(0, 1)),
            "range",
        ),
        (
            "false-proof",
            "An authentic record with one bit of the proof changed before it was hashed.",
            tile_of(&btc(), &|_, draft| draft.proof[900] ^= 1),
            "range",
        ),
        (
            "proof-of-another-month",
            "An authentic record with the true proof of another month's tile.",
            tile_of(&btc(), &move |_, draft| {
                draft.proof.clone_from(&other_proof)
            }),
            "range",
        ),
        (
            "zeroed-proof",
            "An authentic record with no proof in its place.",
            tile_of(&btc(), &|_, draft| draft.proof.fill(0)),
            "identity",
        ),
        (
            "proof-not-canonical",
            "An authentic record with a scalar of the proof not below the group order.",
            tile_of(&btc(), &|_, draft| draft.proof[128..160].fill(0xff)),
            "encoding",
        ),
        (
            "child-identity",
            "An authentic record with the identity as a child.",
            tile_of(&btc(), &|_, draft| {
                draft.children[0].value = Scalar::ZERO;
                draft.children[0].blinding = Scalar::ZERO;
            }),
            "identity",
        ),
        (
            "child-not-canonical",
            "An authentic record with a child that is no group element.",
            raw([0xff; 32]),
            "encoding",
        ),
        (
            "voids",
            "A tile of two nodes and fourteen voids.",
            tile_of(&two_levels, &|_, _| {}),
            "ok",
        ),
        (
            "void-replaced",
            "A void slot that commits to something.",
            tile_of(&two_levels, &|position, draft| {
                if position.level == 2 {
                    draft.children[15].blinding += Scalar::ONE;
                }
            }),
            "void",
        ),
        (
            "void-hash-replaced",
            "A void slot with the hash of another slot.",
            tile_of(&two_levels, &|position, draft| {
                if position.level == 2 {
                    draft.children[15].hash = draft.children[14].hash;
                }
            }),
            "void",
        ),
    ] {
        add_named(cases, "tile", case, description, &input, expect);
    }
}

/// 32 leaves: two tiles under a root of two nodes and fourteen voids.
fn two_levels() -> Ledger {
    Ledger {
        leaf_count: 32,
        ..btc()
    }
}

fn paths(cases: &mut Cases) {
    let ledger = two_levels();
    let exchange = SampleExchange::build(
        &Terms::default(),
        std::slice::from_ref(&ledger),
        &Lies::default(),
    );
    let book = &exchange.books[0];
    let index = book.index_of("amara").expect("a customer");
    let leaf = &book.leaves[usize::try_from(index).expect("small")];
    let other = (index + 16) % 32;
    let records = book.tree.path(index);
    let (upper, lower) = records.split_at(TILE_BYTES);
    let encode = |parts: &[&[u8]]| Base64::encode_string(&parts.concat());
    let mut honest = root_input(&exchange.terms, &ledger, book);
    honest.extend([
        ("index", index.to_string()),
        ("account", "amara".into()),
        ("amount", leaf.amount.to_string()),
        ("blinding", hex::encode(leaf.blinding.to_bytes())),
        ("salt", hex::encode(leaf.salt.as_bytes())),
        ("records", encode(&[&records])),
    ]);
    let mut damaged = records.clone();
    damaged[TILE_BYTES + 70] ^= 1;
    for (case, description, input, expect) in [
        (
            "honest",
            "The path of a leaf, from the root down.",
            honest.clone(),
            "ok",
        ),
        (
            "other-amount",
            "Another amount.",
            with(&honest, "amount", "999999999"),
            "leaf-opening",
        ),
        (
            "other-account",
            "The leaf of another account.",
            with(&honest, "account", "farid"),
            "leaf-opening",
        ),
        (
            "other-salt",
            "Another salt.",
            with(&honest, "salt", "00".repeat(32)),
            "leaf-opening",
        ),
        (
            "other-blinding",
            "Another blinding.",
            with(&honest, "blinding", "01".to_owned() + &"00".repeat(31)),
            "leaf-opening",
        ),
        (
            "neighbour",
            "The leaf at the index beside it.",
            with(&honest, "index", (index ^ 1).to_string()),
            "leaf-opening",
        ),
        (
            "other-tile",
            "An index in another tile.",
            with(&honest, "index", other.to_string()),
            "node-hash",
        ),
        (
            "index-beyond",
            "An index that is not below the leaf count.",
            with(&honest, "index", "32"),
            "leaf-index",
        ),
        (
            "starts-at-a-tile",
            "A path without the leaf's tile.",
            with(&honest, "records", encode(&[upper])),
            "length",
        ),
        (
            "starts-below-the-root",
            "A path without the root.",
            with(&honest, "records", encode(&[lower])),
            "length",
        ),
        (
            "too-long",
            "A record too many.",
            with(&honest, "records", encode(&[&records, lower])),
            "length",
        ),
        (
            "empty",
            "No records.",
            with(&honest, "records", ""),
            "length",
        ),
        (
            "reversed",
            "From the leaf up.",
            with(&honest, "records", encode(&[lower, upper])),
            "node-hash",
        ),
        (
            "damaged",
            "A bit of the lower record flipped.",
            with(&honest, "records", encode(&[&damaged])),
            "node-hash",
        ),
        (
            "other-root",
            "The right path under another root.",
            with(&honest, "hash", "00".repeat(32)),
            "node-hash",
        ),
        (
            "other-period",
            "The path of another month.",
            with(&honest, "period", "2026-11"),
            "node-hash",
        ),
    ] {
        add_named(cases, "path", case, description, &input, expect);
    }
}

fn totals(cases: &mut Cases) {
    let ledger = btc();
    let exchange = SampleExchange::small();
    let book = &exchange.books[0];
    let Total::Public { amount, proof } = &book.row.total else {
        panic!("the sample's total is public");
    };
    let mut honest = root_input(&exchange.terms, &ledger, book);
    honest.extend([
        ("total", amount.to_string()),
        ("proof", hex::encode(&proof.0)),
    ]);
    let scalar = |text: &str| hex::encode(&proof.0[..32]) + text;
    let nonce = |text: &str| text.to_owned() + &hex::encode(&proof.0[32..]);
    let one_more = amount.atoms() + 1;
    let one_less = amount.atoms() - 1;
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    for (case, description, input, expect) in [
        (
            "honest",
            "The root opens to the total.",
            honest.clone(),
            "ok",
        ),
        (
            "one-more",
            "One atom more.",
            with(&honest, "total", one_more.to_string()),
            "total-opening",
        ),
        (
            "one-less",
            "One atom less.",
            with(&honest, "total", one_less.to_string()),
            "total-opening",
        ),
        (
            "other-root-hash",
            "The same commitment under another tree.",
            with(&honest, "hash", "00".repeat(32)),
            "total-opening",
        ),
        (
            "other-period",
            "The proof of another month.",
            with(&honest, "period", "2026-11"),
            "total-opening",
        ),
        (
            "scalar-zero",
            "A scalar of zero.",
            with(&honest, "proof", scalar(&"00".repeat(32))),
            "total-opening",
        ),
        (
            "scalar-not-canonical",
            "A scalar that is not below the group order.",
            with(&honest, "proof", scalar(order)),
            "encoding",
        ),
        (
            "nonce-identity",
            "The identity as nonce.",
            with(&honest, "proof", nonce(&"00".repeat(32))),
            "identity",
        ),
        (
            "nonce-not-canonical",
            "A nonce that is no group element.",
            with(&honest, "proof", nonce(&"ff".repeat(32))),
            "encoding",
        ),
    ] {
        add_named(cases, "total", case, description, &input, expect);
    }
}

fn bounds(cases: &mut Cases) {
    let ledger = usdt();
    let exchange = SampleExchange::build(
        &Terms::default(),
        std::slice::from_ref(&ledger),
        &Lies::default(),
    );
    let book = &exchange.books[0];
    let Total::Sealed { bound, proof } = &book.row.total else {
        panic!("the sample's total is sealed");
    };
    let mut honest = root_input(&exchange.terms, &ledger, book);
    honest.extend([
        ("bound", bound.to_string()),
        ("proof", hex::encode(&proof.0)),
    ]);
    let mut flipped = proof.0.clone();
    flipped[610] ^= 1;
    let lower = (bound.atoms() - 1).to_string();
    for (case, description, input, expect) in [
        (
            "honest",
            "The sealed total is at most the bound.",
            honest.clone(),
            "ok",
        ),
        (
            "lower",
            "A bound that is one atom lower than what was proven.",
            with(&honest, "bound", lower),
            "total-bound",
        ),
        (
            "zero",
            "A bound of zero.",
            with(&honest, "bound", "0"),
            "total-bound",
        ),
        (
            "higher",
            "A higher bound is true, but not what was proven.",
            with(&honest, "bound", "20000001"),
            "total-bound",
        ),
        (
            "other-root-hash",
            "The same commitment under another tree.",
            with(&honest, "hash", "00".repeat(32)),
            "total-bound",
        ),
        (
            "other-period",
            "The proof of another month.",
            with(&honest, "period", "2026-11"),
            "total-bound",
        ),
        (
            "damaged",
            "A bit of the proof flipped.",
            with(&honest, "proof", hex::encode(&flipped)),
            "total-bound",
        ),
        (
            "cut-short",
            "The proof without its last scalar.",
            with(&honest, "proof", hex::encode(&proof.0[..640])),
            "length",
        ),
        (
            "no-proof",
            "No proof.",
            with(&honest, "proof", ""),
            "length",
        ),
    ] {
        add_named(cases, "bound", case, description, &input, expect);
    }
}

fn batches(cases: &mut Cases) {
    let (terms, ledger) = (Terms::default(), btc());
    let context = context_input(&terms, &ledger);
    let ctx = terms.context(&ledger.asset, ledger.leaf_count).ctx();
    let run_key = RunKey::from_bytes(*b"a run key of the batch vectors..").expect("a usable key");
    let secrets = run_key.secrets(&Digest::of(b"batch"));
    let line = |index: u64, proven: u64, committed: Scalar| {
        let position = Position { level: 1, index };
        let blinding = Scalar::from(index + 2);
        let seed = secrets.tile_seed(&ctx, position);
        let place = RangeContext::Tile {
            ctx: &ctx,
            position,
        };
        let proof = range_prover()
            .prove(&place, &[proven], &[blinding], seed)
            .expect("one value");
        let commitment = commit(&committed, &blinding);
        format!(
            "1/{index} {} {}",
            hex::encode(commitment.as_bytes()),
            hex::encode(proof)
        )
    };
    let honest: Vec<String> = (0..4)
        .map(|index| line(index, index, Scalar::from(index)))
        .collect();
    let negative = line(2, 5, -Scalar::from(5_u64));
    let joined = |lines: &[&String]| {
        let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
        lines.join("\n")
    };
    let [a, b, c, d] = honest.as_slice() else {
        panic!("four lines")
    };
    let moved = c.replacen("1/2", "1/9", 1);
    let cut = d.get(..d.len() - 64).expect("a long line").to_owned();
    for (case, description, proofs, expect, first) in [
        (
            "honest",
            "Four true proofs.",
            joined(&[a, b, c, d]),
            "ok",
            "",
        ),
        ("one", "A batch of one.", joined(&[c]), "ok", ""),
        (
            "twice",
            "The same proof twice is true twice.",
            joined(&[a, a]),
            "ok",
            "",
        ),
        (
            "empty",
            "An empty batch proves nothing.",
            String::new(),
            "missing",
            "0",
        ),
        (
            "third-false",
            "The third is for a value of −5: it is named.",
            joined(&[a, b, &negative, d]),
            "range",
            "2",
        ),
        (
            "first-of-two-false",
            "Of two false ones the first is named.",
            joined(&[a, &negative, &negative, d]),
            "range",
            "1",
        ),
        (
            "other-place",
            "A true proof at another place.",
            joined(&[a, b, &moved, d]),
            "range",
            "2",
        ),
        (
            "cut-short",
            "The last proof without its last scalar: lengths are checked before anything else.",
            joined(&[a, b, c, &cut]),
            "length",
            "3",
        ),
    ] {
        let mut input = context.clone();
        input.push(("proofs", proofs));
        let input: Vec<(&str, &str)> = input
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let vector = cases.add("batch", case, description, &input, expect);
        if !first.is_empty() {
            vector.giving("first", first);
        }
    }
}
