//! Enums as fields.

use enmasse_core::Value;

use crate::typed::field_type::FieldType;

/// An enum whose variants are the only values of a field, implemented by `#[derive(Choices)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an enum of choices",
    note = "write `#[derive(Choices)]` on the enum"
)]
pub trait Choices: FieldType<Base = Self> {
    /// Every variant, in order.
    fn all() -> &'static [Self];

    /// The variants' values in the database, in order.
    fn values() -> Vec<Value> {
        Self::all().iter().map(Self::to_value).collect()
    }
}
