//! Signals sent manually.

use std::sync::Arc;

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::query::Query;

use crate::database::transaction::Transaction;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::signals::batch::Origin;
use crate::signals::keys::Set;
use crate::signals::receiver::Message;
use crate::signals::registry::Connected;
use crate::signals::signal::{Receiver, Signal};
use crate::signals::write::What;

impl<M: Entity> Signal<M> {
    /// Sends the signal for these rows in one transaction. Use it for writes made by other means, such as raw
    /// SQL.
    ///
    /// The rows are locked first. Without rows, nothing is sent. It stops at the first error, and rolls the
    /// receivers' work back.
    ///
    /// # Errors
    ///
    /// The error of a receiver; errors of the database; [`Request`](ErrorKind::Request) if the rows are a
    /// slice, or of another model.
    pub async fn send(&self, rows: QuerySet<M>) -> Result<()> {
        let (query, receivers) = self.prepare(&rows)?;
        let (query, receivers) = (&query, &receivers);
        rows.executor()?
            .in_transaction(|tx| async move {
                let set = Set::find(&tx, query, &[]).await?;
                let result = self.call_all(&tx, query, &set, receivers).await;
                set.end(&tx, result).await
            })
            .await
    }

    /// [`send`](Signal::send) to every receiver, each in its own savepoint, with all results collected:
    /// Django's `send_robust`. The work of a failed receiver is rolled back; the work of the others stays.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone)]
    /// struct City {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     name: String,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([City::model()?]).await?;
    /// # City::objects(&db).create(City { id: 1, name: "Oslo".into() }).await?;
    /// let saved = db.signals().post_save::<City>();
    /// saved.connect(async |_, _| Err(Error::new(ErrorKind::Value, "not today")));
    /// saved.connect(async |_, _| Ok(()));
    /// db.execute_raw("UPDATE city SET name = 'Christiania'", []).await?;
    /// let heard = saved.send_robust(City::objects(&db)).await?;
    /// assert!(heard[0].1.is_err() && heard[1].1.is_ok());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// Errors of the database while the rows are found, and errors of a receiver that ended the whole
    /// transaction; [`Request`](ErrorKind::Request) as [`send`](Signal::send).
    pub async fn send_robust(&self, rows: QuerySet<M>) -> Result<Vec<(Receiver, Result<()>)>> {
        let (query, receivers) = self.prepare(&rows)?;
        let (query, receivers) = (&query, &receivers);
        rows.executor()?
            .in_transaction(|tx| async move {
                let set = Set::find(&tx, query, &[]).await?;
                let mut heard = Vec::new();
                for connected in receivers {
                    let registry = Arc::downgrade(&self.signals.registry);
                    let result = tx.transaction(|tx| self.call(tx, query, &set, connected)).await;
                    heard.push((Receiver { registry, id: connected.id }, result));
                }
                set.end(&tx, Ok(heard)).await
            })
            .await
    }

    /// The query and its receivers.
    fn prepare(&self, rows: &QuerySet<M>) -> Result<(Query, Vec<Arc<Connected>>)> {
        let query = rows.query()?.clone();
        let label = &query.model.label;
        if query.is_sliced() {
            return Err(Error::new(ErrorKind::Request, "A signal cannot be sent for a slice of a query."));
        }
        if self.sender.as_ref().is_some_and(|sender| sender != label) {
            let text = format!("{self:?} cannot be sent for rows of {}.", query.model.name);
            return Err(Error::new(ErrorKind::Request, text));
        }
        let receivers = self.signals.registry.hearing(self.kind, label);
        Ok((query, receivers))
    }

    async fn call_all(
        &self,
        tx: &Transaction,
        query: &Query,
        set: &Set,
        receivers: &[Arc<Connected>],
    ) -> Result<()> {
        for connected in receivers {
            self.call(tx.clone(), query, set, connected).await?;
        }
        Ok(())
    }

    async fn call(&self, tx: Transaction, query: &Query, set: &Set, connected: &Connected) -> Result<()> {
        if set.size == 0 || !connected.is_connected() {
            return Ok(());
        }
        let what = What::new(&query.model, Origin::ByHand, &[]);
        let message = Message { kind: self.kind, what: &what, created: false, set, objects: None };
        let sent = message.sent(&tx)?;
        let tx = sent.tx.clone();
        (connected.receive)(sent, tx).await
    }
}
