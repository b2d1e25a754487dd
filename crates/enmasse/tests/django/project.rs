//! The Django project in the folder `project`, on a database.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use enmasse::serde_json;
use enmasse_testing::leave_out;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::rows::Rows;

pub struct Project(Mutex<Python>);

/// A running Python, which answers each line: see `main.py`.
struct Python {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// A table as Django declares it.
#[derive(Deserialize)]
pub struct Table {
    pub model: String,
    pub table: String,
    /// The tables that it extends.
    pub parents: Vec<String>,
    pub unique_together: Vec<Vec<String>>,
    pub fields: Vec<Field>,
}

#[derive(Deserialize)]
pub struct Field {
    pub name: String,
    /// The name of the value: `user_id` if the field is `user`.
    pub attname: String,
    pub column: String,
    /// The name of Django's class.
    pub r#type: String,
    pub max_length: Option<u32>,
    pub max_digits: Option<u32>,
    pub decimal_places: Option<u32>,
    pub null: bool,
    pub unique: bool,
    pub primary_key: bool,
    pub generated: bool,
    pub to: Option<Target>,
}

#[derive(Deserialize, Debug, PartialEq)]
pub struct Target {
    pub table: String,
    pub column: String,
}

impl Project {
    /// Lets Django create its tables and write its rows; `None` if Django is unavailable.
    pub fn prepare(url: &str) -> Option<Project> {
        let project = Project(Mutex::new(Python::start(url)?));
        project.ask::<()>("prepare");
        Some(project)
    }

    pub fn describe(&self) -> Vec<Table> {
        self.ask("describe")
    }

    /// All rows of each model, by their keys, as Django reads them.
    pub fn dump(&self, models: &[&str]) -> Vec<Rows> {
        self.ask(&format!("dump {}", models.join(" ")))
    }

    /// All rows of one model.
    pub fn dump_one(&self, model: &str) -> Rows {
        self.dump(&[model]).remove(0)
    }

    fn ask<A: DeserializeOwned>(&self, line: &str) -> A {
        let answer = self.0.lock().expect("a Python that has not failed").answer(line);
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{line}: {error}"))
    }
}

impl Python {
    fn start(url: &str) -> Option<Python> {
        let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/django/project/main.py");
        let mut process = Command::new(python()?)
            .arg("-B")
            .arg(main)
            .env("DATABASE_URL", url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python");
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().expect("its output"));
        Some(Python { process, to, from })
    }

    fn answer(&mut self, line: &str) -> String {
        let mut answer = String::new();
        let to = self.to.as_mut().expect("its input");
        let asked = writeln!(to, "{line}").and_then(|()| self.from.read_line(&mut answer));
        if asked.is_ok_and(|bytes| bytes > 0) {
            return answer;
        }
        let mut errors = String::new();
        let mut stderr = self.process.stderr.take().expect("its errors");
        stderr.read_to_string(&mut errors).expect("its errors");
        panic!("{line}: {errors}");
    }
}

/// It ends with its input.
impl Drop for Python {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.process.wait();
    }
}

/// The Python with Django; `None`, with a warning, if it is unavailable.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("django-venv");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/django-venv");
        let made = Command::new(script).arg(&venv).stdin(Stdio::null()).status();
        made.is_ok_and(|status| status.success()).then(|| venv.join("bin/python"))
    });
    if python.is_none() {
        leave_out("Django: it cannot be installed, see above");
    }
    python.as_deref()
}
