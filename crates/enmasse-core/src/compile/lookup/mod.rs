//! Django's lookups as SQL. One file a family.

mod array;
mod compare;
mod fit;
mod json;
mod list;
mod null;
mod pattern;

pub(crate) use fit::comparable;

use crate::dialect::Dialect;
use crate::error::Result;
use crate::query::Lookup;
use crate::sql::{Comparison, Condition, Fragment, Term, Typed};
use crate::value::{DataType, Value};

/// An [`Operand`](crate::query::Operand) whose expressions have become SQL, except for values, which a lookup may want to look at.
#[derive(Clone, Debug)]
pub enum Compared {
    /// One value or expression.
    One(Term),
    /// Many values.
    Many(Vec<Value>),
    /// Several values or expressions.
    Several(Vec<Term>),
    /// A query in SQL, without parentheses.
    Query(Fragment),
}

/// `left` compared with `right`, in SQL.
///
/// A value takes the type of `left` where it loses nothing by that. One that no row can be equal to, such as an integer
/// out of the column's range, matches nothing, and is below or above every row that is not NULL.
///
/// # Errors
///
/// [`Value`](crate::ErrorKind::Value) where a value cannot be compared with such a column;
/// [`Field`](crate::ErrorKind::Field) where the column has no such lookup;
/// [`NotSupported`](crate::ErrorKind::NotSupported) where the database has not.
pub fn compile(dialect: &dyn Dialect, left: Typed, lookup: Lookup, right: Compared) -> Result<Condition> {
    let is_json = left.data_type == Some(DataType::Json);
    let is_array = matches!(left.data_type, Some(DataType::Array(_)));
    match lookup {
        Lookup::IsNull => null::compile(dialect, left, right),
        Lookup::In if is_json => json::is_in(dialect, left, right),
        Lookup::In => list::compile(dialect, left, right),
        Lookup::Range => compare::range(dialect, left, right),
        Lookup::Exact | Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte => {
            compare::compile(dialect, left, Comparison::of(lookup), right)
        }
        Lookup::Contains | Lookup::ContainedBy if is_array => array::compile(dialect, left, lookup, right),
        Lookup::Contains | Lookup::ContainedBy if is_json => json::contains(dialect, left, lookup, right),
        Lookup::HasKey | Lookup::HasKeys | Lookup::HasAnyKeys => json::has_keys(dialect, left, lookup, right),
        Lookup::ContainedBy => Err(no_such_lookup(lookup, &left)),
        Lookup::Regex | Lookup::IRegex => pattern::regex(dialect, left, lookup == Lookup::IRegex, right),
        Lookup::IExact
        | Lookup::Contains
        | Lookup::IContains
        | Lookup::StartsWith
        | Lookup::IStartsWith
        | Lookup::EndsWith
        | Lookup::IEndsWith => pattern::compile(dialect, left, lookup, right),
    }
}

fn no_such_lookup(lookup: Lookup, left: &Typed) -> crate::Error {
    let what = left.data_type.as_ref().map_or("this".to_owned(), ToString::to_string);
    crate::Error::field(format!("there is no lookup '{}' of {what}", lookup.name()))
}

/// The one value or expression that a lookup takes.
fn one(lookup: &str, right: Compared) -> Result<Term> {
    match right {
        Compared::One(term) => Ok(term),
        Compared::Many(values) => Ok(Term::Value(Value::Array(values))),
        Compared::Several(_) => Err(crate::Error::value(format!("'{lookup}' takes one value, not several."))),
        Compared::Query(query) => Ok(Term::Sql(Typed::new(Fragment::format("({})", [query]), None))),
    }
}
