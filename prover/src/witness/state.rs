//! What a witness remembers: for each log the last head it cosigned. Written and flushed before the answer leaves, in the
//! same transaction that compared it, so that two requests at once cannot roll a log back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use por_protocol::digest::Digest;
use por_protocol::log::{AddCheckpoint, Checkpoint, Refusal};
use por_protocol::note::{PublicKey, WitnessSecretKey};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};

use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;

/// A witness's folder: its key, the logs it knows, its state.
#[derive(Clone, Debug)]
pub struct WitnessFolder(PathBuf);

impl WitnessFolder {
    /// The folder at `path`.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `witness.key`.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.0.join("witness.key")
    }

    /// `logs`: a vkey on each line.
    #[must_use]
    pub fn logs_path(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// `heads.sqlite`.
    #[must_use]
    pub fn heads_path(&self) -> PathBuf {
        self.0.join("heads.sqlite")
    }

    /// The keys of the logs that this witness follows.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Line`].
    pub fn logs(&self) -> Result<Vec<PublicKey>, Error> {
        let path = self.logs_path();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::io(&path)(source)),
        };
        let lines = (1_u64..).zip(text.lines());
        lines
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|(line, vkey)| {
                PublicKey::from_vkey(vkey.trim()).map_err(|error| Error::Line {
                    path: path.clone(),
                    line,
                    why: error.to_string(),
                    remedy: "Write one log key (vkey) on each line.".into(),
                })
            })
            .collect()
    }
}

/// A witness at work.
pub struct State {
    key: WitnessSecretKey,
    logs: Vec<PublicKey>,
    heads: Connection,
    path: PathBuf,
}

/// Why a request was not answered with a cosignature.
#[derive(Debug)]
pub enum Fault {
    /// The request's fault, with the status of the standard.
    Refused(Refusal),
    /// The witness's own: its disk, or a clock that ran backwards.
    Own(Error),
}

