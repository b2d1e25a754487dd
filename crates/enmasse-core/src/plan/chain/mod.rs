//! Writes to a row that is in several tables: that of its model, and those of the models that this extends.
//!
//! Which rows it is, and every value that is computed, are fixed before the first table is written, and the rows are locked, root table
//! first: a field that the filter reads can be set, and an expression may read any table of the chain.
//!
//! | | |
//! | --- | --- |
//! | one statement | a query that takes keys and values under lock, around it an `UPDATE` for each table |
//! | several | the same query into a temporary table, then a statement for each table |

mod bulk;
mod delete;
mod given;
mod half;
mod staged;
mod statement;

pub(super) use bulk::steps as bulk_steps;
pub(super) use delete::delete;
pub(super) use given::update_from;
pub use half::half_written;

use std::cmp::Reverse;

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect, Lock, quote_table};
use crate::error::{Error, Result};
use crate::plan::bulk::Returning;
use crate::plan::update::{each_once, new_value, writes_key};
use crate::plan::{Plan, free_name};
use crate::query::{Expr, Query};
use crate::schema::ModelRef;
use crate::sql::{Condition, Fragment};

/// A write to tables of a chain.
pub(super) struct ChainWrite<'q> {
    query: &'q Query,
    compiler: Compiler<'q>,
    condition: Condition,
    /// The tables that are written, the root first.
    parts: Vec<Part>,
    /// Where the rows of a batch are, which the query's are joined with.
    batch: Option<Batch>,
}

/// What is written to one table.
struct Part {
    /// The model whose table it is.
    model: ModelRef,
    /// The numbers of the parents that lead to it.
    way: Vec<usize>,
    set: Vec<Set>,
}

/// A field of the model, and what it is set to.
struct Set {
    position: usize,
    value: Fragment,
    /// Whether the value is one of the row, to be taken along with its key.
    is_taken: bool,
}

/// The rows of a batch in a statement.
struct Batch {
    /// The table, with its name.
    sql: Fragment,
    /// The same with what is computed, to be read once all rows are locked, where that cannot be read with the keys.
    late: Option<Fragment>,
    /// What joins it with the query's own.
    on: Fragment,
    /// The columns of its key.
    keys: Vec<String>,
}

/// Whether setting these fields writes to other tables than the model's own, or reads them.
pub(super) fn concerns(dialect: &dyn Dialect, query: &Query, set: &[(usize, Expr)]) -> Result<bool> {
    if !query.model.is_child() {
        return Ok(false);
    }
    if set.iter().any(|(position, _)| query.model.fields[*position].inherited.is_some()) {
        return Ok(true);
    }
    let mut compiler = Compiler::new(dialect, query);
    compiler.allow_joins(false);
    for (position, value) in set {
        new_value(&mut compiler, &query.model, *position, value)?;
    }
    compiler.allow_joins(true);
    Ok(compiler.has_joins())
}

/// The plan of an update whose fields are in several tables.
pub(super) fn update(
    dialect: &dyn Dialect,
    query: &Query,
    set: &[(usize, Expr)],
    returning: Returning,
    apart: bool,
) -> Result<Plan> {
    let mut compiler = Compiler::new(dialect, query);
    compiler.allow_joins(false);
    let mut new = Vec::new();
    for (position, expr) in set {
        let value = new_value(&mut compiler, &query.model, *position, expr)?;
        let is_taken = !matches!(expr, Expr::Value(..));
        new.push(Set { position: *position, value, is_taken });
    }
    compiler.allow_joins(true);
    // Where an order has no meaning it is dropped, but its names are checked all the same.
    Compiler::new(dialect, query).order(query)?;
    let Some(write) = ChainWrite::new(query, compiler, new)? else { return Ok(Plan::default()) };
    Ok(Plan::of(match returning {
        Returning::Nothing if !apart && !write.is_staged() => vec![write.in_one_statement(dialect)?],
        _ => write.staged(dialect, staged::Staged { returning, ..staged::Staged::default() })?,
    }))
}

