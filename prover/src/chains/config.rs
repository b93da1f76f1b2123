//! `chains.toml`: the exchange's own nodes, and the block of each chain that stands for the snapshot.
//!
//! ```toml
//! [[chain]]
//! network = "eip155:1"
//! depth = 64                       # blocks below the tip; or: height = 25600000
//! [[chain.node]]
//! name = "own geth"
//! url = "http://127.0.0.1:8545"
//! credentials = "geth.credentials" # beside this file: user:password, or Bearer and a token
//!
//! [[chain]]
//! network = "tron:728126428"
//! [[chain.node]]
//! name = "own java-tron"
//! url = "http://127.0.0.1:8090"
//! solidity_url = "http://127.0.0.1:8091" # for /walletsolidity; left out where `url` serves both
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use por_protocol::book_row::Evidence;
use serde::Deserialize;

use super::json_rpc::{Endpoint, JsonRpc, Limits};
use super::reading::ReaderClient;
use crate::error::Error;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainsConfig {
    /// Each chain once.
    pub chain: Vec<ChainConfig>,
    /// Folder that the file lies in.
    #[serde(skip)]
    folder: PathBuf,
}

/// One chain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// CAIP-2 id.
    pub network: String,
    /// Height of the snapshot's block.
    pub height: Option<u64>,
    /// How far below the first node's tip the snapshot's block lies, where no height is given.
    #[serde(default)]
    pub depth: u64,
    /// `agreed_readings` to take what several nodes say in place of proofs; otherwise the best that the chain allows.
    pub evidence: Option<Evidence>,
    /// Nodes: the first proves, all must agree. One without a URL was read by hand.
    pub node: Vec<NodeConfig>,
}

/// One node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// What it is called in readings.
    pub name: String,
    /// Where it answers.
    pub url: Option<String>,
    /// Where a TRON node answers for its solid state, if not there.
    pub solidity_url: Option<String>,
    /// File with its credentials.
    pub credentials: Option<PathBuf>,
    /// Time limit of one call.
    pub timeout_seconds: Option<u64>,
    /// Size limit of one reply.
    pub reply_bytes: Option<u64>,
    /// Requests in one batch.
    pub batch: Option<usize>,
}

impl ChainsConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Io`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let wrong = |why: String| {
            let remedy = "See the example in the README.";
            Error::input(path, why, remedy)
        };
        let mut config: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        for (index, chain) in config.chain.iter().enumerate() {
            let earlier = config.chain.iter().take(index);
            if earlier
                .into_iter()
                .any(|other| other.network == chain.network)
            {
                return Err(wrong(format!("{} stands twice", chain.network)));
            }
            let mut names: Vec<_> = chain.node.iter().map(|node| &node.name).collect();
            names.sort();
            names.dedup();
            if names.len() != chain.node.len() || names.is_empty() {
                let why = format!("{}: it needs nodes, each of its own name", chain.network);
                return Err(wrong(why));
            }
            let is_tron = chain.network.starts_with("tron:");
            let solidity = |node: &NodeConfig| node.solidity_url.is_some();
            if chain
                .node
                .iter()
                .any(|node| solidity(node) && (!is_tron || node.url.is_none()))
            {
                let why = format!(
                    "{}: only nodes of TRON that have a url have a solidity_url beside it",
                    chain.network
                );
                return Err(wrong(why));
            }
            if !matches!(chain.evidence, None | Some(Evidence::AgreedReadings)) {
                let why = format!("{}: only agreed_readings can be asked for", chain.network);
                return Err(wrong(why));
            }
        }
        config.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(config)
    }

    /// The chain of that CAIP-2 id.
    #[must_use]
    pub fn find(&self, network: &str) -> Option<&ChainConfig> {
        self.chain.iter().find(|chain| chain.network == network)
    }

    /// A client of a node; `None` for one that was read by hand.
    ///
    /// # Errors
    /// Whatever is wrong with its URL or credentials.
    pub fn client(&self, node: &NodeConfig) -> Result<Option<ReaderClient>, Error> {
        let Some(url) = &node.url else {
            return Ok(None);
        };
        let credentials = node.credentials.as_ref().map(|path| self.folder.join(path));
        let own = Limits::default();
        let limits = Limits {
            time: node.timeout_seconds.map_or(own.time, Duration::from_secs),
            reply_bytes: node.reply_bytes.unwrap_or(own.reply_bytes),
            batch: node.batch.unwrap_or(own.batch),
        };
        let at = |url: &String| {
            let endpoint = Endpoint::new(url, credentials.as_deref())?;
            Ok::<_, Error>(JsonRpc::new(endpoint, limits))
        };
        Ok(Some(ReaderClient {
            rpc: at(url)?,
            solidity: node.solidity_url.as_ref().map(at).transpose()?,
        }))
    }
}
