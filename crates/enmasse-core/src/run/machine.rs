//! The runner: it goes through the steps of a plan, asks the host for one thing after the other, and counts.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Chunk;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Call, ChunkGives, EachChunk, EachKeys, EachRow, Either, Form, Gives, Missing, Plan, Step};
use crate::run::chunk::{KeyChunks, Written};
use crate::run::{
    Affected, Answer, Ask, Batch, Callbacks, EachRowRun, Next, Outcome, Row, RowHost, RowsWritten, in_rows_of,
};
use crate::schema::ModelRef;
use crate::sql::Statement;
use crate::value::DataType;

/// A plan that is being run.
#[derive(Debug)]
pub struct Run<'c> {
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) model: ModelRef,
    pub(super) plan: Arc<Plan>,
    pub(super) batch: Option<Batch<'c>>,
    pub(super) outcome: Outcome,
    /// The number of steps that have been begun.
    begun: usize,
    pub(super) then: Then,
    /// Whether a transaction is open around the statements.
    is_open: bool,
}

/// What is done with the next answer.
#[derive(Debug)]
pub(super) enum Then {
    /// It says nothing, and the next step is begun.
    NextStep,
    /// It is what this statement of a step gives.
    Gives(Gives),
    /// It says which of two statements is run.
    Choose { then: Statement, otherwise: Statement },
    /// It is what became of the rows.
    RowsWritten(Arc<EachRow>),
    /// The next chunk is begun.
    NextChunk(EachChunk),
    /// It is the keys that match none, asked for before the chunk is written.
    MissingBefore(EachChunk, Box<Written>, Call),
    /// It is what the chunk's statement gives.
    Written(EachChunk, Box<Written>),
    /// It is the keys that match none, asked for after the chunk was written.
    MissingAfter(EachChunk, Box<Written>),
    /// It is what a statement of keys gives.
    Keys(EachKeys, KeyChunks),
}

/// Whether a plan needs no transaction around it: it is one statement for each chunk of rows, and there is one chunk; or it has a
/// transaction of its own.
pub fn stands_alone(plan: &Plan, is_one_chunk: bool) -> bool {
    match &plan.steps[..] {
        [] => true,
        [Step::EachChunk(chunks)] => {
            // the keys that match no row are asked for afterwards, and only where there are any
            let is_one_statement = matches!(
                chunks.gives,
                ChunkGives::NotWritten | ChunkGives::Account | ChunkGives::Matched { missing_before: false }
            );
            is_one_chunk && is_one_statement && chunks.is_atomic
        }
        [Step::EachRow(rows)] => rows.own_transaction,
        _ => false,
    }
}

impl<'c> Run<'c> {
    /// A plan without rows of a batch.
    pub fn new(dialect: Arc<dyn Dialect>, model: &ModelRef, plan: Arc<Plan>) -> Self {
        Run {
            dialect,
            model: model.clone(),
            plan,
            batch: None,
            outcome: Outcome::default(),
            begun: 0,
            then: Then::NextStep,
            is_open: true,
        }
    }

    /// A plan with the rows of its batch, of which there are `total`, where that is known. They are encoded as the plan asks for them;
    /// a host may have the first chunk encoded before.
    pub fn with_batch(
        dialect: Arc<dyn Dialect>,
        model: &ModelRef,
        plan: Arc<Plan>,
        total: Option<u64>,
        callbacks: &'c mut Callbacks,
    ) -> Self {
        let batch = plan.batch.clone().map(|shape| {
            let (form, most) = plan.form().unwrap_or((Form::Stored, None));
            Batch::new(model, form.encoder(&dialect, &shape, most), total, callbacks)
        });
        Run { batch, ..Run::new(dialect, model, plan) }
    }

