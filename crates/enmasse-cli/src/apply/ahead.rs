//! Missing rows that are inserted before the other rows are written, because existing rows may refer to them.

use std::sync::{Arc, Mutex};

use enmasse::expr::{Expr, FieldPath};
use enmasse::{Assignment, Error, Transaction};

use crate::apply::changes::Noted;
use crate::apply::missing::Absent;
use crate::apply::source::{BadRows, records};
use crate::apply::summary::Counts;
use crate::apply::transaction::{Ended, Job, given_up, taken};
use crate::apply::writing::{Shared, lock};

/// Whether a row was refused because the row is not there to which it refers: by PostgreSQL, MySQL and MariaDB, SQLite.
pub fn lacks_reference(error: &Error) -> bool {
    matches!(error.code(), Some("23503" | "1452" | "SQLITE_CONSTRAINT_FOREIGNKEY"))
}

impl Job<'_> {
    /// Finds the rows of the file that are not in the table by an update that changes nothing, and inserts them.
    pub async fn insert_ahead(
        &self,
        tx: &Transaction,
        bad_rows: &BadRows,
        noted: Option<&Shared<Noted>>,
    ) -> Result<(Absent, Counts), Ended> {
        let Job { args, input, mapping, meter, .. } = *self;
        let (records, read, _rejects) = records(input, mapping, self.uneven, bad_rows, meter)?;
        let absent = Arc::new(Mutex::new(Absent::new(mapping, args, input)?));
        let as_it_is = |name: &String| {
            let field = FieldPath::new([name.clone()]);
            Assignment { field: field.clone(), value: Expr::Field(field) }
        };
        let nothing: Vec<_> = mapping.fields().iter().map(as_it_is).collect();
        let found = self.update(tx, records).set(|_, _| nothing).each_missing({
            let absent = absent.clone();
            move |record| lock(&absent).note(&record).map_err(given_up)
        });
        let report = found.await;
        // what is wrong with the file is why the database got no more of it
        if let Some(failure) = std::mem::take(&mut *lock(&read)).failure {
            return Err(failure.into());
        }
        let mut counts = Counts { missing: report?.missing_count, ..Counts::default() };
        let mut absent = taken(absent)?;
        absent.insert(self, tx, &mut counts, noted).await?;
        Ok((absent, counts))
    }
}

impl Counts {
    /// Counts what was inserted before the others were written, which then found all of it in the table.
    pub fn add_ahead(&mut self, ahead: &Counts) {
        self.matched -= ahead.inserted.min(self.matched);
        self.missing = self.rows.saturating_sub(self.matched);
        self.changed += ahead.changed;
        self.skipped += ahead.skipped;
        self.inserted = ahead.inserted;
    }
}
