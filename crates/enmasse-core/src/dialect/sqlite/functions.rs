//! The functions that SQLite lacks. Whoever owns a connection registers them on it; all are deterministic, and NULL where an
//! argument is NULL.

use std::cell::RefCell;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use regex::Regex;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

use super::collation::collation;
use crate::error::{Error, Result};
use crate::value::{DataType, Value, raw, short, text};

/// A function to be registered on each connection.
#[derive(Clone, Copy, Debug)]
pub struct SqlFunction {
    /// Its name in SQL.
    pub name: &'static str,
    /// How many arguments it takes.
    pub args: i32,
    /// What it does. Gets and gives values as SQLite has them: NULL, integers, floats, text and bytes.
    pub call: fn(&[Value]) -> Result<Value>,
}

/// The functions that the SQL for SQLite uses.
///
/// `enmasse_regex(text, expression)`, `enmasse_time_add(text, microseconds)`, `enmasse_time_diff(later, earlier)`,
/// `enmasse_divisor(x)`, `enmasse_mod(a, b)`, `enmasse_power(a, b)`, `enmasse_round(x, digits)`, `enmasse_floor(x)`, `enmasse_ceil(x)`,
/// `enmasse_json_equal(a, b)`, `enmasse_json_same(a, b)`, `enmasse_unhex(text)` and `enmasse_collation(create_table, column)`.
pub fn sqlite_functions() -> &'static [SqlFunction] {
    macro_rules! functions {
        ($($name:literal $args:literal $call:path),* $(,)?) => {
            &[$(SqlFunction {
                name: $name,
                args: $args,
                call: |args| if args.iter().any(Value::is_null) { Ok(Value::Null) } else { $call(args).map_err(|error| error.at($name)) },
            }),*]
        };
    }
    functions![
        "enmasse_regex" 2 is_match,
        "enmasse_time_add" 2 time_add,
        "enmasse_time_diff" 2 time_diff,
        "enmasse_divisor" 1 divisor,
        "enmasse_mod" 2 remainder,
        "enmasse_power" 2 power,
        "enmasse_round" 2 round,
        "enmasse_floor" 1 floor,
        "enmasse_ceil" 1 ceil,
        "enmasse_json_equal" 2 json_equal,
        "enmasse_json_same" 2 json_same,
        "enmasse_unhex" 1 unhex,
        "enmasse_collation" 2 collation_of,
    ]
}

fn collation_of(args: &[Value]) -> Result<Value> {
    Ok(Value::Text(collation(&as_text(&args[0])?, &as_text(&args[1])?)))
}

thread_local! {
    /// The expression of the row before is most often that of this one too.
    static LAST: RefCell<Option<(String, Regex)>> = const { RefCell::new(None) };
}

fn is_match(args: &[Value]) -> Result<Value> {
    let (subject, expression) = (as_text(&args[0])?, as_text(&args[1])?);
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| *known != expression) {
            let compiled = Regex::new(&expression).map_err(|error| {
                Error::value(format!("'{expression}' is no regular expression.")).with_source(error)
            })?;
            *last = Some((expression, compiled));
        }
        let found = last.as_ref().is_some_and(|(_, regex)| regex.is_match(&subject));
        Ok(Value::Int(found.into()))
    })
}

/// What Django keeps as text in a column for dates and times.
enum Moment {
    /// A date, or a date and time.
    DateTime(NaiveDateTime),
    /// A time of day.
    Time(NaiveTime),
}

fn moment(value: &Value) -> Result<Moment> {
    let written = as_text(value)?;
    let moment = text::read_time(&written).map(Moment::Time).or_else(|| {
        let (moment, zone) = text::read_datetime(&written)?;
        let zone = TimeDelta::seconds(zone.unwrap_or(0).into());
        moment.checked_sub_signed(zone).map(Moment::DateTime)
    });
    moment.ok_or_else(|| Error::value(format!("'{written}' is no date and no time.")))
}

/// The number, which is an error where it is zero.
fn divisor(args: &[Value]) -> Result<Value> {
    match &args[0] {
        Value::Int(0) => Err(Error::value("division by zero.")),
        Value::Float(number) if *number == 0.0 => Err(Error::value("division by zero.")),
        other => Ok(other.clone()),
    }
}

/// A time of day goes round at midnight.
fn time_add(args: &[Value]) -> Result<Value> {
    let Value::Int(microseconds) = args[1] else {
        return Err(Error::value(format!("expected microseconds but got {}.", args[1])));
    };
    let duration = TimeDelta::microseconds(microseconds);
    Ok(Value::Text(match moment(&args[0])? {
        Moment::Time(time) => short::time(time.overflowing_add_signed(duration).0).to_string(),
        Moment::DateTime(moment) => {
            let moved = moment.checked_add_signed(duration);
            let moved = moved.filter(|moved| (1..=9_999).contains(&chrono::Datelike::year(moved)));
            short::datetime(moved.ok_or_else(|| Error::value("the date is out of range."))?).to_string()
        }
    }))
}

