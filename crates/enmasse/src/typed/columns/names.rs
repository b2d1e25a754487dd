//! Lists of fields, and sort orders.

use enmasse_core::query::Order;
use enmasse_core::query::{Expr, FieldPath};

use crate::typed::columns::{Column, NamedColumn};
use crate::typed::{Expression, Typed};

/// Fields of a model: columns, or names.
///
/// A column, a tuple of up to 32, an array or a `Vec` of columns, of names or of [`FieldPath`]s.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name fields",
    label = "expected a column, a tuple of columns, or names such as `[\"level\", \"name\"]`"
)]
pub trait FieldNames {
    /// The names, in order.
    fn field_names(self) -> Vec<FieldPath>;
}

impl FieldNames for FieldPath {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self]
    }
}

impl FieldNames for &str {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self.into()]
    }
}

impl FieldNames for String {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self.into()]
    }
}

impl FieldNames for &String {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self.into()]
    }
}

impl<T> FieldNames for Column<T> {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self.path()]
    }
}

impl FieldNames for NamedColumn {
    fn field_names(self) -> Vec<FieldPath> {
        vec![self.path()]
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldNames, const N: usize> FieldNames for [T; N] {
    fn field_names(self) -> Vec<FieldPath> {
        self.into_iter().flat_map(T::field_names).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldNames> FieldNames for Vec<T> {
    fn field_names(self) -> Vec<FieldPath> {
        self.into_iter().flat_map(T::field_names).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldNames + Clone> FieldNames for &[T] {
    fn field_names(self) -> Vec<FieldPath> {
        self.iter().cloned().flat_map(T::field_names).collect()
    }
}

/// A sort order: a column (ascending), `column.asc()`, `column.desc()`, a name (`"-created"` for descending),
/// a tuple of up to 32, an array or a `Vec` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something to order by",
    label = "expected a column, `column.desc()`, a name such as `\"-created\"`, or several in a tuple"
)]
pub trait IntoOrder {
    /// The parts of the order, the most significant first.
    fn orders(self) -> Vec<Order>;
}

impl IntoOrder for Order {
    fn orders(self) -> Vec<Order> {
        vec![self]
    }
}

impl IntoOrder for &str {
    fn orders(self) -> Vec<Order> {
        let (name, descending) = match self.strip_prefix('-') {
            Some(name) => (name, true),
            None => (self, false),
        };
        vec![Order { by: Expr::field(name), descending }]
    }
}

impl IntoOrder for String {
    fn orders(self) -> Vec<Order> {
        self.as_str().orders()
    }
}

impl<T> IntoOrder for Column<T> {
    fn orders(self) -> Vec<Order> {
        vec![Order { by: self.into(), descending: false }]
    }
}

impl IntoOrder for NamedColumn {
    fn orders(self) -> Vec<Order> {
        vec![self.asc()]
    }
}

impl<B> IntoOrder for Typed<B> {
    fn orders(self) -> Vec<Order> {
        vec![self.asc()]
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoOrder, const N: usize> IntoOrder for [T; N] {
    fn orders(self) -> Vec<Order> {
        self.into_iter().flat_map(T::orders).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoOrder> IntoOrder for Vec<T> {
    fn orders(self) -> Vec<Order> {
        self.into_iter().flat_map(T::orders).collect()
    }
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<$first: FieldNames, $($rest: FieldNames),*> FieldNames for ($first, $($rest,)*) {
            fn field_names(self) -> Vec<FieldPath> {
                #[allow(non_snake_case)]
                let ($first, $($rest,)*) = self;
                let mut all = Vec::new();
                all.extend($first.field_names());
                $( all.extend($rest.field_names()); )*
                all
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$first: IntoOrder, $($rest: IntoOrder),*> IntoOrder for ($first, $($rest,)*) {
            fn orders(self) -> Vec<Order> {
                #[allow(non_snake_case)]
                let ($first, $($rest,)*) = self;
                let mut all = Vec::new();
                all.extend($first.orders());
                $( all.extend($rest.orders()); )*
                all
            }
        }

        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z A1 B1 C1 D1 E1 F1);
