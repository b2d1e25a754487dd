//! The example works as described: the table equals the newer file where keys match, on every database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use enmasse::prelude::*;
use enmasse_examples::runways::{self, Runway, Tidied};
use enmasse_testing::{Kind, on_database, on_scratch, runtime, test_on};

/// The 2021 table has 42,824 rows; this many rows of the newer file's 48,184 are in it.
const MATCHED: usize = 42_646;
const MISSING: usize = 5_538;

#[test_on(all)]
fn the_table_becomes_the_newer_file_and_is_tidied(kind: Kind) {
    let (older, newer) = (File::read(&runways::older_file()), File::read(&runways::newer_file()));
    let rows_of = |file: PathBuf| runways::read(&file).unwrap();
    let updated = older.updated_by(&newer);
    let absent: BTreeSet<i64> =
        newer.rows.keys().filter(|id| !older.rows.contains_key(id)).copied().collect();
    assert_eq!((newer.rows.len() - absent.len(), absent.len()), (MATCHED, MISSING));

    on_database(kind, async |db| {
        runways::make_table(&db).await.unwrap();
        let created = runways::load(&db, rows_of(runways::older_file())).await.unwrap();
        assert_eq!(created, older.rows.len());
        assert_same(&older, &File::of_table(&db, &older.columns).await);

        let report = runways::bring_up_to_date(&db, &rows_of(runways::newer_file())).await.unwrap();
        assert_eq!(report.matched, MATCHED as u64);
        let missing = report.missing.iter().map(|key| match key[..] {
            [Value::Int(id)] => id,
            _ => panic!("{key:?} is no key of a runway"),
        });
        let missing: Vec<i64> = missing.collect();
        assert_eq!(missing.len(), MISSING);
        assert_eq!(missing.into_iter().collect::<BTreeSet<_>>(), absent);
        assert_same(&updated, &File::of_table(&db, &updated.columns).await);

        let (tidied, expected) = updated.tidied();
        assert_eq!(runways::tidy(&db).await.unwrap(), expected);
        assert_same(&tidied, &File::of_table(&db, &tidied.columns).await);

        // Brought up to date again, the typed rows are those of the file too.
        runways::bring_up_to_date(&db, &rows_of(runways::newer_file())).await.unwrap();
        let rows = Runway::objects(&db).fetch().await.unwrap();
        let rows: BTreeMap<i64, Runway> = rows.into_iter().map(|runway| (runway.id, runway)).collect();
        for runway in rows_of(runways::newer_file()) {
            if let Some(row) = rows.get(&runway.id) {
                assert_eq!(row, &runway);
            }
        }
    });
}

/// What the older file becomes, and how many rows are tidied.
fn expected() -> (File, Tidied) {
    let (older, newer) = (File::read(&runways::older_file()), File::read(&runways::newer_file()));
    older.updated_by(&newer).tidied()
}

/// Runs the program itself, as `cargo run --example runways` does, and gives the first line that it prints: the database's name.
fn says(arguments: &[&str], temporary: &Path, expected: &Tidied) -> String {
    let program = build_example("runways");
    let output = Command::new(&program).args(arguments).env("TMPDIR", temporary).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(Into::into).collect();
    let [name, created, updated, tidied] = &lines[..] else { panic!("{lines:?}") };
    assert!(created.contains(" 42824 created ("), "{created}");
    assert!(updated.contains(" 42646 matched, 5538 not in the table ("), "{updated}");
    let Tidied { asphalt, unlit } = expected;
    let tidying = format!(" {asphalt} surfaces are ASPH, {unlit} closed runways are unlit (");
    assert!(tidied.contains(&tidying), "{tidied}");
    assert!(
        lines[1..].iter().all(|line| line.ends_with(" s)")),
        "each step says how long it took: {lines:?}"
    );
    name.clone()
}

/// Without arguments: a SQLite file in the temporary folder; a second run makes it anew.
#[test]
fn the_program_makes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (tidied, counts) = expected();
    for _ in 0..2 {
        assert!(says(&[], folder.path(), &counts).starts_with("SQLite "));
    }
    runtime().block_on(async {
        let file = folder.path().join("enmasse-runways.db");
        let db = Database::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        assert_same(&tidied, &File::of_table(&db, &tidied.columns).await);
    });
}

