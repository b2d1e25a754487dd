//! The ways of carrying the rows of a bulk update to the database: one file each.

mod account;
pub(super) mod arrays;
mod bulk_execute;
mod cases;
mod copy;
mod inserts;
mod load_data;
mod prepared_loop;
mod settings;
pub(super) mod staging;
mod values;

pub use account::COUNTS;

use crate::dialect::{Capability, Dialect};
use crate::encode::Duplicates;
use crate::error::{Error, Result};
use crate::plan::bulk::{Job, Missing, Returning};
use crate::plan::strategy::staging::Staging;
use crate::plan::{Step, chain};

/// A way of carrying the rows of a bulk update to the database.
///
/// Each update takes the one that was measured to be best; to name one is for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// One prepared statement, run for each row.
    PreparedLoop,
    /// One array for each column, in one statement for many rows.
    Arrays,
    /// Binary `COPY` into a temporary table.
    Copy,
    /// Arrays that are put into a temporary table, where nothing can be copied.
    StagedArrays,
    /// `LOAD DATA LOCAL` into a temporary table.
    LoadData,
    /// Inserts of many rows into a temporary table.
    StagedInserts,
    /// One prepared statement, sent once with the parameters of many rows.
    BulkExecute,
    /// A list of rows in the statement itself: no temporary table.
    Values,
    /// A `CASE` for each field, with the values of all rows.
    Cases,
}

