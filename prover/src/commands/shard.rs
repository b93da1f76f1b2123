//! `por shard`: a build shared among machines. Each makes some shards; one merges them, after judging every one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Subcommand;
use indicatif::ProgressBar;
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::liabilities::{ChildSecret, Shape, TileProver};
use por_protocol::plan::PlannedBook;
use por_protocol::range_proof::Generators;
use serde::Serialize;

use super::{HomeArg, RunArg, print};
use crate::build::{
    Builder, BuiltBook, FoundShard, LeafIndex, RunInputs, ShardFiles, ShardInput, judge_shard,
    leaf_span, run_shard, shards, shards_folder, tile_count,
};
use crate::error::{Error, Exit};
use crate::files::secret_file;
use crate::home::{Home, Run, folder_name};
use crate::publication::Publication;
use crate::tell;
use crate::terminal::progress;

/// Share a build among machines: list shards, make some, merge all
#[derive(Debug, clap::Args)]
pub struct ShardCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Plan(PlanStep),
    Run(RunStep),
    Merge(MergeStep),
}

/// List the shards of a run, as lines of JSON
#[derive(Debug, clap::Args)]
struct PlanStep {
    #[command(flatten)]
    home: HomeArg,
    #[command(flatten)]
    run: RunArg,
}

/// Make shards: needs the run's folder with plan, rows and run key, and no signing key
#[derive(Debug, clap::Args)]
struct RunStep {
    #[command(flatten)]
    home: HomeArg,
    #[command(flatten)]
    run: RunArg,
    /// The book, as `por shard plan` names it, such as BTC-owed [default: all]
    #[arg(long, value_name = "BOOK")]
    book: Option<String>,
    /// Number of a shard, or the first and the last of several, such as 0-7 [default: all]
    #[arg(long, value_name = "N|FIRST-LAST")]
    shard: Option<Numbers>,
    /// Folder for the shards; private. What it holds already is taken over
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Judge every shard, and finish the books: the same bytes as `por build` makes
#[derive(Debug, clap::Args)]
struct MergeStep {
    #[command(flatten)]
    home: HomeArg,
    #[command(flatten)]
    run: RunArg,
    /// Folder that `por shard run` wrote; may be given several times
    #[arg(long, value_name = "DIR", required = true)]
    from: Vec<PathBuf>,
}

/// Numbers of shards, as `3` or `0-7`.
#[derive(Clone, Debug)]
struct Numbers(RangeInclusive<u64>);

impl FromStr for Numbers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err("write a number, or the first and the last, such as 0-7"),
        }
    }
}

impl ShardCommand {
    /// # Errors
    /// [`Error::Refused`] if plan, rows and run key do not belong together; [`Error::Input`] for a shard that is not what it
    /// should be; [`Error::InTheWay`] for two that differ; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        match self.step {
            Step::Plan(step) => step.run(),
            Step::Run(step) => step.run(),
            Step::Merge(step) => step.run(),
        }
    }
}

/// A line of `por shard plan`.
#[derive(Serialize)]
struct Line<'a> {
    book: &'a str,
    shard: u64,
    first_leaf: u64,
    leaves: u64,
    tiles: u64,
    /// Digest of the plan: what determines the shard's bytes, version and parameters included.
    plan: &'a Digest,
}

impl PlanStep {
    fn run(self) -> Result<Exit, Error> {
        let run = Home::at(&self.home.home).run(self.run.run)?;
        let (plan, digest) = run.plan()?;
        let mut text = String::new();
        for book in &plan.books {
            let shape = Shape::new(book.leaf_count).map_err(Error::protocol("plan"))?;
            for shard in 0..shards(&shape) {
                let (first_leaf, leaves) = leaf_span(&shape, shard);
                let line = Line {
                    book: &folder_name(book),
                    shard,
                    first_leaf,
                    leaves,
                    tiles: tile_count(&shape, shard),
                    plan: &digest,
                };
                text += &serde_json::to_string(&line).map_err(|error| Error::Io {
                    path: "shards".into(),
                    source: error.into(),
                })?;
                text.push('\n');
            }
        }
        print(text.as_bytes())?;
        Ok(Exit::Ok)
    }
}

/// A book while its shards are made or judged.
struct Book<'a> {
    planned: &'a PlannedBook,
    name: String,
    ctx: Ctx,
    shape: Shape,
    index: usize,
}

fn books(inputs: &RunInputs) -> Result<Vec<Book<'_>>, Error> {
    let books = inputs
        .plan
        .books
        .iter()
        .enumerate()
        .map(|(index, planned)| {
            let context = inputs.plan.context(planned);
            let context = context.map_err(Error::protocol("plan"))?;
            Ok(Book {
                planned,
                name: folder_name(planned),
                ctx: context.ctx(),
                shape: context.shape,
                index,
            })
        });
    books.collect()
}

