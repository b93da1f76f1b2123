//! Range proofs beside the library's, in turns in one run, so that the ratio means something on a shared machine.
//!
//! CPU time of one thread, median of several runs.

use std::error::Error;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use por_protocol::context::{BookContext, Ctx};
use por_protocol::digest::Digest;
use por_protocol::liabilities::{Commitment, Position, Shape};
use por_protocol::range_proof::{
    Generators, RangeContext, RangeProver, RangeStatement, verify_batch,
};
use por_protocol::run_key::RunKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rustix::time::{ClockId, clock_gettime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("| range proof, per value | library | ours | ratio |");
    println!("|---|--:|--:|--:|");
    for values in [16, 1] {
        let (library, ours) = prove(values, 15)?;
        println!(
            "| prove, {values} together | {library:.2} ms | {ours:.2} ms | {:.2} |",
            library / ours
        );
    }
    println!();
    println!("| verify, per proof of 16 values | library | ours | ratio |");
    println!("|---|--:|--:|--:|");
    for together in [1, 5, 64, 273, 1024] {
        let (library, ours) = verify(together, if together < 10 { 31 } else { 9 })?;
        println!(
            "| {together} together | {library:.2} ms | {ours:.3} ms | {:.1} |",
            library / ours
        );
    }
    Ok(())
}

/// Distinct proofs in a batch; a larger batch repeats them, which costs the same.
const DISTINCT: u64 = 8;

/// Milliseconds a proof: the library's verifier one by one, and our batch.
fn verify(together: usize, runs: usize) -> Result<(f64, f64)> {
    let (library, pedersen) = (BulletproofGens::new(64, 16), PedersenGens::default());
    let (prover, generators, ctx) = (RangeProver::default(), Generators::new(), ctx()?);
    let secrets =
        RunKey::from_bytes(std::array::from_fn(|byte| byte as u8))?.secrets(&Digest::of(b"bench"));
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let values: Vec<u64> = (1..=16).collect();
    let blindings: Vec<Scalar> = (1..=16_u64).map(Scalar::from).collect();
    let committed = values.iter().zip(&blindings);
    let commitments = committed
        .map(|(value, blinding)| {
            Commitment::from_point(pedersen.commit(Scalar::from(*value), *blinding))
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let mut proofs = Vec::new();
    for index in 0..DISTINCT.min(together as u64) {
        let position = Position { level: 1, index };
        let context = RangeContext::Tile {
            ctx: &ctx,
            position,
        };
        let seed = secrets.tile_seed(&ctx, position);
        proofs.push((context, prover.prove(&context, &values, &blindings, seed)?));
    }
    let statements: Vec<RangeStatement<'_>> = proofs
        .iter()
        .cycle()
        .take(together)
        .map(|(context, proof)| RangeStatement {
            context: *context,
            commitments: commitments.clone(),
            proof,
            record: &[],
        })
        .collect();
    let theirs = RangeProof::prove_multiple_with_rng(
        &library,
        &pedersen,
        &mut Transcript::new(b"bench"),
        &values,
        &blindings,
        64,
        &mut rng,
    );
    let (theirs, their_commitments) = theirs.map_err(|error| format!("{error:?}"))?;
    let (mut library_times, mut our_times) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        library_times.push(cpu_ms(|| {
            theirs
                .verify_multiple_with_rng(
                    &library,
                    &pedersen,
                    &mut Transcript::new(b"bench"),
                    &their_commitments,
                    64,
                    &mut rng,
                )
                .map_err(|error| format!("{error:?}").into())
        })?);
        our_times.push(cpu_ms(|| {
            verify_batch(&generators, &statements, &[]).map_err(|(_, error)| error.into())
        })?);
    }
    Ok((median(library_times), median(our_times) / together as f64))
}

/// Milliseconds a value: the library's prover, and ours.
fn prove(count: usize, runs: usize) -> Result<(f64, f64)> {
    let (generators, pedersen) = (BulletproofGens::new(64, 16), PedersenGens::default());
    let ours = RangeProver::default();
    let secrets =
        RunKey::from_bytes(std::array::from_fn(|byte| byte as u8))?.secrets(&Digest::of(b"bench"));
    let (ctx, position) = (ctx()?, Position { level: 1, index: 0 });
    let context = RangeContext::Tile {
        ctx: &ctx,
        position,
    };
    let values: Vec<u64> = (1..=count as u64)
        .map(|value| value << 40 | value)
        .collect();
    let blindings: Vec<Scalar> = (1..=count as u64).map(Scalar::from).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut library_times, mut our_times) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        library_times.push(cpu_ms(|| {
            RangeProof::prove_multiple_with_rng(
                &generators,
                &pedersen,
                &mut Transcript::new(b"bench"),
                &values,
                &blindings,
                64,
                &mut rng,
            )
            .map(drop)
            .map_err(|error| format!("{error:?}").into())
        })?);
        let seed = secrets.tile_seed(&ctx, position);
        our_times.push(cpu_ms(|| {
            Ok(ours.prove(&context, &values, &blindings, seed).map(drop)?)
        })?);
    }
    let per_value = |times| median(times) / count as f64;
    Ok((per_value(library_times), per_value(our_times)))
}

fn ctx() -> Result<Ctx> {
    let context = BookContext {
        log_origin: "bench.example/por",
        period: "2026-10",
        sequence: 0,
        snapshot_time: 1_790_000_000,
        asset: "BTC",
        kind: "owed",
        decimals: 8,
        shape: Shape::new(4096)?,
    };
    Ok(context.ctx())
}

fn cpu_ms(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let start = now();
    work()?;
    Ok(now() - start)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
