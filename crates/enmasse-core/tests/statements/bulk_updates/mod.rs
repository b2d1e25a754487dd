//! What bulk updates become: a sheet for each way of carrying the rows, on each database that can.

mod requests;
mod shown;

use std::fmt::Write;

use enmasse_core::ErrorKind;
use enmasse_core::plan::{Strategy, bulk_update};

use requests::requests;
use shown::{dialects, shown};

/// Every request as this strategy carries it; databases with the same statements share a line.
fn sheet(strategy: Strategy, rows: Option<u64>) -> String {
    let mut sheet = String::new();
    for request in requests() {
        let mut found: Vec<(Vec<String>, String)> = Vec::new();
        for dialect in dialects() {
            let asked = request.asked(strategy, rows);
            let text = match bulk_update(&*dialect, &asked) {
                Ok(plan) => shown(&dialect, plan),
                Err(error) if error.kind() == ErrorKind::NotSupported => format!("not so: {error}"),
                Err(error) => panic!("{}: {error}", request.title),
            };
            if text.starts_with("not so") && !can(strategy, &dialect.name()) {
                continue;
            }
            let text = text.replace(&dialect.name(), "it");
            match found.iter_mut().find(|(_, other)| *other == text) {
                Some((names, _)) => names.push(dialect.name()),
                None => found.push((vec![dialect.name()], text)),
            }
        }
        writeln!(sheet, "{}", request.title).unwrap();
        for (names, text) in found {
            writeln!(sheet, "  {}\n    {}", names.join(", "), text.replace('\n', "\n    ")).unwrap();
        }
        sheet.push('\n');
    }
    sheet
}

/// Whether the database has this strategy for any request at all.
fn can(strategy: Strategy, database: &str) -> bool {
    let names: &[&str] = match strategy {
        Strategy::PreparedLoop => &["SQLite"],
        Strategy::Arrays | Strategy::Copy | Strategy::StagedArrays => &["PostgreSQL"],
        Strategy::LoadData => &["MariaDB", "MySQL"],
        Strategy::StagedInserts => &["PostgreSQL", "MariaDB", "MySQL"],
        Strategy::BulkExecute => &["MariaDB"],
        Strategy::Cases => &["MariaDB", "MySQL"],
        Strategy::Values => &["PostgreSQL", "MariaDB", "MySQL"],
        other => panic!("a new strategy: {other:?}"),
    };
    names.iter().any(|name| database.starts_with(name))
}

#[test]
fn a_prepared_loop() {
    insta::assert_snapshot!("prepared_loop", sheet(Strategy::PreparedLoop, None));
}

#[test]
fn arrays_of_few_rows() {
    insta::assert_snapshot!("arrays_few", sheet(Strategy::Arrays, Some(3)));
}

#[test]
fn arrays_of_many_rows() {
    insta::assert_snapshot!("arrays_many", sheet(Strategy::Arrays, None));
}

#[test]
fn a_copy() {
    insta::assert_snapshot!("copy", sheet(Strategy::Copy, None));
}

#[test]
fn load_data() {
    insta::assert_snapshot!("load_data", sheet(Strategy::LoadData, None));
}

#[test]
fn staged_inserts() {
    insta::assert_snapshot!("staged_inserts", sheet(Strategy::StagedInserts, None));
}

#[test]
fn a_bulk_execute() {
    insta::assert_snapshot!("bulk_execute", sheet(Strategy::BulkExecute, None));
}

#[test]
fn values() {
    insta::assert_snapshot!("values", sheet(Strategy::Values, None));
}

#[test]
fn cases() {
    insta::assert_snapshot!("cases", sheet(Strategy::Cases, None));
}
