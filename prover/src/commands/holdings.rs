//! `por holdings`: the reserves in the columns that a regulator asks for.

use std::fmt::Write as _;
use std::path::PathBuf;

use por_protocol::amount::ExactAmount;
use por_protocol::breakdown::{Basis, Breakdown, Column, Part, break_down};

use super::{print, read_policy};
use crate::error::{Error, Exit};
use crate::home::read_tokens;
use crate::publication::{Publication, authentic_lists};

/// Break an attestation's reserves down: wrapped, staked, encumbered, lent, own token, custody, custodian
#[derive(Debug, clap::Args)]
pub struct Holdings {
    /// The publication
    #[arg(value_name = "PUBLICATION")]
    pub publication: PathBuf,
    /// The policy: the exchange's public keys, from a source you trust
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The attestation [default: the last one]
    #[arg(long)]
    pub sequence: Option<u64>,
    /// More tokens than the built-in registry has (JSON): contract, decimals, storage layout
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Print JSON: amounts are integers at the decimals stated beside them
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV: amounts are units
    #[arg(long)]
    pub csv: bool,
}

impl Holdings {
    /// # Errors
    /// [`Error::Untrue`] for a publication that is not the exchange's, or a token that is not what its name says;
    /// [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let (policy, _) = read_policy(&self.policy)?;
        let tokens = read_tokens(self.tokens.as_deref())?;
        let publication = Publication::at(&self.publication);
        let lists = authentic_lists(&publication, &policy, self.sequence)?;
        let mut found: Vec<Breakdown> = Vec::new();
        for book in &lists.books {
            // An asset has a book of each kind, and its reserves once.
            if found.iter().any(|other| other.asset == *book.asset.id()) {
                continue;
            }
            let broken = break_down(&book.asset, &lists.reserves, &tokens);
            found.push(broken.map_err(|error| Error::Untrue {
                place: self.publication.display().to_string(),
                why: error.to_string(),
                remedy: "Run `por audit` on it, which tells more.".into(),
            })?);
        }
        let text = if self.json {
            serde_json::to_string(&found).map_err(unwritten)? + "\n"
        } else if self.csv {
            table(&found).map_err(unwritten)?
        } else {
            let attestation = &lists.attestation;
            format!(
                "Reserves of {}, attestation {} of {}:\n{}\n{NOTE}\n",
                attestation.entity,
                attestation.sequence,
                attestation.period,
                found.iter().map(words).collect::<String>()
            )
        };
        print(text.as_bytes())?;
        Ok(Exit::Ok)
    }
}

const NOTE: &str = "\
Classes are those of the evidence alone, which nobody has checked here: `por audit` checks it, and with your own nodes raises
them to A or B. \"said\": the exchange signed it with the attestation (class D), and no chain shows it; \"both\": what is frozen,
immature or reserved is in the evidence, what is pledged beside it is said; \"list\": by this program's list of token
contracts. Staked and lent amounts are those stated; what is not stated is not known to be absent.";

fn unwritten(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Io {
        path: "holdings".into(),
        source: std::io::Error::other(error),
    }
}

const fn column(column: Column) -> &'static str {
    match column {
        Column::Coin => "coin",
        Column::Custody => "custody",
        Column::Custodian => "custodian",
        Column::Staked => "staked",
        Column::Encumbered => "encumbered",
        Column::Lent => "lent",
    }
}

const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::TokenList => "list",
        Basis::Exchange => "said",
        Basis::ExchangeOrEvidence => "both",
        Basis::NotStated => "not stated",
    }
}

/// Of a part in its column: the label, or that there is none.
fn label(part: &Part) -> String {
    match (part.wrapped, part.basis) {
        (Some(true), _) => format!("{} (wrapped)", part.label),
        (_, Basis::NotStated) => "not stated".into(),
        _ => part.label.clone(),
    }
}

fn words(breakdown: &Breakdown) -> String {
    let mut text = String::new();
    let units = |amount: ExactAmount| amount.to_units(breakdown.decimals);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n{}: {}{}",
        breakdown.asset,
        units(breakdown.reserves),
        if breakdown.own_token {
            ", its own token: what it is worth hangs on the exchange itself (said)"
        } else {
            ""
        }
    );
    for part in &breakdown.parts {
        let _ = writeln!(
            text,
            "  {:<10}  {:>24}  {:>7}  {:<4}  {}, balance: class {} ({})",
            column(part.column),
            units(part.amount),
            share(part.amount, breakdown.reserves),
            basis(part.basis).split(' ').next().unwrap_or_default(),
            match label(part).as_str() {
                "" => column(part.column),
                label => label,
            },
            part.class.as_str(),
            part.evidence.as_str()
        );
    }
    text
}

/// Hundredths of a percent, rounded down; a share of nothing is nothing.
fn share(part: ExactAmount, whole: ExactAmount) -> String {
    let Some(whole) = std::num::NonZeroU128::new(whole.steps()) else {
        return "-".into();
    };
    // Amounts near the top of their range lose digits here that no percentage shows.
    let (part, whole) = if part.steps() > u128::MAX / 10_000 {
        (part.steps() >> 14, whole.get() >> 14)
    } else {
        (part.steps(), whole.get())
    };
    let hundredths = part * 10_000 / whole;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn table(found: &[Breakdown]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "asset",
        "own_token",
        "column",
        "label",
        "wrapped",
        "amount",
        "evidence",
        "class",
        "basis",
    ])?;
    for breakdown in found {
        for part in &breakdown.parts {
            writer.write_record([
                breakdown.asset.as_str(),
                if breakdown.own_token { "yes" } else { "no" },
                column(part.column),
                &part.label,
                match part.wrapped {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                },
                &part.amount.to_units(breakdown.decimals),
                part.evidence.as_str(),
                part.class.as_str(),
                basis(part.basis),
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
