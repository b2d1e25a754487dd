//! Django's lookups: how a field is compared.

use crate::query::{Expr, HostSql, KeySet, Select};
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
    /// The values that a query of the host's gives, for `in`. It stands by itself, and names no column of the query around it.
    Host(HostSql),
    /// The rows of a query, for `in`.
    Query(Box<Select>),
    /// A set of rows, for `in`.
    Keys(Box<KeySet>),
}
