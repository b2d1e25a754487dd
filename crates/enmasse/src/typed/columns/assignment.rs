//! The assignments of an update.

pub use enmasse_core::plan::Assignment;

/// The result of an update's closure: one [`Assignment`], a tuple of up to 16, an array or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what an update sets",
    label = "expected `column.set(value)`, or several in a tuple",
    note = "for example `|u| u.is_active.set(false)` or `|u| (u.is_active.set(false), u.points.increment(100))`"
)]
pub trait Assignments {
    /// The assignments, in order.
    fn assignments(self) -> Vec<Assignment>;
}

impl Assignments for Assignment {
    fn assignments(self) -> Vec<Assignment> {
        vec![self]
    }
}

impl Assignments for Vec<Assignment> {
    fn assignments(self) -> Vec<Assignment> {
        self
    }
}

impl<const N: usize> Assignments for [Assignment; N] {
    fn assignments(self) -> Vec<Assignment> {
        self.into()
    }
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<$first: Assignments, $($rest: Assignments),*> Assignments for ($first, $($rest,)*) {
            fn assignments(self) -> Vec<Assignment> {
                #[allow(non_snake_case)]
                let ($first, $($rest,)*) = self;
                let mut all = Vec::new();
                all.extend($first.assignments());
                $( all.extend($rest.assignments()); )*
                all
            }
        }

        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L M N O P);
