//! Settings of our own sessions, which override those of the role, the database and the server.

use enmasse_core::error::{Error, Result};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error::error;
use super::pooler::{MARK, Pooler};
use crate::backend::url::configuration;

/// Texts are literal, also with backslashes; dates in text form are parsed as written; timestamps are shown
/// in UTC.
const SETTINGS: [(&str, &str); 4] = [
    ("client_encoding", "UTF8"),
    ("standard_conforming_strings", "on"),
    ("DateStyle", "ISO, MDY"),
    ("TimeZone", "UTC"),
];

/// The number of these settings, from the first, that stored values depend on.
const NEEDED: usize = 2;

/// Begins a transaction in an unknown session.
pub(super) const BEGIN_ANYWHERE: &str = "BEGIN; SET LOCAL standard_conforming_strings = on; SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL TimeZone = 'UTC'";

/// Sets a new connection's session, and reads the settings back, in one message. Behind a pooler, the session
/// is shared: the settings are only checked, and set for each transaction.
pub(super) async fn set_up(client: &Client, pooler: &Pooler) -> Result<()> {
    let set = SETTINGS.map(|(name, value)| format!("SET {name} = '{value}'; ")).concat();
    let shown = SETTINGS.map(|(name, _)| format!("current_setting('{name}'), ")).concat();
    let read = format!("SELECT {shown}current_setting('{MARK}', true)");
    if !pooler.is_known() {
        let row = ask(client, &read).await.map_err(error)?;
        pooler.note_mark(row.last().and_then(Option::as_deref));
    }
    if pooler.is_there() {
        refuse_other(&ask(client, &read).await.map_err(error)?, NEEDED)
    } else {
        refuse_other(&ask(client, &(set + &read)).await.map_err(error)?, SETTINGS.len())
    }
}

/// Refuses a caller's pool whose sessions would silently store other values.
pub(super) async fn refuse_unfit(client: &Client) -> Result<()> {
    let shown = SETTINGS.map(|(name, _)| format!("current_setting('{name}')")).join(", ");
    let row = ask(client, &format!("SELECT {shown}")).await.map_err(error)?;
    refuse_other(&row, NEEDED)
}

fn refuse_other(row: &[Option<String>], checked: usize) -> Result<()> {
    let found = row.iter().zip(SETTINGS).take(checked);
    let other = found.filter_map(|(found, (name, value))| Some((name, value, found.as_deref()?)));
    match other.into_iter().find(|(_, value, found)| found != value) {
        Some((name, value, found)) => Err(not_as_set(name, value, found)),
        None => Ok(()),
    }
}

fn not_as_set(name: &str, value: &str, found: &str) -> Error {
    configuration(format!(
        "The session's {name} is '{found}' where '{value}' is needed. Set it for the role, the database or the pooler: \
         ALTER ROLE … SET {name} = '{value}'."
    ))
}

/// The last row of statements without parameters, as text. Nothing is prepared.
pub(super) async fn ask(client: &Client, sql: &str) -> Result<Vec<Option<String>>, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    let row = messages.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.map_or(Vec::new(), |row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()))
}
