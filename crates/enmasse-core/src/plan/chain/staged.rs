//! Several statements: the rows, with the values that are computed, go into a temporary table; then each table is written by it.
//!
//! ```sql
//! CREATE TEMPORARY TABLE temp."enmasse_taken" AS SELECT "customer"."baseuser_ptr_id" k, t1."points" + 1 v0 FROM … WHERE …;
//! UPDATE "base_user" SET "points" = taken.v0 FROM temp."enmasse_taken" taken WHERE "base_user"."id" = taken.k;
//! UPDATE "customer" SET "level" = ? WHERE "customer"."baseuser_ptr_id" IN (SELECT k FROM temp."enmasse_taken");
//! DROP TABLE temp."enmasse_taken"
//! ```
//!
//! Rows of another parent than the first have other keys: they are locked in the order of these, and only then are values computed that
//! may read them.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect, UpdateBy};
use crate::error::Result;
use crate::plan::bulk::Returning;
use crate::plan::chain::half::is_half;
use crate::plan::chain::{ChainWrite, Part, needs_temporary_tables, taken_key};
use crate::plan::strategy::staging::plain;
use crate::plan::update::settings;
use crate::plan::{Gives, Step, copied};
use crate::query::Query;
use crate::sql::{Condition, Fragment, Statement};
use crate::value::DataType;

/// What else is asked of a write in several statements.
#[derive(Default)]
pub(super) struct Staged {
    pub returning: Returning,
    /// A condition that holds where a row has all new values already, and is to be left as it is.
    pub unchanged: Option<Fragment>,
    /// The columns of the batch, and their types, that are to be told of rows that matched none.
    pub missing: Option<(Vec<String>, Vec<DataType>)>,
    /// The table that keeps the keys of the rows that are written.
    pub keep: Option<String>,
    /// Whether that is all that is wanted.
    pub keys_only: bool,
}

