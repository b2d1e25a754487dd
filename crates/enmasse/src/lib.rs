mod backend;
mod database;
mod handle;
mod lazy;
mod macros;
pub mod query_set;
mod retry;
mod run;
mod tables;
mod transaction;
mod url;

pub use database::Database;
pub use enmasse_core::catalog::Catalogue;
pub use handle::{Executor, Handle};
pub use transaction::Transaction;

extern crate self as enmasse;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod choices;
mod columns;
pub mod family;
mod field_type;
mod model;
mod operand;
pub mod prelude;
mod record;
mod registry;
mod typed;

pub use choices::Choices;
pub use columns::{
    Assignment, Assignments, Column, F, FieldNames, IntoOrder, IntoQ, NamedColumn, NamedColumns, Path,
};
pub use enmasse_core::query::Q;
pub use enmasse_core::{DataType, Error, ErrorKind, Result, Value, expr, lookup, query, schema};
pub use field_type::{ArrayItem, FieldType};
pub use macros::*;
pub use model::{Columns, Entity, Model};
pub use operand::{AcceptedBy, Bounds, Fits, InList, Literal, MaybeNull, NeverNull, Operand};
pub use query_set::{Objects, QuerySet, exists};
pub use record::Record;
pub use registry::schema as models;
pub use typed::{
    Case, Expression, Functions, Lookups, Parts, Several, Texts, Typed, case, coalesce, concat, count_rows,
    greatest, least, now, raw, value,
};

pub use {chrono, rust_decimal, serde_json, uuid};

/// The README's program, run as a doc test.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
