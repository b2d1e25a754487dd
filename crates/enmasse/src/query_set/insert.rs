//! Inserts new rows into all of their tables.

use std::sync::Arc;

use chrono::Utc;
use enmasse_core::Value;
use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{self, Plan, given_back, made_by_database};
use enmasse_core::schema::ModelRef;
use futures_util::future::BoxFuture;

use crate::backend::{Connection, Row};
use crate::database::handle::Executor;
use crate::query_set::create::set_auto_fields;
use crate::query_set::made;
use crate::run::batch::{Callbacks, Feed, ValuesFeed};
use crate::run::{prefetch, run, run_new};
use enmasse_core::run::{Run, in_fields};

/// Inserts rows, all or none, and reads them back. If the reading fails, no row is inserted.
pub(crate) async fn insert<T: Send>(
    executor: &Executor,
    model: &ModelRef,
    mut rows: Vec<Row>,
    batch_size: Option<usize>,
    read: &(impl Fn(Vec<Row>) -> Result<T> + Sync),
) -> Result<T> {
    set_auto_fields(model, &mut rows, Utc::now());
    rows.iter_mut().try_for_each(|row| clean(model, row))?;
    if batch_size == Some(0) {
        return Err(Error::new(ErrorKind::Request, "The batch size must be positive."));
    }
    let dialect = executor.dialect();
    let own = if model.is_child() { None } else { Some(Own::plan(&*dialect, model, &rows, batch_size)?) };
    if let Some(own) = &own {
        own.check(&dialect, model, &rows).await?;
    }
    executor.refuse_lasting(model).await?;
    let (own, rows) = (&own, &rows);
    executor
        .atomic(|connection| -> BoxFuture<'_, Result<T>> {
            let dialect = dialect.clone();
            Box::pin(async move {
                let inserted = match own {
                    Some(own) => own.run(connection, &dialect, model, rows.clone()).await,
                    None => insert_chain(connection, dialect, model, rows.clone(), batch_size).await,
                };
                inserted.and_then(read)
            })
        })
        .await
}

/// Converts the values to what the columns store, and returns them in this form.
fn clean(model: &ModelRef, row: &mut Row) -> Result<()> {
    let links: Vec<usize> = model.extended().into_iter().map(|(_, link)| link).collect();
    for (position, field) in model.fields.iter().enumerate().filter(|(_, field)| field.is_writable()) {
        let value = std::mem::replace(&mut row[position], Value::Null);
        // The key of a part of the row, and the link to it, exist once that part is inserted.
        let is_open = value.is_null()
            && (links.contains(&position) || field.inherited.is_some() && model.is_key(position));
        row[position] = if is_open { value } else { field.clean(&model.name, value)? };
    }
    Ok(())
}

/// Inserts rows into the tables of the extended models, then into the model's own.
fn insert_chain<'c>(
    connection: &'c mut dyn Connection,
    dialect: Arc<dyn Dialect>,
    model: &'c ModelRef,
    mut rows: Vec<Row>,
    batch_size: Option<usize>,
) -> BoxFuture<'c, Result<Vec<Row>>> {
    Box::pin(async move {
        for (number, (above, _)) in model.extended().into_iter().enumerate() {
            let parts = rows.iter().map(|row| part_of(model, number, row)).collect();
            let parts = insert_chain(&mut *connection, dialect.clone(), &above, parts, batch_size).await?;
            rows.iter_mut().zip(parts).for_each(|(row, part)| put_part(model, number, row, part));
        }
        let own = Own::plan(&*dialect, model, &rows, batch_size)?;
        own.run(connection, &dialect, model, rows).await
    })
}

/// The part of a row in the table of an extended model.
pub(super) fn part_of(model: &ModelRef, parent: usize, row: &Row) -> Row {
    model.inherited(parent).map(|position| row[position].clone()).collect()
}

/// Writes the stored part back to the row, with the link to it.
pub(super) fn put_part(model: &ModelRef, parent: usize, row: &mut Row, part: Row) {
    let (above, link) = &model.extended()[parent];
    row[*link] = part[above.key()[0]].clone();
    for (position, value) in model.inherited(parent).zip(part) {
        row[position] = value;
    }
}

/// The plans for rows in the model's own table: with a key, and with a key from the database.
pub(super) struct Own([(Vec<usize>, bool, Plan); 2]);

