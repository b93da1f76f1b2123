//! Bindings only: bytes in, Report out.
//!
//! What is decided here: nothing. The page hands over the bytes of a statement and its own trust root, and gets the
//! JSON of [`por_protocol::report::Report`] back: the same bytes as `por verify --json` prints. A failure to write
//! that JSON is thrown as an error, never answered with a report. On the way there `porCheckMade`, a function of the
//! worker's, hears of each check: for progress, the report alone decides.
//!
//! Cost: that of `verify_statement`, and one copy of the file into the module's memory.
#![cfg_attr(target_family = "wasm", no_std)]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects
)]

extern crate alloc;

use alloc::string::{String, ToString};

use por_protocol::report::{Check, Checks};
use por_protocol::verify::{self, Trust};
use por_wasm_runtime as _;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The worker's own function, which must be there: it hears of each check as it is made, as JSON.
    #[wasm_bindgen(js_name = porCheckMade)]
    fn check_made(check: &str);
}

/// For a page that shows how far the check has come. A check that could not be written is in the report all the same.
fn tell(check: &Check) {
    if let Ok(json) = serde_json::to_string(check) {
        check_made(&json);
    }
}

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
        let report = self
            .0
            .statement_in(statement, &trust, Checks::telling(tell));
        serde_json::to_string(&report).map_err(|error| JsError::new(&error.to_string()))
    }
}

/// Version of this module.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
