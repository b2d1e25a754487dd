//! Runs a scenario on every database.

#![allow(dead_code)] // each test uses what it needs

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use enmasse::{Database, Result, Transaction, Value};
use futures_util::FutureExt;

/// Runs the scenario on a new, empty database of SQLite, PostgreSQL, MariaDB and MySQL, one after the other.
/// A failure on one does not skip the others.
///
/// The servers are those of `ENMASSE_TEST_POSTGRES_URL`, `ENMASSE_TEST_MARIADB_URL` and
/// `ENMASSE_TEST_MYSQL_URL`. A database without a URL is left out with a warning; it is a failure if
/// `ENMASSE_TEST_REQUIRE` names it (`postgres,mariadb,mysql`).
pub fn on_each_database<F, Fut>(scenario: F)
where
    F: Fn(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    on_each_scratch(&Kind::ALL, async |scratch| scenario(scratch.connect().await).await);
}

/// Runs the scenario on one of the databases only.
pub fn on_database<F, Fut>(kind: Kind, scenario: F)
where
    F: Fn(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    on_each_scratch(&[kind], async |scratch| scenario(scratch.connect().await).await);
}

/// Runs the scenario on some of the databases, one after the other.
pub fn on_each_of<F, Fut>(kinds: &[Kind], scenario: F)
where
    F: Fn(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    on_each_scratch(kinds, async |scratch| scenario(scratch.connect().await).await);
}

/// Runs the scenario on some of the databases; it makes its own connections.
pub fn on_each_scratch(kinds: &[Kind], scenario: impl AsyncFn(&Scratch)) {
    runtime().block_on(async {
        let mut failure = None;
        for kind in kinds {
            let Some(scratch) = Scratch::new(*kind).await else { continue };
            let result = AssertUnwindSafe(scenario(&scratch)).catch_unwind().await;
            scratch.drop().await;
            if let Err(panic) = result {
                eprintln!("FAILED on {kind:?}");
                failure.get_or_insert(panic);
            }
        }
        if let Some(panic) = failure {
            resume_unwind(panic);
        }
    });
}

/// A runtime for one test: several threads, so that what should be `Send` is moved between them.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// The databases that the tests are run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
    Mysql,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Sqlite, Kind::Postgres, Kind::MariaDb, Kind::Mysql];
    pub const SERVERS: [Kind; 3] = [Kind::Postgres, Kind::MariaDb, Kind::Mysql];
    pub const MYSQL_FAMILY: [Kind; 2] = [Kind::MariaDb, Kind::Mysql];

    /// The database that a handle is connected to.
    pub fn of(db: &Database) -> Kind {
        match db.name().split(' ').next() {
            Some("SQLite") => Kind::Sqlite,
            Some("PostgreSQL") => Kind::Postgres,
            Some("MariaDB") => Kind::MariaDb,
            _ => Kind::Mysql,
        }
    }

    /// Whether it is MariaDB or MySQL.
    pub fn in_mysql_family(self) -> bool {
        Kind::MYSQL_FAMILY.contains(&self)
    }

    /// Whether its cargo feature is on.
    pub fn is_switched_on(self) -> bool {
        match self {
            Kind::Sqlite => cfg!(feature = "sqlite"),
            Kind::Postgres => cfg!(feature = "postgres"),
            Kind::MariaDb | Kind::Mysql => cfg!(feature = "mysql"),
        }
    }

    /// A table of the numbers from 1 up to `rows`, for `FROM`: `ids`, with the column `id`.
    pub fn numbers(self, rows: i64) -> String {
        match self {
            Kind::Sqlite => format!(
                "(WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < {rows}) \
                 SELECT id FROM ids) AS ids"
            ),
            Kind::Postgres => format!("generate_series(1, {rows}::bigint) AS ids(id)"),
            Kind::MariaDb => format!("(SELECT seq AS id FROM seq_1_to_{rows}) AS ids"),
            Kind::Mysql => format!(
                "JSON_TABLE(CONCAT('[0', REPEAT(',0', {rows} - 1), ']'), '$[*]' COLUMNS (id FOR ORDINALITY)) AS ids"
            ),
        }
    }

    /// The test server's URL; none for SQLite, which needs no server, and for one that is left out.
    pub fn server(self) -> Option<String> {
        let (name, variable) = match self {
            Kind::Sqlite => return None,
            Kind::Postgres => ("postgres", "ENMASSE_TEST_POSTGRES_URL"),
            Kind::MariaDb => ("mariadb", "ENMASSE_TEST_MARIADB_URL"),
            Kind::Mysql => ("mysql", "ENMASSE_TEST_MYSQL_URL"),
        };
        let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
        if url.is_none() {
            let required = std::env::var("ENMASSE_TEST_REQUIRE").unwrap_or_default();
            assert!(
                !required.split(',').any(|required| required.trim() == name),
                "ENMASSE_TEST_REQUIRE names {name}, but {variable} is not set"
            );
            eprintln!("NOT TESTED on {self:?}: {variable} is not set");
        }
        url
    }
}

