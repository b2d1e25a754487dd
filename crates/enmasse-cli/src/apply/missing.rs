//! Rows of the file that are missing from the table: written to a file, inserted, or refused.

use std::sync::Arc;

use enmasse::{Error, ErrorKind, Record, Transaction, Value};

use crate::apply::changes::Noted;
use crate::apply::files::{FinishedFile, OutputFile};
use crate::apply::kept::{Kept, LOT};
use crate::apply::mapping::Mapping;
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
    order: Order,
    counts: &mut Counts,
) -> Result<Vec<(usize, Error)>, Error> {
    in_parts(tx, lot.len(), most, order, async |tx, range| {
        let rows = range.len() as u64;
        let inserted = job.insert(tx, lot[range].to_vec()).await?;
        counts.inserted += inserted;
        counts.skipped += rows - inserted;
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

    /// Inserts the rows. Those that another transaction has brought in the meantime are updated, and those that wait for others, which
    /// they refer to, come after them.
    pub async fn insert(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        counts: &mut Counts,
        noted: Option<&Shared<Noted>>,
    ) -> Result<(), Ended> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let mut kept = std::mem::replace(kept, Kept::new(&self.mapping)?);
        let mut is_first = true;
        while kept.len() > 0 {
            let before = kept.len();
            let (mut rows, mut left, mut why) = (kept.read()?, Kept::new(&self.mapping)?, None);
            loop {
                let mut lot = rows.lot()?;
                if lot.is_empty() {
                    break;
                }
                if !is_first {
                    let arrived = job.write(tx, lot, noted.is_some()).await?;
                    counts.arrived(&arrived.counts);
                    if let Some(noted) = noted {
                        arrived.changes.iter().try_for_each(|change| lock(noted).note(change))?;
                    }
                    lot = arrived.missing;
                }
                let order = if is_first { Order::FirstRows } else { Order::LastRows };
                let refused = insert_lot(job, tx, &lot, LOT - left.len(), order, counts).await?;
                let mut refused = refused.into_iter().peekable();
                for (number, record) in lot.iter().enumerate() {
                    let row = self.mapping.row(record);
                    match refused.next_if(|(position, _)| *position == number) {
                        Some((_, error)) => {
                            left.push(&row)?;
                            why.get_or_insert(error);
                        }
                        None => self.write(&row)?,
                    }
                }
            }
            if !is_first && left.len() == before {
                let Some(inserted) = self.insert_circle(job, tx, left).await? else {
                    return Err(why.map_or_else(|| has_not_ended().into(), Ended::from));
                };
                counts.inserted += inserted;
                counts.skipped += before as u64 - inserted;
                break;
            }
            (kept, is_first) = (left, false);
        }
        Ok(())
    }

    /// Inserts rows that refer to each other: first without that, which is set when all are there. Gives how many were inserted; `None` where
    /// they do not refer to each other.
    async fn insert_circle(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        left: Kept,
    ) -> Result<Option<u64>, Ended> {
        let (mut rows, mut whole, mut inserted) = (left.read()?, Kept::new(&self.mapping)?, 0);
        loop {
            let lot = rows.lot()?;
            if lot.is_empty() {
                break;
            }
            let bare = lot.iter().map(|record| job.mapping.without_references(record));
            let Some(bare) = bare.collect::<Result<Option<Vec<_>>, _>>()? else { return Ok(None) };
            inserted += job.insert(tx, bare).await?;
            for record in &lot {
                let row = self.mapping.row(record);
                whole.push(&row)?;
                self.write(&row)?;
            }
        }
        let skipped = whole.len() as u64 - inserted;
        let (mut rows, mut gone) = (whole.read()?, 0);
        loop {
            let lot = rows.lot()?;
            if lot.is_empty() {
                break;
            }
            gone += job.set_references(tx, &lot).await?;
        }
        if gone > skipped {
            let problem =
                "rows that refer to each other are not found after their insert: a row policy hides them";
            return Err(Error::new(ErrorKind::Integrity, problem).into());
        }
        Ok(Some(inserted))
    }

    /// The file.
    pub fn finish(self) -> Result<Option<FinishedFile>> {
        self.file.map(|file| file.finish(RowWriter::finish)).transpose()
    }
}
