//! Making the attestation: from built books and signed reserves to the exact bytes and their signature. Needs the log key
//! and no run key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use por_protocol::attestation::{
    Annex, Attestation, ChallengeTerms, Rows, Snapshot, SnapshotBlock, statement_key_name,
};
use por_protocol::balances::{BalanceEvidence, Wallets, is_evidence, verify_balances};
use por_protocol::book_row::BookRow;
use por_protocol::digest::Digest;
use por_protocol::merkle::RowTree;
use por_protocol::note::SecretKey;
use por_protocol::plan::Plan;
use por_protocol::reserve_row::{ReserveRow, ReserveSums};
use por_protocol::state_proof::TokenRegistry;
use por_protocol::suite::{ATTESTATION_FORMAT, SUITE};

use crate::build::BuiltBook;
use crate::error::Error;
use crate::files::durable::{self, Staging};
use crate::files::secret_file;
use crate::home::Run;
use crate::log::{Signed, Signer};
use crate::publication::AttestationFolder;

/// What an attestation is made of besides the built books.
pub struct AttestInput<'a> {
    /// Name of the exchange.
    pub entity: &'a str,
    /// Whether to take the place of an attestation of the same run that nobody has seen.
    pub again: bool,
    /// Sequence of the attestation this one corrects.
    pub supersedes: Option<u64>,
    /// One block for each chain.
    pub blocks: Vec<SnapshotBlock>,
    /// What the ownership signatures signed.
    pub challenge: Option<ChallengeTerms>,
    /// Reserves whose signatures were checked.
    pub reserves: Vec<ReserveRow>,
    /// Longer public files to bind, the evidence of the balances among them.
    pub annexes: &'a [std::path::PathBuf],
    /// Tokens the exchange knows.
    pub tokens: &'a TokenRegistry,
}

/// What came of attesting.
pub enum Attested {
    /// The attestation is signed.
    Done(Box<Attestation>),
    /// Its bytes wait for a signature that is made elsewhere; nothing else was kept.
    ToSign(PathBuf),
}

/// Writes the attested folder of a run: JSON, note, rows, annexes; in one step.
///
/// # Errors
/// [`Error::InTheWay`] if the run is attested already, [`Error::Refused`] if a book is not built, [`Error::Io`],
/// [`Error::Protocol`].
pub fn attest(run: &Run, signer: &Signer, input: AttestInput<'_>) -> Result<Attested, Error> {
    let _lock = run.lock()?;
    let (plan, digest) = run.plan()?;
    let target = run.attested_path();
    if target.exists() {
        run.check_unpublished()?;
        if !input.again {
            return Err(Error::InTheWay {
                path: target,
                why: "this run is attested already".into(),
                remedy: "Go on with `por publish`. Nothing of it is published yet: to attest it anew, give --again."
                    .into(),
            });
        }
    }
    let books = book_rows(run, &plan, &digest, &input.reserves)?;
    let staging = Staging::at(target.with_extension("tmp"))?;
    let folder = AttestationFolder::at(staging.path());
    std::fs::create_dir_all(folder.annexes()).map_err(Error::io(staging.path()))?;
    let annexes = bind_annexes(&folder, input.annexes)?;
    let snapshot = Snapshot {
        time: plan.snapshot_time,
        blocks: input.blocks,
    };
    let evidence = check_balances(
        &folder,
        &snapshot,
        &books,
        &input.reserves,
        &annexes,
        input.tokens,
    )?;
    let attestation = Attestation {
        format: ATTESTATION_FORMAT.into(),
        suite: SUITE.into(),
        entity: input.entity.into(),
        log_origin: plan.log_origin.clone(),
        period: plan.period.clone(),
        sequence: plan.sequence,
        supersedes: input.supersedes,
        snapshot,
        statement_key: statement_key(run, &plan)?.public().to_string(),
        books: write_rows(&folder.books(), &books)?,
        reserves: write_rows(&folder.reserves(), &input.reserves)?,
        challenge: input.challenge,
        annexes,
    };
    check_wallets(&attestation, &input.reserves, &evidence)?;
    let mut text = serde_json::to_string_pretty(&attestation).map_err(|error| Error::Io {
        path: folder.json(),
        source: error.into(),
    })?;
    text.push('\n');
    // What verifiers will read is what is checked here.
    Attestation::parse(text.as_bytes()).map_err(|error| {
        Error::refused(
            format!("attestation: {error}"),
            "Correct the arguments of `por attest`; nothing was signed.",
        )
    })?;
    let note = match signer.sign("attestation", &text)? {
        Signed::Line(line) => format!("{text}\n{line}"),
        Signed::ToSign(path) => return Ok(Attested::ToSign(path)),
    };
    durable::write(&folder.json(), text.as_bytes())?;
    durable::write(&folder.note(), note.as_bytes())?;
    // Two signed attestations of one number would be evidence of two histories (SPEC 7.6.4): the old one goes.
    let old = Staging::at(target.with_extension("old"))?;
    match std::fs::rename(&target, old.path()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(&target)(error));
        }
        _ => {}
    }
    staging.rename(&target)?;
    Ok(Attested::Done(Box::new(attestation)))
}

