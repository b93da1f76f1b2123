//! `por publish` before witnesses that are honest, lie, hang or are down, and before other publishers: nothing is public
//! without a quorum, no order of events makes the log key sign two histories (L-02, L-08, L-12, and F-01 for the signer).
#![allow(missing_docs, reason = "tests")]

#[path = "support/history.rs"]
mod history;
#[path = "support/http.rs"]
mod http;
mod support;
#[path = "support/witnesses.rs"]
mod witnesses;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use history::{
    attest_second, audit_passes, checkpoint, entries, first_attested, log_at, sequences,
};
use http::{reply, serve};
use por_protocol::note::{KeyName, Note, WitnessKey, WitnessSecretKey};
use por_protocol::policy::Policy;
use support::{Done, Sample, command, copy_tree, tree};
use witnesses::{Running, init};

/// One attested month, shared: tests copy it.
fn attested() -> Sample {
    static ATTESTED: OnceLock<Sample> = OnceLock::new();
    ATTESTED.get_or_init(first_attested).copy()
}

/// Two months, the first published without witnesses, the second attested.
fn second_attested() -> Sample {
    static SECOND: OnceLock<Sample> = OnceLock::new();
    let sample = SECOND.get_or_init(|| {
        let sample = attested();
        sample.publish().expect(0);
        attest_second(&sample, "BTC=112");
        sample
    });
    sample.copy()
}

fn name(number: usize) -> String {
    format!("witness.example/w{number}")
}

fn secret(number: usize) -> WitnessSecretKey {
    let mut seed = [u8::try_from(number).unwrap(); 32];
    seed[0] = 0x5e;
    WitnessSecretKey::new(KeyName::new(&name(number)).unwrap(), &seed).unwrap()
}

/// A port that nothing listens on.
const DOWN: &str = "http://127.0.0.1:9";

/// The sample's policy with these witnesses, of which two must cosign.
fn set_policy(sample: &Sample, witnesses: &[(WitnessKey, String)]) {
    let policy = sample.read("exchange/policy");
    let log = policy
        .lines()
        .find(|line| line.starts_with("log "))
        .unwrap();
    let mut text = format!("{log}\n");
    let mut group = "group quorum 2".to_owned();
    for (number, (key, url)) in (1..).zip(witnesses) {
        text += &format!("witness w{number} {key} {url}\n");
        group += &format!(" w{number}");
    }
    text += &format!("{group}\nquorum quorum\n");
    Policy::parse(text.as_bytes()).unwrap();
    sample.write("exchange/policy", text);
}

/// A witness that runs, of the sample's log.
fn honest(sample: &Sample, number: usize) -> (Running, WitnessKey) {
    let policy = sample.read("exchange/policy");
    let log = policy.lines().find_map(|line| line.strip_prefix("log "));
    let folder = sample.at(&format!("witness-{number}"));
    let key = init(&folder, &name(number), log.unwrap());
    (Running::start(&folder), key)
}

fn publish(sample: &Sample, patience: &str) -> Done {
    sample.por("publish", &["--to", "publication", "--patience", patience])
}

/// The checkpoint in a request.
fn note_of(body: &str) -> &str {
    body.split_once("\n\n").unwrap().1
}

