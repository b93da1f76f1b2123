//! Ledgers in PostgreSQL: one `COPY … TO STDOUT` inside one repeatable-read, read-only transaction.
//!
//! Claimed here: what is read is one snapshot of the database. Whatever other connections commit while the rows are sent,
//! even while the export takes hours, is either in all of them or in none. Checked here: that the three columns are of types
//! that hold amounts exactly, and identifiers as text; that the server sent the rows to their end; that no row-level policy
//! hid rows (`row_security = off` makes that an error). The rows come as CSV and are read as strictly as a file.
//! *Not* checked: what the table or the query means.
//!
//! Names of tables and columns are quoted, so none is SQL. A query is SQL, from the exchange's own file: it has to stand
//! by itself, as one statement, and can change nothing.
//! Errors name the server, and show no password and no value.
//! Source: PostgreSQL documentation, 13.2.2 (Repeatable Read) and COPY.

mod settings;

use std::io::BufReader;
use std::path::{Path, PathBuf};

use ::postgres::types::{Kind, Type};
use ::postgres::{IsolationLevel, Statement, Transaction};

use self::settings::Settings;
use super::csv;
use super::error::{LedgerError, Reason, escaped};
use super::intake::Intake;
use super::lines::Stop;
use super::report::DatabaseReport;
use super::source::Hashing;
use crate::error::Error;

/// Oldest server: `trim_scale` and `pg_current_snapshot` came with 13.
const OLDEST_SERVER: i32 = 130_000;
/// Longest message of a server that is repeated, in characters.
const SHOWN: usize = 200;

/// A database to read from, as its file of settings names it.
pub(super) struct Database {
    settings: Settings,
    name: PathBuf,
}

