//! What a checker brings for balances: nodes, blocks, tokens.

use std::path::PathBuf;
use std::time::Duration;

use crate::chains::json_rpc::{Endpoint, JsonRpc, Limits};
use crate::chains::recheck::BalanceChecks;
use crate::error::Error;
use crate::home::read_tokens;

/// The options of `por audit` for balances.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BalanceArgs {
    /// Nodes of the own.
    #[command(flatten)]
    pub nodes: NodeArgs,
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
        Ok(BalanceChecks {
            tokens: read_tokens(self.tokens.as_deref())?,
            confirm_blocks: self.confirm_block.clone(),
            bitcoin: nodes.bitcoin,
            ethereum: nodes.ethereum,
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
        let limits = Limits {
            time: Duration::from_secs(self.rpc_timeout.max(1)),
            ..Limits::default()
        };
        Ok(Nodes {
            bitcoin: clients(&self.bitcoin_rpc, &self.bitcoin_credentials, limits)?,
            ethereum: clients(&self.ethereum_rpc, &self.ethereum_credentials, limits)?,
        })
    }
}

fn clients(urls: &[String], files: &[PathBuf], limits: Limits) -> Result<Vec<JsonRpc>, Error> {
    if !files.is_empty() && files.len() != urls.len() {
        return Err(Error::refused(
            format!(
                "{} nodes and {} files of credentials",
                urls.len(),
                files.len()
            ),
            "Name one file for each node, in the same order.",
        ));
    }
    let client = |(index, url): (usize, &String)| {
        let credentials = files.get(index).map(PathBuf::as_path);
        Ok(JsonRpc::new(Endpoint::new(url, credentials)?, limits))
    };
    urls.iter().enumerate().map(client).collect()
}

fn parse_block(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((network, hash)) if network.contains(':') && !hash.is_empty() => {
            Ok((network.into(), hash.to_ascii_lowercase()))
        }
        _ => Err("write NETWORK=HASH, such as eip155:1=0xabc…".into()),
    }
}
