//! Steps that run a statement for each chunk of the batch, or of its keys.

use crate::encode::SortedKeys;
use crate::error::Result;
use crate::plan::{COUNTS, Call, ChunkGives, EachChunk, EachKeys, Missing};
use crate::run::machine::{Run, Then, no_rows, unexpected};
use crate::run::{Affected, Answer, Ask, Next, Row};
use crate::sql::Statement;
use crate::value::{DataType, Value};

/// A chunk that is being written.
#[derive(Debug)]
pub(super) struct Written {
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
pub(super) struct KeyChunks {
    sorted: SortedKeys,
    run: Vec<i64>,
    taken: usize,
}

impl KeyChunks {
    pub fn of(sorted: SortedKeys) -> Self {
        KeyChunks { sorted, run: Vec::new(), taken: 0 }
    }
}

impl Run<'_> {
    /// Begins the next chunk.
    pub(super) fn next_chunk(&mut self, chunks: EachChunk) -> Result<Option<Ask>> {
        let (chunk, rows) = match self.has_rows()?.next_chunk() {
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

    pub(super) fn write_chunk(
        &mut self,
        chunks: EachChunk,
        mut chunk: Box<Written>,
        call: Call,
    ) -> Result<Option<Ask>> {
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
    pub(super) fn take_chunk(
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
    pub(super) fn count_chunk(&mut self, chunk: &Written) {
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

    pub(super) fn found_missing(&mut self, chunk: &mut Written, missing: Vec<Row>) -> Result<()> {
        chunk.missing += missing.len() as u64;
        let wanted = self.missing();
        let Some(batch) = &mut self.batch else { return Err(no_rows()) };
        self.outcome.found_missing(wanted, batch, missing)
    }

    /// Runs the statement of the next keys.
    pub(super) fn next_keys(&mut self, keys: EachKeys, mut chunks: KeyChunks) -> Result<Option<Ask>> {
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
}
