//! A claim of ownership: one address, one message, one named scheme, and the signatures that answer.
//!
//! Checked by [`Claim::verify`]: the address is of the network named; the scheme exists on it; the claim has exactly
//! the members that its scheme uses; then the scheme's own rule, and no other.
//!
//! Not checked: what the message says. The caller builds it, or compares it with what it expects.

use super::address::Address;
use super::error::OwnershipError;
use super::network::Network;
use super::scheme::Scheme;
use super::typed_data::TypedData;
use super::{adr36, bip322, cip8, evm, multisig, prefixed, signed_message, solana, tron, xrpl};

/// What an address is said to have signed, and how.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The network of the claim; the address must be of it.
    pub network: Network,
    /// The one scheme that is tried.
    pub scheme: Scheme,
    /// Who is said to have signed.
    pub address: &'a Address,
    /// What was signed: the whole message, never its digest.
    pub message: Message<'a>,
    /// The signatures, as the scheme's wallets print them.
    pub signatures: &'a [&'a str],
    /// The multisig script behind the address: needed by `multisig-signmessage`; BIP-322 shows its scripts itself, and
    /// one given beside must be the one shown.
    pub script: Option<&'a [u8]>,
    /// The public key, where the address is its hash and the signature does not give it: needed by `xrpl` and `adr36`
    /// (33 bytes), `cip8` (a `COSE_Key`) and `ed25519-prefixed` (32 bytes).
    pub public_key: Option<&'a [u8]>,
    /// The exact framed bytes that were signed: needed by `solana-offchain`.
    pub frame: Option<&'a [u8]>,
}

