//! `bulk_update`: each row to values of its own.

mod each;
mod request;
mod returning;
mod sending;

pub use returning::{BulkUpdateReturning, Change, Return, Returned};

pub(crate) use request::Request;

use std::pin::Pin;
use std::task::{Context, Poll};

use enmasse_core::Value;
use enmasse_core::error::Result;
use enmasse_core::plan::{Missing, OnDuplicate, Strategy};

use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::query_set::lazy::Lazy;
use crate::run::batch::{IntoRows, Progress};
use crate::typed::columns::{Assignments, FieldNames, Path};

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
    /// UPDATE "users" SET "name" = ?, "points" = ? WHERE "id" = ?
    /// -- where nothing was written
    /// SELECT 0 FROM "users" WHERE "id" = ?"#
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
    /// The objects come from a slice, a `Vec`, an array, an iterator or a `Stream`, see [`IntoRows`]. They are encoded and sent as they are
    /// read: ten million take no more memory than some hundred thousand, but for some 30 bytes a row on SQLite where the key is not one integer.
    ///
    /// SQLite checks foreign keys when the transaction commits.
    ///
    /// # Errors
    ///
    /// When awaited. At once, also where there are no objects (see [`plan::bulk_update()`](enmasse_core::plan::bulk_update)): no field; a
    /// field that is not there, is not concrete or is part of the key. As the objects are read:
    ///
    /// - an object without a key;
    /// - a value that does not fit its column: the message has the row's key;
    /// - two objects with one key, also where only the column's collation takes the keys for one: the message has the keys;
    /// - what the database reports, and what a stream of results gives.
    ///
    /// After an error nothing is written; only of [`CommitUnknown`](crate::ErrorKind::CommitUnknown), and of a lost
    /// [`Connection`](crate::ErrorKind::Connection) where few rows are written by one statement without a transaction, that is not known.
    pub fn bulk_update<'o, F: FieldNames, K>(
        self,
        objects: impl IntoRows<'o, M, K>,
        fields: impl FnOnce(M::Columns) -> F,
    ) -> BulkUpdate<'o, M> {
        let fields = fields(M::columns(Path::root())).field_names();
        BulkUpdate(Lazy::new(Request::new(self, objects.into_source(), fields)))
    }
}

/// A bulk update that is sent when it is awaited; see [`QuerySet::bulk_update`].
#[must_use = "a bulk update does nothing until it is awaited"]
pub struct BulkUpdate<'o, M>(Lazy<'o, Request<'o, M, M>, Report>);

