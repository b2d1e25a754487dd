//! The keys of the rows that a write is for, kept in a temporary table while the write lasts.
//!
//! ```sql
//! CREATE TEMPORARY TABLE pg_temp."enmasse_kept_1_users" ON COMMIT DROP AS SELECT "users"."id" k0 FROM "users" LIMIT 0;
//! INSERT INTO pg_temp."enmasse_kept_1_users" SELECT … FROM "users" WHERE … ORDER BY "users"."id" FOR NO KEY UPDATE OF "users";
//! UPDATE "users" SET … WHERE "users"."id" IN (SELECT "t1"."k0" FROM "pg_temp"."enmasse_kept_1_users" "t1");
//! UPDATE "profile" SET … WHERE "profile"."user_id" IN (SELECT "t1"."k0" FROM "pg_temp"."enmasse_kept_1_users" "t1")
//! ```
//!
//! Where a write can stand in `WITH`, and the keys are wanted only after it, the first two of these are one:
//!
//! ```sql
//! WITH written (k0) AS (UPDATE "users" SET … WHERE … RETURNING "users"."id")
//! INSERT INTO pg_temp."enmasse_kept_1_users" SELECT k0 FROM written
//! ```

use chrono::{DateTime, Utc};

use crate::compile::{Compiler, Selection};
use crate::dialect::{Capability, Dialect, Lock, quote_table};
use crate::error::Result;
use crate::plan::update::{Assignment, assigned, refuse, select, update_sql, writes_key};
use crate::plan::{Plan, Step, chain, free_name, insert};
use crate::query::{Expr, FieldPath, Function, KeySet, Lookup, Operand, Q, Query};
use crate::schema::{Field, Model, ModelRef, Schema};
use crate::sql::{Condition, Fragment, Statement};
use crate::value::{DataType, Value};

/// The longest name that every database takes.
const LONGEST_NAME: usize = 60;

/// From so many keys on, a plan made without looking at them costs more than the look.
const ANALYZED: u64 = 1_000;

/// The keys of rows of a model in a temporary table.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The model of the rows.
    model: ModelRef,
    /// The temporary table, as a model of its own.
    table: ModelRef,
    /// How many keys it has, once they are counted.
    size: Option<u64>,
}

impl Kept {
    /// A table for keys of a model; the number tells it from the others of the transaction.
    ///
    /// # Errors
    ///
    /// None that a model's key could be the cause of.
    pub fn new(dialect: &dyn Dialect, model: &ModelRef, number: u64) -> Result<Self> {
        // of each model its own: a statement that was prepared must not come to give another type
        let mut name = format!("enmasse_kept_{number}_{}", model.table_name()).replace(['.', '"', '`'], "_");
        while name.len() > LONGEST_NAME {
            name.pop();
        }
        let name = free_name(model, &name);
        let table = match dialect.temporary(&name).split_once('.') {
            Some((schema, _)) => format!("{schema}.{name}"),
            None => name.clone(),
        };
        let fields = model.key().into_iter().enumerate().map(|(number, position)| {
            Field::new(format!("k{number}"), model.fields[position].data_type.clone()).primary_key()
        });
        let described = fields.fold(Model::new(name.clone(), table), Model::add);
        let table = Schema::new(vec![described])?.model(&name)?;
        Ok(Kept { model: model.clone(), table, size: None })
    }

    /// The same, with so many keys in it.
    #[must_use]
    pub fn of_size(self, size: u64) -> Self {
        Kept { size: Some(size), ..self }
    }

    /// The keys as a set of rows.
    pub fn key_set(&self, dialect: &dyn Dialect) -> KeySet {
        // what is joined with the table that is written has to be seen as a query
        let list = (!dialect.supports(Capability::JoinedUpdate)).then(|| self.list(dialect));
        KeySet::stored(&self.model, &self.table, list, self.size)
    }

    /// The rows of a query whose keys were kept, to be written; `untouched` says that nobody can have changed them since.
    ///
    /// A write that finds its rows as it would without keys is faster than one by the keys. On SQLite, where others cannot write meanwhile, they
    /// are the same rows: 100,000 of 200,000 took 0.07 s in place of 0.17 s. On MariaDB each is looked up among the keys: 0.40 s in place of
    /// 0.77 s. Not so where the filter reads other rows, or may hold or not from one time to the next.
    ///
    /// # Errors
    ///
    /// As a filter's.
    pub fn rows(&self, dialect: &dyn Dialect, query: &Query, untouched: bool) -> Result<Query> {
        let locks = dialect.supports(Capability::RowLocks);
        let by_keys = locks && !dialect.supports(Capability::KeyLookups);
        if !untouched || by_keys || !is_steady(dialect, query)? {
            return Ok(self.key_set(dialect).in_place_of(query));
        }
        if !locks {
            // who writes does so alone
            return Ok(query.clone());
        }
        let key = self.model.key().into_iter();
        let parts =
            key.map(|position| Expr::field(FieldPath::new([self.model.fields[position].name.clone()])));
        let parts: Vec<_> = parts.collect();
        let sql = format!("({}) IN ({})", vec!["{}"; parts.len()].join(", "), self.list(dialect));
        let among = Expr::Raw { sql, parts, data_type: DataType::Bool };
        Ok(query.clone().filtered(Q::Expr(Box::new(among))))
    }

