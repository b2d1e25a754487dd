//! What is asked of a bulk update, and how it is run.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use enmasse_core::dialect::Dialect;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::expr::FieldPath;
use enmasse_core::plan::{self, Assignment, Form, Keep, Missing, PartGives, Plan, Returning, Step, Strategy};
use enmasse_core::schema::ModelRef;
use futures_util::future::BoxFuture;

use super::{Report, sending};
use crate::backend::Row;
use crate::batch::{Carrier, Chunks, Encoded, Feed, Listeners, RowFeed, Source};
use crate::handle::Executor;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::run::{Outcome, run_batch};

/// A bulk update of rows of `M` by what objects of `T` carry.
pub(crate) struct Request<'o, M, T> {
    pub asked: Asked<M>,
    pub(super) source: Source<'o, T>,
    pub listeners: Listeners,
}

/// What is asked of a bulk update.
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
    pub batch_size: Option<usize>,
    pub strategy: Option<Strategy>,
    /// Whether the table has child tables: not known before it is written.
    pub has_children: bool,
}

impl<M: Entity> Asked<M> {
    pub fn plan(&self, rows: Option<u64>) -> Result<Plan> {
        let ends = matches!(self.rows.executor()?, Executor::Database(_));
        self.plan_keeping(rows, ends, Keep::Nothing)
    }

    /// The plan, which may keep keys; `ends` says that the transaction ends with it.
    pub(super) fn plan_keeping(&self, rows: Option<u64>, ends: bool, keep: Keep<'_>) -> Result<Plan> {
        let request = plan::BulkUpdate {
            set: &self.set,
            matching_on: &self.matching_on,
            patches: self.patches,
            skip_unchanged: self.skip_unchanged,
            returning: self.returning,
            missing: self.missing,
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
            batch_size: None,
            strategy: None,
            has_children: false,
        };
        Request { asked, source, listeners: Listeners::default() }
    }

    /// The plan, as far as it can be told before an object is read.
    pub fn plan(&self) -> Result<Plan> {
        self.asked.plan(self.source.len().map(|rows| rows as u64))
    }

    pub async fn run(self) -> Result<Outcome> {
        self.run_reading(&Ok).await
    }

    /// [`run`](Request::run), and what came of it is read before the commit: where that fails, nothing is written.
    pub async fn run_reading<R: Send>(self, read: &(impl Fn(Outcome) -> Result<R> + Sync)) -> Result<R> {
        let Request { mut asked, source, mut listeners } = self;
        asked.now = Utc::now();
        let executor = asked.rows.executor()?.clone();
        let model = asked.rows.model()?.clone();
        let dialect = executor.dialect();
        // errors in the request come before an object is read, and before a transaction is begun
        if let Err(error) = asked.plan(None) {
            return Err(match asked.matching_on.is_empty() {
                true => first_in_djangos_order(error, &model, &source),
                false => error,
            });
        }
        if let Some(receivers) = asked.rows.save_receivers()?
            && !asked.plan(None)?.is_empty()
        {
            executor.refuse_lasting(&model).await?;
            asked.has_children = executor.has_child_tables(&model).await?;
            return sending::run(&receivers, asked, source, listeners, read).await;
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
            let mut plan = asked.plan(rows)?;
            let Some(shape) = plan.batch.take() else { return read(Outcome::default()) };
            let (form, most) = plan.form().unwrap_or((Form::Stored, None));
            let encoder = form.encoder(&dialect, &shape, most);
            let mut encoded = Encoded::new(&model, &shape, &mut feed, encoder, &mut listeners);
            let one_chunk = encoded.prefetch().await?;
            if plan.is_empty() {
                return all_missing(&*dialect, plan.missing, &mut encoded).await.and_then(read);
            }
            executor.refuse_lasting(&model).await?;
            let alone = is_ours && stands_alone(&plan, one_chunk);
            let work = Mutex::new(Some((plan, encoded)));
            let result = executor
                .atomic_once(alone, |connection| -> BoxFuture<'_, Result<R>> {
                    let work = work.lock().map_or(None, |mut work| work.take());
                    let (dialect, model) = (&dialect, &model);
                    Box::pin(async move {
                        let Some((plan, mut encoded)) = work else { return read(Outcome::default()) };
                        let done = run_batch(connection, dialect, model, plan, Some(&mut encoded)).await;
                        done.and_then(read)
                    })
                })
                .await;
            drop(work);
            match result {
                Err(error)
                    if is_ours
                        && error.is_retryable()
                        && !listeners.have_told()
                        && feed.rewind()
                        && tries.another().await => {}
                result => return result,
            }
        }
    }
}

/// The error that Django would find first: that an object has no key comes before what is wrong with a field. Objects that are yet to be
/// read are not looked at.
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

/// Whether the plan needs no transaction around it: it is one statement for each chunk of rows, and there is one chunk; or it is a
/// transaction of its own.
fn stands_alone(plan: &Plan, one_chunk: bool) -> bool {
    match &plan.steps[..] {
        [Step::WriteParts(parts)] => {
            // the keys that match no row are asked for afterwards, and only where there are any
            let one = matches!(
                parts.gives,
                PartGives::NotWritten | PartGives::Account | PartGives::Matched { missing_before: false }
            );
            one_chunk && one
        }
        [Step::WriteRows(rows)] => rows.alone,
        _ => false,
    }
}

/// No row can match: all objects are missing.
pub(super) async fn all_missing(
    dialect: &dyn Dialect,
    missing: Missing,
    encoded: &mut Encoded<'_, '_>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    while let Some((chunk, rows)) = encoded.next().await? {
        let Chunk::Rows(rows) = chunk else {
            outcome.missing_count += rows as u64;
            continue;
        };
        let types = encoded.types();
        let load = |stored: Row| -> Result<Row> {
            stored.into_iter().zip(&types).map(|(value, data_type)| dialect.load(value, data_type)).collect()
        };
        let rows = rows.into_iter().map(load).collect::<Result<_>>()?;
        outcome.found_missing(missing, encoded, rows)?;
    }
    Ok(outcome)
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        let Outcome { matched, changed, skipped, missing, missing_count, .. } = outcome;
        Report { matched, changed, skipped, missing, missing_count }
    }
}
