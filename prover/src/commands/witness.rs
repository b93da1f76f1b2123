//! `por witness`: makes and runs a witness of other people's logs.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;
use por_protocol::note::{KeyName, PublicKey, WitnessSecretKey};

use super::{now, print};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::tell;
use crate::witness::{State, WitnessFolder, serve};

/// Cosign the logs of exchanges, so that none can show two histories
#[derive(Debug, clap::Args)]
pub struct WitnessCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Init(Init),
    Follow(Follow),
    Serve(Serve),
}

#[derive(Debug, clap::Args)]
struct FolderArg {
    /// The witness's folder
    #[arg(long, value_name = "DIR", default_value = "witness")]
    folder: PathBuf,
}

/// Make a witness: its folder and its key
#[derive(Debug, clap::Args)]
struct Init {
    #[command(flatten)]
    folder: FolderArg,
    /// Name of the witness, without scheme, such as witness.example.org/w1
    #[arg(long)]
    name: String,
}

/// Follow a log: cosign its heads from now on
#[derive(Debug, clap::Args)]
struct Follow {
    #[command(flatten)]
    folder: FolderArg,
    /// The log's key (vkey), from a source you trust
    #[arg(value_name = "VKEY")]
    log: String,
    /// The key that this one has replaced: heads that it alone signed are not cosigned any more
    #[arg(long, value_name = "VKEY")]
    instead_of: Option<String>,
}

/// Answer requests for cosignatures (c2sp.org/tlog-witness)
#[derive(Debug, clap::Args)]
struct Serve {
    #[command(flatten)]
    folder: FolderArg,
    /// Address to listen on; put a proxy with TLS before it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8010")]
    listen: SocketAddr,
}

impl WitnessCommand {
    /// # Errors
    /// [`Error::InTheWay`] if the folder is a witness already or another process is this witness; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        match self.step {
            Step::Init(step) => step.run(),
            Step::Follow(step) => step.run(),
            Step::Serve(step) => step.run(),
        }
    }
}

impl Init {
    fn run(self) -> Result<Exit, Error> {
        let folder = WitnessFolder::at(&self.folder.folder);
        let name = KeyName::log_origin(&self.name).map_err(|error| {
            Error::refused(
                format!("--name: {error}"),
                "Write a name that stays yours, such as witness.example.org/w1.",
            )
        })?;
        if folder.key_path().exists() {
            return Err(Error::InTheWay {
                path: folder.key_path(),
                why: "this folder is a witness already".into(),
                remedy: "Go on with `por witness follow`, or name another --folder.".into(),
            });
        }
        secret_file::create_private_dir(folder.path())?;
        State::create(&folder)?;
        let key: WitnessSecretKey = secret_file::create_signing_key(&folder.key_path(), name)?;
        print(format!("{}\n", key.public()).as_bytes())?;
        tell!(
            "This is the witness's public key: exchanges put it into their policy, as `witness <name> <key> <url>`.\n\
             Next: `por witness follow <log key>`, then `por witness serve`."
        );
        Ok(Exit::Ok)
    }
}

impl Follow {
    fn run(self) -> Result<Exit, Error> {
        let folder = WitnessFolder::at(&self.folder.folder);
        let parse = |vkey: &str| {
            PublicKey::from_vkey(vkey).map_err(|error| {
                Error::refused(
                    error.to_string(),
                    "Copy the key from the exchange's policy.",
                )
            })
        };
        let key = parse(&self.log)?;
        // A folder without a key is no witness.
        secret_file::read_signing_key::<{ por_protocol::note::COSIGNATURE }>(&folder.key_path())?;
        let mut logs = folder.logs()?;
        if let Some(old) = &self.instead_of {
            let old = parse(old)?;
            if old.name() != key.name() || !logs.contains(&old) {
                return Err(Error::refused(
                    format!(
                        "--instead-of: this witness does not follow that key of {}",
                        key.name().as_str()
                    ),
                    format!(
                        "Look at {}: it has a line for each key.",
                        folder.logs_path().display()
                    ),
                ));
            }
            logs.retain(|other| *other != old);
        }
        if !logs.contains(&key) {
            logs.push(key);
        }
        let lines: String = logs.iter().map(|key| format!("{key}\n")).collect();
        durable::write(&folder.logs_path(), lines.as_bytes())?;
        tell!(
            "Following {} logs. A running witness must be started again.",
            logs.len()
        );
        Ok(Exit::Ok)
    }
}

impl Serve {
    fn run(self) -> Result<Exit, Error> {
        let folder = WitnessFolder::at(&self.folder.folder);
        let state = State::open(&folder)?;
        let name = state.key().public().name().as_str().to_owned();
        serve(state, self.listen, now, |address| {
            tell!("{name} answers on http://{address}/add-checkpoint. Stop it with Ctrl-C.");
            // Scripts that start a witness wait for this line.
            let _ = std::io::stderr().flush();
        })?;
        Ok(Exit::Ok)
    }
}
