//! Stories across rooms, in `tests/`; here is what they share.
//!
//! [`sample`] is a small exchange in memory, honest or lying at one point; [`vectors`] runs one vector of
//! `fixtures/vectors`, natively and in WASM; [`vector_cases`] makes all of them.

pub mod sample;
pub mod vector_cases;
pub mod vectors;
