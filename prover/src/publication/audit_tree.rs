//! Every tile of one tree, from the root down (SPEC §10, step 22): in parts, and going on where an audit was stopped.
//!
//! A *unit* is a subtree of three levels: 273 tiles, one multiscalar multiplication. Units are numbered from the left.
//! Each audit verifies all levels above the units (1/4096 of the tree), the units of its part, and that every record of
//! every other unit is the authentic one; so it also sees every leaf, and no leaf may stand twice. What it has verified it
//! writes to the auditor's [`UnitRecord`], unit by unit. A line of that file is a fact about a root, whatever the files
//! are: the lines of all parts may be put together, and an audit that finds all units there has nothing left to verify.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use por_protocol::attestation::Attestation;
use por_protocol::book_row::BookRow;
use por_protocol::context::Ctx;
use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::liabilities::{
    Node, Position, Shape, Subtree, TILE_BYTES, UNIT_LEVELS, authenticate_subtree, pack_ranges,
    unit_bottom, verify_subtree,
};
use por_protocol::range_proof::Generators;
use por_protocol::report::Facts;
use rayon::prelude::*;

use super::AttestationFolder;
use super::audited_files::AuditedFiles;
use crate::build::pack_path;
use crate::error::Error;
use crate::home::book_folder;

/// First word of each line of a [`UnitRecord`].
const RECORD_LABEL: &str = "por/audited/v1";

/// Which of the units an audit verifies, and where it says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope<'a> {
    /// The part of the units; all by default.
    pub part: Part,
    /// What was verified before, and what is verified now.
    pub record: Option<&'a UnitRecord>,
}

/// One of several parts, as `2/8`. Every unit is in exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    index: u32,
    of: u32,
}

impl Default for Part {
    fn default() -> Self {
        Self { index: 1, of: 1 }
    }
}

