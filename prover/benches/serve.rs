//! How fast statements are written and served: `cargo bench --bench serve`, with wrk as the load on the same machine.
//!
//! One asset, `POR_SERVE_ROWS` accounts (a million), range proofs left out: their bytes are as many. Each request has a token
//! of its own, of another account, as each customer's has.

#[path = "support/exchange.rs"]
mod exchange;
#[path = "../tests/support/gateway.rs"]
mod gateway;

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use exchange::{Result, account, build, init, number, plan, seconds};
use por_protocol::log::{Checkpoint, LogProof, TreeSize};
use por_protocol::merkle::RowTree;
use por_prover::attest::{AttestInput, attest};
use por_prover::home::{Home, Run};
use por_prover::log::Signer;
use por_prover::publication::AttestationFolder;

/// Requests of one load: more than a machine of two cores answers in its time.
const TOKENS: u64 = 150_000;
const LOAD_SECONDS: u64 = 10;
/// Accounts whose whole statements are written: a million would be 12 GB.
const WHOLE: u64 = 50_000;

fn main() -> Result<()> {
    let rows = number("POR_SERVE_ROWS", 1_000_000)?;
    let program = Path::new(env!("CARGO_BIN_EXE_por"));
    println!("| statements, one asset | {rows} accounts |");
    println!("|---|--:|");
    let folder = tempfile::tempdir()?;
    publish(folder.path(), rows)?;
    let rate = write(program, folder.path(), "--openings", rows)?;
    println!("| signed openings written, a second | {rate:.0} |");
    let small = tempfile::tempdir()?;
    publish(small.path(), rows.min(WHOLE))?;
    let rate = write(program, small.path(), "--archive", rows.min(WHOLE))?;
    println!("| whole statements written, a second | {rate:.0} |");
    std::fs::write(folder.path().join("jwks.json"), gateway::jwks())?;
    let (mut server, address) = serve(program, folder.path())?;
    let loaded = load(folder.path(), &address, rows);
    server.kill()?;
    server.wait()?;
    loaded
}

/// A publication without proofs passes no audit, so it is put together by hand.
fn publish(folder: &Path, rows: u64) -> Result<()> {
    let arg = init(folder, rows)?;
    let home = Home::at(&arg.home);
    let run = plan(folder, &arg)?;
    build(&run)?;
    let tokens = home.tokens()?;
    let input = AttestInput {
        again: false,
        entity: "Bench",
        supersedes: None,
        blocks: Vec::new(),
        challenge: None,
        reserves: Vec::new(),
        annexes: &[],
        tokens: &tokens,
    };
    attest(&run, &Signer::Key(home.log_key()?), input)?;
    std::fs::write(run.log_proof_path(), log_proof(&home, &run)?)?;
    let public = folder.join("publication/attestations/000000");
    copy(&run.attested_path(), &public)?;
    let (plan, _) = run.plan()?;
    for book in &plan.books {
        let name = format!("tiles/{}-owed", book.asset.id());
        copy(&run.book_path(book).join("tiles"), &public.join(name))?;
    }
    std::fs::copy(home.policy_path(), folder.join("publication/policy"))?;
    Ok(())
}

fn log_proof(home: &Home, run: &Run) -> Result<String> {
    let key = home.log_key()?;
    let entry = std::fs::read(AttestationFolder::at(&run.attested_path()).json())?;
    let tree = RowTree::new([entry.as_slice()]);
    let head = Checkpoint {
        origin: key.public().name().clone(),
        size: TreeSize::new(1),
        root: tree.root(),
    };
    let checkpoint = key.sign(&head.to_text())?;
    let proof = LogProof {
        index: 0,
        path: tree.path(0),
        checkpoint: checkpoint.as_bytes(),
    };
    Ok(proof.to_text())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::hard_link(entry.path(), &to)?;
        }
    }
    Ok(())
}

/// Accounts a second.
fn write(program: &Path, folder: &Path, kind: &str, accounts: u64) -> Result<f64> {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["statement", "--home", "exchange", "--all", kind, "archive"])
        .stderr(Stdio::null());
    let (seconds, done) = seconds(|| Ok(command.status()?))?;
    if !done.success() {
        return Err("por statement failed".into());
    }
    Ok(accounts as f64 / seconds)
}

fn serve(program: &Path, folder: &Path) -> Result<(Child, String)> {
    let mut child = Command::new(program)
        .current_dir(folder)
        .args(["serve", "publication", "--openings", "archive"])
        .args(["--jwks", "jwks.json", "--audience", gateway::AUDIENCE])
        .args(["--listen", "127.0.0.1:0"])
        .args(["--operator-listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stderr = child.stderr.take().ok_or("no stderr")?;
    BufReader::new(stderr).read_line(&mut line)?;
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let address = address.ok_or(line.as_str())?.to_owned();
    Ok((child, address))
}

fn load(folder: &Path, address: &str, rows: u64) -> Result<()> {
    let tokens = folder.join("tokens");
    let mut file = BufWriter::new(std::fs::File::create(&tokens)?);
    for number in 0..TOKENS {
        // Far apart, so that no reader of the disk is ahead.
        let claims = gateway::claims_for(&account(number.wrapping_mul(7_919) % rows), 600);
        writeln!(file, "{}", gateway::sign(&claims))?;
    }
    file.flush()?;
    let done = Command::new("wrk")
        .args(["-t2", "-c32", "--latency", "-d"])
        .arg(format!("{LOAD_SECONDS}s"))
        .arg("-s")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/serve.lua"))
        .arg(format!("http://{address}/v1/statement"))
        .env("POR_TOKENS", &tokens)
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() || said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(format!("the load failed: {said}").into());
    }
    let value = |name: &str| {
        let line = said
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches(':').trim().to_owned())
            .ok_or_else(|| format!("wrk said no {name}: {said}"))
    };
    println!(
        "| statements served, a second, 32 connections | {} |",
        value("Requests/sec")?
    );
    println!("| half of them within | {} |", value("50%")?);
    println!("| 99 % of them within | {} |", value("99%")?);
    Ok(())
}
