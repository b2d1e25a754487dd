//! A bulk update with signal receivers.
//!
//! The keys of the matching rows are found before the first write. For a few objects, a query finds them. For
//! many, the batch is staged, and the database stores the keys in a separate table. `pre_save` receivers may
//! change the objects, so these are staged once for their keys and again for their values.

use std::sync::Arc;

use enmasse_core::ValueRef;
use enmasse_core::dialect::Capability;
use enmasse_core::encode::{Duplicates, SeenKeys};
use enmasse_core::error::Result;
use enmasse_core::plan::{self, Keep, OnDuplicate};
use enmasse_core::run::Run;
use enmasse_core::schema::{Auto, ModelRef};
use tokio::sync::Mutex;

use super::request::Asked;
use crate::backend::Row;
use crate::database::handle::Executor;
use crate::database::transaction::Transaction;
use crate::model::Entity;
use crate::run::batch::{Callbacks, Carrier, Feed, RowFeed, Source};
use crate::run::{Outcome, drive, prefetch, without_steps};
use crate::signals::{AsRows, Objects, Origin, Receivers, Set, What, listed, make_kept};

/// Runs it in one transaction with its receivers.
pub(super) async fn run<M: Entity, T: Carrier, R: Send>(
    receivers: &Receivers,
    asked: Asked<M>,
    source: Source<'_, T>,
    callbacks: Callbacks,
    read: &(impl Fn(Outcome) -> Result<R> + Sync),
) -> Result<R> {
    let executor = asked.rows.executor()?.clone();
    let model = asked.rows.model()?.clone();
    let written = written(&asked, &model)?;
    let origin = if asked.patches { Origin::BulkPatch } else { Origin::BulkUpdate };
    let what = What::new(&model, origin, &written);
    let objects = match &source {
        Source::Owned(objects) => Some(objects.clone()),
        _ => None,
    };
    let objects =
        objects.filter(|objects| objects.first().is_some_and(|object| object.row(&model).is_some()));
    let mut feed = RowFeed::new(model.clone(), source).await?;
    if receivers.hear_before() || !executor.dialect().supports(Capability::TemporaryTables) {
        feed.read_all().await?;
    }
    if feed.count() == Some(0) {
        return read(Outcome::default());
    }
    let update = Update { receivers, asked, what, written, objects };
    let state = Mutex::new(State { feed, callbacks });
    let (update, state) = (&update, &state);
    let is_ours = matches!(executor, Executor::Database(_));
    let mut tries = executor.database().tries();
    let once = match executor {
        Executor::Database(database) => Executor::Database(database.with_retries(0)),
        of_transaction => of_transaction,
    };
    loop {
        let result = once
            .in_transaction(
                |tx| async move { update.run(&tx, &mut *state.lock().await).await.and_then(read) },
            )
            .await;
        match result {
            Err(error)
                if is_ours
                    && error.is_retryable()
                    && state.lock().await.begin_again()
                    && tries.another().await => {}
            result => return result,
        }
    }
}

/// The state that all tries share.
struct Update<'r, M, T> {
    receivers: &'r Receivers,
    asked: Asked<M>,
    what: What,
    /// The positions of the written fields.
    written: Vec<usize>,
    /// The objects, if receivers may change them.
    objects: Option<Arc<Vec<T>>>,
}

/// The state of each try.
struct State<'o, T> {
    feed: RowFeed<'o, T>,
    callbacks: Callbacks,
}

impl<T: Carrier> State<'_, T> {
    /// Rewinds to the first object; returns whether that is possible.
    fn begin_again(&mut self) -> bool {
        !self.callbacks.were_given_rows && self.feed.rewind()
    }
}

