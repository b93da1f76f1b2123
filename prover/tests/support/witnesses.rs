//! Runs `por witness serve` on a free port of loopback.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use por_protocol::note::WitnessKey;

use crate::support::{command, por_in};

/// A witness's folder, and the process that runs in it.
pub struct Running {
    folder: PathBuf,
    child: Child,
    pub address: SocketAddr,
    /// Kept open, so that what the witness says later does not end it.
    pub stderr: BufReader<ChildStderr>,
}

/// Makes a witness in `folder`, which follows this log, and gives its public key.
pub fn init(folder: &Path, name: &str, log: &str) -> WitnessKey {
    let place = folder.file_name().unwrap().to_str().unwrap();
    let parent = folder.parent().unwrap();
    let made = por_in(
        parent,
        &["witness", "init", "--folder", place, "--name", name],
    )
    .expect(0);
    por_in(parent, &["witness", "follow", "--folder", place, log]).expect(0);
    WitnessKey::from_vkey(made.out.trim_end()).unwrap()
}

impl Running {
    /// Starts it and waits until it listens.
    pub fn start(folder: &Path) -> Self {
        Self::start_as(folder, serve_command(folder))
    }

    /// As [`Running::start`], with a command of the test's.
    pub fn start_as(folder: &Path, mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .and_then(|(address, _)| address.parse().ok())
            .unwrap_or_else(|| panic!("it does not listen: {line}"));
        Self {
            folder: folder.to_owned(),
            child,
            address,
            stderr,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it at once, as a power cut does, but for what the operating system holds.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// How it ended, if it does within this time.
    pub fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < time {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `por witness serve` on a free port.
pub fn serve_command(folder: &Path) -> Command {
    let place = folder.to_str().unwrap();
    command(
        folder,
        &[
            "witness",
            "serve",
            "--folder",
            place,
            "--listen",
            "127.0.0.1:0",
        ],
    )
}
