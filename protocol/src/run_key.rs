//! The run key and everything derived from it (SPEC §3.3).
//!
//! HKDF-SHA-256 (RFC 5869): ikm = run key, salt = SHA-256(plan), info = label ‖ ctx ‖ subject. The plan holds a MAC of the
//! sorted rows, so a changed ledger, scale or padding never meets the same blinding; with a reused `r` the difference of
//! two balances falls to a 2³² search. Hiding of the published data is computational in this derivation.

use core::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::account::AccountId;
use crate::amount::ExactAmount;
use crate::context::Ctx;
use crate::digest::{Digest, Encoder};
use crate::error::Error;
use crate::liabilities::{Blinding, Position, Salt};
use crate::range_proof::ProofSeed;

/// 32 random bytes drawn for one attestation; wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RunKey([u8; 32]);

impl RunKey {
    /// # Errors
    /// [`Error::WeakKey`] if all bytes are equal: no generator of the operating system gives that.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, Error> {
        let key = Self(bytes);
        if key.0.iter().all(|byte| Some(byte) == key.0.first()) {
            return Err(Error::WeakKey {
                what: "run key",
                why: "all its bytes are equal",
            });
        }
        Ok(key)
    }

    /// The 32 bytes, for writing the key file.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Starts the MAC over the sorted rows that the plan holds.
    #[must_use]
    pub fn ledger_mac(&self) -> LedgerMac {
        // HMAC takes a key of any length; the library only says so by returning a `Result`.
        #[allow(clippy::expect_used)]
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        LedgerMac(mac.chain_update(b"por/ledger/v1"))
    }

    /// The derivations of one plan.
    #[must_use]
    pub fn secrets(&self, plan: &Digest) -> Secrets {
        // The library wipes nothing: what stays is the bytes alone.
        let (mut key, _) = Hkdf::<Sha256>::extract(Some(plan.as_bytes()), &self.0);
        let mut kept = Zeroizing::new([0; 32]);
        kept.copy_from_slice(&key);
        key.zeroize();
        Secrets(kept)
    }
}

impl fmt::Debug for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunKey(secret)")
    }
}

/// HMAC-SHA-256(run key, "por/ledger/v1" ‖ books), each book LP(asset) ‖ LP(kind) ‖ u64 rows ‖ rows, each row
/// LP(account) ‖ u128 exact amount; rows sorted by account bytes.
pub struct LedgerMac(Hmac<Sha256>);

impl LedgerMac {
    /// Begins a book.
    pub fn book(&mut self, asset: &str, kind: &str, rows: u64) {
        let header = Encoder::new("")
            .variable(asset.as_bytes())
            .variable(kind.as_bytes())
            .u64(rows);
        self.0.update(&header.into_bytes());
    }

    /// Adds a row of the book begun last.
    pub fn row(&mut self, account: &AccountId, exact: ExactAmount) {
        let row = Encoder::new("")
            .variable(account.as_str().as_bytes())
            .fixed(&exact.steps().to_le_bytes());
        self.0.update(&row.into_bytes());
    }

    /// The MAC.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::from_bytes(self.0.finalize().into_bytes().into())
    }
}

/// Whose leaf a secret belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// An account of the ledger.
    Account(&'a str),
    /// Padding leaf number `j`.
    Padding(u64),
}

/// Derives every secret of one attestation from run key and plan: HKDF's pseudorandom key, wiped when dropped.
pub struct Secrets(Zeroizing<[u8; 32]>);

impl Secrets {
    fn expand<const N: usize>(&self, info: Encoder) -> Zeroizing<[u8; N]> {
        let mut output = Zeroizing::new([0; N]);
        #[allow(clippy::expect_used)]
        let key = Hkdf::<Sha256>::from_prk(self.0.as_slice()).expect("it has a hash's length");
        // Every output here is at most 96 bytes; the limit of RFC 5869 is 255 · 32.
        #[allow(clippy::expect_used)]
        key.expand(&info.into_bytes(), output.as_mut_slice())
            .expect("fewer than 8,160 bytes are asked for");
        output
    }

    fn of_subject(label: &str, ctx: &Ctx, subject: Subject<'_>) -> Encoder {
        let info = Encoder::new(label).fixed(ctx.as_bytes());
        match subject {
            Subject::Account(account) => info.u8(0).variable(account.as_bytes()),
            Subject::Padding(number) => info.u8(1).u64(number),
        }
    }

    /// Blinding and salt of a leaf: 64 bytes reduced modulo the group order, then 32.
    ///
    /// # Errors
    /// [`Error::ZeroBlinding`] with probability 2⁻²⁵².
    pub fn leaf(&self, ctx: &Ctx, subject: Subject<'_>) -> Result<(Blinding, Salt), Error> {
        let output = self.expand::<96>(Self::of_subject("por/leaf-secret/v1", ctx, subject));
        let mut wide = Zeroizing::new([0; 64]);
        let mut salt = [0; 32];
        let (left, right) = output.split_at(64);
        wide.copy_from_slice(left);
        salt.copy_from_slice(right);
        Ok((Blinding::from_uniform(&wide)?, Salt::from_bytes(salt)))
    }

    /// Sort key of a leaf: leaves stand in the order of these, so that nobody chooses a neighbour.
    #[must_use]
    pub fn order(&self, ctx: &Ctx, subject: Subject<'_>) -> [u8; 32] {
        *self.expand::<32>(Self::of_subject("por/order/v1", ctx, subject))
    }

    /// Seed of a tile's proof randomness.
    #[must_use]
    pub fn tile_seed(&self, ctx: &Ctx, position: Position) -> ProofSeed {
        let info = Encoder::new("por/tile-seed/v1")
            .fixed(ctx.as_bytes())
            .u8(position.level)
            .u64(position.index);
        ProofSeed(*self.expand::<32>(info))
    }

    /// Seed of the randomness in the total's proof.
    #[must_use]
    pub fn total_seed(&self, ctx: &Ctx) -> ProofSeed {
        ProofSeed(*self.expand::<32>(Encoder::new("por/total-seed/v1").fixed(ctx.as_bytes())))
    }
}
