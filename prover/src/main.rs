//! The `por` command.

use std::process::ExitCode;

use clap::Parser as _;
use por_prover::commands::Cli;

fn main() -> ExitCode {
    // A core dump would hold keys and balances.
    let undumpable =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    if let Err(error) = undumpable {
        eprintln!("por: warning: core dumps stay on: {error}");
    }
    match Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("por: {error}");
            error.exit().into()
        }
    }
}
