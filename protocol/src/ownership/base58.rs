//! Base58 and Base58Check, strictly: one text for each byte string, of a length known beforehand.
//!
//! Base58 is a bijection between byte strings and texts over its alphabet (a leading `1` is a zero byte), so that
//! nothing but the length and the checksum is left to check.
//!
//! The XRP Ledger writes the same digits with other letters.
//!
//! Cost: quadratic in the length, which is bounded first. Source: Bitcoin wiki, "Base58Check encoding";
//! draft-msporny-base58; XRP Ledger documentation, "base58 Encodings".

use super::error::OwnershipError;
use super::hash::double_sha256;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest text looked at: 64 bytes need at most 88 characters.
const MAX_TEXT_BYTES: usize = 90;

/// Bytes of a Base58Check checksum.
const CHECKSUM_BYTES: usize = 4;

/// Decodes a text of exactly `N` bytes; `None` for every other text.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() > MAX_TEXT_BYTES {
        return None;
    }
    bs58::decode(text).into_vec().ok()?.try_into().ok()
}

/// Encodes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

/// The version byte and the 20 bytes of a Base58Check address.
///
/// # Errors
///
/// `AddressMalformed` for another alphabet or length, `AddressChecksum`.
pub(super) fn decode_address(text: &str) -> Result<(u8, [u8; 20]), OwnershipError> {
    split_address(decode(text).ok_or(OwnershipError::AddressMalformed)?)
}

/// The same from a text in the alphabet of the XRP Ledger.
///
/// # Errors
///
/// As [`decode_address`].
pub(super) fn decode_xrpl_address(text: &str) -> Result<(u8, [u8; 20]), OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    if text.len() > MAX_TEXT_BYTES {
        return Err(malformed);
    }
    let decoded = bs58::decode(text)
        .with_alphabet(bs58::Alphabet::RIPPLE)
        .into_vec();
    match decoded.map(<[u8; 25]>::try_from) {
        Ok(Ok(bytes)) => split_address(bytes),
        _ => Err(malformed),
    }
}

fn split_address(bytes: [u8; 25]) -> Result<(u8, [u8; 20]), OwnershipError> {
    let (payload, checksum) = bytes
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or(OwnershipError::AddressMalformed)?;
    if !double_sha256(payload).starts_with(checksum) {
        return Err(OwnershipError::AddressChecksum);
    }
    match payload {
        [version, hash @ ..] => Ok((
            *version,
            hash.try_into()
                .map_err(|_| OwnershipError::AddressMalformed)?,
        )),
        [] => Err(OwnershipError::AddressMalformed),
    }
}

/// The Base58Check text of a version byte and 20 bytes.
pub(super) fn encode_address(version: u8, hash: &[u8; 20]) -> String {
    encode(&with_checksum(version, hash))
}

/// The same in the alphabet of the XRP Ledger.
pub(super) fn encode_xrpl_address(version: u8, hash: &[u8; 20]) -> String {
    bs58::encode(with_checksum(version, hash))
        .with_alphabet(bs58::Alphabet::RIPPLE)
        .into_string()
}

fn with_checksum(version: u8, hash: &[u8; 20]) -> Vec<u8> {
    let mut bytes = Vec::from([version]);
    bytes.extend_from_slice(hash);
    let checksum = double_sha256(&bytes);
    bytes.extend(checksum.iter().take(CHECKSUM_BYTES));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The genesis block's address (version 0, HASH160 of its key).
    #[test]
    fn the_first_address_is_known() {
        let hash = hex::decode("62e907b15cbf27d5425399ebf6f0fb50ebb88f18").unwrap();
        let hash: [u8; 20] = hash.try_into().unwrap();
        let text = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        assert_eq!(encode_address(0, &hash), text);
        assert_eq!(decode_address(text), Ok((0, hash)));
    }

    #[test]
    fn s_09_lengths_alphabet_and_checksum_are_exact() {
        let good = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        for text in [
            "",
            "1",
            &good[1..],
            &alloc::format!("1{good}"),
            &alloc::format!("{good} "),
            &good.replace('z', "0"),
            &good.replace('z', "l"),
            &"1".repeat(1_000_000),
        ] {
            assert_eq!(
                decode_address(text),
                Err(OwnershipError::AddressMalformed),
                "{:.40}",
                text
            );
        }
        assert_eq!(
            decode_address(&good.replace("Na", "Nb")),
            Err(OwnershipError::AddressChecksum)
        );
    }
}