/// Its text.
fn text_of(body: &str) -> String {
    let note = Note::parse(note_of(body).as_bytes()).unwrap();
    note.unverified_text().to_owned()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// The answer that `secret` gives over this text.
fn cosigned(number: usize, text: &str) -> String {
    secret(number).cosign(text, now()).unwrap()
}

/// Nothing that a reader would believe: neither a head nor an entry.
#[track_caller]
fn nothing_is_logged(sample: &Sample) {
    assert!(log_at(&sample.at("publication")).is_none());
    assert!(!sample.at("publication/log").exists());
    assert!(!sample.at("exchange/runs/000000/log.proof").exists());
}

#[test]
fn l_08_one_honest_witness_of_three_is_no_quorum_whatever_the_others_say() {
    type Lie = (&'static str, fn(&str) -> Option<Vec<u8>>, &'static str);
    let lies: [Lie; 9] = [
        (
            "a false signature by the right key's name",
            |body| {
                let line = cosigned(2, &text_of(body));
                let last = line.trim_end().len() - 4;
                let other = if line[last..].starts_with('A') {
                    "B"
                } else {
                    "A"
                };
                let forged = format!("{}{other}{}", &line[..last], &line[last + 1..]);
                Some(reply("200 OK", "", &forged))
            },
            "the signature is false",
        ),
        (
            "a signature over another head",
            |body| {
                let other = text_of(body).replacen("\n1\n", "\n2\n", 1);
                Some(reply("200 OK", "", &cosigned(2, &other)))
            },
            "the signature is false",
        ),
        (
            "another witness's key",
            |body| Some(reply("200 OK", "", &cosigned(4, &text_of(body)))),
            "holds none by the key of the policy",
        ),
        (
            "nonsense",
            |_| Some(reply("200 OK", "", "I cosign this.\n")),
            "malformed",
        ),
        ("nothing", |_| Some(reply("200 OK", "", "")), "holds none"),
        (
            "more than anyone reads",
            |_| Some(reply("200 OK", "", &"a".repeat(10 << 20))),
            "limit",
        ),
        (
            "somebody else's address",
            |_| Some(reply("302 Found", "location: http://127.0.0.1:9/\r\n", "")),
            "status 302",
        ),
        (
            "no size with its conflict",
            |_| Some(reply("409 Conflict", "", "many\n")),
            "without the size",
        ),
        ("no HTTP", |_| Some(b"\0\xff\0\xff\r\n\r\n".to_vec()), ""),
    ];
    let sample = attested();
    let (one, one_key) = honest(&sample, 1);
    for (what, lie, said) in lies {
        let liar = format!("http://{}", serve(lie));
        set_policy(
            &sample,
            &[
                (one_key.clone(), one.url()),
                (secret(2).public(), liar),
                (secret(3).public(), DOWN.into()),
            ],
        );
        let refused = publish(&sample, "20").refuses(4, &["quorum", "Nothing was published"]);
        let first = refused
            .err
            .lines()
            .find(|line| line.starts_with("por: "))
            .unwrap();
        assert!(first.contains("w1: cosigned"), "{what}: {first}");
        let of_liar = first
            .split("; ")
            .find(|part| part.contains("w2: "))
            .unwrap();
        assert!(of_liar.contains(said), "{what}: {first}");
        assert!(!of_liar.contains("cosigned"), "{what}: {first}");
        assert!(first.contains("w3: "), "{what}: {first}");
        nothing_is_logged(&sample);
    }
}

#[test]
fn without_its_quorum_a_publication_leaves_policy_and_page_as_they_are() {
    let sample = first_attested();
    sample.publish().expect(0);
    attest_second(&sample, "BTC=112");
    let before = tree(&sample.at("publication"));
    let down = |number: usize| (secret(number).public(), DOWN.to_owned());
    set_policy(&sample, &[down(1), down(2), down(3)]);
    fs::create_dir(sample.at("page")).unwrap();
    for form in ["page/index.html", "page/verify.html"] {
        sample.write(form, "<p>%POR_POLICY%</p>\n");
    }
    let arguments = ["--to", "publication", "--patience", "1", "--page", "page"];
    sample.por("publish", &arguments).refuses(4, &["quorum"]);
    let mut after = tree(&sample.at("publication"));
    // Nothing but the claim: the files that nobody is sent to before the log names them.
    after.retain(|path, _| !path.starts_with("attestations/000001/"));
    assert!(after == before, "{:?}", after.keys());
    let audit = ["audit", "publication", "--policy", "publication/policy"];
    sample.anyone(&audit).expect(0);
}

#[test]
fn l_08_a_witness_that_hangs_costs_its_own_vote_and_no_more_than_the_patience() {
    let sample = attested();
    let (one, one_key) = honest(&sample, 1);
    let slow = format!("http://{}", serve(|_| None));
    let policy = |three: String| {
        [
            (one_key.clone(), one.url()),
            (secret(2).public(), slow.clone()),
            (secret(3).public(), three),
        ]
    };
    set_policy(&sample, &policy(DOWN.into()));
    let start = Instant::now();
    let parts = ["w1: cosigned", "w2: ", "w3: ", "Nothing was published"];
    publish(&sample, "3").refuses(4, &parts);
    assert!(start.elapsed() < Duration::from_secs(10));
    nothing_is_logged(&sample);
    // Where two are honest, the third is not waited for.
    let third = serve(|body| Some(reply("200 OK", "", &cosigned(3, &text_of(body)))));
    set_policy(&sample, &policy(format!("http://{third}")));
    let start = Instant::now();
    publish(&sample, "60").says(
        0,
        &["Witness w1 cosigned", "Witness w3 cosigned", "1 entries"],
    );
    assert!(start.elapsed() < Duration::from_secs(20));
    audit_passes(&sample);
}

#[test]
fn s_01_two_honest_witnesses_date_the_head_and_customers_see_it() {
    let sample = attested();
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    let before = now();
    set_policy(
        &sample,
        &[
            (one_key.clone(), one.url()),
            (two_key.clone(), two.url()),
            (secret(3).public(), DOWN.into()),
        ],
    );
    publish(&sample, "20").says(0, &["w1", "w2", "the log has 1 entries"]);
    let note = checkpoint(&sample);
    let parsed = Note::parse(note.as_bytes()).unwrap();
    let policy = Policy::parse(sample.read("exchange/policy").as_bytes()).unwrap();
    assert_eq!(policy.head(&parsed).unwrap().size.get(), 1);
    let witnessed = policy.witnessed(&parsed).unwrap();
    assert_eq!(witnessed.cosigners, ["w1", "w2"]);
    for key in [&one_key, &two_key] {
        assert!(parsed.cosignature(key).unwrap().is_some());
    }
    let time = witnessed.time.unwrap();
    assert!((before..=now()).contains(&time));
    audit_passes(&sample);
    // S-01: the ownership signatures stand between the block that they name and this head.
    let seen = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time));
    let dated = [
        "signed after: 2026-09-25T16:28:31Z",
        &format!("logged before: {seen}"),
    ];
    let audited = sample.audit(&[]).expect(0).out;
    assert!(
        dated.iter().all(|words| audited.contains(words)),
        "{audited}"
    );

    let account = sample.account();
    sample
        .por("statement", &["--account", &account, "--out", "s.por"])
        .expect(0);
    let verified = sample
        .anyone(&["verify", "s.por", "--policy", "exchange/policy", "--json"])
        .expect(0);
    let report: serde_json::Value = serde_json::from_str(&verified.out).unwrap();
    assert_eq!(report["included"], "verified");
    assert_eq!(report["log"]["time"], time, "{report}");
    // l_08: without one of them the quorum is missed; with one of them twice, too.
    let kept: Vec<&str> = note.lines().filter(|line| !line.contains("/w2 ")).collect();
    let again = kept.last().unwrap();
    for lines in [kept.join("\n"), format!("{}\n{again}", kept.join("\n"))] {
        sample.write("publication/log/checkpoint", lines + "\n");
        sample.audit(&[]).says(1, &["witness"]);
    }
}

