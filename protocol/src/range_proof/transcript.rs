//! The part of the transcript that prover and verifier share: the library's protocol, label for label (SPEC §5.1).

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;

use super::{BITS, bits};

/// The messages of an aggregated range proof, after the context that [`super::RangeContext`] starts with.
pub(super) trait ProofTranscript {
    /// `dom-sep`, `n`, `m`, then each commitment.
    fn begin_range_proof<'a>(&mut self, commitments: impl ExactSizeIterator<Item = &'a [u8; 32]>);
    /// `dom-sep`, `n` of the inner product over this many values.
    fn begin_inner_product(&mut self, values: usize);
    fn append_point(&mut self, label: &'static [u8], point: &CompressedRistretto);
    fn append_scalar(&mut self, label: &'static [u8], scalar: &Scalar);
    /// 64 bytes, reduced.
    fn challenge(&mut self, label: &'static [u8]) -> Scalar;
}

impl ProofTranscript for Transcript {
    fn begin_range_proof<'a>(&mut self, commitments: impl ExactSizeIterator<Item = &'a [u8; 32]>) {
        self.append_message(b"dom-sep", b"rangeproof v1");
        self.append_u64(b"n", BITS as u64);
        self.append_u64(b"m", commitments.len() as u64);
        for commitment in commitments {
            self.append_message(b"V", commitment);
        }
    }

    fn begin_inner_product(&mut self, values: usize) {
        self.append_message(b"dom-sep", b"ipp v1");
        self.append_u64(b"n", bits(values) as u64);
    }

    fn append_point(&mut self, label: &'static [u8], point: &CompressedRistretto) {
        self.append_message(label, point.as_bytes());
    }

    fn append_scalar(&mut self, label: &'static [u8], scalar: &Scalar) {
        self.append_message(label, scalar.as_bytes());
    }

    fn challenge(&mut self, label: &'static [u8]) -> Scalar {
        let mut wide = [0; 64];
        self.challenge_bytes(label, &mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    }
}
