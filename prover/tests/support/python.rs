//! Python with packages from PyPI: a venv below `target/`, installed once for each list of versions. Where that is not
//! possible, the tests that need it fail and say so.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use por_protocol::digest::Digest;
use rustix::fs::{FlockOperation, flock};

const NEEDS: &str = "these tests need python3 with venv and pip, and PyPI once";

/// The interpreter with those packages.
pub fn with(name: &str, requirements: &str) -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let version: String = Digest::of(requirements.as_bytes()).to_string();
    let venv = base.join(format!("{name}-{}", &version[..12]));
    let lock = File::create(base.join(format!("{name}.lock"))).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let done = venv.join("installed");
    if !done.exists() {
        let _ = fs::remove_dir_all(&venv);
        must(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let list = venv.join("requirements.txt");
        fs::write(&list, requirements).unwrap();
        must(
            Command::new(venv.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet"])
                .args(["--disable-pip-version-check", "-r"])
                .arg(&list),
        );
        File::create(&done).unwrap();
    }
    venv.join("bin/python")
}

#[track_caller]
fn must(command: &mut Command) {
    let done = command.output().expect(NEEDS);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{NEEDS}: {command:?}: {said}");
}
