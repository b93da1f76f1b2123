//! `por completions`: shell completions.

use clap::CommandFactory as _;

use super::{Cli, print};
use crate::error::{Error, Exit};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

impl Completions {
    /// # Errors
    /// [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "por", &mut text);
        print(&text)?;
        Ok(Exit::Ok)
    }
}
