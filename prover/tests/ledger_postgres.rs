//! Ledgers in a real PostgreSQL server: one snapshot whatever others commit meanwhile, and nothing of the password or of a
//! value where something fails.
#![allow(missing_docs, reason = "tests")]

#[path = "postgres/server.rs"]
mod server;
mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use por_protocol::digest::Digest;
use postgres::{Client, NoTls};
use server::{PASSWORD, Server};
use support::{Done, PERIOD, SNAPSHOT, Sample, command, run, tree};

/// A database of its own, and an exchange that reads it.
struct Bench {
    sample: Sample,
    name: String,
    port: u16,
}

impl Bench {
    fn new(name: &str) -> Self {
        let server = Server::shared();
        let create = format!("CREATE DATABASE {name}");
        server.connect().batch_execute(&create).unwrap();
        Self {
            sample: Sample::new(&["BTC", "ETH", "USDT"], 40),
            name: name.into(),
            port: server.port,
        }
    }

    fn connect(&self) -> Client {
        postgres::Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .password(PASSWORD)
            .dbname(&self.name)
            .connect(NoTls)
            .unwrap()
    }

    fn sql(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// The settings' lines; later ones replace those given here.
    fn settings(&self, lines: &[(&str, &str)]) {
        let port = self.port.to_string();
        let password = format!("{PASSWORD:?}");
        let name = format!("{:?}", self.name);
        let mut all = vec![
            ("host", "\"127.0.0.1\""),
            ("port", port.as_str()),
            ("database", &name),
            ("user", "\"postgres\""),
            ("password", &password),
        ];
        all.retain(|(key, _)| lines.iter().all(|(other, _)| other != key));
        all.extend(lines);
        let text: String = all
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        self.sample.write("db.toml", text);
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.sample.at("db.toml"), private).unwrap();
    }

    fn plan(&self, more: &[&str]) -> Done {
        run(&mut self.command(more))
    }

    fn command(&self, more: &[&str]) -> Command {
        let all = [
            "plan",
            "--home",
            "exchange",
            "--postgres",
            "db.toml",
            "--period",
            PERIOD,
        ];
        let all = [&all[..], &["--snapshot", SNAPSHOT], more].concat();
        command(self.sample.path(), &all)
    }

    /// A refusal that shows no secret and leaves nothing behind.
    #[track_caller]
    fn refuses(&self, code: i32, parts: &[&str]) {
        let before = tree(&self.sample.at("exchange"));
        let done = self.plan(&[]);
        println!("{}", done.err);
        for secret in [PASSWORD, "correct horse", "4711", "secret-name"] {
            assert!(!done.err.contains(secret), "{}", done.err);
        }
        done.refuses(code, parts);
        assert!(
            tree(&self.sample.at("exchange")) == before,
            "something was made"
        );
        self.sample.has_no_leftovers();
    }

    fn report(&self) -> serde_json::Value {
        serde_json::from_str(&self.sample.read("exchange/runs/000000/ledger.json")).unwrap()
    }
}

const TABLE: &str = "CREATE TABLE balances (account text, asset text, amount numeric(38,18));";

#[test]
fn a_table_is_read_exactly_and_reported_with_a_digest_that_psql_gives_too() {
    let bench = Bench::new("exact");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances VALUES ('bob', 'BTC', 0.5), ('Zoë, \"the\" one', 'ETH', 1.000000000000000001), \
         ('ann', 'BTC', 20), ('ann', 'USDT', 0)"
    ));
    bench.settings(&[("table", "\"balances\"")]);
    bench
        .plan(&["--expect-total", "BTC=20.5"])
        .says(0, &["4 rows from 1 source(s)"]);
    let report = bench.report();
    let database = &report["databases"][0];
    assert_eq!(
        database["database"],
        format!("postgresql://127.0.0.1:{}/exact", bench.port)
    );
    assert_eq!(
        (&database["rows"], &database["tls"]),
        (&4.into(), &false.into())
    );
    assert!(!report.to_string().contains("battery"), "{report}");
    assert_eq!(report["assets"][1]["exact_total"], "1000000000000000001");
    // The same by the server's own client.
    let query = database["query"].as_str().unwrap();
    let psql = Command::new("psql")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &bench.port.to_string(),
            "-U",
            "postgres",
            "-d",
            "exact",
        ])
        .args(["-qc", &format!("\\copy ({query}) TO STDOUT CSV HEADER")])
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(
        psql.status.success(),
        "{}",
        String::from_utf8_lossy(&psql.stderr)
    );
    assert_eq!(database["sha256"], Digest::of(&psql.stdout).to_string());
    assert_eq!(database["bytes"], psql.stdout.len());
    // And as a file, the rows are the same.
    bench.sample.write("l.csv", &psql.stdout);
    let time = [
        "--period",
        PERIOD,
        "--snapshot",
        SNAPSHOT,
        "--ledger",
        "l.csv",
    ];
    bench.sample.por("plan", &time).expect(0);
    for asset in ["BTC", "ETH", "USDT"] {
        let rows = |run: &str| {
            fs::read(
                bench
                    .sample
                    .at(&format!("exchange/runs/{run}/rows/{asset}-owed.rows")),
            )
            .unwrap()
        };
        assert!(rows("000000") == rows("000001"), "{asset}");
    }
}

