//! What a host is told while a batch is written.

use std::fmt;

use crate::error::Result;
use crate::run::Row;
use crate::value::Value;

/// Takes rows one after the other; an error ends the run.
pub type RowSink<T> = Box<dyn FnMut(T) -> Result<()> + Send>;

/// What a host is told while a batch is written.
#[derive(Default)]
pub struct Callbacks {
    /// Called with how far the run is.
    pub progress: Option<Box<dyn FnMut(Progress) + Send>>,
    /// Called with what the batch carries of each row that matches none: for each field of the model its value, where there is one.
    pub missing: Option<RowSink<Vec<Option<Value>>>>,
    /// Called with each row that was changed, as it was and as it is.
    pub changes: Option<RowSink<Row>>,
}

/// How far a bulk update is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of rows that have been sent to the database.
    pub staged: u64,
    /// The number of rows that have been matched and written; where the database writes all of them in one statement, 0 until it is done.
    pub written: u64,
    /// The number of rows in all, where that is known beforehand.
    pub total: Option<u64>,
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}
