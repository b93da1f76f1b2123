//! What a range proof is about. It starts the proof's transcript, so that a proof of one tile, book, month or exchange
//! is no proof of another. All transcript labels of this crate stand here and in `liabilities/total.rs`.

use alloc::vec::Vec;

use merlin::Transcript;

use crate::amount::Amount;
use crate::context::Ctx;
use crate::digest::Encoder;
use crate::liabilities::Position;

/// The statement that a range proof belongs to.
#[derive(Clone, Copy, Debug)]
pub enum RangeContext<'a> {
    /// The 16 children of a tile.
    Tile {
        /// Context of the book.
        ctx: &'a Ctx,
        /// Position of the tile.
        position: Position,
    },
    /// The difference between a published bound and a sealed total.
    Bound {
        /// Context of the book.
        ctx: &'a Ctx,
        /// The bound.
        bound: Amount,
        /// Hash of the root node.
        root_hash: &'a [u8; 32],
    },
}

impl RangeContext<'_> {
    /// The transcript that the library's proof continues.
    pub(crate) fn transcript(&self) -> Transcript {
        match self {
            Self::Tile { ctx, position } => {
                let mut transcript = Transcript::new(b"por/tile/v1");
                transcript.append_message(b"ctx", ctx.as_bytes());
                transcript.append_u64(b"level", position.level.into());
                transcript.append_u64(b"index", position.index);
                transcript
            }
            Self::Bound {
                ctx,
                bound,
                root_hash,
            } => {
                let mut transcript = Transcript::new(b"por/bound/v1");
                transcript.append_message(b"ctx", ctx.as_bytes());
                transcript.append_u64(b"bound", bound.atoms());
                transcript.append_message(b"root", *root_hash);
                transcript
            }
        }
    }

    /// Canonical bytes of the context, for the seed of the batch weights.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Tile { ctx, position } => Encoder::new("por/tile/v1")
                .fixed(ctx.as_bytes())
                .u8(position.level)
                .u64(position.index)
                .into_bytes(),
            Self::Bound {
                ctx,
                bound,
                root_hash,
            } => Encoder::new("por/bound/v1")
                .fixed(ctx.as_bytes())
                .u64(bound.atoms())
                .fixed(root_hash)
                .into_bytes(),
        }
    }
}