    /// The keys in SQL.
    fn list(&self, dialect: &dyn Dialect) -> String {
        format!("SELECT {} FROM {}", self.names().join(", "), self.sql(dialect))
    }

    /// Makes the table.
    pub fn create(&self, dialect: &dyn Dialect) -> Plan {
        let own = dialect.quote(&self.model.table_name());
        let names = self.names();
        let columns = self.model.key().into_iter().zip(&names).map(|(position, name)| {
            format!("{own}.{} {name}", dialect.quote(&self.model.fields[position].column))
        });
        let create = format!(
            "{}{} AS SELECT {} FROM {} LIMIT 0",
            dialect.create_temporary(&self.sql(dialect)),
            dialect.temporary_keys(&names.join(", ")),
            columns.collect::<Vec<_>>().join(", "),
            quote_table(dialect, &self.model.table)
        );
        let mut steps = vec![Step::prepare(plain(create))];
        if dialect.supports(Capability::LastingTemporaryTables) {
            steps.insert(0, Step::prepare(self.drop(dialect)));
        }
        Plan::of(steps)
    }

    /// Locks the rows of a query and keeps their keys. The plan is empty where the query has no rows.
    ///
    /// # Errors
    ///
    /// As a filter's.
    pub fn find(&self, dialect: &dyn Dialect, query: &Query, written: &[usize]) -> Result<Plan> {
        let Some(keys) = locked_keys(dialect, query, written)? else { return Ok(Plan::default()) };
        let insert = Fragment::format("INSERT INTO {} {}", [self.sql(dialect).into(), keys]);
        Ok(Plan::of(vec![Step::write(insert.statement(dialect))]))
    }

    /// Keeps keys that the program knows: they are the rows of the plan's batch. `keys` is how many there are.
    ///
    /// # Errors
    ///
    /// None that a model's key could be the cause of.
    pub fn insert(&self, dialect: &dyn Dialect, keys: u64) -> Result<Plan> {
        insert(dialect, &self.table, Some(keys), false, None)
    }

    /// The table as a model.
    pub fn table(&self) -> &ModelRef {
        &self.table
    }

    /// Updates the rows of a query and keeps their keys, in one statement. `None` where the database, or the update, needs several.
    ///
    /// # Errors
    ///
    /// As [`update`](crate::plan::update()).
    pub fn update(
        &self,
        dialect: &dyn Dialect,
        query: &Query,
        assignments: &[Assignment],
        now: DateTime<Utc>,
    ) -> Result<Option<Plan>> {
        if !dialect.supports(Capability::WritingQueries) {
            return Ok(None);
        }
        refuse(query)?;
        let set = assigned(&query.model, assignments, now)?;
        if chain::concerns(dialect, query, &set)? {
            return Ok(None);
        }
        let Some(mut update) = update_sql(dialect, query, set)? else {
            return Ok(Some(Plan::default()));
        };
        let own = dialect.quote(&self.model.table_name());
        let key = self.model.key().into_iter();
        let key = key.map(|position| format!("{own}.{}", dialect.quote(&self.model.fields[position].column)));
        update.push(format!(" RETURNING {}", key.collect::<Vec<_>>().join(", ")));
        let names = self.names().join(", ");
        let written = free_name(&self.model, "written");
        let kept = Fragment::format(
            &format!("WITH {written} ({names}) AS ({{}}) INSERT INTO {{}} SELECT {names} FROM {written}"),
            [update, self.sql(dialect).into()],
        );
        Ok(Some(Plan::of(vec![Step::write(kept.statement(dialect))])))
    }

    /// Tells the planner of the keys, where that is worth it for so many.
    pub fn analyze(&self, dialect: &dyn Dialect, keys: u64) -> Option<Statement> {
        if keys < ANALYZED {
            return None;
        }
        dialect.analyze(&self.sql(dialect)).map(plain)
    }

    /// How many keys there are.
    ///
    /// # Errors
    ///
    /// None that a model's key could be the cause of.
    pub fn count(&self, dialect: &dyn Dialect) -> Result<Option<Selection>> {
        Query::new(self.table.clone()).select_count(dialect)
    }

    /// The keys, in no particular order.
    ///
    /// # Errors
    ///
    /// None that a model's key could be the cause of.
    pub fn select(&self, dialect: &dyn Dialect) -> Result<Option<Selection>> {
        Query::new(self.table.clone()).select_rows(dialect)
    }

