//! Writes the tables of `src/unicode/` from the libraries: `cargo run -p por-protocol --example unicode-tables`.
//!
//! Only for another version of Unicode. The files are columns of bytes, as `src/unicode/mod.rs` reads them.

use std::path::Path;

use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};
use unicode_normalization::{IsNormalized, is_nfc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/unicode");
    std::fs::write(folder.join("classes.bin"), columns(&classes()))?;
    std::fs::write(folder.join("pairs.bin"), columns(&pairs()))
}

fn code_point(character: char) -> [u8; 3] {
    let [_, high, middle, low] = u32::from(character).to_be_bytes();
    [high, middle, low]
}

fn class(character: char) -> u8 {
    match character.general_category() {
        GeneralCategory::Unassigned => return 255,
        GeneralCategory::PrivateUse => return 254,
        GeneralCategory::Format => return 253,
        _ => {}
    }
    match (
        is_nfc_quick(std::iter::once(character)),
        canonical_combining_class(character),
    ) {
        (IsNormalized::No, _) => 252,
        (IsNormalized::Maybe, 0) => 251,
        (_, combining) => combining,
    }
}

/// Where a run of one class begins. Surrogates are no characters: what stands before them goes on.
fn classes() -> Vec<[u8; 4]> {
    let mut rows = Vec::new();
    let mut last = None;
    for character in '\0'..=char::MAX {
        let class = class(character);
        if last != Some(class) {
            let [high, middle, low] = code_point(character);
            rows.push([high, middle, low, class]);
            last = Some(class);
        }
    }
    rows
}

/// Composites with their two parts, without Hangul syllables, which are counted.
fn pairs() -> Vec<[u8; 9]> {
    let mut rows = Vec::new();
    for composite in '\0'..=char::MAX {
        if ('\u{AC00}'..='\u{D7A3}').contains(&composite) || class(composite) == 252 {
            continue;
        }
        let mut parts = Vec::new();
        decompose_canonical(composite, |part| parts.push(part));
        let Some((second, rest)) = parts.split_last().filter(|(_, rest)| !rest.is_empty()) else {
            continue;
        };
        // All but the last compose again, one after another.
        let first = rest.iter().copied().reduce(|left, right| {
            compose(left, right).expect("a composite of what form C keeps is one of pairs")
        });
        let first = first.expect("a pair has a first part");
        assert_eq!(
            compose(first, *second),
            Some(composite),
            "U+{:04X}",
            u32::from(composite)
        );
        let mut row = [0; 9];
        row[..3].copy_from_slice(&code_point(composite));
        row[3..6].copy_from_slice(&code_point(first));
        row[6..].copy_from_slice(&code_point(*second));
        rows.push(row);
    }
    rows
}

fn columns<const WIDTH: usize>(rows: &[[u8; WIDTH]]) -> Vec<u8> {
    (0..WIDTH)
        .flat_map(|column| rows.iter().map(move |row| row[column]))
        .collect()
}
