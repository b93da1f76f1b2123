//! The witness as it runs, against c2sp.org/tlog-witness: what it answers, what it remembers, and that no order of events
//! makes it sign two histories (L-01, L-02, L-03, L-07, L-09, L-10 at the witness; for its server).
#![allow(missing_docs, reason = "tests")]

#[path = "support/http.rs"]
mod http;
mod support;
#[path = "support/witnesses.rs"]
mod witnesses;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{Answer, ask, try_ask};
use por_protocol::digest::Digest;
use por_protocol::log::{AddCheckpoint, Checkpoint, TreeSize, prove_consistency};
use por_protocol::merkle::{leaf_hash, tree_root};
use por_protocol::note::{KeyName, Note, SecretKey, WitnessKey};
use rustix::process::Signal;
use support::run;
use tempfile::TempDir;
use witnesses::{Running, init, serve_command};

const ORIGIN: &str = "sample.example/por";
const NAME: &str = "witness.example/w1";

fn log_key(number: u8) -> SecretKey {
    let mut seed = [number; 32];
    seed[0] = 0x5e;
    SecretKey::new(KeyName::new(ORIGIN).unwrap(), &seed).unwrap()
}

/// The log's entries; `salt` makes another history.
fn leaves(count: u64, salt: &str) -> Vec<Digest> {
    (0..count)
        .map(|leaf| leaf_hash(format!("{salt}{leaf}").as_bytes()))
        .collect()
}

fn head(leaves: &[Digest]) -> String {
    let checkpoint = Checkpoint {
        origin: KeyName::new(ORIGIN).unwrap(),
        size: TreeSize::new(leaves.len() as u64),
        root: tree_root(leaves),
    };
    checkpoint.to_text()
}

fn request(old: u64, leaves: &[Digest], key: &SecretKey) -> String {
    let note = key.sign(&head(leaves)).unwrap();
    let old = TreeSize::new(old);
    let request = AddCheckpoint {
        old,
        proof: prove_consistency(leaves, old).unwrap_or_default(),
        checkpoint: note.as_bytes(),
    };
    request.to_text()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A witness that follows the log of key 1.
struct Witness {
    _home: TempDir,
    key: WitnessKey,
    run: Running,
}

impl Witness {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("witness");
        let key = init(&folder, NAME, &log_key(1).public().to_string());
        let run = Running::start(&folder);
        Self {
            _home: home,
            key,
            run,
        }
    }

    fn add(&self, body: &str) -> Answer {
        ask(self.run.address, "POST", "/add-checkpoint", body.as_bytes())
    }

    /// The time of the cosignature that this answer is on these leaves.
    #[track_caller]
    fn time(&self, answer: &Answer, leaves: &[Digest]) -> u64 {
        assert_eq!(answer.status, 200, "{answer:?}");
        let note = log_key(1).sign(&head(leaves)).unwrap() + &answer.body;
        let note = Note::parse(note.as_bytes()).unwrap();
        note.cosignature(&self.key).unwrap().expect("its own").time
    }

    /// Killed without warning, and started again.
    fn restart(&mut self) {
        self.run.kill();
        self.run = Running::start(self.run.folder());
    }

    fn monitor(&self) -> Answer {
        let path = format!("/{}/checkpoint", Digest::of(ORIGIN.as_bytes()));
        ask(self.run.address, "GET", &path, b"")
    }
}

/// With the size that the witness has, as the standard writes it.
#[track_caller]
fn conflict(answer: &Answer, size: u64) {
    let expected = Answer {
        status: 409,
        content_type: "text/x.tlog.size".into(),
        body: format!("{size}\n"),
    };
    assert_eq!(*answer, expected);
}

