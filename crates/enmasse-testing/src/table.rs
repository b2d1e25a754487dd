//! A small table.

use enmasse::{Database, Result, Transaction, Value};

use crate::Kind;

/// A table `t` of numbers and names.
pub async fn make_table(db: &Database) {
    let engine = if Kind::of(db).in_mysql_family() { " ENGINE=InnoDB" } else { "" };
    let sql = format!("CREATE TABLE t (id integer PRIMARY KEY, name varchar(200) NOT NULL){engine}");
    db.execute_raw(&sql, []).await.expect("CREATE TABLE");
}

/// Adds a row to it.
pub async fn insert(tx: &Transaction, id: i64) -> Result<u64> {
    tx.execute_raw(&format!("INSERT INTO t (id, name) VALUES ({id}, 'x')"), []).await
}

/// The numbers in it.
pub async fn ids(db: &Database) -> Vec<i64> {
    let rows = db.query_raw("SELECT id FROM t ORDER BY id", []).await.expect("SELECT");
    rows.into_iter().map(|row| number(&row)).collect()
}

/// The one number of a row.
pub fn number(row: &[Value]) -> i64 {
    match row {
        [Value::Int(number)] => *number,
        _ => panic!("not a row of one number: {row:?}"),
    }
}
