//! Packs in the file system.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use por_protocol::liabilities::{PACK_TILES, Position, Shape, TILE_BYTES, pack_name};

use crate::error::Error;

/// The file of a pack below the book's `tiles` folder.
#[must_use]
pub fn pack_path(tiles: &Path, level: u8, pack: u64) -> PathBuf {
    tiles.join(pack_name(level, pack))
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
