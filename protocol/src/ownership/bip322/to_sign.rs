//! The transaction that a BIP-322 signature is the unlocking data of, and the output that it spends.
//!
//! Checked when parsed: one canonical encoding (shortest lengths, no witness section without a witness, nothing after
//! the lock time) and BIP-322's fixed output. Source: BIP-322, BIP-144.

use crate::ownership::error::OwnershipError;
use crate::ownership::hash::{double_sha256, tagged_hash};
use crate::ownership::script::{Reader, with_length};
use alloc::vec::Vec;

/// The only output of `to_sign`: value 0, script of one byte, `OP_RETURN`.
pub(super) const SIGN_OUTPUT: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0x6a];

/// Value of the only output of `to_spend`, in satoshi.
pub(super) const VALUE: [u8; 8] = 0_u64.to_le_bytes();

/// Version, lock time and sequence of `to_spend`.
const ZERO: [u8; 4] = 0_u32.to_le_bytes();

/// Marker and flag of a transaction with witnesses.
const WITNESS_MARKER: [u8; 2] = [0x00, 0x01];

/// What matters of `to_sign`; its output is always [`SIGN_OUTPUT`].
pub(super) struct ToSign<'a> {
    pub(super) version: u32,
    pub(super) outpoint: [u8; 36],
    pub(super) script_sig: &'a [u8],
    pub(super) sequence: u32,
    pub(super) witness: Vec<&'a [u8]>,
    pub(super) lock_time: u32,
}

impl<'a> ToSign<'a> {
    /// The transaction that a simple signature stands for.
    pub(super) fn simple(outpoint: [u8; 36], witness: Vec<&'a [u8]>) -> Self {
        Self {
            version: 0,
            outpoint,
            script_sig: &[],
            sequence: 0,
            witness,
            lock_time: 0,
        }
    }

    /// Reads a whole transaction: its first input, and how many inputs it has.
    ///
    /// # Errors
    ///
    /// `TransactionMalformed`; `TransactionOther` for other outputs.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<(Self, u64), OwnershipError> {
        let mut reader = Reader::new(bytes);
        let (to_sign, inputs, output_ok) = parse(&mut reader)
            .filter(|_| reader.is_empty())
            .ok_or(OwnershipError::TransactionMalformed)?;
        if output_ok {
            Ok((to_sign, inputs))
        } else {
            Err(OwnershipError::TransactionOther)
        }
    }
}

fn parse<'a>(reader: &mut Reader<'a>) -> Option<(ToSign<'a>, u64, bool)> {
    let version = reader.u32()?;
    let has_witness = reader.begins_with(&WITNESS_MARKER);
    if has_witness {
        reader.array::<2>()?;
    }
    let inputs = reader.compact_size()?;
    let mut first = None;
    // Each turn takes 41 bytes or more, so a false count ends at the end of the bytes.
    for _ in 0..inputs {
        let input = (reader.array::<36>()?, reader.bytes()?, reader.u32()?);
        first.get_or_insert(input);
    }
    let (outpoint, script_sig, sequence) = first?;
    let outputs = reader.compact_size()?;
    let mut output_ok = outputs == 1;
    for _ in 0..outputs {
        let (value, script) = (reader.array::<8>()?, reader.bytes()?);
        output_ok &= [&value, with_length(script).as_slice()].concat() == SIGN_OUTPUT;
    }
    let mut witness = Vec::new();
    if has_witness {
        let mut some = false;
        for index in 0..inputs {
            let stack = reader.witness()?;
            some |= !stack.is_empty();
            if index == 0 {
                witness = stack;
            }
        }
        // A witness section that says nothing is a second encoding (BIP-144).
        if !some {
            return None;
        }
    }
    let lock_time = reader.u32()?;
    let to_sign = ToSign {
        version,
        outpoint,
        script_sig,
        sequence,
        witness,
        lock_time,
    };
    Some((to_sign, inputs, output_ok))
}

/// The input of `to_sign`: the first output of `to_spend`.
pub(super) fn outpoint(message: &[u8], script: &[u8]) -> [u8; 36] {
    let message_hash = tagged_hash("BIP0322-signed-message", &[message]);
    let to_spend: [&[u8]; 11] = [
        &ZERO,
        // One input: no transaction, output 0xffffffff, a script that pushes 0 and the message hash.
        &[1],
        &[0; 32],
        &[0xff; 4],
        &[0x22, 0x00, 0x20],
        &message_hash,
        &ZERO,
        // One output: nothing, to the address.
        &[1],
        &VALUE,
        &with_length(script),
        &ZERO,
    ];
    let mut outpoint = [0; 36];
    // Output number 0 follows the hash.
    for (byte, hash) in outpoint.iter_mut().zip(double_sha256(&to_spend.concat())) {
        *byte = hash;
    }
    outpoint
}
