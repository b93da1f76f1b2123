//! CBOR as COSE needs it, read strictly: definite lengths, shortest heads, text and byte strings, small integers, booleans.
//!
//! A reader walks one item after the other; what it does not name, tags, floats, null and indefinite lengths, is refused.
//! Nothing is allocated and nothing nests beyond what the caller asks for.
//!
//! Source: RFC 8949 §3 and §4.2.1 (core deterministic encoding, without its order of keys: the protected header is signed
//! as it stands).

use super::error::OwnershipError;
use alloc::vec::Vec;

/// Major types.
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

/// What is left of an encoded item.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

/// A key of a COSE map: an integer or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label<'a> {
    Integer(i64),
    Text(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Refuses bytes after the end.
    pub(super) fn finish(self) -> Result<(), OwnershipError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(OwnershipError::CborMalformed)
        }
    }

    /// The number of items of an array.
    pub(super) fn array(&mut self) -> Result<u64, OwnershipError> {
        self.head(ARRAY)
    }

    /// The number of pairs of a map.
    pub(super) fn map(&mut self) -> Result<u64, OwnershipError> {
        self.head(MAP)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], OwnershipError> {
        let length = self.head(BYTES)?;
        self.take(length)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, OwnershipError> {
        match self.head(SIMPLE)? {
            20 => Ok(false),
            21 => Ok(true),
            _ => Err(OwnershipError::CborMalformed),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, OwnershipError> {
        match self.label()? {
            Label::Integer(value) => Ok(value),
            Label::Text(_) => Err(OwnershipError::CborMalformed),
        }
    }

    pub(super) fn label(&mut self) -> Result<Label<'a>, OwnershipError> {
        let malformed = OwnershipError::CborMalformed;
        let number = |value: u64| i64::try_from(value).map_err(|_| malformed.clone());
        match self.0.first().map(|first| first >> 5) {
            Some(UNSIGNED) => Ok(Label::Integer(number(self.head(UNSIGNED)?)?)),
            Some(NEGATIVE) => {
                let value = number(self.head(NEGATIVE)?)?;
                Ok(Label::Integer(!value))
            }
            Some(TEXT) => {
                let length = self.head(TEXT)?;
                Ok(Label::Text(self.take(length)?))
            }
            _ => Err(malformed),
        }
    }

    /// The argument of a head of the given major type, in its shortest form.
    fn head(&mut self, major: u8) -> Result<u64, OwnershipError> {
        let malformed = OwnershipError::CborMalformed;
        let (first, rest) = self.0.split_first().ok_or(malformed.clone())?;
        if first >> 5 != major {
            return Err(malformed);
        }
        let (value, least, rest) = match first & 0x1f {
            small @ 0..=23 => (u64::from(small), 0, rest),
            24 => {
                let (value, rest) = rest.split_first().ok_or(malformed.clone())?;
                (u64::from(*value), 24, rest)
            }
            25 => {
                let (value, rest) = rest.split_first_chunk().ok_or(malformed.clone())?;
                (u64::from(u16::from_be_bytes(*value)), 0x100, rest)
            }
            26 => {
                let (value, rest) = rest.split_first_chunk().ok_or(malformed.clone())?;
                (u64::from(u32::from_be_bytes(*value)), 0x1_0000, rest)
            }
            // Nothing here is four billion long, and 31 is an indefinite length.
            _ => return Err(malformed),
        };
        if value < least || (major == SIMPLE && least != 0) {
            return Err(malformed);
        }
        self.0 = rest;
        Ok(value)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], OwnershipError> {
        let malformed = OwnershipError::CborMalformed;
        let length = usize::try_from(length).map_err(|_| malformed.clone())?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(malformed)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// `Signature1`, the protected header, no external data and the payload, as COSE signs them (RFC 9052 §4.4).
pub(super) fn signature1(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::from([0x84]);
    push_string(&mut out, TEXT, b"Signature1");
    push_string(&mut out, BYTES, protected);
    push_string(&mut out, BYTES, b"");
    push_string(&mut out, BYTES, payload);
    out
}

fn push_string(out: &mut Vec<u8>, major: u8, string: &[u8]) {
    let first = major << 5;
    let length = string.len();
    if let Ok(short @ 0..=23) = u8::try_from(length) {
        out.push(first | short);
    } else if let Ok(byte) = u8::try_from(length) {
        out.extend([first | 24, byte]);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(first | 25);
        out.extend(length.to_be_bytes());
    } else {
        // A string of 4 GiB does not fit the bound on signatures.
        out.push(first | 26);
        out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
    out.extend_from_slice(string);
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::CborMalformed;

    fn bytes(text: &str) -> Result<usize, OwnershipError> {
        let encoded = hex::decode(text).unwrap();
        let mut reader = Reader::new(&encoded);
        let found = reader.bytes()?.len();
        reader.finish()?;
        Ok(found)
    }

    #[test]
    fn s_09_a_string_has_one_encoding() {
        assert_eq!(bytes("40"), Ok(0));
        assert_eq!(bytes("4100"), Ok(1));
        assert_eq!(bytes(&format!("5818{}", "00".repeat(24))), Ok(24));
        assert_eq!(bytes(&format!("590100{}", "00".repeat(256))), Ok(256));
        for bad in [
            "",
            "41",                   // cut short
            "4000",                 // continued
            "580100",               // one byte of length where none is needed
            "59000100",             // two
            "5a0000000100",         // four
            "5b000000000000000100", // eight
            "5f410000ff",           // indefinite
            "6100",                 // a text
            "5affffffff",           // far too long
        ] {
            assert_eq!(bytes(bad), Err(CborMalformed), "{bad}");
        }
    }

    #[test]
    fn labels_and_booleans_have_one_encoding() {
        for (text, value) in [
            ("00", 0),
            ("17", 23),
            ("1818", 24),
            ("20", -1),
            ("27", -8),
            ("3863", -100),
        ] {
            let encoded = hex::decode(text).unwrap();
            assert_eq!(Reader::new(&encoded).integer(), Ok(value), "{text}");
        }
        for bad in [
            "1800",
            "1817",
            "190001",
            "3800",
            "f6",
            "1b0000000000000001",
            "c100",
        ] {
            let encoded = hex::decode(bad).unwrap();
            assert_eq!(Reader::new(&encoded).integer(), Err(CborMalformed), "{bad}");
        }
        assert_eq!(Reader::new(&[0xf4]).boolean(), Ok(false));
        assert_eq!(Reader::new(&[0xf5]).boolean(), Ok(true));
        for bad in [[0xf6, 0], [0xf8, 20], [0xf8, 21]] {
            assert_eq!(Reader::new(&bad).boolean(), Err(CborMalformed));
        }
    }

    #[test]
    fn strings_are_written_as_they_are_read() {
        for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
            let mut out = Vec::new();
            push_string(&mut out, BYTES, &alloc::vec![7; length]);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.bytes().map(<[u8]>::len), Ok(length));
            assert_eq!(reader.finish(), Ok(()));
        }
    }
}
