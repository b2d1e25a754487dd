//! Scenarios: each written once, and run on every database.

#[cfg(feature = "sqlite")]
mod backfill;
mod blocking;
mod bulk_each;
mod bulk_more;
mod bulk_update;
mod few_rows;
mod filters;
mod host_sql;
mod lock_in_order;
mod models;
mod names;
mod preview;
mod progress;
mod read_back;
mod relations;
mod runtime;
mod seed;
mod update;
mod write_read;

use enmasse::{Database, Transaction};

/// A handle whose transaction has ended, on which sending is the error `TransactionEnded`: a request with
/// another error, or without one, has sent nothing.
async fn ended(db: &Database) -> Transaction {
    db.transaction(async |tx| Ok(tx)).await.unwrap()
}
