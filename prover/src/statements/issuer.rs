//! Issuing statements: each account's opening, signed, with the tiles and rows that prove it.
//!
//! Needs the run key (for openings) and the statement key; neither the log key nor any network.

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;
use por_protocol::context::Ctx;
use por_protocol::hex_bytes::HexSecret;
use por_protocol::note::SecretKey;
use por_protocol::plan::{Plan, PlannedBook};
use por_protocol::run_key::{Secrets, Subject};
use por_protocol::statement::{Core, OpenedBook};
use por_protocol::suite::STATEMENT_FORMAT;
use zeroize::Zeroizing;

use super::accounts::Accounts;
use super::attachments::Attachments;
use crate::build::{BookRows, LeafIndex};
use crate::error::Error;
use crate::files::secret_file;
use crate::home::Run;
use crate::publication::AttestationFolder;

/// Exact balances of an account, each with the index of its book in the plan.
pub type Balances = Vec<(usize, ExactAmount)>;

/// An account's openings with the exchange's signature on them; private.
pub struct SignedCore {
    /// The signed note.
    pub note: Zeroizing<String>,
    books: Vec<OpenedBook>,
}

/// Issues statements of one attested run.
pub struct Issuer {
    plan: Plan,
    secrets: Secrets,
    key: SecretKey,
    attachments: Attachments,
    books: Vec<IssuedBook>,
}

struct IssuedBook {
    rows: BookRows,
    leaves: LeafIndex,
    ctx: Ctx,
}

impl Issuer {
    /// Opens a run that is built, attested and published.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Refused`] if the run is not published, [`Error::Protocol`] if its parts do not fit.
    pub fn open(run: &Run) -> Result<Self, Error> {
        let (plan, digest) = run.plan()?;
        let attested = AttestationFolder::at(&run.attested_path());
        if !attested.note().exists() {
            return Err(Error::refused(
                "this run is not attested yet",
                "Run `por attest` first.",
            ));
        }
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
        let build = run.build_path();
        let attachments =
            Attachments::read(&attested, log_proof, |book| build.join(book).join("tiles"))?;
        if attachments.attestation().books.count != plan.books.len() as u64 {
            return Err(Error::refused(
                "the attestation does not fit the plan",
                "Restore the run's folder from its backup.",
            ));
        }
        let key = secret_file::read_signing_key(&run.statement_key_path())?;
        let named = attachments.attestation().statement_public_key();
        if named.map_err(Error::protocol("attestation"))? != key.public() {
            return Err(Error::refused(
                "the attestation names another statement key than this run's",
                "Restore statement.key from the backup of this run.",
            ));
        }
        let secrets = run.run_key()?.secrets(&digest);
        let books = plan
            .books
            .iter()
            .map(|book| IssuedBook::open(run, &plan, book))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            plan,
            secrets,
            key,
            attachments,
            books,
        })
    }

    /// What is attached to every core.
    #[must_use]
    pub const fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Every account that is in some book, in order, with its balances; nothing more after an error.
    pub fn accounts(&self) -> impl Iterator<Item = Result<(AccountId, Balances), Error>> + '_ {
        Accounts::of(self.books.iter().map(|book| &book.rows))
    }

    /// At least as many accounts as there are: the rows of all books.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.books.iter().map(|book| book.rows.len()).sum()
    }

    /// The balances of one account; none if it is in no book.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the rows are damaged.
    pub fn balances(&self, account: &str) -> Result<Balances, Error> {
        let mut balances = Vec::new();
        for (index, book) in self.books.iter().enumerate() {
            if let Some((_, exact)) = book.rows.find(account)? {
                balances.push((index, exact));
            }
        }
        Ok(balances)
    }

    /// The statement file of an account with these balances, of which it has at least one.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Refused`] if the build does not fit the rows.
    pub fn issue(
        &self,
        account: &AccountId,
        balances: &Balances,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let core = self.sign(account, balances)?;
        self.attachments.statement(&core.note, &core.books)
    }

    /// The signed core of an account with these balances, of which it has at least one.
    ///
    /// # Errors
    /// As [`Issuer::issue`].
    pub fn sign(&self, account: &AccountId, balances: &Balances) -> Result<SignedCore, Error> {
        let mut books = Vec::new();
        for (index, exact) in balances {
            let place = self.plan.books.get(*index).zip(self.books.get(*index));
            let (planned, book) = place.ok_or_else(|| fault("a balance in no book"))?;
            books.push(self.opened(account, *exact, planned, book)?);
        }
        if books.is_empty() {
            return Err(fault("an account without balance"));
        }
        let core = Core {
            format: STATEMENT_FORMAT.into(),
            attestation: *self.attachments.digest(),
            account: account.clone(),
            books,
            no_other_balance: true,
        };
        let json = serde_json::to_string_pretty(&core);
        let mut text = Zeroizing::new(json.map_err(|error| fault(&error.to_string()))?);
        text.push('\n');
        let note = self.key.sign(&text).map_err(Error::protocol("statement"))?;
        Ok(SignedCore {
            note: Zeroizing::new(note),
            books: core.books,
        })
    }

    fn opened(
        &self,
        account: &AccountId,
        exact: ExactAmount,
        planned: &PlannedBook,
        book: &IssuedBook,
    ) -> Result<OpenedBook, Error> {
        let subject = Subject::Account(account.as_str());
        let leaf = book.leaves.find(&self.secrets.order(&book.ctx, subject))?;
        let index = leaf.ok_or_else(|| {
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
            .map_err(|error| Error::refused(error.to_string(), "Start again with `por plan`."))?;
        Ok(OpenedBook {
            asset: planned.asset.id().as_str().into(),
            kind: planned.kind,
            index,
            exact,
            amount,
            blinding: HexSecret(blinding.to_bytes()),
            salt: HexSecret(*salt.as_bytes()),
        })
    }
}

impl IssuedBook {
    fn open(run: &Run, plan: &Plan, book: &PlannedBook) -> Result<Self, Error> {
        let context = plan.context(book).map_err(Error::protocol("plan"))?;
        Ok(Self {
            rows: BookRows::read(&run.rows_path(book))?,
            leaves: LeafIndex::open(&run.book_path(book).join("leaves"), book.leaf_count)?,
            ctx: context.ctx(),
        })
    }
}

fn fault(why: &str) -> Error {
    Error::refused(why, "This is a fault of this build.")
}
