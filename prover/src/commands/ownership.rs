//! `por ownership`: checks signatures of addresses, one by hand or many from a file, the program's own or published by others.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::ownership_import::ImportOwnership;
use super::print;
use crate::error::{Error, Exit};
use crate::ownership::{ClaimLine, Outcome, Tally, verify_batch};
use crate::terminal::progress;

/// Check ownership signatures
#[derive(Debug, clap::Args)]
pub struct Ownership {
    #[command(subcommand)]
    command: OwnershipCommand,
}

#[derive(Debug, Subcommand)]
enum OwnershipCommand {
    Verify(Box<VerifyOwnership>),
    Import(ImportOwnership),
}

/// Check that the key behind an address signed a message
///
/// Exits 0 if every claim is valid, 1 if one is invalid, 6 if none is invalid but one cannot be decided.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Schemes: signmessage, multisig-signmessage, bip137, bip322-simple, bip322-full (Bitcoin); \
    signmessage, multisig-signmessage (Litecoin, Dogecoin, Dash, Bitcoin Cash); \
    eip191, eip191-keccak, eip712, and eip1271 and safe, which need state (EVM); tip191, tron-v1 (TRON); solana, solana-offchain; xrpl (XRP Ledger); \
    adr36 (Cosmos); cip8 (Cardano); ed25519-prefixed (Solana, Cardano, Aptos, Sui, Polkadot, NEAR); ecdsa-prefixed (EVM, Cosmos).\n\
    A batch line is a JSON object with network, scheme, address; message, message_hex or typed_data; signatures; \
    and script, public_key or frame (hex) where the scheme needs it."
)]
pub struct VerifyOwnership {
    /// File with one JSON claim a line, or - for standard input: prints one JSON verdict a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["network", "scheme", "address", "message_file", "typed_data_file", "signature", "script", "public_key", "frame"])]
    pub batch: Option<PathBuf>,
    /// Chain of the address, by its CAIP-2 id such as eip155:1
    #[arg(long, value_name = "CAIP-2", required_unless_present = "batch")]
    pub network: Option<String>,
    /// The one signature scheme to try
    #[arg(long, value_name = "NAME", required_unless_present = "batch")]
    pub scheme: Option<String>,
    /// The address
    #[arg(long, required_unless_present = "batch")]
    pub address: Option<String>,
    /// File with the exact bytes of the message
    #[arg(long, value_name = "FILE", required_unless_present_any = ["batch", "typed_data_file"])]
    pub message_file: Option<PathBuf>,
    /// File with EIP-712 typed data, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "message_file")]
    pub typed_data_file: Option<PathBuf>,
    /// A signature as the wallet prints it; repeat for a multisig
    #[arg(long, value_name = "TEXT", required_unless_present = "batch")]
    pub signature: Vec<String>,
    /// The multisig script behind the address
    #[arg(long, value_name = "HEX")]
    pub script: Option<String>,
    /// A public key that the address does not give
    #[arg(long, value_name = "HEX")]
    pub public_key: Option<String>,
    /// The exact framed bytes that were signed
    #[arg(long, value_name = "HEX")]
    pub frame: Option<String>,
}

impl Ownership {
    /// # Errors
    /// [`Error::Io`] for what cannot be read; whatever is wrong with a claim is in its verdict.
    pub fn run(self) -> Result<Exit, Error> {
        let command = match self.command {
            OwnershipCommand::Verify(command) => command,
            OwnershipCommand::Import(command) => return command.run(),
        };
        match &command.batch {
            Some(path) => run_batch(path),
            None => command.run_one(),
        }
    }
}

impl VerifyOwnership {
    fn run_one(self) -> Result<Exit, Error> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(Error::io(path));
        let mut line = ClaimLine {
            network: self.network.unwrap_or_default(),
            scheme: self.scheme.unwrap_or_default(),
            address: self.address.unwrap_or_default(),
            signatures: self.signature,
            script: self.script,
            public_key: self.public_key,
            frame: self.frame,
            ..ClaimLine::default()
        };
        if let Some(path) = &self.message_file {
            line.message_hex = Some(hex::encode(read(path)?));
        }
        if let Some(path) = &self.typed_data_file {
            let text = String::from_utf8_lossy(&read(path)?).into_owned();
            if let Err(verdict) = line.set_typed_data(&text) {
                let remedy = "Write the JSON that the wallet was given.";
                return Err(Error::input(path, verdict.reason, remedy));
            }
        }
        let verdict = line.verdict();
        let (exit, word) = match verdict.verdict {
            Outcome::Valid => {
                print(b"valid: the key behind this address signed this message\n")?;
                return Ok(Exit::Ok);
            }
            Outcome::Invalid => (Exit::False, "invalid"),
            Outcome::Undecided => (Exit::CannotTell, "undecided"),
        };
        print(format!("{word}: {}\n", verdict.reason).as_bytes())?;
        Ok(exit)
    }
}

fn run_batch(path: &Path) -> Result<Exit, Error> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    let tally = if path == Path::new("-") {
        let mut input = std::io::stdin().lock();
        verify_batch(&mut input, &mut output, &|_| ())
    } else {
        let file = File::open(path).map_err(Error::io(path))?;
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        let bar = progress::bar(bytes, "bytes of claims");
        let mut input = BufReader::new(file);
        let tally = verify_batch(&mut input, &mut output, &|read| bar.inc(read));
        bar.finish_and_clear();
        tally
    };
    let tally = tally.map_err(Error::io(path))?;
    output
        .flush()
        .map_err(Error::io(Path::new("standard output")))?;
    exit(path, tally)
}

/// Nothing was checked in an empty file, which is no way to pass.
fn exit(path: &Path, tally: Tally) -> Result<Exit, Error> {
    match tally {
        Tally {
            valid: 0,
            invalid: 0,
            undecided: 0,
        } => Err(Error::input(
            path,
            "there is no line in it",
            "Write one claim a line.",
        )),
        Tally {
            invalid: 0,
            undecided: 0,
            ..
        } => Ok(Exit::Ok),
        Tally { invalid: 0, .. } => Ok(Exit::CannotTell),
        _ => Ok(Exit::False),
    }
}
