//! Time and memory against the number of accounts: `POR_SCALE_ROWS=10000000 cargo bench --bench scale`.
//!
//! One asset; range proofs are left out (zeroed), because they cost what `proofs` measures, account by account, and need
//! no memory. Peak memory is that of the process in each stage by itself: Linux resets its mark on request.

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use por_protocol::liabilities::TileProver;
use por_prover::build::{BookRows, Builder};
use por_prover::commands::{HomeArg, Init, PlanCommand};
use por_prover::home::Home;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ASSETS: &str = r#"[[asset]]
id = "BTC"
name = "Bitcoin"
decimals = 8

[[asset.instance]]
id = "bip122:000000000019d6689c085ae165831e93/slip44:0"
decimals = 8
"#;

fn main() -> Result<()> {
    let rows = match std::env::var("POR_SCALE_ROWS") {
        Ok(text) => text.parse()?,
        Err(_) => 1_000_000,
    };
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("assets.toml"), ASSETS)?;
    write_ledger(&at("ledger.csv"), rows)?;
    let home = HomeArg {
        home: at("exchange"),
    };
    Init {
        home: home.clone(),
        entity: "Bench".into(),
        log_origin: "bench.example/por".into(),
        assets: Some(at("assets.toml")),
    }
    .run()?;
    println!("| {rows} accounts, one asset | seconds | peak memory |");
    println!("|---|--:|--:|");
    stage("plan: read, sort, write the rows", || {
        PlanCommand {
            home: home.clone(),
            ledger: vec![at("ledger.csv")],
            postgres: Vec::new(),
            period: "2026-10".into(),
            snapshot: "2026-10-31T00:00:00Z".into(),
            seal: Vec::new(),
            public: Vec::new(),
            leaves: Vec::new(),
            expect_total: Vec::new(),
        }
        .run()?;
        Ok(())
    })?;
    let run = Home::at(&home.home).run(None)?;
    let (plan, digest) = run.plan()?;
    let book = plan.books.first().ok_or("no book")?;
    stage("build: order, tree, packs", || {
        run.begin_build(&digest)?;
        let secrets = run.run_key()?.secrets(&digest);
        let builder = Builder {
            run: &run,
            plan: &plan,
            digest: &digest,
            secrets: &secrets,
            prover: &TileProver::without_proofs(),
            bar: &ProgressBar::hidden(),
        };
        builder.build(book, &BookRows::read(&run.rows_path(book))?)?;
        Ok(())
    })?;
    let (total, private) = (
        bytes_below(run.path())?,
        bytes_below(&run.path().join("rows"))?,
    );
    println!(
        "\nDisk: {} MB for the run, of which {} MB rows; {} leaves.",
        total >> 20,
        private >> 20,
        book.leaf_count
    );
    Ok(())
}

/// Accounts in no order, as an exchange's database gives them.
fn write_ledger(path: &Path, rows: u64) -> Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "account,asset,amount")?;
    for row in 0..rows {
        // An odd factor permutes the numbers below 2^40.
        let account = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 40) - 1);
        writeln!(file, "account-{account:013},BTC,0.{:08}", row % 100_000_000)?;
    }
    file.flush()?;
    Ok(())
}

fn stage(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    // "5" resets the peak to what is used now (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5")?;
    let start = Instant::now();
    work()?;
    let seconds = start.elapsed().as_secs_f64();
    println!("| {name} | {seconds:.0} | {} MB |", peak_memory_mb()?);
    Ok(())
}

fn peak_memory_mb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            bytes_below(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
