//! Reads a published wallet file and judges its rows, one after the other, in bounded memory.
//!
//! What stands before the header, such as a list of sums, is not judged. A row that cannot be read is invalid, and the work
//! goes on. Empty lines are no rows.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use rayon::prelude::*;
use serde::Serialize;

use super::judge::{Finding, RowVerdict};
use super::layout::Layout;
use super::links::Links;
use crate::ownership::batch::{MAX_LINE_BYTES, read_group};

/// A row that was judged.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Line number in the file, from 1.
    pub line: u64,
    /// What it shows.
    #[serde(flatten)]
    pub row: RowVerdict,
}

/// What a whole file shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Columns of the layout; 0 where no header was found.
    pub columns: usize,
    /// Rows after the header.
    pub rows: u64,
    /// Rows whose own keys signed the fixed text.
    pub undated: u64,
    /// Rows that owners signed, whom the address's storage names.
    pub owner_linked: u64,
    /// Rows that owners signed, whom nothing links to the address.
    pub owner_not_linked: u64,
    /// Rows shown not to hold, or unreadable.
    pub invalid: u64,
    /// Rows not judged.
    pub undecided: u64,
    /// Distinct addresses, each on its network, among the undated rows.
    pub addresses: u64,
    /// Distinct signers of all these rows, whatever their chain.
    pub signers: u64,
}

/// Reads all of `input` and tells each row to `tell`; `links` says who owns contracts, `progress` learns how many bytes are done.
///
/// # Errors
/// Those of reading and of `tell`.
pub fn import(
    input: &mut dyn BufRead,
    links: &Links,
    tell: &mut dyn FnMut(&Found) -> io::Result<()>,
    progress: &dyn Fn(u64),
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut layout = None;
    let (mut addresses, mut signers) = (BTreeSet::new(), BTreeSet::new());
    let mut number = 0;
    loop {
        let (lines, read) = read_group(input)?;
        if lines.is_empty() {
            summary.addresses = addresses.len() as u64;
            summary.signers = signers.len() as u64;
            return Ok(summary);
        }
        let numbered: Vec<(u64, Vec<u8>)> = (number + 1..).zip(lines).collect();
        number += numbered.len() as u64;
        let start = match layout {
            Some(_) => 0,
            None => {
                let found = numbered
                    .iter()
                    .enumerate()
                    .find_map(|(place, (_, line))| Some((place, Layout::of(line)?)));
                match found {
                    Some((place, found)) => {
                        layout = Some(found);
                        summary.columns = found.columns();
                        place + 1
                    }
                    None => numbered.len(),
                }
            }
        };
        if let Some(layout) = layout {
            let rows: Vec<Found> = numbered[start..]
                .par_iter()
                .filter(|(_, line)| !line.trim_ascii().is_empty())
                .map(|(number, line)| Found {
                    line: *number,
                    row: judge(layout, line, links),
                })
                .collect();
            for found in &rows {
                summary.count(found.row.verdict);
                if found.row.verdict == Finding::Undated {
                    addresses.insert((found.row.network.clone(), found.row.address.clone()));
                }
                signers.extend(found.row.signers.iter().cloned());
                tell(found)?;
            }
        }
        progress(read);
    }
}

impl Summary {
    fn count(&mut self, finding: Finding) {
        self.rows += 1;
        let count = match finding {
            Finding::Undated => &mut self.undated,
            Finding::OwnerLinked => &mut self.owner_linked,
            Finding::OwnerNotLinked => &mut self.owner_not_linked,
            Finding::Invalid => &mut self.invalid,
            Finding::Undecided => &mut self.undecided,
        };
        *count += 1;
    }
}

fn judge(layout: Layout, line: &[u8], links: &Links) -> RowVerdict {
    if line.len() as u64 > MAX_LINE_BYTES {
        return RowVerdict::unreadable(&format!("longer than {MAX_LINE_BYTES} bytes"));
    }
    match layout.row(line) {
        Ok(row) => RowVerdict::judge(layout, &row, links),
        Err(why) => RowVerdict::unreadable(&why),
    }
}