#[test]
fn queries_other_columns_and_a_password_from_the_environment_work() {
    let bench = Bench::new("queries");
    bench.sql(
        "CREATE SCHEMA \"odd \"\"one\"; CREATE TYPE coin AS ENUM ('BTC', 'ETH');
         CREATE TABLE \"odd \"\"one\".\"select\" (\"customer id\" bigint, coin coin, units varchar);
         INSERT INTO \"odd \"\"one\".\"select\" VALUES (1, 'BTC', '2'), (2, 'ETH', '0.25')",
    );
    let columns = "{ account = \"customer id\", asset = \"coin\", amount = \"units\" }";
    bench.settings(&[
        ("schema", "'odd \"one'"),
        ("table", "\"select\""),
        ("columns", columns),
    ]);
    bench.plan(&["--expect-total", "ETH=0.25"]).expect(0);
    // Two rows of a customer are one of the query's.
    let query =
        "'''SELECT \"customer id\" AS account, 'BTC'::text AS asset, sum(units::numeric) AS amount
                   FROM \"odd \"\"one\".\"select\" GROUP BY 1 -- by customer'''";
    bench.settings(&[("query", query)]);
    bench
        .plan(&["--expect-total", "BTC=2.25"])
        .says(0, &["2 rows"]);
    let text = bench.sample.read("db.toml");
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with("password"))
        .map(|line| format!("{line}\n"))
        .collect();
    bench.sample.write("db.toml", without);
    run(bench.command(&[]).env("PGPASSWORD", PASSWORD)).expect(0);
    run(bench.command(&[]).env_remove("PGPASSWORD")).refuses(4, &["password missing"]);
}

/// Others insert, delete and change rows as fast as they can, each time in one transaction; after each commit they ask the
/// server whether the export still runs.
#[test]
fn d_27_the_export_is_one_snapshot_while_others_commit() {
    const ROWS: u64 = 1_000_000;
    let bench = Bench::new("busy");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances SELECT 'account-' || n, 'USDT', 5 FROM generate_series(1, {ROWS}) AS n;
         CREATE INDEX ON balances (account); ANALYZE balances"
    ));
    bench.settings(&[("table", "\"balances\"")]);
    let mut writer = bench.connect();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'por' \
                   AND datname = 'busy' AND state = 'active' AND query LIKE 'COPY %'";
    let mut por = bench
        .command(&["--expect-total", "USDT=5000000"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let still = |writer: &mut Client| writer.query_one(running, &[]).unwrap().get::<_, i64>(0) == 1;
    while !still(&mut writer) {
        assert!(
            por.try_wait().unwrap().is_none(),
            "it ended before it began to copy"
        );
    }
    // Nothing has changed until here, so the snapshot has every row as it was.
    let (mut during, mut n) = (0_u64, 0_u64);
    while por.try_wait().unwrap().is_none() {
        n += 1;
        let last = ROWS + 1 - n;
        let change = format!(
            "BEGIN; INSERT INTO balances VALUES ('added-{n}', 'USDT', 1000);
             UPDATE balances SET amount = amount + 1 WHERE account IN ('account-{n}', 'account-{}');
             DELETE FROM balances WHERE account = 'account-{last}'; COMMIT",
            ROWS / 2 + n
        );
        writer.batch_execute(&change).unwrap();
        during += u64::from(still(&mut writer));
    }
    let mut said = String::new();
    por.stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(por.wait().unwrap().success(), "{said}");
    println!("{during} transactions were committed while the export ran, {n} in all");
    assert!(during >= 20, "only {during} commits fell into the export");
    let report = bench.report();
    assert_eq!(report["databases"][0]["rows"], ROWS);
    assert_eq!(
        report["assets"][2]["exact_total"],
        (5 * 1_000_000 * ROWS).to_string()
    );
    // The table is another one by now, by every one of those transactions.
    let now = writer
        .query_one("SELECT count(*), sum(amount)::text FROM balances", &[])
        .unwrap();
    assert_eq!(now.get::<_, i64>(0) as u64, ROWS);
    assert!(
        now.get::<_, String>(1)
            .starts_with(&(5 * ROWS + n * (1000 + 2 - 5)).to_string())
    );
}

#[test]
fn d_27_a_connection_that_is_lost_leaves_nothing() {
    let bench = Bench::new("lost");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances SELECT 'account-' || n, 'USDT', 5 FROM generate_series(1, 300000) AS n"
    ));
    // The network ends in the middle: after 4 MB from the server.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (proxy, port) = (
        listener.local_addr().unwrap().port().to_string(),
        bench.port,
    );
    let cut = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from_client, mut to_server) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
        let mut passed = 0;
        let mut buffer = [0; 4096];
        while passed < 4 << 20 {
            let read = server.read(&mut buffer).unwrap();
            client.write_all(&buffer[..read]).unwrap();
            passed += read;
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
    bench.settings(&[("port", &proxy), ("table", "\"balances\"")]);
    bench.refuses(
        4,
        &[&format!(
            "postgresql://127.0.0.1:{proxy}/lost: cannot be read: "
        )],
    );
    cut.join().unwrap();
    // The administrator ends it.
    bench.settings(&[(
        "query",
        "\"SELECT account, asset, amount, pg_sleep(0.001) FROM balances\"",
    )]);
    let mut admin = bench.connect();
    let ended = std::thread::spawn(move || {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'por' AND datname = 'lost' AND query LIKE 'COPY %'";
        while admin.query_one(end, &[]).unwrap().get::<_, i64>(0) == 0 {}
    });
    // With the server's reason (SQLSTATE 57P01), unless the end of the connection came first.
    bench.refuses(4, &["/lost: cannot be read: "]);
    ended.join().unwrap();
}

