//! A signal of one model or of all models, to which receivers are connected.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use enmasse_core::error::Result;

use crate::database::transaction::Transaction;
use crate::model::Entity;
use crate::model::record::Record;
use crate::signals::batch::Batch;
use crate::signals::registry::{Receive, Registry, SignalKind, Signals};

/// A signal of one model or of all models.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> enmasse::Result<()> {
/// use enmasse::prelude::*;
/// use enmasse::signals::Batch;
///
/// #[derive(Model, Debug, Clone)]
/// struct City {
///     #[model(primary_key)]
///     id: i64,
///     name: String,
/// }
///
/// async fn tidy(batch: Batch<City>, _: Transaction) -> Result<()> {
///     if batch.has_objects() {
///         batch.edit(|city| city.name = city.name.trim().to_owned())?;
///     }
///     Ok(())
/// }
///
/// # let db = Database::connect("sqlite::memory:").await?;
/// # db.create_tables([City::model()?]).await?;
/// let receiver = db.signals().pre_save::<City>().connect(tidy);
/// let city = City::objects(&db).create(City { id: 1, name: " Oslo ".into() }).await?;
/// assert_eq!(city.name, "Oslo");
/// assert!(receiver.disconnect());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub struct Signal<M> {
    pub(super) signals: Signals,
    pub(super) kind: SignalKind,
    pub(super) sender: Option<String>,
    model: PhantomData<fn() -> M>,
}

impl<M: Entity> Signal<M> {
    pub(super) fn new(signals: &Signals, kind: SignalKind, sender: Option<String>) -> Self {
        Signal { signals: signals.clone(), kind, sender, model: PhantomData }
    }

    /// Connects a receiver: a closure `|batch, tx| async move { … }`, an async closure or an `async fn`.
    ///
    /// Receivers are called one after the other, in the order of their connection. A receiver stays connected
    /// until it is [disconnected](Receiver::disconnect), even if the returned value is dropped.
    pub fn connect<F, Fut>(&self, receiver: F) -> Receiver
    where
        F: Fn(Batch<M>, Transaction) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.add(None, receiver)
    }

    /// [`connect`](Signal::connect), unless a receiver is already connected to the signal under this name:
    /// then the new one is dropped. Django's `dispatch_uid`.
    pub fn connect_as<F, Fut>(&self, uid: impl Into<String>, receiver: F) -> Receiver
    where
        F: Fn(Batch<M>, Transaction) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.add(Some(uid.into()), receiver)
    }

    /// Disconnects the receiver with this name, and returns whether it was connected.
    pub fn disconnect(&self, uid: &str) -> bool {
        self.signals.registry.disconnect(|connected| {
            connected.uid.as_deref() == Some(uid)
                && connected.kind == self.kind
                && connected.sender == self.sender
        })
    }

    fn add<F, Fut>(&self, uid: Option<String>, receiver: F) -> Receiver
    where
        F: Fn(Batch<M>, Transaction) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let receive: Receive = Box::new(move |sent, tx| Box::pin(receiver(Batch::new(sent), tx)));
        let registry = &self.signals.registry;
        let id = registry.connect(self.kind, self.sender.clone(), uid, receive);
        Receiver { registry: Arc::downgrade(registry), id }
    }
}

impl<M> fmt::Debug for Signal<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({} of {})", self.kind, self.sender.as_deref().unwrap_or("every model"))
    }
}

/// The signals of a model known only at run time, or of all models.
#[derive(Clone, Debug)]
pub struct ModelSignals {
    signals: Signals,
    sender: Option<String>,
}

impl ModelSignals {
    pub(super) fn new(signals: &Signals, sender: Option<String>) -> Self {
        ModelSignals { signals: signals.clone(), sender }
    }

    /// Sent before rows are written.
    pub fn pre_save(&self) -> Signal<Record> {
        self.signals.record_signal(SignalKind::PreSave, self.sender.clone())
    }

    /// Sent after rows were written.
    pub fn post_save(&self) -> Signal<Record> {
        self.signals.record_signal(SignalKind::PostSave, self.sender.clone())
    }

    /// Sent before rows are deleted.
    pub fn pre_delete(&self) -> Signal<Record> {
        self.signals.record_signal(SignalKind::PreDelete, self.sender.clone())
    }

    /// Sent after rows were deleted.
    pub fn post_delete(&self) -> Signal<Record> {
        self.signals.record_signal(SignalKind::PostDelete, self.sender.clone())
    }
}

/// A connected receiver.
#[derive(Clone)]
pub struct Receiver {
    pub(super) registry: Weak<Registry>,
    pub(super) id: u64,
}

impl Receiver {
    /// Disconnects it, and returns whether it was connected.
    ///
    /// It may be called at any time, even while the signal is being sent, and by the receiver itself. A
    /// running receiver finishes; a pending one is not called.
    pub fn disconnect(&self) -> bool {
        self.registry
            .upgrade()
            .is_some_and(|registry| registry.disconnect(|connected| connected.id == self.id))
    }

    /// Whether it is connected.
    pub fn is_connected(&self) -> bool {
        self.registry.upgrade().is_some_and(|registry| registry.is_connected(self.id))
    }
}

impl PartialEq for Receiver {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.registry.ptr_eq(&other.registry)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("id", &self.id).finish_non_exhaustive()
    }
}
