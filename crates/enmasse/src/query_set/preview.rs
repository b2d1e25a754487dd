//! A preview of an update.

use chrono::Utc;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan;
use enmasse_core::value::Value;

use crate::backend::Reading;
use crate::model::Entity;
use crate::query_set::update::Request;
use enmasse_core::run::in_fields;

/// The changes that an update would make; see [`Update::preview`](crate::query_set::Update::preview).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Preview {
    /// The number of matched rows.
    pub matched: u64,
    /// The number of matched rows in which the update would change a field.
    pub changed: u64,
    /// The fields that are set, in order, followed by `auto_now` fields.
    pub fields: Vec<FieldPreview>,
}

/// The changes that an update would make to one field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldPreview {
    /// The field's name.
    pub field: String,
    /// The number of rows whose value would change.
    pub changed: u64,
    /// Some of these rows, by key.
    pub examples: Vec<Example>,
}

/// A value before and after an update.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Example {
    /// The row's key.
    pub key: Vec<Value>,
    /// The current value; if it cannot be read as the field's type, the database's text of it.
    pub before: Value,
    /// The value after the update.
    pub after: Value,
}

impl<M: Entity> Request<M> {
    pub(super) async fn preview(&self, examples: u64) -> Result<Preview> {
        let (executor, dialect, query) = (self.rows.executor()?, self.rows.dialect()?, self.rows.query()?);
        let Some(preview) = plan::preview(&*dialect, query, &self.assignments, Utc::now(), examples)? else {
            return Ok(Preview::default());
        };
        let counted = executor.query(&preview.counts.statement, &preview.counts.columns).await?;
        let mut counts = counted.into_iter().flatten().map(|count| match count {
            Value::Int(count) => Ok(count.max(0) as u64),
            other => Err(Error::new(ErrorKind::Database, format!("a count came back as {other}"))),
        });
        let mut next = || counts.next().unwrap_or(Ok(0));
        let (matched, changed) = (next()?, next()?);
        let mut fields = Vec::new();
        for (position, selection) in preview.fields.into_iter().zip(preview.examples) {
            let changed = next()?;
            // Without changes, the search for examples would read the whole table.
            let rows = match changed {
                0 => Vec::new(),
                _ => {
                    let rows = executor.read(&selection.statement, &selection.columns, Reading::OrText).await;
                    let columns: Vec<usize> =
                        query.model.key().into_iter().chain([position, position]).collect();
                    rows.map_err(|error| in_fields(&query.model, &columns, error))?
                }
            };
            let examples = rows.into_iter().filter_map(|mut key| {
                let (after, before) = (key.pop()?, key.pop()?);
                Some(Example { key, before, after })
            });
            let field = query.model.fields[position].name.clone();
            fields.push(FieldPreview { field, changed, examples: examples.collect() });
        }
        Ok(Preview { matched, changed, fields })
    }
}