/// A new, empty database, which is dropped at the end, also when a test fails.
pub struct Scratch {
    pub kind: Kind,
    /// Its URL.
    pub url: String,
    name: String,
    server: Option<Database>,
    folder: Option<tempfile::TempDir>,
}

impl Scratch {
    /// Creates it; `None` if the server is left out.
    pub async fn new(kind: Kind) -> Option<Scratch> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if !kind.is_switched_on() {
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("enmasse_test_{}_{number}", std::process::id());
        if kind == Kind::Sqlite {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let url = format!("sqlite://{}", folder.path().join("test.db").display());
            return Some(Scratch { kind, url, name, server: None, folder: Some(folder) });
        }
        let server_url = kind.server()?;
        let server = Database::connect(&with_parameter(&server_url, "pool_size=1"))
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: no test server: {error:?}"));
        server.execute_raw(&format!("DROP DATABASE IF EXISTS {name}"), []).await.expect("DROP DATABASE");
        server.execute_raw(&format!("CREATE DATABASE {name}"), []).await.expect("CREATE DATABASE");
        let url = with_database(&server_url, &name);
        Some(Scratch { kind, url, name, server: Some(server), folder: None })
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

/// A user of a server with few rights, for one database. Made by its owner, and removed by [`drop`](Clerk::drop): a server keeps its users.
pub struct Clerk {
    /// The database's URL as the user's.
    pub url: String,
    name: String,
    kind: Kind,
}

impl Clerk {
    /// Creates the user with these rights: statements in which `{clerk}` is the user, and `{database}` the
    /// database.
    pub async fn new(scratch: &Scratch, owner: &Database, rights: &[&str]) -> Clerk {
        let (scheme, _) = scratch.url.split_once("://").expect("a URL");
        let (_, place) = scratch.url.split_once('@').expect("a login");
        let name = format!("{}_clerk", scratch.name);
        let mut statements = match scratch.kind {
            Kind::Postgres => vec![format!("CREATE ROLE {name} LOGIN PASSWORD 'clerk'")],
            _ => vec![
                format!("DROP USER IF EXISTS {name}"),
                format!("CREATE USER {name} IDENTIFIED BY 'clerk'"),
            ],
        };
        statements.extend(
            rights.iter().map(|right| right.replace("{clerk}", &name).replace("{database}", &scratch.name)),
        );
        for sql in statements {
            owner
                .execute_raw(&sql, [])
                .await
                .unwrap_or_else(|error| panic!("{:?}: {sql}: {error}", scratch.kind));
        }
        Clerk { url: format!("{scheme}://{name}:clerk@{place}"), name, kind: scratch.kind }
    }

    pub async fn drop(self, owner: &Database) {
        let statements = match self.kind {
            Kind::Postgres => {
                vec![format!("DROP OWNED BY {}", self.name), format!("DROP ROLE {}", self.name)]
            }
            _ => vec![format!("DROP USER {}", self.name)],
        };
        for sql in statements {
            owner.execute_raw(&sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
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

/// A table `t` of numbers and names.
pub async fn make_table(db: &Database) {
    let engine = if Kind::of(db).in_mysql_family() { " ENGINE=InnoDB" } else { "" };
    let sql = format!("CREATE TABLE t (id integer PRIMARY KEY, name varchar(200) NOT NULL){engine}");
    db.execute_raw(&sql, []).await.expect("CREATE TABLE");
}

/// Adds a row to it.
pub async fn insert(tx: &Transaction, id: i64) -> Result<u64> {
    tx.execute_raw(&format!("INSERT INTO t (id, name) VALUES ({id}, 'x')"), []).await
}

/// The numbers in it.
pub async fn ids(db: &Database) -> Vec<i64> {
    let rows = db.query_raw("SELECT id FROM t ORDER BY id", []).await.expect("SELECT");
    rows.into_iter().map(|row| number(&row)).collect()
}

/// The one number of a row.
pub fn number(row: &[Value]) -> i64 {
    match row {
        [Value::Int(number)] => *number,
        _ => panic!("not a row of one number: {row:?}"),
    }
}