impl Book<'_> {
    /// The order of its leaves, derived in `folder` where it is not there yet.
    fn leaves(&self, inputs: &RunInputs, folder: &Path) -> Result<LeafIndex, Error> {
        let rows = self.rows(inputs)?;
        let (secrets, count) = (&inputs.secrets, self.planned.leaf_count);
        LeafIndex::create(&folder.join("leaves"), rows, count, secrets, &self.ctx)
    }

    fn rows<'i>(&self, inputs: &'i RunInputs) -> Result<&'i crate::build::BookRows, Error> {
        inputs
            .rows
            .get(self.index)
            .ok_or_else(|| Error::refused("a book without rows", "This is a fault of this build."))
    }

    fn input<'a>(
        &'a self,
        inputs: &'a RunInputs,
        leaves: &'a LeafIndex,
        prover: &'a TileProver,
    ) -> Result<ShardInput<'a>, Error> {
        let asset = &self.planned.asset;
        Ok(ShardInput {
            plan: &inputs.digest,
            ctx: &self.ctx,
            shape: &self.shape,
            decimals: (asset.ledger_decimals(), asset.decimals()),
            secrets: &inputs.secrets,
            rows: self.rows(inputs)?,
            leaves,
            prover,
        })
    }
}

impl RunStep {
    fn run(self) -> Result<Exit, Error> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .build()
            .map_err(|error| Error::refused(error.to_string(), "Give a smaller --threads."))?;
        pool.install(|| self.make())?;
        Ok(Exit::Ok)
    }

    fn make(&self) -> Result<(), Error> {
        Publication::refuse_around(&self.out)?;
        let run = Home::at(&self.home.home).run(self.run.run)?;
        let inputs = RunInputs::read(&run)?;
        let books = books(&inputs)?;
        let wanted = self.wanted(&books)?;
        secret_file::create_private_dir(&self.out)?;
        let _lock = crate::home::lock(&self.out.join("lock"), "making shards in this folder")?;
        let tiles = wanted
            .iter()
            .map(|(book, shard)| tile_count(&book.shape, *shard))
            .sum();
        let bar = progress::bar(tiles, "tiles");
        let prover = TileProver::default();
        for book in &books {
            let own: Vec<u64> = wanted
                .iter()
                .filter(|(other, _)| other.index == book.index)
                .map(|(_, shard)| *shard)
                .collect();
            if own.is_empty() {
                continue;
            }
            let folder = self.out.join(&book.name);
            secret_file::create_private_dir(&folder)?;
            let leaves = book.leaves(&inputs, &folder)?;
            let input = book.input(&inputs, &leaves, &prover)?;
            for shard in own {
                let files = ShardFiles::at(&folder, shard);
                if files.finished(&input.id(shard))?.is_some() {
                    bar.inc(tile_count(&book.shape, shard));
                } else {
                    run_shard(&input, shard, &files, &bar)?;
                }
            }
        }
        bar.finish_and_clear();
        tell!(
            "Made {} shards ({tiles} tiles) in {}. It is private: bring it to the machine that merges, with `por shard merge --from`.",
            wanted.len(),
            self.out.display()
        );
        Ok(())
    }

    /// The shards that were asked for, of which there is at least one.
    fn wanted<'b, 'a>(&self, books: &'b [Book<'a>]) -> Result<Vec<(&'b Book<'a>, u64)>, Error> {
        let named = |book: &&Book<'_>| self.book.as_ref().is_none_or(|name| *name == book.name);
        let all = books.iter().filter(named).flat_map(|book| {
            let numbers = 0..shards(&book.shape);
            numbers.map(move |shard| (book, shard))
        });
        let wanted: Vec<_> = all
            .filter(|(_, shard)| {
                let numbers = self.shard.as_ref();
                numbers.is_none_or(|numbers| numbers.0.contains(shard))
            })
            .collect();
        if wanted.is_empty() {
            return Err(Error::refused(
                "the run has no such shard",
                "`por shard plan` lists the shards there are.",
            ));
        }
        Ok(wanted)
    }
}

/// A shard as it was brought: its tiles, its node, and where it lies.
struct Brought {
    files: ShardFiles,
    node: ChildSecret,
    tiles: Vec<u8>,
}

impl MergeStep {
    fn run(self) -> Result<Exit, Error> {
        let run = Home::at(&self.home.home).run(self.run.run)?;
        let _lock = run.lock()?;
        let inputs = RunInputs::read(&run)?;
        run.begin_build(&inputs.digest)?;
        let books = books(&inputs)?;
        for folder in &self.from {
            if !folder.is_dir() {
                return Err(Error::refused(
                    format!("{} is no folder of shards", folder.display()),
                    "Name the folders that `por shard run` wrote.",
                ));
            }
        }
        let generators = Generators::new();
        let prover = TileProver::default();
        let count = books.iter().map(|book| shards(&book.shape)).sum();
        let bar = progress::bar(count, "shards judged");
        let mut missing = BTreeMap::new();
        for book in &books {
            if BuiltBook::read(&run, book.planned, &inputs.digest)?.is_some() {
                tell!(
                    "{} is built already: shards of it that come now are not looked at.",
                    book.name
                );
                bar.inc(shards(&book.shape));
                continue;
            }
            let absent = self.take_in(&run, book, &inputs, (&generators, &prover), &bar)?;
            if !absent.is_empty() {
                missing.insert(book.name.clone(), absent);
            }
        }
        bar.finish_and_clear();
        if !missing.is_empty() {
            let list: Vec<_> = missing
                .iter()
                .map(|(book, shards)| {
                    let numbers: Vec<_> = shards.iter().map(u64::to_string).collect();
                    format!("{book} {}", numbers.join(", "))
                })
                .collect();
            return Err(Error::refused(
                format!("shards are missing: {}", list.join("; ")),
                "Those that came are kept. Make the others with `por shard run`, and merge again.",
            ));
        }
        let tiles = books.iter().map(|book| book.shape.tiles()).sum();
        let bar = progress::bar(tiles, "tiles");
        let builder = Builder {
            run: &run,
            plan: &inputs.plan,
            digest: &inputs.digest,
            secrets: &inputs.secrets,
            prover: &prover,
            bar: &bar,
        };
        for book in &books {
            builder.build(book.planned, book.rows(&inputs)?)?;
        }
        bar.finish_and_clear();
        self.delete_secrets(&books);
        tell!(
            "Merged run {}: {tiles} tiles in {} books. Next: por attest.",
            inputs.plan.sequence,
            books.len()
        );
        Ok(Exit::Ok)
    }

