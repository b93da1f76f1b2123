//! Runs `por` under `strace`, which writes down what it asks of the file system, and kills it or makes a call of it fail.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::packages;
use crate::support::{Done, run};

/// Every call that changes files, or makes a change last.
const CALLS: &str = "write,writev,pwrite64,copy_file_range,sendfile,ftruncate,fchmod,fsync,fdatasync,openat,rename,renameat,\
                     renameat2,link,linkat,symlinkat,mkdir,mkdirat,unlink,unlinkat,rmdir";

/// What strace writes where the end of a call comes later, or, of a call that killed the program, never.
const UNFINISHED: &str = " <unfinished ...>";

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

    /// What it does, whether its names are absolute or within an open folder: `rename` for `renameat`, too.
    pub fn kind(&self) -> &str {
        match self.name.as_str() {
            "openat" | "openat2" => "open",
            "mkdirat" => "mkdir",
            "linkat" => "link",
            "renameat" | "renameat2" => "rename",
            "unlinkat" => "unlink",
            name => name,
        }
    }

    /// Every path in it, in order: of descriptors, and of strings, which begin at the folder that they are named within.
    pub fn paths(&self) -> Vec<String> {
        let within = self.kind() != self.name;
        let mut paths: Vec<String> = Vec::new();
        let mut rest = self.line.as_str();
        while let Some(at) = rest.find(['<', '"']) {
            let end = if rest[at..].starts_with('<') {
                '>'
            } else {
                '"'
            };
            let named = end == '"' && within && rest[..at].ends_with(", ");
            let from = &rest[at + 1..];
            let Some(length) = from.find(end) else { break };
            let path = &from[..length];
            match paths.last_mut().filter(|_| named) {
                Some(folder) => *folder = Path::new(folder).join(path).to_str().unwrap().to_owned(),
                None => paths.push(path.to_owned()),
            }
            rest = &from[length + 1..];
        }
        paths
    }
}

fn strace(folder: &Path, options: &[&str], arguments: &[&str]) -> Command {
    packages::install("strace");
    let mut command = Command::new("strace");
    command
        .current_dir(folder)
        .args(["-f", "-y", "-qqq", "-s", "4096"])
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

/// Runs the command while these calls fail for one file. Gives how many did.
pub fn at_file(
    folder: &Path,
    arguments: &[&str],
    file: &Path,
    calls: &str,
    error: &str,
) -> (Done, usize) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let inject = format!("inject={calls}:error={error}");
    // strace adds the absolute name, and says so among what the command says.
    let name = file.strip_prefix(folder).unwrap().to_str().unwrap();
    let log_path = log.path().to_str().unwrap();
    let options = ["-o", log_path, "-e", &inject, "-P", name];
    let mut done = run(&mut strace(folder, &options, arguments));
    if let Some(rest) = done.err.strip_prefix("strace: Requested path") {
        done.err = rest.split_once('\n').unwrap().1.to_owned();
    }
    let trace = fs::read_to_string(log.path()).unwrap();
    (done, trace.matches("(INJECTED)").count())
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
        // A call that another thread's came between is shown in two pieces.
        if let Some((_, end)) = call
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            if let Some(begun) = calls.last_mut() {
                begun.line = begun.line.replace(UNFINISHED, "") + end;
            }
            continue;
        }
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        // `+++ exited` is no call.
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

#[test]
fn a_call_in_two_pieces_is_one() {
    let trace = "7 fsync(5</a/b> <unfinished ...>\n8 write(1</dev/null>, \"x\", 1) = 1\n7 <... fsync resumed>) = 0\n\
                 7 openat(3</a>, \"c\", O_RDONLY <unfinished ...>\n8 +++ exited with 0 +++\n7 <... openat resumed>) = 6</a/c>\n\
                 7 fsync(6</a/c> <unfinished ...>\n7 +++ killed by SIGKILL +++\n";
    let lines: Vec<_> = parse(trace).into_iter().map(|call| call.line).collect();
    let whole = [
        "fsync(5</a/b>) = 0",
        "openat(3</a>, \"c\", O_RDONLY) = 6</a/c>",
        "fsync(6</a/c> <unfinished ...>",
    ];
    assert_eq!(lines, whole);
}
