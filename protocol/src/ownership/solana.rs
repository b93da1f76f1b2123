//! Solana accounts: the address is the Ed25519 key, and signs either the bytes themselves or an off-chain message.
//!
//! Checked: RFC 8032 with `S < L`, canonical points, no small-order key, cofactorless equation (`verify_strict`), over
//! * `solana`: the message;
//! * `solana-offchain`: the frame, which is parsed first and must hold the message byte for byte.
//!
//! A signature is 64 bytes. Its text says which of the three forms it has, so that none is tried in turn:
//! 88 characters that end in `==` are base64, 128 hex digits (130 characters with `0x`) are hex, all else is Base58.
//!
//! # Layout of a frame, version 0
//!
//! `ff "solana offchain" ‖ u8 version = 0 ‖ application domain (32) ‖ u8 format ‖ u8 n ‖ n signers (32 each) ‖
//! u16 little-endian length ‖ message`, or without domain, count and signers, as the command-line wallet and its library
//! write it: `ff "solana offchain" ‖ 0 ‖ format ‖ length ‖ message`. The two differ in length for one message, so that a
//! frame is at most one of them. Format 0 is printable ASCII and 1 UTF-8, both of at most 1,232 bytes with the frame;
//! 2 is UTF-8 up to 65,535 bytes. The message is not empty, the signers are distinct and the address is one of them.
//!
//! The raw scheme refuses messages that begin as a frame does, or as those of `ed25519-prefixed`: they would be a second
//! reading of one signature.
//!
//! Cost: one signature check. Source: RFC 8032; Solana "Off-Chain Message Signing" (Anza, version 0).

use super::address::{Address, AddressKind};
use super::base58;
use super::ed25519::{self, SIGNATURE_BYTES};
use super::error::OwnershipError;
use super::prefixed;
use super::scheme::Scheme;
use base64ct::{Base64, Encoding};

/// Leads every off-chain message, so that it is no transaction.
const SIGNING_DOMAIN: &[u8; 16] = b"\xffsolana offchain";

/// Largest frame of formats 0 and 1: what a signing device takes.
const MAX_DEVICE_BYTES: usize = 1_232;

/// Checks one signature over the message itself.
pub(super) fn verify(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    if message.starts_with(SIGNING_DOMAIN) || message.starts_with(prefixed::PREFIX) {
        return Err(OwnershipError::MessageKind);
    }
    verify_bytes(Scheme::Solana, address, message, signature)
}

/// Checks one signature over the frame around the message.
pub(super) fn verify_offchain(
    address: &Address,
    message: &[u8],
    frame: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let scheme = Scheme::SolanaOffchain;
    check_frame(&key_bytes(scheme, address)?, message, frame)?;
    verify_bytes(scheme, address, frame, signature)
}

fn key_bytes(scheme: Scheme, address: &Address) -> Result<[u8; 32], OwnershipError> {
    match address.kind() {
        AddressKind::Solana(key) => Ok(*key),
        _ => Err(OwnershipError::SchemeNotForAddress { scheme }),
    }
}

fn verify_bytes(
    scheme: Scheme,
    address: &Address,
    bytes: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let signature = decode(signature)?;
    ed25519::verify(&key_bytes(scheme, address)?, bytes, &signature)
}

fn decode(text: &str) -> Result<[u8; SIGNATURE_BYTES], OwnershipError> {
    let mut bytes = [0; SIGNATURE_BYTES];
    if text.len() == 88 && text.ends_with("==") {
        let decoded =
            Base64::decode(text, &mut bytes).map_err(|_| OwnershipError::SignatureEncoding)?;
        if decoded.len() != SIGNATURE_BYTES {
            return Err(OwnershipError::SignatureEncoding);
        }
        return Ok(bytes);
    }
    let digits = match (text.len(), text.strip_prefix("0x")) {
        (130, Some(digits)) => Some(digits),
        (128, _) => Some(text),
        _ => None,
    };
    match digits {
        Some(digits) => {
            hex::decode_to_slice(digits, &mut bytes)
                .map_err(|_| OwnershipError::SignatureEncoding)?;
            Ok(bytes)
        }
        None => base58::decode(text).ok_or(OwnershipError::SignatureEncoding),
    }
}

/// Is `frame` an off-chain message of version 0 around `message` that `key` may sign?
fn check_frame(key: &[u8; 32], message: &[u8], frame: &[u8]) -> Result<(), OwnershipError> {
    let malformed = OwnershipError::FrameMalformed;
    let Some([version, body @ ..]) = frame.strip_prefix(SIGNING_DOMAIN) else {
        return Err(malformed);
    };
    if *version != 0 {
        return Err(OwnershipError::FrameVersion { found: *version });
    }
    // The message is known, and with it the only length that either form can have.
    let short = split_short(body);
    let (format, content) = match short.filter(|(_, content)| *content == message) {
        Some(found) => found,
        None => {
            let Some((format, signers, content)) = split_long(body) else {
                return Err(match short {
                    Some(_) => OwnershipError::FrameOtherMessage,
                    None => malformed,
                });
            };
            let (signers, rest) = signers.as_chunks::<32>();
            let repeated = signers
                .iter()
                .enumerate()
                .any(|(index, signer)| signers.iter().take(index).any(|other| other == signer));
            if signers.is_empty() || !rest.is_empty() || repeated {
                return Err(malformed);
            }
            if !signers.contains(key) {
                return Err(OwnershipError::FrameOtherSigner);
            }
            (format, content)
        }
    };
    if content != message {
        return Err(OwnershipError::FrameOtherMessage);
    }
    let format_ok = match format {
        0 => frame.len() <= MAX_DEVICE_BYTES && content.iter().all(|b| matches!(b, 0x20..=0x7e)),
        1 => frame.len() <= MAX_DEVICE_BYTES && core::str::from_utf8(content).is_ok(),
        2 => core::str::from_utf8(content).is_ok(),
        _ => false,
    };
    if content.is_empty() || !format_ok {
        return Err(malformed);
    }
    Ok(())
}

/// `format ‖ length ‖ content`, to the end.
fn split_short(body: &[u8]) -> Option<(u8, &[u8])> {
    match body {
        [format @ 0..=2, low, high, content @ ..]
            if content.len() == usize::from(u16::from_le_bytes([*low, *high])) =>
        {
            Some((*format, content))
        }
        _ => None,
    }
}

/// `domain ‖ format ‖ count ‖ signers ‖ length ‖ content`, to the end.
fn split_long(body: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (_domain, rest) = body.split_first_chunk::<32>()?;
    let [format, count, rest @ ..] = rest else {
        return None;
    };
    let (signers, rest) = rest.split_at_checked(usize::from(*count).checked_mul(32)?)?;
    match rest {
        [low, high, content @ ..]
            if content.len() == usize::from(u16::from_le_bytes([*low, *high])) =>
        {
            Some((*format, signers, content))
        }
        _ => None,
    }
}
