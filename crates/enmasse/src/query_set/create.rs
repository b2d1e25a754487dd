//! `create` and `bulk_create`: new rows.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use enmasse_core::Value;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{self, Assignment, set_auto};
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::schema::{Auto, Default, ModelRef};

use crate::backend::Row;
use crate::database::handle::{Executor, Handle};
use crate::model::{Entity, row_of};
use crate::query_set::QuerySet;
use crate::query_set::insert::{self, count_inserted, insert};
use crate::query_set::lazy::Lazy;
use crate::signals::{Insert, Origin};
use crate::typed::columns::{Assignments, Path};

impl<M: Entity> QuerySet<M> {
    /// Inserts an object as a new row, and returns it with the values that the database and the model assign:
    /// its key if that is an `Option` and `None`, `auto_now` and `auto_now_add` fields, and generated
    /// columns.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[model(table = "users")]
    /// struct User {
    ///     #[model(primary_key)]
    ///     id: Option<i64>, // None until the database has given one
    ///     name: String,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let user = User::objects(&db).create(User { id: None, name: "Ada".into(), points: 5 }).await?;
    /// assert_eq!(user.id, Some(1));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Value`](ErrorKind::Value) if a value does not fit its field; [`Integrity`](ErrorKind::Integrity) if
    /// a constraint refuses the row; and errors of the database.
    pub fn create(self, object: M) -> Create<M> {
        Create(Lazy::new((self, New::Object(object))))
    }

    /// Inserts a row with these values. Other fields get their default, NULL or a value from the database.
    ///
    /// # Errors
    ///
    /// As [`create`](QuerySet::create); and [`Value`](ErrorKind::Value) if a field has neither a value nor a
    /// default.
    pub fn create_with<A: Assignments>(self, values: impl FnOnce(M::Columns) -> A) -> Create<M> {
        let values = values(M::columns(Path::root())).assignments();
        Create(Lazy::new((self, New::Values(values))))
    }

    /// [`create_with`](QuerySet::create_with) with names known only at run time.
    ///
    /// # Errors
    ///
    /// As [`create_with`](QuerySet::create_with).
    pub fn create_by<N: Into<FieldPath>, V: Into<Value>>(
        self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Create<M> {
        let made = |(field, value): (N, V)| Assignment {
            field: field.into(),
            value: Expr::Value(value.into(), None),
        };
        Create(Lazy::new((self, New::Values(values.into_iter().map(made).collect()))))
    }

    /// Inserts many objects as new rows, all or none. Returns them in the same order with the values that the
    /// database and the model assign, as [`create`](QuerySet::create) does.
    ///
    /// # Errors
    ///
    /// As [`create`](QuerySet::create). After an error nothing is inserted.
    pub fn bulk_create(self, objects: impl IntoIterator<Item = M>) -> BulkCreate<M> {
        let objects = objects.into_iter().collect();
        BulkCreate(Lazy::new(Request { rows: self, objects, batch_size: None, advance: false }))
    }
}

/// An insert, sent when it is awaited; see [`QuerySet::create`].
#[must_use = "nothing is created until it is awaited"]
pub struct Create<M>(Lazy<'static, (QuerySet<M>, New<M>), M>);

enum New<M> {
    Object(M),
    Values(Vec<Assignment>),
}

impl<M: Entity> Create<M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|(rows, _)| rows.silent = true);
        self
    }
}

impl<M: Entity> Future for Create<M> {
    type Output = Result<M>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |(rows, new)| async move {
            let model = rows.model()?;
            let row = match new {
                New::Object(object) => row_of(model, &object),
                New::Values(values) => row_with_defaults(model, values)?,
            };
            let read = |mut made: Vec<Row>| M::from_row(model, made.pop().unwrap_or_default());
            inserted(&rows, rows.executor()?, Origin::Create, vec![row], None, &read).await
        })
    }
}

/// A bulk insert, sent when it is awaited; see [`QuerySet::bulk_create`].
#[must_use = "nothing is created until it is awaited"]
pub struct BulkCreate<M>(Lazy<'static, Request<M>, Vec<M>>);

struct Request<M> {
    rows: QuerySet<M>,
    objects: Vec<M>,
    batch_size: Option<usize>,
    /// Whether the sequence of the identity key is moved past the given keys.
    advance: bool,
}

impl<M: Entity> BulkCreate<M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|request| request.rows.silent = true);
        self
    }

    /// Sends at most `rows` rows in one statement. All statements are in one transaction.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.0.change(|request| request.batch_size = Some(rows));
        self
    }
}

impl<M: Entity> BulkCreate<M> {
    /// Moves the database's sequence past the keys that the objects already have, so that it does not assign
    /// an existing key. Only PostgreSQL needs this; the other databases do so by themselves. The sequence is
    /// left unchanged if the user lacks the privilege, or if a key is out of its range.
    pub fn advance_identity(mut self) -> Self {
        self.0.change(|request| request.advance = true);
        self
    }

