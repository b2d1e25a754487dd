//! What the operators make of their operands.

use crate::compile::expr::literal::{literal, typed};
use crate::compile::expr::types::{aligned, converted};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::Operator;
use crate::sql::common_type;
use crate::sql::{Fragment, Term, Typed};
use crate::value::{DataType, Value};

/// Two operands with an operator between them.
///
/// A value takes the type that the other operand asks for: a whole number beside a decimal is a decimal, beside an integer
/// an integer of 64 bits. The quotient of integers is an integer, cut towards zero, on every database (Django leaves it to the
/// database: on MariaDB and MySQL a decimal). Dividing by zero is an error on PostgreSQL and SQLite, and on MariaDB and MySQL in
/// whatever writes; where these only read, it gives NULL. A remainder has the sign of the dividend and bits are those of 64-bit two's complement everywhere;
/// shifts are for distances of 0 to 63.
///
/// # Errors
///
/// [`Field`](crate::ErrorKind::Field) where the operator is not for operands of these types.
pub fn binary(dialect: &dyn Dialect, left: Term, operator: Operator, right: Term) -> Result<Typed> {
    let (left, right) = operands(dialect, left, operator, right)?;
    let (Some(l), Some(r)) = (left.data_type.clone(), right.data_type.clone()) else {
        return untyped(dialect, left, operator, right);
    };
    match operator {
        _ if l.is_number() && r.is_number() => numbers(dialect, left, operator, right),
        Operator::Add if is_temporal(&l) && r == DataType::Duration => moved(dialect, left, false, right),
        Operator::Add if l == DataType::Duration && is_temporal(&r) => moved(dialect, right, false, left),
        Operator::Subtract if is_temporal(&l) && r == DataType::Duration => moved(dialect, left, true, right),
        Operator::Subtract if (l.has_date() && r.has_date()) || (is_time(&l) && is_time(&r)) => {
            between(dialect, left, right)
        }
        Operator::Add | Operator::Subtract if l == DataType::Duration && r == DataType::Duration => {
            let template = if operator == Operator::Add { "({} + {})" } else { "({} - {})" };
            Ok(Typed::new(Fragment::format(template, [left.sql, right.sql]), l))
        }
        Operator::Multiply if l == DataType::Duration && r.is_number() => {
            Ok(Typed::new(dialect.scaled(left.sql, false, right.sql), l))
        }
        Operator::Multiply if l.is_number() && r == DataType::Duration => {
            Ok(Typed::new(dialect.scaled(right.sql, false, left.sql), r))
        }
        Operator::Divide if l == DataType::Duration && r.is_number() => {
            Ok(Typed::new(dialect.scaled(left.sql, true, right.sql), l))
        }
        _ => Err(Error::field(format!("there is no '{}' of {l} and {r}.", operator.sign()))),
    }
}

/// Both as SQL, with a value in the type that the other operand asks for.
fn operands(dialect: &dyn Dialect, left: Term, operator: Operator, right: Term) -> Result<(Typed, Typed)> {
    Ok(match (left, right) {
        (Term::Sql(left), Term::Value(value)) => {
            let right = beside(dialect, &value, operator, &left)?;
            (left, right)
        }
        (Term::Value(value), Term::Sql(right)) => {
            let left = beside(dialect, &value, operator, &right)?;
            (left, right)
        }
        (left, right) => (typed(dialect, left, None)?, typed(dialect, right, None)?),
    })
}

fn beside(dialect: &dyn Dialect, value: &Value, operator: Operator, other: &Typed) -> Result<Typed> {
    let Some(other) = &other.data_type else { return literal(dialect, value, None) };
    let expected = match (other, value) {
        (_, Value::Duration(_) | Value::DateTime(_) | Value::NaiveDateTime(_)) => None,
        (other, Value::Null) if is_temporal(other) => Some(DataType::Duration),
        (DataType::Duration, Value::Null) if matches!(operator, Operator::Multiply | Operator::Divide) => {
            Some(DataType::BigInt)
        }
        // Wide, so that the sum of a small integer and a small number need not be small.
        (other, _) if other.is_integer() => Some(DataType::BigInt),
        (DataType::Real, _) => Some(DataType::Double),
        (other, _) if other.is_number() => Some(other.clone()),
        (other, Value::Date(_) | Value::Time(_) | Value::Null) => Some(other.clone()),
        _ => None,
    };
    // Text is no number, though it could be read as one.
    let expected = expected.filter(|_| !matches!(value, Value::Text(_)));
    literal(dialect, value, expected.as_ref())
}

