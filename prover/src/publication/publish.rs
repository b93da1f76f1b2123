//! Publishing: stage everything beside the target, audit the staged copy in full, then make it appear in one step.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use por_protocol::report::{Included, Outcome, Report};

use super::audit::{AuditOptions, audit};
use super::{AttestationFolder, Publication, sequence_folder};
use crate::durable;
use crate::error::Error;
use crate::home::Run;
use crate::home::folder_name;

/// What the page holds where the policy belongs.
const POLICY_PLACE: &str = "%POR_POLICY%";

/// Publishes an attested run into `target`, which may hold earlier attestations. Returns the report of the audit that
/// the staged copy passed.
///
/// # Errors
/// [`Error::AuditFailed`], [`Error::InTheWay`] if the attestation is published already, [`Error::Io`].
pub fn publish(
    run: &Run,
    policy: &Path,
    page: Option<&Path>,
    target: &Path,
    now: u64,
    progress: bool,
) -> Result<Report, Error> {
    let (plan, _) = run.plan()?;
    if run.path().starts_with(target) || target.starts_with(run.path()) {
        return Err(Error::refused(
            "the publication and the run folder lie inside each other",
            "Publish to a folder that holds no secrets.",
        ));
    }
    let published = Publication::at(target);
    let own = published.attestation(plan.sequence);
    if own.path().exists() {
        return Err(Error::InTheWay {
            path: own.path().to_owned(),
            why: "this attestation is published already".into(),
            remedy: "A correction is a new run: start it with `por plan`.".into(),
        });
    }
    let mut staging_name = target.file_name().unwrap_or_default().to_owned();
    staging_name.push(".staging");
    let staging = target.with_file_name(staging_name);
    if staging.exists() {
        // Left by a run that was killed: nothing in it was ever public.
        std::fs::remove_dir_all(&staging).map_err(Error::io(&staging))?;
    }
    let staged = Publication::at(&staging);
    stage_attestation(run, &staged.attestation(plan.sequence))?;
    let policy_text = std::fs::read(policy).map_err(Error::io(policy))?;
    std::fs::write(staged.policy_path(), &policy_text).map_err(Error::io(&staging))?;
    if let Some(page) = page {
        stage_page(page, &staging, &policy_text)?;
    }
    // The attestations before it, so that the audit sees the order; hard links cost nothing.
    let earlier = if published.attestations_path().exists() {
        published.sequences().map_err(Error::io(target))?
    } else {
        Vec::new()
    };
    for sequence in &earlier {
        let (from, to) = (
            published.attestation(*sequence),
            staged.attestation(*sequence),
        );
        std::fs::create_dir_all(to.path()).map_err(Error::io(to.path()))?;
        std::fs::copy(from.json(), to.json()).map_err(Error::io(&from.json()))?;
    }

    let options = AuditOptions {
        policy: Some(&policy_text),
        now,
        sequence: Some(plan.sequence),
        progress,
    };
    let report = audit(&staged, &options)?;
    if report.included != Included::Verified {
        let failed = report
            .checks
            .iter()
            .find(|check| check.outcome != Outcome::Passed);
        let why = failed
            .map(|check| format!("{}: {}", check.id, check.detail.clone().unwrap_or_default()));
        return Err(Error::AuditFailed {
            why: why.unwrap_or_default(),
        });
    }
    reveal(&published, &staged, plan.sequence, &earlier)?;
    Ok(report)
}

/// Everything of one attestation, and nothing else of the run folder: an allow-list, file by file.
fn stage_attestation(run: &Run, to: &AttestationFolder) -> Result<(), Error> {
    let (plan, _) = run.plan()?;
    let attested = AttestationFolder::at(&run.attested_path());
    std::fs::create_dir_all(to.path()).map_err(Error::io(to.path()))?;
    for (from, to) in [
        (attested.json(), to.json()),
        (attested.note(), to.note()),
        (attested.books(), to.books()),
        (attested.reserves(), to.reserves()),
    ] {
        copy_file(&from, &to)?;
    }
    if attested.annexes().exists() {
        copy_tree(&attested.annexes(), &to.annexes())?;
    }
    for book in &plan.books {
        copy_tree(
            &run.book_path(book).join("tiles"),
            &to.tiles(&folder_name(book)),
        )?;
    }
    Ok(())
}

/// The page, with the policy compiled in: the page's only trust root.
fn stage_page(page: &Path, to: &Path, policy: &[u8]) -> Result<(), Error> {
    copy_tree(page, to)?;
    let index = to.join("index.html");
    let html = std::fs::read_to_string(&index).map_err(Error::io(&index))?;
    if html.matches(POLICY_PLACE).count() != 1 {
        return Err(Error::input(
            &page.join("index.html"),
            "it has no single place for the policy",
            "Give the folder that `npm run build` writes.",
        ));
    }
    let escaped = escape_html(&String::from_utf8_lossy(policy));
    std::fs::write(&index, html.replace(POLICY_PLACE, &escaped)).map_err(Error::io(&index))
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Moves the staged copy into place: whole where nothing was, else the new attestation first and the page after it.
fn reveal(
    published: &Publication,
    staged: &Publication,
    sequence: u64,
    earlier: &[u64],
) -> Result<(), Error> {
    let (target, staging) = (published.path(), staged.path());
    sync_tree(staging)?;
    if earlier.is_empty() && !target.exists() {
        std::fs::rename(staging, target).map_err(Error::io(target))?;
        return durable::sync_parent(target);
    }
    let attestations = published.attestations_path();
    std::fs::create_dir_all(&attestations).map_err(Error::io(&attestations))?;
    let to = attestations.join(sequence_folder(sequence));
    std::fs::rename(staged.attestation(sequence).path(), &to).map_err(Error::io(&to))?;
    durable::sync_parent(&to)?;
    std::fs::remove_dir_all(staged.attestations_path()).map_err(Error::io(staging))?;
    move_tree(staging, target)?;
    std::fs::remove_dir_all(staging).map_err(Error::io(staging))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::copy(from, to).map_err(Error::io(from))?;
    // Public files are readable by the web server, whatever they were in the run folder.
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o644)).map_err(Error::io(to))
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(Error::io(from))?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn move_tree(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(Error::io(from))?.is_dir() {
            move_tree(&entry.path(), &target)?;
        } else {
            std::fs::rename(entry.path(), &target).map_err(Error::io(&target))?;
        }
    }
    Ok(())
}

fn sync_tree(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let path = entry.path();
        if entry.file_type().map_err(Error::io(folder))?.is_dir() {
            sync_tree(&path)?;
        } else {
            std::fs::File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(Error::io(&path))?;
        }
    }
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io(folder))
}
