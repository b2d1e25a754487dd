//! `save`: updates an existing row, or inserts a new one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use enmasse_core::compile::Selection;
use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{self, Assignment, set_auto};
use enmasse_core::query::Lookup;
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::query::{Q, Query};
use enmasse_core::schema::{Auto, ModelRef};
use enmasse_core::value::Value;
use futures_util::future::BoxFuture;

use crate::backend::{Connection, Row};
use crate::database::transaction::Transaction;
use crate::model::{Entity, row_of};
use crate::query_set::{QuerySet, insert};
use crate::run::run;
use crate::signals::{Objects, Origin, Receivers, Set, What, keys};
use crate::typed::columns::{FieldNames, Path};

impl<M: Entity> QuerySet<M> {
    /// Writes an object: updates the row with its key, or inserts it if no such row exists. As in Django, the
    /// QuerySet's filters are ignored.
    ///
    /// The object receives the values that the write assigned: its key, `auto_now` fields.
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
    /// let mut user = User { id: None, name: "Ada".into(), points: 5 };
    /// assert!(User::objects(&db).save(&mut user).await?.created);
    /// assert_eq!(user.id, Some(1));
    ///
    /// user.points = 10;
    /// let saved = User::objects(&db).save(&mut user).update_fields(|u| u.points).await?;
    /// assert!(!saved.created);
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
    pub fn save(self, object: &mut M) -> Save<'_, M> {
        Save { rows: self, object, update_fields: None }
    }

    /// Deletes the row with the object's key, and returns whether it existed.
    ///
    /// # Errors
    ///
    /// [`Unsaved`](ErrorKind::Unsaved) if the object has no key; otherwise as [`delete`](QuerySet::delete).
    pub async fn delete_object(self, object: &M) -> Result<bool> {
        let model = self.model()?.clone();
        let key = key_of(&model, object)?;
        let query = Query::new(model).filtered(key);
        let rows = QuerySet::<M> { query, ..self };
        Ok(rows.delete().await? > 0)
    }
}

/// A save, sent when it is awaited; see [`QuerySet::save`].
#[must_use = "nothing is saved until it is awaited"]
pub struct Save<'o, M> {
    rows: QuerySet<M>,
    object: &'o mut M,
    update_fields: Option<Vec<FieldPath>>,
}

/// The result of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Whether the row is new.
    pub created: bool,
}

impl<M: Entity> Save<'_, M> {
    /// Writes only these fields and `auto_now` fields. The row must exist. Without fields, nothing is sent.
    ///
    /// A field of the primary key is an error, [`Field`](ErrorKind::Field).
    pub fn update_fields<F: FieldNames>(mut self, fields: impl FnOnce(M::Columns) -> F) -> Self {
        self.update_fields = Some(fields(M::columns(Path::root())).field_names());
        self
    }

    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.rows.silent = true;
        self
    }

    async fn run(self) -> Result<Saved> {
        match self.rows.save_receivers()? {
            None => self.write().await,
            Some(receivers) => self.write_with(&receivers).await,
        }
    }

    /// Writes the object in one transaction with its signals' receivers. Each try starts with the original
    /// object.
    async fn write_with(self, receivers: &Receivers) -> Result<Saved> {
        let Save { rows, object, update_fields } = self;
        if update_fields.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Saved { created: false });
        }
        let model = rows.model()?;
        let what = match &update_fields {
            None => What::rows(model, Origin::Save),
            Some(names) => What::new(model, Origin::Save, &written(model, names)?),
        };
        let given = Arc::new(vec![row_of(model, object)]);
        let (rows, what, given, update_fields) = (&rows, &what, &given, &update_fields);
        let write = |tx: Transaction| async move {
            let objects = Objects::new(given.clone());
            if receivers.hear_before() {
                let keys = keys(model, given);
                let created = update_fields.is_none() && keys.iter().flatten().any(Value::is_null);
                let set = Set::known(model, keys);
                receivers.send_before(&tx, what, created, &set, Some(objects.clone())).await?;
            }
            let row = objects.rows(model).pop().unwrap_or_default();
            let mut object = M::from_row(model, row)?;
            let rows = rows.clone().using(&tx.within_write());
            let save = Save { rows, object: &mut object, update_fields: update_fields.clone() };
            let saved = save.write().await?;
            let set = Set::known(model, keys(model, &[row_of(model, &object)]));
            receivers.send_after(&tx, what, saved.created, &set).await?;
            Ok((saved, object))
        };
        let (saved, written) = rows.executor()?.in_transaction(write).await?;
        *object = written;
        Ok(saved)
    }

    async fn write(self) -> Result<Saved> {
        let Save { rows, object, update_fields } = self;
        let executor = rows.executor()?.clone();
        let model = rows.model()?.clone();
        let now = Utc::now();
        let mut positions: Vec<usize> = match &update_fields {
            None => (0..model.fields.len()).filter(|&position| !model.is_key(position)).collect(),
            Some(names) if names.is_empty() => return Ok(Saved { created: false }),
            Some(names) => names.iter().map(|name| plan::concrete(&model, name)).collect::<Result<_>>()?,
        };
        if let Some(&position) = positions.iter().find(|&&position| model.is_key(position)) {
            return Err(Error::new(
                ErrorKind::Field,
                format!(
                    "{}.{}: save writes to the row with this primary key, which cannot be among its update_fields.",
                    model.name, model.fields[position].name
                ),
            ));
        }
        for (position, field) in model.fields.iter().enumerate() {
            if let Some(value) = set_auto(field, false, now) {
                object.set_value(&model, position, value)?;
                if !positions.contains(&position) {
                    positions.push(position);
                }
            }
        }
        let has_key = model.key().iter().all(|&position| !object.value(&model, position).is_null());
        if !has_key && update_fields.is_none() {
            let read = |mut made: Vec<Row>| M::from_row(&model, made.pop().unwrap_or_default());
            let new = vec![row_of(&model, object)];
            *object = insert::insert(&executor, &model, new, None, &read).await?;
            return Ok(Saved { created: true });
        }

        let query = Query::new(model.clone()).filtered(key_of(&model, object)?);
        let assignment = |position: usize| Assignment {
            field: FieldPath::new([model.fields[position].name.clone()]),
            value: Expr::Value(object.value(&model, position), None),
        };
        let assignments: Vec<_> = positions.into_iter().map(assignment).collect();
        let new = update_fields.is_none().then(|| row_of(&model, object));
        let dialect = executor.dialect();
        let wrong = || plan::update(&*dialect, &query, &assignments, now).map(|_| ());
        executor.refuse_lasting_unless(&model, wrong).await?;
        let request = Arc::new(Request { query, assignments, new, now });
        let written = executor
            .atomic(|connection| -> BoxFuture<'_, Result<Option<M>>> {
                let (dialect, request, model) = (dialect.clone(), request.clone(), &model);
                Box::pin(async move {
                    let new = request.write(&dialect, connection).await?;
                    new.map(|row| M::from_row(model, row)).transpose()
                })
            })
            .await?;
        let Some(new) = written else { return Ok(Saved { created: false }) };
        *object = new;
        Ok(Saved { created: true })
    }
}

