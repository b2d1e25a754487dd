//! What the Python half says of columns, as short texts: `integer`, `text:20`, `decimal:10:2`, `array:text`.

use enmasse_core::DataType;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The type that the text stands for.
pub fn data_type(text: &str) -> PyResult<DataType> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let number = |text: &str| -> PyResult<Option<u32>> {
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| unknown(text)) }
    };
    Ok(match name {
        "bool" => DataType::Bool,
        "smallint" => DataType::SmallInt,
        "integer" => DataType::Integer,
        "bigint" => DataType::BigInt,
        "real" => DataType::Real,
        "double" => DataType::Double,
        "text" => DataType::Text { max_length: number(rest)? },
        "bytes" => DataType::Bytes,
        "datetime" => DataType::DateTime,
        "naive_datetime" => DataType::NaiveDateTime,
        "date" => DataType::Date,
        "time" => DataType::Time,
        "duration" => DataType::Duration,
        "decimal" => {
            let (digits, places) = rest.split_once(':').unwrap_or((rest, ""));
            DataType::Decimal { max_digits: number(digits)?, decimal_places: number(places)? }
        }
        "uuid" => DataType::Uuid,
        "json" => DataType::Json,
        "native" => DataType::Native(rest.to_owned()),
        "array" => DataType::Array(Box::new(data_type(rest)?)),
        _ => return Err(unknown(text)),
    })
}

fn unknown(text: &str) -> PyErr {
    PyValueError::new_err(format!("the engine has no type {text:?}"))
}
