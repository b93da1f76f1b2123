//! `por serve` as it runs: who gets which statement, what everybody gets, and that no client keeps others from theirs
//! (ATTACKS 4.12).
#![allow(missing_docs, reason = "tests")]

#[path = "support/gateway.rs"]
mod gateway;
#[path = "support/history.rs"]
mod history;
#[path = "support/python.rs"]
mod python;
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gateway::{AUDIENCE, claims, jwks, now, sign, token};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::{Sample, command, run};

/// Two books, published, with an archive of openings beside.
fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = Sample::new(&["BTC", "ETH"], 60);
        sample
            .plan(&["--leaves", "BTC=80", "--leaves", "ETH=80"])
            .expect(0);
        sample.finish();
        sample
            .por("statement", &["--all", "--openings", "openings"])
            .says(0, &["signed openings of", "private"]);
        sample.write("jwks.json", jwks());
        sample
    })
}

struct Server {
    child: Child,
    customers: SocketAddr,
    operators: SocketAddr,
    stderr: BufReader<ChildStderr>,
}

impl Server {
    fn start(sample: &Sample, more: &[&str]) -> Self {
        let mut arguments = vec![
            "serve",
            "publication",
            "--openings",
            "openings",
            "--jwks",
            "jwks.json",
            "--audience",
            AUDIENCE,
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "127.0.0.1:0",
        ];
        arguments.extend(more);
        let mut child = command(sample.path(), &arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let mut addresses = line.split("http://").skip(1).map(|rest| {
            let address = rest.split('/').next().unwrap();
            address.parse().unwrap()
        });
        let (customers, operators) = (addresses.next(), addresses.last());
        Self {
            customers: customers.unwrap_or_else(|| panic!("it does not listen: {line}")),
            operators: operators.unwrap(),
            child,
            stderr,
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        ask(self.customers, method, path, headers).expect("a whole answer")
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask("GET", path, headers)
    }

    fn statement(&self, token: &str) -> Answer {
        self.get(
            "/v1/statement",
            &format!("authorization: Bearer {token}\r\n"),
        )
    }

    fn metrics(&self) -> String {
        ask(self.operators, "GET", "/metrics", "").unwrap().text()
    }

    /// Stops it as an operator does; what it said.
    fn stop(mut self) -> String {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// All but the date.
    fn shape(&self) -> (String, Vec<u8>) {
        let lines = self.head.lines().filter(|line| !line.starts_with("date:"));
        (lines.collect::<Vec<_>>().join("\n"), self.body.clone())
    }
}

/// `None` unless the whole answer came.
fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n"
    );
    // A server may refuse a request before it has read it; bytes that came before a reset count.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let body = bytes[end + 4..].to_vec();
    let status = head.get(9..12)?.parse().ok()?;
    let answer = Answer { status, head, body };
    let length: usize = answer.header("content-length")?.parse().unwrap();
    (method == "HEAD" || answer.body.len() == length).then_some(answer)
}

#[test]
fn every_customer_gets_the_statement_that_the_exchange_would_write() {
    let sample = published().copy();
    let server = Server::start(&sample, &[]);
    sample
        .por("statement", &["--all", "--out", "statements"])
        .expect(0);
    let index = sample.read("statements/index.csv");
    let mut compared = 0;
    for line in index.lines().skip(1) {
        let (account, file) = line.rsplit_once(',').unwrap();
        let answer = server.statement(&token(account.trim_start_matches('\'')));
        assert_eq!(answer.status, 200, "{account}: {}", answer.head);
        let written = fs::read(sample.at(&format!("statements/{file}"))).unwrap();
        assert!(answer.body == written, "{account}");
        compared += 1;
    }
    assert_eq!(compared, 60);
    // What a customer saves is what a customer checks.
    let account = sample.account();
    let numbered = server.get(
        "/v1/statement/0",
        &format!("authorization: bearer {}\r\n", token(&account)),
    );
    assert_eq!(numbered.status, 200);
    assert_eq!(
        numbered.header("content-disposition"),
        Some("attachment; filename=\"statement-000000.por\"")
    );
    sample.write("served.por", &numbered.body);
    let checks = ["verify", "served.por", "--policy", "exchange/policy"];
    let done = sample.anyone(&[&checks[..], &["--account", &account]].concat());
    done.says(0, &["Included?  verified"]);
    let metrics = server.metrics();
    assert!(
        metrics.contains("por_requests_total{asked=\"Statement\",status=\"200\"} 61"),
        "{metrics}"
    );
    assert!(metrics.trim_end().ends_with("# EOF"), "{metrics}");
}

#[test]
fn a_01_whoever_has_no_good_token_gets_one_and_the_same_answer() {
    let server = Server::start(published(), &[]);
    let account = published().account();
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = claims(&account);
        claims[name] = value;
        format!("authorization: Bearer {}\r\n", sign(&claims))
    };
    let good = token(&account);
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let refused = server.get("/v1/statement", "");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(
        refused.text(),
        "{\"title\":\"Unauthorized\",\"status\":401}\n"
    );
    for headers in [
        bearer(""),
        bearer("x"),
        bearer(&good[..good.len() - 3]),
        bearer(&format!("{good}\r\nauthorization: Bearer {good}")),
        format!("authorization: {good}\r\n"),
        format!("authorization: Basic {good}\r\n"),
        format!("cookie: token={good}\r\n"),
        with("exp", json!(now() - 1)),
        with("exp", json!(now() + 6000)),
        with("iat", json!(now() + 600)),
        with("aud", json!("wallet.sample.example")),
        with("jti", json!(null)),
    ] {
        for path in [
            "/v1/statement",
            "/v1/statement/0",
            "/v1/statement/99",
            "/v1/statement/x",
        ] {
            let answer = server.get(path, &headers);
            assert_eq!(answer.shape(), refused.shape(), "{path} {headers}");
        }
    }
    // In the query a token would be in every log on the way.
    let query = server.get(&format!("/v1/statement?access_token={good}"), "");
    assert_eq!(query.shape(), refused.shape());
}

