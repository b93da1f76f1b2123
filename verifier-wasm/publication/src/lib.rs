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
pub mod history;

use alloc::string::{String, ToString};

pub use audit::{Audit, leaves_differ};
use por_wasm_runtime as _;
use wasm_bindgen::prelude::wasm_bindgen;

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
    pub fn new(policy: Option<String>, checkpoint: &[u8]) -> Result<Self, Thrown> {
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
    pub fn add(&mut self, bundle: &[u8]) -> Result<(), Thrown> {
        self.0.add(bundle).map_err(thrown)
    }

    /// The log's head and its attestations, as JSON.
    ///
    /// # Errors
    /// Throws where the entries are not those of the head, or break a rule of their order.
    pub fn finish(&mut self) -> Result<String, Thrown> {
        let head = self.0.head().clone();
        let attestations = self.0.finish().map_err(thrown)?;
        Ok(history::summary(&head, attestations))
    }

    /// Paths of the notes of the log's changes of key, below the publication, one a line; after [`LogReader::finish`].
    ///
    /// # Errors
    /// Throws before that.
    pub fn rotations(&self) -> Result<String, Thrown> {
        Ok(self.0.rotations().map_err(thrown)?.join("\n"))
    }

    /// Takes the next of these notes. Without all of them nothing is said of who signed.
    ///
    /// # Errors
    /// Throws where it is another entry's, or not signed by both keys.
    pub fn add_rotation(&mut self, note: &[u8]) -> Result<(), Thrown> {
        self.0.add_rotation(note).map_err(thrown)
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
        let report = report.map_err(thrown)?;
        serde_json::to_string(&report).map_err(|error| Thrown::new(&error.to_string()))
    }

    /// How a head seen before stands to this one: `extends`, `shorter` or `rewritten`.
    ///
    /// # Errors
    /// Throws for another log's head, or one that is damaged.
    pub fn since(&self, origin: &str, size: &str, root: &str) -> Result<String, Thrown> {
        let since = self.0.since(origin, size, root).map_err(thrown)?;
        Ok(match since {
            history::Since::Extends => "extends",
            history::Since::Shorter => "shorter",
            history::Since::Rewritten => "rewritten",
        }
        .into())
    }
}

#[wasm_bindgen]
extern "C" {
    /// JavaScript's `Error`, with one property more.
    #[wasm_bindgen(js_name = Error)]
    pub type Thrown;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &str) -> Thrown;

    /// Whether nothing was shown to be false: something is missing, or a later version may know it.
    #[wasm_bindgen(method, setter, structural)]
    fn set_undecided(this: &Thrown, undecided: bool);
}

fn thrown(error: por_protocol::error::Error) -> Thrown {
    let thrown = Thrown::new(&error.to_string());
    thrown.set_undecided(error.is_undecided());
    thrown
}
