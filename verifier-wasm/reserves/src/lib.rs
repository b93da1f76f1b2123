//! Bindings only: the list of reserves that belongs to a statement, and whose addresses are proven.
//!
//! A module of its own, because most visitors never ask: the curve of Bitcoin and Ethereum and the formats of a dozen
//! signature schemes stay out of what everyone loads. What is decided here: nothing. The list is bound to the
//! attestation that the statement holds, by count and root; the signatures are judged by
//! [`por_protocol::reserve_row::ReserveRow::verify_ownership`], as `por audit` does. Whether the attestation itself is
//! authentic is the report's matter.
//!
//! Cost: hashing the list once; then 1 to 5 ms of one core for each signature.
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

use alloc::vec::Vec;

use por_protocol::attestation::Attestation;
use por_protocol::error::Error;
use por_protocol::note::Note;
use por_protocol::ownership::Challenge;
use por_protocol::reserve_row::ReserveRow;
use por_protocol::statement::Statement;
use por_wasm_runtime::{Thrown, thrown};
use wasm_bindgen::prelude::wasm_bindgen;

/// The signature proves that someone with the address's key signed this attestation's challenge.
const PROVEN: u8 = 1;
/// It cannot be decided here: a network, scheme or script that this version does not know.
const UNDECIDED: u8 = 2;
/// There is a signature that proves nothing, or the row cannot be read.
const NOT_PROVEN: u8 = 3;

/// A list of reserves beside the attestation of a statement.
#[wasm_bindgen]
pub struct Reserves {
    list: Vec<u8>,
    /// Where each row begins and ends in `list`.
    rows: Vec<(usize, usize)>,
    bound: bool,
    challenge: Result<Challenge, Error>,
}

#[wasm_bindgen]
impl Reserves {
    /// Compares `list`, byte for byte a `reserves.jsonl`, with what the statement's attestation is bound to.
    ///
    /// # Errors
    ///
    /// Throws where the statement holds no attestation that can be read.
    #[wasm_bindgen(constructor)]
    pub fn new(statement: &[u8], list: Vec<u8>) -> Result<Self, Thrown> {
        Self::open(statement, list).map_err(|error| thrown(&error))
    }

    /// Is the list the one that the attestation is bound to?
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn bound(&self) -> bool {
        self.bound
    }

    /// How many rows the list has.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Judges the signatures of `count` rows from row `first` on: 1 proven, 2 undecided, 3 not proven, one byte a row.
    ///
    /// A list that is not bound proves nothing, and neither does one beyond its end.
    #[must_use]
    pub fn ownership(&self, first: usize, count: usize) -> Vec<u8> {
        let rows = self.rows.iter().skip(first).take(count);
        rows.map(|(from, to)| self.outcome(self.list.get(*from..*to)))
            .collect()
    }

    fn open(statement: &[u8], list: Vec<u8>) -> Result<Self, Error> {
        let note = Statement::parse(statement)?
            .attestation
            .ok_or(Error::Missing {
                what: "attestation",
            })?;
        let attestation = Attestation::parse(Note::parse(note)?.unverified_text().as_bytes())?;
        let rows = rows(&list);
        let bound = rows.as_ref().is_some_and(|rows| {
            let bytes: Vec<&[u8]> = rows
                .iter()
                .filter_map(|(from, to)| list.get(*from..*to))
                .collect();
            attestation.reserves.check("reserves.jsonl", &bytes).is_ok()
        });
        Ok(Self {
            rows: rows.unwrap_or_default(),
            list,
            bound,
            challenge: attestation.challenge(),
        })
    }

    fn outcome(&self, row: Option<&[u8]>) -> u8 {
        let judged = (|| {
            let row = ReserveRow::parse(row.filter(|_| self.bound).ok_or(Error::Missing {
                what: "a row that is bound",
            })?)?;
            row.verify_ownership(self.challenge.as_ref().map_err(Clone::clone)?)
        })();
        match judged {
            Ok(()) => PROVEN,
            Err(Error::Unsupported { .. }) => UNDECIDED,
            Err(_) => NOT_PROVEN,
        }
    }
}

/// The places of the rows; every one ends with a line feed, the last one too, and a list of none is empty.
fn rows(list: &[u8]) -> Option<Vec<(usize, usize)>> {
    let mut rows = Vec::new();
    let mut from = 0;
    let ends = list.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (end, _) in ends {
        rows.push((from, end));
        from = end.saturating_add(1);
    }
    (from == list.len()).then_some(rows)
}

/// Version of this module.
#[wasm_bindgen]
#[must_use]
pub fn version() -> alloc::string::String {
    env!("CARGO_PKG_VERSION").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_without_an_attestation_binds_nothing() {
        assert!(Reserves::open(b"", Vec::new()).is_err());
        let core_alone = b"por/statement/v1\ncore 1\nx\n";
        assert!(Reserves::open(core_alone, b"row\n".to_vec()).is_err());
    }

    #[test]
    fn every_row_ends_with_a_line_feed() {
        assert_eq!(rows(b""), Some(Vec::new()));
        assert_eq!(rows(b"a\n\nbc\n"), Some(vec![(0, 1), (2, 2), (3, 5)]));
        assert_eq!(rows(b"a"), None);
        assert_eq!(rows(b"a\nb"), None);
    }
}