impl<'q> ChainWrite<'q> {
    /// `None` where no row can pass the query's conditions.
    fn new(query: &'q Query, mut compiler: Compiler<'q>, set: Vec<Set>) -> Result<Option<Self>> {
        let condition = each_once(&mut compiler, query)?;
        if condition == Condition::Nothing {
            return Ok(None);
        }
        let parts = parts(&query.model, set);
        Ok(Some(ChainWrite { query, compiler, condition, parts, batch: None }))
    }

    fn model(&self) -> &ModelRef {
        &self.query.model
    }

    fn free_name(&self, name: &str) -> String {
        free_name(self.model(), name)
    }

    /// Whether it takes several statements: where the database cannot write two tables in one, or where rows of another parent than the
    /// first are to be locked in the order of that one's keys.
    fn is_staged(&self) -> bool {
        let dialect = self.compiler.dialect();
        !dialect.supports(Capability::JoinedUpdate)
            && (!dialect.supports(Capability::WritingQueries) || self.parts.iter().any(Part::is_aside))
    }

    /// What is selected of each row: the model's own key as `k`, that of a part that has another as `k0`, `k1`, …, and the values that
    /// are taken, `v0`, `v1`, ….
    fn taken(&mut self) -> Vec<Fragment> {
        let mut columns = self.keys();
        columns.extend(self.values());
        columns
    }

    fn keys(&mut self) -> Vec<Fragment> {
        let own = self.compiler.own_key().into_iter().enumerate();
        let named = |(number, key)| Fragment::format("{} {}", [key, taken_key(number).into()]);
        let mut columns: Vec<_> = own.map(named).collect();
        for (number, part) in self.parts.iter().enumerate().filter(|(_, part)| part.is_aside()) {
            let table = self.compiler.part(&part.way);
            columns.push(format!("{table}.{} k{number}", part.key(self.compiler.dialect())).into());
        }
        columns
    }

    /// The names of the taken columns of the model's own key, with this before each.
    fn taken_keys(&self, of: &str) -> String {
        let names = (0..self.model().key().len()).map(|number| format!("{of}{}", taken_key(number)));
        names.collect::<Vec<_>>().join(", ")
    }

    fn values(&self) -> Vec<Fragment> {
        let taken = self.parts.iter().flat_map(|part| &part.set).filter(|set| set.is_taken);
        let named = |(number, set): (usize, &Set)| {
            Fragment::format("{} {}", [set.value.clone(), format!("v{number}").into()])
        };
        taken.enumerate().map(named).collect()
    }

    /// `SELECT … FROM … WHERE …`, with the rows of the batch where there is one.
    fn select(&mut self, output: Vec<Fragment>) -> Fragment {
        let from = self.compiler.from();
        let (from, condition) = match &self.batch {
            None => (from.into(), self.condition.clone()),
            Some(batch) => {
                let on = Condition::Sql(batch.on.clone());
                let from = Fragment::format("{}, {}", [batch.sql.clone(), from.into()]);
                (from, Condition::all(vec![on, self.condition.clone()]))
            }
        };
        // from the batch to the tables, and never a scan of these
        let hint = if self.batch.is_some() { self.compiler.dialect().select_in_order() } else { "" };
        let mut sql =
            Fragment::format(&format!("SELECT {hint}{{}} FROM {{}}"), [Fragment::join(output, ", "), from]);
        if let Condition::Sql(condition) = condition {
            sql.push(" WHERE ");
            sql.push(condition);
        }
        sql
    }

    /// The lock on all tables of the chain that are written or read, the root first: a row that is changed while this waits for it is looked
    /// at anew in these only. The tables are joined.
    fn lock(&mut self, strength: Lock, aside_too: bool) -> Option<String> {
        for part in self.parts.iter().filter(|part| aside_too || !part.is_aside()) {
            self.compiler.part(&part.way);
        }
        let tables = self.compiler.parts().into_iter().filter(|(_, aside)| aside_too || !aside);
        let tables: Vec<_> = tables.map(|(table, _)| table).collect();
        self.compiler.dialect().lock(strength, &tables)
    }

    /// The lock that the write needs.
    fn strength(&self) -> Lock {
        Lock::of(self.parts.iter().any(|part| {
            writes_key(&part.model, part.set.iter().map(|set| self.query.model.owner(set.position).1))
        }))
    }
}

