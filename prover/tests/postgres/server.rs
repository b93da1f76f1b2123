//! A PostgreSQL server of the system's package, on loopback, in a folder of its own, run by an ordinary user. Where there is
//! none and it cannot be installed, the tests fail and say so.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse \"battery\" staple";
/// The server refuses to run as root.
const NOBODY: u32 = 65_534;

/// A running server. It ends with this process: its standard input does.
pub struct Server {
    _child: Child,
    folder: TempDir,
    pub port: u16,
}

impl Server {
    /// The one server of this test binary.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("password"), PASSWORD).unwrap();
        certificates(folder.path());
        let root = rustix::process::getuid().is_root();
        if root {
            for entry in fs::read_dir(folder.path()).unwrap() {
                chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
            }
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let as_nobody = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(folder.path()).env_clear();
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let made = as_nobody(&programs.join("initdb"))
            .args([
                "-D",
                "data",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args(["--auth=scram-sha-256", "--pwfile=password"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        // When the test ends, its end of the pipe is closed, and the shell ends the server.
        let script = format!(
            "{}/postgres -D data -p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on \
             -c ssl_cert_file=../server.pem -c ssl_key_file=../server.key >log 2>&1 & read end; kill -INT $!; wait",
            programs.display()
        );
        let child = as_nobody(Path::new("/bin/sh"))
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Self {
            _child: child,
            folder,
            port,
        };
        let begun = Instant::now();
        while let Err(error) = server.try_connect() {
            let log = fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "{error}: {log}");
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }

    /// The certificate of the authority that signed the server's, which is for `localhost`.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The certificate of another authority.
    pub fn other_authority(&self) -> PathBuf {
        self.folder.path().join("other.pem")
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        postgres::Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .password(PASSWORD)
            .connect(NoTls)
    }

    pub fn connect(&self) -> Client {
        self.try_connect().unwrap()
    }
}

fn programs() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/install-postgresql.sh");
    let found = Command::new(script).output().unwrap();
    std::io::stderr().write_all(&found.stderr).unwrap();
    assert!(
        found.status.success(),
        "there is no PostgreSQL server for these tests"
    );
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

/// Two authorities; the first has signed the server's certificate.
fn certificates(folder: &Path) {
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl")
            .current_dir(folder)
            .args(arguments)
            .output();
        let done = done.expect("these tests need openssl");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    for name in ["authority", "other"] {
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &subject,
            "-keyout",
            &key,
            "-out",
            &pem,
        ]);
    }
    openssl(&[
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ]);
    fs::write(
        folder.join("names"),
        "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
    )
    .unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ]);
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
}
