//! What a model is to the rest of the crate.

pub(crate) mod embed;
pub(crate) mod mixin;
pub(crate) mod record;
pub(crate) mod registry;

use enmasse_core::schema;
use enmasse_core::schema::ModelRef;
use enmasse_core::{Result, Value, ValueRef};

use crate::query_set::manager::Manager;
use crate::typed::columns::Path;

/// Anything whose rows can be read and written: a model with `#[derive(Model)]`, or a [`Record`](crate::Record) of a model that is
/// known only at run time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Model)]` on the struct"
)]
pub trait Entity: Sized + Send + Sync + 'static {
    /// What the closures of `filter`, `update` and their like are given.
    type Columns: Copy + Send + Sync + 'static;

    /// The columns at the end of a path over relations.
    fn columns(path: Path) -> Self::Columns;

    /// An object of a row's values, in the order of the model's fields.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) where a value is not of its field's type.
    fn from_row(model: &ModelRef, row: Vec<Value>) -> Result<Self>;

    /// The value of the field at this position; NULL for a key that the database is to give.
    fn value(&self, model: &ModelRef, field: usize) -> Value;

    /// The value of the field at this position, borrowed where it can be: as it is written in bulk.
    fn value_ref(&self, model: &ModelRef, field: usize) -> ValueRef<'_> {
        ValueRef::Owned(self.value(model, field))
    }

    /// Sets the field at this position: a key that the database gave, the time of a write, a default.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) where the value is not of the field's type.
    fn set_value(&mut self, model: &ModelRef, field: usize, value: Value) -> Result<()>;

    /// Whether it says anything of the field at this position.
    #[doc(hidden)]
    fn sets(&self, _field: usize) -> bool {
        true
    }
}

/// A struct that is a model: made by `#[derive(Model)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Model)]` on the struct"
)]
pub trait Model: Entity {
    /// The type of the primary key; a tuple where it is composite.
    type Key;

    /// What [`objects`](crate::Objects::objects) gives: by default a [`QuerySet`](crate::QuerySet).
    type Manager: Manager<Model = Self>;

    /// The model as data: its table and its fields.
    fn definition() -> schema::Model;

    /// What tells the model from every other of the program: the full name of its type.
    fn label() -> &'static str {
        std::any::type_name::<Self>()
    }

    /// The model among all derived models of the program.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) where the models do not fit together, for example where two relations to a model have one name.
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

/// The columns of a model: what the closures of its queries are given.
pub type Columns<M> = <M as Entity>::Columns;
