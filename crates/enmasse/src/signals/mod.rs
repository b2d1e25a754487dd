//! Signals: what a program does whenever rows of a model are saved or deleted.
//!
//! A receiver is connected to `pre_save`, `post_save`, `pre_delete` or `post_delete` of a model, see [`Database::signals`](crate::Database::signals).
//! Unlike Django's, bulk writes send them too: `save`, `create`, `bulk_create`, `update`, `bulk_update`, `bulk_patch` and `delete` send each
//! signal once a write, with a [`Batch`]: the set of rows. A save is a batch of one. The batch can be used in a filter without its keys
//! leaving the database, so that related rows are kept in step by one statement, for one row as for a million.
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
//! // each time users are saved, their profiles have 100 points added, in one statement
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
//! It runs inside of the write's transaction, whose handle it is given: an error that it gives undoes the whole write. It must
//! use that handle, and not the database's: another connection would wait for this one. Where the transaction is
//! the write's own and is tried again after a conflict, the receivers are called again; what is not to be done twice, or before all is safe,
//! belongs into [`Transaction::on_commit`](crate::Transaction::on_commit).
//!
//! What it writes sends signals in turn, unless it says [`without_signals`](crate::QuerySet::without_signals). A loop of receivers
//! that set each other off is an error at a depth of 16, which shows the path.
//!
//! # What is sent
//!
//! | | `pre_save` | `post_save` |
//! | --- | --- | --- |
//! | `create`, `bulk_create`, `save`, `bulk_update` of owned objects | the [objects](Batch::objects), which it may [edit](Batch::edit) | the rows |
//! | `update`, `bulk_update` of borrowed objects or a stream, `bulk_patch` | the rows as they are, locked | the rows |
//!
//! Likewise `pre_delete` is given the rows that `delete` is for, while they are there; `post_delete` has their keys, but no rows to read.
//!
//! For `pre_save` a bulk update goes through its objects twice: those of an iterator or a stream are all read into memory.
//!
//! A write that matches no row sends nothing. One to a model that extends another sends for that model only, and a proxy sends as
//! itself. Where no receiver is connected a write is the very same SQL as without signals; `explain` shows that in any case.

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