fn is_temporal(data_type: &DataType) -> bool {
    data_type.has_date() || is_time(data_type)
}

fn is_time(data_type: &DataType) -> bool {
    *data_type == DataType::Time
}

fn numbers(dialect: &dyn Dialect, left: Typed, operator: Operator, right: Typed) -> Result<Typed> {
    let common = common_type(&left, &right).unwrap_or(DataType::Double);
    let template = match operator {
        Operator::Add => "({} + {})",
        Operator::Subtract => "({} - {})",
        Operator::Multiply => "({} * {})",
        Operator::Divide => return dialect.quotient(left, right),
        Operator::Modulo => {
            return Ok(Typed::new(dialect.remainder(left.sql, right.sql, &common), common));
        }
        Operator::Power => {
            return Ok(Typed::new(dialect.power(left.sql, right.sql), DataType::Double));
        }
        bits if common.is_integer() => {
            return Ok(Typed::new(dialect.bits(left.sql, bits, right.sql), DataType::BigInt));
        }
        bits => {
            return Err(Error::field(format!("'{}' is of whole numbers, not of {common}.", bits.sign())));
        }
    };
    Ok(Typed::new(Fragment::format(template, [left.sql, right.sql]), common))
}

fn moved(dialect: &dyn Dialect, value: Typed, back: bool, duration: Typed) -> Result<Typed> {
    let data_type = match value.data_type.clone() {
        Some(DataType::Date) => Some(DataType::NaiveDateTime),
        other => other,
    };
    Ok(Typed::new(dialect.moved(value, back, duration.sql), data_type))
}

fn between(dialect: &dyn Dialect, later: Typed, earlier: Typed) -> Result<Typed> {
    let (later, earlier) = aligned(dialect, later, earlier)?;
    let data_type = later.data_type.unwrap_or(DataType::DateTime);
    Ok(Typed::new(dialect.between(later.sql, earlier.sql, &data_type), DataType::Duration))
}

/// Raw SQL, say, of a type that is not known: as the database takes it.
fn untyped(dialect: &dyn Dialect, left: Typed, operator: Operator, right: Typed) -> Result<Typed> {
    let known = left.data_type.clone().or(right.data_type.clone());
    match (operator, &known) {
        // With a NULL of no type the result is NULL, of the type of the other.
        (Operator::Add | Operator::Subtract | Operator::Multiply, _) => {
            let template = format!("({{}} {} {{}})", operator.sign());
            Ok(Typed::new(Fragment::format(&template, [left.sql, right.sql]), known))
        }
        _ => {
            let data_type = known.filter(DataType::is_number).unwrap_or(DataType::BigInt);
            let left = Typed::new(left.sql, left.data_type.unwrap_or(data_type.clone()));
            let right = Typed::new(right.sql, right.data_type.unwrap_or(data_type));
            numbers(dialect, left, operator, right)
        }
    }
}

/// A value as another type: Django's `Cast`.
///
/// Digits after the point are rounded to what a decimal declares; a text is never cut. A duration and the number of its
/// microseconds can be made of one another.
///
/// # Errors
///
/// [`NotSupported`](crate::ErrorKind::NotSupported) where the database has no such type.
pub fn cast(dialect: &dyn Dialect, value: Term, to: &DataType) -> Result<Typed> {
    let value = match value {
        // One that is of the type already needs no cast.
        Term::Value(value) if to.holds(&value) => return literal(dialect, &value, Some(to)),
        value => typed(dialect, value, None)?,
    };
    let data_type = match to {
        DataType::Text { .. } => DataType::TEXT,
        other => other.clone(),
    };
    match (&value.data_type, to) {
        (Some(DataType::Text { .. }), DataType::Text { .. }) => Ok(Typed::new(value.sql, data_type)),
        _ => converted(dialect, value, &data_type),
    }
}