impl<M: Entity, T: Carrier> Update<'_, M, T> {
    async fn run(&self, tx: &Transaction, state: &mut State<'_, T>) -> Result<Outcome> {
        let Asked { matching_on, skip_unchanged, .. } = &self.asked;
        let few = state.feed.count().is_some_and(|rows| rows <= listed(&self.what.model) as u64);
        let counted = matching_on.is_empty() && !skip_unchanged;
        if counted && (few || !tx.database().dialect().supports(Capability::TemporaryTables)) {
            return self.write_few(tx, state).await;
        }
        let kept = make_kept(tx, &self.what.model).await?;
        let keep = if self.receivers.hear_before() { Keep::KeysOnly(&kept) } else { Keep::Keys(&kept) };
        let outcome = self.write(tx, &mut state.feed, &mut state.callbacks, keep).await?;
        let set = Set::counted(tx, kept).await?;
        let result = self.finish(tx, state, &set, outcome).await;
        set.end(tx, result).await
    }

    /// Sends the signals, and writes the rows if only their keys were kept.
    async fn finish(
        &self,
        tx: &Transaction,
        state: &mut State<'_, T>,
        set: &Set,
        mut outcome: Outcome,
    ) -> Result<Outcome> {
        if self.receivers.hear_before() {
            state.feed.rewind();
            outcome = self.write_told(tx, state, set).await?;
        }
        self.send_after(tx, set).await?;
        Ok(outcome)
    }

    /// For a few objects: their keys are a list.
    async fn write_few(&self, tx: &Transaction, state: &mut State<'_, T>) -> Result<Outcome> {
        let model = &self.what.model;
        let mut keys = state.feed.values(&model.key());
        if self.asked.on_duplicate == OnDuplicate::KeepFirst {
            let mut seen = SeenKeys::new(Duplicates::FirstOfHashes);
            keys.retain(|key| seen.add(&key.iter().map(ValueRef::from).collect::<Vec<_>>()));
        }
        let asked_for = Set::known(model, keys);
        let mut query = self.asked.rows.query()?.clone();
        let filtered = !query.filters.is_empty();
        query.filters.extend(asked_for.keys.rows().filters.iter().cloned());
        query.none |= asked_for.keys.rows().none;
        let find = || Set::find_listed(tx, &query, &self.written);
        if self.receivers.hear_before() {
            let set = find().await?;
            let outcome = self.write_told(tx, state, &set).await?;
            self.send_after(tx, &set).await?;
            return Ok(outcome);
        }
        // After the write, a filter could match other rows.
        let found = if filtered { Some(find().await?) } else { None };
        let outcome = self.write(tx, &mut state.feed, &mut state.callbacks, Keep::Nothing).await?;
        let set = match found {
            Some(set) => set,
            None if outcome.missing.is_empty() => asked_for,
            None => find().await?,
        };
        self.send_after(tx, &set).await?;
        Ok(outcome)
    }

    /// Sends the signal before the write, and writes the objects with the receivers' changes.
    async fn write_told(&self, tx: &Transaction, state: &mut State<'_, T>, set: &Set) -> Result<Outcome> {
        let State { feed, callbacks, .. } = state;
        if set.size == 0 {
            return self.write(tx, feed, callbacks, Keep::Nothing).await;
        }
        let objects = self.objects.clone().map(|objects| Objects::new(Arc::new(Carried(objects))));
        self.receivers.send_before(tx, &self.what, false, set, objects.clone()).await?;
        let Some(edited) = objects.and_then(|objects| objects.edited()) else {
            return self.write(tx, feed, callbacks, Keep::Nothing).await;
        };
        let model = &self.what.model;
        let edited = edited.into_iter().filter_map(|row| T::of_row(model, row).transpose());
        let edited = Source::Owned(Arc::new(edited.collect::<Result<Vec<T>>>()?));
        let mut feed = RowFeed::new(model.clone(), edited).await?;
        self.write(tx, &mut feed, callbacks, Keep::Nothing).await
    }

    async fn send_after(&self, tx: &Transaction, set: &Set) -> Result<()> {
        if set.size == 0 {
            return Ok(());
        }
        self.receivers.send_after(tx, &self.what, false, set).await
    }

    /// Reads all objects once.
    async fn write(
        &self,
        tx: &Transaction,
        feed: &mut RowFeed<'_, T>,
        callbacks: &mut Callbacks,
        keep: Keep<'_>,
    ) -> Result<Outcome> {
        let (dialect, model) = (tx.database().dialect(), &self.what.model);
        let plan = Arc::new(self.asked.plan_keeping(feed.count(), false, keep)?);
        if plan.batch.is_none() {
            return Ok(Outcome::default());
        }
        let mut nobody = Callbacks::default();
        let callbacks = if matches!(keep, Keep::KeysOnly(_)) { &mut nobody } else { callbacks };
        let mut run = Run::with_batch(dialect, model, plan, feed.count(), callbacks);
        prefetch(&mut run, feed).await?;
        if run.is_empty() {
            return without_steps(&mut run, feed).await;
        }
        let mut session = tx.session().await?;
        let result = drive(session.connection(), &mut run, Some(feed)).await;
        session.note(result)
    }
}

/// Objects passed by value.
struct Carried<T>(Arc<Vec<T>>);

impl<T: Carrier> AsRows for Carried<T> {
    fn as_rows(&self, model: &ModelRef) -> Vec<Row> {
        self.0.iter().filter_map(|object| object.row(model)).collect()
    }
}

/// The positions of the written fields, including `auto_now` fields.
fn written<M: Entity>(asked: &Asked<M>, model: &ModelRef) -> Result<Vec<usize>> {
    let mut positions = Vec::new();
    let set = asked.set.iter().map(|assignment| &assignment.field);
    for name in asked.fields.iter().chain(set) {
        positions.push(plan::concrete(model, name)?);
    }
    positions
        .extend((0..model.fields.len()).filter(|&position| model.fields[position].auto == Auto::OnWrite));
    positions.sort_unstable();
    positions.dedup();
    positions.retain(|&position| model.fields[position].is_writable());
    Ok(positions)
}