#[test]
fn a_witness_cosigns_what_extends_its_last_head_and_answers_by_the_standard() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(7, ""));
    let before = now();

    // Before anything was cosigned its size is zero, and the proof must be empty.
    conflict(&witness.add(&request(1, &all[..2], &log)), 0);
    let padded = request(0, &all[..2], &log).replacen(
        "old 0\n",
        &format!("old 0\n{}\n", "A".repeat(43) + "="),
        1,
    );
    assert_eq!(witness.add(&padded).status, 422);
    let time = witness.time(&witness.add(&request(0, &all[..2], &log)), &all[..2]);
    assert!((before..=now()).contains(&time));

    witness.time(&witness.add(&request(2, &all[..5], &log)), &all[..5]);
    // Whatever the log says of the past, the witness knows where it is.
    conflict(&witness.add(&request(0, &all[..5], &log)), 5);
    conflict(&witness.add(&request(2, &all, &log)), 5);
    conflict(&witness.add(&request(2, &all[..3], &log)), 5);
    // l_02: a rollback.
    conflict(&witness.add(&request(4, &all[..4], &log)), 5);
    // l_01: another root of the same size.
    let other = leaves(5, "other");
    assert_eq!(witness.add(&request(5, &other, &log)).status, 409);
    // l_03: another history, a proof that is missing, too long, or of another size.
    assert_eq!(
        witness.add(&request(5, &leaves(7, "other"), &log)).status,
        422
    );
    let proven = request(5, &all, &log);
    let (first, rest) = proven.split_once("\n\n").unwrap();
    let lines: Vec<&str> = first.lines().collect();
    let without = format!("{}\n\n{rest}", lines[..lines.len() - 1].join("\n"));
    let doubled = format!("{first}\n{}\n\n{rest}", lines[1]);
    for bad in [without, doubled] {
        assert_eq!(witness.add(&bad).status, 422, "{bad}");
    }
    // Nothing of all that moved it.
    witness.time(&witness.add(&request(5, &all, &log)), &all);
    witness.time(&witness.add(&request(7, &all, &log)), &all);
}

#[test]
fn l_07_only_keys_and_logs_that_it_follows_are_cosigned() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    let refused = witness.add(&request(0, &all, &log_key(2)));
    assert_eq!(refused.status, 403, "{refused:?}");
    // Its own signature is false, whoever else signed.
    let stranger = log_key(2).sign(&head(&all)).unwrap();
    let forged = request(0, &leaves(3, "x"), &log).replace(&head(&leaves(3, "x")), &head(&all));
    assert_eq!(witness.add(&forged).status, 403);
    let stranger_line = stranger.rsplit_once("\n\n").unwrap().1;
    assert_eq!(witness.add(&format!("{forged}{stranger_line}")).status, 403);
    // l_09: another log's name, by a key of that name or by the followed key.
    let renamed = request(0, &all, &log).replacen(ORIGIN, "other.example/por", 1);
    assert_eq!(witness.add(&renamed).status, 404);
    // Signatures of strangers beside the log's are ignored.
    let both = format!("{}{stranger_line}", request(0, &all, &log));
    witness.time(&witness.add(&both), &all);
}

#[test]
fn requests_that_are_none_are_refused_and_change_nothing() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    let good = request(0, &all, &log);
    let hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    for bad in [
        String::new(),
        "old 0".into(),
        "old 0\n\n".into(),
        good.replacen("old 0", "old 00", 1),
        good.replacen("old 0", "old -1", 1),
        good.replacen("old 0", "old +0", 1),
        good.replacen("old 0", "old 18446744073709551616", 1),
        good.replacen("old 0", "Old 0", 1),
        good.replacen("old 0", "old  0", 1),
        good.replacen("old 0\n", "old 0\r\n", 1),
        good.replacen("old 0\n", "old 0\nbase64\n", 1),
        good.replacen(
            "old 0\n",
            &format!("old 0\n{}", hash.replace("I=", "J=")),
            1,
        ),
        // One more than the standard allows.
        good.replacen("old 0\n", &format!("old 0\n{}", hash.repeat(64)), 1),
        // Larger than the checkpoint.
        good.replacen("old 0", "old 4", 1),
        good.trim_end().to_owned(),
        good.replacen("\n3\n", "\n03\n", 1),
        good.replacen(ORIGIN, "sample example", 1),
        good.replace('—', "-"),
    ] {
        let answer = witness.add(&bad);
        assert_eq!(answer.status, 400, "{bad}\n{answer:?}");
    }
    let binary = ask(
        witness.run.address,
        "POST",
        "/add-checkpoint",
        &[&[0xff, 0xfe], good.as_bytes()].concat(),
    );
    assert_eq!(binary.status, 400);
    for (method, path, status) in [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", "/", 404),
        ("GET", "/..%2f..%2fwitness.key", 404),
        ("GET", "/../witness.key", 404),
    ] {
        let answer = ask(witness.run.address, method, path, b"");
        assert_eq!(answer.status, status, "{method} {path}");
    }
    assert_eq!(witness.monitor().status, 404, "nothing was cosigned");
    witness.time(&witness.add(&good), &all);
}

