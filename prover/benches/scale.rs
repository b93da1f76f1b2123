//! Time and memory against the number of accounts: `POR_SCALE_ROWS=10000000 cargo bench --bench scale`.
//!
//! One asset, range proofs left out. Peak memory is that of the process in each stage by itself: Linux resets its mark on
//! request.

#[path = "support/exchange.rs"]
mod exchange;

use std::path::Path;

use exchange::{Result, build, init, number, plan, seconds};

fn main() -> Result<()> {
    let rows = number("POR_SCALE_ROWS", 1_000_000)?;
    let folder = tempfile::tempdir()?;
    let home = init(folder.path(), rows)?;
    println!("| {rows} accounts, one asset | seconds | peak memory |");
    println!("|---|--:|--:|");
    let run = stage("plan: read, sort, write the rows", || {
        plan(folder.path(), &home)
    })?;
    stage("build: order, tree, packs", || build(&run))?;
    let (plan, _) = run.plan()?;
    let book = plan.books.first().ok_or("no book")?;
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

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    // "5" resets the peak to what is used now (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5")?;
    let (seconds, done) = seconds(work)?;
    println!("| {name} | {seconds:.0} | {} MB |", peak_memory_mb()?);
    Ok(done)
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
