//! The account of an apply: the outcome of each row of the file.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::args::ApplyArgs;
use crate::changes::Changes;
use crate::output::grouped;

/// What became of the rows of the file. Each of its rows is bad, or matched a row of the table, or is missing there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The rows of the file, without bad ones.
    pub rows: u64,
    /// The rows that could not be read, or that the database refused.
    pub bad: u64,
    pub matched: u64,
    /// Of those that matched, the rows that were written.
    pub changed: u64,
    /// The rows that were to be written or inserted, and that a trigger, a row policy or a conflict clause of the table kept out.
    pub skipped: u64,
    pub missing: u64,
    /// Of those that were missing, the rows that were inserted.
    pub inserted: u64,
}

impl Counts {
    /// Counts the rows of an insert: the database inserted `inserted` of them and skipped the others.
    pub fn insert<T>(&mut self, rows: &[T], inserted: u64) {
        self.inserted += inserted;
        self.skipped += rows.len() as u64 - inserted;
    }

    /// Counts rows as matched that were missing before.
    pub fn arrived(&mut self, others: &Counts) {
        self.matched += others.matched;
        self.changed += others.changed;
        self.skipped += others.skipped;
        self.missing -= others.matched.min(self.missing);
    }
}

/// What was done.
#[derive(Debug)]
pub struct Summary {
    pub counts: Counts,
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
        let Counts { bad, matched, changed, skipped, missing, inserted, .. } = self.counts;
        let mut parts = vec![
            format!("{} matched", grouped(matched)),
            format!("{} changed", grouped(changed)),
            format!("{} not in the table", grouped(missing)),
        ];
        if inserted > 0 {
            parts.push(format!("{} inserted", grouped(inserted)));
        }
        if skipped > 0 {
            parts.push(format!("{} skipped by the database", grouped(skipped)));
        }
        if let Some(untouched) = self.untouched {
            parts.push(format!("{} untouched", grouped(untouched)));
        }
        if bad > 0 {
            parts.push(format!("{} bad and skipped", grouped(bad)));
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
        let Counts { rows, bad, matched, changed, skipped, missing, inserted } = self.counts;
        let mut object = Map::new();
        let mut add = |name: &str, value: Value| _ = object.insert(name.to_owned(), value);
        add("file", json!(file));
        add("table", json!(args.table));
        add("dry_run", json!(args.dry_run));
        add("rows", json!(rows));
        add("matched", json!(matched));
        add("changed", json!(changed));
        add("skipped", json!(skipped));
        add("missing", json!(missing));
        add("inserted", json!(inserted));
        add("bad", json!(bad));
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
