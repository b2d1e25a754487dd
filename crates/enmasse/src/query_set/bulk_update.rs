//! `bulk_update`: each row to values of its own.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use chrono::Utc;
use enmasse_core::Value;
use enmasse_core::error::Result;
use enmasse_core::expr::FieldPath;
use enmasse_core::plan::{self, Plan};

use crate::columns::{FieldNames, Path};
use crate::lazy::Lazy;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::run::run;

impl<M: Entity> QuerySet<M> {
    /// Writes fields of objects to the rows with their keys, all or none, and says which keys were not there.
    ///
    /// The rows are written in the order of their keys. Only rows of this QuerySet are written: with a filter, rows that do not pass
    /// it count as missing. Fields with `auto_now` are set too, unless they are among the fields. Each database gets the rows in the
    /// way that is best for it; [`explain`](BulkUpdate::explain) shows it.
    ///
    /// The closure names the fields, `|u| (u.name, u.points)`; names that are known at run time are taken as well,
    /// `|_| ["name", "points"]`.
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
    ///     id: i64,
    ///     name: String,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let user = |id, name: &str| User { id, name: name.into(), points: 5 };
    /// let mut users = User::objects(&db).bulk_create([user(1, "Ada"), user(2, "Bob")]).await?;
    /// users[0].points = 10;
    /// users.push(user(3, "Eve"));
    ///
    /// let update = User::objects(&db).bulk_update(&users, |u| (u.name, u.points));
    /// assert_eq!(
    ///     update.explain()?, // the other databases get the rows in other ways
    ///     r#"-- for each row
    /// UPDATE "users" SET "name" = ?, "points" = ? WHERE "id" = ?"#
    /// );
    /// let report = update.await?;
    /// assert_eq!(report.matched, 2);
    /// assert_eq!(report.missing, [[Value::Int(3)]]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// The values of all objects are held in memory until the update is done. SQLite checks foreign keys when the transaction commits.
    ///
    /// # Errors
    ///
    /// When awaited, and checked in Django's order, also where there are no objects (see [`plan::bulk_update()`]):
    ///
    /// - no field; an object without a key; a field that is not there, is not concrete or is part of the key;
    /// - a value that does not fit its column: the message has the row's key;
    /// - two objects with one key, also where only the column's collation takes the keys for one: the message has the keys;
    /// - what the database reports.
    ///
    /// After an error nothing is written.
    pub fn bulk_update<'o, F: FieldNames>(
        self,
        objects: impl IntoIterator<Item = &'o M>,
        fields: impl FnOnce(M::Columns) -> F,
    ) -> BulkUpdate<M> {
        let fields = fields(M::columns(Path::root())).field_names();
        let objects = self.values_of(objects, &fields);
        BulkUpdate(Lazy::new(Request { rows: self, fields, objects, batch_size: None }))
    }

    /// The values of the objects' keys and of the fields that are written, each at its position in the model.
    fn values_of<'o>(&self, objects: impl IntoIterator<Item = &'o M>, fields: &[FieldPath]) -> Objects {
        let Ok(query) = self.query() else { return Objects::default() };
        let model = &query.model;
        let mut positions = model.key();
        for field in fields {
            if let [name] = field.names()
                && let Ok(position) = model.find(name)
                && !positions.contains(&position)
            {
                positions.push(position);
            }
        }
        let values = |object: &M| positions.iter().map(|&position| object.value(model, position)).collect();
        let rows = objects.into_iter().map(values).collect();
        Objects { positions, rows }
    }
}

#[derive(Default)]
struct Objects {
    /// What the values of a row are of: the key's fields first.
    positions: Vec<usize>,
    rows: Vec<Vec<Value>>,
}

impl Objects {
    fn keys(&self, width: usize) -> Vec<Vec<Value>> {
        self.rows.iter().map(|row| row[..width].to_vec()).collect()
    }
}

/// A bulk update that is sent when it is awaited; see [`QuerySet::bulk_update`].
#[must_use = "a bulk update does nothing until it is awaited"]
pub struct BulkUpdate<M>(Lazy<Request<M>, Report>);

struct Request<M> {
    rows: QuerySet<M>,
    fields: Vec<FieldPath>,
    objects: Objects,
    batch_size: Option<usize>,
}

impl<M: Entity> Request<M> {
    fn plan(&self) -> Result<Plan> {
        let request = plan::BulkUpdate {
            query: self.rows.query()?,
            fields: &self.fields,
            batch_size: self.batch_size,
            now: Utc::now(),
        };
        let Objects { positions, rows } = &self.objects;
        plan::bulk_update(&*self.rows.dialect()?, &request, rows, |row, wanted| {
            let at = positions.iter().position(|&position| position == wanted);
            at.map_or(Value::Null, |at| row[at].clone())
        })
    }

    async fn run(self) -> Result<Report> {
        let executor = self.rows.executor()?.clone();
        let model = self.rows.model()?.clone();
        let dialect = executor.dialect();
        // Errors in the request come before a transaction is begun, and a plan that has nothing to do begins none.
        let plan = self.plan()?;
        if plan.is_empty() {
            let keys = if plan.rows > 0 { self.objects.keys(model.key().len()) } else { Vec::new() };
            return Ok(Report { matched: 0, missing: keys });
        }
        let planned = Arc::new(Mutex::new(Some(plan)));
        let request = Arc::new(self);
        let outcome = executor
            .atomic(move |connection| {
                let (planned, request) = (planned.clone(), request.clone());
                let (dialect, model) = (dialect.clone(), model.clone());
                Box::pin(async move {
                    // A plan is used up by its run: the next attempt makes another.
                    let planned = planned.lock().map_or(None, |mut plan| plan.take());
                    let plan = planned.map_or_else(|| request.plan(), Ok)?;
                    run(connection, &dialect, &model, plan).await
                })
            })
            .await?;
        Ok(Report { matched: outcome.matched, missing: outcome.missing })
    }
}

impl<M: Entity> BulkUpdate<M> {
    /// Carries at most so many rows in one statement. The transaction is one all the same.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.0.change(|request| request.batch_size = Some(rows));
        self
    }

    /// The SQL that it is on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::bulk_update`], but for what only the database can tell.
    pub fn explain(&self) -> Result<String> {
        self.0.request().map_or(Ok(String::new()), |request| Ok(request.plan()?.to_string()))
    }
}

impl<M: Entity> Future for BulkUpdate<M> {
    type Output = Result<Report>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, Request::run)
    }
}

/// What a bulk update did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// How many rows matched: as in Django, also those that had the values already.
    pub matched: u64,
    /// The keys that matched no row: for each, the values of the key's fields.
    pub missing: Vec<Vec<Value>>,
}
