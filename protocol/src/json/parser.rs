//! The grammar of RFC 8259, without what this protocol refuses: negative numbers, fractions, exponents, integers of 2⁶⁴
//! and above, duplicate keys. A general parser is three times as much of the page's verifier, half of it for numbers.
//!
//! It reads what `serde_json` reads into the same [`Value`], and refuses what that refuses: a test compares the two.
//! Cost: one pass; nesting is limited, so the stack is.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Value, check_key};

/// As many levels as `serde_json` reads.
const MAX_DEPTH: u8 = 127;

type Why = Cow<'static, str>;

/// Parses a text of one value; says what is wrong and where.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let at = |why: Why, place: usize| format!("{why} at byte {place}");
    let text = core::str::from_utf8(bytes)
        .map_err(|error| at("invalid UTF-8".into(), error.valid_up_to()))?;
    let mut parser = Parser(text);
    parser
        .value(MAX_DEPTH)
        .and_then(|value| parser.end().map(|()| value))
        .map_err(|why| at(why, text.len().saturating_sub(parser.0.len())))
}

/// What is left to read.
struct Parser<'a>(&'a str);

impl<'a> Parser<'a> {
    fn end(&mut self) -> Result<(), Why> {
        self.skip_space();
        match self.0 {
            "" => Ok(()),
            _ => Err("trailing characters".into()),
        }
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn peek(&self) -> Option<u8> {
        self.0.bytes().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.0.chars();
        let next = rest.next();
        self.0 = rest.as_str();
        next
    }

    /// The next `length` bytes, which end at a character's end.
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Whether a punctuation mark comes next, which is then behind.
    fn passes(&mut self, mark: u8) -> bool {
        self.skip_space();
        let passes = self.peek() == Some(mark);
        if passes {
            self.next();
        }
        passes
    }

    fn value(&mut self, depth: u8) -> Result<Value, Why> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(deeper(depth)?),
            Some(b'[') => self.list(deeper(depth)?),
            Some(b'"') => self.text().map(Value::Text),
            Some(b'0'..=b'9') => self.integer(),
            Some(b'-') => Err("a negative number".into()),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(_) => Err("expected a value".into()),
            None => Err(END.into()),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Why> {
        self.0 = self.0.strip_prefix(word).ok_or("expected a value")?;
        Ok(value)
    }

    fn integer(&mut self) -> Result<Value, Why> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self.take(length).unwrap_or_default();
        if digits.len() > 1 && digits.starts_with('0') {
            return Err("a number with a leading zero".into());
        }
        let whole = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        let value = digits.parse().ok().filter(|_| whole);
        value
            .map(Value::Integer)
            .ok_or_else(|| "a number with a fraction or an exponent, or one above 2^64".into())
    }

    fn list(&mut self, depth: u8) -> Result<Value, Why> {
        self.next();
        let mut items = Vec::new();
        if self.passes(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.passes(b']') {
                return Ok(Value::List(items));
            }
            if !self.passes(b',') {
                return Err("expected `,` or `]`".into());
            }
        }
    }

    fn object(&mut self, depth: u8) -> Result<Value, Why> {
        self.next();
        let mut entries = Vec::new();
        if self.passes(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err("expected a key in quotes".into());
            }
            let key = self.text()?;
            if !self.passes(b':') {
                return Err("expected `:`".into());
            }
            let value = self.value(depth)?;
            check_key(&entries, &key)?;
            entries.push((key, value));
            if self.passes(b'}') {
                return Ok(Value::Object(entries));
            }
            if !self.passes(b',') {
                return Err("expected `,` or `}`".into());
            }
        }
    }

    fn text(&mut self) -> Result<String, Why> {
        self.next();
        let mut text = String::new();
        loop {
            let special = |byte| matches!(byte, b'"' | b'\\' | ..=0x1f);
            let plain = self.0.bytes().position(special).ok_or(END)?;
            text.push_str(self.take(plain).unwrap_or_default());
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                _ => return Err("a control character in a string".into()),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Why> {
        Ok(match self.next() {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let unit = self.unit()?;
                let mut units = Vec::from([unit]);
                if (0xd800..0xdc00).contains(&unit) {
                    self.0 = self.0.strip_prefix("\\u").ok_or(LONE)?;
                    units.push(self.unit()?);
                }
                let mut characters = char::decode_utf16(units);
                characters.next().and_then(Result::ok).ok_or(LONE)?
            }
            _ => return Err("an unknown escape".into()),
        })
    }

    /// Four hexadecimal digits: a unit of UTF-16.
    fn unit(&mut self) -> Result<u16, Why> {
        self.take(4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .ok_or_else(|| "expected four hexadecimal digits".into())
    }
}

const END: &str = "the end, within a value";
const LONE: &str = "half of a surrogate pair";

fn deeper(depth: u8) -> Result<u8, Why> {
    depth
        .checked_sub(1)
        .ok_or_else(|| "more than 127 levels".into())
}

#[cfg(test)]
mod tests;
