//! An error of the verifier, as JavaScript gets it.

use alloc::string::ToString;

use por_protocol::error::Error;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// JavaScript's `Error`, with one property more.
    #[wasm_bindgen(js_name = Error)]
    pub type Thrown;

    /// An error that says this.
    #[wasm_bindgen(constructor, js_class = "Error")]
    pub fn new(message: &str) -> Thrown;

    /// Whether nothing was shown to be false: something is missing, or a later version may know it.
    #[wasm_bindgen(method, setter, structural)]
    fn set_undecided(this: &Thrown, undecided: bool);
}

/// What is thrown for an error.
#[must_use]
pub fn thrown(error: &Error) -> Thrown {
    let thrown = Thrown::new(&error.to_string());
    thrown.set_undecided(error.is_undecided());
    thrown
}
