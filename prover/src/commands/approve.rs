//! `por approve`: a named role signs the exact bytes of an attestation before it can be logged.

use std::path::PathBuf;

use por_protocol::attestation::Attestation;
use por_protocol::note::{KeyName, Note, PublicKey, SecretKey};

use super::{HomeArg, RunArg, print};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::home::Home;
use crate::log::{Detached, Signed, Signer, SigningFiles};
use crate::publication::{AttestationFolder, Publication};
use crate::tell;

/// Approve an attestation as a role that the policy names, before it is logged
#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// The role, as the policy names it
    #[arg(long)]
    pub role: String,
    /// The role's key file; without one, the signature is made elsewhere
    #[arg(long, value_name = "FILE", required_unless_present_any = ["to_sign", "signature", "new_key"])]
    pub key: Option<PathBuf>,
    /// Write the bytes to be signed here and stop
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "signature"])]
    pub to_sign: Option<PathBuf>,
    /// The signature over those bytes: Ed25519, 64 bytes, raw, hex or base64
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub signature: Option<PathBuf>,
    /// Make a new key for the role in this file and print its line of the policy; nothing is approved
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "to_sign", "signature"])]
    pub new_key: Option<PathBuf>,
}

impl Approve {
    /// # Errors
    /// [`Error::Refused`] for a role that the policy has not, or a key that is not the role's; [`Error::InTheWay`] if the
    /// role has approved already; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        if let Some(path) = &self.new_key {
            Publication::refuse_around(path)?;
            let name = format!("{}/{}", home.settings()?.log_origin, self.role);
            let name = KeyName::log_origin(&name).map_err(Error::protocol("role"))?;
            let key: SecretKey = secret_file::create_signing_key(path, name)?;
            print(format!("#por approver {} {}\n", self.role, key.public()).as_bytes())?;
            tell!("Add this line to the policy, and name the role in its `#por approvals` line.");
            return Ok(Exit::Ok);
        }
        let run = home.run(self.run.run)?;
        let (_, policy) = home.policy()?;
        let mut approvers = policy.approvers().iter();
        let approver = approvers
            .find(|approver| approver.role == self.role)
            .ok_or_else(|| {
                Error::refused(
                    format!("the policy has no approver `{}`", self.role),
                    "Name a role of a `#por approver` line.",
                )
            })?;
        let signer = self.signer(&approver.key)?;

        let _lock = run.lock()?;
        let path = AttestationFolder::at(&run.attested_path()).note();
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let note = Note::parse(&bytes).map_err(Error::protocol("attestation"))?;
        let text = note.unverified_text();
        let attestation =
            Attestation::parse(text.as_bytes()).map_err(Error::protocol("attestation"))?;
        // Nobody approves what the exchange has not signed.
        note.verify_any("attestation", policy.logs())
            .map_err(Error::protocol("attestation"))?;
        if note
            .is_signed_by("approval", &approver.key)
            .map_err(Error::protocol("approval"))?
        {
            return Err(Error::InTheWay {
                path,
                why: format!("{} has approved it already", self.role),
                remedy: "Go on with `por publish`.".into(),
            });
        }
        match signer.sign("approval", text)? {
            Signed::ToSign(path) => {
                super::publish::explain_to_sign(&path, &format!("the key of {}", self.role));
            }
            Signed::Line(line) => {
                let approved = String::from_utf8_lossy(&bytes).into_owned() + &line;
                durable::write(&path, approved.as_bytes())?;
                tell!(
                    "{} approved attestation {} of {}.",
                    self.role,
                    attestation.sequence,
                    attestation.period
                );
            }
        }
        Ok(Exit::Ok)
    }

    fn signer(&self, public: &PublicKey) -> Result<Signer, Error> {
        let files = SigningFiles::named(self.to_sign.as_ref(), self.signature.as_ref());
        if let Some(files) = files {
            let public = public.clone();
            return Ok(Signer::Detached(Detached { public, files }));
        }
        let path = self.key.as_ref().ok_or_else(|| {
            let why = "nothing says who signs";
            Error::refused(why, "Name --key, --to-sign or --signature.")
        })?;
        let key: SecretKey = secret_file::read_signing_key(path)?;
        if key.public() != *public {
            return Err(Error::input(
                path,
                format!("it is not the key that the policy has for `{}`", self.role),
                "Use the key of this role, or name the role of this key.",
            ));
        }
        Ok(Signer::Key(key))
    }
}
