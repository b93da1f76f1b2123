//! The library that both build on: one proof of 16 values, as a tile has.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;

use crate::{Result, SAMPLED, median, seconds};

/// Milliseconds to prove and to verify.
pub fn measure() -> Result<(f64, f64)> {
    let (bases, generators) = (PedersenGens::default(), BulletproofGens::new(64, 16));
    let values: Vec<u64> = (0..16).map(crate::balance).collect();
    let blindings: Vec<Scalar> = (0..16)
        .map(|_| Scalar::random(&mut rand::rngs::OsRng))
        .collect();
    let (mut proving, mut verifying) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLED {
        let mut transcript = Transcript::new(b"peers");
        let (time, (proof, commitments)) = seconds(|| {
            let made = RangeProof::prove_multiple(
                &generators,
                &bases,
                &mut transcript,
                &values,
                &blindings,
                64,
            );
            made.map_err(|error| format!("{error:?}").into())
        })?;
        proving.push(time);
        let mut transcript = Transcript::new(b"peers");
        let (time, ()) = seconds(|| {
            let right =
                proof.verify_multiple(&generators, &bases, &mut transcript, &commitments, 64);
            right.map_err(|error| format!("{error:?}").into())
        })?;
        verifying.push(time);
    }
    Ok((median(proving) * 1e3, median(verifying) * 1e3))
}
