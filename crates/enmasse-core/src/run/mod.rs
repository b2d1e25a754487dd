//! Runs a plan without I/O: [`Run`] says what is to be done next, and the host says what came of it.
//!
//! ```text
//! host                                   Run
//!   next(Answer::Begin)            ->      Ask::Query(statement, columns)
//!   (runs it)  next(Answer::Rows)  ->      Ask::MoreRows
//!   (encodes)  next(Answer::Done)  ->      Ask::Execute(statement)
//!   …                              ->      Ask::Finished(outcome)
//! ```
//!
//! What a step counts for, when missing keys are asked for, whether a plan needs a transaction and how often it is tried again is decided
//! here, once for all hosts. A host has a connection, and nothing to decide.

mod ask;
mod batch;
mod callbacks;
mod chunk;
mod each_row;
mod machine;
mod outcome;
mod retry;
mod statement;
mod unread;

pub use ask::{Affected, Answer, Ask};
pub use batch::{Batch, Next};
pub use callbacks::{Callbacks, Progress, RowSink};
pub use each_row::{EachRowRun, RowHost, RowsWritten, Which};
pub use machine::{Run, stands_alone};
pub use outcome::Outcome;
pub use retry::Tries;
pub use unread::{in_fields, in_rows_of, load_row, named, of_key};

use crate::value::Value;

/// One row, each value as [`Dialect::load`](crate::dialect::Dialect::load) made it.
pub type Row = Vec<Value>;
