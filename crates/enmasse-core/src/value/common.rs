//! The common type of two types.

use crate::value::DataType;

impl DataType {
    /// The result type of an operation on two numbers or times; the first type if they are unrelated.
    pub(crate) fn common(&self, other: &DataType) -> DataType {
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
