//! Auditing one attestation of a publication (SPEC §10): every tile, every sum, every total, the lists, the reserves'
//! signatures. The auditor brings the policy; nothing that is judged says how it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use por_protocol::attestation::{Attestation, split_rows, verify_row_total};
use por_protocol::balances::{Wallets, is_evidence};
use por_protocol::book_row::{BookRow, check_distinct};
use por_protocol::digest::Digest;
use por_protocol::error::{Error as ProtocolError, Judged};
use por_protocol::liabilities::{Shape, pack_bytes, packs};
use por_protocol::log::{LogProof, MAX_ENTRY_BYTES};
use por_protocol::note::Note;
use por_protocol::ownership::Challenge;
use por_protocol::policy::Policy;
use por_protocol::range_proof::Generators;
use por_protocol::report::{AttestationFacts, BookFacts, Checks, Facts, Report, Step, Tiles};
use por_protocol::reserve_row::{ReserveRow, ReserveSums, check_sums};
use por_protocol::verify::{
    authenticate, authenticate_unlogged, book_facts, check_fresh, check_time, record_coverage,
    usable_policy,
};
use rayon::prelude::*;

use super::audit_log::AuditedLog;
use super::audit_tree::{Scope, audit_tree};
use super::audited_files::AuditedFiles;
use super::balances::check_balances;
use super::{AttestationFolder, MAX_NOTE_BYTES, Publication};
use crate::build::pack_path;
use crate::chains::recheck::BalanceChecks;
use crate::error::Error;
use crate::home::book_folder;
use crate::terminal::progress;
use crate::terminal::report_text::time;

/// `books.jsonl` of 4,096 assets, `reserves.jsonl` of a million addresses.
pub(super) const MAX_LIST_BYTES: u64 = 2 << 30;

/// Proofs of a million accounts, as hex. The judged file says how long an annex is, and none may fill a disk.
pub(super) const MAX_ANNEX_BYTES: u64 = 16 << 30;

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
    /// Tokens, nodes and blocks to check balances with.
    pub balances: &'a BalanceChecks,
}

/// Audits one attestation in full.
///
/// # Errors
/// [`Error::Io`] and [`Error::Refused`] only where nothing could be looked at; whatever is wrong is a check of the report.
pub fn audit(publication: &Publication, options: &AuditOptions<'_>) -> Result<Report, Error> {
    audit_within(publication, options, &Scope::default())
}

/// As [`audit`], of the trees no more than `scope` asks for: where that leaves a tile unverified, step 22 is "cannot tell".
///
/// # Errors
/// As [`audit`].
pub fn audit_within(
    publication: &Publication,
    options: &AuditOptions<'_>,
    scope: &Scope<'_>,
) -> Result<Report, Error> {
    audit_files(publication, AuditedFiles::default(), options, scope)
}

