//! Account identifiers: the name a customer sees when signing in, byte for byte.
//!
//! Checked here: that an identifier has one spelling, that nothing in it is invisible, and that showing it does
//! nothing to a terminal or a page's direction. Letters that merely look alike (Latin and Cyrillic `a`) stay
//! different identifiers: the comparison is of bytes, and the statement shows them.
//!
//! Rules, in the order they are checked:
//! 1. 1 to 128 bytes of UTF-8;
//! 2. no control (Cc) or format character (Cf), and no other character that is invisible by definition
//!    (Default_Ignorable_Code_Point: variation selectors, Hangul fillers);
//! 3. no white space at either end, and none inside but U+0020 (a no-break space looks the same);
//! 4. no private-use character (Co: it has no agreed shape, so that nobody can compare it) and no code point that
//!    Unicode has not assigned (Cn: its normal form is not stable, so that two versions of this program could
//!    disagree; for assigned characters Unicode guarantees stability);
//! 5. normalisation form C.
//!
//! Cost: one pass; ASCII needs no table.
//! Source: Unicode 4.6 (categories), UAX 15 (normalisation), UAX 44 (properties).

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::json;
use crate::unicode::{self, Class};

/// Why a text is no account identifier and no name. Offsets are in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is too long.
    #[error("has {bytes} bytes, at most {max} are possible")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The longest possible.
        max: usize,
    },
    /// A control character (Cc), such as a tab, a line end or an escape.
    #[error("holds the control character {} (at byte {offset})", CodePoint(*.found))]
    Control {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// An invisible character: a format character (Cf) or another default-ignorable one.
    #[error("holds the invisible character {} (at byte {offset})", CodePoint(*.found))]
    Invisible {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// White space at the start or the end.
    #[error("starts or ends with the space {} (at byte {offset})", CodePoint(*.found))]
    EdgeSpace {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// White space inside that is not U+0020.
    #[error("holds the unusual space {} (at byte {offset})", CodePoint(*.found))]
    UnusualSpace {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// A private-use character (Co).
    #[error("holds the private-use character {} (at byte {offset})", CodePoint(*.found))]
    PrivateUse {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// A code point without a character (Cn).
    #[error("holds the unassigned code point {} (at byte {offset})", CodePoint(*.found))]
    Unassigned {
        /// Where it stands.
        offset: usize,
        /// The code point.
        found: char,
    },
    /// The text is not in normalisation form C.
    #[error("is not in Unicode normalisation form C (from byte {offset} on)")]
    NotNormalised {
        /// Where a character stands that the form replaces, or where the text before it first differs from its normal form.
        offset: usize,
    },
}

impl TextError {
    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "text-empty",
            Self::TooLong { .. } => "text-too-long",
            Self::Control { .. } => "text-control",
            Self::Invisible { .. } => "text-invisible",
            Self::EdgeSpace { .. } => "text-edge-space",
            Self::UnusualSpace { .. } => "text-unusual-space",
            Self::PrivateUse { .. } => "text-private-use",
            Self::Unassigned { .. } => "text-unassigned",
            Self::NotNormalised { .. } => "text-not-normalised",
        }
    }

    /// Where in the text the mistake is, in bytes; 0 where it is about the whole.
    pub fn offset(&self) -> usize {
        match self {
            Self::Empty | Self::TooLong { .. } => 0,
            Self::Control { offset, .. }
            | Self::Invisible { offset, .. }
            | Self::EdgeSpace { offset, .. }
            | Self::UnusualSpace { offset, .. }
            | Self::PrivateUse { offset, .. }
            | Self::Unassigned { offset, .. }
            | Self::NotNormalised { offset } => *offset,
        }
    }
}

/// Shows a character as `U+200B`, never as itself.
struct CodePoint(char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// One customer as the customer knows it: 1 to 128 bytes, by the rules above; ordered by bytes.
///
/// `Display` shows it and is safe for a terminal, since it holds no control or format character. HTML and
/// spreadsheets still need their own escaping. `Debug` does not show it: logs name no customer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// The longest identifier: an e-mail address or a 256-bit hexadecimal hash fits twice over.
    pub const MAX_BYTES: usize = 128;

    /// Checks the rules and keeps the text as it is.
    ///
    /// # Errors
    /// The [`TextError`] of the first rule that is broken.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        Self::check(&text)?;
        Ok(Self(text))
    }

    /// Checks the rules without keeping a copy.
    ///
    /// # Errors
    /// As [`AccountId::new`].
    pub fn check(text: &str) -> Result<(), TextError> {
        check_text(text, Self::MAX_BYTES)
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that are hashed and compared.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for AccountId {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AccountId {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountId(redacted)")
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json::text!(AccountId, Self::new);

json::deserialize!(AccountId);

/// The rules of this module for any name of at most `max` bytes that people compare by eye.
pub(crate) fn check_text(text: &str, max: usize) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.len() > max {
        return Err(TextError::TooLong {
            bytes: text.len(),
            max,
        });
    }
    for (offset, found) in text.char_indices() {
        check_character(offset, found, text)?;
    }
    if text.is_ascii() {
        return Ok(());
    }
    unicode::check_nfc(text).map_err(|offset| TextError::NotNormalised { offset })
}

fn check_character(offset: usize, found: char, text: &str) -> Result<(), TextError> {
    if found.is_ascii_graphic() {
        return Ok(());
    }
    if found.is_control() {
        return Err(TextError::Control { offset, found });
    }
    if found.is_whitespace() {
        let at_end = offset == 0 || offset.saturating_add(found.len_utf8()) == text.len();
        return match (at_end, found) {
            (true, _) => Err(TextError::EdgeSpace { offset, found }),
            (false, ' ') => Ok(()),
            (false, _) => Err(TextError::UnusualSpace { offset, found }),
        };
    }
    match unicode::class(found) {
        _ if is_ignorable(found) => Err(TextError::Invisible { offset, found }),
        Class::Format => Err(TextError::Invisible { offset, found }),
        Class::PrivateUse => Err(TextError::PrivateUse { offset, found }),
        Class::Unassigned => Err(TextError::Unassigned { offset, found }),
        _ => Ok(()),
    }
}

/// The assigned characters of Default_Ignorable_Code_Point that are not in category Cf.
fn is_ignorable(found: char) -> bool {
    matches!(
        found,
        '\u{034F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180D}'
            | '\u{180F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

/// Strategies for property tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use proptest::prelude::*;

    /// Identifiers as exchanges have them, and some in other scripts.
    pub(crate) fn arb_account_id() -> impl Strategy<Value = AccountId> {
        prop_oneof![
            "[a-z0-9]{1,64}",
            "[0-9]{1,12}",
            "[a-z.+]{1,20}@[a-z]{1,20}\\.[a-z]{2,4}",
            "[äöüßéñ一-十а-я ]{1,40}"
        ]
        .prop_filter_map("spaces at the edge", |text| AccountId::new(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    fn code(text: &str) -> Result<(), &'static str> {
        AccountId::check(text).map_err(|e| e.code())
    }

    #[test]
    fn ordinary_identifiers_are_kept_byte_for_byte() {
        for text in [
            "1",
            "00123",
            "a b",
            "Ann.O'Neil+x@example.org",
            "Zoë",
            "客户",
            "Жанна",
            "<img onerror>",
            "=A1",
        ] {
            assert_eq!(AccountId::new(text).unwrap().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn i_02_spaces_and_invisible_characters_are_refused() {
        for (text, expect) in [
            ("ann ", "text-edge-space"),
            (" ann", "text-edge-space"),
            (" ", "text-edge-space"),
            ("ann\u{a0}", "text-edge-space"),
            ("\u{3000}ann", "text-edge-space"),
            ("a\u{a0}n", "text-unusual-space"),
            ("a\u{2009}n", "text-unusual-space"),
            ("a\u{2028}n", "text-unusual-space"),
            ("a\u{2029}n", "text-unusual-space"),
            ("ann\t", "text-control"),
            ("a\tn", "text-control"),
            ("a\u{200d}n", "text-invisible"),
            ("a\u{200b}n", "text-invisible"),
            ("a\u{feff}n", "text-invisible"),
            ("\u{feff}ann", "text-invisible"),
            ("a\u{ad}n", "text-invisible"),
            ("a\u{3164}n", "text-invisible"),
            ("a\u{fe0f}", "text-invisible"),
            ("a\u{e0061}", "text-invisible"),
        ] {
            assert_eq!(code(text), Err(expect), "{text:?}");
        }
        assert_ne!(
            AccountId::new("Ann").unwrap(),
            AccountId::new("ann").unwrap()
        );
    }

    #[test]
    fn i_03_one_normal_form_and_no_direction_marks() {
        assert_eq!(code("e\u{301}"), Err("text-not-normalised"));
        assert_eq!(
            AccountId::check("xe\u{301}"),
            Err(TextError::NotNormalised { offset: 1 })
        );
        assert_eq!(code("\u{212b}"), Err("text-not-normalised"));
        assert_eq!(code("\u{e9}"), Ok(()));
        assert_eq!(code("a\u{202e}b"), Err("text-invisible"));
        assert_eq!(code("a\u{2066}b"), Err("text-invisible"));
        // Byte-exact beyond that: look-alikes are different identifiers, not errors.
        assert_eq!(code("１２"), Ok(()));
        assert_ne!(
            AccountId::new("\u{430}").unwrap(),
            AccountId::new("a").unwrap()
        );
    }

    #[test]
    fn i_05_empty_long_and_control_texts_are_refused() {
        assert_eq!(code(""), Err("text-empty"));
        assert_eq!(code(&"a".repeat(128)), Ok(()));
        assert_eq!(code(&"a".repeat(129)), Err("text-too-long"));
        assert_eq!(code(&"é".repeat(65)), Err("text-too-long"));
        assert_eq!(code(&"a".repeat(10_000_000)), Err("text-too-long"));
        for text in ["a\0", "a\n", "a\r", "\u{1b}[2J", "a\u{7f}", "a\u{85}b"] {
            assert_eq!(code(text), Err("text-control"), "{text:?}");
        }
        assert!(serde_json::from_str::<AccountId>(r#""\ud800""#).is_err());
        assert!(serde_json::from_str::<AccountId>("7").is_err());
    }

    #[test]
    fn characters_without_a_stable_meaning_are_refused() {
        assert_eq!(code("a\u{e000}"), Err("text-private-use"));
        assert_eq!(code("a\u{10fffd}"), Err("text-private-use"));
        assert_eq!(code("a\u{378}"), Err("text-unassigned"));
        assert_eq!(code("a\u{fffe}"), Err("text-unassigned"));
    }

    #[test]
    fn i_06_an_error_shows_no_character_of_the_text() {
        let error = AccountId::check("ann\u{1b}[31m").unwrap_err();
        assert_eq!(
            error.to_string(),
            "holds the control character U+001B (at byte 3)"
        );
    }

    #[test]
    fn k_03_debug_shows_no_account() {
        assert_eq!(
            alloc::format!("{:?}", AccountId::new("ann").unwrap()),
            "AccountId(redacted)"
        );
    }

    proptest! {
        #[test]
        fn identifiers_survive_display_and_json(account in arb_account_id()) {
            prop_assert_eq!(account.to_string().parse::<AccountId>(), Ok(account.clone()));
            let json = serde_json::to_string(&account).unwrap();
            prop_assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), account);
        }

        #[test]
        fn order_is_the_order_of_bytes(a in arb_account_id(), b in arb_account_id()) {
            prop_assert_eq!(a.cmp(&b), a.as_bytes().cmp(b.as_bytes()));
        }

        #[test]
        fn no_text_panics_and_what_passes_is_harmless(text in any::<String>()) {
            match AccountId::new(text.clone()) {
                Ok(account) => {
                    prop_assert_eq!(account.as_str(), text.as_str());
                    prop_assert!(!text.chars().any(char::is_control));
                    prop_assert_eq!(text.nfc().collect::<String>(), text);
                }
                Err(error) => prop_assert!(error.offset() <= text.len() && !error.to_string().is_empty()),
            }
        }

        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = AccountId::new(String::from_utf8_lossy(&bytes));
        }
    }
}
