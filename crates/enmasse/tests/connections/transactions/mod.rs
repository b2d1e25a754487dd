//! Transactions, on every database.

mod committed;
mod conflicts;
mod dropped;
