//! The lists of one attestation, for those who work on with them, and whether they are the exchange's.

use por_protocol::attestation::Attestation;
use por_protocol::book_row::BookRow;
use por_protocol::digest::Digest;
use por_protocol::report::{Checks, Outcome, Step};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::verify::{authenticate, usable_policy};

use super::Publication;
use super::audit::{Evidence, Files, Parts, SignedFiles, check_annexes};
use super::audit_log::AuditedLog;
use super::audited_files::AuditedFiles;
use crate::error::Error;

/// An attestation with its lists, authenticated by the policy.
pub struct AuthenticLists {
    /// The attestation.
    pub attestation: Attestation,
    /// SHA-256 of its exact bytes.
    pub digest: Digest,
    /// Its books.
    pub books: Vec<BookRow>,
    /// Its reserves.
    pub reserves: Vec<ReserveRow>,
}

/// The lists of one attestation, if it is the exchange's: steps 1 to 5, of step 9 who signed, 11 and
/// 12, and nothing else.
///
/// # Errors
/// [`Error::Untrue`] naming the step that failed; [`Error::Refused`] where there is no such attestation; [`Error::Io`].
pub fn authentic_lists(
    publication: &Publication,
    policy: &[u8],
    sequence: Option<u64>,
) -> Result<AuthenticLists, Error> {
    Ok(read_lists(publication, Some(policy), sequence, false)?.0)
}

/// As [`authentic_lists`], and with step 15 the annexes that hold evidence, if `evidence` asks for them. Without a policy
/// steps 2 to 5 are left out: the lists are those of the attestation that lies there, whoever wrote it.
///
/// # Errors
/// As [`authentic_lists`].
pub(super) fn read_lists(
    publication: &Publication,
    policy: Option<&[u8]>,
    sequence: Option<u64>,
    evidence: bool,
) -> Result<(AuthenticLists, Evidence), Error> {
    let looked = AuditedFiles::default();
    let log = AuditedLog::read(publication)?;
    let sequence = sequence.or_else(|| log.last()).ok_or_else(|| {
        Error::refused(
            format!("{} has no log", publication.path().display()),
            "Name the folder that `por publish` wrote.",
        )
    })?;
    let untrue = |why: String| Error::Untrue {
        place: publication.path().display().to_string(),
        why,
        remedy: "Run `por audit` on it, which tells more.".into(),
    };
    let folder = publication.attestation(sequence);
    let files = SignedFiles::read(&looked, &folder)
        .and_then(|signed| Files::read(&looked, &folder, signed));
    let mut checks = Checks::default();
    let parts = files.as_ref().map_err(Clone::clone).and_then(Parts::parse);
    let found = match &parts {
        Ok(parts) => {
            if policy.is_some() {
                let policy = usable_policy(policy);
                let proof = log.proof(sequence);
                let proof = proof.as_ref().map_err(Clone::clone);
                let (note, attestation) = (&parts.note, &parts.attestation);
                authenticate(&mut checks, policy.as_ref(), note, attestation, proof);
                let keys = log.check_keys(publication, (sequence, note))?;
                checks.record(Step::LogComplete, None, keys);
            }
            checks.record(Step::BooksComplete, None, parts.check_books());
            checks.record(Step::ReservesComplete, None, parts.check_reserves());
            if evidence {
                let result = check_annexes(&looked, &folder, &parts.attestation);
                let (evidence, result) = match result {
                    Ok((evidence, facts)) => (evidence, Ok(facts)),
                    Err(error) => (Evidence::new(), Err(error)),
                };
                checks.record(Step::AnnexesPresent, None, result);
                evidence
            } else {
                Evidence::new()
            }
        }
        Err(_) => Evidence::new(),
    };
    // A disk that cannot be read comes before what it made look missing.
    let evidence = looked.judge(found)?;
    let parts = parts.map_err(|error| untrue(error.to_string()))?;
    let report = checks.into_report(None, None, Vec::new());
    let failed = report
        .checks
        .iter()
        .find(|check| check.outcome != Outcome::Passed);
    if let Some(check) = failed {
        let detail = check.detail.clone().unwrap_or_default();
        return Err(untrue(format!("{}: {detail}", check.id)));
    }
    let digest = Digest::of(parts.note.unverified_text().as_bytes());
    let lists = AuthenticLists {
        digest,
        attestation: parts.attestation,
        books: parts.books,
        reserves: parts.reserve_rows,
    };
    Ok((lists, evidence))
}
