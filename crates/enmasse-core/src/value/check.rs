//! Checks that a value fits its column: values that the database would truncate, round or refuse are detected
//! before sending.

use std::fmt::Display;

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;

use crate::error::{Error, Result};
use crate::value::digits::Digits;
use crate::value::{DataType, Value};

impl DataType {
    /// The value as a column of this type stores it: [coerced](DataType::coerce), [fitting](DataType::fits),
    /// with datetimes, times and durations truncated to microseconds.
    ///
    /// # Errors
    ///
    /// As [`coerce`](DataType::coerce) and [`fits`](DataType::fits).
    pub fn clean(&self, value: Value) -> Result<Value> {
        let value = self.coerce(value)?;
        self.fits(&value)?;
        Ok(self.settle(value))
    }

    /// Checks that a value that the type [holds](DataType::holds) is within the declared length, digits and
    /// range.
    ///
    /// Length is counted in characters (Unicode code points). Trailing zeros of a decimal do not count. A
    /// float is rounded to the nearest value of a 32-bit column, unless it is too large.
    ///
    /// ```
    /// use enmasse_core::{DataType, Value};
    ///
    /// let country = DataType::Text { max_length: Some(2) };
    /// assert!(country.fits(&Value::from("US")).is_ok());
    /// let error = country.fits(&Value::from("Utopia")).unwrap_err();
    /// assert_eq!(error.to_string(), "'Utopia' has 6 characters, and at most 2 fit.");
    /// ```
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) with the value and what would fit.
    pub fn fits(&self, value: &Value) -> Result<()> {
        match (self, value) {
            (DataType::Text { max_length: Some(most) }, Value::Text(text)) => {
                // A character has at least one byte, so short texts need no counting.
                if text.len() > *most as usize {
                    let found = text.chars().count();
                    if found > *most as usize {
                        return Err(Error::value(format!(
                            "{value} has {found} characters, and at most {most} fit."
                        )));
                    }
                }
            }
            (DataType::SmallInt | DataType::Integer, Value::Int(number)) => {
                let (least, greatest) = self.integer_range().expect("an integer type");
                if !(least..=greatest).contains(number) {
                    return Err(Error::value(format!("{number} is not between {least} and {greatest}.")));
                }
            }
            (DataType::Real, Value::Float(number)) => {
                if number.is_finite() && (*number as f32).is_infinite() {
                    return Err(Error::value(format!("{number:e} is too large for a float of 32 bits.")));
                }
            }
            (DataType::Decimal { max_digits, decimal_places }, Value::Decimal(number)) => {
                decimal_fits(*number, *max_digits, *decimal_places)?;
            }
            (DataType::Decimal { max_digits, decimal_places }, Value::DecimalText(text)) => {
                text_fits(text, *max_digits, *decimal_places)?;
            }
            (DataType::Native(name), Value::Text(text)) if name == "money" => {
                let cents = text.rsplit_once(['.', ',']).map_or("", |(_, cents)| cents);
                if cents.len() > 2 && text.contains('.') || cents.len() > 3 {
                    return Err(Error::value(format!(
                        "{value} has more decimal places than the two that money keeps."
                    )));
                }
            }
            (DataType::Array(item), Value::Array(values)) => {
                values.iter().try_for_each(|value| item.fits(value))?;
            }
            _ => is_a_moment(value)?,
        }
        Ok(())
    }

    /// The value prepared for storing or comparing: of this type, in microseconds, with any length and range.
    pub(crate) fn prepare(&self, value: &Value) -> Result<Value> {
        let value = self.coerce(value.clone())?;
        is_a_moment(&value)?;
        Ok(self.settle(value))
    }

    /// The form in which the database returns a fitting value.
    pub(crate) fn settle(&self, value: Value) -> Value {
        match (self, value) {
            (DataType::Real, Value::Float(number)) => Value::Float((number as f32).into()),
            (DataType::Decimal { .. }, Value::Decimal(number)) if number.scale() > 0 => {
                Value::Decimal(number.normalize())
            }
            (_, Value::DateTime(moment)) => Value::DateTime(cut_utc(moment)),
            (_, Value::NaiveDateTime(moment)) => Value::NaiveDateTime(cut_naive(moment)),
            (_, Value::Time(time)) => Value::Time(cut_time(time)),
            (_, Value::Duration(duration)) => Value::Duration(cut_duration(duration)),
            (DataType::Array(item), Value::Array(values)) => {
                Value::Array(values.into_iter().map(|value| item.settle(value)).collect())
            }
            (_, value) => value,
        }
    }
}

