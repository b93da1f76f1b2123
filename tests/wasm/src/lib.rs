//! Bindings only: the text of a vector in, an empty string or what went wrong out.

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs one vector; empty if its expectation is met, otherwise what differs.
#[wasm_bindgen]
#[must_use]
pub fn run_vector(json: &str) -> String {
    acceptance::vectors::run(json).err().unwrap_or_default()
}
