//! Django's field lookups.

use enmasse_core::query;
use enmasse_core::query::Lookup;
use enmasse_core::query::Q;

use crate::typed::Expression;
use crate::typed::family::{Contains, Json, Ordered, Text};
use crate::typed::operand::{Bounds, InList, Operand};

/// Django's field lookups, as methods of columns and expressions.
///
/// Each returns a [`Q`]; combine these by `&`, `|`, `^` and `!`. A lookup that makes no sense for the type
/// does not compile.
///
/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// struct Person {
///     #[model(primary_key)]
///     id: i64,
///     name: String,
///     country: Option<String>,
///     born: NaiveDate,
/// }
///
/// fn wanted(p: Columns<Person>) -> Q {
///     let grown_up = p.born.year().lte(2006);
///     let known = p.name.istarts_with("a") | p.country.in_(["US", "CA"]);
///     grown_up & known & !p.name.eq("Ada")
/// }
/// # let _ = wanted;
/// ```
pub trait Lookups: Expression {
    /// Equal (`exact`). `None` means NULL.
    fn eq<V: Operand<Self::Base>>(self, value: V) -> Q {
        Q::compare(self.into_expr(), Lookup::Exact, value.into_operand())
    }

    /// Not equal, as Django's `exclude`: a NULL field is not equal to a value.
    fn ne<V: Operand<Self::Base>>(self, value: V) -> Q {
        !self.eq(value)
    }

    /// Equal, ignoring case.
    fn iexact<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::IExact, text)
    }

    /// Contains this text, or for JSON this document.
    fn contains<V>(self, part: V) -> Q
    where
        Self::Base: Contains,
        V: Operand<<Self::Base as Contains>::Part>,
    {
        Q::compare(self.into_expr(), Lookup::Contains, part.into_operand())
    }

    /// Contains this text, ignoring case.
    fn icontains<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::IContains, text)
    }

    /// Starts with this text (`startswith`).
    fn starts_with<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::StartsWith, text)
    }

    /// Starts with this text, ignoring case (`istartswith`).
    fn istarts_with<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::IStartsWith, text)
    }

    /// Ends with this text (`endswith`).
    fn ends_with<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::EndsWith, text)
    }

    /// Ends with this text, ignoring case (`iendswith`).
    fn iends_with<V: Operand<String>>(self, text: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::IEndsWith, text)
    }

    /// Matches a regular expression of the database.
    fn regex<V: Operand<String>>(self, pattern: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::Regex, pattern)
    }

    /// Matches a regular expression of the database, ignoring case.
    fn iregex<V: Operand<String>>(self, pattern: V) -> Q
    where
        Self::Base: Text,
    {
        compare(self, Lookup::IRegex, pattern)
    }

    /// Is one of these (`in`): values, expressions, or the rows of a query. NULLs in the list are ignored; an
    /// empty list matches no row.
    fn in_<L: InList<Self::Base>>(self, list: L) -> Q {
        Q::Compare { left: self.into_expr(), lookup: Lookup::In, right: list.into_list() }
    }

    /// Is within these bounds, inclusive: `range(1..=10)`.
    fn range<R>(self, bounds: R) -> Q
    where
        Self::Base: Ordered,
        R: Bounds<Self::Base>,
    {
        let right = query::Operand::Several(bounds.into_bounds().into());
        Q::Compare { left: self.into_expr(), lookup: Lookup::Range, right }
    }

    /// Is NULL, or with `false` is not NULL (`isnull`).
    #[allow(clippy::wrong_self_convention)]
    fn is_null(self, null: bool) -> Q {
        Q::compare(self.into_expr(), Lookup::IsNull, null)
    }

    /// Greater.
    fn gt<V: Operand<Self::Base>>(self, value: V) -> Q
    where
        Self::Base: Ordered,
    {
        Q::compare(self.into_expr(), Lookup::Gt, value.into_operand())
    }

    /// Greater or equal.
    fn gte<V: Operand<Self::Base>>(self, value: V) -> Q
    where
        Self::Base: Ordered,
    {
        Q::compare(self.into_expr(), Lookup::Gte, value.into_operand())
    }

    /// Less.
    fn lt<V: Operand<Self::Base>>(self, value: V) -> Q
    where
        Self::Base: Ordered,
    {
        Q::compare(self.into_expr(), Lookup::Lt, value.into_operand())
    }

    /// Less or equal.
    fn lte<V: Operand<Self::Base>>(self, value: V) -> Q
    where
        Self::Base: Ordered,
    {
        Q::compare(self.into_expr(), Lookup::Lte, value.into_operand())
    }

    /// JSON: has this key.
    fn has_key<V: Operand<String>>(self, key: V) -> Q
    where
        Self::Base: Json,
    {
        compare(self, Lookup::HasKey, key)
    }

    /// JSON: has all of these keys.
    fn has_keys<L: InList<String>>(self, keys: L) -> Q
    where
        Self::Base: Json,
    {
        Q::Compare { left: self.into_expr(), lookup: Lookup::HasKeys, right: keys.into_list() }
    }

    /// JSON: has one of these keys.
    fn has_any_keys<L: InList<String>>(self, keys: L) -> Q
    where
        Self::Base: Json,
    {
        Q::Compare { left: self.into_expr(), lookup: Lookup::HasAnyKeys, right: keys.into_list() }
    }

    /// JSON: is part of this document.
    fn contained_by<V: Operand<Self::Base>>(self, document: V) -> Q
    where
        Self::Base: Json,
    {
        Q::compare(self.into_expr(), Lookup::ContainedBy, document.into_operand())
    }
}

impl<E: Expression> Lookups for E {}

fn compare(left: impl Expression, lookup: Lookup, text: impl Operand<String>) -> Q {
    Q::compare(left.into_expr(), lookup, text.into_operand())
}
