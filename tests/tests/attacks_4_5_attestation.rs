//! Attacks 4.5: the attestation. M-03, M-04, M-06 and M-14 are also unit tests beside the parser and vectors of `json`,
//! `attestation` and `book-row`.

mod published;

use acceptance::sample::{
    Lies, NOW, SampleExchange, StatementParts, Terms, assert_refused, assert_undecided,
    assert_verified, asset, btc, eth, verify, verify_with,
};
use por_protocol::amount::Amount;
use por_protocol::attestation::{Annex, Attestation};
use por_protocol::digest::Digest;
use por_protocol::log::{Conflict, Evidence, compare_heads};
use por_protocol::note::{Note, SecretKey};
use por_protocol::period::Period;
use por_protocol::policy::Policy;
use por_protocol::report::{Covered, Included, Report};
use por_protocol::verify::Trust;
use published::{add_to, audit_folder, audit_with, audited, publish, publish_as};

fn small() -> &'static SampleExchange {
    SampleExchange::small()
}

/// The small statement under any text that the log key signs.
fn under_text(text: &str) -> Vec<u8> {
    let note = Terms::default().log_key().sign(text).unwrap();
    small().statement_under_note("amara", note).encode()
}

fn honest_text() -> String {
    serde_json::to_string_pretty(&small().attestation()).unwrap() + "\n"
}

/// The attestation with this change, signed again, and the statement bound to it.
fn under(alter: impl FnOnce(&mut Attestation)) -> Vec<u8> {
    let mut attestation = small().attestation();
    alter(&mut attestation);
    small().statement_under("amara", &attestation).encode()
}

#[test]
fn m_01_any_byte_of_the_attestation_changed_is_refused() {
    let honest = small().statement("amara");
    for at in 0..honest.attestation.len() {
        let mut note = honest.attestation.clone().into_bytes();
        // The lowest bit keeps ASCII what it is, and breaks the dash of a signature line.
        note[at] ^= 1;
        let Ok(note) = String::from_utf8(note) else {
            continue;
        };
        let mut parts = honest.clone();
        parts.attestation = note;
        let report = verify(&parts.encode());
        assert_ne!(report.included, Included::Verified, "byte {at}");
    }
    // Where the form survives, it is the signature that fails.
    let mut parts = honest;
    parts.attestation = parts
        .attestation
        .replacen("Sample Exchange", "Simple Exchange", 1);
    parts.bind();
    assert_refused(&verify(&parts.encode()), "attestation-signed", "signature");
}

#[test]
fn m_02_the_signature_of_another_key_is_refused() {
    let name = Terms::default().log_key().public().name().clone();
    let imposter = SecretKey::new(name, b"the seed of somebody else's key.").unwrap();
    let note = imposter.sign(&honest_text()).unwrap();
    let file = small().statement_under_note("amara", note).encode();
    assert_refused(&verify(&file), "attestation-signed", "signature");
    // The log key signs an attestation that says it is of another log.
    let elsewhere = Terms {
        log_origin: "elsewhere.example/por".into(),
        ..Terms::default()
    };
    let elsewhere = SampleExchange::build(&elsewhere, &[btc()], &Lies::default());
    let text = serde_json::to_string_pretty(&elsewhere.attestation()).unwrap() + "\n";
    let note = Terms::default().log_key().sign(&text).unwrap();
    let file = elsewhere.statement_under_note("amara", note).encode();
    assert_refused(&verify(&file), "attestation-signed", "mismatch");
    // The statement key swapped inside: its own signature fails.
    let other = Terms {
        run_seed: 99,
        ..Terms::default()
    };
    let file =
        under(|attestation| attestation.statement_key = other.statement_key().public().to_string());
    assert_refused(&verify(&file), "statement-signed", "signature");
}

