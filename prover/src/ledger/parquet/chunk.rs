//! Parts of a Parquet file, read by position, none larger than a file that is meant well has.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::super::error::Reason;
use super::super::lines::Fault;
use super::{MAGIC, unreadable};

/// Largest page, before and after decompression. Writers aim at 1 MiB; the format has room for 2 GiB, which a few bytes of
/// Zstandard can claim.
pub(super) const MAX_PAGE: u64 = 64 << 20;
/// Largest footer: half a kilobyte for each row group, of which a file has thousands at the most.
pub(super) const MAX_FOOTER: u64 = 32 << 20;

/// The file, or its pages only.
#[derive(Clone)]
pub(super) struct Chunk {
    file: Arc<File>,
    length: u64,
    pages: bool,
}

impl Chunk {
    /// Checks both marks and the size that the footer claims.
    pub(super) fn open(file: File) -> std::result::Result<Self, Fault> {
        let io = |error| Fault::file(Reason::Io(error));
        let length = file.metadata().map_err(io)?.len();
        let mut end = [0; 8];
        let footer = length.checked_sub(8 + MAGIC.len() as u64);
        let footer = footer.ok_or_else(|| unreadable("it is too short"))?;
        file.read_exact_at(&mut end, length - 8).map_err(io)?;
        let [a, b, c, d, magic @ ..] = end;
        if magic != MAGIC {
            return Err(unreadable(
                "it does not end as one: it was cut short, or is encrypted",
            ));
        }
        let claimed = u64::from(u32::from_le_bytes([a, b, c, d]));
        if claimed > footer.min(MAX_FOOTER) {
            return Err(unreadable(&format!("its footer claims {claimed} bytes")));
        }
        Ok(Self {
            file: Arc::new(file),
            length,
            pages: false,
        })
    }

    /// The same file, of which only pages are read from now on.
    pub(super) fn of_pages(&self) -> Self {
        Self {
            pages: true,
            ..self.clone()
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunk {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let at = At {
            file: Arc::clone(&self.file),
            at: start,
        };
        if self.pages {
            check_page(&self.file, start)?;
        }
        Ok(BufReader::with_capacity(512, at))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        let most = if self.pages { MAX_PAGE } else { MAX_FOOTER };
        if end.is_none_or(|end| end > self.length) || length as u64 > most {
            return Err(ParquetError::General(format!(
                "a part of it claims {length} bytes"
            )));
        }
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, start)
            .map_err(|error| ParquetError::External(error.into()))?;
        Ok(bytes.into())
    }
}

/// Refuses a page that claims to be large. Its header begins, in Thrift's compact protocol, with three numbers as zigzag
/// varints behind a byte each: type, size when decompressed, size in the file.
fn check_page(file: &File, start: u64) -> Result<()> {
    const NEXT_FIELD_I32: u8 = 0x15;
    let mut header = [0; 18];
    let mut read = 0;
    while read < header.len() {
        match file.read_at(&mut header[read..], start + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) => return Err(ParquetError::External(error.into())),
        }
    }
    let mut bytes = header[..read].iter().copied();
    let malformed = || ParquetError::General("a page has no header".into());
    for _ in ["type", "size when decompressed", "size in the file"] {
        if bytes.next() != Some(NEXT_FIELD_I32) {
            return Err(malformed());
        }
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = bytes.next().ok_or_else(malformed)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        // Zigzag: an odd number is negative, and twice the size otherwise.
        if value % 2 == 1 || value / 2 > MAX_PAGE {
            return Err(ParquetError::General(format!(
                "a page claims {} bytes, and {MAX_PAGE} are read at the most",
                value / 2
            )));
        }
    }
    Ok(())
}

/// Reads on from a position, without moving anybody else's.
pub(super) struct At {
    file: Arc<File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