/// The key that signs statements of this run; drawn once.
fn statement_key(run: &Run, plan: &Plan) -> Result<SecretKey, Error> {
    let path = run.statement_key_path();
    if path.exists() {
        return secret_file::read_signing_key(&path);
    }
    let name = statement_key_name(&plan.log_origin).map_err(Error::protocol("log origin"))?;
    secret_file::create_signing_key(&path, name)
}

fn book_rows(
    run: &Run,
    plan: &Plan,
    digest: &Digest,
    reserves: &[ReserveRow],
) -> Result<Vec<BookRow>, Error> {
    let assets: Vec<_> = plan.books.iter().map(|book| &book.asset).collect();
    let mut sums = ReserveSums::new(&assets);
    for row in reserves {
        sums.add(row).map_err(Error::protocol("reserves"))?;
    }
    plan.books
        .iter()
        .map(|book| {
            let built = BuiltBook::read(run, book, digest)?.ok_or_else(|| {
                Error::refused(
                    format!("the book of {} is not built", book.asset.id()),
                    "Run `por build` first.",
                )
            })?;
            Ok(BookRow {
                asset: book.asset.clone(),
                kind: book.kind,
                leaf_count: book.leaf_count,
                root: built.root,
                total: built.total,
                reserves: sums.of(&book.asset).map_err(Error::protocol("reserves"))?,
            })
        })
        .collect()
}

/// Writes rows, one JSON object a line, and gives what binds them.
fn write_rows<T: serde::Serialize>(path: &Path, rows: &[T]) -> Result<Rows, Error> {
    let fault = |error: serde_json::Error| Error::Io {
        path: path.to_owned(),
        source: error.into(),
    };
    let rows: Vec<Vec<u8>> = rows
        .iter()
        .map(serde_json::to_vec)
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    let mut file = Vec::new();
    for row in &rows {
        file.extend_from_slice(row);
        file.push(b'\n');
    }
    durable::write(path, &file)?;
    Ok(Rows {
        count: rows.len() as u64,
        root: RowTree::new(rows.iter().map(Vec::as_slice)).root(),
    })
}

/// What would fail every audit is not signed.
fn check_balances(
    folder: &AttestationFolder,
    snapshot: &Snapshot,
    books: &[BookRow],
    rows: &[ReserveRow],
    annexes: &[Annex],
    tokens: &TokenRegistry,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut evidence = BTreeMap::new();
    for annex in annexes.iter().filter(|annex| is_evidence(&annex.name)) {
        let path = folder.annexes().join(&annex.name);
        evidence.insert(
            annex.name.clone(),
            std::fs::read(&path).map_err(Error::io(&path))?,
        );
    }
    let assets: Vec<_> = books.iter().map(|book| &book.asset).collect();
    let judged = BalanceEvidence {
        snapshot,
        assets: &assets,
        rows,
        annexes: &evidence,
    };
    verify_balances(&judged, tokens).map_err(|error| {
        Error::refused(
            format!("reserves: {error}"),
            "Collect the balances again with `por reserves collect`; nothing was signed.",
        )
    })?;
    Ok(evidence)
}

/// The signatures of contract wallets, which speak through an annex.
fn check_wallets(
    attestation: &Attestation,
    rows: &[ReserveRow],
    evidence: &BTreeMap<String, Vec<u8>>,
) -> Result<(), Error> {
    let mut rows = rows.iter().filter(|row| row.needs_state()).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let refuse = |error: por_protocol::error::Error| {
        Error::refused(
            format!("contract wallets: {error}"),
            "Collect again with `por reserves collect`, and sign the text that `por challenge` prints.",
        )
    };
    let challenge = attestation.challenge().map_err(refuse)?;
    let wallets = Wallets::read(&attestation.snapshot, evidence).map_err(refuse)?;
    wallets.check_known().map_err(refuse)?;
    rows.try_for_each(|row| wallets.verify_ownership(row, &challenge).map_err(refuse))
}

fn bind_annexes(
    folder: &AttestationFolder,
    files: &[std::path::PathBuf],
) -> Result<Vec<Annex>, Error> {
    let mut annexes = Vec::new();
    for path in files {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_string();
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        durable::write(&folder.annexes().join(&name), &bytes)?;
        annexes.push(Annex {
            name,
            size: bytes.len() as u64,
            sha256: Digest::of(&bytes),
        });
    }
    if annexes.is_empty() {
        std::fs::remove_dir(folder.annexes()).map_err(Error::io(folder.path()))?;
    }
    Ok(annexes)
}
