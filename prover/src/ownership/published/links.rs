//! What links owners to a contract: the Safe's own storage, as `por reserves collect` has proven it.
//!
//! Checked: the proofs of the wallets annexes below the folder's blocks, by the code that attestations are checked with.
//! Not proven: that those blocks are blocks of their chains; nobody has confirmed them here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use por_protocol::balances::Wallets;
use por_protocol::state_proof::EvmAddress;

use crate::chains::collect::Collected;
use crate::error::Error;

/// The owners of Safes, on each chain at one block.
#[derive(Debug, Default)]
pub struct Links {
    wallets: Wallets,
    heights: BTreeMap<String, u64>,
}

impl Links {
    /// Reads the folder that `por reserves collect` wrote.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for a record that does not hold.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let collected = Collected::read(folder)?;
        let mut annexes = BTreeMap::new();
        for path in &collected.annexes {
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| Wallets::is_annex(name)) {
                let bytes = std::fs::read(path).map_err(Error::io(path))?;
                annexes.insert(name.to_owned(), bytes);
            }
        }
        let blocks = collected.blocks();
        let wallets = Wallets::read_at(&blocks, None, &annexes).map_err(|error| {
            let remedy = "Collect again with `por reserves collect`.";
            Error::input(folder, error.to_string(), remedy)
        })?;
        let heights = blocks.into_iter();
        Ok(Self {
            wallets,
            heights: heights.map(|block| (block.network, block.height)).collect(),
        })
    }

    /// The block at whose end all of `signers` were owners of the Safe at `address`, and enough of them to speak for it.
    pub(super) fn block_of(&self, network: &str, address: &str, signers: &[String]) -> Option<u64> {
        let safe = self.wallets.safe_owners(network, address)?;
        let signers: Option<BTreeSet<[u8; 20]>> = signers
            .iter()
            .map(|signer| EvmAddress::from_hex(signer).map(|address| *address.as_bytes()))
            .collect();
        let enough = signers.is_some_and(|signers| {
            signers.len() >= safe.threshold() && signers.is_subset(safe.owners())
        });
        self.heights.get(network).copied().filter(|_| enough)
    }
}
