//! The sample exchange's log and its witnesses.

use por_protocol::digest::Digest;
use por_protocol::log::{Checkpoint, LogProof, TreeSize};
use por_protocol::merkle::{RowTree, leaf_hash};
use por_protocol::note::{KeyName, WitnessSecretKey};

use super::exchange::{Terms, seed, sign_text};

/// What of the log a statement shows.
#[derive(Clone, Debug)]
pub struct SampleLog {
    /// Entries before the attestation's and after it.
    pub around: (u64, u64),
    /// Number and time of each witness that cosigns the head.
    pub cosigned: Vec<(u8, u64)>,
}

/// A witness's key.
///
/// # Panics
/// Never.
#[must_use]
pub fn witness(number: u8) -> WitnessSecretKey {
    let name = KeyName::new(&format!("witness.example/{number}")).expect("a key name");
    WitnessSecretKey::new(name, &seed(30, number)).expect("a usable seed")
}

impl SampleLog {
    /// The log that holds the attestation of these terms as its last entry, without witnesses.
    #[must_use]
    pub const fn ending_with(terms: &Terms) -> Self {
        Self {
            around: (terms.sequence, 0),
            cosigned: Vec::new(),
        }
    }

    /// Leaf hashes of the log around this entry.
    #[must_use]
    pub fn leaves(&self, entry: &[u8]) -> Vec<Digest> {
        let filler = |number: u64| leaf_hash(format!("entry {number}").as_bytes());
        let (before, after) = self.around;
        (0..before)
            .map(filler)
            .chain([leaf_hash(entry)])
            .chain((before..before + after).map(filler))
            .collect()
    }

    /// Its head, signed by the log and cosigned.
    ///
    /// # Panics
    /// If the origin is no key name.
    #[must_use]
    pub fn head(&self, terms: &Terms, entry: &[u8]) -> String {
        let leaves = self.leaves(entry);
        let text = Checkpoint {
            origin: KeyName::new(&terms.log_origin).expect("an origin is a key name"),
            size: TreeSize::new(leaves.len() as u64),
            root: RowTree::from_leaves(&leaves).root(),
        }
        .to_text();
        let cosign = |(number, time): &(u8, u64)| witness(*number).cosign(&text, *time);
        let cosigned: Result<String, _> = self.cosigned.iter().map(cosign).collect();
        sign_text(&terms.log_key(), &text) + &cosigned.expect("a time")
    }

    /// The proof that this entry is in it.
    ///
    /// # Panics
    /// As [`SampleLog::head`].
    #[must_use]
    pub fn proof(&self, terms: &Terms, entry: &[u8]) -> String {
        let index = self.around.0;
        let tree = RowTree::from_leaves(&self.leaves(entry));
        LogProof {
            index,
            path: tree.path(usize::try_from(index).expect("small")),
            checkpoint: self.head(terms, entry).as_bytes(),
        }
        .to_text()
    }
}