impl Part {
    /// Parts are runs of neighbouring units, which lie in the same packs.
    fn has(self, unit: usize, units: usize) -> bool {
        let owner = unit as u128 * u128::from(self.of) / (units as u128).max(1);
        owner + 1 == u128::from(self.index)
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err("write I/N, such as 2/8: the second of eight parts"),
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// The auditor's own note of the units that were verified: a text file, one line a unit,
/// `por/audited/v1 <tree> <unit>`, where the tree is named by a digest over context and root.
#[derive(Debug)]
pub struct UnitRecord {
    path: PathBuf,
    state: Mutex<RecordState>,
}

#[derive(Debug)]
struct RecordState {
    verified: HashSet<(Digest, u64)>,
    file: File,
    failure: Option<std::io::Error>,
}

impl UnitRecord {
    /// Opens the file, or begins it. A line that a killed audit left unfinished is dropped.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Line`] if a line is none that an audit writes.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(Error::io(path))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(Error::io(path))?;
        let (lines, rest) = text.split_at(text.rfind('\n').map_or(0, |end| end + 1));
        let foreign = |line: u64| Error::Line {
            path: path.to_owned(),
            line,
            why: "this is no line that `por audit --resume` wrote".into(),
            remedy: "Name another file, or one that is not there yet.".into(),
        };
        let mut verified = HashSet::new();
        let mut next = 1;
        for line in lines.lines() {
            verified.insert(parse_line(line).ok_or_else(|| foreign(next))?);
            next += 1;
        }
        // Nothing of anybody else's is ever cut off.
        if !(rest.starts_with(RECORD_LABEL) || RECORD_LABEL.starts_with(rest)) {
            return Err(foreign(next));
        }
        file.set_len(lines.len() as u64).map_err(Error::io(path))?;
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(RecordState {
                verified,
                file,
                failure: None,
            }),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, RecordState> {
        // No line is half written when a thread panics: the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, tree: &Digest, unit: u64) -> bool {
        self.state().verified.contains(&(*tree, unit))
    }

    fn add(&self, tree: &Digest, unit: u64) {
        let mut state = self.state();
        let line = format!("{RECORD_LABEL} {tree} {unit}\n");
        // One write for each line; the first that fails ends the record, and not the audit.
        if state.failure.is_none() {
            match state.file.write_all(line.as_bytes()) {
                Ok(()) => {
                    state.verified.insert((*tree, unit));
                }
                Err(error) => state.failure = Some(error),
            }
        }
    }

    /// Flushes the record.
    ///
    /// # Errors
    /// [`Error::Io`] if any line of it could not be written.
    pub fn finish(self) -> Result<(), Error> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        match state.failure {
            Some(error) => Err(Error::io(&self.path)(error)),
            None => state.file.sync_all().map_err(Error::io(&self.path)),
        }
    }
}

fn parse_line(line: &str) -> Option<(Digest, u64)> {
    let rest = line.strip_prefix(RECORD_LABEL)?.strip_prefix(' ')?;
    let (tree, unit) = rest.split_once(' ')?;
    let number = unit.parse::<u64>().ok()?;
    // Leading zeros and signs would be other spellings of one fact.
    (number.to_string() == unit).then_some((Digest::from_hex(tree)?, number))
}

/// What a line of the record is about: context and root, which bind every byte below.
fn tree_id(ctx: &Ctx, root: &Node) -> Digest {
    let parts: [&[u8]; 3] = [
        ctx.as_bytes(),
        root.commitment.as_bytes(),
        root.hash.as_bytes(),
    ];
    Digest::of(&parts.concat())
}

/// Every tile of one book that the scope asks for.
///
/// # Errors
/// What is wrong with a tile; [`ProtocolError::Missing`] if some tiles were left to other parts.
pub(super) fn audit_tree(
    generators: &Generators,
    (looked, folder): (&AuditedFiles, &AttestationFolder),
    attestation: &Attestation,
    row: &BookRow,
    scope: &Scope<'_>,
    bar: &ProgressBar,
) -> Result<Facts, ProtocolError> {
    let context = attestation.context(row)?;
    let (ctx, shape) = (context.ctx(), context.shape);
    let reader = Reader {
        looked,
        tiles: folder.tiles(&book_folder(row.asset.id().as_str(), row.kind.as_str())),
        shape,
        bar,
    };
    let verify = |subtree: &Subtree, bottom: u8| {
        reader.read(subtree, bottom, |levels| {
            verify_subtree(generators, &ctx, &shape, subtree, levels, &[])
        })
    };
    // The levels above the units are walked in units too, so memory stays bounded.
    let mut tops = vec![Subtree {
        top: shape.root(),
        node: row.root.node(),
    }];
    while tops
        .first()
        .is_some_and(|subtree| subtree.top.level > UNIT_LEVELS)
    {
        let level = tops.first().map_or(0, |subtree| subtree.top.level);
        let bottom = unit_bottom(level);
        let below: Vec<Vec<(Position, Node)>> = tops
            .par_iter()
            .map(|subtree| verify(subtree, bottom))
            .collect::<Result<_, ProtocolError>>()?;
        tops = below
            .into_iter()
            .flatten()
            .map(|(position, node)| Subtree {
                top: position,
                node,
            })
            .collect();
    }
    let tree = tree_id(&ctx, &row.root.node());
    let left_out = AtomicU64::new(0);
    let prefixes: Vec<Vec<LeafPrefix>> = tops
        .par_iter()
        .enumerate()
        .map(|(unit, subtree)| {
            let before = scope
                .record
                .is_some_and(|record| record.has(&tree, unit as u64));
            if !before && scope.part.has(unit, tops.len()) {
                let leaves = verify(subtree, 1)?;
                if let Some(record) = scope.record {
                    record.add(&tree, unit as u64);
                }
                return Ok(leaves
                    .iter()
                    .filter_map(|(_, leaf)| leaf_prefix(&leaf.hash))
                    .collect());
            }
            if !before {
                left_out.fetch_add(1, Ordering::Relaxed);
            }
            let leaves = reader.read(subtree, 1, |levels| {
                authenticate_subtree(&ctx, &shape, subtree, levels)
            })?;
            Ok(leaves.iter().filter_map(leaf_prefix).collect())
        })
        .collect::<Result<_, ProtocolError>>()?;
    check_leaves_differ(prefixes.into_iter().flatten().collect())?;
    if left_out.into_inner() > 0 {
        return Err(ProtocolError::Missing {
            what: "the verification of the other parts' tiles",
        });
    }
    Ok(Facts::from([
        ("tiles", shape.tiles().to_string()),
        ("leaves", shape.leaf_count().to_string()),
    ]))
}

/// The tiles of one book.
struct Reader<'a> {
    looked: &'a AuditedFiles,
    tiles: PathBuf,
    shape: Shape,
    bar: &'a ProgressBar,
}

