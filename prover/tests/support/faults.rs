//! Runs `por` under `strace`, which writes down what it asks of the file system, and kills it or makes a call of it fail.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;

use crate::support::{Done, run};

/// Every call that changes files, or makes a change last.
const CALLS: &str = "write,writev,pwrite64,copy_file_range,sendfile,ftruncate,fchmod,fsync,fdatasync,openat,rename,renameat,\
                     renameat2,link,linkat,symlinkat,mkdir,mkdirat,unlink,unlinkat,rmdir";

/// One call of the main thread, as strace shows it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name of the system call.
    pub name: String,
    /// Which of the calls of that name it is, from 1.
    pub nth: usize,
    /// The whole line.
    pub line: String,
}

impl Call {
    /// Whether it is about the exchange's folder or the publication and may change it.
    pub fn is_change(&self) -> bool {
        let ours = self.line.contains("exchange/") || self.line.contains("publication");
        // What it tells people goes to its first descriptors, and may name the same files.
        let told = self.line.starts_with("write(1<") || self.line.starts_with("write(2<");
        ours && !told && (self.name != "openat" || self.line.contains("O_CREAT"))
    }

    /// Whether it did something that a reader of the files can see.
    pub fn is_visible(&self) -> bool {
        self.is_change() && !self.name.ends_with("sync") && !self.line.contains(" = -1 ")
    }

    /// Every path in it, in order: of descriptors and of strings.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let mut rest = self.line.as_str();
        while let Some(at) = rest.find(['<', '"']) {
            let end = if rest[at..].starts_with('<') {
                '>'
            } else {
                '"'
            };
            let from = &rest[at + 1..];
            let Some(length) = from.find(end) else { break };
            paths.push(from[..length].to_owned());
            rest = &from[length + 1..];
        }
        paths
    }
}

/// Installs strace where it is missing; a test that cannot have it fails.
fn install() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/install-strace.sh");
        let installed = Command::new(script).status().unwrap();
        assert!(installed.success(), "the test needs strace");
    });
}

fn strace(folder: &Path, options: &[&str], arguments: &[&str]) -> Command {
    install();
    let mut command = Command::new("strace");
    command
        .current_dir(folder)
        .args(["-f", "-y", "-qq", "-s", "4096"])
        .args(options)
        .arg(env!("CARGO_BIN_EXE_por"))
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// Runs the command to its end and gives what its main thread asked for.
pub fn trace(folder: &Path, arguments: &[&str]) -> (Done, Vec<Call>) {
    traced(folder, &[], arguments)
}

/// Runs the command with a fault, as strace writes it (`signal=SIGKILL`, `error=EIO`), at this call.
pub fn inject(folder: &Path, arguments: &[&str], call: &Call, fault: &str) -> (Done, Vec<Call>) {
    let inject = format!("inject={}:{fault}:when={}", call.name, call.nth);
    traced(folder, &["-e", &inject], arguments)
}

fn traced(folder: &Path, options: &[&str], arguments: &[&str]) -> (Done, Vec<Call>) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let calls = format!("trace={CALLS}");
    let mut all = vec!["-o", log.path().to_str().unwrap(), "-e", &calls];
    all.extend(options);
    let done = run(&mut strace(folder, &all, arguments));
    let calls = parse(&String::from_utf8_lossy(&fs::read(log.path()).unwrap()));
    assert!(!calls.is_empty(), "strace saw nothing: {}", done.err);
    (done, calls)
}

fn parse(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut main = None;
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        if *main.get_or_insert(thread) != thread {
            continue;
        }
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        // `<... fsync resumed>` and `+++ exited` are no calls.
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            continue;
        }
        let nth = calls.iter().filter(|other| other.name == name).count() + 1;
        calls.push(Call {
            name: name.to_owned(),
            nth,
            line: call.to_owned(),
        });
    }
    calls
}
