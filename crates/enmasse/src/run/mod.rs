//! Runs plans on a connection: the host of the core's [`Run`].

pub mod batch;

use std::sync::Arc;

use enmasse_core::dialect::Dialect;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Plan;
use enmasse_core::run::{Affected, Answer, Ask, Next, Reading, Run};
use enmasse_core::schema::ModelRef;
use enmasse_core::sql::Statement;
use enmasse_core::value::DataType;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

pub(crate) use enmasse_core::run::Outcome;

use crate::backend::{Chunks, Connection, Row, STREAM_AHEAD};
use crate::run::batch::{Callbacks, Feed, ValuesFeed};

/// Runs a plan without batch rows. All of its steps must be in one transaction, which the caller provides.
pub(crate) async fn run(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    plan: Plan,
) -> Result<Outcome> {
    let mut run = Run::new(dialect.clone(), model, Arc::new(plan));
    drive(connection, &mut run, None).await
}

/// Encodes the first chunk, so that its errors are reported before anything is sent.
pub(crate) async fn prefetch(run: &mut Run<'_>, feed: &mut dyn Feed) -> Result<()> {
    Feeding { run, feed: Some(feed) }.encode().await
}

/// Completes a run without steps: no row can match, and all are missing.
pub(crate) async fn without_steps(run: &mut Run<'_>, feed: &mut dyn Feed) -> Result<Outcome> {
    let mut answer = Answer::Begin;
    loop {
        match run.next(answer)? {
            Ask::Encode => Feeding { run, feed: Some(&mut *feed) }.encode().await?,
            Ask::Finished(outcome) => return Ok(outcome),
            other => return Err(cannot(&other)),
        }
        answer = Answer::Done;
    }
}

/// Drives a run to its end; `feed` has the rows of its batch.
pub(crate) async fn drive(
    connection: &mut dyn Connection,
    run: &mut Run<'_>,
    mut feed: Option<&mut dyn Feed>,
) -> Result<Outcome> {
    if !connection.state().is_open() {
        run.without_transaction();
    }
    let mut answer = Answer::Begin;
    loop {
        let feed = feed.as_mut().map(|feed| &mut **feed as &mut dyn Feed);
        let done = match run.next(answer)? {
            Ask::Execute(statement) => connection.execute(&statement).await.map(Answer::Affected),
            Ask::Query(statement, columns) => connection.query(&statement, &columns).await.map(Answer::Rows),
            Ask::Stream(statement, columns, reading) => {
                stream(connection, run, &statement, &columns, reading).await
            }
            Ask::Bulk(statement, rows) => {
                let matched = connection.execute_bulk(&statement, rows).await;
                matched.map(|rows| Answer::Affected(Affected { rows, ..Affected::default() }))
            }
            Ask::Encode => Feeding { run, feed }.encode().await.map(|()| Answer::Done),
            Ask::Load(load) => {
                connection.load(&load, &mut Feeding { run, feed }).await.map(|()| Answer::Done)
            }
            Ask::EachRow(rows) => {
                connection.write_rows(&rows, &mut Feeding { run, feed }).await.map(Answer::RowsWritten)
            }
            Ask::Finished(outcome) => return Ok(outcome),
            other => Err(cannot(&other)),
        };
        answer = done.map_err(|error| run.failed(error))?;
    }
}

/// Runs a statement, and passes each row on as it arrives.
async fn stream(
    connection: &mut dyn Connection,
    run: &mut Run<'_>,
    statement: &Statement,
    columns: &[DataType],
    reading: Reading,
) -> Result<Answer> {
    let (sender, mut receiver) = mpsc::channel(STREAM_AHEAD);
    let sending = connection.stream(statement, columns, reading, sender);
    let taking = async move {
        while let Some(rows) = receiver.recv().await {
            rows?.into_iter().try_for_each(|row| run.row(row))?;
        }
        Ok(())
    };
    let (sent, taken) = futures_util::future::join(sending, taking).await;
    taken?;
    sent.map(|_| Answer::Done)
}

/// The rows of a run's batch, encoded on request.
struct Feeding<'f, 'r, 'c> {
    run: &'r mut Run<'c>,
    feed: Option<&'f mut dyn Feed>,
}

impl Feeding<'_, '_, '_> {
    async fn encode(&mut self) -> Result<()> {
        let (Some(batch), Some(feed)) = (self.run.batch(), &mut self.feed) else { return Err(no_rows()) };
        let has_more = feed.fill(batch.encoder()).await?;
        batch.encoded(!has_more)
    }
}

impl Chunks for Feeding<'_, '_, '_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>> {
        Box::pin(async move {
            loop {
                match self.run.batch().ok_or_else(no_rows)?.next_chunk() {
                    Next::Chunk(chunk, rows) => return Ok(Some((chunk, rows))),
                    Next::Encode => self.encode().await?,
                    _ => return Ok(None),
                }
            }
        })
    }

    fn recycle(&mut self, chunk: Chunk) {
        if let Some(batch) = self.run.batch() {
            batch.recycle(chunk);
        }
    }
}

fn cannot(ask: &Ask) -> Error {
    Error::new(ErrorKind::NotSupported, format!("this host cannot do {ask:?}"))
}

fn no_rows() -> Error {
    Error::new(ErrorKind::Request, "the plan asks for rows, and was given none")
}

/// Runs the plan that inserts the chosen ones of these rows.
pub(crate) async fn run_new(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    plan: &Plan,
    rows: &[Row],
    chosen: &[usize],
) -> Result<Outcome> {
    let mut callbacks = Callbacks::default();
    let mut feed = ValuesFeed::new(rows, chosen);
    let plan = Arc::new(plan.clone());
    let mut run = Run::with_batch(dialect.clone(), model, plan, feed.count(), &mut callbacks);
    drive(connection, &mut run, Some(&mut feed)).await
}
