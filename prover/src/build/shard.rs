//! A shard: 65,536 consecutive leaves and the four levels of tiles above them, the last one shorter.
//!
//! A pure function of plan, run key and sorted rows, wherever it is made. It leaves two files: its tiles (public), and the
//! secret that the merge needs (mode 0600, deleted after it):
//!
//! ```text
//! "por/shard/v1" LF ‖ plan ‖ context of the book ‖ u64 shard ‖ SHA-256 of the tiles
//! ‖ u64 amount ‖ blinding sum ‖ node hash ‖ SHA-256 of all before it
//! ```
//!
//! So a damaged shard is made again and never merged, and one of another plan, book or place is refused.

use std::path::{Path, PathBuf};

use curve25519_dalek::scalar::Scalar;
use indicatif::ProgressBar;
use por_protocol::amount::Amount;
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::liabilities::{
    ARITY, ChildSecret, LeafOpening, Position, Shape, TileProver, TileWitness,
};
use por_protocol::run_key::{Secrets, Subject};
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::book::other_plan;
use super::leaves::{LeafIndex, Source};
use super::rows::BookRows;
use crate::error::Error;
use crate::files::durable;

/// Levels of tiles in a shard.
const LEVELS: u8 = 4;
const LEAVES: u64 = 65_536;
/// Tiles that are verified together before they are written.
const CHECKED_TOGETHER: u64 = 64;
/// First line of a shard's secret; another version has another one.
const MAGIC: &[u8] = b"por/shard/v1\n";
const SECRET_BYTES: usize = MAGIC.len() + 32 + 32 + 8 + 32 + 8 + 32 + 32 + 32;

/// What every shard of a book shares.
pub struct ShardInput<'a> {
    /// Digest of the plan.
    pub plan: &'a Digest,
    /// Context of the book.
    pub ctx: &'a Ctx,
    /// Shape of the tree.
    pub shape: &'a Shape,
    /// Decimals of the ledger's amounts and of the atoms.
    pub decimals: (
        por_protocol::amount::Decimals,
        por_protocol::amount::Decimals,
    ),
    /// Derivations.
    pub secrets: &'a Secrets,
    /// The rows.
    pub rows: &'a BookRows,
    /// Their order.
    pub leaves: &'a LeafIndex,
    /// Makes tiles.
    pub prover: &'a TileProver,
}

impl<'a> ShardInput<'a> {
    /// Which shard the one of this number is.
    #[must_use]
    pub const fn id(&self, shard: u64) -> ShardId<'a> {
        ShardId {
            plan: self.plan,
            ctx: self.ctx,
            shard,
        }
    }
}

/// First leaf of a shard, and how many it has.
#[must_use]
pub fn leaf_span(shape: &Shape, shard: u64) -> (u64, u64) {
    let first = shard.saturating_mul(LEAVES);
    (first, shape.leaf_count().saturating_sub(first).min(LEAVES))
}

/// Tiles of a shard, on all its levels.
#[must_use]
pub fn tile_count(shape: &Shape, shard: u64) -> u64 {
    (1..=top_level(shape))
        .map(|level| tiles_of(shape, shard, level).1)
        .sum()
}

/// Number of shards of a tree.
#[must_use]
pub fn shards(shape: &Shape) -> u64 {
    shape.leaf_count().div_ceil(LEAVES)
}

/// The highest level that a shard makes: 4, or the root's where the tree is lower.
#[must_use]
pub fn top_level(shape: &Shape) -> u8 {
    shape.depth().min(LEVELS)
}

/// The tiles of one level that belong to a shard: first index and count.
#[must_use]
pub fn tiles_of(shape: &Shape, shard: u64, level: u8) -> (u64, u64) {
    let per_shard = 16_u64.pow(u32::from(LEVELS - level));
    let first = shard * per_shard;
    (
        first,
        shape.nodes(level).saturating_sub(first).min(per_shard),
    )
}

