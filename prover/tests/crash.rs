//! `por publish` of a second month, killed at every change it makes to a file, on a disk that fails or is full, and on one
//! that loses power: the old state or the new, and the same command finishes it (F-01, F-02, F-03, F-06).
#![allow(missing_docs, reason = "tests")]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/faults.rs"]
mod faults;
#[path = "support/history.rs"]
mod history;
#[path = "support/packages.rs"]
mod packages;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use disk::Disk;
use faults::{Call, inject, trace};
use history::{
    attest_second, audit_passes, checkpoint, entries, first_attested, log_at, sequences,
};
use support::{Done, Sample, command, run, tree};

const PUBLISH: [&str; 5] = ["publish", "--home", "exchange", "--to", "publication"];
/// What it says when it is done, and must never say otherwise.
const SAID: &str = "Audited and published";
/// As many at a time: most of it waits for processes and the disk.
const WORKERS: usize = 3;

/// Two months, the second to be published; what publishing it asks of the file system; what is there afterwards.
struct Reference {
    ready: Sample,
    calls: Vec<Call>,
    publication: BTreeMap<String, Vec<u8>>,
    proof: String,
}

fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let ready = first_attested();
        ready.publish().expect(0);
        attest_second(&ready, "BTC=112");
        let done = ready.copy();
        let (said, calls) = trace(done.path(), &PUBLISH);
        said.says(0, &[SAID]);
        audit_passes(&done);
        Reference {
            ready,
            calls: calls.into_iter().filter(Call::is_change).collect(),
            publication: published(&done),
            proof: done.read("exchange/runs/000001/log.proof"),
        }
    })
}

/// The publication without the lock of its writers.
fn published(sample: &Sample) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(&sample.at("publication"));
    files.remove(".por.lock");
    files
}

/// Every state that a kill can leave: before each call that follows a visible change.
fn kill_points() -> Vec<Call> {
    let mut changed = true;
    let mut points = Vec::new();
    for call in &reference().calls {
        if changed {
            points.push(call.clone());
        }
        changed = call.is_visible();
    }
    points
}

/// Every third call of these names, and all that are about the head, the checkpoint or the proof.
fn fault_points(names: &[&str]) -> Vec<Call> {
    let named = |call: &&Call| names.contains(&call.kind());
    let vital = |call: &Call| {
        let words = ["log/head", "log/checkpoint", "log.proof"];
        let paths = call.paths();
        words
            .iter()
            .any(|word| paths.iter().any(|path| path.contains(word)))
    };
    let calls = reference().calls.iter().filter(named).enumerate();
    calls
        .filter(|(number, call)| number % 3 == 0 || vital(call))
        .map(|(_, call)| call.clone())
        .collect()
}

/// Runs `check` on a copy of the sample for each of the calls.
fn at_each(calls: &[Call], check: impl Fn(&Sample, &Call) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(call) = calls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(&reference().ready.copy(), call);
                }
            });
        }
    });
}

/// The publication is what it was or what it is to be, whoever looks; the same command makes it what it is to be.
#[track_caller]
fn old_or_new_and_a_rerun_finishes(sample: &Sample, call: &Call) {
    let log = log_at(&sample.at("publication")).expect("the first month is there");
    let new = match sequences(log.history())[..] {
        [0] => false,
        [0, 1] => true,
        ref other => panic!("{other:?} after {}", call.line),
    };
    audit_passes(sample);
    let proven = sample.at("exchange/runs/000001/log.proof").exists();
    let rerun = run(&mut command(sample.path(), &PUBLISH));
    if new && proven {
        rerun.refuses(4, &["published already"]);
    } else if new {
        rerun.says(0, &["Finished what a run that was stopped had left"]);
    } else {
        rerun.says(0, &[SAID, "2 entries"]);
    }
    assert_eq!(entries(&checkpoint(sample)), 2, "{}", call.line);
    assert!(
        published(sample) == reference().publication,
        "{}",
        call.line
    );
    assert_eq!(
        sample.read("exchange/runs/000001/log.proof"),
        reference().proof
    );
    assert!(!sample.at("exchange/runs/000001/staged").exists());
    sample.has_no_leftovers();
}

#[test]
fn f_01_killed_at_every_change_it_leaves_the_old_state_or_the_new() {
    let points = kill_points();
    assert!(points.len() > 40, "{}", points.len());
    at_each(&points, |sample, call| {
        let (killed, calls) = inject(sample.path(), &PUBLISH, call, "signal=SIGKILL");
        assert_eq!(killed.code, -1, "{}\n{}", call.line, killed.err);
        let last = calls.iter().rfind(|call| call.is_change()).unwrap();
        assert_eq!((&last.name, last.nth), (&call.name, call.nth));
        assert!(!killed.err.contains(SAID));
        old_or_new_and_a_rerun_finishes(sample, call);
    });
}

