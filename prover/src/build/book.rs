//! One book from its rows to its packs and its published root.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use por_protocol::amount::Amount;
use por_protocol::book_row::{Root, Total};
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::disclosure::DisclosedTotal;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::liabilities::{
    ChildSecret, Commitment, Committer, PACK_TILES, Shape, TILE_BYTES, TileProver, prove_bound,
    prove_total,
};
use por_protocol::plan::{Plan, PlannedBook, PlannedTotal};
use por_protocol::range_proof::RangeProver;
use por_protocol::run_key::Secrets;
use serde::{Deserialize, Serialize};

use super::layout::pack_path;
use super::leaves::LeafIndex;
use super::rows::BookRows;
use super::shard::{
    LevelRecords, ShardFiles, ShardInput, run_shard, run_top, shards, tile_count, tiles_of,
};
use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;
use crate::home::Run;

/// What the build publishes of a book besides its tiles: `book.json`, written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltBook {
    /// Digest of the plan it was built for.
    pub plan: Digest,
    /// The root node.
    pub root: Root,
    /// The total with its proof.
    pub total: Total,
}

impl BuiltBook {
    /// `book.json` of a book.
    #[must_use]
    pub fn path(run: &Run, book: &PlannedBook) -> PathBuf {
        run.book_path(book).join("book.json")
    }

    /// A finished book; `None` if it is not finished.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if it was built for another plan.
    pub fn read(run: &Run, book: &PlannedBook, plan: &Digest) -> Result<Option<Self>, Error> {
        let path = Self::path(run, book);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let built: Self = serde_json::from_slice(&bytes).map_err(|error| {
            Error::input(
                &path,
                error.to_string(),
                "Delete it and run `por build` again.",
            )
        })?;
        if built.plan != *plan {
            return Err(other_plan(&path, "this book was built for another plan"));
        }
        Ok(Some(built))
    }
}

/// What all books of a run share while they are built.
pub struct Builder<'a> {
    /// The run's folder.
    pub run: &'a Run,
    /// Its plan.
    pub plan: &'a Plan,
    /// Digest of the plan's exact bytes.
    pub digest: &'a Digest,
    /// Derivations.
    pub secrets: &'a Secrets,
    /// Makes tiles.
    pub prover: &'a TileProver,
    /// Counts tiles.
    pub bar: &'a ProgressBar,
}

