//! What became of each row of the batch, told by the statement that writes them: one snapshot, so that the numbers add up.
//!
//! ```sql
//! WITH … written AS (UPDATE "users" SET … RETURNING 1),
//! counts AS (SELECT count(*) n, (SELECT count(*) FROM b) given FROM written),
//! found AS (SELECT count(*) matched, count(CASE WHEN <unchanged> THEN 1 END) unchanged FROM b JOIN "users" ON "users"."id" = b.k0
//!     WHERE (SELECT n < given FROM counts))
//! SELECT b.k0, NULL::bigint, NULL::bigint, NULL::bigint FROM b
//!     WHERE (SELECT n < given FROM counts) AND NOT EXISTS (SELECT 1 FROM "users" WHERE "users"."id" = b.k0)
//! UNION ALL SELECT NULL, CASE WHEN n < given THEN matched ELSE n END, n, CASE … END FROM counts, found
//! ```
//!
//! Where as many rows were written as the batch has, neither the join nor the search for missing keys is run. A row that
//! matched, has other values, and was not written was skipped by the database: by a trigger, by a policy of row security, or
//! because another transaction changed it in that moment.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::plan::bulk::{Job, Missing, Setting};
use crate::plan::free_name;
use crate::plan::strategy::staging::unchanged;
use crate::sql::Fragment;
use crate::value::DataType;

/// How many columns stand after those of a missing row: matched, changed, skipped.
pub const COUNTS: usize = 3;

/// The most columns that are compared above a join, whose rows have these columns twice: PostgreSQL's rows have at most 1,664.
const JOINED: usize = 800;

/// A statement that writes the rows of a batch and accounts for each.
pub(in crate::plan::strategy) struct Account<'s> {
    /// What the rows of the batch are selected from, and the name by which they go.
    pub batch: (&'s str, &'s str),
    /// The `WITH` query whose rows are those that were written.
    pub written: &'s str,
    /// The query's condition with ` AND ` before it.
    pub filter: &'s Fragment,
    pub settings: &'s [Setting],
}

impl Account<'_> {
    /// The rest of the statement after its last `WITH` query, and the types of its columns: those of a missing row, which are none
    /// where missing rows are only counted, and the counts.
    pub fn rest(&self, dialect: &dyn Dialect, job: &Job<'_>) -> Result<(Fragment, Vec<DataType>)> {
        let Account { batch: (batch, b), written, filter, settings } = self;
        let (table, own) = (job.table(dialect), job.own(dialect));
        let [counts, found] = ["counts", "found"].map(|name| free_name(job.model(), name));
        let on = job.on(dialect, b);
        let of_batch = if batch == b { (*b).to_owned() } else { format!("{batch} {b}") };
        let some_left = format!("(SELECT n < given FROM {counts})");

        let mut sql = Fragment::text(format!(
            ", {counts} AS (SELECT count(*) n, (SELECT count(*) FROM {batch}) given FROM {written}), \
             {found} AS (SELECT count(*) matched, "
        ));
        let joined = format!("FROM {of_batch} JOIN {table} ON {on} WHERE {some_left}");
        if job.skip_unchanged {
            let unchanged = unchanged(dialect, &own, settings)?;
            if settings.len() <= JOINED {
                sql.push(Fragment::format("count(CASE WHEN {} THEN 1 END)", [unchanged]));
            } else {
                let apart = format!("(SELECT count(*) {joined}{{}} AND {{}})");
                sql.push(Fragment::format(&apart, [(*filter).clone(), unchanged]));
            }
        } else {
            sql.push("0")
        }
        sql.push(format!(" unchanged {joined}"));
        sql.push((*filter).clone());
        sql.push(") ");

        let (mut names, mut types) = (Vec::new(), Vec::new());
        if job.missing != Missing::Count {
            (names, types) = job.told(dialect, &format!("{b}."))?;
            let nothing = names.iter().map(String::as_str).chain(["NULL::bigint"; COUNTS]);
            sql.push(format!(
                "SELECT {} FROM {of_batch} WHERE {some_left} AND NOT EXISTS (SELECT 1 FROM {table} WHERE {on}",
                nothing.collect::<Vec<_>>().join(", ")
            ));
            sql.push((*filter).clone());
            sql.push(") UNION ALL ");
        }
        let left =
            |rows: &str, otherwise: &str| format!("CASE WHEN n < given THEN {rows} ELSE {otherwise} END");
        let no_row = names.iter().map(|_| "NULL".to_owned());
        let numbers = [left("matched", "n"), "n".to_owned(), left("matched - unchanged - n", "0")];
        let last = no_row.chain(numbers).collect::<Vec<_>>().join(", ");
        sql.push(format!("SELECT {last} FROM {counts}, {found}"));
        types.extend([const { DataType::BigInt }; COUNTS]);
        Ok((sql, types))
    }
}
