//! Expressions: values that fields are set to or compared with.

use std::borrow::Cow;
use std::fmt;

use crate::query::{Aggregate, Function, HostSql, Operator, Q, Select};
use crate::value::{DataType, Value};

/// An expression with a value for each row.
///
/// Expressions are data: they name fields, and are resolved against a model only when a statement is built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expr {
    /// A field of the row, or of a related row: Django's `F`.
    Field(FieldPath),
    /// A field of the outer query of a subquery: Django's `OuterRef`.
    Outer(FieldPath),
    /// The value of a field in a bulk update's batch, in contrast to the stored [`Field`](Expr::Field).
    New(FieldPath),
    /// A value. Its type is the given one, or derived from its context.
    Value(Value, Option<DataType>),
    /// An arithmetic or bitwise operation.
    Binary(Box<Expr>, Operator, Box<Expr>),
    /// A function of other expressions.
    Function(Function, Vec<Expr>),
    /// The result of the first true condition: Django's `Case(When(...), default=...)`.
    Case {
        /// Conditions and their results, in order.
        whens: Vec<(Q, Expr)>,
        /// The result if no condition is true; NULL by default.
        default: Option<Box<Expr>>,
    },
    /// A value converted to another type.
    Cast(Box<Expr>, DataType),
    /// A condition as a value.
    Condition(Box<Q>),
    /// The single value of a query.
    Subquery(Box<Select>),
    /// An aggregate over all rows; allowed in the selection of a subquery.
    Aggregate {
        /// The aggregate function.
        function: Aggregate,
        /// The argument; `None` counts rows.
        of: Option<Box<Expr>>,
        /// Whether equal values count once.
        distinct: bool,
    },
    /// SQL of the host, with parameters that only the host can read. It names columns of the query's own table by
    /// the table's name, and is therefore refused in a subquery.
    Host {
        /// The SQL.
        sql: HostSql,
        /// The type of the result, if it is known.
        data_type: Option<DataType>,
    },
    /// Raw SQL with `{}` for the parts: Django's `RawSQL`.
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
    /// The field with this path: Django's `F("user__country")`.
    pub fn field(path: impl Into<FieldPath>) -> Self {
        Expr::Field(path.into())
    }

    /// A value.
    pub fn value(value: impl Into<Value>) -> Self {
        Expr::Value(value.into(), None)
    }

    /// Two expressions joined by an operator.
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

/// The path to a field over relations: `user`, `country`. Transforms may follow.
///
/// ```
/// use enmasse_core::query::FieldPath;
///
/// assert_eq!(FieldPath::from("user__country").names(), ["user", "country"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Cow<'static, str>>);

impl FieldPath {
    /// A path from names.
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
