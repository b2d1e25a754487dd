//! Functions of dates and times, and transforms by name.

use crate::compile::expr::call::json;
use crate::compile::expr::literal::typed;
use crate::compile::expr::types::converted;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::{DatePart, JsonStep, TruncateTo};
use crate::sql::{Origin, Term, Typed};
use crate::value::DataType;

impl DatePart {
    /// Every part with the name of its transform.
    const ALL: [(&'static str, DatePart); 11] = [
        ("year", DatePart::Year),
        ("iso_year", DatePart::IsoYear),
        ("month", DatePart::Month),
        ("day", DatePart::Day),
        ("week", DatePart::Week),
        ("week_day", DatePart::WeekDay),
        ("iso_week_day", DatePart::IsoWeekDay),
        ("quarter", DatePart::Quarter),
        ("hour", DatePart::Hour),
        ("minute", DatePart::Minute),
        ("second", DatePart::Second),
    ];

    fn is_of(self, data_type: &DataType) -> bool {
        match self {
            DatePart::Hour | DatePart::Minute | DatePart::Second => has_time(data_type),
            _ => data_type.has_date(),
        }
    }
}

impl TruncateTo {
    fn is_of(self, data_type: &DataType) -> bool {
        match self {
            TruncateTo::Hour | TruncateTo::Minute | TruncateTo::Second => has_time(data_type),
            _ => data_type.has_date(),
        }
    }
}

fn has_time(data_type: &DataType) -> bool {
    is_moment(data_type) || *data_type == DataType::Time
}

fn is_moment(data_type: &DataType) -> bool {
    matches!(data_type, DataType::DateTime | DataType::NaiveDateTime)
}

/// Whether something has a transform of this name, JSON aside.
pub(crate) fn is_transform(name: &str) -> bool {
    ["date", "time"].contains(&name) || DatePart::ALL.iter().any(|(known, _)| *known == name)
}

/// The names of the transforms that something of a type has, JSON aside.
pub(crate) fn transforms(data_type: Option<&DataType>) -> impl Iterator<Item = &'static str> {
    let halves = ["date", "time"].into_iter().filter(move |_| data_type.is_some_and(is_moment));
    let parts = DatePart::ALL.iter().filter(move |(_, part)| data_type.is_some_and(|of| part.is_of(of)));
    halves.chain(parts.map(|(name, _)| *name))
}

/// A transform by the name that it has in a keyword: a part of a date or time, the `date` or the `time` of a moment, and of
/// JSON any name as a key. `None` where something of this type has no such transform.
///
/// # Errors
///
/// [`NotSupported`](crate::ErrorKind::NotSupported) where the database has no such function.
pub fn transform(dialect: &dyn Dialect, value: Typed, name: &str) -> Result<Option<Typed>> {
    let Some(data_type) = value.data_type.clone() else { return Ok(None) };
    if data_type == DataType::Json {
        let path = [JsonStep::Key(name.to_owned())];
        return json::path(dialect, [Term::Sql(value)], &path).map(Some);
    }
    let moment = is_moment(&data_type);
    match (name, DatePart::ALL.iter().find(|(known, _)| *known == name)) {
        ("date", _) if moment => half(dialect, [Term::Sql(value)], DataType::Date).map(Some),
        ("time", _) if moment => half(dialect, [Term::Sql(value)], DataType::Time).map(Some),
        (_, Some((_, part))) if part.is_of(&data_type) => {
            extract(dialect, [Term::Sql(value)], *part).map(Some)
        }
        _ => Ok(None),
    }
}

pub(super) fn extract(dialect: &dyn Dialect, [value]: [Term; 1], part: DatePart) -> Result<Typed> {
    let value = typed(dialect, value, None)?;
    require(&value, |data_type| part.is_of(data_type), format_args!("{part:?}"))?;
    let extracted = Typed::new(dialect.part(value.clone(), part), DataType::Integer);
    Ok(extracted.from(Origin::Part(value, part)))
}

pub(super) fn truncate(dialect: &dyn Dialect, [value]: [Term; 1], unit: TruncateTo) -> Result<Typed> {
    let value = typed(dialect, value, None)?;
    require(&value, |data_type| unit.is_of(data_type), format_args!("{unit:?}"))?;
    let data_type = value.data_type.clone();
    Ok(Typed::new(dialect.truncated(value, unit), data_type))
}

/// The date or the time of day of something that has both, or is it already.
pub(super) fn half(dialect: &dyn Dialect, [value]: [Term; 1], half: DataType) -> Result<Typed> {
    let value = typed(dialect, value, None)?;
    require(&value, |data_type| *data_type == half || is_moment(data_type), format_args!("{half:?}"))?;
    converted(dialect, value, &half)
}

fn require(value: &Typed, has: impl Fn(&DataType) -> bool, what: std::fmt::Arguments<'_>) -> Result<()> {
    match &value.data_type {
        Some(data_type) if has(data_type) => Ok(()),
        Some(other) => Err(Error::field(format!("there is no {what} of {other}."))),
        None => Err(Error::field(format!("there is no {what} of something whose type is not known."))),
    }
}
