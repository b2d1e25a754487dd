//! Scripts for the database's own client. Each is the fastest of those tried (`docs/BENCHMARKS.md` lists the
//! others), as an expert in the database would write it.

use std::path::Path;

use anyhow::{Context, Result};
use url::Url;

use super::Case;
use super::file::HEADER;
use super::program::Program;
use crate::options::Database;

const COLUMNS: [&str; 6] = ["name", "points", "price", "seen", "active", "note"];

pub struct ByHand<'a> {
    pub database: Database,
    pub case: Case,
    pub url: &'a str,
    pub file: &'a Path,
}

impl ByHand<'_> {
    /// The client with its script, which is next to the file.
    pub fn program(&self) -> Result<Program> {
        let (program, script) = match self.database {
            Database::Sqlite => (self.sqlite3(), self.sqlite()),
            Database::Postgres => (self.psql(), self.postgres()),
            Database::MariaDb => (self.mariadb()?, self.mysql(" ENGINE=Aria TRANSACTIONAL=0")),
            Database::Mysql => (self.mariadb()?, self.mysql("")),
        };
        let path = self.file.with_extension("sql");
        std::fs::write(&path, script)?;
        Ok(program.reading(path))
    }

    fn sqlite3(&self) -> Program {
        Program::new("sqlite3", ["-batch", self.url.trim_start_matches("sqlite://")])
    }

    fn sqlite(&self) -> String {
        let changed = self.only_changed(|column| format!("item.{column} IS NOT new.{column}"));
        format!(
            ".bail on\n\
             PRAGMA temp_store = MEMORY;\n\
             PRAGMA cache_size = -256000;\n\
             BEGIN IMMEDIATE;\n\
             CREATE TEMP TABLE new (id integer PRIMARY KEY, name varchar(100), points integer, price decimal, \
             seen datetime, active bool, note text);\n\
             .import --csv --skip 1 --schema temp {file} new\n\
             UPDATE item SET {set} FROM new WHERE item.id = new.id{changed};\n\
             COMMIT;\n",
            file = self.file.display(),
            set = set(""),
        )
    }

    fn psql(&self) -> Program {
        Program::new("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", self.url])
    }

    /// If every row is written, in key order: PostgreSQL's default, a hash join, writes rows in random
    /// places. If only a few are written, sorting costs more than that.
    fn postgres(&self) -> String {
        let changed = self.only_changed(|column| format!("item.{column} IS DISTINCT FROM new.{column}"));
        let (settings, new) = match self.case {
            Case::Every | Case::EveryInOrder => {
                ("SET LOCAL enable_hashjoin = off;\n", "(SELECT * FROM new ORDER BY id) new")
            }
            Case::Few => ("", "new"),
        };
        format!(
            "BEGIN;\n\
             SET LOCAL jit = off;\n\
             {settings}\
             CREATE TEMP TABLE new (LIKE item) ON COMMIT DROP;\n\
             \\copy new FROM '{file}' WITH (FORMAT csv, HEADER)\n\
             UPDATE item SET {set} FROM {new} WHERE item.id = new.id{changed};\n\
             COMMIT;\n",
            file = self.file.display(),
            set = set(""),
        )
    }

    /// MariaDB's client, which also works with MySQL.
    fn mariadb(&self) -> Result<Program> {
        let url = Url::parse(self.url)?;
        let host = url.host_str().context("the URL names no host")?;
        let arguments = [
            "--no-defaults".to_owned(),
            "--local-infile=1".to_owned(),
            "--protocol=TCP".to_owned(),
            format!("--host={host}"),
            format!("--port={}", url.port().unwrap_or(3306)),
            format!("--user={}", url.username()),
            url.path().trim_start_matches('/').to_owned(),
        ];
        let program = Program::new("mariadb", arguments);
        Ok(match url.password() {
            Some(password) => program.with("MYSQL_PWD", password.to_owned()),
            None => program,
        })
    }

    /// Target first: the server can write it while reading, but would not choose this order. MariaDB itself
    /// leaves rows alone that already have the values.
    fn mysql(&self, engine: &str) -> String {
        format!(
            "CREATE TEMPORARY TABLE new (PRIMARY KEY (id)){engine} AS SELECT * FROM item LIMIT 0;\n\
             START TRANSACTION;\n\
             LOAD DATA LOCAL INFILE '{file}' INTO TABLE new CHARACTER SET utf8mb4 \
             FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES ({HEADER});\n\
             UPDATE item STRAIGHT_JOIN new ON item.id = new.id SET {set};\n\
             COMMIT;\n",
            file = self.file.display(),
            set = set("item."),
        )
    }

    /// The end of a condition that leaves rows alone that already have the values, if there are any.
    fn only_changed(&self, differs: impl Fn(&str) -> String) -> String {
        match self.case {
            Case::Every | Case::EveryInOrder => String::new(),
            Case::Few => format!(" AND ({})", COLUMNS.map(differs).join(" OR ")),
        }
    }
}

fn set(table: &str) -> String {
    COLUMNS.map(|column| format!("{table}{column} = new.{column}")).join(", ")
}
