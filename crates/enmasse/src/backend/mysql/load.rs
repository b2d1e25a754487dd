//! `LOAD DATA LOCAL` from memory.

use std::pin::pin;

use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::sync::mpsc;

use super::error::error;
use crate::backend::{Chunks, wrong_form};

/// Maximum number of waiting chunks.
const AHEAD: usize = 2;

/// Streams rows to a `LOAD DATA LOCAL` statement.
pub(super) async fn load(conn: &mut Conn, sql: &str, rows: &mut dyn Chunks) -> Result<()> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    conn.set_infile_handler(async move {
        let chunks = stream::unfold(receiver, |mut receiver| async move {
            let bytes: Vec<u8> = receiver.recv().await?;
            Some((Ok(bytes.into()), receiver))
        });
        Ok(chunks.boxed())
    });
    // An error in the rows also ends the file: the server must finish before any other message.
    let send = async move {
        let mut sent = 0;
        while let Some((chunk, rows)) = rows.next().await? {
            let Chunk::Bytes(bytes) = chunk else { return Err(wrong_form(&chunk)) };
            sent += rows as u64;
            // An empty packet would end the file.
            if !bytes.is_empty() && sender.send(bytes).await.is_err() {
                break;
            }
        }
        Ok(sent)
    };
    let sent: u64 = match select(pin!(send), pin!(conn.query_drop(sql))).await {
        Either::Left((sent, loaded)) => {
            let loaded = loaded.await;
            let sent = sent?;
            loaded.map_err(error)?;
            sent
        }
        // The server is gone, or does not request a file: nobody takes the rows.
        Either::Right((loaded, send)) => {
            loaded.map_err(error)?;
            send.await?
        }
    };
    let info = conn.info().into_owned();
    let count = |name: &str| info.split_once(name)?.1.split_whitespace().next()?.parse::<u64>().ok();
    if count("Records: ") != Some(sent) || count("Deleted: ") != Some(0) {
        return Err(Error::new(
            ErrorKind::Database,
            format!("The server did not load the {sent} rows that it was sent: {info}"),
        ));
    }
    if count("Warnings: ").is_some_and(|warnings| warnings > 0) {
        let warning: Option<(String, u16, String)> =
            conn.query_first("SHOW WARNINGS").await.map_err(error)?;
        let (_, code, message) = warning.unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Value,
            format!("The server would have changed a value: {message}"),
        )
        .with_code(code.to_string()));
    }
    Ok(())
}
