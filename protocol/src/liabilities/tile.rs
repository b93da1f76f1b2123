//! A tile: an inner node as published, its 16 children and one range proof over them (SPEC §4.3).
//!
//! Record: 16 × (32-byte commitment ‖ 32-byte hash) ‖ 928-byte Bulletproof = 1,952 bytes.
//! Node commitment = sum of the decoded children. Node hash = SHA-256("por/node/v1" ‖ ctx ‖ u8 level ‖ u64 index ‖ the
//! whole record), so every byte anyone fetches is bound to the root: a record damaged by a host is told apart from an
//! authentic record with a false proof.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize as _, Zeroizing};

use crate::amount::Amount;
use crate::context::Ctx;
use crate::digest::{Digest, Encoder};
use crate::error::Error;
use crate::liabilities::commitment::{Commitment, Committer};
use crate::liabilities::shape::{ARITY, Position, Shape};
use crate::range_proof::{
    Generators, ProofSeed, RangeContext, RangeProver, RangeStatement, proof_bytes, verify_batch,
};

/// Bytes of a child in a record.
const CHILD_BYTES: usize = 64;
/// Bytes of a tile record.
pub const TILE_BYTES: usize = ARITY * CHILD_BYTES + proof_bytes(ARITY);

/// What a parent holds of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Commitment to the sum below.
    pub commitment: Commitment,
    /// Leaf, void or record hash.
    pub hash: Digest,
}

/// The constant node of a slot beyond the last node of its level: opening (0, 1), hash of its own position.
#[must_use]
pub fn void_node(ctx: &Ctx, slot: Position) -> Node {
    let hash = Encoder::new("por/void/v1")
        .fixed(ctx.as_bytes())
        .u8(slot.level)
        .u64(slot.index)
        .digest();
    Node {
        commitment: Commitment::void(),
        hash,
    }
}

/// The node hash of a record at a position.
#[must_use]
pub fn record_hash(ctx: &Ctx, position: Position, record: &[u8]) -> Digest {
    Encoder::new("por/node/v1")
        .fixed(ctx.as_bytes())
        .u8(position.level)
        .u64(position.index)
        .fixed(record)
        .digest()
}

/// A record that is authentic (its hash is the one above it) and consistent (sum and voids). Its range proof is not yet
/// verified: [`Tile::range_statement`] goes into a batch.
#[derive(Clone, Debug)]
pub struct Tile<'a> {
    position: Position,
    children: [Node; ARITY],
    record: &'a [u8],
    proof: &'a [u8],
}

/// Steps 1 to 4 of checking a tile (SPEC §4.4): hash, decoding, sum, voids, in this order, so that a record damaged on
/// the way is never blamed on the exchange.
///
/// # Errors
/// [`Error::Length`], [`Error::NodeHash`], [`Error::TileEncoding`], [`Error::TileIdentity`], [`Error::NodeSum`],
/// [`Error::Void`].
pub fn open_record<'a>(
    ctx: &Ctx,
    shape: &Shape,
    position: Position,
    expected: &Node,
    record: &'a [u8],
) -> Result<Tile<'a>, Error> {
    let Position { level, index } = position;
    if record.len() != TILE_BYTES {
        return Err(Error::Length {
            what: "tile record",
            expected: TILE_BYTES as u64,
            found: record.len() as u64,
        });
    }
    // 1. Authentic.
    if record_hash(ctx, position, record) != expected.hash {
        return Err(Error::NodeHash { level, index });
    }
    // 2. Canonical.
    let slots = position
        .children()
        .ok_or(Error::NodeHash { level, index })?;
    let (children, proof) = record.split_at(ARITY * CHILD_BYTES);
    let children = children
        .chunks_exact(CHILD_BYTES)
        .map(decode_child)
        .collect::<Result<Vec<Node>, _>>()
        .map_err(|error| error.in_tile(level, index))?;
    let children: [Node; ARITY] = children.try_into().map_err(|_| Error::Encoding {
        what: "tile record",
    })?;
    // 3. The sum, recomputed. Points are equal if and only if their encodings are, and comparing them costs no inversion.
    let sum: RistrettoPoint = children.iter().map(|child| child.commitment.point()).sum();
    if sum != *expected.commitment.point() {
        return Err(Error::NodeSum { level, index });
    }
    // 4. Nothing hides beyond the last node.
    for (slot, child) in slots.into_iter().zip(&children) {
        if shape.is_void(slot) && *child != void_node(ctx, slot) {
            return Err(Error::Void {
                level: slot.level,
                index: slot.index,
            });
        }
    }
    Ok(Tile {
        position,
        children,
        record,
        proof,
    })
}

