//! Auditing one attestation of a publication (SPEC §10): every tile, every sum, every total, the lists, the reserves'
//! signatures. The auditor brings the policy; nothing that is judged says how it is judged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use por_protocol::attestation::{Attestation, verify_row_total};
use por_protocol::book_row::BookRow;
use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::liabilities::{Shape, TILE_BYTES};
use por_protocol::merkle::RowTree;
use por_protocol::note::Note;
use por_protocol::policy::Policy;
use por_protocol::range_proof::Generators;
use por_protocol::report::{Checks, Covered, Facts, Report, Step};
use por_protocol::reserve_row::{ReserveRow, ReserveSums, check_sums};
use por_protocol::verify::{authenticate, book_facts, record_coverage};
use rayon::prelude::*;

use super::audit_tree::{Scope, audit_tree};
use super::{AttestationFolder, Publication, sequence_folder, split_rows};
use crate::build::{PACK_TILES, pack_path, packs};
use crate::error::Error;
use crate::home::book_folder;
use crate::progress;

/// `books.jsonl` of 4,096 assets, `reserves.jsonl` of a million addresses.
const MAX_LIST_BYTES: u64 = 2 << 30;

/// What the auditor brings.
pub struct AuditOptions<'a> {
    /// Policy text.
    pub policy: Option<&'a [u8]>,
    /// Unix seconds now.
    pub now: u64,
    /// The attestation to audit; the last one if none is named.
    pub sequence: Option<u64>,
    /// Whether to show progress.
    pub progress: bool,
}

/// Audits one attestation in full.
///
/// # Errors
/// [`Error::Io`] and [`Error::Refused`] only where nothing could be looked at; whatever is wrong is a check of the report.
pub fn audit(publication: &Publication, options: &AuditOptions<'_>) -> Result<Report, Error> {
    audit_within(publication, options, &Scope::default())
}

/// As [`audit`], of the trees no more than `scope` asks for: where that leaves a tile unverified, step 16 is "cannot tell".
///
/// # Errors
/// As [`audit`].
pub fn audit_within(
    publication: &Publication,
    options: &AuditOptions<'_>,
    scope: &Scope<'_>,
) -> Result<Report, Error> {
    let folder = publication.attestations_path();
    let sequences = publication.sequences().map_err(Error::io(&folder))?;
    let sequence = options.sequence.or_else(|| sequences.last().copied());
    let Some(sequence) = sequence.filter(|sequence| sequences.contains(sequence)) else {
        return Err(Error::refused(
            format!("{} holds no such attestation", publication.path().display()),
            "Name the folder that `por publish` wrote, or another --sequence.",
        ));
    };
    let mut checks = Checks::default();
    let own = publication.attestation(sequence);
    // Step 1: form of the attestation and its lists.
    let files = match Files::read(&own) {
        Ok(files) => files,
        Err(error) => {
            checks.record(Step::WellFormed, None, Err(error));
            return Ok(checks.into_report(None, Vec::new()));
        }
    };
    let parts = match Parts::parse(&files) {
        Ok(parts) => parts,
        Err(error) => {
            checks.record(Step::WellFormed, None, Err(error));
            return Ok(checks.into_report(None, Vec::new()));
        }
    };
    checks.record(
        Step::WellFormed,
        None,
        Ok(Facts::from([("sequence", sequence.to_string())])),
    );
    let attestation = &parts.attestation;
    // Steps 2 and 3: authenticity.
    let authentic = authenticate(&mut checks, options.policy, &parts.note, attestation);
    // Step 4, then 7 to 12: order, lists, reserves, files.
    checks.record(
        Step::InOrder,
        None,
        check_order(publication, &sequences, sequence, attestation, options),
    );
    let listed = checks.record(Step::BooksComplete, None, parts.check_books());
    checks.record(Step::ReservesComplete, None, parts.check_reserves());
    let bar = if options.progress {
        progress::bar(parts.reserve_rows.len() as u64, "signatures")
    } else {
        ProgressBar::hidden()
    };
    let owned = checks.record(Step::Ownership, None, parts.check_ownership(&bar));
    bar.finish_and_clear();
    let summed = checks.record(Step::ReservesSummed, None, parts.check_sums());
    checks.record(Step::AnnexesPresent, None, check_annexes(&own, attestation));
    checks.record(Step::FilesExpected, None, check_files(&own, &parts));

    // Steps 16, 17 and 18 for each book.
    let generators = Generators::new();
    let tiles: u64 = parts
        .books
        .iter()
        .filter_map(|row| Some(Shape::new(row.leaf_count).ok()?.tiles()))
        .sum();
    let bar = if options.progress {
        progress::bar(tiles, "tiles")
    } else {
        ProgressBar::hidden()
    };
    let mut books = Vec::new();
    for row in &parts.books {
        let name = row.name();
        let result = audit_tree(&generators, &own, attestation, row, scope, &bar);
        let tree = checks.record(Step::SiblingsNonNegative, Some(&name), result);
        let total = attestation
            .context(row)
            .and_then(|context| verify_row_total(&generators, &context.ctx(), row, &[]))
            .map(|()| Facts::new());
        let total = checks.record(Step::TotalProven, Some(&name), total);
        let figures = authentic && listed && owned && summed && tree && total;
        let covered: Covered = record_coverage(&mut checks, &name, row, figures);
        books.push(book_facts(row, &checks, covered));
    }
    bar.finish_and_clear();
    Ok(checks.into_report(None, books))
}