#[test]
fn d_27_amounts_that_are_none_are_refused_with_their_row() {
    let bench = Bench::new("amounts");
    bench.sql("CREATE TABLE t (account text, asset text, amount numeric, f8 float8, f4 real, n bigint, m money)");
    bench.settings(&[("table", "\"t\"")]);
    bench.refuses(3, &["has a header but no rows"]);
    for (row, place) in [
        ("'ann', 'BTC', 'NaN'", ":3:9: the amount holds `N`"),
        ("'ann', 'BTC', -4711", ":3:9: "),
        ("'ann', 'BTC', NULL", ":3:9: "),
        ("NULL, 'BTC', 1", ":3:1: the account"),
        ("'secret-name ', 'BTC', 1", ":3:12: the account"),
        (
            "E'secret-name\\nBTC', 'BTC', 1",
            ":3:1: the quote that opens here",
        ),
        ("'ann', 'btc', 1", ":3:5: the asset `btc`"),
        (
            "'ann', 'BTC', 0.471147114711",
            ":3:9: the amount has 12 decimals",
        ),
        ("'ann', 'BTC', 471147114711.4711", "does not fit"),
        ("'bob', 'BTC', 1", "already, at postgresql://"),
    ] {
        bench.sql(&format!(
            "TRUNCATE t; INSERT INTO t VALUES ('bob', 'BTC', 1), ({row})"
        ));
        bench.refuses(3, &[place]);
    }
    for (column, found) in [
        ("f8", "holds floating-point numbers"),
        ("f4", "holds floating-point numbers"),
        ("n", "holds integers, which could be units or atoms"),
        ("m", "holds neither numeric nor text"),
    ] {
        bench.settings(&[
            ("table", "\"t\""),
            ("columns", &format!("{{ amount = {column:?} }}")),
        ]);
        bench.refuses(3, &["the column `amount`", found]);
    }
}

#[test]
fn d_27_sql_in_a_name_is_a_name_and_a_query_changes_nothing() {
    let bench = Bench::new("injected");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances VALUES ('ann', 'BTC', 1); CREATE TABLE kept ()"
    ));
    for table in [
        "balances; DROP TABLE kept",
        "balances\" ; DROP TABLE kept; --",
        "balances) TO PROGRAM 'touch /tmp/por-was-here' --",
        "kept\"; --",
    ] {
        bench.settings(&[("table", &format!("{table:?}"))]);
        bench.refuses(4, &["does not exist (SQLSTATE 42P01)"]);
    }
    for (query, state) in [
        ("SELECT * FROM balances; DROP TABLE kept", "42601"),
        (
            "SELECT * FROM balances) TO PROGRAM 'touch /tmp/por-was-here' --",
            "42601",
        ),
        ("SELECT * FROM balances) AS x; DROP TABLE kept; --", "42601"),
        ("DROP TABLE kept", "42601"),
        (
            "WITH d AS (DELETE FROM balances RETURNING *) SELECT * FROM d",
            "0A000",
        ),
        (
            "SELECT 'ann' AS account, 'BTC' AS asset, (nextval('s'))::text AS amount",
            "42P01",
        ),
        (
            "SELECT account, asset, (amount / 0) AS amount FROM balances",
            "SQLSTATE 22012",
        ),
    ] {
        bench.settings(&[("query", &format!("{query:?}"))]);
        bench.refuses(4, &[state]);
    }
    bench.sql("CREATE SEQUENCE s");
    let query = "SELECT 'ann'::text AS account, 'BTC'::text AS asset, nextval('s')::text AS amount";
    bench.settings(&[("query", &format!("{query:?}"))]);
    bench.refuses(4, &["read-only transaction", "25006"]);
    bench.sql("SELECT * FROM kept");
    assert!(!std::path::Path::new("/tmp/por-was-here").exists());
}

