//! moto 5, a server of the S3 API in Python, on loopback: installed into a venv below `target/`, once for each list of
//! versions. Where that is not possible, the tests that need it fail and say so.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use por_protocol::digest::Digest;
use rustix::fs::{FlockOperation, flock};

const REQUIREMENTS: &str = include_str!("requirements.txt");
const NEEDS: &str = "these tests need python3 with venv and pip, and PyPI once";

/// A running server. It ends with this process: its standard input does.
pub struct Moto {
    _child: Child,
    endpoint: String,
}

impl Moto {
    /// The one server of this test binary.
    pub fn shared() -> &'static Self {
        static MOTO: OnceLock<Moto> = OnceLock::new();
        MOTO.get_or_init(Self::start)
    }

    fn start() -> Self {
        let mut child = Command::new(installed().join("bin/python"))
            .arg(folder().join("serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(NEEDS);
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        let port: u16 = port.trim().parse().expect("moto did not start");
        Self {
            _child: child,
            endpoint: format!("http://127.0.0.1:{port}"),
        }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A new bucket.
    pub fn make_bucket(&self, name: &str) {
        let made = ureq::put(format!("{}/{name}", self.endpoint))
            .send_empty()
            .unwrap();
        assert_eq!(made.status().as_u16(), 200);
    }

    /// A file of a bucket as any reader gets it: content type, cache control, content encoding, content.
    pub fn get(&self, path: &str) -> (String, String, Option<String>, Vec<u8>) {
        // moto gives anonymous readers nothing, and checks no signature.
        let mut found = ureq::get(format!("{}/{path}", self.endpoint))
            .header("authorization", "AWS reader:none")
            .call()
            .unwrap();
        let header = |name: &str| {
            let value = found.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let (kind, cache) = (header("content-type"), header("cache-control"));
        let encoding = header("content-encoding");
        let content = found.body_mut().read_to_vec().unwrap();
        (
            kind.unwrap_or_default(),
            cache.unwrap_or_default(),
            encoding,
            content,
        )
    }

    /// The names of all files of a bucket.
    pub fn list(&self, bucket: &str) -> Vec<String> {
        let url = format!("{}/{bucket}?list-type=2", self.endpoint);
        let text = ureq::get(url).call().unwrap().body_mut().read_to_string();
        let text = text.unwrap();
        assert!(text.contains("<IsTruncated>false"), "{text}");
        text.split("<Key>")
            .skip(1)
            .map(|rest| rest.split("</Key>").next().unwrap().to_owned())
            .collect()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/moto")
}

/// The venv, installed unless it is there.
fn installed() -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name: String = Digest::of(REQUIREMENTS.as_bytes()).to_string();
    let venv = base.join(format!("moto-{}", &name[..12]));
    let lock = File::create(base.join("moto.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let done = venv.join("installed");
    if !done.exists() {
        let _ = fs::remove_dir_all(&venv);
        must(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        must(
            Command::new(venv.join("bin/python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "-r",
                ])
                .arg(folder().join("requirements.txt")),
        );
        File::create(&done).unwrap();
    }
    venv
}

#[track_caller]
fn must(command: &mut Command) {
    let done = command.output().expect(NEEDS);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{NEEDS}: {command:?}: {said}");
}
