//! The command line: one subcommand, one file, one typed output. stdout is data, stderr is for people.

mod approve;
mod attest;
mod audit;
mod balances;
mod build;
mod challenge;
mod compare;
mod completions;
mod demo;
mod disclose;
mod holdings;
mod init;
mod log;
mod log_rotate;
mod man;
mod mirror;
mod open;
mod ownership;
mod ownership_import;
mod plan;
mod publish;
mod reserves;
mod selfcheck;
mod serve;
mod shard;
mod statement;
mod usage;
mod verify;
mod window;
mod witness;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use por_protocol::note::{KeyName, PublicKey};
use por_protocol::policy::Policy;
use por_protocol::report::{Covered, Included, Outcome, Report};

use crate::error::{Error, Exit};
use crate::terminal::report_text::{self, Question};

pub use attest::Attest;
pub use audit::Audit;
pub use build::Build;
pub use init::Init;
pub use plan::PlanCommand;
pub use publish::Publish;
pub use statement::StatementCommand;
pub use verify::Verify;

/// Publish and check proofs of reserves.
#[derive(Debug, Parser)]
#[command(name = "por", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 ok · 1 checked and false · 2 usage · 3 bad input · 4 I/O or network · \
                        5 unsupported version · 6 cannot tell"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Init),
    Plan(PlanCommand),
    Build(Build),
    Shard(shard::ShardCommand),
    Challenge(challenge::ChallengeCommand),
    Attest(Attest),
    Approve(approve::Approve),
    Reserves(reserves::Reserves),
    Publish(Publish),
    Statement(StatementCommand),
    Serve(serve::ServeCommand),
    Verify(Verify),
    Audit(Audit),
    Log(log::LogCommand),
    Mirror(mirror::MirrorCommand),
    Disclose(disclose::Disclose),
    Open(open::Open),
    Compare(compare::Compare),
    Holdings(holdings::Holdings),
    Window(window::WindowCommand),
    Witness(witness::WitnessCommand),
    Ownership(ownership::Ownership),
    Selfcheck(selfcheck::Selfcheck),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Cli {
    /// The command line of this process; ends it with 2 where that is wrong, or with 0 after `--help`.
    #[must_use]
    pub fn from_arguments() -> Self {
        Self::try_parse().unwrap_or_else(|error| usage::without_keys(error).exit())
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Whatever keeps it from doing its work; see [`Error::exit`].
    pub fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Init(command) => command.run(),
            Command::Plan(command) => command.run(),
            Command::Build(command) => command.run(),
            Command::Shard(command) => command.run(),
            Command::Challenge(command) => command.run(),
            Command::Attest(command) => command.run(),
            Command::Approve(command) => command.run(),
            Command::Reserves(command) => command.run(),
            Command::Publish(command) => command.run(),
            Command::Statement(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Verify(command) => command.run(),
            Command::Audit(command) => command.run(),
            Command::Log(command) => command.run(),
            Command::Mirror(command) => command.run(),
            Command::Disclose(command) => command.run(),
            Command::Open(command) => command.run(),
            Command::Compare(command) => command.run(),
            Command::Holdings(command) => command.run(),
            Command::Window(command) => command.run(),
            Command::Witness(command) => command.run(),
            Command::Ownership(command) => command.run(),
            Command::Selfcheck(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}

/// Unix seconds, from the machine's clock.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Writes data to stdout; a closed or full stdout is an I/O error, never ignored.
fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(Error::io(Path::new("standard output")))
}

/// Prints a report as JSON or in words; `brought` is what the checker came with, for the words.
fn print_report(
    report: &Report,
    question: Question,
    brought: &[(&str, String)],
    json: bool,
) -> Result<(), Error> {
    let text = if json {
        let fault = |error: serde_json::Error| Error::Io {
            path: PathBuf::from("report"),
            source: error.into(),
        };
        serde_json::to_string(report).map_err(fault)? + "\n"
    } else {
        report_text::render(report, question, brought)
    };
    print(text.as_bytes())
}

/// The exit code of a report: by `included`; a version this program does not know is 5.
fn report_exit(report: &Report) -> Exit {
    match report.included {
        Included::Verified => Exit::Ok,
        Included::NotVerified => Exit::False,
        Included::CannotTell => {
            let unsupported = |check: &por_protocol::report::Check| {
                check.outcome == Outcome::CannotTell && check.reason == Some("unsupported")
            };
            if report.checks.iter().any(unsupported) {
                Exit::Unsupported
            } else {
                Exit::CannotTell
            }
        }
    }
}

/// As [`report_exit`], and 1 if a book is under-reserved.
fn audit_exit(report: &Report) -> Exit {
    match report_exit(report) {
        Exit::Ok
            if report
                .books
                .iter()
                .any(|book| book.covered == Covered::NotCovered) =>
        {
            Exit::False
        }
        Exit::Ok
            if report
                .books
                .iter()
                .any(|book| book.covered == Covered::CannotTell) =>
        {
            Exit::CannotTell
        }
        exit => exit,
    }
}

/// The public half of a key that is kept elsewhere, as `flag` gives it.
///
/// # Errors
/// [`Error::Refused`].
fn public_key(flag: &str, name: KeyName, hex: &str) -> Result<PublicKey, Error> {
    let refuse = |why: String| {
        Error::refused(
            format!("{flag}: {why}"),
            "Write the 64 hexadecimal digits of an Ed25519 public key (RFC 8032).",
        )
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).map_err(|error| refuse(error.to_string()))?;
    PublicKey::new(name, &bytes).map_err(|error| refuse(error.to_string()))
}

/// Reads the policy that the checker brought. One that cannot be used is bad input, not a false claim.
fn read_policy(path: &Path) -> Result<(Vec<u8>, Policy), Error> {
    let text = std::fs::read(path).map_err(Error::io(path))?;
    let policy = Policy::parse(&text).map_err(|error| {
        let remedy = "Get the policy from the exchange or its auditor, from a source you trust.";
        Error::input(path, error.to_string(), remedy)
    })?;
    Ok((text, policy))
}

/// `--home`, the same everywhere.
#[derive(Debug, Clone, clap::Args)]
pub struct HomeArg {
    /// The exchange's folder, made by `por init`
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub home: PathBuf,
}

/// `--run`, the same everywhere.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RunArg {
    /// Sequence number of the run [default: the last one]
    #[arg(long, value_name = "SEQUENCE")]
    pub run: Option<u64>,
}