#[test]
fn a_04_a_body_that_is_too_long_is_refused_and_never_read_whole() {
    let witness = Witness::new();
    let long = vec![b'a'; 64 * 1024 + 1];
    let answer = ask(witness.run.address, "POST", "/add-checkpoint", &long);
    assert_eq!(answer.status, 413);
    // A length that is only claimed.
    let mut stream = TcpStream::connect(witness.run.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let claim = "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 10000000000\r\n\r\n";
    stream.write_all(claim.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    // Chunks for ever: it hangs up after the limit and a buffer or two.
    let mut stream = TcpStream::connect(witness.run.address).unwrap();
    let chunked = "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(chunked.as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let sent = (0..100_000).find(|_| stream.write_all(chunk.as_bytes()).is_err());
    assert!(sent.is_some_and(|chunks| chunks < 10_000), "{sent:?}");
    let all = leaves(1, "");
    witness.time(&witness.add(&request(0, &all, &log_key(1))), &all);
}

#[test]
fn a_05_clients_that_send_nothing_are_dropped_and_others_are_served() {
    let witness = Witness::new();
    let open = |bytes: &str| {
        let mut stream = TcpStream::connect(witness.run.address).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(40)))
            .unwrap();
        stream
    };
    let start = Instant::now();
    let mut slow: Vec<TcpStream> = [
        "",
        "POST /add-che",
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\nold 0",
    ]
    .map(open)
    .into();
    slow.extend((0..100).map(|_| open("")));
    let all = leaves(2, "");
    witness.time(&witness.add(&request(0, &all, &log_key(1))), &all);
    assert!(start.elapsed() < Duration::from_secs(5), "others wait");
    for mut stream in slow {
        let mut answer = Vec::new();
        // Closed with an answer, without one, or reset: what counts is that it ends.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "still open");
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(35));
}

#[test]
fn of_requests_at_once_none_rolls_the_log_back() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(40, ""));
    witness.time(&witness.add(&request(0, &all[..2], &log)), &all[..2]);
    let mut size = 2;
    // The race of the standard: N and N + K, both from the same old size.
    for step in [1_usize, 3, 2, 5] {
        let (small, large) = (size + step, size + step + 4);
        let start = Barrier::new(8);
        let answers: Vec<(usize, Answer)> = std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..8)
                .map(|task| {
                    let (witness, start, log) = (&witness, &start, &log);
                    let to = if task % 2 == 0 { small } else { large };
                    let body = request(size as u64, &all[..to], log);
                    scope.spawn(move || {
                        start.wait();
                        (to, witness.add(&body))
                    })
                })
                .collect();
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) =
            (answers.iter()).partition(|(_, answer)| answer.status == 200);
        let [(winner, answer)] = won[..] else {
            panic!("{answers:?}")
        };
        witness.time(answer, &all[..*winner]);
        for (_, answer) in lost {
            conflict(answer, *winner as u64);
        }
        size = *winner;
    }
}

