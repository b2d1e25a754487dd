//! The steps of a transaction, which have the same SQL on all databases.

use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

use super::{Connection, Extent};

/// A step of a transaction. Savepoints are numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Begin,
    Commit,
    Rollback,
    Savepoint(u64),
    /// Keeps the changes since the savepoint.
    Release(u64),
    /// Rolls back to the savepoint, and drops it.
    Undo(u64),
}

/// Runs a step. The commit of a transaction with a fatally failed statement rolls back, and returns that
/// statement's error.
pub(crate) fn transact(connection: &mut dyn Connection, step: Step) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        match step {
            Step::Begin => {
                connection.state().opened();
                let begun = connection.script(connection.begin_sql()).await;
                if begun.is_err() {
                    connection.state().closed();
                }
                begun
            }
            Step::Commit => {
                let result = match connection.state().failure() {
                    Some(error) => Err(error),
                    None => connection.script("COMMIT").await.map_err(unknown_if_lost),
                };
                match &result {
                    Ok(()) => connection.state().closed(),
                    // After a failed rollback, the connection stays open; dropping it ends the transaction.
                    Err(_) => _ = transact(connection, Step::Rollback).await,
                }
                result
            }
            Step::Rollback => {
                connection.state().give_up();
                connection.script("ROLLBACK").await?;
                connection.state().closed();
                Ok(())
            }
            Step::Savepoint(number) => connection.script(&format!("SAVEPOINT enmasse_{number}")).await,
            Step::Release(number) => connection.script(&format!("RELEASE SAVEPOINT enmasse_{number}")).await,
            Step::Undo(number) => {
                connection.state().recover();
                let sql =
                    format!("ROLLBACK TO SAVEPOINT enmasse_{number}; RELEASE SAVEPOINT enmasse_{number}");
                let undone = connection.script(&sql).await;
                if let Err(error) = &undone {
                    connection.state().fail(error, Extent::Transaction);
                }
                undone
            }
        }
    })
}

/// The outcome of a commit is unknown if its connection was lost, unless the server had already ended the
/// session.
pub(crate) fn unknown_if_lost(error: Error) -> Error {
    let is_known = |code: &str| ["25P03", "25P04", "4031"].contains(&code) || code.starts_with("SQLITE");
    // An error without a cause is our own: nothing was sent.
    let is_ours = std::error::Error::source(&error).is_none();
    if error.kind() != ErrorKind::Connection || is_ours || error.code().is_some_and(is_known) {
        return error;
    }
    let text = format!(
        "The connection was lost during the commit, and it is unknown whether everything or nothing was written: {}",
        error.message()
    );
    let mut unknown = Error::new(ErrorKind::CommitUnknown, text);
    if let Some(code) = error.code() {
        unknown = unknown.with_code(code);
    }
    unknown.with_source(error)
}
