//! Publishing: stage everything beside the target, audit the staged copy in full, then make it appear in one step.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use por_protocol::report::{Included, Outcome, Report};

use super::audit::{AuditOptions, audit};
use super::{AttestationFolder, Publication, sequence_folder};
use crate::chains::recheck::BalanceChecks;
use crate::durable::{self, Staging};
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
    let _lock = run.lock()?;
    let (plan, _) = run.plan()?;
    let (target, place) = resolve(target)?;
    let secrets = std::fs::canonicalize(run.path()).map_err(Error::io(run.path()))?;
    if secrets.starts_with(&target) || target.starts_with(&secrets) {
        return Err(Error::refused(
            "the publication and the run folder lie inside each other",
            "Publish to a folder that holds no secrets.",
        ));
    }
    let published = Publication::at(&target);
    // What a killed run has left goes first, also where there is nothing more to do.
    let mut staging_name = target.file_name().unwrap_or_default().to_owned();
    staging_name.push(".staging");
    let staging = Staging::at(target.with_file_name(staging_name))?;
    let own = published.attestation(plan.sequence);
    if own.path().exists() {
        return Err(Error::InTheWay {
            path: own.path().to_owned(),
            why: "this attestation is published already".into(),
            remedy: "A correction is a new run: start it with `por plan`.".into(),
        });
    }
    let policy_text = std::fs::read(policy).map_err(Error::io(policy))?;
    if place == Place::Publication {
        check_same_policy(&published, &policy_text)?;
    }
    let staged = Publication::at(staging.path());
    stage_attestation(run, &staged.attestation(plan.sequence))?;
    std::fs::write(staged.policy_path(), &policy_text).map_err(Error::io(staging.path()))?;
    if let Some(page) = page {
        stage_page(page, staging.path(), &policy_text)?;
    }
    // What the attestations before it say, so that the audit sees the order.
    let earlier = match place {
        Place::Publication => published.sequences().map_err(Error::io(&target))?,
        Place::Free => Vec::new(),
    };
    for sequence in &earlier {
        let (from, to) = (
            published.attestation(*sequence),
            staged.attestation(*sequence),
        );
        std::fs::create_dir_all(to.path()).map_err(Error::io(to.path()))?;
        std::fs::copy(from.note(), to.note()).map_err(Error::io(&from.note()))?;
    }

    let balances = BalanceChecks {
        tokens: run.tokens()?,
        ..BalanceChecks::offline()?
    };
    let options = AuditOptions {
        balances: &balances,
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
    reveal(&published, staging, place, plan.sequence)?;
    Ok(report)
}

/// What is at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing, or an empty folder.
    Free,
    /// A publication.
    Publication,
}

/// The target as an absolute path without links, so that one folder has one name, and what is there.
fn resolve(target: &Path) -> Result<(PathBuf, Place), Error> {
    let in_the_way = |why: &str, remedy: &str| Error::InTheWay {
        path: target.to_owned(),
        why: why.into(),
        remedy: remedy.into(),
    };
    match std::fs::read_dir(target) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                let target = std::fs::canonicalize(target).map_err(Error::io(target))?;
                return Ok((target, Place::Free));
            }
            if !Publication::is_at(target) {
                return Err(in_the_way(
                    "the folder holds other things than a publication",
                    "Name a new folder, an empty one, or a publication of this exchange.",
                ));
            }
            let target = std::fs::canonicalize(target).map_err(Error::io(target))?;
            Ok((target, Place::Publication))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
                return Err(Error::io(target)(error));
            };
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            let parent = std::fs::canonicalize(parent).map_err(|_| {
                in_the_way(
                    "the folder to make it in does not exist",
                    "Make that folder first.",
                )
            })?;
            Ok((parent.join(name), Place::Free))
        }
        Err(error) => Err(Error::io(target)(error)),
    }
}

/// Another policy is another exchange's publication, or another trust root than customers were given.
fn check_same_policy(published: &Publication, policy: &[u8]) -> Result<(), Error> {
    let path = published.policy_path();
    if std::fs::read(&path).map_err(Error::io(&path))? == policy {
        return Ok(());
    }
    Err(Error::InTheWay {
        path,
        why: "the publication has another policy than this exchange".into(),
        remedy: "Name this exchange's own publication, or put the new policy there first.".into(),
    })
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
    check_page(page, page)?;
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

/// A page is `index.html` and `assets/` with files of these kinds; whatever else lies there is not published.
fn check_page(page: &Path, folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        let kind = std::fs::symlink_metadata(&path)
            .map_err(Error::io(&path))?
            .file_type();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let expected = if folder == page {
            (kind.is_file() && path.ends_with("index.html"))
                || (kind.is_dir() && path.ends_with("assets"))
        } else {
            kind.is_file() && matches!(ending, Some("js" | "css" | "wasm"))
        };
        if !expected {
            return Err(Error::input(
                &path,
                "it is no part of the page",
                "Give the folder that `npm run build` writes, and nothing else in it.",
            ));
        }
        if kind.is_dir() {
            check_page(page, &path)?;
        }
    }
    Ok(())
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Moves the staged copy into place: whole where nothing was; else page and policy first and the new attestation last, in
/// one step. A run that is killed before it leaves the old attestations, and can be started again.
fn reveal(
    published: &Publication,
    staging: Staging,
    place: Place,
    sequence: u64,
) -> Result<(), Error> {
    sync_tree(staging.path())?;
    if place == Place::Free {
        return staging.rename(published.path());
    }
    let staged = Publication::at(staging.path());
    let attestation = staging.path().join(sequence_folder(sequence));
    std::fs::rename(staged.attestation(sequence).path(), &attestation)
        .map_err(Error::io(&attestation))?;
    let rest = staged.attestations_path();
    std::fs::remove_dir_all(&rest).map_err(Error::io(&rest))?;
    move_tree(staged.path(), published.path(), Some(&attestation))?;
    let to = published
        .attestations_path()
        .join(sequence_folder(sequence));
    std::fs::rename(&attestation, &to).map_err(Error::io(&to))?;
    durable::sync_parent(&to)
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

/// Moves everything but `except`.
fn move_tree(from: &Path, to: &Path, except: Option<&Path>) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let target = to.join(entry.file_name());
        if except == Some(&entry.path()) {
            continue;
        }
        if entry.file_type().map_err(Error::io(from))?.is_dir() {
            move_tree(&entry.path(), &target, None)?;
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
