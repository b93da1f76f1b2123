//! A host of static files that does what a test tells it to.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the host does with a file.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Says that there is none.
    Missing,
    /// Answers with this status.
    Status(u16),
    /// Breaks off after so many bytes.
    Cut(usize),
    /// Serves other bytes.
    Instead(Vec<u8>),
}

/// A host on loopback, which lives as long as the test.
pub struct StaticHost {
    address: SocketAddr,
    rules: Arc<Mutex<BTreeMap<String, Rule>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StaticHost {
    pub fn of(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self {
            address: listener.local_addr().unwrap(),
            rules: Arc::default(),
            asked: Arc::default(),
        };
        let (rules, asked) = (Arc::clone(&host.rules), Arc::clone(&host.asked));
        let folder: PathBuf = folder.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                let path = first
                    .split(' ')
                    .nth(1)
                    .unwrap()
                    .trim_start_matches('/')
                    .to_owned();
                while lines
                    .next()
                    .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
                {}
                asked.lock().unwrap().push(path.clone());
                let rule = rules.lock().unwrap().get(&path).cloned();
                let (status, body, cut) = match rule {
                    Some(Rule::Missing) => (404, Vec::new(), None),
                    Some(Rule::Status(status)) => (status, Vec::new(), None),
                    Some(Rule::Instead(bytes)) => (200, bytes, None),
                    other => match fs::read(folder.join(&path)) {
                        Ok(bytes) => match other {
                            Some(Rule::Cut(length)) => (200, bytes, Some(length)),
                            _ => (200, bytes, None),
                        },
                        Err(_) => (404, Vec::new(), None),
                    },
                };
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                // The client may have hung up.
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body[..cut.unwrap_or(body.len())]);
            }
        });
        host
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn rule(&self, path: &str, rule: Rule) {
        self.rules.lock().unwrap().insert(path.to_owned(), rule);
    }

    pub fn forget_rules(&self) {
        self.rules.lock().unwrap().clear();
    }

    /// What was asked for since the last time, in order.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}
