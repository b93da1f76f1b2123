//! Bitcoin script as far as it is judged here: pushes, and the one multisig form.
//!
//! Checked: pushes are minimal (BIP-62 rule 3) and whole. A multisig is `m <key>… n CHECKMULTISIG` with
//! `1 ≤ m ≤ n ≤ 16`, keys of 33 or 65 bytes, no two of them on the same point up to sign, nothing before or after.
//! Every other script is undecided.
//!
//! A key written twice would count twice on the chain; whether that is one signer or two is not for us to say, and such
//! scripts are undecided too.
//!
//! Source: Bitcoin script; BIP-11, BIP-62.

use super::error::OwnershipError;
use alloc::vec::Vec;

/// `CHECKMULTISIG`.
const OP_CHECKMULTISIG: u8 = 0xae;

/// A multisig script: how many of which keys.
#[derive(Debug)]
pub(super) struct MultisigScript<'a> {
    pub(super) threshold: usize,
    pub(super) keys: Vec<&'a [u8]>,
}

impl<'a> MultisigScript<'a> {
    /// Reads a script; `compressed_only` as BIP-143 demands of witness scripts.
    ///
    /// # Errors
    ///
    /// `ScriptUnsupported` (undecided) for any other script.
    pub(super) fn parse(script: &'a [u8], compressed_only: bool) -> Result<Self, OwnershipError> {
        let unsupported = OwnershipError::ScriptUnsupported;
        let [first, middle @ .., last, OP_CHECKMULTISIG] = script else {
            return Err(unsupported);
        };
        let (Some(threshold), Some(count)) = (small_number(*first), small_number(*last)) else {
            return Err(unsupported);
        };
        let mut keys: Vec<&[u8]> = Vec::new();
        let mut rest = middle;
        while let [length, tail @ ..] = rest {
            let fits = match length {
                33 => true,
                65 => !compressed_only,
                _ => false,
            };
            let Some((key, tail)) = tail.split_at_checked(usize::from(*length)).filter(|_| fits)
            else {
                return Err(unsupported);
            };
            // Bytes 1 to 32 are the x-coordinate in both forms.
            if keys.iter().any(|other| other.get(1..33) == key.get(1..33)) {
                return Err(unsupported);
            }
            keys.push(key);
            rest = tail;
        }
        if keys.len() != count || threshold > count {
            return Err(unsupported);
        }
        Ok(Self { threshold, keys })
    }
}

/// `OP_1` to `OP_16`.
fn small_number(opcode: u8) -> Option<usize> {
    match opcode {
        0x51..=0x60 => opcode.checked_sub(0x50).map(usize::from),
        _ => None,
    }
}

/// The elements of a script that only pushes, each in its shortest form.
///
/// # Errors
///
/// `ScriptMalformed`.
pub(super) fn parse_pushes(script: &[u8]) -> Result<Vec<&[u8]>, OwnershipError> {
    let malformed = OwnershipError::ScriptMalformed;
    let mut elements = Vec::new();
    let mut rest = script;
    while let [opcode, tail @ ..] = rest {
        let (length, least, tail) = match (opcode, tail) {
            (0x00..=0x4b, tail) => (usize::from(*opcode), 0, tail),
            (0x4c, [length, tail @ ..]) => (usize::from(*length), 0x4c, tail),
            (0x4d, [low, high, tail @ ..]) => {
                (usize::from(u16::from_le_bytes([*low, *high])), 0x100, tail)
            }
            // Larger pushes than a stack element may be, and everything that is no push of bytes.
            _ => return Err(malformed),
        };
        let Some((element, tail)) = tail.split_at_checked(length).filter(|_| length >= least)
        else {
            return Err(malformed);
        };
        elements.push(element);
        rest = tail;
    }
    Ok(elements)
}

/// Bitcoin's variable-length integer.
pub(super) fn compact_size(length: usize) -> Vec<u8> {
    let value = length as u64;
    let [a, b, c, d, ..] = value.to_le_bytes();
    match value {
        0..=0xfc => Vec::from([a]),
        0xfd..=0xffff => Vec::from([0xfd, a, b]),
        0x1_0000..=0xffff_ffff => Vec::from([0xfe, a, b, c, d]),
        _ => [&[0xff], value.to_le_bytes().as_slice()].concat(),
    }
}

