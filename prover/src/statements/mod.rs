//! Statements: the openings that the exchange signs, what is attached to them, and the archive that holds many.

mod accounts;
mod archive;
mod attachments;
mod issuer;

use por_protocol::digest::Digest;

pub use archive::{Archive, ArchiveWriter, Content, Header};
pub use attachments::Attachments;
pub use issuer::{Balances, Issuer, SignedCore};

/// The file name of an account's statement: no account in any file name or URL.
#[must_use]
pub fn file_name(account: &str) -> String {
    let digest = Digest::of(account.as_bytes()).to_string();
    format!("{}.por", digest.get(..32).unwrap_or(&digest))
}
