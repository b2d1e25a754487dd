//! The objects of a write while `pre_save` may still change them.

use std::sync::{Arc, Mutex, PoisonError};

use enmasse_core::error::Result;
use enmasse_core::schema::ModelRef;

use crate::backend::Row;
use crate::model::{Entity, row_of};

/// Objects that provide their values.
pub(crate) trait AsRows: Send + Sync {
    fn as_rows(&self, model: &ModelRef) -> Vec<Row>;
}

impl<M: Entity> AsRows for Vec<M> {
    fn as_rows(&self, model: &ModelRef) -> Vec<Row> {
        self.iter().map(|object| row_of(model, object)).collect()
    }
}

impl AsRows for Vec<Row> {
    fn as_rows(&self, _: &ModelRef) -> Vec<Row> {
        self.clone()
    }
}

/// The objects of a write.
#[derive(Clone)]
pub(crate) struct Objects {
    given: Arc<dyn AsRows>,
    /// The objects with the receivers' changes.
    edited: Arc<Mutex<Option<Vec<Row>>>>,
}

impl Objects {
    pub fn new(given: Arc<dyn AsRows>) -> Self {
        Objects { given, edited: Arc::default() }
    }

    /// The current objects.
    pub fn rows(&self, model: &ModelRef) -> Vec<Row> {
        let edited = self.edited.lock().unwrap_or_else(PoisonError::into_inner);
        edited.clone().unwrap_or_else(|| self.given.as_rows(model))
    }

    /// The objects, if a receiver has changed them.
    pub fn edited(&self) -> Option<Vec<Row>> {
        self.edited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes each object.
    pub fn edit<M: Entity>(&self, model: &ModelRef, mut edit: impl FnMut(&mut M)) -> Result<()> {
        let changed = self.rows(model).into_iter().map(|row| {
            let mut object = M::from_row(model, row)?;
            edit(&mut object);
            Ok(row_of(model, &object))
        });
        let changed = changed.collect::<Result<_>>()?;
        *self.edited.lock().unwrap_or_else(PoisonError::into_inner) = Some(changed);
        Ok(())
    }
}