impl Value {
    /// The microseconds after the full second.
    pub(crate) fn micros(&self) -> Option<i64> {
        let nanos = match self {
            Value::DateTime(moment) => moment.nanosecond(),
            Value::NaiveDateTime(moment) => moment.nanosecond(),
            Value::Time(time) => time.nanosecond(),
            Value::Duration(duration) => return duration.num_microseconds().map(|micros| micros % 1_000_000),
            _ => return None,
        };
        Some((nanos / 1_000).into())
    }
}

fn decimal_fits(number: Decimal, max_digits: Option<u32>, decimal_places: Option<u32>) -> Result<()> {
    let Some(places) = declared_places(max_digits, decimal_places) else { return Ok(()) };
    let scale = number.scale();
    let found = if scale > places { number.normalize().scale() } else { scale };
    digits_fit(number, found as usize, whole_digits(number) as usize, max_digits, places)
}

/// [`decimal_fits`] of a number in plain text.
pub(crate) fn text_fits(text: &str, max_digits: Option<u32>, decimal_places: Option<u32>) -> Result<()> {
    let digits = Digits::checked(text)?;
    let Some(places) = declared_places(max_digits, decimal_places) else { return Ok(()) };
    digits_fit(text, digits.places().len(), digits.whole_digits().len(), max_digits, places)
}

/// `decimal_places` without `max_digits` is a scale without a precision; `max_digits` without `decimal_places` means no places, as in SQL.
fn declared_places(max_digits: Option<u32>, decimal_places: Option<u32>) -> Option<u32> {
    decimal_places.or(max_digits.map(|_| 0))
}

/// Refuses a number that has too many digits after the point (`found`) or before it (`whole`).
fn digits_fit(
    number: impl Display,
    found: usize,
    whole: usize,
    max_digits: Option<u32>,
    places: u32,
) -> Result<()> {
    if found > places as usize {
        return Err(Error::value(format!("{number} has {found} decimal places, and at most {places} fit.")));
    }
    let Some(digits) = max_digits else { return Ok(()) };
    let allowed = digits.saturating_sub(places);
    if whole > allowed as usize {
        return Err(Error::value(format!(
            "{number} has {whole} digits before the decimal point, and at most {allowed} fit \
             ({digits} digits in all, {places} of them decimal places)."
        )));
    }
    Ok(())
}

fn whole_digits(number: Decimal) -> u32 {
    let (digits, scale) = (number.mantissa().unsigned_abs(), number.scale());
    let whole = match u64::try_from(digits) {
        // Most numbers have at most 64 bits, which are divided much faster.
        Ok(digits) => 10_u64.checked_pow(scale).map_or(0, |power| digits / power).into(),
        Err(_) => digits / 10_u128.pow(scale),
    };
    whole.checked_ilog10().map_or(0, |last| last + 1)
}

/// Refuses values that chrono can represent and databases cannot: the second 60, which chrono stores as a
/// fraction above one, and durations of more than 64 bits of microseconds.
fn is_a_moment(value: &Value) -> Result<()> {
    let time = match value {
        Value::DateTime(moment) => moment.time(),
        Value::NaiveDateTime(moment) => moment.time(),
        Value::Time(time) => *time,
        Value::Duration(duration) if duration.num_microseconds().is_none() => {
            return Err(Error::value("the duration is too long: at most 292,000 years fit."));
        }
        Value::Array(items) => return items.iter().try_for_each(is_a_moment),
        _ => return Ok(()),
    };
    if time.nanosecond() < 1_000_000_000 {
        Ok(())
    } else {
        Err(Error::value(format!("{value} is within a leap second, which databases cannot hold.")))
    }
}

fn cut_time(time: NaiveTime) -> NaiveTime {
    let nanos = time.nanosecond();
    time.with_nanosecond(nanos - nanos % 1_000).unwrap_or(time)
}

fn cut_naive(moment: NaiveDateTime) -> NaiveDateTime {
    moment.date().and_time(cut_time(moment.time()))
}

fn cut_utc(moment: DateTime<Utc>) -> DateTime<Utc> {
    cut_naive(moment.naive_utc()).and_utc()
}

fn cut_duration(duration: TimeDelta) -> TimeDelta {
    duration.num_microseconds().map_or(duration, TimeDelta::microseconds)
}
