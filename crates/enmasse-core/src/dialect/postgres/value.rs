//! Values and conversions on PostgreSQL.

use super::Postgres;
use crate::dialect::spelling::{JsonSql, ValueSql};
use crate::dialect::{Dialect, placeholders};
use crate::error::Result;
use crate::sql::{Fragment, Typed};
use crate::value::{DataType, Value};

impl ValueSql for Postgres {
    fn parameter(&self, value: &Value, data_type: &DataType) -> Result<Fragment> {
        Fragment::value(self, value, data_type)
    }

    fn convert(&self, value: Typed, to: &DataType) -> Result<Fragment> {
        use DataType::*;
        let sql = value.sql;
        let Some(from) = value.data_type else {
            return Ok(Fragment::format(&format!("{{}}::{}", self.cast_type(to)?), [sql]));
        };
        let template = match (&from, to) {
            (Json, Text { .. }) => return self.json_text(&sql, &[]),
            (DateTime, NaiveDateTime) | (NaiveDateTime, DateTime) => "({} AT TIME ZONE 'UTC')".to_owned(),
            (DateTime, Text { .. }) => "({} AT TIME ZONE 'UTC')::text".to_owned(),
            (DateTime, Date) => "({} AT TIME ZONE 'UTC')::date".to_owned(),
            (DateTime, Time) => "({} AT TIME ZONE 'UTC')::time".to_owned(),
            (Date, DateTime) => "({}::timestamp AT TIME ZONE 'UTC')".to_owned(),
            (Duration, to) if to.is_integer() => {
                format!("(EXTRACT(EPOCH FROM {{}}) * 1000000)::{}", self.cast_type(to)?)
            }
            (from, Duration) if from.is_integer() => "({} * INTERVAL '1 microsecond')".to_owned(),
            // JSON's null is no value of any other type.
            (Json, to) => format!("NULLIF({{}}, 'null'::jsonb)::{}", self.cast_type(to)?),
            (Text { .. }, Json) => "{}::jsonb".to_owned(),
            (_, Json) => "to_jsonb({})".to_owned(),
            // Between truth values and numbers there is a cast for `integer` only.
            (Bool, to) if to.is_number() => format!("{{}}::integer::{}", self.cast_type(to)?),
            (from, Bool) if from.is_integer() => "{}::integer::boolean".to_owned(),
            // Whoever asks for so many digits is given them.
            (_, Decimal { decimal_places: Some(_), .. }) => format!("{{}}::{}", self.column_type(to)?),
            _ => format!("{{}}::{}", self.cast_type(to)?),
        };
        Ok(Fragment::format(&template, [sql]))
    }

    /// One array, so that the statement is the same for a list of any length.
    fn is_one_of(&self, left: Fragment, values: &[Value], data_type: &DataType) -> Result<Fragment> {
        if let DataType::Array(_) | DataType::Native(_) = data_type {
            return placeholders(self, left, values, data_type);
        }
        let array = Value::Array(values.to_vec());
        let array = Fragment::value(self, &array, &DataType::Array(Box::new(data_type.clone())))?;
        Ok(Fragment::format("{} = ANY({})", [left, array]))
    }
}
