//! RFC 6962 Merkle trees over exact bytes: the rows of books and of reserves (SPEC §7.2), the entries of the log (§7.6).
//!
//! Leaf hash = SHA-256(0x00 ‖ row), node hash = SHA-256(0x01 ‖ left ‖ right), an odd node is promoted. The tree is
//! `rs_merkle`'s with this hasher; inclusion is verified here, because a verifier must use every hash it is given and no
//! other number of them (RFC 9162 §2.1.3.2).

use alloc::vec::Vec;

use rs_merkle::{Hasher, MerkleTree};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::error::Error;

/// The tagged hasher of RFC 6962.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    /// Leaf hash.
    fn hash(data: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update([0])
            .chain_update(data)
            .finalize()
            .into()
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            None => *left,
            Some(right) => Sha256::new()
                .chain_update([1])
                .chain_update(left)
                .chain_update(right)
                .finalize()
                .into(),
        }
    }
}

/// H(0x00 ‖ row).
#[must_use]
pub fn leaf_hash(row: &[u8]) -> Digest {
    Digest::from_bytes(Rfc6962::hash(row))
}

/// H(0x01 ‖ left ‖ right).
pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let right = Some(right.as_bytes());
    Digest::from_bytes(Rfc6962::concat_and_hash(left.as_bytes(), right))
}

/// The root over leaf hashes; SHA-256 of nothing for none (RFC 6962 §2.1).
#[must_use]
pub fn tree_root(leaves: &[Digest]) -> Digest {
    RowTree::from_leaves(leaves).root()
}

/// A list of rows with its Merkle tree.
pub struct RowTree(MerkleTree<Rfc6962>);

impl RowTree {
    /// Builds the tree over exact row bytes (without their line feed).
    #[must_use]
    pub fn new<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let leaves: Vec<Digest> = rows.into_iter().map(leaf_hash).collect();
        Self::from_leaves(&leaves)
    }

    /// Builds the tree over leaf hashes.
    #[must_use]
    pub fn from_leaves(leaves: &[Digest]) -> Self {
        let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        Self(MerkleTree::from_leaves(&leaves))
    }

    /// The root; SHA-256 of nothing for no rows (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> Digest {
        self.0
            .root()
            .map_or_else(|| Digest::of(&[]), Digest::from_bytes)
    }

    /// The audit path of one row, from the row up.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<Digest> {
        self.0
            .proof(&[index])
            .proof_hashes()
            .iter()
            .copied()
            .map(Digest::from_bytes)
            .collect()
    }
}

/// Checks that `row` is row `index` of `count` under `root`.
///
/// # Errors
/// [`Error::Mismatch`] naming `what`.
pub fn verify_row(
    what: &'static str,
    row: &[u8],
    index: u64,
    count: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), Error> {
    let refuse = |why: &str| Error::Mismatch {
        what,
        why: why.into(),
    };
    let mut last = match count.checked_sub(1) {
        Some(last) if index <= last => last,
        _ => return Err(refuse("the row's index is not below the count")),
    };
    let mut at = index;
    let mut hash = leaf_hash(row);
    for sibling in path {
        if last == 0 {
            return Err(refuse("the path is too long"));
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(refuse("the path is too short"));
    }
    if hash == *root {
        Ok(())
    } else {
        Err(refuse("the row is not under the root"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|row| format!("row {row}").into_bytes())
            .collect()
    }

    #[test]
    fn known_answers_of_rfc_6962() {
        // printf '' | sha256sum; printf '\0' | sha256sum; and by shell over the two rows "L" and "R":
        // (printf '\1'; printf '\0L' | sha256sum | xxd -r -p; printf '\0R' | sha256sum | xxd -r -p) | sha256sum
        let root = |rows: &[&[u8]]| RowTree::new(rows.iter().copied()).root().to_string();
        assert_eq!(
            root(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            root(&[b""]),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            root(&[b"L", b"R"]),
            "884ebc173af31600b9cad1036b4a768ef1ca9374a2784a94ec2c551d646982bc"
        );
    }

    #[test]
    fn every_row_of_every_size_is_included_and_nothing_else_is() {
        for count in 1..=40 {
            let rows = rows(count);
            let tree = RowTree::new(rows.iter().map(Vec::as_slice));
            let root = tree.root();
            for (index, row) in rows.iter().enumerate() {
                let path = tree.path(index);
                let check = |row: &[u8], index: usize, count: usize, path: &[Digest]| {
                    verify_row("row", row, index as u64, count as u64, path, &root)
                };
                assert_eq!(check(row, index, count, &path), Ok(()));
                assert!(check(b"other", index, count, &path).is_err());
                assert!(check(row, index + 1, count, &path).is_err());
                assert!(check(row, index, index, &path).is_err());
                let mut longer = path.clone();
                longer.push(Digest::of(b"x"));
                assert!(check(row, index, count, &longer).is_err());
                if let Some((_, shorter)) = path.split_last() {
                    assert!(check(row, index, count, shorter).is_err());
                }
            }
        }
    }
}