impl Database {
    /// Reads the settings, which only their owner may read.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let settings = Settings::read(path)?;
        let name = PathBuf::from(settings.url());
        Ok(Self { settings, name })
    }

    /// What errors call it: host, port and database.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Reads all of its rows.
    pub(super) fn read(
        &self,
        intake: &mut Intake<'_>,
        source: u16,
    ) -> Result<DatabaseReport, Error> {
        let failed = |error: ::postgres::Error| self.failed(&error);
        let (mut client, tls) = self.settings.connect(&self.name)?;
        let mut transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(failed)?;
        // A policy that hides rows is an error then, and a long export is none.
        let session = "SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; \
                       SET LOCAL search_path = pg_catalog, public";
        transaction.batch_execute(session).map_err(failed)?;
        let snapshot = self.snapshot(&mut transaction)?;
        let rows = self.rows(&mut transaction)?;
        let copy =
            format!("COPY ({rows}) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')");
        let mut stream = BufReader::new(Hashing::new(
            transaction.copy_out(copy.as_str()).map_err(failed)?,
        ));
        let read = csv::read_text(intake, &self.name, source, &mut stream);
        let content = read.map_err(|stop| match stop {
            // The stream ended with an error: of the connection or of the server, not of a file.
            Stop::Fault(fault) => match fault.into_io() {
                Ok(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                    Some(inner) => self.failed(inner),
                    None => self.refuse(error.to_string()),
                },
                Err(fault) => fault.at(&self.name).into(),
            },
            stop => stop.at(&self.name),
        })?;
        let (sha256, bytes) = stream.into_inner().finish();
        // Only now has the server said that it sent everything.
        transaction.commit().map_err(failed)?;
        Ok(DatabaseReport {
            database: self.name.display().to_string(),
            tls,
            query: rows,
            server_version: snapshot.server_version,
            snapshot: snapshot.snapshot,
            snapshot_time: snapshot.time,
            bytes,
            rows: content.rows,
            sha256,
        })
    }

    fn snapshot(&self, transaction: &mut Transaction<'_>) -> Result<Snapshot, Error> {
        let failed = |error: ::postgres::Error| self.failed(&error);
        let version = "SELECT current_setting('server_version_num')::int4, \
                       current_setting('transaction_isolation'), \
                       current_setting('transaction_read_only')";
        let row = transaction.query_one(version, &[]).map_err(failed)?;
        let server: i32 = row.try_get(0).map_err(failed)?;
        if server < OLDEST_SERVER {
            return Err(self.refuse("PostgreSQL 13 or later is needed".into()));
        }
        let (level, read_only): (String, String) = (
            row.try_get(1).map_err(failed)?,
            row.try_get(2).map_err(failed)?,
        );
        if (level.as_str(), read_only.as_str()) != ("repeatable read", "on") {
            return Err(self.refuse(
                "the server did not begin a repeatable-read, read-only transaction".into(),
            ));
        }
        let snapshot = "SELECT pg_current_snapshot()::text, current_setting('server_version'), \
                        to_char(transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        let row = transaction.query_one(snapshot, &[]).map_err(failed)?;
        Ok(Snapshot {
            snapshot: row.try_get(0).map_err(failed)?,
            server_version: row.try_get(1).map_err(failed)?,
            time: row.try_get(2).map_err(failed)?,
        })
    }

    /// The statement that selects the rows, as text, once its columns are known to be exact.
    fn rows(&self, transaction: &mut Transaction<'_>) -> Result<String, Error> {
        let failed = |error: ::postgres::Error| self.failed(&error);
        let from = self.settings.relation();
        if let Some(query) = &self.settings.query {
            // By itself, so that it cannot close the bracket that it is put into; prepared, so that it is one statement.
            transaction.prepare(query).map_err(failed)?;
        }
        let columns = self.settings.columns().map(quoted);
        let [account, asset, amount] = &columns;
        let select = format!("SELECT {account}, {asset}, {amount} FROM {from}");
        let statement = transaction.prepare(&select).map_err(failed)?;
        let amount_text = self.check_types(&statement)?;
        Ok(format!(
            "SELECT {account}::text AS account, {asset}::text AS asset, {} AS amount FROM {from}",
            amount_text.replace("{}", amount)
        ))
    }

    /// How the amount is written out: without the zeros of its scale, which a table for all assets has many of.
    fn check_types(&self, statement: &Statement) -> Result<&'static str, Error> {
        let refuse = |name: &'static str, found: &'static str| {
            let found = found.into();
            Err(LedgerError::file(&self.name, Reason::ColumnType { name, found }).into())
        };
        let [account, asset, amount] = statement.columns() else {
            return Err(self.refuse("the rows have not three columns".into()));
        };
        let text = [Type::TEXT, Type::VARCHAR];
        let exact = [Type::INT2, Type::INT4, Type::INT8, Type::UUID];
        if !text.contains(account.type_()) && !exact.contains(account.type_()) {
            return refuse("account", "neither text nor whole numbers nor UUIDs");
        }
        if !text.contains(asset.type_()) && !matches!(asset.type_().kind(), Kind::Enum(_)) {
            return refuse("asset", "no text");
        }
        match amount.type_() {
            found if *found == Type::NUMERIC => Ok("trim_scale({})::text"),
            found if text.contains(found) => Ok("{}::text"),
            found if [Type::FLOAT4, Type::FLOAT8].contains(found) => refuse(
                "amount",
                "floating-point numbers, which hold no exact amounts",
            ),
            found if exact.contains(found) => {
                refuse("amount", "integers, which could be units or atoms")
            }
            _ => refuse("amount", "neither numeric nor text"),
        }
    }

    fn failed(&self, error: &::postgres::Error) -> Error {
        self.refuse(self.settings.describe(error))
    }

    fn refuse(&self, message: String) -> Error {
        let message = escaped(&message, SHOWN);
        LedgerError::file(&self.name, Reason::Database { message }).into()
    }
}

/// What the server says of the snapshot.
struct Snapshot {
    server_version: String,
    snapshot: String,
    time: String,
}

/// A name of SQL as that and nothing else.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