impl ChainWrite<'_> {
    pub(super) fn staged(mut self, dialect: &dyn Dialect, asked: Staged) -> Result<Vec<Step>> {
        needs_temporary_tables(dialect)?;
        let table = |name: String| dialect.temporary(&name);
        let keys = table(self.free_name("enmasse_taken"));
        let late = table(self.free_name("enmasse_values"));
        let locks = dialect.supports(Capability::RowLocks);
        let locks_late = dialect.supports(Capability::LockOf) && self.parts.iter().any(Part::is_aside);
        let is_late = locks_late || self.batch.as_ref().is_some_and(|batch| batch.late.is_some());
        let drop = |table: &str| Step::prepare(plain(dialect.drop_temporary(table)));

        let strength = self.strength();
        let lock = if locks { self.lock(strength, !locks_late) } else { None };
        let mut values = self.values();
        if let Some(unchanged) = &asked.unchanged {
            values.push(Fragment::format("CASE WHEN {} THEN 0 ELSE 1 END changes", [unchanged.clone()]));
        }
        if self.can_be_half(dialect) {
            values.extend(self.changes_of_parts(dialect)?);
        }
        if asked.returning.has_old() {
            let old = (0..self.model().fields.len()).map(|position| {
                Fragment::format("{} {}", [self.compiler.own_column(position), format!("o{position}").into()])
            });
            values.extend(old.collect::<Vec<_>>());
        }
        let mut columns = self.keys();
        if let Some(batch) = &self.batch {
            let named = batch.keys.iter().enumerate();
            columns.extend(named.map(|(number, key)| Fragment::text(format!("{key} b{number}"))));
        }
        if !is_late {
            columns.append(&mut values);
        }
        let mut rows = self.select(columns);
        if locks {
            rows.push(format!(" ORDER BY {}", self.taken_keys("")));
        }
        let mut steps = vec![drop(&keys)];
        steps.extend(copied::copy(dialect, &keys, &rows, lock));
        let mut taken = keys.clone();
        if is_late {
            let parts = self.parts.iter().enumerate();
            for (number, part) in parts.filter(|(_, part)| locks_late && part.is_aside()) {
                let key = part.own_key(dialect);
                let rows = format!(
                    "SELECT 1 FROM {} WHERE {key} IN (SELECT k{number} FROM {keys}) ORDER BY {key} FOR UPDATE",
                    part.table(dialect)
                );
                steps.push(Step::prepare(plain(format!("SELECT count(*) FROM ({rows}) locked"))));
            }
            steps.push(drop(&late));
            steps.extend(copied::copy(dialect, &late, &self.late_values(&keys, values), None));
            taken.clone_from(&late);
        }

        if let Some(keep) = &asked.keep {
            let changes = if asked.unchanged.is_some() { " WHERE changes = 1" } else { "" };
            let columns = self.taken_keys("");
            steps.push(Step::prepare(plain(format!(
                "INSERT INTO {keep} SELECT {columns} FROM {taken}{changes}"
            ))));
            if asked.keys_only {
                steps.extend(is_late.then(|| drop(&late)));
                steps.push(drop(&keys));
                return Ok(steps);
            }
        }
        let changed = match &asked.unchanged {
            Some(_) => "COUNT(CASE WHEN changes = 1 THEN 1 END)",
            None => "COUNT(*)",
        };
        let counts = plain(format!("SELECT COUNT(*), {changed} FROM {taken}"));
        steps.push(Step::Run(counts, Gives::counts()));
        steps.extend(self.unchanged_and_hidden(dialect, &taken, &asked));
        if let Some(missing) = self.missing(dialect, &taken, &asked) {
            steps.push(missing);
        }
        let mut first = 0;
        for number in 0..self.parts.len() {
            steps.push(self.write(dialect, number, &taken, first, asked.unchanged.is_some()));
            first += self.parts[number].takes();
        }
        if self.can_be_half(dialect) {
            steps.push(self.refuse_half(dialect, &taken, &asked)?);
        }
        if asked.returning != Returning::Nothing {
            steps.push(self.give_back(dialect, &taken, &asked));
        }
        if is_late {
            steps.push(drop(&late));
        }
        steps.push(drop(&keys));
        Ok(steps)
    }

    /// The values, of the rows whose keys were taken, as they are once all are locked.
    fn late_values(&mut self, keys: &str, values: Vec<Fragment>) -> Fragment {
        let taken = self.free_name("taken");
        let own = self.compiler.own_key();
        let own_taken = (0..own.len()).map(|number| format!("{taken}.{}", taken_key(number)));
        let mut columns: Vec<_> = own_taken.clone().map(Fragment::text).collect();
        let aside = self.parts.iter().enumerate().filter(|(_, part)| part.is_aside());
        columns.extend(aside.map(|(number, _)| Fragment::text(format!("{taken}.k{number}"))));
        let keys_of_batch = self.batch.iter().flat_map(|batch| 0..batch.keys.len());
        columns.extend(keys_of_batch.map(|number| Fragment::text(format!("{taken}.b{number}"))));
        columns.extend(values);
        let on = own.into_iter().zip(own_taken);
        let on = on.map(|(own, taken)| Fragment::format(&format!("{{}} = {taken}"), [own]));
        let on = Fragment::join(on.collect::<Vec<_>>(), " AND ");
        let mut from = Fragment::text(format!("{keys} {taken}, {}", self.compiler.from()));
        // by now, rows of the other parent may have left the query
        let mut conditions = vec![Condition::Sql(on), self.condition.clone()];
        if let Some(batch) = &self.batch {
            from = Fragment::format("{}, {}", [batch.late.as_ref().unwrap_or(&batch.sql).clone(), from]);
            conditions.push(Condition::Sql(batch.on.clone()));
        }
        let mut sql = Fragment::format("SELECT {} FROM {} WHERE ", [Fragment::join(columns, ", "), from]);
        if let Condition::Sql(condition) = Condition::all(conditions) {
            sql.push(condition);
        }
        sql
    }

    fn missing(&mut self, dialect: &dyn Dialect, keys: &str, asked: &Staged) -> Option<Step> {
        let from = self.compiler.from();
        let batch = self.batch.as_ref()?;
        let (shown, columns) = asked.missing.clone()?;
        let taken = self.free_name("taken");
        let of_taken = (0..batch.keys.len()).map(|number| format!("{taken}.b{number}")).collect::<Vec<_>>();
        // the table has no index: each database is quick in one way, and looks through it for each key in the other
        let condition = if dialect.supports(Capability::HashJoins) {
            let same = of_taken.iter().zip(&batch.keys).map(|(taken, key)| format!("{taken} = {key}"));
            let same = same.collect::<Vec<_>>().join(" AND ");
            format!("NOT EXISTS (SELECT 1 FROM {keys} {taken} WHERE {same})")
        } else {
            let of_taken = of_taken.join(", ");
            format!("{} NOT IN (SELECT {of_taken} FROM {keys} {taken})", tuple(&batch.keys))
        };
        let mut sql = Fragment::format(
            &format!("SELECT {{}} FROM {{}} WHERE {condition}"),
            [shown.join(", ").into(), batch.sql.clone()],
        );
        // a row that a policy lets us read but not lock is there all the same
        if let Some(hides) = self.hides_rows(dialect) {
            let conditions = vec![Condition::Sql(batch.on.clone()), self.condition.clone()];
            let Condition::Sql(passes) = Condition::all(conditions) else { return None };
            sql.push(Fragment::format(
                &format!(" AND NOT (({{}}) AND EXISTS (SELECT 1 FROM {from} WHERE {{}}))"),
                [hides, passes],
            ));
        }
        Some(Step::Run(sql.statement(dialect), Gives::Missing { columns, before: false }))
    }

    /// Counts the rows that could not be locked, and need not: they have the values already.
    fn unchanged_and_hidden(&mut self, dialect: &dyn Dialect, keys: &str, asked: &Staged) -> Option<Step> {
        let (from, taken) = (self.compiler.from(), self.free_name("taken"));
        let (batch, unchanged, hides) =
            (self.batch.as_ref()?, asked.unchanged.clone()?, self.hides_rows(dialect)?);
        let same = batch.keys.iter().enumerate().map(|(number, key)| format!("{taken}.b{number} = {key}"));
        let same = same.collect::<Vec<_>>().join(" AND ");
        let conditions =
            vec![Condition::Sql(batch.on.clone()), self.condition.clone(), Condition::Sql(unchanged)];
        let Condition::Sql(passes) = Condition::all(conditions) else { return None };
        let sql = format!(
            "SELECT COUNT(*), 0::bigint FROM {{}}, {from} WHERE ({{}}) AND {{}} \
             AND NOT EXISTS (SELECT 1 FROM {keys} {taken} WHERE {same})"
        );
        let sql = Fragment::format(&sql, [batch.sql.clone(), hides, passes]);
        Some(Step::Run(sql.statement(dialect), Gives::counts()))
    }

    /// A condition that holds where any of the tables has row security for the user.
    fn hides_rows(&self, dialect: &dyn Dialect) -> Option<Fragment> {
        let tables = self.parts.iter().map(|part| dialect.hides_rows(&part.table(dialect)));
        Some(Fragment::join(tables.collect::<Option<Vec<_>>>()?, " OR "))
    }

    fn write(&self, dialect: &dyn Dialect, number: usize, from: &str, first: usize, skips: bool) -> Step {
        let part = &self.parts[number];
        let taken = self.free_name("taken");
        let (table, own) = (part.table(dialect), part.own(dialect));
        let (keys, taken_keys) = (part.own_keys(dialect), part.taken_keys(number));
        let same = part.is_taken(dialect, number, &taken);
        let set = part.settings(dialect, self.model(), &taken, first);
        let changes = skips.then(|| format!("{taken}.changes = 1"));
        let sql = if part.takes() == 0 && !dialect.supports(Capability::JoinedUpdate) {
            let changes = changes.map_or(String::new(), |changes| format!(" WHERE {changes}"));
            Fragment::format(
                &format!(
                    "UPDATE {table} SET {{}} WHERE {} IN (SELECT {} FROM {from} {taken}{changes})",
                    tuple(&keys),
                    taken_keys.join(", "),
                ),
                [settings(set)],
            )
        } else {
            let (rows, on) = (format!("{from} {taken}").into(), same.into());
            dialect.update_from(UpdateBy { table, own, rows, on, set, condition: changes.map(Into::into) })
        };
        Step::Run(sql.statement(dialect), Gives::MatchedIn(part.model.table.clone()))
    }

    /// Gives a row that was written in one table and not in another.
    fn refuse_half(&self, dialect: &dyn Dialect, from: &str, asked: &Staged) -> Result<Step> {
        let taken = self.free_name("taken");
        let written = self.has_values(dialect, &taken)?.into_iter().enumerate();
        let parts =
            written.map(|(number, written)| (Fragment::text(format!("{taken}.c{number} = 1")), written));
        let changes =
            if asked.unchanged.is_some() { format!(" AND {taken}.changes = 1") } else { String::new() };
        let sql = format!("SELECT {taken}.k FROM {from} {taken} WHERE {{}}{changes} LIMIT 1");
        let statement = Fragment::format(&sql, [is_half(parts)]).statement(dialect);
        Ok(Step::Run(statement, Gives::HalfWritten(self.key_type())))
    }

    /// Gives the rows as they now are, each after itself as it was where that is wanted.
    fn give_back(&self, dialect: &dyn Dialect, from: &str, asked: &Staged) -> Step {
        let taken = self.free_name("taken");
        let every = Query::new(self.model().clone());
        let mut compiler = Compiler::new(dialect, &every);
        let (mut columns, mut types) = (Vec::new(), Vec::new());
        let fields = || 0..self.model().fields.len();
        let mut add = |column: Fragment, position: usize| {
            let data_type = &self.model().fields[position].data_type;
            columns.push(dialect.selected(column, data_type));
            types.push(data_type.clone());
        };
        if asked.returning.has_old() {
            fields().for_each(|position| add(format!("{taken}.o{position}").into(), position));
        }
        fields().for_each(|position| add(compiler.own_column(position), position));
        let taken_keys = (0..).map(|number| format!("{taken}.{}", taken_key(number)));
        let same = compiler
            .own_key()
            .into_iter()
            .zip(taken_keys)
            .map(|(key, taken)| Fragment::format(&format!("{{}} = {taken}"), [key]));
        let same = Fragment::join(same.collect::<Vec<_>>(), " AND ");
        let changed = match (asked.returning, &asked.unchanged) {
            (Returning::Changed, Some(_)) => format!(" AND {taken}.changes = 1"),
            _ => String::new(),
        };
        let tables = format!("{from} {taken}, {}", compiler.from());
        let order = self.taken_keys(&format!("{taken}."));
        let sql = Fragment::format(
            &format!("SELECT {{}} FROM {{}} WHERE {{}}{changed} ORDER BY {order}"),
            [Fragment::join(columns, ", "), tables.into(), same],
        );
        let statement: Statement = sql.statement(dialect);
        Step::Run(statement, Gives::Rows { columns: types, are_written: false })
    }
}

/// One column, or several as one value.
fn tuple(columns: &[String]) -> String {
    match columns {
        [column] => column.clone(),
        columns => format!("({})", columns.join(", ")),
    }
}
