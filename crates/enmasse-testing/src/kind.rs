//! The databases, and where their test servers are.

use std::sync::Once;

use enmasse::Database;

use crate::left_out::say;

/// The databases that the tests are run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
    Mysql,
}

impl Kind {
    /// All databases.
    pub const ALL: [Kind; 4] = [Kind::Sqlite, Kind::Postgres, Kind::MariaDb, Kind::Mysql];
    /// The databases that need a server.
    pub const SERVERS: [Kind; 3] = [Kind::Postgres, Kind::MariaDb, Kind::Mysql];
    /// MariaDB and MySQL.
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

    /// Its name in `ENMASSE_TEST_DATABASES`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
            Kind::MariaDb => "mariadb",
            Kind::Mysql => "mysql",
        }
    }

    /// The variable that has the test server's URL.
    fn variable(self) -> Option<&'static str> {
        match self {
            Kind::Sqlite => None,
            Kind::Postgres => Some("ENMASSE_TEST_POSTGRES_URL"),
            Kind::MariaDb => Some("ENMASSE_TEST_MARIADB_URL"),
            Kind::Mysql => Some("ENMASSE_TEST_MYSQL_URL"),
        }
    }

    /// The test server's URL; none for SQLite, which needs no server, and for a database that `ENMASSE_TEST_DATABASES` leaves out.
    ///
    /// # Panics
    ///
    /// Where the URL is missing, and the database is not left out.
    pub fn server(self) -> Option<String> {
        let variable = self.variable()?;
        let wanted = std::env::var("ENMASSE_TEST_DATABASES").ok();
        let url = std::env::var(variable).ok();
        match address(self.name(), variable, wanted.as_deref(), url) {
            Ok(url) => Some(url),
            Err(Missing::LeftOut) => {
                static SAID: [Once; 4] = [const { Once::new() }; 4];
                SAID[self as usize]
                    .call_once(|| say(&format!("{self:?}: ENMASSE_TEST_DATABASES leaves it out")));
                None
            }
            Err(Missing::Unsaid(message)) => panic!("{message}"),
        }
    }
}

/// Why there is no server.
#[derive(Debug, PartialEq)]
enum Missing {
    LeftOut,
    Unsaid(String),
}

/// The server's URL, by the values of `ENMASSE_TEST_DATABASES` and of the server's own variable.
fn address(name: &str, variable: &str, wanted: Option<&str>, url: Option<String>) -> Result<String, Missing> {
    let wanted: Vec<&str> =
        wanted.unwrap_or_default().split([' ', ',']).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|name| Kind::ALL.iter().all(|kind| kind.name() != **name)) {
        let known = Kind::ALL.map(Kind::name).join(", ");
        return Err(Missing::Unsaid(format!("ENMASSE_TEST_DATABASES: '{unknown}' is not one of {known}")));
    }
    if !wanted.is_empty() && !wanted.contains(&name) {
        return Err(Missing::LeftOut);
    }
    url.filter(|url| !url.is_empty()).ok_or_else(|| {
        Missing::Unsaid(format!(
            "{variable} is not set, so that nothing is tested on this database. `scripts/test` runs the tests with a server of \
             each kind, `scripts/with-databases cargo test …` does so for any command. To leave databases out, name those that \
             are tested: ENMASSE_TEST_DATABASES=sqlite"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(wanted: Option<&str>, url: Option<&str>) -> Result<String, Missing> {
        address("mysql", "ENMASSE_TEST_MYSQL_URL", wanted, url.map(str::to_owned))
    }

    #[test]
    fn a_server_that_is_missing_is_an_error_unless_it_is_left_out() {
        for wanted in [None, Some(""), Some("sqlite mysql"), Some("mysql,postgres")] {
            assert_eq!(of(wanted, Some("mysql://x")), Ok("mysql://x".to_owned()), "{wanted:?}");
            for url in [None, Some("")] {
                let Err(Missing::Unsaid(message)) = of(wanted, url) else { panic!("{wanted:?}") };
                assert!(message.contains("ENMASSE_TEST_MYSQL_URL is not set"), "{message}");
                assert!(message.contains("scripts/test"), "{message}");
            }
        }
        for wanted in ["sqlite", "sqlite postgres", "postgres,mariadb"] {
            for url in [None, Some("mysql://x")] {
                assert_eq!(of(Some(wanted), url), Err(Missing::LeftOut), "{wanted}");
            }
        }
        let Err(Missing::Unsaid(message)) = of(Some("sqlite mysq"), None) else { panic!("a wrong name") };
        assert!(message.contains("'mysq' is not one of sqlite, postgres, mariadb, mysql"), "{message}");
    }
}