/// Which shard it is: of this plan, of the book with this context, the one with this number.
#[derive(Clone, Copy)]
pub struct ShardId<'a> {
    /// Digest of the plan, which determines every byte: the shard's fingerprint.
    pub plan: &'a Digest,
    /// Context of the book.
    pub ctx: &'a Ctx,
    /// Number, from 0.
    pub shard: u64,
}

/// The files of a shard.
pub struct ShardFiles {
    /// Its tiles, level by level.
    pub tiles: PathBuf,
    /// What the merge needs.
    pub secret: PathBuf,
}

/// What the files of a shard are.
pub enum FoundShard {
    /// One of them is missing.
    Absent,
    /// They are not whole, or do not belong together.
    Damaged,
    /// The shard.
    Whole {
        /// Its top node.
        node: ChildSecret,
        /// Its tiles, level by level.
        tiles: Vec<u8>,
    },
}

impl ShardFiles {
    /// Below a folder of shards.
    #[must_use]
    pub fn at(folder: &Path, shard: u64) -> Self {
        Self {
            tiles: folder.join(format!("{shard:06}.tiles")),
            secret: folder.join(format!("{shard:06}.secret")),
        }
    }

    /// Reads the shard.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Protocol`] for another version, [`Error::Input`] for a shard of another plan, book or place.
    pub fn read(&self, id: &ShardId<'_>) -> Result<FoundShard, Error> {
        let read = |path: &Path| match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path)(error)),
        };
        let (Some(secret), Some(tiles)) = (read(&self.secret)?, read(&self.tiles)?) else {
            return Ok(FoundShard::Absent);
        };
        let secret = Zeroizing::new(secret);
        let Some(rest) = secret.strip_prefix(MAGIC) else {
            return self.without_magic(&secret);
        };
        let Some(parsed) = parse_secret(&secret, rest) else {
            return Ok(FoundShard::Damaged);
        };
        if parsed.plan != *id.plan {
            return Err(other_plan(
                &self.secret,
                "this shard was made for another plan",
            ));
        }
        if parsed.ctx != *id.ctx.as_bytes() || parsed.shard != id.shard {
            return Err(Error::input(
                &self.secret,
                "this shard is one of another book or of another place",
                "Bring each shard under the name that `por shard run` gave it.",
            ));
        }
        if parsed.tiles != Digest::of(&tiles) {
            return Ok(FoundShard::Damaged);
        }
        Ok(FoundShard::Whole {
            node: parsed.node,
            tiles,
        })
    }

    fn without_magic(&self, secret: &[u8]) -> Result<FoundShard, Error> {
        let end = secret.iter().position(|byte| *byte == b'\n');
        match end.and_then(|end| secret.get(..end)) {
            Some(line) if line.starts_with(b"por/shard/") && line.len() < 32 => {
                Err(Error::protocol(self.secret.display().to_string())(
                    por_protocol::error::Error::Unsupported {
                        what: "shard format",
                        found: String::from_utf8_lossy(line).into_owned(),
                    },
                ))
            }
            _ => Ok(FoundShard::Damaged),
        }
    }

    /// The finished shard's node; `None` for one that has to be made, or made again.
    ///
    /// # Errors
    /// As [`ShardFiles::read`].
    pub fn finished(&self, id: &ShardId<'_>) -> Result<Option<ChildSecret>, Error> {
        Ok(match self.read(id)? {
            FoundShard::Whole { node, .. } => Some(node),
            FoundShard::Absent | FoundShard::Damaged => None,
        })
    }

    /// Writes a shard.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, id: &ShardId<'_>, tiles: &[u8], node: &ChildSecret) -> Result<(), Error> {
        durable::write(&self.tiles, tiles)?;
        let mut secret = Zeroizing::new(Vec::with_capacity(SECRET_BYTES));
        secret.extend_from_slice(MAGIC);
        secret.extend_from_slice(id.plan.as_bytes());
        secret.extend_from_slice(id.ctx.as_bytes());
        secret.extend_from_slice(&id.shard.to_le_bytes());
        secret.extend_from_slice(Digest::of(tiles).as_bytes());
        secret.extend_from_slice(&node.amount.atoms().to_le_bytes());
        secret.extend_from_slice(node.blinding.as_bytes());
        secret.extend_from_slice(node.hash.as_bytes());
        let checksum = Digest::of(&secret);
        secret.extend_from_slice(checksum.as_bytes());
        durable::write_private(&self.secret, &secret)
    }
}

