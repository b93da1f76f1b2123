//! Bindings only: bytes in, Report out.
//!
//! What is decided here: nothing. The page hands over the bytes of a statement and its own trust root, and gets the
//! JSON of [`por_protocol::report::Report`] back: the same bytes as `por verify --json` prints. A failure to write
//! that JSON is thrown as an error, never answered with a report.
//!
//! Cost: that of `verify_statement`, and one copy of the file into the module's memory.
#![cfg_attr(target_family = "wasm", no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

pub mod history;

use alloc::string::{String, ToString};

mod audit;

pub use audit::{Audit, leaves_differ};
use por_protocol::verify::{self, Trust};
use por_wasm_runtime as _;
use wasm_bindgen::JsError;
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
    ) -> Result<String, JsError> {
        let trust = Trust {
            policy: policy.as_deref().map(str::as_bytes),
            account: account.as_deref(),
            now,
        };
        let report = self.0.statement(statement, &trust);
        serde_json::to_string(&report).map_err(|error| JsError::new(&error.to_string()))
    }
}

/// A published log: what the page may show of it, and nothing that was not verified.
#[wasm_bindgen]
pub struct LogReader(history::LogReading);

#[wasm_bindgen]
impl LogReader {
    /// Begins with the checkpoint, whose signatures the policy judges.
    ///
    /// # Errors
    /// Throws where they do not suffice.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: Option<String>, checkpoint: &[u8]) -> Result<Self, JsError> {
        let policy = policy.as_deref().map(str::as_bytes);
        history::LogReading::begin(policy, checkpoint)
            .map(Self)
            .map_err(thrown)
    }

    /// Paths of the files to add, in order, one a line.
    #[must_use]
    pub fn files(&self) -> String {
        self.0.files().collect::<alloc::vec::Vec<_>>().join("\n")
    }

    /// Takes the next of them.
    ///
    /// # Errors
    /// Throws for a file that is malformed.
    pub fn add(&mut self, bundle: &[u8]) -> Result<(), JsError> {
        self.0.add(bundle).map_err(thrown)
    }

    /// The log's head and its attestations, as JSON.
    ///
    /// # Errors
    /// Throws where the entries are not those of the head, or break a rule of their order.
    pub fn finish(&mut self) -> Result<String, JsError> {
        let head = self.0.head().clone();
        let attestations = self.0.finish().map_err(thrown)?;
        Ok(history::summary(&head, attestations))
    }

    /// The report on one attestation, as JSON.
    ///
    /// # Errors
    /// Throws where a file is not the one that the log holds.
    pub fn attestation(&self, sequence: u64, note: &[u8], books: &[u8]) -> Result<String, JsError> {
        let report = self.0.attestation(sequence, note, books).map_err(thrown)?;
        serde_json::to_string(&report).map_err(|error| JsError::new(&error.to_string()))
    }

    /// How a head seen before stands to this one: `extends`, `shorter` or `rewritten`.
    ///
    /// # Errors
    /// Throws for another log's head, or one that is damaged.
    pub fn since(&self, origin: &str, size: &str, root: &str) -> Result<String, JsError> {
        let since = self.0.since(origin, size, root).map_err(thrown)?;
        Ok(match since {
            history::Since::Extends => "extends",
            history::Since::Shorter => "shorter",
            history::Since::Rewritten => "rewritten",
        }
        .into())
    }
}

fn thrown(error: por_protocol::error::Error) -> JsError {
    JsError::new(&error.to_string())
}

/// Version of this module.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
