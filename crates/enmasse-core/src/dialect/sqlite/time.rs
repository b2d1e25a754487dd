//! Dates, times and durations on SQLite, where Django keeps `2024-05-06 07:08:09.123456`, `2024-05-06` and `07:08:09` as
//! text and a duration in microseconds.
//!
//! Parts are cut out of the text: SQLite's own date functions round to the millisecond, and would put
//! `2024-12-31 23:59:59.999999` into 2025.

use super::Sqlite;
use crate::dialect::spelling::TimeSql;
use crate::query::{DatePart, TruncateTo};
use crate::sql::{Fragment, Typed};
use crate::value::DataType;

impl TimeSql for Sqlite {
    fn part(&self, value: Typed, part: DatePart) -> Fragment {
        let time = if value.data_type == Some(DataType::Time) { 1 } else { 12 };
        match part {
            DatePart::Year => digits(value.sql, 1, 4),
            DatePart::Month => digits(value.sql, 6, 2),
            DatePart::Day => digits(value.sql, 9, 2),
            DatePart::Hour => digits(value.sql, time, 2),
            DatePart::Minute => digits(value.sql, time + 3, 2),
            DatePart::Second => digits(value.sql, time + 6, 2),
            DatePart::Quarter => Fragment::format("(({} + 2) / 3)", [digits(value.sql, 6, 2)]),
            DatePart::WeekDay => Fragment::format("(CAST(STRFTIME('%w', {}) AS INTEGER) + 1)", [date(value)]),
            DatePart::IsoWeekDay => {
                Fragment::format("(CAST(STRFTIME('%w', {}, '-1 day') AS INTEGER) + 1)", [date(value)])
            }
            // An ISO week belongs to the year of its Thursday, which these two modifiers find.
            DatePart::Week => Fragment::format(
                "((CAST(STRFTIME('%j', {}, '-3 days', 'weekday 4') AS INTEGER) + 6) / 7)",
                [date(value)],
            ),
            DatePart::IsoYear => {
                Fragment::format("CAST(STRFTIME('%Y', {}, '-3 days', 'weekday 4') AS INTEGER)", [date(value)])
            }
        }
    }

    fn truncated(&self, value: Typed, unit: TruncateTo) -> Fragment {
        let is_time = value.data_type == Some(DataType::Time);
        let has_time = matches!(value.data_type, Some(DataType::DateTime | DataType::NaiveDateTime));
        let time = if is_time { 0 } else { 11 };
        let sql = value.sql.clone();
        let start = match unit {
            TruncateTo::Year => Fragment::format("SUBSTR({}, 1, 4) || '-01-01'", [sql]),
            TruncateTo::Quarter => Fragment::format(
                "SUBSTR({}, 1, 5) || SUBSTR('01040710', ({} - 1) / 3 * 2 + 1, 2) || '-01'",
                [sql.clone(), digits(sql, 6, 2)],
            ),
            TruncateTo::Month => Fragment::format("SUBSTR({}, 1, 7) || '-01'", [sql]),
            TruncateTo::Week => Fragment::format("DATE({}, '-6 days', 'weekday 1')", [date(value)]),
            TruncateTo::Day => date(value),
            TruncateTo::Hour => {
                return Fragment::format(&format!("(SUBSTR({{}}, 1, {}) || ':00:00')", time + 2), [sql]);
            }
            TruncateTo::Minute => {
                return Fragment::format(&format!("(SUBSTR({{}}, 1, {}) || ':00')", time + 5), [sql]);
            }
            TruncateTo::Second => {
                return Fragment::format(&format!("SUBSTR({{}}, 1, {})", time + 8), [sql]);
            }
        };
        Fragment::format(if has_time { "({} || ' 00:00:00')" } else { "({})" }, [start])
    }

    /// To the millisecond, which is what SQLite's clock gives.
    fn now(&self) -> Fragment {
        Fragment::text("(STRFTIME('%Y-%m-%d %H:%M:%f', 'now') || '000')")
    }

    fn moved(&self, value: Typed, back: bool, duration: Fragment) -> Fragment {
        let sign = if back { "-" } else { "" };
        let template = match value.data_type {
            Some(DataType::Date) => format!("enmasse_time_add({{}} || ' 00:00:00', {sign}{{}})"),
            _ => format!("enmasse_time_add({{}}, {sign}{{}})"),
        };
        Fragment::format(&template, [value.sql, duration])
    }

    fn between(&self, later: Fragment, earlier: Fragment, _data_type: &DataType) -> Fragment {
        Fragment::format("enmasse_time_diff({}, {})", [later, earlier])
    }

    fn scaled(&self, duration: Fragment, divide: bool, number: Fragment) -> Fragment {
        let template = if divide {
            "CAST(ROUND(CAST({} AS REAL) / enmasse_divisor({})) AS INTEGER)"
        } else {
            "CAST(ROUND({} * {}) AS INTEGER)"
        };
        Fragment::format(template, [duration, number])
    }
}

/// Digits of a text as a number.
fn digits(text: Fragment, from: u8, length: u8) -> Fragment {
    Fragment::format(&format!("CAST(SUBSTR({{}}, {from}, {length}) AS INTEGER)"), [text])
}

/// The date in a date, or in a date and time.
fn date(value: Typed) -> Fragment {
    match value.data_type {
        Some(DataType::Date) => value.sql,
        _ => Fragment::format("SUBSTR({}, 1, 10)", [value.sql]),
    }
}
