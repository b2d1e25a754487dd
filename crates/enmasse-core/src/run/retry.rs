//! How often a transaction is tried again after a conflict, and after which wait.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The tries of one transaction.
///
/// Where many tasks lock the same rows in orders of their own, a deadlock ends one of them at a time, and PostgreSQL takes a second to find it:
/// so the tries are counted, not the time.
///
/// ```
/// use enmasse_core::run::Tries;
///
/// let mut tries = Tries::new(2);
/// assert!(tries.next().is_some_and(|wait| wait <= Tries::FIRST));
/// assert!(tries.next().is_some());
/// assert_eq!(tries.next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Tries {
    made: u32,
    most: u32,
}

impl Tries {
    /// The number of retries unless another is asked for.
    pub const DEFAULT: u32 = 25;

    /// The longest wait before the first retry; it doubles with each, up to [`LONGEST`](Tries::LONGEST).
    pub const FIRST: Duration = Duration::from_millis(10);

    /// The longest wait before a retry.
    pub const LONGEST: Duration = Duration::from_secs(1);

    /// At most that many retries.
    pub fn new(retries: u32) -> Self {
        Tries { made: 0, most: retries }
    }

    /// A random time that the host waits before it tries again; `None` where it gives up.
    #[allow(clippy::should_implement_trait)] // an end that is asked for once, not a sequence to go through
    pub fn next(&mut self) -> Option<Duration> {
        if self.made >= self.most {
            return None;
        }
        let longest = Self::LONGEST.min(Self::FIRST * 2_u32.pow(self.made.min(16)));
        self.made += 1;
        // two that were in each other's way should not meet again
        let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        Some(longest.mul_f64(random))
    }
}
