//! `por disclose`: gives a regulator the totals that the public does not see.

use std::io::Write as _;
use std::path::PathBuf;

use age::x25519::Recipient;

use super::{HomeArg, RunArg};
use crate::disclosure::{gather, seal};
use crate::error::{Error, Exit};
use crate::files::secret_file;
use crate::home::Home;
use crate::publication::Publication;
use crate::tell;

/// Write an attestation's sealed totals for a regulator, in an age file that nobody else can open
#[derive(Debug, clap::Args)]
pub struct Disclose {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// A regulator's public key, as `age-keygen` prints it; may be given more than once
    #[arg(long, value_name = "age1…", required = true, value_parser = recipient)]
    pub recipient: Vec<Recipient>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

fn recipient(text: &str) -> Result<Recipient, String> {
    text.parse().map_err(str::to_owned)
}

impl Disclose {
    /// # Errors
    /// [`Error::Refused`] if no total is sealed; [`Error::InTheWay`], [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let run = Home::at(&self.home.home).run(self.run.run)?;
        Publication::refuse_around(&self.out)?;
        if self.out.exists() {
            return Err(Error::InTheWay {
                path: self.out,
                why: "it exists already".into(),
                remedy: "Name a new file.".into(),
            });
        }
        let disclosure = gather(&run)?;
        let sealed = seal(&disclosure, &self.recipient)?;
        let mut file = secret_file::create_private(&self.out)?;
        file.write_all(&sealed)
            .and_then(|()| file.sync_all())
            .map_err(Error::io(&self.out))?;
        tell!(
            "Wrote {}: the totals of {} sealed books, for {} recipients. They open it with `por open`.",
            self.out.display(),
            disclosure.books.len(),
            self.recipient.len()
        );
        Ok(Exit::Ok)
    }
}
