//! Writes on MariaDB and MySQL.

use super::{Flavour, Mysql};
use crate::dialect::write::{DeleteBy, Lock, UpdateBy, WriteSql, update_joined};
use crate::sql::Fragment;

/// More rows than any table has.
const ALL: u64 = u64::MAX;

impl WriteSql for Mysql {
    /// MariaDB has no list of tables, and neither has strengths.
    fn lock(&self, _strength: Lock, _tables: &[String]) -> Option<String> {
        Some("FOR UPDATE".to_owned())
    }

    fn join_in_order(&self) -> &'static str {
        "STRAIGHT_JOIN"
    }

    fn select_in_order(&self) -> &'static str {
        "STRAIGHT_JOIN "
    }

    /// Without a limit, the order of an inner query is dropped.
    fn keep_order(&self) -> String {
        format!(" LIMIT {ALL}")
    }

    fn update_from(&self, write: UpdateBy) -> Fragment {
        update_joined(write)
    }

    fn delete_by(&self, write: DeleteBy<'_>) -> String {
        let DeleteBy { table, key, keys, name, column } = write;
        format!("DELETE {table} FROM {keys} {name} STRAIGHT_JOIN {table} ON {key} = {name}.{column}")
    }

    fn insert_staged(&self) -> &'static str {
        "REPLACE"
    }

    fn drop_staged(&self, table: &str) -> String {
        format!("DROP TEMPORARY TABLE IF EXISTS {table}")
    }

    fn temporary_keys(&self, columns: &str) -> String {
        format!(" (PRIMARY KEY ({columns}))")
    }

    /// Staged rows need no log, and no versions for other readers.
    fn staging_options(&self) -> &'static str {
        match self.flavour {
            Flavour::MariaDb => " ENGINE=Aria TRANSACTIONAL=0",
            Flavour::Mysql => "",
        }
    }

    /// From 1,000 values on MariaDB would make a subquery of the list, with a plan and an order of its own.
    fn many_keys(&self) -> &'static str {
        match self.flavour {
            Flavour::MariaDb if self.version >= (10, 6) => {
                "SET STATEMENT in_predicate_conversion_threshold=0, optimizer_max_sel_arg_weight=0 FOR "
            }
            Flavour::MariaDb => "SET STATEMENT in_predicate_conversion_threshold=0 FOR ",
            Flavour::Mysql => "",
        }
    }

    /// From 11.1 on, MariaDB would join them.
    fn row_by_row(&self) -> &'static str {
        match self.flavour {
            Flavour::MariaDb if self.version >= (11, 1) => {
                "SET STATEMENT optimizer_switch='semijoin=off' FOR "
            }
            _ => "",
        }
    }
}
