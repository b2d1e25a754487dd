//! The runner: it goes through the steps of a plan, asks the host for one thing after the other, and counts.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::{BatchEncoder, Chunk, SortedKeys};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{
    COUNTS, Call, ChunkGives, EachChunk, EachKeys, EachRow, Either, Form, Gives, Load, Missing, Plan, Step,
    duplicate_keys,
};
use crate::run::{Batch, Callbacks, EachRowRun, Next, Outcome, Row, RowHost, RowsWritten, in_rows_of};
use crate::schema::ModelRef;
use crate::sql::{RowStatement, Statement};
use crate::value::{DataType, Value};

/// What a host is to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ask {
    /// Run a statement that gives no rows: [`Answer::Affected`].
    Execute(Statement),
    /// Run a statement that gives rows with columns of these types: [`Answer::Rows`].
    Query(Statement, Vec<DataType>),
    /// Run a statement that gives rows with columns of these types, hand each to [`Run::row`] as it comes: [`Answer::Done`].
    Stream(Statement, Vec<DataType>),
    /// Run a prepared statement with all these rows of stored values at once: [`Answer::Affected`] with the rows that matched.
    Bulk(RowStatement, Vec<Vec<Value>>),
    /// Add rows to [`Run::batch`]'s encoder until it is full, and say so to [`Batch::encoded`]: [`Answer::Done`].
    Encode,
    /// Stream all chunks of [`Run::batch`] to where the statement takes them: [`Answer::Done`].
    Load(Load),
    /// Run prepared statements for each row of all chunks of [`Run::batch`]: [`Answer::RowsWritten`].
    EachRow(Arc<EachRow>),
    /// Nothing: the plan is done.
    Finished(Outcome),
}

/// What came of what a host was asked to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The host begins.
    Begin,
    /// It is done.
    Done,
    /// What a statement did.
    Affected(Affected),
    /// The rows that a statement gave.
    Rows(Vec<Row>),
    /// What became of the rows of an [`EachRow`].
    RowsWritten(RowsWritten),
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Affected {
    /// Rows matched, or inserted, or deleted.
    pub rows: u64,
    /// Rows of these that an update changed, where the database reports it.
    pub changed: Option<u64>,
    /// The first identity value that an insert made, where the database reports it this way only.
    pub last_insert_id: Option<i64>,
}

/// A plan that is being run.
#[derive(Debug)]
pub struct Run<'c> {
    dialect: Arc<dyn Dialect>,
    model: ModelRef,
    plan: Arc<Plan>,
    batch: Option<Batch<'c>>,
    outcome: Outcome,
    /// The number of steps that have been begun.
    begun: usize,
    then: Then,
    /// Whether a transaction is open around the statements.
    is_open: bool,
}

/// What is done with the next answer.
#[derive(Debug)]
enum Then {
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

/// A chunk that is being written.
#[derive(Debug)]
struct Written {
    rows: u64,
    /// Gives its keys that match no row.
    find: Option<Statement>,
    /// How many these are.
    missing: u64,
    affected: Affected,
    /// Whether the driver reports all rows, and not those of its last message only.
    is_counted: bool,
}

/// The keys of a batch, some at a time.
#[derive(Debug)]
struct KeyChunks {
    sorted: SortedKeys,
    run: Vec<i64>,
    taken: usize,
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
            _ => batch.callbacks().changes.as_mut().map_or(Ok(()), |sink| sink(row)),
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
            match self.has_rows()?.next() {
                Next::Chunk(Chunk::Cells(cells), _) => {
                    for row in cells.rows() {
                        if !rows.row(host, row)? {
                            return Ok(rows.finish());
                        }
                    }
                    self.has_rows()?.recycle(Chunk::Cells(cells));
                }
                Next::Encode => encode(self)?,
                Next::Chunk(..) | Next::End => return Ok(rows.finish()),
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

    fn missing(&self) -> Missing {
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
                self.next_keys(keys, KeyChunks { sorted, run: Vec::new(), taken: 0 })
            }
        }
    }

