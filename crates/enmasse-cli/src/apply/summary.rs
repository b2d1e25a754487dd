//! What came of it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::args::ApplyArgs;
use crate::changes::Changes;
use crate::output::grouped;

/// What came of it.
#[derive(Debug)]
pub struct Summary {
    /// The rows of the file, without bad ones.
    pub rows: u64,
    pub bad: u64,
    pub matched: u64,
    pub changed: u64,
    pub missing: u64,
    pub inserted: u64,
    /// The rows of the table that the file does not have, where they were counted.
    pub untouched: Option<u64>,
    pub changes: Option<Changes>,
    pub sql: String,
}

impl Summary {
    pub fn print(&self, args: &ApplyArgs, file: &str, took: Duration) {
        if args.output.json {
            say!("{}", self.json(args, file, took));
        } else if !args.output.quiet {
            say!("{}", self.text(args, took));
        }
    }

    /// `42,646 matched, 20,963 changed, 5,538 not in the table`
    pub fn line(&self) -> String {
        let mut parts = vec![
            format!("{} matched", grouped(self.matched)),
            format!("{} changed", grouped(self.changed)),
            format!("{} not in the table", grouped(self.missing)),
        ];
        if self.inserted > 0 {
            parts.push(format!("{} inserted", grouped(self.inserted)));
        }
        if let Some(untouched) = self.untouched {
            parts.push(format!("{} untouched", grouped(untouched)));
        }
        if self.bad > 0 {
            parts.push(format!("{} bad and skipped", grouped(self.bad)));
        }
        parts.join(", ")
    }

    fn text(&self, args: &ApplyArgs, took: Duration) -> String {
        let line = self.line();
        if !args.dry_run {
            return format!("{line} ({:.2} s)", took.as_secs_f64());
        }
        let mut text = format!("Dry run, nothing was written: {line}\n");
        if let Some(changes) = &self.changes {
            text.push_str(&format!("\n{changes}\n"));
        }
        text.push_str(&format!("\n{}", self.sql));
        text
    }

    fn json(&self, args: &ApplyArgs, file: &str, took: Duration) -> Value {
        let mut object = Map::new();
        let mut add = |name: &str, value: Value| _ = object.insert(name.to_owned(), value);
        add("file", json!(file));
        add("table", json!(args.table));
        add("dry_run", json!(args.dry_run));
        add("rows", json!(self.rows));
        add("matched", json!(self.matched));
        add("changed", json!(self.changed));
        add("missing", json!(self.missing));
        add("inserted", json!(self.inserted));
        add("bad", json!(self.bad));
        add("seconds", json!(took.as_secs_f64()));
        if let Some(untouched) = self.untouched {
            add("untouched", json!(untouched));
        }
        if let Some(changes) = &self.changes {
            add("changes", changes.json());
        }
        if args.dry_run {
            add("sql", json!(self.sql));
        }
        Value::Object(object)
    }
}
