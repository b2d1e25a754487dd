//! The rows that a write is for, found before the first of them is written.
//!
//! ```sql
//! (SELECT `users`.`id` k0, `users`.`points` + 1 v0 FROM `users` … WHERE … LIMIT 18446744073709551615 FOR UPDATE) taken
//! ```
//!
//! Where tables are joined in a write, the one that is written may not be read in a subquery, and SET runs from left to right.
//! A derived table is complete, and its rows are locked, before the write begins; the limit keeps it from being merged
//! into the statement around it.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect, Lock};
use crate::plan::free_name;
use crate::plan::update::select;
use crate::sql::{Condition, Fragment};

/// What the derived table is called, unless a table is.
pub(super) const TAKEN: &str = "taken";

/// Rows found beforehand.
pub(super) struct Taken {
    /// The derived table, with its name.
    pub sql: Fragment,
    /// What joins it with the table itself.
    pub on: Fragment,
}

/// The rows for which the condition holds, each once: their keys are `k0`, `k1`, …, and these values `v0`, `v1`, ….
pub(super) fn take(
    compiler: &mut Compiler<'_>,
    values: Vec<Fragment>,
    condition: Condition,
    order: Fragment,
) -> Taken {
    let name = free_name(compiler.model(), TAKEN);
    let mut columns = Vec::new();
    let mut on = Vec::new();
    for (number, key) in compiler.own_key().into_iter().enumerate() {
        on.push(Fragment::format("{} = {}", [format!("{name}.k{number}").into(), key.clone()]));
        columns.push(Fragment::format("{} {}", [key, format!("k{number}").into()]));
    }
    for (number, value) in values.into_iter().enumerate() {
        columns.push(Fragment::format("{} {}", [value, format!("v{number}").into()]));
    }
    let dialect = compiler.dialect();
    let lock = dialect.lock(Lock::Row, &[compiler.table()]).unwrap_or_default();
    let distinct = compiler.multiplies();
    let mut rows = select(compiler, columns, condition);
    rows.push(order);
    rows.push(format!("{} {lock}", dialect.keep_order()));
    if distinct {
        rows = Fragment::format("SELECT DISTINCT * FROM ({}) matched", [rows]);
    }
    Taken { sql: derived(compiler.dialect(), rows, name), on: Fragment::join(on, " AND ") }
}

/// Rows as a table of an update, with its name. One level further down, where an update's own derived tables are planned without joins for
/// their subqueries: all rows would be read, and locked, to look each up among the few that a subquery has.
pub(super) fn derived(dialect: &dyn Dialect, rows: Fragment, name: String) -> Fragment {
    if dialect.supports(Capability::SemijoinsInUpdate) {
        return Fragment::format("({}) {}", [rows, name.into()]);
    }
    let whole = format!("(SELECT * FROM ({{}}) found{}) {{}}", dialect.keep_order());
    Fragment::format(&whole, [rows, name.into()])
}
