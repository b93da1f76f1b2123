//! Bitcoin signed messages: the legacy form, and BIP-137, which adds segwit addresses to it.
//!
//! Checked: the key `Q` that the signature recovers over
//! `SHA-256²(0x18 ‖ "Bitcoin Signed Message:\n" ‖ CompactSize(length) ‖ message)`, written as the header says, is the
//! one behind the address. Litecoin, Dogecoin and Dash lead with a text of their own; Bitcoin Cash kept Bitcoin's. The
//! signature text is strict base64 of 65 bytes, `header ‖ r ‖ s`, with low s:
//!
//! | header | key | address | scheme |
//! |---|---|---|---|
//! | 27–30 | uncompressed | P2PKH | both |
//! | 31–34 | compressed | P2PKH | both |
//! | 35–38 | compressed | P2SH of P2WPKH | BIP-137 |
//! | 39–42 | compressed | P2WPKH | BIP-137 |
//!
//! A header of another kind of address than the one claimed is refused, though some wallets write 31–34 for all: the
//! same bytes would otherwise speak for three addresses.
//!
//! Cost: one recovery. Source: Bitcoin Core `signmessage`; BIP-137; `strMessageMagic` of the other coins' nodes.

use super::address::{Address, AddressKind};
use super::ecdsa;
use super::error::OwnershipError;
use super::hash::{double_sha256, hash160};
use super::network::Network;
use super::scheme::Scheme;
use super::script::compact_size;
use alloc::string::ToString;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use k256::ecdsa::{RecoveryId, VerifyingKey};

/// `header ‖ r ‖ s`.
const SIGNATURE_BYTES: usize = 65;

/// Leads every signed message; the first byte is the length of the rest.
const PREFIX: &[u8] = b"\x18Bitcoin Signed Message:\n";

/// The kind of address that a header byte stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderKind {
    UncompressedP2pkh,
    CompressedP2pkh,
    P2shP2wpkh,
    P2wpkh,
}

/// Checks a legacy signed message of a P2PKH address.
pub(super) fn verify_legacy(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    if !matches!(address.kind(), AddressKind::P2pkh(_)) {
        let scheme = Scheme::SignMessage;
        return Err(OwnershipError::SchemeNotForAddress { scheme });
    }
    verify(address, message, signature)
}

/// Checks a BIP-137 signed message.
pub(super) fn verify_bip137(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    match address.kind() {
        AddressKind::P2pkh(_) | AddressKind::P2sh(_) | AddressKind::P2wpkh(_) => {
            verify(address, message, signature)
        }
        _ => {
            let scheme = Scheme::Bip137;
            Err(OwnershipError::SchemeNotForAddress { scheme })
        }
    }
}

/// The key, in the form its header names, that made a legacy signature by a bare key.
///
/// # Errors
///
/// Those of the encoding; `HeaderByte` for headers of segwit addresses.
pub(super) fn signer(digest: &[u8; 32], signature: &str) -> Result<Vec<u8>, OwnershipError> {
    let parts = parse(signature)?;
    let compressed = match parts.kind {
        HeaderKind::UncompressedP2pkh => false,
        HeaderKind::CompressedP2pkh => true,
        HeaderKind::P2shP2wpkh | HeaderKind::P2wpkh => {
            return Err(OwnershipError::HeaderByte {
                found: parts.header,
            });
        }
    };
    Ok(encoded(&parts.recover(digest)?, compressed))
}

/// Hash that all these schemes sign on `network`.
///
/// # Errors
///
/// `AddressMalformed` for networks without such messages.
pub(super) fn message_hash(network: &Network, message: &[u8]) -> Result<[u8; 32], OwnershipError> {
    let prefix = match network {
        Network::Bitcoin(_) => PREFIX,
        Network::Utxo(chain) => chain.message_prefix(),
        _ => return Err(OwnershipError::AddressMalformed),
    };
    Ok(double_sha256(
        &[prefix, &compact_size(message.len()), message].concat(),
    ))
}

