//! The ways of carrying the rows of a bulk update to the database: one file each.

pub(super) mod arrays;
mod prepared_loop;
mod staged_join;

use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::lookup::Condition;
use crate::plan::Step;
use crate::plan::update::select;
use crate::query::{Compiler, Query};
use crate::schema::{Field, ModelRef};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// Rows on their way to the database.
pub(crate) struct Batch<'a> {
    /// Only rows of this query are written.
    pub query: &'a Query,
    /// The positions of the key's fields.
    pub key: Vec<usize>,
    /// The positions of the fields that are written.
    pub fields: Vec<usize>,
    /// Fields that all rows set to one value, in stored form.
    pub constants: Vec<(usize, Value)>,
    /// For each row its key and then its values, in stored form, in the order of the keys.
    pub rows: Vec<Vec<Value>>,
    /// How many rows one statement carries at most, where the caller has said it.
    pub size: Option<usize>,
}

/// A way of carrying rows.
pub(crate) type Strategy = for<'a> fn(&dyn Dialect, Batch<'a>) -> Result<Vec<Step>>;

/// The best simple way for a batch, by what was measured (microseconds a row; 100,000 rows of six columns):
///
/// | | SQLite | PostgreSQL | MariaDB |
/// | --- | --- | --- | --- |
/// | prepared statement, row by row | 0.6–0.9 | 16–130 | 11.6 |
/// | arrays | – | 6.4–7.7 | – |
/// | staging table and join | 1.5–1.8 | 4.4–6.1 | 7.0–7.6 |
pub(crate) fn choose(dialect: &dyn Dialect, batch: &Batch<'_>) -> Strategy {
    // An array of arrays is one longer array: `unnest` takes it apart wholly.
    let has_arrays = batch.columns().any(|field| matches!(field.data_type, DataType::Array(_)));
    if dialect.supports(Capability::LocalCalls) {
        prepared_loop::steps
    } else if dialect.supports(Capability::ArrayParams) && !has_arrays {
        arrays::steps
    } else if dialect.supports(Capability::JoinedUpdate) {
        staged_join::steps
    } else {
        prepared_loop::steps
    }
}

impl Batch<'_> {
    fn model(&self) -> &ModelRef {
        &self.query.model
    }

    /// The fields of each row: those of the key, then those that are written.
    fn columns(&self) -> impl Iterator<Item = &Field> {
        self.key.iter().chain(&self.fields).map(|&position| &self.model().fields[position])
    }

    fn key_types(&self) -> Vec<DataType> {
        self.columns().take(self.key.len()).map(|field| field.data_type.clone()).collect()
    }

    /// Whether the database may take two different keys for the same: text, under the column's collation.
    fn has_text_key(&self) -> bool {
        self.columns().take(self.key.len()).any(|field| matches!(field.data_type, DataType::Text { .. }))
    }

    /// The condition of the query on the table's own name, with ` AND ` before it; empty where there is none, and `None`
    /// where no row can pass.
    fn filter(&self, dialect: &dyn Dialect) -> Result<Option<Fragment>> {
        let mut compiler = Compiler::new(dialect, self.query);
        let condition = match compiler.filters(self.query)? {
            Condition::Nothing => return Ok(None),
            Condition::Everything => return Ok(Some(Fragment::default())),
            Condition::Sql(sql) if !compiler.finds_apart() => sql,
            passing if dialect.supports(Capability::JoinedUpdate) => {
                // There, the table that is written may be read only where the result is complete beforehand: the limit keeps
                // the inner query from being merged into the one around it.
                let key = compiler.own_key();
                let left = Fragment::join(key.clone(), ", ");
                let mut keys = select(&mut compiler, key, passing);
                keys.push(format!(" LIMIT {}", dialect.limit_for_offset().unwrap_or_default()));
                Fragment::format("({}) IN (SELECT * FROM ({}) passed)", [left, keys])
            }
            _ => self.passes(dialect)?,
        };
        Ok(Some(Fragment::format(" AND ({})", [condition])))
    }

    /// The query's conditions asked of one row: it costs no more than the row does.
    fn passes(&self, dialect: &dyn Dialect) -> Result<Fragment> {
        let mut outer = Compiler::new(dialect, self.query);
        let mut inner = Compiler::inside(dialect, self.query);
        let passing = inner.filters(self.query)?;
        let keys = inner.own_key().into_iter().zip(outer.own_key());
        let keys = keys.map(|(inner, outer)| Condition::Sql(Fragment::format("{} = {}", [inner, outer])));
        let passing = Condition::all(keys.chain([passing]).collect());
        let rows = select(&mut inner, vec!["1".into()], passing);
        Ok(Fragment::format("EXISTS ({})", [rows]))
    }
}

/// Splits rows into parts of at most `size`.
pub(super) fn parts(rows: Vec<Vec<Value>>, size: usize) -> impl Iterator<Item = Vec<Vec<Value>>> + Send {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<_> = rows.by_ref().take(size).collect();
        (!part.is_empty()).then_some(part)
    })
}
