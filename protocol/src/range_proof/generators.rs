//! The generators of `bulletproofs::BulletproofGens`, rebuilt because the library keeps its `H` to itself.
//!
//! Party j's chain is SHAKE256("GeneratorsChain" ‖ 'G' or 'H' ‖ u32 j), 64 bytes a point, hashed to the group. They are
//! constants of the protocol: never read from a file, pinned by a test against the library's.
//! Cost: 2,048 hashes to the group for 16 values, about 30 ms native, 70 ms in WASM; build once.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::RistrettoPoint;
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use super::BITS;
use crate::pedersen;

/// Generators for proofs over up to `values` values of 64 bits.
pub struct Generators {
    pub(crate) g: Vec<RistrettoPoint>,
    pub(crate) h: Vec<RistrettoPoint>,
    pub(crate) b: RistrettoPoint,
    pub(crate) b_blinding: RistrettoPoint,
}

impl Generators {
    /// Generators for proofs over up to 16 values: enough for every proof of this protocol.
    #[must_use]
    pub fn new() -> Self {
        let parties = 0..16_u32;
        Self {
            g: parties
                .clone()
                .flat_map(|party| chain(b'G', party))
                .collect(),
            h: parties.flat_map(|party| chain(b'H', party)).collect(),
            b: pedersen::VALUE,
            b_blinding: pedersen::blinding(),
        }
    }
}

impl Default for Generators {
    fn default() -> Self {
        Self::new()
    }
}

fn chain(letter: u8, party: u32) -> impl Iterator<Item = RistrettoPoint> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&[letter]);
    shake.update(&party.to_le_bytes());
    let mut reader = shake.finalize_xof();
    (0..BITS).map(move |_| {
        let mut uniform = [0; 64];
        reader.read(&mut uniform);
        RistrettoPoint::from_uniform_bytes(&uniform)
    })
}

#[cfg(test)]
mod tests {
    use bulletproofs::BulletproofGens;

    use super::*;
    use crate::digest::Digest;

    #[test]
    fn r_11_generators_are_the_library_s() {
        let ours = Generators::new();
        let library = BulletproofGens::new(64, 16);
        for party in 0..16 {
            let theirs: Vec<RistrettoPoint> = library.share(party).G(64).copied().collect();
            assert_eq!(
                ours.g[party * 64..(party + 1) * 64],
                theirs,
                "party {party}"
            );
        }
        // H is private there: pinned by digest, and by every library proof that verifies below.
        let h: Vec<u8> = ours
            .h
            .iter()
            .flat_map(|point| point.compress().to_bytes())
            .collect();
        assert_eq!((ours.g.len(), ours.h.len()), (1024, 1024));
        assert_eq!(
            Digest::of(&h).to_string(),
            "a44e39021b784abd1a2b784a5ec7ab85b9eb4bfde64a243b7d6644a5735e2816"
        );
    }
}
