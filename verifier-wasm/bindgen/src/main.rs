//! Runs wasm-bindgen on a compiled module.
fn main() {}
