//! The statements there are: by attestation, archives of signed openings with what completes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use por_protocol::log::LogProof;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::publication::Publication;
use crate::statements::{Archive, Attachments, Content};

/// One attestation's statements.
struct Issue {
    archive: Archive,
    attachments: Attachments,
}

/// A statement file, with the sequence of its attestation.
pub(super) type Found = (u64, Zeroizing<Vec<u8>>);

/// All statements, by the sequence of their attestation.
pub(super) struct Statements(BTreeMap<u64, Issue>);

impl Statements {
    /// Opens archives and what the publication has to each of them.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`]; [`Error::Refused`] where an archive holds something else, or belongs to another
    /// publication.
    pub(super) fn open(publication: &Publication, archives: &[PathBuf]) -> Result<Self, Error> {
        let mut issues = BTreeMap::new();
        for path in archives {
            let issue = Issue::open(publication, path)?;
            let sequence = issue.archive.header().sequence;
            if issues.insert(sequence, issue).is_some() {
                return Err(Error::refused(
                    format!("two archives belong to attestation {sequence}"),
                    "Name each attestation's openings once.",
                ));
            }
        }
        Ok(Self(issues))
    }

    /// The sequences there are statements of, in order.
    pub(super) fn sequences(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.keys().copied()
    }

    /// The statement of an account, of this attestation or of the last one, with its sequence; `None` where there is
    /// none.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`], [`Error::Protocol`] where files were damaged since.
    pub(super) fn find(
        &self,
        sequence: Option<u64>,
        account: &str,
    ) -> Result<Option<Found>, Error> {
        let issue = match sequence {
            Some(sequence) => self.0.get_key_value(&sequence),
            None => self.0.last_key_value(),
        };
        let Some((sequence, issue)) = issue else {
            return Ok(None);
        };
        let Some(core) = issue.archive.find(account)? else {
            return Ok(None);
        };
        let core = std::str::from_utf8(&core).map_err(|_| {
            Error::refused(
                format!("an opening of attestation {sequence} is damaged"),
                "Write the archive again with `por statement --all --openings`.",
            )
        })?;
        let statement = issue.attachments.complete(core)?;
        Ok(Some((*sequence, statement)))
    }
}

impl Issue {
    fn open(publication: &Publication, path: &Path) -> Result<Self, Error> {
        let archive = Archive::open(path)?;
        let header = archive.header();
        let refuse = |why: &str, remedy: &str| {
            Err(Error::refused(format!("{}: {why}", path.display()), remedy))
        };
        if header.content != Content::Openings {
            return refuse(
                "it holds whole statements",
                "Name an archive that `por statement --all --openings` wrote.",
            );
        }
        if LogProof::parse(header.log_proof.as_bytes()).is_err() {
            return refuse(
                "its log proof is damaged",
                "Write it again with `por statement --all --openings`.",
            );
        }
        let folder = publication.attestation(header.sequence);
        let tiles = folder.clone();
        let attachments =
            Attachments::read(&folder, header.log_proof.clone(), |book| tiles.tiles(book))?;
        if *attachments.digest() != header.attestation {
            return refuse(
                "it belongs to another attestation than the one in the publication",
                "Name the publication that this run was published to.",
            );
        }
        Ok(Self {
            archive,
            attachments,
        })
    }
}
