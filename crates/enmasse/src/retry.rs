//! Trying again after a conflict.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

/// How often a transaction is tried again at most: `?retries=`.
///
/// Where many tasks lock the same rows in orders of their own, a deadlock ends one of them at a time, and PostgreSQL takes a second to find it:
/// so the tries are counted, not the time.
pub(crate) const RETRIES: u32 = 25;

/// The longest wait before the first retry; it doubles with each, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(10);

/// The longest wait before a retry.
const LONGEST: Duration = Duration::from_millis(1_000);

/// How long one waits for others of the program that try again; then it goes on beside them, for one of them may wait for it.
const OTHERS: Duration = Duration::from_secs(10);

/// Whose turn it is among the transactions of a database that are tried again: one after the other they are not in each other's way.
pub(crate) type Turn = Arc<Mutex<()>>;

/// The tries of one transaction.
pub(crate) struct Tries {
    made: u32,
    most: u32,
    turn: Turn,
    /// Kept until the last try.
    mine: Option<OwnedMutexGuard<()>>,
}

impl Tries {
    pub fn new(retries: u32, turn: Turn) -> Self {
        Tries { made: 0, most: retries, turn, mine: None }
    }

    /// Waits a random time and for others, and says whether there may be another try.
    pub async fn another(&mut self) -> bool {
        if self.made >= self.most {
            return false;
        }
        let longest = LONGEST.min(FIRST * 2_u32.pow(self.made.min(16)));
        self.made += 1;
        // two that were in each other's way should not meet again
        let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        sleep(longest.mul_f64(random)).await;
        if self.mine.is_none() {
            self.mine = timeout(OTHERS, self.turn.clone().lock_owned()).await.ok();
        }
        true
    }
}
