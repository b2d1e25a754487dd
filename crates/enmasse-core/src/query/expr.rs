//! Expressions: what a field is set to or compared with.

use std::borrow::Cow;
use std::fmt;

use crate::query::{Aggregate, Function, HostSql, Operator, Q, Select};
use crate::value::{DataType, Value};

/// Something that has a value for each row.
///
/// Expressions are data: they name fields and are given a model only when a statement is made of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expr {
    /// A field of the row, or of a row that its relations lead to: Django's `F`.
    Field(FieldPath),
    /// A field of the query around a subquery: Django's `OuterRef`.
    Outer(FieldPath),
    /// The value of a field that a bulk update carries for the row, where [`Field`](Expr::Field) is the stored one.
    New(FieldPath),
    /// A value, which takes the type of what it meets unless one is given.
    Value(Value, Option<DataType>),
    /// Arithmetic, or an operation on bits.
    Binary(Box<Expr>, Operator, Box<Expr>),
    /// A function of other expressions.
    Function(Function, Vec<Expr>),
    /// The first result whose condition holds: Django's `Case(When(...), default=...)`.
    Case {
        /// Conditions and their results, in order.
        whens: Vec<(Q, Expr)>,
        /// The result where none holds; NULL if there is none.
        default: Option<Box<Expr>>,
    },
    /// A value of another type.
    Cast(Box<Expr>, DataType),
    /// Whether a condition holds.
    Condition(Box<Q>),
    /// The one value that a query gives.
    Subquery(Box<Select>),
    /// One value of all rows; allowed in what a subquery selects.
    Aggregate {
        /// Which.
        function: Aggregate,
        /// Of what; `None` counts rows.
        of: Option<Box<Expr>>,
        /// Whether equal values count once.
        distinct: bool,
    },
    /// SQL that the host wrote, with parameters that only the host can read. It names columns of the query's own table by the table's name, so that it
    /// cannot stand in a query inside of another.
    Host {
        /// The SQL.
        sql: HostSql,
        /// The type of the result, where it is known.
        data_type: Option<DataType>,
    },
    /// SQL as it stands, with `{}` where the parts go: the way out, Django's `RawSQL`.
    Raw {
        /// The SQL; each `{}` is replaced by the next part.
        sql: String,
        /// The parts: values become parameters.
        parts: Vec<Expr>,
        /// The type of the result.
        data_type: DataType,
    },
}

impl Expr {
    /// The field that this path names: Django's `F("user__country")`.
    pub fn field(path: impl Into<FieldPath>) -> Self {
        Expr::Field(path.into())
    }

    /// A value.
    pub fn value(value: impl Into<Value>) -> Self {
        Expr::Value(value.into(), None)
    }

    /// Two expressions with an operator between them.
    #[must_use]
    pub fn binary(self, operator: Operator, other: impl Into<Expr>) -> Self {
        Expr::Binary(Box::new(self), operator, Box::new(other.into()))
    }
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        Expr::value(value)
    }
}

/// The names that lead to a field, over relations: `user`, `country`; transforms of it may follow.
///
/// ```
/// use enmasse_core::query::FieldPath;
///
/// assert_eq!(FieldPath::from("user__country").names(), ["user", "country"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Cow<'static, str>>);

impl FieldPath {
    /// A path of these names.
    pub fn new(names: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        FieldPath(names.into_iter().map(Into::into).collect())
    }

    /// The names.
    pub fn names(&self) -> &[Cow<'static, str>] {
        &self.0
    }
}

impl<T: AsRef<str>> From<T> for FieldPath {
    fn from(path: T) -> Self {
        FieldPath::new(path.as_ref().split("__").map(str::to_owned))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("__"))
    }
}