impl Builder<'_> {
    /// Builds one book, or what is left of it.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Protocol`], [`Error::Input`] if what is there was made for another plan,
    /// [`Error::Refused`] if tree and rows do not add up to the same.
    pub fn build(&self, book: &PlannedBook, rows: &BookRows) -> Result<BuiltBook, Error> {
        let context = self.plan.context(book).map_err(Error::protocol("plan"))?;
        if let Some(built) = BuiltBook::read(self.run, book, self.digest)? {
            self.bar.inc(context.shape.tiles());
            // A run that was killed behind its last write has left them.
            remove_shards(&self.run.book_path(book))?;
            return Ok(built);
        }
        let folder = self.run.book_path(book);
        secret_file::create_private_dir(&folder)?;
        let ctx = context.ctx();
        self.bar.set_message("ordering leaves");
        let leaves = LeafIndex::create(
            &folder.join("leaves"),
            rows,
            book.leaf_count,
            self.secrets,
            &ctx,
        )?;
        self.bar.set_message("tiles");
        let input = ShardInput {
            plan: self.digest,
            ctx: &ctx,
            shape: &context.shape,
            decimals: (book.asset.ledger_decimals(), book.asset.decimals()),
            secrets: self.secrets,
            rows,
            leaves: &leaves,
            prover: self.prover,
        };
        let root = build_tree(&input, &folder, self.bar)?;
        // The order of the leaves and the shards come from files, which may be damaged: a leaf left out shows here.
        if root.amount != ledger_total(book, rows)? {
            return Err(Error::input(
                &folder,
                "the tree adds up to another total than the rows",
                "Delete this folder and run `por build` again.",
            ));
        }
        let node = Root {
            commitment: commitment(&root)?,
            hash: root.hash,
        };
        let total = self.total(book, &ctx, &node, &root)?;
        if matches!(total, Total::Sealed { .. }) {
            self.keep_sealed_total(book, &ctx, &node, &root)?;
        }
        let path = BuiltBook::path(self.run, book);
        let built = BuiltBook {
            plan: *self.digest,
            root: node,
            total,
        };
        let json = serde_json::to_vec_pretty(&built).map_err(|error| Error::Io {
            path: path.clone(),
            source: error.into(),
        })?;
        durable::write(&path, &json)?;
        remove_shards(&folder)?;
        Ok(built)
    }

    /// What a regulator may be told, proven while the blinding sum is at hand; private.
    fn keep_sealed_total(
        &self,
        book: &PlannedBook,
        ctx: &Ctx,
        node: &Root,
        root: &ChildSecret,
    ) -> Result<(), Error> {
        let proof = prove_total(ctx, &node.node(), root, self.secrets.total_seed(ctx));
        let path = self.run.sealed_total_path(book);
        let disclosed = DisclosedTotal {
            asset: book.asset.id().as_str().to_owned(),
            kind: book.kind,
            total: root.amount,
            proof: HexBytes(proof.to_vec()),
        };
        let json = serde_json::to_vec(&disclosed).map_err(|error| Error::Io {
            path: path.clone(),
            source: error.into(),
        })?;
        durable::write_private(&path, &json)
    }

    fn total(
        &self,
        book: &PlannedBook,
        ctx: &Ctx,
        node: &Root,
        root: &ChildSecret,
    ) -> Result<Total, Error> {
        let seed = self.secrets.total_seed(ctx);
        Ok(match &book.total {
            PlannedTotal::Public => Total::Public {
                amount: root.amount,
                proof: HexBytes(prove_total(ctx, &node.node(), root, seed).to_vec()),
            },
            PlannedTotal::Sealed { bound } => {
                let sealed = prove_bound(
                    &RangeProver::default(),
                    ctx,
                    &node.node(),
                    root,
                    *bound,
                    seed,
                )
                .map_err(Error::protocol(format!(
                    "sealed total of {}",
                    book.asset.id()
                )))?;
                Total::Sealed {
                    bound: sealed.bound,
                    proof: HexBytes(sealed.proof),
                }
            }
        })
    }
}

pub(super) fn other_plan(path: &Path, why: &str) -> Error {
    Error::input(
        path,
        why,
        "Restore plan.json and run.key of this run from their backup, or start a new run with `por plan`.",
    )
}

/// The control total: what the rows add up to, each rounded up as its leaf is.
fn ledger_total(book: &PlannedBook, rows: &BookRows) -> Result<Amount, Error> {
    let decimals = (book.asset.ledger_decimals(), book.asset.decimals());
    let mut total = Amount::ZERO;
    for row in rows.iter() {
        let (_, _, exact) = row?;
        total = exact
            .round_up(decimals.0, decimals.1)
            .and_then(|rounded| total.checked_add(rounded))
            .map_err(|error| {
                Error::refused(
                    error.to_string(),
                    "Keep the asset at fewer decimals in the asset table.",
                )
            })?;
    }
    Ok(total)
}

/// The folder of a book's shards until it is finished.
#[must_use]
pub fn shards_folder(run: &Run, book: &PlannedBook) -> PathBuf {
    run.book_path(book).join("shards")
}

