//! Conditions that can be put together: Django's `Q`.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use crate::query::{Expr, FieldPath, HostSql, Lookup, Operand, Select};
use crate::value::DataType;

/// A condition on the rows of a model.
///
/// `&`, `|`, `^` and `!` put conditions together as in Django.
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
    /// All of these hold; with none, every row.
    And(Vec<Q>),
    /// One of these holds; with none, every row, as an empty `Q()` in Django.
    Or(Vec<Q>),
    /// An odd number of these hold.
    Xor(Vec<Q>),
    /// This does not hold, or is not known to.
    Not(Box<Q>),
    /// An expression is compared.
    Compare {
        /// What is compared.
        left: Expr,
        /// How.
        lookup: Lookup,
        /// With what.
        right: Operand,
    },
    /// A field, transforms and a lookup, all by name: `user__last_login__year__gte`.
    Named {
        /// The keyword.
        path: FieldPath,
        /// What it is compared with.
        right: Operand,
    },
    /// A query has rows.
    Exists(Box<Select>),
    /// An expression that is true or false.
    Expr(Box<Expr>),
}

impl Q {
    /// No condition: every row. Put together with another by `&`, `|` or `^` it is the other, as an empty `Q()` in Django.
    pub fn all() -> Self {
        Q::And(Vec::new())
    }

    /// A condition by name, as a keyword of Django's `filter`: a field, hops, transforms and a lookup, with `__` between.
    ///
    /// The names are checked against the model when the query is used.
    pub fn named(keyword: &str, right: impl Into<Operand>) -> Self {
        Q::Named { path: FieldPath::from(keyword), right: right.into() }
    }

    /// A condition that the host wrote: see [`Expr::Host`].
    pub fn host(sql: HostSql) -> Self {
        Q::Expr(Box::new(Expr::Host { sql, data_type: Some(DataType::Bool) }))
    }

    /// The rows whose field is among the values that a query of the host's gives: see [`Operand::Host`].
    pub fn among(field: impl Into<FieldPath>, query: HostSql) -> Self {
        Q::compare(Expr::Field(field.into()), Lookup::In, Operand::Host(query))
    }

    /// Whether it asks for nothing.
    fn is_empty(&self) -> bool {
        matches!(self, Q::And(parts) | Q::Or(parts) | Q::Xor(parts) if parts.is_empty())
    }

    /// An expression compared.
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
