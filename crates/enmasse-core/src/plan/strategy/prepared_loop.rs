//! One prepared `UPDATE`, run for each row: where a call costs nothing, as in SQLite, no way is faster.
//!
//! ```sql
//! UPDATE "users" SET "name" = ?, "points" = ? WHERE "id" = ?
//! ```
//!
//! A filter that reads other rows is asked once, before the first row is written: the keys that pass it are kept in a temporary
//! table. Asked row by row it would see the rows that have changed already, and be a query for each.

use crate::dialect::{Capability, Dialect, quote_table};
use crate::error::Result;
use crate::lookup::Condition;
use crate::plan::strategy::Batch;
use crate::plan::update::select;
use crate::plan::{Rows, Step, free_name};
use crate::query::Compiler;
use crate::sql::{Fragment, Param, Statement};

pub(super) fn steps(dialect: &dyn Dialect, batch: Batch<'_>) -> Result<Vec<Step>> {
    let Some(Filter { before, condition: filter, after }) = filter(dialect, &batch)? else {
        return Ok(Vec::new());
    };
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
    let write = Step::WriteEach(Rows { sql, types, rows: Box::new(rows), key, returned });
    Ok(before.into_iter().chain([write]).chain(after).collect())
}

/// The filter as a condition with ` AND ` before it, and what is to be done before and after.
struct Filter {
    before: Vec<Step>,
    condition: Fragment,
    after: Option<Step>,
}

/// `None` where no row can pass.
fn filter(dialect: &dyn Dialect, batch: &Batch<'_>) -> Result<Option<Filter>> {
    let mut compiler = Compiler::new(dialect, batch.query);
    let passing = compiler.filters(batch.query)?;
    if passing == Condition::Nothing {
        return Ok(None);
    }
    if !dialect.supports(Capability::LocalCalls) || !compiler.reads_others() {
        let condition = batch.filter(dialect)?;
        return Ok(condition.map(|condition| Filter { before: Vec::new(), condition, after: None }));
    }
    let prepare = |sql: String| Step::Prepare(Statement { sql, params: Vec::new() });
    let name = free_name(batch.model(), "enmasse_passed");
    let own = compiler.own_key();
    let (mut columns, mut same) = (Vec::new(), Vec::new());
    for (number, column) in own.into_iter().enumerate() {
        columns.push(Fragment::format(&format!("{{}} k{number}"), [column.clone()]));
        same.push(Fragment::format(&format!("{name}.k{number} = {{}}"), [column]));
    }
    let keys = (0..columns.len()).map(|number| format!("k{number}")).collect::<Vec<_>>().join(", ");
    let mut create = Fragment::text(format!("CREATE TEMPORARY TABLE {name} AS "));
    create.push(select(&mut compiler, columns, passing));
    let drop = format!("DROP TABLE IF EXISTS temp.{name}");
    Ok(Some(Filter {
        before: vec![
            prepare(drop.clone()),
            Step::Prepare(create.statement(dialect)),
            prepare(format!("CREATE INDEX temp.{name}_keys ON {name} ({keys})")),
        ],
        condition: Fragment::format(
            &format!(" AND EXISTS (SELECT 1 FROM temp.{name} WHERE {{}})"),
            [Fragment::join(same, " AND ")],
        ),
        after: Some(prepare(drop)),
    }))
}
