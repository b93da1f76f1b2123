//! Attacks 4.8: the log, its witnesses, and two stories told at once. What a witness answers, who may sign, and how two
//! publishers meet is tested on the running program in `prover/tests/log.rs`.

mod published;

use acceptance::sample::{
    Lies, NOW, SampleExchange, SampleLog, StatementParts, Terms, assert_refused, assert_stops,
    assert_undecided, assert_verified, btc, verify, verify_with, witness,
};
use por_protocol::attestation::Attestation;
use por_protocol::error::Error;
use por_protocol::log::tiles::LogTree;
use por_protocol::log::{
    Checkpoint, Conflict, Evidence, History, KeyRotation, TreeSize, compare_heads,
};
use por_protocol::merkle::leaf_hash;
use por_protocol::note::{KeyName, Note, SecretKey};
use por_protocol::period::Period;
use por_protocol::policy::Policy;
use por_protocol::report::{Covered, Included, Report};
use por_protocol::verify::Trust;
use por_prover::chains::recheck::BalanceChecks;
use por_prover::publication::{AuditOptions, Publication, audit};
use published::{add_to, audit_folder, publish, write_entries};

fn small() -> &'static SampleExchange {
    SampleExchange::small()
}

/// The policy of the sample's log with these lines after it.
fn policy(rest: &str) -> String {
    format!("log {}\n{rest}", Terms::default().log_key().public())
}

/// A policy that wants two of three witnesses.
fn two_of_three() -> String {
    let line = |n: u8| format!("witness W{n} {}\n", witness(n).public());
    let witnesses: String = (1..=3).map(line).collect();
    policy(&format!("{witnesses}group G 2 W1 W2 W3\nquorum G\n"))
}

fn judged(parts: &StatementParts, policy: &str) -> Report {
    let trust = Trust {
        policy: Some(policy.as_bytes()),
        account: None,
        now: Some(NOW),
    };
    verify_with(&parts.encode(), &trust)
}

fn cosigned(by: &[(u8, u64)]) -> StatementParts {
    let mut parts = small().statement("amara");
    parts.log = Some(SampleLog {
        around: (3, 5),
        cosigned: by.to_vec(),
    });
    parts
}

/// Entries of a log of so many attestations, a month each.
fn months(count: u8) -> Vec<Attestation> {
    let first = small().attestation();
    (0..count)
        .map(|month| {
            let mut next = first.clone();
            next.sequence = month.into();
            let (year, month_of_year) = (2026 + u32::from(month) / 12, 1 + month % 12);
            next.period = Period::new(&format!("{year}-{month_of_year:02}")).unwrap();
            next.snapshot.time += u64::from(month) * 2_678_400;
            next
        })
        .collect()
}

fn bytes(attestation: &Attestation) -> Vec<u8> {
    serde_json::to_vec(attestation).unwrap()
}

fn history(attestations: &[Attestation]) -> Result<History, Error> {
    let entries: Vec<_> = attestations.iter().map(bytes).collect();
    History::read("sample.example/por", &entries)
}

/// A head of these entries, signed by the sample's log.
fn head(entries: &[Vec<u8>]) -> String {
    let text = Checkpoint {
        origin: KeyName::new("sample.example/por").unwrap(),
        size: TreeSize::new(entries.len() as u64),
        root: LogTree::new(entries.to_vec()).root(),
    }
    .to_text();
    Terms::default().log_key().sign(&text).unwrap()
}

fn parsed(policy: &str) -> Policy {
    Policy::parse(policy.as_bytes()).unwrap()
}

#[test]
fn l_00_a_statement_with_a_quorum_verifies_and_names_the_time_of_its_head() {
    let report = judged(
        &cosigned(&[(1, 1_793_500_000), (3, 1_793_600_000)]),
        &two_of_three(),
    );
    assert_verified(&report);
    let log = report.log.unwrap();
    assert_eq!((log.index, log.size), (3, 9));
    assert_eq!(log.time, Some(1_793_500_000));
    assert_eq!(log.witnesses, ["W1", "W3"]);
    // Without witnesses no time is claimed.
    let report = judged(&cosigned(&[]), &policy("quorum none\n"));
    assert_verified(&report);
    assert_eq!(report.log.unwrap().time, None);
}

