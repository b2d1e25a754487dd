//! Models inside others: extended parents and flattened abstract models.

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::schema;
use enmasse_core::schema::ModelRef;
use enmasse_core::value::Value;

use crate::model::{Entity, Model};
use crate::query_set::manager::Manager;
use crate::typed::columns::Path;
use crate::typed::field_type::FieldType;
use enmasse_core::run::of_key;

/// A struct with `#[derive(Model)]` as a part of another one.
///
/// A model's row contains the values of its parts and its own values; each part starts at some position. Its
/// columns are generic over the columns that follow, and dereference to them, so one value has the columns of
/// all parts.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Model)]` on the struct"
)]
pub trait Embed: Entity {
    /// The number of its values.
    const WIDTH: usize;
    /// The number of its values in the primary key.
    const KEYS: usize;
    /// The position of the primary key, if it is a single value.
    const KEY: Option<usize>;
    /// Whether it, or a part of it, has `BulkUpdateMixin`.
    const MIXED_IN: bool;
    /// The same as a type.
    type MixedIn;
    /// Its columns, followed by `Rest`.
    type Chain<Rest: Tail>: Tail;

    fn chain<Rest: Tail>(path: Path, rest: Rest) -> Self::Chain<Rest>;

    fn read(row: &mut RowReader<'_>) -> Result<Self>;
}

/// A struct with `#[model(abstract)]`: columns for the tables of the models that flatten it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an abstract model",
    label = "cannot be flattened",
    note = "write `#[derive(Model)] #[model(abstract)]` on the struct; extend a model that has its own table: \
            `#[model(extends = …)]`"
)]
pub trait Abstract: Embed {
    /// The type of its primary key, or `Else` if it has none.
    type Key<Else>;
    /// The manager for models that flatten it, or `Else` if it has none.
    type Manager<M: Model, Else: Manager<Model = M>>: Manager<Model = M>;

    /// Adds its fields.
    fn define(model: schema::Model) -> schema::Model;
}

/// Columns that may follow others.
#[doc(hidden)]
pub trait Tail: Copy + Send + Sync + 'static {}

impl<T: Copy + Send + Sync + 'static> Tail for T {}

/// Columns that follow others.
#[doc(hidden)]
pub trait Following {}

/// Reads the values of a row one after the other.
#[doc(hidden)]
#[derive(Debug)]
pub struct RowReader<'m> {
    model: &'m ModelRef,
    row: Vec<Value>,
    /// The position of the next value.
    next: usize,
}

impl<'m> RowReader<'m> {
    pub fn new(model: &'m ModelRef, name: &str, width: usize, row: Vec<Value>) -> Result<Self> {
        if row.len() == width {
            return Ok(RowReader { model, row, next: 0 });
        }
        let text = format!("{name} has {width} fields, but the row has {} values.", row.len());
        Err(Error::new(ErrorKind::Value, text))
    }

    /// The next value, for a field with this name in errors.
    pub fn take<T: FieldType>(&mut self, name: &str) -> Result<T> {
        let position = self.next;
        self.next += 1;
        let value = match self.row.get_mut(position) {
            // A key stays in the row, because errors name it.
            Some(value @ (Value::Text(_) | Value::Bytes(_) | Value::Json(_) | Value::Array(_)))
                if !self.model.fields.get(position).is_some_and(|field| field.primary_key) =>
            {
                std::mem::replace(value, Value::Null)
            }
            Some(value) => value.clone(),
            None => Value::Null,
        };
        T::from_value(value).map_err(|error| {
            let key = of_key(self.model, |position| self.row.get(position));
            error.at(format_args!("{name}{key}"))
        })
    }

    /// Skips duplicate values: links to parents.
    pub fn skip(&mut self, values: usize) {
        self.next += values;
    }
}
