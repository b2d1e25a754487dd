//! Writes on SQLite: who writes does so alone.

use super::Sqlite;
use crate::dialect::write::{DeleteBy, Lock, UpdateBy, WriteSql, delete_in, update_from};
use crate::sql::Fragment;

impl WriteSql for Sqlite {
    fn lock(&self, _strength: Lock, _tables: &[String]) -> Option<String> {
        None
    }

    fn join_in_order(&self) -> &'static str {
        "JOIN"
    }

    fn select_in_order(&self) -> &'static str {
        ""
    }

    fn keep_order(&self) -> String {
        String::new()
    }

    fn update_from(&self, write: UpdateBy) -> Fragment {
        update_from(write)
    }

    fn delete_by(&self, write: DeleteBy<'_>) -> String {
        delete_in(write)
    }

    fn insert_staged(&self) -> &'static str {
        "INSERT"
    }

    fn drop_staged(&self, table: &str) -> String {
        format!("DROP TABLE {table}")
    }

    fn temporary_keys(&self, _columns: &str) -> String {
        String::new()
    }

    fn staging_options(&self) -> &'static str {
        ""
    }

    fn many_keys(&self) -> &'static str {
        ""
    }

    fn row_by_row(&self) -> &'static str {
        ""
    }
}
