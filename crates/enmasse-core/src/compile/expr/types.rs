//! The type that two types have in common.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::{Typed, common_type};
use crate::value::DataType;

pub(super) fn common(one: &DataType, other: &DataType) -> DataType {
    one.common(other)
}

/// Two operands as they can be compared: a date beside a moment is its midnight in UTC.
pub(crate) fn aligned(dialect: &dyn Dialect, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    let dates = [&left, &right].map(|side| side.data_type.as_ref().is_some_and(DataType::has_date));
    match common_type(&left, &right) {
        Some(common) if dates == [true, true] => {
            Ok((converted(dialect, left, &common)?, converted(dialect, right, &common)?))
        }
        _ => Ok((left, right)),
    }
}

/// SQL of another type.
pub(super) fn converted(dialect: &dyn Dialect, value: Typed, to: &DataType) -> Result<Typed> {
    if value.data_type.as_ref() == Some(to) {
        return Ok(value);
    }
    Ok(Typed::new(dialect.convert(value, to)?, to.clone()))
}