#[test]
fn m_03_a_key_that_stands_twice_is_refused() {
    let text = honest_text();
    for (key, value) in [
        ("sequence", "0"),
        ("entity", "\"Other\""),
        ("books", "null"),
    ] {
        let twice = text.replacen(
            &format!("\"{key}\""),
            &format!("\"{key}\": {value},\n  \"{key}\""),
            1,
        );
        assert_refused(&verify(&under_text(&twice)), "well-formed", "syntax");
    }
    let mut parts = small().statement("amara");
    let row = String::from_utf8(parts.rows[0].row.clone()).unwrap();
    parts.rows[0].row = row
        .replacen("\"amount\":", "\"amount\":\"1\",\"amount\":", 1)
        .into_bytes();
    assert_refused(&verify(&parts.encode()), "well-formed", "syntax");
}

#[test]
fn m_04_totals_in_other_notations_are_refused() {
    let row = String::from_utf8(small().row_bytes().swap_remove(0)).unwrap();
    let amount = format!(
        "\"public\":{{\"amount\":\"{}\"",
        small().books[0].row.required()
    );
    assert!(row.contains(&amount));
    let long = format!("\"{}\"", "9".repeat(21));
    for written in [
        "5",
        "5.0",
        "1e21",
        "9007199254740993",
        "-5",
        "null",
        "\"5.0\"",
        "\"1e21\"",
        "\"+5\"",
        "\"05\"",
        "\"-5\"",
        "\" 5\"",
        "\"\"",
        "\"18446744073709551616\"",
        "[\"5\"]",
        &long,
    ] {
        let mut parts = small().statement("amara");
        let written = format!("\"public\":{{\"amount\":{written}");
        parts.rows[0].row = row.replace(&amount, &written).into_bytes();
        assert_refused(&verify(&parts.encode()), "well-formed", "syntax");
    }
}

#[test]
fn m_05_everything_that_gives_the_figures_their_meaning_is_bound() {
    // By the context of every hash, transcript and total.
    type Change = fn(&mut Attestation);
    let bound: [Change; 4] = [
        |attestation| attestation.period = Period::new("2026-11").unwrap(),
        |attestation| attestation.sequence = 1,
        |attestation| attestation.snapshot.time += 1,
        |attestation| attestation.snapshot.time -= 86_400,
    ];
    for change in bound {
        assert_refused(&verify(&under(change)), "leaf-included", "node-hash");
    }
    for (id, decimals) in [("BTC", 7), ("XBT", 8)] {
        let mut exchange = small().clone();
        let instance = "bip122:000000000019d6689c085ae165831e93/slip44:0";
        exchange.books[0].row.asset = asset(id, "Bitcoin", decimals, instance, decimals);
        let report = verify(&exchange.statement("amara").encode());
        assert_refused(&report, "leaf-included", "node-hash");
    }
    // By the signature alone: the name of the exchange and of an asset.
    let mut parts = small().statement("amara");
    let note = parts
        .attestation
        .replacen("Sample Exchange", "Other Exchange", 1);
    parts.attestation = note;
    parts.bind();
    assert_refused(&verify(&parts.encode()), "attestation-signed", "signature");
    let mut parts = small().statement("amara");
    let row = String::from_utf8(parts.rows[0].row.clone()).unwrap();
    parts.rows[0].row = row.replace("\"Bitcoin\"", "\"Bitcoin Cash\"").into_bytes();
    assert_refused(&verify(&parts.encode()), "book-listed", "mismatch");
    // The order of the books, by the root over their rows.
    let honest = SampleExchange::honest();
    let mut parts = honest.statement("amara");
    parts.rows.swap(0, 2);
    let report = verify(&parts.encode());
    let listed = report
        .checks
        .iter()
        .filter(|check| check.id == "book-listed");
    let reasons: Vec<_> = listed.map(|check| check.reason).collect();
    assert_eq!(reasons, [Some("mismatch"), None, Some("mismatch")]);
    assert_eq!(report.included, Included::NotVerified);
}

