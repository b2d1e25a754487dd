//! Changes found by a run or a dry run: the number of rows by column, with a few examples of each.

use std::fmt;

use enmasse::Value;
use serde_json::json;

use crate::output::grouped;
use crate::shown::{as_json, pair, printable};

/// Examples kept per column. The number is constant, so memory does not grow with the rows.
pub const EXAMPLES: usize = 3;

/// Maximum width of a line of examples; longer ones are written one per line.
const WIDTH: usize = 120;

/// The number of changed rows, by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    rows: u64,
    /// Whether the counts are upper bounds, because the database may leave some rows unchanged.
    at_most: bool,
    columns: Vec<Column>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Column {
    name: String,
    changed: u64,
    examples: Vec<Example>,
}

/// A row's value before and after.
#[derive(Clone, Debug, PartialEq)]
struct Example {
    key: String,
    before: Value,
    after: Value,
}

impl Changes {
    /// Starts with no changes in these columns.
    pub fn of<N: Into<String>>(columns: impl IntoIterator<Item = N>) -> Self {
        let column = |name: N| Column { name: name.into(), ..Column::default() };
        Changes { rows: 0, at_most: false, columns: columns.into_iter().map(column).collect() }
    }

    /// Marks the counts as upper bounds and limits them to `rows`.
    pub fn limit(&mut self, rows: u64) {
        self.at_most = self.rows > 0;
        self.rows = self.rows.min(rows);
        self.columns.iter_mut().for_each(|column| column.changed = column.changed.min(rows));
    }

    /// Whether the counts are upper bounds.
    pub fn is_limited(&self) -> bool {
        self.at_most
    }

    /// Counts rows with a change in any column.
    pub fn add_rows(&mut self, rows: u64) {
        self.rows += rows;
    }

    /// Counts one change of a column, and keeps it as an example up to the limit. The key has the form of
    /// messages: `id=5`.
    pub fn note(&mut self, key: &str, column: usize, before: &Value, after: &Value) {
        self.count(column, 1);
        self.example(key, column, before, after);
    }

    /// Adds changes of a column that the database has counted.
    pub fn count(&mut self, column: usize, changed: u64) {
        if let Some(column) = self.columns.get_mut(column) {
            column.changed += changed;
        }
    }

    /// Keeps an example of a column, up to the limit.
    pub fn example(&mut self, key: &str, column: usize, before: &Value, after: &Value) {
        if let Some(column) = self.columns.get_mut(column)
            && column.examples.len() < EXAMPLES
        {
            column.examples.push(Example {
                key: key.to_owned(),
                before: before.clone(),
                after: after.clone(),
            });
        }
    }

    /// Whether a column has all of its examples.
    pub fn has_enough(&self, column: usize) -> bool {
        self.columns.get(column).is_none_or(|column| column.examples.len() >= EXAMPLES)
    }

    /// JSON for programs: a number, and an object for each column.
    pub fn json(&self) -> serde_json::Value {
        let column = |column: &Column| {
            let example = |example: &Example| json!({ "key": example.key, "before": as_json(&example.before), "after": as_json(&example.after) });
            json!({
                "column": column.name,
                "changed": column.changed,
                "examples": column.examples.iter().map(example).collect::<Vec<_>>(),
            })
        };
        json!({ "rows": self.rows, "columns": self.columns.iter().map(column).collect::<Vec<_>>() })
    }
}

/// `20,963 rows would change`, and a line for each column.
impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_most = if self.at_most { "at most " } else { "" };
        write!(
            f,
            "{at_most}{} {} would change",
            grouped(self.rows),
            if self.rows == 1 { "row" } else { "rows" }
        )?;
        let counts: Vec<String> = self.columns.iter().map(|column| grouped(column.changed)).collect();
        let width =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
        let shown: Vec<String> = self.columns.iter().map(|column| printable(&column.name)).collect();
        let names = width(&mut shown.iter().map(String::as_str));
        let digits = width(&mut counts.iter().map(String::as_str));
        for ((column, name), count) in self.columns.iter().zip(&shown).zip(&counts) {
            write!(f, "\n  {name:names$}  {count:>digits$}")?;
            let examples: Vec<String> = column.examples.iter().map(ToString::to_string).collect();
            let before = names + digits + 4;
            let on_one_line =
                examples.iter().map(|example| example.chars().count() + 3).sum::<usize>() + before <= WIDTH;
            for (number, example) in examples.iter().enumerate() {
                if on_one_line || number == 0 {
                    write!(f, "   {example}")?
                } else {
                    write!(f, "\n{:before$}   {example}", "")?
                }
            }
        }
        Ok(())
    }
}

/// `id=5: 80 → 100`
impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = pair(&self.before, &self.after);
        write!(f, "{}: {before} → {after}", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Changes {
        let mut changes = Changes::of(["length_ft", "le_ident"]);
        changes.add_rows(20_963);
        changes.count(0, 1_200);
        for id in 1..=4 {
            changes.note(&format!("id={id}"), 0, &Value::Int(80), &Value::Int(100 + id));
        }
        changes.note("id=1", 1, &Value::Null, &Value::from("H1"));
        changes
    }

    #[test]
    fn a_line_for_each_column() {
        assert_eq!(
            changes().to_string(),
            "20,963 rows would change\n  \
               length_ft  1,204   id=1: 80 → 101   id=2: 80 → 102   id=3: 80 → 103\n  \
               le_ident       1   id=1: NULL → 'H1'"
        );
        assert_eq!(Changes::of(["a"]).to_string(), "0 rows would change\n  a  0");
        let odd = Changes::of(["a\u{1b}[2J\n", "b"]).to_string();
        assert_eq!(odd, "0 rows would change\n  a\\u{1b}[2J\\n  0\n  b             0");
        let mut fewer = changes();
        fewer.limit(1_000);
        assert!(
            fewer.to_string().starts_with("at most 1,000 rows would change\n  length_ft  1,000   id=1: 80")
        );
        assert!(fewer.is_limited() && !changes().is_limited());
    }

    #[test]
    fn long_examples_stand_below_each_other() {
        let mut changes = Changes::of(["note"]);
        changes.add_rows(1);
        for id in 1..=2 {
            changes.note(&format!("id={id}"), 0, &"x".repeat(50).into(), &"y".repeat(50).into());
        }
        let lines: Vec<String> = changes.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("  note  2   id=1: 'xxx"), "{}", lines[1]);
        assert!(lines[2].starts_with("            id=2: 'xxx"), "{}", lines[2]);
    }

    #[test]
    fn json_has_the_values_themselves() {
        let json = changes().json();
        assert_eq!(json["rows"], 20_963);
        assert_eq!(json["columns"][0]["changed"], 1_204);
        assert_eq!(json["columns"][0]["examples"][0], json!({ "key": "id=1", "before": 80, "after": 101 }));
        assert_eq!(json["columns"][1]["examples"], json!([{ "key": "id=1", "before": null, "after": "H1" }]));
    }
}
