//! Where a value stands among those that a column can have.

use chrono::{NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::error::{Error, Result};
use crate::value::digits::{self, Digits};
use crate::value::{DataType, Value};

/// The place of a value among those of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fit {
    /// It is one of them. The type is what it is compared as.
    At(Value, DataType),
    /// Between this one and the next.
    After(Value, DataType),
    /// Below all of them.
    Below,
    /// Above all of them.
    Above,
    /// Nowhere: not a number.
    Nowhere,
}

/// A column's type without what only limits what is stored: a text longer than the column is just not equal to any.
pub(crate) fn comparable(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Text { .. } => DataType::TEXT,
        DataType::Decimal { .. } => DataType::DECIMAL,
        DataType::Array(item) => DataType::Array(Box::new(comparable(item))),
        other => other.clone(),
    }
}

/// # Errors
///
/// Where the value has no place among those of the type: a word among numbers.
pub(super) fn fit(value: &Value, data_type: &DataType) -> Result<Fit> {
    if let Some(range) = data_type.integer_range() {
        return fit_integer(value, data_type, range);
    }
    let moment = match value {
        Value::DateTime(moment) => Some(moment.naive_utc()),
        Value::NaiveDateTime(moment) => Some(*moment),
        _ => None,
    };
    match (data_type, moment, value) {
        (DataType::Date, Some(moment), _) => Ok(fit_date(moment)),
        // A float with more digits than the column keeps is compared as it is.
        (DataType::Real, _, Value::Float(float)) if f64::from(*float as f32) != *float => {
            Ok(Fit::At(value.clone(), DataType::Double))
        }
        _ => Ok(Fit::At(data_type.coerce(value.clone())?, comparable(data_type))),
    }
}

fn fit_date(moment: NaiveDateTime) -> Fit {
    let date = Value::Date(moment.date());
    if moment.time() == NaiveTime::MIN {
        Fit::At(date, DataType::Date)
    } else {
        Fit::After(date, DataType::Date)
    }
}

fn fit_integer(value: &Value, data_type: &DataType, (least, greatest): (i64, i64)) -> Result<Fit> {
    let (floor, exact) = match value {
        Value::Int(whole) => (i128::from(*whole), true),
        Value::Float(float) if float.is_nan() => return Ok(Fit::Nowhere),
        // A conversion with `as` stops at the ends of the range, infinities included.
        Value::Float(float) => (float.floor() as i128, float.fract() == 0.0),
        Value::Decimal(decimal) => (floor(decimal), decimal.fract().is_zero()),
        Value::DecimalText(text) => floor_of_text(text)?,
        Value::Text(text) => match long_integer(text.trim()) {
            Some(whole) => (whole, true),
            None => return data_type.coerce(value.clone()).map(|value| Fit::At(value, data_type.clone())),
        },
        other => return Ok(Fit::At(data_type.coerce(other.clone())?, data_type.clone())),
    };
    Ok(match i64::try_from(floor) {
        Ok(whole) if exact && (least..=greatest).contains(&whole) => {
            Fit::At(Value::Int(whole), data_type.clone())
        }
        Ok(whole) if (least..greatest).contains(&whole) => Fit::After(Value::Int(whole), data_type.clone()),
        _ if floor < i128::from(least) => Fit::Below,
        _ => Fit::Above,
    })
}

fn floor(decimal: &Decimal) -> i128 {
    decimal.floor().to_i128().unwrap_or(i128::MAX)
}

/// The next lower whole number, and whether it is the number itself.
fn floor_of_text(text: &str) -> Result<(i128, bool)> {
    let plain =
        digits::plain(text).ok_or_else(|| Error::value(format!("expected a number but got '{text}'.")))?;
    let number = Digits::checked(&plain)?;
    let exact = number.places().is_empty();
    let whole: i128 = number.whole.parse().unwrap_or(i128::MAX);
    Ok(if number.negative {
        (-whole - i128::from(!exact && whole < i128::MAX), exact)
    } else {
        (whole, exact)
    })
}

/// A whole number of any length; the ends of the range stand for all beyond.
fn long_integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size: i128 = digits.parse().unwrap_or(i128::MAX);
    Some(if negative { -size } else { size })
}
