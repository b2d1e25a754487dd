//! Values in expressions: the type that a value is given decides what the database makes of it.

use crate::compile::lookup::comparable;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::{Fragment, Term, Typed};
use crate::value::{DataType, Value};

/// A value as SQL: a parameter of the expected type where the value is one without a loss, else of the type that it has by
/// itself. NULL has the expected type; without one it is no parameter.
///
/// # Errors
///
/// Where the database cannot store the value.
pub fn literal(dialect: &dyn Dialect, value: &Value, expected: Option<&DataType>) -> Result<Typed> {
    if let (Value::Opaque(_), None) = (value, expected) {
        return Ok(Typed::new(Fragment::stored(value.clone(), DataType::TEXT), None));
    }
    let of_expected = expected.and_then(|expected| of_type(value, expected));
    let natural = || value.natural_type().map(|data_type| (value.clone(), data_type));
    match of_expected.or_else(natural) {
        Some((value, data_type)) => Ok(Typed::new(dialect.parameter(&value, &data_type)?, data_type)),
        None => Ok(Typed::new(Fragment::text("NULL"), None)),
    }
}

/// The value as one of this type, if nothing is lost by that.
fn of_type(value: &Value, data_type: &DataType) -> Option<(Value, DataType)> {
    let value = data_type.coerce(value.clone()).ok()?;
    let fits = match (&value, data_type) {
        (Value::Int(whole), data_type) => {
            data_type.integer_range().is_none_or(|(least, greatest)| (least..=greatest).contains(whole))
        }
        (Value::Float(float), DataType::Real) => f64::from(*float as f32) == *float || float.is_nan(),
        _ => true,
    };
    fits.then(|| (value, comparable(data_type)))
}

/// A value or SQL, as SQL.
pub(super) fn typed(dialect: &dyn Dialect, term: Term, expected: Option<&DataType>) -> Result<Typed> {
    match term {
        Term::Value(value) => literal(dialect, &value, expected),
        Term::Sql(typed) => Ok(typed),
    }
}