/// A call that failed is an error of its own, or one that is allowed to fail and whose failure changes nothing.
#[track_caller]
fn fails_or_makes_no_difference(call: &Call, done: &Done) {
    let staged = call.line.contains("/staged");
    match done.code {
        // Where no second name can be given, files are staged by copying; what is staged is deleted later if not now.
        0 if staged => assert!(done.err.contains(SAID)),
        4 => {
            assert!(done.err.starts_with("por: "), "{}", done.err);
            assert!(!done.err.contains(SAID), "{}\n{}", call.line, done.err);
            assert!(!done.err.contains("panicked"), "{}", done.err);
        }
        code => panic!("exit {code} after {}\n{}", call.line, done.err),
    }
}

#[test]
fn f_02_on_a_full_disk_it_ends_with_4_and_publishes_nothing_in_part() {
    let points = fault_points(&[
        "write",
        "copy_file_range",
        "open",
        "mkdir",
        "link",
        "rename",
    ]);
    assert!(points.len() > 20, "{}", points.len());
    at_each(&points, |sample, call| {
        let (done, _) = inject(sample.path(), &PUBLISH, call, "error=ENOSPC");
        fails_or_makes_no_difference(call, &done);
        old_or_new_and_a_rerun_finishes(sample, call);
    });
}

#[test]
fn f_03_where_the_disk_fails_it_never_says_published() {
    let points = fault_points(&["fsync", "rename", "link", "write", "unlink", "fchmod"]);
    assert!(points.len() > 20, "{}", points.len());
    at_each(&points, |sample, call| {
        let (done, _) = inject(sample.path(), &PUBLISH, call, "error=EIO");
        fails_or_makes_no_difference(call, &done);
        old_or_new_and_a_rerun_finishes(sample, call);
    });
}

