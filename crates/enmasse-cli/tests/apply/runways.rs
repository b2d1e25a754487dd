//! Every runway of the world: the table of 2021 is brought up to 2026, and the figures are those of the two files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Value};
use enmasse_testing::{Kind, test_on};

use crate::program::{Ended, Trial, enmasse, on_trial};

const MATCHED: u64 = 42_646;
const CHANGED: u64 = 20_963;
const MISSING: u64 = 5_538;
const UNTOUCHED: u64 = 178;

/// A file's rows by their ids, as it has them.
struct Runways {
    columns: Vec<String>,
    rows: BTreeMap<i64, Vec<Cell>>,
}

/// Numbers are compared as such, for one number has many spellings.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Number(f64),
    Text(String),
}

#[test_on(all)]
fn the_table_becomes_the_newer_file(kind: Kind) {
    let (older, newer) = (Runways::read(&file("2021-11-02")), Runways::read(&file("2026-08-22")));
    let by_column = older.changes_by_column(&newer);
    on_trial(kind, async |trial| {
        make_table(trial).await;
        older.load(trial).await;
        older.assert_is_table(trial).await;

        let tried = apply(trial, "2026-08-22", &["--dry-run", "--json"]).json();
        let count = |name: &str| tried[name].as_u64().unwrap();
        let counts = ["matched", "changed", "missing", "untouched"].map(count);
        assert_eq!(counts, [MATCHED, CHANGED, MISSING, UNTOUCHED]);
        for column in tried["changes"]["columns"].as_array().unwrap() {
            let name = column["column"].as_str().unwrap();
            assert_eq!(column["changed"].as_u64(), Some(by_column[name]), "{name}");
        }
        older.assert_is_table(trial).await;

        let done = apply(trial, "2026-08-22", &["--diff", "diff.csv", "--missing", "missing.csv"]).counts();
        assert_eq!(done, "42,646 matched, 20,963 changed, 5,538 not in the table");
        older.updated_by(&newer).assert_is_table(trial).await;
        older.assert_differs(&newer, &trial.path("diff.csv"));

        let missing = trial.apply(["missing.csv", "--table", "runways", "--insert-missing"]).counts();
        assert_eq!(missing, "0 matched, 0 changed, 5,538 not in the table, 5,538 inserted");
        let again = apply(trial, "2026-08-22", &[]).counts();
        assert_eq!(again, "48,184 matched, 0 changed, 0 not in the table");
        assert_eq!(trial.number("SELECT count(*) FROM runways").await, 48_184 + 178);
    });
}

#[test]
fn the_demo_shows_the_figures() {
    let folder = tempfile::tempdir().unwrap();
    let demo = enmasse().args(["demo", "tried"]).current_dir(folder.path()).output().unwrap();
    // On a slow machine it reports its progress on standard error.
    let Ended { code, out, err } = Ended::of(demo);
    assert_eq!(code, 0, "{err}");
    for line in [
        "Dry run, nothing was written: 42,646 matched, 20,963 changed, 5,538 not in the table, 178 untouched\n",
        "20,963 rows would change\n",
        "\n42,646 matched, 20,963 changed, 5,538 not in the table (",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    // each command that it shows can be run
    let commands: Vec<Vec<&str>> = out
        .lines()
        .filter_map(|line| line.strip_prefix("$ enmasse "))
        .map(|line| line.split(' ').collect())
        .collect();
    assert_eq!(commands.len(), 3);
    let again = enmasse().args(&commands[2]).current_dir(folder.path()).output().unwrap();
    let again = Ended::of(again);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.starts_with("42,646 matched, 0 changed, 5,538 not in the table ("), "{}", again.out);
}

fn file(date: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
    data.join(format!("runways-{date}.csv"))
}

fn apply(trial: &Trial<'_>, date: &str, options: &[&str]) -> Ended {
    let path = file(date);
    let mut args = vec![path.to_str().unwrap(), "--table", "runways"];
    args.extend(options);
    trial.apply(args)
}

async fn make_table(trial: &Trial<'_>) {
    let mut model = Model::new("Runway", "runways").add(Field::new("id", DataType::BigInt).primary_key());
    for name in Runways::read(&file("2021-11-02")).columns.iter().skip(1) {
        let data_type = match name.as_str() {
            "surface" => DataType::Text { max_length: Some(80) },
            name if name.ends_with("ident") => DataType::Text { max_length: Some(12) },
            "lighted" | "closed" => DataType::Bool,
            name if name.contains("_deg") => DataType::Double,
            _ => DataType::Integer,
        };
        model = model.add(Field::new(name, data_type).null());
    }
    let schema = Schema::new(vec![model]).unwrap();
    trial.db.create_tables(schema.models()).await.unwrap();
}

