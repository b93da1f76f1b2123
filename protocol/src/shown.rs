//! Texts of others, as a person may be shown them.
//!
//! An error quotes what it refuses, and a terminal obeys the control characters in what it prints: a file could paint a
//! verdict of its own over the true one (I-06). So whatever is printed passes here, and nothing else has to think of it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::unicode::{self, Class};

/// A sentence and a few facts: enough for every error, too little to push a verdict off the screen.
const MAX_BYTES: usize = 1_000;
/// An error of the command line may list what sixty witnesses answered.
const MAX_LINE_BYTES: usize = 8_000;

/// A text as one line of about 1 kB at most: what controls or formats is escaped.
#[must_use]
pub fn line(text: &str) -> String {
    within(text, MAX_BYTES)
}

/// As [`line()`], for each line of a text that was put together here, and longer ones.
#[must_use]
pub fn lines(text: &str) -> String {
    let lines = text.split('\n').map(|line| within(line, MAX_LINE_BYTES));
    lines.collect::<Vec<_>>().join("\n")
}

fn within(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if shown.len() >= limit {
            shown.push('…');
            break;
        }
        if is_plain(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

fn is_plain(c: char) -> bool {
    // The line and paragraph separators are neither control nor format characters to Unicode, and break lines.
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    !(c.is_control() || breaks || matches!(unicode::class(c), Class::Format | Class::PrivateUse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_shown_as_it_is() {
        for text in ["", "a `key` of 5 €", "日本語 \"x\" é", "\\n"] {
            assert_eq!(line(text), text);
            assert_eq!(lines(text), text);
        }
    }

    #[test]
    fn i_06_what_controls_or_formats_is_escaped() {
        for (text, expected) in [
            ("\u{1b}[2J\u{1b}[HIncluded?", "\\u{1b}[2J\\u{1b}[HIncluded?"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\u{9b}2J\u{7f}\0", "\\u{9b}2J\\u{7f}\\u{0}"),
            // Turns the order of what follows; separates lines; has no width; means something else everywhere.
            (
                "\u{202e}\u{2028}\u{200b}\u{e000}",
                "\\u{202e}\\u{2028}\\u{200b}\\u{e000}",
            ),
        ] {
            assert_eq!(line(text), expected);
        }
        assert_eq!(lines("a\n  b\u{1b}"), "a\n  b\\u{1b}");
    }

    #[test]
    fn long_text_is_cut() {
        let cut = line(&"é".repeat(1_000_000));
        assert!(cut.len() < 1_020 && cut.ends_with("é…"), "{}", cut.len());
        assert!(line(&"\u{1b}".repeat(1_000_000)).len() < 1_020);
        assert_eq!(lines(&"x\n".repeat(3)), "x\nx\nx\n");
    }
}
