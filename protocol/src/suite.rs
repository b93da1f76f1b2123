//! Names of formats and of the cryptographic suite. A verifier knows these and no others; there is no fallback.

use crate::error::Error;
use crate::json::{format_of, shorten};

/// Ristretto255, Bulletproofs with n = 64 and m = 16, SHA-256, HKDF-SHA-256, Merlin, Ed25519.
pub const SUITE: &str = "por/ristretto255-bulletproofs-sha256/v1";
/// Format of a plan.
pub const PLAN_FORMAT: &str = "por/plan/v1";
/// Format of an attestation.
pub const ATTESTATION_FORMAT: &str = "por/attestation/v1";
/// Format of a statement's file and core.
pub const STATEMENT_FORMAT: &str = "por/statement/v1";

/// # Errors
/// [`Error::Unsupported`] unless `found` is `known`.
pub(crate) fn require(what: &'static str, found: &str, known: &str) -> Result<(), Error> {
    if found == known {
        Ok(())
    } else {
        Err(Error::Unsupported {
            what,
            found: shorten(found),
        })
    }
}

/// Reads the `format` member alone, so that a file of another version is called unsupported rather than malformed; of a
/// file that is not too long for any version.
pub(crate) fn require_format(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
    known: &str,
) -> Result<(), Error> {
    if bytes.len() > limit {
        return Err(Error::TooLarge {
            what,
            limit: limit as u64,
            found: bytes.len() as u64,
        });
    }
    match format_of(bytes) {
        Ok(found) => require(what, &found, known),
        // Not even a format: the strict parser says what is wrong.
        Err(_) => Ok(()),
    }
}