#[test]
fn l_01_two_heads_of_one_size_are_evidence() {
    let (mut first, policy) = (
        vec![b"a".to_vec(), b"b".to_vec()],
        parsed(&policy("quorum none\n")),
    );
    let honest = head(&first);
    first[1] = b"c".to_vec();
    let other = head(&first);
    let evidence = compare_heads(&policy, honest.as_bytes(), other.as_bytes(), &[])
        .unwrap()
        .expect("two roots");
    // The file is all that a third party needs.
    let file = serde_json::to_vec(&evidence).unwrap();
    let size = TreeSize::new(2);
    assert_eq!(
        Evidence::parse(&file).unwrap().verify(&policy),
        Ok(Conflict::Heads {
            origin: "sample.example/por".into(),
            older: size,
            newer: size,
        })
    );
    // The same head twice is none, nor is one that somebody else signed.
    assert_eq!(
        compare_heads(&policy, honest.as_bytes(), honest.as_bytes(), &[]),
        Ok(None)
    );
    let mut forged = evidence;
    let stranger = SecretKey::new(
        KeyName::new("sample.example/por").unwrap(),
        b"0123456789abcdef0123456789abcdef",
    );
    let text = Note::parse(other.as_bytes())
        .unwrap()
        .unverified_text()
        .to_owned();
    forged.second = stranger.unwrap().sign(&text).unwrap();
    assert!(matches!(
        forged.verify(&policy),
        Err(Error::Signature { .. })
    ));
}

#[test]
fn l_02_l_04_a_rewritten_entry_is_evidence_against_a_remembered_head() {
    let policy = parsed(&policy("quorum none\n"));
    let entries: Vec<Vec<u8>> = (0..9_u8).map(|entry| vec![entry]).collect();
    let remembered = head(&entries[..5]);
    let leaves = |entries: &[Vec<u8>]| {
        entries
            .iter()
            .map(|entry| leaf_hash(entry))
            .collect::<Vec<_>>()
    };
    let compare = |newer: &[Vec<u8>]| {
        compare_heads(
            &policy,
            remembered.as_bytes(),
            head(newer).as_bytes(),
            &leaves(newer),
        )
    };
    assert_eq!(compare(&entries), Ok(None));
    // A smaller head is no evidence by itself: a host may serve an old file.
    assert_eq!(
        compare_heads(
            &policy,
            remembered.as_bytes(),
            head(&entries[..3]).as_bytes(),
            &leaves(&entries[..5])
        ),
        Ok(None)
    );
    let mut rewritten = entries.clone();
    rewritten[2] = vec![0xff];
    let evidence = compare(&rewritten).unwrap().expect("a rewritten entry");
    assert!(matches!(
        evidence.verify(&policy),
        Ok(Conflict::Heads { .. })
    ));
    // Leaf hashes that are not those of the larger head show nothing.
    let mut padded = evidence.clone();
    padded.leaves[7] = leaf_hash(b"x");
    assert!(matches!(
        padded.verify(&policy),
        Err(Error::Mismatch { .. })
    ));
    let mut cut = evidence;
    cut.leaves.pop();
    assert!(matches!(cut.verify(&policy), Err(Error::Mismatch { .. })));
}

#[test]
fn l_04_an_entry_that_changes_after_it_was_published_is_found() {
    let folder = publish(small());
    assert_verified(&audit_folder(folder.path(), small()));
    let bundle = folder.path().join("log/tile/entries/000.p/1");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert_refused(
        &audit_folder(folder.path(), small()),
        "attestation-logged",
        "mismatch",
    );
    // A tile that rots, a file too many, a file too few.
    for (path, content) in [
        ("log/tile/0/000.p/1", Some(&b"rotten"[..])),
        ("log/tile/0/001", Some(b"extra")),
        ("log/notes.txt", Some(b"extra")),
        ("log/tile/0/000.p/1", None),
    ] {
        let folder = publish(small());
        let path = folder.path().join(path);
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        assert_refused(
            &audit_folder(folder.path(), small()),
            "log-complete",
            "mismatch",
        );
    }
}