#[test]
fn m_06_an_asset_that_stands_twice_is_refused_by_the_auditor() {
    let mut exchange = small().clone();
    exchange.books.push(exchange.books[0].clone());
    assert_refused(&audited(&exchange), "books-complete", "duplicate");
    // Other spellings of an id are no ids.
    let row = String::from_utf8(small().row_bytes().swap_remove(0)).unwrap();
    for id in ["btc", "BTC ", " BTC", "ВТС", "B\u{200d}TC"] {
        let mut parts = small().statement("amara");
        parts.rows[0].row = row
            .replace("\"id\":\"BTC\"", &format!("\"id\":\"{id}\""))
            .into_bytes();
        assert_refused(&verify(&parts.encode()), "well-formed", "syntax");
    }
    // One coin under two ids.
    let mut other = btc();
    let instance = other.asset.instances()[0].id.clone();
    other.asset = asset("XBT", "Bitcoin", 8, instance.as_str(), 8);
    let books = [btc(), other];
    let exchange = SampleExchange::build(&Terms::default(), &books[..1], &Lies::default());
    let second = SampleExchange::build(&Terms::default(), &books[1..], &Lies::default());
    let mut both = exchange;
    both.books.extend(second.books);
    assert_refused(&audited(&both), "books-complete", "duplicate");
}

#[test]
fn m_07_lists_of_another_snapshot_are_refused() {
    let exchange = SampleExchange::small();
    let next = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    // November's books beside October's reserves.
    let mut mixed = exchange.clone();
    mixed.books.clone_from(&next.books);
    assert_refused(&audited(&mixed), "siblings-non-negative", "node-hash");
    // Rows that are not those of the signed roots.
    let folder = publish(exchange);
    let own = folder.path().join("attestations/000000");
    let other = publish(&SampleExchange::build(
        &Terms::next_month(),
        &[btc()],
        &Lies::default(),
    ));
    let theirs = other.path().join("attestations/000001");
    std::fs::copy(theirs.join("books.jsonl"), own.join("books.jsonl")).unwrap();
    assert_refused(
        &audit_folder(folder.path(), exchange),
        "books-complete",
        "mismatch",
    );
    let folder = publish(exchange);
    let reserves = folder.path().join("attestations/000000/reserves.jsonl");
    let rows = std::fs::read_to_string(&reserves).unwrap();
    std::fs::write(&reserves, rows.replace("2625000000", "9925000000")).unwrap();
    assert_refused(
        &audit_folder(folder.path(), exchange),
        "reserves-complete",
        "mismatch",
    );
}

#[test]
fn m_08_a_snapshot_in_the_future_or_before_the_previous_is_refused() {
    let policy = Terms::default().policy();
    let file = small().statement("amara").encode();
    let at = |now| Trust {
        policy: Some(policy.as_bytes()),
        account: None,
        now: Some(now),
    };
    assert_verified(&verify_with(&file, &at(1_793_404_800)));
    let early = verify_with(&file, &at(1_793_404_799));
    assert_refused(&early, "in-order", "order");
    let ahead = Terms {
        snapshot_time: NOW + 1,
        ..Terms::default()
    };
    let ahead = SampleExchange::build(&ahead, &[btc()], &Lies::default());
    assert_refused(&audited(&ahead), "in-order", "order");
    // The second attestation of a publication.
    let then = |terms: Terms| {
        let second = SampleExchange::build(&terms, &[btc()], &Lies::default());
        let folder = publish(small());
        add_to(folder.path(), &second, &second.attestation());
        audit_folder(folder.path(), &second)
    };
    assert_verified(&then(Terms::next_month()));
    let backwards = Terms {
        snapshot_time: 1_793_404_799,
        ..Terms::next_month()
    };
    assert_refused(&then(backwards), "attestation-logged", "order");
    let same_period = Terms {
        period: "2026-10".into(),
        ..Terms::next_month()
    };
    assert_refused(&then(same_period), "attestation-logged", "order");
    let skipped = Terms {
        sequence: 2,
        ..Terms::next_month()
    };
    assert_refused(&then(skipped), "attestation-logged", "order");
}

