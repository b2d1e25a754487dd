//! What has become of a connection's transaction.

use enmasse_core::error::{Error, ErrorKind, Result};

/// How much of a transaction an error has undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// The statement only; the transaction goes on.
    Statement,
    /// All that came after the last savepoint: going back to a savepoint makes it whole again.
    Savepoint,
    /// The whole transaction, savepoints and all.
    Transaction,
}

/// Whether a connection is in a transaction, and whether that can still go on.
///
/// A connection that has lost its transaction refuses every statement: run, it would take effect outside of it.
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

    /// Called before `BEGIN` is sent: from here on the connection may be in a transaction.
    pub fn opened(&mut self) {
        self.open = true;
    }

    /// Called when `COMMIT` or `ROLLBACK` has succeeded, or `BEGIN` has not.
    pub fn closed(&mut self) {
        *self = TransactionState::default();
    }

    /// Called before a statement: refuses it where the transaction can do no more.
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

    /// Called when a statement has ended; `extent` says how far an error of the database reaches.
    pub fn finish<T>(&mut self, result: &Result<T>, extent: impl FnOnce(&Error) -> Extent) {
        self.running = false;
        if let Err(error) = result {
            self.fail(error, extent(error));
        }
    }

    /// Notes an error; the first is kept, unless a later one reaches further.
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

    /// Called before going back to a savepoint: what failed after it is forgotten.
    pub fn recover(&mut self) {
        self.running = false;
        self.failure.take_if(|failure| failure.extent == Extent::Savepoint);
    }

    /// Called before `ROLLBACK`, which is possible whatever has happened.
    pub fn give_up(&mut self) {
        self.running = false;
        self.failure = None;
    }

    /// Why the transaction can do no more.
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