#[test]
fn l_05_gaps_repetitions_and_time_that_runs_backwards_are_refused() {
    let honest = months(15);
    assert_eq!(history(&honest).unwrap().entries(), 15);
    let broken = |change: &dyn Fn(&mut Vec<Attestation>)| {
        let mut attestations = honest[..4].to_vec();
        change(&mut attestations);
        let error = history(&attestations).unwrap_err();
        assert!(matches!(error, Error::Order { .. }), "{error}");
    };
    broken(&|all| drop(all.remove(1)));
    broken(&|all| all[2] = all[1].clone());
    broken(&|all| all.swap(1, 2));
    broken(&|all| all[2].period = all[3].period.clone());
    broken(&|all| all[2].period = all[1].period.clone());
    broken(&|all| all[2].snapshot.time = all[1].snapshot.time);
    broken(&|all| all[2].snapshot.time = 0);
    let mut other = honest.clone();
    other[1].log_origin = "other.example/por".into();
    other[1].statement_key = other[1].statement_key.clone();
    assert!(history(&other).is_err());
}

#[test]
fn l_05_a_correction_names_what_it_supersedes_and_stays_in_its_period() {
    let honest = months(3);
    let correction = |old: u64, period: &str, time: u64| {
        let mut next = honest[2].clone();
        next.sequence = 3;
        next.supersedes = Some(old);
        next.period = Period::new(period).unwrap();
        next.snapshot.time = time;
        next
    };
    let with = |last: &[Attestation]| history(&[honest.as_slice(), last].concat());
    let time = |month: usize| honest[month].snapshot.time;
    let good = correction(1, "2026-02", time(1));
    let read = with(std::slice::from_ref(&good)).unwrap();
    assert_eq!(read.attestations()[1].superseded_by, Some(3));
    assert_eq!(read.attestations()[3].supersedes, Some(1));
    // The next regular month follows the last regular one.
    let mut after = months(5)[3].clone();
    after.sequence = 4;
    assert!(with(&[good.clone(), after]).is_ok());
    for bad in [
        correction(1, "2026-03", time(1)),
        correction(1, "2026-02", time(1) - 1),
    ] {
        assert!(matches!(with(&[bad]), Err(Error::Order { .. })));
    }
    // What was corrected once is corrected through its correction.
    let mut twice = good.clone();
    twice.sequence = 4;
    assert!(matches!(with(&[good, twice]), Err(Error::Order { .. })));
}

#[test]
fn l_06_a_live_head_beyond_the_policys_age_cannot_tell_and_a_statement_never_turns_false() {
    let dated = format!("{}#por maximum-head-age 45d\n", two_of_three());
    let old = 1_793_500_000;
    // The statement is as true in ten years as today.
    let trust = Trust {
        policy: Some(dated.as_bytes()),
        account: None,
        now: Some(old + 3_650 * 86_400),
    };
    let parts = cosigned(&[(1, old), (2, old)]);
    assert_verified(&verify_with(&parts.encode(), &trust));
    // A publication's head is live.
    let folder = publish(small());
    let path = folder.path().join("log/checkpoint");
    let note = std::fs::read_to_string(&path).unwrap();
    let text = Note::parse(note.as_bytes())
        .unwrap()
        .unverified_text()
        .to_owned();
    let lines: String = [1, 2]
        .map(|n| witness(n).cosign(&text, old).unwrap())
        .concat();
    std::fs::write(&path, note + &lines).unwrap();
    let balances = BalanceChecks::offline().unwrap();
    let at = |now| {
        let options = AuditOptions {
            balances: &balances,
            policy: Some(dated.as_bytes()),
            now,
            sequence: None,
            progress: false,
        };
        audit(&Publication::at(folder.path()), &options).unwrap()
    };
    assert_verified(&at(old + 45 * 86_400));
    assert_undecided(&at(old + 45 * 86_400 + 1), "head-fresh", "missing");
}

