//! Consistency proofs: a larger tree begins with the smaller one (RFC 6962 §2.1.2, RFC 9162 §2.1.4).
//!
//! Claim of [`verify_consistency`]: the first `older.size` entries under `newer.root` are exactly those under `older.root`.
//! Cost: at most 2·log₂(size) hashes.

use alloc::vec::Vec;

use super::checkpoint::{Checkpoint, TreeSize};
use crate::digest::Digest;
use crate::error::Error;
use crate::merkle::{node_hash, tree_root};

/// The proof that the first `older` of these leaf hashes are a prefix of all of them; empty for a size of none or all.
///
/// # Errors
/// [`Error::Count`] if there are fewer leaves than `older`.
pub fn prove_consistency(leaves: &[Digest], older: TreeSize) -> Result<Vec<Digest>, Error> {
    let size = usize::try_from(older.get()).unwrap_or(usize::MAX);
    if size > leaves.len() {
        return Err(Error::Count {
            what: "entries of the log",
            expected: older.get(),
            found: leaves.len() as u64,
        });
    }
    let mut proof = Vec::new();
    if size > 0 {
        subproof(leaves, size, true, &mut proof);
    }
    Ok(proof)
}

/// SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2, from the leaves up.
fn subproof(leaves: &[Digest], older: usize, complete: bool, proof: &mut Vec<Digest>) {
    if older == leaves.len() {
        if !complete {
            proof.push(tree_root(leaves));
        }
        return;
    }
    // The largest power of two below the number of leaves; there are at least two here.
    let half = leaves.len().next_power_of_two() >> 1;
    let Some((left, right)) = leaves.split_at_checked(half) else {
        return;
    };
    match older.checked_sub(half) {
        Some(rest @ 1..) => {
            subproof(right, rest, false, proof);
            proof.push(tree_root(left));
        }
        _ => {
            subproof(left, older, complete, proof);
            proof.push(tree_root(right));
        }
    }
}

/// Checks that `newer` extends `older`; both are of one log.
///
/// # Errors
/// [`Error::Inconsistent`] with both sizes; [`Error::Mismatch`] for heads of two logs.
pub fn verify_consistency(
    older: &Checkpoint,
    newer: &Checkpoint,
    proof: &[Digest],
) -> Result<(), Error> {
    if older.origin != newer.origin {
        return Err(Error::Mismatch {
            what: "log origin",
            why: alloc::format!("{} and {}", older.origin.as_str(), newer.origin.as_str()),
        });
    }
    if extends(older, newer, proof) == Some(true) {
        Ok(())
    } else {
        Err(Error::Inconsistent {
            older: older.size.get(),
            newer: newer.size.get(),
        })
    }
}

/// RFC 9162 §2.1.4.2, with the two sizes it leaves out. `None` for a proof of the wrong length.
fn extends(older: &Checkpoint, newer: &Checkpoint, proof: &[Digest]) -> Option<bool> {
    let (first, second) = (older.size.get(), newer.size.get());
    if first > second {
        return None;
    }
    if first == second || first == 0 {
        let same = first == 0 || older.root == newer.root;
        return Some(proof.is_empty() && same);
    }
    let mut proof = proof.iter();
    // A complete smaller tree is a node of the larger one, so its root opens the proof.
    let start = if first.is_power_of_two() {
        older.root
    } else {
        *proof.next()?
    };
    let (mut inner, mut last) = (first.checked_sub(1)?, second.checked_sub(1)?);
    while inner & 1 == 1 {
        inner >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (start, start);
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if inner & 1 == 1 || inner == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while inner & 1 == 0 && inner != 0 {
                inner >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        inner >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return None;
    }
    Some(old_hash == older.root && new_hash == newer.root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use crate::note::KeyName;

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count)
            .map(|leaf| leaf_hash(alloc::format!("entry {leaf}").as_bytes()))
            .collect()
    }

    fn head(leaves: &[Digest]) -> Checkpoint {
        Checkpoint {
            origin: KeyName::new("example.com/log").unwrap(),
            size: TreeSize::new(leaves.len() as u64),
            root: tree_root(leaves),
        }
    }

    #[test]
    fn every_prefix_of_every_size_is_consistent() {
        let all = leaves(66);
        for newer in 0..=all.len() {
            for older in 0..=newer {
                let (first, second) = (head(&all[..older]), head(&all[..newer]));
                let proof = prove_consistency(&all[..newer], first.size).unwrap();
                assert_eq!(
                    verify_consistency(&first, &second, &proof),
                    Ok(()),
                    "{older} {newer}"
                );
            }
        }
        assert!(prove_consistency(&all, TreeSize::new(67)).is_err());
    }

    #[test]
    fn l_03_a_wrong_empty_or_long_proof_is_refused() {
        let all = leaves(23);
        for older in 1..23_usize {
            let (first, second) = (head(&all[..older]), head(&all));
            let proof = prove_consistency(&all, first.size).unwrap();
            let refused = |proof: &[Digest]| {
                assert!(
                    matches!(
                        verify_consistency(&first, &second, proof),
                        Err(Error::Inconsistent { .. })
                    ),
                    "{older}"
                );
            };
            refused(&[]);
            refused(&proof[..proof.len() - 1]);
            let mut longer = proof.clone();
            longer.push(Digest::of(b"x"));
            refused(&longer);
            for at in 0..proof.len() {
                let mut other = proof.clone();
                other[at] = Digest::of(b"x");
                refused(&other);
            }
        }
        let empty = head(&[]);
        assert!(verify_consistency(&empty, &head(&all), &[Digest::of(b"x")]).is_err());
    }

    #[test]
    fn l_01_l_02_other_histories_are_refused() {
        let all = leaves(9);
        let mut other = all.clone();
        other[3] = Digest::of(b"rewritten");
        let proof = prove_consistency(&other, TreeSize::new(8)).unwrap();
        assert!(verify_consistency(&head(&all[..8]), &head(&other), &proof).is_err());
        // Same size, other root; and a log that shrank.
        assert!(verify_consistency(&head(&all), &head(&other), &[]).is_err());
        assert!(verify_consistency(&head(&all), &head(&all[..8]), &[]).is_err());
    }

    #[test]
    fn l_09_another_log_is_no_successor() {
        let all = leaves(2);
        let mut renamed = head(&all);
        renamed.origin = KeyName::new("example.com/other").unwrap();
        assert!(matches!(
            verify_consistency(&head(&all), &renamed, &[]),
            Err(Error::Mismatch { .. })
        ));
    }
}