    /// Drops the table.
    pub fn drop(&self, dialect: &dyn Dialect) -> Statement {
        plain(dialect.drop_temporary(&self.sql(dialect)))
    }

    /// The table as statements name it.
    pub(crate) fn sql(&self, dialect: &dyn Dialect) -> String {
        dialect.temporary(&self.table.table_name())
    }

    /// The names of its columns.
    fn names(&self) -> Vec<String> {
        self.table.fields.iter().map(|field| field.column.clone()).collect()
    }
}

/// The statement that locks the rows of a query, in the order of their keys, and gives these; `None` where the query has no rows.
///
/// The lock is as strong as a write of the fields at these positions needs, or a deletion where there are none.
///
/// # Errors
///
/// As a filter's.
pub fn find_keys(dialect: &dyn Dialect, query: &Query, written: &[usize]) -> Result<Option<Selection>> {
    let key = query.model.key().into_iter();
    let columns = key.map(|position| query.model.fields[position].data_type.clone()).collect();
    let keys = locked_keys(dialect, query, written)?;
    Ok(keys.map(|keys| Selection { statement: keys.statement(dialect), columns }))
}

fn locked_keys(dialect: &dyn Dialect, query: &Query, written: &[usize]) -> Result<Option<Fragment>> {
    let every = Query::new(query.model.clone());
    let mut compiler = Compiler::new(dialect, query);
    let condition = compiler.filters(query)?;
    if condition == Condition::Nothing {
        return Ok(None);
    }
    // the parts of a row are locked from the root of the chain
    compiler.join_first_parents();
    let own = compiler.own_key();
    let list = || Fragment::join(own.clone(), ", ");
    let mut keys = select(&mut compiler, own.clone(), condition);
    if compiler.multiplies() {
        // a row that a join gives several times is one row
        compiler = Compiler::new(dialect, &every);
        compiler.join_first_parents();
        let from = compiler.from();
        keys = Fragment::format("SELECT {} FROM {} WHERE ({}) IN ({})", [list(), from.into(), list(), keys]);
    }
    let keyed = written.is_empty() || writes_key(&query.model, written.iter().copied());
    let tables: Vec<_> = compiler.parts().into_iter().map(|(table, _)| table).collect();
    if let Some(lock) = dialect.lock(Lock::of(keyed), &tables) {
        keys.push(Fragment::format(" ORDER BY {} {}", [list(), lock.into()]));
    }
    Ok(Some(keys))
}

/// Whether the filters of a query hold for the same rows as long as these stay as they are.
fn is_steady(dialect: &dyn Dialect, query: &Query) -> Result<bool> {
    let mut compiler = Compiler::new(dialect, query);
    compiler.filters(query)?;
    let mut steady = !compiler.reads_others();
    let annotated = query.annotations.iter().map(|(_, value)| Q::Expr(Box::new(value.clone())));
    for condition in query.filters.iter().cloned().chain(annotated) {
        condition.visit(&mut |part| {
            steady &=
                !matches!(part, Expr::Raw { .. } | Expr::Host { .. } | Expr::Function(Function::Now, _));
        });
    }
    Ok(steady)
}

/// Whether the query asks for one row by its primary key: then its key is in the program already.
pub fn finds_one(query: &Query) -> bool {
    let [position] = query.model.key()[..] else { return false };
    let model = &query.model;
    let same: Vec<&str> =
        model.same_key(position).into_iter().map(|same| model.fields[same].name.as_str()).collect();
    let is_key = |names: &[std::borrow::Cow<'static, str>]| matches!(names, [only] if only == "pk" && model.position(only).is_none() || same.contains(&only.as_ref()));
    let is_known = |value: &Value| !matches!(value, Value::Opaque(_));
    let mut conditions: Vec<&Q> = query.filters.iter().collect();
    while let Some(condition) = conditions.pop() {
        match condition {
            Q::And(parts) => conditions.extend(parts),
            Q::Compare {
                left: Expr::Field(path),
                lookup: Lookup::Exact,
                right: Operand::One(Expr::Value(value, _)),
            } if is_key(path.names()) && is_known(value) => {
                return true;
            }
            Q::Named { path, right: Operand::One(Expr::Value(value, _)) }
                if is_key(path.names()) && is_known(value) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// The positions of the fields that an update of these assignments writes: those with `auto_now` are among them.
///
/// # Errors
///
/// As [`update`](crate::plan::update())'s for names.
pub fn written_fields(
    model: &ModelRef,
    assignments: &[Assignment],
    now: DateTime<Utc>,
) -> Result<Vec<usize>> {
    Ok(assigned(model, assignments, now)?.into_iter().map(|(position, _)| position).collect())
}

fn plain(sql: String) -> Statement {
    Statement { sql, params: Vec::new() }
}
