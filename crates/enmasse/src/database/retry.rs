//! Trying again after a conflict.

use std::sync::Arc;
use std::time::Duration;

use enmasse_core::run;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

/// The number of retries of a transaction: `?retries=`.
pub(crate) const RETRIES: u32 = run::Tries::DEFAULT;

/// How long one waits for others of the program that try again; then it goes on beside them, for one of them may wait for it.
const OTHERS: Duration = Duration::from_secs(10);

/// Whose turn it is among the transactions of a database that are tried again: one after the other they are not in each other's way.
pub(crate) type Turn = Arc<Mutex<()>>;

/// The tries of one transaction.
pub(crate) struct Tries {
    tries: run::Tries,
    turn: Turn,
    /// Kept until the last try.
    mine: Option<OwnedMutexGuard<()>>,
}

impl Tries {
    pub fn new(retries: u32, turn: Turn) -> Self {
        Tries { tries: run::Tries::new(retries), turn, mine: None }
    }

    /// Waits a random time and for others, and says whether there may be another try.
    pub async fn another(&mut self) -> bool {
        let Some(wait) = self.tries.next() else { return false };
        sleep(wait).await;
        if self.mine.is_none() {
            self.mine = timeout(OTHERS, self.turn.clone().lock_owned()).await.ok();
        }
        true
    }
}
