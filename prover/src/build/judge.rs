//! Judging a shard that another machine made, before anything rests on it.
//!
//! Claim of [`judge_shard`]: every leaf is the one that plan, run key and rows put there, every tile above them is authentic
//! and its range proof true, and the shard's sums are those of its leaves. So a worker that is broken, malicious or on
//! another key is found here and not by a customer. Cost: that of making the leaves and of auditing the tiles, about a tenth
//! of making the shard.

use std::path::Path;

use por_protocol::amount::Amount;
use por_protocol::liabilities::{
    ChildSecret, Commitment, Committer, Node, Position, Subtree, TILE_BYTES, verify_subtree,
};
use por_protocol::range_proof::Generators;
use rayon::prelude::*;

use super::book::commitment;
use super::shard::{ShardInput, leaf_span, leaves_of, tiles_of, top_level};
use crate::error::Error;

/// Levels that are verified in one batch: 273 tiles.
const TOGETHER: u8 = 3;

/// Checks a shard's node and its tiles, which stand in `path`.
///
/// # Errors
/// [`Error::Input`] naming what is wrong; [`Error::Io`].
pub fn judge_shard(
    generators: &Generators,
    input: &ShardInput<'_>,
    shard: u64,
    brought: (&ChildSecret, &[u8], &Path),
) -> Result<(), Error> {
    judge(input, shard, brought, |subtree, levels| {
        verify_subtree(generators, input.ctx, input.shape, subtree, levels, &[])
            .map_err(|error| error.to_string())
    })
}

/// As [`judge_shard`]; `check` verifies the tiles of a subtree and gives the nodes below them.
fn judge(
    input: &ShardInput<'_>,
    shard: u64,
    (node, tiles, path): (&ChildSecret, &[u8], &Path),
    check: impl Fn(&Subtree, &[&[u8]]) -> Below + Sync,
) -> Result<(), Error> {
    let refuse = |why: String| {
        Error::input(
            path,
            why,
            "Nothing of it was merged. Make this shard again on a machine that you trust, and look at the others that came from there.",
        )
    };
    let leaves = leaves_of(input, shard)?;
    check_sums(&leaves, node).map_err(refuse)?;
    let levels = split_levels(input, shard, tiles)
        .ok_or_else(|| refuse("it holds another number of tiles than the shard has".into()))?;
    let top = Subtree {
        top: Position {
            level: top_level(input.shape),
            index: shard,
        },
        node: Node {
            commitment: commitment(node)?,
            hash: node.hash,
        },
    };
    let found = verify(input, &levels, top, check).map_err(refuse)?;
    let first = leaf_span(input.shape, shard).0;
    if found.len() != leaves.len() {
        return Err(refuse("it has another number of leaves".into()));
    }
    // Its tables cost more than a leaf.
    let committer = Committer::default();
    let fits = |leaf: &ChildSecret, found: &Node| {
        let half = committer.half(leaf.amount, &leaf.blinding);
        let expected = Commitment::from_point(half + half);
        found.hash == leaf.hash && expected.is_ok_and(|expected| expected == found.commitment)
    };
    let wrong = found
        .par_iter()
        .zip(&leaves)
        .enumerate()
        .find_first(|(_, ((_, found), leaf))| !fits(leaf, found));
    match wrong {
        Some((offset, _)) => Err(refuse(format!(
            "leaf {} is not the one that plan, run key and rows put there",
            first + offset as u64
        ))),
        None => Ok(()),
    }
}

