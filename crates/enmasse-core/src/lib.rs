//! The part of [Enmasse](https://docs.rs/enmasse) that does no I/O.
//!
//! A request (a [`query::Query`], an update of it, rows to write) becomes a [`plan::Plan`]: SQL, parameters and
//! sources of rows, as data. Whoever owns a connection runs the plan. Nothing here opens a socket or a file, and
//! nothing here knows a driver.

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
