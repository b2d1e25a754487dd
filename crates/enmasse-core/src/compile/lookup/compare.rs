//! `exact`, `gt`, `gte`, `lt`, `lte` and `range`.

use crate::sql::Comparison;
use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::compile::expr::{self};
use crate::compile::lookup::fit::{Fit, fit};
use crate::compile::lookup::{Compared, json, null, one};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::DatePart;
use crate::sql::{Condition, Origin, Term, Typed};
use crate::value::{DataType, Value};

use crate::sql::Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};

pub(super) fn compile(
    dialect: &dyn Dialect,
    left: Typed,
    comparison: Comparison,
    right: Compared,
) -> Result<Condition> {
    let right = one(comparison.name(), right)?;
    if left.data_type == Some(DataType::Json) {
        return json::compare(dialect, left, comparison, right);
    }
    match right {
        Term::Value(Value::Null) if comparison == Equal => null::is(dialect, left, true),
        Term::Value(Value::Null) => {
            Err(Error::value(format!("'{}' cannot compare with NULL; use isnull.", comparison.name())))
        }
        Term::Value(value) => compare_value(dialect, left, comparison, &value),
        Term::Sql(right) => compare_sql(dialect, left, comparison, right),
    }
}

/// `range`: both ends belong to it.
pub(super) fn range(dialect: &dyn Dialect, left: Typed, right: Compared) -> Result<Condition> {
    let ends = match right {
        Compared::Several(ends) => ends,
        Compared::Many(ends) | Compared::One(Term::Value(Value::Array(ends))) => {
            ends.into_iter().map(Term::Value).collect()
        }
        _ => Vec::new(),
    };
    let [least, greatest]: [Term; 2] =
        ends.try_into().map_err(|_| Error::value("'range' takes two values, the first and the last."))?;
    Ok(Condition::all(vec![
        compile(dialect, left.clone(), GreaterOrEqual, Compared::One(least))?,
        compile(dialect, left, LessOrEqual, Compared::One(greatest))?,
    ]))
}

fn compare_value(
    dialect: &dyn Dialect,
    left: Typed,
    comparison: Comparison,
    value: &Value,
) -> Result<Condition> {
    let Some(data_type) = &left.data_type else {
        let right = expr::literal(dialect, value, None)?;
        return Ok(Condition::Sql(comparison.sql(left.sql, right.sql)));
    };
    let (comparison, value, data_type) = match (fit(value, data_type)?, comparison) {
        (Fit::At(value, data_type), _) => (comparison, value, data_type),
        (Fit::After(value, data_type), Greater | GreaterOrEqual) => (Greater, value, data_type),
        (Fit::After(value, data_type), Less | LessOrEqual) => (LessOrEqual, value, data_type),
        (Fit::Below, Greater | GreaterOrEqual) | (Fit::Above, Less | LessOrEqual) => {
            return null::is(dialect, left, false);
        }
        _ => return Ok(Condition::Nothing),
    };
    if let (Some(origin), Value::Int(year)) = (left.origin.as_deref(), &value)
        && let Origin::Part(date, part @ (DatePart::Year | DatePart::IsoYear)) = origin
    {
        return compare_year(dialect, date.clone(), *part, comparison, *year);
    }
    let right = dialect.parameter(&value, &data_type)?;
    Ok(Condition::Sql(comparison.sql(left.sql, right)))
}

/// A year compared as a range of the date itself, so that an index on it serves, as Django does it.
fn compare_year(
    dialect: &dyn Dialect,
    date: Typed,
    part: DatePart,
    comparison: Comparison,
    year: i64,
) -> Result<Condition> {
    let from = |comparison, year| match Start::of(part, year) {
        Start::At(first) => {
            let data_type = date.data_type.as_ref().unwrap_or(&DataType::Date);
            let first = match data_type {
                DataType::Date => Value::Date(first),
                DataType::NaiveDateTime => Value::NaiveDateTime(first.and_time(NaiveTime::MIN)),
                _ => Value::DateTime(first.and_time(NaiveTime::MIN).and_utc()),
            };
            let first = dialect.parameter(&first, data_type)?;
            Ok(Condition::Sql(Comparison::sql(comparison, date.sql.clone(), first)))
        }
        Start::BeforeAll if comparison == GreaterOrEqual => null::is(dialect, date.clone(), false),
        Start::AfterAll if comparison == Less => null::is(dialect, date.clone(), false),
        Start::BeforeAll | Start::AfterAll => Ok(Condition::Nothing),
    };
    let next = year.saturating_add(1);
    match comparison {
        Greater => from(GreaterOrEqual, next),
        GreaterOrEqual => from(GreaterOrEqual, year),
        Less => from(Less, year),
        LessOrEqual => from(Less, next),
        Equal => Ok(Condition::all(vec![from(GreaterOrEqual, year)?, from(Less, next)?])),
    }
}

/// Where a year starts, among the years 1 to 9999 that all databases have.
enum Start {
    BeforeAll,
    At(NaiveDate),
    AfterAll,
}

impl Start {
    fn of(part: DatePart, year: i64) -> Start {
        let year = match i32::try_from(year) {
            Ok(year @ 1..=9_999) => year,
            _ if year < 1 => return Start::BeforeAll,
            _ => return Start::AfterAll,
        };
        let first = match part {
            DatePart::IsoYear => NaiveDate::from_isoywd_opt(year, 1, Weekday::Mon),
            _ => NaiveDate::from_ymd_opt(year, 1, 1),
        };
        first.map_or(Start::AfterAll, Start::At)
    }
}

fn compare_sql(
    dialect: &dyn Dialect,
    left: Typed,
    comparison: Comparison,
    right: Typed,
) -> Result<Condition> {
    let (left, right) = expr::aligned(dialect, left, right)?;
    Ok(Condition::Sql(comparison.sql(left.sql, right.sql)))
}
