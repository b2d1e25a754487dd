//! Binary `COPY` into a temporary table, which is joined with the table.
//!
//! ```sql
//! CREATE TEMPORARY TABLE pg_temp."enmasse_batch" ON COMMIT DROP AS SELECT NULL::bigint k0, NULL::text v0 FROM "users" LIMIT 0;
//! COPY pg_temp."enmasse_batch" FROM STDIN BINARY;
//! UPDATE "users" SET "name" = b.v0 FROM (SELECT * FROM pg_temp."enmasse_batch" ORDER BY k0) b WHERE "users"."id" = b.k0;
//! DROP TABLE pg_temp."enmasse_batch"
//! ```
//!
//! Where nothing can be copied, as through some poolers, arrays are put into the table; where a driver has no arrays, or the rows have some in
//! them, rows are inserted.
//!
//! The rows are sorted, and joined by nested loops, so that the join takes them, and their locks, in the order of the keys, and
//! never reads the whole target as a hash join does; or by a merge join, where they are a good part of it.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::plan::bulk::{Job, Returning, Setting};
use crate::plan::strategy::account::Account;
use crate::plan::strategy::staging::{Staging, plain, unchanged};
use crate::plan::strategy::{Strategy, arrays, inserts, settings};
use crate::plan::{Form, Gives, Load, Step, free_name};
use crate::query::Query;
use crate::sql::Fragment;
use crate::value::DataType;

pub(super) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let Some(mut staging) = Staging::new(dialect, job)? else { return Ok(Vec::new()) };
    let drop = |table: &str| Step::prepare(plain(format!("DROP TABLE {table}")));

    let batch = staging.batch.clone();
    let mut steps = stage(dialect, &staging)?;
    if job.duplicates == crate::encode::Duplicates::InDatabase {
        steps.push(staging.refuse_duplicates(dialect)?);
    }

    steps.extend(staging.refuse_several(dialect)?);
    steps.extend(staging.keep(dialect)?);
    if !job.keep.writes() {
        steps.push(drop(&batch));
        return Ok(steps);
    }

    let mut after = Vec::new();
    if !accounts(dialect, &staging) {
        let missing = staging.find_missing(dialect)?;
        if let Some(Step::Run(_, Gives::Missing { before: true, .. })) = missing {
            steps.extend(missing);
        } else {
            after.extend(missing);
        }
    }
    let settings = staging.settings(dialect)?;
    let passes = staging.filter.clone();
    if staging.keeps_old(dialect) {
        steps.push(settings::nested_loops());
        steps.extend(staging.copy_old(dialect));
        steps.push(settings::restore(settings::JOINS));
        staging.filter = staging.is_old(dialect);
        steps.push(write(dialect, &staging, &settings, &passes)?);
        after.extend([staging.give_back(dialect), drop(&staging.old)]);
    } else if job.matches_on_others() {
        steps.extend([lock(dialect, &staging), write(dialect, &staging, &settings, &passes)?]);
    } else {
        steps.extend([
            settings::joins_in_order(dialect, &batch, job.table(dialect)),
            write(dialect, &staging, &settings, &passes)?,
        ]);
        if !job.ends {
            steps.push(settings::restore(settings::JOINS_AND_SORT));
        }
    }
    steps.extend(after);
    if !job.ends {
        steps.push(drop(&batch));
    }
    Ok(steps)
}

/// Makes the staging table, and fills it. What travels as text is read by the database in between: binary, it has a form for each type.
pub(super) fn stage(dialect: &dyn Dialect, staging: &Staging<'_, '_>) -> Result<Vec<Step>> {
    let Staging { job, batch, .. } = staging;
    let every = Query::new(job.model().clone());
    let mut compiler = Compiler::new(dialect, &every);
    let types = job.types();
    let is_native = |data_type: &DataType| matches!(data_type, DataType::Native(_));
    let has_native = types.iter().any(is_native);
    let mut columns = Vec::new();
    for (number, (name, data_type)) in job.names().iter().zip(&types).enumerate() {
        columns.push(match (job.key.get(number), data_type) {
            // as it travels
            (_, DataType::Native(_)) => format!("NULL::text {name}").into(),
            // of the column's own type and collation: a text is not found by the index of a `char(n)`
            (Some(&position), DataType::Text { .. }) => {
                Fragment::format(&format!("{{}} {name}"), [compiler.own_column(position)])
            }
            _ => format!("NULL::{} {name}", dialect.cast_type(data_type)?).into(),
        });
    }
    let sent =
        if has_native { dialect.temporary(&free_name(job.model(), "enmasse_sent")) } else { batch.clone() };
    let options = dialect.staging_options();
    let mut create = Fragment::text(format!("{}{options} AS SELECT ", dialect.create_temporary(&sent)));
    create.push(Fragment::join(columns, ", "));
    create.push(format!(" FROM {} LIMIT 0", compiler.from()));
    let can = |capability, otherwise: &[Strategy]| {
        dialect.supports(capability) && job.strategy.is_none_or(|strategy| !otherwise.contains(&strategy))
    };
    let fill = if can(Capability::CopyStream, &[Strategy::StagedArrays, Strategy::StagedInserts]) {
        Step::Load(Load { sql: format!("COPY {sent} FROM STDIN BINARY"), form: Form::CopyBinary })
    } else if can(Capability::ArrayParams, &[Strategy::StagedInserts]) && !job.has_arrays() {
        arrays::stage(dialect, job, &sent)?
    } else {
        inserts::fill(dialect, job, &sent)?
    };
    let mut steps = vec![Step::prepare(create.statement(dialect)), fill];
    if has_native {
        let mut columns = Vec::new();
        for (name, data_type) in job.names().iter().zip(&types) {
            columns.push(match data_type {
                DataType::Native(_) => format!("{name}::{} {name}", dialect.cast_type(data_type)?),
                _ => name.clone(),
            });
        }
        let read = format!(
            "{}{options} AS SELECT {} FROM {sent}",
            dialect.create_temporary(batch),
            columns.join(", ")
        );
        steps.extend([Step::prepare(plain(read)), Step::prepare(plain(format!("DROP TABLE {sent}")))]);
    }
    Ok(steps)
}

