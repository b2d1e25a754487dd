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

/// Why the command did not do what it was asked; nothing was written, unless it says so.
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

    /// It is done, but a file that was asked for could not be put in its place.
    pub fn unplaced(message: impl Into<String>) -> Self {
        Failure { code: 4, message: message.into() }
    }

    /// It may be done, or not: nobody knows.
    fn unknown(message: impl Into<String>) -> Self {
        Failure { code: 5, message: message.into() }
    }

    /// A signal ended it.
    pub fn interrupted(signal: u8, message: impl Into<String>) -> Self {
        Failure { code: 128 + signal, message: message.into() }
    }

    /// Puts where it happened before the text.
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Says more, on lines of their own.
    pub fn with_lines(mut self, lines: Vec<String>) -> Self {
        lines.iter().for_each(|line| self.message.extend(["\n", line]));
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells of it, and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        let message = without_passwords(&self.message);
        if json {
            say!("{}", json!({ "error": message, "exit_code": self.code }));
        }
        tell!("enmasse: {message}");
        ExitCode::from(self.code)
    }
}

/// Without the passwords of URLs, which may have been given in a wrong place.
///
/// A password may have any character but white space, and a user an `@`: what may be a password is hidden, be it more than that.
pub fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, url) = rest.split_at(start + 3);
        let end = url.find(char::is_whitespace).unwrap_or(url.len());
        let (url, after) = url.split_at(end);
        shown.push_str(before);
        let place = match (url.find(':'), url.rfind('@')) {
            (Some(colon), Some(at)) if colon < at => {
                shown.extend([&url[..colon], ":…"]);
                &url[at..]
            }
            _ => url,
        };
        shown.push_str(place.split_once("password=").map_or(place, |(place, _)| place));
        rest = after;
    }
    shown + rest
}

impl From<enmasse::Error> for Failure {
    /// The names that a user gave wrong are wrong usage; all else failed, or may have.
    fn from(error: enmasse::Error) -> Self {
        use enmasse::ErrorKind::{CommitUnknown, Configuration, Field, Request, UnknownField};
        match error.kind() {
            CommitUnknown => Failure::unknown(error.to_string()),
            UnknownField | Field | Request | Configuration => Failure::usage(error.to_string()),
            _ => Failure::failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use enmasse::{Error, ErrorKind};

    use super::{Failure, without_passwords};

    #[test]
    fn the_exit_code_says_whether_something_was_written() {
        for (kind, code) in [
            (ErrorKind::UnknownField, 2),
            (ErrorKind::Value, 1),
            (ErrorKind::Connection, 1),
            (ErrorKind::CommitUnknown, 5),
        ] {
            assert_eq!(Failure::from(Error::new(kind, "no")).code, code, "{kind:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for (text, shown) in [
            ("no table 'postgres://me:se/cr:et@h:5/d' here", "no table 'postgres://me:…@h:5/d' here"),
            ("a://u:p@h b://u@h:5/d?password=x c", "a://u:…@h b://u@h:5/d? c"),
            ("a://me@example.com:secret@h/d", "a://me@example.com:…@h/d"),
            ("a://me:sec'ret@h/d", "a://me:…@h/d"),
            ("'a://me:s<e>c\"ret@h:5/d'", "'a://me:…@h:5/d'"),
            ("a://user@host:5432/db", "a://user@host:5432/db"),
            ("see https://example.org:80/x", "see https://example.org:80/x"),
            ("none", "none"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
