//! Whole statements, and the whole report of a few.

use base64ct::{Base64, Encoding as _};
use curve25519_dalek::scalar::Scalar;
use por_protocol::amount::{Amount, ExactAmount};
use por_protocol::book_row::{ReserveSum, Total};
use por_protocol::hex_bytes::HexSecret;
use por_protocol::verify::{Trust, verify_statement};

use super::{Cases, changed};
use crate::sample::{Lies, SampleExchange, SampleLog, StatementParts, Terms, btc, usdt, witness};

/// 2026-11-01T00:00:00Z, a day after the sample's snapshot.
const NOW: &str = "1793491200";

/// Where a statement fails, and the verdict.
type Expected<'a> = (&'a str, &'a str, &'a str);

const VERIFIED: Expected<'static> = ("ok", "verified", "");

pub(super) fn add(cases: &mut Cases) {
    trust(cases);
    log(cases);
    form(cases);
    openings(cases);
    exchange_lies(cases);
    reports(cases);
}

fn honest() -> StatementParts {
    SampleExchange::small().statement("amara")
}

fn one(cases: &mut Cases, case: &str, description: &str, file: &[u8], expected: Expected<'_>) {
    let policy = Terms::default().policy();
    let trust = [("policy", policy.as_str()), ("now", NOW)];
    trusted(cases, case, description, file, &trust, expected);
}

fn trusted(
    cases: &mut Cases,
    case: &str,
    description: &str,
    file: &[u8],
    trust: &[(&str, &str)],
    (code, included, check): Expected<'_>,
) {
    let file = Base64::encode_string(file);
    let mut input = trust.to_vec();
    input.push(("file", &file));
    let vector = cases.add("statement", case, description, &input, code);
    vector.giving("included", included).giving("check", check);
}

/// What the checker brings.
fn trust(cases: &mut Cases) {
    let file = honest().encode();
    let policy = Terms::default().policy();
    let other = Terms {
        log_origin: "other.example/por".into(),
        ..Terms::default()
    }
    .policy();
    let with_witness = policy.replace(
        "quorum none",
        &format!("witness w {}\nquorum w", witness(1).public()),
    );
    let of = |policy: &str, account: &str, now: &str| {
        let pairs = [
            ("policy", policy.to_owned()),
            ("account", account.to_owned()),
            ("now", now.to_owned()),
        ];
        pairs
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect::<Vec<_>>()
    };
    for (case, description, input, expected) in [
        (
            "honest",
            "A statement of one book.",
            of(&policy, "", NOW),
            VERIFIED,
        ),
        (
            "account-named",
            "The account that the customer named.",
            of(&policy, "amara", NOW),
            VERIFIED,
        ),
        (
            "no-clock",
            "Neither witnesses nor a clock: nobody can tell whether the snapshot lies in the future.",
            of(&policy, "", ""),
            ("missing", "cannot_tell", "in-order"),
        ),
        (
            "no-policy",
            "Without a policy nobody can tell who signed.",
            of("", "", NOW),
            ("missing", "cannot_tell", "attestation-signed"),
        ),
        (
            "policy-of-another",
            "A policy that trusts another log.",
            of(&other, "", NOW),
            ("signature", "not_verified", "attestation-signed"),
        ),
        (
            "policy-malformed",
            "A policy that is none is the checker's own trouble.",
            of("log me\n", "", NOW),
            ("policy", "cannot_tell", "attestation-signed"),
        ),
        (
            "witnesses-required",
            "A policy that asks for a cosignature that the log head has not.",
            of(&with_witness, "", NOW),
            ("signature", "not_verified", "witnesses-cosigned"),
        ),
        (
            "other-account-named",
            "The statement of somebody else.",
            of(&policy, "bao", NOW),
            ("mismatch", "not_verified", "account-expected"),
        ),
        (
            "account-of-other-case",
            "Accounts are compared byte for byte.",
            of(&policy, "Amara", NOW),
            ("mismatch", "not_verified", "account-expected"),
        ),
        (
            "snapshot-in-the-future",
            "Nobody knows balances of the future.",
            of(&policy, "", "1793404799"),
            ("order", "not_verified", "in-order"),
        ),
    ] {
        let input: Vec<(&str, &str)> = input
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        trusted(cases, case, description, &file, &input, expected);
    }
}

