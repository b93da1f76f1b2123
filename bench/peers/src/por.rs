//! Ours: a tree of tiles with one proof each, made once for all customers, and checked by anyone.

#[path = "../../../prover/benches/support/exchange.rs"]
mod exchange;

use por_protocol::amount::Amount;
use por_protocol::liabilities::{LeafOpening, TILE_BYTES, TileProver, verify_path};
use por_protocol::range_proof::{Generators, verify_batch};
use por_protocol::run_key::Subject;
use por_prover::build::{BookRows, BuiltBook, LeafIndex, read_path};
use por_prover::home::Run;

use crate::{Measured, PROVEN, Result, SAMPLED, median, peak_memory_mb, seconds};

/// Index, amount, blinding and salt.
const OPENING_BYTES: u64 = 8 + 8 + 32 + 32;

pub fn measure(accounts: u64) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let home = exchange::init(folder.path(), accounts)?;
    let bare = exchange::plan(folder.path(), &home)?;
    let (tree, ()) = seconds(|| exchange::build_with(&bare, &TileProver::without_proofs()))?;
    let memory = peak_memory_mb()?;
    // Proofs cost the same for every leaf: a smaller tree stands for one that would take an hour.
    let small = tempfile::tempdir()?;
    let home = exchange::init(small.path(), accounts.min(PROVEN))?;
    let run = exchange::plan(small.path(), &home)?;
    let (with_proofs, ()) = seconds(|| exchange::build_with(&run, &TileProver::default()))?;
    Ok(Measured {
        accounts,
        tree,
        proofs: with_proofs * leaf_count(&bare)? as f64 / leaf_count(&run)? as f64,
        whole: accounts <= PROVEN,
        check: check(&run, accounts.min(PROVEN))?,
        bytes: OPENING_BYTES + depth(&bare)? * TILE_BYTES as u64,
        memory,
    })
}

fn leaf_count(run: &Run) -> Result<u64> {
    Ok(run.plan()?.0.books.first().ok_or("no book")?.leaf_count)
}

fn depth(run: &Run) -> Result<u64> {
    let (plan, _) = run.plan()?;
    let book = plan.books.first().ok_or("no book")?;
    Ok(plan.context(book)?.shape.depth().into())
}

/// Seconds to check one customer's path: opening, every hash and sum, every range proof on it.
fn check(run: &Run, accounts: u64) -> Result<f64> {
    let (plan, digest) = run.plan()?;
    let book = plan.books.first().ok_or("no book")?;
    let context = plan.context(book)?;
    let (ctx, shape) = (context.ctx(), context.shape);
    let root = BuiltBook::read(run, book, &digest)?
        .ok_or("no tree")?
        .root
        .node();
    let secrets = run.run_key()?.secrets(&digest);
    let folder = run.book_path(book);
    let leaves = LeafIndex::open(&folder.join("leaves"), book.leaf_count)?;
    let rows = BookRows::read(&run.rows_path(book))?;
    let generators = Generators::new();
    let mut times = Vec::new();
    for number in (0..accounts)
        .step_by(accounts as usize / SAMPLED)
        .take(SAMPLED)
    {
        let account = exchange::account(number);
        let subject = Subject::Account(&account);
        let (_, exact) = rows.find(&account)?.ok_or("no row")?;
        let index = leaves
            .find(&secrets.order(&ctx, subject))?
            .ok_or("no leaf")?;
        let (blinding, salt) = secrets.leaf(&ctx, subject)?;
        let records = read_path(&folder.join("tiles"), &shape, index)?;
        let opening = LeafOpening {
            account: &account,
            amount: Amount::from_atoms(u64::try_from(exact.steps())?),
            blinding: &blinding,
            salt: &salt,
        };
        let (time, ()) = seconds(|| {
            let leaf = opening.node(&ctx)?;
            let tiles = verify_path(&ctx, &shape, &root, index, &leaf, &records)?;
            let statements: Vec<_> = tiles
                .iter()
                .map(|tile| tile.range_statement(&ctx))
                .collect();
            verify_batch(&generators, &statements, &[]).map_err(|(_, error)| error.into())
        })?;
        times.push(time);
    }
    Ok(median(times))
}
