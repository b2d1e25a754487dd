//! Updates many database records at once, with Django's vocabulary, on PostgreSQL, MariaDB and MySQL, and SQLite.
//!
//! A model is a struct with `#[derive(Model)]`. Its rows are a [`QuerySet`], which is filtered and then read, updated
//! ([`update`](QuerySet::update): one statement for any number of rows) or written from objects that each
//! have their own values ([`bulk_update`](QuerySet::bulk_update)). The compiler checks fields, lookups and
//! values. Values are stored as Django stores them, so a program can share its database with a Django
//! project.
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
//! // bulk_update: each object has its own values
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
//! | declare models, and enums as fields | the derives [`Model`](macro@Model) and [`Choices`](macro@Choices); the types of fields: [`FieldType`] |
//! | filter and read: QuerySets | [`QuerySet::filter`], [`Lookups`], [`Functions`], [`q!`](q), [`exists`]; [`fetch`](QuerySet::fetch), [`get`](QuerySet::get), [`first`](QuerySet::first), [`stream`](QuerySet::stream), [`values`](QuerySet::values), [`count`](QuerySet::count) |
//! | update rows to one value, or by an expression | [`update`](QuerySet::update), [`set!`](set), [`case`], [`F`] |
//! | update rows to values of their own | [`bulk_update`](QuerySet::bulk_update), [`bulk_patch`](QuerySet::bulk_patch) |
//! | run code at each write: signals | [`signals`], [`Database::signals`] |
//! | models that extend others: inheritance | `extends`, `flatten` and `proxy` of the derive [`Model`](macro@Model); [`BulkUpdateMixin`], [`bulk_update_where`](QuerySet::bulk_update_where) |
//! | define named bulk operations: managers | [`Manager`], and its [derive](macro@Manager) |
//! | handle errors | [`Error`], [`ErrorKind`] |
//! | write rows | [`create`](QuerySet::create), [`bulk_create`](QuerySet::bulk_create), [`save`](QuerySet::save), [`delete`](QuerySet::delete) |
//! | connect, create tables, read a live database's models | [`Database`]: [`connect`](Database::connect), [`create_tables`](Database::create_tables), [`inspect`](Database::inspect) |
//! | update a table that is in use, in chunks | [`Update::in_chunks`](query_set::Update::in_chunks), [`Database::runs`] |
//! | combine several writes in one transaction | [`Database::transaction`] |
//! | see the SQL | [`QuerySet::explain`], [`Update::explain`](query_set::Update::explain), [`BulkUpdate::explain`](query_set::BulkUpdate::explain) |
//! | work with models and names known only at run time | [`schema`], [`Record`], [`QuerySet::of`], [`filter_by`](QuerySet::filter_by), [`update_by`](QuerySet::update_by) |
//!
//! [`prelude`] exports what most programs need.
//!
//! # Features
//!
//! | feature | |
//! | --- | --- |
//! | `sqlite` (on by default) | SQLite, bundled: the build needs a C compiler. `Database::from_sqlite_connection` takes a connection of `rusqlite`. |
//! | `postgres` | PostgreSQL 13 and later. `Database::from_postgres_pool` takes a pool of `deadpool_postgres`. |
//! | `mysql` | MariaDB 10.5 and later, MySQL 8.0 and later. `Database::from_mysql_pool` takes a pool of `mysql_async`. |
//!
//! TLS uses rustls. Every statement is a `tracing` span with its number of rows and its duration. Futures need a tokio runtime.

#![cfg_attr(docsrs, feature(doc_cfg))]

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

// The derives' code refers to this crate by name, and this crate declares models too.
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

/// Expressions as data: values that fields are set to or compared with.
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

// The driver crates whose types are in public signatures, in the versions that this crate uses.
#[cfg(feature = "postgres")]
#[doc(no_inline)]
pub use deadpool_postgres;
#[cfg(feature = "mysql")]
#[doc(no_inline)]
pub use mysql_async;
#[cfg(feature = "sqlite")]
#[doc(no_inline)]
pub use rusqlite;

/// The README's program, run as a doc test.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
