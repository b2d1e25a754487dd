//! Connections, pools, sessions and transactions.

mod database;
#[cfg(all(feature = "postgres", unix))]
mod pooler;
mod sessions;
mod transactions;
