//! How PostgreSQL stores values.

use super::Postgres;
use crate::error::Result;
use crate::value::{DataType, Value};

pub(super) fn store(_dialect: &Postgres, value: &Value, _data_type: &DataType) -> Result<Value> {
    Ok(value.clone())
}

pub(super) fn load(_dialect: &Postgres, raw: Value, _data_type: &DataType) -> Result<Value> {
    Ok(raw)
}