/// The file and its sections.
/// The attestation's place in the log.
fn log(cases: &mut Cases) {
    let key = Terms::default().log_key().public();
    let line = |n: u8| format!("witness w{n} {}\n", witness(n).public());
    let witnesses: String = (1..=3).map(line).collect();
    let policy = format!("log {key}\n{witnesses}group g 2 w1 w2 w3\nquorum g\n");
    let (during, after) = (1_793_410_000, 1_793_420_000);
    let failed = "not_verified";
    for (case, description, around, cosigned, expected) in [
        (
            "quorum",
            "Two of three witnesses, and one that nobody knows.",
            (0, 4),
            vec![(1, during), (3, after), (7, after)],
            VERIFIED,
        ),
        (
            "quorum-not-met",
            "One of the two witnesses that are asked for.",
            (0, 4),
            vec![(1, during)],
            ("signature", failed, "witnesses-cosigned"),
        ),
        (
            "witness-twice",
            "One witness that signs twice is one witness.",
            (0, 4),
            vec![(1, during), (1, after)],
            ("signature", failed, "witnesses-cosigned"),
        ),
        (
            "head-before-snapshot",
            "A head that was cosigned before the snapshot it holds.",
            (0, 4),
            vec![(1, 1_793_404_799), (2, 1_793_404_799)],
            ("order", failed, "in-order"),
        ),
        (
            "after-a-rotation",
            "Entries that are no attestations stand before it.",
            (2, 1),
            vec![(1, during), (2, during)],
            VERIFIED,
        ),
    ] {
        let mut parts = honest();
        parts.log = Some(SampleLog { around, cosigned });
        let trust = [("policy", policy.as_str()), ("now", NOW)];
        trusted(cases, case, description, &parts.encode(), &trust, expected);
    }
    let mut unlogged = honest();
    unlogged.log = None;
    one(
        cases,
        "no-log-proof",
        "A statement that was issued before its attestation was logged.",
        &unlogged.encode(),
        ("missing", "cannot_tell", "attestation-logged"),
    );
    let file = honest().encode();
    let other = SampleLog::ending_with(&Terms::default()).proof(&Terms::default(), b"another");
    let own = honest().log_proof().unwrap_or_default();
    one(
        cases,
        "log-proof-of-another-entry",
        "A log proof that is true, of another entry.",
        &replace(&file, own.as_bytes(), other.as_bytes()),
        ("mismatch", failed, "attestation-logged"),
    );
    one(
        cases,
        "log-proof-malformed",
        "A log proof whose index is no number.",
        &replace(&file, b"index 0", b"index x"),
        ("syntax", failed, "well-formed"),
    );
}

