//! What becomes of queries and plans: their SQL on each database, and what the runner does with it.

mod backfill;
mod bulk_updates;
mod catalog;
mod chains;
mod host_sql;
mod inheritance;
mod inserts;
mod kept;
mod library;
mod placeholders;
mod plans;
mod queries;
mod refusals;
mod runner;
mod spelling;
mod tables;
