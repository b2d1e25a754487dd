//! `bulk_update`: each row gets its own values.

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
    /// Writes fields of objects to the rows with their keys, all or none, and reports the missing keys.
    ///
    /// The rows are written in key order. Only rows of this QuerySet are written: with a filter, rows that do
    /// not match it count as missing. `auto_now` fields are set too, unless they are among the fields. Each
    /// database receives the rows in the way that is fastest for it; [`explain`](BulkUpdate::explain) shows
    /// it.
    ///
    /// The closure names the fields, `|u| (u.name, u.points)`. Names known only at run time are accepted too,
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
    /// The objects come from a slice, a `Vec`, an array, an iterator or a `Stream`, see [`IntoRows`]. They
    /// are encoded and sent while they are read. Ten million objects take no more memory than some hundred
    /// thousand; on SQLite, keys that are not a single integer add some 30 bytes per row.
    ///
    /// SQLite checks foreign keys when the transaction commits.
    ///
    /// # Errors
    ///
    /// All errors are returned when it is awaited. Errors of the request come first, even without objects
    /// (see [`plan::bulk_update()`](enmasse_core::plan::bulk_update)): no field; a field that is unknown, not
    /// concrete or part of the key. Errors while the objects are read:
    ///
    /// - an object without a key;
    /// - a value that does not fit its column: the message has the row's key;
    /// - a duplicate key, even if only the column's collation treats the keys as equal: the message has the
    ///   keys;
    /// - errors of the database, and of a stream of results.
    ///
    /// After an error nothing is written. Two errors leave this unknown:
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown), and a lost
    /// [`Connection`](crate::ErrorKind::Connection) if a single statement without a transaction writes a few
    /// rows.
    pub fn bulk_update<'o, F: FieldNames, K>(
        self,
        objects: impl IntoRows<'o, M, K>,
        fields: impl FnOnce(M::Columns) -> F,
    ) -> BulkUpdate<'o, M> {
        let fields = fields(M::columns(Path::root())).field_names();
        BulkUpdate(Lazy::new(Request::new(self, objects.into_source(), fields)))
    }
}

/// A bulk update, sent when it is awaited; see [`QuerySet::bulk_update`].
#[must_use = "a bulk update does nothing until it is awaited"]
pub struct BulkUpdate<'o, M>(Lazy<'o, Request<'o, M, M>, Report>);

impl<'o, M: Entity> BulkUpdate<'o, M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|request| request.asked.rows.silent = true);
        self
    }

    /// Sends at most `rows` rows in one statement, if rows are sent in statements. All statements are in one
    /// transaction.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.0.change(|request| request.asked.batch_size = Some(rows));
        self
    }

    /// Leaves rows alone that already have the new values. The database compares the values byte by byte, and
    /// decimals as numbers; NULL equals NULL. `auto_now` fields are not compared, and keep their value in
    /// such a row.
    ///
    /// The [`Report`] has the numbers of matched and of changed rows.
    pub fn skip_unchanged(mut self) -> Self {
        self.0.change(|request| request.asked.skip_unchanged = true);
        self
    }

    /// Writes the first object of each key, and leaves out later ones, as Django's `bulk_update` does;
    /// otherwise a duplicate key is an error. The [`Report`] counts the objects left out. The keys are kept
    /// in memory, some 20 bytes each.
    ///
    /// A key with a text column is refused with [`NotSupported`](crate::ErrorKind::NotSupported): only the
    /// database's collations know which texts are equal.
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

    /// Finds the rows by these fields in place of the primary key. They must be unique: a single unique
    /// field, or fields declared unique together.
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

    /// Sets fields to expressions over the stored row and the object: `old` has the columns of the row, `new`
    /// the values of the object.
    ///
    /// Fields named for the update but not set here get the object's values.
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

    /// Calls back as the rows are sent and written, about every 256 KB. On SQLite it is every 12 MB if the
    /// key is a single integer and the rows are unordered. A retry of the transaction starts from zero.
    pub fn on_progress(mut self, progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.0.change(|request| request.callbacks.progress = Some(Box::new(progress)));
        self
    }

    /// Only counts the keys that match no row: [`Report::missing`] stays empty for any number of keys.
    pub fn count_missing(mut self) -> Self {
        self.0.change(|request| request.asked.missing = Missing::Count);
        self
    }

    /// Returns the updated rows, in key order.
    pub fn returning(self) -> BulkUpdateReturning<'o, M, M> {
        BulkUpdateReturning::new(self.0)
    }

    /// Returns the rows before and after the update, in key order.
    pub fn returning_old(self) -> BulkUpdateReturning<'o, M, Change<M>> {
        BulkUpdateReturning::new(self.0)
    }

    /// Sends the rows with this strategy, for tests: all strategies must have the same result.
    #[doc(hidden)]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.0.change(|request| request.asked.strategy = Some(strategy));
        self
    }

    /// Returns the SQL of the update on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::bulk_update`], except for errors that only the objects or the database can cause.
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

/// The result of a bulk update: each object is counted in `matched`, in `missing_count` or in `left_out`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The number of matched rows; as in Django, including rows that already had the values.
    pub matched: u64,
    /// The number of matched rows that were written: all of them, unless
    /// [`skip_unchanged`](BulkUpdate::skip_unchanged) is set. MariaDB and MySQL always leave rows alone that
    /// already have the values, and do not count them here.
    pub changed: u64,
    /// The number of matched rows that differ but were not written, because a trigger or a row security
    /// policy left them unchanged, or because another transaction inserted or changed them at that moment.
    pub skipped: u64,
    /// The number of objects [left out](BulkUpdate::leave_out_duplicates) because their keys occurred before.
    pub left_out: u64,
    /// The keys that matched no row: for each, the values of the key's fields. Empty if they are only
    /// [counted](BulkUpdate::count_missing), or passed to a [callback](BulkUpdate::each_missing).
    pub missing: Vec<Vec<Value>>,
    /// The number of keys that matched no row.
    pub missing_count: u64,
}
