//! Ctrl-C, a service manager, a terminal that is closed: whatever ends `por build` or `por publish`, the same command goes on
//! from there (F-08).
#![allow(missing_docs, reason = "tests")]

#[path = "support/history.rs"]
mod history;
#[path = "support/http.rs"]
mod http;
mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use history::{audit_passes, first_attested, log_at};
use por_protocol::note::{KeyName, WitnessSecretKey};
use rustix::process::{Pid, Signal, kill_process};
use support::{Sample, tree};

const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// Sends the signal once `due`, and says how the process ended.
fn end(mut child: Child, signal: Signal, due: impl Fn() -> bool) -> ExitStatus {
    let start = Instant::now();
    while !due() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        assert!(start.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    let asked = Instant::now();
    let status = child.wait().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5));
    status
}

/// 130, 143 or 129, as a shell shows them.
#[track_caller]
fn ended_by(status: ExitStatus, signal: Signal) {
    let shown = status.code().or(status.signal().map(|signal| 128 + signal));
    assert_eq!(shown, Some(128 + signal.as_raw()));
}

/// Whoever runs the tests in the background may ignore signals, and a child inherits that: `env` (coreutils) undoes it.
fn start(sample: &Sample, arguments: &[&str]) -> Child {
    let mut command = Command::new("env");
    command
        .current_dir(sample.path())
        .args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_por")])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn f_08_a_build_that_is_stopped_goes_on_with_the_same_bytes() {
    let planned = Sample::planned(&["BTC"], 100);
    let whole = planned.copy();
    whole.por("build", &["--threads", "1"]).expect(0);
    let built = tree(&whole.at("exchange/runs/000000/build"));
    for signal in SIGNALS {
        let sample = planned.copy();
        let build = ["build", "--home", "exchange", "--threads", "1"];
        let begun = || sample.at("exchange/runs/000000/build/plan.sha256").exists();
        ended_by(end(start(&sample, &build), signal, begun), signal);
        sample.por("build", &["--threads", "1"]).expect(0);
        assert!(tree(&sample.at("exchange/runs/000000/build")) == built);
    }
}

#[test]
fn f_08_a_publisher_that_is_stopped_while_it_waits_for_witnesses_has_published_nothing() {
    for signal in SIGNALS {
        let sample = first_attested();
        let plain = sample.read("exchange/policy");
        let hanging = http::serve(|_| None);
        let name = KeyName::new("witness.example/w").unwrap();
        let key = WitnessSecretKey::new(name, &std::array::from_fn(|at| at as u8 + 1)).unwrap();
        let log = plain.lines().find(|line| line.starts_with("log ")).unwrap();
        sample.write(
            "exchange/policy",
            format!(
                "{log}\nwitness w {} http://{hanging}\nquorum w\n",
                key.public()
            ),
        );
        let publish = ["publish", "--home", "exchange", "--to", "publication"];
        let signed = || sample.at("exchange/log/head").exists();
        ended_by(end(start(&sample, &publish), signal, signed), signal);
        assert!(log_at(&sample.at("publication")).is_none());
        sample.write("exchange/policy", plain);
        sample.publish().expect(0);
        audit_passes(&sample);
        sample.has_no_leftovers();
    }
}
