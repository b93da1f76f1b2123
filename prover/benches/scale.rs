//! Time, memory and disk against the number of accounts: `POR_SCALE_ROWS=10000,100000 cargo bench --bench scale`.
//!
//! One asset. Range proofs are left out unless `POR_SCALE_PROOFS=1`, because a million of them take both cores an hour; CPU time
//! stands beside the clock, which says little on a shared machine. Peak memory is that of the process in each stage by
//! itself: Linux resets its mark on request.

#[path = "support/exchange.rs"]
mod exchange;

use std::path::Path;
use std::time::Duration;

use exchange::{Result, build, build_with, init, number, plan, seconds};
use por_protocol::liabilities::TileProver;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<()> {
    let sizes = std::env::var("POR_SCALE_ROWS").unwrap_or_else(|_| "1000000".into());
    let proofs = number("POR_SCALE_PROOFS", 0)? == 1;
    println!(
        "Range proofs: {}\n",
        if proofs { "made" } else { "left out" }
    );
    println!(
        "| accounts | stage | seconds | CPU seconds | CPU ms an account | peak memory | disk of the run |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|");
    for rows in sizes.split(',') {
        measure(rows.trim().parse()?, proofs)?;
    }
    Ok(())
}

fn measure(rows: u64, proofs: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = init(folder.path(), rows)?;
    let run = stage(
        rows,
        "plan: read, sort, write the rows",
        || plan(folder.path(), &home),
        |run| bytes_below(run.path()),
    )?;
    stage(
        rows,
        "build: order, tree, packs",
        || {
            if proofs {
                build_with(&run, &TileProver::default())
            } else {
                build(&run)
            }
        },
        |()| bytes_below(run.path()),
    )
}

fn stage<T>(
    rows: u64,
    name: &str,
    work: impl FnOnce() -> Result<T>,
    disk: impl FnOnce(&T) -> Result<u64>,
) -> Result<T> {
    // "5" resets the peak to what is used now (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = cpu_time();
    let (seconds, done) = seconds(work)?;
    let cpu = (cpu_time() - before).as_secs_f64();
    println!(
        "| {rows} | {name} | {seconds:.0} | {cpu:.0} | {:.2} | {} MB | {} MB |",
        cpu * 1e3 / rows as f64,
        peak_memory_mb()?,
        disk(&done)? >> 20
    );
    Ok(done)
}

/// Of all threads of the process.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
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
