//! A leaf: one account's amount in one book, committed and salted (SPEC §4.1).
//!
//! `C = v·B + r·B̃`, `h = SHA-256("por/leaf/v1" ‖ ctx ‖ LP(account) ‖ u64 amount ‖ salt)`. The amount stands in the hash
//! once more so that an opening stays binding even against someone who takes discrete logarithms.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::amount::Amount;
use crate::context::Ctx;
use crate::digest::{Digest, Encoder, decode_hex};
use crate::error::Error;
use crate::liabilities::commitment::{Blinding, Commitment, commit};
use crate::liabilities::tile::{ChildSecret, Node};

/// 32 secret bytes that keep an account from being guessed from its leaf hash; never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes: handle as a secret.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Strict lower-case hex, 64 characters.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(secret)")
    }
}

/// The leaf hash. Padding leaves use an empty account, which no customer can have.
pub(crate) fn leaf_hash(ctx: &Ctx, account: &str, amount: Amount, salt: &Salt) -> Digest {
    Encoder::new("por/leaf/v1")
        .fixed(ctx.as_bytes())
        .variable(account.as_bytes())
        .u64(amount.atoms())
        .fixed(salt.as_bytes())
        .digest()
}

/// What a customer is shown of the own leaf.
#[derive(Clone, Debug)]
pub struct LeafOpening<'a> {
    /// Account identifier as the customer knows it.
    pub account: &'a str,
    /// Amount in atoms.
    pub amount: Amount,
    /// Blinding `r`.
    pub blinding: &'a Blinding,
    /// Salt of the hash.
    pub salt: &'a Salt,
}

impl LeafOpening<'_> {
    /// Recomputes the leaf.
    ///
    /// # Errors
    /// [`Error::Identity`] in the one case (probability 2⁻²⁵²) that the commitment is the identity.
    pub fn node(&self, ctx: &Ctx) -> Result<Node, Error> {
        Ok(Node {
            commitment: Commitment::from_point(commit(self.amount, self.blinding.scalar()))?,
            hash: leaf_hash(ctx, self.account, self.amount, self.salt),
        })
    }

    /// What the build keeps of the leaf, without making its commitment.
    #[must_use]
    pub fn secret(&self, ctx: &Ctx) -> ChildSecret {
        ChildSecret {
            amount: self.amount,
            blinding: *self.blinding.scalar(),
            hash: leaf_hash(ctx, self.account, self.amount, self.salt),
        }
    }
}
