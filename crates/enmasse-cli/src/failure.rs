//! Outcomes and exit codes of the command.

use std::process::ExitCode;

use serde_json::json;

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// A successful outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Rows were missing, and the options ask for an exit code for this.
    Missing,
    /// A run was paused or stopped before its end.
    Paused,
    /// Another program took a run over.
    FencedOff,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Missing => 3,
            Outcome::Paused => 6,
            Outcome::FencedOff => 7,
        })
    }
}

/// The line with which a failure states that it was rolled back.
const NOTHING_WRITTEN: &str = "Nothing was written.";

/// The exit code if a part may be written.
const UNKNOWN: u8 = 5;

/// A failed command. Nothing was written, unless the message says otherwise.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// One or more lines; the first is the most important.
    message: String,
}

impl Failure {
    /// A general failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: 1, message: message.into() }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { code: 2, message: message.into() }
    }

    /// The work is done, but an output file could not be moved into place.
    pub fn unplaced(message: impl Into<String>) -> Self {
        Failure { code: 4, message: message.into() }
    }

    /// A fault of this program, with the state of the database unknown.
    pub fn fault(panic: &str) -> Self {
        Failure::unknown(format!(
            "enmasse has a fault, please report it: {panic}. Check the table: the write may be done."
        ))
    }

    /// A fault of this program whose transaction was rolled back.
    pub fn rolled_back(panic: &str) -> Self {
        Failure::failed(format!("enmasse has a fault, please report it: {panic}.\nNothing was written."))
    }

    /// The write may or may not be committed.
    fn unknown(message: impl Into<String>) -> Self {
        Failure { code: UNKNOWN, message: message.into() }
    }

    /// Ended by a signal.
    pub fn interrupted(signal: u8, message: impl Into<String>) -> Self {
        Failure { code: 128 + signal, message: message.into() }
    }

    /// Prefixes the message with the place.
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Appends further lines.
    pub fn with_lines(mut self, lines: Vec<String>) -> Self {
        lines.iter().for_each(|line| self.message.extend(["\n", line]));
        self
    }

    /// For a write to a table that may have no transactions: the message must not claim that nothing was
    /// written.
    pub fn without_rollback(mut self) -> Self {
        for nothing in [NOTHING_WRITTEN, "everything was rolled back, nothing was written"] {
            self.message =
                self.message.replace(nothing, "Rows written to a table that cannot be rolled back stay.");
        }
        if self.code == 1 {
            self.code = UNKNOWN;
        }
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Prints the failure and returns the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        crate::interrupt::failed();
        let message = without_passwords(&cut(&self.message));
        if json {
            say!("{}", json!({ "error": message, "exit_code": self.code }));
        }
        tell!("enmasse: {message}");
        ExitCode::from(self.code)
    }
}

/// Shortens every line of a message. Names and values from a file may be megabytes long.
pub fn cut(message: &str) -> String {
    cut_to(message, 4_096)
}

/// Limits every line of a message to `length` characters.
pub fn cut_to(message: &str, length: usize) -> String {
    let line = |line: &str| match line.char_indices().nth(length) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}…", &line[..end]),
    };
    message.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// URL schemes of databases with passwords. A mistyped URL may lack its slashes.
const SCHEMES: [&str; 4] = ["postgres:", "postgresql:", "mysql:", "mariadb:"];

/// Hides the passwords of URLs, also in arguments that are not meant to be URLs.
///
/// A password may contain any character except white space, and a user name may contain `@`. Everything that
/// could be a password is hidden, even if this hides more.
pub fn without_passwords(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(without_password).collect()
}

/// One word with its trailing white space.
fn without_password(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let scheme = |scheme: &&str| lower.find(*scheme).map(|at| at + scheme.len());
    let start = lower.find("://").map(|at| at + 3).or_else(|| SCHEMES.iter().find_map(scheme));
    let (word, space) = word.split_at(word.trim_end().len());
    let Some(start) = start else {
        // libpq's form, or a single parameter of a URL.
        return match lower.find("password=").map(|at| at + "password=".len()) {
            Some(end) if end < word.len() => format!("{}…{space}", &word[..end]),
            _ => format!("{word}{space}"),
        };
    };
    let (before, url) = word.split_at(start);
    let slashes = url.len() - url.trim_start_matches('/').len();
    let (slashes, url) = url.split_at(slashes);
    let (user, place) = match (url.find(':'), url.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => (format!("{}:…", &url[..colon]), &url[at..]),
        _ => (String::new(), url),
    };
    let place = place.split_once("password=").map_or(place, |(place, _)| place);
    format!("{before}{slashes}{user}{place}{space}")
}

impl From<enmasse::Error> for Failure {
    /// Wrong names given by the user are wrong usage; everything else is a failure, or unknown.
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
            ("postgres:/me:pw@h is no table", "postgres:/me:…@h is no table"),
            ("'MySQL:me:p:w@h'\nb", "'MySQL:me:…@h'\nb"),
            ("mariadb:me@h", "mariadb:me@h"),
            ("host=h password=secret user=u", "host=h password=… user=u"),
            ("mysql: no such user: 'a'@'b'", "mysql: no such user: 'a'@'b'"),
            ("none", "none"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
