//! What the rules for texts ask of Unicode 18: is a character assigned, does it only format, and is a text in
//! normalisation form C?
//!
//! The two tables hold these answers and nothing else, in 11 kB: libraries that also normalise, and know every category,
//! bring 150 kB into the page's verifier. `examples/unicode-tables.rs` writes the tables from such libraries, and the tests
//! compare every code point, and every pair of characters that could interact, with them.
//!
//! A text in form C holds no character that form C replaces (NFC_Quick_Check=No). Without those, what a character
//! decomposes to is a chain of pairs that compose again: one table of pairs serves both directions.
//!
//! Cost: a binary search for each character that is not ASCII; texts with combining marks or jamo are decomposed,
//! ordered and composed again, with a scan of 1,000 pairs for each mark.
//! Source: UAX 15, UAX 44; Hangul: The Unicode Standard, 3.12.

use alloc::vec::Vec;

/// What a character is to a text that people compare by eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An assigned character of canonical combining class 0 that is none of those below.
    Starter,
    /// An assigned character with a canonical combining class from 1 to 254.
    Mark(u8),
    /// A starter that may compose with the character before it.
    Joiner,
    /// An assigned character that form C replaces.
    Replaced,
    /// Category Cf.
    Format,
    /// Category Co.
    PrivateUse,
    /// Category Cn.
    Unassigned,
}

impl Class {
    const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Starter,
            251 => Self::Joiner,
            252 => Self::Replaced,
            253 => Self::Format,
            254 => Self::PrivateUse,
            255 => Self::Unassigned,
            class => Self::Mark(class),
        }
    }
}

/// A file of rows, column by column: what stands in one column looks alike, and compresses well.
struct Table {
    bytes: &'static [u8],
    columns: usize,
}

/// First code point of a run (3 columns, the highest byte first), and the class of the run: in order, from 0 on.
const CLASSES: Table = Table {
    bytes: include_bytes!("classes.bin"),
    columns: 4,
};

/// A composite and the two characters that it stands for (3 columns each), in the order of composites. Without Hangul.
const PAIRS: Table = Table {
    bytes: include_bytes!("pairs.bin"),
    columns: 9,
};

impl Table {
    const fn rows(&self) -> usize {
        match self.bytes.len().checked_div(self.columns) {
            Some(rows) => rows,
            None => 0,
        }
    }

