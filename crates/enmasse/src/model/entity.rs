//! A type whose rows can be read and written, and its values.

use enmasse_core::schema::ModelRef;
use enmasse_core::{Result, Value, ValueRef};

use crate::typed::columns::Path;

/// A type whose rows can be read and written: a model with `#[derive(Model)]`, or a [`Record`](crate::Record)
/// of a model known only at run time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Model)]` on the struct"
)]
pub trait Entity: Sized + Send + Sync + 'static {
    /// The argument of the closures of `filter`, `update` and similar methods.
    type Columns: Copy + Send + Sync + 'static;

    /// The columns at the end of a path over relations.
    fn columns(path: Path) -> Self::Columns;

    /// Builds an object from a row's values, in the order of the model's fields.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if a value is not of its field's type.
    fn from_row(model: &ModelRef, row: Vec<Value>) -> Result<Self>;

    /// The value of the field at this position; NULL for a key that the database will assign.
    fn value(&self, model: &ModelRef, field: usize) -> Value;

    /// The value of the field at this position for a bulk write, borrowed if possible.
    fn value_ref(&self, model: &ModelRef, field: usize) -> ValueRef<'_> {
        ValueRef::Owned(self.value(model, field))
    }

    /// Sets the field at this position: to a key from the database, the time of a write, or a default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the value is not of the field's type.
    fn set_value(&mut self, model: &ModelRef, field: usize, value: Value) -> Result<()>;

    /// Whether the object has a value for the field at this position.
    #[doc(hidden)]
    fn sets(&self, _field: usize) -> bool {
        true
    }
}

/// The values of all fields of an object.
pub(crate) fn row_of<M: Entity>(model: &ModelRef, object: &M) -> Vec<Value> {
    (0..model.fields.len()).map(|position| object.value(model, position)).collect()
}

/// The columns of a model: the argument of the closures of its queries.
pub type Columns<M> = <M as Entity>::Columns;
