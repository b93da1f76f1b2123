//! The exchange's own folder: settings, keys, and one private folder for each run.
//!
//! ```text
//! por.toml        entity and log origin
//! assets.toml     asset table
//! policy          what verifiers are given: the log's public key
//! keys/log.key    signs attestations
//! runs/000000/    one attestation: run key, plan, rows, build, statement key
//! ```

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use por_protocol::asset::AssetTable;
use por_protocol::digest::Digest;
use por_protocol::note::SecretKey;
use por_protocol::plan::{Plan, PlannedBook};
use por_protocol::policy::Policy;
use por_protocol::run_key::RunKey;
use por_protocol::state_proof::TokenRegistry;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::files::durable::{self, Staging};
use crate::files::secret_file;
use crate::ledger::read_asset_table;

/// `por.toml`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the exchange.
    pub entity: String,
    /// Origin of its log.
    pub log_origin: String,
}

/// The exchange's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The folder at `path`; it need not exist yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `por.toml`.
    #[must_use]
    pub fn settings_path(&self) -> PathBuf {
        self.0.join("por.toml")
    }

    /// `assets.toml`.
    #[must_use]
    pub fn assets_path(&self) -> PathBuf {
        self.0.join("assets.toml")
    }

    /// `policy`.
    #[must_use]
    pub fn policy_path(&self) -> PathBuf {
        self.0.join("policy")
    }

    /// `keys/log.key`.
    #[must_use]
    pub fn log_key_path(&self) -> PathBuf {
        self.0.join("keys/log.key")
    }

    /// `keys/log.next.key`: the key that a rotation has begun with.
    #[must_use]
    pub fn next_log_key_path(&self) -> PathBuf {
        self.0.join("keys/log.next.key")
    }

    /// Puts the key of a finished rotation in the place of the old one, which signs nothing any more.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn promote_log_key(&self) -> Result<(), Error> {
        let to = self.log_key_path();
        std::fs::rename(self.next_log_key_path(), &to).map_err(Error::io(&to))?;
        durable::sync_parent(&to)
    }

    /// Moves a key aside that a key kept elsewhere has taken the place of, where there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn retire_log_key(&self) -> Result<Option<PathBuf>, Error> {
        let from = self.log_key_path();
        if !from.exists() {
            return Ok(None);
        }
        let to = self.0.join("keys/log.retired.key");
        std::fs::rename(&from, &to).map_err(Error::io(&from))?;
        durable::sync_parent(&to)?;
        Ok(Some(to))
    }

    /// The policy: its exact text, and what it says.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`].
    pub fn policy(&self) -> Result<(Vec<u8>, Policy), Error> {
        let path = self.policy_path();
        let text = std::fs::read(&path).map_err(Error::io(&path))?;
        let policy = Policy::parse(&text)
            .map_err(|error| Error::input(&path, error.to_string(), "See SPEC §7.4."))?;
        Ok((text, policy))
    }

    /// `log/head`: the last head that the log key was asked to sign.
    #[must_use]
    pub fn signed_head_path(&self) -> PathBuf {
        self.0.join("log/head")
    }

    /// `log/page`: the page while a change of the key publishes it.
    #[must_use]
    pub fn staged_page_path(&self) -> PathBuf {
        self.0.join("log/page")
    }

    /// Keeps other publishers of this home out until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::InTheWay`] naming the process that holds it.
    pub fn lock_log(&self) -> Result<Lock, Error> {
        let folder = self.0.join("log");
        secret_file::create_private_dir(&folder)?;
        lock(&folder.join("lock"), "publishing to this log")
    }

    /// # Errors
    /// [`Error::Io`], [`Error::Input`].
    pub fn settings(&self) -> Result<Settings, Error> {
        let path = self.settings_path();
        let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::refused(
                format!(
                    "{} is not an exchange's folder: it holds no por.toml",
                    self.0.display()
                ),
                "Make one with `por init`, or name yours with --home.",
            ),
            _ => Error::Io {
                path: path.clone(),
                source,
            },
        })?;
        toml::from_str(&text)
            .map_err(|error| Error::input(&path, error.to_string(), "See `por init --help`."))
    }

    /// # Errors
    /// [`Error::Ledger`].
    pub fn assets(&self) -> Result<AssetTable, Error> {
        Ok(read_asset_table(&self.assets_path())?)
    }

    /// Tokens: the built-in registry, and `tokens.json` beside the asset table where there is one.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Io`].
    pub fn tokens(&self) -> Result<TokenRegistry, Error> {
        let path = self.0.join("tokens.json");
        read_tokens(path.exists().then_some(path.as_path()))
    }

    /// # Errors
    /// As [`secret_file::read_signing_key`].
    pub fn log_key(&self) -> Result<SecretKey, Error> {
        secret_file::read_signing_key(&self.log_key_path())
    }

    /// The runs there are, in order.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn runs(&self) -> Result<Vec<u64>, Error> {
        let folder = self.0.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                return Err(Error::Io {
                    path: folder,
                    source,
                });
            }
        };
        let mut runs = Vec::new();
        for entry in entries {
            let name = entry.map_err(Error::io(&folder))?.file_name();
            if let Some(sequence) = name.to_str().and_then(|name| name.parse().ok()) {
                runs.push(sequence);
            }
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// A run by its sequence number; the last one if none is given.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such run.
    pub fn run(&self, sequence: Option<u64>) -> Result<Run, Error> {
        self.settings()?;
        let runs = self.runs()?;
        let sequence = sequence.or_else(|| runs.last().copied());
        match sequence {
            Some(sequence) if runs.contains(&sequence) => Ok(self.run_at(sequence)),
            _ => Err(Error::refused(
                "there is no such run",
                "Start one with `por plan`.",
            )),
        }
    }

    /// Begins to make the next run, and keeps others from doing the same. With `replace`, it is to stand in the place of the
    /// run of that number, and those after it go with it.
    ///
    /// # Errors
    /// [`Error::InTheWay`] naming the process that is at it, or a run that must stay; [`Error::Refused`] if there is no run
    /// to replace; [`Error::Io`].
    pub fn begin_run(&self, replace: Option<u64>) -> Result<NewRun, Error> {
        let folder = self.0.join("runs.tmp");
        let lock = loop {
            secret_file::create_private_dir(&folder)?;
            let path = folder.join("lock");
            let lock = match lock(&path, "planning a run") {
                // Its last holder has deleted the folder.
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    continue;
                }
                lock => lock?,
            };
            let held = lock.0.metadata().map_err(Error::io(&path))?;
            // A lock on a file that has been deleted since keeps nobody out.
            match std::fs::metadata(&path) {
                Ok(now) if (now.dev(), now.ino()) == (held.dev(), held.ino()) => break lock,
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io(&path)(error));
                }
                _ => {}
            }
        };
        let runs = self.runs()?;
        let replaced = match replace {
            Some(first) => self.replaceable(&runs, first)?,
            None => Vec::new(),
        };
        let next = runs.last().map_or(0, |last| last + 1);
        let sequence = replace.unwrap_or(next);
        let staged = Run(folder.join(format!("{sequence:06}")));
        // What a killed process has left, whatever it was going to be.
        for entry in std::fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let path = entry.map_err(Error::io(&folder))?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(&path).map_err(Error::io(&path))?;
            }
        }
        secret_file::create_private_dir(&staged.0)?;
        Ok(NewRun {
            sequence,
            staged,
            target: self.run_at(sequence),
            replaced,
            folder: Staging::hold(folder),
            lock,
        })
    }

    /// This run and those after it, held still, if nothing of them is known to anybody else.
    fn replaceable(&self, runs: &[u64], first: u64) -> Result<Vec<(Run, Lock)>, Error> {
        if !runs.contains(&first) {
            return Err(Error::refused(
                format!("there is no run {first} to replace"),
                "Leave --replace out: `por plan` makes the next run.",
            ));
        }
        let later = runs.iter().filter(|run| **run >= first);
        let held = later.map(|sequence| {
            let run = self.run_at(*sequence);
            let lock = run.lock()?;
            run.check_unpublished()?;
            Ok((run, lock))
        });
        held.collect()
    }

    /// The folder of a run, whether it exists or not.
    #[must_use]
    pub fn run_at(&self, sequence: u64) -> Run {
        Run(self.0.join(format!("runs/{sequence:06}")))
    }
}

