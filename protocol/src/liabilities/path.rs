//! The tiles from one leaf to the root (SPEC §4.5).

use alloc::vec::Vec;

use crate::context::Ctx;
use crate::error::Error;
use crate::liabilities::shape::{Position, Shape};
use crate::liabilities::tile::{Node, TILE_BYTES, Tile, open_record};

/// Checks the path of one leaf against the root, top-down. `records` holds the tiles from the root to the leaf's, one
/// for each level. The tiles returned still need their range proofs verified, in a batch of the caller's.
///
/// # Errors
/// [`Error::LeafIndex`], [`Error::Length`] for a path that is too short or too long, whatever [`open_record`] refuses,
/// and [`Error::LeafOpening`] if the leaf in the tree is not `leaf`.
pub fn verify_path<'a>(
    ctx: &Ctx,
    shape: &Shape,
    root: &Node,
    index: u64,
    leaf: &Node,
    records: &'a [u8],
) -> Result<Vec<Tile<'a>>, Error> {
    let leaf_count = shape.leaf_count();
    if index >= leaf_count {
        return Err(Error::LeafIndex { index, leaf_count });
    }
    let depth = usize::from(shape.depth());
    let expected = depth.saturating_mul(TILE_BYTES);
    if records.len() != expected {
        return Err(Error::Length {
            what: "path",
            expected: expected as u64,
            found: records.len() as u64,
        });
    }
    // Positions and slots from the leaf up, then walked from the root down.
    let mut steps = Vec::with_capacity(depth);
    let mut at = Position { level: 0, index };
    for _ in 0..depth {
        let (parent, slot) = at.parent();
        steps.push((parent, slot));
        at = parent;
    }
    let mut tiles = Vec::with_capacity(depth);
    let mut expected = *root;
    for ((position, slot), record) in steps
        .into_iter()
        .rev()
        .zip(records.chunks_exact(TILE_BYTES))
    {
        let tile = open_record(ctx, shape, position, &expected, record)?;
        expected = *tile
            .children()
            .get(slot)
            .ok_or(Error::LeafIndex { index, leaf_count })?;
        tiles.push(tile);
    }
    if expected != *leaf {
        return Err(Error::LeafOpening { index });
    }
    Ok(tiles)
}
