//! What the rest of the crate asks of a connection, on every database.
//!
//! The harness has been built with another copy of the crate, so that it makes the databases and nothing more: the handles are our own.

mod given;
mod kept;
mod rows;
mod sqlite;
mod streams;
mod trace;
mod values;

use enmasse_core::sql::{Param, Statement};
use enmasse_core::value::{DataType, Value};
use enmasse_testing::{Kind, number as one_number, on_scratch};

use crate::Database;
use crate::database::handle::Executor;

async fn connect(url: &str) -> Database {
    Database::connect(url).await.unwrap_or_else(|error| panic!("cannot connect: {error:?}"))
}

/// Runs the scenario on a new, empty database.
fn on_database(kind: Kind, scenario: impl AsyncFnOnce(Database)) {
    on_scratch(kind, async |scratch| scenario(connect(&scratch.url).await).await);
}

/// A table `t` of numbers and names.
async fn make_table(db: &Database) {
    let sql = "CREATE TABLE t (id integer PRIMARY KEY, name varchar(200) NOT NULL)";
    db.execute_raw(sql, []).await.expect("CREATE TABLE");
}

/// The numbers in it.
async fn ids(db: &Database) -> Vec<i64> {
    let rows = db.query_raw("SELECT id FROM t ORDER BY id", []).await.expect("SELECT");
    rows.into_iter().map(|row| one_number(&row)).collect()
}

/// A statement whose question marks become the dialect's placeholders.
fn statement(
    executor: &Executor,
    sql: &str,
    params: impl IntoIterator<Item = (Value, DataType)>,
) -> Statement {
    let dialect = executor.dialect();
    let params: Vec<Param> = params
        .into_iter()
        .map(|(value, data_type)| Param { value: dialect.store(&value, &data_type).unwrap(), data_type })
        .collect();
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap().to_owned();
    for (position, part) in parts.enumerate() {
        text.push_str(&dialect.typed_placeholder(position + 1, &params[position].data_type));
        text.push_str(part);
    }
    Statement { sql: text, params }
}

fn number(value: i64) -> (Value, DataType) {
    (value.into(), DataType::Integer)
}
