//! A thread that owns a SQLite connection and runs jobs on it, one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;

use enmasse_core::error::{Error, ErrorKind, Result};
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread's handle. When the last one is dropped, the thread finishes its jobs and closes the connection.
pub(super) struct Thread {
    jobs: mpsc::Sender<Job>,
    interrupt: InterruptHandle,
    ended: tokio::sync::watch::Receiver<()>,
}

impl Thread {
    /// Starts a thread with the connection from `open`, which runs in it.
    pub async fn start(open: impl FnOnce() -> Result<Connection> + Send + 'static) -> Result<Thread> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (opened, wait) = oneshot::channel();
        let (alive, ended) = tokio::sync::watch::channel(());
        let run = move || {
            let _alive = alive;
            let mut connection = match open() {
                Ok(connection) => connection,
                Err(error) => return drop(opened.send(Err(error))),
            };
            if opened.send(Ok(connection.get_interrupt_handle())).is_ok() {
                while let Ok(job) = inbox.recv() {
                    job(&mut connection);
                }
            }
        };
        std::thread::Builder::new().name("enmasse-sqlite".to_owned()).spawn(run).map_err(|error| {
            Error::new(ErrorKind::Connection, "No thread could be started for SQLite.").with_source(error)
        })?;
        let interrupt = wait.await.unwrap_or_else(|_| Err(gone()))?;
        Ok(Thread { jobs, interrupt, ended })
    }

    /// Runs a job and waits for it. If the future is dropped, the running statement is interrupted.
    ///
    /// The job's second argument tells whether the caller still waits.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, wait) = oneshot::channel();
        self.send(move |connection| {
            if answer.is_closed() {
                return;
            }
            let wanted = || !answer.is_closed();
            let result = catch_unwind(AssertUnwindSafe(|| job(connection, &wanted)));
            _ = answer.send(result);
        })?;
        let guard = Interrupt { handle: &self.interrupt, armed: true };
        let result = wait.await.map_err(|_| gone());
        guard.disarm();
        result?.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs a job without waiting for it.
    pub fn send(&self, job: impl FnOnce(&mut Connection) + Send + 'static) -> Result<()> {
        self.jobs.send(Box::new(job)).map_err(|_| gone())
    }

    /// Lets the thread finish, and waits until it has closed its connection.
    pub async fn close(self) {
        let Thread { jobs, mut ended, .. } = self;
        drop(jobs);
        _ = ended.changed().await; // an error means that the other side is gone, as expected
    }
}

/// Interrupts the running statement when it is dropped.
struct Interrupt<'a> {
    handle: &'a InterruptHandle,
    armed: bool,
}

impl Interrupt<'_> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Interrupt<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.handle.interrupt();
        }
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Connection, "The SQLite connection has been closed.")
}
