//! Reading rows: `fetch`, `get`, `first`, `stream`, `count`, `exists`.

use enmasse_core::compile::Selection;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::query::Order;
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::value::Value;
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::backend::Row;
use crate::model::Entity;
use crate::query_set::QuerySet;
use enmasse_core::run::in_rows_of;

impl<M: Entity> QuerySet<M> {
    /// Returns all rows.
    ///
    /// # Errors
    ///
    /// An error if a name, a lookup or a value does not fit the model, or a row does not fit the Rust type;
    /// and errors of the database.
    pub async fn fetch(self) -> Result<Vec<M>> {
        let selection = self.query()?.select_rows(&*self.dialect()?)?;
        let model = self.model()?;
        let rows = self.rows(selection).await.map_err(|error| in_rows_of(model, error))?;
        rows.into_iter().map(|row| M::from_row(model, row)).collect()
    }

    /// Returns the only row.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is no row, [`MultipleFound`](ErrorKind::MultipleFound) if
    /// there are several; otherwise as [`fetch`](QuerySet::fetch).
    pub async fn get(self) -> Result<M> {
        // The maximum count, as in Django.
        const COUNTED: u64 = 21;
        let limited = if self.query()?.is_sliced() { self } else { self.slice(..COUNTED) };
        let name = limited.model()?.name.clone();
        let mut rows = limited.fetch().await?;
        match rows.len() {
            1 => Ok(rows.remove(0)),
            0 => Err(Error::new(ErrorKind::NotFound, format!("{name} matching the query does not exist."))),
            many => {
                let many = if many as u64 >= COUNTED {
                    format!("more than {}", COUNTED - 1)
                } else {
                    many.to_string()
                };
                Err(Error::new(
                    ErrorKind::MultipleFound,
                    format!("get() returned more than one {name}: it returned {many}."),
                ))
            }
        }
    }

    /// Returns the first row, in the order of the QuerySet or else of the primary key.
    ///
    /// # Errors
    ///
    /// As [`fetch`](QuerySet::fetch).
    pub async fn first(self) -> Result<Option<M>> {
        let ordered = if self.query()?.order_by.is_empty() && !self.query()?.is_sliced() {
            self.by_key()?
        } else {
            self
        };
        Ok(ordered.slice(..1).fetch().await?.pop())
    }

    /// Streams the rows as the database returns them, in constant memory for any number of rows.
    ///
    /// Outside of a transaction, the stream holds a connection until it ends or is dropped.
    ///
    /// # Errors
    ///
    /// Items are errors as in [`fetch`](QuerySet::fetch); the first error is the last item.
    pub fn stream(self) -> BoxStream<'static, Result<M>> {
        let begun = (|| {
            let selection = self.query()?.select_rows(&*self.dialect()?)?;
            Ok((selection, self.model()?.clone(), self.executor()?.clone()))
        })();
        match begun {
            Err(error) => stream::once(async { Err(error) }).boxed(),
            Ok((None, ..)) => stream::empty().boxed(),
            Ok((Some(Selection { statement, columns }), model, executor)) => executor
                .stream(statement, columns)
                .map(move |row| match row {
                    Ok(row) => M::from_row(&model, row),
                    Err(error) => Err(in_rows_of(&model, error)),
                })
                .boxed(),
        }
    }

    /// Counts the rows in the database.
    ///
    /// # Errors
    ///
    /// As [`fetch`](QuerySet::fetch).
    pub async fn count(self) -> Result<u64> {
        let selection = self.query()?.select_count(&*self.dialect()?)?;
        let rows = self.rows(selection).await?;
        match rows.first().map(Vec::as_slice) {
            None => Ok(0),
            Some([Value::Int(count)]) => Ok((*count).max(0) as u64),
            Some(other) => Err(Error::new(
                ErrorKind::Database,
                format!(
                    "a count came back as {}",
                    other.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
                ),
            )),
        }
    }

    /// Returns whether a row exists.
    ///
    /// # Errors
    ///
    /// As [`fetch`](QuerySet::fetch).
    pub async fn exists(self) -> Result<bool> {
        let selection = self.query()?.select_exists(&*self.dialect()?)?;
        Ok(!self.rows(selection).await?.is_empty())
    }

    /// Returns the SQL of [`fetch`](QuerySet::fetch) on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`fetch`](QuerySet::fetch), except for errors that only the database can find.
    pub fn explain(&self) -> Result<String> {
        let selection = self.query()?.select_rows(&*self.dialect()?)?;
        Ok(selection.map_or("-- nothing to do".to_owned(), |selection| selection.statement.to_string()))
    }

    pub(super) async fn rows(&self, selection: Option<Selection>) -> Result<Vec<Row>> {
        match selection {
            Some(Selection { statement, columns }) => self.executor()?.query(&statement, &columns).await,
            None => Ok(Vec::new()),
        }
    }

    fn by_key(self) -> Result<Self> {
        let model = self.model()?;
        let fields =
            model.key().into_iter().map(|position| FieldPath::new([model.fields[position].name.clone()]));
        let orders = fields.map(|field| Order { by: Expr::Field(field), descending: false }).collect();
        Ok(self.with(|query| query.order_by = orders))
    }
}