struct ParsedSecret {
    plan: Digest,
    ctx: [u8; 32],
    shard: u64,
    tiles: Digest,
    node: ChildSecret,
}

/// `rest` is what follows the first line of `whole`.
fn parse_secret(whole: &[u8], rest: &[u8]) -> Option<ParsedSecret> {
    let (before, checksum) = whole.split_last_chunk::<32>()?;
    if Digest::of(before).as_bytes() != checksum {
        return None;
    }
    let (rest, _) = rest.split_last_chunk::<32>()?;
    let (plan, rest) = rest.split_first_chunk::<32>()?;
    let (ctx, rest) = rest.split_first_chunk::<32>()?;
    let (shard, rest) = rest.split_first_chunk::<8>()?;
    let (tiles, rest) = rest.split_first_chunk::<32>()?;
    let (amount, rest) = rest.split_first_chunk::<8>()?;
    let (blinding, rest) = rest.split_first_chunk::<32>()?;
    let hash: &[u8; 32] = rest.try_into().ok()?;
    Some(ParsedSecret {
        plan: Digest::from_bytes(*plan),
        ctx: *ctx,
        shard: u64::from_le_bytes(*shard),
        tiles: Digest::from_bytes(*tiles),
        node: ChildSecret {
            amount: Amount::from_atoms(u64::from_le_bytes(*amount)),
            blinding: Option::from(Scalar::from_canonical_bytes(*blinding))?,
            hash: Digest::from_bytes(*hash),
        },
    })
}

/// Makes one shard and writes it; tiles are made on all threads.
///
/// # Errors
/// [`Error::Io`], [`Error::Protocol`].
pub fn run_shard(
    input: &ShardInput<'_>,
    shard: u64,
    files: &ShardFiles,
    bar: &ProgressBar,
) -> Result<ChildSecret, Error> {
    let mut children = leaves_of(input, shard)?;
    let mut tiles = Vec::new();
    for level in 1..=top_level(input.shape) {
        let (first, count) = tiles_of(input.shape, shard, level);
        let (records, nodes) = make_level(input, level, first, count, &children, bar)?;
        tiles.extend_from_slice(&records);
        children = nodes;
    }
    let node = single(children, shard)?;
    files.write(&input.id(shard), &tiles, &node)?;
    Ok(node)
}

/// The leaves of a shard, in order.
///
/// # Errors
/// [`Error::Io`], [`Error::Protocol`].
pub(super) fn leaves_of(input: &ShardInput<'_>, shard: u64) -> Result<Vec<ChildSecret>, Error> {
    let (first, count) = leaf_span(input.shape, shard);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let records = input.leaves.records(first, count)?;
    records
        .par_iter()
        .map(|(key, source)| leaf(input, key, *source))
        .collect()
}

/// The records of one level, with its number.
pub type LevelRecords = (u8, Vec<u8>);

/// Makes the levels above the shards; returns their records and the root.
///
/// # Errors
/// [`Error::Protocol`].
pub fn run_top(
    input: &ShardInput<'_>,
    mut nodes: Vec<ChildSecret>,
    bar: &ProgressBar,
) -> Result<(Vec<LevelRecords>, ChildSecret), Error> {
    let mut levels = Vec::new();
    for level in top_level(input.shape) + 1..=input.shape.depth() {
        let (records, next) = make_level(input, level, 0, input.shape.nodes(level), &nodes, bar)?;
        levels.push((level, records));
        nodes = next;
    }
    Ok((levels, single(nodes, 0)?))
}

