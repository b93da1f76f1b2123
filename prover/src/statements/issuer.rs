//! Issuing statements: each account's opening, signed, with the tiles and rows that prove it.
//!
//! Needs the run key (for openings) and the statement key; neither the log key nor any network.

use std::collections::BTreeSet;
use std::path::PathBuf;

use por_protocol::account::AccountId;
use por_protocol::attestation::Attestation;
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::hex_bytes::HexSecret;
use por_protocol::liabilities::Shape;
use por_protocol::merkle::RowTree;
use por_protocol::note::{Note, SecretKey};
use por_protocol::plan::{Plan, PlannedBook};
use por_protocol::run_key::{Secrets, Subject};
use por_protocol::statement::{AttachedRow, Core, OpenedBook, Statement};
use por_protocol::suite::STATEMENT_FORMAT;
use zeroize::Zeroizing;

use crate::build::{BookRows, LeafIndex, read_path};
use crate::error::Error;
use crate::home::Run;
use crate::publication::{AttestationFolder, split_rows};
use crate::secret_file;

/// Issues statements of one attested run.
pub struct Issuer {
    plan: Plan,
    secrets: Secrets,
    key: SecretKey,
    note: Vec<u8>,
    log_proof: String,
    attestation: Digest,
    books: Vec<IssuedBook>,
}

struct IssuedBook {
    rows: BookRows,
    leaves: LeafIndex,
    tiles: PathBuf,
    shape: Shape,
    ctx: Ctx,
    row: Vec<u8>,
    path: Vec<Digest>,
}

impl Issuer {
    /// Opens a run that is built and attested.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Refused`] if the run is not attested, [`Error::Protocol`] if its parts do not fit.
    pub fn open(run: &Run) -> Result<Self, Error> {
        let (plan, digest) = run.plan()?;
        let attested = AttestationFolder::at(&run.attested_path());
        if !attested.note().exists() {
            return Err(Error::refused(
                "this run is not attested yet",
                "Run `por attest` first.",
            ));
        }
        let note = std::fs::read(attested.note()).map_err(Error::io(&attested.note()))?;
        let text = Note::parse(&note)
            .map_err(Error::protocol("attestation"))?
            .unverified_text()
            .to_owned();
        let attestation =
            Attestation::parse(text.as_bytes()).map_err(Error::protocol("attestation"))?;
        let key = secret_file::read_signing_key(&run.statement_key_path())?;
        if attestation
            .statement_public_key()
            .map_err(Error::protocol("attestation"))?
            != key.public()
        {
            return Err(Error::refused(
                "the attestation names another statement key than this run's",
                "Restore statement.key from the backup of this run.",
            ));
        }
        let books = std::fs::read(attested.books()).map_err(Error::io(&attested.books()))?;
        let rows = split_rows(&books).unwrap_or_default();
        let tree = RowTree::new(rows.iter().copied());
        if rows.len() != plan.books.len() {
            return Err(Error::refused(
                "books.jsonl does not fit the plan",
                "Run `por attest` again in a new run.",
            ));
        }
        let secrets = run.run_key()?.secrets(&digest);
        let proof = run.log_proof_path();
        let log_proof = match std::fs::read_to_string(&proof) {
            Ok(proof) => proof,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::refused(
                    "this run is not published yet, so its statements would prove nothing",
                    "Run `por publish` first.",
                ));
            }
            Err(source) => return Err(Error::io(&proof)(source)),
        };
        let books = plan
            .books
            .iter()
            .zip(&rows)
            .enumerate()
            .map(|(index, (book, row))| IssuedBook::open(run, &plan, book, row, tree.path(index)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            attestation: Digest::of(text.as_bytes()),
            plan,
            secrets,
            key,
            note,
            log_proof,
            books,
        })
    }

    /// Every account that is in some book, in order.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the rows are damaged.
    pub fn accounts(&self) -> Result<BTreeSet<String>, Error> {
        let all = self.books.iter().flat_map(|book| book.rows.iter());
        all.map(|row| row.map(|(_, account, _)| account.as_str().to_owned()))
            .collect()
    }

    /// The statement file of one account; `None` if it is in no book.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Refused`] if the build does not fit the rows.
    pub fn issue(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let (mut opened, mut rows, mut tiles) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (planned, book)) in self.plan.books.iter().zip(&self.books).enumerate() {
            let Some((found, exact)) = book.rows.find(account)? else {
                continue;
            };
            let subject = Subject::Account(found.as_str());
            let leaf = book
                .leaves
                .find(&self.secrets.order(&book.ctx, subject))?
                .ok_or_else(|| {
                    Error::refused(
                        "the order of the leaves does not fit the rows",
                        "Run `por build` again in a new run.",
                    )
                })?;
            let (blinding, salt) = self
                .secrets
                .leaf(&book.ctx, subject)
                .map_err(Error::protocol("leaf"))?;
            let amount = exact
                .round_up(planned.asset.ledger_decimals(), planned.asset.decimals())
                .map_err(|error| {
                    Error::refused(error.to_string(), "Start again with `por plan`.")
                })?;
            opened.push(OpenedBook {
                asset: planned.asset.id().as_str().into(),
                kind: planned.kind,
                index: leaf,
                exact,
                amount,
                blinding: HexSecret(blinding.to_bytes()),
                salt: HexSecret(*salt.as_bytes()),
            });
            rows.push(AttachedRow {
                index: index as u64,
                path: book.path.clone(),
                row: &book.row,
            });
            tiles.extend_from_slice(&read_path(&book.tiles, &book.shape, leaf)?);
        }
        if opened.is_empty() {
            return Ok(None);
        }
        let core = Core {
            format: STATEMENT_FORMAT.into(),
            attestation: self.attestation,
            account: AccountId::new(account).map_err(|error| {
                Error::refused(error.to_string(), "Name an account of the ledger.")
            })?,
            books: opened,
            no_other_balance: true,
        };
        let fault = |error: serde_json::Error| {
            Error::refused(error.to_string(), "This is a fault of this build.")
        };
        let mut text = Zeroizing::new(serde_json::to_string_pretty(&core).map_err(fault)?);
        text.push('\n');
        let note = Zeroizing::new(self.key.sign(&text).map_err(Error::protocol("statement"))?);
        Ok(Some(Zeroizing::new(Statement::encode(
            &note,
            &self.note,
            &rows,
            &tiles,
            Some(&self.log_proof),
        ))))
    }
}

impl IssuedBook {
    fn open(
        run: &Run,
        plan: &Plan,
        book: &PlannedBook,
        row: &[u8],
        path: Vec<Digest>,
    ) -> Result<Self, Error> {
        let context = plan.context(book).map_err(Error::protocol("plan"))?;
        let folder = run.book_path(book);
        Ok(Self {
            rows: BookRows::read(&run.rows_path(book))?,
            leaves: LeafIndex::open(&folder.join("leaves"), book.leaf_count)?,
            tiles: folder.join("tiles"),
            shape: context.shape,
            ctx: context.ctx(),
            row: row.to_vec(),
            path,
        })
    }
}

/// The file name of an account's statement: no account in any file name or URL.
#[must_use]
pub fn file_name(account: &str) -> String {
    let digest = Digest::of(account.as_bytes()).to_string();
    format!("{}.por", digest.get(..32).unwrap_or(&digest))
}
