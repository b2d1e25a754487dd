//! A way to the server that can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use enmasse::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::{Scratch, with_parameter};

/// What flows one way.
#[derive(Clone, Default)]
pub struct Flow {
    passed: Arc<AtomicI64>,
    /// The number of bytes after which the connection is cut, once; 0 for never.
    end: Arc<AtomicI64>,
}

/// A server of our own that passes everything on.
pub struct Proxy {
    /// To the server.
    pub to_server: Flow,
    /// From the server.
    pub from_server: Flow,
    url: String,
    task: AbortHandle,
}

impl Flow {
    /// How many bytes have passed.
    fn passed(&self) -> i64 {
        self.passed.load(Ordering::SeqCst)
    }

    /// Cuts the connection after this many more bytes.
    pub fn cut_after(&self, bytes: i64) {
        self.end.store(self.passed() + bytes, Ordering::SeqCst);
    }

    /// Cuts nothing more.
    pub fn spare(&self) {
        self.end.store(0, Ordering::SeqCst);
    }

    /// Passes bytes on until one side closes, or the end comes.
    async fn pass(&self, mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin) {
        let mut buffer = vec![0; 8_192];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let passed = self.passed.fetch_add(length as i64, Ordering::SeqCst);
            let end = self.end.load(Ordering::SeqCst);
            let is_cut = end != 0 && end < passed + length as i64;
            let length = if is_cut { (end - passed).max(0) as usize } else { length };
            let written = to.write_all(&buffer[..length]).await;
            if is_cut {
                self.spare();
            }
            if is_cut || written.is_err() {
                return;
            }
        }
    }
}

impl Proxy {
    /// Stands before the scratch database's server.
    pub async fn before(scratch: &Scratch) -> Proxy {
        let mut url = url::Url::parse(&scratch.url).unwrap();
        let port = if scratch.url.starts_with("postgres") { 5432 } else { 3306 };
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (to_server, from_server) = (Flow::default(), Flow::default());
        let flows = (to_server.clone(), from_server.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, (to_server, from_server)) = (server.clone(), flows.clone());
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(server).await else { return };
                    let (from_client, to_client) = client.split();
                    let (read, write) = server.split();
                    // when one way ends, both connections are closed
                    tokio::select! {
                        () = to_server.pass(from_client, write) => {}
                        () = from_server.pass(read, to_client) => {}
                    }
                });
            }
        });
        Proxy { to_server, from_server, url: url.into(), task: task.abort_handle() }
    }

    /// How many bytes have passed to the server, and from it.
    pub fn passed(&self) -> [i64; 2] {
        [self.to_server.passed(), self.from_server.passed()]
    }

    /// The way to the database through it, with a pool of one connection.
    pub fn url(&self) -> String {
        with_parameter(&self.url, "pool_size=1")
    }

    /// Connects through it.
    pub async fn connect(&self) -> Database {
        Database::connect(&self.url()).await.unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}
