//! Choices: Case, Coalesce, NullIf, Greatest, Least.

use crate::compile::expr::literal::typed;
use crate::compile::expr::types::{aligned, common, converted};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::sql::{Condition, Fragment, Term, Typed};
use crate::value::DataType;

/// `CASE`: the first result whose condition holds, else the default, else NULL.
///
/// Results that are values take the expected type, or that of the other results: an untyped parameter would make text of the
/// whole on PostgreSQL.
///
/// # Errors
///
/// Where the database cannot store one of the values.
pub fn case(
    dialect: &dyn Dialect,
    whens: Vec<(Condition, Term)>,
    default: Option<Term>,
    expected: Option<&DataType>,
) -> Result<Typed> {
    let mut conditions = Vec::new();
    let mut results = Vec::new();
    let mut default = default;
    for (condition, result) in whens {
        match condition {
            Condition::Nothing => {}
            Condition::Everything => {
                default = Some(result);
                break;
            }
            Condition::Sql(condition) => {
                conditions.push(condition);
                results.push(result);
            }
        }
    }
    results.extend(default);
    let (results, data_type) = alike(dialect, results, expected)?;
    let mut results = results.into_iter();
    if conditions.is_empty() {
        let only = results.next().map_or_else(|| Fragment::text("NULL"), |only| only.sql);
        return Ok(Typed::new(only, data_type));
    }
    let mut case = Fragment::text("CASE");
    for condition in conditions {
        let result = results.next().map(|result| result.sql).unwrap_or_default();
        case.push(Fragment::format(" WHEN {} THEN {}", [condition, result]));
    }
    if let Some(default) = results.next() {
        case.push(Fragment::format(" ELSE {}", [default.sql]));
    }
    case.push(" END");
    Ok(Typed::new(case, data_type))
}

/// Several terms as SQL of one type, which is the expected one or that of what is SQL already.
fn alike(
    dialect: &dyn Dialect,
    terms: Vec<Term>,
    expected: Option<&DataType>,
) -> Result<(Vec<Typed>, Option<DataType>)> {
    let of_sql = terms.iter().filter_map(|term| match term {
        Term::Sql(typed) => typed.data_type.clone(),
        Term::Value(_) => None,
    });
    let of_values = terms.iter().filter_map(|term| match term {
        Term::Sql(_) => None,
        Term::Value(value) => value.natural_type(),
    });
    let expected = expected
        .cloned()
        .or_else(|| of_sql.reduce(|one, other| common(&one, &other)))
        .or_else(|| of_values.reduce(|one, other| common(&one, &other)));
    let mut typed: Vec<Typed> =
        terms.into_iter().map(|term| typed(dialect, term, expected.as_ref())).collect::<Result<_>>()?;
    // A value that did not fit the others' type widens it.
    let data_type = typed
        .iter()
        .filter_map(|typed| typed.data_type.clone())
        .fold(expected, |all, one| Some(all.map_or(one.clone(), |all| common(&all, &one))));
    if let Some(data_type) = data_type.as_ref().filter(|data_type| data_type.has_date()) {
        for one in &mut typed {
            if one.data_type.as_ref().is_some_and(DataType::has_date) {
                *one = converted(dialect, one.clone(), data_type)?;
            }
        }
    }
    Ok((typed, data_type))
}

pub(super) fn coalesce(dialect: &dyn Dialect, args: Vec<Term>) -> Result<Typed> {
    at_least_two("Coalesce", &args)?;
    let (args, data_type) = alike(dialect, args, None)?;
    let args = Fragment::join(args.into_iter().map(|arg| arg.sql), ", ");
    Ok(Typed::new(Fragment::format("COALESCE({})", [args]), data_type))
}

pub(super) fn null_if(dialect: &dyn Dialect, args: [Term; 2]) -> Result<Typed> {
    let (args, _) = alike(dialect, args.into(), None)?;
    let [value, other]: [Typed; 2] =
        args.try_into().map_err(|_| Error::request("NullIf takes two arguments."))?;
    let (value, other) = aligned(dialect, value, other)?;
    Ok(Typed::new(Fragment::format("NULLIF({}, {})", [value.sql, other.sql]), value.data_type))
}

/// As in Django, NULL among the arguments is passed over on PostgreSQL and gives NULL elsewhere.
pub(super) fn extreme(dialect: &dyn Dialect, args: Vec<Term>, greatest: bool) -> Result<Typed> {
    at_least_two(if greatest { "Greatest" } else { "Least" }, &args)?;
    let (args, data_type) = alike(dialect, args, None)?;
    let args = args.into_iter().map(|arg| arg.sql).collect();
    Ok(Typed::new(dialect.extreme(args, greatest), data_type))
}

fn at_least_two(name: &str, args: &[Term]) -> Result<()> {
    match args.len() {
        0 | 1 => Err(Error::request(format!("{name} takes at least two arguments."))),
        _ => Ok(()),
    }
}
