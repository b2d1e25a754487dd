//! Columns by name, for models known only at run time.

use enmasse_core::query::{Expr, FieldPath};

use crate::typed::columns::{Assignment, Path};
use crate::typed::family::Untyped;
use crate::typed::operand::{Fits, NeverNull, Operand};
use crate::typed::{Expression, Typed};

/// The columns of a model known only at run time: the argument of the closures of a query of
/// [`Record`](crate::Record)s.
///
/// ```
/// use enmasse::prelude::*;
/// use enmasse::{NamedColumns, Path};
///
/// fn in_us(row: NamedColumns) -> Q {
///     row.col("user__country").eq("US") & row.col("points").gt(100)
/// }
/// # in_us(NamedColumns::new(Path::root()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NamedColumns {
    path: Path,
}

impl NamedColumns {
    /// The columns at the end of a path.
    pub const fn new(path: Path) -> Self {
        NamedColumns { path }
    }

    /// The column with this name; `__` separates the names of relations, transforms and keys of JSON
    /// documents.
    ///
    /// The name is checked against the model when a statement is built.
    pub fn col(self, name: &str) -> NamedColumn {
        NamedColumn { path: self.path.named(name), root: self.path }
    }
}

/// A field by name: Django's `F("user__country")`.
///
/// An [`Expression`] of unknown type, so that every lookup and function can be used on it, with any value.
/// The name and its use are checked when a statement is built.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedColumn {
    path: FieldPath,
    root: Path,
}

/// A field by name: Django's `F`.
///
/// ```
/// use enmasse::prelude::*;
///
/// let bonus = F("points") * 2 + 10;
/// let rich = F("user__points").gt(1_000);
/// # let _ = (bonus, rich);
/// ```
#[allow(non_snake_case)]
pub fn F(name: impl Into<FieldPath>) -> NamedColumn {
    NamedColumn { path: name.into(), root: Path::root() }
}

impl NamedColumn {
    /// The names on the path to the field.
    pub fn path(self) -> FieldPath {
        self.path
    }

    /// Sets the field to a value or an expression, in an update.
    pub fn set(self, value: impl Operand<Untyped>) -> Assignment {
        Assignment { field: self.path, value: value.into_operand() }
    }

    /// Adds to the field, in an update.
    pub fn increment(self, by: impl Operand<Untyped>) -> Assignment {
        Assignment { field: self.path.clone(), value: self.plus(by).into_expr() }
    }

    /// Subtracts from the field, in an update.
    pub fn decrement(self, by: impl Operand<Untyped>) -> Assignment {
        Assignment { field: self.path.clone(), value: self.minus(by).into_expr() }
    }

    /// The field of the outer query of a subquery: Django's `OuterRef`.
    pub fn outer(self) -> Typed<Untyped> {
        Typed::new(Expr::Outer(self.path))
    }
}

impl Expression for NamedColumn {
    type Base = Untyped;

    fn into_expr(self) -> Expr {
        self.root.expr(self.path)
    }
}

#[diagnostic::do_not_recommend]
impl<B> Operand<B> for NamedColumn
where
    Untyped: Fits<B>,
{
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        self.into_expr()
    }
}

impl From<NamedColumn> for Expr {
    fn from(column: NamedColumn) -> Self {
        column.into_expr()
    }
}
