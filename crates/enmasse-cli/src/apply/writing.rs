//! The writes of an apply: the bulk update of its records, and the inserts of missing rows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use enmasse::batch::IntoRows;
use enmasse::query_set::{BulkUpdate, Change};
use enmasse::{Error, QuerySet, Record, Transaction};

use crate::apply::source::by_fields;
use crate::apply::summary::Counts;
use crate::apply::transaction::Job;

/// What a bulk update of some records did.
#[derive(Debug, Default)]
pub struct Written {
    pub counts: Counts,
    /// The rows that were changed, where they are wanted.
    pub changes: Vec<Change<Record>>,
    /// The records that are not in the table.
    pub missing: Vec<Record>,
}

impl Job<'_> {
    /// The bulk update of records, as the options say.
    pub fn update<'o, K>(
        &self,
        tx: &Transaction,
        records: impl IntoRows<'o, Record, K>,
    ) -> BulkUpdate<'o, Record> {
        let update = self.update_fields(tx, records, &self.mapping.fields());
        if self.uneven { update.only_set_fields() } else { update }
    }

    /// The bulk update of these fields of records.
    pub fn update_fields<'o, K>(
        &self,
        tx: &Transaction,
        records: impl IntoRows<'o, Record, K>,
        fields: &[String],
    ) -> BulkUpdate<'o, Record> {
        let update = QuerySet::<Record>::of(&self.mapping.model, tx)
            .bulk_update(records, |_| fields.iter().map(String::as_str).collect::<Vec<_>>())
            .skip_unchanged()
            .count_missing();
        match &self.mapping.matches_on {
            Some(key) => update.matching_on(|_| key.iter().map(String::as_str).collect::<Vec<_>>()),
            None => update,
        }
    }

    /// Whether the changes of rows are wanted.
    pub fn wants_changes(&self) -> bool {
        self.args.dry_run || self.args.diff.is_some()
    }

    /// Updates some records, and says what became of each.
    pub async fn write(
        &self,
        tx: &Transaction,
        records: Vec<Record>,
        wants_changes: bool,
    ) -> Result<Written, Error> {
        let missing = Shared::<Vec<Record>>::default();
        let changes = Shared::<Vec<Change<Record>>>::default();
        let rows = records.len() as u64;
        let mut update = self.update(tx, records).each_missing({
            let missing = missing.clone();
            move |record| {
                lock(&missing).push(record);
                Ok(())
            }
        });
        if wants_changes {
            let changes = changes.clone();
            update = update.each_change(move |change| {
                lock(&changes).push(change);
                Ok(())
            });
        }
        let report = update.await?;
        let counts = Counts {
            rows,
            matched: report.matched,
            changed: report.changed,
            skipped: report.skipped,
            missing: report.missing_count,
            ..Counts::default()
        };
        let (changes, missing) = (std::mem::take(&mut *lock(&changes)), std::mem::take(&mut *lock(&missing)));
        Ok(Written { counts, changes, missing })
    }

    /// Inserts records, and gives how many were inserted: the database may skip some.
    pub async fn insert(&self, tx: &Transaction, records: Vec<Record>) -> Result<u64, Error> {
        let mut inserted = 0;
        for (model, records) in by_fields(&self.mapping.model, records)? {
            inserted += QuerySet::of(&model, tx).bulk_create(records).count_inserted().await?;
        }
        Ok(inserted)
    }

    /// Moves the database's counter of keys past those of the rows that were inserted. It is not rolled back with the transaction: only the
    /// commit comes after this.
    pub async fn advance_identity(&self, tx: &Transaction) -> Result<(), Error> {
        tx.check_constraints().await?;
        let none = QuerySet::of(&self.mapping.model, tx).bulk_create(Vec::<Record>::new());
        none.advance_identity().count_inserted().await.map(|_| ())
    }
}

/// What a callback of the update fills in.
pub type Shared<T> = Arc<Mutex<T>>;

pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
