//! The text that an address signs to show that its key is under control *now* and *for this publisher*.
//!
//! The verifier builds this text from what it knows and compares nothing else: a signature over any other text,
//! equal to the eye or not, is false. Each field closes one replay: the entity and the log origin against other
//! exchanges, the network against the same key elsewhere, the address against a shared text, the block against
//! signatures made in advance, the nonce against signatures made before the regulator asked.
//!
//! It names no snapshot: a vault cannot sign for thousands of addresses after every block. So a signature says
//! "signed after the block's time" and counts until the maximum age that the policy sets.
//!
//! # Layout
//!
//! Nine lines, separated by one line feed, none after the last; UTF-8, and ASCII wherever the entity is:
//!
//! ```text
//! por/challenge/v1
//! Proof of control, not a transaction
//! entity: Example Exchange
//! log origin: log.example.com/por
//! network: bip122:000000000019d6689c085ae165831e93
//! address: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
//! bitcoin block: 00000000000000000001274482b7345f902d2a5e022d7bb531a204ba24589c74
//! bitcoin block time: 2026-09-25T16:28:31Z
//! nonce: 5eed
//! ```
//!
//! An empty nonce is written `none`, which is no hex. The block's height is left out: a header does not show it.
//!
//! Not proven: that the signer owns the coins, or did not sign for somebody else.

use super::address::Address;
use super::bitcoin_block::BitcoinBlock;
use super::error::OwnershipError;
use crate::unicode::{self, Class};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// First line of the text; a change of any byte of the layout changes it.
pub const CHALLENGE_FORMAT: &str = "por/challenge/v1";

/// What the signer is told above all: that nothing is spent.
pub(super) const STATEMENT: &str = "Proof of control, not a transaction";

/// Longest entity and log origin in bytes: a line that a signing device can still show.
const MAX_NAME_BYTES: usize = 255;

/// Longest nonce in bytes: room for a SHA-512 digest.
const MAX_NONCE_BYTES: usize = 64;

/// What all addresses of one attestation sign over, besides their own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) entity: String,
    pub(super) log_origin: String,
    pub(super) block: BitcoinBlock,
    pub(super) nonce: ChallengeNonce,
}

/// What the regulator, or whoever asks for fresh signatures, chose: 0 to 64 bytes, written in lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChallengeNonce(Vec<u8>);

impl Challenge {
    /// A challenge over checked texts. The block's work is the caller's to check, with the floor of the policy.
    ///
    /// # Errors
    ///
    /// `EntityMalformed` unless 1 to 255 bytes of NFC text without control, format or edge-space characters;
    /// `LogOriginMalformed` unless 1 to 255 printable ASCII characters without space and `+`.
    pub fn new(
        entity: &str,
        log_origin: &str,
        block: BitcoinBlock,
        nonce: ChallengeNonce,
    ) -> Result<Self, OwnershipError> {
        if !is_plain_line(entity) {
            return Err(OwnershipError::EntityMalformed);
        }
        let origin_ok = (1..=MAX_NAME_BYTES).contains(&log_origin.len())
            && log_origin
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'+');
        if !origin_ok {
            return Err(OwnershipError::LogOriginMalformed);
        }
        Ok(Self {
            entity: entity.to_string(),
            log_origin: log_origin.to_string(),
            block,
            nonce,
        })
    }

    /// The block that dates the challenge.
    pub fn block(&self) -> &BitcoinBlock {
        &self.block
    }

    /// The exact text that `address` signs on its own network.
    pub fn text(&self, address: &Address) -> String {
        format!(
            "{CHALLENGE_FORMAT}\n\
             {STATEMENT}\n\
             entity: {}\n\
             log origin: {}\n\
             network: {}\n\
             address: {}\n\
             bitcoin block: {}\n\
             bitcoin block time: {}\n\
             nonce: {}",
            self.entity,
            self.log_origin,
            address.network(),
            address,
            self.block.hash(),
            self.block.time(),
            self.nonce,
        )
    }
}

impl ChallengeNonce {
    /// A nonce of at most 64 bytes.
    ///
    /// # Errors
    ///
    /// `NonceMalformed`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OwnershipError> {
        if bytes.len() > MAX_NONCE_BYTES {
            return Err(OwnershipError::NonceMalformed);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ChallengeNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ChallengeNonce {
    type Err = OwnershipError;

    /// Parses the one spelling that `Display` gives; the empty text is refused.
    fn from_str(text: &str) -> Result<Self, OwnershipError> {
        if text == "none" {
            return Ok(Self::default());
        }
        let lower_case = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if text.is_empty() || !lower_case {
            return Err(OwnershipError::NonceMalformed);
        }
        Self::from_bytes(&hex::decode(text).map_err(|_| OwnershipError::NonceMalformed)?)
    }
}

/// Text that fills exactly one line and looks like what it is.
fn is_plain_line(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.trim() == text
        && unicode::check_nfc(text).is_ok()
        // Format characters include the ones that reverse what a device shows.
        && !text.chars().any(|c| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}')
                || matches!(
                    unicode::class(c),
                    Class::Format | Class::PrivateUse | Class::Unassigned
                )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> BitcoinBlock {
        let header = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
        BitcoinBlock::from_bytes(&hex::decode(header.trim_end()).unwrap()).unwrap()
    }

    fn challenge(entity: &str, log_origin: &str) -> Result<Challenge, OwnershipError> {
        Challenge::new(entity, log_origin, block(), "5eed".parse().unwrap())
    }

    fn address() -> Address {
        let network = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
        Address::parse(&network, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4").unwrap()
    }

    #[test]
    fn the_text_is_the_documented_one() {
        let lines: Vec<&str> = include_str!("challenge.rs")
            .lines()
            .skip_while(|line| *line != "//! ```text")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| &line[4..])
            .collect();
        assert_eq!(lines.len(), 9);
        assert_eq!(
            challenge("Example Exchange", "log.example.com/por")
                .unwrap()
                .text(&address()),
            lines.join("\n")
        );
    }

    #[test]
    fn an_empty_nonce_still_has_its_line() {
        let challenge = Challenge::new("E", "o", block(), ChallengeNonce::default()).unwrap();
        assert!(challenge.text(&address()).ends_with("\nnonce: none"));
    }

    #[test]
    fn s_11_text_that_can_pass_for_another_is_refused() {
        for entity in [
            "",
            " E",
            "E ",
            "E\u{a0}",
            "E\nlog origin: other",
            "E\r",
            "E\u{2028}F",
            "E\u{202e}F",
            "E\u{200b}F",
            "E\u{0}",
            "Cafe\u{301}",
            &"E".repeat(256),
        ] {
            assert_eq!(
                challenge(entity, "o"),
                Err(OwnershipError::EntityMalformed),
                "{entity:?}"
            );
        }
        for origin in ["", "a b", "a+b", "a\nb", "lög", "a\u{7f}", &"o".repeat(256)] {
            assert_eq!(
                challenge("E", origin),
                Err(OwnershipError::LogOriginMalformed),
                "{origin:?}"
            );
        }
        assert!(challenge("Börse 取引所", "log.example.com/por").is_ok());
    }

    #[test]
    fn nonces_have_one_spelling() {
        for text in ["none", "00", &"ab".repeat(64)] {
            assert_eq!(text.parse::<ChallengeNonce>().unwrap().to_string(), text);
        }
        for text in ["", "0", "0x00", "AB", "zz", " 00", "None", &"ab".repeat(65)] {
            assert_eq!(
                text.parse::<ChallengeNonce>(),
                Err(OwnershipError::NonceMalformed),
                "{text:?}"
            );
        }
    }
}
