//! Missing rows that are inserted before the other rows are written, because existing rows may refer to them.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use enmasse::batch::IntoRows;
use enmasse::expr::{Expr, FieldPath};
use enmasse::{Assignment, Error, Record, Transaction, Value};
use futures_util::{Stream, StreamExt};

use crate::apply::bits::Bits;
use crate::apply::changes::Noted;
use crate::apply::kept::{LOT, LOT_BYTES};
use crate::apply::mapping::Mapping;
use crate::apply::missing::Absent;
use crate::apply::source::{BadRows, memory, records};
use crate::apply::summary::Counts;
use crate::apply::transaction::{Ended, Job};
use crate::apply::writing::{Shared, lock};

/// Whether a row was refused because the row is not there to which it refers: by PostgreSQL, MySQL and MariaDB, SQLite.
pub fn lacks_reference(error: &Error) -> bool {
    matches!(error.code(), Some("23503" | "1452" | "SQLITE_CONSTRAINT_FOREIGNKEY"))
}

impl Job<'_> {
    /// Finds the rows of the file that are not in the table by updates that change nothing, and inserts them. Gives which they are: they
    /// are written, and no update is to write them again over what a trigger has made of them.
    pub async fn insert_ahead(
        &self,
        tx: &Transaction,
        bad_rows: &BadRows,
        absent: &mut Absent,
        noted: Option<&Shared<Noted>>,
    ) -> Result<(Bits, Counts), Ended> {
        let Job { input, mapping, meter, .. } = *self;
        let none = Arc::default();
        // a key that comes twice is found in the file as a whole only
        let (all, read, _rejects) = records(input, mapping, self.uneven, bad_rows, &none, meter)?;
        let found = self.find_missing(tx, all, drop).await;
        if let Some(failure) = std::mem::take(&mut *lock(&read)).failure {
            return Err(failure.into());
        }
        found?;
        let (all, read, _rejects) = records(input, mapping, self.uneven, bad_rows, &none, meter)?;
        let (mut all, mut rows, mut counts) = (pin!(all.fuse()), Bits::default(), Counts::default());
        loop {
            let lot = next_lot(mapping, &mut all).await;
            if let Some(failure) = std::mem::take(&mut *lock(&read)).failure {
                return Err(failure.into());
            }
            let lot = lot?;
            if lot.is_empty() {
                break;
            }
            let missing = self.which_are_missing(tx, &lot).await?;
            for (record, is_missing) in lot.iter().zip(missing) {
                rows.push(is_missing);
                if is_missing {
                    counts.missing += 1;
                    absent.note(record)?;
                }
            }
        }
        absent.insert(self, tx, &mut counts, noted).await?;
        Ok((rows, counts))
    }

    /// Finds rows by an update that sets nothing, calls back with those that are missing, and gives how many they are.
    async fn find_missing<K>(
        &self,
        tx: &Transaction,
        records: impl IntoRows<'_, Record, K>,
        mut each: impl FnMut(Record) + Send + 'static,
    ) -> Result<u64, Error> {
        let as_it_is = |name: &String| {
            let field = FieldPath::new([name.clone()]);
            Assignment { field: field.clone(), value: Expr::Field(field) }
        };
        let nothing: Vec<_> = self.mapping.fields().iter().map(as_it_is).collect();
        // to call back, it compares the rows before it writes any: on MySQL and MariaDB no trigger runs for those that match
        let update = self.update(tx, records).set(|_, _| nothing).each_missing(move |record| {
            each(record);
            Ok(())
        });
        Ok(update.await?.missing_count)
    }

    /// Whether each of these records is not in the table.
    pub async fn which_are_missing(&self, tx: &Transaction, lot: &[Record]) -> Result<Vec<bool>, Error> {
        let found = Shared::<HashSet<String>>::default();
        let count = self.find_missing(tx, lot.to_vec(), {
            let (found, mapping) = (found.clone(), self.mapping.clone());
            move |record| _ = lock(&found).insert(mapping.name_of(&record))
        });
        let count = count.await?;
        let found = std::mem::take(&mut *lock(&found));
        let missing: Vec<bool> =
            lot.iter().map(|record| found.contains(&self.mapping.name_of(record))).collect();
        // the database may spell a key in another way than the file: only it knows whether these are the same
        let others = lot.iter().zip(&missing).filter(|(_, is_missing)| !**is_missing);
        let others: Vec<_> = others.map(|(record, _)| record.clone()).collect();
        let is_right = (lot.len() - others.len()) as u64 == count
            && (count == 0 || others.is_empty() || self.find_missing(tx, others, drop).await? == 0);
        if is_right {
            return Ok(missing);
        }
        let mut each = Vec::with_capacity(lot.len());
        for record in lot {
            each.push(self.find_missing(tx, vec![record.clone()], drop).await? > 0);
        }
        Ok(each)
    }
}

/// The next records of a stream; none after the last.
async fn next_lot(
    mapping: &Mapping,
    records: &mut (impl Stream<Item = Result<Record, Error>> + Unpin),
) -> Result<Vec<Record>, Error> {
    let (mut lot, mut bytes) = (Vec::new(), 0);
    while lot.len() < LOT && bytes < LOT_BYTES {
        let Some(record) = records.next().await else { break };
        let record = record?;
        bytes += memory(&mapping.row(&record));
        lot.push(record);
    }
    Ok(lot)
}

impl Mapping {
    /// A record's key as a text, in which the database and the file mostly agree.
    fn name_of(&self, record: &Record) -> String {
        let value = |&column: &usize| match &record.values()[self.columns[column].positions[0]] {
            Value::Text(text) => text.trim_end().to_owned(),
            Value::Decimal(number) => number.normalize().to_string(),
            other => format!("{other:?}"),
        };
        self.key.iter().map(value).collect::<Vec<_>>().join("\u{1f}")
    }
}