#[test]
fn a_02_who_has_no_statement_learns_nothing_of_those_who_have() {
    let server = Server::start(published(), &[]);
    let account = published().account();
    let ask = |account: &str, path: &str| {
        server.get(
            path,
            &format!("authorization: Bearer {}\r\n", token(account)),
        )
    };
    let stranger = ask("nobody", "/v1/statement");
    assert_eq!(stranger.status, 404);
    assert_eq!(
        stranger.text(),
        "{\"title\":\"Not Found\",\"status\":404}\n"
    );
    for (account, path) in [
        ("", "/v1/statement"),
        ("\u{0}", "/v1/statement"),
        ("nobody", "/v1/statement/0"),
        (account.as_str(), "/v1/statement/1"),
        (account.as_str(), "/v1/statement/18446744073709551616"),
        (account.as_str(), "/v1/statement/+0"),
        (account.as_str(), "/v1/statement/0x0"),
    ] {
        assert_eq!(
            ask(account, path).shape(),
            stranger.shape(),
            "{account} {path}"
        );
    }
    // Byte-exact, and not by its beginning.
    for near in [
        account.to_uppercase(),
        format!("{account} "),
        account[..3].to_owned(),
    ] {
        assert_eq!(
            ask(&near, "/v1/statement").shape(),
            stranger.shape(),
            "{near}"
        );
    }
}

