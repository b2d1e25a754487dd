#![allow(missing_docs)]
mod backend;
mod database;
mod handle;
mod retry;
mod transaction;
mod url;

pub use database::Database;
pub use enmasse_core::{DataType, Error, ErrorKind, Result, Value};
pub use handle::{Executor, Handle};
pub use transaction::Transaction;
