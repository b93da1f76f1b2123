//! What makes a signed core a statement: the attestation, its book rows, the account's tiles and the log proof. All of it
//! is public, so that whoever holds the signed cores needs no key to hand out statements.

use std::collections::BTreeMap;
use std::path::PathBuf;

use por_protocol::attestation::Attestation;
use por_protocol::attestation::split_rows;
use por_protocol::book_row::BookRow;
use por_protocol::digest::Digest;
use por_protocol::liabilities::Shape;
use por_protocol::merkle::RowTree;
use por_protocol::note::Note;
use por_protocol::statement::{AttachedRow, Core, OpenedBook, Statement};
use zeroize::Zeroizing;

use crate::build::read_path;
use crate::error::Error;
use crate::home::book_folder;
use crate::publication::AttestationFolder;

/// The public parts of one attestation's statements.
pub struct Attachments {
    attestation: Attestation,
    digest: Digest,
    note: Vec<u8>,
    log_proof: String,
    /// By `<asset>/<kind>`.
    books: BTreeMap<String, AttachedBook>,
}

struct AttachedBook {
    index: u64,
    path: Vec<Digest>,
    row: Vec<u8>,
    shape: Shape,
    tiles: PathBuf,
}

impl Attachments {
    /// Reads one attestation; `tiles` names the folder of a book's tiles, given `<asset>-<kind>`.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Protocol`] for what is no attestation; [`Error::Input`] if its books are not the attested
    /// ones.
    pub fn read(
        folder: &AttestationFolder,
        log_proof: String,
        tiles: impl Fn(&str) -> PathBuf,
    ) -> Result<Self, Error> {
        let note = std::fs::read(folder.note()).map_err(Error::io(&folder.note()))?;
        let text = Note::parse(&note)
            .map_err(Error::protocol("attestation"))?
            .unverified_text()
            .to_owned();
        let attestation =
            Attestation::parse(text.as_bytes()).map_err(Error::protocol("attestation"))?;
        let file = std::fs::read(folder.books()).map_err(Error::io(&folder.books()))?;
        let rows = split_rows("books.jsonl", &file).unwrap_or_default();
        let tree = RowTree::new(rows.iter().copied());
        if (rows.len() as u64, tree.root()) != (attestation.books.count, attestation.books.root) {
            return Err(Error::input(
                &folder.books(),
                "these are not the books of the attestation",
                "Restore the attestation's folder from a copy.",
            ));
        }
        let mut books = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let parsed = BookRow::parse(row).map_err(Error::protocol("book row"))?;
            let name = book_folder(parsed.asset.id().as_str(), parsed.kind.as_str());
            let attached = AttachedBook {
                index: index as u64,
                path: tree.path(index),
                row: row.to_vec(),
                shape: Shape::new(parsed.leaf_count).map_err(Error::protocol("book row"))?,
                tiles: tiles(&name),
            };
            books.insert(parsed.name(), attached);
        }
        Ok(Self {
            attestation,
            digest: Digest::of(text.as_bytes()),
            note,
            log_proof,
            books,
        })
    }

    /// The attestation.
    #[must_use]
    pub const fn attestation(&self) -> &Attestation {
        &self.attestation
    }

    /// SHA-256 of its exact bytes.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Its `c2sp.org/tlog-proof@v1`.
    #[must_use]
    pub fn log_proof(&self) -> &str {
        &self.log_proof
    }

    /// The statement of a signed core.
    ///
    /// # Errors
    /// As [`Attachments::statement`]; [`Error::Protocol`] for what is no core, or one of another attestation.
    pub fn complete(&self, core: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let fault = Error::protocol("signed core");
        let note = Note::parse(core.as_bytes()).map_err(Error::protocol("signed core"))?;
        let parsed = Core::parse(note.unverified_text()).map_err(fault)?;
        if parsed.attestation != self.digest {
            return Err(Error::refused(
                "a signed core belongs to another attestation",
                "Write the archive again with `por statement --all --openings`.",
            ));
        }
        self.statement(core, &parsed.books)
    }

    /// The statement of a signed core that opens these books.
    ///
    /// # Errors
    /// [`Error::Refused`] for a book that the attestation does not have, [`Error::Io`].
    pub fn statement(
        &self,
        core: &str,
        opened: &[OpenedBook],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (mut rows, mut tiles) = (Vec::new(), Vec::new());
        for opening in opened {
            let book = self.books.get(&opening.name()).ok_or_else(|| {
                Error::refused(
                    format!("the attestation has no book {}", opening.name()),
                    "Restore the attestation's folder from a copy.",
                )
            })?;
            rows.push(AttachedRow {
                index: book.index,
                path: book.path.clone(),
                row: &book.row,
            });
            tiles.extend_from_slice(&read_path(&book.tiles, &book.shape, opening.index)?);
        }
        Ok(Zeroizing::new(Statement::encode(
            core,
            &self.note,
            &rows,
            &tiles,
            Some(&self.log_proof),
        )))
    }
}
