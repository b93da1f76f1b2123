//! `make bench-peers`: our tree and dapol's over the same accounts, in the same run, and the library's range proofs beside.
//!
//! Each measurement is a process of its own, so that its peak of memory is its own. Prints a table; with `--chart FILE` it
//! draws what the proofs of all customers cost.

mod chart;
mod library;
mod por;
mod sparse;

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde::{Deserialize, Serialize};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Customers whose proofs are made and checked one by one.
const SAMPLED: usize = 20;
/// Numbers of accounts; range proofs are made for those up to [`PROVEN`].
const SIZES: [u64; 4] = [1_000, 4_000, 16_000, 64_000];
/// Beyond, the time for all proofs is that of a leaf times their number, and the chart says so.
const PROVEN: u64 = 4_000;

/// What one system costs at one size. Times in seconds of all cores, but where a single customer is meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measured {
    accounts: u64,
    /// The tree without range proofs.
    tree: f64,
    /// Range proofs of all customers.
    proofs: f64,
    /// Whether `proofs` was measured as a whole, and not multiplied from some.
    whole: bool,
    /// To check one customer's proof, on one core.
    check: f64,
    /// Bytes that one customer receives for one asset, without signatures and names.
    bytes: u64,
    /// Peak of the process's memory in MB, of the tree.
    memory: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["por", accounts] => print(&por::measure(accounts.parse()?)?),
        ["dapol", accounts] => print(&sparse::measure(accounts.parse()?)?),
        [] => compare(None),
        ["--chart", path] => compare(Some(Path::new(path))),
        _ => Err("usage: peers [--chart FILE]".into()),
    }
}

fn print(measured: &Measured) -> Result<()> {
    println!("{}", serde_json::to_string(measured)?);
    Ok(())
}

fn compare(chart: Option<&Path>) -> Result<()> {
    let (prove, verify) = library::measure()?;
    println!(
        "bulletproofs 5.0.0, one proof of 16 values, one core: prove {prove:.0} ms, verify {verify:.1} ms\n"
    );
    println!(
        "| accounts | system | tree, s | all proofs, s | check one, ms | bytes for one | memory of the tree, MB |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|");
    let mut all = Vec::new();
    for accounts in SIZES {
        let dapol = in_own_process("dapol", accounts)?;
        let por = in_own_process("por", accounts)?;
        row("dapol 0.4.0, height 32", &dapol);
        row("por", &por);
        all.push((dapol, por));
    }
    if let Some(path) = chart {
        std::fs::write(path, chart::draw(&all))?;
    }
    Ok(())
}

fn row(system: &str, measured: &Measured) {
    println!(
        "| {} | {system} | {:.2} | {}{:.0} | {:.1} | {} | {} |",
        measured.accounts,
        measured.tree,
        if measured.whole { "" } else { "≈ " },
        measured.proofs,
        measured.check * 1e3,
        measured.bytes,
        measured.memory
    );
}

fn in_own_process(system: &str, accounts: u64) -> Result<Measured> {
    let done = Command::new(std::env::current_exe()?)
        .args([system, &accounts.to_string()])
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = Instant::now();
    let done = work()?;
    Ok((begun.elapsed().as_secs_f64(), done))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The peak since the process began (proc(5)).
fn peak_memory_mb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.ok_or("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kilobytes.parse::<u64>()? / 1024)
}

/// The same accounts and balances for both.
fn balance(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34
}
