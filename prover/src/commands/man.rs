//! `por man`: manual pages.

use std::path::PathBuf;

use clap::CommandFactory as _;

use super::Cli;
use crate::error::{Error, Exit};
use crate::tell;

/// Write manual pages into a folder
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

impl Man {
    /// # Errors
    /// [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        std::fs::create_dir_all(&self.out).map_err(Error::io(&self.out))?;
        clap_mangen::generate_to(Cli::command(), &self.out).map_err(Error::io(&self.out))?;
        tell!("Wrote manual pages to {}.", self.out.display());
        Ok(Exit::Ok)
    }
}
