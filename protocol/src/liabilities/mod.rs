//! Liabilities: one tiled 16-ary Merkle sum tree per book (SPEC §4 to §6).
//!
//! Claim: every leaf is in [0, 2⁶⁴) and the root commitment is the sum of all leaves, checkable by anyone from public
//! tiles; an account's opening shows that its amount is one of those leaves. Not claimed: that no account is missing.

mod commitment;
mod leaf;
mod pack;
mod path;
mod shape;
mod subtree;
mod tile;
mod total;

pub use commitment::{Blinding, Commitment, Committer};
pub use leaf::{LeafOpening, Salt};
pub use pack::{PACK_TILES, PackRange, pack_bytes, pack_name, pack_ranges, packs};
pub use path::verify_path;
pub use shape::{ARITY, Position, Shape};
pub use subtree::{Subtree, UNIT_LEVELS, authenticate_subtree, unit_bottom, verify_subtree};
pub use tile::{
    ChildSecret, Node, TILE_BYTES, Tile, TileProver, TileWitness, open_record, record_hash,
    void_node,
};
pub use total::{
    BOUND_PROOF_BYTES, SealedTotal, TOTAL_PROOF_BYTES, prove_bound, prove_total, verify_bound,
    verify_total,
};
