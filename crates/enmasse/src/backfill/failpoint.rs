//! Where a test has the program die: at the worst places of a chunk.

/// Ends the process as a kill would, where `ENMASSE_BACKFILL_DIE` says so in a build with debug assertions: `after_update:3` is the third time
/// that it comes by there.
#[cfg(debug_assertions)]
pub(super) fn failpoint(place: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("ENMASSE_BACKFILL_DIE") else { return };
    let Some((name, count)) = wanted.split_once(':') else { return };
    if name == place && count.parse() == Ok(PASSED.fetch_add(1, Ordering::SeqCst) + 1) {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(super) fn failpoint(_place: &str) {}
