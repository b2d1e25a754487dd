//! The rows go into a temporary table, which is joined with the table.
//!
//! ```sql
//! CREATE TEMPORARY TABLE `enmasse_batch` AS SELECT `id` k0, `name` v0 FROM `users` LIMIT 0;
//! INSERT INTO `enmasse_batch` VALUES (?, ?), (?, ?);
//! UPDATE (SELECT * FROM `enmasse_batch` ORDER BY k0 LIMIT 18446744073709551615) b
//!     STRAIGHT_JOIN `users` ON `users`.`id` = b.k0 SET `users`.`name` = b.v0;
//! DROP TEMPORARY TABLE `enmasse_batch`
//! ```
//!
//! The staging table comes first and sorted: a free join may scan, and lock, the whole target. It is made from the target's
//! own columns, so that types and collations are the same.

use crate::dialect::{Dialect, quote_table};
use crate::error::Result;
use crate::plan::insert::values_statements;
use crate::plan::strategy::Batch;
use crate::plan::{Step, free_name};
use crate::sql::{Fragment, Statement};

/// Parameters in one `INSERT`: past this, the statement gets longer but not faster.
const PARAMS: usize = 4_096;

pub(super) fn steps(dialect: &dyn Dialect, batch: Batch<'_>) -> Result<Vec<Step>> {
    let Some(filter) = batch.filter(dialect)? else { return Ok(Vec::new()) };
    let model = batch.model().clone();
    let table = quote_table(dialect, &model.table);
    let own = dialect.quote(model.table.rsplit('.').next().unwrap_or_default());
    let staging = free_name(&model, "enmasse_batch");
    let b = free_name(&model, "b");
    let column = |position: usize| dialect.quote(&model.fields[position].column);
    let plain = |sql: String| Statement { sql, params: Vec::new() };

    let keys: Vec<_> = (0..batch.key.len()).map(|number| format!("k{number}")).collect();
    let values: Vec<_> = (0..batch.fields.len()).map(|number| format!("v{number}")).collect();
    let positions = batch.key.iter().chain(&batch.fields);
    let columns = positions.zip(keys.iter().chain(&values));
    let columns: Vec<_> = columns.map(|(&position, name)| format!("{} {name}", column(position))).collect();
    let on =
        batch.key.iter().zip(&keys).map(|(&position, key)| format!("{own}.{} = {b}.{key}", column(position)));
    let on = on.collect::<Vec<_>>().join(" AND ");
    let keys = keys.join(", ");

    let mut set: Vec<Fragment> = Vec::new();
    for (&position, value) in batch.fields.iter().zip(&values) {
        set.push(format!("{own}.{} = {b}.{value}", column(position)).into());
    }
    for (position, value) in &batch.constants {
        let value = Fragment::stored(value.clone(), model.fields[*position].data_type.clone());
        set.push(Fragment::format("{}.{} = {}", [own.as_str().into(), column(*position).into(), value]));
    }
    let mut write = Fragment::text(format!(
        "UPDATE (SELECT * FROM {staging} ORDER BY {keys} LIMIT {}) {b} STRAIGHT_JOIN {table} ON {on}",
        dialect.limit_for_offset().unwrap_or_default()
    ));
    write.push(filter.clone());
    write.push(" SET ");
    write.push(Fragment::join(set, ", "));
    // With a filter, what it leaves out must be known before the rows change.
    let always = !filter.is_empty();
    let mut missing = Fragment::text(format!(
        "SELECT {keys} FROM {staging} {b} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {on}"
    ));
    missing.push(filter);
    missing.push(")");

    let drop = plain(format!("DROP TEMPORARY TABLE IF EXISTS {staging}"));
    let create =
        format!("CREATE TEMPORARY TABLE {staging} AS SELECT {} FROM {table} LIMIT 0", columns.join(", "));
    let mut steps = vec![Step::Prepare(drop.clone()), Step::Prepare(plain(create))];
    let twice = format!("SELECT {keys} FROM {staging} GROUP BY {keys} HAVING COUNT(*) > 1");
    let refuse = batch.has_text_key().then(|| Step::RefuseDuplicates(plain(twice)));

    let types: Vec<_> = batch.columns().map(|field| field.data_type.clone()).collect();
    let size = batch.size.unwrap_or(PARAMS / types.len());
    let into = format!("INSERT INTO {staging} VALUES ");
    steps.push(Step::Load(values_statements(dialect, into, types, batch.rows, size, "")));
    steps.extend(refuse);
    let find = Step::FindMissing { statement: missing.statement(dialect), always };
    let write = Step::Write(write.statement(dialect));
    steps.extend(if always { [find, write] } else { [write, find] });
    steps.push(Step::Prepare(drop));
    Ok(steps)
}
