//! What a checker brings for balances: nodes, blocks, tokens.

use std::path::PathBuf;
use std::time::Duration;

use crate::chains::json_rpc::{Endpoint, JsonRpc, Limits};
use crate::chains::reading::ReaderClient;
use crate::chains::recheck::BalanceChecks;
use crate::error::Error;
use crate::home::read_tokens;

/// The options of `por audit` for balances.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BalanceArgs {
    /// Nodes of the own.
    #[command(flatten)]
    pub nodes: NodeArgs,
    /// Your own node of a chain whose balances are read (tron:…, solana:…, xrpl:…): confirms the block, and reads them again;
    /// of TRON NETWORK=URL,URL where the solid state has another port (8090 and 8091)
    #[arg(long, value_name = "NETWORK=URL", value_parser = parse_reader)]
    pub reading_rpc: Vec<ReaderUrls>,
    /// File with its credentials; one for each --reading-rpc, or none
    #[arg(long, value_name = "FILE", requires = "reading_rpc")]
    pub reading_credentials: Vec<PathBuf>,
    /// Block of a chain that you know by other ways, such as a light client: NETWORK=HASH
    #[arg(long, value_name = "NETWORK=HASH", value_parser = parse_block)]
    pub confirm_block: Vec<(String, String)>,
    /// More tokens than the built-in registry has (JSON): contract, decimals, storage layout
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
}

/// A checker's own nodes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct NodeArgs {
    /// Your own Bitcoin node (HTTP, JSON-RPC): confirms the block and lists the unspent outputs again
    #[arg(long, value_name = "URL")]
    pub bitcoin_rpc: Vec<String>,
    /// File with its credentials, such as the node's own .cookie; one for each --bitcoin-rpc, or none
    #[arg(long, value_name = "FILE", requires = "bitcoin_rpc")]
    pub bitcoin_credentials: Vec<PathBuf>,
    /// Your own node of an EVM chain: confirms the block, and asks token contracts again
    #[arg(long, value_name = "URL")]
    pub ethereum_rpc: Vec<String>,
    /// File with its credentials: user:password, or Bearer and a token; one for each --ethereum-rpc, or none
    #[arg(long, value_name = "FILE", requires = "ethereum_rpc")]
    pub ethereum_credentials: Vec<PathBuf>,
    /// Seconds that one call to a node may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub rpc_timeout: u64,
}

impl BalanceArgs {
    /// # Errors
    /// Whatever is wrong with a URL, a file of credentials or the tokens.
    pub fn read(&self) -> Result<BalanceChecks, Error> {
        let nodes = self.nodes.read()?;
        let limits = self.nodes.limits();
        let files = &self.reading_credentials;
        count_credentials(self.reading_rpc.len(), files.len())?;
        let reader = |(index, urls): (usize, &ReaderUrls)| {
            let at = |url: &String| client(url, files.get(index), limits);
            let rpc = at(&urls.url)?;
            let solidity = urls.solidity.as_ref().map(at).transpose()?;
            Ok((urls.network.clone(), ReaderClient { rpc, solidity }))
        };
        let readers: Result<_, Error> = self.reading_rpc.iter().enumerate().map(reader).collect();
        Ok(BalanceChecks {
            tokens: read_tokens(self.tokens.as_deref())?,
            confirm_blocks: self.confirm_block.clone(),
            bitcoin: nodes.bitcoin,
            ethereum: nodes.ethereum,
            readers: readers?,
        })
    }
}

/// Clients of a checker's own nodes.
pub struct Nodes {
    /// Of Bitcoin nodes.
    pub bitcoin: Vec<JsonRpc>,
    /// Of nodes of EVM chains.
    pub ethereum: Vec<JsonRpc>,
}

impl NodeArgs {
    /// # Errors
    /// Whatever is wrong with a URL or a file of credentials.
    pub fn read(&self) -> Result<Nodes, Error> {
        let limits = self.limits();
        Ok(Nodes {
            bitcoin: clients(&self.bitcoin_rpc, &self.bitcoin_credentials, limits)?,
            ethereum: clients(&self.ethereum_rpc, &self.ethereum_credentials, limits)?,
        })
    }

    fn limits(&self) -> Limits {
        Limits {
            time: Duration::from_secs(self.rpc_timeout.max(1)),
            ..Limits::default()
        }
    }
}

fn clients(urls: &[String], files: &[PathBuf], limits: Limits) -> Result<Vec<JsonRpc>, Error> {
    count_credentials(urls.len(), files.len())?;
    let one = |(index, url): (usize, &String)| client(url, files.get(index), limits);
    urls.iter().enumerate().map(one).collect()
}

fn client(url: &str, credentials: Option<&PathBuf>, limits: Limits) -> Result<JsonRpc, Error> {
    let credentials = credentials.map(PathBuf::as_path);
    Ok(JsonRpc::new(Endpoint::new(url, credentials)?, limits))
}

fn count_credentials(nodes: usize, files: usize) -> Result<(), Error> {
    if files == 0 || files == nodes {
        return Ok(());
    }
    Err(Error::refused(
        format!("{nodes} nodes and {files} files of credentials"),
        "Name one file for each node, in the same order.",
    ))
}

fn parse_block(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((network, hash)) if network.contains(':') && !hash.is_empty() => {
            Ok((network.into(), spelled(network, hash)))
        }
        _ => Err("write NETWORK=HASH, such as eip155:1=0xabc…".into()),
    }
}

/// A hash as attestations spell it: Solana's are base58, where capitals count.
fn spelled(network: &str, hash: &str) -> String {
    match network.split(':').next() {
        Some("solana") => hash.into(),
        Some("xrpl") => hash.to_ascii_uppercase(),
        _ => hash.to_ascii_lowercase(),
    }
}

/// Chains that have a client here, by the namespace of their CAIP-2 ids.
const READ: [&str; 3] = ["solana:", "tron:", "xrpl:"];

/// Where a checker's own node of such a chain is.
#[derive(Clone, Debug)]
pub struct ReaderUrls {
    network: String,
    url: String,
    solidity: Option<String>,
}

fn parse_reader(text: &str) -> Result<ReaderUrls, String> {
    let wrong = "write NETWORK=URL, NETWORK being tron:…, solana:… or xrpl:…; of tron:… also NETWORK=URL,URL";
    let known = |network: &&str| READ.iter().any(|chain| network.starts_with(chain));
    let (network, urls) = text.split_once('=').ok_or(wrong)?;
    let network = Some(network).filter(known).ok_or(wrong)?;
    let (url, solidity) = match urls.split_once(',') {
        Some((url, solidity)) if network.starts_with("tron:") => (url, Some(solidity)),
        _ => (urls, None),
    };
    if url.is_empty() || solidity.is_some_and(str::is_empty) {
        return Err(wrong.into());
    }
    Ok(ReaderUrls {
        network: network.into(),
        url: url.into(),
        solidity: solidity.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_spelled_as_attestations_spell_them() {
        for (text, hash) in [
            ("eip155:1=0xABc1", "0xabc1"),
            ("tron:728126428=00AB", "00ab"),
            ("xrpl:0=e6dB", "E6DB"),
            ("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp=7xKXtg", "7xKXtg"),
        ] {
            assert_eq!(parse_block(text).unwrap().1, hash);
        }
    }
}
