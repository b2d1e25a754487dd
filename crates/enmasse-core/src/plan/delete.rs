//! `filter(…).delete()`: one statement.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect, quote_table};
use crate::error::{Error, Result};
use crate::plan::taken::take;
use crate::plan::update::{filtered, select};
use crate::plan::{Plan, Step, chain};
use crate::query::{Distinct, Query};
use crate::sql::{Condition, Fragment};

/// The plan that deletes all rows of a query. What happens to rows that refer to them is the database's affair.
///
/// # Errors
///
/// [`Request`](crate::ErrorKind::Request) where the query is a slice or distinct on fields; as a filter's otherwise.
pub fn delete(dialect: &dyn Dialect, query: &Query) -> Result<Plan> {
    if query.is_sliced() {
        return Err(Error::request("Cannot delete from a query once a slice has been taken."));
    }
    if let Distinct::On(_) = query.distinct {
        return Err(Error::request("Cannot delete from a query after .distinct(fields)."));
    }
    if query.model.is_child() {
        return chain::delete(dialect, query);
    }
    let mut compiler = Compiler::new(dialect, query);
    let condition = compiler.filters(query)?;
    if condition == Condition::Nothing {
        return Ok(Plan::default());
    }
    let table = quote_table(dialect, &query.model.table);
    let sql = if !compiler.finds_apart() {
        filtered(format!("DELETE FROM {table}").into(), condition)
    } else if !dialect.supports(Capability::TargetInSubquery) {
        let rows = take(&mut compiler, Vec::new(), condition, Fragment::default());
        let table = Fragment::text(table);
        Fragment::format(
            "DELETE {} FROM {} STRAIGHT_JOIN {} ON {}",
            [table.clone(), rows.sql, table, rows.on],
        )
    } else {
        let key = compiler.own_key();
        let left = Fragment::join(key.clone(), ", ");
        let left = if key.len() == 1 { left } else { Fragment::format("({})", [left]) };
        let keys = select(&mut compiler, key, condition);
        Fragment::format("DELETE FROM {} WHERE {} IN ({})", [table.into(), left, keys])
    };
    Ok(Plan::of(vec![Step::write(sql.statement(dialect))]))
}
