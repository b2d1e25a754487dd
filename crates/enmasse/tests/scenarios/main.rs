//! Scenarios: each written once, and run on every database.

#[path = "../common/mod.rs"]
mod common;
mod models;
mod names;
mod relations;
