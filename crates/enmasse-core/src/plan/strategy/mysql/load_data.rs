//! The rows go into a temporary table, which is joined with the table.
//!
//! ```sql
//! CREATE TEMPORARY TABLE `enmasse_batch` (PRIMARY KEY (k0)) AS SELECT `id` k0, `name` v0 FROM `users` LIMIT 0;
//! LOAD DATA LOCAL INFILE 'enmasse' REPLACE INTO TABLE `enmasse_batch` … (k0, v0);
//! UPDATE `users` FORCE INDEX (PRIMARY) STRAIGHT_JOIN `enmasse_batch` b ON `users`.`id` = b.k0
//!     SET `users`.`name` = b.v0 WHERE `users`.`id` IN (?, ?, …);
//! DROP TEMPORARY TABLE `enmasse_batch`
//! ```
//!
//! The staging table is made from the target's own columns, so that types and collations are the same. Of the tables of a
//! join only the first is written at once; what is set in the others goes through one more temporary table. So the target
//! comes first, by a range of just the keys of the batch, in their order. A free join may scan, and lock, the whole target.
//!
//! Where the key is not one integer, the staging table comes first, sorted:
//!
//! ```sql
//! UPDATE (SELECT * FROM `enmasse_batch` ORDER BY k0 LIMIT 18446744073709551615) b
//!     STRAIGHT_JOIN `users` ON `users`.`code` = b.k0 SET `users`.`name` = b.v0
//! ```

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Duplicates;
use crate::error::Result;
use crate::plan::bulk::{Job, Returning, Setting};
use crate::plan::step::{EachKeys, KeyStatement};
use crate::plan::strategy::inserts;
use crate::plan::strategy::staging::{Staging, plain, unchanged};
use crate::plan::{Form, Gives, Load, Step, free_name};
use crate::sql::{Fragment, Param, Statement};
use crate::value::{DataType, Value};

/// Keys in one `UPDATE`: past this, the statement gets longer but not faster.
const KEYS: usize = 8_192;

/// Streams the rows into the staging table.
pub(in crate::plan::strategy) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    around(dialect, job, load)
}

pub(in crate::plan::strategy) fn load(_: &dyn Dialect, job: &Job<'_>, batch: &str) -> Result<Step> {
    let (mut columns, mut decoded) = (Vec::new(), Vec::new());
    for (name, data_type) in job.names().into_iter().zip(job.types()) {
        match data_type {
            // the parser of a multi-byte character set could take a byte for part of a character
            DataType::Bytes => {
                columns.push(format!("@{name}"));
                decoded.push(format!("{name} = UNHEX(@{name})"));
            }
            _ => columns.push(name),
        }
    }
    let set = if decoded.is_empty() { String::new() } else { format!(" SET {}", decoded.join(", ")) };
    // without REPLACE, what does not fit would be changed silently: also in strict mode
    let sql = format!(
        "LOAD DATA LOCAL INFILE 'enmasse' REPLACE INTO TABLE {batch} CHARACTER SET utf8mb4 \
             FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A ({}){set}",
        columns.join(", ")
    );
    Ok(Step::Load(Load { sql, form: Form::LoadData }))
}

/// Inserts the rows into the staging table, some at a time.
pub(in crate::plan::strategy) fn inserted(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    around(dialect, job, inserts::fill)
}

