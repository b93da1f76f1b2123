//! Which database to read, and who reads it: a TOML file of mode 0600.
//!
//! ```toml
//! host = "db.internal"             # or an address, or the folder of a Unix socket
//! port = 5432
//! database = "exchange"
//! user = "por"
//! password = "…"                   # or PGPASSWORD in the environment
//! root-certificates = "ca.pem"     # who vouches for the server; beside this file
//! table = "balances"               # and schema = "…", if it is not public; or query = "SELECT …"
//!
//! [columns]                        # where they have other names
//! account = "customer_id"
//! ```
//!
//! Names without a schema, in a query too, are those of `pg_catalog` and `public`. Beyond this machine there is no connection without TLS, and none to a server that these certificates do not vouch for,
//! by its name.

use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::postgres::config::SslMode;
use ::postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Deserializer};
use tokio_postgres_rustls::MakeRustlsConnect;
use zeroize::Zeroizing;

use super::super::error::{LedgerError, Reason, escaped};
use super::quoted;
use crate::error::Error;
use crate::files::secret_file;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that is gone is noticed after this time, in the middle of an export too.
const SILENCE: Duration = Duration::from_secs(60);
/// A data exception: the server's message repeats the value.
const CLASS_DATA: &str = "22";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    host: String,
    #[serde(default = "port")]
    port: u16,
    database: String,
    user: String,
    #[serde(default, deserialize_with = "wiped")]
    password: Option<Zeroizing<String>>,
    root_certificates: Option<PathBuf>,
    schema: Option<String>,
    table: Option<String>,
    pub(super) query: Option<String>,
    #[serde(default)]
    columns: Columns,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    account: Option<String>,
    asset: Option<String>,
    amount: Option<String>,
}

fn port() -> u16 {
    5432
}

fn wiped<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    String::deserialize(from).map(|text| Some(Zeroizing::new(text)))
}

impl Settings {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let content = secret_file::read(path)?;
        let remedy = "Give host, database, user, and table or query; see prover/LEDGERS.md.";
        let text = std::str::from_utf8(&content)
            .map_err(|_| Error::input(path, "it is not UTF-8", remedy))?;
        let mut settings: Self = toml::from_str(text).map_err(|error| {
            // Its message would repeat what stands there, which may be the password.
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let why = format!("line {line} is not as settings of a database are");
            Error::input(path, why, remedy)
        })?;
        let one = settings.table.is_some() != settings.query.is_some();
        if !one || (settings.query.is_some() && settings.schema.is_some()) {
            let why = "it has to name either a table, with its schema, or a query";
            return Err(Error::input(path, why, remedy));
        }
        if settings.password.is_none() {
            settings.password = std::env::var("PGPASSWORD").ok().map(Zeroizing::new);
        }
        let beside = |file: &PathBuf| path.parent().map(|folder| folder.join(file));
        settings.root_certificates = settings.root_certificates.as_ref().and_then(beside);
        Ok(settings)
    }

    /// Host, port and database, for people.
    pub(super) fn url(&self) -> String {
        let shown = |text: &str| escaped(text, 100);
        format!(
            "postgresql://{}:{}/{}",
            shown(&self.host),
            self.port,
            shown(&self.database)
        )
    }

    /// What stands behind FROM.
    pub(super) fn relation(&self) -> String {
        match (&self.query, &self.table) {
            // A comment at the end of the query ends with its line.
            (Some(query), _) => format!("({query}\n) AS ledger"),
            (None, table) => {
                let schema = self.schema.as_deref().unwrap_or("public");
                let table = table.as_deref().unwrap_or_default();
                format!("{}.{}", quoted(schema), quoted(table))
            }
        }
    }

    /// The names of the three columns there.
    pub(super) fn columns(&self) -> [&str; 3] {
        let Columns {
            account,
            asset,
            amount,
        } = &self.columns;
        [
            account.as_deref().unwrap_or("account"),
            asset.as_deref().unwrap_or("asset"),
            amount.as_deref().unwrap_or("amount"),
        ]
    }

    /// Connects, and says whether by TLS.
    pub(super) fn connect(&self, name: &Path) -> Result<(Client, bool), Error> {
        let refuse = |message: String| {
            let message = escaped(&message, 200);
            Error::from(LedgerError::file(name, Reason::Database { message }))
        };
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .application_name("por")
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE);
        if let Some(password) = &self.password {
            config.password(password.as_bytes());
        }
        let failed = |error: ::postgres::Error| refuse(self.describe(&error));
        if let Some(certificates) = &self.root_certificates {
            config.ssl_mode(SslMode::Require);
            let tls = MakeRustlsConnect::new(trusting(certificates)?);
            return Ok((config.connect(tls).map_err(failed)?, true));
        }
        if !self.is_on_this_machine() {
            let why = "a server beyond this machine needs TLS: name its root-certificates";
            return Err(refuse(why.into()));
        }
        config.ssl_mode(SslMode::Disable);
        Ok((config.connect(NoTls).map_err(failed)?, false))
    }

    /// A Unix socket, or a name all of whose addresses are loopback.
    fn is_on_this_machine(&self) -> bool {
        if self.host.starts_with('/') {
            return true;
        }
        let Ok(addresses) = (self.host.as_str(), self.port).to_socket_addrs() else {
            return false;
        };
        let addresses: Vec<_> = addresses.collect();
        !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback())
    }

    /// What went wrong, without the password, and without the values that messages about data repeat.
    pub(super) fn describe(&self, error: &::postgres::Error) -> String {
        let mut text = match error.as_db_error() {
            Some(said) if said.code().code().starts_with(CLASS_DATA) => {
                format!(
                    "the server refused a value (SQLSTATE {})",
                    said.code().code()
                )
            }
            Some(said) => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
            None => error.to_string(),
        };
        if error.as_db_error().is_none() {
            let mut cause = std::error::Error::source(error);
            while let Some(inner) = cause {
                text = format!("{text}: {inner}");
                cause = inner.source();
            }
        }
        match &self.password {
            Some(password) if !password.is_empty() => text.replace(password.as_str(), "…"),
            _ => text,
        }
    }
}

fn trusting(path: &Path) -> Result<ClientConfig, Error> {
    let wrong = |why: String| {
        Error::input(
            path,
            why,
            "Give the PEM file of the authority that signed the server's certificate.",
        )
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
