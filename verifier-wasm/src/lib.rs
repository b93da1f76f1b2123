//! Bindings only: bytes in, Report out.
//!
//! What is decided here: nothing. The page hands over the bytes of a statement and its own trust root, and gets the
//! JSON of [`por_protocol::report::Report`] back: the same bytes as `por verify --json` prints. A failure to write
//! that JSON is thrown as an error, never answered with a report.
//!
//! Cost: that of `verify_statement`, and one copy of the file into the module's memory.
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects
)]

use por_protocol::attestation::Attestation;
use por_protocol::error::Error;
use por_protocol::merkle::RowTree;
use por_protocol::note::Note;
use por_protocol::statement::Statement;
use por_protocol::verify::{self, Trust};
use wasm_bindgen::prelude::wasm_bindgen;

/// A verifier with its generators, which take longer to make than a statement to check: one for all files.
#[wasm_bindgen]
#[derive(Default)]
pub struct Verifier(verify::Verifier);

#[wasm_bindgen]
impl Verifier {
    /// Makes the generators.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Verifies a statement file and returns the report as JSON.
    ///
    /// `policy` is the text of the checker's policy; without one every authenticity check answers "cannot tell".
    /// `account` is the account that the customer expects to see, where the caller asked for it.
    /// `now` is the caller's clock in Unix seconds; the module has none.
    ///
    /// # Errors
    ///
    /// Throws when the report could not be written as JSON; the caller must show that as a broken check.
    pub fn statement(
        &self,
        statement: &[u8],
        policy: Option<String>,
        account: Option<String>,
        now: Option<u64>,
    ) -> Result<String, wasm_bindgen::JsError> {
        let trust = Trust {
            policy: policy.as_deref().map(str::as_bytes),
            account: account.as_deref(),
            now,
        };
        Ok(serde_json::to_string(&self.0.statement(statement, &trust))?)
    }
}

/// Is `list` byte for byte the `reserves.jsonl` that the statement's attestation is bound to, by count and root?
///
/// Whether that attestation is authentic is the report's matter, and what the rows claim is an audit's.
///
/// # Errors
///
/// Throws where the statement holds no attestation that can be read.
#[wasm_bindgen]
pub fn reserves_are_bound(statement: &[u8], list: &[u8]) -> Result<bool, wasm_bindgen::JsError> {
    Ok(is_bound(statement, list)?)
}

fn is_bound(statement: &[u8], list: &[u8]) -> Result<bool, Error> {
    let note = Statement::parse(statement)?
        .attestation
        .ok_or(Error::Missing {
            what: "attestation",
        })?;
    let bound = Attestation::parse(Note::parse(note)?.unverified_text().as_bytes())?.reserves;
    // Every row ends with a line feed, the last one too; a list of none is empty.
    let Some(rows) = list.strip_suffix(b"\n") else {
        return Ok(list.is_empty() && bound.count == 0);
    };
    let rows: Vec<&[u8]> = rows.split(|byte| *byte == b'\n').collect();
    Ok(u64::try_from(rows.len()) == Ok(bound.count) && RowTree::new(rows).root() == bound.root)
}

/// Version of this module.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_without_an_attestation_binds_nothing() {
        assert!(is_bound(b"", b"").is_err());
        assert!(is_bound(b"por/statement/v1\ncore 1\nx\n", b"row\n").is_err());
    }
}