#[test]
fn m_09_two_attestations_of_one_sequence_are_evidence_against_the_signer() {
    let other = SampleExchange::build(
        &Terms {
            run_seed: 3,
            ..Terms::default()
        },
        &[btc()],
        &Lies::default(),
    );
    let policy = Policy::parse(Terms::default().policy().as_bytes()).unwrap();
    let (first, second) = (small().statement("amara"), other.statement("amara"));
    // Each verifies on its own: only beside each other do they show the lie.
    assert_verified(&verify(&first.encode()));
    assert_verified(&verify(&second.encode()));
    let evidence = Evidence::of_attestations(&first.attestation, &second.attestation);
    assert_eq!(
        evidence.verify(&policy),
        Ok(Conflict::Attestations {
            origin: "sample.example/por".into(),
            sequence: 0
        })
    );
    // So do the heads of the two logs that hold them.
    let head = |parts: &StatementParts| {
        let note = Note::parse(parts.attestation.as_bytes()).unwrap();
        let entry = note.unverified_text().as_bytes();
        parts.log.as_ref().unwrap().head(&parts.terms, entry)
    };
    let (first, second) = (head(&first), head(&second));
    let evidence = compare_heads(&policy, first.as_bytes(), second.as_bytes(), &[]);
    assert!(evidence.unwrap().is_some());
}

#[test]
fn m_10_other_versions_are_unsupported_and_unknown_fields_refused() {
    for format in [
        "por/attestation/v0",
        "por/attestation/v2",
        "por/attestation",
        "",
    ] {
        let file = under(|attestation| attestation.format = format.into());
        assert_undecided(&verify(&file), "well-formed", "unsupported");
    }
    let text = honest_text().replacen('{', "{\n  \"critical\": true,", 1);
    assert_refused(&verify(&under_text(&text)), "well-formed", "syntax");
}

#[test]
fn m_11_tiles_of_a_book_that_is_not_listed_are_found_by_the_auditor() {
    let honest = SampleExchange::honest();
    let folder = publish(honest);
    let mut fewer = honest.clone();
    fewer.books.pop();
    let attestation = fewer.attestation();
    add_to(folder.path(), &fewer, &attestation);
    let report = audit_folder(folder.path(), &fewer);
    let check = report
        .checks
        .iter()
        .find(|check| check.id == "files-expected");
    assert_eq!(check.unwrap().reason, Some("mismatch"));
    assert_eq!(report.included, Included::NotVerified);
    // A row that the signed root does not bind.
    let folder = publish_as(honest, &attestation);
    assert_refused(
        &audit_folder(folder.path(), honest),
        "books-complete",
        "count",
    );
}

#[test]
fn m_12_coverage_is_computed_from_figures_and_apart_from_inclusion() {
    let mut exchange = small().clone();
    let required = exchange.books[0].row.required().atoms();
    let at = |reserves: u64, exchange: &mut SampleExchange| {
        exchange.books[0].row.reserves[0].amount = Amount::from_atoms(reserves);
        let report = verify(&exchange.statement("amara").encode());
        assert_eq!(report.included, Included::Verified);
        report.books[0].covered
    };
    assert_eq!(at(required, &mut exchange), Covered::Covered);
    assert_eq!(at(required - 1, &mut exchange), Covered::NotCovered);
    assert_eq!(at(required / 100 * 95, &mut exchange), Covered::NotCovered);
    // No field holds a ratio or a verdict.
    for field in ["ratio", "coverage", "covered"] {
        let text = honest_text().replacen('{', &format!("{{\n  \"{field}\": \"105 %\","), 1);
        assert_refused(&verify(&under_text(&text)), "well-formed", "syntax");
    }
    // Figures that nobody authenticated cover nothing.
    let file = exchange.statement("amara").encode();
    let report = verify_with(&file, &Trust::default());
    assert_eq!(report.books[0].covered, Covered::CannotTell);
    // Sums that are not those of the addresses are refused by the auditor.
    at(u64::MAX, &mut exchange);
    assert_refused(&audited(&exchange), "reserves-summed", "mismatch");
}

#[test]
fn m_03_a_member_that_is_not_there_is_refused_and_null_stands_for_none() {
    let text = honest_text();
    for (member, malformed) in [
        ("  \"supersedes\": null,\n", "syntax"),
        ("  \"sequence\": 0,\n", "syntax"),
    ] {
        let without = text.replacen(member, "", 1);
        assert_ne!(without, text, "{member}");
        assert_refused(&verify(&under_text(&without)), "well-formed", malformed);
    }
    // What may be left out is not null: there would be two texts of one attestation.
    let muhash = text.replacen("\"height\"", "\"muhash\": null,\n        \"height\"", 1);
    assert_ne!(muhash, text);
    assert_refused(&verify(&under_text(&muhash)), "well-formed", "syntax");
}