#[test]
fn f_07_a_link_that_is_swapped_in_while_it_writes_leads_nowhere() {
    let sample = reference().ready.copy();
    let mut calls = reference().calls.iter();
    let name = "publication/attestations/000001/books.jsonl";
    let books = calls.find(|call| {
        let to = call.paths().pop();
        call.kind() == "link" && to.is_some_and(|to| to.ends_with(name))
    });
    let folder = sample.at("publication/attestations/000001");
    fs::create_dir(sample.at("elsewhere")).unwrap();
    let done = std::thread::scope(|scope| {
        let publishing = scope.spawn(|| {
            let wait = "delay_enter=3000000";
            inject(sample.path(), &PUBLISH, books.unwrap(), wait).0
        });
        // The folder is there, a file of it is made, and before the next gets its name the folder is another's.
        while !folder.join("attestation.note").exists() {
            assert!(!publishing.is_finished());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        fs::rename(&folder, sample.at("moved")).unwrap();
        std::os::unix::fs::symlink(sample.at("elsewhere"), &folder).unwrap();
        publishing.join().unwrap()
    });
    done.refuses(4, &["000001", "it is a link"]);
    assert!(tree(&sample.at("elsewhere")).is_empty());
    assert!(sample.at("moved/books.jsonl").exists(), "it came too late");
    assert_eq!(entries(&checkpoint(&sample)), 1);
}

/// Follows a run call by call. When the checkpoint gets its name, nothing that it speaks of may be lost by a power loss, nor
/// the signer's own memory; at the end, nothing at all.
fn power_loss_is_harmless(sample: &Sample, disk: &mut Disk, calls: &[Call], finished: bool) {
    let root = fs::canonicalize(sample.path()).unwrap();
    let (publication, memory) = (root.join("publication"), root.join("exchange/log"));
    let passing = |path: &String| path.ends_with("/.por.tmp") || path.ends_with("/.por.lock");
    let lost = |disk: &Disk, folder: &Path| {
        let mut lost = disk.lost_below(folder);
        lost.retain(|path| !passing(path) && !path.ends_with("/lock"));
        lost
    };
    for call in calls {
        let named = |part: &str| call.paths().iter().any(|path| path.contains(part));
        let to_checkpoint = call.kind() == "rename" && named("publication/log/checkpoint");
        let of_log = to_checkpoint || named("publication/log/tile");
        if of_log && !call.name.ends_with("sync") {
            assert_eq!(lost(disk, &memory), [""; 0], "before {}", call.line);
        }
        if to_checkpoint {
            assert_eq!(lost(disk, &publication), [""; 0], "before {}", call.line);
        }
        disk.apply(&root, call);
    }
    if finished {
        assert_eq!(lost(disk, &publication), [""; 0]);
        assert_eq!(lost(disk, &memory), [""; 0]);
        let proof = root.join("exchange/runs/000001/log.proof");
        assert_eq!(lost(disk, &proof), [""; 0]);
    }
}

#[test]
fn f_06_a_power_loss_takes_nothing_that_a_published_head_speaks_of() {
    // A first month, with all its folders; then a second.
    let first = first_attested();
    let (done, calls) = trace(first.path(), &PUBLISH);
    done.expect(0);
    power_loss_is_harmless(&first, &mut Disk::default(), &calls, true);
    let second = reference().ready.copy();
    let (done, calls) = trace(second.path(), &PUBLISH);
    done.expect(0);
    power_loss_is_harmless(&second, &mut Disk::default(), &calls, true);

    // What a killed run made and had no time to flush, the run that finishes it must flush.
    let named = |call: &Call| matches!(call.kind(), "link" | "rename" | "mkdir");
    let ours = |call: &Call| !call.line.contains("/staged");
    let changes = &reference().calls;
    let after: Vec<Call> = changes
        .iter()
        .zip(changes.iter().skip(1))
        .filter(|(call, _)| named(call) && ours(call) && call.is_visible())
        .map(|(_, next)| next.clone())
        .collect();
    assert!(after.len() > 10, "{}", after.len());
    at_each(&after, |sample, call| {
        let mut disk = Disk::default();
        let (_, killed) = inject(sample.path(), &PUBLISH, call, "signal=SIGKILL");
        power_loss_is_harmless(sample, &mut disk, &killed, false);
        let (_, rerun) = trace(sample.path(), &PUBLISH);
        power_loss_is_harmless(sample, &mut disk, &rerun, true);
    });
}

#[test]
fn f_06_a_power_loss_takes_no_key_and_nothing_that_was_signed() {
    let sample = Sample::new(&["BTC"], 100);
    let root = fs::canonicalize(sample.path()).unwrap();
    let follow = |disk: &mut Disk, arguments: &[&str]| {
        let (done, calls) = trace(sample.path(), arguments);
        done.expect(0);
        calls.iter().for_each(|call| disk.apply(&root, call));
        let mut lost = disk.lost_below(&root);
        // A lock holds nothing, and a pipe is no file.
        lost.retain(|path| !path.ends_with("/lock") && !path.contains("/pipe:"));
        assert_eq!(lost, [""; 0], "{arguments:?}");
    };
    let disk = &mut Disk::default();
    let names = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    follow(disk, &[&["init", "--home", "fresh"], &names[..]].concat());
    sample.plan(&["--leaves", "BTC=112"]).expect(0);
    sample.por("build", &["--threads", "1"]).expect(0);
    let mut attest = vec!["attest", "--home", "exchange", "--reserves", "reserves.csv"];
    attest.extend(["--block-header", "header.hex", "--nonce", support::NONCE]);
    attest.extend(["--block", support::BLOCKS[0], "--block", support::BLOCKS[1]]);
    follow(disk, &attest);
    sample.publish().expect(0);
    let all = ["statement", "--home", "exchange", "--all", "--out", "all"];
    follow(disk, &all);
}

/// A small disk of memory, in a folder; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Needs root; a test that cannot have it fails.
    fn new(kib: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={kib}k,mode=700"),
                "none",
            ])
            .arg(folder.path())
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "no small disk"
        );
        Self(folder)
    }

    /// Leaves so much room.
    fn leave(&self, kib: usize) {
        let now = rustix::fs::statvfs(self.0.path()).unwrap();
        let used = (now.f_blocks - now.f_bfree) * now.f_frsize / 1024;
        self.resize(usize::try_from(used).unwrap() + kib);
    }

    fn resize(&self, kib: usize) {
        let resized = Command::new("mount")
            .args(["-o", &format!("remount,size={kib}k")])
            .arg(self.0.path())
            .status();
        assert!(resized.is_ok_and(|status| status.success()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        if !std::thread::panicking() {
            assert!(unmounted.is_ok_and(|status| status.success()));
        }
    }
}

#[test]
fn f_02_a_small_disk_that_fills_is_said_and_more_room_is_enough() {
    let planned = Sample::new(&["BTC"], 100);
    planned.plan(&["--leaves", "BTC=112"]).expect(0);
    let (mut stopped_build, mut stopped_publish) = (0, 0);
    for kib in [4, 12, 20, 32, 44, 60, 80, 120] {
        let disk = SmallDisk::new(4096);
        let at = |name: &str| disk.0.path().join(name);
        support::copy_tree(&planned.at("exchange"), &at("exchange"));
        let arguments = |command: &'static str| [command, "--home", "exchange"];
        let por = |arguments: &[&str]| run(&mut command(disk.0.path(), arguments));

        disk.leave(kib);
        let built = por(&arguments("build"));
        if built.code != 0 {
            stopped_build += 1;
            built.refuses(4, &["Make room"]);
            disk.resize(4096);
            por(&arguments("build")).expect(0);
        }
        disk.resize(4096);
        for name in ["reserves.csv", "header.hex"] {
            fs::copy(planned.at(name), at(name)).unwrap();
        }
        let mut attest = arguments("attest").to_vec();
        attest.extend(["--reserves", "reserves.csv", "--block-header", "header.hex"]);
        attest.extend(["--nonce", support::NONCE]);
        attest.extend(["--block", support::BLOCKS[0], "--block", support::BLOCKS[1]]);
        por(&attest).expect(0);

        disk.leave(kib);
        let done = por(&PUBLISH);
        if done.code != 0 {
            stopped_publish += 1;
            let done = done.refuses(4, &["Make room"]);
            assert!(!done.err.contains(SAID));
            assert!(log_at(&at("publication")).is_none());
            disk.resize(4096);
            por(&PUBLISH).says(0, &[SAID]);
        }
        let audit = ["audit", "publication", "--policy", "exchange/policy"];
        por(&audit).expect(0);
    }
    assert!(
        stopped_build > 1 && stopped_publish > 1,
        "{stopped_build} {stopped_publish}"
    );
}