    /// The books are built: what opens the shards, and the order of their leaves, is of no more use where they came from
    /// (SPEC §3.5). What cannot be deleted is named.
    fn delete_secrets(&self, books: &[Book<'_>]) {
        for folder in &self.from {
            let of_book = |book: &Book<'_>| {
                let folder = folder.join(&book.name);
                let numbers = 0..shards(&book.shape);
                let secrets = numbers.map(|shard| ShardFiles::at(&folder, shard).secret);
                secrets.chain([folder.join("leaves")]).collect::<Vec<_>>()
            };
            let kept = books.iter().flat_map(of_book).filter(|secret| {
                std::fs::remove_file(secret)
                    .is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound)
            });
            if kept.count() > 0 {
                tell!(
                    "Destroy {}: its secrets could not be deleted, and the books that they open are built.",
                    folder.display()
                );
            }
        }
        tell!(
            "Destroy the copies of these folders, and of the run, on the machines that made the shards."
        );
    }

    /// Judges the shards of a book and takes them into the build; returns those that nobody brought.
    fn take_in(
        &self,
        run: &Run,
        book: &Book<'_>,
        inputs: &RunInputs,
        (generators, prover): (&Generators, &TileProver),
        bar: &ProgressBar,
    ) -> Result<Vec<u64>, Error> {
        let folder = run.book_path(book.planned);
        secret_file::create_private_dir(&folder)?;
        let own = shards_folder(run, book.planned);
        secret_file::create_private_dir(&own)?;
        let leaves = book.leaves(inputs, &folder)?;
        let input = book.input(inputs, &leaves, prover)?;
        let mut missing = Vec::new();
        for shard in 0..shards(&book.shape) {
            let id = input.id(shard);
            let kept = ShardFiles::at(&own, shard);
            let known = kept.finished(&id)?;
            let Some(brought) = self.find(book, &input, shard)? else {
                if known.is_none() {
                    missing.push(shard);
                }
                bar.inc(1);
                continue;
            };
            match known {
                // Judged when it was taken in, or made here.
                Some(known) if known.hash == brought.node.hash => {}
                Some(_) => return Err(differs(&brought.files.tiles, &kept.tiles)),
                None => {
                    let shown = brought.files.tiles.as_path();
                    judge_shard(
                        generators,
                        &input,
                        shard,
                        (&brought.node, &brought.tiles, shown),
                    )?;
                    kept.write(&id, &brought.tiles, &brought.node)?;
                }
            }
            bar.inc(1);
        }
        Ok(missing)
    }

    /// The shard in the folders that were named. The same one may lie in several of them.
    fn find(
        &self,
        book: &Book<'_>,
        input: &ShardInput<'_>,
        shard: u64,
    ) -> Result<Option<Brought>, Error> {
        let mut found: Option<Brought> = None;
        for folder in &self.from {
            let files = ShardFiles::at(&folder.join(&book.name), shard);
            let (node, tiles) = match files.read(&input.id(shard))? {
                FoundShard::Absent if !files.tiles.exists() && !files.secret.exists() => continue,
                FoundShard::Absent | FoundShard::Damaged => {
                    return Err(Error::input(
                        &files.tiles,
                        "the shard is damaged, or was cut off on its way",
                        "Bring its two files once more, or make it again with `por shard run`.",
                    ));
                }
                FoundShard::Whole { node, tiles } => (node, tiles),
            };
            match &found {
                Some(first) if first.tiles != tiles => {
                    return Err(differs(&files.tiles, &first.files.tiles));
                }
                Some(_) => {}
                None => found = Some(Brought { files, node, tiles }),
            }
        }
        Ok(found)
    }
}

fn differs(one: &Path, other: &Path) -> Error {
    Error::InTheWay {
        path: one.to_owned(),
        why: format!("this shard is not the one in {}", other.display()),
        remedy: "A shard has the same bytes whoever makes it: one of the two machines is broken or lies. Find out which, and make its shards again.".into(),
    }
}
