//! A value of Python's as the core borrows it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::error::kept;

/// Which values of Python's a column takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    DateTime,
    NaiveDateTime,
    Date,
    Time,
    Duration,
    Decimal,
    Uuid,
    /// A document in text: Python's `json.dumps` has written it.
    Json,
    Array(Box<Kind>),
}

impl Kind {
    /// The kind of a column of this type; `None` if the type has no kind.
    pub fn of(data_type: &DataType) -> Option<Kind> {
        Some(match data_type {
            DataType::Bool => Kind::Bool,
            DataType::SmallInt | DataType::Integer | DataType::BigInt => Kind::Int,
            DataType::Real | DataType::Double => Kind::Float,
            DataType::Text { .. } | DataType::Native(_) => Kind::Text,
            DataType::Bytes => Kind::Bytes,
            DataType::DateTime => Kind::DateTime,
            DataType::NaiveDateTime => Kind::NaiveDateTime,
            DataType::Date => Kind::Date,
            DataType::Time => Kind::Time,
            DataType::Duration => Kind::Duration,
            DataType::Decimal { .. } => Kind::Decimal,
            DataType::Uuid => Kind::Uuid,
            DataType::Json => Kind::Json,
            DataType::Array(item) => Kind::Array(Box::new(Kind::of(item)?)),
            _ => return None,
        })
    }
}

