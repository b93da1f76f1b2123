//! Many claims: JSON lines in, one JSON line out for each, in the same order.
//!
//! A line that cannot be read is invalid and the batch goes on. Memory is bounded: lines are read in groups, and what of a
//! line exceeds [`MAX_LINE_BYTES`] is skipped.

use std::io::{self, BufRead, Read as _, Write};

use rayon::prelude::*;
use serde::Serialize;

use super::line::{ClaimLine, Outcome, Verdict};

/// Longest line: the largest off-chain message in hex, twice, with room to spare.
pub(super) const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// Lines verified at once: enough to keep all cores busy, few enough to print soon.
const GROUP: usize = 512;

/// How many lines came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Shown to be under control.
    pub valid: u64,
    /// Shown not to hold, or unreadable.
    pub invalid: u64,
    /// Not judged.
    pub undecided: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    line: u64,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// Reads all lines of `input` and answers each on `output`; `progress` learns how many bytes are done.
///
/// # Errors
/// Those of reading and writing.
pub fn verify_batch(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    progress: &dyn Fn(u64),
) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut number = 0;
    loop {
        let (lines, read) = read_group(input)?;
        if lines.is_empty() {
            output.flush()?;
            return Ok(tally);
        }
        let verdicts: Vec<Verdict> = lines.par_iter().map(|line| judge(line)).collect();
        for verdict in &verdicts {
            number += 1;
            let count = match verdict.verdict {
                Outcome::Valid => &mut tally.valid,
                Outcome::Invalid => &mut tally.invalid,
                Outcome::Undecided => &mut tally.undecided,
            };
            *count += 1;
            let answer = Answer {
                line: number,
                verdict,
            };
            serde_json::to_writer(&mut *output, &answer)?;
            output.write_all(b"\n")?;
        }
        progress(read);
    }
}

fn judge(line: &[u8]) -> Verdict {
    if line.len() as u64 > MAX_LINE_BYTES {
        let why = format!("longer than {MAX_LINE_BYTES} bytes");
        return Verdict::invalid("line-malformed", why);
    }
    ClaimLine::parse(line).map_or_else(|verdict| verdict, |line| line.verdict())
}

/// The next lines without their ends, and how many bytes they took. An empty list is the end.
pub(super) fn read_group(input: &mut dyn BufRead) -> io::Result<(Vec<Vec<u8>>, u64)> {
    let (mut lines, mut read) = (Vec::new(), 0);
    while lines.len() < GROUP {
        let mut line = Vec::new();
        // One byte more than allowed shows that a line is too long.
        let mut limited = (&mut *input).take(MAX_LINE_BYTES + 2);
        let count = limited.read_until(b'\n', &mut line)?;
        if count == 0 {
            break;
        }
        read += count as u64;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if count as u64 == MAX_LINE_BYTES + 2 {
            read += input.skip_until(b'\n')? as u64;
        }
        lines.push(line);
    }
    Ok((lines, read))
}
