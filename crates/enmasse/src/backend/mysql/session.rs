//! Settings of our own sessions, which override those of the server, of `init_connect`, and of a handshake.

use enmasse_core::error::Result;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::error;
use crate::backend::url::configuration;

/// The required settings and their reasons.
///
/// | setting | without it |
/// | --- | --- |
/// | the character sets | text is silently stored as other text |
/// | `sql_mode`, as a whole | values are changed silently, a key of 0 is replaced, `||` and `"` have other meanings, an empty text is NULL |
/// | `time_zone` | a `TIMESTAMP` is stored as another time |
/// | `autocommit`, `completion_type` | a single statement is not committed; a commit begins another transaction |
/// | `sql_safe_updates`, `sql_select_limit`, `max_join_size` | an update is refused, or reads only the first rows |
/// | `sql_auto_is_null` | `id IS NULL` finds the row that was inserted last |
const SETTINGS: [(&str, &str); 11] = [
    ("autocommit", "1"),
    ("time_zone", "'+00:00'"),
    ("sql_mode", SQL_MODE),
    ("sql_safe_updates", "0"),
    ("sql_auto_is_null", "0"),
    ("sql_select_limit", "18446744073709551615"),
    ("max_join_size", "18446744073709551615"),
    ("completion_type", "'NO_CHAIN'"),
    ("character_set_client", "'utf8mb4'"),
    ("character_set_results", "'utf8mb4'"),
    ("character_set_connection", "'utf8mb4'"),
];

/// No value is changed silently, not even a key of 0, which would be replaced.
const SQL_MODE: &str = "'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// Sets all of them and the isolation level, which is Django's, in one message.
///
/// The last statement fails if a setting was not kept: behind a proxy that assigns each statement another
/// session, settings do not hold.
pub(super) fn set_up() -> String {
    let is_own = |name: &str| !name.starts_with("character_set_");
    let set: Vec<_> = SETTINGS
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let holds: Vec<_> = SETTINGS
        .iter()
        // The server has its own order of the modes.
        .map(|(name, value)| match *name {
            "sql_mode" => format!("LENGTH(@@sql_mode) = LENGTH({value})"),
            name => format!("@@{name} = {value}"),
        })
        .collect();
    format!(
        "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; SET {}; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SELECT IF({}, 1, (SELECT 1 UNION ALL SELECT 2)) AS {HOLDS}",
        set.join(", "),
        holds.join(" AND ")
    )
}

/// The name of the check in the last statement.
const HOLDS: &str = "enmasse_session";

/// "Subquery returns more than 1 row".
pub(super) const DOES_NOT_HOLD: u16 = 1242;

/// The meaning of that error.
pub(super) const NOT_AS_SET: &str = "The session does not keep its settings, as behind a proxy that assigns each statement another session: connect to the \
                                     server itself, or have the proxy keep sessions.";

/// Refuses a caller's pool whose sessions would silently store other values.
pub(super) async fn refuse_unfit(conn: &mut Conn) -> Result<()> {
    type Found = (i64, String, String, String, String, String);
    let asked = "SELECT @@autocommit, @@character_set_client, @@character_set_connection, \
                 COALESCE(@@character_set_results, 'NULL'), @@sql_mode, \
                 IF(@@time_zone = 'SYSTEM', @@system_time_zone, @@time_zone)";
    let found: Option<Found> = conn.query_first(asked).await.map_err(error::error)?;
    let Some((autocommit, client, connection, results, sql_mode, time_zone)) = found else { return Ok(()) };
    if autocommit != 1 {
        return Err(configuration("The pool's connections have autocommit off: turn it on."));
    }
    if let Some(other) = [&client, &connection, &results].into_iter().find(|set| *set != "utf8mb4") {
        return Err(configuration(format!(
            "The pool's connections have the character set {other}, which stores different text: give it \
             OptsBuilder::init([\"SET NAMES utf8mb4\"])."
        )));
    }
    if !sql_mode.contains("STRICT_") {
        return Err(configuration(
            "The pool's connections have a sql_mode in which values are changed silently: add STRICT_ALL_TABLES to it.",
        ));
    }
    if !["+00:00", "-00:00", "UTC", "Etc/UTC", "GMT", "Universal"].contains(&time_zone.as_str()) {
        return Err(configuration(format!(
            "The pool's connections are in the time zone {time_zone}, which stores another time in a TIMESTAMP: give it \
             OptsBuilder::init([\"SET time_zone = '+00:00'\"])."
        )));
    }
    Ok(())
}
