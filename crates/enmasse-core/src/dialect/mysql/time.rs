//! Dates, times and durations on MariaDB and MySQL; a duration is a number of microseconds.

use super::Mysql;
use crate::dialect::spelling::TimeSql;
use crate::query::{DatePart, TruncateTo};
use crate::sql::{Fragment, Typed};
use crate::value::DataType;

impl TimeSql for Mysql {
    fn part(&self, value: Typed, part: DatePart) -> Fragment {
        let template = match part {
            DatePart::Year => "YEAR({})",
            DatePart::IsoYear => "(YEARWEEK({}, 3) DIV 100)",
            DatePart::Month => "MONTH({})",
            DatePart::Day => "DAYOFMONTH({})",
            DatePart::Week => "WEEK({}, 3)",
            DatePart::WeekDay => "DAYOFWEEK({})",
            DatePart::IsoWeekDay => "(WEEKDAY({}) + 1)",
            DatePart::Quarter => "QUARTER({})",
            DatePart::Hour => "HOUR({})",
            DatePart::Minute => "MINUTE({})",
            DatePart::Second => "SECOND({})",
        };
        Fragment::format(template, [value.sql])
    }

    fn truncated(&self, value: Typed, unit: TruncateTo) -> Fragment {
        let sql = value.sql;
        let start = match (&value.data_type, unit) {
            (_, TruncateTo::Year) => Fragment::format("MAKEDATE(YEAR({}), 1)", [sql]),
            (_, TruncateTo::Quarter) => Fragment::format(
                "(MAKEDATE(YEAR({}), 1) + INTERVAL (QUARTER({}) - 1) QUARTER)",
                [sql.clone(), sql],
            ),
            (_, TruncateTo::Month) => {
                Fragment::format("(DATE({}) - INTERVAL (DAYOFMONTH({}) - 1) DAY)", [sql.clone(), sql])
            }
            (_, TruncateTo::Week) => {
                Fragment::format("(DATE({}) - INTERVAL WEEKDAY({}) DAY)", [sql.clone(), sql])
            }
            (_, TruncateTo::Day) => Fragment::format("DATE({})", [sql]),
            (Some(DataType::Time), unit) => {
                let format = if unit == TruncateTo::Hour { "%H:00:00" } else { seconds(unit) };
                return Fragment::format(&format!("CAST(TIME_FORMAT({{}}, '{format}') AS TIME(6))"), [sql]);
            }
            (_, unit) => {
                let format = if unit == TruncateTo::Hour { "%H:00:00" } else { seconds(unit) };
                return Fragment::format(
                    &format!("CAST(DATE_FORMAT({{}}, '%Y-%m-%d {format}') AS DATETIME(6))"),
                    [sql],
                );
            }
        };
        match value.data_type {
            Some(DataType::Date) => start,
            _ => Fragment::format("CAST({} AS DATETIME(6))", [start]),
        }
    }

    fn now(&self) -> Fragment {
        Fragment::text("UTC_TIMESTAMP(6)")
    }

    fn moved(&self, value: Typed, back: bool, duration: Fragment) -> Fragment {
        let sign = if back { "-" } else { "+" };
        let template = match value.data_type {
            // A time of day goes round at midnight.
            Some(DataType::Time) => {
                format!("TIME(TIMESTAMP('2000-01-02', {{}}) {sign} INTERVAL {{}} MICROSECOND)")
            }
            _ => format!("({{}} {sign} INTERVAL {{}} MICROSECOND)"),
        };
        Fragment::format(&template, [value.sql, duration])
    }

    fn between(&self, later: Fragment, earlier: Fragment, data_type: &DataType) -> Fragment {
        let template = match data_type {
            DataType::Time => {
                "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP('2000-01-01', {}), TIMESTAMP('2000-01-01', {}))"
            }
            _ => "TIMESTAMPDIFF(MICROSECOND, {}, {})",
        };
        Fragment::format(template, [earlier, later])
    }

    fn scaled(&self, duration: Fragment, divide: bool, number: Fragment) -> Fragment {
        let template =
            if divide { "CAST(ROUND({} / {}) AS SIGNED)" } else { "CAST(ROUND({} * {}) AS SIGNED)" };
        Fragment::format(template, [duration, number])
    }
}

fn seconds(unit: TruncateTo) -> &'static str {
    if unit == TruncateTo::Minute { "%H:%i:00" } else { "%H:%i:%s" }
}
