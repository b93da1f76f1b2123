//! An exchange with one asset and as many accounts as wanted, built without range proofs (zeroed): they cost what `proofs`
//! measures, and need no memory.
#![allow(dead_code, reason = "each bench uses its own part")]

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use por_protocol::liabilities::TileProver;
use por_prover::build::{BookRows, Builder};
use por_prover::commands::{HomeArg, Init, PlanCommand};
use por_prover::home::{Home, Run};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ASSETS: &str = r#"[[asset]]
id = "BTC"
name = "Bitcoin"
decimals = 8

[[asset.instance]]
id = "bip122:000000000019d6689c085ae165831e93/slip44:0"
decimals = 8
"#;

/// The account of a row, in no order, as an exchange's database gives them.
pub fn account(row: u64) -> String {
    // An odd factor permutes the numbers below 2^40.
    let number = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 40) - 1);
    format!("account-{number:013}")
}

/// Makes the exchange's home below `folder`, and the ledger's file.
pub fn init(folder: &Path, rows: u64) -> Result<HomeArg> {
    let assets = folder.join("assets.toml");
    std::fs::write(&assets, ASSETS)?;
    let mut file = BufWriter::new(std::fs::File::create(folder.join("ledger.csv"))?);
    writeln!(file, "account,asset,amount")?;
    for row in 0..rows {
        writeln!(file, "{},BTC,0.{:08}", account(row), row % 100_000_000)?;
    }
    file.flush()?;
    let home = HomeArg {
        home: folder.join("exchange"),
    };
    Init {
        home: home.clone(),
        entity: "Bench".into(),
        log_origin: "bench.example/por".into(),
        log_public_key: None,
        assets: Some(assets),
    }
    .run()?;
    Ok(home)
}

/// Plans a run of the ledger.
pub fn plan(folder: &Path, home: &HomeArg) -> Result<Run> {
    PlanCommand {
        home: home.clone(),
        ledger: vec![folder.join("ledger.csv")],
        postgres: Vec::new(),
        period: "2026-10".into(),
        snapshot: "2026-10-31T00:00:00Z".into(),
        seal: Vec::new(),
        public: Vec::new(),
        leaves: Vec::new(),
        expect_total: Vec::new(),
        replace: None,
    }
    .run()?;
    Ok(Home::at(&home.home).run(None)?)
}

/// Builds it, without proofs.
pub fn build(run: &Run) -> Result<()> {
    build_with(run, &TileProver::without_proofs())
}

/// Builds it.
pub fn build_with(run: &Run, prover: &TileProver) -> Result<()> {
    let (plan, digest) = run.plan()?;
    run.begin_build(&digest)?;
    let secrets = run.run_key()?.secrets(&digest);
    let builder = Builder {
        run,
        plan: &plan,
        digest: &digest,
        secrets: &secrets,
        prover,
        bar: &ProgressBar::hidden(),
    };
    for book in &plan.books {
        builder.build(book, &BookRows::read(&run.rows_path(book))?)?;
    }
    Ok(())
}

/// Seconds that the work takes.
pub fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let start = Instant::now();
    let done = work()?;
    Ok((start.elapsed().as_secs_f64(), done))
}

/// A number from the environment.
pub fn number(name: &str, default: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => Ok(text.parse()?),
        Err(_) => Ok(default),
    }
}
