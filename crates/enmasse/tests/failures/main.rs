//! Bulk updates that fail, or that others get in the way of: what was written is what is said.

mod account;
mod contention;
mod cut;
mod deadlocks;
mod dropped;
mod item;
mod refused;
mod sources;
