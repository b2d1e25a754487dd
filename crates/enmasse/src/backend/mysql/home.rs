//! The pool and its runtime.
//!
//! A pool of the driver ends with the runtime in which it opened its first connection, because it is managed
//! by a task of that runtime. A database may outlive the runtime, for example in a program with a runtime per
//! test; it then gets a new pool.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use enmasse_core::error::{Error, ErrorKind, Result};
use mysql_async::{Conn, Opts, Pool};
use tokio::time::timeout;

use super::error;
use crate::backend::{no_answer, pool_is_used_up};

/// A pool that is recreated if its runtime has ended.
pub(super) struct Home {
    options: Opts,
    living: Mutex<Living>,
    closed: AtomicBool,
}

struct Living {
    pool: Pool,
    /// Set once the pool is used in a runtime; `true` after that has ended.
    ended: Option<Arc<AtomicBool>>,
}

/// Detects the end of the runtime, which drops its tasks.
struct Sentinel(Arc<AtomicBool>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Home {
    pub fn new(options: Opts) -> Self {
        Home::of(Pool::new(options.clone()), options)
    }

    /// For a pool with these options.
    pub fn of(pool: Pool, options: Opts) -> Self {
        Home { options, living: Mutex::new(Living { pool, ended: None }), closed: AtomicBool::new(false) }
    }

    /// Returns a connection as soon as one is free.
    pub async fn get(&self, limit: Duration) -> Result<Conn> {
        let pool = self.pool();
        let metrics = pool.metrics();
        match timeout(limit, pool.get_conn()).await {
            Ok(got) => got.map_err(error::connect_error),
            Err(_) => {
                let size = self.options.pool_opts().constraints().max();
                let is_full = metrics.connection_count.load(Ordering::SeqCst) >= size;
                Err(if is_full { pool_is_used_up(size, limit) } else { no_answer(limit) })
            }
        }
    }

    /// The pool of a running runtime.
    fn pool(&self) -> Pool {
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = living.ended.as_ref().is_some_and(|ended| ended.load(Ordering::SeqCst));
        if has_ended && !self.closed.load(Ordering::SeqCst) {
            *living = Living { pool: Pool::new(self.options.clone()), ended: None };
        }
        if living.ended.is_none() {
            let ended = Arc::new(AtomicBool::new(false));
            let sentinel = Sentinel(ended.clone());
            tokio::spawn(async move {
                let _sentinel = sentinel;
                std::future::pending::<()>().await;
            });
            living.ended = Some(ended);
        }
        living.pool.clone()
    }

    /// Closes idle connections, and refuses new ones.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let (pool, has_ended) = {
            let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
            let has_ended = living.ended.as_ref().is_some_and(|ended| ended.load(Ordering::SeqCst));
            (living.pool.clone(), has_ended)
        };
        // A pool of an ended runtime would wait forever. An error means that a connection was lost before it
        // was closed.
        if !has_ended {
            _ = pool.disconnect().await;
        }
    }
}

/// Translates the driver's error for a closed database.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Connection, "The database has been closed.")
}