fn single(mut nodes: Vec<ChildSecret>, shard: u64) -> Result<ChildSecret, Error> {
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => Ok(node),
        _ => Err(Error::refused(
            format!("shard {shard} does not end in one node"),
            "This is a fault of this build.",
        )),
    }
}

fn make_level(
    input: &ShardInput<'_>,
    level: u8,
    first: u64,
    count: u64,
    children: &[ChildSecret],
    bar: &ProgressBar,
) -> Result<(Vec<u8>, Vec<ChildSecret>), Error> {
    let witness = |offset: u64| {
        let position = Position {
            level,
            index: first + offset,
        };
        let first_child = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .saturating_mul(ARITY);
        let own = children.get(first_child..).unwrap_or_default();
        let children = std::array::from_fn(|slot| {
            let child = Position {
                level: level - 1,
                index: position.index * 16 + slot as u64,
            };
            // Whatever lies beyond the last node of the level below is void.
            own.get(slot)
                .cloned()
                .unwrap_or_else(|| ChildSecret::void(input.ctx, child))
        });
        TileWitness {
            position,
            children,
            seed: input.secrets.tile_seed(input.ctx, position),
        }
    };
    // Small enough that every thread has some, whatever the level; the bytes do not depend on it.
    let share = count.div_ceil(4 * rayon::current_num_threads() as u64);
    let together = share.clamp(1, CHECKED_TOGETHER);
    let made: Vec<Vec<(Vec<u8>, ChildSecret)>> = (0..count.div_ceil(together))
        .into_par_iter()
        .map(|batch| {
            let offsets = batch * together..((batch + 1) * together).min(count);
            let tiles = input
                .prover
                .prove_batch(input.ctx, offsets.clone().map(witness))
                .map_err(Error::protocol(format!(
                    "tiles {level}/{} to {}",
                    first + offsets.start,
                    first + offsets.end - 1
                )))?;
            bar.inc(tiles.len() as u64);
            Ok(tiles)
        })
        .collect::<Result<_, Error>>()?;
    let mut records = Vec::new();
    let mut nodes = Vec::new();
    for (record, node) in made.into_iter().flatten() {
        records.extend_from_slice(&record);
        nodes.push(node);
    }
    Ok((records, nodes))
}

/// A leaf, once its place is known to be its own: an order that another month left in the folder would build a tree whose
/// statements point at other accounts' leaves. Cost: one derivation.
fn leaf(input: &ShardInput<'_>, key: &[u8; 32], source: Source) -> Result<ChildSecret, Error> {
    let fault = Error::protocol("leaf");
    let check = |subject| {
        let own = input.secrets.order(input.ctx, subject) == *key;
        own.then_some(()).ok_or_else(|| input.leaves.foreign())
    };
    match source {
        Source::Padding(number) => {
            check(Subject::Padding(number))?;
            let (blinding, salt) = input
                .secrets
                .leaf(input.ctx, Subject::Padding(number))
                .map_err(fault)?;
            Ok(LeafOpening {
                account: "",
                amount: Amount::ZERO,
                blinding: &blinding,
                salt: &salt,
            }
            .secret(input.ctx))
        }
        Source::Row(start) => {
            // Another ledger's order points between the rows of this one.
            let (account, exact) = input.rows.at(start).map_err(|error| match error {
                Error::Input { .. } => input.leaves.foreign(),
                error => error,
            })?;
            let account = account.as_str();
            check(Subject::Account(account))?;
            let (blinding, salt) = input
                .secrets
                .leaf(input.ctx, Subject::Account(account))
                .map_err(fault)?;
            let amount = exact
                .round_up(input.decimals.0, input.decimals.1)
                .map_err(|error| {
                    Error::refused(
                        error.to_string(),
                        "Keep the asset at fewer decimals in the asset table.",
                    )
                })?;
            Ok(LeafOpening {
                account,
                amount,
                blinding: &blinding,
                salt: &salt,
            }
            .secret(input.ctx))
        }
    }
}
