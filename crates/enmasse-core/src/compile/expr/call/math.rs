//! Functions of numbers.

use crate::compile::expr::call::text::position;
use crate::compile::expr::literal::typed;
use crate::compile::expr::types::converted;
use crate::dialect::{Dialect, Digits};
use crate::error::{Error, Result};
use crate::sql::{Fragment, Term, Typed};
use crate::value::{DataType, Value};

pub(super) fn abs(dialect: &dyn Dialect, [arg]: [Term; 1]) -> Result<Typed> {
    let arg = number(dialect, arg)?;
    Ok(Typed::new(Fragment::format("ABS({})", [arg.sql]), arg.data_type))
}

/// Halves are the database's affair, as in Django: away from zero, save for floats on MariaDB and MySQL.
pub(super) fn round(dialect: &dyn Dialect, args: Vec<Term>) -> Result<Typed> {
    let mut args = args.into_iter();
    let (Some(value), digits, None) = (args.next(), args.next(), args.next()) else {
        return Err(Error::request("Round takes a number and perhaps how many digits are kept."));
    };
    let value = number(dialect, value)?;
    let digits = match digits {
        None => Digits::Known(0),
        Some(Term::Value(Value::Int(digits))) if (-30..=30).contains(&digits) => Digits::Known(digits as i32),
        Some(Term::Value(other)) => {
            return Err(Error::value(format!("Round keeps -30 to 30 digits, not {other}.")));
        }
        Some(digits) => Digits::Sql(position(dialect, digits)?),
    };
    match value.data_type.clone() {
        Some(whole) if whole.is_integer() => match digits {
            Digits::Known(0..) => Ok(value),
            digits => {
                let value = converted(dialect, value, &DataType::DECIMAL)?;
                let rounded = Typed::new(dialect.round(value, digits), DataType::DECIMAL);
                converted(dialect, rounded, &DataType::BigInt)
            }
        },
        data_type => Ok(Typed::new(dialect.round(value, digits), data_type.map(undeclared))),
    }
}

pub(super) fn whole(dialect: &dyn Dialect, [arg]: [Term; 1], above: bool) -> Result<Typed> {
    let arg = number(dialect, arg)?;
    match arg.data_type {
        Some(ref whole) if whole.is_integer() => Ok(arg),
        data_type => Ok(Typed::new(dialect.whole(arg.sql, above), data_type.map(undeclared))),
    }
}

/// A result has not the digits that its argument's column declares.
fn undeclared(data_type: DataType) -> DataType {
    match data_type {
        DataType::Decimal { .. } => DataType::DECIMAL,
        DataType::Real => DataType::Double,
        other => other,
    }
}

fn number(dialect: &dyn Dialect, arg: Term) -> Result<Typed> {
    let arg = typed(dialect, arg, None)?;
    match &arg.data_type {
        Some(other) if !other.is_number() => Err(Error::field(format!("expected a number, not {other}."))),
        _ => Ok(arg),
    }
}
