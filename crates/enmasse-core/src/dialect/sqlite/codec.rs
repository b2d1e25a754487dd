//! How SQLite stores values.

use super::Sqlite;
use crate::error::Result;
use crate::value::{DataType, Value};

pub(super) fn store(_dialect: &Sqlite, value: &Value, _data_type: &DataType) -> Result<Value> {
    Ok(value.clone())
}

pub(super) fn load(_dialect: &Sqlite, raw: Value, _data_type: &DataType) -> Result<Value> {
    Ok(raw)
}