    /// One byte; 0 beyond the end, where nobody looks.
    fn byte(&self, row: usize, column: usize) -> u8 {
        let at = self.rows().saturating_mul(column).saturating_add(row);
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn code_point(&self, row: usize, column: usize) -> u32 {
        let byte = |offset: usize| self.byte(row, column.saturating_add(offset));
        u32::from_be_bytes([0, byte(0), byte(1), byte(2)])
    }

    /// How many rows begin with at most `code_point`.
    fn rows_up_to(&self, code_point: u32) -> usize {
        let (mut low, mut high) = (0, self.rows());
        while low < high {
            let middle = low.midpoint(high);
            if self.code_point(middle, 0) <= code_point {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The class of a character.
pub(crate) fn class(character: char) -> Class {
    if character.is_ascii() {
        return Class::Starter;
    }
    let row = CLASSES.rows_up_to(u32::from(character)).saturating_sub(1);
    Class::from_byte(CLASSES.byte(row, 3))
}

/// Is a text in normalisation form C? Otherwise the byte from which it is not: where a character stands that form C
/// replaces, or where the text before that first differs from its normal form.
pub(crate) fn check_nfc(text: &str) -> Result<(), usize> {
    let classes = || {
        text.char_indices()
            .map(|(offset, found)| (offset, class(found)))
    };
    let replaced = classes().find(|(_, class)| *class == Class::Replaced);
    let before = replaced.map_or(text.len(), |(offset, _)| offset);
    // Nothing interacts but marks and joiners with what stands before them.
    if classes().any(|(_, class)| matches!(class, Class::Mark(_) | Class::Joiner)) {
        let before = text.get(..before).unwrap_or_default();
        let mut normal = compose(&decompose(before)).into_iter();
        for (offset, found) in before.char_indices() {
            if normal.next() != Some(found) {
                return Err(offset);
            }
        }
    }
    replaced.map_or(Ok(()), |(offset, _)| Err(offset))
}

/// Canonical decomposition with its marks in canonical order, each character with its combining class.
fn decompose(text: &str) -> Vec<(char, u8)> {
    let mut decomposed = Vec::new();
    let mut parts = Vec::new();
    for character in text.chars() {
        let mut rest = character;
        while let Some((first, second)) = pair(rest) {
            parts.push(second);
            rest = first;
        }
        parts.push(rest);
        // The last part stands first.
        while let Some(part) = parts.pop() {
            let combining = match class(part) {
                Class::Mark(class) => class,
                _ => 0,
            };
            let order = |other: &(char, u8)| combining != 0 && other.1 > combining;
            let behind = decomposed
                .iter()
                .rev()
                .take_while(|other| order(other))
                .count();
            decomposed.insert(decomposed.len().saturating_sub(behind), (part, combining));
        }
    }
    decomposed
}

/// Canonical composition of an ordered decomposition.
fn compose(decomposed: &[(char, u8)]) -> Vec<char> {
    let mut composed: Vec<char> = Vec::new();
    // Where the last starter stands, and the class of what was kept behind it.
    let mut starter: Option<usize> = None;
    let mut kept: Option<u8> = None;
    for &(character, combining) in decomposed {
        let blocked = kept.is_some_and(|kept| kept == 0 || kept >= combining);
        let place = starter.and_then(|at| composed.get_mut(at));
        if let (Some(first), false) = (place, blocked)
            && let Some(composite) = composite(*first, character)
        {
            *first = composite;
            continue;
        }
        if combining == 0 {
            starter = Some(composed.len());
            kept = None;
        } else {
            kept = Some(combining);
        }
        composed.push(character);
    }
    composed
}

/// What a character that form C keeps decomposes to, one step.
fn pair(character: char) -> Option<(char, char)> {
    let code_point = u32::from(character);
    if let Some(pair) = hangul::pair(code_point) {
        return Some(pair);
    }
    let row = PAIRS.rows_up_to(code_point).checked_sub(1)?;
    let part = |column| char::from_u32(PAIRS.code_point(row, column));
    (part(0) == Some(character)).then_some((part(3)?, part(6)?))
}

/// The character that form C writes for two.
fn composite(first: char, second: char) -> Option<char> {
    if let Some(syllable) = hangul::composite(u32::from(first), u32::from(second)) {
        return Some(syllable);
    }
    let wanted = (u32::from(first), u32::from(second));
    let row = (0..PAIRS.rows())
        .find(|row| (PAIRS.code_point(*row, 3), PAIRS.code_point(*row, 6)) == wanted)?;
    char::from_u32(PAIRS.code_point(row, 0))
}

/// Syllables are numbered, not listed.
mod hangul {
    const SYLLABLES: u32 = 0xAC00;
    const LEADING: u32 = 0x1100;
    const VOWELS: u32 = 0x1161;
    /// One before the first trailing consonant: 0 stands for none.
    const TRAILING: u32 = 0x11A7;
    const LEADINGS: u32 = 19;
    const VOWEL_COUNT: u32 = 21;
    const TRAILINGS: u32 = 28;

    fn numbered(code_point: u32, from: u32, count: u32) -> Option<u32> {
        code_point
            .checked_sub(from)
            .filter(|number| *number < count)
    }

    fn character(from: u32, number: u32) -> Option<char> {
        char::from_u32(from.checked_add(number)?)
    }

    pub(super) fn pair(code_point: u32) -> Option<(char, char)> {
        let all = LEADINGS.checked_mul(VOWEL_COUNT)?.checked_mul(TRAILINGS)?;
        let number = numbered(code_point, SYLLABLES, all)?;
        let (open, trailing) = (
            number.checked_div(TRAILINGS)?,
            number.checked_rem(TRAILINGS)?,
        );
        if trailing != 0 {
            let open = character(SYLLABLES, open.checked_mul(TRAILINGS)?)?;
            return Some((open, character(TRAILING, trailing)?));
        }
        let leading = character(LEADING, open.checked_div(VOWEL_COUNT)?)?;
        Some((leading, character(VOWELS, open.checked_rem(VOWEL_COUNT)?)?))
    }

    pub(super) fn composite(first: u32, second: u32) -> Option<char> {
        if let (Some(leading), Some(vowel)) = (
            numbered(first, LEADING, LEADINGS),
            numbered(second, VOWELS, VOWEL_COUNT),
        ) {
            let open = leading.checked_mul(VOWEL_COUNT)?.checked_add(vowel)?;
            return character(SYLLABLES, open.checked_mul(TRAILINGS)?);
        }
        let all = LEADINGS.checked_mul(VOWEL_COUNT)?.checked_mul(TRAILINGS)?;
        let open = numbered(first, SYLLABLES, all)?;
        let trailing = numbered(second, TRAILING, TRAILINGS)?;
        (open.checked_rem(TRAILINGS)? == 0 && trailing != 0)
            .then(|| character(first, trailing))
            .flatten()
    }
}

#[cfg(test)]
mod tests;
