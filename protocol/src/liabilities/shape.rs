//! The shape of a tree: its leaf count and the levels that follow from it. Depth is computed, never read.
//!
//! `n₀` = leaf count, a multiple of 16 between 16 and 2⁴⁰; `nᵢ₊₁ = ⌈nᵢ / 16⌉` until 1 (SPEC §4.2).

use crate::error::Error;

/// Children of a tile.
pub const ARITY: usize = 16;
const ARITY_U64: u64 = 16;
/// 2⁴⁰ leaves of less than 2⁶⁴ each sum to less than 2¹⁰⁴, far below the group order: sums cannot wrap.
const MAX_LEAVES: u64 = 1 << 40;

/// A validated leaf count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    leaf_count: u64,
}

/// Where a node stands: leaves are level 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 0 for leaves, then one more for each level of tiles.
    pub level: u8,
    /// Index within the level, from 0.
    pub index: u64,
}

impl Shape {
    /// # Errors
    /// [`Error::LeafCount`] unless `leaf_count` is a multiple of 16 between 16 and 2⁴⁰.
    pub const fn new(leaf_count: u64) -> Result<Self, Error> {
        if leaf_count == 0 || leaf_count > MAX_LEAVES || !leaf_count.is_multiple_of(ARITY_U64) {
            return Err(Error::LeafCount { found: leaf_count });
        }
        Ok(Self { leaf_count })
    }

    /// Number of leaves, padding included.
    #[must_use]
    pub const fn leaf_count(&self) -> u64 {
        self.leaf_count
    }

    /// Number of nodes at `level`; 0 above the root.
    #[must_use]
    pub const fn nodes(&self, level: u8) -> u64 {
        let mut nodes = self.leaf_count;
        let mut at = 0;
        while at < level {
            if nodes == 1 {
                return 0;
            }
            nodes = nodes.div_ceil(ARITY_U64);
            at = at.saturating_add(1);
        }
        nodes
    }

    /// Level of the root, which is the number of tiles on a path: 1 for 16 leaves, 5 for 10⁶, 10 for 2⁴⁰.
    #[must_use]
    pub const fn depth(&self) -> u8 {
        let mut level = 0;
        while self.nodes(level) > 1 {
            level = level.saturating_add(1);
        }
        level
    }

    /// Position of the root.
    #[must_use]
    pub const fn root(&self) -> Position {
        Position {
            level: self.depth(),
            index: 0,
        }
    }

    /// Whether a slot lies beyond the last node of its level.
    #[must_use]
    pub const fn is_void(&self, slot: Position) -> bool {
        slot.index >= self.nodes(slot.level)
    }

    /// All tiles of the tree.
    #[must_use]
    pub fn tiles(&self) -> u64 {
        (1..=self.depth()).map(|level| self.nodes(level)).sum()
    }
}

impl Position {
    /// The 16 child positions of a tile; `None` for a leaf.
    #[must_use]
    pub fn children(&self) -> Option<[Self; ARITY]> {
        let level = self.level.checked_sub(1)?;
        let first = self.index.checked_mul(ARITY_U64)?;
        let mut slot = 0;
        Some([(); ARITY].map(|()| {
            let child = Self {
                level,
                index: first.saturating_add(slot),
            };
            slot = slot.saturating_add(1);
            child
        }))
    }

    /// The tile that holds this node, and the slot in it (0 ..= 15).
    #[must_use]
    pub fn parent(&self) -> (Self, usize) {
        let parent = Self {
            level: self.level.saturating_add(1),
            index: self.index / ARITY_U64,
        };
        (parent, usize::try_from(self.index % ARITY_U64).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_06_leaf_counts_that_are_no_multiple_of_16_or_out_of_range_are_refused() {
        for bad in [0, 1, 15, 17, 24, (1 << 40) + 16, 1 << 63, u64::MAX] {
            assert_eq!(Shape::new(bad), Err(Error::LeafCount { found: bad }));
        }
        for good in [16, 32, 256, 1_015_808, 1 << 40] {
            assert!(Shape::new(good).is_ok());
        }
    }

    #[test]
    fn levels_of_a_million_accounts() {
        let shape = Shape::new(1_015_808).unwrap();
        let levels: Vec<u64> = (0..=shape.depth())
            .map(|level| shape.nodes(level))
            .collect();
        assert_eq!(levels, [1_015_808, 63_488, 3_968, 248, 16, 1]);
        assert_eq!(shape.nodes(6), 0);
        assert_eq!(Shape::new(1 << 40).unwrap().depth(), 10);
        assert_eq!(Shape::new(16).unwrap().depth(), 1);
        assert_eq!(shape.tiles(), 63_488 + 3_968 + 248 + 16 + 1);
    }

    #[test]
    fn children_and_parent_agree() {
        let tile = Position { level: 3, index: 7 };
        for (slot, child) in tile.children().unwrap().into_iter().enumerate() {
            assert_eq!(child.parent(), (tile, slot));
        }
        assert_eq!(Position { level: 0, index: 7 }.children(), None);
    }
}
