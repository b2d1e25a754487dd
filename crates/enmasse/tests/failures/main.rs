//! Bulk updates that fail: afterwards the table is as it was, and the handle goes on working.

#[path = "../common/mod.rs"]
mod common;
mod cut;
mod deadlocks;
mod dropped;
mod item;
mod proxy;
mod refused;
mod sources;