fn verify(address: &Address, message: &[u8], signature: &str) -> Result<(), OwnershipError> {
    let digest = message_hash(address.network(), message)?;
    let parts = parse(signature)?;
    let fits = matches!(
        (address.kind(), parts.kind),
        (
            AddressKind::P2pkh(_),
            HeaderKind::UncompressedP2pkh | HeaderKind::CompressedP2pkh
        ) | (AddressKind::P2sh(_), HeaderKind::P2shP2wpkh)
            | (AddressKind::P2wpkh(_), HeaderKind::P2wpkh)
    );
    if !fits {
        return Err(OwnershipError::HeaderByte {
            found: parts.header,
        });
    }
    let key = parts.recover(&digest)?;
    let compressed = parts.kind != HeaderKind::UncompressedP2pkh;
    let hash = hash160(&encoded(&key, compressed));
    let kind = match parts.kind {
        HeaderKind::UncompressedP2pkh | HeaderKind::CompressedP2pkh => AddressKind::P2pkh(hash),
        HeaderKind::P2wpkh => AddressKind::P2wpkh(hash),
        HeaderKind::P2shP2wpkh => {
            let redeem = [&[0x00, 0x14], hash.as_slice()].concat();
            AddressKind::P2sh(hash160(&redeem))
        }
    };
    let found = match *address.network() {
        Network::Bitcoin(chain) => Address::from_bitcoin(chain, kind),
        Network::Utxo(chain) => Address::from_utxo(chain, kind),
        _ => Err(OwnershipError::AddressMalformed),
    }?;
    if found == *address {
        Ok(())
    } else {
        Err(OwnershipError::WrongSigner {
            expected: address.to_string(),
            found: found.to_string(),
        })
    }
}

fn encoded(key: &VerifyingKey, compressed: bool) -> Vec<u8> {
    key.to_encoded_point(compressed).as_bytes().to_vec()
}

struct Parts {
    header: u8,
    kind: HeaderKind,
    id: RecoveryId,
    signature: k256::ecdsa::Signature,
}

impl Parts {
    fn recover(&self, digest: &[u8; 32]) -> Result<VerifyingKey, OwnershipError> {
        ecdsa::recover(digest, &self.signature, self.id)
    }
}

fn parse(text: &str) -> Result<Parts, OwnershipError> {
    let mut buffer = [0; SIGNATURE_BYTES];
    // Longer texts do not fit the buffer; shorter ones leave a part of it.
    let bytes = Base64::decode(text, &mut buffer).map_err(|_| OwnershipError::SignatureEncoding)?;
    let (header, scalars) = match bytes {
        [header, scalars @ ..] if scalars.len() == 64 => (*header, scalars),
        _ => {
            return Err(OwnershipError::SignatureLength {
                expected: SIGNATURE_BYTES,
                found: bytes.len(),
            });
        }
    };
    let (kind, first) = match header {
        27..=30 => (HeaderKind::UncompressedP2pkh, 27),
        31..=34 => (HeaderKind::CompressedP2pkh, 31),
        35..=38 => (HeaderKind::P2shP2wpkh, 35),
        39..=42 => (HeaderKind::P2wpkh, 39),
        found => return Err(OwnershipError::HeaderByte { found }),
    };
    let id = header
        .checked_sub(first)
        .and_then(RecoveryId::from_byte)
        .ok_or(OwnershipError::HeaderByte { found: header })?;
    let (r, s) = scalars
        .split_first_chunk::<32>()
        .ok_or(OwnershipError::SignatureEncoding)?;
    let s = s
        .try_into()
        .map_err(|_| OwnershipError::SignatureEncoding)?;
    Ok(Parts {
        header,
        kind,
        id,
        signature: ecdsa::from_scalars(*r, s)?,
    })
}
