//! `por challenge`: prints the text that each address must sign.

use std::path::{Path, PathBuf};

use por_protocol::attestation::ChallengeTerms;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::{
    Address, BitcoinBlock, Challenge, ChallengeNonce, Network, POW_FLOOR,
};

use super::{HomeArg, print};
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::tell;

/// What dates the signatures, the same for `challenge` and `attest`.
#[derive(Debug, Clone, clap::Args)]
pub struct ChallengeArgs {
    /// File with the 80-byte header of a recent Bitcoin block, in hex
    #[arg(long, value_name = "FILE")]
    pub block_header: PathBuf,
    /// The regulator's nonce, hex, up to 64 bytes
    #[arg(long, value_name = "HEX", default_value = "")]
    pub nonce: String,
}

impl ChallengeArgs {
    /// The terms, and the challenge that follows from them.
    ///
    /// # Errors
    /// [`Error::Input`] for a header that is malformed or without work, [`Error::Refused`] for the nonce.
    pub fn read(
        &self,
        entity: &str,
        log_origin: &str,
    ) -> Result<(ChallengeTerms, Challenge), Error> {
        let path = &self.block_header;
        let remedy = "Write what `bitcoin-cli getblockheader <hash> false` prints.";
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let bytes = hex::decode(text.trim_end())
            .map_err(|error| Error::input(path, error.to_string(), remedy))?;
        let wrong = |error: por_protocol::ownership::OwnershipError| {
            Error::input(path, error.to_string(), remedy)
        };
        let block = BitcoinBlock::from_bytes(&bytes).map_err(wrong)?;
        block.verify_work(&POW_FLOOR).map_err(wrong)?;
        let refuse =
            |why: String| Error::refused(format!("--nonce: {why}"), "Write up to 64 bytes in hex.");
        let nonce = hex::decode(&self.nonce).map_err(|error| refuse(error.to_string()))?;
        let parsed =
            ChallengeNonce::from_bytes(&nonce).map_err(|error| refuse(error.to_string()))?;
        let challenge = Challenge::new(entity, log_origin, block, parsed)
            .map_err(|error| Error::refused(error.to_string(), "Correct por.toml."))?;
        Ok((
            ChallengeTerms {
                block: HexBytes(bytes),
                nonce: HexBytes(nonce),
            },
            challenge,
        ))
    }
}

/// Print the text that an address must sign to prove control of it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "How the addresses of each chain sign it: por ownership verify --help lists the schemes."
)]
pub struct ChallengeCommand {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// What dates the signatures.
    #[command(flatten)]
    pub terms: ChallengeArgs,
    /// CSV with the columns network,address (more columns are ignored): writes a text file for each into --out, and for EVM addresses its EIP-712 twin
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["network", "address"])]
    pub addresses: Option<PathBuf>,
    /// Folder for the texts of --addresses
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Chain of --address, by its CAIP-2 id such as eip155:1
    #[arg(
        long,
        value_name = "CAIP-2",
        requires = "address",
        required_unless_present = "addresses"
    )]
    pub network: Option<String>,
    /// Print the EIP-712 typed data instead of the text
    #[arg(long, requires = "address")]
    pub typed_data: bool,
    /// Address whose text to print
    #[arg(long, requires = "network")]
    pub address: Option<String>,
}

impl ChallengeCommand {
    /// # Errors
    /// [`Error::Line`] for a wrong address, [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let settings = Home::at(&self.home.home).settings()?;
        let (_, challenge) = self.terms.read(&settings.entity, &settings.log_origin)?;
        if let (Some(network), Some(address)) = (&self.network, &self.address) {
            let address = parse(network, address)
                .map_err(|why| Error::refused(why, "Write an address of this chain."))?;
            if self.typed_data {
                let json = challenge.typed_data_json(&address);
                let json = json.map_err(|error| {
                    Error::refused(error.to_string(), "Leave --typed-data out for this chain.")
                })?;
                print(json.as_bytes())?;
            } else {
                // No line feed at the end: the signature is over exactly these bytes.
                print(challenge.text(&address).as_bytes())?;
            }
        }
        if let (Some(file), Some(out)) = (&self.addresses, &self.out) {
            let written = write_all(file, out, &challenge)?;
            tell!(
                "Wrote {written} texts to {}; sign each as it is, byte for byte, or the typed data (.json) beside it.",
                out.display()
            );
        }
        Ok(Exit::Ok)
    }
}

fn parse(network: &str, address: &str) -> Result<Address, String> {
    let network: Network = network
        .parse()
        .map_err(|error| format!("network: {error}"))?;
    Address::parse(&network, address).map_err(|error| format!("address: {error}"))
}

fn write_all(file: &Path, out: &Path, challenge: &Challenge) -> Result<usize, Error> {
    let line_error = |line, why: String| Error::Line {
        path: file.to_owned(),
        line,
        why,
        remedy: "Write a header with network,address and one address of that chain on each line."
            .into(),
    };
    let csv_error = |error: csv::Error| {
        line_error(
            error.position().map_or(0, csv::Position::line),
            error.to_string(),
        )
    };
    let mut reader = csv::Reader::from_reader(std::fs::File::open(file).map_err(Error::io(file))?);
    let header = reader.headers().map_err(csv_error)?;
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(network), Some(address)) = (column("network"), column("address")) else {
        return Err(line_error(1, "no columns network and address".into()));
    };
    let mut texts = std::collections::BTreeMap::new();
    let mut addresses = 0;
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column| record.get(column).unwrap_or_default();
        let address = parse(field(network), field(address)).map_err(|why| line_error(line, why))?;
        // `:` is no character for a file name everywhere.
        let name = format!(
            "{}_{}.txt",
            address.network().to_string().replace(':', "_"),
            address.as_str()
        );
        // Typed data exists for EVM addresses only; where it does, either may be signed.
        if let Ok(twin) = challenge.typed_data_json(&address) {
            texts.insert(name.replace(".txt", ".json"), twin + "\n");
        }
        texts.insert(name, challenge.text(&address));
        addresses += 1;
    }
    std::fs::create_dir_all(out).map_err(Error::io(out))?;
    for (name, text) in &texts {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(Error::io(&path))?;
    }
    Ok(addresses)
}