/// The classes of the standard library whose values have cells.
pub struct Classes {
    pub datetime: Py<PyType>,
    pub date: Py<PyType>,
    pub time: Py<PyType>,
    pub timedelta: Py<PyType>,
    pub decimal: Py<PyType>,
    pub uuid: Py<PyType>,
    /// `datetime.timezone.utc`
    pub utc: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

impl Classes {
    /// The classes, imported once.
    pub fn get(py: Python<'_>) -> PyResult<&'static Classes> {
        CLASSES.get_or_try_init(py, || {
            let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
                Ok(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
            };
            Ok(Classes {
                datetime: class("datetime", "datetime")?,
                date: class("datetime", "date")?,
                time: class("datetime", "time")?,
                timedelta: class("datetime", "timedelta")?,
                decimal: class("decimal", "Decimal")?,
                uuid: class("uuid", "UUID")?,
                utc: py.import("datetime")?.getattr("timezone")?.getattr("utc")?.unbind(),
            })
        })
    }

    /// Whether the value is exactly of the kind's class.
    #[inline]
    pub fn is_exact(&self, kind: &Kind, value: &Bound<'_, PyAny>) -> bool {
        let of = |class: &Py<PyType>| value.get_type_ptr().cast() == class.as_ptr();
        let zone = || value.getattr(intern!(value.py(), "tzinfo")).is_ok_and(|zone| !zone.is_none());
        match kind {
            Kind::Int => value.is_exact_instance_of::<PyInt>(),
            Kind::Text | Kind::Json => value.is_exact_instance_of::<PyString>(),
            Kind::Bool => value.is_exact_instance_of::<PyBool>(),
            Kind::Float => value.is_exact_instance_of::<PyFloat>(),
            Kind::Bytes => value.is_exact_instance_of::<PyBytes>(),
            Kind::DateTime => of(&self.datetime) && zone(),
            Kind::NaiveDateTime => of(&self.datetime) && !zone(),
            Kind::Date => of(&self.date),
            Kind::Time => of(&self.time),
            Kind::Duration => of(&self.timedelta),
            Kind::Decimal => of(&self.decimal),
            Kind::Uuid => of(&self.uuid),
            Kind::Array(item) => {
                value.is_exact_instance_of::<PyList>()
                    && value.cast::<PyList>().is_ok_and(|list| {
                        list.iter().all(|value| value.is_none() || self.is_exact(item, &value))
                    })
            }
        }
    }

    /// The value as the core borrows it: NULL, or of the kind.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotSupported`] where it is of another class or cannot travel: too large, a naive moment for an aware one.
    #[inline]
    pub fn borrowed<'v>(&self, kind: &Kind, value: &'v Bound<'_, PyAny>) -> Result<ValueRef<'v>> {
        if value.is_none() {
            return Ok(ValueRef::Null);
        }
        match kind {
            Kind::Text => {
                let text = value.cast::<PyString>().map_err(|_| unfit(kind, value))?;
                text.to_str().map(ValueRef::Text).map_err(|_| unfit(kind, value))
            }
            Kind::Int => {
                let number = value.cast::<PyInt>().map_err(|_| unfit(kind, value))?;
                number.extract().map(ValueRef::Int).map_err(|_| unfit(kind, value))
            }
            Kind::Bool => {
                let truth = value.cast_exact::<PyBool>().map_err(|_| unfit(kind, value))?;
                Ok(ValueRef::Bool(truth.is_true()))
            }
            Kind::Float => {
                let number = value.cast::<PyFloat>().map_err(|_| unfit(kind, value))?;
                Ok(ValueRef::Float(number.value()))
            }
            Kind::Bytes => {
                let bytes = value.cast::<PyBytes>().map_err(|_| unfit(kind, value))?;
                Ok(ValueRef::Bytes(bytes.as_bytes()))
            }
            _ if !self.is_exact(kind, value) => Err(unfit(kind, value)),
            Kind::DateTime => {
                let (moment, is_aware) = self.moment(value, true).map_err(kept)?;
                if is_aware { Ok(ValueRef::DateTime(moment.and_utc())) } else { Err(unfit(kind, value)) }
            }
            Kind::NaiveDateTime => {
                let (moment, is_aware) = self.moment(value, false).map_err(kept)?;
                if is_aware { Err(unfit(kind, value)) } else { Ok(ValueRef::NaiveDateTime(moment)) }
            }
            Kind::Date => day(value).map(ValueRef::Date).map_err(kept),
            Kind::Time => match time(value).map_err(kept)? {
                Some(time) => Ok(ValueRef::Time(time)),
                None => Err(unfit(kind, value)),
            },
            Kind::Duration => length(value)
                .map_err(kept)?
                .map_or_else(|| Err(unfit(kind, value)), |length| Ok(ValueRef::Duration(length))),
            Kind::Decimal => decimal(value).map_err(kept),
            Kind::Json => {
                let text = value.cast::<PyString>().map_err(|_| unfit(kind, value))?;
                text.to_str().map(ValueRef::JsonText).map_err(|_| unfit(kind, value))
            }
            Kind::Uuid => uuid(value).map(ValueRef::Uuid).map_err(kept),
            Kind::Array(item) => {
                let list = value.cast::<PyList>().map_err(|_| unfit(kind, value))?;
                let items = list.iter().map(|value| self.borrowed(item, &value).map(ValueRef::into_owned));
                Ok(ValueRef::Owned(Value::Array(items.collect::<Result<_>>()?)))
            }
        }
    }

    /// A datetime's moment, and whether it is aware; an aware one is given in UTC.
    fn moment(&self, value: &Bound<'_, PyAny>, in_utc: bool) -> PyResult<(NaiveDateTime, bool)> {
        let py = value.py();
        let state = state(value)?;
        let aware = state.len() > 1;
        if aware && in_utc {
            let zone = state.get_item(1)?;
            if !zone.is(&self.utc) {
                let moment = value.call_method1(intern!(py, "astimezone"), (&self.utc,))?;
                return Ok((packed_moment(&self::state(&moment)?)?, true));
            }
        }
        Ok((packed_moment(&state)?, aware))
    }
}

/// The value is none that the engine takes: the whole call goes to Django, or is refused.
fn unfit(kind: &Kind, value: &Bound<'_, PyAny>) -> Error {
    let class = value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    let kind = format!("{kind:?}").to_lowercase();
    Error::new(ErrorKind::NotSupported, format!("a value of the class {class} does not travel as {kind}"))
}

/// What `copyreg` would make the value of: `(packed bytes, zone)`.
fn state<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let reduced = value.call_method1(intern!(value.py(), "__reduce_ex__"), (2,))?;
    Ok(reduced.cast::<PyTuple>()?.get_item(1)?.cast_into::<PyTuple>()?)
}

fn packed<const N: usize>(state: &Bound<'_, PyTuple>) -> PyResult<[u8; N]> {
    let bytes = state.get_item(0)?;
    let bytes = bytes.cast::<PyBytes>()?.as_bytes();
    bytes.try_into().map_err(|_| pyo3::exceptions::PyValueError::new_err("a packed value of another length"))
}

fn out_of_range() -> PyErr {
    pyo3::exceptions::PyValueError::new_err("a packed value out of range")
}

fn packed_moment(state: &Bound<'_, PyTuple>) -> PyResult<NaiveDateTime> {
    let [high, low, month, day, hour, minute, second, a, b, c] = packed::<10>(state)?;
    let year = i32::from(u16::from_be_bytes([high, low]));
    let date = NaiveDate::from_ymd_opt(year, month.into(), day.into());
    let micros = u32::from_be_bytes([0, a, b, c]);
    date.and_then(|date| date.and_hms_micro_opt(hour.into(), minute.into(), second.into(), micros))
        .ok_or_else(out_of_range)
}

fn day(value: &Bound<'_, PyAny>) -> PyResult<NaiveDate> {
    let [high, low, month, day] = packed::<4>(&state(value)?)?;
    let year = i32::from(u16::from_be_bytes([high, low]));
    NaiveDate::from_ymd_opt(year, month.into(), day.into()).ok_or_else(out_of_range)
}

/// A time of day; `None` where it has a zone.
fn time(value: &Bound<'_, PyAny>) -> PyResult<Option<NaiveTime>> {
    let state = state(value)?;
    if state.len() > 1 {
        return Ok(None);
    }
    let [hour, minute, second, a, b, c] = packed::<6>(&state)?;
    let micros = u32::from_be_bytes([0, a, b, c]);
    let time = NaiveTime::from_hms_micro_opt(hour.into(), minute.into(), second.into(), micros);
    time.map(Some).ok_or_else(out_of_range)
}

/// A length of time; `None` where it is longer than 64 bits of microseconds.
fn length(value: &Bound<'_, PyAny>) -> PyResult<Option<TimeDelta>> {
    let reduced = value.call_method0(intern!(value.py(), "__reduce__"))?;
    let (days, seconds, micros): (i64, i64, i64) = reduced.cast::<PyTuple>()?.get_item(1)?.extract()?;
    let total = days.checked_mul(86_400).and_then(|total| total.checked_add(seconds));
    let total = total.and_then(|total| total.checked_mul(1_000_000));
    Ok(total.and_then(|total| total.checked_add(micros)).map(TimeDelta::microseconds))
}

/// A decimal: one of the core's, or a text of any length.
fn decimal(value: &Bound<'_, PyAny>) -> PyResult<ValueRef<'static>> {
    let text = value.str()?;
    let text = text.to_str()?;
    // the plain parser would round, and makes another scale of an exponent
    let short = if text.contains('E') { None } else { Decimal::from_str_exact(text).ok() };
    Ok(short.map_or_else(|| ValueRef::Owned(Value::DecimalText(text.to_owned())), ValueRef::Decimal))
}

fn uuid(value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    Ok(Uuid::from_u128(value.getattr(intern!(value.py(), "int"))?.extract()?))
}

/// A value that a driver gave.
pub fn owned(classes: &Classes, value: &Bound<'_, PyAny>) -> Result<Value> {
    let kinds = [Kind::Date, Kind::Time, Kind::Duration, Kind::Decimal, Kind::Uuid];
    let kind = if value.is_none() {
        return Ok(Value::Null);
    } else if value.is_exact_instance_of::<PyBool>() {
        Kind::Bool
    } else if value.is_instance_of::<PyInt>() {
        Kind::Int
    } else if value.is_instance_of::<PyFloat>() {
        Kind::Float
    } else if value.is_instance_of::<PyString>() {
        Kind::Text
    } else if value.is_instance_of::<PyBytes>() {
        Kind::Bytes
    } else if classes.is_exact(&Kind::DateTime, value) {
        let (moment, is_aware) = classes.moment(value, true).map_err(kept)?;
        return Ok(if is_aware { aware(moment).into() } else { moment.into() });
    } else if let Ok(list) = value.cast::<PyList>() {
        return list.iter().map(|value| owned(classes, &value)).collect::<Result<_>>().map(Value::Array);
    } else if let Some(kind) = kinds.into_iter().find(|kind| classes.is_exact(kind, value)) {
        kind
    } else if let Ok(bytes) = value.extract::<Vec<u8>>() {
        return Ok(Value::Bytes(bytes));
    } else {
        let text = value.str().map_err(kept)?;
        return Ok(Value::Text(text.to_cow().map_err(kept)?.into_owned()));
    };
    match classes.borrowed(&kind, value) {
        Ok(value) => Ok(value.into_owned()),
        // a number that none of the core's can be
        Err(_) => Ok(Value::Text(value.str().map_err(kept)?.to_string_lossy().into_owned())),
    }
}

fn aware(moment: NaiveDateTime) -> DateTime<Utc> {
    moment.and_utc()
}
