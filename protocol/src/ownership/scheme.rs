//! How an address signs: one named scheme per claim, never several tried until one fits.

use super::error::OwnershipError;
use core::fmt;
use core::str::FromStr;

/// A signature scheme, named in the reserve line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// The legacy Bitcoin signed message of a P2PKH address.
    SignMessage,
    /// Several legacy signed messages by keys of one multisig script.
    MultisigSignMessage,
    /// BIP-137: a legacy signed message whose header names the kind of address.
    Bip137,
    /// BIP-322 in its *simple* form: the witness stack alone.
    Bip322Simple,
    /// BIP-322 in its *full* form: the whole signing transaction.
    Bip322Full,
    /// EIP-191 version 0x45, the `personal_sign` of Ethereum wallets.
    Eip191,
    /// `personal_sign` over the 32 bytes of Keccak-256 of the message.
    Eip191Keccak,
    /// EIP-712 typed data.
    Eip712,
    /// EIP-1271: what the address's contract answers at a block. Needs that answer.
    Eip1271,
    /// Signatures of a Safe's owners over its message, and the Safe's storage at a block. Needs that storage.
    Safe,
    /// TRON message signing, version 2.
    Tip191,
    /// TRON message signing, version 1, over Keccak-256 of the message.
    TronV1,
    /// Ed25519 over the message itself.
    Solana,
    /// Ed25519 over a framed Solana off-chain message, version 0.
    SolanaOffchain,
    /// An XRP Ledger key over the message, on either curve.
    Xrpl,
    /// Cosmos ADR-36: an amino sign document around the message.
    Adr36,
    /// Cardano CIP-8: `COSE_Sign1` around the message.
    Cip8,
    /// Ed25519 over the message behind the prefix that one publisher's address files use.
    Ed25519Prefixed,
    /// Recoverable ECDSA over Keccak-256 of the message behind the same prefix.
    EcdsaPrefixed,
}

impl Scheme {
    /// Every scheme that this version judges.
    pub const ALL: [Self; 19] = [
        Self::SignMessage,
        Self::MultisigSignMessage,
        Self::Bip137,
        Self::Bip322Simple,
        Self::Bip322Full,
        Self::Eip191,
        Self::Eip191Keccak,
        Self::Eip712,
        Self::Eip1271,
        Self::Safe,
        Self::Tip191,
        Self::TronV1,
        Self::Solana,
        Self::SolanaOffchain,
        Self::Xrpl,
        Self::Adr36,
        Self::Cip8,
        Self::Ed25519Prefixed,
        Self::EcdsaPrefixed,
    ];

    /// The scheme's name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignMessage => "signmessage",
            Self::MultisigSignMessage => "multisig-signmessage",
            Self::Bip137 => "bip137",
            Self::Bip322Simple => "bip322-simple",
            Self::Bip322Full => "bip322-full",
            Self::Eip191 => "eip191",
            Self::Eip191Keccak => "eip191-keccak",
            Self::Eip712 => "eip712",
            Self::Eip1271 => "eip1271",
            Self::Safe => "safe",
            Self::Tip191 => "tip191",
            Self::TronV1 => "tron-v1",
            Self::Solana => "solana",
            Self::SolanaOffchain => "solana-offchain",
            Self::Xrpl => "xrpl",
            Self::Adr36 => "adr36",
            Self::Cip8 => "cip8",
            Self::Ed25519Prefixed => "ed25519-prefixed",
            Self::EcdsaPrefixed => "ecdsa-prefixed",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = OwnershipError;

    /// Parses the exact name.
    ///
    /// # Errors
    ///
    /// `SchemeUnsupported`, which is undecided: a later version may know the name.
    fn from_str(text: &str) -> Result<Self, OwnershipError> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == text)
            .ok_or(OwnershipError::SchemeUnsupported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_gives_back_the_parsed_name() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
        }
    }

    #[test]
    fn unknown_names_are_undecided() {
        for text in ["", "EIP191", "eip191 ", "bip322", "eip-1271", "SAFE"] {
            assert!(
                text.parse::<Scheme>().unwrap_err().is_undecided(),
                "{text:?}"
            );
        }
    }
}
