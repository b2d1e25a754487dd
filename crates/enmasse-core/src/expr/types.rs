//! The type that two types have in common.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::lookup::Typed;
use crate::value::DataType;

impl DataType {
    /// The type of a number or a moment made of two; the first where they have nothing to do with one another.
    fn common(&self, other: &DataType) -> DataType {
        use DataType::*;
        match (self, other) {
            (Real, Real) => Real,
            (Real | Double, other) | (other, Real | Double) if other.is_number() => Double,
            (Decimal { .. }, other) | (other, Decimal { .. }) if other.is_number() => DataType::DECIMAL,
            (BigInt, other) | (other, BigInt) if other.is_integer() => BigInt,
            (Integer, other) | (other, Integer) if other.is_integer() => Integer,
            (DateTime, other) | (other, DateTime) if other.has_date() => DateTime,
            (NaiveDateTime, other) | (other, NaiveDateTime) if other.has_date() => NaiveDateTime,
            (Text { .. }, Text { .. }) => DataType::TEXT,
            (one, _) => one.clone(),
        }
    }
}

pub(super) fn common(one: &DataType, other: &DataType) -> DataType {
    one.common(other)
}

/// The common type of two operands, where both are known.
pub(crate) fn common_type(left: &Typed, right: &Typed) -> Option<DataType> {
    Some(left.data_type.as_ref()?.common(right.data_type.as_ref()?))
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
