//! A small server in this process that speaks as much of the S3 API as a publication needs, and can be told to cheat; and
//! serves a folder as a plain web host does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use por_protocol::digest::Digest;

/// How a server cheats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Not at all.
    Honest,
    /// Says Ok to `If-None-Match: *` where a file stands, and overwrites.
    Overwrites,
    /// Says Ok to `If-Match` with an entity tag of the past, and overwrites.
    ForgetsVersions,
    /// Another publisher writes this file in the moment before each write to it.
    Faster(&'static str),
    /// Denies everything, and quotes the whole request in its answer.
    Denies,
    /// Sends everyone elsewhere.
    Redirects,
    /// A plain host of the files below this folder.
    Host(PathBuf),
}

/// A server on loopback, for as long as the test process lives.
pub struct Quirky {
    pub endpoint: String,
    pub files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Quirky {
    pub fn start(quirk: Quirk) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(BTreeMap::new()));
        let shared = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (files, quirk) = (Arc::clone(&shared), quirk.clone());
                std::thread::spawn(move || answer(stream.unwrap(), &quirk, &files));
            }
        });
        Self { endpoint, files }
    }

    pub fn names(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }
}

/// One request of a connection, which is closed then.
fn answer(stream: TcpStream, quirk: &Quirk, files: &Mutex<BTreeMap<String, Vec<u8>>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let path = target.trim_start_matches('/').split('?').next().unwrap();
    let tag = |bytes: &[u8]| format!("\"{}\"", Digest::of(bytes));
    let mut files = files.lock().unwrap();
    let (status, content) = match (quirk, method) {
        (Quirk::Denies, _) => {
            let text = format!("<Error><Code>AccessDenied</Code><Message>{head}</Message></Error>");
            ("403 Forbidden", text.into_bytes())
        }
        (Quirk::Redirects, _) => ("302 Found", Vec::new()),
        (Quirk::Host(folder), "GET") => match std::fs::read(folder.join(path)) {
            Ok(content) => ("200 OK", content),
            Err(_) => ("404 Not Found", Vec::new()),
        },
        (_, "GET") => match files.get(path) {
            Some(content) => ("200 OK", content.clone()),
            None => ("404 Not Found", Vec::new()),
        },
        (_, "PUT") => {
            if matches!(quirk, Quirk::Faster(name) if path.ends_with(name)) {
                files.insert(path.into(), b"written by somebody else\n".to_vec());
            }
            let present = files.get(path);
            let create = header("if-none-match").is_some() && *quirk != Quirk::Overwrites;
            let update = header("if-match").filter(|_| *quirk != Quirk::ForgetsVersions);
            let stale = update
                .is_some_and(|wanted| present.map(|found| tag(found)).as_deref() != Some(wanted));
            if (create && present.is_some()) || stale {
                ("412 Precondition Failed", Vec::new())
            } else {
                files.insert(path.into(), body.clone());
                ("200 OK", Vec::new())
            }
        }
        // The deletion of several files, each named in the body.
        (_, "POST") => {
            let text = String::from_utf8(body.clone()).unwrap();
            let mut deleted = String::new();
            for name in text.split("<Key>").skip(1) {
                let name = name.split("</Key>").next().unwrap();
                files.retain(|path, _| !path.ends_with(name));
                deleted.push_str(&format!("<Deleted><Key>{name}</Key></Deleted>"));
            }
            let text = format!("<DeleteResult>{deleted}</DeleteResult>");
            ("200 OK", text.into_bytes())
        }
        _ => ("405 Method Not Allowed", Vec::new()),
    };
    let tagged = if method == "PUT" { &body } else { &content };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: {}\r\nlast-modified: Sat, 01 Nov 2025 00:00:00 GMT\r\n\
         location: http://127.0.0.1:9/\r\nconnection: close\r\n\r\n",
        content.len(),
        tag(tagged)
    );
    let mut stream = stream;
    // A client that has read enough closes first.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&content));
}
