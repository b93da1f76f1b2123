//! A strict reader of RLP: exactly one spelling for each value.
//!
//! Refused: a length that could be written shorter, a single byte below 0x80 behind a prefix, bytes after the value.
//! Source: Ethereum yellow paper, appendix B.

use alloc::vec::Vec;

use crate::error::Error;

/// One value, borrowed from the text it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// Its whole encoding.
    pub raw: &'a [u8],
    /// What stands behind the prefix: bytes, or the encodings of a list's items.
    pub payload: &'a [u8],
    /// Whether it is a list.
    pub is_list: bool,
}

impl<'a> Item<'a> {
    /// Reads the one value that `bytes` is.
    pub fn whole(what: &'static str, bytes: &'a [u8]) -> Result<Self, Error> {
        match Self::first(what, bytes)? {
            (item, []) => Ok(item),
            _ => Err(Error::Encoding { what }),
        }
    }

    /// Reads the first value, and gives what follows it.
    fn first(what: &'static str, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let wrong = || Error::Encoding { what };
        let (&prefix, rest) = bytes.split_first().ok_or_else(wrong)?;
        let (head, length, is_list) = match prefix {
            0x00..=0x7f => (0, 1, false),
            0x80..=0xb7 => (1, usize::from(prefix.wrapping_sub(0x80)), false),
            0xb8..=0xbf => {
                let (width, length) = long(rest, prefix.wrapping_sub(0xb7)).ok_or_else(wrong)?;
                (width, length, false)
            }
            0xc0..=0xf7 => (1, usize::from(prefix.wrapping_sub(0xc0)), true),
            0xf8..=0xff => {
                let (width, length) = long(rest, prefix.wrapping_sub(0xf7)).ok_or_else(wrong)?;
                (width, length, true)
            }
        };
        let end = length.checked_add(head).ok_or_else(wrong)?;
        let (raw, after) = bytes.split_at_checked(end).ok_or_else(wrong)?;
        let payload = raw.get(head..).ok_or_else(wrong)?;
        // A byte that stands for itself has no prefix.
        if prefix == 0x81 && payload.first().is_some_and(|byte| *byte < 0x80) {
            return Err(wrong());
        }
        Ok((
            Self {
                raw,
                payload,
                is_list,
            },
            after,
        ))
    }

    /// The items of a list, at most `most` of them.
    pub fn items(self, what: &'static str, most: usize) -> Result<Vec<Self>, Error> {
        if !self.is_list {
            return Err(Error::Encoding { what });
        }
        let mut rest = self.payload;
        let mut items = Vec::new();
        while !rest.is_empty() {
            if items.len() == most {
                return Err(Error::Encoding { what });
            }
            let (item, after) = Self::first(what, rest)?;
            items.push(item);
            rest = after;
        }
        Ok(items)
    }

    /// Bytes of any length.
    pub fn bytes(self, what: &'static str) -> Result<&'a [u8], Error> {
        if self.is_list {
            return Err(Error::Encoding { what });
        }
        Ok(self.payload)
    }

    /// Exactly `N` bytes.
    pub fn array<const N: usize>(self, what: &'static str) -> Result<[u8; N], Error> {
        self.bytes(what)?
            .try_into()
            .map_err(|_| Error::Encoding { what })
    }

    /// An unsigned integer of at most 256 bits, big-endian, without leading zeros.
    pub fn word(self, what: &'static str) -> Result<[u8; 32], Error> {
        let wrong = || Error::Encoding { what };
        let bytes = self.bytes(what)?;
        if bytes.first() == Some(&0) {
            return Err(wrong());
        }
        let mut word = [0; 32];
        let start = 32_usize.checked_sub(bytes.len()).ok_or_else(wrong)?;
        word.get_mut(start..)
            .ok_or_else(wrong)?
            .copy_from_slice(bytes);
        Ok(word)
    }

    /// An unsigned integer of at most 64 bits.
    pub fn u64(self, what: &'static str) -> Result<u64, Error> {
        let word = self.word(what)?;
        match word.split_last_chunk::<8>() {
            Some((high, low)) if high.iter().all(|byte| *byte == 0) => Ok(u64::from_be_bytes(*low)),
            _ => Err(Error::Encoding { what }),
        }
    }
}

/// Bytes before the payload, and the payload's length, where the length itself has `width` bytes.
fn long(rest: &[u8], width: u8) -> Option<(usize, usize)> {
    let width = usize::from(width);
    let digits = rest.get(..width)?;
    // Nothing here is longer than four bytes can say, and a length never starts with zero.
    if width > 4 || digits.first() == Some(&0) {
        return None;
    }
    let length = digits
        .iter()
        .fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
    let length = usize::try_from(length).ok()?;
    (length > 55).then_some((width.checked_add(1)?, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(hex: &str) -> Result<(Vec<u8>, bool), Error> {
        let bytes = hex::decode(hex).unwrap();
        Item::whole("sample", &bytes).map(|item| (item.payload.to_vec(), item.is_list))
    }

    #[test]
    fn b_02_second_spellings_of_rlp_are_refused() {
        assert_eq!(whole("00"), Ok((vec![0], false)));
        assert_eq!(whole("80"), Ok((vec![], false)));
        assert_eq!(whole("8180"), Ok((vec![0x80], false)));
        assert_eq!(whole("c0"), Ok((vec![], true)));
        let long = format!("b838{}", "11".repeat(56));
        assert_eq!(whole(&long), Ok((vec![0x11; 56], false)));
        for bad in [
            "",                                    // nothing
            "8100",                                // a byte that stands for itself
            "817f",                                //
            "81",                                  // shorter than it says
            "b800",                                // a long form of a short length
            &format!("b837{}", "11".repeat(55)),   //
            &format!("b90038{}", "11".repeat(56)), // a length with a leading zero
            &format!("{long}00"),                  // bytes after the value
            "b8",
            "ff",
            "ffffffffffffffffff",
            "bfffffffffffffffff",
            "c1",
            "0000",
        ] {
            assert!(whole(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn integers_have_no_leading_zeros_and_fit() {
        let item = |bytes: &'static [u8]| Item::whole("sample", bytes).unwrap();
        assert_eq!(item(&[0x80]).u64("sample"), Ok(0));
        assert_eq!(item(&[0x82, 1, 0]).u64("sample"), Ok(256));
        assert!(item(&[0]).u64("sample").is_err());
        assert!(item(&[0x82, 0, 1]).u64("sample").is_err());
        assert!(
            item(&[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0])
                .u64("sample")
                .is_err()
        );
        assert!(item(&[0xc0]).u64("sample").is_err());
    }
}