/// The files of one attestation, read whole.
struct Files {
    json: Vec<u8>,
    note: Vec<u8>,
    books: Vec<u8>,
    reserves: Vec<u8>,
}

impl Files {
    fn read(folder: &AttestationFolder) -> Result<Self, ProtocolError> {
        Ok(Self {
            json: read(&folder.json(), "attestation.json")?,
            note: read(&folder.note(), "attestation.note")?,
            books: read(&folder.books(), "books.jsonl")?,
            reserves: read(&folder.reserves(), "reserves.jsonl")?,
        })
    }
}

fn read(path: &Path, what: &'static str) -> Result<Vec<u8>, ProtocolError> {
    let absent = |_| ProtocolError::Mismatch {
        what,
        why: "the file cannot be read".into(),
    };
    let found = std::fs::metadata(path).map_err(absent)?.len();
    if found > MAX_LIST_BYTES {
        return Err(ProtocolError::TooLarge {
            what,
            limit: MAX_LIST_BYTES,
            found,
        });
    }
    std::fs::read(path).map_err(absent)
}

/// The same files, parsed.
struct Parts<'a> {
    note: Note<'a>,
    attestation: Attestation,
    book_bytes: Vec<&'a [u8]>,
    books: Vec<BookRow>,
    reserve_bytes: Vec<&'a [u8]>,
    reserve_rows: Vec<ReserveRow>,
}