#[test]
fn later_formats_are_unsupported_however_they_look_and_sizes_come_first() {
    let later = |format: &str| format!("{{\"format\":\"{format}\",\"new\":[1,2]}}\n");
    let code = |result: Result<(), por_protocol::error::Error>| result.unwrap_err().code();
    let disclosure = later("por/disclosure/v2");
    let disclosed = por_protocol::disclosure::Disclosure::parse(disclosure.as_bytes());
    assert_eq!(code(disclosed.map(drop)), "unsupported");
    let evidence = later("por/equivocation/v2");
    assert_eq!(
        code(Evidence::parse(evidence.as_bytes()).map(drop)),
        "unsupported"
    );
    let long = " ".repeat(3_000_000);
    let core = por_protocol::statement::Core::parse(&long);
    assert_eq!(code(core.map(drop)), "too-large");
    let plan = por_protocol::plan::Plan::parse(" ".repeat(100_000_000).as_bytes());
    assert_eq!(code(plan.map(drop)), "too-large");
}

#[test]
fn coverage_rests_on_every_check_that_its_figures_rest_on() {
    let covered = |report: &Report| {
        let books = report.books.iter();
        books
            .map(|book| (book.covered, book.class))
            .collect::<Vec<_>>()
    };
    let folder = publish(small());
    let honest = audit_folder(folder.path(), small());
    assert!(!honest.books.is_empty());
    assert!(
        covered(&honest)
            .iter()
            .all(|(is, _)| *is == Covered::Covered)
    );
    let untold = vec![(Covered::CannotTell, None); honest.books.len()];
    // The auditor's own source has another block there: what the exchange says of its balances is of no chain.
    let block = &small().attestation().snapshot.blocks[0];
    let other = format!("{}2", &block.hash[..block.hash.len() - 1]);
    assert_ne!(other, block.hash);
    let denied = audit_with(folder.path(), small(), &[(&block.network, &other)]);
    assert_refused(&denied, "balances-confirmed", "mismatch");
    assert_eq!(covered(&denied), untold);
    let confirmed = audit_with(folder.path(), small(), &[(&block.network, &block.hash)]);
    assert_verified(&confirmed);
    assert!(
        covered(&confirmed)
            .iter()
            .all(|(is, _)| *is == Covered::Covered)
    );
    // Whom the auditor could not ask says nothing.
    let silent = audit_with(folder.path(), small(), &[("eip155:424242", &other)]);
    assert_undecided(&silent, "balances-confirmed", "missing");
    assert!(
        covered(&silent)
            .iter()
            .all(|(is, _)| *is == Covered::Covered)
    );
    // A list of addresses that is not the signed one.
    let mut attestation = small().attestation();
    attestation.reserves.root = Digest::of(b"another list");
    let folder = publish_as(small(), &attestation);
    let other = audit_folder(folder.path(), small());
    assert_refused(&other, "reserves-complete", "mismatch");
    assert_eq!(covered(&other), untold);
}

#[test]
fn a_scheme_that_nobody_knows_hides_no_false_signature() {
    let build = |lie: &dyn Fn(&mut SampleExchange)| {
        let mut exchange =
            SampleExchange::build(&Terms::default(), &[btc(), eth()], &Lies::default());
        lie(&mut exchange);
        exchange
    };
    let unknown = build(&|exchange| exchange.reserves[0].scheme = "of-2040".into());
    assert_undecided(&audited(&unknown), "ownership", "unsupported");
    // In either order, and on however many threads.
    for (unknown, other) in [(0, 1), (1, 0)] {
        let both = build(&|exchange| {
            exchange.reserves[unknown].scheme = "of-2040".into();
            let first = exchange.reserves[unknown].signatures.clone();
            exchange.reserves[other].signatures = first;
        });
        assert_refused(&audited(&both), "ownership", "field");
    }
}

