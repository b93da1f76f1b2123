//! Packs: files of up to 4,096 consecutive tiles of one level, `<level>/<pack>`; the last one of a level is shorter.
//!
//! Records have one length, so a tile is one range request and one read.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use por_protocol::liabilities::{Position, Shape, TILE_BYTES};

use crate::error::Error;

/// Tiles of a full pack: 8 MB.
pub const PACK_TILES: u64 = 4096;

/// The file of a pack below the book's `tiles` folder.
#[must_use]
pub fn pack_path(tiles: &Path, level: u8, pack: u64) -> PathBuf {
    tiles
        .join(level.to_string())
        .join(format!("{pack:06}.pack"))
}

/// Number of packs of a level.
#[must_use]
pub fn packs(shape: &Shape, level: u8) -> u64 {
    shape.nodes(level).div_ceil(PACK_TILES)
}

/// Bytes of one pack: full, but for the last one of a level.
#[must_use]
pub fn pack_bytes(shape: &Shape, level: u8, pack: u64) -> u64 {
    let before = pack.saturating_mul(PACK_TILES);
    let records = shape.nodes(level).saturating_sub(before).min(PACK_TILES);
    records * TILE_BYTES as u64
}

/// The records on the path of a leaf, from the root down.
///
/// # Errors
/// [`Error::Io`].
pub fn read_path(tiles: &Path, shape: &Shape, leaf: u64) -> Result<Vec<u8>, Error> {
    let mut records = Vec::with_capacity(usize::from(shape.depth()) * TILE_BYTES);
    let mut steps = Vec::new();
    let mut at = Position {
        level: 0,
        index: leaf,
    };
    for _ in 0..shape.depth() {
        at = at.parent().0;
        steps.push(at);
    }
    for Position { level, index } in steps.into_iter().rev() {
        let path = pack_path(tiles, level, index / PACK_TILES);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let mut record = [0; TILE_BYTES];
        file.read_exact_at(&mut record, index % PACK_TILES * TILE_BYTES as u64)
            .map_err(Error::io(&path))?;
        records.extend_from_slice(&record);
    }
    Ok(records)
}
