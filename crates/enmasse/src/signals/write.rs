//! Writes of a set of rows with receivers: finds the rows, sends the signals, writes the rows.

use std::sync::Arc;

use enmasse_core::dialect::Capability;
use enmasse_core::error::Result;
use enmasse_core::plan::{self, Kept, Plan};
use enmasse_core::query::Query;
use enmasse_core::schema::ModelRef;

use crate::database::handle::Executor;
use crate::database::transaction::Transaction;
use crate::run::Outcome;
use crate::signals::batch::Origin;
use crate::signals::keys::{Set, run_plan};
use crate::signals::receiver::Receivers;

/// The kind and the fields of a write.
#[derive(Clone)]
pub(crate) struct What {
    pub model: ModelRef,
    pub origin: Origin,
    /// The names of the fields.
    pub fields: Arc<[String]>,
}

impl What {
    pub fn new(model: &ModelRef, origin: Origin, written: &[usize]) -> Self {
        let fields = written.iter().map(|&position| model.fields[position].name.clone()).collect();
        What { model: model.clone(), origin, fields }
    }

    /// A write of whole rows.
    pub fn rows(model: &ModelRef, origin: Origin) -> Self {
        let written = (0..model.fields.len()).filter(|&position| model.fields[position].is_writable());
        What::new(model, origin, &written.collect::<Vec<_>>())
    }
}

/// Builds the plan of a write for the rows of a query.
pub(crate) type Planner<'w> = &'w (dyn Fn(&Query) -> Result<Plan> + Send + Sync);

/// Builds the plan of a write that stores the keys of its rows itself, if the database supports one.
pub(crate) type KeepingPlanner<'w> = &'w (dyn Fn(&Kept) -> Result<Option<Plan>> + Send + Sync);

/// A write of all rows of a query.
pub(crate) struct SetWrite<'w> {
    pub receivers: &'w Receivers,
    pub what: What,
    pub query: &'w Query,
    /// The positions of the written fields; empty for a deletion.
    pub written: Vec<usize>,
    pub plan: Planner<'w>,
    pub keeping: KeepingPlanner<'w>,
}

impl SetWrite<'_> {
    /// Runs it in one transaction with its receivers, and reads the outcome there.
    pub async fn run<T: Send>(
        &self,
        executor: &Executor,
        read: &(impl Fn(Outcome) -> Result<T> + Sync),
    ) -> Result<T> {
        if (self.plan)(self.query)?.is_empty() {
            return read(Outcome::default());
        }
        executor
            .in_transaction(|tx| async move {
                let (set, written) = match self.write_and_keep(&tx).await? {
                    Some((set, outcome)) => (set, Some(outcome)),
                    None => (Set::find(&tx, self.query, &self.written).await?, None),
                };
                let result = self.finish(&tx, &set, written).await.and_then(read);
                set.end(&tx, result).await
            })
            .await
    }

    /// Writes the rows and stores their keys in one statement, if there are no `pre_` receivers and the
    /// database supports it.
    async fn write_and_keep(&self, tx: &Transaction) -> Result<Option<(Set, Outcome)>> {
        let dialect = tx.database().dialect();
        if self.receivers.hear_before()
            || plan::finds_one(self.query)
            || !dialect.supports(Capability::TemporaryTables)
        {
            return Ok(None);
        }
        let kept = Kept::new(&*dialect, &self.what.model, tx.next_kept())?;
        let Some(plan) = (self.keeping)(&kept)? else { return Ok(None) };
        run_plan(tx, &self.what.model, kept.create(&*dialect)).await?;
        let outcome = run_plan(tx, &self.what.model, plan).await?;
        let set = Set::kept(tx, kept, outcome.matched).await?;
        Ok(Some((set, outcome)))
    }

    /// Sends the signals, and writes the rows unless they are already written.
    async fn finish(&self, tx: &Transaction, set: &Set, written: Option<Outcome>) -> Result<Outcome> {
        if set.size == 0 {
            return Ok(Outcome::default());
        }
        let outcome = match written {
            Some(outcome) => outcome,
            None => {
                self.receivers.send_before(tx, &self.what, false, set, None).await?;
                let untouched = !self.receivers.hear_before();
                let rows = set.rows(&*tx.database().dialect(), self.query, untouched)?;
                let plan = (self.plan)(&rows)?;
                run_plan(tx, &self.what.model, plan).await?
            }
        };
        self.receivers.send_after(tx, &self.what, false, set).await?;
        Ok(outcome)
    }
}
