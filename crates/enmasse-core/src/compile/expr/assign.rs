//! What may be set to a column.

use crate::compile::expr::types::converted;
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::sql::Typed;
use crate::value::DataType;

/// SQL as it is set to a column of a type, so that every database keeps the same.
///
/// A moment set to a date is its date in UTC, what stands at a JSON path is taken out of JSON, and a fraction that the
/// column does not have is rounded.
///
/// # Errors
///
/// [`Field`](crate::ErrorKind::Field) where the types have nothing to do with one another: there a `Cast` says what is meant.
pub(crate) fn for_column(dialect: &dyn Dialect, value: Typed, to: &DataType) -> Result<Typed> {
    use DataType::*;
    let Some(from) = &value.data_type else { return Ok(value) };
    let moments = |data_type: &DataType| data_type.has_date() || *data_type == Time;
    let convert = match (from, to) {
        (from, to) if from == to => false,
        (from, to) if from.is_number() && to.is_number() => {
            // Elsewhere the column itself rounds.
            let narrower = match to {
                Decimal { decimal_places, .. } => decimal_places.is_some() && !from.is_integer(),
                to => to.is_integer() && !from.is_integer(),
            };
            narrower && !dialect.supports(Capability::TypedColumns)
        }
        (Text { .. }, Text { .. }) => false,
        (from, Text { .. }) => moments(from) || matches!(from, Json | Native(_)),
        (Text { .. }, _) => return Err(mismatch(from, to)),
        (Json, _) | (_, Json) => true,
        (Bool, to) if to.is_number() => true,
        (from, Bool) if from.is_integer() => true,
        (Duration, other) | (other, Duration) if other.is_integer() => true,
        (DateTime | NaiveDateTime, to) if moments(to) => true,
        (Date, DateTime | NaiveDateTime) => true,
        (Array(_), Array(_)) => false,
        _ => return Err(mismatch(from, to)),
    };
    if convert { converted(dialect, value, to) } else { Ok(value) }
}

fn mismatch(from: &DataType, to: &DataType) -> Error {
    Error::field(format!("expected {to} but got {from}; a Cast makes one of the other."))
}