#[test]
fn what_a_witness_adds_to_its_cosignature_is_not_published() {
    let sample = attested();
    let (one, one_key) = honest(&sample, 1);
    let liar = serve(|body| {
        let text = text_of(body);
        let own = cosigned(2, &text);
        // Lines under its own name with unknown keys, a false one of another witness, and its own word many times.
        let mut lines = own.repeat(20);
        for _ in 0..20 {
            lines += &format!("— {} {}\n", name(2), "QUFBQUFBQUFBQUFB");
        }
        let line = cosigned(3, "other.example/por\n1\n");
        Some(reply("200 OK", "", &(lines + &line)))
    });
    let third = serve(|body| Some(reply("200 OK", "", &cosigned(3, &text_of(body)))));
    set_policy(
        &sample,
        &[
            (one_key, one.url()),
            (secret(2).public(), format!("http://{liar}")),
            (secret(3).public(), format!("http://{third}")),
        ],
    );
    publish(&sample, "20").expect(0);
    let note = checkpoint(&sample);
    assert_eq!(note.matches('—').count(), 3, "{note}");
    audit_passes(&sample);
}

#[test]
fn a_witness_that_has_seen_less_is_caught_up() {
    let sample = second_attested();
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    set_policy(
        &sample,
        &[
            (one_key, one.url()),
            (two_key, two.url()),
            (secret(3).public(), DOWN.into()),
        ],
    );
    // One has seen nothing, the other the first month: the first is asked from 1, says 0, and is asked from 0.
    let first = format!("old 0\n\n{}", checkpoint(&sample));
    let seen = http::ask(two.address, "POST", "/add-checkpoint", first.as_bytes());
    assert_eq!(seen.status, 200, "{seen:?}");
    publish(&sample, "20").says(0, &["w1 cosigned", "w2 cosigned", "2 entries"]);
    audit_passes(&sample);
    assert_eq!(entries(&checkpoint(&sample)), 2);
}

