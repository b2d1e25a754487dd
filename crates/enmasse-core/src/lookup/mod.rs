//! Django's lookups: how a field is compared. One file a family.

mod array;
mod compare;
mod condition;
mod fit;
mod json;
mod list;
mod null;
mod pattern;
mod term;

pub use compare::Comparison;
pub use json::JsonOperand;
pub use pattern::{Needle, Pattern, Place};
pub use term::{Term, Typed};

pub(crate) use fit::comparable;
pub(crate) use list::{LONG_LIST, placeholders};
pub(crate) use pattern::{like_pattern, like_sql};
pub(crate) use term::Origin;

use crate::dialect::Dialect;
use crate::error::Result;
use crate::expr::Expr;
use crate::query::{KeySet, Select};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// A way to compare, as the last part of `last_login__lte`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lookup {
    /// Equal; with NULL, is NULL.
    Exact,
    /// Equal in any case.
    IExact,
    /// Has this text in it; of JSON, has this document in it.
    Contains,
    /// Has this text in it in any case.
    IContains,
    /// Starts with this text.
    StartsWith,
    /// Starts with this text in any case.
    IStartsWith,
    /// Ends with this text.
    EndsWith,
    /// Ends with this text in any case.
    IEndsWith,
    /// Is one of these.
    In,
    /// Is between these two, or one of them.
    Range,
    /// Is NULL, or is not.
    IsNull,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Matches a regular expression of the database.
    Regex,
    /// Matches a regular expression of the database in any case.
    IRegex,
    /// JSON: has this key.
    HasKey,
    /// JSON: has all of these keys.
    HasKeys,
    /// JSON: has one of these keys.
    HasAnyKeys,
    /// JSON: is part of this document.
    ContainedBy,
}

impl Lookup {
    /// Every lookup with its name in a keyword.
    pub const ALL: [(&'static str, Lookup); 21] = [
        ("exact", Lookup::Exact),
        ("iexact", Lookup::IExact),
        ("contains", Lookup::Contains),
        ("icontains", Lookup::IContains),
        ("startswith", Lookup::StartsWith),
        ("istartswith", Lookup::IStartsWith),
        ("endswith", Lookup::EndsWith),
        ("iendswith", Lookup::IEndsWith),
        ("in", Lookup::In),
        ("range", Lookup::Range),
        ("isnull", Lookup::IsNull),
        ("gt", Lookup::Gt),
        ("gte", Lookup::Gte),
        ("lt", Lookup::Lt),
        ("lte", Lookup::Lte),
        ("regex", Lookup::Regex),
        ("iregex", Lookup::IRegex),
        ("has_key", Lookup::HasKey),
        ("has_keys", Lookup::HasKeys),
        ("has_any_keys", Lookup::HasAnyKeys),
        ("contained_by", Lookup::ContainedBy),
    ];

    /// The lookup of this name.
    pub fn named(name: &str) -> Option<Lookup> {
        Lookup::ALL.iter().find(|(known, _)| *known == name).map(|(_, lookup)| *lookup)
    }

    /// Whether something of this type may have such a lookup.
    pub(crate) fn is_of(self, data_type: Option<&DataType>) -> bool {
        let is_json = data_type.is_none_or(|data_type| *data_type == DataType::Json);
        let is_array = matches!(data_type, Some(DataType::Array(_)));
        match self {
            Lookup::HasKey | Lookup::HasKeys | Lookup::HasAnyKeys => is_json,
            Lookup::ContainedBy => is_json || is_array,
            _ => true,
        }
    }

    /// Its name in a keyword.
    pub fn name(self) -> &'static str {
        Lookup::ALL.iter().find(|(_, lookup)| *lookup == self).expect("every lookup is listed").0
    }
}

/// What a field is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// One expression.
    One(Expr),
    /// Many values: for `in`, and for the JSON lookups that take several keys.
    Many(Vec<Value>),
    /// Several expressions: the two of `range`, or those of an `in` that are not all values.
    Several(Vec<Expr>),
    /// The rows of a query, for `in`.
    Query(Box<Select>),
    /// A set of rows, for `in`.
    Keys(Box<KeySet>),
}

/// An [`Operand`] whose expressions have become SQL, except for values, which a lookup may want to look at.
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

/// What a condition comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It holds for every row.
    Everything,
    /// It holds for no row, so that no query is needed.
    Nothing,
    /// It is up to the row.
    Sql(Fragment),
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
