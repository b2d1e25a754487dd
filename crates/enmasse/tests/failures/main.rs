//! Bulk updates that fail: afterwards the table is as it was, and the handle goes on working.

mod cut;
mod deadlocks;
mod dropped;
mod item;
mod refused;
mod sources;
