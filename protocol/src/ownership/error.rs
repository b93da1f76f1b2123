//! What can be wrong with a claim of ownership, as facts.

use super::network::Network;
use super::scheme::Scheme;
use alloc::string::String;

/// Why ownership of an address is not shown.
///
/// Every variant means *not proven*. [`OwnershipError::is_undecided`] separates what this version cannot
/// judge from what it judged and found false; neither counts as a pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// The text is no CAIP-2 id, or its reference breaks its namespace's rules.
    #[error("not a CAIP-2 network id")]
    NetworkMalformed,
    /// A well-formed CAIP-2 id of a chain that this version does not know.
    #[error("unknown network")]
    NetworkUnsupported,
    /// A signature scheme that this version does not know.
    #[error("unknown signature scheme")]
    SchemeUnsupported,
    /// The scheme does not exist on this network.
    #[error("scheme {scheme} does not sign for network {network}")]
    SchemeNotForNetwork {
        /// The scheme that was named.
        scheme: Scheme,
        /// The network of the address.
        network: Network,
    },
    /// The text is no address of any kind this network has.
    #[error("not an address")]
    AddressMalformed,
    /// The capital letters break EIP-55, or the checksum of Base58Check does not fit.
    #[error("the checksum of the address does not fit")]
    AddressChecksum,
    /// An address, but of another network than the one named.
    #[error("the address belongs to another network than {network}")]
    AddressOfOtherNetwork {
        /// The network that was named.
        network: Network,
    },
    /// The zero address, which failed recoveries produce elsewhere and which nobody controls.
    #[error("the zero address belongs to nobody")]
    AddressZero,
    /// A locking script that exists, but whose spending rules this version does not evaluate.
    #[error("this kind of script is not supported")]
    ScriptUnsupported,
    /// An address that exists, but behind which this version sees no single key: a script, a contract, an older format.
    #[error("this kind of address is not supported")]
    AddressUnsupported,
    /// The signature holds, but by another key than the account's own; whether the account has let it, its ledger says.
    #[error("signed by the key of {found}; whether it may speak for {expected}, the ledger says")]
    KeyNeedsLedger {
        /// The address that is claimed.
        expected: String,
        /// The address of the key that signed.
        found: String,
    },
    /// CBOR that is cut short, continued after its end, nested otherwise than expected, or not in its shortest form.
    #[error("not CBOR of this form")]
    CborMalformed,
    /// A COSE structure with a header or parameter that is missing, repeated, or of another value than CIP-8 fixes.
    #[error("COSE {what} is missing or not the one expected")]
    CoseOther {
        /// Which one.
        what: &'static str,
    },
    /// The scheme takes another number of signatures.
    #[error("expected {expected} signature(s), found {found}")]
    SignatureCount {
        /// How many the scheme takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The text is not strict hex with `0x`, strict padded base64 or Base58, whichever the scheme prints.
    #[error("the signature is not in the text encoding of its scheme")]
    SignatureEncoding,
    /// The signature has another length than its scheme fixes, or exceeds the bound.
    #[error("a signature of {found} bytes where {expected} are allowed")]
    SignatureLength {
        /// The exact length, or the largest allowed one where the format has no exact length.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The BIP-322 prefix names another variant than the scheme.
    #[error("the signature is of another BIP-322 variant than the scheme named")]
    SignatureVariant,
    /// The recovery byte is neither 27 nor 28.
    #[error("recovery byte {found} is neither 27 nor 28")]
    RecoveryByte {
        /// The byte found.
        found: u8,
    },
    /// `r` or `s` is zero, or not below the group order.
    #[error("r or s is out of range")]
    ScalarOutOfRange,
    /// `s` is above half the group order: the malleable twin of a signature.
    #[error("s is in the upper half")]
    HighS,
    /// No public key belongs to this signature and message.
    #[error("no public key can be recovered from the signature")]
    KeyNotRecovered,
    /// The ECDSA signature is not strict DER (BIP-66).
    #[error("the signature is not strict DER")]
    DerMalformed,
    /// The signature commits to less than the whole transaction, or names its hash type wrongly.
    #[error("signature hash type {found:#04x} is not allowed here")]
    SighashType {
        /// The byte found.
        found: u8,
    },
    /// The witness stack is cut short, continued after its end, or counted non-canonically.
    #[error("the witness stack is malformed")]
    WitnessMalformed,
    /// The witness has another number of elements than the script takes.
    #[error("expected {expected} witness element(s), found {found}")]
    WitnessElements {
        /// How many the script takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A Taproot witness with an annex or a script path, which this version does not evaluate.
    #[error("this kind of witness is not supported")]
    WitnessUnsupported,
    /// The public key is not a compressed point, or the Taproot program is no x-coordinate of the curve.
    #[error("the public key is not a valid point in its only allowed encoding")]
    PublicKeyMalformed,
    /// The signature belongs to a key of another address.
    #[error("signed for {found}, not for {expected}")]
    WrongSigner {
        /// The address that is claimed.
        expected: String,
        /// The address whose key made the signature, or is shown with it.
        found: String,
    },
    /// The signature equation does not hold for this key and message.
    #[error("the signature does not fit the key and the message")]
    SignatureFalse,
    /// The scheme needs a member of the claim that is absent.
    #[error("the scheme needs {what}")]
    MemberMissing {
        /// Which one.
        what: &'static str,
    },
    /// The claim has a member that its scheme does not use.
    #[error("the scheme takes no {what}")]
    MemberUnexpected {
        /// Which one.
        what: &'static str,
    },
    /// Typed data for a scheme that signs bytes, or bytes for one that signs typed data.
    #[error("the message is not of the kind that the scheme signs")]
    MessageKind,
    /// The scheme exists on this network, but not for this kind of address.
    #[error("scheme {scheme} does not sign for this kind of address")]
    SchemeNotForAddress {
        /// The scheme that was named.
        scheme: Scheme,
    },
    /// The header of a Bitcoin signed message is out of range, or of another kind of address.
    #[error("header byte {found} does not stand for this kind of address")]
    HeaderByte {
        /// The byte found.
        found: u8,
    },
    /// A script or unlocking script that is cut short, not minimal, or of a form that its address forbids.
    #[error("not a script of this form")]
    ScriptMalformed,
    /// The script does not hash to the address.
    #[error("the script is not the one that the address is the hash of")]
    ScriptOther,
    /// The signing transaction is cut short, continued, or encoded in a second way.
    #[error("the signing transaction is malformed")]
    TransactionMalformed,
    /// The signing transaction spends another output than that of this message and address, or pays otherwise than BIP-322 fixes.
    #[error("the signing transaction does not spend the output of this message and address")]
    TransactionOther,
    /// A signing transaction of a version other than 0 and 2, which BIP-322 leaves open.
    #[error("transaction version {found} is not supported")]
    TransactionVersion {
        /// The version found.
        found: u32,
    },
    /// A signing transaction with more inputs: a proof of funds, which needs the set of unspent outputs.
    #[error("proofs of funds need the set of unspent outputs")]
    ProofOfFunds,
    /// The signature fits, but its transaction has a lock time or a sequence: control then, not now.
    #[error("the signature holds only with lock time {lock_time} and sequence {sequence}")]
    TimeLocked {
        /// `nLockTime` of the signing transaction.
        lock_time: u32,
        /// `nSequence` of its input.
        sequence: u32,
    },
    /// The element that a multisig consumes without looking at it is not empty (BIP-147).
    #[error("the extra element of a multisig is not empty")]
    DummyNotEmpty,
    /// Fewer signatures than the script asks for, or more than it takes.
    #[error("{found} signature(s) of the {expected} that the script asks for")]
    ThresholdMissed {
        /// How many the script asks for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Two signatures by one key count once, and are refused.
    #[error("two signatures are by the same key")]
    SignerRepeated,
    /// The signature is by a key that is not in the script.
    #[error("signed by a key that the script does not name")]
    SignerUnknown,
    /// A contract wallet, which speaks only at a block of its chain: through its answer there, or its storage.
    #[error("needs state: what the contract answers, or its storage, at the snapshot's block")]
    NeedsState,
    /// A Safe's owner who signs by a contract of its own, or by an approval on the chain.
    #[error("this kind of owner's signature (v = {found}) is not supported")]
    OwnerSignatureKind {
        /// The byte found.
        found: u8,
    },
    /// The signatures of a Safe's owners are not in ascending order of their addresses, each once.
    #[error("the owners' signatures are not in ascending order of their addresses")]
    OwnerOrder,
    /// The frame breaks the layout of its format.
    #[error("the frame is not an off-chain message of version 0")]
    FrameMalformed,
    /// An off-chain message of a version that this version does not know.
    #[error("off-chain message version {found} is not supported")]
    FrameVersion {
        /// The version found.
        found: u8,
    },
    /// The message inside the frame is not the claimed one, byte for byte.
    #[error("the frame holds another message")]
    FrameOtherMessage,
    /// The frame lists signers, and the address is not among them.
    #[error("the frame names other signers")]
    FrameOtherSigner,
    /// EIP-712 typed data whose parts are not whole words behind a type hash.
    #[error("the typed data is malformed")]
    TypedDataMalformed,
    /// EIP-712 typed data for another chain than that of the address.
    #[error("the typed data names chain id {found}")]
    TypedDataOtherChain {
        /// The chain id found.
        found: String,
    },
    /// A Bitcoin header that is not 80 bytes.
    #[error("a Bitcoin header of {found} bytes instead of 80")]
    HeaderLength {
        /// The length found.
        found: usize,
    },
    /// The compact target is negative, zero, too large or not in its shortest form.
    #[error("compact target {bits:#010x} is not valid")]
    TargetMalformed {
        /// The header's `nBits`.
        bits: u32,
    },
    /// The block hash is above the header's own target.
    #[error("the block hash does not meet the header's own target")]
    WorkMissing,
    /// The header's target is easier than the floor.
    #[error("compact target {bits:#010x} is easier than the floor")]
    WorkBelowFloor {
        /// The header's `nBits`.
        bits: u32,
    },
    /// Empty, too long, not NFC, edged with spaces, or with control or format characters.
    #[error("the entity is not plain one-line text")]
    EntityMalformed,
    /// Empty, too long, or with other characters than printable ASCII without space and `+`.
    #[error("the log origin is not plain ASCII without spaces and plus signs")]
    LogOriginMalformed,
    /// Not lower-case hex of whole bytes, or longer than the bound.
    #[error("the nonce is not lower-case hex of at most 64 bytes")]
    NonceMalformed,
    /// A secret that is zero or not below the group order, or becomes so when tweaked.
    #[error("not a secret key")]
    SecretKey,
}

impl OwnershipError {
    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NetworkMalformed => "network-malformed",
            Self::NetworkUnsupported => "network-unsupported",
            Self::SchemeUnsupported => "scheme-unsupported",
            Self::SchemeNotForNetwork { .. } => "scheme-not-for-network",
            Self::AddressMalformed => "address-malformed",
            Self::AddressChecksum => "address-checksum",
            Self::AddressOfOtherNetwork { .. } => "address-of-other-network",
            Self::AddressZero => "address-zero",
            Self::ScriptUnsupported => "script-unsupported",
            Self::AddressUnsupported => "address-unsupported",
            Self::KeyNeedsLedger { .. } => "key-needs-ledger",
            Self::CborMalformed => "cbor-malformed",
            Self::CoseOther { .. } => "cose-other",
            Self::SignatureCount { .. } => "signature-count",
            Self::SignatureEncoding => "signature-encoding",
            Self::SignatureLength { .. } => "signature-length",
            Self::SignatureVariant => "signature-variant",
            Self::RecoveryByte { .. } => "recovery-byte",
            Self::ScalarOutOfRange => "scalar-out-of-range",
            Self::HighS => "high-s",
            Self::KeyNotRecovered => "key-not-recovered",
            Self::DerMalformed => "der-malformed",
            Self::SighashType { .. } => "sighash-type",
            Self::WitnessMalformed => "witness-malformed",
            Self::WitnessElements { .. } => "witness-elements",
            Self::WitnessUnsupported => "witness-unsupported",
            Self::PublicKeyMalformed => "public-key-malformed",
            Self::WrongSigner { .. } => "wrong-signer",
            Self::SignatureFalse => "signature-false",
            Self::MemberMissing { .. } => "member-missing",
            Self::MemberUnexpected { .. } => "member-unexpected",
            Self::MessageKind => "message-kind",
            Self::SchemeNotForAddress { .. } => "scheme-not-for-address",
            Self::HeaderByte { .. } => "header-byte",
            Self::ScriptMalformed => "script-malformed",
            Self::ScriptOther => "script-other",
            Self::TransactionMalformed => "transaction-malformed",
            Self::TransactionOther => "transaction-other",
            Self::TransactionVersion { .. } => "transaction-version",
            Self::ProofOfFunds => "proof-of-funds",
            Self::TimeLocked { .. } => "time-locked",
            Self::DummyNotEmpty => "dummy-not-empty",
            Self::ThresholdMissed { .. } => "threshold-missed",
            Self::SignerRepeated => "signer-repeated",
            Self::SignerUnknown => "signer-unknown",
            Self::NeedsState => "needs-state",
            Self::OwnerSignatureKind { .. } => "owner-signature-kind",
            Self::OwnerOrder => "owner-order",
            Self::FrameMalformed => "frame-malformed",
            Self::FrameVersion { .. } => "frame-version",
            Self::FrameOtherMessage => "frame-other-message",
            Self::FrameOtherSigner => "frame-other-signer",
            Self::TypedDataMalformed => "typed-data-malformed",
            Self::TypedDataOtherChain { .. } => "typed-data-other-chain",
            Self::HeaderLength { .. } => "header-length",
            Self::TargetMalformed { .. } => "target-malformed",
            Self::WorkMissing => "work-missing",
            Self::WorkBelowFloor { .. } => "work-below-floor",
            Self::EntityMalformed => "entity-malformed",
            Self::LogOriginMalformed => "log-origin-malformed",
            Self::NonceMalformed => "nonce-malformed",
            Self::SecretKey => "secret-key",
        }
    }

    /// True where this version cannot judge the claim: it is *not proven*, but not shown to be false.
    pub fn is_undecided(&self) -> bool {
        matches!(
            self,
            Self::NetworkUnsupported
                | Self::SchemeUnsupported
                | Self::ScriptUnsupported
                | Self::AddressUnsupported
                | Self::KeyNeedsLedger { .. }
                | Self::WitnessUnsupported
                | Self::TransactionVersion { .. }
                | Self::ProofOfFunds
                | Self::TimeLocked { .. }
                | Self::FrameVersion { .. }
                | Self::NeedsState
                | Self::OwnerSignatureKind { .. }
        )
    }
}
