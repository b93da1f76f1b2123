//! Packs: files of up to 4,096 consecutive tiles of one level, `<level>/<pack>`; the last one of a level is shorter (SPEC §7.1).
//!
//! Records have one length, so a tile is one range request and one read.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::shape::Shape;
use super::subtree::Subtree;
use super::tile::TILE_BYTES;

/// Tiles of a full pack: 8 MB.
pub const PACK_TILES: u64 = 4096;

/// The name of a pack below the book's `tiles` folder.
#[must_use]
pub fn pack_name(level: u8, pack: u64) -> String {
    format!("{level}/{pack:06}.pack")
}

/// Number of packs of a level.
#[must_use]
pub const fn packs(shape: &Shape, level: u8) -> u64 {
    shape.nodes(level).div_ceil(PACK_TILES)
}

/// Bytes of one pack: full, but for the last one of a level.
#[must_use]
pub fn pack_bytes(shape: &Shape, level: u8, pack: u64) -> u64 {
    let before = pack.saturating_mul(PACK_TILES);
    let records = shape.nodes(level).saturating_sub(before).min(PACK_TILES);
    records.saturating_mul(TILE_BYTES as u64)
}

/// A part of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackRange {
    /// Level of its tiles.
    pub level: u8,
    /// Number of the pack in its level.
    pub pack: u64,
    /// First byte.
    pub offset: u64,
    /// How many.
    pub length: u64,
    /// Bytes that the whole pack has.
    pub whole: u64,
}

/// Where the records of a subtree lie, from its top level down to `bottom`, in the order that
/// [`super::verify_subtree`] wants them. A level of up to 256 tiles lies in two packs at most.
#[must_use]
pub fn pack_ranges(shape: &Shape, subtree: &Subtree, bottom: u8) -> Vec<PackRange> {
    let mut ranges = Vec::new();
    for level in (bottom..=subtree.top.level).rev() {
        let (mut at, mut left) = subtree.span(shape, level);
        while left > 0 {
            let pack = at / PACK_TILES;
            let first = at % PACK_TILES;
            let count = left.min(PACK_TILES.saturating_sub(first));
            ranges.push(PackRange {
                level,
                pack,
                offset: first.saturating_mul(TILE_BYTES as u64),
                length: count.saturating_mul(TILE_BYTES as u64),
                whole: pack_bytes(shape, level, pack),
            });
            at = at.saturating_add(count);
            left = left.saturating_sub(count);
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liabilities::{Commitment, Node, Position, unit_bottom};

    #[test]
    fn the_ranges_of_all_subtrees_are_every_byte_of_every_pack_once() {
        let shape = Shape::new(16 * 16 * 4096 + 512).unwrap();
        let node = Node {
            commitment: Commitment::from_point(
                curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT,
            )
            .unwrap(),
            hash: crate::digest::Digest::of(b""),
        };
        let mut level = shape.depth();
        let mut seen = alloc::collections::BTreeMap::new();
        loop {
            let bottom = unit_bottom(level);
            for index in 0..shape.nodes(level) {
                let top = Position { level, index };
                for range in pack_ranges(&shape, &Subtree { top, node }, bottom) {
                    assert!(range.offset + range.length <= range.whole);
                    assert_eq!(range.whole, pack_bytes(&shape, range.level, range.pack));
                    let end = seen.entry((range.level, range.pack)).or_insert(0);
                    assert_eq!(*end, range.offset);
                    *end += range.length;
                }
            }
            if bottom == 1 {
                break;
            }
            level = bottom - 1;
        }
        for level in 1..=shape.depth() {
            for pack in 0..packs(&shape, level) {
                let end = seen.remove(&(level, pack));
                assert_eq!(end, Some(pack_bytes(&shape, level, pack)), "{level}/{pack}");
            }
        }
        assert!(seen.is_empty());
    }
}
