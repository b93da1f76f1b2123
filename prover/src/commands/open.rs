//! `por open`: opens what an exchange has disclosed, and proves each total against the publication.

use std::fmt::Write as _;
use std::path::PathBuf;

use por_protocol::amount::Amount;
use por_protocol::book_row::{BookRow, Total};
use por_protocol::disclosure::OpenedTotal;
use por_protocol::error::Error as ProtocolError;
use serde::Serialize;

use super::{print, read_policy};
use crate::disclosure::{read_identities, unseal};
use crate::error::{Error, Exit};
use crate::publication::{AuthenticLists, Publication, authentic_lists};

/// Open what an exchange disclosed to you, and prove each sealed total against its publication
#[derive(Debug, clap::Args)]
pub struct Open {
    /// The file that `por disclose` wrote
    #[arg(value_name = "FILE")]
    pub disclosure: PathBuf,
    /// Your age identity: the file that `age-keygen` wrote
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// The publication
    #[arg(long, value_name = "DIR")]
    pub publication: PathBuf,
    /// The policy: the exchange's public keys, from a source you trust
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The attestation it is about [default: the last one]
    #[arg(long)]
    pub sequence: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What is shown of one book. Amounts are atoms, as decimal strings.
#[derive(Serialize)]
struct Opened<'a> {
    #[serde(skip)]
    row: &'a BookRow,
    asset: String,
    kind: &'static str,
    decimals: u8,
    total: Amount,
    bound: Amount,
    reserves: Amount,
    covered: bool,
}

impl Open {
    /// # Errors
    /// [`Error::Untrue`] for a false total or a publication that is not the exchange's; [`Error::Input`], [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let (policy, _) = read_policy(&self.policy)?;
        let identities = read_identities(&self.identity)?;
        let disclosure = unseal(&self.disclosure, &identities)?;
        let books = authentic_lists(&Publication::at(&self.publication), &policy, self.sequence)?;
        let untrue = |error: ProtocolError| Error::Untrue {
            place: self.disclosure.display().to_string(),
            why: error.to_string(),
            remedy: "Ask the exchange: what it disclosed is not what it published.".into(),
        };
        let opened = disclosure
            .verify(&books.digest, &books.attestation, &books.books)
            .map_err(untrue)?;
        let opened: Vec<Opened<'_>> = opened
            .iter()
            .map(facts)
            .collect::<Result<_, _>>()
            .map_err(untrue)?;
        let text = if self.json {
            serde_json::to_string(&opened).map_err(|error| Error::Io {
                path: "totals".into(),
                source: error.into(),
            })? + "\n"
        } else {
            words(&books, &opened)
        };
        print(text.as_bytes())?;
        match opened.iter().all(|book| book.covered) {
            true => Ok(Exit::Ok),
            false => Ok(Exit::False),
        }
    }
}

fn facts<'a>(opened: &OpenedTotal<'a>) -> Result<Opened<'a>, ProtocolError> {
    let row = opened.row;
    let reserves = row.reserves_total()?;
    let bound = match &row.total {
        Total::Sealed { bound, .. } => *bound,
        Total::Public { amount, .. } => *amount,
    };
    Ok(Opened {
        row,
        asset: row.asset.id().as_str().to_owned(),
        kind: row.kind.as_str(),
        decimals: row.asset.decimals().get(),
        total: opened.total,
        bound,
        reserves,
        covered: reserves >= opened.total,
    })
}

fn words(books: &AuthenticLists, opened: &[Opened<'_>]) -> String {
    let attestation = &books.attestation;
    let mut text = format!(
        "Sealed totals of {}, attestation {} of {}: VERIFIED\n",
        attestation.entity, attestation.sequence, attestation.period
    );
    for book in opened {
        let units = |amount: Amount| amount.to_units(book.row.asset.decimals());
        let verdict = if book.covered {
            "covered"
        } else {
            "NOT COVERED"
        };
        let share = share(book.reserves, book.total);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {:<8} {verdict:<12} liabilities {} (in public: at most {}); reserves {}{share}",
            book.asset,
            units(book.total),
            units(book.bound),
            units(book.reserves)
        );
    }
    text + "Not shown: what the reserves rest on, which `por audit` checks; other debts; the hour after the snapshot.\n"
}

/// Reserves as a part of liabilities, rounded down to a tenth of a per cent; nothing where nothing is owed.
fn share(reserves: Amount, total: Amount) -> String {
    let (reserves, total) = (u128::from(reserves.atoms()), u128::from(total.atoms()));
    match (reserves * 1000).checked_div(total) {
        Some(share) => format!(", {}.{} %", share / 10, share % 10),
        None => String::new(),
    }
}
