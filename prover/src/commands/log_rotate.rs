//! `por log rotate`: changes the log key, whether keys are files here or kept elsewhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use por_protocol::log::KeyRotation;
use por_protocol::note::{Note, PublicKey, SecretKey};
use por_protocol::policy::Policy;

use super::{HomeArg, now, public_key};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::home::Home;
use crate::log::{Detached, PublishedLog, Signed, SignedHead, Signer, SigningFiles};
use crate::publication::{Published, Publishing, Target};
use crate::tell;

/// Change the log key: an entry that the old and the new key sign, after which only the new one counts
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// The exchange's folder.
    #[command(flatten)]
    home: HomeArg,
    /// The publication
    #[arg(long, value_name = "DIR|URL")]
    to: PathBuf,
    /// The built page (web/dist), where a page is published: it is published anew with the new policy
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
    /// Seconds to wait for witnesses
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
    /// Folder for keys that are kept elsewhere: what they must sign is written there, and their signatures are read
    #[arg(long, value_name = "DIR")]
    signatures: Option<PathBuf>,
    /// The new key, where it is kept elsewhere: its public half, the 32 bytes of Ed25519, in hex
    #[arg(long, value_name = "HEX", requires = "signatures")]
    new_public_key: Option<String>,
}

impl Rotate {
    /// # Errors
    /// [`Error::InTheWay`] where this home or its runs are not ready for a change; [`Error::Quorum`]; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let (policy_text, policy) = home.policy()?;
        let target = Target::open(&self.to)?;
        target.check_safe()?;
        let log = published_by(&target, &self.to, &policy)?;
        let begun = self.begun(&home, &policy)?;
        let in_force = in_force(&policy, &log)?;
        let publishing = Publishing {
            home: &home,
            target: &target,
            page: self.page.as_deref(),
            under_reserved: false,
            signer: self.old(&home, &in_force)?,
            patience: Duration::from_secs(self.patience),
            now: now(),
            progress: true,
        };
        // One that was published and killed before its last step is finished here.
        if let Some(new) = &begun
            && in_force == new.public()
        {
            publishing.flush(&log)?;
            finish(&home, new)?;
            tell!("The log key was changed already; the new one is in place now.");
            return Ok(Exit::Ok);
        }
        if publishing.signer.public() != in_force {
            return Err(Error::InTheWay {
                path: home.log_key_path(),
                why: "this key does not sign the published log any more, or never did".into(),
                remedy: "This home is behind its publication, as one restored from an old backup is: bring the newest home back."
                    .into(),
            });
        }
        let signed = SignedHead::at(home.signed_head_path()).check_published(&log);
        match (&begun, signed) {
            // Its head is signed: it can only be finished.
            (Some(_), Err(Error::InTheWay { .. })) => {}
            // What cannot be finished is not begun.
            (_, signed) => {
                signed?;
                refuse_unpublished(&home, &log)?;
            }
        }
        // The policy changes in any case: no page that is out there may stay.
        publishing.check_page(&[])?;
        let new = match begun {
            Some(new) => new,
            None => self.new_key(&home, &policy)?,
        };
        let rotation =
            KeyRotation::new(&in_force, &new.public()).map_err(Error::protocol("rotation"))?;
        let text = serde_json::to_string_pretty(&rotation).map_err(|error| Error::Io {
            path: home.policy_path(),
            source: error.into(),
        })? + "\n";
        let mut note = format!("{text}\n");
        for signer in [&publishing.signer, &new] {
            match signer.sign("rotation", &text)? {
                Signed::Line(line) => note.push_str(&line),
                Signed::ToSign(path) => return Ok(explain(&path, [&publishing.signer, &new])),
            }
        }
        add_key(&home, &policy_text, &policy, &new.public())?;
        let vkey = new.public();
        tell!(
            "The new log key is {vkey}\n\
             Both keys sign this change, so that witnesses who follow the old one cosign it. From the next head on they must \
             follow the new one: por witness follow {vkey} --instead-of {in_force}"
        );
        let done = publishing.rotation(&rotation, &note, &new)?;
        if let Published::ToSign(path) = done {
            return Ok(explain(&path, [&publishing.signer, &new]));
        }
        finish(&home, &new)?;
        tell!(
            "The log key is changed. Give the new policy to whoever verifies, and the line por witness follow to whoever \
             runs a witness."
        );
        Ok(Exit::Ok)
    }

    /// The new key of a change that was begun.
    fn begun(&self, home: &Home, policy: &Policy) -> Result<Option<Signer>, Error> {
        let path = home.next_log_key_path();
        if self.new_public_key.is_none() {
            let key = path.exists().then(|| secret_file::read_signing_key(&path));
            let key: Option<SecretKey> = key.transpose()?;
            return Ok(key.map(Signer::Key));
        }
        if path.exists() {
            return Err(Error::InTheWay {
                path,
                why: "a change to this key was begun".into(),
                remedy: "Finish it first: run the same command without --new-public-key.".into(),
            });
        }
        let new = self.new_key(home, policy)?;
        let known = policy.logs().contains(&new.public());
        Ok(known.then_some(new))
    }

    fn new_key(&self, home: &Home, policy: &Policy) -> Result<Signer, Error> {
        let origin = policy.log_origin().clone();
        let Some(hex) = &self.new_public_key else {
            let path = home.next_log_key_path();
            return secret_file::create_signing_key(&path, origin).map(Signer::Key);
        };
        let public = public_key("--new-public-key", origin, hex)?;
        self.elsewhere(public, "new").ok_or_else(|| {
            let why = "a key that is kept elsewhere signs by files";
            Error::refused(why, "Name a folder for them with --signatures.")
        })
    }

    /// The key in the home, or the one in force, where that is kept elsewhere.
    fn old(&self, home: &Home, in_force: &PublicKey) -> Result<Signer, Error> {
        match self.elsewhere(in_force.clone(), "old") {
            Some(signer) if !home.log_key_path().exists() => Ok(signer),
            _ => home.log_key().map(Signer::Key),
        }
    }

    fn elsewhere(&self, public: PublicKey, signer: &'static str) -> Option<Signer> {
        let folder = self.signatures.clone()?;
        let files = SigningFiles::Folder { folder, signer };
        Some(Signer::Detached(Detached { public, files }))
    }
}