/// As [`audit_within`], with files that come from where `looked` has them.
pub(super) fn audit_files(
    publication: &Publication,
    looked: AuditedFiles,
    options: &AuditOptions<'_>,
    scope: &Scope<'_>,
) -> Result<Report, Error> {
    let folder = publication.attestations_path();
    let sequences = publication.sequences().map_err(Error::io(&folder))?;
    let log = AuditedLog::read(publication)?;
    // The log says what is published; a folder beside it may be one that is just being written.
    let last = log.last().or_else(|| sequences.last().copied());
    let sequence = options.sequence.or(last);
    // Of what the log lists, it is the publication's fault if nothing is there.
    let known = |sequence: &u64| sequences.contains(sequence) || log.proof(*sequence).is_ok();
    let Some(sequence) = sequence.filter(known) else {
        return Err(Error::refused(
            format!("{} holds no such attestation", publication.path().display()),
            "Name the folder that `por publish` wrote, or another --sequence.",
        ));
    };
    let own = publication.attestation(sequence);
    let policy = usable_policy(options.policy);
    let policy = policy.as_ref();
    let proof = log.proof(sequence);
    let proof = || proof.as_ref().map_err(Clone::clone);
    let mut checks = Checks::default();
    // Step 1: form of the attestation and its lists.
    let signed = SignedFiles::read(&looked, &own);
    if let (Some(remote), Ok(signed)) = (looked.remote(), &signed) {
        // Whoever made up a log also says how long its lists are: none of them is fetched for a stranger.
        if let Some(report) = refuse_stranger(signed, policy, proof()) {
            return looked.judge(report);
        }
        remote.bring_lists(sequence, signed)?;
    }
    let files = signed.and_then(|signed| Files::read(&looked, &own, signed));
    let parts = match files.as_ref().map_err(Clone::clone).and_then(Parts::parse) {
        Ok(parts) => parts,
        Err(error) => {
            checks.record(Step::WellFormed, None, Err(error));
            return looked.judge(checks.into_report(None, None, Vec::new()));
        }
    };
    let facts = Facts::from([("sequence", sequence.to_string())]);
    checks.record(Step::WellFormed, None, Ok(facts));
    let attestation = &parts.attestation;
    // Steps 2 to 5: authenticity.
    let head = authenticate(&mut checks, policy, &parts.note, attestation, proof());
    // Steps 6, 9 and 10: time and history.
    let dated = head.as_ref().and_then(|head| head.time);
    let in_order = check_time(attestation, dated, Some(options.now));
    checks.record(Step::InOrder, None, in_order);
    let complete = log.check_complete(&looked, publication, &parts.note, attestation);
    checks.record(Step::LogComplete, None, complete);
    let fresh = check_fresh(policy.ok(), head.as_ref(), Some(options.now));
    checks.record(Step::HeadFresh, None, fresh);
    let books = audit_contents(
        &mut checks,
        (&looked, &own),
        &parts,
        (policy.ok(), dated),
        (options, scope),
    );
    let report = checks.into_report(None, head, books);
    looked.judge(report.of(parts.facts()))
}

/// The report of an attestation that the policy's log key did not sign, or that its log does not hold: nothing more of it is
/// fetched. Without a policy nobody is a stranger, and nothing is verified.
fn refuse_stranger(
    signed: &SignedFiles,
    policy: Result<&Policy, &ProtocolError>,
    proof: Result<&LogProof<'_>, ProtocolError>,
) -> Option<Report> {
    // What cannot be read is refused by step 1, before anything more is fetched.
    let (policy, (note, attestation)) = (policy.ok()?, signed.parse().ok()?);
    let mut checks = Checks::default();
    let head = authenticate(&mut checks, Ok(policy), &note, &attestation, proof);
    if checks.passed(Step::AttestationSigned) && checks.passed(Step::AttestationLogged) {
        return None;
    }
    for step in [Step::BooksComplete, Step::ReservesComplete] {
        let what = "a signature of the policy's log key, without which nothing more is fetched,";
        checks.record(step, None, Err(ProtocolError::Missing { what }));
    }
    let facts = attestation.facts(&signed.json);
    Some(checks.into_report(None, head, Vec::new()).of(facts))
}

/// What [`audit_staged`] found.
pub struct StagedAudit {
    /// The report, without the steps that need a log.
    pub report: Report,
    /// Exact bytes of the attestation.
    pub attestation: Vec<u8>,
}

/// Audits an attestation's folder before it is logged: every step but those that need a log.
///
/// # Errors
/// As [`audit`].
pub fn audit_staged(
    folder: &AttestationFolder,
    options: &AuditOptions<'_>,
) -> Result<StagedAudit, Error> {
    let mut checks = Checks::default();
    let looked = AuditedFiles::default();
    let files = SignedFiles::read(&looked, folder)
        .and_then(|signed| Files::read(&looked, folder, signed))
        .map_err(Error::protocol("staged attestation"))?;
    let parts = Parts::parse(&files).map_err(Error::protocol("staged attestation"))?;
    let policy = usable_policy(options.policy);
    authenticate_unlogged(
        &mut checks,
        policy.as_ref(),
        &parts.note,
        &parts.attestation,
    );
    let in_order = check_time(&parts.attestation, None, Some(options.now));
    checks.record(Step::InOrder, None, in_order);
    let books = audit_contents(
        &mut checks,
        (&looked, folder),
        &parts,
        (policy.as_ref().ok(), None),
        (options, &Scope::default()),
    );
    looked.judge(StagedAudit {
        report: checks.into_report(None, None, books).of(parts.facts()),
        attestation: files.signed.json.clone(),
    })
}

