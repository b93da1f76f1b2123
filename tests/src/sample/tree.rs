//! A tree that may lie: the same records as an honest build, with a place to reach in before each hash is taken.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bulletproofs::PedersenGens;
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use por_protocol::amount::Amount;
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::liabilities::{
    ChildSecret, Commitment, Node, Position, Shape, TILE_BYTES, record_hash, void_node,
};
use por_protocol::range_proof::{RangeContext, RangeProver};
use por_protocol::run_key::Secrets;

/// The library's prover; its generators take a second to make, so there is one.
pub fn range_prover() -> &'static RangeProver {
    static PROVER: OnceLock<RangeProver> = OnceLock::new();
    PROVER.get_or_init(RangeProver::default)
}

/// `v·B + r·B̃` for any value, negative ones (modulo the group order) too.
#[must_use]
pub fn commit(value: &Scalar, blinding: &Scalar) -> CompressedRistretto {
    PedersenGens::default().commit(*value, *blinding).compress()
}

/// What a build knows of a node, but for the range of its value.
#[derive(Clone, Debug)]
pub struct Child {
    /// The value in the commitment, modulo the group order.
    pub value: Scalar,
    /// The blinding.
    pub blinding: Scalar,
    /// Leaf, void or record hash.
    pub hash: Digest,
}

impl From<&ChildSecret> for Child {
    fn from(secret: &ChildSecret) -> Self {
        Self {
            value: Scalar::from(secret.amount.atoms()),
            blinding: secret.blinding,
            hash: secret.hash,
        }
    }
}

/// A tile before it is written: its proof is already made, honestly, for what the children were.
#[derive(Clone, Debug)]
pub struct TileDraft {
    /// The children as they will be written; 16 in any valid record.
    pub children: Vec<Child>,
    /// The range proof as it will be written.
    pub proof: Vec<u8>,
    /// Value and blinding that the parent will hold of this tile; the sum of the children if `None`.
    pub sum: Option<(Scalar, Scalar)>,
}

/// Where an exchange may lie while its tree grows. The default is honest.
#[derive(Clone, Copy)]
pub struct Lies<'a> {
    /// Changes a tile after its range proof was made, before it is written and hashed.
    pub tile: &'a dyn Fn(Position, &mut TileDraft),
    /// Changes the bytes of a record before they are hashed.
    pub record: &'a dyn Fn(Position, &mut Vec<u8>),
}

impl Default for Lies<'_> {
    fn default() -> Self {
        Self {
            tile: &|_, _| {},
            record: &|_, _| {},
        }
    }
}

/// Records of a whole tree, with what a lying build may want to use again.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Records of levels 1, 2, …: `levels[0]` holds the tiles over the leaves.
    pub levels: Vec<Vec<Vec<u8>>>,
    /// The root as the tree has it.
    pub root: Node,
    /// Value and blinding of the root.
    pub opening: (Scalar, Scalar),
    proofs: BTreeMap<(u8, u64), Proved>,
}

/// A proof with what it was made for: a tree that differs elsewhere takes it over instead of proving again.
#[derive(Clone, Debug)]
struct Proved {
    values: Vec<u64>,
    blindings: Vec<Scalar>,
    proof: Vec<u8>,
}