#[test]
fn a_03_a_path_that_leaves_the_publication_finds_nothing() {
    let sample = published().copy();
    sample.write("publication/.por.tmp", "half written");
    std::os::unix::fs::symlink(sample.at("exchange"), sample.at("publication/keys")).unwrap();
    let server = Server::start(&sample, &[]);
    for path in [
        "/..%2f..%2fexchange/keys/log.key",
        "/%2e%2e/exchange/keys/log.key",
        "/../exchange/keys/log.key",
        "/log/../../exchange/keys/log.key",
        "/log/..%2f..%2fexchange%2fkeys%2flog.key",
        "/keys/keys/log.key",
        "/.por.tmp",
        "/policy%00",
        "/policy%00.html",
        "/pol%69cy",
        "//policy",
        "//other.example/%2e%2e",
        "/attestations",
        "/attestations/",
        "/attestations/000000",
        "/nothing",
        "/log/tile/0/000.p/9",
        "/\u{e9}\u{e8}",
    ] {
        let answer = ask(server.customers, "GET", path, "");
        // A path that is no path is refused before anything looks at it.
        let status = answer.as_ref().map(|answer| answer.status);
        assert!(
            matches!(status, Some(404 | 400) | None),
            "{path}: {answer:?}"
        );
        if let Some(answer) = answer {
            assert_eq!(answer.header("location"), None, "{path}");
            assert!(answer.body.is_empty(), "{path}: {}", answer.text());
        }
    }
    let long = format!("/{}", "a".repeat(100_000));
    // Its answer may be lost where the server hangs up on the rest of the path.
    let answer = ask(server.customers, "GET", &long, "");
    assert!(answer.is_none_or(|answer| matches!(answer.status, 414 | 431)));
    assert_eq!(
        server.get("/policy", "").text(),
        sample.read("publication/policy")
    );
}

#[test]
fn a_04_long_bodies_and_heads_are_refused_and_take_no_memory() {
    let server = Server::start(published(), &[]);
    let claimed = server.get("/v1/statement", "content-length: 10000000000\r\n");
    assert_eq!(claimed.status, 413);
    let long = format!("x-long: {}\r\n", "a".repeat(1 << 20));
    let many: String = (0..2000)
        .map(|number| format!("x-{number}: 1\r\n"))
        .collect();
    for headers in [long, many] {
        // Where the server hangs up on what is still being sent, its answer may be lost on the way.
        let answer = ask(server.customers, "GET", "/policy", &headers);
        assert!(answer.is_none_or(|answer| answer.status == 431));
    }
    assert_eq!(server.get("/policy", "").status, 200);
    // Chunks for ever: the server hangs up.
    let mut stream = TcpStream::connect(server.customers).unwrap();
    let begin = "GET /policy HTTP/1.1\r\nhost: s\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(begin.as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let sent = (0..100_000).find(|_| stream.write_all(chunk.as_bytes()).is_err());
    assert!(sent.is_some_and(|chunks| chunks < 10_000), "{sent:?}");
    let peak = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let peak = peak
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 100_000, "{kilobytes} kB");
}

#[test]
fn a_05_ten_thousand_connections_that_say_nothing_keep_nobody_waiting() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let possible = files.maximum.unwrap_or(u64::MAX).min(10_300);
    let raised = rustix::process::Rlimit {
        current: Some(possible),
        maximum: files.maximum,
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let count = usize::try_from(possible).unwrap() - 300;
    assert!(
        count >= 700,
        "too few files may be open here to try this: {possible}"
    );
    let server = Server::start(published(), &[]);
    let begun = Instant::now();
    let open = |number: usize| {
        let mut stream = TcpStream::connect(server.customers).unwrap();
        let begin = ["", "GET /pol", "GET /policy HTTP/1.1\r\nx-slow: "][number % 3];
        stream.write_all(begin.as_bytes()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(40)))
            .unwrap();
        stream
    };
    let slow: Vec<_> = (0..count).map(open).collect();
    let opened = begun.elapsed();
    let answer = server.statement(&token(&published().account()));
    assert_eq!(answer.status, 200);
    let waited = begun.elapsed() - opened;
    assert!(waited < Duration::from_secs(15), "others wait: {waited:?}");
    for mut stream in slow {
        let mut bytes = Vec::new();
        // Closed with an answer, without one, or reset: what counts is that it ends.
        if let Err(error) = stream.read_to_end(&mut bytes) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "still open");
        }
    }
}

