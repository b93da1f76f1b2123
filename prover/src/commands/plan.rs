//! `por plan`: reads the ledger, draws the run key and fixes everything that determines the build.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use por_protocol::amount::{Amount, ExactAmount};
use por_protocol::asset::{Asset, AssetTable};
use por_protocol::digest::Digest;
use por_protocol::kind::Kind;
use por_protocol::liabilities::Shape;
use por_protocol::period::Period;
use por_protocol::plan::{MIN_PUBLIC_ACCOUNTS, Plan, PlannedBook, PlannedTotal, padded_leaf_count};
use por_protocol::run_key::RunKey;
use por_protocol::suite::{PLAN_FORMAT, SUITE};

use super::HomeArg;
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::home::{Home, Run};
use crate::ledger::{AssetRows, Ledger, LedgerSources, read_ledger};
use crate::tell;

/// Read the ledger, draw a run key and fix what will be built
#[derive(Debug, clap::Args)]
pub struct PlanCommand {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// Ledger: CSV or Parquet with account,asset,amount, or CSV with equity and debt; may be given several times
    #[arg(long, value_name = "FILE", required_unless_present = "postgres")]
    pub ledger: Vec<PathBuf>,
    /// Ledger in PostgreSQL: a TOML file of mode 0600 that names the database; may be given several times
    #[arg(long, value_name = "FILE")]
    pub postgres: Vec<PathBuf>,
    /// Month or day, such as 2026-10 or 2026-10-31
    #[arg(long)]
    pub period: String,
    /// Snapshot instant in UTC, such as 2026-10-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub snapshot: String,
    /// Publish only a bound of this asset's total: ASSET=BOUND in units, or ASSET for a bound chosen here
    #[arg(long, value_name = "ASSET[=BOUND]")]
    pub seal: Vec<String>,
    /// Publish this asset's total although fewer than 20 accounts hold it
    #[arg(long, value_name = "ASSET")]
    pub public: Vec<String>,
    /// Leaves of this asset's tree instead of the default padding: ASSET=COUNT, a multiple of 16
    #[arg(long, value_name = "ASSET=COUNT")]
    pub leaves: Vec<String>,
    /// What the rows of this asset must add up to, from the books of account: ASSET=UNITS, to the last decimal
    #[arg(long, value_name = "ASSET=UNITS")]
    pub expect_total: Vec<String>,
    /// Plan this run anew, and drop those after it: none of them may be published, or begun to be
    #[arg(long, value_name = "SEQUENCE")]
    pub replace: Option<u64>,
}

