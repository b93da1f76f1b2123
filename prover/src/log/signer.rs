//! Keeping the log key honest: a head is written down before its signature leaves, and nothing is signed that does not
//! extend it.
//!
//! So a crash, two publishers, or a home restored from an old backup never make the key sign two histories: what was
//! signed last and what the publication shows must both be prefixes of what is to be signed.

use std::path::{Path, PathBuf};

use por_protocol::log::Checkpoint;
use por_protocol::note::{PublicKey, SecretKey};

use super::published::PublishedLog;
use super::successor::Successor;
use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;

/// Who signs: a key in a file, or one that is kept elsewhere, such as in a hardware module.
pub enum Signer {
    /// A key this program may use.
    Key(SecretKey),
    /// A key it never sees.
    Detached(Detached),
}

/// A signature that is made elsewhere: the bytes to be signed go out, the signature comes in.
pub struct Detached {
    /// The key it is checked against.
    pub public: PublicKey,
    /// Where both go.
    pub files: SigningFiles,
}

/// Files that travel to a key and back.
pub enum SigningFiles {
    /// Bytes that are to be signed are written here.
    ToSign(PathBuf),
    /// Their signature is read from here.
    Signature(PathBuf),
    /// All that several keys must sign, and their signatures as they come: `<what>`, and beside it `<what>.<signer>.sig`.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Which of the keys it is.
        signer: &'static str,
    },
}

impl SigningFiles {
    /// What a command line with `--to-sign` and `--signature` names, of which it takes one; `None` where it names neither.
    #[must_use]
    pub fn named(to_sign: Option<&PathBuf>, signature: Option<&PathBuf>) -> Option<Self> {
        let signature = signature.cloned().map(Self::Signature);
        signature.or_else(|| to_sign.cloned().map(Self::ToSign))
    }
}

/// What came of asking for a signature.
pub enum Signed {
    /// The note's signature line.
    Line(String),
    /// The bytes were written for another machine to sign.
    ToSign(PathBuf),
}

impl Signer {
    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Key(key) => key.public(),
            Self::Detached(detached) => detached.public.clone(),
        }
    }

    /// Signs a note's text, or says where the bytes to be signed lie.
    ///
    /// # Errors
    /// [`Error::Input`] for a signature that is not this key's over these bytes; [`Error::Io`], [`Error::Protocol`].
    pub fn sign(&self, what: &'static str, text: &str) -> Result<Signed, Error> {
        match self {
            Self::Key(key) => key
                .signature_line(text)
                .map(Signed::Line)
                .map_err(Error::protocol(what)),
            Self::Detached(detached) => detached.sign(what, text),
        }
    }
}

impl Detached {
    fn sign(&self, what: &'static str, text: &str) -> Result<Signed, Error> {
        match &self.files {
            SigningFiles::ToSign(path) => write_to_sign(path, text),
            SigningFiles::Signature(path) => self.line(what, text, path),
            SigningFiles::Folder { folder, signer } => {
                std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
                // What an older signature in the folder is over, it may not be over any more.
                let to_sign = write_to_sign(&folder.join(what), text)?;
                let signature = folder.join(format!("{what}.{signer}.sig"));
                if !signature.exists() {
                    return Ok(to_sign);
                }
                self.line(what, text, &signature)
            }
        }
    }

    fn line(&self, what: &'static str, text: &str, signature: &Path) -> Result<Signed, Error> {
        let line = self
            .public
            .detached_line(what, text, &read_signature(signature)?);
        line.map(Signed::Line).map_err(|error| {
            Error::input(
                signature,
                format!(
                    "it does not sign this {what} by {}: {error}",
                    self.public.name().as_str()
                ),
                "Sign exactly the bytes that were written to be signed, with Ed25519 (RFC 8032, not prehashed).",
            )
        })
    }
}

fn write_to_sign(path: &Path, text: &str) -> Result<Signed, Error> {
    durable::write(path, text.as_bytes())?;
    Ok(Signed::ToSign(path.to_owned()))
}

/// 64 bytes as they are, in hex, or in base64.
fn read_signature(path: &Path) -> Result<[u8; 64], Error> {
    use base64ct::{Base64, Encoding as _};
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    if let Ok(signature) = bytes.as_slice().try_into() {
        return Ok(signature);
    }
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let decoded = hex::decode(text)
        .ok()
        .or_else(|| Base64::decode_vec(text).ok())
        .and_then(|bytes| bytes.try_into().ok());
    decoded.ok_or_else(|| {
        Error::input(
            path,
            "it is no Ed25519 signature",
            "Give its 64 bytes as they are, in hex, or in base64.",
        )
    })
}

/// The last head that the key was asked to sign, on disk.
pub struct SignedHead {
    path: PathBuf,
}

impl SignedHead {
    /// The head kept in this file.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The head; `None` if nothing was ever signed.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`] if the file is damaged.
    pub fn read(&self) -> Result<Option<Checkpoint>, Error> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::io(&self.path)(source)),
        };
        let head = Checkpoint::parse(&text).map_err(|error| {
            Error::input(
                &self.path,
                error.to_string(),
                "Restore it from a backup; without it this key must not sign.",
            )
        })?;
        Ok(Some(head))
    }

    /// Checks, before anything is begun, that nothing was signed that is not published.
    ///
    /// # Errors
    /// [`Error::InTheWay`] where something was; [`Error::Io`].
    pub fn check_published(&self, log: &PublishedLog) -> Result<(), Error> {
        let Some(last) = self.read()? else {
            return Ok(());
        };
        log.state()
            .check_extends(&last)
            .map_err(|error| Error::InTheWay {
                path: self.path.clone(),
                why: format!("this key has signed a head that is not published: {error}"),
                remedy: "Finish what was begun with `por publish`, to the place that holds the whole log."
                    .into(),
            })
    }

    /// Checks that the successor extends both what was signed last and what is published.
    ///
    /// # Errors
    /// [`Error::InTheWay`] where it does not; [`Error::Io`].
    pub fn check(&self, next: &Successor) -> Result<(), Error> {
        let refuse = |why: String, remedy: &str| Error::InTheWay {
            path: self.path.clone(),
            why,
            remedy: remedy.into(),
        };
        if let Some(last) = self.read()? {
            if last.size > next.head().size {
                let why = format!(
                    "this key has signed a log of {} entries, and the publication shows fewer",
                    last.size
                );
                return Err(refuse(
                    why,
                    "Publish to the place that holds the whole log, or finish the publication that was begun.",
                ));
            }
            next.state().check_extends(&last).map_err(|error| {
                let remedy = if next.older() < last.size {
                    "It was begun with another attestation or a change of the key: finish that one first, with `por publish` or `por log rotate`."
                } else {
                    "The publication's history is not the one this key signed: find out whose it is before anything is signed."
                };
                refuse(error.to_string(), remedy)
            })?;
        }
        Ok(())
    }

    /// As [`SignedHead::check`], and then writes the successor's head down, so that it may be signed.
    ///
    /// # Errors
    /// As [`SignedHead::check`].
    pub fn advance(&self, next: &Successor) -> Result<(), Error> {
        self.check(next)?;
        if self.read()?.is_some_and(|last| last == *next.head()) {
            // A run that was killed may have written it and not come to flush the folder.
            return durable::sync_parent(&self.path);
        }
        if let Some(parent) = self.path.parent() {
            secret_file::create_private_dir(parent)?;
        }
        durable::write_private(&self.path, next.head().to_text().as_bytes())
    }
}
