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
//! | connect, create tables, read a live database's models | [`Database`]: [`connect`](Database::connect), [`create_tables`](Database::create_tables), [`inspect`](Database::inspect) |
//! | declare models, and enums as fields | the derives [`Model`](macro@Model) and [`Choices`](macro@Choices); the types of fields: [`FieldType`] |
//! | filter | [`QuerySet::filter`], [`Lookups`], [`Functions`], [`q!`](q), [`exists`] |
//! | read | [`fetch`](QuerySet::fetch), [`get`](QuerySet::get), [`first`](QuerySet::first), [`stream`](QuerySet::stream), [`values`](QuerySet::values), [`count`](QuerySet::count), [`exists`](QuerySet::exists) |
//! | write rows | [`create`](QuerySet::create), [`bulk_create`](QuerySet::bulk_create), [`save`](QuerySet::save), [`delete`](QuerySet::delete) |
//! | update | [`update`](QuerySet::update), [`set!`](set), [`bulk_update`](QuerySet::bulk_update), [`bulk_patch`](QuerySet::bulk_patch), [`case`], [`F`] |
//! | define named bulk operations | [`Manager`], and its [derive](macro@Manager) |
//! | run code at each save or deletion | [`signals`], [`Database::signals`] |
//! | combine several writes in one transaction | [`Database::transaction`] |
//! | see the SQL | [`QuerySet::explain`], [`Update::explain`](query_set::Update::explain), [`BulkUpdate::explain`](query_set::BulkUpdate::explain) |
//! | work with models and names known only at run time | [`schema`], [`Record`], [`QuerySet::of`], [`filter_by`](QuerySet::filter_by), [`update_by`](QuerySet::update_by) |
//! | handle errors | [`Error`], [`ErrorKind`] |
//!
//! [`prelude`] exports what most programs need.
//!
//! # Features
//!
//! Each database is a cargo feature: `sqlite` (enabled by default, and bundled: it needs a C compiler),
//! `postgres` and `mysql` (MariaDB and MySQL). TLS uses rustls. Every statement is a `tracing` span with its
//! number of rows and its duration.
//!
//! Futures need a tokio runtime.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod backend;
pub mod batch;
mod choices;
mod columns;
mod database;
mod embed;
pub mod family;
mod field_type;
mod handle;
mod lazy;
mod macros;
mod manager;
mod mixin;
mod model;
mod operand;
pub mod prelude;
pub mod query_set;
mod record;
mod registry;
mod retry;
mod run;
pub mod signals;
mod storage;
mod tables;
mod transaction;
mod typed;
mod url;

// The derives' code refers to this crate by name, and this crate declares models too.
extern crate self as enmasse;

pub use choices::Choices;
pub use columns::{
    Assignment, Assignments, Column, F, FieldNames, IntoOrder, IntoQ, NamedColumn, NamedColumns, Path,
};
pub use database::Database;
pub use field_type::{ArrayItem, FieldType};
pub use handle::{Executor, Handle};
pub use macros::*;
pub use manager::Manager;
pub use mixin::{BulkUpdateMixin, MixedIn};
pub use model::{Columns, Entity, Model};
pub use operand::{AcceptedBy, Bounds, Fits, InList, Literal, MaybeNull, NeverNull, Operand};
pub use query_set::{Objects, QuerySet, exists};
pub use record::Record;
pub use registry::schema as models;
pub use transaction::Transaction;
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

/// The README's program, run as a doc test.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
