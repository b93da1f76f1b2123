//! Files that only a regulator can open: a disclosure, encrypted by age v1 (age-encryption.org/v1).

use std::io::{Read as _, Write as _};
use std::path::Path;

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use por_protocol::digest::Digest;
use por_protocol::disclosure::{
    DISCLOSURE_FORMAT, DisclosedTotal, Disclosure, MAX_DISCLOSURE_BYTES,
};
use por_protocol::plan::PlannedTotal;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::files::secret_file;
use crate::home::Run;
use crate::publication::AttestationFolder;

/// The sealed totals of an attested run.
///
/// # Errors
/// [`Error::Refused`] if none is sealed; [`Error::Io`], [`Error::Input`].
pub fn gather(run: &Run) -> Result<Disclosure, Error> {
    let (plan, _) = run.plan()?;
    let path = AttestationFolder::at(&run.attested_path()).json();
    let attestation = std::fs::read(&path).map_err(Error::io(&path))?;
    let mut books = Vec::new();
    for book in &plan.books {
        if matches!(book.total, PlannedTotal::Public) {
            continue;
        }
        let path = run.sealed_total_path(book);
        let bytes = Zeroizing::new(std::fs::read(&path).map_err(Error::io(&path))?);
        let total: DisclosedTotal = serde_json::from_slice(&bytes).map_err(|error| {
            Error::input(
                &path,
                error.to_string(),
                "Restore the run's folder from its backup.",
            )
        })?;
        books.push(total);
    }
    if books.is_empty() {
        return Err(Error::refused(
            "no total of this attestation is sealed",
            "There is nothing to disclose: all totals are public.",
        ));
    }
    Ok(Disclosure {
        format: DISCLOSURE_FORMAT.into(),
        attestation: Digest::of(&attestation),
        books,
    })
}

/// Encrypts a disclosure to these recipients.
///
/// # Errors
/// [`Error::Refused`] without recipients, [`Error::Io`].
pub fn seal(disclosure: &Disclosure, recipients: &[Recipient]) -> Result<Vec<u8>, Error> {
    let io = |source: std::io::Error| Error::io(Path::new("encryption"))(source);
    let encryptor = Encryptor::with_recipients(
        recipients
            .iter()
            .map(|recipient| recipient as &dyn age::Recipient),
    )
    .map_err(|error| Error::refused(error.to_string(), "Name a recipient."))?;
    let json = Zeroizing::new(serde_json::to_vec(disclosure).map_err(|error| io(error.into()))?);
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(io)?;
    writer.write_all(&json).map_err(io)?;
    writer.finish().map_err(io)?;
    Ok(sealed)
}

/// A regulator's keys: a file as `age-keygen` writes it, that only its owner can read.
///
/// # Errors
/// [`Error::Input`] for a file that holds none; as [`secret_file::read`].
pub fn read_identities(path: &Path) -> Result<Vec<Identity>, Error> {
    let bytes = secret_file::read(path)?;
    let wrong = |why: &str| {
        Error::input(
            path,
            why,
            "Name the file that `age-keygen -o FILE` wrote, with its X25519 identity.",
        )
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is not text"))?;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identities: Vec<Identity> = lines
        .map(|line| {
            line.parse()
                .map_err(|_| wrong("a line of it is no age identity"))
        })
        .collect::<Result<_, _>>()?;
    match identities.is_empty() {
        true => Err(wrong("it holds no age identity")),
        false => Ok(identities),
    }
}

/// Decrypts a disclosure.
///
/// # Errors
/// [`Error::Input`] for what is no age file, or is not for these keys; [`Error::Protocol`] for what is no disclosure.
pub fn unseal(path: &Path, identities: &[Identity]) -> Result<Disclosure, Error> {
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut sealed = Vec::new();
    // Header and chunks add less than a tenth.
    file.take(2 * MAX_DISCLOSURE_BYTES as u64)
        .read_to_end(&mut sealed)
        .map_err(Error::io(path))?;
    let wrong = |error: DecryptError| {
        let (why, remedy) = match error {
            DecryptError::NoMatchingKeys => (
                "it is encrypted to other keys".to_owned(),
                "Ask the exchange to disclose to the recipient of this identity.",
            ),
            error => (error.to_string(), "Ask the exchange for the file again."),
        };
        Error::input(path, why, remedy)
    };
    let decryptor = Decryptor::new_buffered(sealed.as_slice()).map_err(wrong)?;
    let keys = identities
        .iter()
        .map(|identity| identity as &dyn age::Identity);
    let reader = decryptor.decrypt(keys).map_err(wrong)?;
    let mut json = Zeroizing::new(Vec::new());
    reader
        .take(MAX_DISCLOSURE_BYTES as u64 + 1)
        .read_to_end(&mut json)
        .map_err(|error| wrong(error.into()))?;
    Disclosure::parse(&json).map_err(Error::protocol(path.display().to_string()))
}
