//! Lines and fields of CSV text, read strictly and in bounded memory.
//!
//! Checked here: that there is one way to read every byte. A reader that guesses (drops a byte order mark in silence,
//! skips a blank line, ends an open quote at the end of the file) can make two people see two ledgers.
//!
//! Rules, beyond RFC 4180:
//! * UTF-8; one byte order mark at the start is allowed and ignored; no NUL.
//! * A line ends with LF or CR LF, also mixed: neither character can stand in a value, so a mixed file has one
//!   meaning. A carriage return alone is refused. Every line is ended, the last one too: a file that was cut short
//!   within its last amount would pass otherwise. No line is empty, and none is longer than 1 MiB.
//! * Fields are separated by commas and taken as they are, spaces included. A field may be quoted, with `""` for a
//!   quote inside; a quote closes on the line on which it opens, since no value can hold a line break.
//! * Not compressed: the size of what comes out is not bounded by the file that one looks at.
//!
//! Cost: one pass, memory of one line.
//! Source: RFC 4180.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::path::Path;

use super::error::{LedgerError, Place, Reason};
use crate::error::Error;

/// Longest line with its end. A row with equity and debt has six columns of up to 40 bytes for each of perhaps a thousand
/// assets; the rest is room, and the bound on what an endless line can make this program hold.
pub(super) const MAX_LINE: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads lines one by one into one buffer.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Skips a byte order mark and refuses what is no text at all.
    pub(super) fn new(mut reader: R) -> Result<Self, Fault> {
        let start = reader
            .fill_buf()
            .map_err(|error| Fault::file(Reason::Io(error)))?;
        if let Some(reason) = recognise(start) {
            return Err(Fault::file(reason));
        }
        if start.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Self {
            reader,
            buffer: Vec::new(),
            number: 0,
        })
    }

    /// The next line, or `None` at the end of the file.
    pub(super) fn next<'a>(
        &'a mut self,
        fields: &'a mut Vec<Field>,
    ) -> Result<Option<Line<'a>>, Fault> {
        self.buffer.clear();
        self.number += 1;
        let number = self.number;
        let limit = MAX_LINE as u64 + 1;
        let read = self
            .reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut self.buffer);
        read.map_err(|error| Fault {
            line: Some(number),
            column: None,
            reason: Reason::Io(error),
        })?;
        let line = match self.buffer.as_slice() {
            [] => return Ok(None),
            [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
            line => line,
        };
        let ended = self.buffer.ends_with(b"\n");
        let fault = |at, reason| Fault::new(number, line, at, reason);

        if self.buffer.len() > MAX_LINE {
            // A file from a system that ends its lines with CR alone is one long line.
            let reason = match line.contains(&b'\r') {
                true => Reason::CarriageReturn,
                false => Reason::LineTooLong { max: MAX_LINE },
            };
            return Err(Fault {
                line: Some(number),
                column: None,
                reason,
            });
        }
        let text = str::from_utf8(line)
            .map_err(|error| fault(error.valid_up_to(), Reason::InvalidUtf8))?;
        if let Some(at) = line.iter().position(|&byte| byte == 0) {
            return Err(fault(at, Reason::Nul));
        }
        if let Some(at) = line.iter().position(|&byte| byte == b'\r') {
            return Err(fault(at, Reason::CarriageReturn));
        }
        split(text, fields).map_err(|(at, reason)| fault(at, reason))?;
        if !ended {
            return Err(fault(line.len(), Reason::MissingLineEnd));
        }
        if text.is_empty() {
            return Err(fault(0, Reason::EmptyLine));
        }
        Ok(Some(Line {
            number,
            text,
            fields,
        }))
    }
}

/// One line, split.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a str,
    pub(super) fields: &'a [Field],
}

impl Line<'_> {
    pub(super) fn fault(&self, at: usize, reason: Reason) -> Fault {
        Fault::new(self.number, self.text.as_bytes(), at, reason)
    }
}

/// One field of a line: where it stands, quotes included.
pub(super) struct Field {
    pub(super) start: usize,
    end: usize,
    quoted: bool,
}

impl Field {
    /// The value; only one with a quote inside is copied.
    pub(super) fn value<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if !self.quoted {
            return Cow::Borrowed(&line[self.start..self.end]);
        }
        let inner = &line[self.start + 1..self.end - 1];
        if inner.contains('"') {
            Cow::Owned(inner.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(inner)
        }
    }

