//! Why a node's answer is of no use, or shows that something is false.

use std::fmt;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The answer is longer than allowed.
    TooLarge,
    /// The answer is not what the call returns.
    Malformed,
    /// The node wants other credentials.
    Unauthorized,
    /// The node points elsewhere, or lives where no node is asked.
    Forbidden,
    /// The node answered with an error of its own.
    NodeError,
    /// The node has not yet, or no longer, what is asked for.
    NotAvailable,
    /// The node is of another chain.
    WrongChain,
    /// The block is not in the node's chain, or left it while it was read.
    OtherBlock,
    /// Nodes, or a node and what it answered before, do not agree.
    Disagreement,
    /// A proof of the node's does not verify, or a balance is another than was stated.
    False,
}

impl Fault {
    /// Whether something was shown to be false; otherwise it could not be found out.
    #[must_use]
    pub const fn is_false(self) -> bool {
        matches!(
            self,
            Self::WrongChain | Self::OtherBlock | Self::Disagreement | Self::False
        )
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Unreachable => "Start the node, or correct its URL.",
            Self::TimedOut => "Ask again, or allow more time.",
            Self::TooLarge | Self::Malformed | Self::NodeError => {
                "Look at the node's log; ask another node."
            }
            Self::Unauthorized => "Name the file with the node's credentials.",
            Self::Forbidden => "Name the node's own address.",
            Self::NotAvailable => {
                "Wait until the node has synchronised, or ask one that keeps old states."
            }
            Self::WrongChain => "Name a node of the chain.",
            Self::OtherBlock => "Take the snapshot at a deeper block.",
            Self::Disagreement | Self::False => "Ask a further node which of them is right.",
        }
    }
}

/// A fault of a node, named without its credentials.
#[derive(Clone, Debug)]
pub struct ChainError {
    /// The node as people know it: scheme, host and port of its URL.
    pub node: String,
    /// What is wrong.
    pub fault: Fault,
    /// In words.
    pub why: String,
}

impl ChainError {
    /// A fault of `node`.
    pub fn new(node: &str, fault: Fault, why: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            fault,
            why: why.into(),
        }
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  {}", self.node, self.why, self.fault.remedy())
    }
}

impl std::error::Error for ChainError {}
