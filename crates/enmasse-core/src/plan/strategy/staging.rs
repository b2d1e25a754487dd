//! What the strategies with a staging table have in common.

use crate::dialect::{Capability, Dialect, Lock};
use crate::error::Result;
use crate::plan::bulk::{Job, Missing, Returning, Setting};
use crate::plan::{Gives, Step, copied, free_name};
use crate::sql::{Fragment, Statement};

/// A staging table, and the steps before and after the write, which are the same for every database.
pub(crate) struct Staging<'j, 'a> {
    pub job: &'j Job<'a>,
    /// The staging table as statements name it.
    pub batch: String,
    /// The table of the rows as they were, as statements name it.
    pub old: String,
    /// What the rows of the batch go by in a statement.
    pub b: String,
    /// The query's condition with ` AND ` before it.
    pub filter: Fragment,
}

/// How many keys that match several rows are told.
const SEVERAL: usize = 10;

pub(crate) fn plain(sql: String) -> Statement {
    Statement { sql, params: Vec::new() }
}

/// A condition that holds where the row has all the new values already, compared byte by byte.
pub(super) fn unchanged(dialect: &dyn Dialect, own: &str, settings: &[Setting]) -> Result<Fragment> {
    let pairs = settings.iter().filter(|setting| !setting.is_auto).map(|setting| {
        let column = Fragment::text(format!("{own}.{}", setting.column));
        (column, setting.value.clone(), &setting.data_type)
    });
    dialect.unchanged(pairs.collect())
}

impl<'j, 'a> Staging<'j, 'a> {
    /// `None` where no row can pass the query's filter.
    pub fn new(dialect: &dyn Dialect, job: &'j Job<'a>) -> Result<Option<Self>> {
        let Some(filter) = job.filter(dialect)? else { return Ok(None) };
        let table = |name: &str| dialect.temporary(&free_name(job.model(), name));
        Ok(Some(Staging {
            job,
            batch: table("enmasse_batch"),
            old: table("enmasse_old"),
            b: free_name(job.model(), "b"),
            filter,
        }))
    }

    /// What each column is set to.
    pub fn settings(&self, dialect: &dyn Dialect) -> Result<Vec<Setting>> {
        let names = self.job.names();
        self.job.settings(dialect, &|column| Fragment::text(format!("{}.{}", self.b, names[column])))
    }

    /// The names of the key's columns in the staging table: `k0, k1`.
    pub fn keys(&self) -> String {
        self.job.names()[..self.job.key.len()].join(", ")
    }

    /// `(SELECT * FROM batch ORDER BY k0) b`, which stays a table of its own.
    pub fn in_order(&self, dialect: &dyn Dialect) -> String {
        let limit = dialect.keep_order();
        format!("(SELECT * FROM {} ORDER BY {}{limit}) {}", self.batch, self.keys(), self.b)
    }

    /// The columns of the key as they are told.
    fn shown_keys(&self, dialect: &dyn Dialect) -> Result<String> {
        let mut shown = Vec::new();
        for (key, data_type) in self.job.names().iter().zip(self.job.key_types()) {
            // said in the text: a statement that was prepared must not come to give another type
            shown.push(if dialect.supports(Capability::PreparedTypes) {
                let cast = format!("{key}::{}", dialect.cast_type(&data_type)?);
                dialect.selected(cast.into(), &data_type).statement(dialect).sql
            } else {
                key.clone()
            });
        }
        Ok(shown.join(", "))
    }

    /// Refuses keys that match several rows, of the table and of its child tables.
    pub fn refuse_several(&self, dialect: &dyn Dialect) -> Result<Option<Step>> {
        let Staging { job, batch, b, .. } = self;
        if !job.has_children {
            return Ok(None);
        }
        let keys = job.names()[..job.key.len()].iter().map(|key| format!("{b}.{key}")).collect::<Vec<_>>();
        let keys = keys.join(", ");
        let mut sql = Fragment::text(format!(
            "SELECT {} FROM (SELECT {keys} FROM {batch} {b} JOIN {} ON {} WHERE true",
            self.shown_keys(dialect)?,
            job.table(dialect),
            job.on(dialect, b)
        ));
        sql.push(self.filter.clone());
        sql.push(format!(" GROUP BY {keys} HAVING COUNT(*) > 1 LIMIT {SEVERAL}) several"));
        Ok(Some(Step::Run(sql.statement(dialect), Gives::SeveralRows)))
    }

    /// Refuses keys that the database takes for the same.
    pub fn refuse_duplicates(&self, dialect: &dyn Dialect) -> Result<Step> {
        let (keys, shown) = (self.keys(), self.shown_keys(dialect)?);
        let batch = if dialect.supports(Capability::StagedAsTarget) {
            self.batch.clone()
        } else {
            // a union takes on the collations of the table's own columns
            let (own, from) = self.job.typed_columns(dialect, &self.job.key);
            format!("(SELECT {own} FROM {from} WHERE false UNION ALL SELECT {keys} FROM {}) keys", self.batch)
        };
        let sql = format!("SELECT {shown} FROM {batch} GROUP BY {keys} HAVING COUNT(*) > 1");
        Ok(Step::Run(plain(sql), Gives::Duplicates))
    }

