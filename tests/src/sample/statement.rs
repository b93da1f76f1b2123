//! A customer's statement in parts: change one, then sign and write it as the exchange would.

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;
use por_protocol::attestation::Attestation;
use por_protocol::digest::Digest;
use por_protocol::hex_bytes::HexSecret;
use por_protocol::kind::Kind;
use por_protocol::merkle::RowTree;
use por_protocol::note::Note;
use por_protocol::statement::{AttachedRow, Core, OpenedBook, Statement};
use por_protocol::suite::STATEMENT_FORMAT;

use super::exchange::{SampleExchange, Terms, json_text, sign_text};
use super::log::SampleLog;

/// A book row with its place.
#[derive(Clone, Debug)]
pub struct PlacedRow {
    /// Index in `books.jsonl`.
    pub index: u64,
    /// Path to the books root.
    pub path: Vec<Digest>,
    /// Exact bytes.
    pub row: Vec<u8>,
}

/// Everything a statement is made of.
#[derive(Clone)]
pub struct StatementParts {
    /// Terms, for the keys.
    pub terms: Terms,
    /// Note of the attestation.
    pub attestation: String,
    /// The core, not signed yet.
    pub core: Core,
    /// Book rows in the order of the core.
    pub rows: Vec<PlacedRow>,
    /// Paths in the order of the core, each from the root down.
    pub tiles: Vec<Vec<u8>>,
    /// The log it stands in; `None` for a statement issued before its attestation is logged.
    pub log: Option<SampleLog>,
}

impl SampleExchange {
    /// The parts of an account's statement under the honest attestation.
    #[must_use]
    pub fn statement(&self, account: &str) -> StatementParts {
        self.statement_under(account, &self.attestation())
    }

    /// The parts of an account's statement under this attestation.
    #[must_use]
    pub fn statement_under(&self, account: &str, attestation: &Attestation) -> StatementParts {
        let mut parts = self.statement_under_note(account, self.sign(attestation));
        if let Some(log) = &mut parts.log {
            log.around.0 = attestation.sequence;
        }
        parts
    }

    /// The parts of an account's statement under a note that may hold anything.
    ///
    /// # Panics
    /// If the account breaks the rules of accounts, or the note those of notes.
    #[must_use]
    pub fn statement_under_note(&self, account: &str, attestation: String) -> StatementParts {
        let bytes = self.row_bytes();
        let tree = RowTree::new(bytes.iter().map(Vec::as_slice));
        let (mut books, mut rows, mut tiles) = (Vec::new(), Vec::new(), Vec::new());
        for (place, book) in self.books.iter().enumerate() {
            let Some(index) = book.index_of(account) else {
                continue;
            };
            let leaf = &book.leaves[usize::try_from(index).expect("small")];
            books.push(OpenedBook {
                asset: book.row.asset.id().as_str().into(),
                kind: Kind::Owed,
                index,
                exact: ExactAmount::from_steps(leaf.exact),
                amount: leaf.amount,
                blinding: HexSecret(leaf.blinding.to_bytes()),
                salt: HexSecret(*leaf.salt.as_bytes()),
            });
            rows.push(PlacedRow {
                index: place as u64,
                path: tree.path(place),
                row: bytes[place].clone(),
            });
            tiles.push(book.tree.path(index));
        }
        StatementParts {
            terms: self.terms.clone(),
            core: Core {
                format: STATEMENT_FORMAT.into(),
                attestation: text_digest(&attestation),
                account: AccountId::new(account).expect("an account"),
                books,
                no_other_balance: true,
            },
            attestation,
            rows,
            tiles,
            log: Some(SampleLog::ending_with(&self.terms)),
        }
    }
}

impl StatementParts {
    /// Makes the core speak of the attestation as it is now.
    pub fn bind(&mut self) {
        self.core.attestation = text_digest(&self.attestation);
    }

    /// Text of the core as it is signed.
    #[must_use]
    pub fn core_text(&self) -> String {
        json_text(&self.core)
    }

    /// Signs the core and writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_text(&self.core_text())
    }

    /// Signs any text as the core and writes the file: for what a core cannot say.
    #[must_use]
    pub fn encode_text(&self, core: &str) -> Vec<u8> {
        self.encode_note(&sign_text(&self.terms.statement_key(), core))
    }

    /// Writes the file with any note as its core.
    #[must_use]
    pub fn encode_note(&self, core: &str) -> Vec<u8> {
        let rows = self.rows.iter().map(|placed| AttachedRow {
            index: placed.index,
            path: placed.path.clone(),
            row: &placed.row,
        });
        let rows: Vec<_> = rows.collect();
        Statement::encode(
            core,
            self.attestation.as_bytes(),
            &rows,
            &self.tiles.concat(),
            self.log_proof().as_deref(),
        )
    }

    /// The log proof of the attestation as it is now.
    #[must_use]
    pub fn log_proof(&self) -> Option<String> {
        // What is no note any more is logged as it is.
        let entry = match Note::parse(self.attestation.as_bytes()) {
            Ok(note) => note.unverified_text(),
            Err(_) => &self.attestation,
        };
        let log = self.log.as_ref()?;
        Some(log.proof(&self.terms, entry.as_bytes()))
    }
}

fn text_digest(note: &str) -> Digest {
    let note = Note::parse(note.as_bytes()).expect("a note");
    Digest::of(note.unverified_text().as_bytes())
}
