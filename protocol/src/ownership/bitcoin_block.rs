//! A Bitcoin block header as a clock that nobody can set forward.
//!
//! Claim: whoever knows the hash of a block knows it no earlier than the block was mined. A challenge that
//! names a block was therefore signed after it, and the block's work prices the forgery of a later one.
//!
//! Checked, with `H` the double SHA-256 of the 80 bytes and `T` the target that `nBits` encodes, both read as
//! 256-bit little-endian and big-endian numbers: `H ≤ T` and `T ≤ floor`.
//!
//! Not proven: the height, that the block is in the longest chain, and that its time is exact. Miners may set
//! the time up to two hours ahead of the network and back to the median of the last eleven blocks.
//!
//! Cost: two hashes. Source: Bitcoin developer reference, "Block Headers" and "Target nBits".

use super::error::OwnershipError;
use super::hash::double_sha256;
use core::fmt;

/// Length of a header in bytes.
const HEADER_BYTES: usize = 80;

/// The largest target, thus the least work, that a *recent* block of the main network may have: difficulty 10¹³.
///
/// Main-network difficulty has stayed above this since the end of 2019, through its deepest fall (1.37 · 10¹³ in
/// July 2021), and was 1.33 · 10¹⁴ in September 2026 (block 968566): nine tenths of the miners' work would have to
/// leave before an honest block failed. To invent a header costs 10¹³ · 2³² = 4.3 · 10²² hashes, which in September
/// 2026 is 7.5 % of the work, and so of the reward, of one real block. A policy may ask for more.
pub const POW_FLOOR: Target = Target([
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0x25, 0xa6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0,
]);

/// Hash of a block; displayed reversed, as Bitcoin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockHash([u8; 32]);

/// A block's own claim of its time, in whole seconds since 1970-01-01T00:00:00Z; displayed as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockTime(u32);

/// Largest hash that counts as work, a 256-bit number. Smaller is harder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target([u8; 32]);

/// A parsed 80-byte header, its work not yet checked.
///
/// # Layout
///
/// version 4, previous block hash 32, Merkle root 32, time 4, `nBits` 4, nonce 4; integers little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitcoinBlock {
    header: [u8; HEADER_BYTES],
    time: BlockTime,
    bits: u32,
    target: Target,
}

impl BitcoinBlock {
    /// Reads exactly 80 bytes.
    ///
    /// # Errors
    ///
    /// `HeaderLength`; `TargetMalformed` where `nBits` encodes no positive 256-bit number in its shortest form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OwnershipError> {
        let wrong_length = || OwnershipError::HeaderLength { found: bytes.len() };
        let header: [u8; HEADER_BYTES] = bytes.try_into().map_err(|_| wrong_length())?;
        let (_, tail) = header.split_last_chunk::<12>().ok_or_else(wrong_length)?;
        let [t0, t1, t2, t3, b0, b1, b2, b3, _nonce @ ..] = *tail;
        let bits = u32::from_le_bytes([b0, b1, b2, b3]);
        let target = Target::from_compact(bits)?;
        Ok(Self {
            header,
            time: BlockTime(u32::from_le_bytes([t0, t1, t2, t3])),
            bits,
            target,
        })
    }

    /// The 80 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        self.header
    }

    /// Hash of the block.
    pub fn hash(&self) -> BlockHash {
        BlockHash(double_sha256(&self.header))
    }

    /// The block's own claim of its time.
    pub fn time(&self) -> BlockTime {
        self.time
    }

    /// Checks that the header carries the work it claims, and claims at least the floor's.
    ///
    /// # Errors
    ///
    /// `WorkBelowFloor`, `WorkMissing`.
    pub fn verify_work(&self, floor: &Target) -> Result<(), OwnershipError> {
        if self.target > *floor {
            return Err(OwnershipError::WorkBelowFloor { bits: self.bits });
        }
        let mut hash = self.hash().0;
        hash.reverse();
        if hash > self.target.0 {
            return Err(OwnershipError::WorkMissing);
        }
        Ok(())
    }
}

impl Target {
    /// Decodes `nBits`: one byte of length in bytes, three bytes of leading digits.
    ///
    /// Stricter than consensus, which meets only the one shortest form: negative, zero, longer than 32 bytes, or
    /// with digits that a shorter length would hold are refused.
    ///
    /// # Errors
    ///
    /// `TargetMalformed`.
    pub fn from_compact(bits: u32) -> Result<Self, OwnershipError> {
        const SIGN: u32 = 0x0080_0000;
        let [length, digits @ ..] = bits.to_be_bytes();
        let shortest = (bits & 0x00ff_ffff) >= 0x8000;
        let malformed = || OwnershipError::TargetMalformed { bits };
        if bits & SIGN != 0 || !shortest || !(3..=32).contains(&length) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        let start = 32_usize
            .checked_sub(usize::from(length))
            .ok_or_else(malformed)?;
        for (byte, digit) in bytes.iter_mut().skip(start).zip(digits) {
            *byte = digit;
        }
        Ok(Self(bytes))
    }
}