impl<'a> Parts<'a> {
    fn parse(files: &'a Files) -> Result<Self, ProtocolError> {
        let note = Note::parse(&files.note)?;
        if note.unverified_text().as_bytes() != files.json {
            let why = "attestation.json is not the text of attestation.note".into();
            return Err(ProtocolError::Mismatch {
                what: "attestation",
                why,
            });
        }
        let attestation = Attestation::parse(&files.json)?;
        let rows = |bytes, what| {
            let unfinished = || ProtocolError::Syntax {
                what,
                why: "its last row does not end in a line feed".into(),
            };
            split_rows(bytes).ok_or_else(unfinished)
        };
        let book_bytes = rows(&files.books, "books.jsonl")?;
        let reserve_bytes = rows(&files.reserves, "reserves.jsonl")?;
        let books = book_bytes
            .iter()
            .map(|row| BookRow::parse(row))
            .collect::<Result<Vec<_>, _>>()?;
        let reserve_rows = reserve_bytes
            .iter()
            .map(|row| ReserveRow::parse(row))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            note,
            attestation,
            book_bytes,
            books,
            reserve_bytes,
            reserve_rows,
        })
    }

    /// Step 7.
    fn check_books(&self) -> Result<Facts, ProtocolError> {
        let bound = &self.attestation.books;
        check_rows("books.jsonl", &self.book_bytes, bound.count, &bound.root)?;
        let mut names = BTreeSet::new();
        let mut coins = BTreeSet::new();
        for row in &self.books {
            if !names.insert(row.name()) {
                return Err(ProtocolError::Duplicate {
                    what: "book",
                    found: row.name(),
                });
            }
            for instance in row.asset.instances() {
                if !coins.insert(instance.id.clone()) {
                    return Err(ProtocolError::Duplicate {
                        what: "instance",
                        found: instance.id.to_string(),
                    });
                }
            }
        }
        Ok(Facts::from([("books", bound.count.to_string())]))
    }

    /// Step 8.
    fn check_reserves(&self) -> Result<Facts, ProtocolError> {
        let bound = &self.attestation.reserves;
        check_rows(
            "reserves.jsonl",
            &self.reserve_bytes,
            bound.count,
            &bound.root,
        )?;
        for row in &self.reserve_rows {
            if !self
                .attestation
                .snapshot
                .blocks
                .iter()
                .any(|block| block.network == row.network)
            {
                let why = format!("there are reserves on {} and no block of it", row.network);
                return Err(ProtocolError::Mismatch {
                    what: "snapshot",
                    why,
                });
            }
        }
        Ok(Facts::from([("reserves", bound.count.to_string())]))
    }

    /// Step 9.
    fn check_ownership(&self, bar: &ProgressBar) -> Result<Facts, ProtocolError> {
        if self.reserve_rows.is_empty() {
            return Ok(Facts::from([("signatures", "0".to_string())]));
        }
        let challenge = self.attestation.challenge()?;
        let mut seen = BTreeSet::new();
        for row in &self.reserve_rows {
            if !seen.insert((&row.instance, &row.address)) {
                let found = format!("{} {}", row.instance, row.address);
                return Err(ProtocolError::Duplicate {
                    what: "reserve",
                    found,
                });
            }
        }
        self.reserve_rows.par_iter().try_for_each(|row| {
            bar.inc(1);
            row.verify_ownership(&challenge)
        })?;
        Ok(Facts::from([
            ("signatures", self.reserve_rows.len().to_string()),
            ("signed_after", challenge.block().time().to_string()),
        ]))
    }

    /// Step 10.
    fn check_sums(&self) -> Result<Facts, ProtocolError> {
        let assets: Vec<_> = self.books.iter().map(|row| &row.asset).collect();
        let mut sums = ReserveSums::new(&assets);
        for row in &self.reserve_rows {
            sums.add(row)?;
        }
        check_sums(&self.books, &sums)?;
        Ok(Facts::new())
    }
}

fn check_rows(
    what: &'static str,
    rows: &[&[u8]],
    count: u64,
    root: &Digest,
) -> Result<(), ProtocolError> {
    if rows.len() as u64 != count {
        return Err(ProtocolError::Count {
            what,
            expected: count,
            found: rows.len() as u64,
        });
    }
    if RowTree::new(rows.iter().copied()).root() != *root {
        return Err(ProtocolError::Mismatch {
            what,
            why: "its rows are not those of the signed root".into(),
        });
    }
    Ok(())
}

/// Step 11.
fn check_annexes(
    folder: &AttestationFolder,
    attestation: &Attestation,
) -> Result<Facts, ProtocolError> {
    for annex in &attestation.annexes {
        let path = folder.annexes().join(&annex.name);
        let absent = |_| ProtocolError::Mismatch {
            what: "annex",
            why: format!("{} cannot be read", annex.name),
        };
        let found = std::fs::symlink_metadata(&path).map_err(absent)?.len();
        if found != annex.size {
            return Err(ProtocolError::Length {
                what: "annex",
                expected: annex.size,
                found,
            });
        }
        if Digest::of(&std::fs::read(&path).map_err(absent)?) != annex.sha256 {
            let why = format!("{} has another digest", annex.name);
            return Err(ProtocolError::Mismatch { what: "annex", why });
        }
    }
    Ok(Facts::from([(
        "annexes",
        attestation.annexes.len().to_string(),
    )]))
}

