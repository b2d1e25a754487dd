//! PostgreSQL: rows as arrays, or copied into a temporary table.

mod account;
pub(in crate::plan) mod arrays;
pub(super) mod copy;
mod settings;

pub use account::COUNTS;