/// Makes the steps of a bulk update.
pub(crate) type Steps = fn(&dyn Dialect, &Job<'_>) -> Result<Vec<Step>>;

/// Up to so many rows, arrays are faster than a copy into a temporary table, which has to be made first.
const ARRAYS: u64 = 5_000;

/// Up to so many rows, one statement with cases is used: ten rows take 1.5 times what they take by hand, where a bulk execution in a transaction
/// took 1.8 to 2.0. What it costs grows with the square of the rows.
const CASES: u64 = 25;

/// Up to so many rows, one statement sent with all of them is faster than a temporary table.
const BULK: u64 = 100;

/// Up to so many rows, a list in the statement is.
const VALUES: u64 = 50;

/// The best way for a batch, by what was measured: milliseconds a batch of six columns into a table of 100,000 rows, PostgreSQL 15 and
/// MariaDB 10.11 on a loaded machine of two cores, where differences below a fifth mean nothing.
///
/// | rows | 10 | 100 | 1,000 | 10,000 |
/// | --- | --- | --- | --- | --- |
/// | PostgreSQL: arrays, one statement that locks | **0.9** | 2.8 | 22 | 156 |
/// | arrays, sorted, in a transaction with settings | 1.2 | **2.6** | **16** | 89 |
/// | COPY | 2.4 | 4.5 | 20 | **87** |
/// | MariaDB: bulk execution | **0.8** | **2.5** | 43 | – |
/// | a typed list | 1.2 | 3.6 | 64 | – |
/// | temporary table, inserts | 1.3 | 3.5 | 52 | – |
/// | temporary table, LOAD DATA | 1.3 | 2.8 | **28** | – |
///
/// Where the key is not one integer, the rows of a bulk execution would be locked in the order in which they come.
pub(crate) fn choose(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Steps> {
    if job.is_of_chain() || job.is_staged(dialect) {
        return Ok(chain::bulk_steps);
    }
    let strategy = match job.strategy {
        Some(strategy) => strategy,
        None => best(dialect, job),
    };
    if job.has_children {
        chain::needs_temporary_tables(dialect)?;
    }
    if !can(dialect, job, strategy) {
        if job.strategy.is_none() {
            chain::needs_temporary_tables(dialect)?;
        }
        return Err(Error::not_supported(format!(
            "{} cannot carry these rows by {strategy:?}.",
            dialect.name()
        )));
    }
    Ok(match strategy {
        Strategy::PreparedLoop => prepared_loop::steps,
        Strategy::Arrays => arrays::steps,
        Strategy::Copy | Strategy::StagedArrays => copy::steps,
        Strategy::LoadData => load_data::steps,
        Strategy::StagedInserts if dialect.supports(Capability::StagedAsTarget) => load_data::inserted,
        Strategy::StagedInserts => copy::steps,
        Strategy::BulkExecute => bulk_execute::steps,
        Strategy::Values => values::steps,
        Strategy::Cases => cases::steps,
    })
}

fn best(dialect: &dyn Dialect, job: &Job<'_>) -> Strategy {
    let few = |most: u64| {
        job.rows.is_some_and(|rows| rows <= most) && job.size.is_none_or(|size| size as u64 >= most)
    };
    // row by row, locks are taken in the order in which the rows come: whoever has all objects sorts them by an integer key
    let in_order = job.has_integer_key() && job.rows.is_some();
    let copies = dialect.supports(Capability::CopyStream);
    let order = [
        (Strategy::PreparedLoop, dialect.supports(Capability::LocalCalls)),
        (Strategy::Arrays, few(if job.has_integer_key() { ARRAYS } else { arrays::FEW })),
        // without arrays: a copy needs a table first, which few rows are not worth
        (Strategy::Values, copies && !dialect.supports(Capability::ArrayParams) && few(VALUES)),
        (Strategy::Copy, copies),
        (Strategy::Arrays, true),
        (Strategy::StagedArrays, true),
        (Strategy::Cases, few(CASES)),
        (Strategy::BulkExecute, few(BULK) && in_order),
        (Strategy::Values, few(VALUES)),
        (Strategy::LoadData, true),
        (Strategy::BulkExecute, in_order),
        (Strategy::StagedInserts, true),
    ];
    let found = order.into_iter().find(|(strategy, fitting)| *fitting && can(dialect, job, *strategy));
    found.map_or(Strategy::Values, |(strategy, _)| strategy)
}

/// Whether the database can do it, and the rows can travel so.
fn can(dialect: &dyn Dialect, job: &Job<'_>, strategy: Strategy) -> bool {
    use Capability::*;
    let staged = dialect.supports(TemporaryTables);
    // a key that matches several rows is found in a temporary table
    if job.has_children && !(staged && matches!(strategy, Strategy::Copy | Strategy::StagedArrays)) {
        return false;
    }
    let by_key = !job.matches_on_others();
    let silent = job.returning == Returning::Nothing && job.missing != Missing::Rows;
    if job.keep.kept().is_some()
        && matches!(strategy, Strategy::Arrays | Strategy::BulkExecute | Strategy::Values | Strategy::Cases)
    {
        return false;
    }
    // nothing is there yet that the database could compare
    let told = job.duplicates != Duplicates::InDatabase;
    match strategy {
        Strategy::PreparedLoop => dialect.supports(LocalCalls),
        // an array of arrays is one longer array: `unnest` takes it apart wholly
        Strategy::Arrays => {
            dialect.supports(ArrayParams)
                && !job.has_arrays()
                && !job.has_native_key()
                && silent
                && by_key
                && told
        }
        Strategy::Copy => dialect.supports(CopyStream) && staged,
        Strategy::StagedArrays => dialect.supports(ArrayParams) && !job.has_arrays() && staged,
        Strategy::LoadData => dialect.supports(LoadStream) && staged,
        Strategy::StagedInserts => !dialect.supports(LocalCalls) && staged,
        Strategy::BulkExecute => {
            dialect.supports(BulkExecute)
                && silent
                && by_key
                && told
                && !job.skip_unchanged
                // a decimal is sent as text, with which it would be computed as a float
                && job.computed() == 0
                // asked row by row, it would see the rows that have changed already
                && !job.filter_reads_others(dialect)
        }
        Strategy::Values => {
            !dialect.supports(LocalCalls) && !job.has_native_key() && silent && by_key && told
        }
        Strategy::Cases => {
            dialect.supports(OrderedUpdate)
                && job.has_integer_key()
                && silent
                && by_key
                && !job.skip_unchanged
                && job.masks == 0
                // set from left to right, an expression would see what was set before it
                && job.computed() == 0
                && !job.filter_reads_others(dialect)
        }
    }
}

/// Makes a temporary table and brings all rows of the batch there, in the way that the database has.
pub(super) fn stage(dialect: &dyn Dialect, staging: &Staging<'_, '_>) -> Result<Vec<Step>> {
    if dialect.supports(Capability::LocalCalls) {
        prepared_loop::stage(dialect, staging)
    } else if !dialect.supports(Capability::StagedAsTarget) {
        copy::stage(dialect, staging)
    } else if dialect.supports(Capability::LoadStream) {
        load_data::stage(dialect, staging, load_data::load)
    } else {
        load_data::stage(dialect, staging, inserts::fill)
    }
}
