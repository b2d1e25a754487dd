//! Rows of the file that are missing from the table: written to a file, inserted, or refused.

use std::sync::Arc;

use enmasse::{Error, Record, Transaction, Value};

use crate::apply::changes::Noted;
use crate::apply::circle::Circle;
use crate::apply::files::{FinishedFile, OutputFile};
use crate::apply::kept::{Kept, LOT};
use crate::apply::mapping::Mapping;
use crate::apply::order::{Ordered, in_order};
use crate::apply::parts::{Order, in_parts};
use crate::apply::summary::Counts;
use crate::apply::transaction::{Ended, Job, has_not_ended};
use crate::apply::writing::{Shared, lock};
use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::{Format, Input, InputOptions, RowWriter};
use crate::output::grouped;
use crate::shown;

/// So many keys are named where missing rows are refused.
const NAMED: usize = 5;

/// Inserts records, and gives the positions of those that the database refuses, at most `most`.
async fn insert_lot(
    job: &Job<'_>,
    tx: &Transaction,
    lot: &[Record],
    most: usize,
    counts: &mut Counts,
) -> Result<Vec<(usize, Error)>, Error> {
    in_parts(tx, lot.len(), most, Order::FirstRows, async |tx, range| {
        let inserted = job.insert(tx, lot[range.clone()].to_vec()).await?;
        counts.insert(&lot[range], inserted);
        Ok(())
    })
    .await
}

/// Takes the rows that are not in the table.
pub struct Absent {
    mapping: Arc<Mapping>,
    file: Option<OutputFile<RowWriter>>,
    /// Until all others are written, to be inserted then.
    kept: Option<Kept>,
    keys: Vec<String>,
}

impl Absent {
    pub fn new(mapping: &Arc<Mapping>, args: &ApplyArgs, input: &Input) -> Result<Self> {
        let columns: Vec<_> = mapping.columns.iter().map(|column| column.name.clone()).collect();
        // as its name says, or as the input is written, so that it can be applied
        let file = args.missing.as_deref().map(|path| {
            let like_input = Some(input.format()).filter(|format| *format != Format::Parquet);
            let options = InputOptions {
                format: Format::of_name(path).or(like_input),
                encoding: None,
                ..args.input.options()
            };
            OutputFile::create(path, |place| RowWriter::create_at(place, path, &columns, &options))
        });
        let kept = args.insert_missing.then(|| Kept::new(mapping));
        Ok(Absent {
            mapping: mapping.clone(),
            file: file.transpose()?,
            kept: kept.transpose()?,
            keys: Vec::new(),
        })
    }

    pub fn note(&mut self, record: &Record) -> Result<()> {
        let row = self.mapping.row(record);
        if self.keys.len() < NAMED {
            let key = self.mapping.key.iter();
            let key = key.filter_map(|&column| {
                Some((self.mapping.columns[column].name.as_str(), row[column].as_ref()?))
            });
            self.keys.push(shown::key(key));
        }
        match &mut self.kept {
            // some of them may arrive until then, and are not missing
            Some(kept) => kept.push(&row),
            None => self.write(&row),
        }
    }

    fn write(&mut self, row: &[Option<Value>]) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.writer().write(row))
    }

    /// The failure where there may be none.
    pub fn refuse(&self, file: &str, missing: u64) -> Failure {
        let (rows, are) = if missing == 1 { ("row", "is") } else { ("rows", "are") };
        let mut keys = self.keys.join("; ");
        if missing > self.keys.len() as u64 {
            keys.push_str("; …");
        }
        Failure::failed(format!(
            "{file}: {} {rows} {are} not in {} ({keys}), and --strict refuses that. Nothing was written.",
            grouped(missing),
            self.mapping.model.table
        ))
    }

    /// Inserts the rows as they stand, a lot at a time. Lots that are refused wait until all others are inserted.
    pub async fn insert(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        counts: &mut Counts,
        noted: Option<&Shared<Noted>>,
    ) -> Result<(), Ended> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let kept = std::mem::replace(kept, Kept::new(&self.mapping)?);
        let (mut rows, mut left) = (kept.read()?, Kept::new(&self.mapping)?);
        loop {
            let lot = rows.lot()?;
            if lot.is_empty() {
                break;
            }
            match tx.transaction(async |tx| job.insert(&tx, lot.clone()).await).await {
                Ok(inserted) => counts.insert(&lot, inserted),
                Err(error) if !error.is_of_rows() => return Err(error.into()),
                Err(_) => {
                    lot.iter().try_for_each(|record| left.push(&self.mapping.row(record)))?;
                    continue;
                }
            }
            lot.iter().try_for_each(|record| self.write(&self.mapping.row(record)))?;
        }
        if left.len() == 0 {
            return Ok(());
        }
        self.insert_in_order(job, tx, left, counts, noted).await
    }

    /// Inserts rows after those that they refer to. Those that another transaction has brought in the meantime are updated.
    async fn insert_in_order(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        left: Kept,
        counts: &mut Counts,
        noted: Option<&Shared<Noted>>,
    ) -> Result<(), Ended> {
        let (mut left, mut circle) = (left, Circle::new(&self.mapping)?);
        loop {
            let Ordered { rows, circular } = in_order(left, &self.mapping)?;
            let (mut lots, mut number, mut why) = (rows.rows()?, 0, None);
            left = Kept::new(&self.mapping)?;
            loop {
                let lot = lots.lot()?;
                if lot.is_empty() {
                    break;
                }
                let numbers = number..;
                number += lot.len() as u64;
                let missing = job.which_are_missing(tx, &lot).await?;
                let (mut arrived, mut waiting) = (Vec::new(), Vec::new());
                for ((record, is_missing), number) in lot.into_iter().zip(missing).zip(numbers) {
                    if is_missing {
                        waiting.push((record, circular.has(number)));
                    } else {
                        arrived.push(record);
                    }
                }
                if !arrived.is_empty() {
                    let arrived = job.write(tx, arrived, noted.is_some()).await?;
                    counts.arrived(&arrived.counts);
                    if let Some(noted) = noted {
                        arrived.changes.iter().try_for_each(|change| lock(noted).note(change))?;
                    }
                }
                let mut bare = Vec::with_capacity(waiting.len());
                for (record, is_circular) in &waiting {
                    let without = if *is_circular { job.mapping.without_references(record)? } else { None };
                    bare.push(without.unwrap_or_else(|| record.clone()));
                }
                let refused = insert_lot(job, tx, &bare, LOT - left.len().min(LOT), counts).await?;
                let mut refused = refused.into_iter().peekable();
                for (number, (record, is_circular)) in waiting.iter().enumerate() {
                    let row = self.mapping.row(record);
                    if let Some((_, error)) = refused.next_if(|(position, _)| *position == number) {
                        left.push(&row)?;
                        why.get_or_insert(error);
                        continue;
                    }
                    self.write(&row)?;
                    if *is_circular {
                        circle.add(&row)?;
                    }
                }
            }
            if left.len() == 0 {
                return circle.close(job, tx, counts).await;
            }
            if left.len() == rows.len() {
                return Err(why.map_or_else(|| has_not_ended().into(), Ended::from));
            }
        }
    }

    /// The file.
    pub fn finish(self) -> Result<Option<FinishedFile>> {
        self.file.map(|file| file.finish(RowWriter::finish)).transpose()
    }
}