#[test]
fn a_06_a_customer_who_asks_too_often_is_told_to_wait_and_others_are_served() {
    let server = Server::start(published(), &["--per-minute", "5"]);
    let ledger = published().read("ledger.csv");
    let mut accounts = ledger
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap());
    let greedy = accounts.next().unwrap();
    let other = accounts.find(|account| *account != greedy).unwrap();
    for _ in 0..5 {
        assert_eq!(server.statement(&token(greedy)).status, 200);
    }
    let unused = token(greedy);
    let answer = server.statement(&unused);
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=13).contains(&wait), "{wait}");
    assert_eq!(server.statement(&token(other)).status, 200);
    // What was not answered is not used up, and a token sent once more takes nothing of another's quota.
    let spent = token(other);
    assert_eq!(server.statement(&spent).status, 200);
    for _ in 0..10 {
        assert_eq!(server.statement(&spent).status, 401);
    }
    assert_eq!(server.statement(&token(other)).status, 200);
    std::thread::sleep(Duration::from_secs(wait));
    assert_eq!(server.statement(&unused).status, 200);
}

#[test]
fn a_07_answers_are_for_whom_they_are_and_never_made_of_what_the_client_says() {
    let server = Server::start(published(), &[]);
    let evil = "host: evil.example\r\norigin: https://evil.example\r\nx-forwarded-host: evil.example\r\n\
                accept-encoding: gzip, br\r\nrange: bytes=0-9\r\n";
    let private = server.get(
        "/v1/statement",
        &format!(
            "{evil}authorization: Bearer {}\r\n",
            token(&published().account())
        ),
    );
    // A part of a statement is no statement: the range is not looked at.
    assert_eq!(private.status, 200);
    assert!(private.body.starts_with(b"por/statement/v1\n"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("vary", "Authorization"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("content-type", "application/octet-stream"),
    ] {
        assert_eq!(private.header(name), Some(value), "{}", private.head);
    }
    let pack = "/attestations/000000/tiles/BTC-owed/1/000000.pack";
    let whole = server.get(pack, "");
    assert_eq!(
        whole.header("cache-control"),
        Some("public, max-age=31536000, immutable, no-transform")
    );
    let tile = server.get(
        pack,
        &format!("{evil}range: bytes=1952-3903\r\n").replace("range: bytes=0-9\r\n", ""),
    );
    assert_eq!(tile.status, 206);
    assert!(tile.body == whole.body[1952..3904]);
    assert_eq!(tile.header("content-encoding"), None);
    let head = server.get("/log/checkpoint", evil);
    assert_eq!(head.header("cache-control"), Some("no-cache, no-transform"));
    for answer in [&private, &tile, &head] {
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(!answer.head.contains("evil"), "{}", answer.head);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        for path in ["/v1/statement", "/policy"] {
            assert_eq!(server.ask(method, path, "").status, 405, "{method} {path}");
        }
    }
    assert_eq!(server.ask("HEAD", "/policy", "").status, 200);
}

#[test]
fn a_08_no_account_is_in_a_url_a_log_or_a_metric() {
    let server = Server::start(published(), &[]);
    let account = published().account();
    for _ in 0..3 {
        assert_eq!(server.statement(&token(&account)).status, 200);
    }
    assert_eq!(server.statement(&token("mallory-0001")).status, 404);
    let metrics = server.metrics();
    let said = server.stop();
    for text in [&metrics, &said] {
        for name in [account.as_str(), "mallory", "jti", "Bearer"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
}

#[test]
fn a_09_who_reads_while_the_next_month_is_published_gets_the_month_that_was_begun() {
    let sample = published().copy();
    let server = Server::start(&sample, &[]);
    let head = server.get("/log/checkpoint", "");
    let before = support::tree(&sample.at("publication"));
    history::attest_second(&sample, "BTC=96");
    sample.publish().expect(0);
    assert_ne!(server.get("/log/checkpoint", "").body, head.body);
    // Whatever the first head speaks of is read now, and is what it was.
    let read = sample.at("read");
    let mut files = 0;
    for (name, bytes) in &before {
        if ["attestations/", "log/tile/"]
            .iter()
            .any(|folder| name.starts_with(folder))
        {
            let answer = server.get(&format!("/{name}"), "");
            assert!(answer.status == 200 && answer.body == *bytes, "{name}");
            fs::create_dir_all(read.join(name).parent().unwrap()).unwrap();
            fs::write(read.join(name), answer.body).unwrap();
            files += 1;
        }
    }
    assert!(files > 8, "{files}");
    fs::write(read.join("log/checkpoint"), head.body).unwrap();
    fs::write(read.join("policy"), server.get("/policy", "").body).unwrap();
    sample
        .anyone(&["audit", "read", "--policy", "exchange/policy"])
        .expect(0);
    // And the statement is of the month whose openings are served.
    let answer = server.statement(&token(&sample.account()));
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"statement-000000.por\"")
    );
}

#[test]
fn a_10_a_token_counts_once() {
    let server = Server::start(published(), &[]);
    let token = token(&published().account());
    assert_eq!(server.statement(&token).status, 200);
    assert_eq!(server.statement(&token).status, 401);
    // Nor at the same moment.
    let again = gateway::token(&published().account());
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| server.statement(&again).status))
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|status| **status == 401).count(),
        7,
        "{answers:?}"
    );
}

