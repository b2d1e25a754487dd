//! The traits of models.

pub(crate) mod embed;
mod entity;
pub(crate) mod mixin;
pub(crate) mod record;
pub(crate) mod registry;

use enmasse_core::Result;
use enmasse_core::schema;
use enmasse_core::schema::ModelRef;

use crate::query_set::manager::Manager;

pub(crate) use entity::row_of;
pub use entity::{Columns, Entity};

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
