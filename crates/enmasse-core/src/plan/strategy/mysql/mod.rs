//! MariaDB and MySQL: rows loaded into a temporary table, sent with one prepared statement, or as a `CASE` for each field.

pub(super) mod bulk_execute;
pub(super) mod cases;
pub(super) mod load_data;