    /// Where in the line the byte at `offset` of the value stands.
    pub(super) fn position(&self, line: &str, offset: usize) -> usize {
        if !self.quoted {
            return self.start + offset;
        }
        let inner = self.start + 1;
        let mut at = inner;
        for _ in 0..offset {
            // An inner quote takes two bytes.
            at += if line.as_bytes()[at] == b'"' { 2 } else { 1 };
        }
        at
    }
}

/// A mistake in the file that is being read.
#[derive(Debug)]
pub(super) struct Fault {
    line: Option<u64>,
    column: Option<u64>,
    reason: Reason,
}

impl Fault {
    /// A mistake of the file as a whole.
    pub(super) fn file(reason: Reason) -> Self {
        Self {
            line: None,
            column: None,
            reason,
        }
    }

    /// A mistake behind the first `at` bytes of a line, of which at least those are valid UTF-8.
    fn new(number: u64, line: &[u8], at: usize, reason: Reason) -> Self {
        // A character is every byte but those that continue one.
        let column = line[..at]
            .iter()
            .filter(|&&byte| byte & 0xC0 != 0x80)
            .count() as u64
            + 1;
        Self {
            line: Some(number),
            column: Some(column),
            reason,
        }
    }

    /// A mistake in a value of a row that is no line of text; columns count from 0 here.
    pub(super) fn in_row(row: u64, column: usize, reason: Reason) -> Self {
        Self {
            line: Some(row),
            column: Some(column as u64 + 1),
            reason,
        }
    }

    /// A mistake in a column of a source that has no line of names.
    pub(super) fn in_header(column: usize, reason: Reason) -> Self {
        Self {
            line: None,
            column: Some(column as u64 + 1),
            reason,
        }
    }

    /// The error that reading ended with, if it is one.
    pub(super) fn into_io(self) -> Result<std::io::Error, Self> {
        match self.reason {
            Reason::Io(error) => Ok(error),
            reason => Err(Self { reason, ..self }),
        }
    }

    pub(super) fn place(self, file: &Path) -> Place {
        Place {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
        }
    }

    pub(super) fn at(self, file: &Path) -> LedgerError {
        let place = Place {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
        };
        LedgerError::new(place, self.reason)
    }
}

/// Why reading a source ended before its end: for a mistake in it, or for another reason.
#[derive(Debug)]
pub(super) enum Stop {
    Fault(Fault),
    Error(Error),
}

impl Stop {
    pub(super) fn at(self, file: &Path) -> Error {
        match self {
            Self::Fault(fault) => fault.at(file).into(),
            Self::Error(error) => error,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Splits a line at its commas; fails with the place and the reason.
fn split(line: &str, fields: &mut Vec<Field>) -> Result<(), (usize, Reason)> {
    fields.clear();
    let bytes = line.as_bytes();
    let find = |from: usize, wanted: u8| {
        bytes[from..]
            .iter()
            .position(|&byte| byte == wanted)
            .map(|at| from + at)
    };
    let mut start = 0;
    loop {
        let quoted = bytes.get(start) == Some(&b'"');
        let end = if quoted {
            let mut close = find(start + 1, b'"');
            while let Some(at) = close.filter(|at| bytes.get(at + 1) == Some(&b'"')) {
                close = find(at + 2, b'"');
            }
            close.ok_or((start, Reason::UnclosedQuote))? + 1
        } else {
            let end = find(start, b',').unwrap_or(bytes.len());
            if let Some(at) = find(start, b'"').filter(|&at| at < end) {
                return Err((at, Reason::QuoteInField));
            }
            end
        };
        fields.push(Field { start, end, quoted });
        match bytes.get(end) {
            None => return Ok(()),
            Some(b',') => start = end + 1,
            Some(_) => return Err((end, Reason::TextAfterQuote)),
        }
    }
}

/// What a file is that is no UTF-8 text, by its first bytes.
fn recognise(start: &[u8]) -> Option<Reason> {
    const SIGNATURES: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "gzip data"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
        (b"\xfd7zXZ\0", "xz data"),
        (b"BZh", "bzip2 data"),
        (b"\x04\x22\x4d\x18", "lz4 data"),
        (b"7z\xbc\xaf\x27\x1c", "7z data"),
        (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    ];
    if let Some((_, found)) = SIGNATURES
        .iter()
        .find(|(signature, _)| start.starts_with(signature))
    {
        return Some(Reason::Format { found });
    }
    // Without a mark, an ASCII header in UTF-16 has a zero in every other byte.
    let utf_16 = matches!(
        start,
        [0xFF, 0xFE, ..]
            | [0xFE, 0xFF, ..]
            | [0, 1..=255, 0, 1..=255, ..]
            | [1..=255, 0, 1..=255, 0, ..]
    );
    utf_16.then_some(Reason::Utf16)
}