/// What was signed.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// Text or bytes, as they are.
    Bytes(&'a [u8]),
    /// EIP-712 typed data.
    TypedData(&'a TypedData),
}

impl<'a> Claim<'a> {
    /// A claim without script, public key and frame, on the address's own network.
    pub fn new(
        scheme: Scheme,
        address: &'a Address,
        message: Message<'a>,
        signatures: &'a [&'a str],
    ) -> Self {
        Self {
            network: *address.network(),
            scheme,
            address,
            message,
            signatures,
            script: None,
            public_key: None,
            frame: None,
        }
    }

    /// Checks that the key behind the address signed the message by the scheme.
    ///
    /// # Errors
    ///
    /// Any [`OwnershipError`] means *not proven*; see [`OwnershipError::is_undecided`].
    pub fn verify(&self) -> Result<(), OwnershipError> {
        if *self.address.network() != self.network {
            return Err(OwnershipError::AddressOfOtherNetwork {
                network: self.network,
            });
        }
        let fits = match self.network {
            Network::Evm(_) => matches!(
                self.scheme,
                Scheme::Eip191
                    | Scheme::Eip191Keccak
                    | Scheme::Eip712
                    | Scheme::EcdsaPrefixed
                    | Scheme::Eip1271
                    | Scheme::Safe
            ),
            Network::Bitcoin(_) => matches!(
                self.scheme,
                Scheme::SignMessage
                    | Scheme::MultisigSignMessage
                    | Scheme::Bip137
                    | Scheme::Bip322Simple
                    | Scheme::Bip322Full
            ),
            Network::Tron(_) => matches!(self.scheme, Scheme::Tip191 | Scheme::TronV1),
            Network::Solana(_) => matches!(
                self.scheme,
                Scheme::Solana | Scheme::SolanaOffchain | Scheme::Ed25519Prefixed
            ),
            Network::Utxo(_) => matches!(
                self.scheme,
                Scheme::SignMessage | Scheme::MultisigSignMessage
            ),
            Network::Xrpl(_) => self.scheme == Scheme::Xrpl,
            Network::Cosmos(_) => matches!(self.scheme, Scheme::Adr36 | Scheme::EcdsaPrefixed),
            Network::Ed25519(_) => self.scheme == Scheme::Ed25519Prefixed,
            Network::Cardano(_) => matches!(self.scheme, Scheme::Cip8 | Scheme::Ed25519Prefixed),
        };
        if !fits {
            return Err(OwnershipError::SchemeNotForNetwork {
                scheme: self.scheme,
                network: self.network,
            });
        }
        self.check_members()?;
        let message = match self.message {
            Message::TypedData(data) if self.scheme == Scheme::Eip712 => {
                return evm::verify_eip712(self.address, data, self.one_signature()?);
            }
            Message::Bytes(message) if self.scheme != Scheme::Eip712 => message,
            _ => return Err(OwnershipError::MessageKind),
        };
        let address = self.address;
        match self.scheme {
            Scheme::SignMessage => {
                signed_message::verify_legacy(address, message, self.one_signature()?)
            }
            Scheme::MultisigSignMessage => multisig::verify_signmessages(
                address,
                message,
                self.script
                    .ok_or(OwnershipError::MemberMissing { what: "script" })?,
                self.signatures,
            ),
            Scheme::Bip137 => {
                signed_message::verify_bip137(address, message, self.one_signature()?)
            }
            Scheme::Bip322Simple => {
                bip322::verify_simple(address, message, self.one_signature()?, self.script)
            }
            Scheme::Bip322Full => {
                bip322::verify_full(address, message, self.one_signature()?, self.script)
            }
            Scheme::Eip191 => evm::verify_eip191(address, message, self.one_signature()?),
            Scheme::Eip191Keccak => {
                evm::verify_eip191_keccak(address, message, self.one_signature()?)
            }
            Scheme::Eip712 => Err(OwnershipError::MessageKind),
            // A signature alone says nothing: the contract may answer otherwise, or be another (S-08).
            Scheme::Eip1271 | Scheme::Safe => Err(OwnershipError::NeedsState),
            Scheme::Tip191 => tron::verify_tip191(address, message, self.one_signature()?),
            Scheme::TronV1 => tron::verify_v1(address, message, self.one_signature()?),
            Scheme::Solana => solana::verify(address, message, self.one_signature()?),
            Scheme::SolanaOffchain => solana::verify_offchain(
                address,
                message,
                self.frame
                    .ok_or(OwnershipError::MemberMissing { what: "frame" })?,
                self.one_signature()?,
            ),
            Scheme::Xrpl => {
                xrpl::verify(address, message, self.public_key()?, self.one_signature()?)
            }
            Scheme::Adr36 => {
                adr36::verify(address, message, self.public_key()?, self.one_signature()?)
            }
            Scheme::Cip8 => {
                cip8::verify(address, message, self.public_key()?, self.one_signature()?)
            }
            Scheme::Ed25519Prefixed => prefixed::verify_ed25519(
                address,
                message,
                self.public_key()?,
                self.one_signature()?,
            ),
            Scheme::EcdsaPrefixed => {
                prefixed::verify_ecdsa(address, message, self.one_signature()?)
            }
        }
    }

    fn public_key(&self) -> Result<&'a [u8], OwnershipError> {
        self.public_key
            .ok_or(OwnershipError::MemberMissing { what: "public_key" })
    }

    /// A member that the scheme would ignore is refused: nobody shall believe that it was looked at.
    fn check_members(&self) -> Result<(), OwnershipError> {
        let unexpected = |what| Err(OwnershipError::MemberUnexpected { what });
        let scripts = matches!(
            self.scheme,
            Scheme::MultisigSignMessage | Scheme::Bip322Simple | Scheme::Bip322Full
        );
        if self.script.is_some() && !scripts {
            return unexpected("script");
        }
        let keys = matches!(
            self.scheme,
            Scheme::Xrpl | Scheme::Adr36 | Scheme::Cip8 | Scheme::Ed25519Prefixed
        );
        if self.public_key.is_some() && !keys {
            return unexpected("public_key");
        }
        if self.frame.is_some() && self.scheme != Scheme::SolanaOffchain {
            return unexpected("frame");
        }
        Ok(())
    }

    fn one_signature(&self) -> Result<&'a str, OwnershipError> {
        match self.signatures {
            [signature] => Ok(signature),
            _ => Err(OwnershipError::SignatureCount {
                expected: 1,
                found: self.signatures.len(),
            }),
        }
    }
}