impl Reader<'_> {
    /// Has the levels of a subtree down to `bottom` checked, and counts their tiles.
    fn read<T>(
        &self,
        subtree: &Subtree,
        bottom: u8,
        check: impl FnOnce(&[&[u8]]) -> Result<T, ProtocolError>,
    ) -> Result<T, ProtocolError> {
        let mut levels: Vec<Vec<u8>> = Vec::new();
        let mut above = None;
        for range in pack_ranges(&self.shape, subtree, bottom) {
            if above.replace(range.level) != Some(range.level) {
                levels.push(Vec::new());
            }
            let Some(level) = levels.last_mut() else {
                continue;
            };
            let begin = level.len();
            let length = usize::try_from(range.length).unwrap_or(usize::MAX);
            level.resize(begin.saturating_add(length), 0);
            let path = pack_path(&self.tiles, range.level, range.pack);
            self.looked
                .read_pack(&path, range.whole, &mut level[begin..], range.offset)?;
        }
        let slices: Vec<&[u8]> = levels.iter().map(Vec::as_slice).collect();
        let checked = check(&slices)?;
        let tiles = slices.iter().map(|level| (level.len() / TILE_BYTES) as u64);
        self.bar.inc(tiles.sum());
        Ok(checked)
    }
}

/// First half of a leaf hash: enough to tell any two leaves of a tree apart.
type LeafPrefix = [u8; 16];

fn leaf_prefix(hash: &Digest) -> Option<LeafPrefix> {
    hash.as_bytes().first_chunk().copied()
}

/// One leaf given to two accounts would stand in the tree twice.
fn check_leaves_differ(mut prefixes: Vec<LeafPrefix>) -> Result<(), ProtocolError> {
    prefixes.par_sort_unstable();
    match prefixes.array_windows().find(|[left, right]| left == right) {
        Some([twice, _]) => Err(ProtocolError::Duplicate {
            what: "leaf",
            found: hex::encode(twice),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_in_exactly_one_part() {
        for units in [1, 2, 7, 8, 9, 244] {
            for of in [1, 2, 3, 8, 300] {
                for unit in 0..units {
                    let owners = (1..=of)
                        .filter(|index| Part { index: *index, of }.has(unit, units))
                        .count();
                    assert_eq!(owners, 1, "unit {unit} of {units}, {of} parts");
                }
            }
        }
    }

    #[test]
    fn parts_are_written_as_fractions() {
        assert_eq!("2/8".parse(), Ok(Part { index: 2, of: 8 }));
        for wrong in [
            "",
            "2",
            "0/8",
            "9/8",
            "0/0",
            "-1/2",
            "1/2/3",
            "1/",
            "a/b",
            "1/4294967296",
        ] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_record_keeps_whole_lines_and_refuses_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let tree = Digest::of(b"tree");
        let record = UnitRecord::open(&path).unwrap();
        record.add(&tree, 0);
        record.add(&tree, 17);
        record.finish().unwrap();
        // A kill in the middle of a line.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        write!(file, "{RECORD_LABEL} {tree} 1").unwrap();
        let record = UnitRecord::open(&path).unwrap();
        let known = |unit| record.has(&tree, unit);
        assert!(known(0) && known(17) && !known(1));
        assert!(!record.has(&Digest::of(b"another tree"), 0));
        record.add(&tree, 1);
        record.finish().unwrap();
        assert!(UnitRecord::open(&path).unwrap().has(&tree, 1));

        for wrong in [
            "\n".to_owned(),
            format!("{RECORD_LABEL} {tree} 01\n"),
            format!("{RECORD_LABEL} {tree} -1\n"),
            format!("por/audited/v2 {tree} 1\n"),
            "a letter, unfinished".to_owned(),
            format!("{RECORD_LABEL} {} 1\n", &tree.to_string()[1..]),
        ] {
            std::fs::write(&path, &wrong).unwrap();
            assert!(UnitRecord::open(&path).is_err(), "{wrong}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong);
        }
    }
}
