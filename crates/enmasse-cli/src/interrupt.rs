//! Ctrl-C, and the wish of a supervisor that it end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::failure::{Failure, Result};

/// Set when a transaction can no longer be rolled back: its commit is on the way.
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

/// Does work unless a signal ends it. What is dropped half-way rolls back; a commit that is on the way is waited for.
pub async fn unless_interrupted<T>(
    committing: &Committing,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut work = std::pin::pin!(work);
    let number = tokio::select! {
        biased;
        done = &mut work => return done,
        number = signal() => number,
    };
    if committing.is_set() {
        return work.await;
    }
    Err(Failure::interrupted(number, "interrupted: all is rolled back, nothing was written"))
}

/// The number of the signal that comes first.
#[cfg(unix)]
async fn signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => 2,
        _ = terminate.recv() => 15,
        _ = hang_up.recv() => 1,
    }
}

#[cfg(not(unix))]
async fn signal() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 2,
        Err(_) => std::future::pending().await,
    }
}
