//! Ctrl-C and a supervisor's termination signals.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Once};
use std::time::Duration;

use enmasse::Database;
use futures_util::FutureExt;

use crate::failure::{Failure, Result};
use crate::{output, panics};

/// Maximum wait for connections that still roll back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Maximum time to print a message that somebody reads.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Poll interval while a commit is in progress.
const ASKED: Duration = Duration::from_millis(20);

/// Set once a transaction can no longer be rolled back, because its commit is in progress.
#[derive(Clone, Debug, Default)]
pub struct Committing(Arc<AtomicBool>);

impl Committing {
    pub fn set(&self, commits: bool) {
        self.0.store(commits, SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// Runs work until it completes, or a signal or a panic ends it. Dropped work rolls back; a commit in
/// progress is awaited.
pub async fn unless_interrupted<T>(
    committing: &Committing,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let working = Working::begin();
    let done = interruptible(committing, work).await;
    SUCCEEDED.store(done.is_ok(), SeqCst);
    drop(working);
    done
}

async fn interruptible<T>(committing: &Committing, work: impl Future<Output = Result<T>>) -> Result<T> {
    let work = AssertUnwindSafe(work).catch_unwind().map(|done| {
        done.unwrap_or_else(|panic| {
            let panic = panics::text(&*panic);
            Err(if committing.is_set() { Failure::fault(&panic) } else { Failure::rolled_back(&panic) })
        })
    });
    let mut work = std::pin::pin!(work);
    let number = tokio::select! {
        biased;
        done = &mut work => return done,
        number = signal() => number,
    };
    // A failed commit may be followed by a retry.
    while committing.is_set() {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(ASKED) => {}
        }
    }
    Err(Failure::interrupted(number, "interrupted: everything was rolled back, nothing was written"))
}

/// The number of work items that handle signals themselves, and whether the last finished item succeeded.
static WORKING: AtomicUsize = AtomicUsize::new(0);
static SUCCEEDED: AtomicBool = AtomicBool::new(false);

/// Must be called before a failure is printed.
pub fn failed() {
    SUCCEEDED.store(false, SeqCst);
}

/// Work that handles signals with a message. If its output blocks because nobody reads the pipe, a signal
/// still ends the program.
struct Working;

impl Working {
    fn begin() -> Working {
        static WATCHED: Once = Once::new();
        WORKING.fetch_add(1, SeqCst);
        WATCHED.call_once(|| _ = tokio::spawn(end_where_stuck()));
        Working
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        WORKING.fetch_sub(1, SeqCst);
    }
}

/// After a signal, ends the program once it only waits for a reader of its output.
async fn end_where_stuck() {
    let number = signal().await;
    let mut stuck = Duration::ZERO;
    while stuck < LAST_WORDS {
        tokio::time::sleep(ASKED).await;
        let only_prints = WORKING.load(SeqCst) == 0 && output::is_printing();
        stuck = if only_prints { stuck + ASKED } else { Duration::ZERO };
    }
    std::process::exit(if SUCCEEDED.load(SeqCst) { 0 } else { i32::from(128 + number) });
}

/// Closes a database after interrupted work and waits for the rollback. If the rollback takes too long, the
/// database completes it alone: uncommitted work is never committed.
pub async fn rolled_back<T>(db: &Database, done: Result<T>) -> Result<T> {
    if done.is_err() {
        _ = tokio::time::timeout(PATIENCE, db.close()).await;
    }
    done
}

/// Returns the number of the first signal.
#[cfg(unix)]
pub async fn signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let first = [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15), (SignalKind::hangup(), 1)]
        .into_iter()
        .filter(|(_, number)| !is_ignored(*number))
        .filter_map(|(kind, number)| Some((signal(kind).ok()?, number)))
        .map(|(mut signal, number)| {
            Box::pin(async move {
                signal.recv().await;
                number
            })
        })
        .collect::<Vec<_>>();
    if first.is_empty() {
        std::future::pending().await
    } else {
        futures_util::future::select_all(first).await.0
    }
}

/// Whether the parent process wants the signal ignored, as `nohup` does.
#[cfg(unix)]
fn is_ignored(number: u8) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (number - 1)) != 0)
}

#[cfg(not(unix))]
pub async fn signal() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 2,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panics() -> Result<()> {
        panic!("this panic is part of the test")
    }

    #[tokio::test]
    async fn a01_a_panic_of_the_work_is_a_failure_that_says_what_was_written() {
        for (commits, says) in [(false, "\nNothing was written."), (true, "the write may be done.")] {
            let committing = Committing::default();
            committing.set(commits);
            let failure = unless_interrupted(&committing, async { panics() }).await.unwrap_err();
            let start = "enmasse has a fault, please report it: this panic is part of the test.";
            assert!(failure.message().starts_with(start) && failure.message().ends_with(says), "{failure:?}");
        }
    }
}