fn form(cases: &mut Cases) {
    let file = honest().encode();
    let parts = honest();
    let core = parts.core_text();
    let malformed = |code| (code, "not_verified", "well-formed");
    let unknown = [file.as_slice(), b"future 3\nabc\n"].concat();
    let twice = [file.as_slice(), b"core 0\n\n"].concat();
    let renamed = replace(&file, b"\ntiles ", b"\ntilez ");
    let no_attestation = replace(&file, b"\nattestation ", b"\nattestatiom ");
    let no_rows = replace(&file, b"\nbooks ", b"\nbookz ");
    let version = replace(&file, b"por/statement/v1\n", b"por/statement/v2\n");
    let other_core = changed(&core, "por/statement/v1", "por/statement/v2");
    let list = format!("[{}]\n", core.trim_end());
    let book =
        &core[core.find("    {").expect("a book")..core.rfind("    }").expect("its end") + 5];
    let twice_in_core = changed(&core, book, &format!("{book},\n{book}"));
    let mut short = honest();
    short.tiles[0].truncate(1951);
    let mut long = honest();
    long.tiles.push(long.tiles[0].clone());
    let mut no_tiles = honest();
    no_tiles.tiles.clear();
    let mut no_row = honest();
    no_row.rows.clear();
    let mut two_rows = honest();
    two_rows.rows.push(two_rows.rows[0].clone());
    for (case, description, file, expected) in [
        (
            "unknown-section",
            "A section of a later version is skipped, and the report says so.",
            unknown,
            VERIFIED,
        ),
        ("empty", "Nothing.", Vec::new(), malformed("syntax")),
        (
            "not-a-statement",
            "Another file.",
            b"%PDF-1.7\n".to_vec(),
            malformed("syntax"),
        ),
        (
            "cut-short",
            "The last hundred bytes are missing.",
            file[..file.len() - 100].to_vec(),
            malformed("syntax"),
        ),
        (
            "trailing-byte",
            "A byte after the last section.",
            [file.as_slice(), b"\n"].concat(),
            malformed("syntax"),
        ),
        (
            "section-twice",
            "A second core.",
            twice,
            malformed("duplicate"),
        ),
        (
            "other-version",
            "Another version of the file.",
            version,
            ("unsupported", "cannot_tell", "well-formed"),
        ),
        (
            "no-tiles-section",
            "No tiles: nothing is shown to be false.",
            renamed,
            ("missing", "cannot_tell", "well-formed"),
        ),
        (
            "no-attestation-section",
            "No attestation.",
            no_attestation,
            ("missing", "cannot_tell", "well-formed"),
        ),
        (
            "no-books-section",
            "No book rows.",
            no_rows,
            ("missing", "cannot_tell", "well-formed"),
        ),
        (
            "other-core-version",
            "A core of another version.",
            parts.encode_text(&other_core),
            ("unsupported", "cannot_tell", "well-formed"),
        ),
        (
            "core-list",
            "A list where the core is meant.",
            parts.encode_text(&list),
            malformed("syntax"),
        ),
        (
            "core-unknown-field",
            "A core with a field nobody knows.",
            parts.encode_text(&changed(
                &core,
                "\"no_other_balance\"",
                "\"bonus\": 1,\n  \"no_other_balance\"",
            )),
            malformed("syntax"),
        ),
        (
            "core-balance-as-number",
            "An amount as a JSON number.",
            parts.encode_text(&changed(
                &core,
                "\"amount\": \"150000000\"",
                "\"amount\": 150000000",
            )),
            malformed("syntax"),
        ),
        (
            "core-negative",
            "A negative balance: debts are not netted.",
            parts.encode_text(&changed(
                &core,
                "\"exact\": \"150000000\"",
                "\"exact\": \"-150000000\"",
            )),
            malformed("syntax"),
        ),
        (
            "core-book-twice",
            "Two balances in one book.",
            parts.encode_text(&twice_in_core),
            malformed("duplicate"),
        ),
        (
            "core-no-books",
            "No book.",
            parts.encode_text(&changed(&core, book, "")),
            malformed("vacuous"),
        ),
        (
            "core-other-balances",
            "The exchange does not say that there is no other balance.",
            parts.encode_text(&changed(
                &core,
                "\"no_other_balance\": true",
                "\"no_other_balance\": false",
            )),
            malformed("field"),
        ),
        (
            "path-short",
            "A path that lacks its last byte.",
            short.encode(),
            malformed("length"),
        ),
        (
            "path-long",
            "A tile too many.",
            long.encode(),
            malformed("length"),
        ),
        (
            "path-empty",
            "No tiles where one is needed.",
            no_tiles.encode(),
            malformed("length"),
        ),
        (
            "no-row",
            "A book without its row.",
            no_row.encode(),
            malformed("syntax"),
        ),
        (
            "row-too-many",
            "A row without its book.",
            two_rows.encode(),
            malformed("count"),
        ),
    ] {
        one(cases, case, description, &file, expected);
    }
}

