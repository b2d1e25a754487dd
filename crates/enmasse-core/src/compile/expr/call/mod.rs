//! The SQL of functions: one file a family.

mod conditional;
mod datetime;
mod json;
mod math;
mod text;

pub use conditional::case;
pub use datetime::transform;
pub(crate) use datetime::{is_transform, transforms};

use crate::compile::expr::arithmetic::binary;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::Operator;
use crate::query::{Aggregate, Function};
use crate::sql::{Fragment, Term, Typed};
use crate::value::DataType;

/// A function of its arguments.
///
/// # Errors
///
/// [`Request`](crate::ErrorKind::Request) where it takes another number of arguments; [`Field`](crate::ErrorKind::Field)
/// where it is not for arguments of these types; [`NotSupported`](crate::ErrorKind::NotSupported) where the database has
/// no such function.
pub fn function(dialect: &dyn Dialect, function: &Function, args: Vec<Term>) -> Result<Typed> {
    match function {
        Function::Coalesce => conditional::coalesce(dialect, args),
        Function::NullIf => conditional::null_if(dialect, exactly(function, args)?),
        Function::Greatest => conditional::extreme(dialect, args, true),
        Function::Least => conditional::extreme(dialect, args, false),
        Function::Concat => text::concat(dialect, args),
        Function::Lower => text::call(dialect, "LOWER", exactly(function, args)?),
        Function::Upper => text::call(dialect, "UPPER", exactly(function, args)?),
        Function::Trim => text::call(dialect, "TRIM", exactly(function, args)?),
        Function::LTrim => text::call(dialect, "LTRIM", exactly(function, args)?),
        Function::RTrim => text::call(dialect, "RTRIM", exactly(function, args)?),
        Function::Length => text::length(dialect, exactly(function, args)?),
        Function::Substr => text::substr(dialect, args),
        Function::Replace => text::replace(dialect, args),
        Function::Abs => math::abs(dialect, exactly(function, args)?),
        Function::Round => math::round(dialect, args),
        Function::Floor => math::whole(dialect, exactly(function, args)?, false),
        Function::Ceil => math::whole(dialect, exactly(function, args)?, true),
        Function::Mod => operator(dialect, Operator::Modulo, exactly(function, args)?),
        Function::Power => operator(dialect, Operator::Power, exactly(function, args)?),
        Function::Now => {
            let [] = exactly(function, args)?;
            Ok(Typed::new(dialect.now(), DataType::DateTime))
        }
        Function::Extract(part) => datetime::extract(dialect, exactly(function, args)?, *part),
        Function::Truncate(unit) => datetime::truncate(dialect, exactly(function, args)?, *unit),
        Function::Date => datetime::half(dialect, exactly(function, args)?, DataType::Date),
        Function::Time => datetime::half(dialect, exactly(function, args)?, DataType::Time),
        Function::JsonPath(path) => json::path(dialect, exactly(function, args)?, path),
    }
}

fn operator(dialect: &dyn Dialect, operator: Operator, [left, right]: [Term; 2]) -> Result<Typed> {
    binary(dialect, left, operator, right)
}

fn exactly<const N: usize>(function: &Function, args: Vec<Term>) -> Result<[Term; N]> {
    let given = args.len();
    args.try_into().map_err(|_| Error::request(format!("{function:?} takes {N} arguments, not {given}.")))
}

/// One value of all rows.
///
/// # Errors
///
/// [`Field`](crate::ErrorKind::Field) for the sum or the average of what is no number and no duration.
pub fn aggregate(
    dialect: &dyn Dialect,
    aggregate: Aggregate,
    of: Option<Term>,
    distinct: bool,
) -> Result<Typed> {
    let Some(of) = of else {
        return match aggregate {
            Aggregate::Count => Ok(Typed::new(Fragment::text("COUNT(*)"), DataType::BigInt)),
            other => Err(Error::request(format!("{other:?} needs something to be of."))),
        };
    };
    let of = super::literal::typed(dialect, of, None)?;
    let data_type = result_of(aggregate, of.data_type.as_ref())?;
    let name = match aggregate {
        Aggregate::Count => "COUNT",
        Aggregate::Sum => "SUM",
        Aggregate::Avg => "AVG",
        Aggregate::Min => "MIN",
        Aggregate::Max => "MAX",
    };
    let template = if distinct { format!("{name}(DISTINCT {{}})") } else { format!("{name}({{}})") };
    let sql = Fragment::format(&template, [of.sql]);
    Ok(match (aggregate, &data_type) {
        (Aggregate::Sum | Aggregate::Avg, Some(data_type)) => {
            Typed::new(dialect.aggregate(sql, data_type), data_type.clone())
        }
        _ => Typed::new(sql, data_type),
    })
}

fn result_of(aggregate: Aggregate, of: Option<&DataType>) -> Result<Option<DataType>> {
    Ok(match (aggregate, of) {
        (Aggregate::Count, _) => Some(DataType::BigInt),
        (Aggregate::Min | Aggregate::Max, of) => of.cloned(),
        (_, None) => None,
        (_, Some(DataType::Duration)) => Some(DataType::Duration),
        (_, Some(DataType::Decimal { .. })) => Some(DataType::DECIMAL),
        (_, Some(DataType::Real | DataType::Double)) => Some(DataType::Double),
        (Aggregate::Sum, Some(of)) if of.is_integer() => Some(DataType::BigInt),
        (Aggregate::Avg, Some(of)) if of.is_integer() => Some(DataType::Double),
        (_, Some(of)) => {
            return Err(Error::field(format!("{aggregate:?} is of numbers and durations, not of {of}.")));
        }
    })
}
