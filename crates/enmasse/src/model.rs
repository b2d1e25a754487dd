//! The traits of models.

use enmasse_core::schema;
use enmasse_core::schema::ModelRef;
use enmasse_core::{Result, Value, ValueRef};

use crate::columns::Path;
use crate::manager::Manager;
use crate::registry;

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

/// A struct that is a model, implemented by `#[derive(Model)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Model)]` on the struct"
)]
pub trait Model: Entity {
    /// The type of the primary key; a tuple for a composite key.
    type Key;

    /// The return type of [`objects`](crate::Objects::objects): by default a [`QuerySet`](crate::QuerySet).
    type Manager: Manager<Model = Self>;

    /// The model as data: its table and its fields.
    fn definition() -> schema::Model;

    /// A unique identifier of the model in the program: the full name of its type.
    fn label() -> &'static str {
        std::any::type_name::<Self>()
    }

    /// The model, resolved among all derived models of the program.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the models do not fit together, for
    /// example if two relations to a model have the same name.
    ///
    /// ```
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model)]
    /// #[model(table = "countries")]
    /// struct Country {
    ///     #[model(primary_key, max_length = 2)]
    ///     code: String,
    ///     name: String,
    /// }
    ///
    /// let model = Country::model()?;
    /// assert_eq!((model.name.as_str(), model.table.as_str()), ("Country", "countries"));
    /// # Ok::<(), enmasse::Error>(())
    /// ```
    fn model() -> Result<ModelRef> {
        registry::schema()?.model(Self::label())
    }
}

/// The columns of a model: the argument of the closures of its queries.
pub type Columns<M> = <M as Entity>::Columns;
