//! The `por` command.

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue};
use por_prover::commands::Cli;
use por_prover::tell;

fn main() -> ExitCode {
    // A core dump would hold keys and balances.
    let undumpable =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    if let Err(error) = undumpable {
        tell!("por: warning: core dumps stay on: {error}");
    }
    let cli = Cli::try_parse().unwrap_or_else(|error| without_keys(error).exit());
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell!("por: {error}");
            error.exit().into()
        }
    }
}

/// A usage error that does not repeat what looks like a key: standard error may end in a log.
fn without_keys(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue] {
        let Some(ContextValue::String(shown)) = error.get(kind) else {
            continue;
        };
        let digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if shown.contains("PRIVATE") || (shown.len() >= 32 && digits(shown)) {
            let instead = "(hidden, for it looks like a key)".to_owned();
            error.insert(kind, ContextValue::String(instead));
        }
    }
    error
}
