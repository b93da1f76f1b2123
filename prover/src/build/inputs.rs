//! What a build rests on, once it is known to belong together: plan, run key and rows.

use por_protocol::digest::Digest;
use por_protocol::plan::Plan;
use por_protocol::run_key::Secrets;

use super::rows::BookRows;
use crate::error::Error;
use crate::home::Run;

/// The inputs of a run's build.
pub struct RunInputs {
    /// The plan.
    pub plan: Plan,
    /// Digest of its exact bytes.
    pub digest: Digest,
    /// Derivations from the run key.
    pub secrets: Secrets,
    /// The rows of each book, in the plan's order.
    pub rows: Vec<BookRows>,
}

impl RunInputs {
    /// Reads them, and checks before any work that the rows are those that the plan was made for, under this key.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`]; [`Error::Refused`] if they do not belong together.
    pub fn read(run: &Run) -> Result<Self, Error> {
        let (plan, digest) = run.plan()?;
        let key = run.run_key()?;
        let mut mac = key.ledger_mac();
        let mut books = Vec::new();
        for book in &plan.books {
            let rows = BookRows::read(&run.rows_path(book))?;
            mac.book(book.asset.id().as_str(), book.kind.as_str(), rows.len());
            for row in rows.iter() {
                let (_, account, exact) = row?;
                mac.row(&account, exact);
            }
            books.push(rows);
        }
        if mac.finish() != plan.ledger_mac {
            return Err(Error::refused(
                format!(
                    "rows, plan and run key of {} do not belong together",
                    run.path().display()
                ),
                "Restore the folder from its backup, or start again with `por plan`.",
            ));
        }
        Ok(Self {
            secrets: key.secrets(&digest),
            plan,
            digest,
            rows: books,
        })
    }
}