impl State {
    /// Makes the memory of a new witness, before its key: a key without it has forgotten what it cosigned.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(folder: &WitnessFolder) -> Result<(), Error> {
        let path = folder.heads_path();
        let heads = Connection::open(&path).map_err(fault(&path))?;
        heads
            .execute_batch(
                "PRAGMA synchronous = EXTRA;
                 CREATE TABLE IF NOT EXISTS heads (
                     origin TEXT PRIMARY KEY NOT NULL,
                     checkpoint TEXT NOT NULL,
                     note TEXT NOT NULL,
                     time INTEGER NOT NULL
                 ) STRICT;",
            )
            .map_err(fault(&path))?;
        drop(heads);
        durable::sync_parent(&path)
    }

    /// Opens a witness's folder. Only one process can: the database stays locked.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`], [`Error::InTheWay`] if another process is this witness, or if it has lost what it
    /// cosigned.
    pub fn open(folder: &WitnessFolder) -> Result<Self, Error> {
        let key = secret_file::read_signing_key(&folder.key_path())?;
        let path = folder.heads_path();
        if !path.exists() {
            return Err(forgotten(&path, "it is missing"));
        }
        // Never made here: an empty memory would cosign any log anew, one that was rolled back with it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let heads = Connection::open_with_flags(&path, flags).map_err(fault(&path))?;
        // Another process that is this witness holds its lock for ever: there is nothing to wait for.
        heads.busy_timeout(Duration::ZERO).map_err(fault(&path))?;
        // EXTRA: a journal whose deletion a power loss undoes would roll back a head that was cosigned.
        heads
            .execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE;
                 PRAGMA journal_mode = DELETE;
                 PRAGMA synchronous = EXTRA;
                 BEGIN EXCLUSIVE; COMMIT;",
            )
            .map_err(fault(&path))?;
        let whole = heads.table_exists(None, "heads").map_err(fault(&path))?;
        if !whole {
            return Err(forgotten(&path, "it is not what `por witness init` made"));
        }
        Ok(Self {
            key,
            logs: folder.logs()?,
            heads,
            path,
        })
    }

    /// The key others verify its cosignatures with.
    #[must_use]
    pub fn key(&self) -> &WitnessSecretKey {
        &self.key
    }

    /// Answers a request: the signature line of a cosignature, once the head is on disk.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn add_checkpoint(&mut self, body: &[u8], now: u64) -> Result<String, Fault> {
        let request = AddCheckpoint::parse(body)
            .map_err(|error| Fault::Refused(Refusal::Malformed(error)))?;
        let (note, claimed) = request.claimed().map_err(Fault::Refused)?;
        let own = |error| Fault::Own(fault(&self.path)(error));
        let transaction = self
            .heads
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(own)?;
        let last: Option<(String, u64)> = transaction
            .query_row(
                "SELECT checkpoint, time FROM heads WHERE origin = ?1",
                [claimed.origin.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(own)?;
        let (last, time) = match last {
            None => (None, 0),
            Some((text, time)) => {
                let damaged = |error: por_protocol::error::Error| {
                    Fault::Own(Error::input(&self.path, error.to_string(), ANEW))
                };
                (Some(Checkpoint::parse(&text).map_err(damaged)?), time)
            }
        };
        let checkpoint = request
            .decide(&self.logs, last.as_ref())
            .map_err(Fault::Refused)?;
        if now < time {
            return Err(Fault::Own(Error::refused(
                format!("the clock says {now}, and a head was cosigned at {time}"),
                "Set the clock of this machine.",
            )));
        }
        let text = checkpoint.to_text();
        let cosignature = |error| Fault::Own(Error::protocol("cosignature")(error));
        // What is cosigned is what the log signed, its extension lines with it.
        let line = self
            .key
            .cosign(note.unverified_text(), now)
            .map_err(cosignature)?;
        // Anyone may add lines to a log's note, such as a false one in this witness's name: they are not kept.
        let known: Vec<PublicKey> = (self.logs.iter())
            .filter(|key| *key.name() == checkpoint.origin)
            .cloned()
            .collect();
        let signed = note
            .signed_by_alone("checkpoint", &known)
            .map_err(cosignature)?;
        transaction
            .execute(
                "INSERT INTO heads (origin, checkpoint, note, time) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (origin) DO UPDATE SET checkpoint = ?2, note = ?3, time = ?4",
                (
                    checkpoint.origin.as_str(),
                    &text,
                    format!("{signed}{line}"),
                    now,
                ),
            )
            .map_err(own)?;
        transaction.commit().map_err(own)?;
        Ok(line)
    }

    /// The last head that this witness cosigned for the log whose origin has this SHA-256.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn head(&self, origin_hash: &str) -> Result<Option<String>, Error> {
        let own = |error| fault(&self.path)(error);
        let mut query = self
            .heads
            .prepare("SELECT origin, note FROM heads")
            .map_err(own)?;
        let rows = query
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(own)?;
        for row in rows {
            let (origin, note): (String, String) = row.map_err(own)?;
            if Digest::of(origin.as_bytes()).to_string() == origin_hash {
                return Ok(Some(note));
            }
        }
        Ok(None)
    }
}

/// A backup is as old as it is: what was cosigned after it is not in it (SPEC §7.6.1).
const ANEW: &str = "Do not restore a backup: it would forget heads that this witness cosigned. Make a new one with `por witness init` in another folder, and give its key to the exchanges.";

fn forgotten(path: &Path, why: &str) -> Error {
    Error::InTheWay {
        path: path.to_owned(),
        why: format!(
            "{why}: this witness has forgotten what it cosigned, and must not cosign under its key any more"
        ),
        remedy: ANEW.into(),
    }
}

fn fault(path: &Path) -> impl FnOnce(rusqlite::Error) -> Error + use<'_> {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            Error::InTheWay {
                path: path.to_owned(),
                why: "another process is this witness".into(),
                remedy: "Stop it first: two of them could cosign two histories.".into(),
            }
        }
        _ => Error::Io {
            path: path.to_owned(),
            source: std::io::Error::other(error),
        },
    }
}
