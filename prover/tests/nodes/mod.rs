//! Real nodes on loopback, started and stopped by the tests. What cannot be installed fails the test and says why.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(missing_docs, reason = "tests")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use por_prover::chains::json_rpc::{Endpoint, JsonRpc, Limits};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Installs the nodes once, and prints their versions.
pub fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nodes");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/nodes/install.sh");
        let done = Command::new(&script).arg(&folder).output().unwrap();
        assert!(
            done.status.success(),
            "the nodes that this test needs cannot be installed:\n{}",
            String::from_utf8_lossy(&done.stderr)
        );
        println!("{}", String::from_utf8_lossy(&done.stdout));
        folder
    })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A running node; killed when dropped.
#[derive(Debug)]
pub struct Node {
    child: Child,
    pub url: String,
    pub folder: TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Node {
    /// An EVM chain of its own. One block for each transaction.
    pub fn anvil(chain_id: u64) -> Self {
        let program = installed().join("npm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        let port = free_port().to_string();
        let id = chain_id.to_string();
        let arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--chain-id",
            &id,
            "--silent",
        ];
        let node = Self::start(&program, &arguments, &port, |_| ());
        node.wait("eth_chainId");
        node
    }

    /// A Bitcoin node in regtest, with the index that MuHashes of past blocks need, and a wallet.
    pub fn knots() -> Self {
        let program = installed().join("knots/bitcoind");
        let (port, peers) = (free_port().to_string(), free_port());
        let node = Self::start(&program, &[], &port, |command| {
            command.args([
                "-regtest",
                "-server",
                "-listen=0",
                "-coinstatsindex=1",
                "-txindex=0",
            ]);
            command.args([
                "-fallbackfee=0.0001",
                "-rpcbind=127.0.0.1",
                "-rpcallowip=127.0.0.1",
            ]);
            command.args([format!("-rpcport={port}"), format!("-port={peers}")]);
        });
        node.wait_for(|node| node.cookie().exists());
        node.wait("getblockchaininfo");
        node
    }

    fn start(
        program: &Path,
        arguments: &[&str],
        port: &str,
        more: impl FnOnce(&mut Command),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(arguments);
        more(&mut command);
        if program.ends_with("bitcoind") {
            command.arg(format!("-datadir={}", folder.path().display()));
        }
        let child = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        }
    }

    /// The file with the password that a Bitcoin node draws at each start.
    pub fn cookie(&self) -> PathBuf {
        self.folder.path().join("regtest/.cookie")
    }

    pub fn client(&self) -> JsonRpc {
        self.client_at("")
    }

    pub fn client_at(&self, path: &str) -> JsonRpc {
        let cookie = Some(self.cookie()).filter(|cookie| cookie.exists());
        let endpoint = Endpoint::new(&format!("{}{path}", self.url), cookie.as_deref()).unwrap();
        JsonRpc::new(endpoint, Limits::default())
    }

    #[track_caller]
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.client().call(method, params).unwrap()
    }

    /// A call to the wallet of a Bitcoin node.
    #[track_caller]
    pub fn wallet(&self, method: &str, params: Value) -> Value {
        self.client_at("/wallet/tests")
            .call(method, params)
            .unwrap()
    }

    fn wait(&self, method: &str) {
        self.wait_for(|node| node.client().call::<Value>(method, json!([])).is_ok());
    }

    #[track_caller]
    pub fn wait_for(&self, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{} is not ready",
                self.url
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
