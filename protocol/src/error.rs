//! The crate's one error type. A variant is one failed check; its payload is facts.

use alloc::string::String;

/// Why an object was refused. `code()` is the stable identifier used in reports, vectors and the SPEC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fixed-length object has another length.
    #[error("{what} has {found} bytes, expected {expected}")]
    Length {
        /// What was read.
        what: &'static str,
        /// Bytes expected.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// Larger than the format allows; refused before anything is allocated.
    #[error("{what} has {found} bytes, more than the {limit} allowed")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// Largest size allowed.
        limit: u64,
        /// Size found.
        found: u64,
    },
    /// Not a canonical encoding of a group element or scalar.
    #[error("{what} is not a canonical encoding")]
    Encoding {
        /// What was decoded.
        what: &'static str,
    },
    /// The identity where a group element is required.
    #[error("{what} is the identity element")]
    Identity {
        /// What was decoded.
        what: &'static str,
    },
    /// An authentic record, or the proof in it, that holds no canonical encoding: the exchange's doing.
    #[error("tile {level}/{index}: {what} is not a canonical encoding")]
    TileEncoding {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
        /// What was decoded.
        what: &'static str,
    },
    /// An authentic record, or the proof in it, that holds the identity: the exchange's doing.
    #[error("tile {level}/{index}: {what} is the identity element")]
    TileIdentity {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
        /// What was decoded.
        what: &'static str,
    },
    /// Leaf count outside 16 ..= 2^40 or not a multiple of 16.
    #[error("leaf count {found} is not a multiple of 16 between 16 and 2^40")]
    LeafCount {
        /// Count found.
        found: u64,
    },
    /// A leaf index at or beyond the leaf count.
    #[error("leaf index {index} is not below the leaf count {leaf_count}")]
    LeafIndex {
        /// Index found.
        index: u64,
        /// Leaf count of the book.
        leaf_count: u64,
    },
    /// More or fewer items than the format or the leaf count requires.
    #[error("{what}: found {found}, expected {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// Number required.
        expected: u64,
        /// Number found.
        found: u64,
    },
    /// A tile record whose hash is not the one its parent (or the book row) holds: damaged, or of another tree.
    #[error(
        "the record of tile {level}/{index} is damaged or of another tree: its hash is not the one above it"
    )]
    NodeHash {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
    },
    /// An authentic record whose children do not sum to the commitment above it: the exchange's doing.
    #[error("the children of tile {level}/{index} do not sum to the commitment above it")]
    NodeSum {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
    },
    /// A slot beyond the last node of its level does not hold the void constant.
    #[error("slot {index} of level {level} must be void and is not")]
    Void {
        /// Level of the slot.
        level: u8,
        /// Index of the slot.
        index: u64,
    },
    /// An authentic record whose range proof is false: some child may be negative.
    #[error("the range proof of tile {level}/{index} is false: a child may be negative")]
    Range {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
    },
    /// The prover's own check: a tile it made does not verify, so some value is out of range.
    #[error("the prover made a tile {level}/{index} that does not verify")]
    SelfCheck {
        /// Level of the node.
        level: u8,
        /// Index of the node.
        index: u64,
    },
    /// The opening shown does not give the leaf in the tree: another account, amount, blinding or salt.
    #[error("account, amount, blinding and salt do not open leaf {index}")]
    LeafOpening {
        /// Index of the leaf.
        index: u64,
    },
    /// The proof that the root commitment opens to the published total is false.
    #[error("the root does not open to the published total")]
    TotalOpening,
    /// The proof that a sealed total is at most the published bound is false.
    #[error("the sealed total is not proven to be at most the published bound")]
    TotalBound,
    /// A blinding of zero, which would show the amount.
    #[error("a blinding is zero")]
    ZeroBlinding,
    /// A secret key that is too short, all zero or not text of the expected form.
    #[error("{what} is not a usable secret key: {why}")]
    WeakKey {
        /// Which key.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A sum of amounts at or above 2^64 atoms.
    #[error("a sum of amounts does not fit 2^64 atoms; keep the asset at fewer decimals")]
    TotalOverflow,
    /// The amount is not the exact balance rounded up to atoms.
    #[error("the amount is not the exact balance rounded up")]
    Rounding,
    /// Text that is not the strict JSON of this format.
    #[error("{what} is not valid: {why}")]
    Syntax {
        /// What was read.
        what: &'static str,
        /// Where and why, from the parser.
        why: String,
    },
    /// A format, suite, evidence or scheme that this version does not know; never guessed, never skipped.
    #[error("{what} `{found}` is not supported by this version")]
    Unsupported {
        /// What was read.
        what: &'static str,
        /// The value found, shortened.
        found: String,
    },
    /// Two parts that must agree do not.
    #[error("{what} does not match: {why}")]
    Mismatch {
        /// What was compared.
        what: &'static str,
        /// Facts of the two sides.
        why: String,
    },
    /// Something that must be unique stands twice.
    #[error("{what} `{found}` stands twice")]
    Duplicate {
        /// What was counted.
        what: &'static str,
        /// The value.
        found: String,
    },
    /// A signature that is missing, malformed or false.
    #[error("{what}: {why}")]
    Signature {
        /// Which signature.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A required attachment or file is not there: nothing is shown to be false.
    #[error("{what} is missing")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A list that must hold something is empty: what is said over nothing is true of everybody.
    #[error("{what} holds nothing, and so proves nothing")]
    Vacuous {
        /// What is empty.
        what: &'static str,
    },
    /// What the checker asked for could not be found out: nothing is shown to be false.
    #[error("{what}: {why}")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// Why there is no answer.
        why: String,
    },
    /// The verifier's own policy cannot be used: nothing is shown to be false.
    #[error("the policy cannot be used: {why}")]
    Policy {
        /// What is wrong with it.
        why: String,
    },
    /// Two heads of one log of which the newer does not begin with the older: its history was rewritten.
    #[error(
        "the log was rewritten: its head of {newer} entries does not extend its head of {older}"
    )]
    Inconsistent {
        /// Entries of the older head.
        older: u64,
        /// Entries of the newer head.
        newer: u64,
    },
    /// An EVM header or Merkle-Patricia proof that does not show what it is shown for.
    #[error("{what}: {why}")]
    StateProof {
        /// Which part of the evidence.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A time or period out of order.
    #[error("{what} is out of order: {why}")]
    Order {
        /// What was compared.
        what: &'static str,
        /// Facts of the two sides.
        why: String,
    },
    /// The rule of an amount, account or asset text was broken.
    #[error("{what}: {why}")]
    Field {
        /// Which field.
        what: &'static str,
        /// The rule that was broken.
        why: String,
    },
}