impl Cell {
    fn of_file(column: &str, text: &str) -> Cell {
        match text {
            "" => Cell::Null,
            text if column == "surface" || column.ends_with("ident") => Cell::Text(text.to_owned()),
            text => Cell::Number(text.parse().unwrap_or_else(|_| panic!("{column}: {text:?} is no number"))),
        }
    }

    fn of_database(value: Value) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Bool(flag) => Cell::Number(flag.into()),
            Value::Int(number) => Cell::Number(number as f64),
            Value::Float(number) => Cell::Number(number),
            Value::Text(text) => Cell::Text(text),
            other => panic!("{other:?} has no business in this table"),
        }
    }
}

impl Runways {
    fn read(path: &Path) -> Runways {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let columns: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
        let rows = reader.records().map(|record| {
            let record = record.unwrap();
            let cells = columns.iter().zip(&record).map(|(column, text)| Cell::of_file(column, text));
            (record[0].parse().unwrap(), cells.collect())
        });
        Runways { rows: rows.collect(), columns }
    }

    fn updated_by(&self, newer: &Runways) -> Runways {
        let row = |(id, row): (&i64, &Vec<Cell>)| (*id, newer.rows.get(id).unwrap_or(row).clone());
        Runways { columns: self.columns.clone(), rows: self.rows.iter().map(row).collect() }
    }

    /// In how many rows that both have each column differs.
    fn changes_by_column(&self, newer: &Runways) -> BTreeMap<&str, u64> {
        let mut changes: BTreeMap<&str, u64> = self.columns.iter().map(|name| (name.as_str(), 0)).collect();
        for (id, row) in &self.rows {
            let Some(other) = newer.rows.get(id) else { continue };
            for (column, (before, after)) in self.columns.iter().zip(row.iter().zip(other)) {
                *changes.get_mut(column.as_str()).unwrap() += u64::from(before != after);
            }
        }
        changes
    }

    /// Fills the table, by SQL of the test's own.
    async fn load(&self, trial: &Trial<'_>) {
        let rows: Vec<_> = self.rows.values().collect();
        let literal = |(column, cell): (&String, &Cell)| match cell {
            Cell::Null => "NULL".to_owned(),
            Cell::Number(number) if ["lighted", "closed"].contains(&column.as_str()) => {
                (if *number == 1.0 { "TRUE" } else { "FALSE" }).to_owned()
            }
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        };
        for part in rows.chunks(2_000) {
            let row = |row: &&Vec<Cell>| {
                let cells: Vec<String> = self.columns.iter().zip(row.iter()).map(literal).collect();
                format!("({})", cells.join(","))
            };
            let part: Vec<String> = part.iter().map(row).collect();
            trial.run(&format!("INSERT INTO runways VALUES {}", part.join(","))).await;
        }
    }

    /// The table has just these rows.
    async fn assert_is_table(&self, trial: &Trial<'_>) {
        let quoted: Vec<String> = self.columns.iter().map(|column| trial.quoted(column)).collect();
        let sql = format!("SELECT {} FROM runways ORDER BY id", quoted.join(", "));
        let rows = trial.db.query_raw(&sql, []).await.unwrap();
        assert_eq!(rows.len(), self.rows.len());
        for (found, (id, expected)) in rows.into_iter().zip(&self.rows) {
            let found: Vec<Cell> = found.into_iter().map(Cell::of_database).collect();
            assert_eq!(&found, expected, "runway {id}");
        }
    }

    /// Every line of the file of changes is true, and there is one for each change.
    fn assert_differs(&self, newer: &Runways, diff: &Path) {
        let mut lines = csv::Reader::from_path(diff).unwrap();
        assert_eq!(lines.headers().unwrap(), vec!["id", "column", "before", "after"]);
        let mut told: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines.records() {
            let line = line.unwrap();
            let (id, name): (i64, _) = (line[0].parse().unwrap(), &line[1]);
            let column = self.columns.iter().position(|column| column == name).unwrap();
            let cell = |text: &str| match text {
                "true" => Cell::Number(1.0),
                "false" => Cell::Number(0.0),
                r"\N" => Cell::of_file(name, ""),
                text => Cell::of_file(name, text),
            };
            let expected = (&self.rows[&id][column], &newer.rows[&id][column]);
            assert_eq!((&cell(&line[2]), &cell(&line[3])), expected, "{line:?}");
            assert_ne!(expected.0, expected.1, "{line:?}");
            *told.entry(name.to_owned()).or_default() += 1;
        }
        for (column, changes) in self.changes_by_column(newer) {
            assert_eq!(told.get(column).copied().unwrap_or_default(), changes, "{column}");
        }
    }
}