/// Steps 11 to 18, then 22, 23 and 24 for each book; `dated` is the time of the head, where witnesses tell it.
fn audit_contents(
    checks: &mut Checks,
    (looked, own): (&AuditedFiles, &AttestationFolder),
    parts: &Parts<'_>,
    (policy, dated): (Option<&Policy>, Option<u64>),
    (options, scope): (&AuditOptions<'_>, &Scope<'_>),
) -> Vec<BookFacts> {
    let attestation = &parts.attestation;
    let listed = checks.record(Step::BooksComplete, None, parts.check_books());
    let bound = checks.record(Step::ReservesComplete, None, parts.check_reserves());
    let bar = if options.progress {
        progress::bar(parts.reserve_rows.len() as u64, "signatures")
    } else {
        ProgressBar::hidden()
    };
    // Contract wallets speak through annexes, whose own step comes after this one.
    let annexes = check_annexes(looked, own, attestation);
    let evidence = annexes.as_ref().map(|(evidence, _)| evidence).ok();
    let owned = parts.check_ownership(policy, evidence, &bar);
    // Made after the block that they name, and before the head that holds the attestation was seen.
    let owned = owned.map(|mut facts| {
        facts.extend(dated.map(|seconds| ("logged_before", time(seconds))));
        facts
    });
    checks.record(Step::Ownership, None, owned);
    bar.finish_and_clear();
    let summed = checks.record(Step::ReservesSummed, None, parts.check_sums());
    let (evidence, annexed) = match annexes {
        Ok((evidence, facts)) => (evidence, Ok(facts)),
        Err(error) => (BTreeMap::new(), Err(error)),
    };
    let annexed = checks.record(Step::AnnexesPresent, None, annexed);
    checks.record(Step::FilesExpected, None, check_files(looked, own, parts));
    // Steps 17 and 18: what the balances rest on.
    let classes = check_balances(
        checks,
        options.balances,
        attestation,
        (&parts.books, &parts.reserve_rows),
        (annexed && listed && bound && summed).then_some(&evidence),
    );

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
        let result = audit_tree(&generators, (looked, own), attestation, row, scope, &bar);
        checks.record(Step::SiblingsNonNegative, Some(&name), result);
        let total = attestation
            .context(row)
            .and_then(|context| verify_row_total(&generators, &context.ctx(), row, &[]))
            .map(|()| Facts::new());
        checks.record(Step::TotalProven, Some(&name), total);
        let covered = record_coverage(checks, &name, row, Tiles::Judged);
        books.push(book_facts(row, checks, covered, &classes));
    }
    bar.finish_and_clear();
    books
}

/// The two files of one attestation that its signatures are on.
pub(super) struct SignedFiles {
    json: Vec<u8>,
    note: Vec<u8>,
}

impl SignedFiles {
    pub(super) fn read(
        looked: &AuditedFiles,
        folder: &AttestationFolder,
    ) -> Result<Self, ProtocolError> {
        Ok(Self {
            json: looked.read("attestation.json", &folder.json(), MAX_ENTRY_BYTES as u64)?,
            note: looked.read("attestation.note", &folder.note(), MAX_NOTE_BYTES)?,
        })
    }

    pub(super) fn parse(&self) -> Result<(Note<'_>, Attestation), ProtocolError> {
        let note = Note::parse(&self.note).map_err(in_file("attestation.note"))?;
        if note.unverified_text().as_bytes() != self.json {
            let why = "attestation.json is not the text of attestation.note".into();
            return Err(ProtocolError::Mismatch {
                what: "attestation",
                why,
            });
        }
        let attestation = Attestation::parse(&self.json)?;
        Ok((note, attestation))
    }
}

/// The files of one attestation but its packs and annexes, read whole.
pub(super) struct Files {
    pub(super) signed: SignedFiles,
    books: Vec<u8>,
    reserves: Vec<u8>,
}