/// The shard's sums are those of its leaves. (Voids above them, if any, are in neither.)
fn check_sums(leaves: &[ChildSecret], node: &ChildSecret) -> Result<(), String> {
    let total = Amount::checked_sum(leaves.iter().map(|leaf| leaf.amount));
    match total {
        Ok(total) if total == node.amount => Ok(()),
        Ok(_) => Err("its amounts add up to another sum than the shard's".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The records of each level, from the top down.
fn split_levels<'a>(input: &ShardInput<'_>, shard: u64, tiles: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let (mut levels, mut rest) = (Vec::new(), tiles);
    for level in 1..=top_level(input.shape) {
        let count = usize::try_from(tiles_of(input.shape, shard, level).1).ok()?;
        let (records, after) = rest.split_at_checked(count.checked_mul(TILE_BYTES)?)?;
        levels.insert(0, records);
        rest = after;
    }
    rest.is_empty().then_some(levels)
}

/// The nodes below a subtree's tiles, or what is wrong with one of these.
type Below = Result<Vec<(Position, Node)>, String>;

/// Verifies all tiles; returns the leaves. In batches of three levels, so that threads have something to share.
fn verify(
    input: &ShardInput<'_>,
    levels: &[&[u8]],
    top: Subtree,
    check: impl Fn(&Subtree, &[&[u8]]) -> Below + Sync,
) -> Below {
    let upper = levels.len().saturating_sub(usize::from(TOGETHER));
    let (above, below) = levels.split_at_checked(upper).unwrap_or_default();
    if above.is_empty() {
        return check(&top, below);
    }
    let units = check(&top, above)?;
    let leaves: Result<Vec<_>, String> = units
        .par_iter()
        .map(|(position, node)| {
            let unit = Subtree {
                top: *position,
                node: *node,
            };
            // The part of each level that lies below this unit.
            let own = below
                .iter()
                .zip((1..=position.level).rev())
                .map(|(records, level)| {
                    let (first, count) = unit.span(input.shape, level);
                    let (begin, _) = top.span(input.shape, level);
                    let at = usize::try_from(first.saturating_sub(begin)).ok()?;
                    let count = usize::try_from(count).ok()?;
                    records.get(at * TILE_BYTES..(at + count) * TILE_BYTES)
                });
            let own: Option<Vec<_>> = own.collect();
            check(&unit, &own.ok_or("a level is too short")?)
        })
        .collect();
    Ok(leaves?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressBar;
    use por_protocol::account::AccountId;
    use por_protocol::amount::{Decimals, ExactAmount};
    use por_protocol::context::{BookContext, Ctx};
    use por_protocol::digest::Digest;
    use por_protocol::liabilities::{Shape, TileProver, open_record};
    use por_protocol::run_key::{RunKey, Secrets};

    use super::super::leaves::LeafIndex;
    use super::super::rows::{BookRows, write_rows};
    use super::super::shard::{FoundShard, ShardFiles, run_shard, shards};
    use super::*;

    const LEAVES: u64 = 65_536 + 4_096 + 32;

    /// What `verify_subtree` does but for the range proofs, which would take minutes to make.
    fn open(ctx: &Ctx, shape: &Shape, subtree: &Subtree, levels: &[&[u8]]) -> Below {
        let mut nodes = vec![(subtree.top, subtree.node)];
        for records in levels {
            if records.len() != nodes.len() * TILE_BYTES {
                return Err("another number of tiles".into());
            }
            let mut below = Vec::new();
            for ((position, node), record) in nodes.iter().zip(records.chunks_exact(TILE_BYTES)) {
                let tile = open_record(ctx, shape, *position, node, record)
                    .map_err(|error| error.to_string())?;
                let slots = position.children().unwrap();
                let real = slots.into_iter().zip(tile.children().iter().copied());
                below.extend(real.filter(|(slot, _)| !shape.is_void(*slot)));
            }
            nodes = below;
        }
        Ok(nodes)
    }

    struct Setting {
        folder: tempfile::TempDir,
        plan: Digest,
        shape: Shape,
        ctx: Ctx,
        secrets: Secrets,
        rows: BookRows,
        prover: TileProver,
    }

    impl Setting {
        fn new(key: u8) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("rows");
            let account = |number: u64| AccountId::new(format!("account-{number:06}")).unwrap();
            let amount = |number: u64| ExactAmount::from_steps(u128::from(number));
            write_rows(
                &path,
                (0..60_000).map(|number| (account(number), amount(number))),
            )
            .unwrap();
            let shape = Shape::new(LEAVES).unwrap();
            let ctx = BookContext {
                log_origin: "example.com/por",
                period: "2026-10",
                sequence: 0,
                snapshot_time: 1_790_000_000,
                asset: "BTC",
                kind: "owed",
                decimals: 8,
                shape,
            }
            .ctx();
            let plan = Digest::of(b"plan");
            let key = RunKey::from_bytes(std::array::from_fn(|byte| byte as u8 ^ key)).unwrap();
            Self {
                rows: BookRows::read(&path).unwrap(),
                secrets: key.secrets(&plan),
                prover: TileProver::without_proofs(),
                folder,
                plan,
                shape,
                ctx,
            }
        }

        fn with<T>(&self, work: impl FnOnce(&ShardInput<'_>) -> T) -> T {
            let path = self.folder.path().join("leaves");
            let leaves =
                LeafIndex::create(&path, &self.rows, LEAVES, &self.secrets, &self.ctx).unwrap();
            let decimals = Decimals::new(8).unwrap();
            work(&ShardInput {
                plan: &self.plan,
                ctx: &self.ctx,
                shape: &self.shape,
                decimals: (decimals, decimals),
                secrets: &self.secrets,
                rows: &self.rows,
                leaves: &leaves,
                prover: &self.prover,
            })
        }

        fn make(&self, shard: u64) -> (ChildSecret, Vec<u8>) {
            self.with(|input| {
                let files = ShardFiles::at(self.folder.path(), shard);
                run_shard(input, shard, &files, &ProgressBar::hidden()).unwrap();
                match files.read(&input.id(shard)).unwrap() {
                    FoundShard::Whole { node, tiles } => (node, tiles),
                    _ => panic!("it was just made"),
                }
            })
        }

        fn judge(&self, shard: u64, node: &ChildSecret, tiles: &[u8]) -> Result<(), String> {
            let check =
                |subtree: &Subtree, levels: &[&[u8]]| open(&self.ctx, &self.shape, subtree, levels);
            self.with(|input| {
                judge(input, shard, (node, tiles, Path::new("x")), check)
                    .map_err(|error| error.to_string())
            })
        }
    }

    #[test]
    fn p_06_a_shard_is_judged_by_its_leaves_sums_and_tiles_wherever_it_stands() {
        let setting = Setting::new(1);
        assert_eq!(shards(&setting.shape), 2);
        let (node, tiles) = setting.make(0);
        setting.judge(0, &node, &tiles).unwrap();
        let in_the_place_of_another = setting.judge(1, &node, &tiles);
        assert!(in_the_place_of_another.is_err());
        let (node, tiles) = setting.make(1);
        setting.judge(1, &node, &tiles).unwrap();
        let fewer = &tiles[..tiles.len() - TILE_BYTES];
        let more = [tiles.as_slice(), &tiles[..TILE_BYTES]].concat();
        for wrong in [fewer, &more] {
            let error = setting.judge(1, &node, wrong).unwrap_err();
            assert!(error.contains("another number of tiles"), "{error}");
        }
        for place in [0, tiles.len() / 2, tiles.len() - 1] {
            let mut altered = tiles.clone();
            altered[place] ^= 1;
            assert!(setting.judge(1, &node, &altered).is_err(), "{place}");
        }
        let mut richer = node.clone();
        richer.amount = Amount::from_atoms(node.amount.atoms() + 1);
        let error = setting.judge(1, &richer, &tiles).unwrap_err();
        assert!(error.contains("another sum"), "{error}");
    }

    #[test]
    fn p_05_a_worker_with_another_run_key_is_found_by_its_leaves() {
        let (setting, other) = (Setting::new(1), Setting::new(2));
        // The same plan and rows; sums and tiles fit each other.
        let (node, tiles) = other.make(1);
        other.judge(1, &node, &tiles).unwrap();
        let error = setting.judge(1, &node, &tiles).unwrap_err();
        assert!(
            error.contains("leaf 65536 is not the one") || error.contains("another sum"),
            "{error}"
        );
    }
}