/// A run that is being made in `runs.tmp`, which is deleted again unless the run is finished.
#[derive(Debug)]
pub struct NewRun {
    sequence: u64,
    staged: Run,
    target: Run,
    replaced: Vec<(Run, Lock)>,
    // Fields are dropped in this order: the folder goes while the lock is held.
    folder: Staging,
    lock: Lock,
}

impl NewRun {
    /// Its sequence number.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its folder while it is made.
    #[must_use]
    pub fn staged(&self) -> &Run {
        &self.staged
    }

    /// Gives the run its place. Those that it replaces are set aside, not deleted: they hold secrets, and whoever made them
    /// decides about those. Returns where they are.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<(Run, Vec<Run>), Error> {
        if let Some(runs) = self.target.0.parent() {
            secret_file::create_private_dir(runs)?;
        }
        let mut aside = Vec::new();
        // The last one first: killed in between, what is left is a row of runs without a gap.
        for (run, _lock) in self.replaced.iter().rev() {
            let to = run.free_name_aside();
            std::fs::rename(&run.0, &to).map_err(Error::io(&to))?;
            durable::sync_parent(&to)?;
            aside.push(Run(to));
        }
        let to = &self.target.0;
        std::fs::rename(&self.staged.0, to).map_err(Error::io(to))?;
        durable::sync_parent(to)?;
        drop(self.folder);
        drop(self.lock);
        Ok((self.target, aside))
    }
}

