//! The log as static files: C2SP tlog-tiles (c2sp.org/tlog-tiles).
//!
//! A tile holds up to 256 consecutive hashes of one level, an entry bundle up to 256 entries, each behind a `u16`
//! big-endian length. A file is named by its level, index and, while it is not full, its width; so a file once written
//! never changes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::checkpoint::TreeSize;
use crate::digest::Digest;
use crate::error::Error;
use crate::merkle::{leaf_hash, tree_root};

/// Hashes in a full tile, entries in a full bundle.
const WIDTH: usize = 256;
/// A bundle of 256 entries of the greatest length, in bytes.
pub const MAX_BUNDLE_BYTES: usize = WIDTH * (2 + 65_535);

/// A file of the log: its path below the log's prefix, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Such as `tile/0/000.p/3` or `tile/entries/x001/000`.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Which bundle holds an entry: its path at this size, and where the bundle begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundlePlace {
    /// Path below the log's prefix.
    pub path: String,
    /// Entries in it at this size.
    pub entries: usize,
}

/// The entries of a log with the hashes of its tiles.
#[derive(Clone, Debug)]
pub struct LogTree {
    entries: Vec<Vec<u8>>,
    /// Level l: the hashes of the complete subtrees of 256^l entries.
    levels: Vec<Vec<Digest>>,
}

impl LogTree {
    /// Hashes every entry once.
    #[must_use]
    pub fn new(entries: Vec<Vec<u8>>) -> Self {
        let mut hashes: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let mut levels = Vec::new();
        while !hashes.is_empty() {
            let above = hashes.chunks_exact(WIDTH).map(tree_root).collect();
            levels.push(core::mem::replace(&mut hashes, above));
        }
        Self { entries, levels }
    }

    /// Exact bytes of every entry.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// Hashes of the entries.
    #[must_use]
    pub fn leaves(&self) -> &[Digest] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// RFC 6962 root.
    #[must_use]
    pub fn root(&self) -> Digest {
        tree_root(self.leaves())
    }

    /// The files of this log, the checkpoint left out; those that the log had at its `older` size are left out too.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for an entry of more than 65,535 bytes.
    pub fn files(&self, older: TreeSize) -> Result<Vec<LogFile>, Error> {
        let mut places: Vec<Place> = Vec::new();
        let mut add = |level: Option<u32>, count: usize| {
            places.extend((0..count.div_ceil(WIDTH)).map(|index| Place {
                level,
                index,
                width: count.saturating_sub(index.saturating_mul(WIDTH)).min(WIDTH),
            }));
        };
        add(None, self.entries.len());
        for (level, hashes) in (0_u32..).zip(&self.levels) {
            add(Some(level), hashes.len());
        }
        places.retain(|place| !place.is_in(older));
        places
            .iter()
            .map(|place| {
                let bytes = self.content(place).unwrap_or(Ok(Vec::new()))?;
                Ok(LogFile {
                    path: place.path(),
                    bytes,
                })
            })
            .collect()
    }

    /// What a file of the log must hold, if this log at some size has or had a file of that path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.content(&Place::parse(path)?)?.ok()
    }

    fn content(&self, place: &Place) -> Option<Result<Vec<u8>, Error>> {
        let begin = place.index.checked_mul(WIDTH)?;
        let range = begin..begin.checked_add(place.width)?;
        let Some(level) = place.level else {
            return Some(encode_bundle(self.entries.get(range)?));
        };
        let hashes = self.levels.get(usize::try_from(level).ok()?)?.get(range)?;
        Some(Ok(hashes
            .iter()
            .flat_map(|hash| *hash.as_bytes())
            .collect()))
    }
}

/// Where a file stands: an entry bundle (no level) or a tile, and how many items it holds.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    level: Option<u32>,
    index: usize,
    width: usize,
}

impl Place {
    /// `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits, all but the last behind an `x`.
    fn path(&self) -> String {
        let mut digits = format!("{:03}", self.index);
        while digits.len().checked_rem(3) != Some(0) {
            digits.insert(0, '0');
        }
        let groups = digits.len().checked_div(3).unwrap_or(1);
        let mut path = match self.level {
            None => String::from("tile/entries"),
            Some(level) => format!("tile/{level}"),
        };
        for (number, group) in (1..=groups).zip(digits.as_bytes().chunks(3)) {
            path.push('/');
            if number < groups {
                path.push('x');
            }
            path.extend(group.iter().map(|digit| char::from(*digit)));
        }
        if self.width < WIDTH {
            path.push_str(&format!(".p/{}", self.width));
        }
        path
    }