    /// Begins a step of one statement.
    fn run(&mut self, statement: Statement, gives: Gives) -> Result<Option<Ask>> {
        let ask = match &gives {
            Gives::Nothing | Gives::Matched | Gives::MatchedIn(_) | Gives::MatchedInEach(_) => {
                Ask::Execute(statement)
            }
            Gives::Counts(tables) => Ask::Query(statement, vec![DataType::BigInt; 2 + tables.len()]),
            Gives::Account(columns) => Ask::Stream(statement, columns.clone()),
            Gives::Rows { columns, are_written } => {
                let columns = columns.clone();
                let is_heard = self.batch.as_mut().is_some_and(|batch| batch.callbacks().changes.is_some());
                if is_heard && !are_written {
                    Ask::Stream(statement, columns)
                } else {
                    Ask::Query(statement, columns)
                }
            }
            Gives::Duplicates => Ask::Query(statement, self.plan.key.clone()),
            Gives::Missing { columns, before } => {
                let columns = columns.clone();
                let rows = self.has_rows()?.rows();
                self.outcome.asked_missing = true;
                if !before && self.outcome.matched >= rows {
                    return Ok(None);
                }
                Ask::Stream(statement, columns)
            }
        };
        self.then = Then::Gives(gives);
        Ok(Some(ask))
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

    /// Takes what a statement gave.
    fn take_given(&mut self, gives: Gives, answer: Answer) -> Result<()> {
        let outcome = &mut self.outcome;
        match (gives, answer) {
            (Gives::Nothing, _) => {}
            (Gives::Matched, Answer::Affected(affected)) => self.count(affected),
            (Gives::MatchedIn(table), Answer::Affected(affected)) => {
                outcome.tables.push((table, affected.rows));
            }
            (Gives::MatchedInEach(tables), Answer::Affected(affected)) => {
                let matched = affected.rows / tables.len().max(1) as u64;
                outcome.add(matched, matched);
                outcome.tables.extend(tables.into_iter().map(|table| (table, matched)));
            }
            (Gives::Counts(tables), Answer::Rows(rows)) => {
                let counts = rows.concat().into_iter().map(|count| match count {
                    Value::Int(count) => count.max(0) as u64,
                    _ => 0,
                });
                let counts: Vec<u64> = counts.collect();
                let [matched, changed, written @ ..] = &counts[..] else {
                    return Err(Error::new(
                        ErrorKind::Database,
                        "The update did not tell how many rows it matched.",
                    ));
                };
                outcome.add(*matched, *changed);
                outcome.tables.extend(tables.into_iter().zip(written.iter().copied()));
            }
            // each row was taken as it came
            (Gives::Account(_) | Gives::Missing { .. } | Gives::Rows { .. }, Answer::Done) => {}
            (Gives::Rows { are_written, .. }, Answer::Rows(rows)) => {
                outcome.returned = rows;
                if are_written {
                    let written = outcome.returned.len() as u64;
                    outcome.add(written, written);
                }
            }
            (Gives::Duplicates, Answer::Rows(keys)) => {
                if !keys.is_empty() {
                    let positions = self.batch.as_ref().map_or(&[][..], Batch::key_positions);
                    return Err(duplicate_keys(&self.model, positions, keys.into_iter()));
                }
            }
            (_, answer) => return Err(unexpected(&answer)),
        }
        Ok(())
    }

    /// Takes what became of the rows of a prepared statement.
    fn take_written(&mut self, rows: &EachRow, written: RowsWritten) -> Result<()> {
        if !rows.counts {
            return Ok(());
        }
        let (dialect, types) = (self.dialect.clone(), self.plan.key.clone());
        let load = |stored: Row| -> Result<Row> {
            stored.into_iter().zip(&types).map(|(value, data_type)| dialect.load(value, data_type)).collect()
        };
        let wanted = self.missing();
        let Some(batch) = &mut self.batch else { return Err(no_rows()) };
        if let Some(key) = written.duplicate {
            return Err(duplicate_keys(&self.model, batch.key_positions(), std::iter::once(load(key)?)));
        }
        self.outcome.add(written.matched, written.changed);
        self.outcome.skipped += written.skipped;
        let missing = written.missing.into_iter().map(load).collect::<Result<_>>()?;
        self.outcome.found_missing(wanted, batch, missing)?;
        self.outcome.returned = written.returned;
        Ok(())
    }

    /// Begins the next chunk.
    fn next_chunk(&mut self, chunks: EachChunk) -> Result<Option<Ask>> {
        let (chunk, rows) = match self.has_rows()?.next() {
            Next::Chunk(_, 0) => return self.next_chunk(chunks),
            Next::Chunk(chunk, rows) => (chunk, rows as u64),
            Next::Encode => {
                self.then = Then::NextChunk(chunks);
                return Ok(Some(Ask::Encode));
            }
            Next::End => return Ok(None),
        };
        let find = match chunks.gives {
            ChunkGives::Matched { .. } => chunks.make.missing(&chunk),
            _ => None,
        };
        let call = chunks.make.call(chunk);
        self.outcome.asked_missing |= find.is_some();
        let written = Written { rows, find, missing: 0, affected: Affected::default(), is_counted: true };
        let mut written = Box::new(written);
        if let ChunkGives::Matched { missing_before: true } = chunks.gives
            && let Some(find) = written.find.take()
        {
            self.then = Then::MissingBefore(chunks, written, call);
            return Ok(Some(Ask::Query(find, self.plan.key.clone())));
        }
        self.write_chunk(chunks, written, call)
    }

    fn write_chunk(&mut self, chunks: EachChunk, mut chunk: Box<Written>, call: Call) -> Result<Option<Ask>> {
        let ask = match call {
            Call::Bulk(statement, rows) => {
                let bytes: usize = rows.iter().flatten().map(Value::wire_size).sum();
                chunk.is_counted = bytes <= self.dialect.max_statement_bytes();
                Ask::Bulk(statement, rows)
            }
            Call::Once(statement) => match &chunks.gives {
                ChunkGives::Nothing | ChunkGives::Matched { .. } => Ask::Execute(statement),
                ChunkGives::NotWritten => {
                    Ask::Query(statement, self.plan.key.iter().cloned().chain([DataType::Bool]).collect())
                }
                ChunkGives::Account => {
                    let key = if self.missing() == Missing::Count { &[][..] } else { &self.plan.key[..] };
                    let counts = [const { DataType::BigInt }; COUNTS];
                    Ask::Query(statement, key.iter().cloned().chain(counts).collect())
                }
                ChunkGives::Inserted(columns) if columns.is_empty() => Ask::Execute(statement),
                ChunkGives::Inserted(columns) => Ask::Query(statement, columns.clone()),
            },
        };
        self.then = Then::Written(chunks, chunk);
        Ok(Some(ask))
    }

    /// Takes what the statement of a chunk gave.
    fn take_chunk(
        &mut self,
        chunks: EachChunk,
        mut chunk: Box<Written>,
        answer: Answer,
    ) -> Result<Option<Ask>> {
        let missing = self.missing();
        let outcome = &mut self.outcome;
        let Some(batch) = &mut self.batch else { return Err(no_rows()) };
        match (&chunks.gives, answer) {
            (ChunkGives::Nothing, _) => {}
            (ChunkGives::Matched { .. }, Answer::Affected(affected)) => {
                chunk.affected = affected;
                if affected.rows < chunk.rows
                    && let Some(find) = chunk.find.take()
                {
                    self.then = Then::MissingAfter(chunks, chunk);
                    return Ok(Some(Ask::Query(find, self.plan.key.clone())));
                }
                self.count_chunk(&chunk);
            }
            (ChunkGives::NotWritten, Answer::Rows(others)) => {
                let written = chunk.rows.saturating_sub(others.len() as u64);
                outcome.add(written, written);
                outcome.asked_missing = true;
                for mut row in others {
                    match row.pop() {
                        Some(Value::Bool(true)) => {} // skipped: see `close`
                        _ => outcome.found_missing(missing, batch, vec![row])?,
                    }
                }
            }
            (ChunkGives::Account, Answer::Rows(rows)) => {
                for row in rows {
                    outcome.account(missing, batch, row)?;
                }
            }
            (ChunkGives::Inserted(_), Answer::Affected(affected)) => {
                outcome.first_ids.extend(affected.last_insert_id.map(|first| (first, chunk.rows)));
                outcome.matched += affected.rows;
            }
            (ChunkGives::Inserted(_), Answer::Rows(rows)) => {
                outcome.matched += rows.len() as u64;
                outcome.returned.extend(rows);
            }
            (_, answer) => return Err(unexpected(&answer)),
        }
        let matched = self.outcome.matched;
        self.has_rows()?.written(matched);
        self.next_chunk(chunks)
    }

    /// Counts the rows of a chunk that is written.
    fn count_chunk(&mut self, chunk: &Written) {
        if chunk.is_counted {
            self.count(chunk.affected);
        } else {
            let matched = chunk.rows - chunk.missing.min(chunk.rows);
            self.outcome.add(matched, matched);
        }
        let matched = self.outcome.matched;
        if let Some(batch) = &mut self.batch {
            batch.written(matched);
        }
    }

    fn found_missing(&mut self, chunk: &mut Written, missing: Vec<Row>) -> Result<()> {
        chunk.missing += missing.len() as u64;
        let wanted = self.missing();
        let Some(batch) = &mut self.batch else { return Err(no_rows()) };
        self.outcome.found_missing(wanted, batch, missing)
    }

    /// Runs the statement of the next keys.
    fn next_keys(&mut self, keys: EachKeys, mut chunks: KeyChunks) -> Result<Option<Ask>> {
        while chunks.taken == chunks.run.len() {
            let Some(run) = chunks.sorted.next() else { return Ok(None) };
            chunks = KeyChunks { run, taken: 0, ..chunks };
        }
        let end = chunks.run.len().min(chunks.taken + keys.most);
        let statement = keys.make.statement(&chunks.run[chunks.taken..end]);
        chunks.taken = end;
        self.then = Then::Keys(keys, chunks);
        Ok(Some(Ask::Execute(statement)))
    }

    /// Goes through the rows of a plan without steps: no row can match, and all are missing.
    fn all_missing(&mut self) -> Result<Option<Ask>> {
        let missing = self.missing();
        let Some(batch) = &mut self.batch else { return Ok(None) };
        self.outcome.asked_missing = true;
        let types = batch.types();
        loop {
            let rows = match batch.next() {
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

    fn count(&mut self, affected: Affected) {
        self.outcome.add(affected.rows, affected.changed.unwrap_or(affected.rows));
    }

    fn has_rows(&mut self) -> Result<&mut Batch<'c>> {
        self.batch.as_mut().ok_or_else(no_rows)
    }
}

impl Batch<'_> {
    /// Has rows added by `fill` until the encoder is full; `fill` says whether there are more.
    ///
    /// # Errors
    ///
    /// Those of `fill`, and of [`encoded`](Batch::encoded).
    pub fn encode(&mut self, fill: impl FnOnce(&mut BatchEncoder) -> Result<bool>) -> Result<()> {
        let has_more = fill(self.encoder())?;
        self.encoded(!has_more)
    }
}

fn no_rows() -> Error {
    Error::new(ErrorKind::Request, "the plan asks for rows, and was given none")
}

fn unexpected(answer: &Answer) -> Error {
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
