//! Values and conversions on SQLite.

use super::Sqlite;
use crate::dialect::rows::{json_rows, stored};
use crate::dialect::spelling::ValueSql;
use crate::dialect::{Dialect, placeholders};
use crate::error::Result;
use crate::sql::{Fragment, Typed};
use crate::value::{DataType, Value};

/// Up to so many values are parameters each, which leaves room for more lists in one statement.
const MAX_LISTED: usize = 1_000;

impl ValueSql for Sqlite {
    fn parameter(&self, value: &Value, data_type: &DataType) -> Result<Fragment> {
        Fragment::value(self, value, data_type)
    }

    /// Dates and times are text there: what is cut off them is cut off the text.
    fn convert(&self, value: Typed, to: &DataType) -> Result<Fragment> {
        use DataType::*;
        let from_text = matches!(value.data_type, Some(Text { .. }) | None);
        let fractional = matches!(value.data_type, Some(Real | Double | Decimal { .. }));
        let template = match (&value.data_type, to) {
            (Some(Json), Json) => "{}",
            (Some(Json), to) => {
                let inner = Fragment::format("json_extract({}, '$')", [value.sql]);
                return self.convert(Typed::new(inner, None), to);
            }
            (Some(Text { .. }), Json) => "json({})",
            (_, Json) => "json_quote({})",
            (_, Bool) => "(CAST({} AS INTEGER) <> 0)",
            (_, SmallInt | Integer | BigInt | Duration) if fractional => "CAST(ROUND({}) AS INTEGER)",
            (_, SmallInt | Integer | BigInt | Duration) => "CAST({} AS INTEGER)",
            (_, Real | Double) => "CAST({} AS REAL)",
            (_, Decimal { decimal_places: Some(places), .. }) => {
                return Ok(Fragment::format(
                    &format!("enmasse_round(CAST({{}} AS NUMERIC), {places})"),
                    [value.sql],
                ));
            }
            (_, Decimal { .. }) => "CAST({} AS NUMERIC)",
            (_, Text { .. } | Native(_)) => "CAST({} AS TEXT)",
            (_, Bytes) => "CAST({} AS BLOB)",
            (_, Uuid) => "LOWER(REPLACE({}, '-', ''))",
            (Some(Date), DateTime | NaiveDateTime) => "({} || ' 00:00:00')",
            (_, DateTime | NaiveDateTime | Time) if from_text => "enmasse_time_add({}, 0)",
            (_, Date) if from_text => "SUBSTR(enmasse_time_add({}, 0), 1, 10)",
            (_, Date) => "SUBSTR({}, 1, 10)",
            (_, Time) => "SUBSTR({}, 12)",
            (_, DateTime | NaiveDateTime) => "{}",
            (_, Array(_)) => return self.cast_type(to).map(Fragment::text),
        };
        Ok(Fragment::format(template, [value.sql]))
    }

    fn is_one_of(&self, left: Fragment, values: &[Value], data_type: &DataType) -> Result<Fragment> {
        if values.len() <= MAX_LISTED {
            return placeholders(self, left, values, data_type);
        }
        let values = stored(self, values, data_type)?;
        let value = match data_type {
            DataType::Bytes => "enmasse_unhex(value)",
            _ => "value",
        };
        Ok(Fragment::format(
            &format!("{{}} IN (SELECT {value} FROM json_each({{}}))"),
            [left, json_rows(self, &values)?],
        ))
    }
}
