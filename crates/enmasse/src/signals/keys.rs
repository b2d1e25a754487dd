//! The keys of a batch: values that the program knows, or a temporary table.

use std::sync::Arc;

use enmasse_core::dialect::{Capability, Dialect};
use enmasse_core::error::Result;
use enmasse_core::plan::{self, Kept, Plan};
use enmasse_core::query::{KeySet, Query};
use enmasse_core::schema::ModelRef;
use enmasse_core::value::Value;
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::backend::Row;
use crate::database::handle::Handle;
use crate::database::transaction::Transaction;
use crate::run::{Outcome, run, run_new};

/// Maximum number of known keys sent as a list of parameters; a table for them costs 0.4 ms on PostgreSQL.
const LISTED: usize = 1_000;

/// The maximum for keys of several fields, each of which is compared separately: SQLite accepts a thousand
/// comparisons.
const LISTED_WHOLE: usize = 100;

/// Maximum number of a model's keys sent as a list.
pub(crate) fn listed(model: &ModelRef) -> usize {
    if model.key().len() == 1 { LISTED } else { LISTED_WHOLE }
}

/// A set of rows.
#[derive(Clone)]
pub(crate) struct Set {
    pub size: u64,
    pub keys: KeySet,
    stored: Stored,
}

#[derive(Clone)]
enum Stored {
    Known(Arc<[Row]>),
    Kept(Kept),
}

impl Set {
    /// Rows with these keys; rows without a key yet are counted too.
    pub fn known(model: &ModelRef, keys: Vec<Row>) -> Set {
        let size = keys.len() as u64;
        let keys = whole(keys);
        Set { size, keys: KeySet::known(model, &keys), stored: Stored::Known(keys.into()) }
    }

    /// [`known`](Set::known), but many keys are stored in a table.
    pub async fn of_keys(tx: &Transaction, model: &ModelRef, keys: Vec<Row>) -> Result<Set> {
        let dialect = tx.database().dialect();
        if keys.len() <= listed(model) || !dialect.supports(Capability::TemporaryTables) {
            return Ok(Set::known(model, keys));
        }
        let kept = make(tx, model).await?;
        let size = keys.len() as u64;
        let keys = whole(keys);
        let plan = kept.insert(&*dialect, keys.len() as u64)?;
        let mut session = tx.session().await?;
        let all: Vec<usize> = (0..keys.len()).collect();
        let result = run_new(session.connection(), &dialect, kept.table(), &plan, &keys, &all).await;
        session.note(result)?;
        drop(session);
        Set::kept(tx, kept, size).await
    }

    /// Finds the rows of a query, and locks them for a write of these fields, or for a deletion if there are
    /// none.
    pub async fn find(tx: &Transaction, query: &Query, written: &[usize]) -> Result<Set> {
        let (dialect, model) = (tx.database().dialect(), &query.model);
        if plan::finds_one(query) || !dialect.supports(Capability::TemporaryTables) {
            return Set::find_listed(tx, query, written).await;
        }
        let kept = make(tx, model).await?;
        let size = run_plan(tx, model, kept.find(&*dialect, query, written)?).await?.matched;
        Set::kept(tx, kept, size).await
    }

    /// [`find`](Set::find) for a few rows, whose keys are read.
    pub async fn find_listed(tx: &Transaction, query: &Query, written: &[usize]) -> Result<Set> {
        let found = match plan::find_keys(&*tx.database().dialect(), query, written)? {
            Some(keys) => tx.executor().query(&keys.statement, &keys.columns).await?,
            None => Vec::new(),
        };
        Ok(Set::known(&query.model, found))
    }

    /// The rows whose keys are in a table; counts them.
    pub async fn counted(tx: &Transaction, kept: Kept) -> Result<Set> {
        let count = kept.count(&*tx.database().dialect())?;
        let rows = match count {
            Some(count) => tx.executor().query(&count.statement, &count.columns).await?,
            None => Vec::new(),
        };
        let size = match rows.concat()[..] {
            [Value::Int(size)] => size.max(0) as u64,
            _ => 0,
        };
        Set::kept(tx, kept, size).await
    }

    /// The rows whose keys are in a table.
    pub async fn kept(tx: &Transaction, kept: Kept, size: u64) -> Result<Set> {
        let dialect = tx.database().dialect();
        if let Some(analyze) = kept.analyze(&*dialect, size) {
            tx.executor().execute(&analyze).await?;
        }
        let kept = kept.of_size(size);
        Ok(Set { size, keys: kept.key_set(&*dialect), stored: Stored::Kept(kept) })
    }

    /// A query for the rows that replaces the original one in their write. `untouched` means that they cannot
    /// have changed since.
    pub fn rows(&self, dialect: &dyn Dialect, query: &Query, untouched: bool) -> Result<Query> {
        match &self.stored {
            Stored::Known(_) => Ok(self.keys.in_place_of(query)),
            Stored::Kept(kept) => kept.rows(dialect, query, untouched),
        }
    }

    /// Streams the keys.
    pub fn stream(&self, tx: &Transaction) -> BoxStream<'static, Result<Vec<Value>>> {
        let kept = match &self.stored {
            Stored::Known(keys) => {
                let keys = keys.clone();
                return stream::iter(0..keys.len()).map(move |at| Ok(keys[at].clone())).boxed();
            }
            Stored::Kept(kept) => kept,
        };
        match kept.select(&*tx.database().dialect()) {
            Ok(Some(keys)) => tx.executor().stream(keys.statement, keys.columns).boxed(),
            Ok(None) => stream::empty().boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    /// Drops the table, if there is one, after the write has ended with this result.
    pub async fn end<T>(&self, tx: &Transaction, result: Result<T>) -> Result<T> {
        let Stored::Kept(kept) = &self.stored else { return result };
        let drop = kept.drop(&*tx.database().dialect());
        match &result {
            Ok(_) => _ = tx.executor().execute(&drop).await?,
            // On the other databases, the rollback removes the table.
            Err(_) => tx.tidy(&drop).await,
        }
        result
    }
}

/// The keys without a part that the database will assign.
fn whole(keys: Vec<Row>) -> Vec<Row> {
    keys.into_iter().filter(|key| key.iter().all(|part| !part.is_null())).collect()
}

/// Creates a table for keys of a model.
pub(crate) async fn make(tx: &Transaction, model: &ModelRef) -> Result<Kept> {
    let dialect = tx.database().dialect();
    let kept = Kept::new(&*dialect, model, tx.next_kept())?;
    run_plan(tx, model, kept.create(&*dialect)).await?;
    Ok(kept)
}

/// Runs a plan in a transaction without another savepoint.
pub(super) async fn run_plan(tx: &Transaction, model: &ModelRef, plan: Plan) -> Result<Outcome> {
    let dialect = tx.database().dialect();
    let mut session = tx.session().await?;
    let result = run(session.connection(), &dialect, model, plan).await;
    session.note(result)
}
