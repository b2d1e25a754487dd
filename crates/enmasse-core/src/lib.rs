//! The part of [Enmasse](https://docs.rs/enmasse) that does no I/O.
//!
//! A request (a [`query::Query`], an update of it, rows to write) becomes a [`plan::Plan`]: SQL, parameters
//! and sources of rows, as data. The owner of a connection runs the plan. This crate opens no sockets or
//! files, and uses no driver.

pub mod backfill;
pub mod catalog;
pub mod compile;
pub mod dialect;
pub mod encode;
pub mod error;
pub mod plan;
pub mod query;
pub mod run;
pub mod schema;
mod shorten;
pub mod sql;
pub mod value;

pub use error::{Error, ErrorKind, Result};
pub use value::{DataType, Value, ValueRef};