impl PlanCommand {
    /// # Errors
    /// Whatever is wrong with ledger or arguments; nothing is written then.
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let settings = home.settings()?;
        let assets = home.assets()?;
        let period = Period::new(&self.period).map_err(|error| {
            Error::refused(
                format!("--period: {error}"),
                "Write a month such as 2026-10, or a day such as 2026-10-31.",
            )
        })?;
        let snapshot = humantime::parse_rfc3339(&self.snapshot)
            .ok()
            .and_then(|instant| instant.duration_since(UNIX_EPOCH).ok())
            .filter(|instant| instant.subsec_nanos() == 0)
            .ok_or_else(|| {
                Error::refused(
                    "--snapshot is not an instant in UTC, in whole seconds since 1970",
                    "Write 2026-10-31T00:00:00Z.",
                )
            })?;
        self.check_named(&assets)?;
        let expected = self.expected_totals(&assets)?;
        let new = home.begin_run(self.replace)?;
        let sources = LedgerSources {
            files: self.ledger.clone(),
            databases: self.postgres.clone(),
        };
        let ledger = read_ledger(&sources, &assets, new.staged().path())?;
        check_totals(&assets, &ledger, &expected)?;
        let books = assets
            .iter()
            .zip(ledger.assets())
            .map(|(asset, rows)| self.book(asset, rows))
            .collect::<Result<Vec<_>, _>>()?;
        let sequence = new.sequence();
        let key =
            RunKey::from_bytes(*secret_file::random_32()?).map_err(Error::protocol("run key"))?;
        let plan = Plan {
            format: PLAN_FORMAT.into(),
            suite: SUITE.into(),
            log_origin: settings.log_origin,
            period,
            sequence,
            snapshot_time: snapshot.as_secs(),
            ledger_mac: ledger_mac(&key, &books, &ledger)?,
            books,
        };
        plan.check().map_err(Error::protocol("plan"))?;
        write_run(new.staged(), &plan, &key, &ledger)?;
        let (run, aside) = new.finish()?;
        let report = ledger.report();
        tell!(
            "Planned run {sequence}: {} rows from {} source(s).",
            report.rows,
            report.files.len() + report.databases.len()
        );
        for hint in &report.hints {
            tell!("  hint: {hint}");
        }
        for book in &plan.books {
            let total = match book.total {
                PlannedTotal::Public => "public total".to_owned(),
                PlannedTotal::Sealed { bound } => format!(
                    "sealed total: covered if reserves reach {} (choose it with --seal)",
                    bound.to_units(book.asset.decimals())
                ),
            };
            tell!(
                "  {:<8} {} rows, {} leaves, {total}",
                book.asset.id(),
                book.rows,
                book.leaf_count
            );
        }
        for book in &plan.books {
            let padded = padded_leaf_count(book.rows).map_err(Error::protocol("ledger"))?;
            if book.leaf_count < padded {
                tell!(
                    "  hint: {} leaves tell the number of accounts with {} more exactly than the {padded} of the default.",
                    book.leaf_count,
                    book.asset.id()
                );
            }
        }
        for old in &aside {
            tell!(
                "  set aside: {} holds secrets, and an attestation that is signed and must be shown to nobody: two of one \
                 number are evidence of two histories. Destroy it when you need it no more.",
                old.path().display()
            );
        }
        warn_of_unpublished(&home, sequence);
        for debt in &report.debts {
            tell!(
                "  {:<8} {} accounts have debts: in the report, and subtracted nowhere",
                debt.asset,
                debt.accounts
            );
        }
        tell!(
            "  what was read, with digests and totals: {}",
            run.ledger_report_path().display()
        );
        tell!(
            "Next: por build. The run key is in {}.",
            run.run_key_path().display()
        );
        Ok(Exit::Ok)
    }

    /// Each flag names an asset of the table, at most once, and none of two minds: what is not understood is refused.
    fn check_named(&self, assets: &AssetTable) -> Result<(), Error> {
        let mut totals = BTreeSet::new();
        let mut leaves = BTreeSet::new();
        let mut expected = BTreeSet::new();
        let flags = [
            ("--seal", &self.seal),
            ("--public", &self.public),
            ("--leaves", &self.leaves),
            ("--expect-total", &self.expect_total),
        ];
        for (flag, argument) in flags
            .into_iter()
            .flat_map(|(flag, arguments)| arguments.iter().map(move |argument| (flag, argument)))
        {
            let (id, value) = match argument.split_once('=') {
                Some((id, value)) => (id, Some(value)),
                None => (argument.as_str(), None),
            };
            if assets.find(id).is_none() {
                return Err(Error::refused(
                    format!("{flag}: the asset table has no asset {}", id.escape_debug()),
                    "Name an asset of assets.toml.",
                ));
            }
            if flag == "--public" && value.is_some() {
                return Err(Error::refused(
                    format!("{flag} {id} takes no value"),
                    format!("Write --public {id}."),
                ));
            }
            let seen = match flag {
                "--leaves" => &mut leaves,
                "--expect-total" => &mut expected,
                _ => &mut totals,
            };
            if !seen.insert(id) {
                return Err(Error::refused(
                    format!("{flag} {id}: the same was said of this asset before"),
                    "Name each asset once; its total is either sealed or public.",
                ));
            }
        }
        Ok(())
    }

    /// The control totals of each asset, exact.
    fn expected_totals(&self, assets: &AssetTable) -> Result<Vec<Option<ExactAmount>>, Error> {
        let parse = |asset: &Asset| {
            let id = asset.id().as_str();
            let wrong = |why: String| {
                let example = format!("Write the total in units, such as {id}=1234.5.");
                Error::refused(format!("--expect-total {id}: {why}"), example)
            };
            match named(&self.expect_total, id) {
                None => Ok(None),
                Some(None) => Err(wrong("the total is missing".into())),
                Some(Some(text)) => ExactAmount::from_units(text, asset.ledger_decimals())
                    .map(Some)
                    .map_err(|error| wrong(error.to_string())),
            }
        };
        assets.iter().map(parse).collect()
    }

    fn book(&self, asset: &Asset, rows: &AssetRows) -> Result<PlannedBook, Error> {
        let id = asset.id().as_str();
        let count = rows.len();
        let leaf_count = match named(&self.leaves, id) {
            Some(Some(text)) => text.parse().map_err(|_| {
                Error::refused(
                    format!("--leaves {id}: not a number"),
                    "Write a multiple of 16, such as 65536.",
                )
            })?,
            Some(None) => {
                return Err(Error::refused(
                    "--leaves needs ASSET=COUNT",
                    "Write BTC=65536.",
                ));
            }
            None => padded_leaf_count(count).map_err(Error::protocol("ledger"))?,
        };
        Shape::new(leaf_count).map_err(|error| {
            Error::refused(
                format!("--leaves {id}: {error}"),
                "Write a multiple of 16, such as 65536.",
            )
        })?;
        if leaf_count < count {
            return Err(Error::refused(
                format!("--leaves {id}: {count} rows do not fit {leaf_count} leaves"),
                "Give more leaves, or none to pad by default.",
            ));
        }
        Ok(PlannedBook {
            asset: asset.clone(),
            kind: Kind::Owed,
            rows: count,
            leaf_count,
            total: self.total(asset, rows)?,
        })
    }

    /// Sealed on request, and by default where fewer than 20 accounts have something: the total would be somebody's.
    fn total(&self, asset: &Asset, rows: &AssetRows) -> Result<PlannedTotal, Error> {
        let id = asset.id().as_str();
        let total = rows.total();
        // The next power of two tells the total up to a factor of two, and nothing more.
        let chosen = Amount::from_atoms(
            total
                .atoms()
                .max(1)
                .checked_next_power_of_two()
                .unwrap_or(u64::MAX),
        );
        match named(&self.seal, id) {
            Some(Some(text)) => {
                let remedy = "Write a bound in units that is at least the total, such as BTC=1000.";
                let bound = ExactAmount::from_units(text, asset.decimals())
                    .and_then(|bound| bound.round_down(asset.decimals(), asset.decimals()))
                    .map_err(|error| Error::refused(format!("--seal {id}: {error}"), remedy))?;
                if bound < total {
                    return Err(Error::refused(
                        format!("--seal {id}: the bound is below the total"),
                        remedy,
                    ));
                }
                Ok(PlannedTotal::Sealed { bound })
            }
            Some(None) => Ok(PlannedTotal::Sealed { bound: chosen }),
            None if rows.holders() < MIN_PUBLIC_ACCOUNTS
                && !self.public.iter().any(|public| public == id) =>
            {
                Ok(PlannedTotal::Sealed { bound: chosen })
            }
            None => Ok(PlannedTotal::Public),
        }
    }
}

