//! Runs a plan's steps on a connection, in order.

use std::sync::Arc;

use enmasse_core::dialect::Dialect;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{
    COUNTS, Missing, PartGives, Parts, Plan, Step, WriteBulk, WriteEither, WriteKeys, WriteRows, WriteTables,
    duplicate_keys, several_rows,
};
use enmasse_core::schema::ModelRef;
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use tokio::sync::mpsc;

use crate::backend::{Connection, Row};
use crate::batch::{Chunks, Encoded};
use crate::handle::STREAM_AHEAD;
use crate::unread::in_rows_of;

/// What a plan came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Rows that matched, or were inserted.
    pub matched: u64,
    /// Rows of these that were written.
    pub changed: u64,
    /// Rows of these that have other values and that the database did not write.
    pub skipped: u64,
    /// The keys of the batch that matched no row, where they are to be kept.
    pub missing: Vec<Row>,
    /// How many these are.
    pub missing_count: u64,
    /// Whether the database was asked for them.
    pub asked_missing: bool,
    /// The rows that come back: what the database made for each new row, or the rows of a bulk update.
    pub returned: Vec<Row>,
    /// The first identity value and the number of rows of each insert, where the database tells keys this way only.
    pub first_ids: Vec<(i64, u64)>,
    /// The rows that were written in each table, where a row is in several.
    pub tables: Vec<(String, u64)>,
}