/// Step 12: exactly the files that attestation and rows call for, packs of exact length, no links, nothing else: a secret
/// or the tiles of a book that is not listed would stand out.
fn check_files(folder: &AttestationFolder, parts: &Parts<'_>) -> Result<Facts, ProtocolError> {
    let mut expected: BTreeSet<PathBuf> = [
        folder.json(),
        folder.note(),
        folder.books(),
        folder.reserves(),
    ]
    .into_iter()
    .collect();
    expected.extend(
        parts
            .attestation
            .annexes
            .iter()
            .map(|annex| folder.annexes().join(&annex.name)),
    );
    // Whatever follows the last record of a pack is bound by no hash.
    let mut lengths = Vec::new();
    for row in &parts.books {
        let shape = Shape::new(row.leaf_count)?;
        let tiles = folder.tiles(&book_folder(row.asset.id().as_str(), row.kind.as_str()));
        for level in 1..=shape.depth() {
            for pack in 0..packs(&shape, level) {
                let path = pack_path(&tiles, level, pack);
                let records = (shape.nodes(level) - pack * PACK_TILES).min(PACK_TILES);
                lengths.push((path.clone(), records * TILE_BYTES as u64));
                expected.insert(path);
            }
        }
    }
    let shown = |path: &PathBuf| {
        path.strip_prefix(folder.path())
            .unwrap_or(path)
            .display()
            .to_string()
            .escape_debug()
            .to_string()
    };
    let mut found = BTreeSet::new();
    list(folder.path(), &mut found)?;
    for (path, length) in &lengths {
        let found = std::fs::metadata(path).map_or(*length, |found| found.len());
        if found != *length {
            let why = format!("{} has {found} bytes instead of {length}", shown(path));
            return Err(ProtocolError::Mismatch {
                what: "publication",
                why,
            });
        }
    }
    if let Some(path) = expected.difference(&found).next() {
        let why = format!("{} is missing", shown(path));
        return Err(ProtocolError::Mismatch {
            what: "publication",
            why,
        });
    }
    if let Some(path) = found.difference(&expected).next() {
        let why = format!("{} does not belong there", shown(path));
        return Err(ProtocolError::Mismatch {
            what: "publication",
            why,
        });
    }
    Ok(Facts::from([("files", found.len().to_string())]))
}

fn list(folder: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), ProtocolError> {
    let unreadable = |_| ProtocolError::Mismatch {
        what: "publication",
        why: format!("{} cannot be read", folder.display()),
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // Links count as files of their own: they are never followed, and never expected.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            list(&entry.path(), found)?;
        } else if entry.file_type().map_err(unreadable)?.is_symlink() {
            let why = format!("{} is a link", entry.path().display());
            return Err(ProtocolError::Mismatch {
                what: "publication",
                why,
            });
        } else {
            found.insert(entry.path());
        }
    }
    Ok(())
}

/// Step 4: sequence and time run forward from attestation to attestation, and not into the future.
fn check_order(
    publication: &Publication,
    sequences: &[u64],
    sequence: u64,
    attestation: &Attestation,
    options: &AuditOptions<'_>,
) -> Result<Facts, ProtocolError> {
    if attestation.sequence != sequence {
        let why = format!(
            "{} lies in folder {}",
            attestation.sequence,
            sequence_folder(sequence)
        );
        return Err(ProtocolError::Order {
            what: "sequence",
            why,
        });
    }
    let AuditOptions { policy, now, .. } = *options;
    if attestation.snapshot.time > now {
        return Err(ProtocolError::Order {
            what: "snapshot",
            why: "it lies in the future".into(),
        });
    }
    let Some(previous) = sequences.iter().rev().find(|other| **other < sequence) else {
        return if sequence == 0 {
            Ok(Facts::new())
        } else {
            Err(ProtocolError::Order {
                what: "sequence",
                why: "the attestations before it are missing".into(),
            })
        };
    };
    if previous + 1 != sequence {
        return Err(ProtocolError::Order {
            what: "sequence",
            why: "the attestation before it is missing".into(),
        });
    }
    let bytes = read(
        &publication.attestation(*previous).note(),
        "previous attestation",
    )?;
    let note = Note::parse(&bytes)?;
    let text = match policy.map(Policy::parse) {
        Some(Ok(policy)) => note.verify("previous attestation", policy.log())?,
        // Step 2 cannot tell either.
        _ => note.unverified_text(),
    };
    let previous = Attestation::parse(text.as_bytes())?;
    let corrects = attestation.supersedes.is_some();
    if attestation.snapshot.time < previous.snapshot.time
        || (!corrects && attestation.period <= previous.period)
    {
        let why = format!("period {} follows {}", attestation.period, previous.period);
        return Err(ProtocolError::Order {
            what: "attestation",
            why,
        });
    }
    Ok(Facts::from([(
        "previous_period",
        previous.period.to_string(),
    )]))
}
