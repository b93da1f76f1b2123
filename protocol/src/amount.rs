//! Amounts (stand-in until the ledger branch lands).
use crate::error::Error;
/// Atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);
impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// Wraps.
    #[must_use]
    pub const fn from_atoms(atoms: u64) -> Self {
        Self(atoms)
    }
    /// Atoms.
    #[must_use]
    pub const fn atoms(self) -> u64 {
        self.0
    }
    /// # Errors
    /// Overflow.
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        self.0.checked_add(other.0).map(Self).ok_or(Error::TotalOverflow)
    }
}
