//! The `por` command.

use std::process::ExitCode;

use por_prover::commands::Cli;
use por_prover::tell;

fn main() -> ExitCode {
    // A core dump would hold keys and balances.
    let undumpable =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    if let Err(error) = undumpable {
        tell!("por: warning: core dumps stay on: {error}");
    }
    match Cli::from_arguments().run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell!("por: {error}");
            error.exit().into()
        }
    }
}
