//! How the command ends.

use std::process::ExitCode;

use serde_json::json;

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// How the command ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Rows were missing, and that was to be told.
    Missing,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Missing => 3,
        })
    }
}

/// Why the command did not do what it was asked; nothing was written.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// One or more lines, of which the first says most.
    message: String,
}

impl Failure {
    /// Something went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: 1, message: message.into() }
    }

    /// What was asked makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { code: 2, message: message.into() }
    }

    /// A signal ended it.
    pub fn interrupted(signal: u8, message: impl Into<String>) -> Self {
        Failure { code: 128 + signal, message: message.into() }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells of it, and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        if json {
            println!("{}", json!({ "error": self.message, "exit_code": self.code }));
        }
        eprintln!("enmasse: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<enmasse::Error> for Failure {
    /// The names that a user gave wrong are wrong usage; all else failed.
    fn from(error: enmasse::Error) -> Self {
        use enmasse::ErrorKind::{Configuration, Field, Request, UnknownField};
        match error.kind() {
            UnknownField | Field | Request | Configuration => Failure::usage(error.to_string()),
            _ => Failure::failed(error.to_string()),
        }
    }
}
