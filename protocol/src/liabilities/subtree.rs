//! A whole subtree at once: every tile authentic, consistent and non-negative, in one batch (SPEC §10.1).
//!
//! The auditor's unit of work: three levels are 273 tiles and one multiscalar multiplication. Each record is read once,
//! and judged by what was read of its parent.

use alloc::vec::Vec;

use crate::context::Ctx;
use crate::digest::Digest;
use crate::error::Error;
use crate::liabilities::shape::{Position, Shape};
use crate::liabilities::tile::{Node, TILE_BYTES, Tile, child_hashes, open_record, record_hash};
use crate::range_proof::{Entropy, Generators, RangeStatement, verify_batch};

/// Levels of tiles in one unit of work: 1 + 16 + 256 tiles, one multiscalar multiplication (SPEC §10.1).
pub const UNIT_LEVELS: u8 = 3;

/// The lowest level that is verified together with a top tile at `level`. Above the units, whose tops are at
/// [`UNIT_LEVELS`], levels are walked in units too, so that memory stays bounded; then come tops at `unit_bottom(level) - 1`.
#[must_use]
pub fn unit_bottom(level: u8) -> u8 {
    if level > UNIT_LEVELS {
        level
            .saturating_sub(UNIT_LEVELS)
            .max(UNIT_LEVELS)
            .saturating_add(1)
    } else {
        1
    }
}

/// A subtree: its top node, and how many levels of tiles are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subtree {
    /// Position of the top tile.
    pub top: Position,
    /// What the parent (or the book row) holds of it.
    pub node: Node,
}

impl Subtree {
    /// First index and number of this subtree's nodes at `level`.
    #[must_use]
    pub fn span(&self, shape: &Shape, level: u8) -> (u64, u64) {
        let below = u32::from(self.top.level.saturating_sub(level)).saturating_mul(4);
        let width = 1_u64.checked_shl(below).unwrap_or(u64::MAX);
        let first = self.top.index.saturating_mul(width);
        (first, shape.nodes(level).saturating_sub(first).min(width))
    }
}

/// Verifies all tiles of a subtree. `levels` holds the records of each level from the top down, exactly as many as the
/// subtree has there. Returns the nodes below the last level: leaves, or tops of smaller subtrees; no voids.
///
/// # Errors
/// [`Error::Length`] if a level has fewer or more records; whatever [`open_record`] refuses; [`Error::Range`] naming a
/// tile whose range proof is false.
pub fn verify_subtree(
    generators: &Generators,
    ctx: &Ctx,
    shape: &Shape,
    subtree: &Subtree,
    levels: &[&[u8]],
    entropy: Entropy<'_>,
) -> Result<Vec<(Position, Node)>, Error> {
    let mut frontier = Vec::from([(subtree.top, subtree.node)]);
    let mut statements: Vec<RangeStatement<'_>> = Vec::new();
    for records in levels {
        let expected = (frontier.len() as u64).saturating_mul(TILE_BYTES as u64);
        if records.len() as u64 != expected {
            return Err(Error::Length {
                what: "level of tiles",
                expected,
                found: records.len() as u64,
            });
        }
        let mut below = Vec::new();
        for ((position, node), record) in frontier.iter().zip(records.chunks_exact(TILE_BYTES)) {
            let tile: Tile<'_> = open_record(ctx, shape, *position, node, record)?;
            let slots = position.children().unwrap_or([*position; 16]);
            let real = slots
                .into_iter()
                .zip(tile.children())
                .filter(|(slot, _)| !shape.is_void(*slot));
            below.extend(real.map(|(slot, child)| (slot, *child)));
            statements.push(tile.range_statement(ctx));
        }
        frontier = below;
    }
    verify_batch(generators, &statements, entropy).map_err(|(_, error)| error)?;
    Ok(frontier)
}

/// Checks only that a subtree's records are the authentic ones (step 1 of §4.4, for each), and returns the hashes below
/// them as [`verify_subtree`] would return the nodes. For tiles whose contents were verified before: a five-hundredth of
/// the work, and the same bytes beyond doubt.
///
/// # Errors
/// [`Error::Length`] if a level has fewer or more records, [`Error::NodeHash`].
pub fn authenticate_subtree(
    ctx: &Ctx,
    shape: &Shape,
    subtree: &Subtree,
    levels: &[&[u8]],
) -> Result<Vec<Digest>, Error> {
    let mut frontier = Vec::from([(subtree.top, subtree.node.hash)]);
    for records in levels {
        let expected = (frontier.len() as u64).saturating_mul(TILE_BYTES as u64);
        if records.len() as u64 != expected {
            return Err(Error::Length {
                what: "level of tiles",
                expected,
                found: records.len() as u64,
            });
        }
        let mut below = Vec::new();
        for ((position, hash), record) in frontier.iter().zip(records.chunks_exact(TILE_BYTES)) {
            let Position { level, index } = *position;
            let slots = position
                .children()
                .filter(|_| record_hash(ctx, *position, record) == *hash)
                .ok_or(Error::NodeHash { level, index })?;
            let children = slots.into_iter().zip(child_hashes(record));
            below.extend(children.filter(|(slot, _)| !shape.is_void(*slot)));
        }
        frontier = below;
    }
    Ok(frontier.into_iter().map(|(_, hash)| hash).collect())
}