impl Error {
    /// Whether nothing was shown to be false: something is missing, unknown to this version, or could not be asked.
    #[must_use]
    pub const fn is_undecided(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::Unsupported { .. }
                | Self::Policy { .. }
                | Self::Unreachable { .. }
        )
    }

    /// The same, where it is about something in the tile at this place: with the tile.
    pub(crate) fn in_tile(self, level: u8, index: u64) -> Self {
        match self {
            Self::Encoding { what } => Self::TileEncoding { level, index, what },
            Self::Identity { what } => Self::TileIdentity { level, index, what },
            other => other,
        }
    }

    /// The one of two errors that decides, of which `self` came first: one that shows something false hides behind none
    /// that shows nothing.
    #[must_use]
    pub fn or_decided(self, later: Self) -> Self {
        if self.is_undecided() && !later.is_undecided() {
            later
        } else {
            self
        }
    }

    /// Stable kebab-case identifier of the failed check.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::TooLarge { .. } => "too-large",
            Self::Encoding { .. } | Self::TileEncoding { .. } => "encoding",
            Self::Identity { .. } | Self::TileIdentity { .. } => "identity",
            Self::LeafCount { .. } => "leaf-count",
            Self::LeafIndex { .. } => "leaf-index",
            Self::Count { .. } => "count",
            Self::NodeHash { .. } => "node-hash",
            Self::NodeSum { .. } => "node-sum",
            Self::Void { .. } => "void",
            Self::Range { .. } => "range",
            Self::SelfCheck { .. } => "self-check",
            Self::LeafOpening { .. } => "leaf-opening",
            Self::TotalOpening => "total-opening",
            Self::TotalBound => "total-bound",
            Self::ZeroBlinding => "zero-blinding",
            Self::WeakKey { .. } => "weak-key",
            Self::TotalOverflow => "total-overflow",
            Self::Rounding => "rounding",
            Self::Syntax { .. } => "syntax",
            Self::Unsupported { .. } => "unsupported",
            Self::Mismatch { .. } => "mismatch",
            Self::Duplicate { .. } => "duplicate",
            Self::Signature { .. } => "signature",
            Self::Missing { .. } => "missing",
            Self::Vacuous { .. } => "vacuous",
            Self::Policy { .. } => "policy",
            Self::Inconsistent { .. } => "inconsistent",
            Self::StateProof { .. } => "state-proof",
            Self::Unreachable { .. } => "unreachable",
            Self::Order { .. } => "order",
            Self::Field { .. } => "field",
        }
    }
}

/// Several checks that are all made, and what comes of them together: the first error that shows something false, in the
/// order of the checks, else the first. One that cannot be decided hides no other, and no thread's speed decides.
#[derive(Debug, Default)]
pub struct Judged(Option<Error>);

impl Judged {
    /// Takes the next result, and gives what it holds.
    pub fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0 = Some(match self.0.take() {
                    Some(first) => first.or_decided(error),
                    None => error,
                });
                None
            }
        }
    }

    /// # Errors
    /// The one that decides.
    pub fn finish(self) -> Result<(), Error> {
        self.0.map_or(Ok(()), Err)
    }
}