/// Whether the statement that writes the rows also tells what became of each: it does, unless rows come back from it.
fn accounts(dialect: &dyn Dialect, staging: &Staging<'_, '_>) -> bool {
    staging.job.returning == Returning::Nothing || staging.keeps_old(dialect)
}

/// Writes the rows; `passes` is the query's condition, also where those that pass it were found before.
fn write(
    dialect: &dyn Dialect,
    staging: &Staging<'_, '_>,
    settings: &[Setting],
    passes: &Fragment,
) -> Result<Step> {
    let Staging { job, batch, b, filter, .. } = staging;
    let (table, own) = (job.table(dialect), job.own(dialect));
    let set = settings
        .iter()
        .map(|setting| Fragment::format("{} = {}", [setting.column.as_str().into(), setting.value.clone()]));
    let on = job.on(dialect, b);
    let [written, was, is_now] = ["written", "was", "is_now"].map(|name| free_name(job.model(), name));
    let mut update = Fragment::text(format!("UPDATE {table} SET "));
    update.push(Fragment::join(set, ", "));
    update.push(format!(" FROM {} WHERE {on}", staging.in_order(dialect)));
    update.push(filter.clone());
    if job.skip_unchanged {
        update.push(Fragment::format(" AND NOT ({})", [unchanged(dialect, &own, settings)?]));
    }
    if accounts(dialect, staging) {
        let account = Account { batch: (batch, b), written: &written, filter: passes, settings };
        let (rest, columns) = account.rest(dialect, job)?;
        let write = format!("WITH {written} AS ({{}} RETURNING 1){{}}");
        let statement = Fragment::format(&write, [update, rest]).statement(dialect);
        return Ok(Step::Run(statement, Gives::Account(columns)));
    }
    let mut columns = Vec::new();
    let mut types = Vec::new();
    let of = match job.returning {
        Returning::OldAndNew | Returning::Changed => {
            update.push(format!(" RETURNING WITH (OLD AS {was}, NEW AS {is_now}) "));
            columns.extend(job.row_columns(dialect, &was));
            types.extend(job.row_types());
            is_now.as_str()
        }
        Returning::Nothing | Returning::New => {
            update.push(" RETURNING ");
            own.as_str()
        }
    };
    let first = columns.len();
    columns.extend(job.row_columns(dialect, of));
    types.extend(job.row_types());
    update.push(columns.join(", "));
    let names: Vec<_> = (0..columns.len()).map(|number| format!("c{number}")).collect();
    let given = job.selected(dialect, names.clone()).join(", ");
    let names = names.join(", ");
    let order = job.model().key().into_iter().map(|position| format!("c{}", first + position));
    let order = order.collect::<Vec<_>>().join(", ");
    let sorted = Fragment::format(
        &format!("WITH {written} ({names}) AS ({{}}) SELECT {given} FROM {written} ORDER BY {order}"),
        [update],
    );
    Ok(Step::Run(sorted.statement(dialect), Gives::Rows { columns: types, are_written: true }))
}

/// Locks the rows in the order of their primary keys, where the batch is in that of others.
fn lock(dialect: &dyn Dialect, staging: &Staging<'_, '_>) -> Step {
    let Staging { job, batch, b, filter, .. } = staging;
    let (table, own) = (job.table(dialect), job.own(dialect));
    let key =
        job.model().key().into_iter().map(|position| format!("{own}.{}", job.column(dialect, position)));
    let mut rows = Fragment::text(format!(
        "SELECT 1 FROM {batch} {b} JOIN {table} ON {} WHERE true",
        job.on(dialect, b)
    ));
    rows.push(filter.clone());
    rows.push(format!(" ORDER BY {} FOR UPDATE OF {own}", key.collect::<Vec<_>>().join(", ")));
    Step::prepare(Fragment::format("SELECT count(*) FROM ({}) locked", [rows]).statement(dialect))
}
