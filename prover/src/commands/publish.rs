//! `por publish`: audits the attested run in full, then makes it public.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{HomeArg, RunArg, now};
use crate::coverage::Coverage;
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::log::{Answer, Detached, Signer, SigningFiles};
use crate::publication::{AttestationFolder, Published, Publishing, Target};
use crate::tell;

/// Audit the attested run in full, then publish it and log it
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// The publication: a folder that any web host can serve, or a bucket: s3://, gs:// or az://BUCKET/FOLDER
    #[arg(long, value_name = "DIR|URL")]
    pub to: PathBuf,
    /// The built page (web/dist) to publish with it
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Log the attestation although it shows fewer reserves than liabilities: it stays for ever
    #[arg(long)]
    pub under_reserved: bool,
    /// Seconds to wait for witnesses
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,
    /// A log key that is kept elsewhere.
    #[command(flatten)]
    pub signing: SigningArgs,
}

/// Signing with a key that this machine does not hold.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SigningArgs {
    /// Write the bytes to be signed here and stop, for a log key in a hardware module
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    pub to_sign: Option<PathBuf>,
    /// The signature over those bytes: Ed25519, 64 bytes, raw, hex or base64
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
}

impl SigningArgs {
    /// Who signs for the log: its key file, or whoever signs elsewhere for the newest key of the policy.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`].
    pub fn signer(&self, home: &Home) -> Result<Signer, Error> {
        let files = SigningFiles::named(self.to_sign.as_ref(), self.signature.as_ref());
        let Some(files) = files else {
            return home.log_key().map(Signer::Key);
        };
        let (_, policy) = home.policy()?;
        let newest = policy.logs().last().cloned();
        let public = newest.ok_or_else(|| {
            Error::input(&home.policy_path(), "it names no log key", "See SPEC §7.4.")
        })?;
        Ok(Signer::Detached(Detached { public, files }))
    }
}

/// Tells people how to go on with bytes that wait for a signature by this key.
pub(super) fn explain_to_sign(path: &Path, key: &str) {
    tell!(
        "Wrote the bytes to be signed to {}: sign exactly these with {key} (Ed25519), then run the same command with \
         --signature FILE instead of --to-sign.",
        path.display()
    );
}

impl Publish {
    /// # Errors
    /// [`Error::AuditFailed`], and then nothing is published; [`Error::InTheWay`]; [`Error::Quorum`]; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let run = home.run(self.run.run)?;
        let target = Target::open(&self.to)?;
        target.check_safe()?;
        let publishing = Publishing {
            home: &home,
            target: &target,
            page: self.page.as_deref(),
            under_reserved: self.under_reserved,
            signer: self.signing.signer(&home)?,
            patience: Duration::from_secs(self.patience),
            now: now(),
            progress: true,
        };
        match publishing.attestation(&run)? {
            Published::Finished => tell!(
                "Finished what a run that was stopped had left: {} shows this attestation.",
                self.to.display()
            ),
            Published::Page => tell!(
                "The page of {} is published anew, with the policy of this home.",
                self.to.display()
            ),
            Published::ToSign(path) => explain_to_sign(&path, "the log key"),
            Published::Done { entries, witnesses } => {
                for (name, answer) in &witnesses {
                    match answer {
                        Answer::Cosigned(_) => tell!("Witness {name} cosigned."),
                        Answer::Silent(why) => tell!("Witness {name} did not: {why}."),
                    }
                }
                tell!(
                    "Audited and published {} books to {}; the log has {entries} entries.",
                    run.plan()?.0.books.len(),
                    self.to.display()
                );
                Coverage::read(&AttestationFolder::at(&run.attested_path()))?.tell();
            }
        }
        Ok(Exit::Ok)
    }
}