fn decode_child(bytes: &[u8]) -> Result<Node, Error> {
    let short = || Error::Encoding {
        what: "tile record",
    };
    let (commitment, hash) = bytes.split_at_checked(32).ok_or_else(short)?;
    Ok(Node {
        commitment: Commitment::from_bytes(commitment.try_into().map_err(|_| short())?)?,
        hash: Digest::from_bytes(hash.try_into().map_err(|_| short())?),
    })
}

/// The hashes of the 16 children, as the record has them.
pub(super) fn child_hashes(record: &[u8]) -> impl Iterator<Item = Digest> + '_ {
    record
        .chunks_exact(CHILD_BYTES)
        .take(ARITY)
        .filter_map(|child| child.last_chunk().copied().map(Digest::from_bytes))
}

impl<'a> Tile<'a> {
    /// Where the tile stands.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Its 16 children.
    #[must_use]
    pub const fn children(&self) -> &[Node; ARITY] {
        &self.children
    }

    /// The claim that is left to verify: every child is in [0, 2⁶⁴).
    #[must_use]
    pub fn range_statement<'c>(&self, ctx: &'c Ctx) -> RangeStatement<'c>
    where
        'a: 'c,
    {
        RangeStatement {
            context: RangeContext::Tile {
                ctx,
                position: self.position,
            },
            commitments: self.children.iter().map(|child| child.commitment).collect(),
            proof: self.proof,
            record: self.record,
        }
    }
}

/// What the build knows of a child: amount, blinding, hash. The commitment follows.
#[derive(Clone)]
pub struct ChildSecret {
    /// Sum of the leaves below.
    pub amount: Amount,
    /// Sum of the blindings below; a secret.
    pub blinding: Scalar,
    /// Hash of the child.
    pub hash: Digest,
}

impl Drop for ChildSecret {
    fn drop(&mut self) {
        self.blinding.zeroize();
    }
}

impl ChildSecret {
    /// The known opening of a void slot.
    #[must_use]
    pub fn void(ctx: &Ctx, slot: Position) -> Self {
        Self {
            amount: Amount::ZERO,
            blinding: Scalar::ONE,
            hash: void_node(ctx, slot).hash,
        }
    }
}

/// Makes tile records, and verifies each before it leaves.
pub struct TileProver {
    committer: Committer,
    /// `None` leaves proofs zeroed, for measuring the tree alone; such records verify nowhere.
    provers: Option<(RangeProver, Generators)>,
}

impl Default for TileProver {
    fn default() -> Self {
        Self {
            committer: Committer::default(),
            provers: Some((RangeProver::default(), Generators::new())),
        }
    }
}

impl TileProver {
    /// A prover that writes zeros where the range proof belongs: for benchmarks of the tree. Its trees verify nowhere.
    #[must_use]
    pub fn without_proofs() -> Self {
        Self {
            committer: Committer::default(),
            provers: None,
        }
    }

    /// Makes the record of one tile, and the tile's own secret as a child of the next level.
    ///
    /// # Errors
    /// Those of [`TileProver::prove_batch`].
    pub fn prove(
        &self,
        ctx: &Ctx,
        position: Position,
        children: &[ChildSecret; ARITY],
        seed: ProofSeed,
    ) -> Result<(Vec<u8>, ChildSecret), Error> {
        let made = self.make(ctx, position, children, seed)?;
        self.check(ctx, core::slice::from_ref(&made))?;
        Ok((made.record, made.node))
    }

    /// The same for many tiles, which are verified together: alone, that costs a sixth of the proof; among 64, a sixtieth.
    ///
    /// Constant-time in amounts and blindings as [`RangeProver`] is.
    ///
    /// # Errors
    /// [`Error::TotalOverflow`] if a sum reaches 2⁶⁴; [`Error::SelfCheck`] if a tile made does not verify.
    pub fn prove_batch(
        &self,
        ctx: &Ctx,
        tiles: impl IntoIterator<Item = TileWitness>,
    ) -> Result<Vec<(Vec<u8>, ChildSecret)>, Error> {
        let made = tiles
            .into_iter()
            .map(|tile| self.make(ctx, tile.position, &tile.children, tile.seed))
            .collect::<Result<Vec<Made>, _>>()?;
        self.check(ctx, &made)?;
        Ok(made
            .into_iter()
            .map(|made| (made.record, made.node))
            .collect())
    }

