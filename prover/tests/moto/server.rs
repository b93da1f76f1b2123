//! moto 5, a server of the S3 API in Python, on loopback: installed into a venv below `target/`, once for each list of
//! versions. Where that is not possible, the tests that need it fail and say so.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::python;

const REQUIREMENTS: &str = include_str!("requirements.txt");

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
        let mut child = Command::new(python::with("moto", REQUIREMENTS))
            .arg(folder().join("serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
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