#[test]
fn a_head_is_on_disk_before_its_cosignature_is_out() {
    let mut witness = Witness::new();
    let (log, all) = (log_key(1), leaves(40, ""));
    // Killed right after an answer.
    for size in 1..=6_u64 {
        let to = &all[..usize::try_from(size).unwrap()];
        witness.time(&witness.add(&request(size - 1, to, &log)), to);
        witness.restart();
        conflict(&witness.add(&request(size - 1, to, &log)), size);
        let other = leaves(size, "other");
        let refused = witness.add(&request(size, &other, &log));
        assert_eq!(refused.status, 409);
    }
    // Killed while it answers: whatever came out is what it remembers, or less than that.
    let mut size = 6_u64;
    for round in 0..12_u64 {
        let address = witness.run.address;
        let to = usize::try_from(size + 1).unwrap();
        let body = request(size, &all[..to], &log);
        let answer = std::thread::scope(|scope| {
            let task = scope.spawn(|| try_ask(address, "POST", "/add-checkpoint", body.as_bytes()));
            std::thread::sleep(Duration::from_micros(round * 400));
            witness.run.kill();
            task.join().unwrap()
        });
        witness.run = Running::start(witness.run.folder());
        // A size that it cannot have asks where it is.
        let told = witness.add(&request(0, &all[..to], &log));
        assert_eq!(told.status, 409);
        let remembered: u64 = told.body.trim_end().parse().unwrap();
        assert!(remembered == size || remembered == size + 1, "{told:?}");
        if let Some(answer) = answer {
            assert_eq!(answer.status, 200);
            assert_eq!(remembered, size + 1, "it signed and forgot");
        }
        let other = leaves(remembered, "other");
        let refused = witness.add(&request(remembered, &other, &log));
        assert_eq!(refused.status, 409);
        size = remembered;
    }
}

#[test]
fn one_process_only_is_a_witness() {
    let mut witness = Witness::new();
    let start = Instant::now();
    let folder = witness.run.folder().to_owned();
    run(&mut serve_command(&folder)).refuses(4, &["heads.sqlite", "another process"]);
    assert!(start.elapsed() < Duration::from_secs(3));
    // It goes on, and a witness that was killed leaves no lock behind.
    let all = leaves(1, "");
    witness.time(&witness.add(&request(0, &all, &log_key(1))), &all);
    witness.restart();
    witness.time(&witness.add(&request(1, &all, &log_key(1))), &all);
}

#[test]
fn f_09_a_clock_that_ran_backwards_cosigns_nothing() {
    let mut witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    witness.time(&witness.add(&request(0, &all[..1], &log)), &all[..1]);
    witness.run.kill();
    // The machine's clock was a day ahead when it signed last.
    let heads = rusqlite::Connection::open(witness.run.folder().join("heads.sqlite")).unwrap();
    let ahead = i64::try_from(now() + 86_400).unwrap();
    assert_eq!(heads.execute("UPDATE heads SET time = ?1", [ahead]), Ok(1));
    drop(heads);
    witness.run = Running::start(witness.run.folder());
    let refused = witness.add(&request(1, &all, &log));
    assert_eq!((refused.status, refused.body.as_str()), (500, ""));
    conflict(&witness.add(&request(0, &all, &log)), 1);
}

#[test]
fn the_same_head_again_is_dated_anew() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    let first = witness.time(&witness.add(&request(0, &all, &log)), &all);
    std::thread::sleep(Duration::from_millis(1100));
    let second = witness.time(&witness.add(&request(3, &all, &log)), &all);
    assert!(second > first);
}

#[test]
fn anyone_reads_the_last_head_and_nobody_adds_to_it() {
    let witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    // Whoever has the log's note can send it with a false line in the witness's name.
    let own = witness.add(&request(0, &all[..1], &log));
    let body = request(1, &all, &log) + &own.body;
    witness.time(&witness.add(&body), &all);
    let shown = witness.monitor();
    assert_eq!(shown.status, 200);
    assert_eq!(shown.content_type, "text/plain; charset=utf-8");
    let note = Note::parse(shown.body.as_bytes()).unwrap();
    assert_eq!(
        note.verify("checkpoint", &log.public()).unwrap(),
        head(&all)
    );
    assert!(note.cosignature(&witness.key).unwrap().is_some());
    assert_eq!(shown.body.matches('—').count(), 2);
    for path in [
        format!("/{}/checkpoint", Digest::of(b"other.example/por")),
        "/zz/checkpoint".into(),
        "/'%20OR%201=1/checkpoint".into(),
    ] {
        assert_eq!(ask(witness.run.address, "GET", &path, b"").status, 404);
    }
}