/// What the core says, signed by the exchange or not.
fn openings(cases: &mut Cases) {
    let core = honest().core_text();
    let leaf = |code| (code, "not_verified", "leaf-included");
    let altered = |alter: &dyn Fn(&mut StatementParts)| {
        let mut parts = honest();
        alter(&mut parts);
        parts.encode()
    };
    let unsigned = honest().encode_note(&format!(
        "{}\n{}",
        changed(&core, "\"amara\"", "\"zamara\""),
        Terms::default()
            .statement_key()
            .signature_line(&core)
            .expect("a note")
    ));
    let by_log_key = honest().encode_note(&Terms::default().log_key().sign(&core).expect("a note"));
    let exchange = SampleExchange::small();
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order: [u8; 32] = hex::decode(order)
        .expect("hex")
        .try_into()
        .expect("32 bytes");
    let index = exchange.books[0].index_of("amara").expect("a customer");
    for (case, description, file, expected) in [
        (
            "amount-raised",
            "A balance that is not the committed one.",
            altered(&|parts| {
                parts.core.books[0].exact = ExactAmount::from_steps(999_999_999);
                parts.core.books[0].amount = Amount::from_atoms(999_999_999);
            }),
            leaf("leaf-opening"),
        ),
        (
            "account-of-the-same-balance",
            "The leaf of another customer with the same balance.",
            {
                let mut parts = exchange.statement("farid");
                parts.core.account = honest().core.account;
                parts.encode()
            },
            leaf("leaf-opening"),
        ),
        (
            "exact-below-amount",
            "An exact balance that does not round to the amount.",
            altered(&|parts| parts.core.books[0].exact = ExactAmount::from_steps(149_999_999)),
            ("rounding", "not_verified", "amount-rounded"),
        ),
        (
            "other-index",
            "The neighbour's index.",
            altered(&|parts| parts.core.books[0].index = index ^ 1),
            leaf("leaf-opening"),
        ),
        (
            "index-beyond",
            "An index that is not below the leaf count.",
            altered(&|parts| parts.core.books[0].index = 16),
            leaf("leaf-index"),
        ),
        (
            "salt-changed",
            "Another salt.",
            altered(&|parts| parts.core.books[0].salt = HexSecret([1; 32])),
            leaf("leaf-opening"),
        ),
        (
            "blinding-zero",
            "A blinding of zero.",
            altered(&|parts| parts.core.books[0].blinding = HexSecret([0; 32])),
            leaf("zero-blinding"),
        ),
        (
            "blinding-not-canonical",
            "A blinding that is not below the group order.",
            altered(&|parts| parts.core.books[0].blinding = HexSecret(order)),
            leaf("encoding"),
        ),
        (
            "forged-by-the-customer",
            "A core that was changed after it was signed.",
            unsigned,
            ("signature", "not_verified", "statement-signed"),
        ),
        (
            "signed-by-the-log-key",
            "A core signed by the log key: each key signs one kind of thing.",
            by_log_key,
            ("signature", "not_verified", "statement-signed"),
        ),
        (
            "for-another-attestation",
            "A core that was signed for another attestation.",
            altered(&|parts| parts.core.attestation = por_protocol::digest::Digest::of(b"other")),
            ("mismatch", "not_verified", "statement-signed"),
        ),
    ] {
        one(cases, case, description, &file, expected);
    }
}

/// Authentic objects with one lie, and what hosts do to them.
fn exchange_lies(cases: &mut Cases) {
    let terms = Terms::default();
    let small = SampleExchange::small();
    let damaged = |at: usize| {
        let mut parts = honest();
        parts.tiles[0][at] ^= 1;
        parts.encode()
    };
    let with_row = |alter: &dyn Fn(&mut SampleExchange)| {
        let mut exchange = small.clone();
        alter(&mut exchange);
        exchange.statement("amara").encode()
    };
    let negative = negative_neighbour();
    let note = small.sign(&small.attestation());
    let mut changed_attestation = honest();
    changed_attestation.attestation = changed(&note, "Sample Exchange", "Simple Exchange");
    changed_attestation.bind();
    let mut key_swapped = honest();
    let imposter = por_protocol::note::SecretKey::new(
        terms.log_key().public().name().clone(),
        b"the seed of somebody who is not.",
    )
    .expect("a usable seed");
    key_swapped.attestation = imposter
        .sign(&note[..=note.rfind("\n\n").expect("a note")])
        .expect("a note");
    let next = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    let mut older = next.statement("amara");
    older.attestation.clone_from(&note);
    older.bind();
    let mut other_row = honest();
    other_row.rows[0].row = next.row_bytes().swap_remove(0);
    let two = SampleExchange::build(&terms, &[btc(), usdt()], &Lies::default());
    let mut row_of_usdt = two.statement("farid");
    let hiro = two.statement("hiro");
    row_of_usdt.rows = hiro.rows;
    row_of_usdt.tiles = hiro.tiles;
    for (case, description, file, expected) in [
        (
            "child-damaged-by-a-host",
            "A bit of a sibling flipped on the way.",
            damaged(70),
            ("node-hash", "not_verified", "leaf-included"),
        ),
        (
            "proof-damaged-by-a-host",
            "A bit of a range proof flipped on the way: damage, not a false proof.",
            damaged(1500),
            ("node-hash", "not_verified", "leaf-included"),
        ),
        (
            "negative-neighbour",
            "An authentic tile with a leaf of −5 beside the customer's, and a total that is 5 lower.",
            negative.statement("amara").encode(),
            ("range", "not_verified", "siblings-non-negative"),
        ),
        (
            "total-one-less",
            "A published total that is one atom too low.",
            with_row(&|exchange| {
                if let Total::Public { amount, .. } = &mut exchange.books[0].row.total {
                    *amount = Amount::from_atoms(amount.atoms() - 1);
                }
            }),
            ("total-opening", "not_verified", "total-proven"),
        ),
        (
            "total-proof-short",
            "A total's proof of 63 bytes.",
            with_row(&|exchange| {
                if let Total::Public { proof, .. } = &mut exchange.books[0].row.total {
                    proof.0.pop();
                }
            }),
            ("length", "not_verified", "total-proven"),
        ),
        (
            "leaf-count-doubled",
            "The same root for 32 leaves: the path has another length.",
            with_row(&|exchange| exchange.books[0].row.leaf_count = 32),
            ("length", "not_verified", "well-formed"),
        ),
        (
            "decimals-changed",
            "The same atoms at 7 decimals.",
            with_row(&|exchange| {
                let instance = "bip122:000000000019d6689c085ae165831e93/slip44:0";
                exchange.books[0].row.asset =
                    crate::sample::asset("BTC", "Bitcoin", 7, instance, 7);
            }),
            ("node-hash", "not_verified", "leaf-included"),
        ),
        (
            "under-reserved",
            "Reserves below the total: included, and not covered.",
            with_row(&|exchange| {
                let reserves: &mut Vec<ReserveSum> = &mut exchange.books[0].row.reserves;
                reserves[0].amount = Amount::from_atoms(1);
            }),
            ("mismatch", "verified", "covered"),
        ),
        (
            "attestation-changed",
            "An attestation that was changed after it was signed.",
            changed_attestation.encode(),
            ("signature", "not_verified", "attestation-signed"),
        ),
        (
            "attestation-by-another-key",
            "An attestation signed by another key of the same name.",
            key_swapped.encode(),
            ("signature", "not_verified", "attestation-signed"),
        ),
        (
            "older-attestation",
            "November's statement under October's attestation.",
            older.encode(),
            ("signature", "not_verified", "statement-signed"),
        ),
        (
            "row-of-another-month",
            "A book row that is not under the attestation's root.",
            other_row.encode(),
            ("mismatch", "not_verified", "book-listed"),
        ),
        (
            "row-of-another-book",
            "The row of another book.",
            row_of_usdt.encode(),
            ("mismatch", "not_verified", "book-listed"),
        ),
        (
            "sealed",
            "A book with a sealed total.",
            two.statement("hiro").encode(),
            VERIFIED,
        ),
        (
            "sealed-bound-lowered",
            "A bound that was not proven.",
            {
                let mut exchange = two.clone();
                if let Total::Sealed { bound, .. } = &mut exchange.books[1].row.total {
                    *bound = Amount::from_atoms(1);
                }
                exchange.statement("hiro").encode()
            },
            ("total-bound", "not_verified", "total-proven"),
        ),
    ] {
        one(cases, case, description, &file, expected);
    }
}