/// The private folder of one attestation.
#[derive(Clone, Debug)]
pub struct Run(PathBuf);

impl Run {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Tokens of the exchange that the run belongs to.
    ///
    /// # Errors
    /// As [`Home::tokens`].
    pub fn tokens(&self) -> Result<TokenRegistry, Error> {
        let home = self.0.ancestors().nth(2).unwrap_or(Path::new("."));
        Home::at(home).tokens()
    }

    /// `run.key`.
    #[must_use]
    pub fn run_key_path(&self) -> PathBuf {
        self.0.join("run.key")
    }

    /// `plan.json`.
    #[must_use]
    pub fn plan_path(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// What the ledger was read from, with digests and totals: private.
    #[must_use]
    pub fn ledger_report_path(&self) -> PathBuf {
        self.0.join("ledger.json")
    }

    /// Sorted rows of one book.
    #[must_use]
    pub fn rows_path(&self, book: &PlannedBook) -> PathBuf {
        self.0.join(format!("rows/{}.rows", folder_name(book)))
    }

    /// Everything the build makes: a folder for each book.
    #[must_use]
    pub fn build_path(&self) -> PathBuf {
        self.0.join("build")
    }

    /// Everything the build makes of one book.
    #[must_use]
    pub fn book_path(&self, book: &PlannedBook) -> PathBuf {
        self.build_path().join(folder_name(book))
    }

    /// The total of a sealed book with its proof, for a regulator.
    #[must_use]
    pub fn sealed_total_path(&self, book: &PlannedBook) -> PathBuf {
        self.book_path(book).join("total.json")
    }

    /// Ties the build folder to the plan it was begun for, before the first of its files: a plan that is changed later
    /// is refused and never meets files of another one.
    ///
    /// # Errors
    /// [`Error::Input`] if the build was begun for another plan, [`Error::Io`].
    pub fn begin_build(&self, plan: &Digest) -> Result<(), Error> {
        let folder = self.0.join("build");
        let path = folder.join("plan.sha256");
        let text = format!("{plan}\n");
        match std::fs::read_to_string(&path) {
            Ok(begun) if begun == text => Ok(()),
            Ok(_) => Err(Error::input(
                &path,
                "the build was begun for another plan.json",
                "Restore plan.json of this run from its backup, or start a new run with `por plan`.",
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                secret_file::create_private_dir(&folder)?;
                durable::write_private(&path, text.as_bytes())
            }
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    /// `statement.key`.
    #[must_use]
    pub fn statement_key_path(&self) -> PathBuf {
        self.0.join("statement.key")
    }

    /// The signed attestation and its lists, ready to be published.
    #[must_use]
    pub fn attested_path(&self) -> PathBuf {
        self.0.join("attested")
    }

    /// # Errors
    /// As [`secret_file::read_run_key`].
    pub fn run_key(&self) -> Result<RunKey, Error> {
        secret_file::read_run_key(&self.run_key_path())
    }

    /// The plan and the digest of its exact bytes.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Protocol`].
    pub fn plan(&self) -> Result<(Plan, Digest), Error> {
        let path = self.plan_path();
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let plan = Plan::parse(&bytes).map_err(Error::protocol(path.display().to_string()))?;
        Ok((plan, Digest::of(&bytes)))
    }

    /// `claimed`: where the attestation was begun to be published. From then on others may know it.
    #[must_use]
    pub fn claim_path(&self) -> PathBuf {
        self.0.join("claimed")
    }

    /// Checks that nobody else can know the attestation of this run: only then may another one take its number.
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it is published, or was begun to be.
    pub fn check_unpublished(&self) -> Result<(), Error> {
        let in_the_way = |why: String, remedy: &str| Error::InTheWay {
            path: self.0.clone(),
            why,
            remedy: remedy.into(),
        };
        if self.log_proof_path().exists() {
            return Err(in_the_way(
                "this run is published".into(),
                "A correction is a new run: `por plan`, `por build`, then `por attest --supersedes` with the number of this one.",
            ));
        }
        let path = self.claim_path();
        match std::fs::read_to_string(&path) {
            Ok(place) => Err(in_the_way(
                format!("this run was begun to be published to {}", place.trim_end()),
                "Finish it with `por publish`; a correction of it is the run after it.",
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    /// `000000.abandoned-1`, or the first number that is free.
    fn free_name_aside(&self) -> PathBuf {
        let named = |number: u64| self.0.with_extension(format!("abandoned-{number}"));
        let free = (1..).map(named).find(|path| !path.exists());
        free.unwrap_or_else(|| named(0))
    }

    /// Keeps other runs out until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::InTheWay`] naming the process that holds it.
    pub fn lock(&self) -> Result<Lock, Error> {
        lock(&self.0.join("lock"), "working on this run")
    }

    /// `log.proof`: that this attestation is in the log, once it is published.
    #[must_use]
    pub fn log_proof_path(&self) -> PathBuf {
        self.0.join("log.proof")
    }
}

pub(crate) fn lock(path: &Path, doing: &str) -> Result<Lock, Error> {
    use std::io::Write as _;
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(Error::io(path))?;
    if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(Error::io(path)(error.into()));
        }
        let holder = std::fs::read_to_string(path).unwrap_or_default();
        return Err(Error::InTheWay {
            path: path.to_owned(),
            why: format!("process {} is {doing}", holder.trim()),
            remedy: "Wait for it to end.".into(),
        });
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(Error::io(path))?;
    Ok(Lock(file))
}

/// An exclusive lock, released when dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "held for its lock")] File);

/// `BTC-owed`: the folder name of a book. Asset ids hold no path characters by their type.
#[must_use]
pub fn folder_name(book: &PlannedBook) -> String {
    book_folder(book.asset.id().as_str(), book.kind.as_str())
}

/// `<asset>-<kind>`.
#[must_use]
pub fn book_folder(asset: &str, kind: &str) -> String {
    format!("{asset}-{kind}")
}

/// The built-in token registry, with a file's tokens in it.
///
/// # Errors
/// [`Error::Input`] if the file is none, [`Error::Io`].
pub fn read_tokens(path: Option<&Path>) -> Result<TokenRegistry, Error> {
    let mut tokens = TokenRegistry::built_in().map_err(Error::protocol("token registry"))?;
    if let Some(path) = path {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let own = TokenRegistry::parse(&bytes).map_err(|error| {
            let remedy = "Write it as SPEC 7.5.2 shows.";
            Error::input(path, error.to_string(), remedy)
        })?;
        tokens.extend(own);
    }
    Ok(tokens)
}