#[test]
fn f_08_a_witness_that_is_told_to_stop_stops() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut witness = Witness::new();
        let all = leaves(1, "");
        witness.time(&witness.add(&request(0, &all, &log_key(1))), &all);
        witness.run.signal(signal);
        let ended = witness.run.ends_within(Duration::from_secs(5));
        assert_eq!(ended.and_then(|status| status.code()), Some(0));
    }
    // Also while a client keeps it waiting.
    let mut witness = Witness::new();
    let mut slow = TcpStream::connect(witness.run.address).unwrap();
    slow.write_all(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 9\r\n\r\nold")
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    witness.run.signal(Signal::TERM);
    let ended = witness.run.ends_within(Duration::from_secs(8));
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[test]
fn a_port_that_is_taken_is_said() {
    let witness = Witness::new();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("witness");
    init(&folder, NAME, &log_key(1).public().to_string());
    let address: SocketAddr = witness.run.address;
    let place = folder.to_str().unwrap();
    let taken = [
        "witness",
        "serve",
        "--folder",
        place,
        "--listen",
        &address.to_string(),
    ];
    support::por_in(home.path(), &taken).refuses(4, &[&address.to_string()]);
}

#[test]
fn a_witness_that_lost_its_memory_cosigns_nothing_any_more() {
    let mut witness = Witness::new();
    let (log, all) = (log_key(1), leaves(3, ""));
    witness.time(&witness.add(&request(0, &all, &log)), &all);
    witness.run.kill();
    let folder = witness.run.folder().to_owned();
    let heads = folder.join("heads.sqlite");
    let anew = [
        "heads.sqlite",
        "has forgotten",
        "Do not restore a backup",
        "por witness init",
    ];
    std::fs::write(&heads, "").unwrap();
    run(&mut serve_command(&folder)).refuses(4, &anew);
    std::fs::remove_file(&heads).unwrap();
    run(&mut serve_command(&folder)).refuses(4, &anew);
    assert!(!heads.exists());
}

#[test]
fn a_witness_follows_a_changed_key_in_the_place_of_the_old_one() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("witness");
    let [old, new, other] = [1, 2, 3].map(|number| log_key(number).public().to_string());
    init(&folder, NAME, &old);
    let por = |arguments: &[&str]| {
        let all = [&["witness", "follow"], arguments].concat();
        support::por_in(home.path(), &all)
    };
    por(&[&new, "--instead-of", &other]).refuses(3, &["--instead-of", "does not follow"]);
    por(&[&new, "--instead-of", &old]).expect(0);
    let logs = std::fs::read_to_string(folder.join("logs")).unwrap();
    assert_eq!(logs, format!("{new}\n"));
}

#[test]
fn a_witness_is_made_once_and_follows_each_log_once() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("witness");
    let log = log_key(1).public().to_string();
    init(&folder, NAME, &log);
    let por = |arguments: &[&str]| support::por_in(home.path(), arguments);
    let key = std::fs::read(folder.join("witness.key")).unwrap();
    por(&["witness", "init", "--name", NAME]).refuses(4, &["witness.key", "already"]);
    assert_eq!(std::fs::read(folder.join("witness.key")).unwrap(), key);
    por(&["witness", "follow", &log]).expect(0);
    assert_eq!(
        std::fs::read_to_string(folder.join("logs")).unwrap(),
        format!("{log}\n")
    );
    por(&["witness", "follow", "nonsense"]).refuses(3, &["vkey"]);
    por(&["witness", "follow", "--folder", "none", &log]).refuses(4, &["none/witness.key"]);
    por(&["witness", "init", "--folder", "x", "--name", "a b"]).refuses(3, &["--name"]);
    // A line that is no key is named, and nothing is served until it is put right.
    std::fs::write(folder.join("logs"), format!("# a log\n\n{log}\nx+y+z\n")).unwrap();
    por(&["witness", "serve", "--listen", "127.0.0.1:0"]).refuses(3, &["logs:4:"]);
}