impl<'o, M: Entity> BulkUpdate<'o, M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|request| request.asked.rows.silent = true);
        self
    }

    /// Carries at most so many rows in one statement, where the rows are carried in statements. The transaction is one all the same.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.0.change(|request| request.asked.batch_size = Some(rows));
        self
    }

    /// Leaves rows as they are that have the new values already, compared byte by byte in the database, decimals as numbers; NULL is equal to
    /// NULL. Fields with `auto_now` do not count, and stay as they are in such a row.
    ///
    /// The [`Report`] tells how many rows matched and how many were changed.
    pub fn skip_unchanged(mut self) -> Self {
        self.0.change(|request| request.asked.skip_unchanged = true);
        self
    }

    /// Writes the first object of each key, and leaves out later ones, as Django's `bulk_update` does; without this, a key that comes twice
    /// is an error. The [`Report`] counts what was left out. The keys are kept in memory, some 20 bytes each.
    ///
    /// The update is refused with [`NotSupported`](crate::ErrorKind::NotSupported) where the key has a text: which texts are the same key,
    /// only the database's collations know.
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
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// User::objects(&db).bulk_create([User { id: 1, points: 0 }]).await?;
    /// let users = [User { id: 1, points: 5 }, User { id: 1, points: 9 }];
    /// let report = User::objects(&db).bulk_update(&users, |u| u.points).leave_out_duplicates().await?;
    /// assert_eq!((report.matched, report.left_out), (1, 1));
    /// assert_eq!(User::objects(&db).get().await?.points, 5);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn leave_out_duplicates(mut self) -> Self {
        self.0.change(|request| request.asked.on_duplicate = OnDuplicate::KeepFirst);
        self
    }

    /// Finds the rows by these fields in place of the primary key. Together they must be unique: by a field that is, or by fields that
    /// are declared unique together.
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
    ///     id: Option<i64>,
    ///     #[model(unique)]
    ///     email: String,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let user = |email: &str, points| User { id: None, email: email.into(), points };
    /// User::objects(&db).bulk_create([user("ada@example.org", 5)]).await?;
    /// let news = [user("ada@example.org", 7), user("eve@example.org", 9)];
    /// let report = User::objects(&db).bulk_update(&news, |u| u.points).matching_on(|u| u.email).await?;
    /// assert_eq!(report.missing, [[Value::from("eve@example.org")]]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn matching_on<F: FieldNames>(mut self, fields: impl FnOnce(M::Columns) -> F) -> Self {
        let names = fields(M::columns(Path::root())).field_names();
        self.0.change(|request| request.asked.matching_on = names);
        self
    }

    /// Sets fields to expressions over the stored row and the object: `old` has the columns of the row, `new` the values of the object.
    ///
    /// Fields that were named for the update and are not set here are set to the object's values.
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
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// User::objects(&db).bulk_create([User { id: 1, points: 100 }]).await?;
    /// let deltas = [User { id: 1, points: -30 }];
    /// User::objects(&db)
    ///     .bulk_update(&deltas, |u| u.points)
    ///     .set(|old, new| old.points.set(old.points + new.points))
    ///     .await?;
    /// assert_eq!(User::objects(&db).filter(|u| u.id.eq(1)).get().await?.points, 70);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn set<A: Assignments>(mut self, set: impl FnOnce(M::Columns, M::Columns) -> A) -> Self {
        let assignments = set(M::columns(Path::root()), M::columns(Path::of_new())).assignments();
        self.0.change(|request| request.asked.set.extend(assignments));
        self
    }

    /// Calls back as the rows are sent and written, about 256 KB at a time; on SQLite 12 MB, where the key is one integer and the rows come in
    /// no order. Where the transaction is tried again, it begins anew.
    pub fn on_progress(mut self, progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.0.change(|request| request.callbacks.progress = Some(Box::new(progress)));
        self
    }

    /// Counts the keys that match no row, and keeps none of them: [`Report::missing`] stays empty, however many they are.
    pub fn count_missing(mut self) -> Self {
        self.0.change(|request| request.asked.missing = Missing::Count);
        self
    }

    /// Gives back the rows as they now are, in the order of their keys.
    pub fn returning(self) -> BulkUpdateReturning<'o, M, M> {
        BulkUpdateReturning::new(self.0)
    }

    /// Gives back the rows as they were and as they now are, in the order of their keys.
    pub fn returning_old(self) -> BulkUpdateReturning<'o, M, Change<M>> {
        BulkUpdateReturning::new(self.0)
    }

    /// Carries the rows in this way, for tests: each is to do the same.
    #[doc(hidden)]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.0.change(|request| request.asked.strategy = Some(strategy));
        self
    }

    /// The SQL that it is on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::bulk_update`], but for what only the objects and the database can tell.
    pub fn explain(&self) -> Result<String> {
        self.0.request().map_or(Ok(String::new()), |request| Ok(request.plan()?.to_string()))
    }
}

impl<M: Entity> Future for BulkUpdate<'_, M> {
    type Output = Result<Report>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |request| async move { Ok(request.run().await?.into()) })
    }
}

/// What a bulk update did: each object is counted in `matched`, in `missing_count` or in `left_out`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// How many rows matched: as in Django, also those that had the values already.
    pub matched: u64,
    /// How many rows of these were written: all, but with [`skip_unchanged`](BulkUpdate::skip_unchanged). MariaDB and MySQL leave rows
    /// alone that have the values already in any case, and do not count them here.
    pub changed: u64,
    /// How many rows of these have other values and were not written all the same: a trigger or a policy of row security kept them
    /// as they are, or another transaction brought or changed them in that moment.
    pub skipped: u64,
    /// How many objects were [left out](BulkUpdate::leave_out_duplicates), as their keys had come before.
    pub left_out: u64,
    /// The keys that matched no row: for each, the values of the key's fields. None where they are only
    /// [counted](BulkUpdate::count_missing), or [given away](BulkUpdate::each_missing) as they are found.
    pub missing: Vec<Vec<Value>>,
    /// How many keys matched no row.
    pub missing_count: u64,
}
