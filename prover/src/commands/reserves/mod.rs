//! `por reserves`: work on the list of reserves before it is attested.

mod collect;
mod import;

use clap::Subcommand;

use crate::error::{Error, Exit};

/// Bring signatures of addresses and their balances together
#[derive(Debug, clap::Args)]
pub struct Reserves {
    #[command(subcommand)]
    command: ReservesCommand,
}

#[derive(Debug, Subcommand)]
enum ReservesCommand {
    Collect(collect::Collect),
    Import(Box<import::Import>),
}

impl Reserves {
    /// # Errors
    /// Those of the subcommand.
    pub fn run(self) -> Result<Exit, Error> {
        match self.command {
            ReservesCommand::Collect(command) => command.run(),
            ReservesCommand::Import(command) => command.run(),
        }
    }
}