    fn make(
        &self,
        ctx: &Ctx,
        position: Position,
        children: &[ChildSecret; ARITY],
        seed: ProofSeed,
    ) -> Result<Made, Error> {
        let halves = children
            .each_ref()
            .map(|child| self.committer.half(child.amount, &child.blinding));
        let commitments = RistrettoPoint::double_and_compress_batch(&halves);
        let mut record = Vec::with_capacity(TILE_BYTES);
        for (commitment, child) in commitments.iter().zip(children) {
            record.extend_from_slice(commitment.as_bytes());
            record.extend_from_slice(child.hash.as_bytes());
        }
        let amount = children
            .iter()
            .try_fold(Amount::ZERO, |sum, child| sum.checked_add(child.amount));
        let amount = amount.map_err(|_| Error::TotalOverflow)?;
        let blinding = children.iter().map(|child| child.blinding).sum();
        if let Some((prover, _)) = &self.provers {
            let values = Zeroizing::new(children.each_ref().map(|child| child.amount.atoms()));
            let blindings = Zeroizing::new(children.each_ref().map(|child| child.blinding));
            let context = RangeContext::Tile { ctx, position };
            let proof = prover.prove_committed(
                &context,
                &commitments,
                values.as_slice(),
                blindings.as_slice(),
                seed,
            )?;
            record.extend_from_slice(&proof);
        } else {
            record.resize(TILE_BYTES, 0);
        }
        let hash = record_hash(ctx, position, &record);
        Ok(Made {
            position,
            record,
            node: ChildSecret {
                amount,
                blinding,
                hash,
            },
        })
    }

    /// A prover proves false statements without complaint, and a machine may fail: what does not verify never leaves.
    fn check(&self, ctx: &Ctx, made: &[Made]) -> Result<(), Error> {
        let Some((_, generators)) = &self.provers else {
            return Ok(());
        };
        let fault = |position: Position| Error::SelfCheck {
            level: position.level,
            index: position.index,
        };
        let statements = made
            .iter()
            .map(|made| {
                let (children, proof) = made
                    .record
                    .split_at_checked(ARITY * CHILD_BYTES)
                    .ok_or_else(|| fault(made.position))?;
                let commitments = children
                    .chunks_exact(CHILD_BYTES)
                    .map(|child| Ok(decode_child(child)?.commitment))
                    .collect::<Result<Vec<_>, Error>>()?;
                Ok(RangeStatement {
                    context: RangeContext::Tile {
                        ctx,
                        position: made.position,
                    },
                    commitments,
                    proof,
                    record: &made.record,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        if statements.is_empty() {
            return Ok(());
        }
        verify_batch(generators, &statements, &[]).map_err(|(bad, _)| {
            fault(
                made.get(bad)
                    .map_or(Position { level: 0, index: 0 }, |made| made.position),
            )
        })
    }
}

/// What a tile is made of.
pub struct TileWitness {
    /// Where it stands.
    pub position: Position,
    /// Its children.
    pub children: [ChildSecret; ARITY],
    /// Seed of its proof's randomness.
    pub seed: ProofSeed,
}

/// A tile made and not yet verified.
struct Made {
    position: Position,
    record: Vec<u8>,
    node: ChildSecret,
}

#[cfg(test)]
mod tests {
    use bulletproofs::PedersenGens;

    use super::*;
    use crate::context::testing::sample_ctx;

    #[test]
    fn r_07_a_tile_with_a_value_out_of_range_never_leaves_the_prover() {
        let ctx = sample_ctx("2026-10");
        let prover = TileProver::default();
        let children: [ChildSecret; ARITY] = core::array::from_fn(|child| ChildSecret {
            amount: Amount::from_atoms(child as u64),
            blinding: Scalar::from(child as u64 + 1),
            hash: Digest::of(&[child as u8]),
        });
        let make = |index| {
            let position = Position { level: 1, index };
            prover
                .make(&ctx, position, &children, ProofSeed([7; 32]))
                .unwrap()
        };
        let mut made = [make(0), make(1), make(2)];
        assert_eq!(prover.check(&ctx, &made), Ok(()));
        // As a prover would make it that was given −5 for the fourth child: commitments have no range.
        let minus_five = PedersenGens::default().commit(-Scalar::from(5_u64), Scalar::from(4_u64));
        let honest = made[1].record.clone();
        made[1].record[3 * CHILD_BYTES..][..32].copy_from_slice(minus_five.compress().as_bytes());
        let fault = Err(Error::SelfCheck { level: 1, index: 1 });
        assert_eq!(prover.check(&ctx, &made), fault);
        // Nor one whose proof was computed wrongly.
        made[1].record = honest;
        made[1].record[TILE_BYTES - 40] ^= 1;
        assert_eq!(prover.check(&ctx, &made), fault);
    }
}
