//! The rows of a bulk update between the program and the database.

mod feed;
mod source;

#[doc(hidden)]
pub use enmasse_core::plan::Strategy;
pub(crate) use enmasse_core::run::Callbacks;
pub use enmasse_core::run::Progress;
pub use source::{IntoRows, kind};

pub(crate) use feed::{Feed, RowFeed, ValuesFeed};
pub(crate) use source::Source;

use enmasse_core::schema::ModelRef;
use enmasse_core::{Result, Value, ValueRef};

use crate::model::{Entity, row_of};

/// An object with values for a row of `M`.
#[doc(hidden)]
pub trait Carrier: Send + Sync + 'static {
    /// The value of the field at this position.
    fn carried(&self, model: &ModelRef, field: usize) -> ValueRef<'_>;

    /// A bit mask of these fields, lowest bit first: whether the object sets the field.
    fn mask(&self, _fields: &[usize]) -> i64 {
        -1
    }

    /// The values of all fields, if the object has them.
    fn row(&self, _model: &ModelRef) -> Option<Vec<Value>> {
        None
    }

    /// Creates an object from the values of all fields.
    fn of_row(_model: &ModelRef, _row: Vec<Value>) -> Result<Option<Self>>
    where
        Self: Sized,
    {
        Ok(None)
    }
}

impl<M: Entity> Carrier for M {
    fn carried(&self, model: &ModelRef, field: usize) -> ValueRef<'_> {
        self.value_ref(model, field)
    }

    fn mask(&self, fields: &[usize]) -> i64 {
        let bits = fields.iter().enumerate().filter(|(_, field)| self.sets(**field));
        bits.map(|(bit, _)| 1 << bit).sum()
    }

    fn row(&self, model: &ModelRef) -> Option<Vec<Value>> {
        Some(row_of(model, self))
    }

    fn of_row(model: &ModelRef, row: Vec<Value>) -> Result<Option<Self>> {
        M::from_row(model, row).map(Some)
    }
}