#[test]
fn an_audit_tells_what_it_was_of() {
    let folder = publish(small());
    let attestation = small().attestation();
    let bytes = std::fs::read(folder.path().join("attestations/000000/attestation.json")).unwrap();
    let report = audit_folder(folder.path(), small());
    assert_eq!(report.attestation, Some(attestation.facts(&bytes)));
    let facts = report.attestation.unwrap();
    assert_eq!(facts.digest, Digest::of(&bytes).to_string());
    assert_eq!((facts.sequence, facts.period.as_str()), (0, "2026-10"));
    // The report of a statement has no such member: it says what it was of already.
    let report = verify(&small().statement("amara").encode());
    assert!(
        !serde_json::to_string(&report)
            .unwrap()
            .contains("\"attestation\":{")
    );
}

#[test]
fn a_folder_that_the_log_lists_and_nobody_finds_speaks_against_the_publication() {
    let folder = publish(small());
    let second = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    add_to(folder.path(), &second, &second.attestation());
    std::fs::remove_dir_all(folder.path().join("attestations/000001")).unwrap();
    assert_refused(
        &audit_folder(folder.path(), &second),
        "well-formed",
        "mismatch",
    );
}

#[test]
fn a_row_that_calls_for_a_trillion_leaves_costs_nothing() {
    let mut exchange = small().clone();
    exchange.books[0].row.leaf_count = 1 << 40;
    let start = std::time::Instant::now();
    let report = audited(&exchange);
    assert_eq!(report.included, Included::NotVerified);
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn m_13_size_nesting_and_number_are_limited_before_anything_is_allocated() {
    let text = honest_text();
    let long = text
        .clone()
        .replace('}', &format!("}}{}", " ".repeat(65_535)));
    assert_refused(&verify(&under_text(&long)), "well-formed", "too-large");
    let deep = format!("{}{}\n", "[".repeat(30_000), "]".repeat(30_000));
    assert_refused(&verify(&under_text(&deep)), "well-formed", "syntax");
    let annex = |number: usize| Annex {
        name: format!("{number}"),
        size: 1,
        sha256: Digest::of(b""),
    };
    let file = under(|attestation| attestation.annexes = (0..1000).map(annex).collect());
    assert_refused(&verify(&file), "well-formed", "too-large");
    let huge = vec![b' '; 50_000_001];
    assert_refused(&verify(&huge), "well-formed", "too-large");
    // A length that promises more than there is.
    let file = b"por/statement/v1\ncore 18446744073709551615\n{}\n";
    assert_refused(&verify(file), "well-formed", "syntax");
    let sections: String = (0..40_u8)
        .map(|n| format!("s{} 0\n\n", char::from(b'a' + n % 26)))
        .collect();
    let file = format!("por/statement/v1\n{sections}");
    assert_eq!(verify(file.as_bytes()).included, Included::NotVerified);
}

#[test]
fn m_14_annexes_stay_in_their_folder() {
    let names = [
        "../x",
        "../../x",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "..",
        "CON",
        "nul.txt",
        "",
        ".hidden",
        "a b",
    ];
    for name in names {
        let file = under(|attestation| {
            attestation.annexes = vec![Annex {
                name: name.into(),
                size: 1,
                sha256: Digest::of(b"x"),
            }];
        });
        assert_refused(&verify(&file), "well-formed", "field");
    }
    let annex = |name: &str| Annex {
        name: name.into(),
        size: 1,
        sha256: Digest::of(b"x"),
    };
    let file = under(|attestation| attestation.annexes = vec![annex("a.pdf"), annex("A.PDF")]);
    assert_refused(&verify(&file), "well-formed", "duplicate");
}

#[cfg(unix)]
#[test]
fn m_14_links_in_a_publication_are_never_followed() {
    let exchange = small();
    let folder = publish(exchange);
    let pack = folder
        .path()
        .join("attestations/000000/tiles/BTC-owed/1/000000.pack");
    let moved = folder.path().join("elsewhere");
    std::fs::rename(&pack, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &pack).unwrap();
    assert_refused(
        &audit_folder(folder.path(), exchange),
        "files-expected",
        "mismatch",
    );
    let folder = publish(exchange);
    let own = folder.path().join("attestations/000000");
    std::os::unix::fs::symlink("/", own.join("annexes")).unwrap();
    assert_refused(
        &audit_folder(folder.path(), exchange),
        "files-expected",
        "mismatch",
    );
}
