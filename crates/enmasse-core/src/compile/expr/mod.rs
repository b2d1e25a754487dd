//! Expressions as SQL. One file a family.

mod arithmetic;
mod assign;
mod call;
mod literal;
mod types;

pub use arithmetic::{binary, cast};
pub use call::{aggregate, case, function, transform};
pub use literal::literal;

pub(crate) use assign::for_column;
pub(crate) use call::{is_transform, transforms};
pub(crate) use types::aligned;
