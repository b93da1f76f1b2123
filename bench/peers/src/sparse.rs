//! dapol 0.4.0: a sparse tree of height 32, one aggregated proof of 32 values for each customer who asks. (Its proofs verify
//! only where the number of aggregated values is a power of two.)

use std::str::FromStr as _;

use dapol::{
    AccumulatorType, DapolTree, Entity, EntityId, Height, MaxLiability, MaxThreadCount, Salt,
    Secret,
};

use crate::{Measured, Result, SAMPLED, balance, median, peak_memory_mb, seconds};

pub fn measure(accounts: u64) -> Result<Measured> {
    let id = |number: u64| EntityId::from_str(&format!("account-{number:09}"));
    let entities = (0..accounts)
        .map(|number| {
            Ok(Entity {
                liability: balance(number),
                id: id(number)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let (tree_seconds, tree) = seconds(|| {
        let tree = DapolTree::new(
            AccumulatorType::NdmSmt,
            Secret::from_str("a master secret")?,
            Salt::from_str("salt b")?,
            Salt::from_str("salt s")?,
            // Ranges of 64 bits, as ours; its library panics on the largest u64.
            MaxLiability::from(1 << 62),
            MaxThreadCount::default(),
            Height::expect_from(32),
            entities,
        );
        tree.map_err(|error| format!("{error:?}").into())
    })?;
    let memory = peak_memory_mb()?;
    let (mut making, mut checking, mut bytes) = (Vec::new(), Vec::new(), 0);
    for number in (0..accounts)
        .step_by(accounts as usize / SAMPLED)
        .take(SAMPLED)
    {
        let (time, proof) = seconds(|| {
            let made = tree.generate_inclusion_proof(&id(number)?);
            made.map_err(|error| format!("{error:?}").into())
        })?;
        making.push(time);
        bytes = bincode::serialize(&proof)?.len() as u64;
        let root = *tree.root_hash();
        let (time, ()) = seconds(|| {
            let right = proof.verify(root);
            right.map_err(|error| format!("{error:?}").into())
        })?;
        checking.push(time);
    }
    // Each customer's proof is one core's work.
    let cores = std::thread::available_parallelism()?.get() as f64;
    Ok(Measured {
        accounts,
        tree: tree_seconds,
        proofs: median(making) * accounts as f64 / cores,
        whole: false,
        check: median(checking),
        bytes,
        memory,
    })
}