/// Fills the staging table.
type Fill = fn(&dyn Dialect, &Job<'_>, &str) -> Result<Step>;

/// Makes the staging table, and fills it.
pub(in crate::plan::strategy) fn stage(
    dialect: &dyn Dialect,
    staging: &Staging<'_, '_>,
    fill: Fill,
) -> Result<Vec<Step>> {
    let Staging { job, batch, .. } = staging;
    Ok(vec![
        Step::prepare(plain(dialect.drop_temporary(batch))),
        Step::prepare(plain(create(dialect, staging, job.has_integer_key()))),
        fill(dialect, job, batch)?,
    ])
}

fn around(dialect: &dyn Dialect, job: &Job<'_>, fill: Fill) -> Result<Vec<Step>> {
    let Some(mut staging) = Staging::new(dialect, job)? else { return Ok(Vec::new()) };
    let drop = |table: &str| Step::prepare(plain(dialect.drop_temporary(table)));
    let batch = staging.batch.clone();
    let keyed = job.has_integer_key();

    let mut steps = stage(dialect, &staging, fill)?;
    if job.duplicates == Duplicates::InDatabase {
        steps.push(staging.refuse_duplicates(dialect)?);
    }
    steps.extend(staging.keep(dialect)?);
    if !job.keep.writes() {
        steps.push(drop(&batch));
        return Ok(steps);
    }
    let missing = staging.find_missing(dialect)?;
    let mut after = Vec::new();
    if let Some(Step::Run(_, Gives::Missing { before: true, .. })) = missing {
        steps.extend(missing);
    } else {
        after.extend(missing);
    }
    if staging.keeps_old(dialect) {
        steps.push(drop(&staging.old));
        steps.extend(staging.copy_old(dialect));
        staging.filter = staging.is_old(dialect);
        after.extend([staging.give_back(dialect), drop(&staging.old)]);
    } else if job.matches_on_others() {
        steps.push(lock(dialect, &staging));
    }
    let settings = staging.settings(dialect)?;
    // a table of which one row is wanted is read as a constant, and set from left to right: there an expression could see what was set
    let by_key = keyed
        && !job.matches_on_others()
        && job.returning == Returning::Nothing
        && staging.filter.is_empty()
        && job.computed() == 0;
    steps.push(if by_key {
        by_keys(dialect, &staging, &settings)?
    } else {
        Step::write(in_order(dialect, &staging, &settings)?.statement(dialect))
    });
    steps.extend(after);
    steps.push(drop(&batch));
    Ok(steps)
}

/// `CREATE TEMPORARY TABLE … AS SELECT …`
fn create(dialect: &dyn Dialect, staging: &Staging<'_, '_>, keyed: bool) -> String {
    let job = staging.job;
    let positions: Vec<_> = job.key.iter().chain(&job.carried).copied().collect();
    let (columns, mut from) = job.typed_columns(dialect, &positions);
    let mut columns = vec![columns];
    columns.extend((0..job.masks).map(|number| format!("CAST(9223372036854775807 AS SIGNED) m{number}")));
    if job.masks > 0 {
        // from the outer side of a join, so that NULL may stand in each
        from = format!("(SELECT 1) {} LEFT JOIN ({from}) ON false", free_name(job.model(), "one"));
    }
    let key = if keyed { " (PRIMARY KEY (k0))" } else { "" };
    format!(
        "{}{key}{} AS SELECT {} FROM {from} LIMIT 0",
        dialect.create_temporary(&staging.batch),
        dialect.staging_options(),
        columns.join(", ")
    )
}

/// The target first, by the keys of the batch.
fn by_keys(dialect: &dyn Dialect, staging: &Staging<'_, '_>, settings: &[Setting]) -> Result<Step> {
    let Staging { job, batch, b, .. } = staging;
    let own = job.own(dialect);
    let key = format!("{own}.{}", job.column(dialect, job.key[0]));
    let update = format!(
        "{}UPDATE {} FORCE INDEX (PRIMARY) STRAIGHT_JOIN {batch} {b} ON {} SET ",
        dialect.many_keys(),
        job.table(dialect),
        job.on(dialect, b)
    );
    let set = set(dialect, job, &own, settings)?.statement(dialect);
    let head = format!("{update}{} WHERE {key}", set.sql);
    let place = dialect.placeholder(set.params.len() + 1);
    let sql = format!("{head} IN ({place})");
    let make = Arc::new(Keys { head, place, params: set.params });
    Ok(Step::EachKeys(EachKeys { sql, most: KEYS, make }))
}

struct Keys {
    head: String,
    place: String,
    params: Vec<Param>,
}

impl KeyStatement for Keys {
    fn statement(&self, keys: &[i64]) -> Statement {
        let Keys { head, place, params } = self;
        let (mut sql, mut params) = (head.clone(), params.clone());
        let mut push = |key: i64| params.push(Param { value: Value::Int(key), data_type: DataType::BigInt });
        match keys {
            // no gap
            [first, .., last] if last.abs_diff(*first) == keys.len() as u64 - 1 => {
                sql.push_str(&format!(" BETWEEN {place} AND {place}"));
                push(*first);
                push(*last);
            }
            [.., last] => {
                // a key may come again: few texts of few lengths are prepared and kept
                let places = keys.len().next_power_of_two();
                sql.push_str(&format!(" IN ({place}"));
                sql.push_str(&format!(", {place}").repeat(places - 1));
                sql.push(')');
                keys.iter().copied().chain(std::iter::repeat(*last)).take(places).for_each(push);
            }
            [] => sql.push_str(" IN (NULL)"),
        }
        Statement { sql, params }
    }
}

/// The staging table first, sorted.
fn in_order(dialect: &dyn Dialect, staging: &Staging<'_, '_>, settings: &[Setting]) -> Result<Fragment> {
    let Staging { job, b, filter, .. } = staging;
    let own = job.own(dialect);
    let mut update = Fragment::text(format!(
        "UPDATE {} STRAIGHT_JOIN {} ON {}",
        staging.in_order(dialect),
        job.table(dialect),
        job.on(dialect, b)
    ));
    update.push(filter.clone());
    update.push(" SET ");
    update.push(set(dialect, job, &own, settings)?);
    Ok(update)
}

/// The database itself leaves a row alone that has the values already, byte for byte; but not where the time of the write is set too, or where a
/// document is spelled in another way.
pub(in crate::plan::strategy) fn set(
    dialect: &dyn Dialect,
    job: &Job<'_>,
    own: &str,
    settings: &[Setting],
) -> Result<Fragment> {
    let (auto, other): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.is_auto);
    let mut set = Vec::new();
    // from left to right: the time first, while the other columns have their old values
    for setting in auto.into_iter().chain(other) {
        let column = Fragment::text(format!("{own}.{}", setting.column));
        let same = match (job.skip_unchanged, setting) {
            (true, Setting { is_auto: true, .. }) => Some(settings),
            (true, Setting { data_type: DataType::Json, .. }) => Some(std::slice::from_ref(setting)),
            _ => None,
        };
        set.push(match same {
            Some(same) => Fragment::format(
                "{} = CASE WHEN {} THEN {} ELSE {} END",
                [column.clone(), unchanged(dialect, own, same)?, column, setting.value.clone()],
            ),
            None => Fragment::format("{} = {}", [column, setting.value.clone()]),
        });
    }
    Ok(Fragment::join(set, ", "))
}

