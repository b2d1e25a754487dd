//! How MariaDB and MySQL stores values.

use super::Mysql;
use crate::error::Result;
use crate::value::{DataType, Value};

pub(super) fn store(_dialect: &Mysql, value: &Value, _data_type: &DataType) -> Result<Value> {
    Ok(value.clone())
}

pub(super) fn load(_dialect: &Mysql, raw: Value, _data_type: &DataType) -> Result<Value> {
    Ok(raw)
}
