//! One prepared `UPDATE`, run for each row: where a call costs nothing, as in SQLite, no way is faster.
//!
//! ```sql
//! UPDATE "users" SET "name" = ?, "points" = ? WHERE "id" = ?
//! ```
//!
//! A filter that reads other rows is asked once, before the first row is written: the keys that pass it are kept in a temporary
//! table. Asked row by row it would see the rows that have changed already, and be a query for each.

use crate::compile::Compiler;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::plan::bulk::{Job, Missing, Returning};
use crate::plan::strategy::staging::{Staging, plain, unchanged};
use crate::plan::update::select;
use crate::plan::{EachRow, Step, free_name};
use crate::sql::{Condition, Fragment, Statement};
use crate::value::DataType;

pub(in crate::plan::strategy) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let Some(Filter { before, condition, after }) = filter(dialect, job)? else {
        return Ok(Vec::new());
    };
    let own = job.own(dialect);
    let cell = |column: usize| Fragment::cell(column);
    let settings = job.settings(dialect, &cell)?;
    let set = settings
        .iter()
        .map(|setting| Fragment::format("{} = {}", [setting.column.as_str().into(), setting.value.clone()]));
    let keys = job.key.iter().enumerate().map(|(number, &position)| {
        Fragment::format("{} = {}", [job.column(dialect, position).into(), cell(number)])
    });
    let mut rows = Fragment::text(" WHERE ");
    rows.push(Fragment::join(keys, " AND "));
    rows.push(condition);

    let mut written = rows.clone();
    if job.skip_unchanged {
        written.push(Fragment::format(" AND NOT ({})", [unchanged(dialect, &own, &settings)?]));
    }
    let keep = job.keep.kept().map(|kept| {
        let key = job.model().key().into_iter().map(|position| job.column(dialect, position));
        let (into, key) = (kept.sql(dialect), key.collect::<Vec<_>>().join(", "));
        let mut keep = Fragment::text(format!("INSERT INTO {into} SELECT {key} FROM {}", job.table(dialect)));
        keep.push(written.clone());
        keep.row_statement(dialect)
    });
    if let (Some(keep), false) = (&keep, job.keep.writes()) {
        let keep = Step::EachRow(EachRow::plain(keep.clone()));
        return Ok(before.into_iter().chain([keep]).chain(after).collect());
    }

    let mut write = Fragment::text(format!("UPDATE {} SET ", job.table(dialect)));
    write.push(Fragment::join(set, ", "));
    write.push(written);

    let mut columns = Vec::new();
    let mut returned = Vec::new();
    let mut stored_key = 0;
    let may_be_the_same = |data_type: &DataType| matches!(data_type, DataType::Text { .. });
    if !job.duplicates.are_left_out() && job.key_types().iter().any(may_be_the_same) {
        columns.extend(job.key.iter().map(|&position| job.column(dialect, position)));
        returned.extend(job.key_types());
        stored_key = job.key.len();
    }
    if job.returning != Returning::Nothing {
        columns.extend((0..job.model().fields.len()).map(|position| job.column(dialect, position)));
        returned.extend(job.row_types());
    }
    let read = |columns: Vec<Fragment>| {
        let mut read = Fragment::text("SELECT ");
        read.push(Fragment::join(columns, ", "));
        read.push(format!(" FROM {}", job.table(dialect)));
        read.push(rows.clone());
        read.row_statement(dialect)
    };
    let shown = || columns.iter().map(|column| Fragment::text(column.clone())).collect::<Vec<_>>();
    let old = job.returning.has_old().then(|| read(shown()));
    // a row that is left as it is has matched, and comes back, all the same
    let mut found = shown();
    found.push(if job.skip_unchanged { unchanged(dialect, &own, &settings)? } else { "0".into() });
    let matches = Some(read(found));
    if !columns.is_empty() {
        write.push(format!(" RETURNING {}", columns.join(", ")));
    }
    let write = write.row_statement(dialect);
    // what comes back may be refused by who reads it: then nothing may have been committed
    let told = job.returning != Returning::Nothing || job.missing == Missing::Rows;
    let own_transaction = job.ends && !told && before.is_empty() && after.is_none();
    let missing = job.missing != Missing::Count;
    let write = Step::EachRow(EachRow {
        write,
        keep,
        matches,
        old,
        returned,
        stored_key,
        own_transaction,
        missing,
        counts: true,
    });
    Ok(before.into_iter().chain([write]).chain(after).collect())
}

/// The filter as a condition with ` AND ` before it, and what is to be done before and after.
struct Filter {
    before: Vec<Step>,
    condition: Fragment,
    after: Option<Step>,
}

/// `None` where no row can pass.
fn filter(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Option<Filter>> {
    let mut compiler = Compiler::new(dialect, job.query);
    let passing = compiler.filters(job.query)?;
    if passing == Condition::Nothing {
        return Ok(None);
    }
    if !compiler.reads_others() {
        let condition = job.filter(dialect)?;
        return Ok(condition.map(|condition| Filter { before: Vec::new(), condition, after: None }));
    }
    let prepare = |sql: String| Step::prepare(Statement { sql, params: Vec::new() });
    let name = free_name(job.model(), "enmasse_passed");
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
            Step::prepare(create.statement(dialect)),
            prepare(format!("CREATE INDEX temp.{name}_keys ON {name} ({keys})")),
        ],
        condition: Fragment::format(
            &format!(" AND EXISTS (SELECT 1 FROM temp.{name} WHERE {{}})"),
            [Fragment::join(same, " AND ")],
        ),
        after: Some(prepare(drop)),
    }))
}

/// Makes the staging table, and fills it row by row.
pub(in crate::plan::strategy) fn stage(
    dialect: &dyn Dialect,
    staging: &Staging<'_, '_>,
) -> Result<Vec<Step>> {
    let Staging { job, batch, .. } = staging;
    let names = job.names();
    let cells = (0..names.len()).map(Fragment::cell);
    let insert =
        Fragment::format(&format!("INSERT INTO {batch} VALUES ({{}})"), [Fragment::join(cells, ", ")]);
    Ok(vec![
        Step::prepare(plain(dialect.drop_temporary(batch))),
        // without types, a value stays what it is
        Step::prepare(plain(format!("{} ({})", dialect.create_temporary(batch), names.join(", ")))),
        Step::EachRow(EachRow { counts: false, ..EachRow::plain(insert.row_statement(dialect)) }),
    ])
}
