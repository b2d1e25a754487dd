//! What a plan did: counted once, here.

use crate::error::{Error, ErrorKind, Result};
use crate::plan::Missing;
use crate::run::{Batch, Row};
use crate::value::Value;

/// What a plan did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// Rows that matched, or were inserted.
    pub matched: u64,
    /// Rows of these that were written.
    pub changed: u64,
    /// Rows of these that have other values and that the database did not write.
    pub skipped: u64,
    /// Rows of the batch that were left out: the first row of their key counts. They are in none of the other counts.
    pub left_out: u64,
    /// The keys of the batch that matched no row, where they are to be kept.
    pub missing: Vec<Row>,
    /// How many these are.
    pub missing_count: u64,
    /// The rows that come back: what the database made for each new row, or the rows of a bulk update.
    pub returned: Vec<Row>,
    /// The first identity value and the number of rows of each insert, where the database reports keys this way only.
    pub first_ids: Vec<(i64, u64)>,
    /// The rows that were written in each table, where a row is in several.
    pub tables: Vec<(String, u64)>,
    /// Whether the database was asked for the missing keys.
    pub(super) asked_missing: bool,
}

impl Outcome {
    /// Counts rows of a statement that wrote them.
    pub(super) fn add(&mut self, matched: u64, changed: u64) {
        self.matched += matched;
        self.changed += changed;
    }

    /// Keeps the keys of rows of the batch that match none, or gives the rows to the callback for them.
    pub(super) fn found_missing(
        &mut self,
        wanted: Missing,
        batch: &mut Batch<'_>,
        rows: Vec<Row>,
    ) -> Result<()> {
        self.missing_count += rows.len() as u64;
        match wanted {
            Missing::Count => {}
            Missing::Keys => self.missing.extend(rows.into_iter().map(|mut row| {
                row.truncate(batch.key_positions().len());
                row
            })),
            Missing::Rows => {
                for row in rows {
                    let carried = batch.by_field(row);
                    let callbacks = batch.callbacks();
                    callbacks.were_given_rows = true;
                    if let Some(sink) = &mut callbacks.missing {
                        sink(carried)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a row of an [account](crate::plan::Gives::Account).
    pub(super) fn account(&mut self, wanted: Missing, batch: &mut Batch<'_>, mut row: Row) -> Result<()> {
        let counts = row.split_off(row.len().saturating_sub(crate::plan::COUNTS));
        self.asked_missing = wanted != Missing::Count;
        match counts[..] {
            [Value::Int(matched), Value::Int(changed), Value::Int(skipped)] => {
                self.add(matched as u64, changed as u64);
                self.skipped += skipped as u64;
                Ok(())
            }
            _ => self.found_missing(wanted, batch, vec![row]),
        }
    }

    /// Closes the account of a batch: each of its rows matched, or is missing. In a transaction that is still open it can be refused.
    pub(super) fn close(&mut self, rows: u64, is_open: bool) -> Result<()> {
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
