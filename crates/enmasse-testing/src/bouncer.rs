//! A PgBouncer in transaction mode before the test server: each transaction has whichever connection is free.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Running, until it is dropped.
pub struct Bouncer {
    child: Child,
    /// The way to the scratch database through it.
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Bouncer {
    /// Starts one in front of this database's server, with these additional settings; `None`, with a warning,
    /// if the program is unavailable.
    pub fn before(url: &str, settings: &str) -> Option<Bouncer> {
        let program = program()?;
        let to = url::Url::parse(url).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = format!(
            "host={} port={} user={} password={}",
            to.host_str().unwrap(),
            to.port().unwrap_or(5432),
            to.username(),
            to.password().unwrap_or_default()
        );
        let config = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 300\n{settings}\n"
        );
        std::fs::File::create(&config).unwrap().write_all(text.as_bytes()).unwrap();
        let open =
            |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        open(folder.path(), 0o711);
        open(&config, 0o644);
        let mut command = Command::new(program);
        command.arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command.spawn().unwrap();
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut through = to.clone();
        through.set_host(Some("127.0.0.1")).unwrap();
        through.set_port(Some(port)).unwrap();
        Some(Bouncer { child, url: through.to_string(), _folder: folder })
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// It does not run as root.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

/// The program's path; it is installed if possible.
fn program() -> Option<&'static str> {
    const PLACES: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
    let find = || PLACES.into_iter().find(|place| Path::new(place).exists());
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    if find().is_none() {
        INSTALLED.call_once(|| {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/install-package");
            _ = Command::new(script).arg("pgbouncer").stdin(Stdio::null()).status();
        });
    }
    let found = find();
    if found.is_none() {
        crate::leave_out("PgBouncer: it cannot be installed");
    }
    found
}
