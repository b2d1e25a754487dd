//! Bulk updates of records: the outcome of each row, by callbacks.

use enmasse_core::error::Result;
use enmasse_core::plan::{Missing, Returning};

use super::{BulkUpdate, Change};
use crate::model::Entity;
use crate::model::record::Record;

impl BulkUpdate<'_, Record> {
    /// Leaves fields alone that a record does not [set](Record::is_set), row by row.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::schema::{Field, Model, Schema};
    /// use enmasse::{DataType, Database, QuerySet, Record, Value};
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// let schema = Schema::new(vec![
    ///     Model::new("City", "city")
    ///         .add(Field::new("id", DataType::BigInt).primary_key())
    ///         .add(Field::new("name", DataType::TEXT))
    ///         .add(Field::new("country", DataType::TEXT)),
    /// ])?;
    /// let city = schema.model("City")?;
    /// # db.create_tables([city.clone()]).await?;
    /// # db.execute_raw("INSERT INTO city VALUES (1, 'Roma', 'IT')", []).await?;
    /// let named = Record::of_some(&city, [Some(1.into()), Some("Rome".into()), None])?;
    /// let cities = QuerySet::of(&city, &db);
    /// cities.clone().bulk_update([named], |_| ["name", "country"]).only_set_fields().await?;
    /// assert_eq!(cities.get().await?.values(), [Value::Int(1), "Rome".into(), "IT".into()]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn only_set_fields(mut self) -> Self {
        self.0.change(|request| request.asked.patches = true);
        self
    }

    /// Calls back with each record that matched no row before the write: its key, and the fields to write.
    /// Other fields are not [set](Record::is_set). [`Report::missing`](super::Report::missing) stays empty,
    /// and memory is constant.
    ///
    /// # Errors
    ///
    /// An error of the callback rolls everything back. A [`Conflict`](crate::ErrorKind::Conflict) after the
    /// first call is not retried, because a retry would call back with the same rows: retry with a new
    /// callback. [`NotSupported`](crate::ErrorKind::NotSupported) if the database has no temporary tables.
    pub fn each_missing(mut self, mut each: impl FnMut(Record) -> Result<()> + Send + 'static) -> Self {
        self.0.change(|request| {
            // A QuerySet without a valid model reports its own error first.
            let Ok(model) = request.asked.rows.model().cloned() else { return };
            request.asked.missing = Missing::Rows;
            request.callbacks.missing = Some(Box::new(move |said| each(Record::of_some(&model, said)?)));
        });
        self
    }

    /// Calls back with each written row, before and after the write, in key order. With
    /// [`skip_unchanged`](BulkUpdate::skip_unchanged), only with rows that differed. Memory is constant.
    ///
    /// A value that cannot be read as its field's type, such as `infinity` or `0000-00-00` in a date, is the
    /// database's text of it.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use std::sync::mpsc;
    ///
    /// use enmasse::{Database, QuerySet, Record};
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// db.execute_raw("CREATE TABLE city (id integer PRIMARY KEY, name text)", []).await?;
    /// db.execute_raw("INSERT INTO city VALUES (1, 'Roma'), (2, 'Oslo')", []).await?;
    /// let city = db.inspect().await?.schema.model("city")?;
    /// let named = |id: i64, name: &str| Record::of_some(&city, [Some(id.into()), Some(name.into())]);
    /// let (sender, changes) = mpsc::channel();
    /// let report = QuerySet::of(&city, &db)
    ///     .bulk_update([named(1, "Rome")?, named(2, "Oslo")?, named(3, "Bonn")?], |_| ["name"])
    ///     .skip_unchanged()
    ///     .each_change(move |change| Ok(_ = sender.send((change.old.values()[1].clone(), change.new.values()[1].clone()))))
    ///     .count_missing()
    ///     .await?;
    /// assert_eq!((report.matched, report.changed, report.missing_count), (2, 1, 1));
    /// assert_eq!(changes.into_iter().collect::<Vec<_>>(), [("Roma".into(), "Rome".into())]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// An error of the callback rolls everything back. A [`Conflict`](crate::ErrorKind::Conflict) after the
    /// first call is not retried, because a retry would call back with the same rows: retry with a new
    /// callback. [`NotSupported`](crate::ErrorKind::NotSupported) if the database has no temporary tables.
    pub fn each_change(
        mut self,
        mut each: impl FnMut(Change<Record>) -> Result<()> + Send + 'static,
    ) -> Self {
        self.0.change(|request| {
            let Ok(model) = request.asked.rows.model().cloned() else { return };
            request.asked.returning = Returning::Changed;
            request.callbacks.changes = Some(Box::new(move |mut old| {
                let new = old.split_off(old.len() / 2);
                each(Change { old: Record::from_row(&model, old)?, new: Record::from_row(&model, new)? })
            }));
        });
        self
    }
}
