//! Values of the core as Python has them.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use enmasse_core::Value;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::cell::Classes;

/// The value, as Python has it.
pub fn value<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(truth) => truth.into_bound_py_any(py)?,
        Value::Int(number) => PyInt::new(py, *number).into_any(),
        Value::Float(number) => PyFloat::new(py, *number).into_any(),
        Value::Text(text) => PyString::new(py, text).into_any(),
        Value::Bytes(bytes) | Value::Encoded(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::DateTime(moment) => {
            let moment = moment.naive_utc();
            let (year, month, day) = ymd(moment.date());
            let (hour, minute, second, micros) = hms(moment.time());
            let parts = (year, month, day, hour, minute, second, micros, &classes.utc);
            classes.datetime.bind(py).call1(parts)?
        }
        Value::NaiveDateTime(moment) => {
            let (year, month, day) = ymd(moment.date());
            let (hour, minute, second, micros) = hms(moment.time());
            classes.datetime.bind(py).call1((year, month, day, hour, minute, second, micros))?
        }
        Value::Date(date) => classes.date.bind(py).call1(ymd(*date))?,
        Value::Time(time) => classes.time.bind(py).call1(hms(*time))?,
        Value::Duration(length) => {
            let micros = length.num_microseconds().unwrap_or(i64::MAX);
            classes.timedelta.bind(py).call1((0, 0, micros))?
        }
        Value::Decimal(number) => classes.decimal.bind(py).call1((number.to_string(),))?,
        Value::Uuid(uuid) => classes.uuid.bind(py).call1((uuid.to_string(),))?,
        Value::DecimalText(text) => classes.decimal.bind(py).call1((text,))?,
        Value::Json(document) => document_of(py, &document.to_string())?,
        Value::JsonText(text) => document_of(py, text)?,
        Value::Array(items) => {
            let items = items.iter().map(|item| self::value(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        other => {
            let text = format!("no value of Python's is made of {other:?}");
            return Err(PyNotImplementedError::new_err(text));
        }
    })
}

/// The value as a driver takes it for a parameter: a document as text.
pub fn param<'py>(py: Python<'py>, stored: &Value) -> PyResult<Bound<'py, PyAny>> {
    match stored {
        Value::Json(document) => Ok(PyString::new(py, &document.to_string()).into_any()),
        Value::JsonText(text) => Ok(PyString::new(py, text).into_any()),
        other => value(py, other),
    }
}

fn document_of<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.getattr("loads")?.call1((text,))
}

/// A row as a tuple, documents in it as texts.
pub fn row<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Bound<'py, PyTuple>> {
    let values = values.iter().map(|one| param(py, one)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, values)
}

/// A key: its one value, or a tuple of several.
pub fn key<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Bound<'py, PyAny>> {
    match values {
        [one] => value(py, one),
        several => Ok(row(py, several)?.into_any()),
    }
}

fn ymd(date: NaiveDate) -> (i32, u32, u32) {
    (date.year(), date.month(), date.day())
}

fn hms(time: NaiveTime) -> (u32, u32, u32, u32) {
    (time.hour(), time.minute(), time.second(), time.nanosecond() / 1_000)
}
