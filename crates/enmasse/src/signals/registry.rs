//! The receivers of a database, in the order of their connection.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use enmasse_core::error::Result;
use enmasse_core::schema::ModelRef;
use futures_util::future::BoxFuture;

use crate::database::Database;
use crate::database::transaction::Transaction;
use crate::model::Model;
use crate::model::record::Record;
use crate::signals::batch::Sent;
use crate::signals::signal::{ModelSignals, Signal};

/// The kind of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignalKind {
    /// Rows will be written.
    PreSave,
    /// Rows have been written.
    PostSave,
    /// Rows will be deleted.
    PreDelete,
    /// Rows have been deleted.
    PostDelete,
}

impl fmt::Display for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignalKind::PreSave => "pre_save",
            SignalKind::PostSave => "post_save",
            SignalKind::PreDelete => "pre_delete",
            SignalKind::PostDelete => "post_delete",
        })
    }
}

/// The signals of a database, see [`Database::signals`](crate::Database::signals); a cheap clone.
///
/// A receiver that owns a database handle keeps the database open forever. Use the receiver's transaction
/// instead, which [knows its database](Transaction::database).
#[derive(Clone, Default)]
pub struct Signals {
    pub(super) registry: Arc<Registry>,
}

impl Database {
    /// The signals that writes send; connect receivers here. All handles of the database share them; see
    /// [`signals`](crate::signals).
    pub fn signals(&self) -> &Signals {
        self.attached()
    }
}

impl Signals {
    /// Sent before rows of the model are written.
    pub fn pre_save<M: Model>(&self) -> Signal<M> {
        self.signal(SignalKind::PreSave)
    }

    /// Sent after rows of the model were written.
    pub fn post_save<M: Model>(&self) -> Signal<M> {
        self.signal(SignalKind::PostSave)
    }

    /// Sent before rows of the model are deleted.
    pub fn pre_delete<M: Model>(&self) -> Signal<M> {
        self.signal(SignalKind::PreDelete)
    }

    /// Sent after rows of the model were deleted.
    pub fn post_delete<M: Model>(&self) -> Signal<M> {
        self.signal(SignalKind::PostDelete)
    }

    /// The signals of a model known only at run time; models are identified by their labels.
    pub fn of(&self, model: &ModelRef) -> ModelSignals {
        ModelSignals::new(self, Some(model.label.clone()))
    }

    /// The signals of all models: their receivers get all of them, with batches of [`Record`]s.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// db.signals().of_every_model().post_save().connect(async |batch, _| {
    ///     println!("{}: {} rows by {:?}", batch.model().name, batch.size(), batch.origin());
    ///     Ok(())
    /// });
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn of_every_model(&self) -> ModelSignals {
        ModelSignals::new(self, None)
    }

    fn signal<M: Model>(&self, kind: SignalKind) -> Signal<M> {
        Signal::new(self, kind, Some(M::label().to_owned()))
    }

    pub(super) fn record_signal(&self, kind: SignalKind, sender: Option<String>) -> Signal<Record> {
        Signal::new(self, kind, sender)
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("receivers", &self.registry.count).finish()
    }
}

/// Calls a receiver.
pub(super) type Receive = Box<dyn Fn(Arc<Sent>, Transaction) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A connected or formerly connected receiver.
pub(super) struct Connected {
    pub id: u64,
    pub kind: SignalKind,
    /// The label of its model; `None` for all models.
    pub sender: Option<String>,
    pub uid: Option<String>,
    pub is_connected: AtomicBool,
    pub receive: Receive,
}

impl Connected {
    pub fn hears(&self, kind: SignalKind, label: &str) -> bool {
        self.kind == kind && self.sender.as_deref().is_none_or(|sender| sender == label)
    }

    pub fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::SeqCst)
    }
}

/// All connected receivers.
#[derive(Default)]
pub(super) struct Registry {
    next: AtomicU64,
    count: AtomicUsize,
    receivers: RwLock<Vec<Arc<Connected>>>,
}

impl Registry {
    /// Connects a receiver, unless one with this uid is connected to the same signal; returns the id of the
    /// connected one.
    pub fn connect(
        &self,
        kind: SignalKind,
        sender: Option<String>,
        uid: Option<String>,
        receive: Receive,
    ) -> u64 {
        let mut receivers = self.receivers.write().unwrap_or_else(PoisonError::into_inner);
        let same = |other: &&Arc<Connected>| {
            uid.is_some() && other.uid == uid && other.kind == kind && other.sender == sender
        };
        if let Some(connected) = receivers.iter().find(same) {
            return connected.id;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let is_connected = AtomicBool::new(true);
        receivers.push(Arc::new(Connected { id, kind, sender, uid, is_connected, receive }));
        self.count.store(receivers.len(), Ordering::Release);
        id
    }

    /// Disconnects a receiver, and returns whether it was connected. A running receiver finishes; a pending
    /// one is not called.
    pub fn disconnect(&self, which: impl Fn(&Connected) -> bool) -> bool {
        let mut receivers = self.receivers.write().unwrap_or_else(PoisonError::into_inner);
        let Some(position) = receivers.iter().position(|connected| which(connected)) else { return false };
        let removed = receivers.remove(position);
        removed.is_connected.store(false, Ordering::SeqCst);
        self.count.store(receivers.len(), Ordering::Release);
        drop(receivers);
        // Dropped outside of the lock, because the drop may need it.
        drop(removed);
        true
    }

    pub fn is_connected(&self, id: u64) -> bool {
        let receivers = self.receivers.read().unwrap_or_else(PoisonError::into_inner);
        receivers.iter().any(|connected| connected.id == id)
    }

    /// The receivers of this signal of this model, in order.
    pub fn hearing(&self, kind: SignalKind, label: &str) -> Vec<Arc<Connected>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let receivers = self.receivers.read().unwrap_or_else(PoisonError::into_inner);
        receivers.iter().filter(|connected| connected.hears(kind, label)).cloned().collect()
    }
}
