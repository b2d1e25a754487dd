//! SQLite: one prepared statement, run for each row.

pub(super) mod prepared_loop;
