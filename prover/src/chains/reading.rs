//! What chains without proofs give: readings, each of the snapshot's block or of a later one that it names.

use por_protocol::amount::ExactAmount;

use super::error::{ChainError, Fault};

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
    /// The block or slot that was answered for, where it is not the snapshot's.
    pub answered: Option<u64>,
}

impl Reading {
    /// Of the very block that was asked for.
    #[must_use]
    pub const fn exact(amount: ExactAmount, encumbered: ExactAmount) -> Self {
        Self {
            amount,
            encumbered,
            answered: None,
        }
    }

    /// Of the block `found`, where `asked` was meant.
    #[must_use]
    pub fn at(amount: ExactAmount, encumbered: ExactAmount, found: u64, asked: u64) -> Self {
        Self {
            amount,
            encumbered,
            answered: (found != asked).then_some(found),
        }
    }

    /// Of some block up to `latest`: the node does not say of which.
    #[must_use]
    pub const fn at_least(amount: ExactAmount, latest: u64) -> Self {
        Self {
            amount,
            encumbered: ExactAmount::ZERO,
            answered: Some(latest),
        }
    }
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

    /// Hash of the block at a height.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::NotAvailable`] where there is none.
    fn block(&self, height: u64) -> Result<String, ChainError>;

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