impl Files {
    pub(super) fn read(
        looked: &AuditedFiles,
        folder: &AttestationFolder,
        signed: SignedFiles,
    ) -> Result<Self, ProtocolError> {
        Ok(Self {
            signed,
            books: looked.read("books.jsonl", &folder.books(), MAX_LIST_BYTES)?,
            reserves: looked.read("reserves.jsonl", &folder.reserves(), MAX_LIST_BYTES)?,
        })
    }
}

/// Names the file that a malformed object stands in.
fn in_file(file: &'static str) -> impl Fn(ProtocolError) -> ProtocolError {
    move |error| match error {
        ProtocolError::Syntax { what, why } => ProtocolError::Syntax {
            what: file,
            why: format!("{what}: {why}"),
        },
        other => other,
    }
}

/// The same files, parsed.
pub(super) struct Parts<'a> {
    pub(super) note: Note<'a>,
    pub(super) attestation: Attestation,
    book_bytes: Vec<&'a [u8]>,
    pub(super) books: Vec<BookRow>,
    reserve_bytes: Vec<&'a [u8]>,
    pub(super) reserve_rows: Vec<ReserveRow>,
}

impl<'a> Parts<'a> {
    pub(super) fn parse(files: &'a Files) -> Result<Self, ProtocolError> {
        let (note, attestation) = files.signed.parse()?;
        let book_bytes = split_rows("books.jsonl", &files.books)?;
        let reserve_bytes = split_rows("reserves.jsonl", &files.reserves)?;
        let books = book_bytes
            .iter()
            .map(|row| BookRow::parse(row).map_err(in_file("books.jsonl")))
            .collect::<Result<Vec<_>, _>>()?;
        let reserve_rows = reserve_bytes
            .iter()
            .map(|row| ReserveRow::parse(row).map_err(in_file("reserves.jsonl")))
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

    /// What was audited.
    fn facts(&self) -> AttestationFacts {
        self.attestation
            .facts(self.note.unverified_text().as_bytes())
    }

    /// Step 11.
    pub(super) fn check_books(&self) -> Result<Facts, ProtocolError> {
        let bound = &self.attestation.books;
        bound.check("books.jsonl", &self.book_bytes)?;
        check_distinct(&self.books)?;
        Ok(Facts::from([("books", bound.count.to_string())]))
    }

    /// Step 12.
    pub(super) fn check_reserves(&self) -> Result<Facts, ProtocolError> {
        let bound = &self.attestation.reserves;
        bound.check("reserves.jsonl", &self.reserve_bytes)?;
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

    /// Step 13.
    fn check_ownership(
        &self,
        policy: Option<&Policy>,
        annexes: Option<&Evidence>,
        bar: &ProgressBar,
    ) -> Result<Facts, ProtocolError> {
        if self.reserve_rows.is_empty() {
            return Ok(Facts::from([("signatures", "0".to_string())]));
        }
        let challenge = self.attestation.challenge()?;
        self.check_signature_age(policy, &challenge)?;
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
        let wallets = match annexes {
            Some(annexes) => Wallets::read(&self.attestation.snapshot, annexes)?,
            None => Wallets::default(),
        };
        let mut judged = Judged::default();
        judged.take(wallets.check_known());
        let wrong = self.reserve_rows.par_iter().filter_map(|row| {
            bar.inc(1);
            wallets.verify_ownership(row, &challenge).err()
        });
        if let Some(error) = wrong.reduce_with(ProtocolError::or_decided) {
            judged.take::<()>(Err(error));
        }
        judged.finish()?;
        Ok(Facts::from([
            ("signatures", self.reserve_rows.len().to_string()),
            ("signed_after", challenge.block().time().to_string()),
        ]))
    }

    /// The challenge's block dates the signatures: they are no older than the policy allows at the snapshot.
    fn check_signature_age(
        &self,
        policy: Option<&Policy>,
        challenge: &Challenge,
    ) -> Result<(), ProtocolError> {
        let maximum = policy.and_then(Policy::maximum_signature_age);
        let block = challenge.block().time().seconds();
        let age = self.attestation.snapshot.time.saturating_sub(block);
        match maximum {
            Some(maximum) if age > maximum => Err(ProtocolError::Order {
                what: "ownership signatures",
                why: format!(
                    "their block is {} days older than the snapshot, the policy allows {}",
                    age / 86_400,
                    maximum / 86_400
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Step 14.
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

/// Annexes that hold evidence of balances, by their names.
pub(super) type Evidence = BTreeMap<String, Vec<u8>>;

/// Step 15. Gives those that hold evidence as they were read here: what was compared is what is judged.
pub(super) fn check_annexes(
    looked: &AuditedFiles,
    folder: &AttestationFolder,
    attestation: &Attestation,
) -> Result<(Evidence, Facts), ProtocolError> {
    let mut evidence = Evidence::new();
    for annex in &attestation.annexes {
        if annex.size > MAX_ANNEX_BYTES {
            return Err(ProtocolError::Unsupported {
                what: "annex of so many bytes",
                found: annex.size.to_string(),
            });
        }
        let path = folder.annexes().join(&annex.name);
        let found = looked.length("annex", &path)?;
        if found != annex.size {
            return Err(ProtocolError::Length {
                what: "annex",
                expected: annex.size,
                found,
            });
        }
        // What is no evidence may be long, and nobody reads it here.
        let (digest, bytes) = if is_evidence(&annex.name) {
            let bytes = looked.read("annex", &path, annex.size)?;
            (Digest::of(&bytes), Some(bytes))
        } else {
            (looked.digest("annex", &path)?, None)
        };
        if digest != annex.sha256 {
            let why = format!("{} has another digest", annex.name);
            return Err(ProtocolError::Mismatch { what: "annex", why });
        }
        evidence.extend(bytes.map(|bytes| (annex.name.clone(), bytes)));
    }
    let annexes = attestation.annexes.len().to_string();
    Ok((evidence, Facts::from([("annexes", annexes)])))
}

/// Step 16: exactly the files that attestation and rows call for, packs of exact length, no links, nothing else: a secret
/// or the tiles of a book that is not listed would stand out.
fn check_files(
    looked: &AuditedFiles,
    folder: &AttestationFolder,
    parts: &Parts<'_>,
) -> Result<Facts, ProtocolError> {
    let refuse = |path: &Path, why: &str| {
        let shown = path.strip_prefix(folder.path()).unwrap_or(path);
        Err(ProtocolError::Mismatch {
            what: "publication",
            why: format!("{} {why}", shown.display().to_string().escape_debug()),
        })
    };
    let below = looked.below("publication", folder.path())?;
    let mut rest: BTreeSet<PathBuf> = below.iter().map(|path| folder.path().join(path)).collect();
    let files = rest.len();
    let mut listed = vec![
        folder.json(),
        folder.note(),
        folder.books(),
        folder.reserves(),
    ];
    let annexes = parts.attestation.annexes.iter();
    // Longer ones were not brought, and step 15 says so.
    let there = annexes.filter(|annex| !looked.is_remote() || annex.size <= MAX_ANNEX_BYTES);
    listed.extend(there.map(|annex| folder.annexes().join(&annex.name)));
    for path in listed {
        if !rest.remove(&path) {
            return refuse(&path, "is missing");
        }
    }
    for row in &parts.books {
        // Packs of another machine are asked for, and measured, when they are read.
        if looked.is_remote() {
            continue;
        }
        let shape = Shape::new(row.leaf_count)?;
        let tiles = folder.tiles(&book_folder(row.asset.id().as_str(), row.kind.as_str()));
        // One by one, to the first that is not there: a row may call for sixteen million.
        for level in 1..=shape.depth() {
            for pack in 0..packs(&shape, level) {
                let path = pack_path(&tiles, level, pack);
                if !rest.remove(&path) {
                    return refuse(&path, "is missing");
                }
                // No digest binds what would follow the last record.
                let length = pack_bytes(&shape, level, pack);
                let found = looked.length("publication", &path)?;
                if found != length {
                    return refuse(&path, &format!("has {found} bytes instead of {length}"));
                }
            }
        }
    }
    match rest.first() {
        Some(path) => refuse(path, "does not belong there"),
        // A host is asked for what belongs to the publication, and lists nothing.
        None if looked.is_remote() => Ok(Facts::from([("listed", "no".to_string())])),
        None => Ok(Facts::from([("files", files.to_string())])),
    }
}
