//! System packages that tests need, installed where they are missing.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// Makes sure that there is this command; a test that cannot have it fails.
pub fn install(command: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|failed| failed.into_inner());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/install-packages.sh");
    let installed = Command::new(script).arg(command).status().unwrap();
    assert!(installed.success(), "the test needs {command}");
}
