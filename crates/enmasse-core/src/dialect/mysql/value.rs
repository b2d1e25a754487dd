//! Values and conversions on MariaDB and MySQL.

use super::{Flavour, Mysql};
use crate::dialect::rows::{json_rows, stored};
use crate::dialect::spelling::ValueSql;
use crate::dialect::{Capability, Dialect, LONG_LIST, placeholders};
use crate::error::{Error, Result};
use crate::sql::{Fragment, Typed};
use crate::value::digits::Digits;
use crate::value::{DataType, Value};

/// Up to so many texts are parameters each, of the 65,535 that a statement may have: the other way is slow under NOT.
const MAX_TEXTS: usize = 30_000;

impl ValueSql for Mysql {
    /// A decimal is sent as text, which would make arithmetic and comparisons those of floats.
    fn parameter(&self, value: &Value, data_type: &DataType) -> Result<Fragment> {
        let parameter = Fragment::value(self, value, data_type)?;
        Ok(match (value, data_type) {
            (Value::Decimal(decimal), DataType::Decimal { .. }) => {
                Fragment::format(&format!("CAST({{}} AS DECIMAL(65, {}))", decimal.scale()), [parameter])
            }
            (Value::DecimalText(text), DataType::Decimal { .. }) => {
                let places = Digits::checked(text)?.places().len();
                Fragment::format(&format!("CAST({{}} AS DECIMAL(65, {places}))"), [parameter])
            }
            (Value::Json(_) | Value::JsonText(_), DataType::Json) if self.flavour == Flavour::Mysql => {
                Fragment::format("CAST({} AS JSON)", [parameter])
            }
            _ => parameter,
        })
    }

    fn convert(&self, value: Typed, to: &DataType) -> Result<Fragment> {
        use DataType::*;
        let sql = value.sql;
        let template = match (&value.data_type, to) {
            (Some(Json), Json) => "{}",
            (Some(Json), to) => {
                // JSON's null is no value of any other type.
                let unless_null = |unquoted: &str| {
                    let case = format!("CASE WHEN JSON_TYPE({{}}) <> 'NULL' THEN {unquoted} END");
                    Fragment::format(&case, [sql.clone(), sql.clone()])
                };
                return match to {
                    Bool => Ok(unless_null("JSON_UNQUOTE({}) = 'true'")),
                    to => self.convert(Typed::new(unless_null("JSON_UNQUOTE({})"), DataType::TEXT), to),
                };
            }
            (_, Bool) => "({} <> 0)",
            (_, SmallInt | Integer | BigInt | Duration) => "CAST({} AS SIGNED)",
            (_, Real | Double) => "CAST({} AS DOUBLE)",
            (_, Decimal { max_digits, decimal_places }) => {
                let (digits, places) = (max_digits.unwrap_or(65), decimal_places.unwrap_or(30));
                let template = format!("CAST({{}} AS DECIMAL({digits}, {places}))");
                return Ok(Fragment::format(&template, [sql]));
            }
            (_, Text { .. }) => "CAST({} AS CHAR)",
            (_, Bytes) => "CAST({} AS BINARY)",
            (Some(Time), DateTime | NaiveDateTime) => "CAST({} AS DATETIME(6))",
            (_, DateTime | NaiveDateTime) => "CAST({} AS DATETIME(6))",
            (_, Date) => "CAST({} AS DATE)",
            (_, Time) => "CAST({} AS TIME(6))",
            (_, Uuid) if self.supports(Capability::NativeUuid) => "CAST({} AS UUID)",
            (_, Uuid) => "LOWER(REPLACE({}, '-', ''))",
            (_, Json) if self.flavour == Flavour::Mysql => "CAST({} AS JSON)",
            (Some(Text { .. }), Json) => "{}",
            (_, Json) => "JSON_EXTRACT({}, '$')",
            (_, Native(name)) => return Ok(Fragment::format(&format!("CAST({{}} AS {name})"), [sql])),
            (_, Array(_)) => return self.cast_type(to).map(Fragment::text),
        };
        Ok(Fragment::format(template, [sql]))
    }

    /// A long list is read from one JSON text. The inner table is there because MariaDB before 11.1 would read it again for
    /// each row of an UPDATE; it looks a value up in the inner table by a key that it makes.
    ///
    /// Not so for text: there the result of `JSON_UNQUOTE` itself has to be compared, because it gives way to the column's
    /// collation, and a table's column would not.
    fn is_one_of(&self, left: Fragment, values: &[Value], data_type: &DataType) -> Result<Fragment> {
        use DataType::*;
        let max = if let Text { .. } | Uuid | Native(_) = data_type { MAX_TEXTS } else { LONG_LIST };
        if values.len() <= max {
            return placeholders(self, left, values, data_type);
        }
        if !self.supports(Capability::JsonTable) {
            return if values.len() < self.max_params() {
                placeholders(self, left, values, data_type)
            } else {
                Err(Error::not_supported(format!(
                    "{} takes no more than {} values in one list.",
                    self.name(),
                    self.max_params()
                )))
            };
        }
        let column = match data_type {
            Bool | SmallInt | Integer | BigInt | Duration => "BIGINT",
            Real | Double => "DOUBLE",
            Decimal { .. } => "DECIMAL(65, 30)",
            DateTime | NaiveDateTime => "DATETIME(6)",
            Date => "DATE",
            Time => "TIME(6)",
            Text { .. } | Uuid | Json | Bytes | Array(_) | Native(_) => "JSON",
        };
        let rows = match data_type {
            Text { .. } | Uuid | Json | Array(_) | Native(_) => {
                "SELECT JSON_UNQUOTE(v) FROM JSON_TABLE({}, '$[*]' COLUMNS (v JSON PATH '$')) j".to_owned()
            }
            Bytes => "SELECT UNHEX(JSON_UNQUOTE(v)) FROM JSON_TABLE({}, '$[*]' COLUMNS (v JSON PATH '$')) j"
                .to_owned(),
            _ => format!(
                "SELECT v FROM (SELECT DISTINCT v FROM JSON_TABLE({{}}, '$[*]' COLUMNS (v {column} PATH '$')) j) k"
            ),
        };
        let list = json_rows(self, &stored(self, values, data_type)?)?;
        Ok(Fragment::format(&format!("{{}} IN ({rows})"), [left, list]))
    }
}