impl<'o, M: Entity> IntoFuture for Save<'o, M> {
    type Output = Result<Saved>;
    type IntoFuture = BoxFuture<'o, Result<Saved>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The positions of the fields that a save with these names writes, including `auto_now` fields.
fn written(model: &ModelRef, names: &[FieldPath]) -> Result<Vec<usize>> {
    let mut positions = names.iter().map(|name| plan::concrete(model, name)).collect::<Result<Vec<_>>>()?;
    let auto = (0..model.fields.len()).filter(|&position| model.fields[position].auto == Auto::OnWrite);
    positions.extend(auto.filter(|position| !positions.contains(position)).collect::<Vec<_>>());
    Ok(positions)
}

struct Request {
    query: Query,
    assignments: Vec<Assignment>,
    /// The whole row, if it may be inserted.
    new: Option<Row>,
    now: DateTime<Utc>,
}

impl Request {
    /// Updates the row, or inserts it and returns it as stored.
    async fn write(
        &self,
        dialect: &Arc<dyn Dialect>,
        connection: &mut dyn Connection,
    ) -> Result<Option<Row>> {
        let model = &self.query.model;
        let found = if self.assignments.is_empty() {
            // A row with only a key needs no update.
            match self.query.select_exists(&**dialect)? {
                Some(Selection { statement, columns }) => {
                    !connection.query(&statement, &columns).await?.is_empty()
                }
                None => false,
            }
        } else {
            let plan = plan::update(&**dialect, &self.query, &self.assignments, self.now)?;
            run(connection, dialect, model, plan).await?.matched > 0
        };
        match &self.new {
            _ if found => Ok(None),
            Some(row) => put(connection, dialect, model, row.clone(), self.now).await.map(Some),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("{}: save with update_fields did not find the row to write.", model.name),
            )),
        }
    }
}

/// Inserts a row. Parts in the tables of extended models are updated if they already exist, as in Django.
fn put<'c>(
    connection: &'c mut dyn Connection,
    dialect: &'c Arc<dyn Dialect>,
    model: &'c ModelRef,
    mut row: Row,
    now: DateTime<Utc>,
) -> BoxFuture<'c, Result<Row>> {
    Box::pin(async move {
        for (number, (above, _)) in model.extended().into_iter().enumerate() {
            let part = insert::part_of(model, number, &row);
            let set = (0..above.fields.len()).filter(|&position| !above.is_key(position));
            let assignments = set.map(|position| Assignment {
                field: FieldPath::new([above.fields[position].name.clone()]),
                value: Expr::Value(part[position].clone(), None),
            });
            let mut query = Query::new(above.clone()).filtered(key_is(&above, &part));
            query.none = part[above.key()[0]].is_null();
            let request = Request { query, assignments: assignments.collect(), new: Some(part.clone()), now };
            let written = request.write(dialect, &mut *connection).await?;
            insert::put_part(model, number, &mut row, written.unwrap_or(part));
        }
        // An existing part keeps its creation time.
        for position in model.own() {
            if let Some(value) = set_auto(&model.fields[position], true, now) {
                row[position] = value;
            }
        }
        let rows = vec![row];
        let own = insert::Own::plan(&**dialect, model, &rows, None)?;
        let rows = own.run(connection, dialect, model, rows).await?;
        Ok(rows.into_iter().next().unwrap_or_default())
    })
}

/// The condition that matches the key of this row.
fn key_is(model: &ModelRef, row: &Row) -> Q {
    let equal = |position: usize| {
        let field = FieldPath::new([model.fields[position].name.clone()]);
        Q::compare(Expr::Field(field), Lookup::Exact, Expr::Value(row[position].clone(), None))
    };
    Q::And(model.key().into_iter().map(equal).collect())
}

/// The condition that matches the object's key.
pub(super) fn key_of<M: Entity>(model: &ModelRef, object: &M) -> Result<Q> {
    for position in model.key() {
        if object.value(model, position).is_null() {
            return Err(Error::new(
                ErrorKind::Unsaved,
                format!("The {} has no primary key: save it first.", model.name),
            ));
        }
    }
    Ok(key_is(model, &row_of(model, object)))
}
