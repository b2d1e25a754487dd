//! Classifies PostgreSQL's errors.

use std::error::Error as _;

use deadpool_postgres::{HookError, PoolError};
use enmasse_core::error::{Error, ErrorKind};

use crate::backend::url::configuration;

/// An error of the server or of the driver.
pub(super) fn error(error: tokio_postgres::Error) -> Error {
    describe(error, kind)
}

/// Every error while connecting is a connection error.
fn connect_error(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(_) => describe(error, |_, _| ErrorKind::Connection),
        None => Error::new(ErrorKind::Connection, with_causes(&error)).with_source(error),
    }
}

fn describe(error: tokio_postgres::Error, kind: impl Fn(&str, &str) -> ErrorKind) -> Error {
    let Some(reported) = error.as_db_error() else {
        return driver_error(error);
    };
    let code = reported.code().code();
    let mut message = reported.message().to_owned();
    let read_only = (code == READ_ONLY).then_some(
        "The server is a standby, or default_transaction_read_only is on for the role, the database or the server",
    );
    for more in [reported.detail(), reported.hint(), read_only].into_iter().flatten() {
        message = format!("{message}. {more}");
    }
    // A row policy refuses a new row with the code of a missing privilege.
    let kind = match reported.routine() {
        Some("ExecWithCheckOptions") => ErrorKind::Integrity,
        _ => kind(code, reported.message()),
    };
    Error::new(kind, message).with_code(code.to_owned()).with_source(error)
}

/// read_only_sql_transaction
const READ_ONLY: &str = "25006";

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => ErrorKind::Conflict,
        // feature_not_supported: a table changed under a prepared statement, which is prepared again the next
        // time
        "0A000" if message.starts_with("cached plan must not change") => ErrorKind::Conflict,
        // invalid_sql_statement_name, duplicate_prepared_statement: another session has dropped the prepared
        // statement, or uses its name, as happens behind a pooler
        "26000" | "42P05" => ErrorKind::Conflict,
        "0A000" => ErrorKind::NotSupported,
        // raise_exception, as triggers do, with_check_option_violation
        "P0001" | "44000" => ErrorKind::Integrity,
        // idle_in_transaction_session_timeout, transaction_timeout
        "25P03" | "25P04" => ErrorKind::Connection,
        // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => ErrorKind::Connection,
        // too_many_connections, invalid_catalog_name
        "53300" | "3D000" => ErrorKind::Connection,
        _ => match code.get(..2) {
            Some("22") => ErrorKind::Data,
            Some("23") => ErrorKind::Integrity,
            // connection_exception, invalid_authorization_specification
            Some("08" | "28") => ErrorKind::Connection,
            _ => ErrorKind::Database,
        },
    }
}

/// An error that the server did not report: of the connection, or of a value's conversion.
fn driver_error(error: tokio_postgres::Error) -> Error {
    let io = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    let ours = error.source().and_then(|cause| cause.downcast_ref::<super::convert::Refused>());
    if let Some(refused) = ours {
        return Error::new(refused.kind, refused.message.clone());
    }
    let text = error.to_string();
    if text.starts_with("error serializing") || text.starts_with("error deserializing") {
        let cause = error.source().map_or(text, ToString::to_string);
        return Error::new(ErrorKind::Value, cause).with_source(error);
    }
    let lost = io || error.is_closed() || text.starts_with("error connecting") || text.contains("TLS");
    let kind = if lost { ErrorKind::Connection } else { ErrorKind::Database };
    Error::new(kind, with_causes(&error)).with_source(error)
}

/// An error with all of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The error for an unavailable connection.
pub(super) fn pool_error(pool: PoolError) -> Error {
    match pool {
        PoolError::PostCreateHook(HookError::Message(text)) => configuration(text),
        PoolError::Backend(cause) => connect_error(cause),
        PoolError::Closed => Error::new(ErrorKind::Connection, "The database has been closed."),
        other => Error::new(ErrorKind::Connection, with_causes(&other)).with_source(other),
    }
}