/// Says which bytes wait for which signatures.
fn explain(path: &Path, signers: [&Signer; 2]) -> Exit {
    let waits = signers.into_iter().filter_map(|signer| match signer {
        Signer::Key(_) => None,
        Signer::Detached(Detached { public, files }) => {
            let SigningFiles::Folder { signer, .. } = files else {
                return None;
            };
            Some(format!("\n  {}.{signer}.sig  by {public}", path.display()))
        }
    });
    tell!(
        "Wrote the bytes to be signed to {}: sign exactly these (Ed25519; 64 bytes, raw, hex or base64), put the signatures \
         beside them, then run the same command again.{}",
        path.display(),
        waits.collect::<String>()
    );
    Exit::Ok
}

/// The new key takes the place of the old one, which signs nothing any more.
fn finish(home: &Home, new: &Signer) -> Result<(), Error> {
    match new {
        Signer::Key(_) => home.promote_log_key(),
        Signer::Detached(_) => {
            if let Some(retired) = home.retire_log_key()? {
                tell!(
                    "The old key is {} now: it signs nothing any more, destroy it.",
                    retired.display()
                );
            }
            Ok(())
        }
    }
}

/// The log that is published there, under a head that this policy's key signed.
fn published_by(target: &Target, place: &Path, policy: &Policy) -> Result<PublishedLog, Error> {
    let log = PublishedLog::read(|path, limit| target.read(path, limit))?.ok_or_else(|| {
        Error::refused(
            format!("{} has no log", place.display()),
            "Name the publication that holds this exchange's log. A key that has logged nothing needs no change: make a new home.",
        )
    })?;
    log.check_head(policy).map_err(|error| {
        Error::input(
            &target.place("log/checkpoint"),
            error.to_string(),
            "Name the publication of this exchange's own log.",
        )
    })?;
    Ok(log)
}

/// Only the key in force can name the one that follows it: the last that a change named, else the one that signed the head.
fn in_force(policy: &Policy, log: &PublishedLog) -> Result<PublicKey, Error> {
    if let Some(named) = log.history().key() {
        return Ok(named.clone());
    }
    let note = Note::parse(log.note()).map_err(Error::protocol("checkpoint"))?;
    let (_, key) = note
        .verify_any("checkpoint", policy.logs())
        .map_err(Error::protocol("checkpoint"))?;
    Ok(key.clone())
}

/// An attestation that the old key signed would have to be made again.
fn refuse_unpublished(home: &Home, log: &PublishedLog) -> Result<(), Error> {
    let logged = log.history().attestations().len() as u64;
    let waiting = home.runs()?.into_iter().find(|sequence| {
        let run = home.run_at(*sequence);
        *sequence >= logged && run.attested_path().exists()
    });
    match waiting {
        None => Ok(()),
        Some(sequence) => Err(Error::InTheWay {
            path: home.run_at(sequence).attested_path(),
            why: format!("run {sequence} is attested by the present key, and not published"),
            remedy: "Publish it first with `por publish`. One that is not to be published is planned anew: `por plan --replace`."
                .into(),
        }),
    }
}

/// Adds the key to the policy, as the newest of the log's.
fn add_key(home: &Home, text: &[u8], policy: &Policy, new: &PublicKey) -> Result<(), Error> {
    if policy.logs().contains(new) {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(text).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("log {new}\n"));
    durable::write(&home.policy_path(), text.as_bytes())
}
