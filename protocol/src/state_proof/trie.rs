//! Walking a Merkle-Patricia proof from the root to a key, or to the place where the key would be.
//!
//! Claim: the trie with this root holds this value under this key, or holds nothing under it.
//! Every node is tied to the one above it by its Keccak-256 (or stands inside it, where it is shorter than 32 bytes);
//! all nodes given are used, in order; the walk ends in at most 64 steps, one for each nibble of the key.

use alloc::vec::Vec;

use super::keccak256;
use super::rlp::Item;
use crate::error::Error;

/// Nibbles of a key, which is a Keccak-256.
const NIBBLES: usize = 64;
/// Most nodes of a proof: one for each nibble and the leaf.
pub const MAX_PROOF_NODES: usize = NIBBLES + 1;
/// A branch has 16 children of at most 33 bytes; nothing is longer but a leaf, whose value is an account or a word.
const MAX_NODE_BYTES: usize = 1024;
/// Root of the trie that holds nothing: Keccak-256 of the empty string's RLP.
const EMPTY_ROOT: [u8; 32] = [
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
];

const WHAT: &str = "trie node";

/// How one node names another.
enum Link<'a> {
    /// By the hash of its encoding.
    Hash([u8; 32]),
    /// By standing inside it.
    Inside(Item<'a>),
}

/// The value under `key` (already hashed) in the trie with `root`, or `None` where it is proven absent.
///
/// # Errors
/// [`Error::StateProof`] where the nodes prove neither, [`Error::Encoding`] for a malformed node.
pub fn lookup<N: AsRef<[u8]>>(
    root: &[u8; 32],
    key: &[u8; 32],
    nodes: &[N],
) -> Result<Option<Vec<u8>>, Error> {
    let mut nodes = nodes.iter();
    let value = walk(root, key, &mut nodes)?;
    if nodes.next().is_some() {
        return refuse("it has nodes beyond the one that decides");
    }
    Ok(value)
}

fn walk<'a, N: AsRef<[u8]> + 'a>(
    root: &[u8; 32],
    key: &[u8; 32],
    nodes: &mut core::slice::Iter<'a, N>,
) -> Result<Option<Vec<u8>>, Error> {
    if *root == EMPTY_ROOT {
        // Some nodes send no proof of an empty trie, some the one empty node.
        let empty = |node: &&N| node.as_ref() == [0x80];
        if nodes.clone().next().filter(empty).is_some() {
            nodes.next();
        }
        return Ok(None);
    }
    let key: Vec<u8> = key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let mut path = key.as_slice();
    let mut link = Link::Hash(*root);
    loop {
        let node = match link {
            Link::Inside(item) => item,
            Link::Hash(hash) => {
                let Some(node) = nodes.next().map(AsRef::as_ref) else {
                    return refuse("it ends before the key is decided");
                };
                if node.len() > MAX_NODE_BYTES {
                    return refuse("a node is too long");
                }
                if keccak256(node) != hash {
                    return refuse(
                        "a node is not the one that the node above it, or the root, names",
                    );
                }
                Item::whole(WHAT, node)?
            }
        };
        let items = node.items(WHAT, 17)?;
        link = match items.as_slice() {
            [children @ .., value] if children.len() == 16 => {
                // All keys have the same length, so none ends at a branch.
                if !value.bytes(WHAT)?.is_empty() {
                    return refuse("a branch holds a value");
                }
                let Some((nibble, rest)) = path.split_first() else {
                    return refuse("a branch stands below the last nibble");
                };
                path = rest;
                let child = children.get(usize::from(*nibble));
                match child {
                    Some(child) if child.is_list || !child.payload.is_empty() => follow(*child)?,
                    _ => return Ok(None),
                }
            }
            [prefix, target] => {
                let (is_leaf, part) = hex_prefix(prefix.bytes(WHAT)?)?;
                if is_leaf {
                    if part.len() != path.len() {
                        return refuse("a leaf's key has not 64 nibbles");
                    }
                    return Ok((part == path).then_some(target.bytes(WHAT)?.to_vec()));
                }
                if part.is_empty() || part.len() >= path.len() {
                    return refuse("an extension is empty or leaves no nibble for its branch");
                }
                match path.strip_prefix(part.as_slice()) {
                    Some(rest) => path = rest,
                    None => return Ok(None),
                }
                follow(*target)?
            }
            _ => return refuse("a node has neither 2 nor 17 items"),
        };
    }
}

/// A child as its parent names it.
fn follow(child: Item<'_>) -> Result<Link<'_>, Error> {
    if child.is_list {
        // What is as long as its hash is named by it: only one form is canonical.
        if child.raw.len() >= 32 {
            return refuse("a node of 32 bytes or more stands inside another");
        }
        return Ok(Link::Inside(child));
    }
    child.array(WHAT).map(Link::Hash)
}

/// Whether a node is a leaf, and its part of the key.
fn hex_prefix(bytes: &[u8]) -> Result<(bool, Vec<u8>), Error> {
    let Some((first, rest)) = bytes.split_first() else {
        return refuse("a node has no path");
    };
    let odd = match first >> 4 {
        0 | 2 if first & 15 == 0 => None,
        1 | 3 => Some(first & 15),
        _ => return refuse("a node's path has an unknown prefix"),
    };
    if rest.len() > 32 {
        return refuse("a node's path is too long");
    }
    let rest = rest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Ok((first >> 4 >= 2, odd.into_iter().chain(rest).collect()))
}

fn refuse<T>(why: &'static str) -> Result<T, Error> {
    Err(Error::StateProof {
        what: "Merkle-Patricia proof",
        why,
    })
}
