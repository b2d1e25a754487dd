//! The state of a connection's transaction.

use enmasse_core::error::{Error, ErrorKind, Result};

/// The part of a transaction that an error has undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// Only the statement; the transaction continues.
    Statement,
    /// Everything since the last savepoint: rolling back to a savepoint repairs the transaction.
    Savepoint,
    /// The whole transaction, including savepoints.
    Transaction,
}

/// Whether a connection is in a transaction, and whether that can continue.
///
/// A connection that has lost its transaction refuses every statement, because the statement would run
/// outside of it.
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    open: bool,
    running: bool,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    message: String,
    code: Option<String>,
    extent: Extent,
}

impl TransactionState {
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Called before `BEGIN` is sent: the connection may now be in a transaction.
    pub fn opened(&mut self) {
        self.open = true;
    }

    /// Called after `COMMIT` or `ROLLBACK` has succeeded, or `BEGIN` has failed.
    pub fn closed(&mut self) {
        *self = TransactionState::default();
    }

    /// Called before a statement: refuses it if the transaction has failed.
    pub fn start(&mut self) -> Result<()> {
        if self.running && self.open && self.failure.is_none() {
            self.failure = Some(Failure {
                kind: ErrorKind::Database,
                message: "a statement was dropped before it had ended".to_owned(),
                code: None,
                extent: Extent::Savepoint,
            });
        }
        match self.failure() {
            Some(error) => Err(error),
            None => {
                self.running = true;
                Ok(())
            }
        }
    }

    /// Called after a statement; `extent` is the part of the transaction that an error of the database
    /// undoes.
    pub fn finish<T>(&mut self, result: &Result<T>, extent: impl FnOnce(&Error) -> Extent) {
        self.running = false;
        if let Err(error) = result {
            self.fail(error, extent(error));
        }
    }

    /// Records an error. The first one is kept, unless a later one has a greater extent.
    pub fn fail(&mut self, error: &Error, extent: Extent) {
        let worse = self.failure.as_ref().is_none_or(|failure| failure.extent < extent);
        if self.open && extent > Extent::Statement && worse {
            self.failure = Some(Failure {
                kind: error.kind(),
                message: error.message().to_owned(),
                code: error.code().map(str::to_owned),
                extent,
            });
        }
    }

    /// Called before a rollback to a savepoint: failures after it are forgotten.
    pub fn recover(&mut self) {
        self.running = false;
        self.failure.take_if(|failure| failure.extent == Extent::Savepoint);
    }

    /// Called before `ROLLBACK`, which is always possible.
    pub fn give_up(&mut self) {
        self.running = false;
        self.failure = None;
    }

    /// The reason why the transaction has failed.
    pub fn failure(&self) -> Option<Error> {
        let failure = self.failure.as_ref()?;
        let error = Error::new(
            failure.kind,
            format!("The transaction failed and is rolled back: {}", failure.message),
        );
        Some(match &failure.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        })
    }
}
