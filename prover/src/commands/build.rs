//! `por build`: makes every tile of every book, on all cores; goes on where it was interrupted.

use por_protocol::liabilities::{Shape, TileProver};

use super::{HomeArg, RunArg};
use crate::build::{Builder, RunInputs};
use crate::error::{Error, Exit};
use crate::home::{Home, Run};
use crate::tell;
use crate::terminal::progress;

/// Build the books: trees and range proofs; goes on where it was interrupted
#[derive(Debug, clap::Args)]
pub struct Build {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

impl Build {
    /// # Errors
    /// [`Error::InTheWay`] if another process works on the run, or rows, plan and run key do not fit each other.
    pub fn run(self) -> Result<Exit, Error> {
        let run = Home::at(&self.home.home).run(self.run.run)?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .build()
            .map_err(|error| Error::refused(error.to_string(), "Give a smaller --threads."))?;
        pool.install(|| build(&run))?;
        Ok(Exit::Ok)
    }
}

fn build(run: &Run) -> Result<(), Error> {
    let _lock = run.lock()?;
    let RunInputs {
        plan,
        digest,
        secrets,
        rows,
    } = RunInputs::read(run)?;
    run.begin_build(&digest)?;
    let tiles = plan
        .books
        .iter()
        .filter_map(|book| Some(Shape::new(book.leaf_count).ok()?.tiles()))
        .sum();
    let bar = progress::bar(tiles, "tiles");
    let prover = TileProver::default();
    let builder = Builder {
        run,
        plan: &plan,
        digest: &digest,
        secrets: &secrets,
        prover: &prover,
        bar: &bar,
    };
    for (book, rows) in plan.books.iter().zip(&rows) {
        builder.build(book, rows)?;
    }
    bar.finish_and_clear();
    tell!(
        "Built run {}: {tiles} tiles in {} books. Next: por attest.",
        plan.sequence,
        plan.books.len()
    );
    Ok(())
}
