//! Who is told, while a bulk update runs, what it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use enmasse_core::Value;
use enmasse_core::error::Result;

use crate::backend::Row;
use crate::batch::Progress;

/// Takes rows one after the other; an error ends the whole.
type RowSink<T> = Box<dyn FnMut(T) -> Result<()> + Send>;

/// Who is told, while a bulk update runs, what it does.
#[derive(Default)]
pub(crate) struct Listeners {
    /// Hears how far it is.
    pub progress: Option<Box<dyn FnMut(Progress) + Send>>,
    /// Is given what the batch carries of each row that matches none: for each field of the model its value, where there is one.
    pub missing: Option<RowSink<Vec<Option<Value>>>>,
    /// Is given each row that was changed, as it was and as it is.
    pub changes: Option<RowSink<Row>>,
    /// Whether rows have been given to one of these two. Then the write is not tried again: whoever took them would be given them twice.
    pub have_told: Arc<AtomicBool>,
}

impl Listeners {
    /// Whether rows have been given away.
    pub fn have_told(&self) -> bool {
        self.have_told.load(Ordering::Relaxed)
    }
}
