//! What chains without proofs give: readings, each of the snapshot's block or of a later one that it names.

use por_protocol::amount::ExactAmount;
use por_protocol::asset::InstanceId;

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;
use super::solana::SolanaNode;
use super::tron::TronNode;
use super::xrpl::XrplNode;

/// A balance that a node is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Canonical address.
    pub address: &'a str,
    /// The token's contract or mint; none for the chain's own coin.
    pub token: Option<&'a str>,
    /// Decimals that the amount is counted at.
    pub decimals: u8,
}

/// What a node said of one balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// At the decimals asked for.
    pub amount: ExactAmount,
    /// The part that the address's key cannot move.
    pub encumbered: ExactAmount,
    /// The part of the amount that is staked, where the client knows.
    pub staked: ExactAmount,
    /// The block or slot that was answered for, where it is not the snapshot's.
    pub answered: Option<u64>,
    /// Whether `encumbered` is of a later block, whatever `amount` is of.
    pub encumbered_later: bool,
}

impl Reading {
    /// Of the very block that was asked for.
    #[must_use]
    pub const fn exact(amount: ExactAmount, encumbered: ExactAmount) -> Self {
        Self {
            amount,
            encumbered,
            staked: ExactAmount::ZERO,
            answered: None,
            encumbered_later: false,
        }
    }

    /// Of the block `found`, where `asked` was meant.
    #[must_use]
    pub fn at(amount: ExactAmount, encumbered: ExactAmount, found: u64, asked: u64) -> Self {
        Self {
            amount,
            encumbered,
            staked: ExactAmount::ZERO,
            answered: (found != asked).then_some(found),
            encumbered_later: found != asked,
        }
    }

    /// Of some block up to `latest`: the node does not say of which.
    #[must_use]
    pub const fn at_least(amount: ExactAmount, encumbered: ExactAmount, latest: u64) -> Self {
        Self {
            amount,
            encumbered,
            staked: ExactAmount::ZERO,
            answered: Some(latest),
            encumbered_later: true,
        }
    }
}

/// A block as its chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// As the chain's own tools print it.
    pub hash: String,
    /// Its own time, in Unix seconds.
    pub time: u64,
}

/// A node of a chain whose state is read and not proven.
pub trait ChainReader {
    /// CAIP-2 id of its chain.
    fn network(&self) -> String;

    /// A fault of this node.
    fn fault(&self, fault: Fault, why: String) -> ChainError;

    /// The last block that will not be replaced.
    ///
    /// # Errors
    /// [`ChainError`].
    fn tip(&self) -> Result<u64, ChainError>;

    /// The block at a height, which will not be replaced.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::NotAvailable`] where there is none.
    fn block(&self, height: u64) -> Result<Block, ChainError>;

    /// Balances at the block, or as near after it as the node answers; in the order asked.
    ///
    /// # Errors
    /// [`ChainError`].
    fn read(
        &self,
        asked: &[Asked<'_>],
        height: u64,
        hash: &str,
    ) -> Result<Vec<Reading>, ChainError>;
}

/// How a node of such a chain is reached.
#[derive(Debug)]
pub struct ReaderClient {
    /// For everything, but what the other one is for.
    pub rpc: JsonRpc,
    /// For a TRON node's solid state, where that has another URL.
    pub solidity: Option<JsonRpc>,
}

/// A client of a chain whose state is read and not proven, by the namespace of its CAIP-2 id.
///
/// # Errors
/// [`ChainError`]; [`Fault::NotAvailable`] for a chain that no client here reads.
pub fn reader<'a>(
    network: &str,
    ReaderClient { rpc, solidity }: &'a ReaderClient,
) -> Result<Box<dyn ChainReader + 'a>, ChainError> {
    match network.split(':').next() {
        Some("tron") => Ok(Box::new(TronNode::connect(rpc, solidity.as_ref())?)),
        Some("solana") => Ok(Box::new(SolanaNode::connect(rpc)?)),
        Some("xrpl") => Ok(Box::new(XrplNode::connect(rpc)?)),
        _ => Err(rpc.fault(
            Fault::NotAvailable,
            format!("nodes of {network} are not read; name one without a URL, read by hand"),
        )),
    }
}

/// The contract or mint of a token; none for the chain's own coin.
pub(super) fn token_of(instance: &InstanceId) -> Option<&str> {
    let (_, coin) = instance.as_str().split_once('/')?;
    let (space, reference) = coin.split_once(':')?;
    (space != "slip44").then_some(reference)
}