#[test]
fn a_11_a_server_that_is_killed_leaves_an_answer_that_says_it_is_short() {
    let sample = published().copy();
    let pack = "attestations/000000/tiles/BTC-owed/1/000000.pack";
    // Longer than every buffer on the way.
    let long = fs::OpenOptions::new()
        .write(true)
        .open(sample.at(&format!("publication/{pack}")))
        .unwrap();
    long.set_len(64 << 20).unwrap();
    let mut server = Server::start(&sample, &[]);
    let mut stream = TcpStream::connect(server.customers).unwrap();
    let request = format!("GET /{pack} HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = vec![0; 100_000];
    stream.read_exact(&mut bytes).unwrap();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    // The connection may end or be reset.
    let _ = stream.read_to_end(&mut bytes);
    let head = String::from_utf8_lossy(&bytes[..500]).into_owned();
    assert!(head.contains("content-length: 67108864"), "{head}");
    assert!(bytes.len() < 64 << 20);
}

#[test]
fn requests_at_work_are_finished_when_the_server_is_told_to_stop() {
    let sample = published().copy();
    let pack = "attestations/000000/tiles/BTC-owed/1/000000.pack";
    let long = fs::OpenOptions::new()
        .write(true)
        .open(sample.at(&format!("publication/{pack}")))
        .unwrap();
    long.set_len(64 << 20).unwrap();
    let server = Server::start(&sample, &[]);
    let mut stream = TcpStream::connect(server.customers).unwrap();
    let request = format!("GET /{pack} HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = vec![0; 1000];
    stream.read_exact(&mut bytes).unwrap();
    let reader = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    });
    server.stop();
    let bytes = reader.join().unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    assert_eq!(bytes.len() - end - 4, 64 << 20);
}

#[test]
fn what_does_not_belong_together_is_refused_before_anybody_is_served() {
    let sample = published().copy();
    let serve = |openings: &[&str], jwks: &str, publication: &str| {
        let mut arguments = vec!["serve", publication, "--jwks", jwks, "--audience", AUDIENCE];
        for archive in openings {
            arguments.extend(["--openings", archive]);
        }
        arguments.extend([
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "127.0.0.1:0",
        ]);
        run(&mut command(sample.path(), &arguments))
    };
    let good = ("jwks.json", "publication");
    sample
        .por("statement", &["--all", "--archive", "statements.archive"])
        .says(0, &["the statements of"]);
    serve(&["statements.archive"], good.0, good.1).refuses(3, &["whole statements", "--openings"]);
    serve(&["openings", "openings"], good.0, good.1).refuses(3, &["two archives", "attestation 0"]);
    serve(&["openings"], good.0, "exchange").refuses(3, &["no publication"]);
    serve(&["openings"], "openings", good.1).refuses(3, &["JWKS"]);
    serve(&["nothing"], good.0, good.1).refuses(4, &["nothing"]);
    // Another publication.
    let other = Sample::new(&["BTC", "ETH"], 60);
    other
        .plan(&["--leaves", "BTC=80", "--leaves", "ETH=80"])
        .expect(0);
    other.finish();
    support::copy_tree(&other.at("publication"), &sample.at("other"));
    serve(&["openings"], good.0, "other").refuses(3, &["another attestation"]);
    // Damage, and what everybody can read.
    let mut bytes = fs::read(sample.at("openings")).unwrap();
    let last = bytes.len() - 50;
    bytes[last] ^= 1;
    let damaged = sample.at("damaged");
    fs::write(&damaged, &bytes).unwrap();
    serve(&["damaged"], good.0, good.1).refuses(4, &["damaged", "chmod 600"]);
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&damaged, fs::Permissions::from_mode(0o600)).unwrap();
    serve(&["damaged"], good.0, good.1).refuses(3, &["damaged", "por statement --all"]);
}