#[test]
fn l_02_a_witness_that_has_seen_more_or_another_history_is_reported() {
    let sample = second_attested();
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    let stale = sample.copy();
    let witnesses = [
        (one_key, one.url()),
        (two_key, two.url()),
        (secret(3).public(), DOWN.into()),
    ];
    for sample in [&sample, &stale] {
        set_policy(sample, &witnesses);
    }
    publish(&sample, "20").expect(0);
    // The copy knows nothing of that, and has another second month to publish.
    fs::remove_dir_all(stale.at("exchange/runs/000001")).unwrap();
    attest_second(&stale, "BTC=128");
    let parts = ["w1: ", "w2: ", "another history", "Nothing was published"];
    publish(&stale, "20").refuses(4, &parts);
    assert_eq!(entries(&checkpoint(&stale)), 1);
    // Nor will they cosign a first month once they have seen two.
    let first = attested();
    set_policy(&first, &witnesses);
    publish(&first, "20").refuses(4, &["w1: ", "w2: ", "2 entries, and this one has 1"]);
    nothing_is_logged(&first);
}

#[test]
fn l_12_a_publisher_that_ended_between_signing_and_publishing_is_finished_by_the_next() {
    let sample = second_attested();
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    let policy = |url: String| {
        [
            (one_key.clone(), one.url()),
            (two_key.clone(), url),
            (secret(3).public(), DOWN.into()),
        ]
    };
    let hanging = serve(|_| None);
    set_policy(&sample, &policy(format!("http://{hanging}")));
    let old = checkpoint(&sample);
    let mut child = command(
        sample.path(),
        &["publish", "--home", "exchange", "--to", "publication"],
    )
    .stderr(std::process::Stdio::null())
    .spawn()
    .unwrap();
    let start = Instant::now();
    // The head is written down, then signed and shown to the witnesses.
    while !sample.read("exchange/log/head").contains("\n2\n") {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(checkpoint(&sample), old);
    // It has signed that month, and signs no other in its place.
    let other = sample.copy();
    fs::remove_dir_all(other.at("exchange/runs/000001")).unwrap();
    fs::remove_dir_all(other.at("publication/attestations/000001")).unwrap();
    attest_second(&other, "BTC=128");
    publish(&other, "5").refuses(4, &["head", "begun with another attestation"]);
    assert_eq!(checkpoint(&other), old);

    set_policy(&sample, &policy(two.url()));
    publish(&sample, "20").says(0, &["2 entries"]);
    audit_passes(&sample);
}

/// Every file of the home that a signature could have left a trace in.
fn signed_head(sample: &Sample) -> String {
    sample.read("exchange/log/head")
}

#[test]
fn l_12_a_home_from_an_old_backup_signs_nothing_that_is_not_the_publications_next() {
    let sample = second_attested();
    // The backup was made before the second month was planned.
    let backup = attested();
    fs::remove_dir_all(sample.at("restored")).ok();
    publish(&sample, "5").says(0, &["2 entries"]);
    let published = tree(&sample.at("publication"));

    let restored = sample.copy();
    fs::remove_dir_all(restored.at("exchange")).unwrap();
    copy_tree(&backup.at("exchange"), &restored.at("exchange"));
    // It never signed anything, as far as it knows.
    assert!(!restored.at("exchange/log/head").exists());
    attest_second(&restored, "BTC=128");
    restored.publish().refuses(
        4,
        &["attestations/000001", "another attestation of this number"],
    );
    assert!(!restored.at("exchange/log/head").exists());
    assert_eq!(tree(&restored.at("publication")), published);

    // With the head of the second month lost as well as the publication's own: there is the signer's word against it.
    let rolled_back = sample.copy();
    let older = second_attested();
    fs::remove_dir_all(rolled_back.at("publication")).unwrap();
    copy_tree(&older.at("publication"), &rolled_back.at("publication"));
    fs::remove_dir_all(rolled_back.at("exchange/runs/000001")).unwrap();
    attest_second(&rolled_back, "BTC=128");
    let before = signed_head(&rolled_back);
    rolled_back.publish().refuses(4, &["log/head"]);
    assert_eq!(signed_head(&rolled_back), before);
    assert_eq!(entries(&checkpoint(&rolled_back)), 1);

    // And to another, empty place the first month is not signed anew.
    let refused = rolled_back
        .por("publish", &["--run", "0", "--to", "elsewhere"])
        .refuses(4, &["log/head", "2 entries"]);
    drop(refused);
    assert!(!rolled_back.at("elsewhere/log").exists());
}

fn rotate(sample: &Sample, patience: &str) -> Done {
    let rotate = ["log", "rotate", "--home", "exchange", "--to", "publication"];
    sample.anyone(&[&rotate[..], &["--patience", patience]].concat())
}

/// The log keys of the sample's policy, the newest last.
fn log_keys(sample: &Sample) -> Vec<String> {
    let policy = Policy::parse(sample.read("exchange/policy").as_bytes()).unwrap();
    policy.logs().iter().map(ToString::to_string).collect()
}

#[test]
fn witnesses_that_follow_the_old_log_key_cosign_the_change_to_the_new_one() {
    let sample = attested();
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    set_policy(
        &sample,
        &[
            (one_key, one.url()),
            (two_key, two.url()),
            (secret(3).public(), DOWN.into()),
        ],
    );
    publish(&sample, "20").expect(0);
    let old_policy = Policy::parse(sample.read("exchange/policy").as_bytes()).unwrap();
    let said = rotate(&sample, "20").says(0, &["The log key is changed", "--instead-of"]);
    let [old, new] = &log_keys(&sample)[..] else {
        panic!("two keys")
    };
    let line = format!("por witness follow {new} --instead-of {old}");
    assert!(said.err.contains(&line), "{}", said.err);
    audit_passes(&sample);
    // Whoever has not heard of it yet takes this head for what it is.
    let note = checkpoint(&sample);
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(old_policy.head(&note).unwrap().size.get(), 2);
    old_policy.witnessed(&note).unwrap();

    attest_second(&sample, "BTC=112");
    let follow = format!("por witness follow {new}");
    publish(&sample, "20").refuses(4, &["w1: ", "403", &follow, "Nothing was published"]);
    let mut running = Vec::new();
    for mut witness in [one, two] {
        let (folder, url) = (witness.folder().to_owned(), witness.url());
        let place = folder.to_str().unwrap();
        let follow = [
            "witness",
            "follow",
            "--folder",
            place,
            new,
            "--instead-of",
            old,
        ];
        sample.anyone(&follow).expect(0);
        witness.kill();
        let again = Running::start(&folder);
        sample.edit("exchange/policy", &url, &again.url());
        running.push(again);
    }
    publish(&sample, "20").says(0, &["3 entries"]);
    audit_passes(&sample);
    drop(running);
}

#[test]
fn a_change_of_the_log_key_without_its_quorum_is_finished_by_the_same_command() {
    let sample = attested();
    sample.publish().expect(0);
    let (one, one_key) = honest(&sample, 1);
    let (two, two_key) = honest(&sample, 2);
    let down = |number: usize| format!("{DOWN}/{number}");
    set_policy(
        &sample,
        &[
            (one_key, down(1)),
            (two_key, down(2)),
            (secret(3).public(), down(3)),
        ],
    );
    rotate(&sample, "2").says(
        4,
        &["The new log key is", "quorum", "Nothing was published"],
    );
    assert_eq!(entries(&checkpoint(&sample)), 1);
    // Its head is signed: nothing else is, before it is finished; and no file of it is there.
    attest_second(&sample, "BTC=112");
    publish(&sample, "2").refuses(4, &["log/head", "change of the key", "por log rotate"]);
    assert!(!sample.at("publication/attestations/000001").exists());
    let keys = log_keys(&sample);
    sample.edit("exchange/policy", &down(1), &one.url());
    sample.edit("exchange/policy", &down(2), &two.url());
    rotate(&sample, "20").says(0, &["The log key is changed"]);
    assert_eq!(log_keys(&sample), keys, "no third key was made");
    assert_eq!(entries(&checkpoint(&sample)), 2);
    audit_passes(&sample);
    // What the old key attested meanwhile is attested again.
    publish(&sample, "2").refuses(1, &["key has been changed since", "--again"]);
    sample.attest_with(&["--again"]).expect(0);
}

#[test]
fn what_others_may_have_seen_is_neither_planned_nor_attested_again() {
    let sample = second_attested();
    let down = |number: usize| (secret(number).public(), DOWN.to_owned());
    set_policy(&sample, &[down(1), down(2), down(3)]);
    publish(&sample, "1").refuses(4, &["quorum"]);
    let ledger = ["--ledger", "ledger.csv", "--replace", "1"];
    let begun = [
        "000001",
        "begun to be published",
        "Finish it with `por publish`",
    ];
    sample
        .por("plan", &[&ledger[..], &history::SECOND[..]].concat())
        .refuses(4, &begun);
    sample.attest_with(&["--again"]).refuses(4, &begun);
    rotate(&sample, "1").refuses(4, &["log/head", "not published"]);
}

/// Starts both at the same moment, and gives what they did.
fn at_once(mut one: std::process::Command, mut two: std::process::Command) -> [Done; 2] {
    std::thread::scope(|scope| {
        let first = scope.spawn(move || support::run(&mut one));
        let second = scope.spawn(move || support::run(&mut two));
        [first.join().unwrap(), second.join().unwrap()]
    })
}

#[test]
fn l_12_of_two_publishers_at_once_one_wins_and_the_log_stays_linear() {
    let mut both_ran = 0;
    for round in 0..4 {
        let sample = second_attested();
        // Another machine of the same exchange, with the same key and another second month.
        let rival = sample.copy();
        fs::remove_dir_all(rival.at("exchange/runs/000001")).unwrap();
        attest_second(&rival, "BTC=128");
        let home: PathBuf = match round {
            // The same home twice.
            0 => sample.at("exchange"),
            _ => rival.at("exchange"),
        };
        let publication = sample.at("publication");
        let to = |home: &PathBuf| {
            let (home, publication) = (home.to_str().unwrap(), publication.to_str().unwrap());
            command(
                sample.path(),
                &["publish", "--home", home, "--to", publication],
            )
        };
        let done = at_once(to(&sample.at("exchange")), to(&home));
        let codes = done.each_ref().map(|done| done.code);
        assert!(codes == [0, 4] || codes == [4, 0], "{done:?}");
        let lost = done.into_iter().find(|done| done.code == 4).unwrap();
        let lost = lost.refuses(4, &[]);
        both_ran += usize::from(!lost.err.contains("published already"));
        let log = log_at(&publication).unwrap();
        assert_eq!(sequences(log.history()), [0, 1]);
        let digest = &log.history().attestations()[1].digest;
        let shown = fs::read(publication.join("attestations/000001/attestation.json")).unwrap();
        assert_eq!(por_protocol::digest::Digest::of(&shown), *digest);
        audit_passes(&sample);
    }
    assert!(both_ran > 0, "they never met");
}