    /// The rows of the batch.
    pub fn batch(&mut self) -> Option<&mut Batch<'c>> {
        self.batch.as_mut()
    }

    /// Whether the plan has no step: no row can match, and nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// Whether it needs no transaction around it, as far as its rows are encoded.
    pub fn stands_alone(&self) -> bool {
        stands_alone(&self.plan, self.batch.as_ref().is_some_and(Batch::is_complete))
    }

    /// Says that no transaction is open around the statements: what fails after the write does not undo it.
    pub fn without_transaction(&mut self) {
        self.is_open = false;
    }

    /// Takes what came of the last thing that was asked for, and says what is to be done next.
    ///
    /// # Errors
    ///
    /// Those of the plan: a key that comes twice, a count that does not add up, a callback's. The run has then ended.
    pub fn next(&mut self, answer: Answer) -> Result<Ask> {
        let style = self.dialect.driver().placeholders();
        self.proceed(answer).map(|ask| ask.rendered(style))
    }

    fn proceed(&mut self, answer: Answer) -> Result<Ask> {
        if let Some(ask) = self.take(answer)? {
            return Ok(ask);
        }
        while let Some(step) = self.plan.steps.get(self.begun).cloned() {
            self.begun += 1;
            if let Some(ask) = self.begin(step)? {
                return Ok(ask);
            }
        }
        if self.plan.is_empty()
            && let Some(ask) = self.all_missing()?
        {
            return Ok(ask);
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        if let (Some(batch), true) = (&mut self.batch, self.plan.missing.is_some()) {
            batch.written(outcome.matched);
            outcome.left_out = batch.left_out();
            outcome.close(batch.rows(), self.is_open)?;
        }
        Ok(Ask::Finished(outcome))
    }

    /// Takes a row of an [`Ask::Stream`].
    ///
    /// # Errors
    ///
    /// Those of the callback that it is for.
    pub fn row(&mut self, row: Row) -> Result<()> {
        let missing = self.missing();
        let Some(batch) = &mut self.batch else { return Err(no_rows()) };
        match &self.then {
            Then::Gives(Gives::Account(_)) => self.outcome.account(missing, batch, row),
            Then::Gives(Gives::Missing { .. }) => self.outcome.found_missing(missing, batch, vec![row]),
            _ => {
                let callbacks = batch.callbacks();
                callbacks.were_given_rows = true;
                callbacks.changes.as_mut().map_or(Ok(()), |sink| sink(row))
            }
        }
    }

    /// Answers an [`Ask::EachRow`] on a host that blocks: `encode` does what [`Ask::Encode`] asks for.
    ///
    /// # Errors
    ///
    /// Those of the host and of `encode`.
    pub fn each_row(
        &mut self,
        step: &EachRow,
        host: &mut impl RowHost,
        mut encode: impl FnMut(&mut Run<'c>) -> Result<()>,
    ) -> Result<RowsWritten> {
        let mut rows = EachRowRun::new(step, self.dialect.clone());
        loop {
            match self.has_rows()?.next_chunk() {
                Next::Chunk(Chunk::Cells(cells), _) => {
                    for row in cells.rows() {
                        if !rows.row(host, row)? {
                            return Ok(rows.finish());
                        }
                    }
                    self.has_rows()?.recycle(Chunk::Cells(cells));
                }
                Next::Encode => encode(self)?,
                Next::Chunk(chunk, _) => return Err(wrong_form(&chunk)),
                Next::End => return Ok(rows.finish()),
            }
        }
    }

    /// The error of what was asked for last, with what the plan knows of it.
    pub fn failed(&self, error: Error) -> Error {
        match &self.then {
            Then::Gives(Gives::Rows { .. }) | Then::RowsWritten(_) => in_rows_of(&self.model, error),
            Then::MissingAfter(..) if !self.is_open => written_already(error),
            _ => error,
        }
    }

    pub(super) fn missing(&self) -> Missing {
        self.plan.missing.unwrap_or(Missing::Count)
    }

    /// Begins a step.
    fn begin(&mut self, step: Step) -> Result<Option<Ask>> {
        match step {
            Step::Run(statement, gives) => self.run(statement, gives),
            Step::Either(Either { ask, then, otherwise }) => {
                self.then = Then::Choose { then, otherwise };
                Ok(Some(Ask::Query(ask, vec![DataType::BigInt])))
            }
            Step::Load(load) => {
                self.then = Then::NextStep;
                self.has_rows()?;
                Ok(Some(Ask::Load(load)))
            }
            Step::EachRow(rows) => {
                self.has_rows()?;
                let rows = Arc::new(rows);
                self.then = Then::RowsWritten(rows.clone());
                Ok(Some(Ask::EachRow(rows)))
            }
            Step::EachChunk(chunks) => self.next_chunk(chunks),
            Step::EachKeys(keys) => {
                let sorted = self.has_rows()?.sorted_keys();
                self.next_keys(keys, KeyChunks::of(sorted))
            }
        }
    }

    /// Takes an answer. Gives what is still to be asked for in the same step.
    fn take(&mut self, answer: Answer) -> Result<Option<Ask>> {
        match (std::mem::replace(&mut self.then, Then::NextStep), answer) {
            (Then::NextStep, _) => Ok(None),
            (Then::Gives(gives), answer) => self.take_given(gives, answer).map(|()| None),
            (Then::Choose { then, otherwise }, Answer::Rows(rows)) => {
                self.then = Then::Gives(Gives::Matched);
                Ok(Some(Ask::Execute(if rows.is_empty() { otherwise } else { then })))
            }
            (Then::RowsWritten(rows), Answer::RowsWritten(written)) => {
                self.take_written(&rows, written).map(|()| None)
            }
            (Then::NextChunk(chunks), Answer::Done) => self.next_chunk(chunks),
            (Then::MissingBefore(chunks, mut chunk, call), Answer::Rows(missing)) => {
                self.found_missing(&mut chunk, missing)?;
                self.write_chunk(chunks, chunk, call)
            }
            (Then::Written(chunks, chunk), answer) => self.take_chunk(chunks, chunk, answer),
            (Then::MissingAfter(chunks, mut chunk), Answer::Rows(missing)) => {
                self.found_missing(&mut chunk, missing)?;
                self.count_chunk(&chunk);
                self.next_chunk(chunks)
            }
            (Then::Keys(keys, chunks), Answer::Affected(affected)) => {
                self.count(affected);
                let matched = self.outcome.matched;
                self.has_rows()?.written(matched);
                self.next_keys(keys, chunks)
            }
            (_, answer) => Err(unexpected(&answer)),
        }
    }

    /// Goes through the rows of a plan without steps: no row can match, and all are missing.
    fn all_missing(&mut self) -> Result<Option<Ask>> {
        let missing = self.missing();
        let Some(batch) = &mut self.batch else { return Ok(None) };
        self.outcome.asked_missing = true;
        let types = batch.types();
        loop {
            let rows = match batch.next_chunk() {
                Next::Chunk(Chunk::Rows(rows), _) => rows,
                Next::Chunk(_, rows) => {
                    self.outcome.missing_count += rows as u64;
                    continue;
                }
                Next::Encode => return Ok(Some(Ask::Encode)),
                Next::End => return Ok(None),
            };
            let load = |stored: Row| -> Result<Row> {
                let typed = stored.into_iter().zip(&types);
                typed.map(|(value, data_type)| self.dialect.load(value, data_type)).collect()
            };
            let rows = rows.into_iter().map(load).collect::<Result<_>>()?;
            self.outcome.found_missing(missing, batch, rows)?;
        }
    }

    pub(super) fn count(&mut self, affected: Affected) {
        self.outcome.add(affected.rows, affected.changed.unwrap_or(affected.rows));
    }

    pub(super) fn has_rows(&mut self) -> Result<&mut Batch<'c>> {
        self.batch.as_mut().ok_or_else(no_rows)
    }
}

pub(super) fn no_rows() -> Error {
    Error::new(ErrorKind::Request, "the plan asks for rows, and was given none")
}

/// The error for rows in another form than the step takes: none of them may be passed over.
fn wrong_form(chunk: &Chunk) -> Error {
    let form = match chunk {
        Chunk::Bytes(_) => "bytes",
        Chunk::Columns(_) => "columns",
        Chunk::Cells(_) => "cells",
        Chunk::Rows(_) => "rows of values",
    };
    Error::new(ErrorKind::Request, format!("the plan takes its rows in another form than {form}"))
}

pub(super) fn unexpected(answer: &Answer) -> Error {
    Error::new(
        ErrorKind::Request,
        format!("the host's answer does not fit what it was asked for: {answer:?}"),
    )
}

/// Where no transaction is open around a write, what fails after it does not undo it.
fn written_already(error: Error) -> Error {
    let text = format!(
        "All rows were written, but the keys that match none of them could not be read: {}",
        error.message()
    );
    Error::new(ErrorKind::CommitUnknown, text).with_source(error)
}
