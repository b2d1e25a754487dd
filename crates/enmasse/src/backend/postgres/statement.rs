//! Sends statements: prepared, or unnamed if a pooler may assign another session to the next one.

use deadpool_postgres::Client;
use enmasse_core::error::Error;
use enmasse_core::sql::Statement;
use enmasse_core::value::Value;
use tokio_postgres::RowStream;
use tokio_postgres::types::Type;

use super::convert::{Bound, parameter_type};
use super::error::error;
use super::plain::Plain;
use crate::backend::wrong_count;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

/// Sends a statement, and returns its rows as they arrive.
pub(super) async fn send(
    client: &Client,
    is_pooled: bool,
    statement: &Statement,
) -> Result<RowStream, Error> {
    let types = statement.params.iter().map(|param| parameter_type(&param.data_type));
    let values = statement.params.iter().map(|param| Bound(&param.value));
    if is_pooled {
        let params = values.zip(types).collect::<Vec<_>>();
        return client.query_typed_raw(&statement.sql, params).await.map_err(error);
    }
    let types: Vec<Type> = types.collect();
    if client.statement_cache.size() >= STATEMENTS {
        client.statement_cache.clear();
    }
    let prepared = client.prepare_typed_cached(&statement.sql, &types).await.map_err(error)?;
    refuse_count(prepared.params().len(), statement.params.len())?;
    let sent = client.query_raw(&prepared, values.collect::<Vec<_>>()).await;
    sent.map_err(|cause| {
        let error = error(cause);
        // A statement that no longer fits its tables is prepared again the next time.
        if matches!(error.code(), Some("0A000" | "26000")) {
            client.statement_cache.remove(&statement.sql, &types);
        }
        error
    })
}

/// Sends a raw statement. The server infers the parameters' types, and the statement is not kept.
pub(super) async fn send_raw(
    client: &Client,
    is_pooled: bool,
    sql: &str,
    params: &[Value],
) -> Result<RowStream, Error> {
    if is_pooled {
        let params = params.iter().map(|value| (Plain(value), Type::UNKNOWN)).collect::<Vec<_>>();
        return client.query_typed_raw(sql, params).await.map_err(error);
    }
    let prepared = client.prepare(sql).await.map_err(error)?;
    refuse_count(prepared.params().len(), params.len())?;
    client.query_raw(&prepared, params.iter().map(Bound).collect::<Vec<_>>()).await.map_err(error)
}

fn refuse_count(expected: usize, given: usize) -> Result<(), Error> {
    if expected == given { Ok(()) } else { Err(wrong_count(expected, given)) }
}
