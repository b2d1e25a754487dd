//! Conditions that can be combined: Django's `Q`.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use crate::query::{Expr, FieldPath, HostSql, Lookup, Operand, Select};
use crate::value::DataType;

/// A condition on the rows of a model.
///
/// `&`, `|`, `^` and `!` combine conditions as in Django.
///
/// ```
/// use enmasse_core::query::Q;
///
/// let premium = Q::named("country", "US") | Q::named("membership__in", vec!["Gold", "Premium"]);
/// let others = !premium;
/// # let _ = others;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Q {
    /// All are true; an empty list matches every row.
    And(Vec<Q>),
    /// At least one is true; an empty list matches every row, as an empty `Q()` in Django.
    Or(Vec<Q>),
    /// An odd number of them is true.
    Xor(Vec<Q>),
    /// False or unknown (NULL).
    Not(Box<Q>),
    /// A comparison.
    Compare {
        /// The left operand.
        left: Expr,
        /// The lookup.
        lookup: Lookup,
        /// The right operand.
        right: Operand,
    },
    /// A field, transforms and a lookup, all by name: `user__last_login__year__gte`.
    Named {
        /// The keyword.
        path: FieldPath,
        /// The right operand.
        right: Operand,
    },
    /// A query has rows.
    Exists(Box<Select>),
    /// A boolean expression.
    Expr(Box<Expr>),
}

impl Q {
    /// No condition: every row. Combined with another condition by `&`, `|` or `^`, the result is the other
    /// one, as with an empty `Q()` in Django.
    pub fn all() -> Self {
        Q::And(Vec::new())
    }

    /// A condition by a keyword of Django's `filter`: a field, relations, transforms and a lookup, separated
    /// by `__`.
    ///
    /// The names are checked against the model when the query is used.
    pub fn named(keyword: &str, right: impl Into<Operand>) -> Self {
        Q::Named { path: FieldPath::from(keyword), right: right.into() }
    }

    /// A condition in SQL of the host: see [`Expr::Host`].
    pub fn host(sql: HostSql) -> Self {
        Q::Expr(Box::new(Expr::Host { sql, data_type: Some(DataType::Bool) }))
    }

    /// The rows whose field is in the result of a query of the host: see [`Operand::Host`].
    pub fn among(field: impl Into<FieldPath>, query: HostSql) -> Self {
        Q::compare(Expr::Field(field.into()), Lookup::In, Operand::Host(query))
    }

    /// Whether it has no condition.
    fn is_empty(&self) -> bool {
        matches!(self, Q::And(parts) | Q::Or(parts) | Q::Xor(parts) if parts.is_empty())
    }

    /// A comparison of an expression.
    pub fn compare(left: impl Into<Expr>, lookup: Lookup, right: impl Into<Operand>) -> Self {
        Q::Compare { left: left.into(), lookup, right: right.into() }
    }
}

impl<T: Into<Expr>> From<T> for Operand {
    fn from(one: T) -> Self {
        Operand::One(one.into())
    }
}

impl<T: Into<crate::Value>> From<Vec<T>> for Operand {
    fn from(many: Vec<T>) -> Self {
        Operand::Many(many.into_iter().map(Into::into).collect())
    }
}

impl BitAnd for Q {
    type Output = Q;

    fn bitand(self, other: Q) -> Q {
        match self {
            first if first.is_empty() => other,
            first if other.is_empty() => first,
            Q::And(mut parts) => {
                parts.push(other);
                Q::And(parts)
            }
            first => Q::And(vec![first, other]),
        }
    }
}

impl BitOr for Q {
    type Output = Q;

    fn bitor(self, other: Q) -> Q {
        match self {
            first if first.is_empty() => other,
            first if other.is_empty() => first,
            Q::Or(mut parts) => {
                parts.push(other);
                Q::Or(parts)
            }
            first => Q::Or(vec![first, other]),
        }
    }
}

impl BitXor for Q {
    type Output = Q;

    fn bitxor(self, other: Q) -> Q {
        match self {
            first if first.is_empty() => other,
            first if other.is_empty() => first,
            Q::Xor(mut parts) => {
                parts.push(other);
                Q::Xor(parts)
            }
            first => Q::Xor(vec![first, other]),
        }
    }
}

impl Not for Q {
    type Output = Q;

    fn not(self) -> Q {
        Q::Not(Box::new(self))
    }
}
