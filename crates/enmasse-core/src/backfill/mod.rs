//! An update in chunks: a range of keys at a time, each in a transaction of its own, with the place that was reached written in the same
//! transaction.
//!
//! ```sql
//! UPDATE enmasse_run SET epoch = epoch + 1, owner = … WHERE run = …;       -- take over: waits for a chunk that is still in flight
//! BEGIN;
//! SELECT … FROM enmasse_run WHERE run = … FOR UPDATE;                       -- the first lock; another epoch: roll back, and end
//! SELECT id FROM t WHERE id > last AND id <= upper ORDER BY id LIMIT 1 OFFSET n - 1;
//! UPDATE t SET … WHERE <filter> AND id > last AND id <= hi;
//! UPDATE enmasse_run SET last_key = hi, … WHERE run = … AND epoch = …;
//! COMMIT;
//! ```
//!
//! A client that dies leaves the chunk's rows and its place both written or both not, so that each row is written exactly once, even where
//! the update reads what it sets (`points = points + 1`).
//!
//! Chunks are ranges of the keys that are scanned, and not of the rows that match: a chunk of "the first 1,000 that match" reads the whole table
//! where few match. The last key is fixed at the start.
//!
//! Nothing here has a clock: [`Pace`] and [`judge`] are given what was measured.

mod key;
mod limits;
mod pace;
mod range;
mod runs;
mod spec;

pub use key::{read_key, refuse_key, write_key};
pub use limits::{Limit, Seen, Verdict, judge};
pub use pace::{Observed, Pace, Settings};
pub use range::{Chunks, KeyRange};
pub use runs::{Checkpoint, RUN_COLUMNS, RunRow, RunTable, State, Wish, check_name};
pub use spec::Spec;
