//! Bindings only: a whole publication, for those who want to see more than their own statement.
//!
//! A module of its own, because most visitors never ask: [`Audit`] verifies every tile of one attestation, [`LogReader`] the
//! log and what each of its attestations says of coverage. What is decided here: nothing that `por audit` and
//! `por verify` do not decide by the same functions of `por-protocol`.
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

mod audit;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use audit::{Audit, leaves_differ};
use por_protocol::log::LogState;
use por_protocol::verify::{LogVerifier, Since};
use por_wasm_runtime::{Thrown, thrown};
use wasm_bindgen::prelude::wasm_bindgen;

/// A published log: what the page may show of it, and nothing that was not verified.
#[wasm_bindgen]
pub struct LogReader(LogVerifier);

#[wasm_bindgen]
impl LogReader {
    /// Begins with the checkpoint, whose signatures the policy judges.
    ///
    /// # Errors
    /// Throws where they do not suffice.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: Option<String>, checkpoint: &[u8]) -> Result<Self, Thrown> {
        let policy = policy.as_deref().map(str::as_bytes);
        LogVerifier::begin(policy, checkpoint)
            .map(Self)
            .map_err(|error| thrown(&error))
    }

    /// Paths of the files to add, in order, one a line.
    #[must_use]
    pub fn files(&self) -> String {
        self.0.files().collect::<Vec<_>>().join("\n")
    }

    /// Takes the next of them.
    ///
    /// # Errors
    /// Throws for a file that is malformed.
    pub fn add(&mut self, bundle: &[u8]) -> Result<(), Thrown> {
        self.0.add(bundle).map_err(|error| thrown(&error))
    }

    /// The log's head and its attestations, as JSON.
    ///
    /// # Errors
    /// Throws where the entries are not those of the head, or break a rule of their order.
    pub fn finish(&mut self) -> Result<String, Thrown> {
        self.0.finish().map(summary).map_err(|error| thrown(&error))
    }

    /// Paths of the notes of the log's changes of key, below the publication, one a line; after [`LogReader::finish`].
    ///
    /// # Errors
    /// Throws before that.
    pub fn rotations(&self) -> Result<String, Thrown> {
        Ok(self
            .0
            .rotations()
            .map_err(|error| thrown(&error))?
            .join("\n"))
    }

    /// Takes the next of these notes. Without all of them nothing is said of who signed.
    ///
    /// # Errors
    /// Throws where it is another entry's, or not signed by both keys.
    pub fn add_rotation(&mut self, note: &[u8]) -> Result<(), Thrown> {
        self.0.add_rotation(note).map_err(|error| thrown(&error))
    }

    /// The report on one attestation, as JSON; `now` in Unix seconds.
    ///
    /// # Errors
    /// Throws where a file is not the one that the log holds.
    pub fn attestation(
        &self,
        sequence: u64,
        note: &[u8],
        books: &[u8],
        now: u64,
    ) -> Result<String, Thrown> {
        let report = self.0.attestation(sequence, note, books, now);
        let report = report.map_err(|error| thrown(&error))?;
        serde_json::to_string(&report).map_err(|error| Thrown::new(&error.to_string()))
    }

    /// How a head seen before stands to this one: `extends`, `shorter` or `rewritten`.
    ///
    /// # Errors
    /// Throws for another log's head, or one that is damaged.
    pub fn since(&self, origin: &str, size: &str, root: &str) -> Result<String, Thrown> {
        let since = self
            .0
            .since(origin, size, root)
            .map_err(|error| thrown(&error))?;
        Ok(match since {
            Since::Extends => "extends",
            Since::Shorter => "shorter",
            Since::Rewritten => "rewritten",
        }
        .into())
    }
}

/// What the log holds, as the page reads it.
fn summary(log: &LogState) -> String {
    let attestations = log.history().attestations().iter().map(|logged| {
        serde_json::json!({
            "sequence": logged.sequence,
            "period": logged.period.as_str(),
            "superseded_by": logged.superseded_by,
        })
    });
    let head = log.head();
    serde_json::json!({
        "origin": head.origin.as_str(),
        "size": head.size.get(),
        "root": head.root.to_string(),
        "attestations": attestations.collect::<Vec<_>>(),
    })
    .to_string()
}
