//! The request of a bulk update, and its execution.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{self, Assignment, Keep, Missing, OnDuplicate, Plan, Returning, Strategy};
use enmasse_core::query::FieldPath;
use enmasse_core::run::Run;
use enmasse_core::schema::ModelRef;
use futures_util::future::BoxFuture;

use super::{Report, sending};
use crate::database::handle::Executor;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::run::batch::{Callbacks, Carrier, Feed, RowFeed, Source};
use crate::run::{Outcome, drive, prefetch, without_steps};

/// A bulk update of rows of `M` with the values of objects of `T`.
pub(crate) struct Request<'o, M, T> {
    pub asked: Asked<M>,
    pub(super) source: Source<'o, T>,
    pub callbacks: Callbacks,
}

/// The options of a bulk update.
pub(crate) struct Asked<M> {
    pub rows: QuerySet<M>,
    pub(super) fields: Vec<FieldPath>,
    pub(super) now: DateTime<Utc>,
    pub set: Vec<Assignment>,
    pub matching_on: Vec<FieldPath>,
    pub patches: bool,
    pub skip_unchanged: bool,
    pub returning: Returning,
    pub missing: Missing,
    pub on_duplicate: OnDuplicate,
    pub batch_size: Option<usize>,
    pub strategy: Option<Strategy>,
    /// Whether the table has child tables; unknown before it is written.
    pub has_children: bool,
}

impl<M: Entity> Asked<M> {
    pub fn plan(&self, rows: Option<u64>) -> Result<Plan> {
        let ends = matches!(self.rows.executor()?, Executor::Database(_));
        self.plan_keeping(rows, ends, Keep::Nothing)
    }

    /// The plan, which may keep keys. `ends` means that the transaction ends with it.
    pub(super) fn plan_keeping(&self, rows: Option<u64>, ends: bool, keep: Keep<'_>) -> Result<Plan> {
        let request = plan::BulkUpdate {
            set: &self.set,
            matching_on: &self.matching_on,
            patches: self.patches,
            skip_unchanged: self.skip_unchanged,
            returning: self.returning,
            missing: self.missing,
            on_duplicate: self.on_duplicate,
            rows,
            ends,
            batch_size: self.batch_size,
            strategy: self.strategy,
            keep,
            has_children: self.has_children,
            ..plan::BulkUpdate::new(self.rows.query()?, &self.fields, self.now)
        };
        plan::bulk_update(&*self.rows.dialect()?, &request)
    }
}

impl<'o, M: Entity, T: Carrier> Request<'o, M, T> {
    pub fn new(rows: QuerySet<M>, source: Source<'o, T>, fields: Vec<FieldPath>) -> Self {
        let asked = Asked {
            rows,
            fields,
            now: Utc::now(),
            set: Vec::new(),
            matching_on: Vec::new(),
            patches: false,
            skip_unchanged: false,
            returning: Returning::Nothing,
            missing: Missing::Keys,
            on_duplicate: OnDuplicate::Refuse,
            batch_size: None,
            strategy: None,
            has_children: false,
        };
        Request { asked, source, callbacks: Callbacks::default() }
    }

    /// The plan, as far as it is known before an object is read.
    pub fn plan(&self) -> Result<Plan> {
        self.asked.plan(self.source.len().map(|rows| rows as u64))
    }

    pub async fn run(self) -> Result<Outcome> {
        self.run_reading(&Ok).await
    }

    /// [`run`](Request::run), which reads the outcome before the commit: if that fails, nothing is written.
    pub async fn run_reading<R: Send>(self, read: &(impl Fn(Outcome) -> Result<R> + Sync)) -> Result<R> {
        let Request { mut asked, source, mut callbacks } = self;
        asked.now = Utc::now();
        let executor = asked.rows.executor()?.clone();
        let model = asked.rows.model()?.clone();
        let dialect = executor.dialect();
        // Errors of the request come before an object is read, and before a transaction begins.
        if let Err(error) = asked.plan(None) {
            return Err(if asked.matching_on.is_empty() {
                first_in_djangos_order(error, &model, &source)
            } else {
                error
            });
        }
        if let Some(receivers) = asked.rows.save_receivers()?
            && !asked.plan(None)?.is_empty()
        {
            executor.refuse_lasting(&model).await?;
            asked.has_children = executor.has_child_tables(&model).await?;
            return sending::run(&receivers, asked, source, callbacks, read).await;
        }
        let mut feed = RowFeed::new(model.clone(), source).await?;
        let rows = feed.count();
        if rows == Some(0) {
            return read(Outcome::default());
        }
        asked.has_children = executor.has_child_tables(&model).await?;
        let is_ours = matches!(executor, Executor::Database(_));
        let mut tries = executor.database().tries();
        loop {
            // After a conflict, the connection may have to be used in another way.
            let plan = Arc::new(asked.plan(rows)?);
            let mut run = Run::with_batch(dialect.clone(), &model, plan.clone(), rows, &mut callbacks);
            if plan.batch.is_some() {
                prefetch(&mut run, &mut feed).await?;
            }
            if plan.is_empty() {
                return without_steps(&mut run, &mut feed).await.and_then(read);
            }
            executor.refuse_lasting(&model).await?;
            let alone = is_ours && run.stands_alone();
            let work = Mutex::new(Some((run, &mut feed)));
            let result = executor
                .atomic_once(alone, |connection| -> BoxFuture<'_, Result<R>> {
                    let work = work.lock().map_or(None, |mut work| work.take());
                    Box::pin(async move {
                        let Some((mut run, feed)) = work else { return read(Outcome::default()) };
                        drive(connection, &mut run, Some(feed)).await.and_then(read)
                    })
                })
                .await;
            drop(work);
            match result {
                Err(error)
                    if is_ours
                        && error.is_retryable()
                        && !callbacks.were_given_rows
                        && feed.rewind()
                        && tries.another().await => {}
                result => return result,
            }
        }
    }
}

/// The error that Django would report first: a missing key takes precedence over a wrong field. Unread
/// objects are not checked.
fn first_in_djangos_order<T: Carrier>(error: Error, model: &ModelRef, source: &Source<'_, T>) -> Error {
    if !matches!(error.kind(), ErrorKind::UnknownField | ErrorKind::Field) {
        return error;
    }
    let key = model.key();
    let has_key = |object: &T| key.iter().all(|&position| !object.carried(model, position).is_null());
    let keyless = match source {
        Source::Slice(objects) => objects.iter().position(|object| !has_key(object)),
        Source::Owned(objects) => objects.iter().position(|object| !has_key(object)),
        Source::References(objects) => objects.iter().position(|object| !has_key(object)),
        Source::Iterator(_) | Source::Stream(_) => None,
    };
    keyless.map_or(error, |number| plan::unsaved(model, &key, number as u64 + 1))
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        let Outcome { matched, changed, skipped, left_out, missing, missing_count, .. } = outcome;
        Report { matched, changed, skipped, left_out, missing, missing_count }
    }
}