impl Own {
    pub fn plan(
        dialect: &dyn Dialect,
        model: &ModelRef,
        rows: &[Row],
        batch_size: Option<usize>,
    ) -> Result<Self> {
        let identity = model.fields.iter().position(|field| field.identity);
        let has_key = |row: &Row| identity.is_none_or(|position| !row[position].is_null());
        let (with_key, without) = (0..rows.len()).partition(|&at| has_key(&rows[at]));
        let plan = |chosen: Vec<usize>, keyless| {
            let plan = plan::insert(dialect, model, Some(chosen.len() as u64), keyless, batch_size)?;
            Ok((chosen, keyless, plan))
        };
        Ok(Own([plan(with_key, false)?, plan(without, true)?]))
    }

    /// Encodes the first rows, so that their errors are reported before a transaction begins.
    async fn check(&self, dialect: &Arc<dyn Dialect>, model: &ModelRef, rows: &[Row]) -> Result<()> {
        for (chosen, _, plan) in &self.0 {
            let mut callbacks = Callbacks::default();
            let mut feed = ValuesFeed::new(rows, chosen);
            let mut run =
                Run::with_batch(dialect.clone(), model, Arc::new(plan.clone()), feed.count(), &mut callbacks);
            if plan.batch.is_some() {
                prefetch(&mut run, &mut feed).await?;
            }
        }
        Ok(())
    }

    /// Inserts the rows, and returns them as stored.
    ///
    /// [`Integrity`](ErrorKind::Integrity) if the database skipped a row. It is unknown which row, and which
    /// values the others got.
    pub async fn run(
        &self,
        connection: &mut dyn Connection,
        dialect: &Arc<dyn Dialect>,
        model: &ModelRef,
        mut rows: Vec<Row>,
    ) -> Result<Vec<Row>> {
        for (chosen, keyless, plan) in &self.0 {
            let positions = given_back(&**dialect, model, *keyless);
            let named = |error| in_fields(model, &positions, error);
            let outcome = run_new(connection, dialect, model, plan, &rows, chosen).await.map_err(named)?;
            let (asked, inserted) = (chosen.len() as u64, outcome.matched);
            if inserted < asked {
                return Err(Error::new(
                    ErrorKind::Integrity,
                    format!(
                        "{}: {} of {asked} rows were not inserted: a trigger or a conflict clause of the table skips them.",
                        model.name,
                        asked - inserted
                    ),
                ));
            }
            let given = made::given(connection, &**dialect, outcome).await.map_err(named)?;
            for (&at, given) in chosen.iter().zip(given) {
                for (&position, value) in positions.iter().zip(given) {
                    rows[at][position] = value;
                }
            }
            let mut others = made_by_database(model, *keyless);
            others.retain(|position| !positions.contains(position));
            if !others.is_empty() {
                made::read(connection, &**dialect, model, &others, chosen, &mut rows).await?;
            }
        }
        Ok(rows)
    }
}

/// Inserts rows, and returns the number of inserted rows: the database may skip some.
pub(super) async fn count_inserted(
    executor: &Executor,
    model: &ModelRef,
    mut rows: Vec<Row>,
    batch_size: Option<usize>,
) -> Result<u64> {
    if model.is_child() {
        return insert(executor, model, rows, batch_size, &|made| Ok(made.len() as u64)).await;
    }
    set_auto_fields(model, &mut rows, Utc::now());
    rows.iter_mut().try_for_each(|row| clean(model, row))?;
    executor.refuse_lasting(model).await?;
    let (dialect, rows) = (executor.dialect(), &rows);
    executor
        .atomic(|connection| -> BoxFuture<'_, Result<u64>> {
            let dialect = dialect.clone();
            Box::pin(async move {
                let mut inserted = 0;
                for (chosen, _, plan) in &Own::plan(&*dialect, model, rows, batch_size)?.0 {
                    inserted += run_new(connection, &dialect, model, plan, rows, chosen).await?.matched;
                }
                Ok(inserted)
            })
        })
        .await
}

/// Whether the database moves the sequences of the model's tables past inserted keys.
pub(super) fn advances_by_itself(executor: &Executor, model: &ModelRef) -> bool {
    let mut above = model.extended().into_iter();
    plan::advance_identity(&*executor.dialect(), model).is_empty()
        && above.all(|(above, _)| advances_by_itself(executor, &above))
}

/// Moves the sequence past the greatest key, for each table of the model.
pub(super) fn advance_identity<'e>(executor: &'e Executor, model: &'e ModelRef) -> BoxFuture<'e, Result<()>> {
    Box::pin(async move {
        for (above, _) in model.extended() {
            advance_identity(executor, &above).await?;
        }
        let dialect = &executor.dialect();
        executor
            .atomic(|connection| -> BoxFuture<'_, Result<()>> {
                let plan = plan::advance_identity(&**dialect, model);
                Box::pin(async move { run(connection, dialect, model, plan).await.map(|_| ()) })
            })
            .await
    })
}
