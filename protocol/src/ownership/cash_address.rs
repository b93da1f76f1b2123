//! CashAddr, the address text of Bitcoin Cash.
//!
//! # Layout
//!
//! `bitcoincash:` ‖ base 32 of (version byte ‖ hash, zero padding bits) ‖ 8 characters of checksum. The version byte is
//! `type · 8 + size`; type 0 is P2PKH, 1 P2SH; size 0 is 20 bytes.
//!
//! Checked: one case throughout, checksum, padding. The prefix may be left out, as wallets show it; capitals are read as
//! small letters. Both become the one canonical text.
//!
//! Source: CashAddr specification (spec/cashaddr.md of Bitcoin Cash Node); BCH polynomial of degree 8.

use super::address::AddressKind;
use super::error::OwnershipError;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bech32::{ByteIterExt, Fe32, Fe32IterExt};

const PREFIX: &str = "bitcoincash";

/// Symbols of a version byte and 20 bytes, and of the checksum.
const PAYLOAD_SYMBOLS: usize = 34;
const CHECKSUM_SYMBOLS: usize = 8;

const P2PKH: u8 = 0;
const P2SH: u8 = 8;

/// Reads a CashAddr; `None` where the text is of another form.
///
/// # Errors
///
/// `AddressMalformed`, `AddressChecksum`, `AddressOfOtherNetwork` for the test networks' prefixes; `AddressUnsupported`
/// for longer hashes and for the types that announce tokens.
pub(super) fn decode(text: &str) -> Result<Option<AddressKind>, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let lower = text.to_ascii_lowercase();
    // Mixed case is a damaged text.
    let one_case = text == lower || text == text.to_ascii_uppercase();
    let body = match lower.split_once(':') {
        Some((PREFIX, body)) => body,
        Some(_) => return Err(malformed),
        // A Base58 text of 34 characters at most cannot be this long.
        None if lower.len() == PAYLOAD_SYMBOLS.saturating_add(CHECKSUM_SYMBOLS) => lower.as_str(),
        None => return Ok(None),
    };
    if !one_case || body.len() > 112 {
        return Err(malformed);
    }
    let symbols: Option<Vec<Fe32>> = body.chars().map(|c| Fe32::from_char(c).ok()).collect();
    let symbols = symbols.ok_or(malformed.clone())?;
    if polymod(symbols.iter().map(|symbol| symbol.to_u8())) != 0 {
        return Err(OwnershipError::AddressChecksum);
    }
    let data = symbols
        .len()
        .checked_sub(CHECKSUM_SYMBOLS)
        .and_then(|length| symbols.get(..length))
        .ok_or(malformed.clone())?;
    let bytes: Vec<u8> = data.iter().copied().fes_to_bytes().collect();
    let (version, hash) = bytes.split_first().ok_or(malformed.clone())?;
    let kind = match (*version, <[u8; 20]>::try_from(hash)) {
        (P2PKH, Ok(hash)) => AddressKind::P2pkh(hash),
        (P2SH, Ok(hash)) => AddressKind::P2sh(hash),
        (0x80.., _) => return Err(malformed),
        _ => return Err(OwnershipError::AddressUnsupported),
    };
    // Catches padding bits that are not zero.
    match encode(&kind) {
        Some(canonical) if canonical.ends_with(body) => Ok(Some(kind)),
        _ => Err(malformed),
    }
}

/// The canonical text; `None` for kinds that the coin does not have.
pub(super) fn encode(kind: &AddressKind) -> Option<String> {
    let (version, hash) = match kind {
        AddressKind::P2pkh(hash) => (P2PKH, hash),
        AddressKind::P2sh(hash) => (P2SH, hash),
        _ => return None,
    };
    let bytes = core::iter::once(version).chain(hash.iter().copied());
    let mut symbols: Vec<Fe32> = bytes.bytes_to_fes().collect();
    let room = [0; CHECKSUM_SYMBOLS];
    let checksum = polymod(symbols.iter().map(|symbol| symbol.to_u8()).chain(room));
    for index in (0..CHECKSUM_SYMBOLS).rev() {
        let shift = u32::try_from(index).ok()?.checked_mul(5)?;
        let bits = u8::try_from(checksum.checked_shr(shift)? & 0x1f).ok()?;
        symbols.push(Fe32::try_from(bits).ok()?);
    }
    let body: String = symbols.into_iter().map(Fe32::to_char).collect();
    Some(format!("{PREFIX}:{body}"))
}

/// Remainder of the prefix and `symbols`, 0 where their checksum fits.
fn polymod(symbols: impl Iterator<Item = u8>) -> u64 {
    const GENERATOR: [u64; 5] = [
        0x98_f2bc_8e61,
        0x79_b76d_99e2,
        0xf3_3e5f_b3c4,
        0xae_2eab_e2a8,
        0x1e_4f43_e470,
    ];
    let prefix = PREFIX.bytes().map(|b| b & 0x1f).chain([0]);
    let remainder = prefix.chain(symbols).fold(1_u64, |remainder, symbol| {
        let top = remainder >> 35;
        let next = ((remainder & 0x07_ffff_ffff) << 5) ^ u64::from(symbol);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(next, |next, (_, term)| next ^ term)
    });
    remainder ^ 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;
    use alloc::string::ToString;

    /// The example of the specification: one hash as P2PKH and as P2SH.
    const HASH: &str = "76a04053bda0a88bda5177b86a15c3b29f559873";
    const P2PKH_TEXT: &str = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
    const P2SH_TEXT: &str = "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq";

    #[test]
    fn the_specifications_examples_are_known() {
        let hash: [u8; 20] = hex::decode(HASH).unwrap().try_into().unwrap();
        for (kind, text) in [
            (AddressKind::P2pkh(hash), P2PKH_TEXT),
            (AddressKind::P2sh(hash), P2SH_TEXT),
        ] {
            assert_eq!(encode(&kind).unwrap(), text);
            for spelling in [
                text.to_string(),
                text.to_uppercase(),
                text.split_once(':').unwrap().1.to_string(),
            ] {
                assert_eq!(decode(&spelling), Ok(Some(kind)), "{spelling}");
            }
        }
    }

    #[test]
    fn s_09_damaged_texts_are_refused() {
        for (text, error) in [
            (P2PKH_TEXT.replace("dx6a", "dx6q"), AddressChecksum),
            (P2PKH_TEXT.replacen('q', "p", 1), AddressChecksum),
            (P2PKH_TEXT.replacen('q', "Q", 1), AddressMalformed),
            (P2PKH_TEXT.replacen('q', "b", 1), AddressMalformed),
            (
                P2PKH_TEXT.replace("bitcoincash", "bchtest"),
                AddressMalformed,
            ),
            ("bitcoincash:".to_string(), AddressChecksum),
            (
                format!("bitcoincash:{}", "q".repeat(1_000)),
                AddressMalformed,
            ),
        ] {
            assert_eq!(decode(&text), Err(error), "{text:.80}");
        }
        assert_eq!(decode("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), Ok(None));
    }
}