    /// Only the one spelling that [`Place::path`] gives.
    fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = match kind {
            "entries" => None,
            level => Some(level.parse().ok()?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        let digits: String = index.chars().filter(char::is_ascii_digit).collect();
        let index = digits.parse().ok()?;
        let place = Self {
            level,
            index,
            width,
        };
        (place.path() == path).then_some(place)
    }

    /// Whether a log of `older` entries had this file, or a wider one in its place.
    fn is_in(&self, older: TreeSize) -> bool {
        let nodes = 256_u64
            .checked_pow(self.level.unwrap_or(0))
            .and_then(|span| older.get().checked_div(span))
            .unwrap_or(0);
        let end = self.index.saturating_mul(WIDTH).saturating_add(self.width);
        nodes >= end as u64
    }
}

/// The bundles of a log of this size, in order.
#[must_use]
pub fn bundles(size: TreeSize) -> Vec<BundlePlace> {
    let width = WIDTH as u64;
    let full = size.get().checked_div(width).unwrap_or(0);
    let rest = size.get().checked_rem(width).unwrap_or(0);
    (0..full)
        .map(|index| (index, width))
        .chain((rest > 0).then_some((full, rest)))
        .map(|(index, entries)| {
            // Bundle indices and widths of a log whose entries fit in memory.
            let (index, entries) = (
                usize::try_from(index).unwrap_or(usize::MAX),
                usize::try_from(entries).unwrap_or(WIDTH),
            );
            let place = Place {
                level: None,
                index,
                width: entries,
            };
            BundlePlace {
                path: place.path(),
                entries,
            }
        })
        .collect()
}

/// Splits a bundle into exactly `expected` entries.
///
/// # Errors
/// [`Error::Syntax`], [`Error::Count`], [`Error::TooLarge`].
pub fn parse_bundle(bytes: &[u8], expected: usize) -> Result<Vec<&[u8]>, Error> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(Error::TooLarge {
            what: "entry bundle",
            limit: MAX_BUNDLE_BYTES as u64,
            found: bytes.len() as u64,
        });
    }
    let cut = || Error::Syntax {
        what: "entry bundle",
        why: "it is cut short".into(),
    };
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(cut)?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() != expected {
        return Err(Error::Count {
            what: "entries of the bundle",
            expected: expected as u64,
            found: entries.len() as u64,
        });
    }
    Ok(entries)
}

fn encode_bundle(entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| Error::TooLarge {
            what: "log entry",
            limit: u64::from(u16::MAX),
            found: entry.len() as u64,
        })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|entry| format!("{entry}").into_bytes())
            .collect()
    }

    fn paths(count: usize, older: u64) -> Vec<String> {
        let entries = entries(count);
        let files = LogTree::new(entries.clone())
            .files(TreeSize::new(older))
            .unwrap();
        files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn paths_are_those_of_the_standard() {
        for (level, index, width, path) in [
            (Some(0), 1_234_067, 256, "tile/0/x001/x234/067"),
            (None, 0, 3, "tile/entries/000.p/3"),
            (Some(1), 1_000, 255, "tile/1/x001/000.p/255"),
        ] {
            let place = Place {
                level,
                index,
                width,
            };
            assert_eq!(place.path(), path);
            assert!(Place::parse(path) == Some(place));
        }
        for bad in [
            "tile/0/1",
            "tile/0/x000/001",
            "tile/0/0001",
            "tile/00/001",
            "tile/0/001.p/256",
            "tile/0/001.p/07",
            "tile/0/001/",
            "tile/+0/001",
            "tile/0/y001",
            "checkpoint",
        ] {
            assert!(Place::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_log_of_70000_entries_has_the_tiles_of_the_standards_example() {
        let paths = paths(70_000, 0);
        let of = |prefix: &str| paths.iter().filter(|path| path.starts_with(prefix)).count();
        assert_eq!(of("tile/0/"), 274);
        assert!(paths.contains(&"tile/0/273.p/112".into()));
        assert!(paths.contains(&"tile/1/000".into()));
        assert!(paths.contains(&"tile/1/001.p/17".into()));
        assert!(paths.contains(&"tile/2/000.p/1".into()));
        assert_eq!(of("tile/1/"), 2);
        assert_eq!(of("tile/2/"), 1);
    }

    #[test]
    fn only_new_files_are_written() {
        assert_eq!(paths(3, 2), ["tile/entries/000.p/3", "tile/0/000.p/3"]);
        assert_eq!(paths(3, 3), Vec::<String>::new());
        assert_eq!(
            paths(256, 255),
            ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
        );
        assert_eq!(paths(257, 256), ["tile/entries/001.p/1", "tile/0/001.p/1"]);
    }

    #[test]
    fn bundles_round_trip_and_name_their_paths() {
        for count in [0, 1, 255, 256, 257, 600] {
            let entries = entries(count);
            let tree = LogTree::new(entries.clone());
            let files = tree.files(TreeSize::new(0)).unwrap();
            for file in &files {
                assert_eq!(tree.file(&file.path).as_ref(), Some(&file.bytes));
            }
            assert_eq!(tree.file("tile/entries/009"), None);
            let mut read = Vec::new();
            for place in bundles(TreeSize::new(count as u64)) {
                let file = files.iter().find(|file| file.path == place.path).unwrap();
                let bundle = parse_bundle(&file.bytes, place.entries).unwrap();
                read.extend(bundle.into_iter().map(<[u8]>::to_vec));
                assert!(parse_bundle(&file.bytes, place.entries + 1).is_err());
                assert!(parse_bundle(&file.bytes[..file.bytes.len() - 1], place.entries).is_err());
            }
            assert_eq!(read, entries);
        }
        let write = |entry: Vec<u8>| LogTree::new(vec![entry]).files(TreeSize::new(0)).map(drop);
        assert!(write(Vec::from([0; 65_536])).is_err());
        assert!(write(Vec::from([0; 65_535])).is_ok());
    }
}
