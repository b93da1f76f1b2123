//! `por selfcheck`: digests to compare with those of a release that others have built too.
//!
//! What it says of the program that runs it is worth as much as that program; it helps someone who checks a page or a
//! copy with a program already trusted, and it names the exact bytes in a report of a fault.

use std::fmt::Write as _;
use std::path::PathBuf;

use por_protocol::digest::Digest;

use super::{print, read_policy};
use crate::error::{Error, Exit};
use crate::publication::page_digests;

/// Print the SHA-256 of this program, and of a built page
#[derive(Debug, clap::Args)]
pub struct Selfcheck {
    /// The built page (web/dist)
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// A publication's policy: prints the digests that its page.sha256 must hold
    #[arg(long, value_name = "FILE", requires = "page")]
    pub policy: Option<PathBuf>,
}

impl Selfcheck {
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for what is no page.
    pub fn run(self) -> Result<Exit, Error> {
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let policy = policy.as_ref().map(|(text, _)| text.as_slice());
        let page = match &self.page {
            Some(page) => page_digests(page, policy)?,
            // Its own file only where nothing else was asked for: with a page, stdout is the list and nothing more.
            None => {
                let path = std::env::current_exe().map_err(Error::io("this program".as_ref()))?;
                let digest = Digest::of(&std::fs::read(&path).map_err(Error::io(&path))?);
                let mut line = String::new();
                let _ = writeln!(line, "{digest}  por {}", env!("CARGO_PKG_VERSION"));
                line
            }
        };
        print(page.as_bytes())?;
        Ok(Exit::Ok)
    }
}
