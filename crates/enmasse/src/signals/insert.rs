//! New rows with receivers, which may change them before the insert, and get their keys afterwards.

use std::sync::Arc;

use enmasse_core::error::Result;
use enmasse_core::schema::ModelRef;

use crate::backend::Row;
use crate::database::handle::{Executor, Handle};
use crate::database::transaction::Transaction;
use crate::query_set::insert_rows;
use crate::signals::batch::Origin;
use crate::signals::keys::Set;
use crate::signals::objects::Objects;
use crate::signals::receiver::Receivers;
use crate::signals::write::What;

/// New rows of a model.
pub(crate) struct Insert<'w> {
    pub receivers: &'w Receivers,
    pub model: &'w ModelRef,
    pub origin: Origin,
    pub rows: Arc<Vec<Row>>,
    pub batch_size: Option<usize>,
}

impl Insert<'_> {
    /// Inserts them in one transaction with their receivers, and reads them back there.
    pub async fn run<T: Send>(
        &self,
        executor: &Executor,
        read: &(impl Fn(Vec<Row>) -> Result<T> + Sync),
    ) -> Result<T> {
        if self.rows.is_empty() {
            return read(Vec::new());
        }
        executor.in_transaction(|tx| async move { self.write(&tx).await.and_then(read) }).await
    }

    async fn write(&self, tx: &Transaction) -> Result<Vec<Row>> {
        let what = What::rows(self.model, self.origin);
        let objects = Objects::new(self.rows.clone());
        if self.receivers.hear_before() {
            let set = Set::of_keys(tx, self.model, keys(self.model, &self.rows)).await?;
            let sent = self.receivers.send_before(tx, &what, true, &set, Some(objects.clone())).await;
            set.end(tx, sent).await?;
        }
        let rows = objects.edited().unwrap_or_else(|| (*self.rows).clone());
        let rows = insert_rows(&tx.within_write().executor(), self.model, rows, self.batch_size, &Ok).await?;
        if self.receivers.hear_after() {
            let set = Set::of_keys(tx, self.model, keys(self.model, &rows)).await?;
            let sent = self.receivers.send_after(tx, &what, true, &set).await;
            set.end(tx, sent).await?;
        }
        Ok(rows)
    }
}

/// The keys of rows.
pub(crate) fn keys(model: &ModelRef, rows: &[Row]) -> Vec<Row> {
    let key = model.key();
    rows.iter().map(|row| key.iter().map(|&position| row[position].clone()).collect()).collect()
}