/// What the columns of the model's own key are called where keys are taken: `k`, `k_1`, `k_2`, ….
fn taken_key(number: usize) -> String {
    if number == 0 { "k".to_owned() } else { format!("k_{number}") }
}

/// The tables that these fields are in, the root first.
fn parts(model: &ModelRef, set: Vec<Set>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for set in set {
        let (way, _) = model.owner(set.position);
        match parts.iter_mut().find(|part| part.way == way) {
            Some(part) => part.set.push(set),
            None => {
                let model = way.iter().fold(model.clone(), |model, &parent| model.parent(parent));
                parts.push(Part { model, way, set: vec![set] });
            }
        }
    }
    parts.sort_by_key(|part| (part.is_aside(), Reverse(part.way.len())));
    parts
}

impl Part {
    /// Whether it is reached through another parent than the first, so that its rows have other keys.
    fn is_aside(&self) -> bool {
        self.way.iter().any(|&parent| parent > 0)
    }

    /// What the part's key is called where keys are taken.
    fn taken_key(&self, number: usize) -> String {
        if self.is_aside() { format!("k{number}") } else { "k".to_owned() }
    }

    /// The column of the part's own key.
    fn key(&self, dialect: &dyn Dialect) -> String {
        dialect.quote(&self.model.fields[self.model.key()[0]].column)
    }

    fn table(&self, dialect: &dyn Dialect) -> String {
        quote_table(dialect, &self.model.table)
    }

    /// The table's own name, for its columns.
    fn own(&self, dialect: &dyn Dialect) -> String {
        dialect.quote(&self.model.table_name())
    }

    /// The key with the table's own name.
    fn own_key(&self, dialect: &dyn Dialect) -> String {
        format!("{}.{}", self.own(dialect), self.key(dialect))
    }

    /// The columns of the part's own key, of which a table that stands alone may have several.
    fn own_keys(&self, dialect: &dyn Dialect) -> Vec<String> {
        let (own, key) = (self.own(dialect), self.model.key());
        let column = |position: usize| dialect.quote(&self.model.fields[position].column);
        key.into_iter().map(|position| format!("{own}.{}", column(position))).collect()
    }

    /// What they are called where keys are taken.
    fn taken_keys(&self, number: usize) -> Vec<String> {
        match self.model.key().len() {
            1 => vec![self.taken_key(number)],
            several => (0..several).map(taken_key).collect(),
        }
    }

    /// A condition that holds for the rows whose keys were taken.
    fn is_taken(&self, dialect: &dyn Dialect, number: usize, taken: &str) -> String {
        let pairs = self.own_keys(dialect).into_iter().zip(self.taken_keys(number));
        pairs.map(|(own, key)| format!("{own} = {taken}.{key}")).collect::<Vec<_>>().join(" AND ")
    }

    /// Each column and what it is set to: a value that was taken is read from `taken`, where this part's are numbered from `first`.
    fn settings(
        &self,
        dialect: &dyn Dialect,
        model: &ModelRef,
        taken: &str,
        mut first: usize,
    ) -> Vec<(String, Fragment)> {
        let mut settings = Vec::new();
        for set in &self.set {
            let field = &model.fields[set.position];
            let value = if set.is_taken {
                first += 1;
                dialect.fitting(Fragment::text(format!("{taken}.v{}", first - 1)), &field.data_type)
            } else {
                set.value.clone()
            };
            settings.push((dialect.quote(&field.column), value));
        }
        settings
    }

    /// How many values are taken for it.
    fn takes(&self) -> usize {
        self.set.iter().filter(|set| set.is_taken).count()
    }
}

/// The error where temporary tables are needed, and there are none.
pub(super) fn needs_temporary_tables(dialect: &dyn Dialect) -> Result<()> {
    if dialect.supports(Capability::TemporaryTables) || dialect.supports(Capability::LocalCalls) {
        return Ok(());
    }
    Err(Error::not_supported(format!(
        "{}: this write needs temporary tables, which this user may not make: {}.",
        dialect.name(),
        dialect.grant_temporary_tables()
    )))
}
