//! Retries after a conflict.

use std::sync::Arc;
use std::time::Duration;

use enmasse_core::run;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

/// The number of retries of a transaction: `?retries=`.
pub(crate) const RETRIES: u32 = run::Tries::DEFAULT;

/// Maximum wait for other retries of the program. Then this one continues, because one of the others may wait
/// for it.
const OTHERS: Duration = Duration::from_secs(10);

/// Serialises the retried transactions of a database, so that they do not conflict with each other.
pub(crate) type Turn = Arc<Mutex<()>>;

/// The tries of one transaction.
pub(crate) struct Tries {
    tries: run::Tries,
    turn: Turn,
    /// Held until the last try.
    mine: Option<OwnedMutexGuard<()>>,
}

impl Tries {
    pub fn new(retries: u32, turn: Turn) -> Self {
        Tries { tries: run::Tries::new(retries), turn, mine: None }
    }

    /// Waits a random time and for other retries. Returns whether another try is allowed.
    pub async fn another(&mut self) -> bool {
        let Some(wait) = self.tries.next() else { return false };
        sleep(wait).await;
        if self.mine.is_none() {
            self.mine = timeout(OTHERS, self.turn.clone().lock_owned()).await.ok();
        }
        true
    }
}
