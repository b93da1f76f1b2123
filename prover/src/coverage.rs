//! What reserves cover, said to whoever attests and publishes: an attestation that shows too little is logged for ever.

use por_protocol::amount::Amount;
use por_protocol::attestation::split_rows;
use por_protocol::book_row::BookRow;
use por_protocol::error::Error as ProtocolError;

use crate::error::Error;
use crate::publication::AttestationFolder;
use crate::tell;

/// The coverage of an attestation's books, in words.
pub struct Coverage {
    lines: Vec<String>,
    short: Vec<String>,
}

impl Coverage {
    /// By the book rows of an attestation.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Protocol`].
    pub fn read(folder: &AttestationFolder) -> Result<Self, Error> {
        let path = folder.books();
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let fault = |error: ProtocolError| Error::protocol(path.display().to_string())(error);
        let rows = split_rows("books.jsonl", &bytes).map_err(fault)?;
        let (mut lines, mut short) = (Vec::new(), Vec::new());
        for row in rows {
            let row = BookRow::parse(row).map_err(fault)?;
            let (reserves, required) = (row.reserves_total().map_err(fault)?, row.required());
            let units = |amount: Amount| amount.to_units(row.asset.decimals());
            let id = row.asset.id().as_str();
            let figures = format!("reserves {} of {}", units(reserves), units(required));
            if reserves < required {
                short.push(format!("{id} ({figures})"));
            }
            let covered = reserves >= required;
            let verdict = if covered { "covered" } else { "NOT COVERED" };
            lines.push(format!("  {id:<8} {verdict}: {figures}"));
        }
        Ok(Self { lines, short })
    }

    /// The assets that are not covered, with their figures.
    pub fn short(&self) -> &[String] {
        &self.short
    }

    /// Prints a line for each book.
    pub fn tell(&self) {
        for line in &self.lines {
            tell!("{line}");
        }
    }
}