#[test]
fn statements_come_out_of_an_archive_without_keys_or_home() {
    let sample = published().copy();
    sample
        .por("statement", &["--all", "--archive", "statements.archive"])
        .expect(0);
    sample
        .por("statement", &["--all", "--archive", "statements.archive"])
        .refuses(4, &["exists already"]);
    let account = sample.account();
    sample
        .por("statement", &["--account", &account, "--out", "own.por"])
        .expect(0);
    fs::rename(sample.at("exchange"), sample.at("locked away")).unwrap();
    let from = |archive: &str, account: &str, out: &str| {
        let arguments = [
            "statement",
            "--from",
            archive,
            "--account",
            account,
            "--out",
            out,
        ];
        sample.anyone(&arguments)
    };
    from("statements.archive", &account, "taken.por").expect(0);
    assert!(fs::read(sample.at("taken.por")).unwrap() == fs::read(sample.at("own.por")).unwrap());
    from("statements.archive", "nobody", "none.por").refuses(3, &["this account is in no book"]);
    from("openings", &account, "none.por").refuses(3, &["signed openings alone"]);
    sample.write("list", format!("{account}\n"));
    sample
        .anyone(&[
            "statement",
            "--from",
            "statements.archive",
            "--list",
            "list",
            "--out",
            "listed",
        ])
        .says(0, &["Wrote 1 statements"]);
    sample
        .anyone(&[
            "statement",
            "--all",
            "--out",
            "x",
            "--from",
            "statements.archive",
        ])
        .expect(2);
}

/// Tokens by PyJWT; and requests that Schemathesis makes of the OpenAPI description, with such tokens.
#[test]
fn programs_of_others_read_the_description_and_sign_the_tokens() {
    let python = python::with("serve", include_str!("serve/requirements.txt"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve");
    let (sample, account) = (published().copy(), published().account());
    let key = sample.at("pyjwt.pem");
    let made = Command::new(&python)
        .arg(folder.join("gateway.py"))
        .args([&key, &sample.at("jwks.json")])
        .args([AUDIENCE, &account])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{said}");
    let server = Server::start(&sample, &["--per-minute", "1000000"]);
    let token = String::from_utf8(made.stdout).unwrap();
    assert_eq!(server.statement(token.trim()).status, 200);
    let fuzzed = Command::new(python.parent().unwrap().join("schemathesis"))
        .current_dir(sample.path())
        .env("PYTHONPATH", &folder)
        .env("SCHEMATHESIS_HOOKS", "gateway")
        .env("GATEWAY_KEY", &key)
        .env("GATEWAY_AUDIENCE", AUDIENCE)
        .env("GATEWAY_ACCOUNT", &account)
        .arg("run")
        .arg(format!("http://{}/v1/openapi.json", server.customers))
        .args(["--max-examples", "40", "--no-color"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&fuzzed.stdout).into_owned();
    let faults = String::from_utf8_lossy(&fuzzed.stderr).into_owned();
    assert!(fuzzed.status.success(), "{said}\n{faults}");
    assert!(
        server
            .metrics()
            .contains("asked=\"Statement\",status=\"200\"")
    );
}
