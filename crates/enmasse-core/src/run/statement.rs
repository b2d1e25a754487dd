//! Steps of one statement: what is asked for, and what its answer counts for.

use crate::error::{Error, ErrorKind, Result};
use crate::plan::{EachRow, Gives, duplicate_keys};
use crate::run::machine::{Run, Then, no_rows, unexpected};
use crate::run::{Answer, Ask, Batch, Row, RowsWritten};
use crate::sql::Statement;
use crate::value::{DataType, Value};

impl Run<'_> {
    /// Begins a step of one statement.
    pub(super) fn run(&mut self, statement: Statement, gives: Gives) -> Result<Option<Ask>> {
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

    /// Takes what a statement gave.
    pub(super) fn take_given(&mut self, gives: Gives, answer: Answer) -> Result<()> {
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
    pub(super) fn take_written(&mut self, rows: &EachRow, written: RowsWritten) -> Result<()> {
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
}