/// Deletes the shards of a finished book: their secrets have done their work.
fn remove_shards(folder: &Path) -> Result<(), Error> {
    let shards = folder.join("shards");
    match std::fs::remove_dir_all(&shards) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Io {
            path: shards,
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Makes or takes over every shard, then the levels above them, then the packs.
fn build_tree(
    input: &ShardInput<'_>,
    folder: &Path,
    bar: &ProgressBar,
) -> Result<ChildSecret, Error> {
    let shards_folder = folder.join("shards");
    secret_file::create_private_dir(&shards_folder)?;
    let mut nodes = Vec::new();
    for shard in 0..shards(input.shape) {
        let files = ShardFiles::at(&shards_folder, shard);
        let node = match files.finished(&input.id(shard))? {
            Some(node) => {
                bar.inc(tile_count(input.shape, shard));
                node
            }
            None => run_shard(input, shard, &files, bar)?,
        };
        nodes.push(node);
    }
    let (top, root) = run_top(input, nodes, bar)?;
    write_packs(input.shape, folder, &shards_folder, &top)?;
    Ok(root)
}

/// Gathers the shards' tiles into packs under a temporary name, then renames the whole folder.
fn write_packs(
    shape: &Shape,
    folder: &Path,
    shards_folder: &Path,
    top: &[LevelRecords],
) -> Result<(), Error> {
    let (tiles, temporary) = (folder.join("tiles"), folder.join("tiles.tmp"));
    for leftover in [&tiles, &temporary] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover).map_err(Error::io(leftover))?;
        }
    }
    for level in 1..=shape.depth() {
        let level_folder = temporary.join(level.to_string());
        std::fs::create_dir_all(&level_folder).map_err(Error::io(&level_folder))?;
        let mut packs = PackWriter {
            tiles: &temporary,
            level,
            written: 0,
            open: None,
        };
        match top.iter().find(|(top_level, _)| *top_level == level) {
            Some((_, records)) => packs.write(records)?,
            None => {
                for shard in 0..shards(shape) {
                    packs.write(&read_level(shape, shards_folder, shard, level)?)?;
                }
            }
        }
        packs.finish()?;
        // The packs' names, and below that of their folder: the shards are deleted once these count.
        durable::sync_parent(&level_folder.join("x"))?;
    }
    durable::sync_parent(&temporary.join("x"))?;
    std::fs::rename(&temporary, &tiles).map_err(Error::io(&tiles))?;
    durable::sync_parent(&tiles)
}

fn read_level(
    shape: &Shape,
    shards_folder: &Path,
    shard: u64,
    level: u8,
) -> Result<Vec<u8>, Error> {
    use std::os::unix::fs::FileExt as _;
    let path = ShardFiles::at(shards_folder, shard).tiles;
    let file = std::fs::File::open(&path).map_err(Error::io(&path))?;
    let before: u64 = (1..level)
        .map(|lower| tiles_of(shape, shard, lower).1)
        .sum();
    let count = usize::try_from(tiles_of(shape, shard, level).1).unwrap_or(usize::MAX);
    let mut records = vec![0; count * TILE_BYTES];
    file.read_exact_at(&mut records, before * TILE_BYTES as u64)
        .map_err(Error::io(&path))?;
    Ok(records)
}

struct PackWriter<'a> {
    tiles: &'a Path,
    level: u8,
    written: u64,
    open: Option<(PathBuf, std::fs::File)>,
}

impl PackWriter<'_> {
    fn write(&mut self, records: &[u8]) -> Result<(), Error> {
        for record in records.chunks_exact(TILE_BYTES) {
            if self.written.is_multiple_of(PACK_TILES) {
                self.close()?;
                let path = pack_path(self.tiles, self.level, self.written / PACK_TILES);
                let file = std::fs::File::create(&path).map_err(Error::io(&path))?;
                self.open = Some((path, file));
            }
            if let Some((path, file)) = &mut self.open {
                file.write_all(record).map_err(Error::io(path))?;
            }
            self.written += 1;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        match self.open.take() {
            Some((path, file)) => file.sync_all().map_err(Error::io(&path)),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<(), Error> {
        self.close()
    }
}

pub(super) fn commitment(secret: &ChildSecret) -> Result<Commitment, Error> {
    let half = Committer::default().half(secret.amount, &secret.blinding);
    Commitment::from_point(half + half).map_err(Error::protocol("root"))
}
