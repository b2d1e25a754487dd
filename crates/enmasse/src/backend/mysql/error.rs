//! Classifies MySQL's and MariaDB's errors.

use enmasse_core::error::{Error, ErrorKind};
use mysql_async::{DriverError, UrlError};

use super::{home, session};
use crate::backend::url::{configuration, unknown_parameter};
use crate::backend::wrong_count;

/// An error of the server or of the driver.
pub(super) fn error(error: mysql_async::Error) -> Error {
    use mysql_async::Error as E;
    match &error {
        E::Server(reported) => Error::new(kind(reported.code, &reported.state), reported.message.clone())
            .with_code(reported.code.to_string())
            .with_source(error),
        E::Driver(DriverError::StmtParamsMismatch { required, supplied }) => {
            wrong_count((*required).into(), *supplied)
        }
        E::Driver(cause @ (DriverError::ConnectionClosed | DriverError::PoolDisconnected)) => {
            Error::new(ErrorKind::Connection, cause.to_string()).with_source(error)
        }
        E::Driver(DriverError::PacketTooLarge) => Error::new(
            ErrorKind::Database,
            "The statement with its parameters is larger than the server's max_allowed_packet.",
        )
        .with_source(error),
        E::Driver(cause) => Error::new(ErrorKind::Database, cause.to_string()).with_source(error),
        E::Io(cause) => Error::new(ErrorKind::Connection, cause.to_string()).with_source(error),
        other => Error::new(ErrorKind::Database, other.to_string()).with_source(error),
    }
}

/// By error number and SQLSTATE: <https://mariadb.com/kb/en/mariadb-error-code-reference/>,
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
fn kind(code: u16, state: &str) -> ErrorKind {
    match code {
        // lock wait timeout, deadlock, record has changed since last read, statement aborted by NOWAIT
        1205 | 1213 | 1020 | 3572 => ErrorKind::Conflict,
        // Column cannot be null (also for LOAD DATA), duplicate entry, no default value, foreign keys, check
        // constraints of MySQL and of MariaDB.
        1048 | 1263 | 1062 | 1364 | 1216 | 1217 | 1451 | 1452 | 3819 | 4025 => ErrorKind::Integrity,
        // SIGNAL, as triggers do
        1644 => ErrorKind::Integrity,
        // incorrect string value, data truncated
        1366 | 1265 => ErrorKind::Data,
        // not supported yet, not supported by the storage engine
        1235 | 1031 => ErrorKind::NotSupported,
        // too many connections, access denied, unknown database, shutdown, host blocked, host not allowed, too many
        // connections of the user, killed, inactive for too long
        1040 | 1044 | 1045 | 1049 | 1053 | 1129 | 1130 | 1203 | 1226 | 1698 | 1927 | 4031 => {
            ErrorKind::Connection
        }
        _ => match state.get(..2) {
            Some("22") => ErrorKind::Data,
            Some("23") => ErrorKind::Integrity,
            Some("08" | "28") => ErrorKind::Connection,
            _ => ErrorKind::Database,
        },
    }
}

/// Every error while connecting is a connection error.
pub(super) fn connect_error(cause: mysql_async::Error) -> Error {
    use mysql_async::Error as E;
    let (message, code) = match &cause {
        E::Driver(DriverError::PoolDisconnected) => return home::closed(),
        E::Server(reported) if reported.code == session::DOES_NOT_HOLD => {
            (session::NOT_AS_SET.to_owned(), None)
        }
        E::Server(reported) => (reported.message.clone(), Some(reported.code.to_string())),
        E::Driver(cause) => (cause.to_string(), None),
        E::Io(cause) => (cause.to_string(), None),
        other => (other.to_string(), None),
    };
    let error = Error::new(ErrorKind::Connection, message).with_source(cause);
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// The parameters of a URL that `mysql_async` accepts and that make sense here.
const PARAMETERS: [&str; 22] = [
    "abs_conn_ttl",
    "abs_conn_ttl_jitter",
    "acquire_timeout",
    "built_in_roots",
    "compression",
    "conn_ttl",
    "enable_cleartext_plugin",
    "inactive_connection_ttl",
    "max_allowed_packet",
    "pool_size",
    "prefer_socket",
    "require_ssl",
    "retries",
    "secure_auth",
    "socket",
    "ssl-ca",
    "ssl-mode",
    "stmt_cache_size",
    "tcp_keepalive",
    "tcp_nodelay",
    "verify_ca",
    "verify_identity",
];

/// The error for a URL's parameter that `mysql_async` refuses.
pub(super) fn url_error(error: UrlError) -> Error {
    match &error {
        UrlError::UnknownParameter { param } => unknown_parameter(param, &PARAMETERS),
        UrlError::InvalidParamValue { param, value } => {
            configuration(format!("The URL's parameter '{param}' cannot be '{value}'"))
        }
        other => configuration(format!("The database's URL is wrong: {other}")),
    }
}