fn time_diff(args: &[Value]) -> Result<Value> {
    let difference = match (moment(&args[0])?, moment(&args[1])?) {
        (Moment::DateTime(later), Moment::DateTime(earlier)) => later - earlier,
        (Moment::Time(later), Moment::Time(earlier)) => later - earlier,
        _ => return Err(Error::value("there is no difference of a date and a time of day.")),
    };
    Ok(difference.num_microseconds().map_or(Value::Null, Value::Int))
}

/// As of integers in SQLite: with the sign of the dividend, and NULL where the divisor is 0.
fn remainder(args: &[Value]) -> Result<Value> {
    let (dividend, divisor) = (as_float(&args[0])?, as_float(&args[1])?);
    Ok(float(dividend % divisor))
}

fn power(args: &[Value]) -> Result<Value> {
    Ok(float(as_float(&args[0])?.powf(as_float(&args[1])?)))
}

/// Halves away from zero, as the number is written; one too large or too fine to be a decimal has nothing to be rounded.
fn round(args: &[Value]) -> Result<Value> {
    let Value::Int(digits) = args[1] else {
        return Err(Error::value(format!("expected a number of digits but got {}.", args[1])));
    };
    let value = as_float(&args[0])?;
    let Some(number) = text::read_decimal(&value.to_string()) else { return Ok(args[0].clone()) };
    let unit = u32::try_from(-digits.min(0)).ok().and_then(|zeros| 10_i128.checked_pow(zeros));
    let unit = unit.and_then(|unit| Decimal::try_from_i128_with_scale(unit, 0).ok());
    let places = u32::try_from(digits.max(0)).unwrap_or(u32::MAX);
    let rounded = unit.map_or(Decimal::ZERO, |unit| {
        (number / unit).round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero) * unit
    });
    Ok(match (&args[0], rounded.to_i64()) {
        (Value::Int(_), Some(whole)) => Value::Int(whole),
        _ => Value::Float(rounded.to_f64().unwrap_or(value)),
    })
}

fn floor(args: &[Value]) -> Result<Value> {
    match &args[0] {
        Value::Int(whole) => Ok(Value::Int(*whole)),
        other => Ok(float(as_float(other)?.floor())),
    }
}

fn ceil(args: &[Value]) -> Result<Value> {
    match &args[0] {
        Value::Int(whole) => Ok(Value::Int(*whole)),
        other => Ok(float(as_float(other)?.ceil())),
    }
}

fn json_equal(args: &[Value]) -> Result<Value> {
    let read = |value: &Value| -> Result<Json> {
        serde_json::from_str(&as_text(value)?).map_err(|error| Error::value("no JSON.").with_source(error))
    };
    Ok(Value::Int(same(&read(&args[0])?, &read(&args[1])?).into()))
}

/// Whether two documents mean the same: 1 and 1.0 do, and the order of keys is nothing.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Whether two values of a column for documents are read as the same, however they are spelled: 1 and 1.0 are not. What is no document is the same as nothing.
fn json_same(args: &[Value]) -> Result<Value> {
    let read = |value: &Value| raw::read(value.clone(), &DataType::Json).ok();
    let same = read(&args[0]).is_some_and(|one| read(&args[1]) == Some(one));
    Ok(Value::Int(same.into()))
}

fn unhex(args: &[Value]) -> Result<Value> {
    let digits = as_text(&args[0])?;
    let wrong = || Error::value("expected an even number of hexadecimal digits.");
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return Err(wrong());
    }
    let byte = |position| u8::from_str_radix(&digits[position..position + 2], 16).map_err(|_| wrong());
    (0..digits.len()).step_by(2).map(byte).collect::<Result<_>>().map(Value::Bytes)
}

fn as_text(value: &Value) -> Result<String> {
    Ok(match value {
        Value::Text(text) => text.clone(),
        Value::Int(whole) => whole.to_string(),
        Value::Float(float) => float.to_string(),
        other => return Err(Error::value(format!("expected text but got {other}."))),
    })
}

fn as_float(value: &Value) -> Result<f64> {
    match value {
        Value::Int(whole) => Ok(*whole as f64),
        Value::Float(float) => Ok(*float),
        other => Err(Error::value(format!("expected a number but got {other}."))),
    }
}

