//! Updates many database records at once, with Django's vocabulary, on PostgreSQL, MariaDB and MySQL, and SQLite.
//!
//! A model is a struct with `#[derive(Model)]`. Its rows are a [`QuerySet`], which is filtered and then read, updated
//! ([`update`](QuerySet::update): one statement for any number of rows) or written from objects that each carry values of their own
//! ([`bulk_update`](QuerySet::bulk_update)). Fields, lookups and values are checked by the compiler. Values are stored as Django
//! stores them, so that a program can work beside a Django project on the same database.
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
//!     #[model(max_length = 2)]
//!     country: String,
//!     is_active: bool,
//!     last_login: Option<DateTime<Utc>>,
//! }
//!
//! let db = Database::connect("sqlite::memory:").await?; // or postgres://…, mysql://…
//! db.create_tables([User::model()?]).await?;
//! let last_login = Some(Utc::now() - TimeDelta::days(60));
//! let new = (1..=3).map(|id| User { id, country: "US".into(), is_active: true, last_login });
//! let mut users = User::objects(&db).bulk_create(new).await?;
//!
//! // one statement for all rows that match
//! let month_ago = Utc::now() - TimeDelta::days(30);
//! let n = User::objects(&db).filter(|u| u.last_login.lte(month_ago)).update(|u| u.is_active.set(false)).await?;
//! assert_eq!(n, 3);
//!
//! // the same in Django's keywords
//! let n = User::objects(&db).filter(q!(last_login__lte = month_ago)).update(set!(is_active = false)).await?;
//! assert_eq!(n, 3);
//!
//! // objects that each carry values of their own
//! users[0].country = "FR".into();
//! users[1].country = "CA".into();
//! let report = User::objects(&db).bulk_update(&users, |u| u.country).await?;
//! assert_eq!((report.matched, report.missing.len()), (3, 0));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # Where to look
//!
//! | to | see |
//! | --- | --- |
//! | connect, make tables, read a live database's models | [`Database`]: [`connect`](Database::connect), [`create_tables`](Database::create_tables), [`inspect`](Database::inspect) |
//! | declare models, and enums as fields | the derives [`Model`](macro@Model) and [`Choices`](macro@Choices); the types of fields: [`FieldType`] |
//! | filter | [`QuerySet::filter`], [`Lookups`], [`Functions`], [`q!`](q), [`exists`] |
//! | read | [`fetch`](QuerySet::fetch), [`get`](QuerySet::get), [`first`](QuerySet::first), [`stream`](QuerySet::stream), [`values`](QuerySet::values), [`count`](QuerySet::count), [`exists`](QuerySet::exists) |
//! | write rows | [`create`](QuerySet::create), [`bulk_create`](QuerySet::bulk_create), [`save`](QuerySet::save), [`delete`](QuerySet::delete) |
//! | update | [`update`](QuerySet::update), [`set!`](set), [`bulk_update`](QuerySet::bulk_update), [`bulk_patch`](QuerySet::bulk_patch), [`case`], [`F`] |
//! | name bulk logic once | [`Manager`], and its [derive](macro@Manager) |
//! | do something at each save or deletion | [`signals`], [`Database::signals`] |
//! | update a table that is in use, in chunks | [`Update::in_chunks`](query_set::Update::in_chunks), [`Database::runs`] |
//! | put several writes into one | [`Database::transaction`] |
//! | see the SQL | [`QuerySet::explain`], [`Update::explain`](query_set::Update::explain), [`BulkUpdate::explain`](query_set::BulkUpdate::explain) |
//! | work with models and names that are known at run time | [`schema`], [`Record`], [`QuerySet::of`], [`filter_by`](QuerySet::filter_by), [`update_by`](QuerySet::update_by) |
//! | tell errors apart | [`Error`], [`ErrorKind`] |
//!
//! [`prelude`] has what most programs need.
//!
//! # Features
//!
//! Each database is a cargo feature: `sqlite` (on by default, and bundled: it needs a C compiler), `postgres` and `mysql` (MariaDB and
//! MySQL). TLS is rustls's. Every statement is a span of `tracing`, with its rows and its time.
//!
//! Futures need a tokio runtime.

mod backend;
pub mod backfill;
mod database;
mod derive;
mod model;
pub mod prelude;
pub mod query_set;
mod run;
pub mod signals;
mod typed;

// the code that the derives write names this crate, and models are declared here too
extern crate self as enmasse;

pub use database::Database;
pub use database::handle::{Executor, Handle};
pub use database::transaction::Transaction;
pub use derive::macros::*;
#[doc(hidden)]
pub use derive::private as __private;
pub use model::mixin::{BulkUpdateMixin, MixedIn};
pub use model::record::Record;
pub use model::registry::schema as models;
pub use model::{Columns, Entity, Model};
pub use query_set::manager::Manager;
pub use query_set::{Objects, QuerySet, exists};
pub use run::batch;
pub use typed::choices::Choices;
pub use typed::columns::{
    Assignment, Assignments, Column, F, FieldNames, IntoOrder, IntoQ, NamedColumn, NamedColumns, Path,
};
pub use typed::family;
pub use typed::field_type::{ArrayItem, FieldType};
pub use typed::operand::{AcceptedBy, Bounds, Fits, InList, Literal, MaybeNull, NeverNull, Operand};
pub use typed::{
    Case, Expression, Functions, Lookups, Parts, Several, Texts, Typed, case, coalesce, concat, count_rows,
    greatest, least, now, raw, value,
};

pub use enmasse_core::catalog::Catalogue;
pub use enmasse_core::query::Q;
pub use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef, query, schema};

/// Expressions as data: what a field is set to or compared with.
pub mod expr {
    pub use enmasse_core::query::{
        Aggregate, DatePart, Expr, FieldPath, Function, JsonStep, Operator, TruncateTo,
    };
}

/// Django's lookups as data: how a field is compared.
pub mod lookup {
    pub use enmasse_core::query::{Lookup, Operand};
}
pub use {chrono, rust_decimal, serde_json, uuid};

/// The README's program, run as a doc test.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