/// The small exchange with −5 in the first leaf that is not the customer's.
fn negative_neighbour() -> SampleExchange {
    let small = SampleExchange::small();
    let victim = small.books[0].index_of("amara").expect("a customer");
    let slot = usize::from(victim == 0);
    let lies = Lies {
        tile: &|_, draft| draft.children[slot].value -= Scalar::from(5_u64),
        ..Lies::default()
    };
    // A padding leaf, or an account that loses more than it has: the neighbour's own value does not matter.
    SampleExchange::rebuild(&Terms::default(), &[btc()], &lies, Some(small))
}

fn reports(cases: &mut Cases) {
    let policy = Terms::default().policy();
    for (case, description, file, policy) in [
        (
            "verified",
            "The whole report of a true statement.",
            honest().encode(),
            policy.as_str(),
        ),
        (
            "no-policy",
            "The whole report without a policy.",
            honest().encode(),
            "",
        ),
        (
            "negative-neighbour",
            "The whole report of a false tile.",
            negative_neighbour().statement("amara").encode(),
            &policy,
        ),
        (
            "three-books",
            "A public, a deep and a sealed book.",
            SampleExchange::honest().statement("amara").encode(),
            &policy,
        ),
    ] {
        let trust = Trust {
            policy: (!policy.is_empty()).then_some(policy.as_bytes()),
            account: None,
            now: Some(NOW.parse().expect("a number")),
        };
        let report = verify_statement(&file, &trust);
        let (_, code) = crate::vectors::first_failure(&report);
        let file = Base64::encode_string(&file);
        let mut input = vec![("file", file.as_str()), ("now", NOW)];
        if !policy.is_empty() {
            input.push(("policy", policy));
        }
        let text = serde_json::to_string(&report).expect("it has a JSON form");
        cases
            .add("report", case, description, &input, code)
            .giving("report", text);
    }
}

/// `bytes` with the one occurrence of `from` replaced.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    let [at] = places.as_slice() else {
        panic!("{} places", places.len());
    };
    [&bytes[..*at], to, &bytes[at + from.len()..]].concat()
}