/// SQLite keeps no NaN.
fn float(value: f64) -> Value {
    if value.is_nan() { Value::Null } else { Value::Float(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, args: &[Value]) -> Result<Value> {
        let function = sqlite_functions().iter().find(|function| function.name == name).expect("a function");
        assert_eq!(function.args as usize, args.len());
        (function.call)(args)
    }

    fn text(text: &str) -> Value {
        Value::from(text)
    }

    #[test]
    fn null_makes_null() {
        for function in sqlite_functions() {
            assert_eq!((function.call)(&vec![Value::Null; function.args as usize]).unwrap(), Value::Null);
        }
    }

    #[test]
    fn regular_expressions_match_anywhere() {
        let regex =
            |subject: &str, expression: &str| call("enmasse_regex", &[text(subject), text(expression)]);
        assert_eq!(regex("asphalt", "ph.l").unwrap(), Value::Int(1));
        assert_eq!(regex("ASPHALT", "ph.l").unwrap(), Value::Int(0));
        assert_eq!(regex("ASPHALT", "(?i)ph.l").unwrap(), Value::Int(1));
        let error = regex("a", "(").unwrap_err();
        assert_eq!(error.to_string(), "enmasse_regex: '(' is no regular expression.");
    }

    #[test]
    fn times_move_in_the_form_in_which_they_are_kept() {
        let add = |from: &str, by: i64| call("enmasse_time_add", &[text(from), Value::Int(by)]);
        assert_eq!(add("2024-12-31 23:59:59.999999", 1).unwrap(), text("2025-01-01 00:00:00"));
        assert_eq!(add("2024-03-01", -1).unwrap(), text("2024-02-29 23:59:59.999999"));
        assert_eq!(add("23:00:00", 2 * 3_600_000_000).unwrap(), text("01:00:00"));
        assert!(add("9999-12-31 23:00:00", 2 * 3_600_000_000).is_err());
        assert!(add("soon", 0).is_err());
        let diff = |later: &str, earlier: &str| call("enmasse_time_diff", &[text(later), text(earlier)]);
        assert_eq!(diff("2024-03-01", "2024-02-28 12:00:00").unwrap(), Value::Int(129_600_000_000));
        assert_eq!(diff("01:00:00", "02:00:00.5").unwrap(), Value::Int(-3_600_500_000));
    }

    #[test]
    fn numbers_behave_as_elsewhere() {
        assert_eq!(call("enmasse_mod", &[Value::Float(-5.5), Value::Int(2)]).unwrap(), Value::Float(-1.5));
        assert_eq!(call("enmasse_mod", &[Value::Int(5), Value::Int(0)]).unwrap(), Value::Null);
        assert_eq!(call("enmasse_power", &[Value::Int(2), Value::Int(10)]).unwrap(), Value::Float(1024.0));
        assert_eq!(call("enmasse_floor", &[Value::Float(-0.5)]).unwrap(), Value::Float(-1.0));
        assert_eq!(call("enmasse_ceil", &[Value::Int(i64::MAX)]).unwrap(), Value::Int(i64::MAX));
        let round = |value: Value, digits: i64| call("enmasse_round", &[value, Value::Int(digits)]).unwrap();
        assert_eq!(round(Value::Float(-12.35), 1), Value::Float(-12.4));
        assert_eq!(round(Value::Float(2.5), 0), Value::Float(3.0));
        assert_eq!(round(Value::Int(-1250), -2), Value::Int(-1300));
        assert_eq!(round(Value::Int(7), -40), Value::Int(0));
        assert_eq!(round(Value::Float(1e300), 2), Value::Float(1e300));
        assert_eq!(call("enmasse_unhex", &[text("00FF")]).unwrap(), Value::Bytes(vec![0, 255]));
        assert!(call("enmasse_unhex", &[text("0G")]).is_err());
    }

    #[test]
    fn documents_are_equal_by_meaning() {
        let same = |one: &str, other: &str| call("enmasse_json_same", &[text(one), text(other)]).unwrap();
        for (one, other) in
            [(r#"{"a":[1,2.50],"b":"é"}"#, r#"{"b": "\u00e9", "a": [1, 2.5]}"#), ("[1e2]", "[100.0]")]
        {
            assert_eq!(same(one, other), Value::Int(1), "{one} {other}");
        }
        for (one, other) in [("1", "1.0"), ("[1,2]", "[2,1]"), ("{", "{"), (r#""a""#, r#""A""#), ("{}", "[]")]
        {
            assert_eq!(same(one, other), Value::Int(0), "{one} {other}");
        }
        let equal = |one: &str, other: &str| call("enmasse_json_equal", &[text(one), text(other)]).unwrap();
        assert_eq!(equal(r#"{"a": 1, "b": [1.0]}"#, r#"{"b": [1], "a": 1.0}"#), Value::Int(1));
        assert_eq!(equal("[1, 2]", "[2, 1]"), Value::Int(0));
        assert_eq!(equal(r#"{"a": null}"#, "{}"), Value::Int(0));
        assert_eq!(equal("1", "true"), Value::Int(0));
    }
}
