//! `por init`: makes an exchange's folder.

use std::path::{Path, PathBuf};

use por_protocol::note::{KeyName, PublicKey, SecretKey};

use super::{HomeArg, public_key};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::home::{Home, Settings};
use crate::ledger::read_asset_table;
use crate::tell;

/// An asset table to start from; the numbers are the chains' own.
const SAMPLE_ASSETS: &str = include_str!("../../../fixtures/assets/sample.toml");

/// Make an exchange's folder: settings, asset table, log key and policy
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// Name of the exchange as customers know it
    #[arg(long)]
    pub entity: String,
    /// Origin of the exchange's log, a name without scheme such as example.com/por
    #[arg(long, value_name = "NAME")]
    pub log_origin: String,
    /// Public log key that is kept elsewhere, such as in a hardware module: the 32 bytes of Ed25519, in hex. No key is made
    /// then, and what it signs goes by --to-sign and --signature
    #[arg(long, value_name = "HEX")]
    pub log_public_key: Option<String>,
    /// Asset table to copy [default: one with BTC, ETH and USDT]
    #[arg(long, value_name = "FILE")]
    pub assets: Option<PathBuf>,
}

impl Init {
    /// # Errors
    /// [`Error::InTheWay`] if the folder is one already, or holds other files of these names.
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        if home.settings_path().exists() {
            return Err(Error::InTheWay {
                path: home.settings_path(),
                why: "this is an exchange's folder already".into(),
                remedy: "Go on with `por plan`, or name another --home.".into(),
            });
        }
        let origin = KeyName::log_origin(&self.log_origin).map_err(|error| {
            Error::refused(
                format!("--log-origin: {error}"),
                "Write a name that stays yours, such as example.com/por.",
            )
        })?;
        por_protocol::account::AccountId::check(&self.entity).map_err(|error| {
            Error::refused(
                format!("--entity: {error}"),
                "Write the name in plain characters.",
            )
        })?;
        let assets = match &self.assets {
            Some(path) => {
                read_asset_table(path)?;
                std::fs::read_to_string(path).map_err(Error::io(path))?
            }
            None => SAMPLE_ASSETS.into(),
        };
        check_free(&home.assets_path(), assets.as_bytes())?;
        secret_file::create_private_dir(home.path())?;
        secret_file::create_private_dir(&home.path().join("keys"))?;
        let key = match &self.log_public_key {
            Some(hex) => log_key_elsewhere(&home, origin, hex)?,
            None => log_key(&home, origin)?.public(),
        };
        let policy = format!(
            "# Trust root of {}: give this file to whoever verifies.\nlog {}\nquorum none\n",
            self.log_origin, key
        );
        check_free(&home.policy_path(), policy.as_bytes())?;
        durable::write(&home.policy_path(), policy.as_bytes())?;
        durable::write(&home.assets_path(), assets.as_bytes())?;
        let settings = Settings {
            entity: self.entity,
            log_origin: self.log_origin,
        };
        let text = toml::to_string(&settings)
            .map_err(|error| Error::refused(error.to_string(), "Write plain names."))?;
        // Written last: without it, the folder is not an exchange's and `por init` may run again.
        durable::write(&home.settings_path(), text.as_bytes())?;
        tell!(
            "Made {}: check assets.toml, back up keys/, name witnesses in policy (without them nothing dates your history), then run \
             `por plan`.",
            home.path().display()
        );
        Ok(Exit::Ok)
    }
}

/// The log's key: a new one, or the one that a run made that was killed before it came to its end.
fn log_key(home: &Home, origin: KeyName) -> Result<SecretKey, Error> {
    let path = home.log_key_path();
    if !path.exists() {
        return secret_file::create_signing_key(&path, origin);
    }
    let key: SecretKey = secret_file::read_signing_key(&path)?;
    if *key.public().name() == origin {
        return Ok(key);
    }
    Err(Error::InTheWay {
        path,
        why: format!("it is the key of {}", key.public().name().as_str()),
        remedy: "Name the log origin of this key, or another --home.".into(),
    })
}

/// A log key that this machine never sees.
fn log_key_elsewhere(home: &Home, origin: KeyName, hex: &str) -> Result<PublicKey, Error> {
    let path = home.log_key_path();
    if path.exists() {
        return Err(Error::InTheWay {
            path,
            why: "there is a log key on this machine, and --log-public-key names one that is elsewhere"
                .into(),
            remedy: "Leave out --log-public-key, or name another --home.".into(),
        });
    }
    public_key("--log-public-key", origin, hex)
}

/// Only what the same command wrote may be there.
fn check_free(path: &Path, content: &[u8]) -> Result<(), Error> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::io(path)(source)),
        Ok(found) if found == content => Ok(()),
        Ok(_) => Err(Error::InTheWay {
            path: path.to_owned(),
            why: "it exists already, with other content".into(),
            remedy:
                "Move it away, or name another --home; an asset table is taken over with --assets."
                    .into(),
        }),
    }
}