#[test_on(all)]
fn the_program_says_what_it_did(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    on_scratch(kind, async |scratch| {
        let name = says(&[&scratch.url], folder.path(), &expected().1);
        let expected = match kind {
            Kind::Sqlite => "SQLite ",
            Kind::Postgres => "PostgreSQL ",
            Kind::MariaDb => "MariaDB ",
            Kind::Mysql => "MySQL ",
        };
        assert!(name.starts_with(expected), "{name}");
    });
}

#[test]
fn the_program_fails_with_a_message() {
    let program = build_example("runways");
    let output = Command::new(program).arg("oracle://user:hunter2@localhost/db").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("oracle") && !message.contains("hunter2"), "{message}");
}

/// A table in a file or in a database: each row's values as text, in the file's order of columns.
struct File {
    columns: Vec<String>,
    rows: BTreeMap<i64, Vec<Cell>>,
}

/// The value of one column in one row. Numbers are compared numerically, because a number has many spellings.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Number(f64),
    Text(String),
}

impl Cell {
    fn of_file(column: &str, text: &str) -> Cell {
        match text {
            "" => Cell::Null,
            text if is_text(column) => Cell::Text(text.to_owned()),
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

fn is_text(column: &str) -> bool {
    ["airport_ident", "surface", "le_ident", "he_ident"].contains(&column)
}

impl File {
    /// Reads a file by itself: nothing of the model is used.
    fn read(path: &Path) -> File {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let columns: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
        assert_eq!(columns[0], "id");
        let rows = reader.records().map(|record| {
            let record = record.unwrap();
            let cells = columns.iter().zip(&record).map(|(column, text)| Cell::of_file(column, text));
            (record[0].parse().unwrap(), cells.collect())
        });
        File { rows: rows.collect(), columns }
    }

    /// Reads the table by itself, with SQL of the test's own.
    async fn of_table(db: &Database, columns: &[String]) -> File {
        let quote = if Kind::of(db).in_mysql_family() { '`' } else { '"' };
        let quoted: Vec<String> = columns.iter().map(|column| format!("{quote}{column}{quote}")).collect();
        let rows = db.query_raw(&format!("SELECT {} FROM runways", quoted.join(", ")), []).await.unwrap();
        let rows = rows.into_iter().map(|row| {
            let Value::Int(id) = row[0] else { panic!("{row:?} has no key") };
            (id, row.into_iter().map(Cell::of_database).collect())
        });
        File { rows: rows.collect(), columns: columns.to_vec() }
    }

    /// This table with the rows of another one, if it has a row with the same key.
    fn updated_by(&self, newer: &File) -> File {
        assert_eq!(self.columns, newer.columns);
        let row = |(id, row): (&i64, &Vec<Cell>)| (*id, newer.rows.get(id).unwrap_or(row).clone());
        File { columns: self.columns.clone(), rows: self.rows.iter().map(row).collect() }
    }

    /// This table with asphalt of one name and closed runways unlit, and how many rows of each there are.
    fn tidied(&self) -> (File, Tidied) {
        let position = |name: &str| self.columns.iter().position(|column| column == name).unwrap();
        let (surface, lighted, closed) = (position("surface"), position("lighted"), position("closed"));
        let mut rows = self.rows.clone();
        let (mut asphalt, mut unlit) = (0, 0);
        for row in rows.values_mut() {
            if matches!(&row[surface], Cell::Text(text) if text.to_lowercase().starts_with("asp")) {
                row[surface] = Cell::Text("ASPH".to_owned());
                asphalt += 1;
            }
            if row[closed] == Cell::Number(1.0) {
                row[lighted] = Cell::Number(0.0);
                unlit += 1;
            }
        }
        (File { columns: self.columns.clone(), rows }, Tidied { asphalt, unlit })
    }
}

/// Row for row and column for column; the first difference is shown.
fn assert_same(expected: &File, found: &File) {
    assert_eq!(found.columns, expected.columns);
    assert!(found.rows.keys().eq(expected.rows.keys()), "the keys are not the same");
    for (id, row) in &expected.rows {
        assert_eq!(&found.rows[id], row, "runway {id}");
    }
}

/// Builds an example with the features of `scripts/test`, and returns the path of the program.
fn build_example(name: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--all-features", "--example", name])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"] })
        .status()
        .unwrap();
    assert!(built.success());
    // …/target/debug/deps/runways-0123456789abcdef
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples").join(name)
}
