//! One prepared `UPDATE`, run for each row: where a call costs nothing, as in SQLite, no way is faster.
//!
//! ```sql
//! UPDATE "users" SET "name" = ?, "points" = ? WHERE "id" = ?
//! ```

use crate::dialect::{Dialect, quote_table};
use crate::error::Result;
use crate::plan::strategy::Batch;
use crate::plan::{Rows, Step};
use crate::sql::Param;

pub(super) fn steps(dialect: &dyn Dialect, batch: Batch<'_>) -> Result<Vec<Step>> {
    let Some(filter) = batch.filter(dialect)? else { return Ok(Vec::new()) };
    let model = batch.model().clone();
    let width = batch.key.len();

    let mut types = Vec::new();
    let mut equal = |position: usize| {
        let field = &model.fields[position];
        types.push(field.data_type.clone());
        format!("{} = {}", dialect.quote(&field.column), dialect.placeholder(types.len()))
    };
    let constants = batch.constants.iter().map(|(position, _)| *position);
    let set: Vec<_> = batch.fields.iter().copied().chain(constants).map(&mut equal).collect();
    let key: Vec<_> = batch.key.iter().copied().map(&mut equal).collect();
    let filter = filter.statement_from(dialect, types.len());
    let table = quote_table(dialect, &model.table);
    let mut sql = format!("UPDATE {table} SET {} WHERE {}{}", set.join(", "), key.join(" AND "), filter.sql);
    let mut returned = Vec::new();
    if batch.has_text_key() {
        let columns = batch.key.iter().map(|&position| dialect.quote(&model.fields[position].column));
        sql.push_str(&format!(" RETURNING {}", columns.collect::<Vec<_>>().join(", ")));
        returned = batch.key_types();
    }

    types.extend(filter.params.iter().map(|param| param.data_type.clone()));
    let constants: Vec<_> = batch.constants.into_iter().map(|(_, value)| value).collect();
    let filter: Vec<_> = filter.params.into_iter().map(|Param { value, .. }| value).collect();
    let rows = batch.rows.into_iter().map(move |mut row| {
        // From (key, values) to (values, constants, key, filter).
        row.rotate_left(width);
        let key = row.split_off(row.len() - width);
        row.extend(constants.iter().cloned().chain(key).chain(filter.iter().cloned()));
        row
    });
    let key = set.len()..set.len() + width;
    Ok(vec![Step::WriteEach(Rows { sql, types, rows: Box::new(rows), key, returned })])
}
