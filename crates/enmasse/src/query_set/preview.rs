//! What an update would change, before it is made.

use chrono::Utc;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan;
use enmasse_core::value::Value;

use crate::model::Entity;
use crate::query_set::update::Request;
use enmasse_core::run::in_fields;

/// What an update would change; see [`Update::preview`](crate::query_set::Update::preview).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Preview {
    /// How many rows match.
    pub matched: u64,
    /// How many of them would have another value in any of the fields.
    pub changed: u64,
    /// The fields that are set, in order, those with `auto_now` last.
    pub fields: Vec<FieldPreview>,
}

/// What an update would change in one field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldPreview {
    /// Its name.
    pub field: String,
    /// How many rows would have another value in it.
    pub changed: u64,
    /// Some of these, by their keys.
    pub examples: Vec<Example>,
}

/// A value before and after an update.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Example {
    /// The row's key.
    pub key: Vec<Value>,
    /// The value that it has.
    pub before: Value,
    /// The value that it would have.
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
            // where there is nothing to find, the whole table would be searched for it
            let rows = match changed {
                0 => Vec::new(),
                _ => {
                    let rows = executor.query(&selection.statement, &selection.columns).await;
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
