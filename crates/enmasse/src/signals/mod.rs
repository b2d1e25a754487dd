//! Signals: code that runs whenever rows of a model are saved or deleted.
//!
//! Receivers are connected to `pre_save`, `post_save`, `pre_delete` or `post_delete` of a model, see
//! [`Database::signals`](crate::Database::signals). Unlike in Django, bulk writes send signals too: `save`,
//! `create`, `bulk_create`, `update`, `bulk_update`, `bulk_patch` and `delete` send each signal once per
//! write, with a [`Batch`]: the set of rows. A save is a batch of one. A filter can use the batch without its
//! keys leaving the database. One statement therefore keeps related rows consistent, for one row or a
//! million.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> enmasse::Result<()> {
//! use enmasse::prelude::*;
//!
//! #[derive(Model, Debug, Clone)]
//! #[model(table = "users")]
//! struct User {
//!     #[model(primary_key)]
//!     id: i64,
//!     country: String,
//! }
//!
//! #[derive(Model, Debug, Clone)]
//! #[model(table = "profile")]
//! struct Profile {
//!     #[model(primary_key)]
//!     id: i64,
//!     #[model(foreign_key = User, unique)]
//!     user: i64,
//!     points: i32,
//! }
//!
//! # let db = Database::connect("sqlite::memory:").await?;
//! # db.create_tables([User::model()?, Profile::model()?]).await?;
//! # let user = |id| User { id, country: "US".into() };
//! # User::objects(&db).bulk_create([user(1), user(2)]).await?;
//! # Profile::objects(&db).bulk_create((1..=2).map(|id| Profile { id, user: id, points: 0 })).await?;
//! // each time users are saved, one statement adds 100 points to their profiles
//! db.signals().post_save::<User>().connect(|batch, tx| async move {
//!     Profile::objects(&tx).filter(|p| p.user.in_(&batch)).update(|p| p.points.increment(100)).await?;
//!     Ok(())
//! });
//!
//! User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.country.set("CA")).await?;
//! assert_eq!(Profile::objects(&db).filter(|p| p.points.eq(100)).count().await?, 2);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # What a receiver may do
//!
//! A receiver runs inside the write's transaction, and gets its handle. An error of the receiver rolls the
//! whole write back. It must use that handle and not the database's, because another connection would wait
//! for this one. If the write owns the transaction and is retried after a conflict, the receivers run again.
//! Side effects that must not happen twice, or not before the commit, belong in
//! [`Transaction::on_commit`](crate::Transaction::on_commit).
//!
//! Writes of a receiver send signals in turn, unless they use
//! [`without_signals`](crate::QuerySet::without_signals). A loop of receivers that trigger each other is an
//! error at a depth of more than 12; the error shows the path.
//!
//! # What is sent
//!
//! | | `pre_save` | `post_save` |
//! | --- | --- | --- |
//! | `create`, `bulk_create`, `save`, `bulk_update` of owned objects | the [objects](Batch::objects), which it may [edit](Batch::edit) | the rows |
//! | `update`, `bulk_update` of borrowed objects or a stream, `bulk_patch` | the rows as they are, locked | the rows |
//!
//! `pre_delete` gets the rows before `delete` removes them. `post_delete` has their keys, but no rows to
//! read.
//!
//! For `pre_save`, a bulk update reads its objects twice; those of an iterator or a stream are all read into
//! memory.
//!
//! A write that matches no row sends nothing. A write to a model that extends another sends signals of that
//! model only, and a proxy sends its own. Without receivers, a write has the same SQL as without signals;
//! `explain` always shows this SQL.

mod batch;
mod insert;
mod keys;
mod objects;
mod receiver;
mod registry;
mod send;
mod signal;
mod write;

pub use batch::{Batch, Origin};
pub use registry::{SignalKind, Signals};
pub use signal::{ModelSignals, Receiver, Signal};

pub(crate) use insert::{Insert, keys};
pub(crate) use keys::{Set, listed, make as make_kept};
pub(crate) use objects::{AsRows, Objects};
pub(crate) use receiver::Receivers;
pub(crate) use write::{SetWrite, What};
