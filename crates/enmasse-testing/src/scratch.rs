//! New databases, each for one test.

use std::sync::atomic::{AtomicU32, Ordering};

use enmasse::Database;

use crate::Kind;

/// A new, empty database, which is dropped at the end, also when a test fails.
pub struct Scratch {
    /// Where it is.
    pub kind: Kind,
    /// Its URL.
    pub url: String,
    pub(crate) name: String,
    server: Option<Database>,
    _folder: Option<tempfile::TempDir>,
}

impl Scratch {
    /// Makes it; none where `ENMASSE_TEST_DATABASES` leaves its server out.
    pub async fn new(kind: Kind) -> Option<Scratch> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("enmasse_test_{}_{number}", std::process::id());
        if kind == Kind::Sqlite {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let url = format!("sqlite://{}", folder.path().join("test.db").display());
            return Some(Scratch { kind, url, name, server: None, _folder: Some(folder) });
        }
        let server_url = kind.server()?;
        let server = Database::connect(&with_parameter(&server_url, "pool_size=1"))
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: no test server: {error:?}"));
        server.execute_raw(&format!("DROP DATABASE IF EXISTS {name}"), []).await.expect("DROP DATABASE");
        server.execute_raw(&format!("CREATE DATABASE {name}"), []).await.expect("CREATE DATABASE");
        let url = with_database(&server_url, &name);
        Some(Scratch { kind, url, name, server: Some(server), _folder: None })
    }

    /// Connects to it.
    pub async fn connect(&self) -> Database {
        self.connect_with(None).await
    }

    /// Connects to it, with one parameter more in its URL.
    pub async fn connect_with(&self, parameter: impl Into<Option<&str>>) -> Database {
        let url = parameter.into().map_or(self.url.clone(), |parameter| with_parameter(&self.url, parameter));
        Database::connect(&url)
            .await
            .unwrap_or_else(|error| panic!("{:?}: cannot connect: {error:?}", self.kind))
    }

    /// Drops it.
    pub async fn drop(self) {
        if let Some(server) = self.server {
            let force = if self.kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
            server
                .execute_raw(&format!("DROP DATABASE {}{force}", self.name), [])
                .await
                .expect("DROP DATABASE");
            server.close().await;
        }
    }
}

/// The URL with another database's name.
fn with_database(url: &str, name: &str) -> String {
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    let slashes = place.find("//").map_or(0, |position| position + 2);
    let host = match place[slashes..].find('/') {
        Some(end) => &place[..slashes + end],
        None => place,
    };
    format!("{host}/{name}{}", query.map_or(String::new(), |query| format!("?{query}")))
}

/// The URL with one parameter more.
pub fn with_parameter(url: &str, parameter: &str) -> String {
    format!("{url}{}{parameter}", if url.contains('?') { '&' } else { '?' })
}
