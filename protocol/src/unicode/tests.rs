//! The tables against the libraries that they were written from.

use alloc::string::String;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc, is_nfc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::*;

fn characters() -> impl Iterator<Item = char> {
    (0..=0x10_FFFF).filter_map(char::from_u32)
}

fn class_by_libraries(character: char) -> Class {
    match character.general_category() {
        GeneralCategory::Unassigned => return Class::Unassigned,
        GeneralCategory::PrivateUse => return Class::PrivateUse,
        GeneralCategory::Format => return Class::Format,
        _ => {}
    }
    let combining = canonical_combining_class(character);
    match is_nfc_quick(core::iter::once(character)) {
        IsNormalized::No => Class::Replaced,
        IsNormalized::Maybe if combining == 0 => Class::Joiner,
        _ if combining == 0 => Class::Starter,
        _ => Class::Mark(combining),
    }
}

/// Form C or not, and where a text without replaced characters first differs.
fn assert_agrees(text: &str) {
    let found = check_nfc(text);
    assert_eq!(found.is_ok(), is_nfc(text), "{:?}", text.escape_unicode());
    let Err(offset) = found else { return };
    let replaced = text
        .char_indices()
        .find(|(_, found)| class(*found) == Class::Replaced);
    let mut normal = text.nfc();
    let first = text
        .char_indices()
        .find(|(_, found)| normal.next() != Some(*found))
        .map_or(text.len(), |(offset, _)| offset);
    match replaced {
        None => assert_eq!(offset, first, "{:?}", text.escape_unicode()),
        Some((replaced, _)) => assert!(offset <= replaced, "{:?}", text.escape_unicode()),
    }
}

#[test]
fn i_03_every_character_has_the_class_that_the_libraries_give_it() {
    for character in characters() {
        let ours = class(character);
        // Format characters compose with nothing, and are refused before normal forms are asked for.
        assert_eq!(
            ours,
            class_by_libraries(character),
            "U+{:04X}",
            u32::from(character)
        );
    }
}

#[test]
fn i_03_every_character_alone_is_in_form_c_or_not_as_the_libraries_say() {
    let mut text = String::new();
    for character in characters() {
        for before in ["", "a"] {
            text.clear();
            text.push_str(before);
            text.push(character);
            assert_agrees(&text);
        }
    }
}

#[test]
fn i_03_every_pair_that_could_interact_is_judged_as_the_libraries_do() {
    let seconds: Vec<char> = characters()
        .filter(|c| matches!(class(*c), Class::Mark(_) | Class::Joiner))
        .collect();
    let mut firsts: Vec<char> = (0..PAIRS.rows())
        .flat_map(|row| [0, 3].map(|column| char::from_u32(PAIRS.code_point(row, column)).unwrap()))
        .chain([
            '\u{1100}', '\u{1112}', '\u{1113}', '\u{AC00}', '\u{AC01}', '\u{D788}', '\u{D7A3}',
            '\u{D7A4}',
        ])
        .chain(seconds.iter().copied().step_by(7))
        .collect();
    firsts.sort_unstable();
    firsts.dedup();
    assert!(firsts.len() > 1_200 && seconds.len() > 900);
    let mut text = String::new();
    for first in &firsts {
        for second in &seconds {
            text.clear();
            text.push(*first);
            text.push(*second);
            assert_agrees(&text);
        }
    }
}

#[test]
fn i_03_runs_of_marks_are_ordered_and_composed_as_the_libraries_do() {
    let pool: Vec<char> = characters()
        .filter(|c| matches!(class(*c), Class::Mark(_) | Class::Joiner | Class::Replaced))
        .chain((0..PAIRS.rows()).filter_map(|row| char::from_u32(PAIRS.code_point(row, 0))))
        .chain("aeiouAEIOU가각한ᄀ낙十ж ".chars())
        .collect();
    // xorshift64: the same texts each time.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut normalised = 0;
    for _ in 0..200_000 {
        let length = 2 + next(6);
        let text: String = (0..length).map(|_| pool[next(pool.len())]).collect();
        assert_agrees(&text);
        // Its normal form is one, whatever it was.
        let normal: String = text.nfc().collect();
        assert_eq!(check_nfc(&normal), Ok(()), "{:?}", normal.escape_unicode());
        normalised += usize::from(normal == text);
    }
    assert!(normalised > 1_000, "{normalised}");
}