/// A policy that hides rows would make the exchange owe less than it does, and nobody would see it.
#[test]
fn d_30_rows_that_a_policy_hides_are_an_error() {
    let bench = Bench::new("hidden");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances VALUES ('ann', 'BTC', 1), ('eve', 'BTC', 9);
         ALTER TABLE balances ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON balances USING (account = 'ann');
         CREATE ROLE reader LOGIN PASSWORD 'reader''s own'; GRANT SELECT ON balances TO reader"
    ));
    let reader = [
        ("user", "\"reader\""),
        ("password", "\"reader's own\""),
        ("table", "\"balances\""),
    ];
    bench.settings(&reader);
    bench.refuses(4, &["row-level security policy", "42501"]);
    bench.sql("ALTER ROLE reader BYPASSRLS");
    bench.plan(&["--expect-total", "BTC=10"]).expect(0);
}

#[test]
fn d_27_no_tls_beyond_this_machine_and_no_server_that_nobody_vouches_for() {
    let bench = Bench::new("tls");
    bench.sql(&format!(
        "{TABLE} INSERT INTO balances VALUES ('ann', 'BTC', 1)"
    ));
    let table = ("table", "\"balances\"");
    // Documentation addresses (RFC 5737): nothing is sent there.
    bench.settings(&[("host", "\"192.0.2.1\""), table]);
    bench.refuses(4, &["needs TLS: name its root-certificates"]);
    let server = Server::shared();
    for (name, authority) in [
        ("ca.pem", server.authority()),
        ("other.pem", server.other_authority()),
    ] {
        fs::copy(authority, bench.sample.at(name)).unwrap();
    }
    let (localhost, ca) = (
        ("host", "\"localhost\""),
        ("root-certificates", "\"ca.pem\""),
    );
    bench.settings(&[localhost, ca, table]);
    bench.plan(&[]).expect(0);
    assert_eq!(bench.report()["databases"][0]["tls"], true);
    bench.settings(&[localhost, ("root-certificates", "\"other.pem\""), table]);
    bench.refuses(4, &["invalid peer certificate: UnknownIssuer"]);
    // The certificate is for a name, not for this address.
    bench.settings(&[ca, table]);
    bench.refuses(4, &["invalid peer certificate", "not valid for name"]);
    bench.settings(&[localhost, ("root-certificates", "\"db.toml\""), table]);
    bench.refuses(3, &["db.toml", "holds no certificate"]);
}

#[test]
fn k_03_no_password_in_any_message() {
    let bench = Bench::new("secret");
    let table = ("table", "\"t\"");
    bench.settings(&[("password", "\"4711 correct horse\""), table]);
    bench.refuses(4, &["password authentication failed", "SQLSTATE 28P01"]);
    bench.settings(&[("port", "1"), table]);
    bench.refuses(4, &["error connecting to server", "refused"]);
    bench.settings(&[("database", "\"nowhere\""), table]);
    bench.refuses(4, &["does not exist (SQLSTATE 3D000)"]);
    // Settings that are not understood are not repeated.
    for line in [
        ("password", "4711"),
        ("passwort", "\"correct horse\""),
        ("password", "correct horse"),
        ("port", "\"correct horse\""),
    ] {
        bench.settings(&[line, table]);
        bench.refuses(
            3,
            &["db.toml: line ", "is not as settings of a database are"],
        );
    }
    bench.settings(&[]);
    bench.refuses(3, &["either a table, with its schema, or a query"]);
    bench.settings(&[table, ("query", "\"SELECT 1\"")]);
    bench.refuses(3, &["either a table"]);
    bench.settings(&[table]);
    let loose = fs::Permissions::from_mode(0o640);
    fs::set_permissions(bench.sample.at("db.toml"), loose).unwrap();
    bench.refuses(
        4,
        &["db.toml: its group or others have access", "chmod 600"],
    );
}
