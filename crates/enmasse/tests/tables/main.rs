//! Tables as people have them: what the catalogue says of them, and what follows for writes.

mod catalog;
mod documents;
mod keys;
mod limits;
mod reading;
mod storage;
mod types;

use enmasse::schema::ModelRef;
use enmasse::{Database, Record, Value};

async fn run(db: &Database, statements: &[&str]) {
    for statement in statements {
        db.execute_raw(statement, []).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// The rows that a query returns, with `|` between the values.
async fn query(db: &Database, sql: &str) -> Vec<String> {
    let rows = db.query_raw(sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    };
    rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
}

/// A row with these values.
fn record<const N: usize>(model: &ModelRef, values: [(&str, Value); N]) -> Record {
    let mut record = Record::new(model);
    for (name, value) in values {
        record.set(name, value).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    record
}
