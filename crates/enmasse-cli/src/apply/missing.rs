//! Rows of the file that are not in the table: written to a file, inserted, or refused.

use std::sync::Arc;

use enmasse::{Error, Record, Transaction};

use crate::apply::changes::Noted;
use crate::apply::files::{FinishedFile, OutputFile};
use crate::apply::mapping::Mapping;
use crate::apply::parts::{Order, in_parts};
use crate::apply::summary::Counts;
use crate::apply::temporary::TemporaryFolder;
use crate::apply::transaction::{Ended, Job, has_not_ended};
use crate::apply::writing::{Shared, lock};
use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::{Format, Input, InputOptions, Item, RowWriter, Rows};
use crate::output::grouped;
use crate::shown;

/// So many rows are inserted at a time.
const LOT: usize = 5_000;

/// So many keys are named where missing rows are refused.
const NAMED: usize = 5;

/// Inserts records, and gives back those that the database refuses, at most `most`.
async fn insert_lot(
    job: &Job<'_>,
    tx: &Transaction,
    lot: Vec<Record>,
    most: usize,
    order: Order,
    counts: &mut Counts,
) -> Result<Vec<(Record, Error)>, Error> {
    let refused = in_parts(tx, lot.len(), most, order, async |tx, range| {
        let rows = range.len() as u64;
        let inserted = job.insert(tx, lot[range].to_vec()).await?;
        counts.inserted += inserted;
        counts.skipped += rows - inserted;
        Ok(())
    });
    let refused = refused.await?;
    Ok(refused.into_iter().map(|(number, error)| (lot[number].clone(), error)).collect())
}

/// Inserts records that refer to each other: first without that, which is set when all are there. Gives how many were inserted; `None`
/// where they do not refer to each other.
async fn insert_circle(job: &Job<'_>, tx: &Transaction, records: Vec<Record>) -> Result<Option<u64>, Error> {
    let bare = records.iter().map(|record| job.mapping.without_references(record));
    let Some(bare) = bare.collect::<Result<Option<Vec<_>>, _>>()? else { return Ok(None) };
    let inserted = job.insert(tx, bare).await?;
    job.update(tx, records).await?;
    Ok(Some(inserted))
}

/// Takes the rows that are not in the table.
pub struct Absent {
    mapping: Arc<Mapping>,
    file: Option<OutputFile<RowWriter>>,
    /// Kept until all others are written, to be inserted then: on the disk, because they may be many.
    kept: Option<Kept>,
    keys: Vec<String>,
}

struct Kept {
    folder: TemporaryFolder,
    writer: Option<RowWriter>,
}

impl Kept {
    fn path(&self) -> String {
        self.folder.path().join("missing.jsonl").to_string_lossy().into_owned()
    }

    /// JSON's null is to be inserted as what it is.
    fn options() -> InputOptions {
        InputOptions { boxed_documents: true, ..InputOptions::default() }
    }
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
        let kept = args.insert_missing.then(|| {
            let folder = TemporaryFolder::new()
                .map_err(|error| Failure::failed(format!("cannot make a temporary folder: {error}")))?;
            let mut kept = Kept { folder, writer: None };
            kept.writer = Some(RowWriter::create(&kept.path(), &columns, &Kept::options())?);
            Ok::<_, Failure>(kept)
        });
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
        if let Some(file) = &mut self.file {
            file.writer().write(&row)?;
        }
        if let Some(Kept { writer: Some(writer), .. }) = &mut self.kept {
            writer.write(&row)?;
        }
        Ok(())
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
        if let Some(writer) = kept.writer.take() {
            writer.finish()?;
        }
        let input = Input::open(&kept.path(), &Kept::options())?;
        let mut rows = input.rows(&self.mapping.wanted())?;
        let mut left = Vec::new();
        loop {
            let lot = self.lot(&mut rows)?;
            if lot.is_empty() {
                break;
            }
            left.extend(insert_lot(job, tx, lot, LOT - left.len(), Order::FirstRows, counts).await?);
        }
        while !left.is_empty() {
            let before = left.len();
            let (records, errors): (Vec<_>, Vec<_>) = left.into_iter().unzip();
            let arrived = job.write(tx, records, noted.is_some()).await?;
            counts.arrived(&arrived.counts);
            if let Some(noted) = noted {
                arrived.changes.iter().try_for_each(|change| lock(noted).note(change))?;
            }
            left = insert_lot(job, tx, arrived.missing, LOT, Order::LastRows, counts).await?;
            if left.len() == before {
                let records = left.iter().map(|(record, _)| record.clone()).collect();
                if let Some(inserted) = insert_circle(job, tx, records).await? {
                    counts.inserted += inserted;
                    counts.skipped += before as u64 - inserted;
                    break;
                }
                return Err(errors.into_iter().next().map_or_else(|| has_not_ended().into(), Ended::from));
            }
        }
        Ok(())
    }

    fn lot(&self, rows: &mut Rows) -> Result<Vec<Record>> {
        let mut lot = Vec::new();
        for item in rows.take(LOT) {
            match item? {
                Item::Row(row) => lot.push(self.mapping.record(row.values)?),
                Item::Bad(bad) => return Err(Failure::failed(bad.to_string())),
            }
        }
        Ok(lot)
    }

    /// The file.
    pub fn finish(self) -> Result<Option<FinishedFile>> {
        self.file.map(|file| file.finish(RowWriter::finish)).transpose()
    }
}