/// Bytes after their length.
pub(super) fn with_length(bytes: &[u8]) -> Vec<u8> {
    [compact_size(bytes.len()).as_slice(), bytes].concat()
}

/// A reader of Bitcoin's wire encoding. Nothing is copied; a false length ends at the end of the bytes.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// From the first byte on.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    /// A little-endian number of four bytes.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A variable-length integer, in its shortest form only.
    pub(super) fn compact_size(&mut self) -> Option<u64> {
        let (value, least) = match self.array::<1>()? {
            [0xff] => (u64::from_le_bytes(self.array()?), 0x1_0000_0000),
            [0xfe] => (u64::from(self.u32()?), 0x1_0000),
            [0xfd] => (u64::from(u16::from_le_bytes(self.array()?)), 0xfd),
            [value] => (u64::from(value), 0),
        };
        (value >= least).then_some(value)
    }

    /// Bytes after their length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.compact_size()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A witness stack: a count, then each element with its length.
    pub(super) fn witness(&mut self) -> Option<Vec<&'a [u8]>> {
        let count = self.compact_size()?;
        let mut elements = Vec::new();
        // Each turn takes at least one byte, so a false count ends at the end of the bytes.
        for _ in 0..count {
            elements.push(self.bytes()?);
        }
        Some(elements)
    }

    /// Does this byte string come next? Does not move.
    pub(super) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.rest.starts_with(bytes)
    }

    /// Is everything read?
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_have_one_encoding() {
        assert_eq!(parse_pushes(&[]), Ok(Vec::new()));
        assert_eq!(parse_pushes(&[0, 1, 0x20]), Ok(vec![&[][..], &[0x20]]));
        let long = [&[0x4c, 0x4c][..], &[7; 0x4c]].concat();
        assert_eq!(parse_pushes(&long), Ok(vec![&[7; 0x4c][..]]));
        for bad in [
            &[1][..],
            &[2, 1],
            &[0x4c],
            &[0x4c, 1, 7],
            &[0x4d, 1, 0, 7],
            &[0x4e, 1, 0, 0, 0, 7],
            &[0x51],
            &[0x6a],
        ] {
            assert_eq!(
                parse_pushes(bad),
                Err(OwnershipError::ScriptMalformed),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn s_06_only_the_plain_multisig_is_one() {
        let key = |byte: u8| [&[33, 2][..], &[byte; 32]].concat();
        let script = |first: u8, keys: &[u8], last: u8| {
            let keys: Vec<u8> = keys.iter().flat_map(|byte| key(*byte)).collect();
            [&[first][..], &keys, &[last, OP_CHECKMULTISIG]].concat()
        };
        let good = script(0x52, &[1, 2, 3], 0x53);
        let parsed = MultisigScript::parse(&good, true).unwrap();
        assert_eq!((parsed.threshold, parsed.keys.len()), (2, 3));
        for bad in [
            script(0x50, &[1, 2, 3], 0x53),      // no OP_1
            script(0x00, &[1, 2, 3], 0x53),      // 0 of 3
            script(0x54, &[1, 2, 3], 0x53),      // 4 of 3
            script(0x52, &[1, 2, 3], 0x54),      // a key too few
            script(0x52, &[1, 2, 3], 0x52),      // a key too many
            script(0x52, &[1, 2, 1], 0x53),      // the same key twice
            [&good[..], &[0x51]].concat(),       // more after it
            [&[0x51, 0x75][..], &good].concat(), // more before it
            good[..good.len() - 1].to_vec(),     // no CHECKMULTISIG
            vec![OP_CHECKMULTISIG],
            vec![],
        ] {
            assert_eq!(
                MultisigScript::parse(&bad, true).unwrap_err(),
                OwnershipError::ScriptUnsupported,
                "{}",
                hex::encode(&bad)
            );
        }
    }
}
