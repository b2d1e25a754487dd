//! The program with a new database and a temporary folder.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use enmasse::{Database, Value, serde_json};
use enmasse_testing::{Kind, Scratch, on_scratch};

/// A new database, and an empty folder in which the program is run.
pub struct Trial<'a> {
    pub kind: Kind,
    pub url: &'a str,
    pub scratch: &'a Scratch,
    pub db: Database,
    folder: tempfile::TempDir,
}

/// Runs the scenario beside a new database.
pub fn on_trial(kind: Kind, scenario: impl AsyncFnOnce(&Trial<'_>)) {
    on_scratch(kind, async |scratch| {
        let trial = Trial {
            kind: scratch.kind,
            url: &scratch.url,
            scratch,
            db: scratch.connect().await,
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        scenario(&trial).await;
        trial.db.close().await;
    });
}

/// The program, with nothing of this environment but the folders that it needs.
pub fn enmasse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enmasse"));
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command
}

impl Trial<'_> {
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The files in the folder, hidden ones too.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// `enmasse apply`, to be run in the folder.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = enmasse();
        command.arg("apply").args(args).env("DATABASE_URL", self.url).current_dir(self.folder());
        command
    }

    pub fn apply<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        Ended::of(self.command(args).output().expect("the program runs"))
    }

    /// Runs it with these bytes at its standard input.
    pub fn apply_from<S: AsRef<OsStr>>(
        &self,
        input: impl AsRef<[u8]>,
        args: impl IntoIterator<Item = S>,
    ) -> Ended {
        let mut command = self.command(args);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        // it may end before it has read all
        _ = child.stdin.take().expect("its input").write_all(input.as_ref());
        Ended::of(child.wait_with_output().expect("it ends"))
    }

    /// What the database is called.
    pub fn scratch_name(&self) -> String {
        let (_, name) = self.url.rsplit_once('/').expect("a URL");
        name.split('?').next().unwrap_or_default().to_owned()
    }

    pub async fn run(&self, sql: &str) {
        self.db.execute_raw(sql, []).await.unwrap_or_else(|error| panic!("{:?}: {sql}: {error}", self.kind));
    }

    /// The result of a query: a line per row, with `|` between the values.
    pub async fn query(&self, sql: &str) -> String {
        let rows = self.db.query_raw(sql, []).await;
        let rows = rows.unwrap_or_else(|error| panic!("{:?}: {sql}: {error}", self.kind));
        let mut text = String::new();
        for row in rows {
            let cells: Vec<String> = row.iter().map(plain).collect();
            writeln!(text, "{}", cells.join("|")).expect("a text");
        }
        text.trim_end_matches('\n').to_owned()
    }

    /// The single number that a query returns.
    pub async fn number(&self, sql: &str) -> i64 {
        self.query(sql).await.parse().expect("a number")
    }

    /// A name as this database quotes it.
    pub fn quoted(&self, name: &str) -> String {
        match self.kind {
            Kind::MariaDb | Kind::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

/// A value so that what is the same on each database looks the same.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::Text(value) => value.clone(),
        Value::Decimal(value) => value.normalize().to_string(),
        other => other.to_string(),
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("it was killed: {output:?}"));
        Ended { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// The standard output of a successful run without complaints.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// Removes progress lines, which appear on slow machines.
    #[track_caller]
    pub fn without_progress(mut self) -> Self {
        let tells = |line: &&str| {
            line.ends_with(" s left")
                || line.ends_with("rows read, writing")
                || line.ends_with("matched and written")
        };
        self.err = self.err.split_inclusive('\n').filter(|line| !tells(&line.trim_end())).collect();
        self
    }

    /// The counts that it printed, without the time that it took.
    #[track_caller]
    pub fn counts(self) -> String {
        let out = self.without_progress().done();
        let (counts, took) = out.trim_end().rsplit_once(" (").expect("the time that it took");
        assert!(took.ends_with(" s)") && out.lines().count() == 1, "{out}");
        counts.to_owned()
    }

    /// The one JSON object that it printed.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.without_progress().done()).expect("one JSON object")
    }

    /// The standard error of a run that ended with this code and printed nothing.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.err
    }
}
