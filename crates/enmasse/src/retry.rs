//! Trying again after a conflict.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

/// How often a transaction is tried in all.
pub(crate) const TRIES: u32 = 8;

/// After this long no new try is begun: where each waits for a lock that it does not get, few of them are enough.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest wait before the first retry; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// The tries of one transaction.
pub(crate) struct Tries {
    made: u32,
    since: Instant,
}

impl Tries {
    pub fn new() -> Self {
        Tries { made: 1, since: Instant::now() }
    }

    /// Waits a random time, and says whether there may be another try.
    pub async fn another(&mut self) -> bool {
        if self.made >= TRIES || self.since.elapsed() > PATIENCE {
            return false;
        }
        let longest = FIRST_WAIT * 2_u32.pow(self.made - 1);
        self.made += 1;
        // two that were in each other's way should not meet again
        let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        tokio::time::sleep(longest.mul_f64(random)).await;
        true
    }
}
