//! Values of new rows assigned by the database: returned by the insert, or read after it.

use enmasse_core::compile::Selection;
use enmasse_core::dialect::Dialect;
use enmasse_core::error::Result;
use enmasse_core::plan;
use enmasse_core::schema::ModelRef;
use enmasse_core::sql::Statement;
use enmasse_core::{DataType, Value};

use crate::backend::{Connection, Row};
use crate::run::Outcome;

/// Maximum number of rows read by one query.
const AT_ONCE: usize = 100;

/// The values that an insert returns for each new row; only the keys if the database returns only the first
/// key of a statement.
pub(super) async fn given(
    connection: &mut dyn Connection,
    dialect: &dyn Dialect,
    outcome: Outcome,
) -> Result<Vec<Row>> {
    if !outcome.returned.is_empty() {
        return Ok(outcome.returned);
    }
    let mut step = 1;
    if outcome.first_ids.iter().any(|(_, rows)| *rows > 1)
        && let Some(sql) = dialect.identity_step()
    {
        let asked = Statement { sql: sql.to_owned(), params: Vec::new() };
        let rows = connection.query(&asked, &[DataType::BigInt]).await?;
        if let Some([Value::Int(distance)]) = rows.first().map(Vec::as_slice) {
            step = distance.unsigned_abs();
        }
    }
    let following = |(first, rows)| {
        (0..rows).map_while(move |number: u64| i64::checked_add_unsigned(first, number.checked_mul(step)?))
    };
    let keys = outcome.first_ids.into_iter().flat_map(following);
    Ok(keys.map(|key| vec![Value::Int(key)]).collect())
}

/// Reads the fields at these positions of the inserted rows, by their keys.
pub(super) async fn read(
    connection: &mut dyn Connection,
    dialect: &dyn Dialect,
    model: &ModelRef,
    fields: &[usize],
    inserted: &[usize],
    rows: &mut [Row],
) -> Result<()> {
    let key = model.key();
    for part in inserted.chunks(AT_ONCE) {
        let key_of = |&at: &usize| key.iter().map(|&position| rows[at][position].clone()).collect();
        let keys: Vec<Row> = part.iter().map(key_of).collect();
        let mut found = read_keys(connection, dialect, model, fields, &keys).await?;
        for (&at, own) in part.iter().zip(&keys) {
            let made = match found.iter().position(|row| row[..own.len()] == own[..]) {
                Some(place) => Some(found.swap_remove(place)),
                // The table may store the key in another form.
                None => {
                    let alone = std::slice::from_ref(own);
                    read_keys(connection, dialect, model, fields, alone).await?.pop()
                }
            };
            for (&position, value) in fields.iter().zip(made.into_iter().flatten().skip(own.len())) {
                rows[at][position] = value;
            }
        }
    }
    Ok(())
}

async fn read_keys(
    connection: &mut dyn Connection,
    dialect: &dyn Dialect,
    model: &ModelRef,
    fields: &[usize],
    keys: &[Row],
) -> Result<Vec<Row>> {
    match plan::read_made(dialect, model, keys, fields)? {
        Some(Selection { statement, columns }) => connection.query(&statement, &columns).await,
        None => Ok(Vec::new()),
    }
}
