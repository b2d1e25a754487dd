//! Rows copied into a new temporary table, and locked.
//!
//! ```sql
//! CREATE TEMPORARY TABLE `enmasse_old` AS SELECT `users`.`id` o0, `users`.`name` o1 FROM `users` WHERE … ORDER BY `users`.`id` FOR UPDATE
//! ```
//!
//! Where a table cannot be made of a query that locks, it is made empty first. The rows are then copied by the statement that locks them, so
//! that they are copied as they are under the lock:
//!
//! ```sql
//! CREATE TEMPORARY TABLE `enmasse_old` AS SELECT `users`.`id` o0, … LIMIT 0;
//! INSERT INTO `enmasse_old` SELECT `users`.`id` o0, … ORDER BY `users`.`id` FOR UPDATE
//! ```

use crate::dialect::{Capability, Dialect};
use crate::plan::Step;
use crate::sql::Fragment;

/// The steps that copy the rows of a query; `lock` is the end of the query, where rows are locked.
pub(super) fn copy(dialect: &dyn Dialect, table: &str, rows: &Fragment, lock: Option<String>) -> Vec<Step> {
    let step = |begin: String, end: &str| {
        let mut sql = Fragment::text(begin);
        sql.push(rows.clone());
        sql.push(end);
        Step::prepare(sql.statement(dialect))
    };
    let create = format!("{} AS ", dialect.create_temporary(table));
    let Some(lock) = lock.map(|lock| format!(" {lock}")) else { return vec![step(create, "")] };
    if dialect.supports(Capability::LockingCreate) {
        return vec![step(create, &lock)];
    }
    vec![step(create, " LIMIT 0"), step(format!("INSERT INTO {table} "), &lock)]
}
