//! The receivers of one write, and their calls.

use std::sync::Arc;

use enmasse_core::error::Result;
use enmasse_core::schema::ModelRef;

use crate::database::Database;
use crate::database::nesting::Nesting;
use crate::database::transaction::Transaction;
use crate::signals::batch::Sent;
use crate::signals::keys::Set;
use crate::signals::objects::Objects;
use crate::signals::registry::{Connected, SignalKind};
use crate::signals::write::What;

/// The receivers of the signals before and after a write: at least one.
pub(crate) struct Receivers {
    before: (SignalKind, Vec<Arc<Connected>>),
    after: (SignalKind, Vec<Arc<Connected>>),
}

impl Receivers {
    /// The receivers of a model's save signals.
    pub fn of_saves(database: &Database, model: &ModelRef) -> Option<Receivers> {
        Receivers::of(database, model, SignalKind::PreSave, SignalKind::PostSave)
    }

    /// The receivers of a model's delete signals.
    pub fn of_deletions(database: &Database, model: &ModelRef) -> Option<Receivers> {
        Receivers::of(database, model, SignalKind::PreDelete, SignalKind::PostDelete)
    }

    fn of(database: &Database, model: &ModelRef, before: SignalKind, after: SignalKind) -> Option<Receivers> {
        let hearing = |kind| (kind, database.signals().registry.hearing(kind, &model.label));
        let receivers = Receivers { before: hearing(before), after: hearing(after) };
        (!receivers.before.1.is_empty() || !receivers.after.1.is_empty()).then_some(receivers)
    }

    pub fn hear_before(&self) -> bool {
        !self.before.1.is_empty()
    }

    pub fn hear_after(&self) -> bool {
        !self.after.1.is_empty()
    }

    /// Sends the signal before the write.
    pub async fn send_before(
        &self,
        tx: &Transaction,
        what: &What,
        created: bool,
        set: &Set,
        objects: Option<Objects>,
    ) -> Result<()> {
        let (kind, receivers) = &self.before;
        let sent = Message { kind: *kind, what, created, set, objects };
        sent.send(tx, receivers).await
    }

    /// Sends the signal after the write.
    pub async fn send_after(&self, tx: &Transaction, what: &What, created: bool, set: &Set) -> Result<()> {
        let (kind, receivers) = &self.after;
        Message { kind: *kind, what, created, set, objects: None }.send(tx, receivers).await
    }
}

/// A signal to be sent.
pub(super) struct Message<'m> {
    pub kind: SignalKind,
    pub what: &'m What,
    pub created: bool,
    pub set: &'m Set,
    pub objects: Option<Objects>,
}

impl Message<'_> {
    /// Calls one receiver after the other, until the first error.
    async fn send(self, tx: &Transaction, receivers: &[Arc<Connected>]) -> Result<()> {
        if receivers.is_empty() {
            return Ok(());
        }
        let sent = self.sent(tx)?;
        for connected in receivers.iter().filter(|connected| connected.is_connected()) {
            (connected.receive)(sent.clone(), sent.tx.clone()).await?;
        }
        Ok(())
    }

    /// The argument of the receivers.
    pub fn sent(self, tx: &Transaction) -> Result<Arc<Sent>> {
        let Message { kind, what, created, set, objects } = self;
        let signal = format!("{}.{kind}", what.model.name);
        let tx = tx.for_receivers(Nesting::further(tx.nesting(), signal)?);
        Ok(Arc::new(Sent { kind, what: what.clone(), created, set: set.clone(), objects, tx }))
    }
}