#[test]
fn l_07_heads_of_other_keys_are_refused_and_unknown_signatures_ignored() {
    let parts = small().statement("amara");
    let proof = parts.log_proof().unwrap();
    let stranger = SecretKey::new(
        KeyName::new("sample.example/por").unwrap(),
        b"0123456789abcdef0123456789abcdef",
    )
    .unwrap();
    let text = proof
        .split_once("\n\n")
        .unwrap()
        .1
        .rsplit_once("\n\n")
        .unwrap()
        .0
        .to_owned()
        + "\n";
    let with = |proof: &str| {
        let file = parts.encode();
        let own = parts.log_proof().unwrap();
        let cut = file.len() - own.len() - 1;
        let head = String::from_utf8_lossy(&file[..cut])
            .rfind("log-proof ")
            .unwrap();
        // The section's header is ASCII after the tiles' bytes: find it from the end.
        let header = format!("log-proof {}\n", own.len());
        let begin = cut - header.len();
        assert!(head > 0);
        let mut changed = file[..begin].to_vec();
        changed.extend_from_slice(format!("log-proof {}\n{proof}\n", proof.len()).as_bytes());
        verify(&changed)
    };
    assert_verified(&with(&proof));
    let line = stranger.signature_line(&text).unwrap();
    assert_verified(&with(&format!("{proof}{line}")));
    let own_line = proof.rsplit_once("\n\n").unwrap().1;
    assert_refused(
        &with(&proof.replace(own_line, &line)),
        "attestation-logged",
        "signature",
    );
    // A proof of another entry, another index, another root.
    assert_refused(
        &with(&proof.replace("index 0", "index 1")),
        "attestation-logged",
        "mismatch",
    );
    let other = SampleLog::ending_with(&parts.terms).proof(&parts.terms, b"another entry");
    assert_refused(&with(&other), "attestation-logged", "mismatch");
    assert_refused(&with("nonsense"), "well-formed", "syntax");
}

#[test]
fn l_08_cosignatures_missing_forged_or_doubled_do_not_meet_the_quorum() {
    let policy = two_of_three();
    for short in [&[][..], &[(1, 9)], &[(1, 9), (1, 10)], &[(1, 9), (7, 9)]] {
        let report = judged(&cosigned(short), &policy);
        assert_refused(&report, "witnesses-cosigned", "signature");
    }
    // A statement issued before its attestation was logged proves no inclusion in the log, and is no lie.
    let mut unlogged = small().statement("amara");
    unlogged.log = None;
    assert_stops(
        &judged(&unlogged, &policy),
        Included::CannotTell,
        "attestation-logged",
        "missing",
    );
}

#[test]
fn l_08_a_snapshot_later_than_its_log_head_is_refused() {
    let early = Terms::default().snapshot_time - 1;
    let report = judged(&cosigned(&[(1, early), (2, early)]), &two_of_three());
    assert_refused(&report, "in-order", "order");
}

#[test]
fn l_09_another_origin_is_another_log() {
    let terms = Terms {
        log_origin: "sample.example/other".into(),
        ..Terms::default()
    };
    let parts = small().statement("amara");
    let entry = Note::parse(parts.attestation.as_bytes()).unwrap();
    let log = SampleLog::ending_with(&terms);
    let foreign = log.head(&terms, entry.unverified_text().as_bytes());
    let policy = parsed(&policy("quorum none\n"));
    let note = Note::parse(foreign.as_bytes()).unwrap();
    assert!(policy.head(&note).is_err());
    // The right key under another origin line.
    let text = note.unverified_text().to_owned();
    let renamed = Terms::default().log_key().sign(&text).unwrap();
    let note = Note::parse(renamed.as_bytes()).unwrap();
    assert!(matches!(policy.head(&note), Err(Error::Mismatch { .. })));
}

#[test]
fn l_10_statements_of_two_histories_convict_the_exchange() {
    let other = Terms {
        run_seed: 9,
        ..Terms::default()
    };
    let other = SampleExchange::build(&other, &[btc()], &Lies::default());
    let policy = parsed(&policy("quorum none\n"));
    let head_of = |exchange: &SampleExchange| {
        let parts = exchange.statement("bao");
        let proof = parts.log_proof().unwrap();
        proof.split_once("\n\n").unwrap().1.to_owned()
    };
    let evidence = compare_heads(
        &policy,
        head_of(small()).as_bytes(),
        head_of(&other).as_bytes(),
        &[],
    );
    assert!(evidence.unwrap().unwrap().verify(&policy).is_ok());
}

#[test]
fn l_11_a_signed_statement_verifies_offline_for_ever() {
    let report = judged(
        &cosigned(&[(1, 1_793_500_000), (2, 1_793_500_000)]),
        &two_of_three(),
    );
    assert_verified(&report);
    assert!(
        report
            .checks
            .iter()
            .any(|check| check.id == "statement-signed")
    );
}