/// Runs are published in order: one that waits for another is said, before hours go into it.
fn warn_of_unpublished(home: &Home, sequence: u64) {
    let Some(last) = sequence.checked_sub(1) else {
        return;
    };
    if !home.run_at(last).log_proof_path().exists() {
        tell!(
            "  hint: run {last} is not published, and this one can only follow it. If this one is to take its place, plan with \
             --replace {last}."
        );
    }
}

/// The argument for an asset: `None` if there is none, `Some(None)` for the bare asset.
fn named<'a>(arguments: &'a [String], id: &str) -> Option<Option<&'a str>> {
    arguments
        .iter()
        .find_map(|argument| match argument.split_once('=') {
            Some((name, value)) if name == id => Some(Some(value)),
            None if argument == id => Some(None),
            _ => None,
        })
}

/// The rows add up to what the exchange's own books say, or nothing is planned. Only the difference is shown.
fn check_totals(
    assets: &AssetTable,
    ledger: &Ledger,
    expected: &[Option<ExactAmount>],
) -> Result<(), Error> {
    for ((asset, rows), expected) in assets.iter().zip(ledger.assets()).zip(expected) {
        let (Some(expected), found) = (expected, rows.exact_total()) else {
            continue;
        };
        let (less, more) = (expected.steps(), found.steps());
        if less == more {
            continue;
        }
        let difference = ExactAmount::from_steps(less.abs_diff(more));
        return Err(Error::refused(
            format!(
                "the rows of {} add up to {} {} than --expect-total says",
                asset.id(),
                difference.to_units(asset.ledger_decimals()),
                if more > less { "more" } else { "less" },
            ),
            "Find the rows that are missing, doubled or too many; correct the ledger or the control total.",
        ));
    }
    Ok(())
}

fn ledger_mac(key: &RunKey, books: &[PlannedBook], ledger: &Ledger) -> Result<Digest, Error> {
    let mut mac = key.ledger_mac();
    for (book, rows) in books.iter().zip(ledger.assets()) {
        let asset = book.asset.id().as_str();
        mac.book(asset, book.kind.as_str(), rows.len());
        rows.for_each(|account, exact| mac.row(&account, exact))?;
    }
    Ok(mac.finish())
}

/// Writes what belongs to the run beside its rows.
fn write_run(staged: &Run, plan: &Plan, key: &RunKey, ledger: &Ledger) -> Result<(), Error> {
    let json = serde_json::to_vec_pretty(plan).map_err(|error| Error::Io {
        path: staged.plan_path(),
        source: error.into(),
    })?;
    durable::write_private(&staged.plan_path(), &json)?;
    let report = serde_json::to_vec_pretty(ledger.report()).map_err(|error| Error::Io {
        path: staged.ledger_report_path(),
        source: error.into(),
    })?;
    durable::write_private(&staged.ledger_report_path(), &report)?;
    secret_file::write_run_key(&staged.run_key_path(), key)
}