impl BlockHash {
    /// The bytes in hashing order, the reverse of what is displayed.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .rev()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl BlockTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> u64 {
        u64::from(self.0)
    }
}

impl fmt::Display for BlockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut year, mut days) = (1970_u32, self.0 / 86_400);
        // At most 136 turns: 32 bits of seconds end in 2106.
        while let Some(rest) = days.checked_sub(if is_leap(year) { 366 } else { 365 }) {
            (year, days) = (year.saturating_add(1), rest);
        }
        let february = if is_leap(year) { 29 } else { 28 };
        let mut month = 1_u32;
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            let Some(rest) = days.checked_sub(length) else {
                break;
            };
            (month, days) = (month.saturating_add(1), rest);
        }
        let (day, second) = (days.saturating_add(1), self.0 % 86_400);
        let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z"
        )
    }
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;
    use alloc::string::ToString;

    const HEADER_800000: &str = include_str!("../../../fixtures/bitcoin/mainnet-800000.hex");
    const HEADER_968566: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");

    fn header(text: &str) -> Vec<u8> {
        hex::decode(text.trim_end()).unwrap()
    }

    #[test]
    fn real_headers_have_their_known_hash_time_and_work() {
        for (text, hash, time) in [
            (
                HEADER_800000,
                "00000000000000000002a7c4c1e48d76c5a37902165a270156b7a8d72728a054",
                "2023-07-24T03:17:09Z",
            ),
            (
                HEADER_968566,
                "00000000000000000001274482b7345f902d2a5e022d7bb531a204ba24589c74",
                "2026-09-25T16:28:31Z",
            ),
        ] {
            let block = BitcoinBlock::from_bytes(&header(text)).unwrap();
            assert_eq!(block.hash().to_string(), hash);
            assert_eq!(block.time().to_string(), time);
            assert_eq!(block.verify_work(&POW_FLOOR), Ok(()));
            assert_eq!(block.to_bytes().to_vec(), header(text));
        }
    }

    #[test]
    fn every_bit_flip_of_a_real_header_is_refused() {
        let good = header(HEADER_968566);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let result =
                BitcoinBlock::from_bytes(&bad).and_then(|block| block.verify_work(&POW_FLOOR));
            assert!(result.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn s_09_other_lengths_are_refused() {
        let good = header(HEADER_968566);
        assert_eq!(
            BitcoinBlock::from_bytes(&[]),
            Err(HeaderLength { found: 0 })
        );
        assert_eq!(
            BitcoinBlock::from_bytes(&good[..79]),
            Err(HeaderLength { found: 79 })
        );
        assert_eq!(
            BitcoinBlock::from_bytes(&[&good[..], &[0]].concat()),
            Err(HeaderLength { found: 81 })
        );
    }

    #[test]
    fn the_floor_is_difficulty_ten_to_the_thirteen() {
        assert_eq!(Target::from_compact(0x171c_25a6), Ok(POW_FLOOR));
    }

    #[test]
    fn easy_blocks_are_below_the_floor() {
        // The genesis block of the main network: real work, but of difficulty 1.
        let genesis = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c\
                       3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
        let block = BitcoinBlock::from_bytes(&header(genesis)).unwrap();
        assert_eq!(
            block.hash().to_string(),
            "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
        );
        assert_eq!(
            block.verify_work(&POW_FLOOR),
            Err(WorkBelowFloor { bits: 0x1d00_ffff })
        );
        assert_eq!(
            block.verify_work(&Target::from_compact(0x1d00_ffff).unwrap()),
            Ok(())
        );
    }

    #[test]
    fn compact_targets_are_strict() {
        for bits in [
            0,
            0x1700_0000, // zero digits
            0x1780_0000, // negative zero
            0x1792_3456, // negative
            0x1700_7fff, // a shorter form exists
            0x0212_3456, // digits beyond the point
            0x2112_3456, // beyond 256 bits
            0xff12_3456,
        ] {
            assert_eq!(
                Target::from_compact(bits),
                Err(TargetMalformed { bits }),
                "{bits:#010x}"
            );
        }
        let regtest = Target::from_compact(0x207f_ffff).unwrap();
        assert_eq!(hex::encode(regtest.0), format!("7fffff{}", "00".repeat(29)));
        let smallest = Target::from_compact(0x0300_8000).unwrap();
        assert_eq!(hex::encode(smallest.0), format!("{}8000", "00".repeat(30)));
    }

    /// `date -u -d @N +%FT%TZ`
    #[test]
    fn times_are_shown_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (u32::MAX, "2106-02-07T06:28:15Z"),
        ] {
            assert_eq!(BlockTime(seconds).to_string(), text);
        }
    }
}
