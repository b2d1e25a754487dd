//! Dates, times and durations on PostgreSQL.

use super::Postgres;
use crate::dialect::spelling::TimeSql;
use crate::query::{DatePart, TruncateTo};
use crate::sql::{Fragment, Typed};
use crate::value::DataType;

impl TimeSql for Postgres {
    fn part(&self, value: Typed, part: DatePart) -> Fragment {
        let template = match part {
            DatePart::Year => "EXTRACT(YEAR FROM {})::integer",
            DatePart::IsoYear => "EXTRACT(ISOYEAR FROM {})::integer",
            DatePart::Month => "EXTRACT(MONTH FROM {})::integer",
            DatePart::Day => "EXTRACT(DAY FROM {})::integer",
            DatePart::Week => "EXTRACT(WEEK FROM {})::integer",
            DatePart::WeekDay => "(EXTRACT(DOW FROM {})::integer + 1)",
            DatePart::IsoWeekDay => "EXTRACT(ISODOW FROM {})::integer",
            DatePart::Quarter => "EXTRACT(QUARTER FROM {})::integer",
            DatePart::Hour => "EXTRACT(HOUR FROM {})::integer",
            DatePart::Minute => "EXTRACT(MINUTE FROM {})::integer",
            DatePart::Second => "FLOOR(EXTRACT(SECOND FROM {}))::integer",
        };
        Fragment::format(template, [in_utc(value)])
    }

    fn truncated(&self, value: Typed, unit: TruncateTo) -> Fragment {
        let unit = match unit {
            TruncateTo::Year => "year",
            TruncateTo::Quarter => "quarter",
            TruncateTo::Month => "month",
            TruncateTo::Week => "week",
            TruncateTo::Day => "day",
            TruncateTo::Hour => "hour",
            TruncateTo::Minute => "minute",
            TruncateTo::Second => "second",
        };
        let template = match value.data_type {
            Some(DataType::DateTime) => format!("(DATE_TRUNC('{unit}', {{}}) AT TIME ZONE 'UTC')"),
            Some(DataType::Date) => format!("DATE_TRUNC('{unit}', {{}}::timestamp)::date"),
            Some(DataType::Time) => format!("DATE_TRUNC('{unit}', {{}})::time"),
            _ => format!("DATE_TRUNC('{unit}', {{}})"),
        };
        Fragment::format(&template, [in_utc(value)])
    }

    fn now(&self) -> Fragment {
        Fragment::text("STATEMENT_TIMESTAMP()")
    }

    /// In UTC: in a session's own zone a day may have 23 hours.
    fn moved(&self, value: Typed, back: bool, duration: Fragment) -> Fragment {
        let sign = if back { "-" } else { "+" };
        let template = match value.data_type {
            Some(DataType::DateTime) => format!("(({{}} {sign} {{}}) AT TIME ZONE 'UTC')"),
            _ => format!("({{}} {sign} {{}})"),
        };
        Fragment::format(&template, [in_utc(value), duration])
    }

    fn between(&self, later: Fragment, earlier: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            DataType::Date => Fragment::format("(({} - {}) * INTERVAL '1 day')", [later, earlier]),
            _ => Fragment::format("({} - {})", [later, earlier]),
        }
    }

    fn scaled(&self, duration: Fragment, divide: bool, number: Fragment) -> Fragment {
        Fragment::format(if divide { "({} / {})" } else { "({} * {})" }, [duration, number])
    }
}

/// A moment as its date and time in UTC, whatever zone the session is in.
pub(super) fn in_utc(value: Typed) -> Fragment {
    match value.data_type {
        Some(DataType::DateTime) => Fragment::format("({} AT TIME ZONE 'UTC')", [value.sql]),
        _ => value.sql,
    }
}