impl Tree {
    /// Builds the tree over all leaves. `earlier` is a tree of the same book whose proofs may be taken over.
    ///
    /// # Panics
    /// If the root becomes the identity, or the library refuses to prove: both faults of the test.
    #[must_use]
    pub fn build(
        ctx: &Ctx,
        shape: &Shape,
        secrets: &Secrets,
        leaves: &[Child],
        lies: &Lies<'_>,
        earlier: Option<&Self>,
    ) -> Self {
        assert_eq!(leaves.len() as u64, shape.leaf_count());
        let (mut nodes, mut levels, mut proofs) = (leaves.to_vec(), Vec::new(), BTreeMap::new());
        for level in 1..=shape.depth() {
            let (mut records, mut next) = (Vec::new(), Vec::new());
            for index in 0..shape.nodes(level) {
                let position = Position { level, index };
                let children = children_of(ctx, position, &nodes);
                let key = (level, index);
                let earlier = earlier.and_then(|tree| tree.proofs.get(&key));
                let proved = prove(ctx, secrets, position, &children, earlier);
                let mut draft = TileDraft {
                    children,
                    proof: proved.proof.clone(),
                    sum: None,
                };
                proofs.insert(key, proved);
                (lies.tile)(position, &mut draft);
                let mut record = write(&draft);
                (lies.record)(position, &mut record);
                let (value, blinding) = draft.sum.unwrap_or_else(|| sum(&draft.children));
                next.push(Child {
                    value,
                    blinding,
                    hash: record_hash(ctx, position, &record),
                });
                records.push(record);
            }
            levels.push(records);
            nodes = next;
        }
        let [root] = nodes.as_slice() else {
            panic!("a tree has one root");
        };
        let commitment = commit(&root.value, &root.blinding);
        Self {
            levels,
            root: Node {
                commitment: Commitment::from_bytes(commitment.as_bytes())
                    .expect("a root is not the identity"),
                hash: root.hash,
            },
            opening: (root.value, root.blinding),
            proofs,
        }
    }

    /// The records from the root down to the tile of a leaf.
    #[must_use]
    pub fn path(&self, leaf: u64) -> Vec<u8> {
        let mut at = Position {
            level: 0,
            index: leaf,
        };
        let mut records = Vec::new();
        for level in &self.levels {
            at = at.parent().0;
            records.push(level[usize::try_from(at.index).expect("small")].as_slice());
        }
        records.reverse();
        records.concat()
    }

    /// What the total's proof needs, where the total is an amount.
    #[must_use]
    pub fn root_secret(&self) -> ChildSecret {
        ChildSecret {
            amount: Amount::from_atoms(low(&self.opening.0)),
            blinding: self.opening.1,
            hash: self.root.hash,
        }
    }
}

fn children_of(ctx: &Ctx, tile: Position, nodes: &[Child]) -> Vec<Child> {
    let slots = tile.children().expect("a tile has children");
    let children = slots.map(|slot| {
        let own = usize::try_from(slot.index)
            .ok()
            .and_then(|index| nodes.get(index));
        own.cloned().unwrap_or_else(|| Child {
            value: Scalar::ZERO,
            blinding: Scalar::ONE,
            hash: void_node(ctx, slot).hash,
        })
    });
    children.to_vec()
}

fn prove(
    ctx: &Ctx,
    secrets: &Secrets,
    position: Position,
    children: &[Child],
    earlier: Option<&Proved>,
) -> Proved {
    let values: Vec<u64> = children.iter().map(|child| low(&child.value)).collect();
    let blindings: Vec<Scalar> = children.iter().map(|child| child.blinding).collect();
    let same = |proved: &&Proved| proved.values == values && proved.blindings == blindings;
    if let Some(proved) = earlier.filter(same) {
        return proved.clone();
    }
    let context = RangeContext::Tile { ctx, position };
    let seed = secrets.tile_seed(ctx, position);
    let proof = range_prover()
        .prove(&context, &values, &blindings, seed)
        .expect("16 values and 16 blindings");
    Proved {
        values,
        blindings,
        proof,
    }
}

fn write(draft: &TileDraft) -> Vec<u8> {
    let mut record = Vec::with_capacity(TILE_BYTES);
    for child in &draft.children {
        record.extend_from_slice(commit(&child.value, &child.blinding).as_bytes());
        record.extend_from_slice(child.hash.as_bytes());
    }
    record.extend_from_slice(&draft.proof);
    record
}

fn sum(children: &[Child]) -> (Scalar, Scalar) {
    (
        children.iter().map(|child| child.value).sum(),
        children.iter().map(|child| child.blinding).sum(),
    )
}

/// The low 64 bits: the value itself for everything honest.
fn low(value: &Scalar) -> u64 {
    let bytes = value.as_bytes().first_chunk().expect("32 bytes");
    u64::from_le_bytes(*bytes)
}