impl Outcome {
    /// Keeps the keys of rows of the batch that matched none, or gives the rows to who wants them.
    pub fn found_missing(
        &mut self,
        wanted: Missing,
        batch: &mut Encoded<'_, '_>,
        rows: Vec<Row>,
    ) -> Result<()> {
        self.missing_count += rows.len() as u64;
        match wanted {
            Missing::Count => {}
            Missing::Keys => self.missing.extend(rows.into_iter().map(|mut row| {
                row.truncate(batch.key());
                row
            })),
            Missing::Rows => {
                for row in rows {
                    let said = batch.by_field(row);
                    if let Some(sink) = &mut batch.listeners().missing {
                        sink(said)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a row of a [`Step::WriteAccounted`].
    fn account(&mut self, wanted: Missing, batch: &mut Encoded<'_, '_>, mut row: Row) -> Result<()> {
        let counts = row.split_off(row.len().saturating_sub(COUNTS));
        self.asked_missing = wanted != Missing::Count;
        match counts[..] {
            [Value::Int(matched), Value::Int(changed), Value::Int(skipped)] => {
                self.matched += matched as u64;
                self.changed += changed as u64;
                self.skipped += skipped as u64;
                Ok(())
            }
            _ => self.found_missing(wanted, batch, vec![row]),
        }
    }

    /// Closes the account of a batch: each of its rows matched, or is missing. In a transaction that is still open it can be refused.
    fn close(&mut self, rows: u64, is_open: bool) -> Result<()> {
        // of a row in several tables, all parts are written or it is not
        if let Some(written) = self.tables.iter().map(|(_, rows)| *rows).min()
            && written < self.changed
        {
            self.skipped += self.changed - written;
            self.changed = written;
        }
        if !self.asked_missing {
            self.missing_count = rows.saturating_sub(self.matched);
        }
        let Some(others) = rows.checked_sub(self.matched + self.missing_count) else {
            if !is_open {
                // written by a statement that stood alone, and deleted before the missing keys were asked for
                self.matched = rows.saturating_sub(self.missing_count);
                self.changed = self.changed.min(self.matched);
                return Ok(());
            }
            return Err(Error::new(
                ErrorKind::Conflict,
                "Another transaction brought rows of the batch into the table while they were written.",
            ));
        };
        // they are there, but were not written
        self.skipped += others;
        self.matched += others;
        Ok(())
    }
}

/// Runs a plan without rows of a batch. All of its steps belong into one transaction, which is the caller's affair.
pub(crate) async fn run(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    plan: Plan,
) -> Result<Outcome> {
    run_batch(connection, dialect, model, plan, None).await
}

/// Runs a plan with the rows of its batch.
pub(crate) async fn run_batch(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    plan: Plan,
    rows: Option<&mut Encoded<'_, '_>>,
) -> Result<Outcome> {
    let Plan { steps, key, missing, .. } = plan;
    let mut runner = Runner { connection, dialect, model, key, missing, rows, outcome: Outcome::default() };
    for step in steps {
        runner.step(step).await?;
    }
    if let Some(rows) = runner.rows {
        rows.written(runner.outcome.matched);
        runner.outcome.close(rows.rows(), runner.connection.state().is_open())?;
    }
    Ok(runner.outcome)
}

struct Runner<'r, 'e, 'b> {
    connection: &'r mut dyn Connection,
    dialect: &'r Arc<dyn Dialect>,
    model: &'r ModelRef,
    /// The types of a row's key.
    key: Vec<DataType>,
    /// What is to be told of rows that match none.
    missing: Missing,
    /// The rows of the batch.
    rows: Option<&'r mut Encoded<'e, 'b>>,
    outcome: Outcome,
}

impl Runner<'_, '_, '_> {
    async fn step(&mut self, step: Step) -> Result<()> {
        let hears_changes = self.rows.as_mut().is_some_and(|rows| rows.listeners().changes.is_some());
        let outcome = &mut self.outcome;
        match step {
            Step::Prepare(statement) => {
                self.connection.execute(&statement).await?;
            }
            Step::Stage(stage) => {
                let Some(rows) = &mut self.rows else { return Err(no_rows()) };
                self.connection.stage(&stage, &mut **rows).await?;
            }
            Step::WriteParts(parts) => self.write_parts(parts).await?,
            Step::WriteRows(write) => {
                let Some(rows) = &mut self.rows else { return Err(no_rows()) };
                let written = self.connection.write_rows(write, &mut **rows).await;
                let written = written.map_err(|error| in_rows_of(self.model, error))?;
                let load = |stored: Row| -> Result<Row> {
                    stored
                        .into_iter()
                        .zip(&self.key)
                        .map(|(value, data_type)| self.dialect.load(value, data_type))
                        .collect()
                };
                if let Some(key) = written.twice {
                    return Err(duplicate_keys(self.model, rows.positions(), std::iter::once(load(key)?)));
                }
                outcome.matched += written.matched;
                outcome.changed += written.changed;
                outcome.skipped += written.skipped;
                let missing = written.missing.into_iter().map(load).collect::<Result<_>>()?;
                outcome.found_missing(self.missing, rows, missing)?;
                outcome.returned = written.returned;
            }
            Step::StageRows(write) => {
                let Some(rows) = &mut self.rows else { return Err(no_rows()) };
                self.connection.write_rows(WriteRows::plain(write), &mut **rows).await?;
            }
            Step::WriteBulk(bulk) => self.write_bulk(bulk).await?,
            Step::WriteKeys(keys) => self.write_keys(keys).await?,
            Step::Write(statement) => {
                let done = self.connection.execute(&statement).await?;
                outcome.matched += done.rows;
                outcome.changed += done.changed.unwrap_or(done.rows);
            }
            Step::WriteEither(WriteEither { ask, then, otherwise }) => {
                let answer = self.connection.query(&ask, &[DataType::BigInt]).await?;
                let done =
                    self.connection.execute(if answer.is_empty() { &otherwise } else { &then }).await?;
                outcome.matched += done.rows;
                outcome.changed += done.changed.unwrap_or(done.rows);
            }
            Step::WriteCounted(statement) => {
                let counts = self.connection.query(&statement, &[DataType::BigInt, DataType::BigInt]).await?;
                let [Value::Int(matched), Value::Int(changed)] = counts.concat()[..] else {
                    return Err(Error::new(
                        ErrorKind::Database,
                        "The update did not tell how many rows it matched.",
                    ));
                };
                outcome.matched += matched as u64;
                outcome.changed += changed as u64;
            }
            Step::WriteAccounted { statement, columns } => self.write_accounted(&statement, &columns).await?,
            Step::WriteTables(write) => self.write_tables(write).await?,
            Step::WriteTable(write) => {
                let done = self.connection.execute(&write.statement).await?;
                outcome.tables.push((write.table, done.rows));
            }
            Step::WriteReturning(statement, types) => {
                let returned = self.connection.query(&statement, &types).await;
                outcome.returned = returned.map_err(|error| in_rows_of(self.model, error))?;
                outcome.matched += outcome.returned.len() as u64;
                outcome.changed = outcome.matched;
            }
            Step::Return(statement, types) if hears_changes => {
                self.each_row(&statement, &types, |batch, row| {
                    batch.listeners().changes.as_mut().map_or(Ok(()), |sink| sink(row))
                })
                .await
                .map_err(|error| in_rows_of(self.model, error))?;
            }
            Step::Return(statement, types) => {
                let returned = self.connection.query(&statement, &types).await;
                outcome.returned = returned.map_err(|error| in_rows_of(self.model, error))?;
            }
            Step::RefuseDuplicates(statement) => {
                let twice = self.connection.query(&statement, &self.key).await?;
                if !twice.is_empty() {
                    let positions = self.rows.as_ref().map_or(&[][..], |rows| rows.positions());
                    return Err(duplicate_keys(self.model, positions, twice.into_iter()));
                }
            }
            Step::RefuseSeveral(statement) => {
                let several = self.connection.query(&statement, &self.key).await?;
                if !several.is_empty() {
                    let positions = self.rows.as_ref().map_or(&[][..], |rows| rows.positions());
                    return Err(several_rows(self.model, positions, several));
                }
            }
            Step::FindMissing { statement, columns, always } => {
                let Some(rows) = &mut self.rows else { return Err(no_rows()) };
                outcome.asked_missing = true;
                if !always && outcome.matched >= rows.rows() {
                    return Ok(());
                }
                let (wanted, mut found) = (self.missing, std::mem::take(outcome));
                let taken = self
                    .each_row(&statement, &columns, |batch, row| {
                        found.found_missing(wanted, batch, vec![row])
                    })
                    .await;
                self.outcome = found;
                taken?;
            }
            Step::InsertEach(rows) => {
                (outcome.matched, outcome.returned) = self.connection.insert_each(rows).await?;
            }
            Step::Insert { statements, returned } => {
                for (statement, rows) in statements.each {
                    if returned.is_empty() {
                        let done = self.connection.execute(&statement).await?;
                        outcome.first_ids.extend(done.last_insert_id.map(|first| (first, rows)));
                        outcome.matched += done.rows;
                    } else {
                        let inserted = self.connection.query(&statement, &returned).await?;
                        outcome.matched += inserted.len() as u64;
                        outcome.returned.extend(inserted);
                    }
                }
            }
            other => {
                return Err(Error::new(
                    ErrorKind::NotSupported,
                    format!("this host cannot run the step {other:?}"),
                ));
            }
        }
        Ok(())
    }

    /// Runs a statement, and has each row taken as it comes.
    async fn each_row(
        &mut self,
        statement: &Statement,
        types: &[DataType],
        mut take: impl FnMut(&mut Encoded<'_, '_>, Row) -> Result<()> + Send,
    ) -> Result<()> {
        let Some(batch) = &mut self.rows else { return Err(no_rows()) };
        let (sender, mut receiver) = mpsc::channel(STREAM_AHEAD);
        let sending = self.connection.stream(statement, types, sender);
        let taking = async move {
            while let Some(rows) = receiver.recv().await {
                rows?.into_iter().try_for_each(|row| take(batch, row))?;
            }
            Ok(())
        };
        let (sent, taken) = futures_util::future::join(sending, taking).await;
        taken?;
        sent.map(|_| ())
    }

    /// Runs a statement that tells what became of each row.
    async fn write_accounted(&mut self, statement: &Statement, columns: &[DataType]) -> Result<()> {
        let (wanted, mut outcome) = (self.missing, std::mem::take(&mut self.outcome));
        let written =
            self.each_row(statement, columns, |batch, row| outcome.account(wanted, batch, row)).await;
        self.outcome = outcome;
        written
    }

    /// Runs a statement that writes to several tables.
    async fn write_tables(&mut self, write: WriteTables) -> Result<()> {
        let WriteTables { statement, tables, counts } = write;
        let outcome = &mut self.outcome;
        if !counts {
            let done = self.connection.execute(&statement).await?;
            let matched = done.rows / tables.len().max(1) as u64;
            outcome.matched += matched;
            outcome.changed += matched;
            outcome.tables.extend(tables.into_iter().map(|table| (table, matched)));
            return Ok(());
        }
        let types = vec![DataType::BigInt; 2 + tables.len()];
        let row = self.connection.query(&statement, &types).await?.concat();
        let counts = row.iter().map(|count| if let Value::Int(count) = count { *count as u64 } else { 0 });
        let counts = counts.collect::<Vec<_>>();
        let [matched, changed, written @ ..] = &counts[..] else {
            return Err(Error::new(ErrorKind::Database, "The update did not tell how many rows it matched."));
        };
        outcome.matched += matched;
        outcome.changed += changed;
        outcome.tables.extend(tables.into_iter().zip(written.iter().copied()));
        Ok(())
    }

    /// Runs statements that are made of parts of the batch.
    async fn write_parts(&mut self, parts: Parts) -> Result<()> {
        let Parts { make, gives, .. } = parts;
        let mut columns = self.key.clone();
        match gives {
            PartGives::NotWritten => columns.push(DataType::Bool),
            PartGives::Account => {
                if self.missing == Missing::Count {
                    columns.clear();
                }
                columns.extend([const { DataType::BigInt }; COUNTS]);
            }
            _ => {}
        }
        let Some(chunks) = &mut self.rows else { return Err(no_rows()) };
        while let Some((chunk, rows)) = chunks.next().await? {
            if rows == 0 {
                continue;
            }
            let outcome = &mut self.outcome;
            match gives {
                PartGives::Nothing => _ = self.connection.execute(&make.statement(chunk)).await?,
                PartGives::Matched { missing_before } => {
                    let find = make.missing(&chunk);
                    outcome.asked_missing |= find.is_some();
                    if let (true, Some(find)) = (missing_before, &find) {
                        let missing = self.connection.query(find, &self.key).await?;
                        outcome.found_missing(self.missing, chunks, missing)?;
                    }
                    let done = self.connection.execute(&make.statement(chunk)).await?;
                    if let (false, true, Some(find)) = (missing_before, done.rows < rows as u64, &find) {
                        let found = self.connection.query(find, &self.key).await;
                        let is_open = self.connection.state().is_open();
                        let missing = found.map_err(|error| written_already(error, is_open))?;
                        outcome.found_missing(self.missing, chunks, missing)?;
                    }
                    outcome.matched += done.rows;
                    outcome.changed += done.changed.unwrap_or(done.rows);
                }
                PartGives::NotWritten => {
                    let others = self.connection.query(&make.statement(chunk), &columns).await?;
                    let written = (rows - others.len()) as u64;
                    outcome.matched += written;
                    outcome.changed += written;
                    outcome.asked_missing = true;
                    for mut row in others {
                        match row.pop() {
                            Some(Value::Bool(true)) => {} // skipped: see `close`
                            _ => outcome.found_missing(self.missing, chunks, vec![row])?,
                        }
                    }
                }
                PartGives::Account => {
                    for row in self.connection.query(&make.statement(chunk), &columns).await? {
                        outcome.account(self.missing, chunks, row)?;
                    }
                }
                _ => {
                    return Err(Error::new(
                        ErrorKind::NotSupported,
                        "this host does not know what a part gives",
                    ));
                }
            }
            chunks.written(self.outcome.matched);
        }
        Ok(())
    }

    /// Sends a statement with the rows of the batch.
    async fn write_bulk(&mut self, bulk: WriteBulk) -> Result<()> {
        let WriteBulk { write, missing, missing_before, .. } = bulk;
        let Some(chunks) = &mut self.rows else { return Err(no_rows()) };
        while let Some((chunk, rows)) = chunks.next().await? {
            let find = missing.missing(&chunk);
            let Chunk::Rows(values) = chunk else { continue };
            if rows == 0 {
                continue;
            }
            let mut missing = Vec::new();
            if let (true, Some(find)) = (missing_before, &find) {
                missing = self.connection.query(find, &self.key).await?;
            }
            let bytes: usize = values.iter().flatten().map(Value::wire_size).sum();
            let counted = self.connection.execute_bulk(&write, values).await?;
            if let (false, true, Some(find)) = (missing_before, counted < rows as u64, &find) {
                missing = self.connection.query(find, &self.key).await?;
            }
            // where the driver had to send several messages it counts the rows of the last one only
            let is_one = bytes <= self.dialect.max_statement_bytes();
            let matched = if is_one { counted } else { (rows - missing.len()) as u64 };
            self.outcome.asked_missing = true;
            self.outcome.found_missing(self.missing, chunks, missing)?;
            self.outcome.matched += matched;
            self.outcome.changed += matched;
            chunks.written(self.outcome.matched);
        }
        Ok(())
    }

    /// Runs statements that are made of the batch's keys.
    async fn write_keys(&mut self, keys: WriteKeys) -> Result<()> {
        let Some(rows) = &mut self.rows else { return Err(no_rows()) };
        let (mut progress, runs) = rows.sorted_keys();
        for run in runs {
            for part in run.chunks(keys.most) {
                let done = self.connection.execute(&keys.make.statement(part)).await?;
                self.outcome.matched += done.rows;
                self.outcome.changed += done.changed.unwrap_or(done.rows);
                progress(self.outcome.matched);
            }
        }
        Ok(())
    }
}

fn no_rows() -> Error {
    Error::new(ErrorKind::Request, "the plan asks for rows, and was given none")
}

/// Where no transaction is open around a write, what fails after it does not undo it.
fn written_already(error: Error, is_open: bool) -> Error {
    if is_open {
        return error;
    }
    let text = format!(
        "All rows were written, but the keys that match none of them could not be read: {}",
        error.message()
    );
    Error::new(ErrorKind::CommitUnknown, text).with_source(error)
}
