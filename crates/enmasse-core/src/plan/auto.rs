//! Fields that a write sets by itself.

use chrono::{DateTime, SubsecRound, Utc};

use crate::schema::{Auto, Field};
use crate::value::{DataType, Value};

/// The value that `auto_now` or `auto_now_add` gives the field in a write at this time, with as many digits of the second
/// as the column keeps; `None` where the write does not set it.
pub fn set_auto(field: &Field, creating: bool, now: DateTime<Utc>) -> Option<Value> {
    let sets = match field.auto {
        Auto::No => false,
        Auto::OnCreate => creating,
        Auto::OnWrite => true,
    };
    let now = now.trunc_subsecs(field.second_digits.unwrap_or(6).min(6) as u16);
    sets.then(|| match field.data_type {
        DataType::Date => Value::Date(now.date_naive()),
        DataType::Time => Value::Time(now.time()),
        DataType::NaiveDateTime => Value::NaiveDateTime(now.naive_utc()),
        _ => Value::DateTime(now),
    })
}