    /// Returns the number of inserted rows in place of the objects. Rows that the database skips, because of
    /// a trigger or a conflict clause of the table, are then not an error.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::{Database, QuerySet, Record};
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// db.execute_raw("CREATE TABLE tag (name text NOT NULL PRIMARY KEY ON CONFLICT IGNORE)", []).await?;
    /// let tag = db.inspect().await?.schema.model("tag")?;
    /// let named = |name: &str| Record::of_some(&tag, [Some(name.into())]);
    /// let tags = QuerySet::of(&tag, &db);
    /// let inserted = tags.bulk_create([named("new")?, named("old")?, named("new")?]).count_inserted().await?;
    /// assert_eq!(inserted, 2);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As [`bulk_create`](QuerySet::bulk_create). A skipped row is still an error if signals have receivers,
    /// or if a row is in several tables.
    pub async fn count_inserted(self) -> Result<u64> {
        let Some(Request { rows, objects, batch_size, advance }) = self.0.into_request() else {
            return Ok(0);
        };
        let model = rows.model()?;
        let new: Vec<_> = objects.iter().map(|object| row_of(model, object)).collect();
        drop(objects);
        let rows = &rows;
        advancing(rows, advance, new, |executor, new| async move {
            match rows.save_receivers()? {
                None => count_inserted(&executor, model, new, batch_size).await,
                Some(_) => {
                    let count = |made: Vec<Row>| Ok(made.len() as u64);
                    inserted(rows, &executor, Origin::BulkCreate, new, batch_size, &count).await
                }
            }
        })
        .await
    }
}

impl<M: Entity> Future for BulkCreate<M> {
    type Output = Result<Vec<M>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |Request { rows, objects, batch_size, advance }| async move {
            let model = rows.model()?;
            let new = objects.iter().map(|object| row_of(model, object)).collect();
            drop(objects);
            let read =
                |made: Vec<Row>| made.into_iter().map(|row| M::from_row(model, row)).collect::<Result<_>>();
            let (rows, read) = (&rows, &read);
            advancing(rows, advance, new, |executor, new| async move {
                inserted(rows, &executor, Origin::BulkCreate, new, batch_size, read).await
            })
            .await
        })
    }
}

/// Inserts rows and, on request, moves the sequence of keys in the same transaction.
async fn advancing<M: Entity, T, Fut: Future<Output = Result<T>>>(
    rows: &QuerySet<M>,
    advance: bool,
    new: Vec<Row>,
    insert: impl Fn(Executor, Vec<Row>) -> Fut,
) -> Result<T> {
    let (executor, model) = (rows.executor()?, rows.model()?);
    if !advance || insert::advances_by_itself(executor, model) {
        return insert(executor.clone(), new).await;
    }
    let (insert, new) = (&insert, &new);
    executor
        .in_transaction(|tx| async move {
            let made = insert(tx.executor(), new.clone()).await?;
            insert::advance_identity(&tx.executor(), model).await?;
            Ok(made)
        })
        .await
}

/// [`insert`] with the receivers of its signals, if any.
async fn inserted<M: Entity, T: Send>(
    rows: &QuerySet<M>,
    executor: &Executor,
    origin: Origin,
    new: Vec<Row>,
    batch_size: Option<usize>,
    read: &(impl Fn(Vec<Row>) -> Result<T> + Sync),
) -> Result<T> {
    let model = rows.model()?;
    match rows.save_receivers()? {
        None => insert(executor, model, new, batch_size, read).await,
        Some(receivers) => {
            let receivers = &receivers;
            Insert { receivers, model, origin, rows: Arc::new(new), batch_size }.run(executor, read).await
        }
    }
}

/// A row with these values, and defaults for the other fields.
fn row_with_defaults(model: &ModelRef, values: Vec<Assignment>) -> Result<Row> {
    let mut given: Vec<Option<Value>> = vec![None; model.fields.len()];
    for Assignment { field: path, value } in values {
        let position = plan::concrete(model, &path)?;
        let field = &model.fields[position];
        let Expr::Value(value, _) = value else {
            return Err(Error::new(
                ErrorKind::Field,
                format!("{}.{}: a new row takes values, not expressions.", model.name, field.name),
            ));
        };
        // A row in several tables has the same key in all of them.
        let same = if model.is_child() && model.is_key(position) {
            model.same_key(position)
        } else {
            vec![position]
        };
        for same in same {
            if same != position && given[same].as_ref().is_some_and(|given| *given != value) {
                let (link, other) = (&model.fields[position].name, &model.fields[same].name);
                return Err(Error::new(
                    ErrorKind::Value,
                    format!(
                        "{}: {link} and {other} are the same key, but have different values.",
                        model.name
                    ),
                ));
            }
            given[same] = Some(value.clone());
        }
    }
    let keys: Vec<bool> = (0..model.fields.len()).map(|at| model.is_child() && model.is_key(at)).collect();
    let row = given.into_iter().zip(&model.fields).zip(keys).map(|((given, field), of_chain)| {
        let made = field.identity || !field.is_writable() || field.auto != Auto::No || of_chain;
        match given.or_else(|| field.default.as_ref().map(Default::value)) {
            Some(value) => Ok(value),
            None if field.null || made => Ok(Value::Null),
            None => Err(Error::new(
                ErrorKind::Value,
                format!(
                    "{}.{}: a new row needs a value, because the field has no default.",
                    model.name, field.name
                ),
            )),
        }
    });
    row.collect()
}

/// Sets the fields of a new row that store the current time.
pub(super) fn set_auto_fields(model: &ModelRef, rows: &mut [Row], now: DateTime<Utc>) {
    for (position, field) in model.fields.iter().enumerate() {
        if let Some(value) = set_auto(field, true, now) {
            rows.iter_mut().for_each(|row| row[position] = value.clone());
        }
    }
}