/// Locks the rows in the order of their primary keys, where the batch is in that of others.
fn lock(dialect: &dyn Dialect, staging: &Staging<'_, '_>) -> Step {
    let Staging { job, batch, b, filter, .. } = staging;
    let (table, own) = (job.table(dialect), job.own(dialect));
    let key = job.model().key();
    let numbered =
        |(number, &position): (usize, &usize)| format!("{own}.{} p{number}", job.column(dialect, position));
    let columns = key.iter().enumerate().map(numbered).collect::<Vec<_>>().join(", ");
    let found = free_name(job.model(), "found");
    let order = (0..key.len()).map(|number| format!("p{number}")).collect::<Vec<_>>().join(", ");
    let same = key
        .iter()
        .enumerate()
        .map(|(number, &position)| format!("{own}.{} = {found}.p{number}", job.column(dialect, position)));
    let mut rows = Fragment::text(format!(
        "SELECT {columns} FROM {batch} {b} STRAIGHT_JOIN {table} ON {}",
        job.on(dialect, b)
    ));
    if !filter.is_empty() {
        rows.push(" WHERE true");
        rows.push(filter.clone());
    }
    rows.push(format!(" ORDER BY {order} LIMIT {}", dialect.limit_for_offset().unwrap_or_default()));
    let same = same.collect::<Vec<_>>().join(" AND ");
    let locks = Fragment::format(
        &format!("SELECT COUNT(*) FROM ({{}}) {found} STRAIGHT_JOIN {{}} ON {{}} FOR UPDATE"),
        [rows, table.into(), same.into()],
    );
    Step::prepare(locks.statement(dialect))
}
