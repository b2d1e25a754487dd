//! References of inserted rows that are set by a second write, as they were left out of the insert: the rows refer to each other.

use std::sync::Arc;

use enmasse::{Error, ErrorKind, Q, QuerySet, Record, Transaction, Value};

use crate::apply::kept::Kept;
use crate::apply::mapping::Mapping;
use crate::apply::summary::Counts;
use crate::apply::transaction::{Ended, Job};
use crate::failure::Result;

/// The most keys of one query: of one column, and of several, which make a condition for each row.
const KEYS: usize = 500;
const COMPOSITE_KEYS: usize = 50;

/// Rows that were inserted without what they refer to, whole.
pub struct Circle(Kept);

impl Circle {
    pub fn new(mapping: &Arc<Mapping>) -> Result<Self> {
        Kept::new(mapping).map(Circle)
    }

    pub fn add(&mut self, row: &[Option<Value>]) -> Result<()> {
        self.0.push(row)
    }

    /// Sets what they refer to, once all rows are inserted.
    pub async fn close(self, job: &Job<'_>, tx: &Transaction, counts: &mut Counts) -> Result<(), Ended> {
        let mut rows = self.0.read()?;
        loop {
            let lot = rows.lot()?;
            if lot.is_empty() {
                return Ok(());
            }
            if job.set_references(tx, &lot).await? == 0 {
                continue;
            }
            let missing = job.which_are_missing(tx, &lot).await?;
            for (record, _) in lot.into_iter().zip(missing).filter(|(_, is_missing)| *is_missing) {
                let inserted = job.insert_skipped(tx, record).await?;
                counts.inserted += inserted;
                counts.skipped -= inserted;
            }
        }
    }
}

impl Job<'_> {
    /// Inserts a row once more that is not found after its insert, as a trigger skipped it. Gives how many rows are inserted now.
    ///
    /// # Errors
    ///
    /// One that is about rows where the row is there, and a row policy hides it: nothing can be set in it.
    pub async fn insert_skipped(&self, tx: &Transaction, record: Record) -> Result<u64, Error> {
        let inserted = tx.transaction(async |tx| self.insert(&tx, vec![record.clone()]).await).await;
        inserted.map_err(|error| if error.is_of_rows() { Error::new(
                ErrorKind::Integrity,
                format!(
                    "the row refers to one that refers back to it, which is set after the insert, and a row policy of {} hides it until then",
                    self.mapping.model.table
                ),
            ) } else { error })
    }

    /// Sets what records refer to whose rows were inserted without that, and nothing else: a trigger may have set it. Gives how many
    /// of these rows are not found.
    ///
    /// # Errors
    ///
    /// One that is about rows where a reference is still NULL afterwards: a trigger or a row policy may skip this write, or change it.
    pub async fn set_references(&self, tx: &Transaction, records: &[Record]) -> Result<u64, Error> {
        let Mapping { model, columns, references, .. } = &**self.mapping;
        let only = records.iter().map(|record| self.mapping.references_of(record));
        let only = only.collect::<Result<Vec<_>, _>>()?;
        let update = self.update_fields(tx, only, &self.mapping.names_of(references)).only_set_fields();
        let report = update.count_missing().await?;
        for column in references.iter().map(|&column| &columns[column]) {
            let position = column.positions[0];
            let referring: Vec<&Record> =
                records.iter().filter(|record| !record.values()[position].is_null()).collect();
            let is_null = format!("{}__isnull", model.fields[position].name);
            for rows in self.mapping.conditions(&referring) {
                let is_lost = rows & Q::named(&is_null, true);
                if QuerySet::<Record>::of(model, tx).filter_by(is_lost).count().await? > 0 {
                    return Err(lost(&column.name, &model.table));
                }
            }
        }
        Ok(report.missing_count)
    }
}

fn lost(column: &str, table: &str) -> Error {
    Error::new(
        ErrorKind::Integrity,
        format!(
            "'{column}' refers to a row that refers back to this one, so it is set after the insert, and a trigger or a row policy of {table} \
             keeps it NULL"
        ),
    )
}

impl Mapping {
    /// Conditions that the rows of these records pass, each for some of them.
    fn conditions(&self, records: &[&Record]) -> Vec<Q> {
        let positions = self.key.iter().map(|&column| self.columns[column].positions[0]);
        let positions: Vec<usize> = positions.collect();
        let name = |position: usize| self.model.fields[position].name.as_str();
        if let [position] = positions[..] {
            let one_of = format!("{}__in", name(position));
            let key = |record: &&Record| record.values()[position].clone();
            let keys = |part: &[&Record]| part.iter().map(key).collect::<Vec<Value>>();
            return records.chunks(KEYS).map(|part| Q::named(&one_of, keys(part))).collect();
        }
        let is_it = |record: &&Record| {
            positions.iter().fold(Q::all(), |all, &position| {
                all & Q::named(name(position), record.values()[position].clone())
            })
        };
        let any = |part: &[&Record]| part.iter().map(is_it).reduce(|one, other| one | other);
        records.chunks(COMPOSITE_KEYS).filter_map(any).collect()
    }
}