#[test]
fn a_key_rotation_is_signed_by_both_keys_and_binds_what_follows() {
    let old = Terms::default().log_key();
    let new = SecretKey::new(
        old.public().name().clone(),
        b"fedcba9876543210fedcba9876543210",
    )
    .unwrap();
    let rotation = KeyRotation::new(&old.public(), &new.public()).unwrap();
    let text = serde_json::to_string_pretty(&rotation).unwrap() + "\n";
    let note = old.sign(&text).unwrap() + &new.signature_line(&text).unwrap();
    assert_eq!(
        rotation.verify(&Note::parse(note.as_bytes()).unwrap()),
        Ok(())
    );
    for alone in [old.sign(&text).unwrap(), new.sign(&text).unwrap()] {
        assert!(
            rotation
                .verify(&Note::parse(alone.as_bytes()).unwrap())
                .is_err()
        );
    }
    assert!(KeyRotation::new(&old.public(), &old.public()).is_err());
    // The month after the rotation must be signed by the new key; this one is by the old.
    let folder = publish(small());
    let second = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    add_to(folder.path(), &second, &second.attestation());
    std::fs::create_dir(folder.path().join("rotations")).unwrap();
    std::fs::write(folder.path().join("rotations/000001.note"), &note).unwrap();
    let read = |sequence| {
        std::fs::read(Publication::at(folder.path()).attestation(sequence).json()).unwrap()
    };
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    write_entries(
        folder.path(),
        &Terms::default(),
        &[read(0), text.into_bytes(), read(1)],
    );
    assert_refused(
        &audit_folder(folder.path(), &second),
        "log-complete",
        "signature",
    );
    // A head that the old key alone signed after the rotation is refused: who has it, signs no more heads. By the new key
    // alone, or by both, it is right.
    let entries = [
        read(0),
        (serde_json::to_string_pretty(&rotation).unwrap() + "\n").into_bytes(),
    ];
    std::fs::remove_dir_all(folder.path().join("attestations/000001")).unwrap();
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    write_entries(folder.path(), &Terms::default(), &entries);
    let policy = format!("{}log {}\n", Terms::default().policy(), new.public());
    let by_new_policy = || {
        let balances = BalanceChecks::offline().unwrap();
        let options = AuditOptions {
            balances: &balances,
            policy: Some(policy.as_bytes()),
            now: NOW,
            sequence: Some(0),
            progress: false,
        };
        audit(&Publication::at(folder.path()), &options).unwrap()
    };
    let checkpoint = folder.path().join("log/checkpoint");
    let by_old = std::fs::read_to_string(&checkpoint).unwrap();
    let report = by_new_policy();
    assert_refused(&report, "log-complete", "signature");
    assert_eq!(report.books[0].covered, Covered::CannotTell);
    let head = Note::parse(by_old.as_bytes())
        .unwrap()
        .unverified_text()
        .to_owned();
    let by_both = format!("{by_old}{}", new.signature_line(&head).unwrap());
    for right in [by_both, new.sign(&head).unwrap()] {
        std::fs::write(&checkpoint, &right).unwrap();
        assert_verified(&by_new_policy());
    }
    // The chain of keys must not have a gap.
    let third = SecretKey::new(
        old.public().name().clone(),
        b"0123456789abcdef0123456789abcdef",
    )
    .unwrap();
    let gap = KeyRotation::new(&old.public(), &third.public()).unwrap();
    let entries = [&rotation, &gap].map(|entry| serde_json::to_vec(entry).unwrap());
    assert!(matches!(
        History::read("sample.example/por", &entries),
        Err(Error::Order { .. })
    ));
}

#[test]
fn an_attestation_of_500_assets_fits_one_log_entry() {
    // Books are rows below the attestation, so their number does not show in its length.
    let attestation = small().attestation();
    let mut many = attestation.clone();
    many.books.count = 500;
    many.reserves.count = 100_000;
    many.annexes = (0..64)
        .map(|number| por_protocol::attestation::Annex {
            name: format!("annex-{number:02}.jsonl"),
            size: u64::MAX,
            sha256: por_protocol::digest::Digest::of(b"annex"),
        })
        .collect();
    let entry = serde_json::to_vec_pretty(&many).unwrap();
    assert!(entry.len() < 16_000, "{}", entry.len());
    assert!(Attestation::parse(&entry).is_ok());
    let files = LogTree::new(vec![entry]).files(TreeSize::new(0)).unwrap();
    assert_eq!(files.len(), 2);
}
