//! Signatures for samples and tests: a key in plain memory that signs for three kinds of addresses.
//!
//! Not for production keys: those stay in the wallet or the signing device that holds them, and only the
//! challenge text and the signature travel. Nothing that verifies uses this module.
//!
//! Everything is deterministic (RFC 6979 for ECDSA, zero auxiliary randomness for BIP-340), so that a sample made
//! twice is the same twice.
//!
//! Source: RFC 6979, BIP-340, BIP-86 for the Taproot tweak without scripts.

use super::address::Address;
use super::bip322::SIGHASH_ALL;
use super::bip322::sample::{p2tr_sighash, p2wpkh_sighash};
use super::error::OwnershipError;
use super::evm;
use super::hash::{hash160, tagged_hash};
use super::network::{BitcoinChain, EvmChainId, Network};
use super::safe::SafeOwners;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use core::fmt;
use k256::elliptic_curve::PrimeField;
use k256::{NonZeroScalar, Scalar, ecdsa, schnorr};

/// A secp256k1 key for samples and tests.
pub struct SampleKey {
    ecdsa: ecdsa::SigningKey,
    taproot: schnorr::SigningKey,
}

impl SampleKey {
    /// A key from a 32-byte big-endian secret.
    ///
    /// # Errors
    ///
    /// `SecretKey` where the number is zero or not below the group order.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, OwnershipError> {
        let ecdsa = ecdsa::SigningKey::from_slice(secret).map_err(|_| OwnershipError::SecretKey)?;
        Ok(Self {
            ecdsa,
            taproot: tweaked(secret)?,
        })
    }

    /// Address of the key on an EVM chain.
    ///
    /// # Errors
    ///
    /// None that can be reached with a real key.
    pub fn evm_address(&self, chain: EvmChainId) -> Result<Address, OwnershipError> {
        Address::from_evm(
            Network::Evm(chain),
            evm::address_bytes(self.ecdsa.verifying_key())?,
        )
    }

    /// P2WPKH address of the key.
    ///
    /// # Errors
    ///
    /// None that can be reached with a real key.
    pub fn p2wpkh_address(&self, chain: BitcoinChain) -> Result<Address, OwnershipError> {
        Address::from_p2wpkh(chain, hash160(&self.compressed_key()))
    }

    /// P2TR address of the key, tweaked as BIP-86 does.
    ///
    /// # Errors
    ///
    /// None that can be reached with a real key.
    pub fn p2tr_address(&self, chain: BitcoinChain) -> Result<Address, OwnershipError> {
        Address::from_p2tr(chain, self.output_key())
    }

    /// EIP-191 signature, as wallets print it.
    ///
    /// # Errors
    ///
    /// `SecretKey` with negligible probability.
    pub fn sign_eip191(&self, message: &[u8]) -> Result<String, OwnershipError> {
        self.sign_digest(&evm::message_hash(message))
    }

    /// Signature of a Safe's owner over the Safe's message, as wallets print it.
    ///
    /// # Errors
    ///
    /// `SecretKey` with negligible probability.
    pub fn sign_safe(&self, safe: &SafeOwners, message: &[u8]) -> Result<String, OwnershipError> {
        self.sign_digest(&safe.message_hash(message))
    }

    fn sign_digest(&self, digest: &[u8; 32]) -> Result<String, OwnershipError> {
        let (signature, id) = self
            .ecdsa
            .sign_prehash_recoverable(digest)
            .map_err(|_| OwnershipError::SecretKey)?;
        let v = if id.is_y_odd() { 28 } else { 27 };
        Ok(format!("0x{}{v:02x}", hex::encode(signature.to_bytes())))
    }

    /// BIP-322 simple signature for the P2WPKH address, with the prefix `smp`.
    ///
    /// # Errors
    ///
    /// `SecretKey` with negligible probability.
    pub fn sign_bip322_p2wpkh(&self, message: &[u8]) -> Result<String, OwnershipError> {
        let key = self.compressed_key();
        let (signature, _) = self
            .ecdsa
            .sign_prehash_recoverable(&p2wpkh_sighash(message, &hash160(&key)))
            .map_err(|_| OwnershipError::SecretKey)?;
        Ok(simple(&[
            &[signature.to_der().as_bytes(), &[SIGHASH_ALL]].concat(),
            &key,
        ]))
    }

    /// BIP-322 simple signature for the P2TR address by key path, with the prefix `smp`.
    ///
    /// # Errors
    ///
    /// `SecretKey` with negligible probability.
    pub fn sign_bip322_p2tr(&self, message: &[u8]) -> Result<String, OwnershipError> {
        let hash = p2tr_sighash(message, &self.output_key());
        let signature = self
            .taproot
            .sign_prehash_with_aux_rand(&hash, &[0; 32])
            .map_err(|_| OwnershipError::SecretKey)?;
        Ok(simple(&[&signature.to_bytes()]))
    }

    fn compressed_key(&self) -> Vec<u8> {
        self.ecdsa
            .verifying_key()
            .to_encoded_point(true)
            .as_bytes()
            .to_vec()
    }

    fn output_key(&self) -> [u8; 32] {
        self.taproot.verifying_key().to_bytes().into()
    }
}

impl fmt::Debug for SampleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SampleKey(..)")
    }
}

/// BIP-86: the internal key P with even y becomes `P + SHA-256_tag("TapTweak", x(P)) · G`.
fn tweaked(secret: &[u8; 32]) -> Result<schnorr::SigningKey, OwnershipError> {
    let internal =
        schnorr::SigningKey::from_bytes(secret).map_err(|_| OwnershipError::SecretKey)?;
    let tweak = tagged_hash("TapTweak", &[&internal.verifying_key().to_bytes()]);
    let tweak: Option<Scalar> = Scalar::from_repr(tweak.into()).into();
    let sum = internal
        .as_nonzero_scalar()
        .as_ref()
        .add(&tweak.ok_or(OwnershipError::SecretKey)?);
    let sum: Option<NonZeroScalar> = NonZeroScalar::new(sum).into();
    Ok(sum.ok_or(OwnershipError::SecretKey)?.into())
}

/// A witness stack of short elements as BIP-322 simple text.
fn simple(elements: &[&[u8]]) -> String {
    // Two elements of at most 73 bytes.
    let length = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let mut witness = Vec::from([length(elements.len())]);
    for element in elements {
        witness.push(length(element.len()));
        witness.extend_from_slice(element);
    }
    format!("smp{}", Base64::encode_string(&witness))
}