    /// Finds the keys of the batch that match no row, or the rows, where they are wanted.
    pub fn find_missing(&self, dialect: &dyn Dialect) -> Result<Option<Step>> {
        let Staging { job, batch, b, .. } = self;
        if job.missing == Missing::Count {
            return Ok(None);
        }
        let (names, columns) = job.told(dialect, "")?;
        let mut sql = Fragment::text(format!(
            "SELECT {} FROM {batch} {b} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {}",
            names.join(", "),
            job.table(dialect),
            job.on(dialect, b)
        ));
        sql.push(self.filter.clone());
        sql.push(")");
        // with a filter, what it leaves out must be known before the rows change
        let before = !self.filter.is_empty();
        Ok(Some(Step::Run(sql.statement(dialect), Gives::Missing { columns, before })))
    }

    /// Keeps the primary keys of the rows that are about to be written, and locks these in that order.
    pub fn keep(&self, dialect: &dyn Dialect) -> Result<Option<Step>> {
        let Some(kept) = self.job.keep.kept() else { return Ok(None) };
        let (job, own) = (self.job, self.job.own(dialect));
        let key = job.model().key();
        let key = key.iter().map(|&position| format!("{own}.{}", job.column(dialect, position)));
        let key = key.collect::<Vec<_>>().join(", ");
        let lock = dialect.lock(Lock::of(job.writes_key()), std::slice::from_ref(&own)).unwrap_or_default();
        let join = dialect.join_in_order();
        let mut sql = Fragment::text(format!(
            "INSERT INTO {} SELECT {key} FROM {} {} {join} {} ON {} WHERE true",
            kept.sql(dialect),
            self.batch,
            self.b,
            job.table(dialect),
            job.on(dialect, &self.b)
        ));
        sql.push(self.filter.clone());
        if job.skip_unchanged {
            let settings = self.settings(dialect)?;
            sql.push(Fragment::format(" AND NOT ({})", [unchanged(dialect, &own, &settings)?]));
        }
        sql.push(format!(" ORDER BY {key} {lock}"));
        Ok(Some(Step::prepare(sql.statement(dialect))))
    }

    /// Whether the rows are copied before they are written, which also locks them.
    pub fn keeps_old(&self, dialect: &dyn Dialect) -> bool {
        let Job { returning, skip_unchanged, .. } = self.job;
        match returning {
            Returning::Nothing => false,
            Returning::New => *skip_unchanged || !dialect.supports(Capability::UpdateReturning),
            Returning::OldAndNew | Returning::Changed => {
                *skip_unchanged || !dialect.supports(Capability::ReturningOld)
            }
        }
    }

    /// Copies the rows that match, and locks them in the order of their keys.
    pub fn copy_old(&self, dialect: &dyn Dialect) -> Vec<Step> {
        let job = self.job;
        let own = job.own(dialect);
        let columns = job.row_columns(dialect, &own);
        let columns: Vec<_> =
            columns.iter().enumerate().map(|(number, column)| format!("{column} o{number}")).collect();
        let join = dialect.join_in_order();
        let mut sql = Fragment::text(format!(
            "SELECT {} FROM {} {join} {} ON {}",
            columns.join(", "),
            self.in_order(dialect),
            job.table(dialect),
            job.on(dialect, &self.b)
        ));
        if !self.filter.is_empty() {
            sql.push(" WHERE true");
            sql.push(self.filter.clone());
        }
        copied::copy(dialect, &self.old, &sql, dialect.lock(Lock::Row, &[own]))
    }

    /// A condition, with ` AND ` before it, that holds for the rows that were copied.
    pub fn is_old(&self, dialect: &dyn Dialect) -> Fragment {
        let (key, own) = (self.job.model().key(), self.job.own(dialect));
        let columns = key.iter().map(|&position| format!("{own}.{}", self.job.column(dialect, position)));
        let copied = key.iter().map(|position| format!("o{position}"));
        Fragment::text(format!(
            " AND ({}) IN (SELECT {} FROM {})",
            columns.collect::<Vec<_>>().join(", "),
            copied.collect::<Vec<_>>().join(", "),
            self.old
        ))
    }

    /// Gives the rows as they now are, each after itself as it was where that is wanted.
    pub fn give_back(&self, dialect: &dyn Dialect) -> Step {
        let job = self.job;
        let own = job.own(dialect);
        let o = free_name(job.model(), "o");
        let (mut columns, mut types) = (Vec::new(), Vec::new());
        if job.returning.has_old() {
            let old = (0..job.model().fields.len()).map(|position| format!("{o}.o{position}"));
            columns.extend(job.selected(dialect, old.collect()));
            types.extend(job.row_types());
        }
        columns.extend(job.selected(dialect, job.row_columns(dialect, &own)));
        types.extend(job.row_types());
        let key = job.model().key();
        let on =
            key.iter().map(|&position| format!("{own}.{} = {o}.o{position}", job.column(dialect, position)));
        let order = key.iter().map(|position| format!("{o}.o{position}"));
        let sql = format!(
            "SELECT {} FROM {} {o} JOIN {} ON {} ORDER BY {}",
            columns.join(", "),
            self.old,
            job.table(dialect),
            on.collect::<Vec<_>>().join(" AND "),
            order.collect::<Vec<_>>().join(", ")
        );
        Step::Run(plain(sql), Gives::Rows { columns: types, are_written: false })
    }
}
